/* SPDX-License-Identifier: Apache-2.0
 * Goal: each path leads to its own row and nothing else does. Method: every row of routes.def is asked for by its own
 * path; then addresses that look like one. */
#include "http/gate/route.h"

#include <string.h>

#include "base/limits.h"
#include "support/cmocka.h"

struct fixture {
    struct router *router;
    struct call    call;
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    size_t count = 0;
    const struct route *rows = routes(&count);
    fixture.router = router_open(rows, count);
    fixture.call = (struct call){.arena = arena_open(1 << 20)};
    fixture.call.cx.arena = fixture.call.arena;
    *state = &fixture;
    return fixture.router == NULL || fixture.call.arena == NULL;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    router_close(fixture->router);
    arena_close(fixture->call.arena);
    return 0;
}

static err find(struct fixture *fixture, const char *name, const char *path, struct route_match *out)
{
    failure_clear(&fixture->call.cx.failure);
    fixture->call.request.method = text_of(name);
    fixture->call.request.path = text_of(path);
    return router_find(fixture->router, &fixture->call, out);
}

/* "/v1/{grt}/x" as a client would ask for it: each parameter becomes a word of its own. */
static const char *filled(struct fixture *fixture, const char *path)
{
    struct builder out = builder_open(fixture->call.arena, 1024);
    for (const char *at = path; *at != '\0'; at++) {
        if (*at != '{') {
            build_byte(&out, (uint8_t)*at);
            continue;
        }
        at = strchr(at, '}');
        build_literal(&out, at[-1] == '.' ? "0/x001/067" : "something");
    }
    return text_c_string(fixture->call.arena, builder_text(&out));
}

static void every_row_is_found_by_its_own_path(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct route *rows = routes(&count);
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        struct route_match match;
        assert_int_equal(find(fixture, method_name(rows[i].method), filled(fixture, rows[i].path), &match), OK);
        assert_ptr_equal(match.route, &rows[i]);
        for (size_t p = 0; p < match.count; p++)
            assert_true(text_is(match.values[p], "something"));
    }
}

static void every_row_says_who_may_come(void **state)
{
    (void)state;
    size_t count = 0;
    const struct route *rows = routes(&count);
    for (size_t i = 0; i < count; i++) {
        bool open = (rows[i].who & WHO_ANYONE) != 0;
        bool inside = strncmp(rows[i].path, "/v1/me", 6) == 0 || strncmp(rows[i].path, "/v1/org", 7) == 0;
        assert_true(rows[i].who != 0 && !(open && inside));
        assert_true(strncmp(rows[i].path, "/v1/me", 6) != 0 || rows[i].who == WHO_PERSON || rows[i].who == WHO_HUMAN);
        assert_true(strncmp(rows[i].path, "/v1/org", 7) != 0 || (rows[i].who & ~(unsigned)WHO_ORGANISATION) == 0);
        assert_true(rows[i].method != METHOD_GET || rows[i].request == NULL);
        assert_true(rows[i].sentence[0] >= 'A' && rows[i].sentence[strlen(rows[i].sentence) - 1] == '.');
    }
}

static void two_rows_never_share_a_name(void **state)
{
    (void)state;
    size_t count = 0;
    const struct route *rows = routes(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            assert_string_not_equal(rows[i].name, rows[j].name);
}

static void what_only_looks_like_a_door_is_none(void **state)
{
    static const char *const PATHS[] = {
        "/v1", "/v1/", "/v1/me/", "/v1/me/grants/", "/v1/me/grants/a/b", "/V1/me", "/v1/mex", "x", "",
        "/v1/me/grants/a/withdraw/b", "/openapi.jso", "/openapi.json/", "/log", "/log/", "/log/tile", "/log/tile/",
        "/log/tile/0/", "/sign-in/", "/.well-known",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        struct route_match match;
        assert_int_equal(find(fixture, "GET", PATHS[i], &match), NOT_FOUND);
        assert_string_equal(fixture->call.cx.failure.reason, "not_found");
    }
}

static void a_method_that_is_not_taken_is_told_which_are(void **state)
{
    struct fixture *fixture = *state;
    struct route_match match;
    assert_int_equal(find(fixture, "DELETE", "/v1/me/grants", &match), BAD_METHOD);
    assert_true(text_is(router_allow(fixture->router, &fixture->call), "GET, HEAD, POST"));
    assert_int_equal(find(fixture, "get", "/v1/me/grants", &match), BAD_METHOD);
    assert_int_equal(find(fixture, "GET", "/v1/me/sign-out", &match), BAD_METHOD);
    assert_true(text_is(router_allow(fixture->router, &fixture->call), "POST"));
    assert_int_equal(find(fixture, "HEAD", "/v1/me/sign-out", &match), BAD_METHOD);
}

static void head_goes_to_the_door_of_get(void **state)
{
    struct fixture *fixture = *state;
    struct route_match match;
    assert_int_equal(find(fixture, "HEAD", "/v1/me/grants/grt_x", &match), OK);
    assert_string_equal(match.route->name, "get_my_grant");
    assert_int_equal(match.count, 1);
    assert_true(text_is(match.names[0], "grt") && text_is(match.values[0], "grt_x"));
}

static void scopes_have_words_and_bits(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        const char *word = scope_word(1u << bit);
        if (word[0] != '\0')
            assert_int_equal(scope_of_word(text_of(word)), 1u << bit);
    }
    assert_int_equal(scope_of_word(TEXT("everything")), 0);
    assert_int_equal(SCOPES_DEFAULT & SCOPE_ADMIN, 0);
}

/* What may come from anybody, and what stops something, fits into what each connection has for itself. */
static void strangers_and_stops_need_no_memory_that_others_share(void **state)
{
    (void)state;
    static const int64_t BODY_BYTES[LIMIT_CLASS_COUNT] = {
#define X(name, per_minute, at_once, body_bytes, sentence) body_bytes,
#include "http/limit_class.def"
#undef X
    };
    size_t count = 0;
    const struct route *rows = routes(&count);
    for (size_t i = 0; i < count; i++) {
        bool apart = (rows[i].who & WHO_ANYONE) != 0 || rows[i].limit == LIMIT_CLASS_STOP;
        assert_true(!apart || BODY_BYTES[rows[i].limit] <= LIMIT_BODY_OWN_BYTES);
        assert_true(BODY_BYTES[rows[i].limit] <= LIMIT_BODY_BYTES);
    }
    assert_true(BODY_BYTES[LIMIT_CLASS_WRITE] > LIMIT_BODY_OWN_BYTES); /* or the rule would hold of anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_is_found_by_its_own_path, open_fixture, close_fixture),
        cmocka_unit_test(every_row_says_who_may_come),
        cmocka_unit_test(two_rows_never_share_a_name),
        cmocka_unit_test_setup_teardown(what_only_looks_like_a_door_is_none, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_method_that_is_not_taken_is_told_which_are, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(head_goes_to_the_door_of_get, open_fixture, close_fixture),
        cmocka_unit_test(scopes_have_words_and_bits),
        cmocka_unit_test(strangers_and_stops_need_no_memory_that_others_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
