/* SPDX-License-Identifier: Apache-2.0
 * The body of a request (RFC 9112 sections 6 and 7): by length or in chunks, bytes as they arrive. Pure: no I/O, keeps
 * nothing; what it hands out are views into the caller's bytes. Stricter than the RFC, on purpose: no chunk extensions,
 * no trailer fields, no bare LF. It never yields more than the maximum it was opened with. */
#ifndef HTTP_H1_BODY_H
#define HTTP_H1_BODY_H

#include "http/engine/h1_parse.h"

typedef enum h1_body_stage {
    H1_BODY_LENGTH = 0, /* `left` bytes of a body of known length */
    H1_BODY_SIZE,       /* inside the line with the size of a chunk */
    H1_BODY_SIZE_LF,
    H1_BODY_CHUNK,      /* `left` bytes of a chunk */
    H1_BODY_CHUNK_CR,
    H1_BODY_CHUNK_LF,
    H1_BODY_END_CR,     /* behind the last chunk */
    H1_BODY_END_LF,
    H1_BODY_ENDED,
} h1_body_stage;

struct h1_body {
    h1_body_stage stage;
    int           digit_count; /* of the chunk size under way */
    int64_t       left;
    int64_t       total;       /* bytes announced so far */
    int64_t       max_bytes;
};

/* DONE: the request has no body. MORE: read on. REFUSED: TOO_LARGE http.body, known before a byte was read. */
h1_outcome h1_body_open(struct h1_body *body, const struct h1_request *request, int64_t max_bytes,
                        struct h1_refusal *refusal) MUST_CHECK;

/* Reads from `in`: says how many bytes it used and which of them are body (perhaps none). MORE with bytes left over:
 * call again with the rest. DONE: what is left over belongs to the next request. REFUSED: MALFORMED | TOO_LARGE. */
h1_outcome h1_body_read(struct h1_body *body, struct bytes in, size_t *out_used, struct bytes *out_piece,
                        struct h1_refusal *refusal) MUST_CHECK;

#endif
