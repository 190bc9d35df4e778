/* SPDX-License-Identifier: Apache-2.0
 * What somebody who is signed in looks at to see that all is well: where else he is signed in, and what has happened to
 * his ways in. Nothing of it is carried to him yet, so it has to be where he comes anyway. */
#include "crypto/id_seal.h"
#include "domain/entrance/device.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/session.h"
#include "domain/parties/organisation.h"
#include "http/doors/html.h"
#include "http/doors/site.h"

#define ALERTS_SHOWN 10   /* the rest is at GET /v1/me/alerts */
#define SESSIONS_SHOWN 20 /* the last used; the others end with the button below them */

/* ---- where somebody is signed in */

static const char *const WAYS[] = {
    [SESSION_BY_LINK] = "by a link",
    [SESSION_BY_PASSKEY] = "by passkey",
    [SESSION_BY_CODE] = "by a printed code",
    [SESSION_BY_INVITATION] = "by an invitation",
};

/* "Firefox on Linux" */
static struct text device_words(struct arena *arena, int64_t device)
{
    const char *browser = device_browser(device);
    const char *system = device_system(device);
    if (*browser == '\0' && *system == '\0')
        return TEXT("A device that does not say what it is");
    if (*browser == '\0' || *system == '\0')
        return text_of(*browser == '\0' ? system : browser);
    return text_format(arena, "%s on %s", browser, system);
}

static void write_session(struct builder *page, struct call *call, const struct session *session)
{
    struct id id = {ID_SESSION, call->cx.actor.person_id, session->session_id};
    struct text device = device_words(call->arena, session->device);
    build_literal(page, "<div><p><strong>");
    html_text(page, device);
    build_format(page, "</strong>%s<br><span class=\"note\">Signed in %s on ", session->is_current ? ", this one" : "",
                 WAYS[session->way]);
    build_text(page, html_day(call->arena, session->created_at_ms));
    build_literal(page, ", last used on ");
    build_text(page, html_moment(call->arena, session->seen_at_ms));
    build_literal(page, "</span></p>");
    if (session->is_current)
        build_literal(page, "<form data-act=\"signOut\"><button class=\"quiet\" disabled>Sign out</button></form>");
    else {
        build_literal(page, "<form data-act=\"endSession\" data-id=\"");
        html_text(page, id_text(&call->cx, id));
        build_literal(page, "\"><button class=\"quiet\" disabled aria-label=\"End ");
        html_text(page, device);
        build_literal(page, "\">End</button></form>");
    }
    build_literal(page, "</div>\n");
}

err site_write_sessions(struct call *call, struct builder *page)
{
    struct session *sessions = NULL;
    size_t count = 0;
    TRY(session_list(&call->cx, &sessions, &count));
    build_literal(page, "<h2>Where you are signed in</h2>\n<div class=\"ways\">\n");
    for (size_t i = 0; i < count && i < SESSIONS_SHOWN; i++)
        write_session(page, call, &sessions[i]);
    build_literal(page, "</div>\n");
    if (count > SESSIONS_SHOWN)
        build_format(page, "<p class=\"note\">And %zu more.</p>\n", count - SESSIONS_SHOWN);
    if (count > 1)
        build_literal(page, "<form data-act=\"endOthers\"><button class=\"quiet\" disabled>End all others</button>"
                            "</form>\n");
    return OK;
}

/* ---- what has happened */

static const char *const SENTENCES[] = {
#define X(name, number, word, event, sentence) [number] = (sentence),
#include "domain/entrance/alert.def"
#undef X
};

static err write_alert(struct builder *page, struct call *call, const struct alert *alert)
{
    struct text client = TEXT_NONE;
    if (alert->system_id != 0)
        TRY(system_name(&call->cx, alert->organisation_id, alert->system_id, &client));
    build_literal(page, "<div><dt>");
    build_text(page, html_moment(call->arena, alert->at_ms));
    build_literal(page, "</dt><dd>");
    build_literal(page, SENTENCES[alert->kind]);
    if (client.size > 0) {
        build_literal(page, " It is called ");
        html_text(page, client);
        build_literal(page, ".");
    }
    build_literal(page, "</dd></div>\n");
    return OK;
}

err site_write_alerts(struct call *call, struct builder *page)
{
    struct alert_list list = {.limit = ALERTS_SHOWN};
    TRY(alert_list(&call->cx, &list));
    if (list.out_count == 0)
        return OK;
    build_literal(page, "<h2>What happened to your account</h2>\n<p>Was one of these not you? End all others above, "
                        "take away what is not yours, and make new codes.</p>\n<dl class=\"facts\">\n");
    for (size_t i = 0; i < list.out_count; i++)
        TRY(write_alert(page, call, &list.out[i]));
    build_literal(page, "</dl>\n");
    return OK;
}
