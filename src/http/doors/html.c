/* SPDX-License-Identifier: Apache-2.0
 * Frame, style and escaping. Readable from 320 pixels up, in light and dark, by the reader's own fonts. */
#include "http/doors/html.h"

#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "http/gate/accept.h"

#define POLICY "default-src 'none'; style-src 'sha256-%.*s'; img-src data:; base-uri 'none'; %sframe-ancestors 'none'"
#define FORMS_TO(source) "form-action " source "; "
/* What a script could turn into markup or code it cannot (Trusted Types). */
#define OWN_SCRIPT "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
#define PAGE_TYPE "text/html; charset=utf-8"

static const char STYLE[] =
    "\n:root { color-scheme: light dark; --ink: #1d2421; --soft: #56605b; --page: #fbfaf7; --line: #d9d6cc;"
    " --link: #1f5f4a; --alarm: #a33a2c }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #e7ebe8; --soft: #a3ada8; --page: #141816; --line: #333a36; --link: #7cc9ab; --alarm: #e58a7b }\n"
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
    "button:disabled { opacity: .5; cursor: default }\n"
    "button.quiet { background: none; color: var(--link); border: 1px solid var(--link); padding: .5rem 1rem;"
    " white-space: nowrap }\n"
    "label { display: block; margin: 0 0 .5rem }\n"
    "input { font: inherit; display: block; box-sizing: border-box; width: 100%; max-width: 24rem; margin: 0 0 1rem;"
    " padding: .6875rem .75rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--page);"
    " color: var(--ink) }\n"
    "input:focus-visible { outline: 2px solid var(--link); outline-offset: 1px }\n"
    ".said { border-left: 4px solid var(--link); padding: .5rem 0 .5rem 1rem }\n"
    ".wrong { border-color: var(--alarm) }\n"
    ".notice { border: 1px solid var(--alarm); border-left-width: 4px; padding: 1rem 1.25rem; margin: 0 0 2rem }\n"
    ".notice h2 { margin-top: 0 }\n"
    ".notice form { margin-bottom: 0 }\n"
    ".ways div { display: flex; gap: 1rem; justify-content: space-between; align-items: center }\n"
    ".ways form { margin: 0 }\n"
    "ol.code { font-size: 1.125rem; line-height: 1.8 }\n"
    "summary { cursor: pointer; margin: 0 0 .75rem }\n"
    ".note { color: var(--soft) }\n"
    "footer { margin-top: 3rem; color: var(--soft); font-size: .9375rem }\n";

void html_open(struct builder *page, const char *title)
{
    build_literal(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_text(page, text_of(title));
    build_literal(page, "</title>\n<style>");
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

/* The one style stands in each page and is named by its hash: no other does anything. */
static bool add_policy(struct call *call, const char *more)
{
    uint8_t hash[HASH_BYTES];
    sha256((struct bytes){(const uint8_t *)STYLE, sizeof STYLE - 1}, hash);
    struct text style = base64_encode(call->arena, (struct bytes){hash, sizeof hash});
    struct text policy = text_format(call->arena, POLICY, TEXT_ARGS(style), more);
    if (style.at == NULL || policy.at == NULL)
        return false;
    call_add_field(call, "Content-Security-Policy", policy);
    return true;
}

static err reply(struct call *call, const struct builder *page, const char *more)
{
    if (page->overflowed || !add_policy(call, more))
        return FAIL_MEMORY(&call->cx);
    return call_reply_text(call, PAGE_TYPE, builder_text(page));
}

err html_reply(struct call *call, const struct builder *page)
{
    return reply(call, page, FORMS_TO("'none'"));
}

err html_reply_script(struct call *call, struct builder *page)
{
    build_literal(page, "<script src=\"/sign-in.js\"></script>\n");
    html_close(page);
    TRY(reply(call, page, OWN_SCRIPT FORMS_TO("'none'")));
    call->reply.status = 200;
    return OK;
}

/* Without a referrer a browser hides the origin of its own form, and the gate would refuse it (Fetch, "append a request
 * Origin header"). */
static err reply_form(struct call *call, const struct builder *page, const char *more)
{
    TRY(reply(call, page, more));
    call->reply.status = 200;
    call_replace_field(call, "Referrer-Policy", TEXT("same-origin"));
    return OK;
}

err html_reply_form(struct call *call, const struct builder *page)
{
    return reply_form(call, page, FORMS_TO("'self'"));
}

err html_reply_form_leading_on(struct call *call, const struct builder *page)
{
    return reply_form(call, page, "");
}

struct text html_day(struct arena *arena, int64_t at_ms)
{
    static const char *const MONTHS[] = {"January", "February", "March", "April", "May", "June", "July", "August",
                                         "September", "October", "November", "December"};
    char text[TIME_TEXT_SIZE];
    time_format(at_ms, text);
    size_t month = (size_t)(text[5] - '0') * 10 + (size_t)(text[6] - '0') - 1;
    return text_format(arena, "%.*s%c %s %.4s", text[8] == '0' ? 0 : 1, text + 8, text[9], MONTHS[month], text);
}

struct text html_moment(struct arena *arena, int64_t at_ms)
{
    char text[TIME_TEXT_SIZE];
    time_format(at_ms, text);
    return text_format(arena, "%.*s, %.5s UTC", TEXT_ARGS(html_day(arena, at_ms)), text + 11);
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
    if (page.overflowed || !add_policy(call, FORMS_TO("'none'")))
        return false;
    call->reply.content_type = PAGE_TYPE;
    call->reply.body = builder_text(&page);
    return true;
}
