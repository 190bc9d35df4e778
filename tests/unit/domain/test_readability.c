/* SPDX-License-Identifier: Apache-2.0
 * What the checks of wording stand on: texts as words, the lists of phrases, and the page that names every reason. */
#include "domain/words/readability.h"

#include <stdio.h>

#include "domain/words/phrase.h"
#include "domain/words/wording.h"
#include "support/cmocka.h"

#define ARENA_BYTES (4u << 20)
#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

/* ---- reading */

static const struct {
    const char *text;
    size_t words, sentences, long_words;
    int64_t lix;
} READINGS[] = {
    {"", 0, 0, 0, 0},
    {"...", 0, 0, 0, 0},
    {"Collect at the shop. Nothing else changes.", 7, 2, 3, 350 + 1500},
    {"Dr. Muster lives in St. Gallen.", 6, 1, 0, 600},
    {"It is 3.5 km to the mill. We go!", 10, 2, 0, 500},
    {"On 3. May we \"open.\" Come in", 7, 2, 0, 350},
    {"Wait... we come", 3, 2, 0, 150},
    {"We don\xE2\x80\x99t e-mail", 4, 1, 0, 400},
    {"\xC3\x9C" "bergr\xC3\xB6\xC3\x9F" "en", 1, 1, 1, 100 + 500},
    {"a b c d e f g h i j k l m n o p q r s t elephant", 21, 1, 1, 2100 + 476},
};

static void a_text_is_read_as_words_and_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(READINGS); i++) {
        struct arena *arena = arena_open(ARENA_BYTES);
        struct words words;
        assert_true(words_read(arena, text_of(READINGS[i].text), false, &words));
        if (words.count != READINGS[i].words || words.sentences != READINGS[i].sentences ||
            words.long_words != READINGS[i].long_words || words_lix_hundredths(&words) != READINGS[i].lix)
            fail_msg("\"%s\": %zu words, %zu sentences, %zu long, LIX %lld", READINGS[i].text, words.count,
                     words.sentences, words.long_words, (long long)words_lix_hundredths(&words));
        arena_close(arena);
    }
}

static void words_are_compared_in_lower_case(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct words words;
    assert_true(words_read(arena,
                           TEXT("L\xE2\x80\x99\xC3\x89T\xC3\x89 \xC5\x92UVRE e\xCC\x81t STRA\xE1\xBA\x9E"
                                "E"),
                           true, &words));
    assert_int_equal(words.count, 5);
    assert_true(text_is(words.items[0].plain, "l"));
    assert_true(text_is(words.items[1].plain, "\xC3\xA9t\xC3\xA9"));
    assert_true(text_is(words.items[2].plain, "\xC5\x93uvre"));
    assert_true(text_is(words.items[3].plain, "et"));
    assert_true(text_is(words.items[4].plain, "stra\xC3\x9F" "e"));
    assert_true(words.items[1].capitals && !words.items[3].capitals && !words.items[0].capitals);
    arena_close(arena);
}

static void the_index_can_be_shown_while_somebody_writes(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    assert_int_equal(wording_lix(arena, TEXT("Collect at the shop. Nothing else changes."), TEXT("en")), 19);
    assert_int_equal(wording_lix(arena, TEXT("\xFF\xFE"), TEXT("en")), 0);
    assert_int_equal(wording_lix(arena, TEXT_NONE, TEXT_NONE), 0);
    arena_close(arena);
}

/* ---- the lists */

static const struct {
    text_language language;
    phrase_list   list;
    const char   *phrases;
} ROWS[] = {
#define X(language, list, phrases) {LANGUAGE_##language, PHRASE_##list, phrases},
#include "domain/words/phrase.def"
#undef X
};

/* A phrase that the reader would part or write differently could never be found. */
static void each_phrase_finds_itself(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(ROWS); row++) {
        for (const char *at = ROWS[row].phrases; *at != '\0';) {
            struct arena *arena = arena_open(ARENA_BYTES);
            size_t size = strcspn(at, "|");
            struct text phrase = {at, size};
            struct words words;
            bool apostrophe_parts = language_parts_at_apostrophe(ROWS[row].language);
            assert_true(size > 0 && words_read(arena, phrase, apostrophe_parts, &words));
            bool allowed = ROWS[row].list == PHRASE_ALLOWED;
            if (phrase_count(&words, ROWS[row].language, ROWS[row].list) == 0 || (!allowed && phrase.at[0] == ' '))
                fail_msg("\"%.*s\" does not find itself", TEXT_ARGS(phrase));
            at += size + (at[size] == '|');
            arena_close(arena);
        }
    }
}

/* ---- the page */

static struct text read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = arena_take(arena, 1, 128 * 1024);
    assert_non_null(bytes);
    size_t size = fread(bytes, 1, 128 * 1024, file);
    assert_int_equal(fclose(file), 0);
    return (struct text){bytes, size};
}

/* How often the page has a row for the reason. */
static size_t count_rows(struct text page, struct text reason)
{
    size_t count = 0;
    for (size_t at = 0; at + reason.size + 4 < page.size; at++)
        count += text_starts_with((struct text){page.at + at, page.size - at}, "\n| `") &&
                 text_equals((struct text){page.at + at + 4, reason.size}, reason) &&
                 page.at[at + 4 + reason.size] == '`';
    return count;
}

/* Every literal "wording.…" and "purpose.…" of the two files has one row, and there are no other rows. */
static void the_page_has_a_row_for_each_reason(void **state)
{
    (void)state;
    struct arena *arena = arena_open(ARENA_BYTES);
    struct text page = read_file(arena, SOURCE_DIR "/docs/manual/wording.md");
    static const char *const FILES[] = {SOURCE_DIR "/src/domain/words/wording.c",
                                        SOURCE_DIR "/src/domain/words/over_asking.c"};
    size_t reasons = 0;
    struct builder seen = builder_open(arena, 16 * 1024);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        struct text code = read_file(arena, FILES[i]);
        for (size_t at = 0; at + 10 < code.size; at++) {
            struct text rest = {code.at + at, code.size - at};
            if (!text_starts_with(rest, "\"wording.") && !text_starts_with(rest, "\"purpose."))
                continue;
            struct text reason = {rest.at + 1, strcspn(rest.at + 1, "\"")};
            if (count_rows(page, reason) != 1)
                fail_msg("docs/manual/wording.md has no single row for %.*s", TEXT_ARGS(reason));
            reasons += seen.size == 0 || memmem(seen.at, seen.size, rest.at, reason.size + 2) == NULL;
            build_text(&seen, (struct text){rest.at, reason.size + 2});
        }
    }
    size_t rows = 0;
    for (size_t at = 0; at + 13 < page.size; at++)
        rows += text_starts_with((struct text){page.at + at, page.size - at}, "\n| `wording.") ||
                text_starts_with((struct text){page.at + at, page.size - at}, "\n| `purpose.");
    assert_int_equal(rows, reasons);
    assert_in_range(reasons, 30, 60);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_read_as_words_and_sentences),
        cmocka_unit_test(words_are_compared_in_lower_case),
        cmocka_unit_test(the_index_can_be_shown_while_somebody_writes),
        cmocka_unit_test(each_phrase_finds_itself),
        cmocka_unit_test(the_page_has_a_row_for_each_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
