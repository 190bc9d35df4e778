/* SPDX-License-Identifier: Apache-2.0
 * RFC 7636 sections 4.1, 4.2 and 4.6. */
#include "protocol/pkce.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

#define VERIFIER_LEAST 43
#define VERIFIER_MOST 128

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static bool is_verifier(struct text text)
{
    if (text.size < VERIFIER_LEAST || text.size > VERIFIER_MOST)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_unreserved(text.at[i]))
            return false;
    return true;
}

bool pkce_is_challenge(struct ctx *cx, struct text text)
{
    struct bytes hash;
    return base64url_decode(cx->arena, text, &hash) && hash.size == HASH_BYTES;
}

bool pkce_matches(struct ctx *cx, struct text verifier, struct text challenge)
{
    uint8_t hash[HASH_BYTES];
    struct bytes due;
    if (!is_verifier(verifier) || !base64url_decode(cx->arena, challenge, &due) || due.size != HASH_BYTES)
        return false;
    sha256(bytes_of_text(verifier), hash);
    return secret_equals(hash, due.at, HASH_BYTES);
}
