/* SPDX-License-Identifier: Apache-2.0
 * The way of a value into a contact. */
#include "protocol/contact_draft.h"

#include "base/limits.h"
#include "base/limits_import.h"
#include "base/text.h"
#include "domain/words/attribute_syntax.h"

err draft_open(struct ctx *cx, int64_t line, struct contact_draft *out)
{
    struct contact *contact = ARENA_NEW(cx->arena, struct contact);
    if (contact == NULL)
        return FAIL_MEMORY(cx);
    contact->line = line;
    contact->row_key = TEXT_NONE;
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++)
        if (contact_single(contact, field) != NULL)
            *contact_single(contact, field) = TEXT_NONE;
    *out = (struct contact_draft){.cx = cx, .contact = contact, .line = line};
    return OK;
}

void draft_notice(struct contact_draft *draft, const char *about, contact_reason reason)
{
    struct contact_notices *notices = &draft->contact->notices;
    if (notices->count >= LIMIT_IMPORT_FIELDS)
        return; /* as many as a card may have properties: enough to see that something is wrong */
    (void)contact_notices_add(draft->cx->arena, notices, /* exhaustion is seen in draft_close() */
                              (struct contact_notice){draft->line, about, reason});
}

struct text draft_keep(struct contact_draft *draft, struct text text)
{
    draft->kept_bytes += text.size;
    if (draft->kept_bytes > LIMIT_IMPORT_CONTACT_BYTES)
        draft->is_too_large = true;
    if (text.size == 0 || draft->is_too_large)
        return TEXT_NONE;
    struct text copy = text_copy(draft->cx->arena, text);
    return copy.at == NULL ? TEXT_NONE : copy; /* the same */
}

/* Whether a value may come in; says why not. */
static bool passes(struct contact_draft *draft, contact_field field, struct text value)
{
    if (value.size == 0)
        return false;
    bool plain = text_is_plain(value, true);
    if (!plain)
        draft_notice(draft, contact_field_word(field), CONTACT_CONTROL);
    return plain;
}

/* The longer text counts whole: it takes that much of the arena. */
static void put_under(struct contact_draft *draft, struct text *place, struct text value)
{
    draft->kept_bytes += place->size + 1 + value.size;
    if (draft->kept_bytes > LIMIT_IMPORT_CONTACT_BYTES)
        draft->is_too_large = true;
    if (draft->is_too_large)
        return;
    struct text both = text_format(draft->cx->arena, "%.*s\n%.*s", TEXT_ARGS(*place), TEXT_ARGS(value));
    if (both.at != NULL)
        *place = both;
}

void draft_put(struct contact_draft *draft, contact_field field, struct text value)
{
    struct text *place = contact_single(draft->contact, field);
    value = text_trim(value);
    if (!passes(draft, field, value) || text_equals(*place, value))
        return;
    if (place->size == 0)
        *place = draft_keep(draft, value);
    else if (field == CONTACT_NOTE)
        put_under(draft, place, value);
    else
        draft_notice(draft, contact_field_word(field), CONTACT_FURTHER);
}

static bool list_has(const struct contact_values *list, const struct contact_value *value)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equals(list->at[i].value, value->value) && text_equals(list->at[i].type, value->type))
            return true;
    return false;
}

bool draft_add(struct contact_draft *draft, contact_field field, struct contact_value value)
{
    struct contact_values *list = contact_list(draft->contact, field);
    value.value = text_trim(value.value);
    value.type = text_trim(value.type);
    if (!passes(draft, field, value.value))
        return false;
    if (field == CONTACT_EMAIL && !email_is_sane(value.value)) {
        draft_notice(draft, contact_field_word(field), CONTACT_NOT_AN_ADDRESS);
        return false;
    }
    if (!text_is_plain(value.type, false))
        value.type = TEXT_NONE;
    if (field != CONTACT_EXTERNAL_ID)
        value.type = draft_type_word(draft->cx->arena, value.type);
    if (list_has(list, &value))
        return false;
    if (list->count >= LIMIT_IMPORT_FIELDS) {
        draft_notice(draft, contact_field_word(field), CONTACT_TOO_MANY);
        return false;
    }
    value.value = draft_keep(draft, value.value);
    value.type = draft_keep(draft, value.type);
    return contact_values_add(draft->cx->arena, list, value);
}

bool draft_add_address(struct contact_draft *draft, struct contact_address address)
{
    static const contact_field FIELDS[] = {CONTACT_STREET_ADDRESS, CONTACT_LOCALITY, CONTACT_REGION,
                                           CONTACT_POSTAL_CODE, CONTACT_COUNTRY};
    struct text *parts[] = {&address.street_address, &address.locality, &address.region, &address.postal_code,
                            &address.country};
    size_t filled = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i] = text_trim(*parts[i]);
        *parts[i] = passes(draft, FIELDS[i], *parts[i]) ? draft_keep(draft, *parts[i]) : TEXT_NONE;
        filled += parts[i]->size > 0;
    }
    if (filled == 0)
        return false;
    if (draft->contact->addresses.count >= LIMIT_IMPORT_FIELDS) {
        draft_notice(draft, contact_field_word(CONTACT_ADDRESS), CONTACT_TOO_MANY);
        return false;
    }
    address.type = text_trim(address.type);
    if (!text_is_plain(address.type, false))
        address.type = TEXT_NONE;
    address.type = draft_keep(draft, draft_type_word(draft->cx->arena, address.type));
    return contact_addresses_add(draft->cx->arena, &draft->contact->addresses, address);
}

/* ---- type words */

static const struct {
    const char *word;
    const char *ours; /* empty: says nothing */
} TYPE_WORDS[] = {
    {"cell", "mobile"}, {"business", "work"}, {"internet", ""}, {"voice", ""},  {"smtp", ""},  {"ex", ""},
    {"x400", ""},       {"pref", ""},         {"*", ""},        {"postal", ""}, {"parcel", ""}, {"dom", ""},
    {"intl", ""},       {"msg", ""},
};

static struct text our_word(struct text word)
{
    for (size_t i = 0; i < sizeof TYPE_WORDS / sizeof *TYPE_WORDS; i++)
        if (text_equals_ignoring_case(word, TYPE_WORDS[i].word))
            return text_of(TYPE_WORDS[i].ours);
    return word;
}

struct text draft_type_word(struct arena *arena, struct text type)
{
    struct builder words = builder_open(arena, LIMIT_NAME_BYTES);
    for (size_t i = 0; i < type.size; i++) {
        size_t from = i;
        while (i < type.size && type.at[i] != ' ')
            i++;
        struct text word = our_word((struct text){type.at + from, i - from});
        if (word.size > 0 && words.size > 0)
            build_byte(&words, ' ');
        for (size_t j = 0; j < word.size; j++) {
            char c = word.at[j];
            build_byte(&words, (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
        }
    }
    return words.overflowed ? TEXT_NONE : builder_text(&words); /* a longer label is no type */
}

err draft_close(struct contact_draft *draft, struct contact **out, struct contact_problem *problem)
{
    struct contact *contact = draft->contact;
    struct text name = contact_display_name(draft->cx->arena, contact);
    if (arena_is_exhausted(draft->cx->arena))
        return FAIL_MEMORY(draft->cx);
    *out = NULL;
    *problem = (struct contact_problem){contact->line, CONTACT_FINE};
    if (draft->is_too_large)
        problem->reason = CONTACT_TOO_LARGE_ROW;
    else if (name.size == 0)
        problem->reason = CONTACT_NOBODY;
    else
        *out = contact;
    return OK;
}
