/* SPDX-License-Identifier: Apache-2.0
 * What the tests of signed claims share: a key of their own, and what it signs: any header, any claims. */
#ifndef TESTS_UNIT_PROTOCOL_SIGNED_H
#define TESTS_UNIT_PROTOCOL_SIGNED_H

#include "base/json.h"
#include "crypto/jose.h"
#include "unit/crypto/fixture.h"

#define SIGNED_NOW_MS INT64_C(1795000000000)
#define SIGNED_NOW_S "1795000000"

struct signer {
    struct text private_jwk;
    struct text public_jwk;
    struct jwk  key;
};

static inline struct signer make_signer(struct ctx *cx)
{
    struct signer signer;
    const json_t *json = NULL;
    assert_int_equal(jose_key_make(cx, &signer.private_jwk), OK);
    assert_int_equal(jose_key_public(cx, signer.private_jwk, &signer.public_jwk), OK);
    assert_int_equal(json_parse(cx, signer.public_jwk, &json), OK);
    assert_int_equal(jwk_read(cx, json, &signer.key), OK);
    return signer;
}

static inline struct text sign_claims(struct ctx *cx, const struct signer *signer, struct text header,
                                      struct text claims)
{
    uint8_t hash[HASH_BYTES];
    uint8_t signature[ES256_SIGNATURE_BYTES];
    struct text input = text_format(cx->arena, "%.*s.%.*s",
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(header))),
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(claims))));
    sha256(bytes_of_text(input), hash);
    assert_int_equal(jose_key_sign(cx, signer->private_jwk, hash, signature), OK);
    struct text coded = base64url_encode(cx->arena, (struct bytes){signature, sizeof signature});
    return text_format(cx->arena, "%.*s.%.*s", TEXT_ARGS(input), TEXT_ARGS(coded));
}

#endif
