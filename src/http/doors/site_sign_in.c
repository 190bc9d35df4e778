/* SPDX-License-Identifier: Apache-2.0
 * Signing in with a browser: the page with the button, the one for whoever has lost every passkey, and the script that
 * works both. No page takes a place to go on to: a question of a client is answered where it is asked. */
#include "http/doors/api_passkey.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/doors/html.h"
#include "http/doors/site.h"

void site_write_without_script(struct builder *page)
{
    build_literal(page, "<noscript><p>These buttons need JavaScript: a passkey cannot be used without it."
                        "</p></noscript>\n");
}

err site_write_elsewhere(struct call *call, struct builder *page)
{
    struct text origin = passkey_origin(call);
    if (origin.at == NULL)
        return FAIL_MEMORY(&call->cx);
    build_literal(page, "<p class=\"notice\" hidden data-origin=\"");
    html_text(page, origin);
    build_literal(page, "\">Passkeys of this node work at another address of it. <a href=\"");
    html_text(page, origin);
    build_literal(page, "/sign-in\">Go on there</a>.</p>\n");
    return OK;
}

err site_write_sign_in(struct call *call, struct builder *page)
{
    TRY(site_write_elsewhere(call, page));
    build_literal(page, "<form data-act=\"signIn\"><button disabled>Sign in with a passkey</button></form>\n");
    site_write_without_script(page);
    build_literal(page, "<p class=\"note\">Your device asks for your finger, your face or its screen lock. You type no "
                        "name and no password.</p>\n"
                        "<h2>Without a passkey</h2>\n"
                        "<p>You have none yet? Open the link that the operator of this node gave you. You can add a "
                        "passkey then.</p>\n"
                        "<p>You have lost it? <a href=\"/recovery\">Come back in with a printed code</a>.</p>\n");
    return OK;
}

err get_sign_in_page(struct call *call)
{
    struct actor actor;
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    if (gate_find_human(&call_visit(call)->api->gate, call, &actor)) {
        call_redirect(call, "/");
        return OK;
    }
    html_open(&page, "Sign in");
    TRY(site_write_sign_in(call, &page));
    return html_reply_script(call, &page);
}

err get_recovery_page(struct call *call)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    html_open(&page, "Come back in with a printed code");
    build_literal(&page, "<p>Do you have another device with a passkey? Then <a href=\"/sign-in\">sign in with that "
                         "one</a>: it takes no wait.</p>\n"
                         "<p>Otherwise enter one of your printed codes. It opens nothing yet: a day of waiting begins, "
                         "and whoever is signed in as you can stop it. After the day, enter the same code here "
                         "again; then you have a day to add a passkey.</p>\n"
                         "<form data-act=\"recover\"><label>Printed code\n"
                         "<input name=\"code\" required maxlength=\"64\" autocomplete=\"off\" "
                         "autocapitalize=\"characters\" spellcheck=\"false\"></label>\n"
                         "<button disabled>Enter the code</button></form>\n");
    site_write_without_script(&page);
    build_literal(&page, "<p class=\"note\">You have no code either? Ask the operator of this node for one. It has "
                          "the same day of waiting.</p>\n");
    return html_reply_script(call, &page);
}

err get_sign_in_script(struct call *call)
{
    return call_reply_text(call, "text/javascript; charset=utf-8", text_of(SITE_SCRIPT));
}
