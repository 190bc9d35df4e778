/* SPDX-License-Identifier: Apache-2.0
 * Bearer secrets. A token is `<prefix>_<public id>_<secret>`: the public id finds the row, the hash in the row decides.
 * A claim code is short enough to type. Of both only the hash is stored: 256 and 80 random bits need no slow hash. */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "base/ctx.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

#define TOKEN_PUBLIC_ID_SIZE 16 /* characters of base 32: 80 bits */
#define TOKEN_SECRET_SIZE 43    /* characters of base64url: 256 bits */
#define TOKEN_PREFIX_SIZE_MAX 15

struct token {
    struct text text; /* the whole token: show once, store never. token_parse() leaves it empty */
    char        public_id[TOKEN_PUBLIC_ID_SIZE];
    uint8_t     hash[HASH_BYTES]; /* of the whole token, so it also binds prefix and public id */
};

/* `prefix` is a literal of 1 to TOKEN_PREFIX_SIZE_MAX lower-case letters. Fails TOO_LARGE limit.memory. */
err token_make(struct ctx *cx, const char *prefix, struct token *out) MUST_CHECK;
/* Takes any text; true when it has the form of a token of this prefix. Says nothing about its being genuine. */
bool token_parse(struct text text, const char *prefix, struct token *out) MUST_CHECK;
/* Whose a token is and until when, as its row says. */
struct token_place {
    int64_t owner;
    int64_t item;
    int64_t expires_at_ms;
};
/* The hash for a row that must not be made another's: it binds the place under `key`, so whoever can change rows and
 * has no key of the node cannot make a fitting one, not even of a token of his own. */
void token_bind(const struct token *token, const struct secret_key *key, const struct token_place *place,
                uint8_t out_hash[HASH_BYTES]);

/* Constant time. */
bool token_matches(const struct token *presented, const uint8_t stored_hash[HASH_BYTES]) MUST_CHECK;

#define CLAIM_CODE_SIZE 19 /* "7Q4K-M2XD-9RTA-H3VB" */

struct claim_code {
    struct text text; /* as printed, in the arena; claim_code_parse() leaves it empty */
    uint8_t     hash[HASH_BYTES];
};

/* Fails TOO_LARGE limit.memory. */
err claim_code_make(struct ctx *cx, struct claim_code *out) MUST_CHECK;
/* As people type it: either case, spaces and dashes anywhere, I and L for 1, O for 0. */
bool claim_code_parse(struct text text, struct claim_code *out) MUST_CHECK;

#endif
