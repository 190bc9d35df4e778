/* SPDX-License-Identifier: Apache-2.0
 * Rows of relationships, their ids at the edge, and the person's signing key of each. */
#include "domain/sharing/relationship_store.h"

#include "crypto/id_seal.h"
#include "crypto/jose.h"
#include "crypto/seal.h"
#include "domain/people/person.h"
#include "domain/policy.h"

static struct relationship relationship_of_row(const struct sql_relationship_row *row)
{
    return (struct relationship){
        .person_id = row->person_id,
        .relationship_id = row->relationship_id,
        .organisation_id = row->organisation_id,
        .state = (relationship_state)row->state,
        .nature = (relationship_nature)row->nature,
        .edge_person_id = row->edge_person_id,
        .started_at_ms = row->started_at_ms,
        .ends_at_ms = row->ends_at_ms,
        .review_at_ms = row->review_at_ms,
        .last_act_id = row->last_act_id,
        .objection = {(objection_state)row->objection, row->objection_act_id},
    };
}

struct id relationship_id(const struct relationship *relationship)
{
    return (struct id){ID_RELATIONSHIP, relationship->edge_person_id, relationship->relationship_id};
}

struct id relationship_item_id(const struct relationship *relationship, id_type type, int64_t item)
{
    return (struct id){type, relationship->edge_person_id, item};
}

void relationship_load_ahead(struct ctx *cx, int64_t person_id, int64_t relationship_id)
{
    struct sql_relationship_load_in in = {person_id, relationship_id};
    sql_relationship_load_ahead(cx, &in);
}

err relationship_load(struct ctx *cx, int64_t person_id, int64_t relationship_id, struct relationship *out)
{
    struct sql_relationship_load_in in = {person_id, relationship_id};
    struct sql_relationship_row row;
    bool found = false;
    TRY(sql_relationship_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out = relationship_of_row(&row);
    return OK;
}

void relationship_load_of_grant_ahead(struct ctx *cx, int64_t person_id, int64_t grant_id)
{
    struct sql_relationship_of_grant_in in = {person_id, grant_id};
    sql_relationship_of_grant_ahead(cx, &in);
}

err relationship_load_of_grant(struct ctx *cx, int64_t person_id, int64_t grant_id, int64_t relationship_id,
                               struct relationship *out)
{
    struct sql_relationship_of_grant_in in = {person_id, grant_id};
    struct sql_relationship_row row;
    bool found = false;
    TRY(sql_relationship_of_grant(cx, &in, &row, &found));
    if (!found || row.relationship_id != relationship_id)
        return relationship_load(cx, person_id, relationship_id, out);
    *out = relationship_of_row(&row);
    return OK;
}

/* The person of an id may have been claimed by another: then the row lies with that one. */
static err load_resolved(struct ctx *cx, int64_t person_id, int64_t relationship_id, struct relationship *out)
{
    err result = relationship_load(cx, person_id, relationship_id, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    TRY(person_resolve(cx, person_id, &person_id));
    return relationship_load(cx, person_id, relationship_id, out);
}

err relationship_open(struct ctx *cx, struct text id, struct relationship *out)
{
    struct id parts;
    TRY(id_open(cx, id, ID_RELATIONSHIP, &parts));
    return relationship_open_id(cx, &parts, out);
}

err relationship_open_id(struct ctx *cx, const struct id *id, struct relationship *out)
{
    struct relationship relationship;
    TRY(load_resolved(cx, id->owner, id->item, &relationship));
    struct policy_object object = {.person_id = relationship.person_id,
                                   .organisation_id = relationship.organisation_id};
    TRY(policy_require(cx, cx->actor.kind == ACTOR_PERSON ? POLICY_RELATIONSHIP_READ : POLICY_RELATIONSHIP_SEE,
                       &object));
    *out = relationship;
    return OK;
}

err relationship_open_item(struct ctx *cx, struct text id, id_type type, int64_t *out_person_id, int64_t *out_item)
{
    struct id parts;
    int64_t person_id = 0;
    TRY(id_open(cx, id, type, &parts));
    TRY(person_resolve(cx, parts.owner, &person_id));
    *out_person_id = person_id;
    *out_item = parts.item;
    return OK;
}

static err take_rows(struct ctx *cx, const struct sql_relationship_row *rows, size_t count,
                     struct relationship_list *list)
{
    struct relationship *relationships = ARENA_ARRAY(cx->arena, struct relationship, count);
    if (relationships == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        relationships[i] = relationship_of_row(&rows[i]);
    list->out = relationships;
    list->out_count = count;
    return OK;
}

err relationship_list_of_person(struct ctx *cx, struct relationship_list *list)
{
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_READ));
    return relationship_list_any(cx, cx->actor.person_id, list);
}

err relationship_list_any(struct ctx *cx, int64_t person_id, struct relationship_list *list)
{
    struct sql_relationship_list_of_person_in in = {person_id, list->after, list->limit};
    struct sql_relationship_row *rows = NULL;
    size_t count = 0;
    TRY(sql_relationship_list_of_person(cx, &in, &rows, &count));
    return take_rows(cx, rows, count, list);
}

err relationship_list_unasked(struct ctx *cx, struct relationship_list *list)
{
    struct sql_relationship_list_unasked_in in = {cx->actor.person_id, cx->now_ms, list->after, list->limit};
    struct sql_relationship_row *rows = NULL;
    size_t count = 0;
    TRY(sql_relationship_list_unasked(cx, &in, &rows, &count));
    return take_rows(cx, rows, count, list);
}

err relationship_list_of_organisation(struct ctx *cx, struct relationship_list *list)
{
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SEE));
    struct sql_relationship_list_of_organisation_in in = {cx->actor.organisation_id, list->after, list->limit};
    struct sql_relationship_row *rows = NULL;
    size_t count = 0;
    TRY(sql_relationship_list_of_organisation(cx, &in, &rows, &count));
    return take_rows(cx, rows, count, list);
}

struct sql_relationship_save_in relationship_row(const struct relationship *relationship)
{
    return (struct sql_relationship_save_in){
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .organisation_id = relationship->organisation_id,
        .state = relationship->state,
        .nature = relationship->nature,
        .edge_person_id = relationship->edge_person_id,
        .started_at_ms = relationship->started_at_ms,
        .ends_at_ms = relationship->ends_at_ms,
        .review_at_ms = relationship->review_at_ms,
        .last_act_id = relationship->last_act_id,
        .objection = relationship->objection.state,
        .objection_act_id = relationship->objection.act_id,
    };
}

err relationship_save(struct ctx *cx, const struct relationship *relationship)
{
    struct sql_relationship_save_in row = relationship_row(relationship);
    return sql_relationship_save(cx, &row, NULL);
}

static struct seal_place key_place_of(const struct relationship *relationship)
{
    return (struct seal_place){
        .person_id = relationship->person_id, .kind = SEAL_RELATIONSHIP_KEY, .item = relationship->relationship_id};
}

err relationship_make_key(struct ctx *cx, const struct relationship *relationship)
{
    PERSON_KEY key;
    TRY(person_key_open(cx, relationship->person_id, &key));
    struct sql_relationship_key_insert_in row = {
        relationship->person_id, relationship->relationship_id, {NULL, 0}, TEXT_NONE};
    struct signing_key made = {.kind = SIGNING_KEY_OF_RELATIONSHIP, .owner = relationship->relationship_id};
    TRY(keyring_signing_key_make(cx, &made));
    row.public_jwk = made.public_jwk;
    struct seal_place place = key_place_of(relationship);
    TRY(seal(cx, &key, &place, made.sealed, &row.sealed));
    return sql_relationship_key_insert(cx, &row, NULL);
}

static err load_key(struct ctx *cx, const struct relationship *relationship, struct sql_relationship_key_load_row *out)
{
    struct sql_relationship_key_load_in in = {relationship->person_id, relationship->relationship_id};
    bool found = false;
    TRY(sql_relationship_key_load(cx, &in, out, &found));
    return found ? OK : FAIL(cx, CORRUPT, "relationship.no_key", "the relationship has no signing key");
}

err relationship_public_key(struct ctx *cx, const struct relationship *relationship, struct text *out_jwk)
{
    struct sql_relationship_key_load_row row;
    TRY(load_key(cx, relationship, &row));
    *out_jwk = row.public_jwk;
    return OK;
}

struct signing_key relationship_signing_key_of(int64_t relationship_id, struct bytes opened, struct text public_jwk)
{
    signing_kind kind = opened.size == JOSE_PRIVATE_JWK_BYTES ? SIGNING_KEY_BARE : SIGNING_KEY_OF_RELATIONSHIP;
    return (struct signing_key){kind, relationship_id, opened, public_jwk};
}

err relationship_signing_key(struct ctx *cx, const struct relationship *relationship, struct signing_key *out)
{
    struct sql_relationship_key_load_row row;
    TRY(load_key(cx, relationship, &row));
    PERSON_KEY key;
    TRY(person_key_open(cx, relationship->person_id, &key));
    struct seal_place place = key_place_of(relationship);
    struct bytes plain;
    TRY(seal_open(cx, &key, &place, row.sealed, &plain));
    *out = relationship_signing_key_of(relationship->relationship_id, plain, row.public_jwk);
    return OK;
}
