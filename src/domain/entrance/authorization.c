/* SPDX-License-Identifier: Apache-2.0
 * Answers and what lives of them. The client's half of each act is the system's own, the other the person's. */
#include "domain/entrance/authorization.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/secret.h"
#include "domain/entrance/authorization_store.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/policy.h"
#include "domain/proof/row_tag.h"
#include "domain/sharing/objection_change.h"
#include "domain/sharing/relationship_store.h"
#include "store/queries.h"

/* ---- rows */

/* Nobody who can change rows and has no key of the node turns it to another grant, relationship or client. */
static err tag_of(struct ctx *cx, const struct sql_authorization_insert_in *row, struct text *out)
{
    struct row_tag tag = {
        .name = text_format(cx->arena, "authorization/%lld/%lld", (long long)row->person_id,
                            (long long)row->authorization_id),
        .columns = text_format(cx->arena, "%lld %lld %lld %lld %lld %lld %.*s", (long long)row->relationship_id,
                               (long long)row->organisation_id, (long long)row->system_id, (long long)row->grant_id,
                               (long long)row->verified_at_ms, (long long)row->created_at_ms, TEXT_ARGS(row->asked)),
        .at_ms = row->created_at_ms,
    };
    if (tag.name.at == NULL || tag.columns.at == NULL)
        return FAIL_MEMORY(cx);
    return row_tag_make(cx, &tag, out);
}

static err load_row(struct ctx *cx, int64_t person_id, int64_t authorization_id,
                    struct sql_authorization_load_row *out, bool *out_found)
{
    struct sql_authorization_load_in in = {person_id, authorization_id};
    struct text due = TEXT_NONE;
    bool found = false;
    TRY(sql_authorization_load(cx, &in, out, &found));
    *out_found = false;
    if (!found)
        return OK;
    const struct sql_authorization_insert_in row = {
        .person_id = person_id,
        .authorization_id = authorization_id,
        .relationship_id = out->relationship_id,
        .organisation_id = out->organisation_id,
        .system_id = out->system_id,
        .grant_id = out->grant_id,
        .asked = out->asked,
        .verified_at_ms = out->verified_at_ms,
        .created_at_ms = out->created_at_ms,
    };
    TRY(tag_of(cx, &row, &due));
    *out_found = due.size == out->tag.size &&
                 secret_equals((const uint8_t *)due.at, (const uint8_t *)out->tag.at, due.size);
    return OK;
}

err authorization_owner_load(struct ctx *cx, int64_t person_id, int64_t authorization_id,
                             struct authorization_owner *out, bool *out_found)
{
    struct sql_authorization_load_row row = {0};
    TRY(load_row(cx, person_id, authorization_id, &row, out_found));
    if (!*out_found)
        return OK;
    out->organisation_id = row.organisation_id;
    out->system_id = row.system_id;
    return authorization_ask_read(cx, row.asked, &out->ask);
}

err authorization_end(struct ctx *cx, int64_t person_id, int64_t authorization_id)
{
    struct sql_authorization_end_in in = {person_id, authorization_id};
    return sql_authorization_end(cx, &in, NULL);
}

/* ---- loading */

static void end_by(struct authorization *authorization, int64_t at_ms)
{
    if (at_ms != 0 && at_ms < authorization->ends_at_ms)
        authorization->ends_at_ms = at_ms;
}

bool authorization_may_read(const struct authorization *authorization)
{
    const struct grant *grant = &authorization->grant;
    return authorization->has_grant && !grant->is_objected &&
           (grant->departments & authorization->system.department_bit) != 0;
}

/* What it rests on. A thing that is not there any more is one that has ended. */
static err load_rest(struct ctx *cx, const struct sql_authorization_load_row *row, struct authorization *out,
                     bool *out_live)
{
    const int64_t at_ms = ctx_latest_ms(cx);
    struct signing_system system;
    TRY(signing_system_load(cx, row->organisation_id, row->system_id, &system, out_live));
    if (!*out_live)
        return OK;
    out->system = system.actor;
    TRY(relationship_load(cx, out->person_id, row->relationship_id, &out->relationship));
    *out_live = relationship_state_at(&out->relationship, at_ms) == RELATIONSHIP_ACTIVE;
    out->has_grant = row->grant_id != 0;
    end_by(out, out->relationship.ends_at_ms);
    if (!*out_live || !out->has_grant)
        return OK;
    TRY(grant_load(cx, out->person_id, row->grant_id, &out->grant));
    end_by(out, out->grant.until_at_ms);
    *out_live = grant_state_at(&out->grant, at_ms) == GRANT_ACTIVE;
    return *out_live ? objection_mark(cx, &out->relationship, &out->grant, 1) : OK;
}

err authorization_load(struct ctx *cx, int64_t person_id, int64_t authorization_id, struct authorization *out,
                       bool *out_live)
{
    struct sql_authorization_load_row row = {0};
    TRY(load_row(cx, person_id, authorization_id, &row, out_live));
    if (!*out_live)
        return OK;
    *out = (struct authorization){
        .person_id = person_id,
        .authorization_id = authorization_id,
        .answered_at_ms = row.created_at_ms,
        .verified_at_ms = row.verified_at_ms,
        .used_at_ms = row.used_at_ms,
        .ends_at_ms = row.created_at_ms + LIMIT_REFRESH_TOKEN_MS,
    };
    TRY(authorization_ask_read(cx, row.asked, &out->ask));
    err result = load_rest(cx, &row, out, out_live);
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        *out_live = false;
        return OK;
    }
    return result;
}

err authorization_load_of_grant(struct ctx *cx, int64_t person_id, int64_t grant_id, struct authorization *out)
{
    struct sql_authorization_of_grant_in in = {person_id, grant_id, cx->actor.organisation_id, cx->actor.system_id};
    struct sql_authorization_of_grant_row row = {0};
    bool found = false;
    if (cx->actor.kind == ACTOR_SYSTEM)
        TRY(sql_authorization_of_grant(cx, &in, &row, &found));
    if (found)
        TRY(authorization_load(cx, person_id, row.authorization_id, out, &found));
    return found ? OK : FAIL_NOT_FOUND(cx);
}

/* Whether another program acts by the same grant: what one gives back is not the other's to lose. */
static err is_needed(struct ctx *cx, int64_t person_id, int64_t grant_id, bool *out)
{
    struct sql_authorization_list_of_grant_in in = {person_id, grant_id, LIMIT_AUTHORIZATIONS};
    struct sql_authorization_list_of_grant_row *rows = NULL;
    struct authorization other;
    size_t count = 0;
    TRY(sql_authorization_list_of_grant(cx, &in, &rows, &count));
    *out = false;
    for (size_t i = 0; i < count && !*out; i++)
        TRY(authorization_load(cx, person_id, rows[i].authorization_id, &other, out));
    return OK;
}

err authorization_give_back(struct ctx *cx, int64_t person_id, int64_t grant_id)
{
    const struct actor *system = &cx->actor;
    struct sql_authorization_end_of_grant_in own = {person_id, grant_id, system->organisation_id, system->system_id};
    struct authorization authorization = {.has_grant = false};
    struct grant_report_event back = {.person_id = person_id, .grant_id = grant_id};
    bool needed = false;
    TRY(authorization_load_of_grant(cx, person_id, grant_id, &authorization));
    TRY(sql_authorization_end_of_grant(cx, &own, NULL));
    TRY(is_needed(cx, person_id, grant_id, &needed));
    return needed ? OK : grant_give_back(cx, &back);
}

/* ---- what the person sees, and ends */

err authorization_list(struct ctx *cx, struct authorization_list *list)
{
    struct sql_authorization_list_in in = {cx->actor.person_id, list->before != 0 ? list->before : INT64_MAX,
                                           list->limit + 1};
    struct sql_authorization_list_row *rows = NULL;
    size_t count = 0;
    TRY(policy_require_own(cx, POLICY_GRANT_READ));
    TRY(sql_authorization_list(cx, &in, &rows, &count));
    bool more = count > (size_t)list->limit;
    count -= more ? 1 : 0;
    struct authorization *all = ARENA_ARRAY(cx->arena, struct authorization, count);
    if (all == NULL)
        return FAIL_MEMORY(cx);
    list->out_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool live = false;
        TRY(authorization_load(cx, in.person_id, rows[i].authorization_id, &all[list->out_count], &live));
        list->out_count += live ? 1 : 0;
    }
    list->out = all;
    list->out_next = more ? rows[count - 1].authorization_id : 0;
    return OK;
}

err authorization_end_own(struct ctx *cx, void *arg)
{
    const int64_t person_id = cx->actor.person_id, authorization_id = *(const int64_t *)arg;
    struct authorization_owner owner;
    bool found = false;
    TRY(policy_require_own(cx, POLICY_GRANT_STOP));
    TRY(authorization_owner_load(cx, person_id, authorization_id, &owner, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    struct sql_authorization_crowd_out_in all = {person_id, owner.organisation_id, owner.system_id, 0};
    TRY(sql_authorization_crowd_out(cx, &all, NULL)); /* each sign-in has begun one of its own */
    return alert_add_client_ended(cx, owner.organisation_id, owner.system_id);
}

/* ---- the answer */

/* The organisation's half is its request, the person's the answer. What one has begun already is gone on with. */
static err find_or_begin(struct ctx *cx, const struct actor *system, const struct actor *person,
                         struct relationship *out)
{
    struct relationship_start start = {.nature = NATURE_CUSTOMER};
    bool found = false;
    TRY(relationship_find(cx, person->person_id, system->organisation_id, out, &found));
    relationship_state state = found ? relationship_state_at(out, cx->now_ms) : RELATIONSHIP_ENDED;
    if (state == RELATIONSHIP_PAUSED)
        return FAIL(cx, CONFLICT, "relationship.paused", "the relationship is paused: resume it first");
    if (state == RELATIONSHIP_ACTIVE)
        return OK;
    cx->actor = *system;
    if (state == RELATIONSHIP_PROPOSED) {
        struct relationship_answer answer = {out->person_id, out->relationship_id, true, *out};
        TRY(relationship_answer(cx, &answer));
        *out = answer.out;
    } else if (!found) {
        TRY(relationship_check_new(cx, person->person_id));
        TRY(relationship_invite(cx, person->person_id, system->organisation_id, out));
    }
    cx->actor = *person;
    return state == RELATIONSHIP_PROPOSED ? OK : relationship_begin(cx, out, &start);
}

static err relate(struct ctx *cx, const struct actor *system, const struct actor *person, struct relationship *out)
{
    TRY(find_or_begin(cx, system, person, out));
    return objection_hear(cx, out); /* before what is given in it */
}

/* Whether a live grant gives what is asked for and nothing else, and no longer: what the person is shown. */
static bool is_the_same(const struct ctx *cx, const struct grant *grant, const struct authorization_answer *answer,
                        const struct purpose *purpose)
{
    const struct request_make *make = &answer->make;
    int64_t duration_ms = make->duration_ms != 0 ? make->duration_ms : purpose->longest_ms;
    return attribute_set_equals(make->attributes, grant->attributes) && grant->purpose_version == purpose->version &&
           grant->departments == answer->out_pushed.system.actor.department_bit &&
           uses_equals(&grant->uses, &make->uses) && !uses_is_counted(&make->uses) &&
           grant->until_at_ms - cx->now_ms <= duration_ms;
}

/* Whoever signs in a hundred times has said the same thing once. */
static err find_grant(struct ctx *cx, struct authorization_answer *answer, const struct purpose *purpose)
{
    const struct request_make *make = &answer->make;
    struct grant_question question = {&answer->out_relationship, make->purpose.item};
    struct grant *grants = NULL;
    size_t count = 0;
    if (answer->terms.answer != ANSWER_ACCEPT)
        return OK;
    TRY(grant_list_open(cx, &question, &grants, &count));
    TRY(objection_mark(cx, &answer->out_relationship, grants, count));
    for (size_t i = 0; i < count && !answer->out_has_grant; i++) {
        answer->out_has_grant = grant_state_at(&grants[i], ctx_latest_ms(cx)) == GRANT_ACTIVE &&
                                !grants[i].is_objected && is_the_same(cx, &grants[i], answer, purpose);
        answer->out_grant = grants[i];
    }
    return OK;
}

/* The signal of this request would be recorded before the yes, and outweigh what there is. */
static void expect_signal(const struct ctx *cx, struct relationship *relationship)
{
    if (cx->actor.signals && relationship->objection.state == OBJECTION_NONE)
        relationship->objection = (struct objection){OBJECTION_SIGNALLED, INT64_MAX};
}

err authorization_foresee(struct ctx *cx, struct authorization_answer *answer, bool *out_objected)
{
    struct relationship *relationship = &answer->out_relationship;
    const int64_t at_ms = ctx_latest_ms(cx);
    struct purpose purpose;
    TRY(policy_require_own(cx, POLICY_REQUEST_ANSWER));
    TRY(authorization_ask_purpose(cx, &answer->out_pushed.ask, &answer->make.purpose, &purpose));
    bool goes_on = relationship_state_at(relationship, at_ms) != RELATIONSHIP_ENDED;
    expect_signal(cx, relationship);
    *out_objected = false;
    if (objection_stands(&relationship->objection))
        TRY(objection_is_against_version(cx, &answer->make.purpose, purpose.version, out_objected));
    answer->out_has_grant = false;
    if (goes_on)
        TRY(find_grant(cx, answer, &purpose));
    if (answer->out_has_grant)
        return OK;
    int64_t until_at_ms = at_ms + (answer->make.duration_ms != 0 ? answer->make.duration_ms : purpose.longest_ms);
    bool is_cut = goes_on && relationship->ends_at_ms != 0 && relationship->ends_at_ms < until_at_ms;
    answer->out_grant = (struct grant){.until_at_ms = is_cut ? relationship->ends_at_ms : until_at_ms};
    return OK;
}

/* Nobody is kept from signing in by what was said before: of as many grants as a purpose may have the oldest gives
 * way. */
static err make_way(struct ctx *cx, const struct authorization_answer *answer)
{
    const struct grant_question question = {&answer->out_relationship, answer->make.purpose.item};
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(grant_list_open(cx, &question, &grants, &count));
    struct grant_withdraw oldest = {.grant_id = count > 0 ? grants[0].grant_id : 0};
    return count < LIMIT_GRANTS_OF_PURPOSE ? OK : grant_withdraw(cx, &oldest);
}

static err give(struct ctx *cx, struct authorization_answer *answer, const struct actor *person)
{
    struct purpose purpose;
    if (answer->make.purpose.owner != answer->out_relationship.organisation_id)
        return FAIL_NOT_FOUND(cx);
    TRY(authorization_ask_purpose(cx, &answer->out_pushed.ask, &answer->make.purpose, &purpose));
    TRY(find_grant(cx, answer, &purpose));
    if (answer->out_has_grant)
        return OK;
    TRY(make_way(cx, answer));
    answer->make.person_id = answer->out_relationship.person_id;
    answer->make.relationship_id = answer->out_relationship.relationship_id;
    answer->make.is_answered = true;
    cx->actor = answer->out_pushed.system.actor;
    TRY(request_make(cx, &answer->make));
    cx->actor = *person;
    answer->terms.request_id = answer->make.out.request_id;
    TRY(request_answer(cx, &answer->terms));
    answer->out_grant = answer->terms.out_grant;
    answer->out_has_grant = true;
    return OK;
}

/* A client that wants somebody to sign in each day keeps the newest; the oldest are not worth a refusal, nor is anybody
 * kept from signing in by very many clients. What rests on nothing any more takes no place. */
static err make_room(struct ctx *cx, const struct sql_authorization_insert_in *row)
{
    struct sql_authorization_count_in beside = {row->person_id, row->organisation_id, row->system_id};
    struct sql_authorization_forget_dead_in dead = {row->person_id, cx->now_ms};
    struct sql_authorization_crowd_out_in of_client = {row->person_id, row->organisation_id, row->system_id,
                                                       LIMIT_AUTHORIZATIONS_OF_CLIENT - 1};
    struct sql_authorization_crowd_out_any_in of_all = {row->person_id, LIMIT_AUTHORIZATIONS - 1};
    struct sql_authorization_count_row count = {0};
    bool found = false;
    TRY(sql_authorization_count(cx, &beside, &count, &found));
    if (count.of_client < LIMIT_AUTHORIZATIONS_OF_CLIENT && count.authorizations < LIMIT_AUTHORIZATIONS)
        return OK;
    TRY(sql_authorization_forget_dead(cx, &dead, NULL));
    TRY(sql_authorization_crowd_out(cx, &of_client, NULL));
    return sql_authorization_crowd_out_any(cx, &of_all, NULL);
}

static err keep(struct ctx *cx, struct authorization_answer *answer)
{
    const struct relationship *relationship = &answer->out_relationship;
    struct sql_authorization_insert_in row = {
        .person_id = relationship->person_id,
        .authorization_id = ctx_number(cx),
        .relationship_id = relationship->relationship_id,
        .organisation_id = relationship->organisation_id,
        .system_id = answer->out_pushed.system.actor.system_id,
        .grant_id = answer->out_has_grant ? answer->out_grant.grant_id : 0,
        .verified_at_ms = cx->actor.passkey_at_ms,
        .created_at_ms = cx->now_ms,
    };
    struct authorization_token_draft code = {.kind = AUTHORIZATION_CODE, .person_id = row.person_id,
        .authorization_id = row.authorization_id, .expires_at_ms = cx->now_ms + LIMIT_CODE_MS};
    TRY(authorization_ask_write(cx, &answer->out_pushed.ask, &row.asked));
    TRY(tag_of(cx, &row, &row.tag));
    TRY(make_room(cx, &row));
    TRY(sql_authorization_insert(cx, &row, NULL));
    if (answer->out_pushed.ask.thumbprint.size > 0 &&
        !base64url_decode(cx->arena, answer->out_pushed.ask.thumbprint, &code.thumbprint))
        return FAIL(cx, CORRUPT, "authorization.thumbprint", "a stored request holds no thumbprint");
    return authorization_token_make(cx, &code, &answer->out_code);
}

static err permit(struct ctx *cx, struct authorization_answer *answer, const struct actor *person)
{
    TRY(relate(cx, &answer->out_pushed.system.actor, person, &answer->out_relationship));
    if (answer->wants_data)
        TRY(give(cx, answer, person));
    return keep(cx, answer);
}

err authorization_answer(struct ctx *cx, void *arg)
{
    struct authorization_answer *answer = arg;
    const struct actor person = cx->actor;
    TRY(policy_require_own(cx, POLICY_REQUEST_ANSWER));
    TRY(pushed_request_use(cx, answer->name, &answer->out_pushed));
    answer->out_has_grant = false;
    err result = answer->accepts ? permit(cx, answer, &person) : OK;
    cx->actor = person; /* whoever spoke last */
    return result;
}
