/* SPDX-License-Identifier: Apache-2.0
 * Goal: too little memory is told; it never makes a contact with less in it, nor another key. Method: a card and a row
 * that say all that can be said are read, merged and keyed with every size of the one arena or the other, and what
 * comes out is held against what comes out of plenty. */
#include "base/text.h"
#include "protocol/charset.h"
#include "protocol/contact_table.h"
#include "protocol/vcard.h"
#include "support/read_cards.h"

#define PLENTY_BYTES ((size_t)8 << 20)
#define STEP_BYTES 8u
#define SWEEP_BYTES 6000u

static const char FULL_CARD[] = CARD_2_1(
    "N;CHARSET=ISO-8859-1:L\xF6vell;Ada;M.;Dr.;Jr.\r\nFN;ENCODING=QUOTED-PRINTABLE:Ada L=C3=B6vell\r\n"
    "NICKNAME:Ad\r\nORG:ACME;Sales;a;b\r\nBDAY:1980-03-21\r\nEMAIL:a@x.example\r\nEMAIL;HOME:b@x.example\r\n"
    "EMAIL:c@x.example\r\nEMAIL:d@x.example\r\nEMAIL:e@x.example\r\nTEL;CELL:+41 44 555 01 02\r\nNOTE:one\\;\r\n"
    "NOTE:two\r\nADR;HOME:1;b\\,2;Weg 1;Bern;BE;3000;CH\r\nADR;WORK:;;Weg 2;Bern;BE;3000;CH\r\nGENDER:O;it is\r\n"
    "CATEGORIES:a,b\r\nUID:7\r\nitem1.URL:a.example\r\nitem1.X-ABLABEL:_$!<HomePage>!$_\r\nPHOTO;BASE64:AAAA\r\n");
static const char LABEL_CARD[] = CARD("FN;ENCODING=b:QWRh\r\nLABEL;TYPE=home:Weg 1\\nBern\r\nBDAY:--0321\r\n"
                                      "ADR:;;;;;;\r\nN:a,b;c,,d\r\n");
static const char FULL_TABLE[] =
    "Name,E-mail 1 - Value,E-mail 1 - Type,Phone,Street,City,Address 2 - Formatted,Birthday,Notes,Odd,Kunden-Nr\n"
    "\"Ada \"\"L\"\"\",a@x.example ::: b@x.example,* Home,+41445550102,\"Weg\r1\",B\xE4rn,Weg 2,1980/3/21,x\xF6,y,7\n";

/* All that a contact says, in one text. */
static struct text tell(struct arena *arena, struct contact *contact)
{
    struct builder out = builder_open(arena, SIZE_MAX);
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++) {
        const struct text *single = contact_single(contact, field);
        const struct contact_values *list = contact_list(contact, field);
        if (single != NULL)
            build_format(&out, "%s=%.*s\n", contact_field_word(field), TEXT_ARGS(*single));
        for (size_t i = 0; list != NULL && i < list->count; i++)
            build_format(&out, "%s=%.*s|%.*s|%d\n", contact_field_word(field), TEXT_ARGS(list->at[i].value),
                         TEXT_ARGS(list->at[i].type), list->at[i].preferred);
    }
    for (size_t i = 0; i < contact->addresses.count; i++) {
        const struct contact_address *at = &contact->addresses.at[i];
        build_format(&out, "address=%.*s|%.*s|%.*s|", TEXT_ARGS(at->street_address), TEXT_ARGS(at->locality),
                     TEXT_ARGS(at->region));
        build_format(&out, "%.*s|%.*s|%.*s\n", TEXT_ARGS(at->postal_code), TEXT_ARGS(at->country),
                     TEXT_ARGS(at->type));
    }
    for (size_t i = 0; i < contact->notices.count; i++)
        build_format(&out, "%s: %s\n", contact->notices.at[i].about,
                     contact_reason_word(contact->notices.at[i].reason));
    build_format(&out, "key=%.*s\n", TEXT_ARGS(contact->row_key));
    assert_false(out.overflowed);
    return builder_text(&out);
}

/* How much there is of each arena. */
struct amounts {
    size_t reader_bytes, scratch_bytes, contact_bytes;
};

struct trial {
    const char          *text;
    bool                 is_table;
    struct amounts       amounts;
    struct arena        *told_in;
    struct text          told; /* what the contact said; empty when there was none */
    contact_reason       reason;
    const char          *failure;
};

struct parts {
    struct ctx            opening, each;
    struct arena         *scratch;
    struct contact_source source;
    struct contact_input  input;
    struct contact_table  table;
    struct vcard_reader   cards;
};

static err read_first(struct trial *trial, struct parts *parts, struct contact **out)
{
    struct contact_problem problem = {0, CONTACT_FINE};
    err outcome = contact_input_open(&parts->opening, parts->opening.arena, &parts->source, &parts->input);
    if (outcome == OK && trial->is_table)
        outcome = contact_table_open(&parts->opening, parts->opening.arena, parts->scratch, &parts->input,
                                     &parts->table);
    if (outcome != OK)
        return outcome;
    parts->cards = vcard_reader_open(parts->opening.arena, parts->scratch, &parts->input);
    outcome = trial->is_table ? contact_table_next(&parts->each, &parts->table, out, &problem)
                              : vcard_next(&parts->each, &parts->cards, out, &problem);
    trial->reason = problem.reason;
    return outcome;
}

static void run(struct trial *trial)
{
    struct contact *contact = NULL;
    struct memory_source memory = {bytes_of_text(text_of(trial->text)), 0};
    struct parts parts = {
        .opening = {.arena = arena_open(trial->amounts.reader_bytes)},
        .each = {.arena = arena_open(trial->amounts.contact_bytes)},
        .scratch = arena_open(trial->amounts.scratch_bytes),
        .source = contact_source_of_memory(&memory),
    };
    trial->told = TEXT_NONE;
    trial->reason = CONTACT_FINE;
    trial->failure = NULL;
    if (read_first(trial, &parts, &contact) != OK)
        trial->failure = parts.each.failure.reason == NULL ? parts.opening.failure.reason : parts.each.failure.reason;
    else if (contact != NULL)
        trial->told = tell(trial->told_in, contact);
    for (size_t i = 0; trial->told.size > 0 && i < parts.table.unmapped_count; i++)
        trial->told = text_format(trial->told_in, "%.*sunmapped=%.*s\n", TEXT_ARGS(trial->told),
                                  TEXT_ARGS(parts.table.unmapped[i]));
    arena_close(parts.each.arena);
    arena_close(parts.scratch);
    arena_close(parts.opening.arena);
}

/* What came out with plenty, or that there was too little memory for it; anything else ends the test. */
static bool is_whole(struct trial *trial, struct text wanted)
{
    struct arena *arena = arena_open(PLENTY_BYTES);
    trial->told_in = arena;
    run(trial);
    bool whole = text_equals(trial->told, wanted);
    bool too_little = trial->failure != NULL ? strcmp(trial->failure, "limit.memory") == 0
                                             : trial->reason == CONTACT_TOO_LARGE_ROW;
    if (whole == too_little)
        fail_msg("with %zu, %zu, %zu bytes: %s, %s, %.*s", trial->amounts.reader_bytes, trial->amounts.scratch_bytes,
                 trial->amounts.contact_bytes, trial->failure, contact_reason_word(trial->reason),
                 TEXT_ARGS(trial->told));
    arena_close(arena);
    return whole;
}

/* Finds the least that is enough of one arena, and goes up to it and a little beyond. */
static void run_each(const char *text, bool is_table, struct trial *trial, size_t *varied)
{
    size_t enough = PLENTY_BYTES;
    struct arena *arena = arena_open(PLENTY_BYTES);
    *trial = (struct trial){.text = text, .is_table = is_table, .told_in = arena,
                            .amounts = {PLENTY_BYTES, PLENTY_BYTES, PLENTY_BYTES}};
    run(trial);
    assert_null(trial->failure);
    assert_true(trial->told.size > 0);
    struct text wanted = trial->told;
    for (size_t step = PLENTY_BYTES / 2; step > 0; step /= 2) {
        *varied = enough - step;
        enough -= is_whole(trial, wanted) ? step : 0;
    }
    assert_true(enough > STEP_BYTES);
    for (*varied = enough > SWEEP_BYTES ? enough - SWEEP_BYTES : 1; *varied < enough + 256; *varied += STEP_BYTES)
        assert_int_equal(is_whole(trial, wanted), *varied >= enough);
    arena_close(arena);
}

static void a_contact_is_whole_or_there_is_none(void **state)
{
    struct trial trial;
    (void)state; /* the texts are all it needs */
    run_each(FULL_CARD, false, &trial, &trial.amounts.contact_bytes);
    run_each(LABEL_CARD, false, &trial, &trial.amounts.contact_bytes);
    run_each(FULL_TABLE, true, &trial, &trial.amounts.contact_bytes);
}

static void what_is_needed_for_one_line_is_there_or_missed(void **state)
{
    struct trial trial;
    (void)state; /* the texts are all it needs */
    run_each(FULL_CARD, false, &trial, &trial.amounts.scratch_bytes);
    run_each(LABEL_CARD, false, &trial, &trial.amounts.scratch_bytes);
    run_each(FULL_TABLE, true, &trial, &trial.amounts.scratch_bytes);
}

static void a_reader_opens_whole_or_not_at_all(void **state)
{
    struct trial trial;
    (void)state; /* the texts are all it needs */
    run_each(FULL_CARD, false, &trial, &trial.amounts.reader_bytes);
    run_each(FULL_TABLE, true, &trial, &trial.amounts.reader_bytes);
}

static void the_public_reader_opens_whole_or_not_at_all(void **state)
{
    int opened = 0;
    (void)state; /* needs nothing */
    for (size_t bytes = 1; bytes < 2048; bytes += 8) {
        struct ctx cx = {.arena = arena_open(bytes)};
        struct memory_source memory = {bytes_of_text(text_of(FULL_CARD)), 0};
        struct contact_source source = contact_source_of_memory(&memory);
        struct contact_reader *reader = NULL;
        if (contact_reader_open(&cx, &source, &reader) == OK)
            opened++;
        else
            assert_string_equal(cx.failure.reason, "limit.memory");
        arena_close(cx.arena);
    }
    assert_in_range(opened, 1, 255);
}

/* A copy of the list-bearing parts, so that each merge begins with the same two. */
static void keys_and_merges_are_whole_or_told(void **state)
{
    struct reading ours, theirs;
    (void)state; /* the texts are all it needs */
    struct contact *from = only(&theirs, FULL_CARD);
    struct contact *into = only(&ours, CARD("FN:Ada\r\nEMAIL:a@x.example\r\nTEL:0041445550102\r\nNOTE:three\r\n"
                                            "NICKNAME:Else\r\n"));
    struct contact merged = *into;
    struct contact_keys wanted;
    assert_int_equal(contact_merge(&ours.cx, &merged, from), OK);
    assert_int_equal(contact_identity(&ours.cx, &merged, &wanted), OK);
    struct text told = tell(ours.cx.arena, &merged);
    int whole = 0;
    for (size_t bytes = 1; bytes < 8192; bytes += STEP_BYTES) {
        struct ctx cx = {.arena = arena_open(bytes)};
        struct contact again = *into;
        struct contact_keys keys = {NULL, 0};
        err outcome = contact_merge(&cx, &again, from);
        if (outcome == OK) {
            assert_true(text_equals(tell(ours.cx.arena, &again), told));
            outcome = contact_identity(&cx, &merged, &keys);
        }
        for (size_t i = 0; outcome == OK && i < wanted.count; i++)
            assert_true(keys.count == wanted.count && text_equals(keys.at[i].text, wanted.at[i].text));
        if (outcome != OK)
            assert_string_equal(cx.failure.reason, "limit.memory");
        whole += outcome == OK;
        arena_close(cx.arena);
    }
    assert_in_range(whole, 1, 8192 / STEP_BYTES - 1);
    reading_close(&ours);
    reading_close(&theirs);
}

static void names_are_keys_as_a_whole_or_not(void **state)
{
    static const char *const ROWS[] = {"First Name,Last Name,Birthday\nAnna,Beispiel,1980-03-21\n",
                                       "Name,Street,Postal Code\nAnna  Beispiel,\"Weg\t1\n2\",3000\n",
                                       "Company\nACME\n"};
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct reading reading;
        struct contact_keys wanted;
        int whole = 0;
        reading_of(&reading, ROWS[i]);
        assert_int_equal(contact_identity(&reading.cx, reading.contacts[0], &wanted), OK);
        for (size_t bytes = 1; bytes < 1024; bytes += 4) {
            struct ctx cx = {.arena = arena_open(bytes)};
            struct contact_keys keys = {NULL, 0};
            err outcome = contact_identity(&cx, reading.contacts[0], &keys);
            if (outcome == OK)
                assert_true(keys.count == 1 && text_equals(keys.at[0].text, wanted.at[0].text));
            else
                assert_string_equal(cx.failure.reason, "limit.memory");
            whole += outcome == OK;
            arena_close(cx.arena);
        }
        assert_in_range(whole, 1, 255);
        reading_close(&reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_is_whole_or_there_is_none),
        cmocka_unit_test(what_is_needed_for_one_line_is_there_or_missed),
        cmocka_unit_test(a_reader_opens_whole_or_not_at_all),
        cmocka_unit_test(the_public_reader_opens_whole_or_not_at_all),
        cmocka_unit_test(keys_and_merges_are_whole_or_told),
        cmocka_unit_test(names_are_keys_as_a_whole_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
