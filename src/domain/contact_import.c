/* SPDX-License-Identifier: Apache-2.0
 * Contacts become invited relationships. A contact is recognised by keyed hashes of its match keys; what a row says is
 * added to what is kept, never taken away, so the order of rows and a second run do not matter. */
#include "domain/contact_import.h"

#include "base/json.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "crypto/id_seal.h"
#include "crypto/keyring.h"
#include "domain/invitation.h"
#include "domain/organisation.h"
#include "domain/person.h"
#include "domain/policy.h"
#include "domain/record.h"
#include "store/queries.h"

struct key_hash {
    uint8_t at[HASH_BYTES];
};

/* The hash is keyed by the node and bound to the organisation: nobody else can try e-mail addresses against it. */
static err hash_key(struct ctx *cx, int64_t organisation_id, struct text key, struct key_hash *out)
{
    struct secret_key lookup;
    keyring_node_key(cx->keyring, KEYRING_LOOKUP, &lookup);
    struct builder plain = builder_open(cx->arena, key.size + 64);
    build_bytes(&plain, (struct bytes){lookup.at, sizeof lookup.at});
    build_format(&plain, "%lld:", (long long)organisation_id);
    build_text(&plain, key);
    if (!plain.overflowed)
        blake2b_256(builder_bytes(&plain), out->at);
    secret_wipe(&lookup, sizeof lookup);
    secret_wipe(plain.at, plain.at == NULL ? 0 : sizeof lookup.at);
    return plain.overflowed ? FAIL_MEMORY(cx) : OK;
}

static err find_known(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                      struct relationship *out, bool *out_found)
{
    *out_found = false;
    for (size_t i = 0; i < contact->match_keys_count && !*out_found; i++) {
        struct key_hash hash;
        TRY(hash_key(cx, chunk->organisation_id, contact->match_keys[i], &hash));
        struct sql_contact_key_load_in in = {chunk->organisation_id, {hash.at, sizeof hash.at}};
        struct sql_contact_key_load_row row;
        TRY(sql_contact_key_load(cx, &in, &row, out_found));
        if (*out_found)
            TRY(relationship_load(cx, row.person_id, row.relationship_id, out));
    }
    return OK;
}

static err keep_keys(struct ctx *cx, const struct import_contact *contact, const struct relationship *relationship)
{
    for (size_t i = 0; i < contact->match_keys_count; i++) {
        struct key_hash hash;
        TRY(hash_key(cx, relationship->organisation_id, contact->match_keys[i], &hash));
        struct sql_contact_key_insert_in row = {relationship->organisation_id,
                                                {hash.at, sizeof hash.at},
                                                relationship->person_id,
                                                relationship->relationship_id};
        TRY(sql_contact_key_insert(cx, &row, NULL));
    }
    return OK;
}

static err body_of(struct ctx *cx, const struct import_field *field, struct text *out)
{
    struct json_writer json = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    json_open_object(&json);
    json_member_text(&json, "field", field->field);
    json_write_key(&json, "value");
    json_write_raw(&json, field->value);
    json_close_object(&json);
    return json_writer_finish(cx, &json, out);
}

static bool is_kept(const struct record *records, size_t count, int64_t department_id, struct text body)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].department_id == department_id && text_equals(records[i].body, body))
            return true;
    return false;
}

/* Adds the fields that are not there yet, and says how many. */
static err add_fields(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                      const struct relationship *relationship, size_t *out_added)
{
    PERSON_KEY key;
    struct record *records = NULL;
    size_t count = 0;
    size_t added = 0;
    TRY(person_key_open(cx, relationship->person_id, &key));
    TRY(record_list_open(cx, &key, relationship, &records, &count));
    for (size_t i = 0; i < contact->fields_count; i++) {
        struct record record = {
            .person_id = relationship->person_id,
            .relationship_id = relationship->relationship_id,
            .record_id = ctx_number(cx),
            .department_id = chunk->department_id,
            .kind = RECORD_PROFILE,
        };
        TRY(body_of(cx, &contact->fields[i], &record.body));
        if (is_kept(records, count, chunk->department_id, record.body))
            continue;
        added++;
        TRY(record_insert(cx, &key, &record));
    }
    *out_added = added;
    return OK;
}

/* What somebody has claimed and ended, or had erased, is not brought back by a file. */
static err is_open(struct ctx *cx, const struct relationship *relationship, bool *out)
{
    PERSON_KEY key;
    err result = person_key_open(cx, relationship->person_id, &key);
    *out = result == OK && relationship_state_at(relationship, cx->now_ms) != RELATIONSHIP_ENDED;
    if (result == NOT_FOUND)
        failure_clear(&cx->failure);
    return result == NOT_FOUND ? OK : result;
}

static err update_known(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                        const struct relationship *relationship, struct import_result *result)
{
    size_t added = 0;
    bool open = false;
    TRY(is_open(cx, relationship, &open));
    if (open)
        TRY(add_fields(cx, chunk, contact, relationship, &added));
    TRY(keep_keys(cx, contact, relationship));
    result->outcome = added > 0 ? IMPORT_UPDATED : IMPORT_UNCHANGED;
    result->relationship = id_text(cx, relationship_id(relationship));
    return OK;
}

static err create_invited(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                          struct import_result *result)
{
    struct relationship relationship;
    int64_t person_id = 0;
    size_t added = 0;
    result->outcome = IMPORT_CREATED;
    TRY(person_make(cx, PERSON_UNCLAIMED, &person_id));
    TRY(relationship_invite(cx, person_id, chunk->organisation_id, &relationship));
    TRY(keep_keys(cx, contact, &relationship));
    TRY(add_fields(cx, chunk, contact, &relationship, &added));
    result->relationship = id_text(cx, relationship_id(&relationship));
    return invitation_add(cx, &relationship, chunk->department_id, &result->code);
}

/* ---- a dry run: the same decisions, with what rows before would have written looked up in a table */

/* Whose row it is: a relationship that is there, one that a row before would have made (below 0), or 0. The keys of the
 * row are then that one's, as keep_keys() does it. */
static err try_keys(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                    int64_t known_id, int64_t *out_number)
{
    int64_t number = known_id;
    for (size_t i = 0; i < contact->match_keys_count && number == 0; i++)
        number = seen_find(chunk->seen, contact->match_keys[i]);
    *out_number = number;
    if (number == 0)
        number = -1 - (int64_t)chunk->seen->used;
    for (size_t i = 0; i < contact->match_keys_count; i++)
        if (seen_find(chunk->seen, contact->match_keys[i]) == 0)
            TRY(seen_put(cx, chunk->seen, contact->match_keys[i], number));
    return OK;
}

static err try_fields(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                      const struct relationship *known, size_t *out_added)
{
    struct record *records = NULL;
    size_t count = 0;
    size_t added = 0;
    if (known != NULL) {
        PERSON_KEY key;
        TRY(person_key_open(cx, known->person_id, &key));
        TRY(record_list_open(cx, &key, known, &records, &count));
    }
    int64_t number = known != NULL ? known->relationship_id : seen_find(chunk->seen, contact->match_keys[0]);
    for (size_t i = 0; i < contact->fields_count; i++) {
        struct text body;
        TRY(body_of(cx, &contact->fields[i], &body));
        struct text place = text_format(cx->arena, "%lld %.*s", (long long)number, TEXT_ARGS(body));
        if (place.at == NULL)
            return FAIL_MEMORY(cx);
        if (is_kept(records, count, chunk->department_id, body) || seen_find(chunk->seen, place) != 0)
            continue;
        added++;
        TRY(seen_put(cx, chunk->seen, place, 1));
    }
    *out_added = added;
    return OK;
}

static err try_contact(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                       const struct relationship *known, struct import_result *result)
{
    int64_t number = 0;
    size_t added = 0;
    bool open = true;
    if (known != NULL)
        TRY(is_open(cx, known, &open));
    TRY(try_keys(cx, chunk, contact, known == NULL ? 0 : known->relationship_id, &number));
    if (open)
        TRY(try_fields(cx, chunk, contact, known, &added));
    result->outcome = number == 0 ? IMPORT_CREATED : added > 0 ? IMPORT_UPDATED : IMPORT_UNCHANGED;
    if (known != NULL)
        result->relationship = id_text(cx, relationship_id(known));
    return OK;
}

err contact_import(struct ctx *cx, void *arg)
{
    struct import_chunk *chunk = arg;
    struct department department;
    struct seen_table nothing = seen_table_open(cx->arena);
    struct import_chunk with = *chunk;
    with.seen = chunk->seen != NULL ? chunk->seen : &nothing;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(department_load(cx, chunk->organisation_id, chunk->department_id, &department));
    for (size_t i = 0; i < chunk->count; i++) {
        struct relationship relationship;
        bool known = false;
        chunk->out[i] = (struct import_result){.relationship = TEXT_NONE, .code = TEXT_NONE};
        TRY(find_known(cx, chunk, &chunk->contacts[i], &relationship, &known));
        if (chunk->dry_run)
            TRY(try_contact(cx, &with, &chunk->contacts[i], known ? &relationship : NULL, &chunk->out[i]));
        else if (known)
            TRY(update_known(cx, chunk, &chunk->contacts[i], &relationship, &chunk->out[i]));
        else
            TRY(create_invited(cx, chunk, &chunk->contacts[i], &chunk->out[i]));
    }
    return OK;
}
