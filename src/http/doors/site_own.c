/* SPDX-License-Identifier: Apache-2.0
 * The page of whoever is signed in, a person or a member: who it is, whether somebody wants to come in with a printed
 * code, the passkeys, codes to print, where somebody is signed in, and what has happened. What its buttons do, the
 * doors below /v1/me decide. */
#include "crypto/id_seal.h"
#include "domain/parties/member.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/recovery.h"
#include "http/doors/api_passkey.h"
#include "http/doors/html.h"
#include "http/doors/site.h"

/* What the page tells of, read before a word is written. */
struct own {
    struct text           name; /* empty: none is known */
    struct text           id;
    struct recovery_state recovery;
    struct passkey       *passkeys;
    size_t                count;
    bool                  is_proved;
    bool                  may_add;
};

static err read_own(struct call *call, struct own *out)
{
    struct ctx *cx = &call->cx;
    TRY(passkey_account(call, &out->id, &out->name));
    TRY(recovery_load(cx, &out->recovery));
    TRY(passkey_list(cx, &out->passkeys, &out->count));
    out->is_proved = passkey_require_fresh(cx) == OK;
    failure_clear(&cx->failure);
    out->may_add = passkey_require_way_to_add(cx) == OK;
    failure_clear(&cx->failure); /* who has proved nothing lately is asked by the device */
    return OK;
}

static void open_form(struct builder *page, const char *act, bool is_proved)
{
    build_format(page, "<form data-act=\"%s\" data-proof=\"%s\">", act, is_proved ? "fresh" : "wanted");
}

/* First of all, because it does not wait. */
static void write_notice(struct builder *page, struct arena *arena, const struct own *own)
{
    if (own->recovery.opens_at_ms == 0)
        return;
    build_literal(page, "<section class=\"notice\">\n<h2>Somebody wants to come in as you</h2>\n<p>On ");
    build_text(page, html_moment(arena, own->recovery.begun_at_ms));
    build_literal(page, " one of your printed codes was entered, or the operator of this node made one for somebody "
                        "who asked in your name. From ");
    build_text(page, html_moment(arena, own->recovery.opens_at_ms));
    build_literal(page, " on it lets them in. Was it not you? Stop it: then all your codes are void, and "
                        "you can make new ones below.</p>\n"
                        "<form data-act=\"stop\"><button disabled>Stop it</button></form>\n</section>\n");
}

static void write_passkey(struct builder *page, struct call *call, const struct own *own, const struct passkey *passkey)
{
    struct id id = {ID_PASSKEY, passkey->person_id, passkey->passkey_id};
    build_literal(page, "<div><p><strong>");
    html_text(page, passkey->secret.name);
    build_literal(page, "</strong><br><span class=\"note\">Added on ");
    build_text(page, html_day(call->arena, passkey->created_at_ms));
    if (passkey->used_at_ms != 0) {
        build_literal(page, ", last used on ");
        build_text(page, html_day(call->arena, passkey->used_at_ms));
    }
    build_literal(page, "</span></p>");
    build_format(page, "<form data-act=\"remove\" data-proof=\"%s\" data-id=\"", own->is_proved ? "fresh" : "wanted");
    html_text(page, id_text(&call->cx, id));
    build_literal(page, "\"><button class=\"quiet\" disabled aria-label=\"Take away ");
    html_text(page, passkey->secret.name);
    build_literal(page, "\">Take away</button></form></div>\n");
}

static void write_passkeys(struct builder *page, struct call *call, const struct own *own)
{
    build_literal(page, "<h2>Your passkeys</h2>\n");
    build_literal(page, own->count == 0 ? "<p>You have none yet. With one you sign in by finger, face or screen lock, "
                                          "without a link.</p>\n"
                        : own->count == 1 ? "<p>Add a second one on another device. The loss of one costs nothing "
                                            "then.</p>\n<div class=\"ways\">\n"
                                          : "<div class=\"ways\">\n");
    for (size_t i = 0; i < own->count; i++)
        write_passkey(page, call, own, &own->passkeys[i]);
    build_literal(page, own->count > 0 ? "</div>\n" : "");
    open_form(page, "add", own->may_add);
    build_literal(page, "<label>Name of the device, such as Phone\n<input name=\"name\" required maxlength=\"50\" "
                        "autocomplete=\"off\"></label>\n<button disabled>Add a passkey</button></form>\n");
}

static void write_codes(struct builder *page, const struct own *own)
{
    build_literal(page, "<h2>Printed codes</h2>\n<p>With a code on paper you come back in when every device is gone, "
                        "after a day of waiting.</p>\n");
    open_form(page, "codes", own->is_proved);
    if (own->recovery.codes_left == 0)
        build_literal(page, "<p>You have none.</p>\n");
    else
        build_format(page, "<p>You have %lld. New ones make these void.</p>\n", (long long)own->recovery.codes_left);
    build_literal(page, "<button class=\"quiet\" disabled>Make new codes</button></form>\n");
}

err site_write_own(struct call *call, struct builder *page)
{
    struct own own = {.count = 0};
    TRY(read_own(call, &own));
    build_literal(page, "<p>");
    if (own.name.size > 0) {
        build_literal(page, "<strong>");
        html_text(page, own.name);
        build_literal(page, "</strong>, ");
    }
    build_literal(page, "signed in with this browser as <code>");
    html_text(page, own.id);
    build_literal(page, "</code></p>\n");
    write_notice(page, call->arena, &own);
    TRY(site_write_elsewhere(call, page));
    site_write_without_script(page);
    write_passkeys(page, call, &own);
    write_codes(page, &own);
    TRY(site_write_sessions(call, page));
    TRY(site_write_alerts(call, page));
    return arena_is_exhausted(call->arena) ? FAIL_MEMORY(&call->cx) : OK;
}
