/* SPDX-License-Identifier: Apache-2.0
 * Contacts become fields and keys. What the file says is kept as it says it; judging values is the person's later. */
#include "app/import_fields.h"

#include "base/json.h"
#include "base/limits.h"

#define FIELDS_MAX (LIMIT_IMPORT_FIELDS + 32)

/* All certain keys, of which a household may share the addresses; or else the strongest other one with its count, so
 * that two people of one file stay two. */
static err fill_keys(struct ctx *cx, struct seen_table *counts, const struct contact *contact,
                     struct import_contact *out)
{
    struct contact_keys keys;
    TRY(contact_identity(cx, contact, &keys));
    out->match_keys = ARENA_ARRAY(cx->arena, struct text, keys.count + 1);
    if (out->match_keys == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < keys.count; i++) {
        if (contact_key_is_certain(keys.at[i].kind))
            out->match_keys[out->match_keys_count++] = keys.at[i].text;
        out->own_keys_count += keys.at[i].kind == CONTACT_KEY_ID;
    }
    if (out->match_keys_count > 0 || keys.count == 0)
        return OK;
    int64_t seen = seen_find(counts, keys.at[0].text) + 1;
    TRY(seen_put(cx, counts, keys.at[0].text, seen));
    struct text key = text_format(cx->arena, "%.*s#%lld", TEXT_ARGS(keys.at[0].text), (long long)seen);
    if (key.at == NULL)
        return FAIL_MEMORY(cx);
    out->match_keys[out->match_keys_count++] = key;
    out->own_keys_count++;
    return OK;
}

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
    TRY(fill_keys(cx, counts, contact, out));
    TRY(add_name(cx, out, contact));
    TRY(add_values(cx, out, "pd:EmailAddress", &contact->emails));
    TRY(add_values(cx, out, "pd:TelephoneNumber", &contact->phones));
    TRY(add_addresses(cx, out, &contact->addresses));
    for (size_t i = 0; i < sizeof SINGLES / sizeof *SINGLES; i++)
        TRY(add_text(cx, out, SINGLES[i].field, SINGLES[i].value));
    TRY(add_values(cx, out, "url", &contact->urls));
    return add_values(cx, out, "category", &contact->categories);
}
