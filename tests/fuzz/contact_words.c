/* SPDX-License-Identifier: Apache-2.0
 * The small readers of address books, each over any octets: birthdates of cards and cells, names of character sets and
 * what is decoded by them, mappings of columns, type words, names folded and compared. What a reader makes has the one
 * form that others rely on. The first octet chooses the reader. */
#include "base/letters.h"
#include "base/text.h"
#include "domain/parties/contact_name.h"
#include "fuzz/fuzz.h"
#include "protocol/charset.h"
#include "protocol/contact_columns.h"
#include "protocol/contact_date.h"
#include "protocol/contact_draft.h"

#define ARENA_BYTES (1u << 20)

static bool has_form(struct text date, const char *form)
{
    size_t at = 0;
    for (; at < date.size && form[at] != '\0'; at++)
        if (form[at] == '0' ? date.at[at] < '0' || date.at[at] > '9' : date.at[at] != form[at])
            return false;
    return at == date.size && form[at] == '\0';
}

static void check_date(struct arena *arena, contact_reason reason, struct text date)
{
    if (reason != CONTACT_FINE || date.size == 0)
        return;
    struct text again = TEXT_NONE;
    assert(has_form(date, "0000-00-00") || has_form(date, "0000-00") || has_form(date, "--00-00") ||
           has_form(date, "0000"));
    assert(birthdate_of_card(arena, date, TEXT_NONE, &again) == CONTACT_FINE && text_equals(date, again));
    assert(!contact_birthdates_differ(date, again));
}

static void try_dates(struct arena *arena, struct choices *choices, struct text text)
{
    struct text out = TEXT_NONE;
    date_order order = (date_order)choose(choices, DATE_ORDER_MIXED + 1);
    check_date(arena, birthdate_of_card(arena, text, TEXT_NONE, &out), out);
    out = TEXT_NONE;
    check_date(arena, birthdate_of_card(arena, text, TEXT("1604"), &out), out);
    out = TEXT_NONE;
    contact_reason reason = birthdate_of_cell(arena, text, order, &out);
    assert(reason == CONTACT_FINE || reason == CONTACT_UNREADABLE || reason == CONTACT_AMBIGUOUS);
    check_date(arena, reason, out);
    assert(date_order_learn(DATE_ORDER_MIXED, text) == DATE_ORDER_MIXED);
}

static void try_charset(struct arena *arena, struct choices *choices, struct text text)
{
    struct text out = TEXT_NONE;
    struct text name = choose_text(choices, 16);
    struct text rest = {(const char *)choices->at, choices->size};
    const char *charset = charset_find(name);
    if (charset == NULL || !charset_decode(arena, charset, bytes_of_text(rest), &out))
        return;
    assert(text_is_utf8(out) && text.size > 0);
    if (charset_is_utf8(charset))
        assert(text_equals(out, rest));
}

static void try_columns(struct arena *arena, struct text text)
{
    struct ctx cx = {.arena = arena};
    struct contact_map map = {.field = CONTACT_FIELD_COUNT};
    struct contact_source source = {.maps = &map, .map_count = 1};
    struct contact_column column;
    char folded[CONTACT_COLUMN_BYTES_MAX];
    size_t size = 0;
    if (contact_column_fold(text, folded, &size))
        for (size_t i = 0; i < size; i++)
            assert(size <= sizeof folded && !(folded[i] >= 'A' && folded[i] <= 'Z') && folded[i] != ' ');
    if (contact_map_parse(&cx, text, &map) != OK) {
        assert(cx.failure.code == USAGE);
        return;
    }
    assert(map.field < CONTACT_FIELD_COUNT && map.column.size > 0);
    if (contact_column_find(&source, map.column, &column))
        assert(column.field == map.field);
}

static void try_letters(struct arena *arena, struct text text)
{
    if (!text_is_utf8(text))
        return;
    struct text type = draft_type_word(arena, text);
    assert(type.at != NULL && text_is_utf8(type));
    for (letters_style style = LETTERS_PLAIN; style <= LETTERS_SPELLED; style++) {
        struct text once = letters_fold(arena, text, style);
        assert(text_is_utf8(once));
        struct text twice = letters_fold(arena, once, style);
        assert(text_equals(once, twice));
    }
}

static void try_names(struct arena *arena, struct choices *choices)
{
    struct text first = choose_text(choices, 60);
    struct text second = {(const char *)choices->at, choices->size};
    if (!text_is_utf8(first) || !text_is_utf8(second))
        return;
    struct contact_traits a = {first, TEXT_NONE, TEXT_NONE, first};
    struct contact_traits b = {second, TEXT_NONE, TEXT_NONE, second};
    assert(contact_names_liken(arena, &a, &b) == contact_names_liken(arena, &b, &a));
    bool agree = contact_full_names_agree(arena, &a, &b);
    assert(agree == contact_full_names_agree(arena, &b, &a));
    struct text key_a = contact_full_name_key(arena, &a, NAME_KEY_INITIALS);
    struct text key_b = contact_full_name_key(arena, &b, NAME_KEY_INITIALS);
    if (agree)
        assert(text_equals(key_a, key_b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct arena *arena = fuzz_arena(ARENA_BYTES);
    size_t which = choose(&choices, 5);
    struct text text = {(const char *)choices.at, choices.size};
    if (which == 0)
        try_dates(arena, &choices, text);
    else if (which == 1)
        try_charset(arena, &choices, text);
    else if (which == 2)
        try_columns(arena, text);
    else if (which == 3)
        try_letters(arena, text);
    else
        try_names(arena, &choices);
    return 0;
}
