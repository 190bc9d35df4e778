/* SPDX-License-Identifier: Apache-2.0
 * Members come by invitation, and leave. */
#include "domain/parties/member.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "domain/entrance/session.h"
#include "domain/parties/organisation.h"
#include "domain/people/erasure.h"
#include "domain/people/person.h"
#include "domain/people/vault.h"
#include "domain/policy.h"
#include "domain/proof/deed.h"
#include "domain/proof/row_tag.h"
#include "store/queries.h"

#define INVITED "member.invited"

/* ---- rows */

/* Nobody who can change rows and has no key of the node makes a member of another organisation, or an admin, or gives
 * an invitation a code that he knows. An end needs no tag: key and passkeys are gone. */
static err tag_of(struct ctx *cx, const struct sql_member_row *row, struct text *out)
{
    struct text code = base64url_encode(cx->arena, row->code_hash);
    struct row_tag tag = {
        .name = text_format(cx->arena, "member/%lld", (long long)row->member_id),
        .columns = text_format(cx->arena, "%lld %lld %lld %lld %lld %lld %lld %.*s", (long long)row->organisation_id,
                               (long long)row->department_id, (long long)row->department_bit, (long long)row->role,
                               (long long)row->created_at_ms, (long long)row->expires_at_ms,
                               (long long)row->claimed_at_ms, TEXT_ARGS(code)),
        .at_ms = row->created_at_ms,
    };
    if (code.at == NULL || tag.name.at == NULL || tag.columns.at == NULL)
        return FAIL_MEMORY(cx);
    return row_tag_make(cx, &tag, out);
}

err member_row_fits(struct ctx *cx, const struct sql_member_row *row, bool *out)
{
    struct text due = TEXT_NONE;
    TRY(tag_of(cx, row, &due));
    *out = due.size == row->tag.size &&
           secret_equals((const uint8_t *)due.at, (const uint8_t *)row->tag.at, due.size);
    return OK;
}

/* A membership that lasts, as it was made. */
static err load(struct ctx *cx, int64_t member_id, struct sql_member_row *out, bool *out_found)
{
    struct sql_member_load_in in = {member_id};
    bool fits = false;
    bool found = false;
    TRY(sql_member_load(cx, &in, out, &found));
    if (found && out->ended_at_ms == 0)
        TRY(member_row_fits(cx, out, &fits));
    *out_found = fits;
    return OK;
}

static struct member of_row(const struct sql_member_row *row)
{
    return (struct member){
        .organisation_id = row->organisation_id,
        .member_id = row->member_id,
        .department_id = row->department_id,
        .role = (member_role)row->role,
        .state = row->ended_at_ms != 0     ? MEMBER_ENDED
                 : row->claimed_at_ms != 0 ? MEMBER_ACTIVE
                                           : MEMBER_INVITED,
        .invited_at_ms = row->created_at_ms,
        .expires_at_ms = row->expires_at_ms,
        .joined_at_ms = row->claimed_at_ms,
        .ended_at_ms = row->ended_at_ms,
        .name = TEXT_NONE,
    };
}

/* ---- the name, sealed like that of anybody who signs in */

/* The key of somebody who left meanwhile may be gone. */
static err open_name(struct ctx *cx, struct member *member)
{
    struct vault_place place = {.person_id = member->member_id, .kind = attribute_find(TEXT("pd:Name"))};
    struct vault_item item = {.value = TEXT_NONE};
    const json_t *json = NULL;
    bool found = false;
    PERSON_KEY key;
    err result = member->state == MEMBER_ENDED ? NOT_FOUND : person_key_open(cx, member->member_id, &key);
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    place.key = &key;
    TRY(vault_open_value(cx, &place, &item, &found));
    if (found)
        TRY(json_parse(cx, item.value, &json));
    member->name = json_text(json_object_get(json, "name"));
    return OK;
}

/* ---- coming */

/* The operator sets up on the node itself as many as there are. */
static err check_pace(struct ctx *cx, int64_t organisation_id)
{
    struct deed_lately lately;
    if (cx->actor.kind == ACTOR_OPERATOR)
        return OK;
    TRY(deed_count_lately(cx, organisation_id, TEXT(INVITED), &lately));
    if (lately.count >= LIMIT_MEMBERS_A_DAY)
        return FAIL_OF_A_DAY(cx, lately.first_at_ms, "member.too_many_a_day",
                             "at most %d members are invited within a day", LIMIT_MEMBERS_A_DAY);
    return OK;
}

static err check_invite(struct ctx *cx, const struct member_invite *invite, struct department *out)
{
    struct sql_member_count_in in = {invite->organisation_id};
    struct sql_member_count_row row = {0};
    bool found = false;
    if (text_trim(invite->name).size != invite->name.size || !text_shows(invite->name) ||
        invite->name.size > LIMIT_NAME_BYTES || !text_is_overt(invite->name, false))
        return FAIL_AT(cx, INVALID, "member.name", "/name", "a name is 1 to %d bytes of plain text", LIMIT_NAME_BYTES);
    TRY(department_load(cx, invite->organisation_id, invite->department_id, out));
    TRY(sql_member_count(cx, &in, &row, &found));
    if (row.members >= LIMIT_MEMBERS)
        return FAIL(cx, TOO_LARGE, "member.too_many", "an organisation has at most %d members", LIMIT_MEMBERS);
    return check_pace(cx, invite->organisation_id);
}

static err insert(struct ctx *cx, const struct sql_member_row *row)
{
    struct sql_member_insert_in in = {
        .member_id = row->member_id,
        .organisation_id = row->organisation_id,
        .department_id = row->department_id,
        .department_bit = row->department_bit,
        .role = row->role,
        .created_at_ms = row->created_at_ms,
        .expires_at_ms = row->expires_at_ms,
        .code_hash = row->code_hash,
    };
    TRY(tag_of(cx, row, &in.tag));
    return sql_member_insert(cx, &in, NULL);
}

err member_invite(struct ctx *cx, void *arg)
{
    struct member_invite *invite = arg;
    struct policy_object object = {.organisation_id = invite->organisation_id};
    struct department department;
    struct claim_code code;
    TRY(policy_require(cx, POLICY_MEMBER_MANAGE, &object));
    TRY(check_invite(cx, invite, &department));
    TRY(claim_code_make(cx, &code));
    struct sql_member_row row = {
        .organisation_id = invite->organisation_id,
        .department_id = invite->department_id,
        .department_bit = department.bit,
        .role = invite->role,
        .created_at_ms = cx->now_ms,
        .expires_at_ms = cx->now_ms + LIMIT_MEMBER_CODE_MS,
        .code_hash = {code.hash, HASH_BYTES},
    };
    TRY(person_make(cx, PERSON_MEMBER, &row.member_id));
    TRY(person_put_name(cx, row.member_id, invite->name));
    TRY(insert(cx, &row));
    invite->out = of_row(&row);
    invite->out.name = invite->name;
    invite->out_code = code.text;
    return deed_add(cx, row.organisation_id, INVITED, row.member_id);
}

static err fail_unknown(struct ctx *cx)
{
    return FAIL_AT(cx, NOT_FOUND, "invitation.unknown", "/invitation", "this code is unknown, used or too old");
}

static err find_invited(struct ctx *cx, struct text typed, struct sql_member_row *out)
{
    struct claim_code code;
    struct sql_member_row *rows = NULL;
    size_t count = 0;
    bool fits = false;
    if (!claim_code_parse(typed, &code))
        return fail_unknown(cx);
    struct sql_member_find_in in = {{code.hash, HASH_BYTES}};
    TRY(sql_member_find(cx, &in, &rows, &count));
    if (count > 0)
        TRY(member_row_fits(cx, &rows[0], &fits));
    if (!fits || rows[0].ended_at_ms != 0)
        return fail_unknown(cx);
    *out = rows[0];
    return OK;
}

static bool is_waiting(const struct ctx *cx, const struct sql_member_row *row)
{
    return row->claimed_at_ms == 0 && cx->now_ms < row->expires_at_ms;
}

err member_look(struct ctx *cx, struct text code, uint64_t *out_number)
{
    struct sql_member_row row;
    TRY(find_invited(cx, code, &row));
    if (!is_waiting(cx, &row) && cx->now_ms - row.claimed_at_ms >= LIMIT_CLAIM_ANSWER_MS)
        return fail_unknown(cx);
    *out_number = (uint64_t)row.member_id;
    return OK;
}

err member_claim(struct ctx *cx, void *arg)
{
    struct member_claim *claim = arg;
    struct sql_member_row row;
    int64_t changed = 0;
    TRY(find_invited(cx, claim->code, &row));
    if (!is_waiting(cx, &row))
        return fail_unknown(cx);
    row.claimed_at_ms = cx->now_ms;
    struct sql_member_claim_in in = {row.member_id, row.claimed_at_ms, TEXT_NONE};
    TRY(tag_of(cx, &row, &in.tag));
    TRY(sql_member_claim(cx, &in, &changed));
    if (changed != 1)
        return fail_unknown(cx);
    claim->out = of_row(&row);
    TRY(open_name(cx, &claim->out));
    const struct session_start start = {row.member_id, SESSION_BY_INVITATION, claim->browser};
    return session_begin(cx, &start, &claim->out_session_token);
}

/* ---- leaving */

err member_end(struct ctx *cx, void *arg)
{
    const struct member_end *end = arg;
    struct policy_object object = {.organisation_id = end->organisation_id};
    struct sql_member_load_in in = {end->member_id};
    struct sql_member_row row = {0};
    bool found = false;
    TRY(policy_require(cx, POLICY_MEMBER_MANAGE, &object));
    TRY(sql_member_load(cx, &in, &row, &found));
    if (!found || row.organisation_id != end->organisation_id || row.ended_at_ms != 0)
        return FAIL_NOT_FOUND(cx);
    TRY(erasure_shut_doors(cx, row.member_id));
    return deed_add(cx, row.organisation_id, "member.ended", row.member_id);
}

/* ---- looking */

err member_load_own(struct ctx *cx, struct member *out)
{
    struct sql_member_row row = {0};
    bool found = false;
    TRY(policy_require_own(cx, POLICY_MEMBER_READ));
    TRY(load(cx, cx->actor.person_id, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out = of_row(&row);
    return open_name(cx, out);
}

err member_list(struct ctx *cx, struct member_list *list)
{
    struct sql_member_list_in in = {cx->actor.organisation_id, list->after, list->limit + 1};
    struct sql_member_row *rows = NULL;
    size_t count = 0;
    TRY(policy_require_own(cx, POLICY_MEMBER_SEE));
    TRY(sql_member_list(cx, &in, &rows, &count));
    list->out_more = count > (size_t)list->limit;
    list->out_count = list->out_more ? (size_t)list->limit : count;
    list->out = ARENA_ARRAY(cx->arena, struct member, list->out_count);
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < list->out_count; i++) {
        list->out[i] = of_row(&rows[i]);
        TRY(open_name(cx, &list->out[i]));
    }
    return OK;
}

/* ---- signing in */

err member_fill_actor(struct ctx *cx, struct actor *actor)
{
    struct sql_member_row row = {0};
    bool found = false;
    TRY(load(cx, actor->person_id, &row, &found));
    if (!found)
        return FAIL(cx, UNAUTHENTICATED, "session.unknown", "sign in first");
    actor->kind = ACTOR_MEMBER;
    actor->organisation_id = row.organisation_id;
    actor->department_id = row.department_id;
    actor->department_bit = row.department_bit;
    actor->role = (member_role)row.role;
    return OK;
}

err human_find(struct ctx *cx, int64_t person_id, struct id *out)
{
    struct person person = {.state = PERSON_ERASED};
    struct sql_member_row row = {0};
    bool found = false;
    err result = person_load(cx, person_id, &person);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    *out = (struct id){.type = ID_NONE};
    if (person.state == PERSON_ACTIVE)
        *out = (struct id){ID_PERSON, person_id, 0};
    if (person.state != PERSON_MEMBER)
        return OK;
    TRY(load(cx, person_id, &row, &found));
    if (found)
        *out = (struct id){ID_MEMBER, row.organisation_id, person_id};
    return OK;
}

err human_read_id(struct ctx *cx, struct text text, int64_t *out_person_id)
{
    struct id id;
    bool is_member = text_starts_with(text, "mem_");
    TRY(id_open(cx, text, is_member ? ID_MEMBER : ID_PERSON, &id));
    *out_person_id = is_member ? id.item : id.owner;
    return OK;
}
