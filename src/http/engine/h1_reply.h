/* SPDX-License-Identifier: Apache-2.0
 * The head of a reply (RFC 9112 section 4, RFC 9110 sections 6.6.1, 8.6 and 15) into a flat buffer, and its date. Pure.
 * The fields were checked by reply_add_field(); the framing fields are written here and nowhere else. */
#ifndef HTTP_H1_REPLY_H
#define HTTP_H1_REPLY_H

#include "http/engine/server.h"

#define HTTP_DATE_SIZE 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* RFC 9110 section 5.6.7 (IMF-fixdate). Writes HTTP_DATE_SIZE characters, no NUL. */
void http_date_format(int64_t at_ms, char out[HTTP_DATE_SIZE]);

bool h1_reply_has_body(const struct reply *reply); /* by its status; HEAD is the caller's matter */

/* Writes the head with the empty line behind it. Gives its size, or 0 when `room` is too small. */
size_t h1_reply_head(const struct reply *reply, const char date[HTTP_DATE_SIZE], bool close, char *out, size_t room);

#endif
