/* SPDX-License-Identifier: Apache-2.0
 * From a request's path and query to parts and pairs (RFC 3986). Pure and strict: a part that two readers could take
 * apart differently is refused, never normalised. Decoded text is UTF-8 without control characters. */
#ifndef HTTP_H1_PATH_H
#define HTTP_H1_PATH_H

#include "base/ctx.h"
#include "base/limits.h"

struct path_parts {
    struct text at[LIMIT_PATH_PARTS]; /* decoded; "/" has none */
    size_t      count;
};

/* Splits at "/" and decodes each part into the arena (a part without "%" is borrowed). MALFORMED http.path: a path that
 * does not begin with "/", an empty part ("//", or "/" at the end), the parts "." and ".." also when encoded, a "/" or
 * "\" in a part; MALFORMED http.percent: bad digits, controls, not UTF-8; NOT_FOUND http.path_depth: too many parts. */
err path_split(struct ctx *cx, struct text path, struct path_parts *out) MUST_CHECK;

/* Decodes "%41" in place of one part or value; "+" stays "+". MALFORMED http.percent. */
err percent_decode(struct ctx *cx, struct text encoded, struct text *out) MUST_CHECK;

/* The value of the query parameter `name` ("a=1&b=2"; "+" is a space, as forms write it); `.at` is NULL when it is
 * absent. MALFORMED http.query: the name comes twice; http.percent: the value is badly encoded. */
err query_value(struct ctx *cx, struct text query, const char *name, struct text *out) MUST_CHECK;

#endif
