/* SPDX-License-Identifier: Apache-2.0
 * JSON in: every hostile input gets its reason and costs bounded memory. JSON out: what is written reads back. */
#include "base/json.h"

#include "base/json_place.h"
#include "base/limits.h"
#include "base/text.h"
#include "support/cmocka.h"

static int open_ctx(void **state)
{
    struct ctx *cx = test_calloc(1, sizeof *cx);
    cx->arena = arena_open(LIMIT_REQUEST_ARENA_BYTES);
    *state = cx;
    return cx->arena == NULL;
}

static int close_ctx(void **state)
{
    struct ctx *cx = *state;
    arena_close(cx->arena);
    test_free(cx);
    return 0;
}

static void assert_refused(struct ctx *cx, struct text text, err code, const char *reason)
{
    const json_t *value = NULL;
    failure_clear(&cx->failure);
    arena_reset(cx->arena);
    if (json_parse(cx, text, &value) == OK)
        print_error("taken: %.*s\n", TEXT_ARGS(text));
    assert_int_equal(cx->failure.code, code);
    assert_string_equal(cx->failure.reason, reason);
    assert_null(value);
    assert_true(text_is_utf8(text_of(cx->failure.detail)));
}

static const json_t *parsed(struct ctx *cx, struct text text)
{
    const json_t *value = NULL;
    assert_int_equal(json_parse(cx, text, &value), OK);
    assert_non_null(value);
    return value;
}

static void every_kind_of_value_is_read(void **state)
{
    const json_t *value = parsed(*state, TEXT(" {\"a\":[1,-2,true,false,null,\"x\",1.5],\"b\":{}} \r\n"));
    const json_t *items = json_object_get(value, "a");
    assert_int_equal(json_array_size(items), 7);
    assert_int_equal(json_integer_value(json_array_get(items, 1)), -2);
    assert_true(text_is(json_text(json_array_get(items, 5)), "x"));
    assert_int_equal(json_text(json_array_get(items, 0)).size, 0); /* a number is no text */
    assert_int_equal(json_text(NULL).size, 0);
    assert_true(json_is_true(parsed(*state, TEXT("true"))));
    value = parsed(*state, TEXT("\"\\u20ac\\ud83d\\udddd\\/\\n\""));
    assert_true(text_is(json_text(value), "\xe2\x82\xac\xf0\x9f\x97\x9d/\n"));
    assert_true(json_integer_value(parsed(*state, TEXT("9223372036854775807"))) == INT64_MAX);
    assert_true(json_integer_value(parsed(*state, TEXT("-9223372036854775808"))) == INT64_MIN);
}

/* A number that is right JSON and too large to hold says so, and where it stands. */
static void a_number_beyond_all_range_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        const char *pointer;
    } CASES[] = {
        {"9223372036854775808", ""},
        {"-9223372036854775809", ""},
        {"1e999", ""},
        {"-1e400", ""},
        {"{\"claims\":99999999999999999999}", "/claims"},
        {"{\"claims\":99999999999999999999,\"more\":1}", "/claims"},
        {"{\"a\":{\"b\":[1,{},[2,3],\"x,]}\"]},\"c\":[{\"d\":1},{\"e\" : -1e400 }]}", "/c/1/e"},
        {"[[],[0,\"\\\"]\",99999999999999999999]]", "/1/2"},
        {"{\"a/b\":{\"c~d\":99999999999999999999}}", "/a~1b/c~0d"},
        {"{\"\":99999999999999999999}", "/"},
        {"{\"\\u0061\":99999999999999999999}", ""},
        {"{\"a123456789012345678901234567890123456789012345678901234567890\":"
         "{\"b123456789012345678901234567890123456789012345678901234567890123456789\":99999999999999999999}}", ""},
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_refused(cx, text_of(CASES[i].text), INVALID, "json.out_of_range");
        assert_string_equal(cx->failure.pointer, CASES[i].pointer);
    }
    char deep[2 * LIMIT_JSON_DEPTH + 32];
    (void)snprintf(deep, sizeof deep, "%.*s99999999999999999999%.*s", LIMIT_JSON_DEPTH,
                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", LIMIT_JSON_DEPTH, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    assert_refused(cx, text_of(deep), INVALID, "json.out_of_range");
    assert_int_equal(strlen(cx->failure.pointer), 2 * LIMIT_JSON_DEPTH);
}

/* A reader may stop inside a string, a name or an escape. */
static void a_place_inside_a_string_is_told(void **state)
{
    static const struct {
        const char *text, *pointer;
    } CASES[] = {
        {"\"ab", ""},           {"[7,\"a", "/1"},      {"{\"a\":\"b", "/a"}, {"{\"a\":\"b\\", "/a"},
        {"{\"a\":[\"\\\"", "/a/0"}, {"{\"a\":\"]}\",\"b\":[", "/b/0"}, {"{\"x/y\":7,\"n~\":", "/n~0"},
    };
    (void)state; /* the table is all it needs */
    struct arena *arena = arena_open(4096);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_string_equal(json_place(arena, text_of(CASES[i].text), SIZE_MAX), CASES[i].pointer);
    static const char CUT[] = {'[', '{', '"', 'a', '\\'}; /* nothing stands behind it */
    assert_string_equal(json_place(arena, (struct text){CUT, sizeof CUT}, sizeof CUT), "");
    arena_close(arena);
}

static void a_name_that_hides_something_is_not_told_in_a_failure(void **state)
{
    static const char *const CASES[] = {
        "{\"a\":{\"\x7f\":99999999999999999999}}",     "{\"a\":{\"\xc2\x85\":99999999999999999999}}",
        "{\"a\":{\"\u202e\":99999999999999999999}}",   "{\"a\":{\"\u200b\":99999999999999999999}}",
        "{\"\ufeff\":{\"a\":99999999999999999999}}",
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_refused(cx, text_of(CASES[i]), INVALID, "json.out_of_range");
        assert_string_equal(cx->failure.pointer, "");
    }
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const BAD[] = {
        "", " ", "{", "}", "[", "[1", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "[1,]", "[,1]", "[1 2]", "{1:2}",
        "{a:1}", "{'a':1}", "'a'", "{\"a\" 1}", "tru", "True", "nul", "undefined", "{\"a\":1}x", "{\"a\":1}{}", "1 2",
        "[1]]", "01", "-01", "00", "1.", ".5", "-", "+1", "1e", "1e+", "0x10", "1_000", "NaN", "-NaN", "Infinity",
        "-Infinity", "\"a", "\"\\x41\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\", "\"\n\"", "\"\t\"", "\"\x01\"", "\"\x1f\"",
        "// c\n1", "/* c */1", "1 // c", "[1,/* c */2]", "# c\n1", "\v1", "\f1", "\xc2\xa0 1", "\xef\xbb\xbf{}",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\udc00\\ud800\"", "\"\\u0000\"",
        "{\"a\\u0000\":1}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_refused(*state, text_of(BAD[i]), MALFORMED, "json.syntax");
    assert_refused(*state, TEXT("[1\0]"), MALFORMED, "json.syntax");
    assert_refused(*state, TEXT("1\0"), MALFORMED, "json.syntax");
    assert_refused(*state, TEXT("\"a\0b\""), MALFORMED, "json.syntax");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    static const char *const BAD[] = {"\"\xff\"",         "\"\xc0\xaf\"",     "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
                                      "\"\xf4\x90\x80\x80\"", "\"\xc3\"",         "{\"\xff\":1}",     "\xff\xfe[\0",
                                      "\"\xed\xa0\xbd\xed\xb7\x9d\""};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_refused(*state, text_of(BAD[i]), MALFORMED, "json.utf8");
}

static void a_name_that_stands_twice_is_refused(void **state)
{
    assert_refused(*state, TEXT("{\"a\":1,\"a\":2}"), MALFORMED, "json.duplicate_member");
    assert_refused(*state, TEXT("{\"a\":1,\"\\u0061\":2}"), MALFORMED, "json.duplicate_member");
    assert_refused(*state, TEXT("[{\"b\":{\"a\":1,\"c\":0,\"a\":1}}]"), MALFORMED, "json.duplicate_member");
    assert_non_null(parsed(*state, TEXT("{\"a\":{\"a\":1},\"A\":2}")));
}

static struct text nested(struct arena *arena, size_t depth, const char *open, const char *close)
{
    struct builder builder = builder_open(arena, LIMIT_BODY_BYTES);
    for (size_t i = 0; i < depth; i++)
        build_literal(&builder, open);
    build_byte(&builder, '1');
    for (size_t i = 0; i < depth; i++)
        build_literal(&builder, close);
    assert_false(builder.overflowed);
    return builder_text(&builder);
}

static void depth_is_bounded(void **state)
{
    struct arena *arena = arena_open(1 << 23);
    assert_non_null(parsed(*state, nested(arena, LIMIT_JSON_DEPTH, "[", "]")));
    assert_non_null(parsed(*state, nested(arena, LIMIT_JSON_DEPTH, "{\"a\":", "}")));
    assert_refused(*state, nested(arena, LIMIT_JSON_DEPTH + 1, "[", "]"), TOO_LARGE, "json.too_deep");
    assert_refused(*state, nested(arena, LIMIT_JSON_DEPTH + 1, "{\"a\":", "}"), TOO_LARGE, "json.too_deep");
    assert_refused(*state, nested(arena, 100000, "[", "]"), TOO_LARGE, "json.too_deep");
    assert_refused(*state, nested(arena, 100000, "[", ""), TOO_LARGE, "json.too_deep");
    arena_close(arena);
    assert_non_null(parsed(*state, TEXT("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"")));
}

static struct text list(struct arena *arena, size_t count)
{
    struct builder builder = builder_open(arena, LIMIT_BODY_BYTES);
    for (size_t i = 0; i < count; i++)
        build_literal(&builder, i == 0 ? "[1" : ",1");
    build_byte(&builder, ']');
    return builder_text(&builder);
}

static void members_of_one_place_are_bounded(void **state)
{
    struct arena *arena = arena_open(1 << 23);
    assert_int_equal(json_array_size(parsed(*state, list(arena, LIMIT_JSON_MEMBERS))), LIMIT_JSON_MEMBERS);
    assert_refused(*state, list(arena, LIMIT_JSON_MEMBERS + 1), TOO_LARGE, "json.too_many_members");
    struct builder builder = builder_open(arena, LIMIT_BODY_BYTES); /* many in all, few in each place */
    for (int i = 0; i < 20; i++)
        build_format(&builder, "%c%.*s", i == 0 ? '[' : ',', TEXT_ARGS(list(arena, 900)));
    build_byte(&builder, ']');
    assert_int_equal(json_array_size(parsed(*state, builder_text(&builder))), 20);
    arena_close(arena);
}

static void memory_is_bounded(void **state)
{
    struct ctx *cx = *state;
    struct arena *whole = cx->arena;
    const json_t *value = NULL;
    size_t taken = 0;
    for (size_t max_bytes = 64; max_bytes < 16384; max_bytes += 64) {
        cx->arena = arena_open(max_bytes);
        failure_clear(&cx->failure);
        err code = json_parse(cx, TEXT("{\"a\":[1,2,3,{\"b\":\"text\"}],\"c\":\"0123456789\"}"), &value);
        assert_true(code == OK || (code == TOO_LARGE && strcmp(cx->failure.reason, "limit.memory") == 0));
        taken += code == OK;
        arena_close(cx->arena);
    }
    cx->arena = whole;
    assert_in_range(taken, 100, 254); /* small arenas fail, large ones do not */
}

static void a_failure_names_the_place_and_never_the_content(void **state)
{
    struct ctx *cx = *state;
    assert_refused(cx, TEXT("{\"name\":\n\"Ada secret\" \"x\"}"), MALFORMED, "json.syntax");
    assert_null(strstr(cx->failure.detail, "secret"));
    assert_non_null(strstr(cx->failure.detail, "line 2"));
    assert_refused(cx, TEXT("{\"secret\":1,\"secret\":2}"), MALFORMED, "json.duplicate_member");
    assert_null(strstr(cx->failure.detail, "secret"));
}

static void canonical_text_is_compact_and_sorted(void **state)
{
    struct ctx *cx = *state;
    struct text text = TEXT("{\"b\" : [ 1 , {\"z\":null,\"\\u0061\":true} ], \"a\":\"\\u00e9\\n\", \"B\":-7}");
    const json_t *value = parsed(cx, text);
    assert_true(text_is(json_canonical(cx->arena, value),
                        "{\"B\":-7,\"a\":\"\xc3\xa9\\n\",\"b\":[1,{\"a\":true,\"z\":null}]}"));
    assert_true(text_is(json_canonical(cx->arena, parsed(cx, TEXT("[{},[],1.5]"))), "[{},[],1.5]"));
    assert_true(text_is(json_canonical(cx->arena, parsed(cx, TEXT("[-0.0,-0e1]"))), "[0,0]"));
}

static void canonical_text_is_whole_or_null(void **state)
{
    struct ctx *cx = *state;
    struct text text = TEXT("{\"b\":[1,2.5,{\"z\":null,\"a\":true}],\"a\":\"0123456789\",\"c\":{\"d\":{}}}");
    const json_t *value = parsed(cx, text);
    struct text wanted = json_canonical(cx->arena, value);
    size_t whole = 0;
    for (size_t max_bytes = 16; max_bytes < 4096; max_bytes += 16) {
        struct arena *arena = arena_open(max_bytes);
        struct text written = json_canonical(arena, value);
        assert_true(written.at == NULL || text_equals(written, wanted));
        whole += written.at != NULL;
        arena_close(arena);
    }
    assert_in_range(whole, 1, 250);
}

static void what_is_written_reads_back(void **state)
{
    struct ctx *cx = *state;
    struct json_writer writer = json_writer_open(cx->arena, 10000);
    json_open_object(&writer);
    json_member_text(&writer, "text", TEXT("Zo\xc3\xab"));
    json_member_int(&writer, "least", INT64_MIN);
    json_member_bool(&writer, "yes", true);
    json_member_time(&writer, "at", 1771590896789);
    json_member_time(&writer, "never", 0);
    json_write_key_text(&writer, TEXT("a \"key\""));
    json_open_array(&writer);
    json_open_array(&writer);
    json_close_array(&writer);
    json_write_null(&writer);
    json_write_raw(&writer, TEXT("{\"raw\":1}"));
    json_write_bool(&writer, false);
    json_close_array(&writer);
    json_close_object(&writer);
    struct text text = TEXT_NONE;
    assert_int_equal(json_writer_finish(cx, &writer, &text), OK);
    assert_true(text_is(text, "{\"text\":\"Zo\xc3\xab\",\"least\":-9223372036854775808,\"yes\":true,"
                              "\"at\":\"2026-02-20T12:34:56.789Z\",\"never\":null,"
                              "\"a \\\"key\\\"\":[[],null,{\"raw\":1},false]}"));
    assert_true(json_is_object(parsed(cx, text)));
}

static void every_character_survives_writing_and_reading(void **state)
{
    struct ctx *cx = *state;
    for (unsigned c = 1; c < 0x80; c++) { /* NUL is refused by the reader */
        char letters[] = {'a', (char)c, 'b'};
        struct json_writer writer = json_writer_open(cx->arena, 100);
        json_write_text(&writer, (struct text){letters, sizeof letters});
        struct text text = TEXT_NONE;
        assert_int_equal(json_writer_finish(cx, &writer, &text), OK);
        assert_true(text_is_plain(text, false));
        assert_true(text_equals(json_text(parsed(cx, text)), (struct text){letters, sizeof letters}));
    }
    struct json_writer writer = json_writer_open(cx->arena, 100);
    json_write_text(&writer, TEXT("\"\\\b\f\n\r\t\x01\x1f\x7f/\0<"));
    assert_true(text_is(builder_text(&writer.out), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f/\\u0000<\""));
}

static void a_writer_that_overflows_says_so_at_the_end(void **state)
{
    struct ctx *cx = *state;
    struct text text = TEXT("untouched");
    struct json_writer writer = json_writer_open(cx->arena, 10);
    json_write_text(&writer, TEXT("12345678"));
    assert_int_equal(json_writer_finish(cx, &writer, &text), OK);
    writer = json_writer_open(cx->arena, 10);
    json_write_text(&writer, TEXT("123456789"));
    text = TEXT("untouched");
    assert_int_equal(json_writer_finish(cx, &writer, &text), TOO_LARGE);
    assert_string_equal(cx->failure.reason, "limit.reply");
    assert_true(text_is(text, "untouched"));
}

#define WITH_CTX(test) cmocka_unit_test_setup_teardown(test, open_ctx, close_ctx)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CTX(every_kind_of_value_is_read),
        WITH_CTX(a_number_beyond_all_range_is_refused_with_its_place),
        cmocka_unit_test(a_place_inside_a_string_is_told),
        WITH_CTX(a_name_that_hides_something_is_not_told_in_a_failure),
        WITH_CTX(what_is_not_json_is_refused),
        WITH_CTX(text_that_is_not_utf8_is_refused),
        WITH_CTX(a_name_that_stands_twice_is_refused),
        WITH_CTX(depth_is_bounded),
        WITH_CTX(members_of_one_place_are_bounded),
        WITH_CTX(memory_is_bounded),
        WITH_CTX(a_failure_names_the_place_and_never_the_content),
        WITH_CTX(canonical_text_is_compact_and_sorted),
        WITH_CTX(canonical_text_is_whole_or_null),
        WITH_CTX(what_is_written_reads_back),
        WITH_CTX(every_character_survives_writing_and_reading),
        WITH_CTX(a_writer_that_overflows_says_so_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
