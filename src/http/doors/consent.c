/* SPDX-License-Identifier: Apache-2.0
 * From the pushed request to the question, and from the answer to the address. */
#include "http/doors/consent.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/people/vault.h"

#define ADDRESS_BYTES_MAX (LIMIT_REDIRECT_URI_BYTES + 3 * LIMIT_BODY_OWN_BYTES + 512)

static err fail_unknown(struct ctx *cx)
{
    failure_clear(&cx->failure);
    return FAIL(cx, MALFORMED, AUTHORIZATION_UNKNOWN, "no such request of this client waits: begin again there");
}

static bool is_of_client(struct ctx *cx, struct text client_id, const struct actor *system)
{
    struct id id;
    return id_open(cx, client_id, ID_SYSTEM, &id) == OK && id.owner == system->organisation_id &&
           id.item == system->system_id;
}

err consent_open(struct call *call, struct text client_id, struct text request_uri, struct consent *out)
{
    struct ctx *cx = &call->cx;
    const struct text prefix = TEXT(REQUEST_URI_PREFIX);
    struct authorization_details details;
    if (!text_starts_with(request_uri, prefix.at))
        return fail_unknown(cx);
    struct consent consent = {.name = {request_uri.at + prefix.size, request_uri.size - prefix.size}};
    TRY(pushed_request_load(cx, consent.name, &consent.pushed));
    if (!is_of_client(cx, client_id, &consent.pushed.system.actor))
        return fail_unknown(cx);
    consent.signs_in = text_is(consent.pushed.ask.scope, SCOPE_SIGN_IN);
    consent.wants_data = consent.pushed.ask.details.size > 0;
    if (consent.wants_data) {
        TRY(authorization_details_read(cx, consent.pushed.ask.details, text_of(call_origin(call)), &details));
        consent.detail = details.at[0]; /* there is one: see api_pushed.c */
    }
    *out = consent;
    return OK;
}

void consent_answer(const struct consent *consent, struct authorization_answer *out)
{
    *out = (struct authorization_answer){
        .name = consent->name,
        .wants_data = consent->wants_data,
        .make = {.purpose = consent->detail.purpose, .attributes = consent->detail.datatypes,
                 .duration_ms = consent->detail.duration_ms, .uses = consent->detail.uses},
        .terms = {.answer = ANSWER_ACCEPT},
    };
}

/* ---- the way back */

/* RFC 3986 section 2.3 and appendix B of RFC 6749: all but the unreserved is spelt out. */
static void build_parameter(struct builder *out, const char *name, struct text value)
{
    build_format(out, "%s=", name);
    for (size_t i = 0; i < value.size; i++) {
        char c = value.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("-._~", c) != NULL);
        if (plain)
            build_byte(out, (uint8_t)c);
        else
            build_format(out, "%%%02X", (unsigned)(uint8_t)c);
    }
}

static bool has_query(struct text uri)
{
    return memchr(uri.at, '?', uri.size) != NULL;
}

err consent_address(struct call *call, const struct authorization_answer *answer, struct text *out)
{
    const struct authorization_ask *ask = &answer->out_pushed.ask;
    struct builder address = builder_open(call->arena, ADDRESS_BYTES_MAX);
    build_text(&address, ask->redirect_uri);
    build_byte(&address, has_query(ask->redirect_uri) ? '&' : '?');
    if (answer->accepts)
        build_parameter(&address, "code", answer->out_code);
    else
        build_parameter(&address, "error", TEXT("access_denied"));
    if (ask->state.size > 0) {
        build_byte(&address, '&');
        build_parameter(&address, "state", ask->state);
    }
    build_byte(&address, '&');
    build_parameter(&address, "iss", text_of(call_origin(call)));
    if (address.overflowed)
        return FAIL_MEMORY(&call->cx);
    *out = builder_text(&address);
    return OK;
}

err consent_details(struct call *call, const struct authorization *authorization, struct text *out)
{
    const struct grant *grant = &authorization->grant;
    struct authorization_details details = {.count = 1};
    if (!authorization_may_read(authorization))
        return OK;
    details.at[0] = (struct authorization_detail){
        .purpose = {ID_PURPOSE, grant->organisation_id, grant->purpose_id},
        .datatypes = grant->attributes,
        .duration_ms = grant->until_at_ms - grant->from_at_ms,
        .uses = grant->uses,
    };
    return authorization_details_write(&call->cx, &details, text_of(call_origin(call)), out);
}

/* ---- as it is shown */

/* What a plain yes would come to, from this request and at this moment. */
static err show_outcome(struct ctx *cx, const struct consent *consent, const struct relationship *relationship,
                        struct consent_view *view)
{
    struct authorization_answer answer;
    consent_answer(consent, &answer);
    answer.out_pushed = consent->pushed;
    answer.out_relationship = *relationship;
    TRY(authorization_foresee(cx, &answer, &view->objected));
    view->until_at_ms = answer.out_grant.until_at_ms;
    if (answer.out_has_grant)
        view->grant = relationship_item_id(relationship, ID_GRANT, answer.out_grant.grant_id);
    return OK;
}

static err show_purpose(struct views *views, const struct consent *consent, struct consent_view *view)
{
    struct ctx *cx = views->cx;
    struct purpose purpose;
    struct purpose_view *shown = ARENA_NEW(cx->arena, struct purpose_view);
    if (shown == NULL)
        return FAIL_MEMORY(cx);
    TRY(authorization_ask_purpose(cx, &consent->pushed.ask, &consent->detail.purpose, &purpose));
    TRY(view_purpose(views, &purpose, shown));
    view->purpose = shown;
    view->attributes = consent->detail.datatypes;
    view->duration_ms = consent->detail.duration_ms != 0 ? consent->detail.duration_ms : purpose.longest_ms;
    view->uses = consent->detail.uses;
    if (view->uses.kind == USES_ONCE)
        view->uses.max = 0;
    return OK;
}

/* Whoever shares a browser sees whose answer this is. */
static err show_person(struct ctx *cx, struct consent_view *view)
{
    struct vault_item item;
    const json_t *name = NULL;
    view->person = (struct id){ID_PERSON, cx->actor.person_id, 0};
    err result = vault_get(cx, attribute_find(TEXT("pd:Name")), &item);
    if (result == NOT_FOUND)
        failure_clear(&cx->failure);
    if (result != OK)
        return result == NOT_FOUND ? OK : result;
    TRY(json_parse(cx, item.value, &name));
    view->person_name = json_text(json_object_get(name, "name"));
    return OK;
}

err consent_show(struct call *call, const struct consent *consent, struct consent_view *out)
{
    struct ctx *cx = &call->cx;
    struct views views = {.cx = cx};
    const struct actor *system = &consent->pushed.system.actor;
    struct consent_view view = {
        .client = {.id = {ID_SYSTEM, system->organisation_id, system->system_id}},
        .signs_in = consent->signs_in,
        .expires_at_ms = consent->pushed.expires_at_ms,
    };
    struct relationship relationship = {.person_id = cx->actor.person_id, .organisation_id = system->organisation_id,
        .state = RELATIONSHIP_ENDED};
    bool found = false;
    TRY(system_name(cx, system->organisation_id, system->system_id, &view.client.name));
    TRY(view_organisation(&views, system->organisation_id, &view.organisation));
    TRY(view_department(&views, system->organisation_id, system->department_id, &view.department));
    TRY(relationship_find(cx, cx->actor.person_id, system->organisation_id, &relationship, &found));
    if (found) {
        view.relationship = relationship_id(&relationship);
        view.state = relationship_state_at(&relationship, ctx_latest_ms(cx));
        view.started_at_ms = relationship.started_at_ms;
    }
    TRY(view_objection(&views, &relationship.objection, &view.objection));
    TRY(show_person(cx, &view));
    if (consent->wants_data) {
        TRY(show_purpose(&views, consent, &view));
        TRY(show_outcome(cx, consent, &relationship, &view));
    }
    *out = view;
    return OK;
}
