/* SPDX-License-Identifier: Apache-2.0
 * Coming in and going out: one-time links, claims by people who are new here, where somebody is signed in, the
 * end of a session, leaving for good. */
#include "base/text.h"
#include "domain/entrance/device.h"
#include "domain/entrance/session.h"
#include "domain/parties/invitation.h"
#include "domain/people/erasure.h"
#include "domain/people/person.h"
#include "http/doors/api_thread.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"
#include "http/doors/html.h"

err api_set_session(struct call *call, struct text token)
{
    struct text cookie = gate_cookie(&call_visit(call)->api->gate, call->arena, token);
    if (cookie.at == NULL)
        return FAIL_MEMORY(&call->cx);
    call_add_field(call, "Set-Cookie", cookie);
    return OK;
}

struct session_browser api_browser(struct call *call)
{
    struct text agent = TEXT_NONE;
    bool says = h1_field(&call->request, "User-Agent", &agent);
    return (struct session_browser){says ? device_of(agent) : 0, gate_session(&call_visit(call)->api->gate, call)};
}

static err reply_signed_in(struct call *call, void *arg)
{
    const struct person_sign_in *sign_in = arg;
    call_redirect(call, "/");
    return api_set_session(call, sign_in->out_session_token);
}

static err sign_in(struct call *call)
{
    struct person_sign_in *act = ARENA_NEW(call->arena, struct person_sign_in);
    if (act == NULL)
        return FAIL_MEMORY(&call->cx);
    act->link_token = call_text(call, "token");
    act->browser = api_browser(call);
    TRY(person_check_link(&call->cx, act->link_token)); /* guesses do not come as far as the writer */
    return call_seal(call, person_sign_in, act, reply_signed_in, 0);
}

err post_sign_in(struct call *call)
{
    return sign_in(call);
}

/* Whether nothing in the request says that a browser, or a look ahead, sends it. */
static bool is_plain_get(const struct call *call)
{
    static const char *const SIGNS[] = {"Sec-Fetch-Site", "Sec-Purpose", "Purpose", "Origin", "Referer"};
    struct text mode = TEXT_NONE; /* Node's fetch says "cors" */
    bool plain = text_is(call->request.method, "GET") && !html_is_wanted(call) &&
                 (!h1_field(&call->request, "Sec-Fetch-Mode", &mode) || text_is(mode, "cors"));
    for (size_t i = 0; plain && i < sizeof SIGNS / sizeof *SIGNS; i++)
        plain = h1_field_count(&call->request, SIGNS[i]) == 0;
    return plain;
}

/* Programs whose owner put the link there: the tools of a command line, the libraries of scripts, and what names itself
 * nothing. Everything else looks at links that others got, as mail scanners, previews of messages and browsers do, and
 * must not use one up by looking. */
static bool is_program(const struct call *call)
{
    static const char *const PROGRAMS[] = {"curl/", "Wget/", "HTTPie/", "Python-urllib/", "python-requests/",
                                           "python-httpx/", "node", "undici"};
    struct text agent;
    if (!is_plain_get(call))
        return false;
    bool known = !h1_field(&call->request, "User-Agent", &agent);
    for (size_t i = 0; !known && i < sizeof PROGRAMS / sizeof *PROGRAMS; i++)
        known = text_starts_with(agent, PROGRAMS[i]);
    return known;
}

err get_sign_in(struct call *call)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    if (is_program(call))
        return sign_in(call);
    TRY(person_check_link(&call->cx, call_text(call, "token")));
    html_open(&page, "Sign in");
    build_literal(&page, "<p>One press signs you in with this browser. The link works once.</p>\n"
                         "<form method=\"post\"><button>Sign in</button></form>\n"
                         "<p class=\"note\">You did not ask for this link? Then close this page: nothing has happened."
                         "</p>\n");
    html_close(&page);
    return html_reply_form(call, &page);
}

static err reply_signed_out(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return api_set_session(call, TEXT_NONE);
}

err post_sign_out(struct call *call)
{
    return call_seal(call, session_end, NULL, reply_signed_out, call->cx.actor.person_id);
}

/* ---- where somebody is signed in */

static const struct choice WAYS[] = {
    {SESSION_BY_LINK, "link"},
    {SESSION_BY_PASSKEY, "passkey"},
    {SESSION_BY_CODE, "code"},
    {SESSION_BY_INVITATION, "invitation"},
    {0, NULL},
};

struct session_view {
    struct id   id;
    session_way way;
    struct text browser;
    struct text system;
    int64_t     created_at_ms;
    int64_t     seen_at_ms;
    int64_t     expires_at_ms;
    bool        is_current;
};
static const struct shape_member SESSION[] = {
    MEMBER("id", ID, 0, struct session_view, id, .id = ID_SESSION),
    MEMBER("way", CHOICE, 0, struct session_view, way, .choices = WAYS, .sentence = "How somebody signed in."),
    MEMBER("browser", TEXT, SHAPE_NULLABLE, struct session_view, browser,
           .sentence = "As it named itself then; null: by no name that is known here."),
    MEMBER("system", TEXT, SHAPE_NULLABLE, struct session_view, system, .sentence = "The same of its system."),
    MEMBER("created", TIME, 0, struct session_view, created_at_ms),
    MEMBER("used", TIME, 0, struct session_view, seen_at_ms, .sentence = "For the last time, to some minutes."),
    MEMBER("ends", TIME, 0, struct session_view, expires_at_ms,
           .sentence = "Used or not; without use it ends three days after the last one."),
    MEMBER("current", BOOL, 0, struct session_view, is_current, .sentence = "It is the one that asks."),
};
static const struct shape SHAPE_SESSION = {.name = "Session", .sentence = "Somewhere the person is signed in.",
    SHAPE_MEMBERS(SESSION), .size = sizeof(struct session_view)};
SHAPE_PAGE(SHAPE_SESSION_PAGE, "SessionPage", &SHAPE_SESSION);

err get_sessions(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct session *sessions = NULL;
    size_t count = 0;
    TRY(call_query(call, &query));
    TRY(session_list(&call->cx, &sessions, &count));
    struct session_view *views = ARENA_ARRAY(call->arena, struct session_view, count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        views[i] = (struct session_view){
            .id = {ID_SESSION, call->cx.actor.person_id, sessions[i].session_id},
            .way = sessions[i].way,
            .browser = text_of(device_browser(sessions[i].device)),
            .system = text_of(device_system(sessions[i].device)),
            .created_at_ms = sessions[i].created_at_ms,
            .seen_at_ms = sessions[i].seen_at_ms,
            .expires_at_ms = sessions[i].expires_at_ms,
            .is_current = sessions[i].is_current,
        };
    struct page page = {.items = views, .count = count};
    TRY(call_cut(call, &query, sizeof *views, &page));
    return call_reply_page(call, &page);
}

static err reply_ended(struct call *call, void *arg)
{
    const int64_t *session_id = arg;
    call_reply_nothing(call);
    return *session_id == call->cx.actor.session_id ? api_set_session(call, TEXT_NONE) : OK;
}

err delete_session(struct call *call)
{
    struct id id;
    int64_t *session_id = ARENA_NEW(call->arena, int64_t);
    if (session_id == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_id(call, "ses", &id));
    if (id.owner != call->cx.actor.person_id)
        return FAIL(&call->cx, NOT_FOUND, "not_found", "no such session, or not the caller's");
    *session_id = id.item;
    return call_seal_stop(call, session_end_one, session_id, reply_ended, id.owner);
}

static err reply_others_ended(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of them */
    call_reply_nothing(call);
    return OK;
}

err delete_sessions(struct call *call)
{
    return call_seal_stop(call, session_end_others, NULL, reply_others_ended, call->cx.actor.person_id);
}

/* ---- leaving for good */

struct erase_body {
    struct text confirm;
};
static const struct shape_member ERASE[] = {
    MEMBER("confirm", TEXT, SHAPE_REQUIRED, struct erase_body, confirm, .least = 1, .most = 64,
           .sentence = "The words \"erase me\": nothing brings back what is erased."),
};
const struct shape SHAPE_ERASE = {.name = "Erase", .sentence = "The person wants to be forgotten.",
    SHAPE_MEMBERS(ERASE), .size = sizeof(struct erase_body)};

struct erased_view {
    struct id id;
    int64_t   asked_at_ms;
    int64_t   relationships;
};
static const struct shape_member ERASED[] = {
    MEMBER("id", ID, 0, struct erased_view, id, .id = ID_PERSON),
    MEMBER("asked_at", TIME, 0, struct erased_view, asked_at_ms),
    MEMBER("relationships", INT, 0, struct erased_view, relationships,
           .sentence = "Organisations that were told to delete what they hold."),
};
const struct shape SHAPE_ERASED = {.name = "Erased", .sentence = "Every door is shut; the key is destroyed next.",
    SHAPE_MEMBERS(ERASED), .size = sizeof(struct erased_view)};

static err reply_erased(struct call *call, void *arg)
{
    const struct erasure_begin *begin = arg;
    TRY(api_set_session(call, TEXT_NONE));
    return call_reply(call, &(struct erased_view){{ID_PERSON, begin->person_id, 0}, begin->out_asked_at_ms,
                                                  begin->out_relationships});
}

err post_erase(struct call *call)
{
    struct erase_body body = {TEXT_NONE};
    struct erasure_begin *begin = ARENA_NEW(call->arena, struct erasure_begin);
    if (begin == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    begin->person_id = call->cx.actor.person_id;
    begin->confirmation = body.confirm;
    return call_seal_stop(call, erasure_begin, begin, reply_erased, begin->person_id);
}

/* ---- claims by people who are not here yet */

struct claim_body {
    struct text         invitation;
    relationship_nature nature;
    int64_t             ends_at_ms;
    int64_t             review_at_ms;
};
static const struct shape_member CLAIM[] = {
    MEMBER("invitation", TEXT, SHAPE_REQUIRED, struct claim_body, invitation, .least = 1, .most = 64,
           .sentence = "The claim code."),
    MEMBER("nature", CHOICE, 0, struct claim_body, nature, .choices = NATURE_WORDS),
    MEMBER("ends", TIME, SHAPE_NULLABLE, struct claim_body, ends_at_ms),
    MEMBER("review", TIME, SHAPE_NULLABLE, struct claim_body, review_at_ms),
};
const struct shape SHAPE_CLAIM = {.name = "Claim", .sentence = "Somebody new takes up an invitation.",
    SHAPE_MEMBERS(CLAIM), .size = sizeof(struct claim_body)};

static err reply_claimed(struct call *call, void *arg)
{
    const struct invitation_claim_new *claim = arg;
    struct views views = {.cx = &call->cx};
    struct relationship_view view;
    /* Who it is from here on. */
    call->cx.actor = (struct actor){.kind = ACTOR_PERSON, .person_id = claim->out.person_id};
    TRY(view_relationship(&views, &claim->out, &view));
    TRY(api_set_session(call, claim->out_session_token));
    return call_reply(call, &view);
}

err post_claim(struct call *call)
{
    struct claim_body body = {.nature = NATURE_CUSTOMER};
    uint64_t number = 0;
    struct invitation_claim_new *claim = ARENA_NEW(call->arena, struct invitation_claim_new);
    if (claim == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    TRY(invitation_look(&call->cx, body.invitation, &number)); /* guesses do not come as far as the writer */
    TRY(api_thread_count(call, number));
    claim->code = body.invitation;
    claim->browser = api_browser(call);
    claim->start = (struct relationship_start){body.nature, body.ends_at_ms, body.review_at_ms};
    const struct sealing sealing = {.run = invitation_claim_new, .arg = claim, .encode = reply_claimed,
        .about = &claim->out.person_id,
        .secret = body.invitation}; /* whoever lost the answer is nobody still, but has code and key */
    return call_seal_with(call, &sealing);
}
