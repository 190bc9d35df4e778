/* SPDX-License-Identifier: Apache-2.0
 * Goal: each standard claim is made of the one kind that it stands for, and what a client asks for by claims is read in
 * one way. Method: the examples of the table of kinds; the example of OpenID Connect Core section 5.5; each fault. */
#include "protocol/claims_request.h"
#include "protocol/openid_claims.h"

#include "base/text.h"
#include "unit/crypto/fixture.h"

/* ---- claims of values */

static struct text told(struct ctx *cx, const struct openid_value *values, size_t count)
{
    struct json_writer writer = json_writer_open(cx->arena, 64 * 1024);
    struct text out = TEXT_NONE;
    json_open_object(&writer);
    assert_int_equal(openid_claims_write(cx, values, count, &writer), OK);
    json_close_object(&writer);
    assert_int_equal(json_writer_finish(cx, &writer, &out), OK);
    return out;
}

static struct openid_value value_of(attribute_number kind, const char *value)
{
    return (struct openid_value){attribute_by_number(kind), text_of(value)};
}

static void each_kind_makes_its_claims(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        attribute_number kind;
        const char      *value, *claims;
    } CASES[] = {
        {ATTRIBUTE_NAME, "{\"given_name\":\"Ada\",\"family_name\":\"Muster\"}",
         "{\"given_name\":\"Ada\",\"family_name\":\"Muster\"}"},
        {ATTRIBUTE_NAME, "{\"name\":\"Ada\",\"middle_name\":\"B\",\"nickname\":\"C\"}",
         "{\"name\":\"Ada\",\"middle_name\":\"B\",\"nickname\":\"C\"}"},
        {ATTRIBUTE_GIVEN_NAME, "\"Ada\"", "{\"given_name\":\"Ada\"}"},
        {ATTRIBUTE_EMAIL_ADDRESS, "\"ada@post.example\"", "{\"email\":\"ada@post.example\"}"},
        {ATTRIBUTE_TELEPHONE_NUMBER, "\"+41 31 555 01 23\"", "{\"phone_number\":\"+41 31 555 01 23\"}"},
        {ATTRIBUTE_PHYSICAL_ADDRESS, "{\"locality\":\"Bern\",\"country\":\"CH\"}",
         "{\"address\":{\"country\":\"CH\",\"locality\":\"Bern\"}}"},
        {ATTRIBUTE_BIRTH_DATE, "\"1984-05-17\"", "{\"birthdate\":\"1984-05-17\"}"},
        {ATTRIBUTE_LANGUAGE, "[\"de-CH\",\"fr\"]", "{\"locale\":\"de-CH\"}"},
        {ATTRIBUTE_TIME_ZONE, "\"Europe/Zurich\"", "{\"zoneinfo\":\"Europe/Zurich\"}"},
        {ATTRIBUTE_GENDER, "\"female\"", "{\"gender\":\"female\"}"},
        {ATTRIBUTE_PICTURE, "\"https://a.example/a\"", "{\"picture\":\"https://a.example/a\"}"},
        {ATTRIBUTE_WEBSITE, "\"https://a.example/\"", "{\"website\":\"https://a.example/\"}"},
        {ATTRIBUTE_USERNAME, "\"ada_m\"", "{\"preferred_username\":\"ada_m\"}"},
        {ATTRIBUTE_EMAIL_ADDRESS_WORK, "\"a@work.example\"", "{}"},
        {ATTRIBUTE_DELIVERY_ADDRESS, "{\"locality\":\"Bern\"}", "{}"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct openid_value value = value_of(CASES[i].kind, CASES[i].value);
        assert_string_equal(text_c_string(cx->arena, told(cx, &value, 1)), CASES[i].claims);
    }
    assert_true(text_is(told(cx, NULL, 0), "{}"));
    fixture_close(&fixture);
}

static void of_two_kinds_for_one_claim_one_is_told(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct openid_value both[] = {value_of(ATTRIBUTE_NAME, "{\"given_name\":\"Augusta\",\"family_name\":\"Muster\"}"),
                                  value_of(ATTRIBUTE_GIVEN_NAME, "\"Ada\"")};
    assert_true(text_is(told(cx, both, 2), "{\"given_name\":\"Ada\",\"family_name\":\"Muster\"}"));
    struct openid_value broken = value_of(ATTRIBUTE_NAME, "{");
    struct json_writer writer = json_writer_open(cx->arena, 1024);
    assert_failed(cx, openid_claims_write(cx, &broken, 1, &writer), MALFORMED, "json.syntax");
    fixture_close(&fixture);
}

static void every_claim_has_a_kind_that_makes_it(void **state)
{
    (void)state; /* nothing is shared */
    struct attribute_set seen = ATTRIBUTE_SET_EMPTY;
    size_t count = 0;
    for (const char *claim = NULL; (claim = openid_claim_at(count)) != NULL; count++) {
        const struct attribute_kind *kind = openid_claim_kind(text_of(claim));
        assert_non_null(kind);
        seen = attribute_set_add(seen, kind->number);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(openid_claim_at(i), claim);
    }
    assert_int_equal(count, 15);
    assert_true(attribute_set_equals(seen, openid_claim_kinds()));
    assert_null(openid_claim_kind(TEXT("sub")));
    assert_null(openid_claim_kind(TEXT("email_verified")));
}

/* ---- what is asked for */

/* Core 1.0 section 5.5. */
static void the_example_of_the_standard_is_read(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct claims_request claims;
    assert_int_equal(claims_request_read(cx, TEXT(
        "{\"userinfo\":{\"given_name\":{\"essential\":true},\"nickname\":null,\"email\":{\"essential\":true},"
        "\"email_verified\":{\"essential\":true},\"picture\":null,\"http://example.info/claims/groups\":null},"
        "\"id_token\":{\"auth_time\":{\"essential\":true},\"acr\":{\"values\":[\"urn:mace:incommon:iap:silver\"]}}}"),
        &claims), OK);
    assert_int_equal(attribute_set_count(claims.kinds), 3); /* of "nickname" the whole name, which has the first one */
    assert_true(attribute_set_has(claims.kinds, ATTRIBUTE_NAME));
    assert_true(attribute_set_has(claims.kinds, ATTRIBUTE_EMAIL_ADDRESS));
    assert_true(attribute_set_has(claims.kinds, ATTRIBUTE_PICTURE));
    assert_false(claims.needs_passkey);
    assert_int_equal(claims.subject.size, 0);
    fixture_close(&fixture);
}

static void a_first_name_alone_is_no_more_than_that(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct claims_request claims;
    assert_int_equal(claims_request_read(cx, TEXT("{\"userinfo\":{\"given_name\":null},"
                                                  "\"id_token\":{\"email\":null}}"), &claims), OK);
    assert_true(attribute_set_equals(claims.kinds, attribute_set_of(ATTRIBUTE_GIVEN_NAME)));
    fixture_close(&fixture);
}

static void what_is_asked_is_taken_or_refused_by_its_form(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *text, *reason; /* NULL: taken */
    } CASES[] = {
        {"{}", NULL}, {"{\"userinfo\":null}", NULL}, {"{\"id_token\":{}}", NULL}, {"{\"more\":7}", NULL},
        {"{\"userinfo\":{\"email\":{}}}", NULL}, {"{\"userinfo\":{\"x\":{\"essential\":false,\"more\":[1]}}}", NULL},
        {"", "claims.invalid"}, {"[]", "claims.invalid"}, {"null", "claims.invalid"}, {"{} x", "claims.invalid"},
        {"{\"userinfo\":{},\"userinfo\":{}}", "claims.invalid"}, {"{\"userinfo\":[]}", "claims.invalid"},
        {"{\"id_token\":\"x\"}", "claims.invalid"}, {"{\"userinfo\":{\"email\":true}}", "claims.invalid"},
        {"{\"userinfo\":{\"x\":\"y\"}}", "claims.invalid"}, {"{\"userinfo\":{\"x\":[]}}", "claims.invalid"},
        {"{\"userinfo\":{\"email\":{\"essential\":1}}}", "claims.invalid"},
        {"{\"id_token\":{\"sub\":{\"value\":7}}}", "claims.invalid"},
        {"{\"id_token\":{\"sub\":{\"value\":\"\"}}}", "claims.invalid"},
        {"{\"id_token\":{\"sub\":{\"value\":\"a\"}},\"userinfo\":{\"sub\":{\"value\":\"b\"}}}", "claims.invalid"},
        {"{\"id_token\":{\"sub\":{\"value\":\"a\"}},\"userinfo\":{\"sub\":{\"value\":\"a\"}}}", NULL},
        {"{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"phrh\"}}}", "claims.acr"},
        {"{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"phrh\",\"0\"]}}}", "claims.acr"},
        {"{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[]}}}", "claims.acr"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct claims_request claims;
        err got = claims_request_read(cx, text_of(CASES[i].text), &claims);
        if ((got == OK) != (CASES[i].reason == NULL) ||
            (got != OK && !text_is(text_of(cx->failure.reason), CASES[i].reason)))
            fail_msg("%s: %s", CASES[i].text, got == OK ? "taken" : cx->failure.reason);
        failure_clear(&cx->failure);
    }
    fixture_close(&fixture);
}

static void a_way_of_proving_is_needed_when_it_is_essential(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *text;
        bool        needed;
    } CASES[] = {
        {"{\"id_token\":{\"acr\":null}}", false},
        {"{\"id_token\":{\"acr\":{\"value\":\"phr\"}}}", false},
        {"{\"id_token\":{\"acr\":{\"essential\":true}}}", true},
        {"{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"phr\"}}}", true},
        {"{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"0\",\"phr\"]}}}", true},
        {"{\"userinfo\":{\"acr\":{\"essential\":true}}}", false},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct claims_request claims;
        assert_int_equal(claims_request_read(cx, text_of(CASES[i].text), &claims), OK);
        assert_int_equal(claims.needs_passkey, CASES[i].needed);
    }
    fixture_close(&fixture);
}

static void who_it_must_be_is_read(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct claims_request claims;
    assert_int_equal(claims_request_read(cx, TEXT("{\"id_token\":{\"sub\":{\"value\":\"rel_1\"}}}"), &claims), OK);
    assert_true(text_is(claims.subject, "rel_1"));
    char longer[CLAIMS_REQUEST_BYTES_MAX + 1];
    memset(longer, ' ', sizeof longer);
    memcpy(longer, "{}", 2);
    assert_int_equal(claims_request_read(cx, (struct text){longer, sizeof longer - 1}, &claims), OK);
    assert_failed(cx, claims_request_read(cx, (struct text){longer, sizeof longer}, &claims), MALFORMED,
                  "claims.invalid");
    struct ctx small = *cx;
    small.arena = arena_open(16);
    assert_failed(&small, claims_request_read(&small, TEXT("{\"userinfo\":{\"email\":null}}"), &claims), TOO_LARGE,
                  "limit.memory");
    arena_close(small.arena);
    fixture_close(&fixture);
}

/* ---- one request for consent */

static struct authorization_details details_of(size_t count)
{
    struct authorization_details details = {.count = count};
    for (size_t i = 0; i < count; i++)
        details.at[i].datatypes = attribute_set_of(i == 0 ? ATTRIBUTE_SHOE_SIZE : ATTRIBUTE_EMAIL_ADDRESS);
    return details;
}

static void claims_and_details_become_one_request(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct claims_request nothing = {.subject = TEXT_NONE};
    struct claims_request email = {.kinds = attribute_set_of(ATTRIBUTE_EMAIL_ADDRESS)};
    struct claims_request name = {.kinds = attribute_set_of(ATTRIBUTE_NAME)};
    struct authorization_details none = details_of(0), one = details_of(1), two = details_of(2);
    assert_int_equal(claims_request_merge(cx, &nothing, &none), OK);
    assert_failed(cx, claims_request_merge(cx, &email, &none), MALFORMED, "claims.no_purpose");
    assert_int_equal(claims_request_merge(cx, &nothing, &one), OK);
    assert_int_equal(attribute_set_count(one.at[0].datatypes), 1);
    assert_int_equal(claims_request_merge(cx, &email, &one), OK);
    assert_true(attribute_set_has(one.at[0].datatypes, ATTRIBUTE_EMAIL_ADDRESS));
    assert_int_equal(attribute_set_count(one.at[0].datatypes), 2);
    assert_int_equal(claims_request_merge(cx, &email, &two), OK);
    assert_int_equal(attribute_set_count(two.at[0].datatypes), 1);
    assert_failed(cx, claims_request_merge(cx, &name, &two), MALFORMED, "claims.which_purpose");
    assert_int_equal(attribute_set_count(two.at[0].datatypes), 1);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_makes_its_claims),
        cmocka_unit_test(of_two_kinds_for_one_claim_one_is_told),
        cmocka_unit_test(every_claim_has_a_kind_that_makes_it),
        cmocka_unit_test(the_example_of_the_standard_is_read),
        cmocka_unit_test(a_first_name_alone_is_no_more_than_that),
        cmocka_unit_test(what_is_asked_is_taken_or_refused_by_its_form),
        cmocka_unit_test(a_way_of_proving_is_needed_when_it_is_essential),
        cmocka_unit_test(who_it_must_be_is_read),
        cmocka_unit_test(claims_and_details_become_one_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
