/* SPDX-License-Identifier: Apache-2.0
 * Contacts become fields and keys. What the file says is kept as it says it; judging values is the person's later. */
#include "app/import_fields.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/limits_import.h"
#include "base/text.h"
#include "crypto/hash.h"

#define FIELDS_MAX (LIMIT_IMPORT_FIELDS + 32)

static void fill_traits(const struct contact *contact, struct import_contact *out)
{
    struct contact_name name = {contact->given_name, contact->family_name, contact->nickname, out->name,
                                contact->organisation};
    out->traits = contact_traits_of(&name);
    out->traits.birthdate = contact->birthdate;
}

/* ---- fields */

static void member(struct json_writer *json, const char *key, struct text value)
{
    if (value.size > 0)
        json_member_text(json, key, value);
}

static err add_json(struct ctx *cx, struct import_contact *out, const char *field, const struct json_writer *json)
{
    if (out->fields_count == FIELDS_MAX)
        return OK; /* the reader bounds what one contact holds below this */
    struct import_field *place = &out->fields[out->fields_count];
    place->field = text_of(field);
    TRY(json_writer_finish(cx, json, &place->value));
    out->fields_count++;
    return OK;
}

static err add_text(struct ctx *cx, struct import_contact *out, const char *field, struct text value)
{
    if (value.size == 0)
        return OK;
    struct json_writer json = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    json_write_text(&json, value);
    return add_json(cx, out, field, &json);
}

static err add_values(struct ctx *cx, struct import_contact *out, const char *field,
                      const struct contact_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        struct json_writer json = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
        json_open_object(&json);
        member(&json, "type", values->at[i].type);
        member(&json, "value", values->at[i].value);
        json_close_object(&json);
        TRY(add_json(cx, out, field, &json));
    }
    return OK;
}

static err add_name(struct ctx *cx, struct import_contact *out, const struct contact *contact)
{
    struct json_writer json = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    if (!contact_is_named(contact))
        return OK; /* called by an address or a number in the report; that is no name */
    json_open_object(&json);
    member(&json, "name", out->name);
    member(&json, "prefix", contact->prefix);
    member(&json, "given_name", contact->given_name);
    member(&json, "middle_name", contact->middle_name);
    member(&json, "family_name", contact->family_name);
    member(&json, "suffix", contact->suffix);
    member(&json, "nickname", contact->nickname);
    json_close_object(&json);
    return add_json(cx, out, "pd:Name", &json);
}

static err add_addresses(struct ctx *cx, struct import_contact *out, const struct contact_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        const struct contact_address *address = &addresses->at[i];
        struct json_writer json = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
        json_open_object(&json);
        member(&json, "type", address->type);
        member(&json, "street_address", address->street_address);
        member(&json, "locality", address->locality);
        member(&json, "region", address->region);
        member(&json, "postal_code", address->postal_code);
        member(&json, "country", address->country);
        json_close_object(&json);
        TRY(add_json(cx, out, "pd:PhysicalAddress", &json));
    }
    return OK;
}

/* ---- keys */

static void add_key(struct import_contact *out, struct text key)
{
    out->match_keys[out->match_keys_count++] = key;
}

/* A row that is equal in everything, also in what is not read, is the same row. */
static err add_row_key(struct ctx *cx, const struct contact *contact, struct import_contact *out)
{
    uint8_t hash[HASH_BYTES];
    struct builder row = builder_open(cx->arena, SIZE_MAX);
    if (contact->row_key.size == 0)
        return OK;
    build_text(&row, contact->row_key);
    for (size_t i = 0; i < contact->external_ids.count; i++)
        build_format(&row, " %.*s:%.*s", TEXT_ARGS(contact->external_ids.at[i].type),
                     TEXT_ARGS(contact->external_ids.at[i].value));
    for (size_t i = 0; i < out->fields_count; i++)
        build_format(&row, "\n%.*s %.*s", TEXT_ARGS(out->fields[i].field), TEXT_ARGS(out->fields[i].value));
    if (row.overflowed)
        return FAIL_MEMORY(cx);
    blake2b_256(builder_bytes(&row), hash);
    struct text key = hex_encode(cx->arena, (struct bytes){hash, sizeof hash});
    add_key(out, text_format(cx->arena, "row:%.*s", TEXT_ARGS(key)));
    out->own_keys_count++;
    return OK;
}

/* "+41…", "0041…" and "41…" are one number here: beside a full name that is safe. */
static struct text bare_number(struct text phone)
{
    size_t prefix = text_starts_with(phone, "+") ? 1 : text_starts_with(phone, "00") ? 2 : 0;
    return (struct text){phone.at + prefix, phone.size - prefix};
}

/* The full name with each telephone number, and with a whole birth date. */
static void add_named_keys(struct arena *arena, const struct contact *contact, struct import_contact *out)
{
    struct text name = contact_full_name_key(arena, &out->traits, NAME_KEY_INITIALS);
    struct text spelled = contact_full_name_key(arena, &out->traits, NAME_KEY_SPELLED);
    out->named_keys_from = out->match_keys_count;
    for (size_t i = 0; i < contact->phones.count && name.size > 0; i++) {
        struct text phone = bare_number(contact_phone_key(arena, contact->phones.at[i].value));
        if (phone.size > 0)
            add_key(out, text_format(arena, "phone+name:%.*s|%.*s", TEXT_ARGS(phone), TEXT_ARGS(name)));
    }
    if (spelled.size > 0 && contact->birthdate.size == strlen("YYYY-MM-DD"))
        add_key(out, text_format(arena, "birthdate+name:%.*s|%.*s", TEXT_ARGS(contact->birthdate),
                                 TEXT_ARGS(spelled)));
    out->named_keys_count = out->match_keys_count - out->named_keys_from;
}

/* For a row without a certain key: the strongest other one with its count, so that two people of one file stay two. */
static err add_counted_key(struct ctx *cx, struct seen_table *counts, struct text strongest,
                           struct import_contact *out)
{
    int64_t seen = seen_find(counts, strongest) + 1;
    TRY(seen_put(cx, counts, strongest, seen));
    add_key(out, text_format(cx->arena, "%.*s#%lld", TEXT_ARGS(strongest), (long long)seen));
    return OK;
}

/* First what is of one person alone: numbers of other programs, the very row. Then what a household may share. */
static err fill_keys(struct ctx *cx, struct seen_table *counts, const struct contact *contact,
                     struct import_contact *out)
{
    struct contact_keys keys;
    size_t certain = 0;
    TRY(contact_identity(cx, contact, &keys));
    out->match_keys = ARENA_ARRAY(cx->arena, struct text, keys.count + contact->phones.count + 3);
    if (out->match_keys == NULL)
        return FAIL_MEMORY(cx);
    for (; out->own_keys_count < keys.count && keys.at[out->own_keys_count].kind == CONTACT_KEY_ID; certain++)
        add_key(out, keys.at[out->own_keys_count++].text);
    TRY(add_row_key(cx, contact, out));
    for (; certain < keys.count && contact_key_is_certain(keys.at[certain].kind); certain++)
        add_key(out, keys.at[certain].text);
    add_named_keys(cx->arena, contact, out);
    if (certain == 0 && keys.count > 0)
        TRY(add_counted_key(cx, counts, keys.at[0].text, out));
    return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : OK;
}

err import_contact_fill(struct ctx *cx, struct seen_table *counts, const struct contact *contact,
                        struct import_contact *out)
{
    *out = (struct import_contact){.line = contact->line, .name = contact_display_name(cx->arena, contact)};
    out->fields = ARENA_ARRAY(cx->arena, struct import_field, FIELDS_MAX);
    if (out->fields == NULL || out->name.at == NULL)
        return FAIL_MEMORY(cx);
    const struct {
        const char *field;
        struct text value;
    } SINGLES[] = {
        {"organisation", contact->organisation},
        {"department", contact->department},
        {"unit", contact->unit},
        {"title", contact->title},
        {"role", contact->role},
        {"pd:BirthDate", contact->birthdate},
        {"pd:Gender", contact->gender},
        {"pd:Language", contact->language},
        {"note", contact->note},
    };
    fill_traits(contact, out);
    TRY(add_name(cx, out, contact));
    TRY(add_values(cx, out, "pd:EmailAddress", &contact->emails));
    TRY(add_values(cx, out, "pd:TelephoneNumber", &contact->phones));
    TRY(add_addresses(cx, out, &contact->addresses));
    for (size_t i = 0; i < sizeof SINGLES / sizeof *SINGLES; i++)
        TRY(add_text(cx, out, SINGLES[i].field, SINGLES[i].value));
    TRY(add_values(cx, out, "url", &contact->urls));
    TRY(add_values(cx, out, "category", &contact->categories));
    return fill_keys(cx, counts, contact, out);
}
