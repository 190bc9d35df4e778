/* SPDX-License-Identifier: Apache-2.0
 * Goal: a key is read as one thing or not at all, and only it verifies what it has signed. Method: the published keys,
 * thumbprints and signatures, each with every one of its members spoilt, and every character of what was signed. */
#include "crypto/jwk.h"

#include "base/json.h"
#include "unit/crypto/fixture.h"

/* RFC 7515 appendix A.3, whose thumbprint others have computed. */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_KEY "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}"
#define EC_THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
#define EC_SIGNED \
    "eyJhbGciOiJFUzI1NiJ9" \
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
/* RFC 8037 appendices A.1 to A.4. */
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}"
#define ED_THUMBPRINT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define ED_SIGNED \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc" \
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
/* RFC 7638 section 3.1. */
#define RSA_N_7638 \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok" \
    "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu" \
    "6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8a" \
    "wapJzKnqDKgw"
#define RSA_THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
/* Made with Node's crypto for this test. */
#define RSA_N \
    "87-F1GEiYiFO8zfywbJ8rTDM5z8WhYXj0vKpYcZVqKzuyBklODiFqCdncy1g8d4hJIt6CWGraZBtTE8QkieDGCwtjQaAASkidq1LpSZexhKfQD" \
    "Hp6R7_KLYWL5TRfmjZXn5sGok-su2CmHS-8XmCHisS-bU2OanVDSMOA0nIACsgbsB3o5PLtdkhDk-G_60qPjXLDCfd9uFzZCoJpMpcnpDhbT_I" \
    "87S16YQ7Dk7mDZn_cjs41l5Xxh1mYPJxUdhkiYkf1F0YNyAbq8purhb5mVz9BmtvrUGNkbFKdynzS4T_Z8Bb5puOVmQGuJ34aHUMV3IxIVWjW1" \
    "1sJ71XypXMHw"
#define RSA_KEY "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}"
#define RSA_SIGNED \
    "eyJhbGciOiJQUzI1NiJ9.eyJhIjoxfQ" \
    ".sLX_QQou3_sHh6MAXXepO9azS2vNzq6oFfV96XWvQjnWaSgH_bWPgu2Gx18aKMONV5TVSAJEtINk1dEFx3Z3YGZTZIPWrp7eUpyry0daUU3B6u" \
    "Di4MRcU11MPANWkXBUhpZRuZQ2Av1kOZ5G4_lFeiXW-5TN37IV7FGUurMVs-UJbVgKT9D-v4DBof5Lz0clkFJJ6IzKOGHr-RMbAcAuVW-NZ2du" \
    "835aAFezXcKJCjdKekb-CexuLPyzrg1Tv8CmKDofMn19tv29LyOeBtVztm-IhzgRO_gwkkuD03kbp_zqbrKIRQkBUtDH0kYRh_QfiVzOTkW0Ih" \
    "NF-UQ6codFBQ"

static err read_key(struct ctx *cx, const char *text, struct jwk *out)
{
    const json_t *json = NULL;
    assert_int_equal(json_parse(cx, text_of(text), &json), OK);
    return jwk_read(cx, json, out);
}

static err read_set(struct ctx *cx, const char *text, struct jwk_set *out)
{
    const json_t *json = NULL;
    assert_int_equal(json_parse(cx, text_of(text), &json), OK);
    return jwk_set_read(cx, json, out);
}

static const struct {
    const char   *key, *signed_text, *thumbprint;
    jwk_algorithm algorithm;
} GOOD[] = {
    {EC_KEY, EC_SIGNED, EC_THUMBPRINT, JWK_ES256},
    {ED_KEY, ED_SIGNED, ED_THUMBPRINT, JWK_EDDSA},
    {RSA_KEY, RSA_SIGNED, NULL, JWK_PS256},
    {"{\"kty\":\"RSA\",\"kid\":\"2011-04-29\",\"e\":\"AQAB\",\"n\":\"" RSA_N_7638 "\"}", NULL, RSA_THUMBPRINT,
     JWK_PS256},
};
#define GOOD_COUNT (sizeof GOOD / sizeof *GOOD)

static void the_published_keys_have_their_thumbprints(void **state)
{
    (void)state; /* the table is all it needs */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        struct jwk key;
        assert_int_equal(read_key(cx, GOOD[i].key, &key), OK);
        assert_int_equal(key.algorithm, GOOD[i].algorithm);
        struct text thumbprint = base64url_encode(cx->arena, (struct bytes){key.thumbprint, HASH_BYTES});
        assert_true(GOOD[i].thumbprint == NULL || text_is(thumbprint, GOOD[i].thumbprint));
    }
    fixture_close(&fixture);
}

static bool verifies(struct ctx *cx, const struct jwk *key, struct text text)
{
    struct jws_compact jws;
    bool good = false;
    if (!jws_compact_split(text, &jws))
        return false;
    assert_int_equal(jwk_verify(cx, key, &jws, &good), OK);
    return good;
}

static void the_published_signatures_verify_by_their_own_keys_alone(void **state)
{
    (void)state; /* the table is all it needs */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < GOOD_COUNT; i++)
        for (size_t j = 0; j < GOOD_COUNT; j++) {
            struct jwk key;
            assert_int_equal(read_key(cx, GOOD[i].key, &key), OK);
            if (GOOD[j].signed_text != NULL)
                assert_int_equal(verifies(cx, &key, text_of(GOOD[j].signed_text)), i == j);
        }
    fixture_close(&fixture);
}

/* Each character becomes another letter of the alphabet, one whose last bits differ, a dot, and is left out. */
static void every_changed_character_is_refused(void **state)
{
    (void)state; /* the table is all it needs */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        struct jwk key;
        assert_int_equal(read_key(cx, GOOD[i].key, &key), OK);
        size_t size = GOOD[i].signed_text == NULL ? 0 : strlen(GOOD[i].signed_text);
        for (size_t at = 0; at < size; at++) {
            struct arena_mark mark = arena_mark(cx->arena);
            struct text text = text_copy(cx->arena, text_of(GOOD[i].signed_text));
            char *changed = (char *)(uintptr_t)text.at;
            char was = changed[at];
            const char *const others = was == 'A' ? "B._=\0" : was == '.' ? "A-/ \0" : "A.=\0";
            for (const char *other = others; *other != '\0'; other++) {
                changed[at] = *other;
                assert_true(*other == was || !verifies(cx, &key, text));
            }
            memmove(changed + at, changed + at + 1, size - at - 1);
            assert_false(verifies(cx, &key, (struct text){changed, size - 1}));
            arena_go_back(cx->arena, &mark);
        }
    }
    fixture_close(&fixture);
}

static void keys_of_other_kinds_and_for_other_work_are_refused(void **state)
{
    (void)state; /* the table is all it needs */
    static const struct {
        const char *key, *reason;
    } CASES[] = {
        {"{}", "jwk.form"}, {"[]", "jwk.form"}, {"null", "jwk.form"}, {"\"EC\"", "jwk.form"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "jwk.private"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"d\":\"" EC_X "\"}", "jwk.private"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"d\":null}", "jwk.private"},
        {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "=\",\"y\":\"" EC_Y "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "A\",\"y\":\"" EC_Y "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":1,\"y\":\"" EC_Y "\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"use\":\"enc\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"key_ops\":[\"sign\"]}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"key_ops\":[]}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"alg\":\"ES384\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"alg\":\"none\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"kid\":\"\"}", "jwk.form"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"kid\":7}", "jwk.form"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"kid\":\"a\\u0007\"}", "jwk.form"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}", "jwk.form"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"alg\":\"ES256\"}", "jwk.form"},
        {"{\"kty\":\"RSA\",\"e\":\"Aw\",\"n\":\"" RSA_N "\"}", "jwk.form"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" ED_X "\"}", "jwk.form"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"!\"}", "jwk.form"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N RSA_N "\"}", "jwk.form"}, /* too large */
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AAAA" RSA_N "\"}", "jwk.form"},  /* zeros before it */
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "AAAA\"}", "jwk.form"},  /* even */
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\",\"alg\":\"RS256\"}", "jwk.form"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\",\"p\":\"AQ\"}", "jwk.private"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct jwk key;
        assert_failed(cx, read_key(cx, CASES[i].key, &key), INVALID, CASES[i].reason);
    }
    struct jwk key; /* what nobody has to know is left out */
    static const char MORE[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"alg\":\"Ed25519\","
                               "\"ext\":true,\"x5t\":\"AA\",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"kid\":\"a\"}";
    assert_int_equal(read_key(cx, MORE, &key), OK);
    assert_true(text_is(key.canonical, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" ED_X "\"}"));
    fixture_close(&fixture);
}

static void a_set_is_written_as_it_was_read(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct jwk_set set, again;
    struct text text, twice;
    assert_int_equal(read_set(cx, "{\"keys\":[" EC_KEY "," RSA_KEY ",{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X
                                  "\",\"kid\":\"a \\\"b\\\"\"}],\"more\":1}", &set), OK);
    assert_int_equal(set.count, 3);
    assert_int_equal(jwk_set_write(cx, &set, &text), OK);
    assert_int_equal(read_set(cx, text_c_string(cx->arena, text), &again), OK);
    assert_int_equal(jwk_set_write(cx, &again, &twice), OK);
    assert_true(text_equals(text, twice));
    assert_true(text_is(again.keys[2].key_id, "a \"b\""));
    fixture_close(&fixture);
}

static void a_set_holds_one_to_eight_keys_no_two_alike(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const CASES[] = {
        "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[" EC_KEY "," EC_KEY "]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"kid\":\"a\"},"
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"kid\":\"a\"}]}",
        "{\"keys\":[1,2,3,4,5,6,7,8,9]}",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct jwk_set set;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_failed(cx, read_set(cx, CASES[i], &set), INVALID, "jwk.set");
    fixture_close(&fixture);
}

/* A key with which nobody can have signed, or everybody can, is not registered. */
static void keys_that_are_no_keys_are_seen(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const BAD[] = {
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_X "\"}]}",
        "{\"keys\":[" EC_KEY ",{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\"}]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct jwk_set set;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(read_set(cx, BAD[i], &set), OK);
        assert_failed(cx, jwk_set_check(cx, &set), INVALID, "jwk.form");
    }
    assert_int_equal(read_set(cx, "{\"keys\":[" EC_KEY "," RSA_KEY "," ED_KEY "]}", &set), OK);
    assert_int_equal(jwk_set_check(cx, &set), OK);
    fixture_close(&fixture);
}

static void only_three_algorithms_have_a_name(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const OTHERS[] = {"", "none", "None", "NONE", "HS256", "HS512", "RS256", "ES384", "es256",
                                         "ES256K",
                                         "PS384", "EdDSA ", "Ed448"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        assert_int_equal(jwk_algorithm_of(text_of(OTHERS[i])), JWK_NONE);
    assert_int_equal(jwk_algorithm_of(TEXT("Ed25519")), JWK_EDDSA);
    assert_int_equal(jwk_algorithm_of(TEXT("PS256")), JWK_PS256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_keys_have_their_thumbprints),
        cmocka_unit_test(the_published_signatures_verify_by_their_own_keys_alone),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(keys_of_other_kinds_and_for_other_work_are_refused),
        cmocka_unit_test(a_set_is_written_as_it_was_read),
        cmocka_unit_test(a_set_holds_one_to_eight_keys_no_two_alike),
        cmocka_unit_test(keys_that_are_no_keys_are_seen),
        cmocka_unit_test(only_three_algorithms_have_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
