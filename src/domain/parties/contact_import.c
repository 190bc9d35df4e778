/* SPDX-License-Identifier: Apache-2.0
 * Contacts become invited relationships. What a row says is added to what is kept, never taken away, so a second run
 * changes nothing. */
#include "domain/parties/contact_import.h"

#include "base/json.h"
#include "base/limits.h"
#include "crypto/id_seal.h"
#include "domain/parties/contact_holder.h"
#include "domain/parties/invitation.h"
#include "domain/parties/organisation.h"
#include "domain/people/person.h"
#include "domain/proof/outbox.h"
#include "domain/policy.h"
#include "store/queries.h"

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

static bool is_kept(const struct contact_holder *holder, int64_t department_id, struct text body)
{
    for (size_t i = 0; i < holder->records_count; i++)
        if (holder->records[i].department_id == department_id && text_equals(holder->records[i].body, body))
            return true;
    return false;
}

/* Adds the fields that are not there yet, and says how many. */
static err add_fields(struct ctx *cx, const struct import_chunk *chunk, const struct import_contact *contact,
                      const struct contact_holder *holder, size_t *out_added)
{
    const struct relationship *relationship = &holder->relationship;
    PERSON_KEY key;
    size_t added = 0;
    TRY(person_key_open(cx, relationship->person_id, &key));
    for (size_t i = 0; i < contact->fields_count; i++) {
        struct record record = {
            .person_id = relationship->person_id,
            .relationship_id = relationship->relationship_id,
            .department_id = chunk->department_id,
            .kind = RECORD_PROFILE,
        };
        TRY(body_of(cx, &contact->fields[i], &record.body));
        if (is_kept(holder, chunk->department_id, record.body))
            continue;
        record.record_id = ctx_number(cx);
        added++;
        TRY(record_insert(cx, &key, &record));
    }
    *out_added = added;
    return OK;
}

/* That a department holds more, not what; whoever is invited just now hears of the invitation. */
static err tell_of_records(struct ctx *cx, const struct import_chunk *chunk, const struct relationship *relationship)
{
    struct outbox_event event = {
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .organisation_id = chunk->organisation_id,
        .kind = "record.added",
        .subject_id = chunk->department_id,
    };
    return outbox_add(cx, &event);
}

static err update_known(struct ctx *cx, const struct import_chunk *chunk, const struct contact_search *search,
                        const struct contact_holder *holder, struct import_result *result)
{
    size_t added = 0;
    if (holder->is_open)
        TRY(add_fields(cx, chunk, search->contact, holder, &added));
    TRY(contact_holder_keep(cx, search, &holder->relationship));
    if (added > 0)
        TRY(tell_of_records(cx, chunk, &holder->relationship));
    result->outcome = added > 0 ? IMPORT_UPDATED : IMPORT_UNCHANGED;
    result->relationship = id_text(cx, relationship_id(&holder->relationship));
    bool waits = holder->is_open && holder->relationship.state == RELATIONSHIP_INVITED;
    return chunk->renew && waits
               ? invitation_renew(cx, &holder->relationship, chunk->department_id, &result->code)
               : OK;
}

static err create_invited(struct ctx *cx, const struct import_chunk *chunk, const struct contact_search *search,
                          struct import_result *result)
{
    struct contact_holder holder = {.found = false};
    int64_t person_id = 0;
    size_t added = 0;
    result->outcome = IMPORT_CREATED;
    TRY(person_make(cx, PERSON_UNCLAIMED, &person_id));
    TRY(relationship_invite(cx, person_id, chunk->organisation_id, &holder.relationship));
    TRY(contact_holder_keep(cx, search, &holder.relationship));
    TRY(add_fields(cx, chunk, search->contact, &holder, &added));
    result->relationship = id_text(cx, relationship_id(&holder.relationship));
    return invitation_add(cx, &holder.relationship, chunk->department_id, &result->code);
}

/* ---- a dry run: the same decisions, with what rows before would have written looked up in its memory */

static err try_fields(struct ctx *cx, const struct import_chunk *chunk, const struct contact_search *search,
                      const struct contact_holder *holder, size_t *out_added)
{
    const struct import_contact *contact = search->contact;
    size_t added = 0;
    for (size_t i = 0; i < contact->fields_count; i++) {
        struct text body;
        TRY(body_of(cx, &contact->fields[i], &body));
        struct text place = text_format(cx->arena, "%lld %.*s", (long long)holder->number, TEXT_ARGS(body));
        if (place.at == NULL)
            return FAIL_MEMORY(cx);
        if (is_kept(holder, chunk->department_id, body) || seen_find(&search->memory->fields, place) != 0)
            continue;
        added++;
        TRY(seen_put(cx, &search->memory->fields, place, 1));
    }
    *out_added = added;
    return OK;
}

static err try_contact(struct ctx *cx, const struct import_chunk *chunk, const struct contact_search *search,
                       struct contact_holder *holder, struct import_result *result)
{
    size_t added = 0;
    TRY(contact_holder_remember(cx, search, holder));
    if (holder->is_open || !holder->found)
        TRY(try_fields(cx, chunk, search, holder, &added));
    result->outcome = !holder->found ? IMPORT_CREATED : added > 0 ? IMPORT_UPDATED : IMPORT_UNCHANGED;
    if (holder->relationship.relationship_id != 0)
        result->relationship = id_text(cx, relationship_id(&holder->relationship));
    return OK;
}

static err take_contact(struct ctx *cx, const struct import_chunk *chunk, const struct contact_search *search,
                        struct import_result *result)
{
    struct contact_holder holder;
    *result = (struct import_result){.relationship = TEXT_NONE, .code = TEXT_NONE};
    TRY(contact_holder_find(cx, search, &holder));
    result->is_apart = !holder.found && holder.is_apart;
    if (chunk->dry_run)
        return try_contact(cx, chunk, search, &holder, result);
    return holder.found ? update_known(cx, chunk, search, &holder, result)
                        : create_invited(cx, chunk, search, result);
}

err contact_import(struct ctx *cx, void *arg)
{
    struct import_chunk *chunk = arg;
    struct department department;
    struct import_memory memory = import_memory_open(cx->arena);
    struct contact_search search = {.organisation_id = chunk->organisation_id};
    if (chunk->dry_run)
        search.memory = chunk->memory != NULL ? chunk->memory : &memory;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(department_load(cx, chunk->organisation_id, chunk->department_id, &department));
    for (size_t i = 0; i < chunk->count; i++) {
        search.contact = &chunk->contacts[i];
        TRY(take_contact(cx, chunk, &search, &chunk->out[i]));
    }
    return OK;
}
