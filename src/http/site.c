/* SPDX-License-Identifier: Apache-2.0
 * The plain page at "/", for people who arrive with a browser: what this node is and where its doors are. One document,
 * no script, no other request; the policy in its head forbids what the page does not need. */
#include "http/api_thread.h"
#include "http/call.h"
#include "http/handlers.h"

#define PAGE_BYTES_MAX (16 * 1024)

/* The hash of the style below would be longer than the trust it adds: nothing of a request enters the page. */
#define PAGE_POLICY \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const char PAGE_HEAD[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Symbolon node</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark; --ink: #1d2421; --soft: #56605b; --page: #fbfaf7; --line: #d9d6cc; --link: #1f5f4a }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #e7ebe8; --soft: #a3ada8; --page: #141816; --line: #333a36; --link: #7cc9ab }\n"
    "}\n"
    "body { margin: 0; background: var(--page); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif }\n"
    "main { max-width: 38rem; margin: 0 auto; padding: clamp(2rem, 8vw, 6rem) 1.25rem 4rem }\n"
    "h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 600; margin: 0 0 1rem }\n"
    "h2 { font-size: 1.0625rem; font-weight: 600; margin: 2.5rem 0 .25rem }\n"
    "p { margin: 0 0 1rem; max-width: 34rem }\n"
    "dl { margin: 0; border-top: 1px solid var(--line) }\n"
    "dl div { padding: .75rem 0; border-bottom: 1px solid var(--line) }\n"
    "dd { margin: 0; color: var(--soft) }\n"
    "a { color: var(--link); text-underline-offset: .2em }\n"
    "a:focus-visible { outline: 2px solid var(--link); outline-offset: 3px }\n"
    "code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }\n"
    "footer { margin-top: 3rem; color: var(--soft); font-size: .9375rem }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n"
    "<h1><span aria-hidden=\"true\">&#9680;</span> This is a Symbolon node</h1>\n"
    "<p>People keep their own data here, and decide which organisation may read what, for which purpose, and until when. "
    "Organisations read from the source, and only while the permission lasts. Every permission leaves a receipt that both "
    "sides can prove.</p>\n"
    "<p>To sign in, open the link that the operator of this node gave you.</p>\n"
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

static const char PAGE_FOOT[] = "</main>\n</body>\n</html>\n";

err get_front_page(struct call *call)
{
    struct builder page = builder_open(call->arena, PAGE_BYTES_MAX);
    build_literal(&page, PAGE_HEAD);
    build_format(&page, "<footer>Symbolon %s</footer>\n", call_visit(call)->api->options.version);
    build_literal(&page, PAGE_FOOT);
    if (page.overflowed)
        return FAIL_MEMORY(&call->cx);
    call_add_field(call, "Content-Security-Policy", TEXT(PAGE_POLICY));
    return call_reply_text(call, "text/html; charset=utf-8", builder_text(&page));
}
