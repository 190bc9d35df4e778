/* SPDX-License-Identifier: Apache-2.0
 * Goal: every failure becomes problem+json that tells what may be told. Method: one failure of each kind, read back. */
#include "http/gate/problem.h"

#include "base/text.h"
#include "base/time.h"
#include "support/cmocka.h"

static struct call open_call(size_t arena_bytes)
{
    struct call call = {.arena = arena_open(arena_bytes), .request_id = "abcdefghijklmnopqrstuvwxyz"};
    assert_non_null(call.arena);
    call.cx.arena = call.arena;
    return call;
}

static const json_t *read_problem(struct call *call)
{
    const json_t *json = NULL;
    struct ctx reader = {.arena = call->arena};
    assert_string_equal(call->reply.content_type, "application/problem+json");
    assert_int_equal(json_parse(&reader, call->reply.body, &json), OK);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), call->reply.status);
    return json;
}

static bool has(const json_t *json, const char *member, const char *value)
{
    return text_is(json_text(json_object_get(json, member)), value);
}

static bool has_field(const struct reply *reply, const char *name, const char *value)
{
    for (size_t i = 0; i < reply->field_count; i++)
        if (strcmp(reply->fields[i].name, name) == 0)
            return text_is(reply->fields[i].value, value);
    return false;
}

static void every_code_gives_its_status_and_sentence(void **state)
{
    (void)state;
    for (err code = OK + 1; code < ERR_COUNT; code++) {
        struct call call = open_call(1 << 16);
        (void)FAIL(&call.cx, code, "thing.why", "what happened");
        problem_fill(&call);
        assert_int_equal(call.reply.status, error_http_status(code));
        const json_t *json = read_problem(&call);
        assert_true(has(json, "title", error_sentence(code)));
        assert_true(has(json, "request_id", call.request_id));
        assert_true(has_field(&call.reply, "X-Request-Id", call.request_id));
        assert_true(has_field(&call.reply, "Cache-Control", "no-store"));
        bool asks = has_field(&call.reply, "WWW-Authenticate", "Bearer realm=\"symbolon\"");
        assert_true((code == UNAUTHENTICATED) == asks);
        assert_true((code == UNAVAILABLE || code == TOO_MANY) == has_field(&call.reply, "Retry-After", "1"));
        arena_close(call.arena);
    }
}

static void a_refusal_of_a_day_says_when_it_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t     first_at_ms;
        const char *seconds;
    } CASES[] = {{1000000, "86401"}, {1000000 - TIME_DAY_MS / 2, "43201"}, {1000000 - TIME_DAY_MS + 1000, "2"},
                 {1000000 - TIME_DAY_MS, "1"}, {0, "85401"}, {1000000 - 2 * TIME_DAY_MS, "1"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct call call = open_call(1 << 16);
        call.cx.now_ms = 1000000;
        (void)FAIL_OF_A_DAY(&call.cx, CASES[i].first_at_ms, "thing.too_many", "at most %d a day", 3);
        problem_fill(&call);
        assert_int_equal(call.reply.status, 429);
        assert_true(has_field(&call.reply, "Retry-After", CASES[i].seconds));
        arena_close(call.arena);
    }
}

static void a_refusal_names_reason_detail_and_pointer(void **state)
{
    (void)state;
    struct call call = open_call(1 << 16);
    (void)FAIL_AT(&call.cx, INVALID, "grant.too_long", "/until", "longer than %d days", 90);
    problem_fill(&call);
    const json_t *json = read_problem(&call);
    assert_true(has(json, "type", "urn:symbolon:grant.too_long"));
    assert_true(has(json, "reason", "grant.too_long"));
    assert_true(has(json, "detail", "longer than 90 days"));
    assert_true(has(json, "pointer", "/until"));
    arena_close(call.arena);
}

static void whatever_is_not_found_looks_the_same(void **state)
{
    (void)state;
    struct call one = open_call(1 << 16);
    struct call other = open_call(1 << 16);
    (void)FAIL_AT(&one.cx, NOT_FOUND, "relationship.of_somebody_else", "/relationship", "it is Eve's");
    (void)FAIL(&other.cx, NOT_FOUND, "not_found", "there is none");
    problem_fill(&one);
    problem_fill(&other);
    assert_int_equal(one.reply.body.size, other.reply.body.size);
    assert_memory_equal(one.reply.body.at, other.reply.body.at, one.reply.body.size);
    assert_int_equal(one.reply.field_count, other.reply.field_count);
    assert_null(strstr(one.reply.body.at, "Eve"));
    arena_close(one.arena);
    arena_close(other.arena);
}

static void our_own_faults_are_not_told(void **state)
{
    static const err CODES[] = {INTERNAL, CORRUPT};
    (void)state;
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        struct call call = open_call(1 << 16);
        (void)FAIL_AT(&call.cx, CODES[i], "store.damaged", "/x", "page 7 of the people file");
        problem_fill(&call);
        const json_t *json = read_problem(&call);
        assert_int_equal(call.reply.status, 500);
        assert_true(has(json, "reason", "internal") && json_object_get(json, "pointer") == NULL);
        assert_null(strstr(call.reply.body.at, "page 7"));
        arena_close(call.arena);
    }
}

static void a_problem_replaces_what_the_reply_held(void **state)
{
    (void)state;
    struct call call = open_call(1 << 16);
    call.reply.body = TEXT("personal data");
    assert_int_equal(reply_add_field(&call, "Set-Cookie", TEXT("session=x")), OK);
    (void)FAIL(&call.cx, FORBIDDEN, "grant.none", "no");
    problem_fill(&call);
    assert_null(strstr(call.reply.body.at, "personal"));
    assert_false(has_field(&call.reply, "Set-Cookie", "session=x"));
    arena_close(call.arena);
}

/* Whatever ran out, and whatever the failure was before: the answer is whole. */
static void without_memory_there_is_still_a_whole_answer(void **state)
{
    (void)state;
    for (err code = OK + 1; code < ERR_COUNT; code++) {
        struct call call = open_call(64);
        while (arena_take(call.arena, 1, 16) != NULL)
            continue;
        (void)FAIL_AT(&call.cx, code, "thing.why", "/x", "what \"happened\"");
        problem_fill(&call);
        struct call reader = open_call(1 << 16);
        const json_t *json = NULL;
        assert_string_equal(call.reply.content_type, "application/problem+json");
        assert_int_equal(call.reply.status, error_http_status(code));
        assert_int_equal(json_parse(&reader.cx, call.reply.body, &json), OK);
        bool ours = error_http_status(code) == 500;
        const char *reason = code == NOT_FOUND ? "not_found" : ours ? "internal" : "thing.why";
        char type[64];
        (void)snprintf(type, sizeof type, "urn:symbolon:%s", reason);
        assert_true(has(json, "type", type) && has(json, "reason", reason));
        assert_true(has(json, "title", error_sentence(code)) && has(json, "detail", error_sentence(code)));
        assert_int_equal(json_integer_value(json_object_get(json, "status")), call.reply.status);
        assert_true(has(json, "request_id", call.request_id));
        arena_close(call.arena);
        arena_close(reader.arena);
    }
}

static void ask_for(struct call *call, const char *path, const char *accept)
{
    call->request.path = text_of(path);
    call->request.fields[0] = (struct h1_field){TEXT("Accept"), text_of(accept)};
    call->request.field_count = 1;
}

static void a_browser_gets_a_page_outside_the_interface(void **state)
{
    static const struct {
        const char *path, *accept;
        bool        page;
    } CASES[] = {
        {"/sign-in/x", "text/html,*/*;q=0.8", true}, {"/nothing", "text/html", true}, {"/nothing", "*/*", false},
        {"/nothing", "application/json, text/html", false}, {"/v1/me", "text/html", false},
        {"/log/key", "text/html", false}, {"", "text/html", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct call call = open_call(1 << 16);
        ask_for(&call, CASES[i].path, CASES[i].accept);
        (void)FAIL(&call.cx, INVALID, "thing.why", "it is <b>not</b> so");
        problem_fill(&call);
        assert_int_equal(text_starts_with(call.reply.body, "<!doctype html>"), CASES[i].page);
        assert_int_equal(text_is(text_of(call.reply.content_type), "text/html; charset=utf-8"), CASES[i].page);
        if (CASES[i].page) {
            assert_non_null(strstr(call.reply.body.at, "It is &lt;b&gt;not&lt;/b&gt; so."));
            assert_non_null(strstr(call.reply.body.at, call.request_id));
        }
        arena_close(call.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_gives_its_status_and_sentence),
        cmocka_unit_test(a_refusal_of_a_day_says_when_it_ends),
        cmocka_unit_test(a_refusal_names_reason_detail_and_pointer),
        cmocka_unit_test(whatever_is_not_found_looks_the_same),
        cmocka_unit_test(our_own_faults_are_not_told),
        cmocka_unit_test(a_problem_replaces_what_the_reply_held),
        cmocka_unit_test(without_memory_there_is_still_a_whole_answer),
        cmocka_unit_test(a_browser_gets_a_page_outside_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
