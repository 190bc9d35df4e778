/* SPDX-License-Identifier: Apache-2.0
 * Grant Management for OAuth 2.0 (draft 3): a client looks at a grant that a person gave it in the browser, or gives it
 * back. The id is that of the grant itself, the same for person, receipt and token. Other clients, also of the same
 * organisation, find nothing there. */
#include "crypto/id_seal.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"

struct managed_scope {
    struct text scope;
};
static const struct shape_member SCOPE[] = {MEMBER("scope", TEXT, 0, struct managed_scope, scope)};
static const struct shape SHAPE_MANAGED_SCOPE = {.name = "ManagedScope", .sentence = "Words of one request.",
    SHAPE_MEMBERS(SCOPE), .size = sizeof(struct managed_scope)};

struct managed_view {
    const struct managed_scope *scopes;
    size_t                      scopes_count;
    struct text                 details;
    int64_t                     created_s, expires_s;
};
static const struct shape_member MANAGED[] = {
    LIST("scopes", OBJECTS, 0, struct managed_view, scopes, .shape = &SHAPE_MANAGED_SCOPE),
    MEMBER("authorization_details", JSON, SHAPE_SPARSE, struct managed_view, details,
           .sentence = "RFC 9396; not there while an objection outweighs the grant."),
    MEMBER("created_at", INT, 0, struct managed_view, created_s, .sentence = "Seconds since 1970."),
    MEMBER("expires_at", INT, 0, struct managed_view, expires_s, .sentence = "Seconds since 1970."),
};
const struct shape SHAPE_MANAGED_GRANT = {.name = "ManagedGrant", .sentence = "Grant Management section 6.3.",
    SHAPE_MEMBERS(MANAGED), .size = sizeof(struct managed_view)};

struct managed {
    int64_t person_id;
    int64_t grant_id;
};

static err open_grant(struct call *call, struct managed *out, struct authorization *out_authorization)
{
    TRY(relationship_open_item(&call->cx, call_text(call, "grt"), ID_GRANT, &out->person_id, &out->grant_id));
    return authorization_load_of_grant(&call->cx, out->person_id, out->grant_id, out_authorization);
}

err get_managed_grant(struct call *call)
{
    struct managed managed;
    struct authorization authorization;
    struct managed_view view = {.scopes = NULL};
    TRY(open_grant(call, &managed, &authorization));
    const struct grant *grant = &authorization.grant;
    const struct managed_scope words = {authorization.ask.scope};
    TRY(consent_details(call, &authorization, &view.details));
    view.scopes = &words;
    view.scopes_count = words.scope.size > 0 ? 1 : 0;
    view.created_s = grant->from_at_ms / 1000;
    view.expires_s = grant->until_at_ms / 1000;
    return call_reply(call, &view);
}

/* store_write_fn */
static err give_back(struct ctx *cx, void *arg)
{
    const struct managed *managed = arg;
    return authorization_give_back(cx, managed->person_id, managed->grant_id);
}

static err reply_nothing(struct call *call, void *arg)
{
    (void)arg; /* it is gone */
    call_reply_nothing(call);
    return OK;
}

err delete_managed_grant(struct call *call)
{
    struct authorization authorization;
    struct managed *managed = ARENA_NEW(call->arena, struct managed);
    if (managed == NULL)
        return FAIL_MEMORY(&call->cx);
    err opened = open_grant(call, managed, &authorization);
    if (opened != OK)
        return call_seal_again(call, opened);
    return call_seal_stop(call, give_back, managed, reply_nothing, managed->person_id);
}
