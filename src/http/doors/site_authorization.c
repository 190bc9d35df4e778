/* SPDX-License-Identifier: Apache-2.0
 * The page on which somebody with a browser answers what a client asks (RFC 6749 section 4.1.1): plain, without script,
 * with two buttons of equal weight. Who is signed in as nobody signs in at the same address and then sees the question.
 * Whoever comes without a pushed request is told so and is sent nowhere. */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/words/attribute.h"
#include "http/doors/api_thread.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"
#include "http/doors/html.h"
#include "http/doors/oauth.h"
#include "http/doors/site.h"

/* ---- what the page says */

static void row(struct builder *page, const char *name, struct text text)
{
    if (text.size == 0)
        return;
    build_format(page, "<div><dt>%s</dt><dd>", name);
    html_text(page, text);
    build_literal(page, "</dd></div>\n");
}

static void row_of_kinds(struct builder *page, const char *name, struct attribute_set kinds)
{
    bool first = true;
    if (attribute_set_is_empty(kinds))
        return;
    build_format(page, "<div><dt>%s</dt><dd>", name);
    for (size_t i = 0; attribute_at(i) != NULL; i++) {
        const struct attribute_kind *kind = attribute_at(i);
        if (!attribute_set_has(kinds, (attribute_number)kind->number))
            continue;
        build_literal(page, first ? "" : ", ");
        html_text(page, text_of(kind->label));
        first = false;
    }
    build_literal(page, "</dd></div>\n");
}

static struct text days(struct arena *arena, int64_t duration_ms)
{
    long long whole = (duration_ms + TIME_DAY_MS - 1) / TIME_DAY_MS;
    return text_format(arena, "%lld day%s", whole, text_plural(whole));
}

static struct text how_long(struct ctx *cx, const struct consent_view *view)
{
    return text_format(cx->arena, "%.*s, %.*s from now%s", TEXT_ARGS(html_day(cx->arena, view->until_at_ms)),
                       TEXT_ARGS(days(cx->arena, view->until_at_ms - cx->now_ms)),
                       view->grant.type == ID_NONE ? "" : ". You permit this already; a yes leaves it as it is");
}

static struct text how_often(struct arena *arena, const struct uses *uses)
{
    if (uses->kind == USES_ONCE)
        return TEXT("Once");
    if (uses->kind == USES_TIMES)
        return text_format(arena, "At most %lld times", (long long)uses->max);
    if (uses->kind == USES_EVENT)
        return text_format(arena, "Until this: %.*s", TEXT_ARGS(uses->event));
    return TEXT("As often as needed in that time");
}

/* What the organisation says it does beside, as it has said it; what it has not said is not made up. */
static void rows_of_facts(struct builder *page, struct arena *arena, const struct purpose_view *purpose)
{
    struct builder names = builder_open(arena, 8192);
    for (size_t i = 0; i < purpose->passed_on_count; i++) {
        build_literal(&names, i == 0 ? "" : ", ");
        build_text(&names, purpose->passed_on[i]);
    }
    row(page, "Passed on to", names.overflowed ? TEXT("several others") : builder_text(&names));
    if (purpose->scored)
        row(page, "Scoring", TEXT("It is used to rate you."));
    if (purpose->leaves_eea)
        row(page, "Abroad", TEXT("It leaves the European Economic Area."));
    if (purpose->trains_ai)
        row(page, "Training", TEXT("It is used to train artificial intelligence."));
}

static void write_purpose(struct builder *page, struct ctx *cx, const struct consent_view *view)
{
    const struct purpose_view *purpose = view->purpose;
    struct arena *arena = cx->arena;
    build_literal(page, "<h2>What they may read</h2>\n<dl class=\"facts\">\n");
    row_of_kinds(page, "What is needed", attribute_set_intersect(view->attributes, purpose->needed));
    row_of_kinds(page, "What they wish for", attribute_set_intersect(view->attributes, purpose->optional));
    row(page, "Purpose", text_format(arena, "%.*s: %.*s", TEXT_ARGS(purpose->name), TEXT_ARGS(purpose->sentence)));
    row(page, "For example", purpose->example);
    row(page, "Until", how_long(cx, view));
    row(page, "How often", how_often(arena, &view->uses));
    row(page, "Kept there for", days(arena, purpose->retention_ms));
    rows_of_facts(page, arena, purpose);
    row(page, "What you get", purpose->benefit);
    build_literal(page, "</dl>\n");
}

/* How the relationship stands, and what a yes does to it. */
static struct text begins(struct arena *arena, const struct consent_view *view)
{
    const relationship_state state = view->relationship.type == ID_NONE ? RELATIONSHIP_ENDED : view->state;
    switch (state) {
    case RELATIONSHIP_INVITED:
        return TEXT("You are invited to one. A yes accepts, and it begins.");
    case RELATIONSHIP_PROPOSED:
        return TEXT("You have proposed one. With a yes it begins: to ask you is their half of it.");
    case RELATIONSHIP_ACTIVE:
        return text_format(arena, "There is one since %.*s. It stays as it is.",
                           TEXT_ARGS(html_day(arena, view->started_at_ms)));
    case RELATIONSHIP_PAUSED:
        return TEXT("You have paused it. Resume it with your app before you say yes.");
    case RELATIONSHIP_ENDED:
        break;
    }
    return view->relationship.type == ID_NONE ? TEXT("There is none yet. A yes begins one.")
                                              : TEXT("The one that there was has ended. A yes begins a new one.");
}

/* What stands is said also where it is against something else. */
static struct text objects(const struct consent_view *view)
{
    bool stands = view->objection != NULL && view->objection->state != OBJECTION_LIFTED;
    if (view->objected)
        return TEXT("You or your browser object to such use of your data. A yes is your newer word, for this alone.");
    if (!stands)
        return TEXT_NONE;
    return view->purpose == NULL ? TEXT("It stands, and signing in leaves it as it is.")
                                 : TEXT("It stands, and is not against this use of your data.");
}

static void write_who(struct builder *page, struct ctx *cx, const struct consent_view *view)
{
    struct text id = id_text(cx, view->person);
    build_literal(page, "<p><strong>");
    html_text(page, view->organisation.name);
    build_literal(page, "</strong>");
    build_literal(page, view->purpose == NULL ? " wants to know that it is you. It gets none of your data.</p>\n"
                        : view->signs_in      ? " wants to sign you in, and asks for some of your data.</p>\n"
                                              : " asks for some of your data.</p>\n");
    build_literal(page, "<h2>Who</h2>\n<dl class=\"facts\">\n");
    row(page, "You", view->person_name.size == 0 ? id
                     : text_format(cx->arena, "%.*s, signed in here as %.*s", TEXT_ARGS(view->person_name),
                                   TEXT_ARGS(id)));
    row(page, "They", text_format(cx->arena, "The department %.*s of %.*s, by its program \u201c%.*s\u201d",
                                  TEXT_ARGS(view->department.name), TEXT_ARGS(view->organisation.name),
                                  TEXT_ARGS(view->client.name)));
    if (view->signs_in)
        row(page, "They learn", TEXT("A name for you that no other organisation is told, and how you have signed in "
                                     "here."));
    row(page, "Your relationship", begins(cx->arena, view));
    row(page, "Your objection", objects(view));
    build_literal(page, "</dl>\n");
}

static void write_after(struct builder *page, const struct consent_view *view, struct text origin)
{
    build_literal(page, "<h2>Your answer</h2>\n<dl class=\"facts\">\n<div><dt>If you say no</dt><dd>");
    if (view->purpose != NULL && view->purpose->if_no.size > 0) {
        html_text(page, view->purpose->if_no);
        build_byte(page, ' ');
    }
    build_literal(page, "They learn that you said no, and nothing else. Nothing of the question stays.</dd></div>\n"
                        "<div><dt>To stop it later</dt><dd>At any time, with your app, ");
    build_literal(page, view->purpose == NULL ? "" : "withdraw the permission, or ");
    build_literal(page, "end the relationship. Their next request is refused. To be signed in there no more, shut out "
                        "the program (<a href=\"/v1/me/authorizations\">which ones act for you</a>)");
    build_literal(page, view->purpose == NULL ? "" : "; that alone leaves the permission, and they may read on");
    build_literal(page, ".</dd></div>\n");
    if (view->purpose != NULL)
        row(page, "To give less", TEXT("Or for a shorter time: answer with your app instead. Both sides get a "
                                       "receipt."));
    row(page, "Then you go back to", origin);
    build_literal(page, "</dl>\n");
}

static void write_button(struct builder *page, const char *answer, const char *label)
{
    build_format(page, "<button name=\"answer\" value=\"%s\">%s</button>\n", answer, label);
}

static void write_hidden(struct builder *page, const char *name, struct text value)
{
    build_format(page, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    html_text(page, value);
    build_literal(page, "\">\n");
}

/* ---- the doors */

struct authorize_form {
    struct text client_id;
    struct text request_uri;
    struct text answer;
};
static const struct shape_member FORM[] = {
    MEMBER("client_id", TEXT, SHAPE_REQUIRED, struct authorize_form, client_id, .most = LIMIT_CLIENT_ID_BYTES),
    MEMBER("request_uri", TEXT, SHAPE_REQUIRED, struct authorize_form, request_uri, .most = 256),
    MEMBER("answer", TEXT, SHAPE_REQUIRED, struct authorize_form, answer, .most = 16, .sentence = "accept or refuse"),
};
const struct shape SHAPE_AUTHORIZE_FORM = {.name = "AuthorizeForm", .sentence = "The answer of a page.",
    SHAPE_MEMBERS(FORM), .size = sizeof(struct authorize_form), .form = true};

/* Scheme, host and port of an address that was registered. */
static struct text origin_of(struct text uri)
{
    size_t slashes = 0;
    size_t size = 0;
    for (; size < uri.size; size++) {
        char c = uri.at[size];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr(".-:[]", c) != NULL) || (c == '/' && ++slashes < 3);
        if (!plain)
            break;
    }
    return (struct text){uri.at, size};
}

/* Whose question it is may be said to whoever holds its name; what is asked, to the one who can answer. */
static err write_sign_in(struct call *call, const struct consent *consent, bool by_member)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    struct views views = {.cx = &call->cx};
    struct named organisation;
    TRY(view_organisation(&views, consent->pushed.system.actor.organisation_id, &organisation));
    html_open(&page, "Sign in first");
    build_literal(&page, "<p><strong>");
    html_text(&page, organisation.name);
    build_literal(&page, "</strong> has a question for you. Only you can answer it, so sign in here. Then you see what "
                         "they ask, and say yes or no.</p>\n");
    build_literal(&page, by_member ? "<p class=\"notice\">You are signed in as a member of an organisation. Use the "
                                     "passkey that is your own.</p>\n" : "");
    TRY(site_write_sign_in(call, &page));
    build_literal(&page, "<p class=\"note\">The question waits for five minutes. Nothing has been answered yet.</p>\n");
    return html_reply_script(call, &page);
}

static err write_question(struct call *call, const struct consent_query *query, const struct consent *consent)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    struct consent_view view;
    TRY(consent_show(call, consent, &view));
    struct text title = text_format(call->arena, view.purpose == NULL ? "Sign in at %.*s?"
                                                 : view.signs_in      ? "Sign in at %.*s, and share this?"
                                                                      : "Share this with %.*s?",
                                    TEXT_ARGS(view.organisation.name));
    if (title.at == NULL)
        return FAIL_MEMORY(&call->cx);
    html_open(&page, title.at);
    write_who(&page, &call->cx, &view);
    if (view.purpose != NULL)
        write_purpose(&page, &call->cx, &view);
    write_after(&page, &view, origin_of(consent->pushed.ask.redirect_uri));
    build_literal(&page, "<form class=\"answers\" method=\"post\" action=\"/oauth/authorize\">\n");
    write_hidden(&page, "client_id", query->client_id);
    write_hidden(&page, "request_uri", query->request_uri);
    write_button(&page, "accept", "Yes");
    write_button(&page, "refuse", "No");
    build_literal(&page, "</form>\n");
    html_close(&page);
    return arena_is_exhausted(call->arena) ? FAIL_MEMORY(&call->cx) : html_reply_form_leading_on(call, &page);
}

err get_authorize(struct call *call)
{
    struct consent_query query = {TEXT_NONE, TEXT_NONE};
    struct consent consent;
    struct actor actor;
    TRY(call_query(call, &query));
    TRY(consent_open(call, query.client_id, query.request_uri, &consent));
    bool known = gate_find_human(&call_visit(call)->api->gate, call, &actor);
    if (!known || actor.kind != ACTOR_PERSON)
        return write_sign_in(call, &consent, known);
    call->cx.actor = actor;
    TRY(gate_hear_signal(call));
    call->cx.actor.signals_anew = false; /* to look records nothing: the answer does */
    return write_question(call, &query, &consent);
}

static err reply_redirect(struct call *call, void *arg)
{
    const struct authorization_answer *answer = arg;
    struct text address;
    TRY(consent_address(call, answer, &address));
    call_reply_nothing(call);
    call_add_field(call, "Location", address);
    return OK;
}

err post_authorize(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct authorize_form form = {.answer = TEXT_NONE};
    struct consent consent;
    struct authorization_answer *answer = ARENA_NEW(call->arena, struct authorization_answer);
    if (answer == NULL)
        return FAIL_MEMORY(cx);
    TRY(oauth_form(call, &form));
    TRY(consent_open(call, form.client_id, form.request_uri, &consent));
    if (!text_is(form.answer, "accept") && !text_is(form.answer, "refuse"))
        return FAIL(cx, MALFORMED, "oauth.request", "the answer is accept or refuse");
    consent_answer(&consent, answer);
    answer->accepts = text_is(form.answer, "accept");
    return call_seal(call, authorization_answer, answer, reply_redirect, cx->actor.person_id);
}
