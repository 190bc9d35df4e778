/* SPDX-License-Identifier: Apache-2.0
 * Honest purposes pass, dishonest ones are told every reason. The drafts stand in good_purposes.def and
 * bad_purposes.def. */
#include "domain/over_asking.h"
#include "domain/phrase.h"
#include "domain/wording.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "domain/attribute.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_purposes_have_no_finding),
        cmocka_unit_test(each_bad_purpose_has_exactly_its_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
