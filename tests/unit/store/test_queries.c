/* SPDX-License-Identifier: Apache-2.0
 * What holds for every query of the product: it fits the schema, it speaks the words that both databases know, and it
 * does not touch what may only grow. */
#include "store/conn.h"
#include "store/postgres_many.h"
#include "unit/store/fixture.h"

/* ---- words of SQL, without what stands in quotes */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Gives the next word, or one other character; empty at the end. A quoted text is one `'`. */
static struct text next_word(const char **at)
{
    while (**at == ' ' || **at == '\n')
        (*at)++;
    const char *start = *at;
    if (*start == '\0')
        return TEXT_NONE;
    if (*start == '\'') {
        const char *end = strchr(start + 1, '\'');
        assert_non_null(end);
        *at = end + 1;
        return (struct text){start, 1};
    }
    do
        (*at)++;
    while (is_word(*start) && is_word(**at));
    return (struct text){start, (size_t)(*at - start)};
}

static bool has_words(const char *sql, const char *first, const char *second)
{
    struct text before = TEXT_NONE;
    for (struct text word = next_word(&sql); word.size > 0; before = word, word = next_word(&sql)) {
        if (second == NULL && text_equals_ignoring_case(word, first))
            return true;
        if (second != NULL && text_equals_ignoring_case(before, first) && text_equals_ignoring_case(word, second))
            return true;
    }
    return false;
}

static void refuse(const struct statement *statement, const char *why, const char *what)
{
    fail_msg("query %s: %s %s", statement->name, why, what);
}

/* ---- the rules */

static const char *const APPEND_ONLY[] = {"act", "receipt", "receipt_signed", "disclosure", "log_leaf", "outbox"};

static const char *broken_append_only(const char *sql)
{
    for (size_t i = 0; i < sizeof APPEND_ONLY / sizeof *APPEND_ONLY; i++) {
        bool upsert = has_words(sql, "into", APPEND_ONLY[i]) && has_words(sql, "do", "update");
        if (upsert || has_words(sql, "update", APPEND_ONLY[i]) ||
            (has_words(sql, "delete", "from") && has_words(sql, "from", APPEND_ONLY[i])))
            return APPEND_ONLY[i];
    }
    return NULL;
}

/* What an erasure takes away (promise 7): each of them one row, and only of the person who is erased. */
static bool forgets(const struct statement *statement)
{
    static const char *const NAMES[] = {"erase_receipt", "erase_receipt_signed", "erase_event", "erase_note"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(statement->name, NAMES[i]) == 0)
            return has_words(statement->sql, "where", NULL) && has_words(statement->sql, "and", "person_id");
    return false;
}

static const char *foreign_word(const char *sql)
{
    static const char *const WORDS[] = {"pragma", "rowid", "glob", "datetime", "strftime", "julianday", "ifnull", "now",
                                        "current_timestamp", "greatest", "octet_length", "json_extract", "random",
                                        "typeof"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (has_words(sql, WORDS[i], NULL))
            return WORDS[i];
    if (has_words(sql, "or", "replace") || has_words(sql, "or", "ignore"))
        return "OR REPLACE or OR IGNORE";
    if (has_words(sql, "x", "'"))
        return "x'…': bind bytes";
    if (has_words(sql, ":", NULL) || has_words(sql, "?", NULL) || has_words(sql, "\"", NULL))
        return "a colon, a question mark or a double quote";
    if (has_words(sql, "limit", NULL) && !has_words(sql, "order", "by"))
        return "LIMIT without ORDER BY";
    return NULL;
}

static void every_query_fits_the_schema(void **state)
{
    struct fixture *fixture = *state; /* opened: store_open has prepared and compared every one */
    assert_non_null(fixture->store);
    assert_true(STATEMENT_COUNT > 10);
    assert_int_equal(store_check(&fixture->cx, fixture->store), OK);
}

/* In a folder there is nothing to ask. */
static void every_query_that_stands_for_many_fits_the_schema(void **state)
{
    struct fixture *fixture = *state;
    struct ctx *cx = &fixture->cx;
    size_t forms[MANY_DELETES + 1] = {0};
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        struct postgres *pg = postgres_of(cx->db->of_file[STATEMENTS[i].file]);
        many_form form = pg == NULL ? MANY_NOT : postgres_many_form(pg, &STATEMENTS[i]);
        forms[form]++;
        if (form == MANY_NOT)
            continue;
        assert_int_equal(postgres_many_prepare(cx, pg, &STATEMENTS[i]), OK);
        assert_int_equal(postgres_sync(cx, pg), OK);
        if (postgres_collect(cx, pg, STATEMENTS[i].name, NULL) != OK)
            refuse(&STATEMENTS[i], "does not fit:", cx->failure.detail);
    }
    bool is_far = postgres_of(cx->db->of_file[STORE_PEOPLE]) != NULL;
    for (many_form form = MANY_ROWS; form <= MANY_DELETES; form++)
        assert_true((forms[form] > 0) == is_far);
}

static void no_query_changes_what_may_only_grow(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        const char *table = broken_append_only(STATEMENTS[i].sql);
        if (table != NULL && !forgets(&STATEMENTS[i]))
            refuse(&STATEMENTS[i], "changes the append-only table", table);
    }
}

static void every_query_speaks_the_words_of_both_databases(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        const char *word = foreign_word(STATEMENTS[i].sql);
        if (word != NULL)
            refuse(&STATEMENTS[i], "uses", word);
    }
}

static void the_rules_notice_when_they_are_broken(void **state)
{
    (void)state;
    assert_non_null(broken_append_only("UPDATE act SET kind = 1"));
    assert_non_null(broken_append_only("delete from receipt where receipt_id = $1"));
    assert_non_null(broken_append_only("INSERT INTO outbox (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = 1"));
    assert_null(broken_append_only("INSERT INTO act (a) VALUES ($1)"));
    assert_null(broken_append_only("UPDATE actor SET a = 'update act'"));
    assert_null(broken_append_only("SELECT a FROM act WHERE a = $1"));
    assert_non_null(foreign_word("SELECT a FROM b LIMIT 1"));
    assert_non_null(foreign_word("INSERT OR REPLACE INTO a VALUES (1)"));
    assert_non_null(foreign_word("SELECT now()"));
    assert_non_null(foreign_word("SELECT a FROM b WHERE c = x'00'"));
    assert_non_null(foreign_word("SELECT :int64: FROM b"));
    assert_null(foreign_word("SELECT a FROM b WHERE c = 'now' ORDER BY a LIMIT $1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_query_fits_the_schema, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_query_that_stands_for_many_fits_the_schema, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(no_query_changes_what_may_only_grow),
        cmocka_unit_test(every_query_speaks_the_words_of_both_databases),
        cmocka_unit_test(the_rules_notice_when_they_are_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
