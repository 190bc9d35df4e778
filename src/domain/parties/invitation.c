/* SPDX-License-Identifier: Apache-2.0
 * Claim codes: made by an organisation, claimed once by a person. A claim by somebody who is here already moves what
 * was kept for the invited, unclaimed person: records are sealed anew, facts written again. The files of a node commit
 * one after the other, so nothing is taken away here: what is left behind goes later (domain/people/leftover.h). */
#include "domain/parties/invitation.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/token.h"
#include "domain/entrance/session.h"
#include "domain/parties/record.h"
#include "domain/people/person.h"
#include "domain/people/predecessor.h"
#include "domain/policy.h"
#include "domain/sharing/relationship_store.h"
#include "domain/sharing/request_store.h"
#include "store/queries.h"

static err add(struct ctx *cx, const struct claim_code *code, const struct sql_invitation_insert_in *what)
{
    struct sql_invitation_insert_in row = *what;
    row.code_hash = (struct bytes){code->hash, sizeof code->hash};
    row.created_at_ms = cx->now_ms;
    return sql_invitation_insert(cx, &row, NULL);
}

err invitation_add(struct ctx *cx, const struct relationship *relationship, int64_t department_id,
                   struct text *out_code)
{
    struct claim_code code;
    TRY(claim_code_make(cx, &code));
    struct sql_invitation_insert_in row = {
        .invitation_id = ctx_number(cx),
        .organisation_id = relationship->organisation_id,
        .department_id = department_id,
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .claims_left = 1,
        .expires_at_ms = cx->now_ms + LIMIT_INVITATION_MS,
    };
    TRY(add(cx, &code, &row));
    *out_code = code.text;
    return OK;
}

err invitation_renew(struct ctx *cx, const struct relationship *relationship, int64_t department_id,
                     struct text *out_code)
{
    struct sql_invitation_void_in in = {relationship->person_id};
    TRY(sql_invitation_void(cx, &in, NULL));
    return invitation_add(cx, relationship, department_id, out_code);
}

static err check_make(struct ctx *cx, const struct invitation_make *make)
{
    if (make->claims < 1 || make->claims > LIMIT_INVITATIONS)
        return FAIL_AT(cx, INVALID, "invitation.claims", "/claims", "between 1 and %d claims", LIMIT_INVITATIONS);
    if (make->lifetime_ms < 0 || make->lifetime_ms > LIMIT_INVITATION_MS)
        return FAIL_AT(cx, INVALID, "invitation.lifetime", "/lifetime", "an invitation lives at most 90 days");
    return OK;
}

err invitation_make(struct ctx *cx, void *arg)
{
    struct invitation_make *make = arg;
    struct claim_code code;
    TRY(policy_require_own(cx, POLICY_INVITATION_MAKE));
    TRY(check_make(cx, make));
    make->out_expires_at_ms = cx->now_ms + (make->lifetime_ms != 0 ? make->lifetime_ms : LIMIT_INVITATION_MS);
    make->out_invitation_id = ctx_number(cx);
    make->out_has_relationship = make->claims == 1;
    make->out_relationship = (struct relationship){0};
    if (make->out_has_relationship) {
        int64_t person_id = 0;
        TRY(person_make(cx, PERSON_UNCLAIMED, &person_id));
        TRY(relationship_invite(cx, person_id, cx->actor.organisation_id, &make->out_relationship));
    }
    TRY(claim_code_make(cx, &code));
    struct sql_invitation_insert_in row = {
        .invitation_id = make->out_invitation_id,
        .organisation_id = cx->actor.organisation_id,
        .department_id = cx->actor.department_id,
        .person_id = make->out_relationship.person_id,
        .relationship_id = make->out_relationship.relationship_id,
        .claims_left = make->claims,
        .expires_at_ms = make->out_expires_at_ms,
    };
    TRY(add(cx, &code, &row));
    make->out_code = code.text;
    return OK;
}

/* ---- claiming */

static err fail_unknown(struct ctx *cx)
{
    return FAIL_AT(cx, NOT_FOUND, "invitation.unknown", "/invitation", "this code is unknown, used or too old");
}

/* Whoever stands behind a code for one waits still: nobody is claimed twice, by whatever code. */
static err check_waiting(struct ctx *cx, int64_t person_id)
{
    struct person person;
    if (person_id == 0)
        return OK;
    TRY(person_load(cx, person_id, &person));
    return person.state == PERSON_UNCLAIMED ? OK : fail_unknown(cx);
}

static err find(struct ctx *cx, struct text typed, struct claim_code *code, struct sql_invitation_load_row *out)
{
    bool found = false;
    if (!claim_code_parse(typed, code))
        return fail_unknown(cx);
    struct sql_invitation_load_in in = {{code->hash, sizeof code->hash}};
    TRY(sql_invitation_load(cx, &in, out, &found));
    return found ? OK : fail_unknown(cx);
}

err invitation_look(struct ctx *cx, struct text typed, uint64_t *out_number)
{
    struct claim_code code;
    struct sql_invitation_load_row row;
    TRY(find(cx, typed, &code, &row));
    memcpy(out_number, code.hash, sizeof *out_number);
    return OK;
}

/* Takes one claim from the code. */
static err redeem(struct ctx *cx, struct text typed, struct sql_invitation_load_row *out)
{
    struct claim_code code;
    TRY(find(cx, typed, &code, out));
    struct bytes hash = {code.hash, sizeof code.hash};
    if (out->claims_left < 1 || cx->now_ms >= out->expires_at_ms)
        return fail_unknown(cx);
    TRY(check_waiting(cx, out->person_id));
    struct sql_invitation_use_in use = {hash};
    int64_t changed = 0;
    TRY(sql_invitation_use(cx, &use, &changed));
    return changed == 1 ? OK : fail_unknown(cx);
}

/* The facts of the unclaimed person are written again under the one who claimed; the chain is rebuilt link by link. */
static err copy_acts(struct ctx *cx, int64_t from_person_id, int64_t to_person_id, int64_t *last_act_id)
{
    struct act *acts = NULL;
    size_t count = 0;
    TRY(act_list(cx, from_person_id, *last_act_id, &acts, &count));
    int64_t previous_id = 0;
    for (size_t i = 0; i < count; i++) {
        acts[i].person_id = to_person_id;
        acts[i].previous_id = previous_id;
        TRY(act_copy(cx, &acts[i]));
        previous_id = acts[i].act_id;
    }
    *last_act_id = previous_id;
    return OK;
}

/* request_take_fn */
static err move_request(struct ctx *apart, struct request *request, const void *arg)
{
    int64_t from_person_id = request->person_id;
    int64_t to_person_id = *(const int64_t *)arg;
    TRY(request_delete(apart, from_person_id, request->request_id));
    TRY(copy_acts(apart, from_person_id, to_person_id, &request->last_act_id));
    request->person_id = to_person_id;
    return request_save(apart, request);
}

static err copy_records(struct ctx *cx, const struct relationship *from, int64_t to_person_id)
{
    PERSON_KEY from_key;
    PERSON_KEY to_key;
    TRY(person_key_open(cx, from->person_id, &from_key));
    TRY(person_key_open(cx, to_person_id, &to_key));
    struct record_move move = {from, &from_key, to_person_id, &to_key};
    return record_copy_all(cx, &move);
}

/* What was kept for the invited person becomes the claimer's. The ids that the organisation knows stay as they are. */
static err take_over(struct ctx *cx, struct relationship *relationship, int64_t to_person_id)
{
    struct relationship from = *relationship;
    TRY(copy_records(cx, &from, to_person_id));
    TRY(request_each(cx, from.person_id, move_request, &to_person_id));
    TRY(predecessor_add(cx, to_person_id, from.person_id));
    struct sql_relationship_delete_in gone = {from.person_id, from.relationship_id};
    TRY(sql_relationship_delete(cx, &gone, NULL));
    TRY(copy_acts(cx, from.person_id, to_person_id, &relationship->last_act_id));
    relationship->person_id = to_person_id;
    TRY(relationship_save(cx, relationship));
    struct sql_contact_key_move_in keys = {from.organisation_id, from.person_id, to_person_id};
    TRY(sql_contact_key_move(cx, &keys, NULL));
    struct sql_person_update_in merged = {from.person_id, PERSON_MERGED, to_person_id};
    TRY(sql_person_update(cx, &merged, NULL));
    struct sql_leftover_insert_in leftover = {from.person_id, from.relationship_id};
    return sql_leftover_insert(cx, &leftover, NULL);
}

/* The invited relationship behind a code for one, or a new one for a code for many. */
static err find_invited(struct ctx *cx, const struct sql_invitation_load_row *invitation, int64_t person_id,
                        struct relationship *out)
{
    if (invitation->person_id == 0)
        return relationship_invite(cx, person_id, invitation->organisation_id, out);
    TRY(relationship_load(cx, invitation->person_id, invitation->relationship_id, out));
    return invitation->person_id == person_id ? OK : take_over(cx, out, person_id);
}

/* Whoever has proposed and is invited too takes up the invitation: what was kept for the invited lies there, under the
 * id that the organisation knows. The proposal has been met, and ends. */
static err make_way(struct ctx *cx, struct relationship *other)
{
    int64_t no_receipt_id = 0;
    if (other->state != RELATIONSHIP_PROPOSED)
        return FAIL(cx, CONFLICT, "relationship.exists", "there is a relationship with this organisation already");
    return relationship_end_now(cx, other, false, &no_receipt_id);
}

err invitation_claim(struct ctx *cx, void *arg)
{
    struct invitation_claim *claim = arg;
    struct sql_invitation_load_row invitation;
    struct relationship other;
    bool exists = false;
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SHAPE));
    TRY(redeem(cx, claim->code, &invitation));
    TRY(relationship_find(cx, cx->actor.person_id, invitation.organisation_id, &other, &exists));
    if (exists && other.relationship_id != invitation.relationship_id)
        TRY(make_way(cx, &other));
    TRY(find_invited(cx, &invitation, cx->actor.person_id, &claim->out));
    return relationship_begin(cx, &claim->out, &claim->start);
}

err invitation_claim_new(struct ctx *cx, void *arg)
{
    struct invitation_claim_new *claim = arg;
    struct sql_invitation_load_row invitation;
    TRY(redeem(cx, claim->code, &invitation));
    int64_t person_id = invitation.person_id;
    if (person_id == 0)
        TRY(person_make(cx, PERSON_ACTIVE, &person_id));
    struct sql_person_update_in active = {person_id, PERSON_ACTIVE, 0};
    TRY(sql_person_update(cx, &active, NULL));
    cx->actor = (struct actor){.kind = ACTOR_PERSON, .person_id = person_id}; /* the code proves it */
    TRY(find_invited(cx, &invitation, person_id, &claim->out));
    TRY(relationship_begin(cx, &claim->out, &claim->start));
    const struct session_start session = {person_id, SESSION_BY_INVITATION, claim->browser};
    return session_begin(cx, &session, &claim->out_session_token);
}
