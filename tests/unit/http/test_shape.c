/* SPDX-License-Identifier: Apache-2.0
 * Goal: one table reads, writes and describes a body; what is not right comes in not at all. Method: a shape with a
 * member of every type, good and bad bodies with the reason and the pointer that each must give. */
#include "http/gate/shape.h"

#include "crypto/id_seal.h"
#include "domain/words/attribute_set.h"
#include "unit/crypto/fixture.h"

typedef enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_BLUE } colour;
static const struct choice COLOURS[] = {{COLOUR_RED, "red"}, {COLOUR_BLUE, "blue"}, {0, NULL}};

struct part {
    struct text name;
    int64_t     size;
};
static const struct shape_member PART[] = {
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct part, name, .least = 1, .most = 5),
    MEMBER("size", INT, 0, struct part, size, .least = 1, .most = 9),
};
static const struct shape SHAPE_PART = {.name = "Part", SHAPE_MEMBERS(PART), .size = sizeof(struct part)};

struct whole {
    struct text          text;
    struct text          lines;
    int64_t              number;
    bool                 truth;
    int64_t              at_ms;
    int64_t              lasts_ms;
    int64_t              kept_ms;
    struct text          kept_words;
    struct id            id;
    struct text          id_text;
    colour               colour;
    struct attribute_set kinds;
    struct text          json;
    struct part          inside;
    struct part         *beside;
    const struct text   *texts;
    size_t               texts_count;
    const struct id     *ids;
    size_t               ids_count;
    const struct part   *parts;
    size_t               parts_count;
    int64_t              made_ms;
    struct text          secret;
};
static const struct shape_member WHOLE[] = {
    MEMBER("text", TEXT, SHAPE_REQUIRED, struct whole, text, .least = 1, .most = 10),
    MEMBER("lines", TEXT, SHAPE_LINES | SHAPE_NULLABLE, struct whole, lines),
    MEMBER("number", INT, 0, struct whole, number, .least = 1, .most = 100),
    MEMBER("truth", BOOL, 0, struct whole, truth),
    MEMBER("at", TIME, SHAPE_NULLABLE, struct whole, at_ms),
    MEMBER("lasts", DURATION, SHAPE_NULLABLE, struct whole, lasts_ms, .least = 1000),
    MEMBER("kept", DURATION, SHAPE_NULLABLE | SHAPE_SPARSE, struct whole, kept_ms,
           .written = offsetof(struct whole, kept_words)),
    MEMBER("id", ID, SHAPE_NULLABLE, struct whole, id, .id = ID_GRANT),
    MEMBER("id_text", ID_TEXT, SHAPE_NULLABLE, struct whole, id_text, .id = ID_GRANT),
    MEMBER("colour", CHOICE, SHAPE_NULLABLE, struct whole, colour, .choices = COLOURS),
    MEMBER("kinds", KINDS, 0, struct whole, kinds),
    MEMBER("json", JSON, SHAPE_NULLABLE, struct whole, json, .most = 20),
    MEMBER("inside", OBJECT, 0, struct whole, inside, .shape = &SHAPE_PART),
    MEMBER("beside", OBJECT_AT, SHAPE_NULLABLE, struct whole, beside, .shape = &SHAPE_PART),
    LIST("texts", TEXTS, 0, struct whole, texts, .least = 1, .most = 3),
    LIST("ids", IDS, 0, struct whole, ids, .id = ID_GRANT),
    LIST("parts", OBJECTS, SHAPE_SPARSE, struct whole, parts, .shape = &SHAPE_PART, .most = 3),
    MEMBER("made", TIME, SHAPE_READ_ONLY | SHAPE_SPARSE, struct whole, made_ms),
    MEMBER("secret", TEXT, SHAPE_WRITE_ONLY, struct whole, secret),
};
static const struct shape SHAPE_WHOLE = {
    .name = "Whole", SHAPE_MEMBERS(WHOLE), .size = sizeof(struct whole), .many_max = 2};

static err decode(struct ctx *cx, const char *body, struct whole *out)
{
    const json_t *json = NULL;
    failure_clear(&cx->failure);
    assert_int_equal(json_parse(cx, text_of(body), &json), OK);
    return shape_decode(cx, &SHAPE_WHOLE, json, out);
}

static struct text encode(struct ctx *cx, const struct whole *whole)
{
    struct json_writer writer = json_writer_open(cx->arena, 1 << 16);
    struct text text = TEXT_NONE;
    shape_encode(cx, &SHAPE_WHOLE, whole, &writer);
    assert_int_equal(json_writer_finish(cx, &writer, &text), OK);
    return text;
}

static void a_body_of_every_type_comes_back_as_it_went_in(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    const char *id = text_c_string(cx->arena, id_text(cx, (struct id){ID_GRANT, 7, 8}));
    struct text body = text_format(cx->arena,
        "{\"text\":\"a\",\"lines\":\"b\\nc\",\"number\":3,\"truth\":true,\"at\":\"2026-11-22T00:00:00.000Z\","
        "\"lasts\":\"P90D\",\"id\":\"%s\",\"id_text\":\"%s\",\"colour\":\"blue\",\"kinds\":[\"pd:Name\"],"
        "\"json\":{\"x\":[1]},\"inside\":{\"name\":\"n\",\"size\":2},\"beside\":{\"name\":\"m\",\"size\":1},"
        "\"texts\":[\"p\",\"q\"],\"ids\":[\"%s\"],\"parts\":[{\"name\":\"o\",\"size\":9}]}", id, id, id);
    struct whole whole = {.truth = false};
    assert_int_equal(decode(cx, body.at, &whole), OK);
    assert_int_equal(whole.id.owner, 7);
    assert_int_equal(whole.lasts_ms, INT64_C(90) * 24 * 3600 * 1000);
    assert_int_equal(whole.parts[0].size, 9);
    struct text back = encode(cx, &whole);
    assert_int_equal(back.size, body.size);
    assert_memory_equal(back.at, body.at, body.size);
    fixture_close(&fixture);
}

static void what_is_empty_goes_out_as_null_or_not_at_all(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct whole whole = {.text = TEXT_NONE, .secret = TEXT("never")};
    struct text text = encode(cx, &whole);
    assert_true(text_is(text,
        "{\"text\":\"\",\"lines\":null,\"number\":0,\"truth\":false,\"at\":null,\"lasts\":null,\"id\":null,"
        "\"id_text\":null,\"colour\":null,\"kinds\":[],\"json\":null,\"inside\":{\"name\":\"\",\"size\":0},"
        "\"beside\":null,\"texts\":[],\"ids\":[]}"));
    fixture_close(&fixture);
}

static void a_member_that_is_absent_leaves_what_stood_there(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct whole whole = {.number = 42, .at_ms = -1, .colour = COLOUR_RED, .beside = &(struct part){.size = 5}};
    assert_int_equal(decode(cx, "{\"text\":\"a\",\"at\":null,\"beside\":null}", &whole), OK);
    assert_int_equal(whole.number, 42);
    assert_int_equal(whole.colour, COLOUR_RED);
    assert_int_equal(whole.at_ms, 0);
    assert_null(whole.beside);
    fixture_close(&fixture);
}

static const struct {
    const char *body;
    err         code;
    const char *reason;
    const char *pointer;
} BAD[] = {
    {"[]", MALFORMED, "request.wrong_type", ""},
    {"{}", MALFORMED, "request.missing_member", "/text"},
    {"{\"text\":null}", MALFORMED, "request.wrong_type", "/text"},
    {"{\"text\":1}", MALFORMED, "request.wrong_type", "/text"},
    {"{\"text\":\"\"}", INVALID, "request.out_of_range", "/text"},
    {"{\"text\":\"12345678901\"}", INVALID, "request.out_of_range", "/text"},
    {"{\"text\":\"a\\nb\"}", INVALID, "request.bad_text", "/text"},
    {"{\"text\":\"a\\u202eb\"}", INVALID, "request.bad_text", "/text"},
    {"{\"text\":\"a\\u200bb\"}", INVALID, "request.bad_text", "/text"},
    {"{\"text\":\"a\",\"lines\":\"b\\u001b\"}", INVALID, "request.bad_text", "/lines"},
    {"{\"text\":\"a\",\"number\":\"3\"}", MALFORMED, "request.wrong_type", "/number"},
    {"{\"text\":\"a\",\"number\":3.0}", MALFORMED, "request.wrong_type", "/number"},
    {"{\"text\":\"a\",\"number\":0}", INVALID, "request.out_of_range", "/number"},
    {"{\"text\":\"a\",\"number\":101}", INVALID, "request.out_of_range", "/number"},
    {"{\"text\":\"a\",\"truth\":1}", MALFORMED, "request.wrong_type", "/truth"},
    {"{\"text\":\"a\",\"truth\":null}", MALFORMED, "request.wrong_type", "/truth"},
    {"{\"text\":\"a\",\"at\":\"2026-02-30T00:00:00Z\"}", MALFORMED, "request.wrong_type", "/at"},
    {"{\"text\":\"a\",\"at\":\"1969-12-31T23:59:59Z\"}", INVALID, "request.out_of_range", "/at"},
    {"{\"text\":\"a\",\"lasts\":\"90D\"}", MALFORMED, "request.wrong_type", "/lasts"},
    {"{\"text\":\"a\",\"lasts\":\"PT0S\"}", INVALID, "request.out_of_range", "/lasts"},
    {"{\"text\":\"a\",\"id\":5}", MALFORMED, "request.wrong_type", "/id"},
    {"{\"text\":\"a\",\"id\":\"grt_0\"}", NOT_FOUND, "not_found", ""},
    {"{\"text\":\"a\",\"id_text\":\"grt_0\"}", NOT_FOUND, "not_found", ""},
    {"{\"text\":\"a\",\"colour\":\"green\"}", INVALID, "request.unknown_word", "/colour"},
    {"{\"text\":\"a\",\"kinds\":\"pd:Name\"}", MALFORMED, "request.wrong_type", "/kinds"},
    {"{\"text\":\"a\",\"kinds\":[null]}", MALFORMED, "request.wrong_type", "/kinds/0"},
    {"{\"text\":\"a\",\"kinds\":[\"pd:Name\",\"pd:No\"]}", INVALID, "attribute.unknown", "/kinds/1"},
    {"{\"text\":\"a\",\"kinds\":[\"pd:Name\",\"pd:Name\"]}", INVALID, "request.duplicate_item", "/kinds/1"},
    {"{\"text\":\"a\",\"json\":\"123456789012345678901\"}", TOO_LARGE, "request.too_large", "/json"},
    {"{\"text\":\"a\",\"inside\":null}", MALFORMED, "request.wrong_type", "/inside"},
    {"{\"text\":\"a\",\"inside\":{}}", MALFORMED, "request.missing_member", "/inside/name"},
    {"{\"text\":\"a\",\"beside\":{\"name\":\"m\",\"more\":1}}", MALFORMED, "request.unknown_member", "/beside/more"},
    {"{\"text\":\"a\",\"texts\":[]}", INVALID, "request.out_of_range", "/texts"},
    {"{\"text\":\"a\",\"texts\":[\"b\",\"b\",\"b\",\"b\"]}", INVALID, "request.out_of_range", "/texts"},
    {"{\"text\":\"a\",\"texts\":[\"b\",\"\"]}", INVALID, "request.out_of_range", "/texts/1"},
    {"{\"text\":\"a\",\"parts\":[{\"name\":\"m\"},{\"name\":\"toolong\"}]}", INVALID, "request.out_of_range",
     "/parts/1/name"},
    {"{\"text\":\"a\",\"made\":\"2026-01-01T00:00:00Z\"}", MALFORMED, "request.read_only", "/made"},
    {"{\"text\":\"a\",\"other\":1}", MALFORMED, "request.unknown_member", "/other"},
    {"{\"text\":\"a\",\"~/\":1}", MALFORMED, "request.unknown_member", "/~0~1"},
    /* a name that hides something is not told in a failure */
    {"{\"text\":\"a\",\"b\x7f\":1}", MALFORMED, "request.unknown_member", ""},
    {"{\"text\":\"a\",\"b\u202e\":1}", MALFORMED, "request.unknown_member", ""},
    {"{\"text\":\"a\",\"beside\":{\"name\":\"m\",\"\\n\":1}}", MALFORMED, "request.unknown_member", "/beside"},
};

static void a_bad_body_gives_its_reason_and_pointer_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct whole whole = {.number = 77};
        struct whole before = whole;
        err got = decode(cx, BAD[i].body, &whole);
        if (got != BAD[i].code || strcmp(cx->failure.reason, BAD[i].reason) != 0 ||
            strcmp(cx->failure.pointer, BAD[i].pointer) != 0)
            fail_msg("%s: %s %s at \"%s\"", BAD[i].body, error_name(got), cx->failure.reason, cx->failure.pointer);
        assert_memory_equal(&whole, &before, sizeof whole);
    }
    fixture_close(&fixture);
}

static void a_long_pointer_is_cut_and_never_runs_over(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct builder body = builder_open(cx->arena, 4096);
    build_literal(&body, "{\"text\":\"a\",\"");
    for (int i = 0; i < 500; i++)
        build_byte(&body, '~');
    build_literal(&body, "\":1}");
    struct whole whole = {.number = 0};
    assert_int_equal(decode(cx, text_c_string(cx->arena, builder_text(&body)), &whole), MALFORMED);
    assert_true(strlen(cx->failure.pointer) < sizeof cx->failure.pointer);
    fixture_close(&fixture);
}

static void one_or_many_are_taken_up_to_the_maximum(void **state)
{
    static const char *const BODIES[] = {"{\"text\":\"a\"}", "[{\"text\":\"a\"},{\"text\":\"b\"}]"};
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    const json_t *json = NULL;
    struct whole *items = NULL;
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(json_parse(cx, text_of(BODIES[i]), &json), OK);
        assert_int_equal(shape_decode_many(cx, &SHAPE_WHOLE, json, &items, &count), OK);
        assert_int_equal(count, i + 1);
        assert_true(text_is(items[i].text, i == 0 ? "a" : "b"));
    }
    assert_int_equal(json_parse(cx, TEXT("[{\"text\":\"a\"},{\"text\":1}]"), &json), OK);
    assert_int_equal(shape_decode_many(cx, &SHAPE_WHOLE, json, &items, &count), MALFORMED);
    assert_string_equal(cx->failure.pointer, "/1/text");
    failure_clear(&cx->failure);
    assert_int_equal(json_parse(cx, TEXT("[{\"text\":\"a\"},{\"text\":\"a\"},{\"text\":\"a\"}]"), &json), OK);
    assert_failed(cx, shape_decode_many(cx, &SHAPE_WHOLE, json, &items, &count), INVALID, "request.out_of_range");
    fixture_close(&fixture);
}

static const struct {
    const char *query;
    err         code;
    const char *reason;
} QUERIES[] = {
    {"text=a", OK, NULL},
    {"text=a&number=3&at=2026-01-01T00:00:00Z&kinds=pd:Name&colour=red", OK, NULL},
    {"text=a%20b", OK, NULL},
    {"", MALFORMED, "request.missing_parameter"},
    {"text=a&nothing=1", MALFORMED, "request.unknown_parameter"},
    {"text=a&", OK, NULL},
    {"text=a&&number=3", MALFORMED, "request.unknown_parameter"},
    {"text=a&text=b", MALFORMED, "http.query"},
    {"text=a&number=03", MALFORMED, "request.wrong_type"},
    {"text=a&number=-3", MALFORMED, "request.wrong_type"},
    {"text=a&number=99999999999999999999", MALFORMED, "request.wrong_type"},
    {"text=a&number=101", INVALID, "request.out_of_range"},
    {"text=a&kinds=pd:No", INVALID, "attribute.unknown"},
    {"text=a&colour=", INVALID, "request.unknown_word"},
};

static void a_query_is_read_as_strictly(void **state)
{
    static const struct shape_member MEMBERS[] = {
        MEMBER("text", TEXT, SHAPE_REQUIRED, struct whole, text, .most = 10),
        MEMBER("number", INT, 0, struct whole, number, .least = 1, .most = 100),
        MEMBER("at", TIME, 0, struct whole, at_ms),
        MEMBER("kinds", KINDS, 0, struct whole, kinds),
        MEMBER("colour", CHOICE, 0, struct whole, colour, .choices = COLOURS),
    };
    static const struct shape SHAPE = {.name = "Query", SHAPE_MEMBERS(MEMBERS), .size = sizeof(struct whole)};
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++) {
        struct whole whole = {.number = 5};
        failure_clear(&cx->failure);
        err got = shape_decode_query(cx, &SHAPE, text_of(QUERIES[i].query), &whole);
        if (got != QUERIES[i].code || (got != OK && strcmp(cx->failure.reason, QUERIES[i].reason) != 0))
            fail_msg("%s: %s %s", QUERIES[i].query, error_name(got), got == OK ? "" : cx->failure.reason);
    }
    fixture_close(&fixture);
}

static void the_schema_says_what_the_table_says(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct json_writer writer = json_writer_open(cx->arena, 1 << 16);
    struct text text = TEXT_NONE;
    const json_t *schema = NULL;
    shape_write_schema(&SHAPE_WHOLE, &writer);
    assert_int_equal(json_writer_finish(cx, &writer, &text), OK);
    assert_int_equal(json_parse(cx, text, &schema), OK);
    const json_t *properties = json_object_get(schema, "properties");
    assert_int_equal(json_object_size(properties), sizeof WHOLE / sizeof *WHOLE);
    assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(properties, "text"), "maxLength")), 10);
    assert_true(text_is(json_text(json_object_get(json_object_get(properties, "inside"), "$ref")),
                        "#/components/schemas/Part"));
    assert_true(text_is(json_text(json_object_get(json_object_get(properties, "id"), "pattern")),
                        "^grt_[0-9a-hjkmnp-tv-z]{26}$"));
    assert_int_equal(json_array_size(json_object_get(json_object_get(properties, "colour"), "enum")), 3);
    fixture_close(&fixture);
}

static void a_duration_comes_back_in_its_own_words(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct whole whole = {.text = TEXT_NONE};
    assert_int_equal(decode(cx, "{\"text\":\"a\",\"lasts\":\"P1Y\",\"kept\":\"P1Y\"}", &whole), OK);
    assert_int_equal(whole.kept_ms, whole.lasts_ms);
    struct text body = encode(cx, &whole);
    assert_non_null(strstr(body.at, "\"lasts\":\"P365D\",\"kept\":\"P1Y\""));
    assert_int_equal(decode(cx, "{\"text\":\"a\",\"kept\":\"P0D\"}", &whole), OK);
    assert_non_null(strstr(encode(cx, &whole).at, "\"kept\":\"P0D\""));
    assert_int_equal(decode(cx, "{\"text\":\"a\",\"kept\":null}", &whole), OK);
    assert_null(strstr(encode(cx, &whole).at, "kept"));
    whole.kept_ms = 1000; /* one that nobody wrote down */
    assert_non_null(strstr(encode(cx, &whole).at, "\"kept\":\"PT1S\""));
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_every_type_comes_back_as_it_went_in),
        cmocka_unit_test(what_is_empty_goes_out_as_null_or_not_at_all),
        cmocka_unit_test(a_member_that_is_absent_leaves_what_stood_there),
        cmocka_unit_test(a_bad_body_gives_its_reason_and_pointer_and_changes_nothing),
        cmocka_unit_test(a_long_pointer_is_cut_and_never_runs_over),
        cmocka_unit_test(one_or_many_are_taken_up_to_the_maximum),
        cmocka_unit_test(a_query_is_read_as_strictly),
        cmocka_unit_test(a_duration_comes_back_in_its_own_words),
        cmocka_unit_test(the_schema_says_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
