/* SPDX-License-Identifier: Apache-2.0
 * The people who work for an organisation: invited, taken up, listed, ended. How they sign in is api_proof.c's and
 * api_passkey.c's, as for everybody. */
#include "domain/parties/member.h"

#include "base/limits.h"
#include "crypto/id_seal.h"
#include "domain/entrance/recovery.h"
#include "domain/policy.h"
#include "domain/proof/deed.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

/* ---- one, as it is shown */

static const struct choice ROLES[] = {{MEMBER_VIEWER, "viewer"}, {MEMBER_ADMIN, "admin"}, {0, NULL}};
static const struct choice STATES[] = {
    {MEMBER_INVITED, "invited"}, {MEMBER_ACTIVE, "active"}, {MEMBER_ENDED, "ended"}, {0, NULL}};

struct member_view {
    struct id    id;
    struct text  name;
    struct id    department;
    member_role  role;
    member_state state;
    int64_t      invited_at_ms;
    int64_t      expires_at_ms;
    int64_t      joined_at_ms;
    int64_t      ended_at_ms;
    struct text  code;
    const struct recovery_state *recovery; /* NULL: somebody else looks */
};
static const struct shape_member MEMBERS[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct member_view, id, .id = ID_MEMBER),
    MEMBER("name", TEXT, SHAPE_REQUIRED | SHAPE_NULLABLE, struct member_view, name, .least = 1,
           .most = LIMIT_NAME_BYTES, .sentence = "null: the membership has ended, and the name is forgotten."),
    MEMBER("department", ID, SHAPE_REQUIRED, struct member_view, department, .id = ID_DEPARTMENT),
    MEMBER("role", CHOICE, SHAPE_REQUIRED, struct member_view, role, .choices = ROLES,
           .sentence = "A viewer looks; an admin makes departments, systems, keys and members besides."),
    MEMBER("state", CHOICE, SHAPE_READ_ONLY, struct member_view, state, .choices = STATES),
    MEMBER("invited", TIME, SHAPE_READ_ONLY, struct member_view, invited_at_ms),
    MEMBER("expires", TIME, SHAPE_READ_ONLY, struct member_view, expires_at_ms, .sentence = "The invitation."),
    MEMBER("joined", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct member_view, joined_at_ms),
    MEMBER("ended", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct member_view, ended_at_ms),
    MEMBER("code", TEXT, SHAPE_READ_ONLY | SHAPE_SPARSE, struct member_view, code,
           .sentence = "For POST /v1/claims/member; shown this once."),
    MEMBER("recovery", OBJECT_AT, SHAPE_READ_ONLY | SHAPE_SPARSE, struct member_view, recovery,
           .shape = &SHAPE_RECOVERY, .sentence = "To the member alone."),
};
const struct shape SHAPE_MEMBER = {.name = "Member", .sentence = "Somebody who works in a department.",
    SHAPE_MEMBERS(MEMBERS), .size = sizeof(struct member_view)};
SHAPE_PAGE(SHAPE_MEMBER_PAGE, "MemberPage", &SHAPE_MEMBER);

static struct member_view view_of(const struct member *member)
{
    return (struct member_view){
        .id = {ID_MEMBER, member->organisation_id, member->member_id},
        .name = member->name,
        .department = {ID_DEPARTMENT, member->organisation_id, member->department_id},
        .role = member->role,
        .state = member->state,
        .invited_at_ms = member->invited_at_ms,
        .expires_at_ms = member->expires_at_ms,
        .joined_at_ms = member->joined_at_ms,
        .ended_at_ms = member->ended_at_ms,
        .code = TEXT_NONE,
    };
}

err get_own_member(struct call *call)
{
    struct member member;
    TRY(member_load_own(&call->cx, &member));
    struct recovery_state recovery;
    TRY(recovery_load(&call->cx, &recovery));
    struct member_view view = view_of(&member);
    view.recovery = &recovery;
    return call_reply(call, &view);
}

err get_members(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct member_list list = {.after = 0};
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.after));
    list.limit = query.limit;
    TRY(member_list(&call->cx, &list));
    struct member_view *views = ARENA_ARRAY(call->arena, struct member_view, list.out_count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        views[i] = view_of(&list.out[i]);
    struct page page = {.items = views, .count = list.out_count};
    if (list.out_more)
        page.next = call_place(call, list.out[list.out_count - 1].member_id);
    return call_reply_page(call, &page);
}

/* ---- coming */

static err reply_invited(struct call *call, void *arg)
{
    const struct member_invite *invite = arg;
    struct member_view view = view_of(&invite->out);
    view.code = invite->out_code;
    return call_reply(call, &view);
}

err post_member(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct member_view body = {.name = TEXT_NONE};
    struct member_invite *invite = ARENA_NEW(call->arena, struct member_invite);
    if (invite == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &body));
    if (body.department.owner != cx->actor.organisation_id)
        return FAIL_NOT_FOUND(cx);
    invite->organisation_id = cx->actor.organisation_id;
    invite->department_id = body.department.item;
    invite->name = body.name;
    invite->role = body.role;
    TRY(policy_require_own(cx, POLICY_MEMBER_MANAGE)); /* before an answer that was kept is found: it holds a code */
    return call_seal_with(call, &(struct sealing){.run = member_invite, .arg = invite, .encode = reply_invited,
        .about = &invite->out.member_id});
}

struct claim_body {
    struct text invitation;
};
static const struct shape_member CLAIM[] = {
    MEMBER("invitation", TEXT, SHAPE_REQUIRED, struct claim_body, invitation, .least = 1, .most = 64,
           .sentence = "The code, as it was shown; spaces and dashes do not count."),
};
const struct shape SHAPE_MEMBER_CLAIM = {.name = "MemberClaim", .sentence = "A member takes up an invitation.",
    SHAPE_MEMBERS(CLAIM), .size = sizeof(struct claim_body)};

static err reply_claimed(struct call *call, void *arg)
{
    const struct member_claim *claim = arg;
    struct member_view view = view_of(&claim->out);
    TRY(api_set_session(call, claim->out_session_token));
    return call_reply(call, &view);
}

err post_member_claim(struct call *call)
{
    struct claim_body body = {TEXT_NONE};
    uint64_t number = 0;
    struct member_claim *claim = ARENA_NEW(call->arena, struct member_claim);
    if (claim == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    TRY(member_look(&call->cx, body.invitation, &number)); /* guesses do not come as far as the writer */
    TRY(api_thread_count(call, number));
    claim->code = body.invitation;
    claim->browser = api_browser(call);
    const struct sealing sealing = {.run = member_claim, .arg = claim, .encode = reply_claimed,
        .about = &claim->out.member_id,
        .secret = body.invitation}; /* as in post_claim() */
    return call_seal_with(call, &sealing);
}

/* ---- leaving */

static err reply_ended(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return OK;
}

err delete_member(struct call *call)
{
    struct id id;
    struct member_end *end = ARENA_NEW(call->arena, struct member_end);
    if (end == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_id(call, "mem", &id));
    TRY(policy_require(&call->cx, POLICY_MEMBER_MANAGE, &(struct policy_object){.organisation_id = id.owner}));
    end->organisation_id = id.owner;
    end->member_id = id.item;
    return call_seal(call, member_end, end, reply_ended, 0);
}

/* ---- who did what */

static const struct choice DOERS[] = {
    {ACTOR_SYSTEM, "system"}, {ACTOR_MEMBER, "member"}, {ACTOR_OPERATOR, "operator"}, {0, NULL}};

struct deed_view {
    struct id   id;
    int64_t     at_ms;
    struct text kind;
    struct text subject;
    actor_kind  by;
    struct id   member;
    struct id   system;
};
static const struct shape_member DEED[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct deed_view, id, .id = ID_EVENT),
    MEMBER("at", TIME, SHAPE_READ_ONLY, struct deed_view, at_ms),
    MEMBER("deed", TEXT, SHAPE_READ_ONLY, struct deed_view, kind,
           .sentence = "What was done, as \"system.created\" or \"member.ended\"."),
    MEMBER("subject", TEXT, SHAPE_READ_ONLY, struct deed_view, subject, .sentence = "The id of what it was done to."),
    MEMBER("by", CHOICE, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct deed_view, by, .choices = DOERS,
           .sentence = "null: it was done before this was noted."),
    MEMBER("member", ID, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct deed_view, member, .id = ID_MEMBER),
    MEMBER("system", ID, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct deed_view, system, .id = ID_SYSTEM),
};
static const struct shape SHAPE_DEED = {.name = "Deed", .sentence = "A change of what the organisation has set up.",
    SHAPE_MEMBERS(DEED), .size = sizeof(struct deed_view)};
SHAPE_PAGE(SHAPE_DEED_PAGE, "DeedPage", &SHAPE_DEED);

static err view_deed(struct ctx *cx, const struct deed *deed, struct deed_view *out)
{
    *out = (struct deed_view){
        .id = {ID_EVENT, deed->organisation_id, deed->deed_id},
        .at_ms = deed->at_ms,
        .kind = deed->kind,
        .subject = id_text(cx, deed_subject(deed)),
        .by = deed->actor_kind,
    };
    if (deed->actor_kind == ACTOR_MEMBER)
        out->member = (struct id){ID_MEMBER, deed->organisation_id, deed->actor_id};
    if (deed->actor_kind == ACTOR_SYSTEM)
        out->system = (struct id){ID_SYSTEM, deed->organisation_id, deed->actor_id};
    return out->subject.at == NULL ? FAIL_MEMORY(cx) : OK;
}

err get_deeds(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct deed_list list = {.before = 0};
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.before));
    list.limit = query.limit;
    TRY(deed_list(&call->cx, &list));
    struct deed_view *views = ARENA_ARRAY(call->arena, struct deed_view, list.out_count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        TRY(view_deed(&call->cx, &list.out[i], &views[i]));
    struct page page = {.items = views, .count = list.out_count};
    if (list.out_more)
        page.next = call_place(call, list.out[list.out_count - 1].deed_id);
    return call_reply_page(call, &page);
}
