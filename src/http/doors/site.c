/* SPDX-License-Identifier: Apache-2.0
 * The plain pages for people who arrive with a browser: what this node is, and what an invitation code is for. */
#include <qrencode.h>

#include "crypto/token.h"
#include "domain/parties/member.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/doors/html.h"
#include "http/doors/site.h"

static const char FRONT[] =
    "<p>People keep their own data here, and decide which organisation may read what, for which purpose, and until "
    "when. Organisations read from the source, and only while the permission lasts. Every permission leaves a receipt "
    "that both sides can prove.</p>\n";
static const char SIGNED_OUT[] =
    "<p><a href=\"/sign-in\">Sign in with a passkey</a>, or open the link that the operator of this node gave you."
    "</p>\n";
static const char COUNTS[] =
    "<h2>What happens with your data</h2>\n"
    "<p>An app or a program shows it for now: this node has no screens for it yet. <a href=\"/v1/me\">What the node "
    "counts for you</a> is there, for programs.</p>\n";
static const char DOORS[] =
    "<h2>Doors</h2>\n"
    "<dl>\n"
    "<div><dt><a href=\"/openapi.json\">Description of the interface</a></dt>"
    "<dd>OpenAPI 3.1: every address, with its requests and answers.</dd></div>\n"
    "<div><dt><a href=\"/log/checkpoint\">Checkpoint of the log</a></dt>"
    "<dd>The signed state of the public log. Anybody can check a receipt against it.</dd></div>\n"
    "<div><dt><a href=\"/log/key\">Key of the log</a></dt>"
    "<dd>What a verifier needs to know.</dd></div>\n"
    "<div><dt><a href=\"/.well-known/symbolon\">About this node</a></dt>"
    "<dd>Origin, version and keys, for programs.</dd></div>\n"
    "</dl>\n"
    "<h2>Manual</h2>\n"
    "<p>The manual comes with the program, in <code>docs/manual</code>. "
    "<code>symbolon --help</code> lists every command.</p>\n";

static void write_front(struct builder *page)
{
    html_open(page, "This is a Symbolon node");
    build_literal(page, FRONT);
    build_literal(page, SIGNED_OUT);
}

static err write_home(struct call *call, struct builder *page)
{
    html_open(page, "You are signed in");
    TRY(site_write_own(call, page));
    build_literal(page, call->cx.actor.kind == ACTOR_PERSON ? COUNTS : "");
    return OK;
}

/* Whoever is signed in is at home here; to all others the node says what it is. */
err get_front_page(struct call *call)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    bool is_home = gate_find_human(&call_visit(call)->api->gate, call, &call->cx.actor);
    if (is_home)
        TRY(write_home(call, &page));
    else
        write_front(&page);
    build_literal(&page, DOORS);
    build_format(&page, "<footer>Symbolon %s</footer>\n", call_visit(call)->api->options.version);
    if (is_home)
        return html_reply_script(call, &page);
    html_close(&page);
    return html_reply(call, &page);
}

/* ---- invitation */

static void close_code(void *code)
{
    QRcode_free(code);
}

/* Neighbours that are dark are one piece. */
static void draw_row(struct builder *page, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int begin = x;
        while (x < width && (row[x] & 1u) != 0)
            x++;
        if (x > begin)
            build_format(page, "M%d %dh%dv1h-%dz", begin + 4, y, x - begin, x - begin);
    }
}

/* A picture of dark squares on a white field with the quiet zone of four that readers want. */
static err draw_code(struct call *call, struct builder *page, const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL || !arena_defer(call->arena, close_code, code)) {
        QRcode_free(code);
        return FAIL_MEMORY(&call->cx);
    }
    int side = code->width + 8;
    build_format(page, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"This address as a picture to scan\">"
                       "<path d=\"", side, side);
    for (int y = 0; y < code->width; y++)
        draw_row(page, code->data + y * code->width, code->width, y + 4);
    build_literal(page, "\"/></svg>\n");
    return OK;
}

/* One that somebody works with is taken up here; whoever has it learns no more than the door tells that takes it. Of
 * all others nothing is said, good or not. */
static err find_member(struct call *call, struct text code, bool *out)
{
    uint64_t number = 0;
    err result = member_look(&call->cx, code, &number);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&call->cx.failure);
    *out = result == OK;
    return OK;
}

static err write_taking_up(struct call *call, struct builder *page, struct text code)
{
    TRY(site_write_elsewhere(call, page));
    build_literal(page, "<form data-act=\"takeUp\" data-code=\"");
    html_text(page, code);
    build_literal(page, "\"><button disabled>Take it up</button></form>\n");
    site_write_without_script(page);
    build_literal(page, "<p class=\"note\">It signs you in with this browser, as somebody who works there. You add a "
                        "passkey next. The code works once.</p>\n");
    return OK;
}

/* Anybody may ask for it, and the picture is most of the work: who asks for very many gets the page without. */
err get_invitation_page(struct call *call)
{
    struct claim_code code;
    struct text typed = call_text(call, "code");
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    bool is_member = false;
    if (!claim_code_parse(typed, &code))
        return FAIL(&call->cx, NOT_FOUND, "not_found", "this is no invitation code");
    struct text address = text_format(call->arena, "%s/invitation/%.*s", call_origin(call), TEXT_ARGS(typed));
    if (address.at == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(find_member(call, typed, &is_member));
    html_open(&page, "You are invited");
    build_literal(&page, "<p>This node keeps what people and organisations have to do with one another. This code is "
                         "for you alone: show it to nobody.</p>\n<p class=\"code\">");
    html_text(&page, typed);
    build_literal(&page, "</p>\n");
    if (is_member) {
        TRY(write_taking_up(call, &page, typed));
        return html_reply_script(call, &page);
    }
    if (api_thread_may_draw(call))
        TRY(draw_code(call, &page, address.at));
    else
        build_literal(&page, "<p>So many of these pages are wanted now that this one comes without its picture to "
                             "scan. Load it again in a minute.</p>\n");
    build_literal(&page, "<p>Enter the code in your app. It works until it is used or its time is over.</p>\n");
    html_close(&page);
    return html_reply(call, &page);
}
