/* SPDX-License-Identifier: Apache-2.0
 * Inside an organisation: departments, systems with their keys, invitations. */
#include "domain/parties/organisation.h"

#include "base/limits.h"
#include "domain/entrance/system_key.h"
#include "domain/parties/invitation.h"
#include "domain/policy.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

/* ---- departments */

struct department_view {
    struct id   id;
    struct text name;
    int64_t     created_at_ms;
};
static const struct shape_member DEPARTMENT[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct department_view, id, .id = ID_DEPARTMENT),
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct department_view, name, .least = 1, .most = LIMIT_NAME_BYTES),
    MEMBER("created", TIME, SHAPE_READ_ONLY, struct department_view, created_at_ms),
};
const struct shape SHAPE_DEPARTMENT = {.name = "Department", .sentence = "A party of its own in every permission.",
    SHAPE_MEMBERS(DEPARTMENT), .size = sizeof(struct department_view)};
SHAPE_PAGE(SHAPE_DEPARTMENT_PAGE, "DepartmentPage", &SHAPE_DEPARTMENT);

static struct department_view view_of_department(const struct department *department)
{
    return (struct department_view){{ID_DEPARTMENT, department->organisation_id, department->department_id},
        department->name, department->created_at_ms};
}

err get_departments(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct department *departments = NULL;
    size_t count = 0;
    TRY(policy_require_own(&call->cx, POLICY_ORGANISATION_SEE));
    TRY(call_query(call, &query));
    TRY(department_list(&call->cx, call->cx.actor.organisation_id, &departments, &count));
    struct department_view *items = ARENA_ARRAY(call->arena, struct department_view, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        items[i] = view_of_department(&departments[i]);
    struct page page = {.items = items, .count = count};
    TRY(call_cut(call, &query, sizeof *items, &page));
    return call_reply_page(call, &page);
}

static err reply_department(struct call *call, void *arg)
{
    const struct department_create *create = arg;
    struct department_view view = view_of_department(&create->out);
    return call_reply(call, &view);
}

err post_department(struct call *call)
{
    struct department_view body = {.name = TEXT_NONE};
    struct department_create *create = ARENA_NEW(call->arena, struct department_create);
    if (create == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    create->organisation_id = call->cx.actor.organisation_id;
    create->name = body.name;
    TRY(policy_require_own(&call->cx, POLICY_ORGANISATION_CHANGE)); /* before an answer that was kept is found */
    return call_seal(call, department_create, create, reply_department, 0);
}

/* ---- systems */

struct system_view {
    struct id          id;
    struct text        name;
    struct id          department;
    const struct text *scopes;
    size_t             scopes_count;
    int64_t            created_at_ms;
    int64_t            revoked_at_ms;
    struct text        secret;
    struct text        jwks;
    const struct text *redirect_uris;
    size_t             redirect_uris_count;
};
static const struct shape_member SYSTEM[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct system_view, id, .id = ID_SYSTEM),
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct system_view, name, .least = 1, .most = LIMIT_NAME_BYTES),
    MEMBER("department", ID, SHAPE_REQUIRED, struct system_view, department, .id = ID_DEPARTMENT),
    LIST("scopes", TEXTS, 0, struct system_view, scopes,
         .least = 1, .most = 32, .sentence = "All but admin when none is named."),
    MEMBER("created", TIME, SHAPE_READ_ONLY, struct system_view, created_at_ms),
    MEMBER("revoked", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct system_view, revoked_at_ms),
    MEMBER("secret", TEXT, SHAPE_READ_ONLY | SHAPE_SPARSE, struct system_view, secret,
           .sentence = "The API key, shown this once."),
    MEMBER("jwks", JSON, SHAPE_SPARSE, struct system_view, jwks, .most = JWK_SET_BYTES_MAX,
           .sentence = "A set of public keys (RFC 7517): the system signs with them, and has no API key."),
    LIST("redirect_uris", TEXTS, SHAPE_SPARSE, struct system_view, redirect_uris, .most = LIMIT_REDIRECT_URIS,
         .sentence = "With jwks: where people may be sent back to, byte for byte."),
};
const struct shape SHAPE_SYSTEM = {.name = "System", .sentence = "An API client of one department.",
    SHAPE_MEMBERS(SYSTEM), .size = sizeof(struct system_view)};
SHAPE_PAGE(SHAPE_SYSTEM_PAGE, "SystemPage", &SHAPE_SYSTEM);

static err view_system(struct ctx *cx, const struct system *system, struct system_view *out)
{
    struct text *words = ARENA_ARRAY(cx->arena, struct text, 32);
    size_t count = 0;
    if (words == NULL)
        return FAIL_MEMORY(cx);
    for (unsigned bit = 0; bit < 32; bit++)
        if ((system->scopes >> bit & 1u) != 0 && scope_word(1u << bit)[0] != '\0')
            words[count++] = text_of(scope_word(1u << bit));
    *out = (struct system_view){
        .id = {ID_SYSTEM, system->organisation_id, system->system_id},
        .name = system->name,
        .department = {ID_DEPARTMENT, system->organisation_id, system->department_id},
        .scopes = words,
        .scopes_count = count,
        .created_at_ms = system->created_at_ms,
        .revoked_at_ms = system->revoked_at_ms,
        .secret = TEXT_NONE,
        .jwks = system->jwks,
    };
    if (system->redirect_uris.size == 0)
        return OK;
    return signing_redirect_uris(cx, system->redirect_uris, &out->redirect_uris, &out->redirect_uris_count);
}

err get_systems(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct system *systems = NULL;
    size_t count = 0;
    TRY(policy_require_own(&call->cx, POLICY_ORGANISATION_SEE));
    TRY(call_query(call, &query));
    TRY(system_list(&call->cx, call->cx.actor.organisation_id, &systems, &count));
    struct system_view *items = ARENA_ARRAY(call->arena, struct system_view, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(view_system(&call->cx, &systems[i], &items[i]));
    struct page page = {.items = items, .count = count};
    TRY(call_cut(call, &query, sizeof *items, &page));
    return call_reply_page(call, &page);
}

static err read_scopes(struct ctx *cx, const struct system_view *body, uint32_t *out)
{
    uint32_t scopes = 0;
    for (size_t i = 0; i < body->scopes_count; i++) {
        unsigned bit = scope_of_word(body->scopes[i]);
        if (bit == 0)
            return FAIL_AT(cx, INVALID, "request.unknown_word", "/scopes", "a scope is none of those that there are");
        scopes |= bit;
    }
    *out = body->scopes_count == 0 ? SCOPES_DEFAULT : scopes;
    return OK;
}

/* NULL: the system is to have an API key. */
static err read_signing(struct ctx *cx, const struct system_view *body, const struct signing **out)
{
    struct signing *signing = ARENA_NEW(cx->arena, struct signing);
    struct signing_draft draft = {body->jwks, body->redirect_uris, body->redirect_uris_count};
    if (signing == NULL)
        return FAIL_MEMORY(cx);
    if (body->jwks.size == 0 && body->redirect_uris_count > 0)
        return FAIL_AT(cx, INVALID, "redirect.uri", "/redirect_uris", "redirect_uris are for systems with jwks");
    *out = NULL;
    if (body->jwks.size == 0)
        return OK;
    TRY(signing_read(cx, &draft, signing));
    *out = signing;
    return OK;
}

static err reply_system(struct call *call, void *arg)
{
    const struct key_create *create = arg;
    struct system_view view;
    TRY(view_system(&call->cx, &create->out, &view));
    view.secret = create->out_secret;
    return call_reply(call, &view);
}

err post_system(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct system_view body = {.name = TEXT_NONE};
    struct key_create *create = ARENA_NEW(call->arena, struct key_create);
    if (create == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &body));
    if (body.department.owner != cx->actor.organisation_id)
        return FAIL_NOT_FOUND(cx);
    create->organisation_id = cx->actor.organisation_id;
    create->department_id = body.department.item;
    create->name = body.name;
    TRY(read_scopes(cx, &body, &create->scopes));
    TRY(read_signing(cx, &body, &create->signing));
    TRY(policy_require_own(cx, POLICY_ORGANISATION_CHANGE)); /* before an answer that was kept is found */
    return call_seal(call, key_create, create, reply_system, 0);
}

static err reply_revoked(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return OK;
}

err delete_system(struct call *call)
{
    struct id id;
    struct key_revoke *revoke = ARENA_NEW(call->arena, struct key_revoke);
    if (revoke == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_id(call, "sys", &id));
    TRY(policy_require(&call->cx, POLICY_ORGANISATION_CHANGE, &(struct policy_object){.organisation_id = id.owner}));
    revoke->organisation_id = id.owner;
    revoke->system_id = id.item;
    return call_seal(call, key_revoke, revoke, reply_revoked, 0);
}

/* ---- invitations */

struct invitation_view {
    struct id   id;
    int64_t     claims;
    int64_t     lifetime_ms;
    struct text code;
    struct text link;
    struct id   relationship;
    int64_t     expires_at_ms;
};
static const struct shape_member INVITATION[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct invitation_view, id, .id = ID_INVITATION),
    MEMBER("claims", INT, 0, struct invitation_view, claims, .least = 1, .most = LIMIT_INVITATIONS,
           .sentence = "How many people may use the code; one when not given."),
    MEMBER("lifetime", DURATION, SHAPE_WRITE_ONLY, struct invitation_view, lifetime_ms, .least = 1,
           .most = LIMIT_INVITATION_MS, .sentence = "At most ninety days, which is the default."),
    MEMBER("code", TEXT, SHAPE_READ_ONLY, struct invitation_view, code, .sentence = "Shown this once."),
    MEMBER("link", TEXT, SHAPE_READ_ONLY, struct invitation_view, link,
           .sentence = "A page with the code, also as a picture to scan."),
    MEMBER("relationship", ID, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct invitation_view, relationship,
           .id = ID_RELATIONSHIP, .sentence = "For one person: the relationship that waits."),
    MEMBER("expires", TIME, SHAPE_READ_ONLY, struct invitation_view, expires_at_ms),
};
const struct shape SHAPE_INVITATION = {.name = "Invitation", .sentence = "The organisation's half of a relationship.",
    SHAPE_MEMBERS(INVITATION), .size = sizeof(struct invitation_view)};

static err reply_invitation(struct call *call, void *arg)
{
    const struct invitation_make *make = arg;
    struct invitation_view view = {
        .id = {ID_INVITATION, call->cx.actor.organisation_id, make->out_invitation_id},
        .claims = make->claims,
        .code = make->out_code,
        .link = text_format(call->arena, "%s/invitation/%.*s", call_origin(call), TEXT_ARGS(make->out_code)),
        .expires_at_ms = make->out_expires_at_ms,
    };
    if (make->out_has_relationship)
        view.relationship = relationship_id(&make->out_relationship);
    if (view.link.at == NULL)
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

err post_invitation(struct call *call)
{
    struct invitation_view body = {.claims = 1};
    struct invitation_make *make = ARENA_NEW(call->arena, struct invitation_make);
    if (make == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    make->claims = body.claims;
    make->lifetime_ms = body.lifetime_ms;
    return call_seal_with(call, &(struct sealing){.run = invitation_make, .arg = make, .encode = reply_invitation,
        .about = &make->out_relationship.person_id}); /* 0 of a code for many */
}
