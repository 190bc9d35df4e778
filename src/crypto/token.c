/* SPDX-License-Identifier: Apache-2.0
 * Tokens and claim codes. */
#include "crypto/token.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "crypto/secret.h"

#define PUBLIC_ID_BYTES 10
#define SECRET_BYTES 32
#define CLAIM_BYTES 10
#define CLAIM_DIGITS 16
#define CLAIM_TYPED_SIZE_MAX 128 /* a code with a generous number of spaces and dashes */

static_assert((PUBLIC_ID_BYTES * 8 + 4) / 5 == TOKEN_PUBLIC_ID_SIZE, "base 32");
static_assert((SECRET_BYTES * 8 + 5) / 6 == TOKEN_SECRET_SIZE, "base64url");

/* The label keeps a hash of one kind from being one of another kind. */
static void labelled_hash(const char *label, struct bytes secret, uint8_t out[HASH_BYTES])
{
    uint8_t message[128] = {0};
    size_t size = strlen(label) + 1; /* its NUL parts it from the secret */
    assert(size + secret.size <= sizeof message);
    memcpy(message, label, size);
    memcpy(message + size, secret.at, secret.size);
    blake2b_256((struct bytes){message, size + secret.size}, out);
    secret_wipe(message, sizeof message);
}

static void token_hash(struct text text, uint8_t out[HASH_BYTES])
{
    labelled_hash("symbolon-token/1", bytes_of_text(text), out);
}

err token_make(struct ctx *cx, const char *prefix, struct token *out)
{
    assert(strlen(prefix) >= 1 && strlen(prefix) <= TOKEN_PREFIX_SIZE_MAX);
    uint8_t random[PUBLIC_ID_BYTES + SECRET_BYTES];
    random_fill(cx->randomness, random, sizeof random);
    struct token token = {0};
    base32_encode((struct bytes){random, PUBLIC_ID_BYTES}, token.public_id);
    struct text secret = base64url_encode(cx->arena, (struct bytes){random + PUBLIC_ID_BYTES, SECRET_BYTES});
    secret_wipe(random, sizeof random);
    if (secret.at != NULL)
        token.text = text_format(cx->arena, "%s_%.*s_%.*s", prefix, TOKEN_PUBLIC_ID_SIZE, token.public_id,
                                 TEXT_ARGS(secret));
    if (token.text.at == NULL)
        return FAIL_MEMORY(cx);
    token_hash(token.text, token.hash);
    *out = token;
    return OK;
}

static bool is_in(char c, const char *alphabet)
{
    return c != '\0' && strchr(alphabet, c) != NULL;
}

static bool all_in(const char *at, size_t size, const char *alphabet)
{
    for (size_t i = 0; i < size; i++)
        if (!is_in(at[i], alphabet))
            return false;
    return true;
}

bool token_parse(struct text text, const char *prefix, struct token *out)
{
    size_t prefix_size = strlen(prefix);
    if (text.size != prefix_size + 1 + TOKEN_PUBLIC_ID_SIZE + 1 + TOKEN_SECRET_SIZE || !text_starts_with(text, prefix))
        return false;
    const char *public_id = text.at + prefix_size + 1;
    const char *secret = public_id + TOKEN_PUBLIC_ID_SIZE + 1;
    if (public_id[-1] != '_' || secret[-1] != '_' ||
        !all_in(public_id, TOKEN_PUBLIC_ID_SIZE, "0123456789abcdefghjkmnpqrstvwxyz") ||
        !all_in(secret, TOKEN_SECRET_SIZE, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ||
        !is_in(secret[TOKEN_SECRET_SIZE - 1], "AEIMQUYcgkosw048")) /* 256 bits leave two that are zero */
        return false;
    *out = (struct token){.text = TEXT_NONE};
    memcpy(out->public_id, public_id, TOKEN_PUBLIC_ID_SIZE);
    token_hash(text, out->hash);
    return true;
}

void token_bind(const struct token *token, const struct secret_key *key, const struct token_place *place,
                uint8_t out_hash[HASH_BYTES])
{
    const uint64_t numbers[] = {(uint64_t)place->owner, (uint64_t)place->item, (uint64_t)place->expires_at_ms};
    uint8_t plain[sizeof key->at + HASH_BYTES + sizeof numbers];
    uint8_t *end = plain + sizeof key->at + HASH_BYTES;
    memcpy(plain, key->at, sizeof key->at);
    memcpy(plain + sizeof key->at, token->hash, HASH_BYTES);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int shift = 56; shift >= 0; shift -= 8)
            *end++ = (uint8_t)(numbers[i] >> shift);
    labelled_hash("symbolon-bound-token/1", (struct bytes){plain, sizeof plain}, out_hash);
    secret_wipe(plain, sizeof plain);
}

bool token_matches(const struct token *presented, const uint8_t stored_hash[HASH_BYTES])
{
    return secret_equals(presented->hash, stored_hash, HASH_BYTES);
}

static void claim_hash(const uint8_t code[CLAIM_BYTES], uint8_t out[HASH_BYTES])
{
    labelled_hash("symbolon-claim/1", (struct bytes){code, CLAIM_BYTES}, out);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

err claim_code_make(struct ctx *cx, struct claim_code *out)
{
    char *text = arena_take(cx->arena, CLAIM_CODE_SIZE + 1, 1);
    if (text == NULL)
        return FAIL_MEMORY(cx);
    uint8_t code[CLAIM_BYTES];
    char digits[CLAIM_DIGITS];
    random_fill(cx->randomness, code, sizeof code);
    base32_encode((struct bytes){code, sizeof code}, digits);
    size_t at = 0;
    for (size_t i = 0; i < CLAIM_DIGITS; i++) {
        if (i > 0 && i % 4 == 0)
            text[at++] = '-';
        text[at++] = upper(digits[i]);
    }
    out->text = (struct text){text, at};
    claim_hash(code, out->hash);
    secret_wipe(code, sizeof code);
    return OK;
}

/* Bytes of a separator at `at`: ASCII space, tab, dash; no-break space; the dashes U+2010 to U+2015 that word
 * processors put in. 0 for anything else. */
static size_t separator_size(const char *at, size_t room)
{
    if (at[0] == ' ' || at[0] == '\t' || at[0] == '-')
        return 1;
    if (room >= 2 && (uint8_t)at[0] == 0xC2 && (uint8_t)at[1] == 0xA0)
        return 2;
    if (room >= 3 && (uint8_t)at[0] == 0xE2 && (uint8_t)at[1] == 0x80 && (uint8_t)at[2] >= 0x90 &&
        (uint8_t)at[2] <= 0x95)
        return 3;
    return 0;
}

bool claim_code_parse(struct text text, struct claim_code *out)
{
    if (text.size > CLAIM_TYPED_SIZE_MAX)
        return false;
    char digits[CLAIM_DIGITS];
    size_t count = 0;
    for (size_t i = 0; i < text.size;) {
        size_t separator = separator_size(text.at + i, text.size - i);
        if (separator == 0 && count == CLAIM_DIGITS)
            return false;
        if (separator == 0)
            digits[count++] = text.at[i];
        i += separator == 0 ? 1 : separator;
    }
    uint8_t code[CLAIM_BYTES];
    if (!base32_decode((struct text){digits, count}, code, sizeof code))
        return false;
    out->text = TEXT_NONE;
    claim_hash(code, out->hash);
    secret_wipe(code, sizeof code);
    return true;
}
