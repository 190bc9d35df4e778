/* SPDX-License-Identifier: Apache-2.0
 * The head of an HTTP/1.1 request (RFC 9112, RFC 9110), strict: what two readers could understand in two ways is
 * refused. Pure: no I/O, no memory of its own; views point into the caller's buffer. What target and fields mean is
 * left to others (h1_path.h, the gate). Stricter than the RFC, on purpose: no bare LF, no obs-fold, no repeated
 * Content-Length even when equal, no leading zero in it, no transfer coding but `chunked`, targets of URI characters
 * only, field values of UTF-8 only, absolute-form only when its authority is the Host. */
#ifndef HTTP_H1_PARSE_H
#define HTTP_H1_PARSE_H

#include "base/bytes.h"
#include "base/limits.h"

/* Request line, field lines, the empty line, and one empty line that may stand before (RFC 9112 section 2.2). */
#define H1_HEAD_BYTES_MAX (LIMIT_REQUEST_LINE_BYTES + LIMIT_HEAD_BYTES + 6)

typedef enum h1_outcome {
    H1_MORE = 0, /* nothing wrong so far; call again with more bytes */
    H1_DONE,
    H1_REFUSED,  /* for good: the connection cannot go on, its framing is in doubt */
} h1_outcome;

/* Why: MALFORMED 400, TOO_LARGE 413, TARGET_TOO_LONG 414, HEAD_TOO_LARGE 431, NOT_IMPLEMENTED 501, HTTP_VERSION 505.
 * `reason` ("http.host") and `detail` are literals. */
struct h1_refusal {
    err         code;
    const char *reason;
    const char *detail;
};

struct h1_field {
    struct text name;  /* as sent: compare without case */
    struct text value; /* without white space at its ends; may be empty */
};

struct h1_request {
    struct text     method;         /* a token; case matters */
    struct text     target;         /* as sent */
    struct text     path;           /* begins with "/", or is "*" (OPTIONS only); still percent-encoded */
    struct text     query;          /* behind the first "?", without it; still percent-encoded */
    struct text     host;           /* value of Host; empty only in HTTP/1.0 */
    int             minor_version;  /* 0 or 1 */
    bool            chunked;        /* the body comes in chunks; content_length is 0 then */
    bool            keep_alive;     /* the client is willing to go on (RFC 9112 section 9.3) */
    bool            expect_continue;
    int64_t         content_length; /* 0 when the request has no body */
    size_t          field_count;
    struct h1_field fields[LIMIT_FIELDS];
};

/* Progress over one head; all zero at its start. */
struct h1_scan {
    size_t scanned;      /* bytes that need no second look */
    size_t line_start;   /* where the line under way begins */
    size_t line_count;   /* whole lines so far; an empty line at the start does not count */
    size_t fields_start; /* where the first field line begins, once known */
    size_t head_bytes;   /* of the whole head, once DONE */
};

/* Looks for the end of the head in `buffered`, which begins with the head's first byte and may have moved and grown
 * since the last call. Refuses at once what more bytes cannot mend, so nobody waits for the end of nonsense. */
h1_outcome h1_scan(struct h1_scan *scan, struct text buffered, struct h1_refusal *out) MUST_CHECK;

/* Reads one whole head (`head_bytes` of it). DONE or REFUSED. The views of `out` borrow from `head`. */
h1_outcome h1_parse(struct text head, struct h1_request *out, struct h1_refusal *refusal) MUST_CHECK;

/* The value of the one field of that name. False when it is absent or comes more than once. */
bool h1_field(const struct h1_request *request, const char *name, struct text *out);
size_t h1_field_count(const struct h1_request *request, const char *name);

/* The grammar's classes, for others who read or write fields. */
bool h1_is_token(struct text text);       /* RFC 9110 section 5.6.2 */
bool h1_is_field_value(struct text text); /* RFC 9110 section 5.5, UTF-8 in place of obs-text */

#endif
