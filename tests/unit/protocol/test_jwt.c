/* SPDX-License-Identifier: Apache-2.0
 * Goal: a header that holds anything but what it may is refused, however well it is signed. Method: headers and claims
 * of any kind, each signed with the right key. */
#include "protocol/jwt.h"

#include "base/limits.h"
#include "unit/protocol/signed.h"

static const char *const TYPES[] = {"", "JWT", NULL};
static const struct jwt_rules RULES = {.types = TYPES, .code = UNAUTHENTICATED, .reason = "test.refused"};
static const char *const NARROW_TYPES[] = {"dpop+jwt", NULL};
static const struct jwt_rules NARROW = {.types = NARROW_TYPES, .code = UNAUTHENTICATED, .reason = "test.refused"};

static void a_header_holds_what_it_may_and_no_more(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *header;
        bool        good, narrow;
    } CASES[] = {
        {"{\"alg\":\"ES256\"}", true, false}, {"{\"alg\":\"ES256\",\"typ\":\"JWT\"}", true, false},
        {"{\"typ\":\"jwt\",\"alg\":\"ES256\",\"kid\":\"a\"}", true, false},
        {"{\"alg\":\"ES256\",\"typ\":\"application/jwt\"}", true, false},
        {"{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", false, true},
        {"{\"alg\":\"ES256\",\"typ\":\"application/DPoP+jwt\"}", false, true},
        {"{\"alg\":\"none\"}", false, false}, {"{\"alg\":\"None\"}", false, false}, {"{\"alg\":\"\"}", false, false},
        {"{\"alg\":\"HS256\"}", false, false}, {"{\"alg\":\"RS256\"}", false, false}, {"{}", false, false},
        {"{\"alg\":null}", false, false}, {"{\"alg\":[\"ES256\"]}", false, false},
        {"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", false, false}, {"{\"alg\":\"ES256\",\"crit\":[]}", false, false},
        {"{\"alg\":\"ES256\",\"b64\":true}", false, false}, {"{\"alg\":\"ES256\",\"zip\":\"DEF\"}", false, false},
        {"{\"alg\":\"ES256\",\"jku\":\"https://a.example\"}", false, false},
        {"{\"alg\":\"ES256\",\"x5u\":\"https://a.example\"}", false, false},
        {"{\"alg\":\"ES256\",\"x5c\":[]}", false, false}, {"{\"alg\":\"ES256\",\"jwk\":{}}", false, false},
        {"{\"alg\":\"ES256\",\"cty\":\"JWT\"}", false, false}, {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", false, false},
        {"{\"alg\":\"ES256\",\"typ\":\"\"}", false, false}, {"{\"alg\":\"ES256\",\"typ\":null}", false, false},
        {"{\"alg\":\"ES256\",\"typ\":\"application/\"}", false, false},
        {"{\"alg\":\"ES256\",\"kid\":\"\"}", false, false}, {"{\"alg\":\"ES256\",\"kid\":1}", false, false},
        {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", false, false}, {"[]", false, false}, {"\"alg\"", false, false},
        {"", false, false}, {"{\"alg\":\"ES256\"} ", true, false}, {"{\"alg\":\"ES256\"}x", false, false},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct text text = sign_claims(cx, &signer, text_of(CASES[i].header), TEXT("{}"));
        for (int narrow = 0; narrow < 2; narrow++) {
            struct jwt jwt;
            err got = jwt_read(cx, text, narrow ? &NARROW : &RULES, &jwt);
            if (got != OK)
                assert_failed(cx, got, UNAUTHENTICATED, "test.refused");
            assert_int_equal(got == OK, narrow ? CASES[i].narrow : CASES[i].good);
            assert_true(got != OK || jwt_check_signature(cx, &jwt, &signer.key) == OK);
        }
    }
    fixture_close(&fixture);
}

static void texts_of_another_form_are_refused(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const CASES[] = {
        "", ".", "..", "...", "a.b", "a.b.c.d", "eyJhbGciOiJFUzI1NiJ9.e30.", "eyJhbGciOiJFUzI1NiJ9..e30",
        ".e30.AA", "eyJhbGciOiJFUzI1NiJ9.e30.A", "eyJhbGciOiJFUzI1NiJ9.e30.AB", "eyJhbGciOiJFUzI1NiJ9.e30=.AA",
        " eyJhbGciOiJFUzI1NiJ9.e30.AA", "eyJhbGciOiJFUzI1NiJ9.e30.AA ", "eyJhbGciOiJFUzI1NiJ9.W10.AA",
        "eyJhbGciOiJFUzI1NiJ9.bnVsbA.AA", "{\"payload\":\"e30\"}",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct jwt jwt;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_failed(cx, jwt_read(cx, text_of(CASES[i]), &RULES, &jwt), UNAUTHENTICATED, "test.refused");
    char *longest = arena_take(cx->arena, LIMIT_JWT_BYTES + 1, 1);
    memset(longest, 'A', LIMIT_JWT_BYTES + 1);
    assert_failed(cx, jwt_read(cx, (struct text){longest, LIMIT_JWT_BYTES + 1}, &RULES, &jwt), UNAUTHENTICATED,
                  "test.refused");
    fixture_close(&fixture);
}

static void another_key_does_not_verify(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx), other = make_signer(cx);
    struct jwt jwt;
    struct text text = sign_claims(cx, &signer, TEXT("{\"alg\":\"ES256\"}"), TEXT("{}"));
    assert_int_equal(jwt_read(cx, text, &RULES, &jwt), OK);
    assert_failed(cx, jwt_check_signature(cx, &jwt, &other.key), UNAUTHENTICATED, "test.refused");
    struct jwk of_another_kind = signer.key; /* the key decides by which algorithm, never the header */
    of_another_kind.algorithm = JWK_PS256;
    assert_failed(cx, jwt_check_signature(cx, &jwt, &of_another_kind), UNAUTHENTICATED, "test.refused");
    fixture_close(&fixture);
}

static void claims_are_of_their_type_or_not_there(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *claims;
        int64_t     at_ms; /* 0: none */
    } MOMENTS[] = {
        {"{\"t\":1}", 1000}, {"{\"t\":1795000000}", SIGNED_NOW_MS}, {"{\"t\":1.5}", 1500}, {"{\"t\":0}", 0},
        {"{\"t\":-1}", 0}, {"{\"t\":\"1\"}", 0}, {"{\"t\":null}", 0}, {"{}", 0}, {"{\"t\":1e300}", 0},
        {"{\"t\":9223372036854775807}", 0}, {"{\"t\":true}", 0}, {"{\"t\":[1]}", 0}, {"{\"t\":3881520000}", 0},
        {"{\"t\":3881519999}", INT64_C(3881519999000)},
    };
    static const struct {
        const char *claims;
        bool        good;
    } TEXTS[] = {
        {"{\"t\":\"a\"}", true}, {"{\"t\":\"12345678\"}", true}, {"{\"t\":\"123456789\"}", false}, {"{\"t\":\"\"}",
                                                                                                    false},
        {"{\"t\":1}", false}, {"{}", false}, {"{\"t\":null}", false}, {"{\"t\":[\"a\"]}", false},
        {"{\"t\":\"a\\nb\"}", false},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx);
    struct jwt jwt;
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        int64_t at_ms = 0;
        struct text text = sign_claims(cx, &signer, TEXT("{\"alg\":\"ES256\"}"), text_of(MOMENTS[i].claims));
        assert_int_equal(jwt_read(cx, text, &RULES, &jwt), OK);
        assert_int_equal(jwt_moment(&jwt, "t", &at_ms), MOMENTS[i].at_ms != 0);
        assert_int_equal(at_ms, MOMENTS[i].at_ms);
    }
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct text found;
        struct text text = sign_claims(cx, &signer, TEXT("{\"alg\":\"ES256\"}"), text_of(TEXTS[i].claims));
        assert_int_equal(jwt_read(cx, text, &RULES, &jwt), OK);
        assert_int_equal(jwt_text(&jwt, "t", 8, &found), TEXTS[i].good);
    }
    fixture_close(&fixture);
}

static void want_of_memory_is_no_refusal(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct signer signer = make_signer(cx);
    struct text text = sign_claims(cx, &signer, TEXT("{\"alg\":\"ES256\"}"), TEXT("{\"iss\":\"a\"}"));
    bool told = false;
    for (size_t room = 16; !told; room += 16) {
        struct ctx small = *cx;
        struct jwt jwt;
        small.arena = arena_open(room);
        err got = jwt_read(&small, text, &RULES, &jwt);
        got = got == OK ? jwt_check_signature(&small, &jwt, &signer.key) : got;
        told = got == OK;
        if (!told)
            assert_failed(&small, got, TOO_LARGE, small.failure.reason);
        arena_close(small.arena);
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_holds_what_it_may_and_no_more),
        cmocka_unit_test(texts_of_another_form_are_refused),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(claims_are_of_their_type_or_not_there),
        cmocka_unit_test(want_of_memory_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
