/* SPDX-License-Identifier: Apache-2.0
 * What the pages for people share: the button by which a browser signs in, and the page of whoever is signed in. Both
 * are worked by one script, which the node serves itself. Inside http/ only. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include "http/gate/call.h"

extern const char SITE_SCRIPT[]; /* sign_in.js, put here while the program is built */

/* That button, with the ways on for who cannot use it; the page goes out with html_reply_script(). Whoever has signed
 * in sees the same address again, and is sent nowhere else. */
err site_write_sign_in(struct call *call, struct builder *page) MUST_CHECK;
/* That the buttons need the script. */
void site_write_without_script(struct builder *page);
/* For a page that makes or uses passkeys: where to go on when this is not the address that they are good at. */
err site_write_elsewhere(struct call *call, struct builder *page) MUST_CHECK;

/* Where the caller is signed in, with buttons to end that, and what has happened to his ways in. */
err site_write_sessions(struct call *call, struct builder *page) MUST_CHECK;
err site_write_alerts(struct call *call, struct builder *page) MUST_CHECK;

/* Ways in of the caller, who is signed in, and what has happened to them; the page goes out as above. */
err site_write_own(struct call *call, struct builder *page) MUST_CHECK;

#endif
