/* SPDX-License-Identifier: Apache-2.0
 * What a client asks of a person, for the person's app: to see it, to answer, to see later which clients act, and to
 * end one. The page for browsers is site_authorization.c. */
#include "base/limits.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"

/* ---- the question */

static const struct shape_member QUERY[] = {
    MEMBER("client_id", TEXT, SHAPE_REQUIRED, struct consent_query, client_id, .least = 1,
           .most = LIMIT_CLIENT_ID_BYTES),
    MEMBER("request_uri", TEXT, SHAPE_REQUIRED, struct consent_query, request_uri, .least = 1, .most = 256),
};
const struct shape SHAPE_CONSENT_QUERY = {.name = "ConsentQuery", SHAPE_MEMBERS(QUERY),
    .size = sizeof(struct consent_query)};

static const struct shape_member CONSENT[] = {
    MEMBER("client", OBJECT, 0, struct consent_view, client, .shape = &SHAPE_NAMED_SYSTEM),
    MEMBER("organisation", OBJECT, 0, struct consent_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("department", OBJECT, 0, struct consent_view, department, .shape = &SHAPE_NAMED_DEPARTMENT),
    MEMBER("signs_in", BOOL, 0, struct consent_view, signs_in, .sentence = "The person is signed in there."),
    MEMBER("purpose", OBJECT_AT, SHAPE_NULLABLE, struct consent_view, purpose, .shape = &SHAPE_PURPOSE,
           .sentence = "The wording that is asked under; null when nothing is shared."),
    MEMBER("attributes", KINDS, 0, struct consent_view, attributes),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct consent_view, duration_ms, .sentence = "As it is asked for."),
    MEMBER("until", TIME, SHAPE_NULLABLE, struct consent_view, until_at_ms,
           .sentence = "When what a plain yes comes to ends; sooner by the relationship, or a grant that there is."),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct consent_view, grant, .id = ID_GRANT,
           .sentence = "A live one that says the same: a plain yes leaves it as it is; null: it gives one."),
    MEMBER("uses", OBJECT, 0, struct consent_view, uses, .shape = &SHAPE_USES),
    MEMBER("relationship", ID, SHAPE_NULLABLE, struct consent_view, relationship, .id = ID_RELATIONSHIP,
           .sentence = "With this organisation; when there is none, to permit begins one."),
    MEMBER("objection", OBJECT_AT, SHAPE_NULLABLE, struct consent_view, objection, .shape = &SHAPE_OBJECTION,
           .sentence = "In that relationship; null: nothing was said."),
    MEMBER("objected", BOOL, 0, struct consent_view, objected,
           .sentence = "It, or the browser's signal, is against this purpose; a yes is the newer word."),
    MEMBER("expires", TIME, 0, struct consent_view, expires_at_ms),
};
const struct shape SHAPE_CONSENT = {.name = "Consent", .sentence = "What a client asks of the person.",
    SHAPE_MEMBERS(CONSENT), .size = sizeof(struct consent_view)};

err get_authorization(struct call *call)
{
    struct consent_query query = {TEXT_NONE, TEXT_NONE};
    struct consent consent;
    struct consent_view view;
    TRY(call_query(call, &query));
    TRY(consent_open(call, query.client_id, query.request_uri, &consent));
    TRY(consent_show(call, &consent, &view));
    return call_reply(call, &view);
}

/* ---- the answer */

static const struct choice ANSWERS[] = {
    {ANSWER_ACCEPT, "accept"}, {ANSWER_ADJUST, "adjust"}, {ANSWER_REFUSE, "refuse"}, {0, NULL},
};

struct consent_body {
    struct text          client_id;
    struct text          request_uri;
    request_answer_kind  answer;
    struct attribute_set attributes;
    int64_t              until_at_ms;
    int64_t              duration_ms;
    struct uses         *uses;
};
static const struct shape_member BODY[] = {
    MEMBER("client_id", TEXT, SHAPE_REQUIRED, struct consent_body, client_id, .least = 1,
           .most = LIMIT_CLIENT_ID_BYTES),
    MEMBER("request_uri", TEXT, SHAPE_REQUIRED, struct consent_body, request_uri, .least = 1, .most = 256),
    MEMBER("answer", CHOICE, SHAPE_REQUIRED, struct consent_body, answer, .choices = ANSWERS),
    MEMBER("attributes", KINDS, 0, struct consent_body, attributes,
           .sentence = "All that was asked for when not given."),
    MEMBER("until", TIME, SHAPE_NULLABLE, struct consent_body, until_at_ms,
           .sentence = "As asked for when not given."),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct consent_body, duration_ms, .least = 1,
           .sentence = "For how long, instead of until."),
    MEMBER("uses", OBJECT_AT, SHAPE_NULLABLE, struct consent_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_CONSENT_ANSWER = {.name = "ConsentAnswer",
    .sentence = "The person's answer to a client; more or longer than was asked cannot be given.",
    SHAPE_MEMBERS(BODY), .size = sizeof(struct consent_body)};

struct consent_answered {
    struct text              redirect;
    const struct grant_view *grant;
    struct id                receipt;
};
static const struct shape_member ANSWERED[] = {
    MEMBER("redirect", TEXT, 0, struct consent_answered, redirect, .sentence = "Where the browser goes next."),
    MEMBER("grant", OBJECT_AT, SHAPE_NULLABLE, struct consent_answered, grant, .shape = &SHAPE_GRANT),
    MEMBER("receipt", ID, SHAPE_NULLABLE, struct consent_answered, receipt, .id = ID_RECEIPT,
           .sentence = "Of the grant."),
};
const struct shape SHAPE_CONSENT_ANSWERED = {.name = "ConsentAnswered", .sentence = "What the answer came to.",
    SHAPE_MEMBERS(ANSWERED), .size = sizeof(struct consent_answered)};

static err reply_answered(struct call *call, void *arg)
{
    const struct authorization_answer *answer = arg;
    struct views views = {.cx = &call->cx};
    struct consent_answered view = {.grant = NULL};
    struct grant_view *grant = ARENA_NEW(call->arena, struct grant_view);
    if (grant == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(consent_address(call, answer, &view.redirect));
    if (answer->accepts && answer->out_has_grant) {
        TRY(view_grant(&views, &answer->out_grant, grant));
        view.grant = grant;
        view.receipt = grant->receipt;
    }
    return call_reply(call, &view);
}

static void read_terms(const struct consent_body *body, struct request_answer *out)
{
    *out = (struct request_answer){
        .answer = body->answer,
        .set_attributes = !kinds_are_absent(body->attributes),
        .set_until = body->until_at_ms != 0,
        .set_duration = body->duration_ms != 0,
        .set_uses = body->uses != NULL,
        .attributes = body->attributes,
        .until_at_ms = body->until_at_ms,
        .duration_ms = body->duration_ms,
    };
    if (body->uses != NULL)
        out->uses = *body->uses;
}

/* A "no" names no terms, a plain "yes" takes what was asked, and who shares nothing has nothing to adjust. */
static err check_terms(struct ctx *cx, const struct authorization_answer *answer)
{
    const struct request_answer *terms = &answer->terms;
    bool any = terms->set_attributes || terms->set_until || terms->set_duration || terms->set_uses;
    if (any && (terms->answer == ANSWER_REFUSE || !answer->wants_data))
        return FAIL(cx, INVALID, "answer.refuses_with_terms", "who gives nothing names no terms: leave them out");
    return OK;
}

err post_authorization(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct consent_body body = {.attributes = KINDS_ABSENT};
    struct consent consent;
    struct authorization_answer *answer = ARENA_NEW(call->arena, struct authorization_answer);
    if (answer == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &body));
    err opened = consent_open(call, body.client_id, body.request_uri, &consent);
    if (opened != OK)
        return call_seal_again(call, opened);
    consent_answer(&consent, answer);
    read_terms(&body, &answer->terms);
    TRY(check_terms(cx, answer));
    answer->accepts = body.answer != ANSWER_REFUSE;
    if (body.answer == ANSWER_ACCEPT && (answer->terms.set_attributes || answer->terms.set_until ||
                                         answer->terms.set_duration || answer->terms.set_uses))
        answer->terms.answer = ANSWER_ADJUST; /* what it is called by does not make it another one */
    return call_seal(call, authorization_answer, answer, reply_answered, cx->actor.person_id);
}

/* ---- the clients that act */

struct authorization_view {
    struct id          id;
    struct named       client;
    struct named       organisation;
    struct named       department;
    struct id          relationship;
    const struct text *scopes;
    size_t             scopes_count;
    struct id          grant;
    int64_t            created_at_ms;
    int64_t            used_at_ms;
    int64_t            ends_at_ms;
};
static const struct shape_member AUTHORIZATION[] = {
    MEMBER("id", ID, 0, struct authorization_view, id, .id = ID_AUTHORIZATION),
    MEMBER("client", OBJECT, 0, struct authorization_view, client, .shape = &SHAPE_NAMED_SYSTEM),
    MEMBER("organisation", OBJECT, 0, struct authorization_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("department", OBJECT, 0, struct authorization_view, department, .shape = &SHAPE_NAMED_DEPARTMENT),
    MEMBER("relationship", ID, 0, struct authorization_view, relationship, .id = ID_RELATIONSHIP),
    LIST("scopes", TEXTS, 0, struct authorization_view, scopes, .sentence = "openid: it signs the person in there."),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct authorization_view, grant, .id = ID_GRANT,
           .sentence = "What it may read; null: nothing."),
    MEMBER("created", TIME, 0, struct authorization_view, created_at_ms, .sentence = "When the person said yes."),
    MEMBER("used", TIME, SHAPE_NULLABLE, struct authorization_view, used_at_ms,
           .sentence = "When the client last got a token, which lasts ten minutes; each read stands among the reads."),
    MEMBER("ends", TIME, 0, struct authorization_view, ends_at_ms),
};
static const struct shape SHAPE_AUTHORIZATION = {.name = "Authorization",
    .sentence = "A client that acts by an answer of the person.", SHAPE_MEMBERS(AUTHORIZATION),
    .size = sizeof(struct authorization_view)};
SHAPE_PAGE(SHAPE_AUTHORIZATION_PAGE, "AuthorizationPage", &SHAPE_AUTHORIZATION);

static err view_authorization(struct views *views, const struct authorization *authorization,
                              struct authorization_view *out)
{
    const struct actor *system = &authorization->system;
    struct authorization_view view = {
        .id = {ID_AUTHORIZATION, authorization->person_id, authorization->authorization_id},
        .client.id = {ID_SYSTEM, system->organisation_id, system->system_id},
        .relationship = relationship_id(&authorization->relationship),
        .scopes = &authorization->ask.scope, /* there is one word */
        .scopes_count = authorization->ask.scope.size > 0 ? 1 : 0,
        .created_at_ms = authorization->answered_at_ms,
        .used_at_ms = authorization->used_at_ms,
        .ends_at_ms = authorization->ends_at_ms,
    };
    if (authorization->has_grant)
        view.grant = relationship_item_id(&authorization->relationship, ID_GRANT, authorization->grant.grant_id);
    TRY(system_name(views->cx, system->organisation_id, system->system_id, &view.client.name));
    TRY(view_organisation(views, system->organisation_id, &view.organisation));
    TRY(view_department(views, system->organisation_id, system->department_id, &view.department));
    *out = view;
    return OK;
}

err get_authorizations(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct authorization_list list = {.before = 0};
    struct views views = {.cx = &call->cx};
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.before));
    list.limit = query.limit;
    TRY(authorization_list(&call->cx, &list));
    struct authorization_view *all = ARENA_ARRAY(call->arena, struct authorization_view, list.out_count);
    if (all == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        TRY(view_authorization(&views, &list.out[i], &all[i]));
    struct page page = {.items = all, .count = list.out_count};
    if (list.out_next != 0)
        page.next = call_place(call, list.out_next);
    return call_reply_page(call, &page);
}

static err reply_ended(struct call *call, void *arg)
{
    (void)arg; /* it is gone */
    call_reply_nothing(call);
    return OK;
}

err delete_authorization(struct call *call)
{
    struct id id;
    int64_t *authorization_id = ARENA_NEW(call->arena, int64_t);
    if (authorization_id == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_id(call, "atz", &id));
    if (id.owner != call->cx.actor.person_id)
        return FAIL_NOT_FOUND(&call->cx);
    *authorization_id = id.item;
    return call_seal_stop(call, authorization_end_own, authorization_id, reply_ended, id.owner);
}
