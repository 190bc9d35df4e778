/* SPDX-License-Identifier: Apache-2.0
 * The common contact: its fields by word, its lists, its name, and the merging of two rows of one person. */
#include "protocol/contact.h"

#include <stddef.h>
#include <string.h>

#include "protocol/contact_identity.h"

#define LIST_ROOM_FIRST 4u

static const char *const FIELD_WORDS[CONTACT_FIELD_COUNT] = {
    [CONTACT_IGNORED] = "ignore",
#define SINGLE(name, member) [CONTACT_##name] = #member,
#define LIST(name, word, member) [CONTACT_##name] = (word),
#define PART(name, word) [CONTACT_##name] = (word),
#include "protocol/contact_fields.def"
};

/* Offsets plus one, so that 0 means: not of this kind. */
static const size_t SINGLES[CONTACT_FIELD_COUNT] = {
#define SINGLE(name, member) [CONTACT_##name] = offsetof(struct contact, member) + 1,
#include "protocol/contact_fields.def"
};

static const size_t LISTS[CONTACT_FIELD_COUNT] = {
#define LIST(name, word, member) [CONTACT_##name] = offsetof(struct contact, member) + 1,
#include "protocol/contact_fields.def"
};

static const struct {
    const char *word;
    const char *sentence;
} REASONS[CONTACT_REASON_COUNT] = {
    [CONTACT_FINE] = {"", ""},
#define X(name, word, sentence) [CONTACT_##name] = {word, sentence},
#include "protocol/contact_reasons.def"
#undef X
};

const char *contact_field_word(contact_field field)
{
    return FIELD_WORDS[field];
}

contact_field contact_field_of_word(struct text word)
{
    contact_field field = CONTACT_IGNORED;
    while (field < CONTACT_FIELD_COUNT && !text_is(word, FIELD_WORDS[field]))
        field++;
    return field;
}

const char *contact_reason_word(contact_reason reason)
{
    return REASONS[reason].word;
}

const char *contact_reason_sentence(contact_reason reason)
{
    return REASONS[reason].sentence;
}

struct text *contact_single(struct contact *contact, contact_field field)
{
    return SINGLES[field] == 0 ? NULL : (struct text *)(void *)((char *)contact + SINGLES[field] - 1);
}

struct contact_values *contact_list(struct contact *contact, contact_field field)
{
    return LISTS[field] == 0 ? NULL : (struct contact_values *)(void *)((char *)contact + LISTS[field] - 1);
}

/* The array with room for one more: a list is full exactly when its count is a power of two from LIST_ROOM_FIRST on. */
static void *with_room(struct arena *arena, void *at, size_t count, size_t size)
{
    bool full = count == 0 || (count >= LIST_ROOM_FIRST && (count & (count - 1)) == 0);
    if (!full)
        return at;
    void *grown = arena_take(arena, count == 0 ? LIST_ROOM_FIRST : count * 2, size);
    if (grown != NULL && count > 0)
        memcpy(grown, at, count * size);
    return grown;
}

bool contact_values_add(struct arena *arena, struct contact_values *values, struct contact_value value)
{
    struct contact_value *at = with_room(arena, values->at, values->count, sizeof *at);
    if (at == NULL)
        return false;
    at[values->count] = value;
    *values = (struct contact_values){at, values->count + 1};
    return true;
}

bool contact_addresses_add(struct arena *arena, struct contact_addresses *addresses, struct contact_address address)
{
    struct contact_address *at = with_room(arena, addresses->at, addresses->count, sizeof *at);
    if (at == NULL)
        return false;
    at[addresses->count] = address;
    *addresses = (struct contact_addresses){at, addresses->count + 1};
    return true;
}

bool contact_notices_add(struct arena *arena, struct contact_notices *notices, struct contact_notice notice)
{
    struct contact_notice *at = with_room(arena, notices->at, notices->count, sizeof *at);
    if (at == NULL)
        return false;
    at[notices->count] = notice;
    *notices = (struct contact_notices){at, notices->count + 1};
    return true;
}

static struct text composed_name(struct arena *arena, const struct contact *contact)
{
    const struct text parts[] = {contact->prefix, contact->given_name, contact->middle_name, contact->family_name,
                                 contact->suffix};
    struct builder name = builder_open(arena, SIZE_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].size > 0 && name.size > 0)
            build_byte(&name, ' ');
        build_text(&name, parts[i]);
    }
    return name.overflowed ? (struct text){NULL, 0} : builder_text(&name);
}

bool contact_is_named(const struct contact *contact)
{
    return contact->full_name.size > 0 || contact->given_name.size > 0 || contact->family_name.size > 0 ||
           contact->nickname.size > 0 || contact->organisation.size > 0;
}

struct text contact_display_name(struct arena *arena, const struct contact *contact)
{
    if (contact->full_name.size > 0)
        return contact->full_name;
    if (contact->given_name.size > 0 || contact->family_name.size > 0)
        return composed_name(arena, contact);
    if (contact->nickname.size > 0)
        return contact->nickname;
    if (contact->organisation.size > 0)
        return contact->organisation;
    if (contact->emails.count > 0)
        return contact->emails.at[0].value;
    return contact->phones.count > 0 ? contact->phones.at[0].value : TEXT_NONE;
}

/* ---- merging */

static void merge_single(struct ctx *cx, struct contact *into, struct contact *from, contact_field field)
{
    struct text *ours = contact_single(into, field);
    const struct text *theirs = contact_single(from, field);
    if (ours == NULL || theirs->size == 0 || text_equals(*ours, *theirs))
        return;
    if (ours->size == 0)
        *ours = *theirs;
    else if (field == CONTACT_NOTE && memmem(ours->at, ours->size, theirs->at, theirs->size) == NULL)
        *ours = text_format(cx->arena, "%.*s\n%.*s", TEXT_ARGS(*ours), TEXT_ARGS(*theirs));
    else if (field != CONTACT_NOTE)
        (void)contact_notices_add(cx->arena, &into->notices, /* exhaustion is seen at the end of the merge */
                                  (struct contact_notice){from->line, contact_field_word(field), CONTACT_DIFFERS});
}

/* What two values of a list are compared by. */
static struct text comparable(struct arena *arena, contact_field field, const struct contact_value *value)
{
    struct text key = TEXT_NONE;
    if (field == CONTACT_EMAIL)
        key = contact_email_key(arena, value->value);
    if (field == CONTACT_PHONE)
        key = contact_phone_key(arena, value->value);
    return key.size > 0 ? key : value->value;
}

static bool list_has(struct arena *arena, const struct contact_values *list, contact_field field,
                     const struct contact_value *value)
{
    struct text wanted = comparable(arena, field, value);
    for (size_t i = 0; i < list->count; i++)
        if (text_equals(comparable(arena, field, &list->at[i]), wanted) &&
            (field != CONTACT_EXTERNAL_ID || text_equals(list->at[i].type, value->type)))
            return true;
    return false;
}

static void merge_list(struct ctx *cx, struct contact *into, struct contact *from, contact_field field)
{
    struct contact_values *ours = contact_list(into, field);
    const struct contact_values *theirs = contact_list(from, field);
    for (size_t i = 0; ours != NULL && i < theirs->count; i++)
        if (!list_has(cx->arena, ours, field, &theirs->at[i]))
            (void)contact_values_add(cx->arena, ours, theirs->at[i]); /* the same */
}

static bool address_equals(const struct contact_address *a, const struct contact_address *b)
{
    return text_equals(a->street_address, b->street_address) && text_equals(a->locality, b->locality) &&
           text_equals(a->region, b->region) && text_equals(a->postal_code, b->postal_code) &&
           text_equals(a->country, b->country);
}

static void merge_addresses(struct ctx *cx, struct contact *into, const struct contact *from)
{
    for (size_t i = 0; i < from->addresses.count; i++) {
        bool known = false;
        for (size_t j = 0; j < into->addresses.count && !known; j++)
            known = address_equals(&into->addresses.at[j], &from->addresses.at[i]);
        if (!known)
            (void)contact_addresses_add(cx->arena, &into->addresses, from->addresses.at[i]); /* the same */
    }
}

err contact_merge(struct ctx *cx, struct contact *into, const struct contact *from)
{
    struct contact theirs = *from;
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++) {
        merge_single(cx, into, &theirs, field);
        merge_list(cx, into, &theirs, field);
    }
    merge_addresses(cx, into, from);
    for (size_t i = 0; i < from->notices.count; i++)
        (void)contact_notices_add(cx->arena, &into->notices, from->notices.at[i]); /* the same */
    return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : OK;
}
