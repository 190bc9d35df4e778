/* SPDX-License-Identifier: Apache-2.0
 * What one request for a token costs before anything is written: its assertion and its proof read and verified, both by
 * ES256, beside the two verifications alone by OpenSSL's own calls, with keys that were made ready before. And what an
 * ID token costs: written and signed under a key of the node, beside the signature alone. The holder of the keys is
 * this process; in a node it is another one. Prints turns of each, in requests or tokens per second. */
#include "base/json.h"
#include "base/text.h"
#include "crypto/jose.h"
#include "protocol/client_assertion.h"
#include "protocol/dpop.h"
#include "protocol/id_token.h"
#include "questions.h"
#include "signed.h"

#define ISSUER TEXT("https://node.example")

/* One signed text, and the key that has signed it. */
struct signed_text {
    struct signer signer;
    struct text   text;
    struct bytes  content; /* what was signed */
    struct bytes  der;     /* a signature of it as OpenSSL wants it */
};

struct requested {
    struct ctx         cx;
    struct jwk_set     keys;
    struct signed_text assertion;
    struct signed_text proof;
    struct signing_key key; /* of the node */
    struct id_token    token;
};

/* ---- making */

static void sign_text(struct ctx *cx, struct text header, struct text claims, struct signed_text *out)
{
    uint8_t hash[HASH_BYTES];
    uint8_t signature[ES256_SIGNATURE_BYTES];
    struct text input = text_format(cx->arena, "%.*s.%.*s",
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(header))),
                                    TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(claims))));
    sha256(bytes_of_text(input), hash);
    must(cx, jose_key_sign(cx, out->signer.private_jwk, hash, signature));
    struct text coded = base64url_encode(cx->arena, (struct bytes){signature, sizeof signature});
    out->text = text_format(cx->arena, "%.*s.%.*s", TEXT_ARGS(input), TEXT_ARGS(coded));
    out->content = bytes_of_text(input);
    out->der = signer_sign(cx, &out->signer, out->content);
}

static void make_request(struct ctx *cx, struct requested *out)
{
    struct text nonce;
    signer_make(cx, &out->assertion.signer);
    signer_make(cx, &out->proof.signer);
    out->keys = (struct jwk_set){1, {out->assertion.signer.key}};
    must(cx, dpop_nonce(cx, &nonce));
    long long now_s = cx->now_ms / 1000;
    sign_text(cx, TEXT("{\"alg\":\"ES256\"}"),
              text_format(cx->arena, "{\"iss\":\"sys_1\",\"sub\":\"sys_1\",\"aud\":\"https://node.example\","
                          "\"jti\":\"one\",\"iat\":%lld,\"exp\":%lld}", now_s, now_s + 60), &out->assertion);
    sign_text(cx, text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%.*s}",
                              TEXT_ARGS(out->proof.signer.key.canonical)),
              text_format(cx->arena, "{\"htm\":\"POST\",\"htu\":\"https://node.example/oauth/token\",\"jti\":\"two\","
                          "\"iat\":%lld,\"nonce\":\"%.*s\"}", now_s, TEXT_ARGS(nonce)), &out->proof);
}

static void make_token(struct ctx *cx, struct requested *out)
{
    out->key = (struct signing_key){.kind = SIGNING_KEY_OF_NODE, .owner = 1};
    must(cx, keyring_signing_key_make(cx, &out->key));
    out->token = (struct id_token){
        .issuer = ISSUER, .subject = TEXT("rel_mqkxys0kmhxdcfh1m1b0m4ycjr"),
        .client_id = TEXT("sys_a1zfez5m2rqbbtz0wwn8av1aq0"),
        .nonce = TEXT("Me-i8yz6JeVEvKd5u6ikB__HmjQi-fBUZIWB7V_YPsw"),
        .issued_at_ms = cx->now_ms, .verified_at_ms = cx->now_ms,
    };
}

/* ---- the two ways */

static void verify_ours(void *arg)
{
    struct requested *request = arg;
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

static void verify_raw(void *arg)
{
    const struct requested *request = arg;
    signer_verify_raw(&request->assertion.signer, request->assertion.content, request->assertion.der);
    signer_verify_raw(&request->proof.signer, request->proof.content, request->proof.der);
}

static void write_token(void *arg)
{
    struct requested *request = arg;
    struct ctx *cx = &request->cx;
    struct text text;
    struct arena_mark mark = arena_mark(cx->arena);
    must(cx, id_token_write(cx, &request->token, &request->key, &text));
    arena_go_back(cx->arena, &mark);
}

static void sign_raw(void *arg)
{
    const struct requested *request = arg;
    signer_sign_raw(&request->proof.signer, request->proof.content); /* of about the length of an ID token */
}

void ask_token(struct world *world, const struct question *question)
{
    struct requested request = {.cx = world->cx};
    make_request(&world->cx, &request);
    make_token(&world->cx, &request);
    for (int64_t i = 0; i < question->rounds; i++) {
        repeat_once("raw_verify", question->seconds, verify_raw, &request);
        repeat_once("token", question->seconds, verify_ours, &request);
        repeat_once("raw_sign", question->seconds, sign_raw, &request);
        repeat_once("id_token", question->seconds, write_token, &request);
    }
    signer_close(&request.assertion.signer);
    signer_close(&request.proof.signer);
}
