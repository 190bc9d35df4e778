/* SPDX-License-Identifier: Apache-2.0
 * Goal: a proof is good for its own request, its own minute and a nonce of this node. Method: the two proofs of RFC
 * 9449, which lack only our nonce; and proofs of our own with each claim missing, wrong, and at both ends of its
 * range. */
#include "protocol/dpop.h"

#include "base/limits.h"
#include "unit/protocol/signed.h"

/* RFC 9449 sections 4.1 and 7.1. */
#define HEADER_9449 \
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo" \
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
#define PROOF_OF_TOKEN_REQUEST \
    HEADER_9449 ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3" \
    "Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" \
    ".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
#define PROOF_WITH_TOKEN \
    HEADER_9449 ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy" \
    "9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtz" \
    "bVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
#define TOKEN_9449 "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

static const struct dpop_request POST_9449 = {TEXT("POST"), TEXT("https://server.example.com"), TEXT("/token"),
                                              TEXT("")};
static const struct dpop_request GET_9449 = {TEXT("GET"), TEXT("https://resource.example.org"),
                                             TEXT("/protectedresource"), TEXT(TOKEN_9449)};

/* All else is looked at before the nonce: to lack it means that all else was right. */
static void the_published_proofs_lack_only_our_nonce(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct dpop_proof proof;
    cx->now_ms = INT64_C(1562262620000);
    assert_failed(cx, dpop_check(cx, TEXT(PROOF_OF_TOKEN_REQUEST), &POST_9449, &proof), UNAUTHENTICATED, "proof.nonce");
    assert_failed(cx, dpop_check(cx, TEXT(PROOF_WITH_TOKEN), &GET_9449, &proof), UNAUTHENTICATED, "proof.nonce");
    struct dpop_request other = GET_9449;
    other.access_token = TEXT("another");
    assert_failed(cx, dpop_check(cx, TEXT(PROOF_WITH_TOKEN), &other, &proof), UNAUTHENTICATED, "proof.invalid");
    other.access_token = TEXT_NONE;
    assert_failed(cx, dpop_check(cx, TEXT(PROOF_WITH_TOKEN), &other, &proof), UNAUTHENTICATED, "proof.invalid");
    cx->now_ms += LIMIT_PROOF_MS;
    assert_failed(cx, dpop_check(cx, TEXT(PROOF_WITH_TOKEN), &GET_9449, &proof), UNAUTHENTICATED, "proof.invalid");
    fixture_close(&fixture);
}

struct maker {
    struct ctx   *cx;
    struct signer signer;
    struct text   nonce;
};

static struct maker make_maker(struct ctx *cx)
{
    struct maker maker = {.cx = cx, .signer = make_signer(cx)};
    cx->now_ms = SIGNED_NOW_MS;
    assert_int_equal(dpop_nonce(cx, &maker.nonce), OK);
    return maker;
}

static struct text header_of(const struct maker *maker)
{
    return text_format(maker->cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%.*s}",
                       TEXT_ARGS(maker->signer.public_jwk));
}

/* `claims` may hold one %.*s: the nonce. */
static struct text proof_of(const struct maker *maker, const char *claims)
{
    struct text text = text_of(claims);
    const char *at = strstr(claims, "NONCE");
    if (at != NULL)
        text = text_format(maker->cx->arena, "%.*s%.*s%s", (int)(at - claims), claims, TEXT_ARGS(maker->nonce), at + 5);
    return sign_claims(maker->cx, &maker->signer, header_of(maker), text);
}

static const struct dpop_request REQUEST = {TEXT("POST"), TEXT("https://node.example"), TEXT("/oauth/token"), TEXT("")};

static void claims_are_right_or_refused(void **state)
{
    (void)state; /* nothing is shared */
#define CLAIMS(htm, htu, iat, jti, more) \
    "{\"htm\":" htm ",\"htu\":\"" htu "\",\"iat\":" iat ",\"jti\":" jti ",\"nonce\":\"NONCE\"" more "}"
#define AT(htu) CLAIMS("\"POST\"", htu, SIGNED_NOW_S, "\"1\"", "")
#define URL "https://node.example/oauth/token"
    static const struct {
        const char *claims, *reason;
    } CASES[] = {
        {AT(URL), NULL}, {AT(URL "?a=1"), NULL}, {AT(URL "#a"), NULL}, {AT("HTTPS://Node.Example/oauth/token"), NULL},
        {AT("https://node.example:443/oauth/token"), NULL}, {AT("https://node.example:444/oauth/token"),
                                                             "proof.invalid"},
        {AT("https://node.example:80/oauth/token"), "proof.invalid"}, {AT("http://node.example/oauth/token"),
                                                                       "proof.invalid"},
        {AT("https://node.example/oauth/Token"), "proof.invalid"}, {AT(URL "/"), "proof.invalid"},
        {AT("https://node.example//oauth/token"), "proof.invalid"}, {AT("https://a.example/oauth/token"),
                                                                     "proof.invalid"},
        {AT("https://node.example.evil/oauth/token"), "proof.invalid"}, {AT("/oauth/token"), "proof.invalid"},
        {AT("https://a@node.example/oauth/token"), "proof.invalid"}, {AT("https://node.example"), "proof.invalid"},
        {AT("https://evil.example/?https://node.example/oauth/token"), "proof.invalid"}, {AT(""), "proof.invalid"},
        {CLAIMS("\"GET\"", URL, SIGNED_NOW_S, "\"1\"", ""), "proof.invalid"},
        {CLAIMS("\"post\"", URL, SIGNED_NOW_S, "\"1\"", ""), "proof.invalid"},
        {CLAIMS("1", URL, SIGNED_NOW_S, "\"1\"", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, "1795000010", "\"1\"", ""), NULL},
        {CLAIMS("\"POST\"", URL, "1795000011", "\"1\"", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, "1794999941", "\"1\"", ""), NULL},
        {CLAIMS("\"POST\"", URL, "1794999940", "\"1\"", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, "\"1795000000\"", "\"1\"", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, SIGNED_NOW_S, "\"\"", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, SIGNED_NOW_S, "7", ""), "proof.invalid"},
        {CLAIMS("\"POST\"", URL, SIGNED_NOW_S, "\"1\"", ",\"ath\":\"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo\""),
         "proof.invalid"},
        {"{\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\",\"nonce\":\"NONCE\"}", "proof.invalid"},
        {"{\"htm\":\"POST\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\",\"nonce\":\"NONCE\"}", "proof.invalid"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"jti\":\"1\",\"nonce\":\"NONCE\"}", "proof.invalid"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"nonce\":\"NONCE\"}", "proof.invalid"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\"}", "proof.nonce"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\",\"nonce\":\"\"}", "proof.nonce"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\",\"nonce\":\"xNONCE\"}",
         "proof.nonce"},
        {"{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S ",\"jti\":\"1\",\"nonce\":1}", "proof.nonce"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct maker maker = make_maker(cx);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dpop_proof proof;
        err got = dpop_check(cx, proof_of(&maker, CASES[i].claims), &REQUEST, &proof);
        if ((got == OK) != (CASES[i].reason == NULL))
            fail_msg("case %zu: %s", i, got == OK ? "taken" : cx->failure.detail);
        if (got != OK)
            assert_failed(cx, got, UNAUTHENTICATED, CASES[i].reason);
        else
            assert_memory_equal(proof.thumbprint, maker.signer.key.thumbprint, HASH_BYTES);
    }
    fixture_close(&fixture);
}

static void the_key_comes_with_the_proof_and_has_signed_it(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct maker maker = make_maker(cx);
    struct maker other = make_maker(cx);
    struct dpop_proof proof;
    struct text claims = text_format(cx->arena, "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":" SIGNED_NOW_S
                                     ",\"jti\":\"1\",\"nonce\":\"%.*s\"}", TEXT_ARGS(maker.nonce));
    struct text headers[] = {
        header_of(&other),
        TEXT("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}"),
        text_format(cx->arena, "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"jwk\":%.*s}", TEXT_ARGS(maker.signer.public_jwk)),
        text_format(cx->arena, "{\"alg\":\"ES256\",\"jwk\":%.*s}", TEXT_ARGS(maker.signer.public_jwk)),
        text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"PS256\",\"jwk\":%.*s}",
                    TEXT_ARGS(maker.signer.public_jwk)),
        text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"jwk\":%.*s}",
                    TEXT_ARGS(maker.signer.public_jwk)),
        text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":%.*s}",
                    TEXT_ARGS(maker.signer.public_jwk)),
        text_format(cx->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%.*s}",
                    TEXT_ARGS(maker.signer.private_jwk)),
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_failed(cx, dpop_check(cx, sign_claims(cx, &maker.signer, headers[i], claims), &REQUEST, &proof),
                      UNAUTHENTICATED, "proof.invalid");
    assert_int_equal(dpop_check(cx, sign_claims(cx, &maker.signer, header_of(&maker), claims), &REQUEST, &proof), OK);
    assert_int_equal(proof.expires_at_ms, SIGNED_NOW_MS + LIMIT_PROOF_MS);
    fixture_close(&fixture);
}

/* A node with another root makes other nonces; one that is another server of the same node makes the same. */
static void a_nonce_is_of_this_node_and_of_these_minutes(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture, elsewhere;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct ctx *others = fixture_open(&elsewhere);
    struct maker maker = make_maker(cx);
    struct text again, later, foreign;
    elsewhere.seeded.state = 7;
    assert_int_equal(keyring_open(others, elsewhere.keys, true, &others->keyring), OK);
    others->now_ms = cx->now_ms;
    assert_int_equal(dpop_nonce(cx, &again), OK);
    assert_int_equal(dpop_nonce(others, &foreign), OK);
    assert_true(text_equals(maker.nonce, again) && !text_equals(again, foreign));
    struct dpop_proof proof;
    static const char BEFORE[] = CLAIMS("\"POST\"", URL, "1794999940", "\"1\"", "");
    static const char LONG_BEFORE[] = CLAIMS("\"POST\"", URL, "1794999880", "\"1\"", "");
    cx->now_ms -= LIMIT_NONCE_MS; /* another server has begun the next step already */
    assert_int_equal(dpop_check(cx, proof_of(&maker, BEFORE), &REQUEST, &proof), OK);
    cx->now_ms -= LIMIT_NONCE_MS;
    assert_failed(cx, dpop_check(cx, proof_of(&maker, LONG_BEFORE), &REQUEST, &proof), UNAUTHENTICATED, "proof.nonce");
    cx->now_ms = SIGNED_NOW_MS;
    cx->now_ms += LIMIT_NONCE_MS;
    assert_int_equal(dpop_nonce(cx, &later), OK);
    assert_false(text_equals(again, later));
    struct maker stranger = maker;
    stranger.nonce = foreign;
    static const char CLAIMS_1[] = CLAIMS("\"POST\"", URL, "1795000060", "\"1\"", "");
    static const char CLAIMS_2[] = CLAIMS("\"POST\"", URL, "1795000120", "\"1\"", "");
    assert_int_equal(dpop_check(cx, proof_of(&maker, CLAIMS_1), &REQUEST, &proof), OK); /* that of the step before */
    assert_failed(cx, dpop_check(cx, proof_of(&stranger, CLAIMS_1), &REQUEST, &proof), UNAUTHENTICATED, "proof.nonce");
    cx->now_ms += LIMIT_NONCE_MS;
    assert_failed(cx, dpop_check(cx, proof_of(&maker, CLAIMS_2), &REQUEST, &proof), UNAUTHENTICATED, "proof.nonce");
    fixture_close(&elsewhere);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_proofs_lack_only_our_nonce),
        cmocka_unit_test(claims_are_right_or_refused),
        cmocka_unit_test(the_key_comes_with_the_proof_and_has_signed_it),
        cmocka_unit_test(a_nonce_is_of_this_node_and_of_these_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
