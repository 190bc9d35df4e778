/* SPDX-License-Identifier: Apache-2.0
 * RFC 9449 section 4.3, check by check in its order. */
#include "protocol/dpop.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"

#define NONCE_LABEL "symbolon-nonce/1"
#define NONCE_TIME_BYTES 8
#define NONCE_TAG_BYTES 16

static const char *const TYPES[] = {"dpop+jwt", NULL};
static const struct jwt_rules RULES = {.types = TYPES, .has_key = true, .code = UNAUTHENTICATED,
                                       .reason = DPOP_INVALID};
static const struct jwt_rules NONCE_RULES = {.code = UNAUTHENTICATED, .reason = DPOP_NONCE};

/* ---- the address */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Scheme and host of an address, whose letters may be of either case (RFC 3986 section 6.2.2.1), and the usual port of
 * the scheme, which may stand there or not (6.2.3). */
static bool is_origin(struct text found, struct text origin)
{
    if (found.size < origin.size)
        return false;
    for (size_t i = 0; i < origin.size; i++)
        if (lower(found.at[i]) != lower(origin.at[i]))
            return false;
    struct text rest = {found.at + origin.size, found.size - origin.size};
    const char *usual = text_starts_with(origin, "https://") ? ":443" : ":80";
    return rest.size == 0 || text_is(rest, usual);
}

/* Query and fragment do not count (RFC 9449 section 4.3, check 9). */
static bool is_address(struct text found, const struct dpop_request *request)
{
    size_t size = 0;
    while (size < found.size && found.at[size] != '?' && found.at[size] != '#')
        size++;
    if (size < request->path.size)
        return false;
    size_t before = size - request->path.size;
    return text_equals((struct text){found.at + before, request->path.size}, request->path) &&
           is_origin((struct text){found.at, before}, request->origin);
}

/* ---- nonces */

/* The moment, rounded down, and what only the node can have made of it. */
static err make_nonce(struct ctx *cx, int64_t step, struct text *out)
{
    struct secret_key key;
    uint8_t plain[sizeof key.at + sizeof NONCE_LABEL + NONCE_TIME_BYTES];
    uint8_t hash[HASH_BYTES];
    uint8_t nonce[NONCE_TIME_BYTES + NONCE_TAG_BYTES];
    for (size_t i = 0; i < NONCE_TIME_BYTES; i++)
        nonce[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    keyring_node_key(cx->keyring, KEYRING_NONCE, &key);
    memcpy(plain, key.at, sizeof key.at);
    memcpy(plain + sizeof key.at, NONCE_LABEL, sizeof NONCE_LABEL);
    memcpy(plain + sizeof key.at + sizeof NONCE_LABEL, nonce, NONCE_TIME_BYTES);
    blake2b_256((struct bytes){plain, sizeof plain}, hash);
    secret_wipe(&key, sizeof key);
    secret_wipe(plain, sizeof plain);
    memcpy(nonce + NONCE_TIME_BYTES, hash, NONCE_TAG_BYTES);
    *out = base64url_encode(cx->arena, (struct bytes){nonce, sizeof nonce});
    return out->at != NULL ? OK : FAIL_MEMORY(cx);
}

err dpop_nonce(struct ctx *cx, struct text *out)
{
    return make_nonce(cx, cx->now_ms / LIMIT_NONCE_MS, out);
}

/* Of this step of the clock or the one before it; the one behind it too, which another server may have begun. */
static err check_nonce(struct ctx *cx, const struct jwt *jwt)
{
    struct text found;
    if (!jwt_text(jwt, "nonce", LIMIT_TOKEN_ID_BYTES, &found))
        return jwt_refuse(cx, &NONCE_RULES, "the proof must hold the nonce of the field DPoP-Nonce");
    for (int64_t off = -1; off <= 1; off++) {
        struct text due;
        TRY(make_nonce(cx, cx->now_ms / LIMIT_NONCE_MS + off, &due));
        if (found.size == due.size && secret_equals((const uint8_t *)found.at, (const uint8_t *)due.at, due.size))
            return OK;
    }
    return jwt_refuse(cx, &NONCE_RULES, "the nonce of the proof is too old: take that of the field DPoP-Nonce");
}

/* ---- the proof */

/* Section 4.2: the hash of the token, exactly where there is one. */
static bool has_token_hash(struct ctx *cx, const struct jwt *jwt, struct text access_token)
{
    uint8_t hash[HASH_BYTES];
    struct text found;
    struct bytes decoded;
    if (access_token.size == 0)
        return !jwt_has(jwt, "ath");
    sha256(bytes_of_text(access_token), hash);
    return jwt_text(jwt, "ath", LIMIT_TOKEN_ID_BYTES, &found) && base64url_decode(cx->arena, found, &decoded) &&
           decoded.size == HASH_BYTES && secret_equals(decoded.at, hash, HASH_BYTES);
}

static err check_claims(struct ctx *cx, const struct jwt *jwt, const struct dpop_request *request,
                        struct dpop_proof *proof)
{
    struct text method;
    struct text address;
    int64_t issued_at_ms = 0;
    if (!jwt_text(jwt, "jti", LIMIT_TOKEN_ID_BYTES, &proof->token_id))
        return jwt_refuse(cx, &RULES, "jti must be there, and short");
    if (!jwt_text(jwt, "htm", LIMIT_TOKEN_ID_BYTES, &method) || !text_equals(method, request->method))
        return jwt_refuse(cx, &RULES, "htm must be the method of the request");
    if (!jwt_text(jwt, "htu", LIMIT_REQUEST_LINE_BYTES, &address) || !is_address(address, request))
        return jwt_refuse(cx, &RULES, "htu must be the address of the request, without query and fragment");
    if (!jwt_moment(jwt, "iat", &issued_at_ms) || issued_at_ms > cx->now_ms + LIMIT_CLOCK_AHEAD_MS ||
        issued_at_ms + LIMIT_PROOF_MS <= ctx_latest_ms(cx))
        return jwt_refuse(cx, &RULES, "iat must be the moment at which the proof was made");
    if (!has_token_hash(cx, jwt, request->access_token))
        return jwt_refuse(cx, &RULES, "ath must be the hash of the access token, where there is one");
    proof->expires_at_ms = issued_at_ms + LIMIT_PROOF_MS;
    return OK;
}

err dpop_check(struct ctx *cx, struct text text, const struct dpop_request *request, struct dpop_proof *out)
{
    struct jwt jwt;
    struct dpop_proof proof = {.expires_at_ms = 0};
    TRY(jwt_read(cx, text, &RULES, &jwt));
    TRY(jwt_check_signature(cx, &jwt, &jwt.key));
    TRY(check_claims(cx, &jwt, request, &proof));
    TRY(check_nonce(cx, &jwt)); /* the last: whatever else is wrong, a new nonce does not help */
    memcpy(proof.thumbprint, jwt.key.thumbprint, HASH_BYTES);
    *out = proof;
    return OK;
}
