/* SPDX-License-Identifier: Apache-2.0
 * Goal: only a fresh, signed assertion for this issuer says who a client is, and every other one gets the same answer.
 * Method: the right claims, each of them missing, of another type, wrong, and at both ends of what is allowed. */
#include "protocol/client_assertion.h"

#include "base/limits.h"
#include "unit/protocol/signed.h"

#define ISSUER "https://node.example"

static struct text assertion_of(struct ctx *cx, const struct signer *signer, const char *claims)
{
    return sign_claims(cx, signer, TEXT("{\"alg\":\"ES256\",\"kid\":\"one\"}"), text_of(claims));
}

static err check(struct ctx *cx, struct text text, const struct jwk_set *keys)
{
    struct client_assertion assertion;
    err got = client_assertion_read(cx, text, TEXT(ISSUER), &assertion);
    return got == OK ? client_assertion_check(cx, &assertion, keys) : got;
}

static void claims_are_right_or_refused_in_one_way(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *claims;
        bool        good;
    } CASES[] = {
#define ALL(iss, sub, aud, exp, jti, more) \
    "{\"iss\":" iss ",\"sub\":" sub ",\"aud\":" aud ",\"exp\":" exp ",\"jti\":" jti more "}"
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ""), true},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000001", "\"1\"", ""), true},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000300", "\"1\"", ""), true},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ",\"iat\":1795000000,\"nbf\":1795000000"),
         true},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ",\"iat\":1795000010"), true},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ",\"iat\":1795000011"), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ",\"nbf\":1795000011"), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ",\"iat\":\"1795000000\""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000000", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1794999999", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000301", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "\"1795000060\"", "\"1\"", ""), false},
        {ALL("\"c\"", "\"d\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ""), false},
        {ALL("\"\"", "\"\"", "\"" ISSUER "\"", "1795000060", "\"1\"", ""), false},
        {ALL("1", "1", "\"" ISSUER "\"", "1795000060", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "[\"" ISSUER "\"]", "1795000060", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "/\"", "1795000060", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "/oauth/token\"", "1795000060", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"https://NODE.example\"", "1795000060", "\"1\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "\"\"", ""), false},
        {ALL("\"c\"", "\"c\"", "\"" ISSUER "\"", "1795000060", "1", ""), false},
        {"{\"sub\":\"c\",\"aud\":\"" ISSUER "\",\"exp\":1795000060,\"jti\":\"1\"}", false},
        {"{\"iss\":\"c\",\"aud\":\"" ISSUER "\",\"exp\":1795000060,\"jti\":\"1\"}", false},
        {"{\"iss\":\"c\",\"sub\":\"c\",\"exp\":1795000060,\"jti\":\"1\"}", false},
        {"{\"iss\":\"c\",\"sub\":\"c\",\"aud\":\"" ISSUER "\",\"jti\":\"1\"}", false},
        {"{\"iss\":\"c\",\"sub\":\"c\",\"aud\":\"" ISSUER "\",\"exp\":1795000060}", false},
#undef ALL
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx);
    struct jwk_set keys = {1, {signer.key}};
    cx->now_ms = SIGNED_NOW_MS;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        err got = check(cx, assertion_of(cx, &signer, CASES[i].claims), &keys);
        if ((got == OK) != CASES[i].good)
            fail_msg("case %zu: %s", i, got == OK ? "taken" : cx->failure.detail);
        if (got != OK)
            assert_failed(cx, got, UNAUTHENTICATED, "client.unknown");
    }
    fixture_close(&fixture);
}

static void a_key_of_the_set_must_have_signed(void **state)
{
    (void)state; /* nothing is shared */
    static const char CLAIMS[] =
        "{\"iss\":\"c\",\"sub\":\"c\",\"aud\":\"" ISSUER "\",\"exp\":1795000060,\"jti\":\"1\"}";
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer one = make_signer(cx), two = make_signer(cx), three = make_signer(cx);
    struct jwk_set keys = {2, {one.key, two.key}};
    cx->now_ms = SIGNED_NOW_MS;
    assert_int_equal(check(cx, assertion_of(cx, &one, CLAIMS), &keys), OK);
    assert_int_equal(check(cx, assertion_of(cx, &two, CLAIMS), &keys), OK);
    assert_failed(cx, check(cx, assertion_of(cx, &three, CLAIMS), &keys), UNAUTHENTICATED, "client.unknown");
    keys.keys[0].key_id = TEXT("other"); /* the header names "one" */
    assert_failed(cx, check(cx, assertion_of(cx, &one, CLAIMS), &keys), UNAUTHENTICATED, "client.unknown");
    keys.keys[0].key_id = TEXT("one");
    assert_int_equal(check(cx, assertion_of(cx, &one, CLAIMS), &keys), OK);
    keys.count = 0;
    assert_failed(cx, check(cx, assertion_of(cx, &one, CLAIMS), &keys), UNAUTHENTICATED, "client.unknown");
    fixture_close(&fixture);
}

static void no_other_signed_thing_is_an_assertion(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const HEADERS[] = {
        "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}", "{\"alg\":\"none\"}", "{\"alg\":\"HS256\"}",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx);
    struct jwk_set keys = {1, {signer.key}};
    cx->now_ms = SIGNED_NOW_MS;
    for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
        struct text text = sign_claims(cx, &signer, text_of(HEADERS[i]),
                                       TEXT("{\"iss\":\"c\",\"sub\":\"c\",\"aud\":\"" ISSUER
                                            "\",\"exp\":1795000060,\"jti\":\"1\"}"));
        assert_failed(cx, check(cx, text, &keys), UNAUTHENTICATED, "client.unknown");
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_right_or_refused_in_one_way),
        cmocka_unit_test(a_key_of_the_set_must_have_signed),
        cmocka_unit_test(no_other_signed_thing_is_an_assertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
