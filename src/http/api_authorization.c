/* SPDX-License-Identifier: Apache-2.0
 * What a client asks of a person, for the person's app: to see it, and to answer. The page for browsers is
 * site_authorization.c. */
#include "base/limits.h"
#include "http/consent.h"
#include "http/handlers.h"

/* ---- the question */

static const struct shape_member QUERY[] = {
    MEMBER("client_id", TEXT, SHAPE_REQUIRED, struct consent_query, client_id, .least = 1,
           .most = LIMIT_CLIENT_ID_BYTES),
    MEMBER("request_uri", TEXT, SHAPE_REQUIRED, struct consent_query, request_uri, .least = 1, .most = 256),
};
const struct shape SHAPE_CONSENT_QUERY = {.name = "ConsentQuery", SHAPE_MEMBERS(QUERY),
    .size = sizeof(struct consent_query)};

static const struct shape_member CONSENT[] = {
    MEMBER("client", OBJECT, 0, struct consent_view, client, .shape = &SHAPE_NAMED),
    MEMBER("organisation", OBJECT, 0, struct consent_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("department", OBJECT, 0, struct consent_view, department, .shape = &SHAPE_NAMED),
    MEMBER("signs_in", BOOL, 0, struct consent_view, signs_in, .sentence = "The person is signed in there."),
    MEMBER("purpose", OBJECT_AT, SHAPE_NULLABLE, struct consent_view, purpose, .shape = &SHAPE_PURPOSE,
           .sentence = "The wording that is asked under; null when nothing is shared."),
    MEMBER("attributes", KINDS, 0, struct consent_view, attributes),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct consent_view, duration_ms),
    MEMBER("uses", OBJECT, 0, struct consent_view, uses, .shape = &SHAPE_USES),
    MEMBER("relationship", ID, SHAPE_NULLABLE, struct consent_view, relationship, .id = ID_RELATIONSHIP,
           .sentence = "With this organisation; when there is none, to permit begins one."),
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
    TRY(consent_open(call, body.client_id, body.request_uri, &consent));
    consent_answer(&consent, answer);
    read_terms(&body, &answer->terms);
    TRY(check_terms(cx, answer));
    answer->accepts = body.answer != ANSWER_REFUSE;
    if (body.answer == ANSWER_ACCEPT && (answer->terms.set_attributes || answer->terms.set_until ||
                                         answer->terms.set_duration || answer->terms.set_uses))
        answer->terms.answer = ANSWER_ADJUST; /* what it is called by does not make it another one */
    return call_seal(call, authorization_answer, answer, reply_answered, cx->actor.person_id);
}
