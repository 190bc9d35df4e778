/* SPDX-License-Identifier: Apache-2.0
 * The table of kinds, sets of kinds, the strict check of values, and the page that shows them all. */
#include "domain/words/attribute.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "support/cmocka.h"

#define ARENA_BYTES (2u << 20)
#define NOW_MS INT64_C(1795000000000) /* 2026-11-18 */
#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static struct ctx ctx_open(void)
{
    return (struct ctx){.arena = arena_open(ARENA_BYTES), .now_ms = NOW_MS};
}

static err check(struct ctx *cx, const char *term, const char *json, struct text *out)
{
    const json_t *value = NULL;
    const struct attribute_kind *kind = attribute_find(text_of(term));
    if (kind == NULL)
        fail_msg("no kind %s", term);
    assert_int_equal(json_parse(cx, text_of(json), &value), OK);
    return attribute_value_check(cx, kind, value, out);
}

/* ---- the table */

static void numbers_and_terms_are_unique_and_in_range(void **state)
{
    (void)state;
    const struct attribute_kind *kind, *other;
    size_t count = 0;
    for (; (kind = attribute_at(count)) != NULL; count++) {
        assert_in_range(kind->number, 1, ATTRIBUTE_NUMBER_MAX);
        assert_true(text_starts_with(text_of(kind->term), "pd:") || text_starts_with(text_of(kind->term), "sym:"));
        assert_true(kind->label[0] != '\0');
        assert_ptr_equal(attribute_by_number(kind->number), kind);
        assert_ptr_equal(attribute_find(text_of(kind->term)), kind);
        for (size_t i = 0; i < count; i++) {
            other = attribute_at(i);
            assert_int_not_equal(kind->number, other->number);
            assert_string_not_equal(kind->term, other->term);
            assert_string_not_equal(kind->label, other->label);
        }
    }
    assert_in_range(count, 56, ATTRIBUTE_NUMBER_MAX);
    assert_null(attribute_by_number(0));
    assert_null(attribute_by_number(-1));
    assert_null(attribute_by_number(ATTRIBUTE_NUMBER_MAX + 1));
    assert_null(attribute_by_number(INT64_MIN));
}

/* A few numbers that grants already hold for ever. */
static void numbers_never_change(void **state)
{
    (void)state;
    assert_int_equal(attribute_find(TEXT("pd:Name"))->number, 1);
    assert_int_equal(attribute_find(TEXT("pd:EmailAddress"))->number, 2);
    assert_int_equal(attribute_find(TEXT("pd:PhysicalAddress"))->number, 4);
    assert_int_equal(attribute_find(TEXT("pd:VehicalLicenseRegistration"))->number, 61);
    assert_int_equal(attribute_find(TEXT("pd:SocialMedia"))->number, 63);
    assert_int_equal(attribute_find(TEXT("sym:Website"))->number, 64);
    assert_int_equal(attribute_find(TEXT("pd:TradeUnionMembership"))->number, 83);
}

static void every_shape_of_the_table_has_members(void **state)
{
    (void)state;
    const struct attribute_kind *kind;
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        bool shaped = kind->rule.type == ATTRIBUTE_TYPE_NAME || kind->rule.type == ATTRIBUTE_TYPE_ADDRESS ||
                      kind->rule.type == ATTRIBUTE_TYPE_OBJECT || kind->rule.type == ATTRIBUTE_TYPE_OBJECTS;
        assert_int_equal(attribute_member_at(kind->rule.detail, 0) != NULL, shaped);
    }
}

static void an_unknown_kind_is_refused(void **state)
{
    (void)state;
    static const char *const STRANGE[] = {"",           "pd:", "pd:emailaddress", "pd:EmailAddress ", "EmailAddress",
                                          "pd:Password"};
    for (size_t i = 0; i < COUNT_OF(STRANGE); i++) {
        struct ctx cx = ctx_open();
        const struct attribute_kind *kind = NULL;
        assert_int_equal(attribute_parse(&cx, text_of(STRANGE[i]), &kind), INVALID);
        assert_string_equal(cx.failure.reason, "attribute.unknown");
        assert_null(kind);
        arena_close(cx.arena);
    }
}

/* ---- sets */

static void sets_behave_like_sets(void **state)
{
    (void)state;
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    assert_true(attribute_set_is_empty(set));
    assert_int_equal(attribute_set_next(set, ATTRIBUTE_NONE), ATTRIBUTE_NONE);
    for (int number = 1; number <= ATTRIBUTE_NUMBER_MAX; number++) {
        struct attribute_set one = attribute_set_of((attribute_number)number);
        assert_true((int64_t)one.low >= 0 && (int64_t)one.high >= 0);
        assert_false(attribute_set_has(set, (attribute_number)number));
        assert_false(attribute_set_is_subset(one, set));
        assert_int_equal(attribute_set_next(set, (attribute_number)(number - 1)), ATTRIBUTE_NONE);
        set = attribute_set_add(set, (attribute_number)number);
        assert_true(attribute_set_has(set, (attribute_number)number));
        assert_true(attribute_set_is_subset(one, set));
        assert_int_equal(attribute_set_count(set), number);
        assert_int_equal(attribute_set_next(set, (attribute_number)(number - 1)), number);
        assert_int_equal(attribute_set_next(one, ATTRIBUTE_NONE), number);
        assert_int_equal(attribute_set_next(one, (attribute_number)number), ATTRIBUTE_NONE);
        assert_int_equal(attribute_set_last(one), number);
        assert_int_equal(attribute_set_last(set), number);
    }
    assert_int_equal(attribute_set_last(ATTRIBUTE_SET_EMPTY), ATTRIBUTE_NONE);
    struct attribute_set odd = ATTRIBUTE_SET_EMPTY;
    for (int number = 1; number <= ATTRIBUTE_NUMBER_MAX; number += 2)
        odd = attribute_set_add(odd, (attribute_number)number);
    struct attribute_set even = attribute_set_minus(set, odd);
    assert_true(attribute_set_is_empty(attribute_set_intersect(odd, even)));
    assert_true(attribute_set_equals(attribute_set_union(odd, even), set));
    assert_false(attribute_set_equals(odd, even));
    assert_int_equal(attribute_set_count(even), 63);
}

static void a_row_with_a_stray_bit_is_no_set(void **state)
{
    (void)state;
    struct attribute_set set = attribute_set_add(attribute_set_of(ATTRIBUTE_NAME), ATTRIBUTE_WEBSITE), out;
    assert_true(attribute_set_from_row((int64_t)set.low, (int64_t)set.high, &out));
    assert_true(attribute_set_equals(set, out));
    assert_false(attribute_set_from_row(-1, 0, &out));
    assert_false(attribute_set_from_row(0, INT64_MIN, &out));
    assert_false(attribute_set_from_row(0, INT64_C(1) << 62, &out)); /* kind 126 is not given out */
}

/* ---- values */

static void every_example_is_valid_and_its_canonical_form_is_stable(void **state)
{
    (void)state;
    const struct attribute_kind *kind;
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        struct ctx cx = ctx_open();
        struct text canonical, again;
        if (check(&cx, kind->term, kind->example, &canonical) != OK)
            fail_msg("%s: %s %s at %s", kind->term, cx.failure.reason, cx.failure.detail, cx.failure.pointer);
        assert_int_equal(check(&cx, kind->term, text_c_string(cx.arena, canonical), &again), OK);
        assert_true(text_equals(canonical, again));
        arena_close(cx.arena);
    }
}

static void canonical_bytes_do_not_depend_on_order_or_blanks(void **state)
{
    (void)state;
    struct ctx cx = ctx_open();
    struct text one, other;
    assert_int_equal(check(&cx, "pd:Name", "{ \"nickname\":\"A\" , \"given_name\":\"\\u0041da\" }", &one), OK);
    assert_int_equal(check(&cx, "pd:Name", "{\"given_name\":\"Ada\",\"nickname\":\"A\"}", &other), OK);
    assert_true(text_equals(one, other));
    assert_true(text_is(one, "{\"given_name\":\"Ada\",\"nickname\":\"A\"}"));
    arena_close(cx.arena);
}

static const struct {
    const char *term, *json;
} GOOD[] = {
    {"pd:Name", "{\"name\":\"Ada Muster\",\"middle_name\":\"M.\",\"nickname\":\"Ad\"}"},
    {"pd:Name", "{\"name\":\"\xE6\x9D\x8E \xE5\xB0\x8F\xE9\xBE\x99\"}"},
    {"pd:PhysicalAddress", "{\"formatted\":\"Lindenweg 4\\n3000 Bern\"}"},
    {"pd:PhysicalAddress", "{\"country\":\"NL\"}"},
    {"pd:EmailAddress", "\"o'neil+shop@mail.post.example\""},
    {"pd:EmailAddress", "\"j\xC3\xBCrg@b\xC3\xBC""cher.example\""},
    {"pd:TelephoneNumber", "\"(031) 555-01.23\""},
    {"pd:TelephoneNumber", "\"+49 (0)30 555/0123\""},
    {"pd:TelephoneNumber", "\"1234\""},
    {"pd:BirthDate", "\"2000-02-29\""},
    {"pd:BirthDate", "\"2026-11-18\""},
    {"sym:Birthday", "\"02-29\""},
    {"sym:BirthYear", "2026"},
    {"pd:Offspring", "[2014,2014]"},
    {"pd:Language", "[\"en\",\"zh-Hant-TW\",\"de-CH-1996\",\"sl-rozaj-biske\",\"gsw\",\"es-419\",\"en-a-bbb-x-y\"]"},
    {"pd:Language", "[\"en-001\",\"fr-X-joual\"]"},
    {"pd:Nationality", "[\"AT\"]"},
    {"pd:Weight", "635"},
    {"pd:ApartmentOwned", "false"},
    {"sym:Website", "\"http://ada.example:8080/a%20b?c=d#e\""},
    {"sym:TimeZone", "\"America/Argentina/Buenos_Aires\""},
    {"sym:TimeZone", "\"UTC\""},
    {"pd:BankAccount", "{\"iban\":\"NO9386011117947\",\"bic\":\"DNBANOKKXXX\"}"},
    {"pd:BankAccount", "{\"iban\":\"NL91ABNA0417164300\",\"bic\":\"ABNANL2A\"}"},
    {"pd:BankAccount", "{\"iban\":\"GB29 NWBK 6016 1331 9268 19\"}"},
    {"pd:BankAccount", "{\"iban\":\"NL91ABNA0417164300\"}"},
    {"pd:BankAccount", "{\"iban\":\"MT84MALT011000012345MTLCAST001S\"}"},
    {"sym:DeliveryNote", "\"Left door.\\nRing twice.\""},
    {"pd:PersonalPossession", "[{\"product\":\"Lamp\"},{\"product\":\"Lamp\",\"brand\":\"Hell\"}]"},
};

static void what_people_write_is_taken_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct ctx cx = ctx_open();
        struct text canonical;
        if (check(&cx, GOOD[i].term, GOOD[i].json, &canonical) != OK)
            fail_msg("%s %s: %s at %s", GOOD[i].term, GOOD[i].json, cx.failure.reason, cx.failure.pointer);
        arena_close(cx.arena);
    }
}

static const struct {
    const char *term, *json, *pointer, *reason;
} BAD[] = {
#define X(term, json, pointer, reason) {term, json, pointer, reason},
#include "bad_values.def"
#undef X
};

static void what_breaks_a_rule_is_refused_at_its_place(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct ctx cx = ctx_open();
        struct text canonical = TEXT_NONE;
        err error = check(&cx, BAD[i].term, BAD[i].json, &canonical);
        const char *reason = error == OK ? "taken" : cx.failure.reason;
        bool right = error == INVALID && text_is(text_of(reason), BAD[i].reason) &&
                     text_is(text_of(cx.failure.pointer), BAD[i].pointer) && canonical.size == 0;
        if (!right)
            print_error("%s %s: %s at %s, expected %s at %s\n", BAD[i].term, BAD[i].json, reason, cx.failure.pointer,
                        BAD[i].reason, BAD[i].pointer);
        wrong += !right;
        arena_close(cx.arena);
    }
    assert_int_equal(wrong, 0);
}

/* A value must not reach a message, where it would be logged. */
static void no_refusal_repeats_the_value(void **state)
{
    (void)state;
    struct ctx cx = ctx_open();
    struct text canonical;
    assert_int_equal(check(&cx, "pd:EmailAddress", "\"secretive person\"", &canonical), INVALID);
    assert_null(strstr(cx.failure.detail, "secretive"));
    assert_null(strstr(cx.failure.pointer, "secretive"));
    arena_close(cx.arena);
}

static void a_value_has_a_greatest_size(void **state)
{
    (void)state;
    struct ctx cx = ctx_open();
    struct builder json = builder_open(cx.arena, 200000);
    build_literal(&json, "[");
    for (int i = 0; i < 100; i++) { /* members of their greatest size: more than LIMIT_ATTRIBUTE_BYTES together */
        build_format(&json, "%s{\"product\":\"%03d", i == 0 ? "" : ",", i);
        for (int at = 0; at < 190; at++)
            build_literal(&json, "x");
        build_literal(&json, "\"}");
    }
    build_literal(&json, "]");
    const char *text = text_c_string(cx.arena, builder_text(&json));
    struct text canonical;
    assert_true(json.size > LIMIT_ATTRIBUTE_BYTES);
    assert_int_equal(check(&cx, "pd:PersonalPossession", text, &canonical), TOO_LARGE);
    assert_string_equal(cx.failure.reason, "attribute.too_large");
    arena_close(cx.arena);
}

/* Whatever memory is left: the same answer, or that there was none. */
static void too_little_memory_never_changes_the_answer(void **state)
{
    static const struct {
        const char *term, *json, *pointer, *reason;
    } CASES[] = {
        {"pd:Name", "{\"nickname\":\"A\",\"given_name\":\"Ada\"}", "", NULL},
        {"pd:Language", "[\"de\",\"fr\"]", "", NULL},
        {"pd:Language", "[\"de\",\"German\"]", "/value/1", "attribute.language"},
        {"pd:Name", "{\"a/b\":1}", "/value/a~1b", "request.unknown_member"},
        {"pd:PastEmployment", "[{\"employer\":\"A\"},{\"employer\":7}]", "/value/1/employer", "attribute.wrong_type"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct ctx ample = ctx_open();
        const json_t *value = NULL;
        struct text wanted;
        assert_int_equal(json_parse(&ample, text_of(CASES[i].json), &value), OK);
        err right = attribute_value_check(&ample, attribute_find(text_of(CASES[i].term)), value, &wanted);
        for (size_t bytes = 1; bytes < 2048; bytes += 16) {
            struct ctx cx = {.arena = arena_open(bytes), .now_ms = NOW_MS};
            struct text canonical;
            err error = attribute_value_check(&cx, attribute_find(text_of(CASES[i].term)), value, &canonical);
            if (error == OK)
                assert_true(right == OK && text_equals(canonical, wanted));
            else if (error == TOO_LARGE)
                assert_string_equal(cx.failure.reason, "limit.memory");
            else
                assert_string_equal(cx.failure.reason, CASES[i].reason);
            if (error == INVALID) /* the pointer, or one that leads to it */
                assert_memory_equal(cx.failure.pointer, CASES[i].pointer, strlen(cx.failure.pointer));
            arena_close(cx.arena);
        }
        arena_close(ample.arena);
    }
}

/* ---- schema and page */

static void every_schema_is_json_and_names_its_kind(void **state)
{
    (void)state;
    const struct attribute_kind *kind;
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        struct ctx cx = ctx_open();
        const json_t *schema = NULL;
        struct text text = attribute_schema(cx.arena, kind);
        assert_non_null(text.at);
        assert_int_equal(json_parse(&cx, text, &schema), OK);
        assert_true(text_is(json_text(json_object_get(schema, "title")), kind->label));
        assert_true(json_object_get(schema, "type") != NULL || json_object_get(schema, "enum") != NULL);
        assert_int_equal(json_array_size(json_object_get(schema, "examples")), 1);
        arena_close(cx.arena);
    }
}

static void no_memory_gives_no_schema(void **state)
{
    (void)state;
    struct arena *arena = arena_open(64);
    assert_null(attribute_schema(arena, attribute_at(0)).at);
    arena_close(arena);
}

static void build_bounds(struct builder *out, const struct attribute_rule *rule)
{
    build_format(out, "%s", attribute_type_word(rule->type));
    if (rule->high > 0)
        build_format(out, ", %lld to %lld", (long long)rule->low, (long long)rule->high);
    if (rule->detail[0] == '\0')
        return;
    build_literal(out, ": ");
    for (const char *at = rule->detail; *at != '\0'; at++)
        build_text(out, *at == '|' ? TEXT(", ") : (struct text){at, 1});
}

static void build_kinds(struct builder *out)
{
    const struct attribute_kind *kind;
    build_literal(out, "| kind | label | about | value | sensitivity | example |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        build_format(out, "| `%s` | %s | %s | ", kind->term, kind->label, attribute_group_label(kind->group));
        build_bounds(out, &kind->rule);
        build_format(out, " | %s | `%s` |\n", attribute_sensitivity_word(kind->sensitivity), kind->example);
    }
}

/* Shapes in the order in which kinds name them first. */
static void build_shapes(struct builder *out)
{
    const struct attribute_kind *kind;
    const struct attribute_member *member;
    build_literal(out, "| shape | member | needed | value |\n|---|---|---|---|\n");
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        bool named = false;
        for (size_t j = 0; j < i; j++)
            named = named || text_is(text_of(kind->rule.detail), attribute_at(j)->rule.detail);
        for (size_t at = 0; !named && (member = attribute_member_at(kind->rule.detail, at)) != NULL; at++) {
            build_format(out, "| %s | `%s` | %s | ", member->shape, member->name, member->required ? "yes" : "no");
            build_bounds(out, &member->rule);
            build_literal(out, " |\n");
        }
    }
}

static void build_types(struct builder *out)
{
    build_literal(out, "| word | meaning |\n|---|---|\n");
    for (int i = 0; i < ATTRIBUTE_TYPE_COUNT; i++)
        build_format(out, "| %s | %s |\n", attribute_type_word((attribute_type)i),
                     attribute_type_sentence((attribute_type)i));
}

static struct text read_page(struct arena *arena)
{
    FILE *file = fopen(SOURCE_DIR "/docs/manual/attributes.md", "rb");
    assert_non_null(file);
    char *bytes = arena_take(arena, 1, 256 * 1024);
    assert_non_null(bytes);
    size_t size = fread(bytes, 1, 256 * 1024, file);
    assert_int_equal(fclose(file), 0);
    return (struct text){bytes, size};
}

static void the_page_shows_the_tables(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct text page = read_page(arena);
    bool equal = true;
    FILE *made = fopen(BUILD_DIR "/attributes.tables.md", "wb");
    assert_non_null(made);
    void (*const TABLES[])(struct builder *out) = {build_kinds, build_shapes, build_types};
    for (size_t i = 0; i < COUNT_OF(TABLES); i++) {
        struct builder table = builder_open(arena, 64 * 1024);
        TABLES[i](&table);
        assert_false(table.overflowed);
        equal = equal && memmem(page.at, page.size, table.at, table.size) != NULL;
        assert_int_equal(fwrite(table.at, 1, table.size, made), table.size);
        assert_int_equal(fputc('\n', made), '\n');
    }
    assert_int_equal(fclose(made), 0);
    if (!equal)
        fail_msg("docs/manual/attributes.md is behind the tables: take them from %s",
                 BUILD_DIR "/attributes.tables.md");
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_terms_are_unique_and_in_range),
        cmocka_unit_test(numbers_never_change),
        cmocka_unit_test(every_shape_of_the_table_has_members),
        cmocka_unit_test(an_unknown_kind_is_refused),
        cmocka_unit_test(sets_behave_like_sets),
        cmocka_unit_test(a_row_with_a_stray_bit_is_no_set),
        cmocka_unit_test(every_example_is_valid_and_its_canonical_form_is_stable),
        cmocka_unit_test(canonical_bytes_do_not_depend_on_order_or_blanks),
        cmocka_unit_test(what_people_write_is_taken_as_it_is),
        cmocka_unit_test(what_breaks_a_rule_is_refused_at_its_place),
        cmocka_unit_test(no_refusal_repeats_the_value),
        cmocka_unit_test(a_value_has_a_greatest_size),
        cmocka_unit_test(too_little_memory_never_changes_the_answer),
        cmocka_unit_test(every_schema_is_json_and_names_its_kind),
        cmocka_unit_test(no_memory_gives_no_schema),
        cmocka_unit_test(the_page_shows_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
