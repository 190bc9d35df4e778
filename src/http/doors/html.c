/* SPDX-License-Identifier: Apache-2.0
 * Frame, style and escaping. Readable from 320 pixels up, in light and dark, by the reader's own fonts. */
#include "http/doors/html.h"

#include "http/gate/accept.h"

/* Nothing of a request becomes markup, so the one style may stand in the page. */
#define POLICY(forms)                                                                                                  \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " forms "frame-ancestors 'none'"
#define FORMS_TO(source) "form-action " source "; "
#define PAGE_TYPE "text/html; charset=utf-8"

static const char STYLE[] =
    ":root { color-scheme: light dark; --ink: #1d2421; --soft: #56605b; --page: #fbfaf7; --line: #d9d6cc;"
    " --link: #1f5f4a }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #e7ebe8; --soft: #a3ada8; --page: #141816; --line: #333a36; --link: #7cc9ab }\n"
    "}\n"
    "body { margin: 0; background: var(--page); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif }\n"
    "main { max-width: 38rem; margin: 0 auto; padding: clamp(2rem, 8vw, 6rem) 1.25rem 4rem }\n"
    "h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 600; margin: 0 0 1rem; text-wrap: balance }\n"
    "h2 { font-size: 1.0625rem; font-weight: 600; margin: 2.5rem 0 .5rem }\n"
    "p { margin: 0 0 1rem; max-width: 34rem }\n"
    "dl { margin: 0; border-top: 1px solid var(--line) }\n"
    "dl div { padding: .75rem 0; border-bottom: 1px solid var(--line) }\n"
    "dt { font-weight: 500 }\n"
    "dd { margin: 0; color: var(--soft); overflow-wrap: anywhere }\n"
    "a { color: var(--link); text-underline-offset: .2em }\n"
    "a:focus-visible { outline: 2px solid var(--link); outline-offset: 3px }\n"
    "code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }\n"
    "pre { font: .8125rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere;"
    " border: 1px solid var(--line); padding: 1rem; margin: 0 }\n"
    ".code { font: 600 1.5rem/1.3 ui-monospace, monospace; letter-spacing: .04em }\n"
    "svg { width: 12rem; height: 12rem; background: #fff; color: #000; display: block; margin: 1.5rem 0 }\n"
    "button { font: inherit; font-weight: 600; padding: .75rem 2rem; border: 0; border-radius: .5rem;"
    " background: var(--link); color: var(--page); cursor: pointer }\n"
    "button:focus-visible { outline: 2px solid var(--link); outline-offset: 3px }\n"
    "form { margin: 1.5rem 0 }\n"
    ".facts dt { color: var(--soft); font-weight: 400; font-size: .9375rem }\n"
    ".facts dd { color: var(--ink) }\n"
    "@media (min-width: 40rem) {\n"
    "  .facts div { display: grid; grid-template-columns: 10rem 1fr; gap: 1rem; align-items: baseline }\n"
    "}\n"
    ".answers { display: flex; gap: 1rem; margin: 2rem 0 0 }\n"
    ".answers button { flex: 1; max-width: 12rem }\n"
    "summary { cursor: pointer; margin: 0 0 .75rem }\n"
    ".note { color: var(--soft) }\n"
    "footer { margin-top: 3rem; color: var(--soft); font-size: .9375rem }\n";

void html_open(struct builder *page, const char *title)
{
    build_literal(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_text(page, text_of(title));
    build_literal(page, "</title>\n<style>\n");
    build_literal(page, STYLE);
    build_literal(page, "</style>\n</head>\n<body>\n<main>\n<h1><span aria-hidden=\"true\">&#9680;</span> ");
    html_text(page, text_of(title));
    build_literal(page, "</h1>\n");
}

void html_close(struct builder *page)
{
    build_literal(page, "</main>\n</body>\n</html>\n");
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':  return "&amp;";
    case '<':  return "&lt;";
    case '>':  return "&gt;";
    case '"':  return "&quot;";
    case '\'': return "&#39;";
    default:   return NULL;
    }
}

void html_text(struct builder *page, struct text text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *escape = escape_of(text.at[i]);
        if (escape == NULL)
            continue;
        build_text(page, (struct text){text.at + start, i - start});
        build_literal(page, escape);
        start = i + 1;
    }
    build_text(page, (struct text){text.at + start, text.size - start});
}

static err reply(struct call *call, const struct builder *page, struct text policy)
{
    if (page->overflowed)
        return FAIL_MEMORY(&call->cx);
    call_add_field(call, "Content-Security-Policy", policy);
    return call_reply_text(call, PAGE_TYPE, builder_text(page));
}

err html_reply(struct call *call, const struct builder *page)
{
    return reply(call, page, TEXT(POLICY(FORMS_TO("'none'"))));
}

/* Without a referrer a browser hides the origin of its own form, and the gate would refuse it (Fetch, "append a request
 * Origin header"). */
static err reply_form(struct call *call, const struct builder *page, struct text policy)
{
    TRY(reply(call, page, policy));
    call->reply.status = 200;
    call_replace_field(call, "Referrer-Policy", TEXT("same-origin"));
    return OK;
}

err html_reply_form(struct call *call, const struct builder *page)
{
    return reply_form(call, page, TEXT(POLICY(FORMS_TO("'self'"))));
}

err html_reply_form_leading_on(struct call *call, const struct builder *page)
{
    return reply_form(call, page, TEXT(POLICY("")));
}

/* ---- refusals */

bool html_is_wanted(const struct call *call)
{
    static const char *const FORMS[] = {"application/json", "text/html"};
    struct text accept;
    return h1_field(&call->request, "Accept", &accept) &&
           accept_choose(accept, FORMS, sizeof FORMS / sizeof *FORMS) == 1;
}

/* "this link is …" as a sentence. */
static void write_sentence(struct builder *page, struct text detail)
{
    bool small = detail.size > 0 && detail.at[0] >= 'a' && detail.at[0] <= 'z';
    if (small)
        build_byte(page, (uint8_t)(detail.at[0] - 'a' + 'A'));
    html_text(page, small ? (struct text){detail.at + 1, detail.size - 1} : detail);
    if (detail.size > 0 && detail.at[detail.size - 1] != '.')
        build_byte(page, '.');
}

bool html_fill_problem(struct call *call, const char *reason, struct text detail)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    html_open(&page, call->reply.status == 404 ? "There is nothing here" : "That did not work");
    build_literal(&page, "<p>");
    write_sentence(&page, detail);
    build_literal(&page, "</p>\n<p><a href=\"/\">What this node is</a></p>\n"
                         "<footer>For the operator of this node: <code>");
    html_text(&page, text_of(reason));
    build_literal(&page, "</code>, request <code>");
    html_text(&page, text_of(call->request_id));
    build_literal(&page, "</code></footer>\n");
    html_close(&page);
    if (page.overflowed)
        return false;
    call->reply.content_type = PAGE_TYPE;
    call->reply.body = builder_text(&page);
    call_add_field(call, "Content-Security-Policy", TEXT(POLICY(FORMS_TO("'none'"))));
    return true;
}
