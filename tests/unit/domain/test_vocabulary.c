/* SPDX-License-Identifier: Apache-2.0
 * The vocabulary's order, fixed facts of it, and, where the released files are at hand (SYMBOLON_SHARED_DATA, or the
 * folder shared/data beside the source tree), every term against them. */
#include "domain/words/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/words/attribute.h"
#include "domain/words/country.h"
#include "support/cmocka.h"

#define ARENA_BYTES (8u << 20)
#define FILE_BYTES_MAX (1u << 20)
#define FIELDS_MAX 16

static dpv_purpose purpose(const char *term)
{
    dpv_purpose found = dpv_purpose_find(text_of(term));
    if (found == DPV_NONE)
        fail_msg("no purpose %s", term);
    return found;
}

static bool is_within(const char *narrow, const char *broad)
{
    return dpv_purpose_is_within(purpose(narrow), purpose(broad));
}

static void a_narrow_purpose_lies_within_its_broader_ones(void **state)
{
    (void)state;
    assert_true(is_within("dpv:DeliveryOfGoods", "dpv:DeliveryOfGoods"));
    assert_true(is_within("dpv:DeliveryOfGoods", "dpv:RequestedServiceProvision"));
    assert_true(is_within("dpv:DeliveryOfGoods", "dpv:ServiceProvision"));
    assert_true(is_within("dpv:DeliveryOfGoods", "dpv:ServiceManagement"));
    assert_true(is_within("dpv:DeliveryOfGoods", "dpv:Purpose"));
    assert_true(is_within("dpv:PersonalisedAdvertising", "dpv:Marketing"));
    assert_true(is_within("dpv:PersonalisedAdvertising", "dpv:Personalisation"));
    assert_true(is_within("dpv:RecruitmentTargetedAdvertising", "dpv:HumanResourceManagement"));
    assert_true(is_within("dpv:RecruitmentTargetedAdvertising", "dpv:TargetedAdvertising"));
}

static void a_broad_purpose_never_lies_within_a_narrow_one(void **state)
{
    (void)state;
    assert_false(is_within("dpv:RequestedServiceProvision", "dpv:DeliveryOfGoods"));
    assert_false(is_within("dpv:Purpose", "dpv:Marketing"));
    assert_false(is_within("dpv:Marketing", "dpv:DirectMarketing"));
    assert_false(is_within("dpv:DeliveryOfGoods", "dpv:Marketing"));
    assert_false(is_within("dpv:DirectMarketing", "dpv:Advertising"));
    assert_false(dpv_purpose_is_within(DPV_NONE, DPV_Purpose));
    assert_false(dpv_purpose_is_within(DPV_Marketing, DPV_NONE));
    assert_false(dpv_purpose_is_within(DPV_NONE, DPV_NONE));
}

/* Two different purposes that lie within each other would be a circle. */
static void the_order_has_one_root_and_no_circle(void **state)
{
    (void)state;
    for (int i = 1; i < DPV_PURPOSE_COUNT; i++) {
        dpv_purpose one = (dpv_purpose)i;
        assert_true(dpv_purpose_is_within(one, DPV_Purpose));
        assert_int_equal(dpv_purpose_broader(one, 0) == DPV_NONE, one == DPV_Purpose);
        assert_true(dpv_purpose_label(one)[0] != '\0');
        for (int j = 1; j < DPV_PURPOSE_COUNT; j++)
            assert_false(i != j && dpv_purpose_is_within(one, (dpv_purpose)j) &&
                         dpv_purpose_is_within((dpv_purpose)j, one));
    }
    assert_int_equal(DPV_PURPOSE_COUNT - 1, 122);
}

static void a_strange_term_is_refused(void **state)
{
    (void)state;
    static const char *const STRANGE[] = {"",           "dpv:",    "DeliveryOfGoods", "dpv:deliveryofgoods",
                                          "dpv:Sector", "dpv:NONE"};
    for (size_t i = 0; i < sizeof STRANGE / sizeof *STRANGE; i++) {
        struct ctx cx = {0};
        dpv_purpose out = DPV_Purpose;
        assert_int_equal(dpv_purpose_parse(&cx, text_of(STRANGE[i]), &out), INVALID);
        assert_string_equal(cx.failure.reason, "purpose.term_unknown");
        assert_int_equal(out, DPV_Purpose);
    }
}

static void the_six_legal_bases_are_those_of_article_6(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"consent",        "contract",    "legal_obligation",
                                        "vital_interest", "public_task", "legitimate_interest"};
    static const char *const TERMS[] = {"eu-gdpr:A6-1-a", "eu-gdpr:A6-1-b", "eu-gdpr:A6-1-c",
                                        "eu-gdpr:A6-1-d", "eu-gdpr:A6-1-e", "eu-gdpr:A6-1-f"};
    struct ctx cx = {0};
    legal_basis basis = LEGAL_BASIS_NONE;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(legal_basis_parse(&cx, text_of(WORDS[i]), &basis), OK);
        assert_string_equal(legal_basis_word(basis), WORDS[i]);
        assert_string_equal(legal_basis_term(basis), TERMS[i]);
        assert_true(legal_basis_label(basis)[0] != '\0');
    }
    assert_int_equal(legal_basis_parse(&cx, TEXT("Consent"), &basis), INVALID);
    assert_string_equal(cx.failure.reason, "purpose.legal_basis_unknown");
    assert_int_equal(legal_basis_find(TEXT_NONE), LEGAL_BASIS_NONE);
}

static void countries_are_known_by_code_and_by_name(void **state)
{
    (void)state;
    assert_true(country_is_code(TEXT("CH")));
    assert_false(country_is_code(TEXT("ch")));
    assert_false(country_is_code(TEXT("UK")));
    assert_false(country_is_code(TEXT("")));
    assert_string_equal(country_name(TEXT("NL")), "Netherlands");
    assert_null(country_name(TEXT("ZZ")));
    assert_string_equal(country_code_of(TEXT("nl")), "NL");
    assert_string_equal(country_code_of(TEXT("SWITZERLAND")), "CH");
    assert_string_equal(country_code_of(TEXT("U.S.A.")), "US");
    assert_string_equal(country_code_of(TEXT("Deutschland")), "DE");
    assert_null(country_code_of(TEXT("Atlantis")));
}

/* ---- the released files */

static struct text read_release(struct arena *arena, const char *name)
{
    const char *folder = getenv("SYMBOLON_SHARED_DATA");
    struct text path =
        text_format(arena, "%s/dpv-2.3/%s", folder == NULL ? SOURCE_DIR "/../shared/data" : folder, name);
    assert_non_null(path.at);
    FILE *file = fopen(path.at, "rb");
    if (file == NULL)
        return TEXT_NONE;
    char *bytes = arena_take(arena, 1, FILE_BYTES_MAX);
    assert_non_null(bytes);
    size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);
    assert_in_range(size, 1, FILE_BYTES_MAX - 1);
    assert_int_equal(fclose(file), 0);
    return (struct text){bytes, size};
}

/* One record of quoted fields (RFC 4180), quotes inside left doubled; false at the end. */
static bool next_record(struct text *rest, struct text fields[FIELDS_MAX], size_t *out_count)
{
    *out_count = 0;
    while (rest->size > 0 && *out_count < FIELDS_MAX) {
        assert_int_equal(rest->at[0], '"');
        size_t end = 1;
        while (rest->at[end] != '"' || rest->at[end + 1] == '"')
            end += rest->at[end] == '"' ? 2 : 1;
        fields[(*out_count)++] = (struct text){rest->at + 1, end - 1};
        bool last = end + 1 >= rest->size || rest->at[end + 1] != ',';
        size_t taken = end + 2;
        while (last && taken < rest->size && (rest->at[taken] == '\n' || rest->at[taken] == '\r'))
            taken++;
        *rest = taken >= rest->size ? TEXT_NONE : (struct text){rest->at + taken, rest->size - taken};
        if (last)
            return true;
    }
    return false;
}

/* The columns of these files. */
enum { COLUMN_TERM, COLUMN_TYPE, COLUMN_IRI, COLUMN_CLASS = 5, COLUMN_BROADER = 7 };

static bool names(struct text iris, const char *prefix, const char *name)
{
    for (size_t at = 0; at < iris.size;) {
        size_t size = 0;
        while (at + size < iris.size && iris.at[at + size] != ';')
            size++;
        struct text iri = {iris.at + at, size};
        if (text_starts_with(iri, prefix) &&
            text_is((struct text){iri.at + strlen(prefix), size - strlen(prefix)}, name))
            return true;
        at += size + 1;
    }
    return false;
}

static void check_purpose_record(struct text term, struct text broader)
{
    char name[80];
    (void)snprintf(name, sizeof name, "dpv:%.*s", TEXT_ARGS(term));
    dpv_purpose one = purpose(name);
    for (int at = 0; at < 2; at++) {
        dpv_purpose parent = dpv_purpose_broader(one, at);
        bool root_by_rule = one == DPV_RightsFulfilment && parent == DPV_Purpose; /* under a legal basis there */
        if (parent != DPV_NONE && !root_by_rule)
            assert_true(names(broader, DPV_IRI, dpv_purpose_term(parent) + strlen("dpv:")));
    }
    size_t parents = one == DPV_Purpose ? 0 : 1;
    for (size_t i = 0; i < broader.size; i++)
        parents += broader.at[i] == ';';
    assert_int_equal(parents, (dpv_purpose_broader(one, 0) != DPV_NONE) + (dpv_purpose_broader(one, 1) != DPV_NONE));
}

static void purposes_are_those_of_the_release(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct text rest = read_release(arena, "dpv-purposes.csv");
    struct text fields[FIELDS_MAX];
    size_t count, records = 0;
    if (rest.size == 0) {
        arena_close(arena);
        skip();
    }
    while (next_record(&rest, fields, &count)) {
        if (!text_is(fields[COLUMN_TYPE], "class") || text_is(fields[COLUMN_TERM], "Sector"))
            continue;
        check_purpose_record(fields[COLUMN_TERM], fields[COLUMN_BROADER]);
        records++;
    }
    assert_int_equal(records, DPV_PURPOSE_COUNT - 1);
    arena_close(arena);
}

static bool release_has(struct text file, const char *prefix, const char *name)
{
    struct text fields[FIELDS_MAX];
    size_t count;
    while (next_record(&file, fields, &count))
        if (text_is(fields[COLUMN_TERM], name) && names(fields[COLUMN_IRI], prefix, name))
            return true;
    return false;
}

static void kinds_and_bases_are_terms_of_the_release(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct text kinds = read_release(arena, "pd-pd.csv");
    struct text bases = read_release(arena, "legal-eu-gdpr-legal_basis.csv");
    const struct attribute_kind *kind;
    if (kinds.size == 0 || bases.size == 0) {
        arena_close(arena);
        skip();
    }
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        bool own = text_starts_with(text_of(kind->term), "sym:");
        const char *name = kind->term + strlen(own ? "sym:" : "pd:");
        if (release_has(kinds, DPV_PERSONAL_DATA_IRI, name) == own)
            fail_msg("%s: %s", kind->term, own ? "the vocabulary has that term" : "the vocabulary has no such term");
    }
    for (int i = 1; i < LEGAL_BASIS_COUNT; i++)
        assert_true(release_has(bases, DPV_GDPR_IRI, legal_basis_term((legal_basis)i) + strlen("eu-gdpr:")));
    assert_false(release_has(kinds, DPV_PERSONAL_DATA_IRI, "ClothingSize"));
    arena_close(arena);
}

/* What the vocabulary calls special is never ordinary here. */
static void special_kinds_of_the_release_are_special_here(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct text rest = read_release(arena, "pd-pd.csv");
    struct text fields[FIELDS_MAX];
    size_t count, special = 0;
    if (rest.size == 0) {
        arena_close(arena);
        skip();
    }
    while (next_record(&rest, fields, &count)) {
        struct text term = text_format(arena, "pd:%.*s", TEXT_ARGS(fields[COLUMN_TERM]));
        const struct attribute_kind *kind = attribute_find(term);
        if (kind == NULL || !names(fields[COLUMN_CLASS], DPV_IRI, "SpecialCategoryPersonalData"))
            continue;
        assert_int_equal(kind->sensitivity, SENSITIVITY_SPECIAL);
        special++;
    }
    assert_in_range(special, 4, ATTRIBUTE_NUMBER_MAX);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_narrow_purpose_lies_within_its_broader_ones),
        cmocka_unit_test(a_broad_purpose_never_lies_within_a_narrow_one),
        cmocka_unit_test(the_order_has_one_root_and_no_circle),
        cmocka_unit_test(a_strange_term_is_refused),
        cmocka_unit_test(the_six_legal_bases_are_those_of_article_6),
        cmocka_unit_test(countries_are_known_by_code_and_by_name),
        cmocka_unit_test(purposes_are_those_of_the_release),
        cmocka_unit_test(kinds_and_bases_are_terms_of_the_release),
        cmocka_unit_test(special_kinds_of_the_release_are_special_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
