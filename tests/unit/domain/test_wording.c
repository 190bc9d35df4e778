/* SPDX-License-Identifier: Apache-2.0
 * Honest purposes pass, dishonest ones are told every reason. The drafts stand in good_purposes.def and
 * bad_purposes.def. */
#include "domain/words/over_asking.h"
#include "domain/words/wording.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "domain/words/attribute.h"
#include "support/cmocka.h"

#define ARENA_BYTES (4u << 20)

struct draft {
    const char *language, *term, *legal_basis, *needed, *optional, *times, *passed_on;
    const char *name, *sentence, *example, *benefit, *if_no;
};

static const struct draft GOOD[] = {
#define X(...) {__VA_ARGS__},
#include "good_purposes.def"
#undef X
};

static const struct {
    const char *language, *member, *text, *expected;
} BAD[] = {
#define X(...) {__VA_ARGS__},
#include "bad_purposes.def"
#undef X
};

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

/* The next piece up to a blank, with the blank taken. */
static struct text next_word(struct text *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->at[size] != ' ')
        size++;
    struct text word = {rest->at, size};
    size_t taken = size < rest->size ? size + 1 : size;
    *rest = (struct text){rest->at + taken, rest->size - taken};
    return word;
}

static struct attribute_set kinds_of(const char *terms)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    for (struct text rest = text_of(terms); rest.size > 0;) {
        struct text term = next_word(&rest);
        const struct attribute_kind *kind = attribute_find(term);
        if (kind == NULL)
            fail_msg("no kind %.*s", TEXT_ARGS(term));
        set = attribute_set_add(set, kind->number);
    }
    return set;
}

static int64_t duration_of(struct text text)
{
    int64_t duration_ms = 0;
    assert_true(duration_parse(text, &duration_ms));
    return duration_ms;
}

/* `recipient` must outlive the result. */
static struct purpose_text purpose_of(const struct draft *draft, struct text *recipient)
{
    struct text times = text_of(draft->times);
    *recipient = text_of(draft->passed_on);
    struct purpose_text purpose = {
        .name = text_of(draft->name),         .sentence = text_of(draft->sentence),
        .example = text_of(draft->example),   .benefit = text_of(draft->benefit),
        .if_no = text_of(draft->if_no),       .language = text_of(draft->language),
        .term = text_of(draft->term),         .legal_basis = text_of(draft->legal_basis),
        .needed = kinds_of(draft->needed),    .optional = kinds_of(draft->optional),
        .passed_on = recipient,               .passed_on_count = recipient->size > 0,
    };
    purpose.longest_ms = duration_of(next_word(&times));
    purpose.shortest_useful_ms = duration_of(next_word(&times));
    purpose.retention_ms = duration_of(next_word(&times));
    return purpose;
}

static const struct draft *first_good(const char *language)
{
    for (size_t i = 0; i < COUNT_OF(GOOD); i++)
        if (text_is(text_of(language), GOOD[i].language))
            return &GOOD[i];
    fail_msg("no good purpose in %s", language);
    return NULL;
}

static void spoil(struct purpose_text *purpose, struct text *recipient, const char *member, const char *text)
{
    const struct {
        const char  *name;
        struct text *slot;
    } TEXTS[] = {{"name", &purpose->name},         {"sentence", &purpose->sentence}, {"example", &purpose->example},
                 {"benefit", &purpose->benefit},   {"if_no", &purpose->if_no},       {"language", &purpose->language},
                 {"term", &purpose->term},         {"legal_basis", &purpose->legal_basis}, {"passed_on", recipient}};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        if (text_is(text_of(member), TEXTS[i].name)) {
            *TEXTS[i].slot = text_of(text);
            return;
        }
    }
    if (text_is(text_of(member), "needed"))
        purpose->needed = kinds_of(text);
    else if (text_is(text_of(member), "optional"))
        purpose->optional = kinds_of(text);
    else if (text_is(text_of(member), "longest"))
        purpose->longest_ms = duration_of(text_of(text));
    else if (text_is(text_of(member), "shortest_useful"))
        purpose->shortest_useful_ms = duration_of(text_of(text));
    else if (text_is(text_of(member), "retention"))
        purpose->retention_ms = duration_of(text_of(text));
    else
        fail_msg("no member %s", member);
}

static bool is_expected(const char *expected, const struct finding *finding)
{
    char line[200];
    (void)snprintf(line, sizeof line, "%s %s", finding->pointer, finding->reason);
    size_t size = strlen(line);
    for (const char *at = strstr(expected, line); at != NULL; at = strstr(at + 1, line))
        if (at[size] == '\0' || at[size] == ',')
            return true;
    return false;
}

static size_t count_parts(const char *expected)
{
    size_t count = 1;
    for (; *expected != '\0'; expected++)
        count += *expected == ',';
    return count;
}

/* Distinct "pointer reason" pairs. */
static size_t count_pairs(const struct findings *findings)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || (text_is(text_of(findings->items[i].pointer), findings->items[j].pointer) &&
                            text_is(text_of(findings->items[i].reason), findings->items[j].reason));
        count += !seen;
    }
    return count;
}

static void honest_purposes_have_no_finding(void **state)
{
    (void)state;
    assert_true(COUNT_OF(GOOD) >= 25);
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
        struct text recipient;
        struct purpose_text purpose = purpose_of(&GOOD[i], &recipient);
        struct findings findings;
        assert_int_equal(wording_check(&cx, &purpose, &findings), OK);
        for (size_t at = 0; at < findings.count; at++)
            print_error("%s (%s): %s %s: %.*s\n", GOOD[i].name, GOOD[i].language, findings.items[at].pointer,
                        findings.items[at].reason, TEXT_ARGS(findings.items[at].message));
        wrong += findings.count;
        arena_close(cx.arena);
    }
    assert_int_equal(wrong, 0);
}

static void each_bad_purpose_has_exactly_its_findings(void **state)
{
    (void)state;
    assert_true(COUNT_OF(BAD) >= 40);
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
        struct text recipient;
        struct purpose_text purpose = purpose_of(first_good(BAD[i].language), &recipient);
        struct findings findings;
        spoil(&purpose, &recipient, BAD[i].member, BAD[i].text);
        assert_int_equal(wording_check(&cx, &purpose, &findings), OK);
        bool right = count_pairs(&findings) == count_parts(BAD[i].expected);
        for (size_t at = 0; at < findings.count; at++)
            right = right && is_expected(BAD[i].expected, &findings.items[at]);
        if (!right)
            print_error("%s %s \"%s\": expected %s\n", BAD[i].language, BAD[i].member, BAD[i].text, BAD[i].expected);
        for (size_t at = 0; at < findings.count && !right; at++)
            print_error("    %s %s: %.*s\n", findings.items[at].pointer, findings.items[at].reason,
                        TEXT_ARGS(findings.items[at].message));
        wrong += !right;
        arena_close(cx.arena);
    }
    assert_int_equal(wrong, 0);
}

static bool has_reason(const struct findings *findings, const char *reason)
{
    for (size_t i = 0; i < findings->count; i++)
        if (text_is(text_of(findings->items[i].reason), reason))
            return true;
    return false;
}

static void everything_wrong_is_said_at_once(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipients[21];
    struct findings findings;
    for (size_t i = 0; i < COUNT_OF(recipients); i++)
        recipients[i] = TEXT("our partners");
    struct purpose_text purpose = {
        .name = TEXT("ACT NOW!!"),
        .sentence = TEXT("Improve our services and more. Visit www.shop.example for <b>deals</b>."),
        .example = TEXT("This is required by law, etc."),
        .if_no = TEXT("Sadly your account will be closed."),
        .language = TEXT("en"),
        .term = TEXT("dpv:DirectMarketing"),
        .legal_basis = TEXT("consent"),
        .needed = attribute_set_add(attribute_set_of(ATTRIBUTE_RELIGION), ATTRIBUTE_PASSPORT),
        .passed_on = recipients,
        .passed_on_count = COUNT_OF(recipients),
        .retention_ms = -1,
    };
    static const char *const EXPECTED[] = {
        "wording.pressure",      "wording.shouting",      "wording.vague",         "wording.several_sentences",
        "wording.link",          "wording.markup",        "wording.legal_claim",   "wording.missing",
        "wording.shaming",       "wording.no_free_choice", "purpose.over_asking",  "purpose.longest",
        "purpose.shortest_useful", "purpose.retention",   "purpose.too_many_recipients", "wording.unnamed_partners"};
    assert_int_equal(wording_check(&cx, &purpose, &findings), OK);
    for (size_t i = 0; i < COUNT_OF(EXPECTED); i++)
        if (!has_reason(&findings, EXPECTED[i]))
            fail_msg("%s is not among the findings", EXPECTED[i]);
    for (size_t i = 0; i < findings.count; i++)
        assert_true(findings.items[i].message.size > 0 && findings.items[i].pointer[0] == '/');
    arena_close(cx.arena);
}

/* ---- facts against the legal basis */

static struct findings check_order(struct ctx *cx, struct purpose_text *purpose)
{
    struct findings findings = {0};
    assert_int_equal(wording_check(cx, purpose, &findings), OK);
    return findings;
}

static void a_fact_must_fit_its_legal_basis(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.trains_ai = purpose.scored = purpose.leaves_eea = true;
    assert_int_equal(check_order(&cx, &purpose).count, 0);
    purpose.legal_basis = TEXT("contract");
    struct findings findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].reason, "purpose.ai_needs_consent");
    purpose.legal_basis = TEXT("because"); /* what it lacks is a basis; consent may well be the one */
    findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].reason, "purpose.legal_basis_unknown");
    purpose.legal_basis = TEXT("contract");
    purpose.trains_ai = false;
    purpose.optional = attribute_set_of(ATTRIBUTE_ACCESSIBILITY_NEEDS);
    findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].reason, "purpose.special_category_basis");
    purpose.legal_basis = TEXT("consent");
    assert_int_equal(check_order(&cx, &purpose).count, 0);
    arena_close(cx.arena);
}

static void partners_may_be_spoken_of_when_they_are_named(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.example = TEXT("One of our partners rings you.");
    assert_int_equal(check_order(&cx, &purpose).count, 0);
    purpose.passed_on_count = 0;
    struct findings findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 2); /* "our partners" and "partners" */
    assert_string_equal(findings.items[0].reason, "wording.unnamed_partners");
    arena_close(cx.arena);
}

static void a_wrong_language_is_seen_in_spite_of_shared_words(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.example = TEXT("It is at your door when we come."); /* "is" and "we" are Dutch as well */
    assert_int_equal(check_order(&cx, &purpose).count, 0);
    purpose.language = TEXT("nl");
    struct findings findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].reason, "wording.other_language");
    arena_close(cx.arena);
}

static void the_same_finding_stands_once(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.benefit = TEXT("Deliverydeliverydeliverydelivery, deliverydeliverydeliverydelivery, "
                           "deliverydeliverydeliverydelivery.");
    assert_int_equal(check_order(&cx, &purpose).count, 2); /* one with a capital, one without */
    arena_close(cx.arena);
}

static void nothing_asked_is_a_finding(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.needed = purpose.optional = ATTRIBUTE_SET_EMPTY;
    struct findings findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].reason, "purpose.nothing_asked");
    arena_close(cx.arena);
}

/* ---- what a purpose can need */

static void expectations_follow_the_family(void **state)
{
    (void)state;
    struct attribute_set delivery = over_asking_expected(DPV_DeliveryOfGoods);
    assert_true(attribute_set_has(delivery, ATTRIBUTE_PHYSICAL_ADDRESS));
    assert_true(attribute_set_has(delivery, ATTRIBUTE_NAME));
    assert_false(attribute_set_has(delivery, ATTRIBUTE_PASSPORT)); /* its broader term has it; own rows replace those */
    assert_true(attribute_set_has(over_asking_expected(DPV_RequestedServiceProvision), ATTRIBUTE_PASSPORT));
    assert_true(attribute_set_has(over_asking_expected(DPV_DirectMarketing), ATTRIBUTE_INTEREST)); /* from Marketing */
    assert_false(attribute_set_has(over_asking_expected(DPV_Purpose), ATTRIBUTE_PHYSICAL_ADDRESS));
    assert_true(attribute_set_has(over_asking_expected(DPV_PersonnelPayment), ATTRIBUTE_RELIGION));
    assert_false(attribute_set_has(over_asking_expected(DPV_PersonnelHiring), ATTRIBUTE_RELIGION));
    for (int i = 1; i < DPV_PURPOSE_COUNT; i++) {
        assert_true(attribute_set_has(over_asking_expected((dpv_purpose)i), ATTRIBUTE_EMAIL_ADDRESS));
        if (dpv_purpose_is_within((dpv_purpose)i, DPV_Marketing))
            assert_false(attribute_set_has(over_asking_expected((dpv_purpose)i), ATTRIBUTE_BLOOD_TYPE));
    }
}

static void times_follow_the_family_and_the_basis(void **state)
{
    (void)state;
    assert_int_equal(over_asking_longest_ms(DPV_DeliveryOfGoods), LIMIT_GRANT_MS);
    assert_int_equal(over_asking_longest_ms(DPV_IdentityVerification), 92 * TIME_DAY_MS);
    assert_int_equal(over_asking_longest_ms(DPV_RecruitmentManagement), 183 * TIME_DAY_MS);
    assert_int_equal(over_asking_longest_ms(DPV_NONE), LIMIT_GRANT_MS);
    assert_true(over_asking_retention_ms(LEGAL_BASIS_CONSENT) < over_asking_retention_ms(LEGAL_BASIS_CONTRACT));
    assert_true(over_asking_retention_ms(LEGAL_BASIS_CONTRACT) <
                over_asking_retention_ms(LEGAL_BASIS_LEGAL_OBLIGATION));
}

static void an_allowed_phrase_takes_its_words_out(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.if_no = TEXT("From now on you collect it. Until now we came.");
    assert_int_equal(check_order(&cx, &purpose).count, 0);
    purpose.if_no = TEXT("From now on you collect it now.");
    assert_int_equal(check_order(&cx, &purpose).count, 1);
    arena_close(cx.arena);
}

/* ---- bounds */

static void the_list_of_findings_is_bounded(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct builder slot = builder_open(cx.arena, LIMIT_SENTENCE_BYTES);
    for (char c = 'a'; c < 'a' + 23; c++)
        build_format(&slot, "%cdefghijklmnopqrstuvwxyzab ", c);
    struct text text = builder_text(&slot), recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.name = purpose.sentence = purpose.example = purpose.benefit = purpose.if_no = text;
    assert_int_equal(check_order(&cx, &purpose).count, FINDINGS_MAX);
    arena_close(cx.arena);
}

static void a_cut_message_stays_well_formed(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("de"), &recipient);
    for (int shift = 0; shift < 3; shift++) {
        struct builder slot = builder_open(cx.arena, LIMIT_SENTENCE_BYTES);
        for (int i = 0; i < shift; i++)
            build_literal(&slot, "a");
        for (int i = 0; i < 290; i++)
            build_literal(&slot, "\xC3\xBC");
        purpose.name = builder_text(&slot);
        struct findings findings = check_order(&cx, &purpose);
        assert_true(has_reason(&findings, "wording.long_word"));
        for (size_t i = 0; i < findings.count; i++)
            assert_true(text_is_utf8(findings.items[i].message));
    }
    arena_close(cx.arena);
}

static void too_little_memory_is_a_failure_not_a_clean_bill(void **state)
{
    (void)state;
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    for (size_t bytes = 64; bytes <= 4096; bytes *= 2) {
        struct ctx cx = {.arena = arena_open(bytes)};
        struct findings findings = {.count = 7};
        assert_int_equal(wording_check(&cx, &purpose, &findings), TOO_LARGE);
        assert_string_equal(cx.failure.reason, "limit.memory");
        assert_int_equal(findings.count, 7);
        arena_close(cx.arena);
    }
}

/* Its other faults are not looked for: nobody reads that far. */
static void a_slot_beyond_all_bounds_is_told_by_its_size_alone(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
    struct builder slot = builder_open(cx.arena, 2 * LIMIT_SENTENCE_BYTES);
    while (slot.size <= LIMIT_SENTENCE_BYTES)
        build_literal(&slot, "ACT NOW!! ");
    struct text recipient;
    struct purpose_text purpose = purpose_of(first_good("en"), &recipient);
    purpose.example = builder_text(&slot);
    struct findings findings = check_order(&cx, &purpose);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].pointer, "/example");
    assert_string_equal(findings.items[0].reason, "wording.too_long");
    assert_int_equal(wording_lix(cx.arena, purpose.example, TEXT("en")), 0);
    purpose.example.size = LIMIT_SENTENCE_BYTES;
    assert_true(check_order(&cx, &purpose).count > 1);
    assert_true(wording_lix(cx.arena, purpose.example, TEXT("en")) > 0);
    struct arena *small = arena_open(64);
    assert_int_equal(wording_lix(small, purpose.example, TEXT("en")), 0);
    arena_close(small);
    arena_close(cx.arena);
}

/* Pieces that the checks look for, glued at random, with stray octets: the answer must come, and be bounded. */
static void any_octets_get_an_answer(void **state)
{
    (void)state;
    static const char *const PIECES[] = {"now ",
                                         "etc",
                                         ". ",
                                         "!",
                                         "<",
                                         "&a;",
                                         "@b",
                                         ".com",
                                         "A",
                                         "\xC3\x9C",
                                         "\xE2\x80\x99",
                                         "\xF0\x9F\x8E\x81",
                                         "\xFF",
                                         "\xC3",
                                         "\xE2\x80",
                                         "unless you ",
                                         "Dr. ",
                                         "word ",
                                         "*",
                                         "\n"};
    struct seeded seeded = {.state = 20261122};
    struct randomness randomness = randomness_seeded(&seeded);
    for (int round = 0; round < 2000; round++) {
        struct ctx cx = {.arena = arena_open(ARENA_BYTES)};
        struct builder slot = builder_open(cx.arena, LIMIT_SENTENCE_BYTES + 50);
        struct text recipient;
        uint8_t bytes[41];
        random_fill(&randomness, bytes, sizeof bytes);
        for (size_t i = 0; i < 1 + bytes[40] % 40u; i++)
            build_literal(&slot, PIECES[bytes[i] % COUNT_OF(PIECES)]);
        struct purpose_text purpose = purpose_of(&GOOD[(size_t)round % COUNT_OF(GOOD)], &recipient);
        purpose.sentence = purpose.name = recipient = builder_text(&slot);
        purpose.passed_on_count = 1;
        struct findings findings;
        assert_int_equal(wording_check(&cx, &purpose, &findings), OK);
        assert_in_range(findings.count, 0, FINDINGS_MAX);
        arena_close(cx.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_purposes_have_no_finding),
        cmocka_unit_test(each_bad_purpose_has_exactly_its_findings),
        cmocka_unit_test(everything_wrong_is_said_at_once),
        cmocka_unit_test(a_fact_must_fit_its_legal_basis),
        cmocka_unit_test(partners_may_be_spoken_of_when_they_are_named),
        cmocka_unit_test(a_wrong_language_is_seen_in_spite_of_shared_words),
        cmocka_unit_test(the_same_finding_stands_once),
        cmocka_unit_test(nothing_asked_is_a_finding),
        cmocka_unit_test(expectations_follow_the_family),
        cmocka_unit_test(times_follow_the_family_and_the_basis),
        cmocka_unit_test(an_allowed_phrase_takes_its_words_out),
        cmocka_unit_test(the_list_of_findings_is_bounded),
        cmocka_unit_test(a_cut_message_stays_well_formed),
        cmocka_unit_test(too_little_memory_is_a_failure_not_a_clean_bill),
        cmocka_unit_test(a_slot_beyond_all_bounds_is_told_by_its_size_alone),
        cmocka_unit_test(any_octets_get_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
