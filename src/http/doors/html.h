/* SPDX-License-Identifier: Apache-2.0
 * The few pages that the server itself writes: one frame, one style, nothing loaded but the one script of pages that
 * work with passkeys. Text from outside enters only through html_text(), which escapes. */
#ifndef HTTP_HTML_H
#define HTTP_HTML_H

#include "http/gate/call.h"

#define HTML_PAGE_BYTES_MAX (256 * 1024)

/* Head, style and the beginning of the body. */
void html_open(struct builder *page, const char *title);
void html_close(struct builder *page);
/* Escapes & < > " and '. */
void html_text(struct builder *page, struct text text);
/* "23 November 2026". No browser tells here where it is: the day is that of UTC. */
struct text html_day(struct arena *arena, int64_t at_ms);
/* "23 November 2026, 19:20 UTC". */
struct text html_moment(struct arena *arena, int64_t at_ms);

/* Answers with the page and the policy that forbids what it does not need (Content Security Policy Level 3). */
err html_reply(struct call *call, const struct builder *page) MUST_CHECK;
/* The same for a page with a form that goes to this node. */
err html_reply_form(struct call *call, const struct builder *page) MUST_CHECK;
/* The same, when the answer to the form leads away. Chromium holds every step of that way against form-action, also
 * those that others add to it, so the policy does not name any. */
err html_reply_form_leading_on(struct call *call, const struct builder *page) MUST_CHECK;
/* Closes a page whose buttons are worked by the script of GET /sign-in.js, and answers with it. */
err html_reply_script(struct call *call, struct builder *page) MUST_CHECK;

/* The client would rather have a page than JSON: a browser that goes somewhere. */
bool html_is_wanted(const struct call *call);
/* The page for a failure, in place of problem+json: what happened, and what the operator wants to know. False when the
 * memory of the call does not suffice. */
bool html_fill_problem(struct call *call, const char *reason, struct text detail) MUST_CHECK;

#endif
