/* SPDX-License-Identifier: Apache-2.0
 * What a node says of itself to anyone: health, readiness, description. */
#include "crypto/keyring.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/call.h"
#include "http/gate/shapes.h"
#include "store/queries.h"

struct health {
    struct text status;
};
static const struct shape_member HEALTH_MEMBERS[] = {
    MEMBER("status", TEXT, SHAPE_REQUIRED, struct health, status,
           .sentence = "\"ok\"; of readiness also \"keys_lost\": people are there whose keys are not."),
};
const struct shape SHAPE_HEALTH = {.name = "Health", .sentence = "The node is well.", SHAPE_MEMBERS(HEALTH_MEMBERS),
    .size = sizeof(struct health)};

struct plain_page_query {
    struct page_query page;
};
static const struct shape_member PAGE_QUERY[] = {PAGE_QUERY_MEMBERS(struct plain_page_query, page)};
const struct shape SHAPE_PAGE_QUERY = {.name = "PageQuery", SHAPE_MEMBERS(PAGE_QUERY),
    .size = sizeof(struct plain_page_query)};

err get_health(struct call *call)
{
    return call_reply(call, &(struct health){TEXT("ok")});
}

/* Ready is who can read the store; that it can be written shows at the first write. */
err get_readiness(struct call *call)
{
    struct sql_clock_mark_of_people_row row;
    struct sql_key_owner_load_row owner;
    struct ctx *cx = &call->cx;
    bool found = false;
    if (keyring_is_silent(cx->keyring, cx->clock))
        return FAIL(cx, UNAVAILABLE, "key.holder_silent", "the process that holds the keys does not answer");
    TRY(sql_clock_mark_of_people(cx, &row, &found));
    TRY(sql_key_owner_load(cx, &owner, &found)); /* the keys may lie on another server than the rest */
    return call_reply(call, &(struct health){keyring_lost(cx->keyring) > 0 ? TEXT("keys_lost") : TEXT("ok")});
}

/* Since when the signal is taken as it is now: not a moment of this node. */
#define PRIVACY_CONTROL_SINCE "2026-11-23"

struct privacy_control {
    bool        gpc;
    struct text updated;
};
static const struct shape_member PRIVACY_CONTROL[] = {
    MEMBER("gpc", BOOL, SHAPE_REQUIRED, struct privacy_control, gpc),
    MEMBER("lastUpdate", TEXT, SHAPE_REQUIRED, struct privacy_control, updated, .sentence = "A date."),
};
const struct shape SHAPE_PRIVACY_CONTROL = {.name = "PrivacyControl",
    .sentence = "As Global Privacy Control names it.", SHAPE_MEMBERS(PRIVACY_CONTROL),
    .size = sizeof(struct privacy_control)};

err get_privacy_control(struct call *call)
{
    return call_reply(call, &(struct privacy_control){true, TEXT(PRIVACY_CONTROL_SINCE)});
}

err get_openapi(struct call *call)
{
    return call_reply_text(call, "application/json", call_visit(call)->api->openapi);
}
