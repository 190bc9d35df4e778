/* SPDX-License-Identifier: Apache-2.0
 * What one request for a token costs before anything is written: its assertion and its proof read and verified, both by
 * ES256. The bound is the two verifications alone, by OpenSSL's own calls, with keys that were made ready before.
 * Prints turns of each, in requests per second. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/es256.h"
#include "crypto/jose.h"
#include "protocol/client_assertion.h"
#include "protocol/dpop.h"
#include "questions.h"
#include "reading.h"

#define ISSUER TEXT("https://node.example")
#define DER_BYTES_MAX 80

/* One signed text, and the key that has signed it. */
struct signed_text {
    struct text private_jwk;
    struct jwk  key;
    struct text text;
    EVP_PKEY   *raw_key;
    uint8_t     der[DER_BYTES_MAX]; /* the signature as OpenSSL wants it */
    size_t      der_size;
};

struct requested {
    struct ctx         cx;
    struct jwk_set     keys;
    struct signed_text assertion;
    struct signed_text proof;
};

/* ---- making */

static void make_key(struct ctx *cx, struct signed_text *out)
{
    struct text public_jwk;
    const json_t *json = NULL;
    struct bytes x, y;
    must(cx, jose_key_make(cx, &out->private_jwk));
    must(cx, jose_key_public(cx, out->private_jwk, &public_jwk));
    must(cx, json_parse(cx, public_jwk, &json));
    must(cx, jwk_read(cx, json, &out->key));
    must_be(base64url_decode(cx->arena, json_text(json_object_get(json, "x")), &x) &&
                base64url_decode(cx->arena, json_text(json_object_get(json, "y")), &y), "no point");
    uint8_t point[1 + 2 * ES256_COORDINATE_BYTES] = {4};
    char group[] = "P-256";
    memcpy(point + 1, x.at, ES256_COORDINATE_BYTES);
    memcpy(point + 1 + ES256_COORDINATE_BYTES, y.at, ES256_COORDINATE_BYTES);
    OSSL_PARAM parts[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1),
                          OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point), OSSL_PARAM_END};
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    must_be(EVP_PKEY_fromdata_init(maker) == 1 &&
                EVP_PKEY_fromdata(maker, &out->raw_key, EVP_PKEY_PUBLIC_KEY, parts) == 1, "no key");
    EVP_PKEY_CTX_free(maker);
}

static void sign_text(struct ctx *cx, struct text header, struct text claims, struct signed_text *out)
{
    uint8_t hash[HASH_BYTES];
    uint8_t signature[ES256_SIGNATURE_BYTES];
    struct text input = text_format(cx->arena, "%.*s.%.*s",
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(header))),
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(claims))));
    sha256(bytes_of_text(input), hash);
    must(cx, jose_key_sign(cx, out->private_jwk, hash, signature));
    struct text coded = base64url_encode(cx->arena, (struct bytes){signature, sizeof signature});
    out->text = text_format(cx->arena, "%.*s.%.*s", TEXT_ARGS(input), TEXT_ARGS(coded));
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, ES256_COORDINATE_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(signature + ES256_COORDINATE_BYTES, ES256_COORDINATE_BYTES, NULL);
    must_be(pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1, "no signature");
    uint8_t *end = out->der;
    out->der_size = (size_t)i2d_ECDSA_SIG(pair, &end);
    ECDSA_SIG_free(pair);
}

static void make_request(struct ctx *cx, struct requested *out)
{
    struct text nonce;
    *out = (struct requested){.cx = *cx};
    make_key(cx, &out->assertion);
    make_key(cx, &out->proof);
    out->keys = (struct jwk_set){1, {out->assertion.key}};
    must(cx, dpop_nonce(cx, &nonce));
    long long now_s = cx->now_ms / 1000;
    sign_text(cx, TEXT("{\"alg\":\"ES256\"}"),
              text_format(cx->arena, "{\"iss\":\"sys_1\",\"sub\":\"sys_1\",\"aud\":\"https://node.example\","
                          "\"jti\":\"one\",\"iat\":%lld,\"exp\":%lld}", now_s, now_s + 60), &out->assertion);
    sign_text(cx, text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%.*s}",
                              TEXT_ARGS(out->proof.key.canonical)),
              text_format(cx->arena, "{\"htm\":\"POST\",\"htu\":\"https://node.example/oauth/token\",\"jti\":\"two\","
                          "\"iat\":%lld,\"nonce\":\"%.*s\"}", now_s, TEXT_ARGS(nonce)), &out->proof);
}

/* ---- the two ways */

static void verify_ours(struct requested *request)
{
    const struct dpop_request expected = {TEXT("POST"), ISSUER, TEXT("/oauth/token"), TEXT_NONE};
    struct client_assertion assertion;
    struct dpop_proof proof;
    struct ctx *cx = &request->cx;
    struct arena_mark mark = arena_mark(cx->arena);
    must(cx, client_assertion_read(cx, request->assertion.text, ISSUER, &assertion));
    must(cx, client_assertion_check(cx, &assertion, &request->keys));
    must(cx, dpop_check(cx, request->proof.text, &expected, &proof));
    arena_go_back(cx->arena, &mark);
}

static void verify_raw_one(const struct signed_text *one)
{
    struct jws_compact parts;
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    must_be(jws_compact_split(one->text, &parts) && EVP_DigestVerifyInit(check, NULL, EVP_sha256(), NULL,
                                                                         one->raw_key) == 1 &&
                EVP_DigestVerify(check, one->der, one->der_size, (const uint8_t *)parts.signed_part.at,
                                 parts.signed_part.size) == 1, "a signature of ours does not verify");
    EVP_MD_CTX_free(check);
}

static void verify_raw(struct requested *request)
{
    verify_raw_one(&request->assertion);
    verify_raw_one(&request->proof);
}

static void run(struct requested *request, const char *name, double seconds, void (*verify)(struct requested *request))
{
    size_t done = 0;
    struct turn turn = turn_begin();
    for (; seconds_now() - turn.start < seconds; done++)
        verify(request);
    turn_end(&turn, name, done);
}

void ask_token(struct world *world, const struct question *question)
{
    struct requested request;
    make_request(&world->cx, &request);
    for (int64_t i = 0; i < question->rounds; i++) {
        run(&request, "raw_verify", question->seconds, verify_raw);
        run(&request, "token", question->seconds, verify_ours);
    }
    EVP_PKEY_free(request.assertion.raw_key);
    EVP_PKEY_free(request.proof.raw_key);
}
