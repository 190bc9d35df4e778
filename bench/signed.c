/* SPDX-License-Identifier: Apache-2.0
 * Keys by libjose, and the same ones in the hands of OpenSSL. */
#include "signed.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/jose.h"

#define DER_BYTES_MAX 80

static void read_coordinate(struct ctx *cx, const json_t *jwk, const char *name, uint8_t out[ES256_COORDINATE_BYTES])
{
    struct bytes octets;
    must_be(base64url_decode(cx->arena, json_text(json_object_get(jwk, name)), &octets) &&
                octets.size == ES256_COORDINATE_BYTES, "no coordinate");
    memcpy(out, octets.at, octets.size);
}

static void make_raw(const struct signer *signer, const uint8_t secret[ES256_COORDINATE_BYTES], EVP_PKEY **out)
{
    uint8_t point[1 + 2 * ES256_COORDINATE_BYTES] = {4};
    memcpy(point + 1, signer->x, ES256_COORDINATE_BYTES);
    memcpy(point + 1 + ES256_COORDINATE_BYTES, signer->y, ES256_COORDINATE_BYTES);
    BIGNUM *number = BN_bin2bn(secret, ES256_COORDINATE_BYTES, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    must_be(number != NULL && builder != NULL &&
                OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1, "no parameters");
    OSSL_PARAM *parts = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    must_be(EVP_PKEY_fromdata_init(maker) == 1 && EVP_PKEY_fromdata(maker, out, EVP_PKEY_KEYPAIR, parts) == 1,
            "no key");
    EVP_PKEY_CTX_free(maker);
    OSSL_PARAM_free(parts);
    OSSL_PARAM_BLD_free(builder);
    BN_free(number);
}

void signer_make(struct ctx *cx, struct signer *out)
{
    struct text public_jwk;
    const json_t *json = NULL;
    uint8_t secret[ES256_COORDINATE_BYTES];
    *out = (struct signer){.raw = NULL};
    must(cx, jose_key_make(cx, &out->private_jwk));
    must(cx, jose_key_public(cx, out->private_jwk, &public_jwk));
    must(cx, json_parse(cx, public_jwk, &json));
    must(cx, jwk_read(cx, json, &out->key));
    must(cx, json_parse(cx, out->private_jwk, &json));
    read_coordinate(cx, json, "x", out->x);
    read_coordinate(cx, json, "y", out->y);
    read_coordinate(cx, json, "d", secret);
    make_raw(out, secret, &out->raw);
}

void signer_close(struct signer *signer)
{
    EVP_PKEY_free(signer->raw);
}

static size_t put_signature(const struct signer *signer, struct bytes content, uint8_t out[DER_BYTES_MAX])
{
    size_t size = DER_BYTES_MAX;
    EVP_MD_CTX *maker = EVP_MD_CTX_new();
    must_be(EVP_DigestSignInit(maker, NULL, EVP_sha256(), NULL, signer->raw) == 1 &&
                EVP_DigestSign(maker, out, &size, content.at, content.size) == 1, "no signature");
    EVP_MD_CTX_free(maker);
    return size;
}

struct bytes signer_sign(struct ctx *cx, const struct signer *signer, struct bytes content)
{
    uint8_t *der = arena_take(cx->arena, DER_BYTES_MAX, 1);
    must_be(der != NULL, "no memory");
    return (struct bytes){der, put_signature(signer, content, der)};
}

void signer_sign_raw(const struct signer *signer, struct bytes content)
{
    uint8_t der[DER_BYTES_MAX];
    must_be(put_signature(signer, content, der) > 0, "an empty signature");
}

void signer_verify_raw(const struct signer *signer, struct bytes content, struct bytes der)
{
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    must_be(EVP_DigestVerifyInit(check, NULL, EVP_sha256(), NULL, signer->raw) == 1 &&
                EVP_DigestVerify(check, der.at, der.size, content.at, content.size) == 1,
            "a signature of ours does not verify");
    EVP_MD_CTX_free(check);
}

void repeat_once(const char *name, double seconds, void (*once)(void *arg), void *arg)
{
    size_t done = 0;
    struct turn turn = turn_begin();
    for (; seconds_now() - turn.start < seconds; done++)
        once(arg);
    turn_end(&turn, name, done);
}
