/* SPDX-License-Identifier: Apache-2.0
 * What a client asks a person for, in the words of Rich Authorization Requests (RFC 9396). There is one type,
 * personal-data: kinds of data for a purpose that the organisation has published here, for a time, so often. The
 * wording that the person sees is that of the purpose; a client brings none of its own. What the person grants goes
 * back in the same form.  {"type": "personal-data", "locations": ["https://node.example"], "actions": ["read"],
 * "datatypes": ["pd:Name"], "purpose": "pur_…", "duration": "P90D", "uses": {"kind": "period"}} */
#ifndef PROTOCOL_AUTHORIZATION_DETAILS_H
#define PROTOCOL_AUTHORIZATION_DETAILS_H

#include "base/ctx.h"
#include "domain/sharing/uses.h"
#include "domain/words/attribute_set.h"

#define AUTHORIZATION_DETAILS_MAX 8 /* more than a person reads at once */
#define AUTHORIZATION_DETAILS_BYTES_MAX (16 * 1024)
#define AUTHORIZATION_DETAILS_TYPE "personal-data"

struct authorization_detail {
    struct id            purpose;
    struct attribute_set datatypes;   /* never empty */
    int64_t              duration_ms; /* 0: as long as the purpose says */
    struct uses          uses;        /* period when nothing is said */
};

struct authorization_details {
    size_t                      count;
    struct authorization_detail at[AUTHORIZATION_DETAILS_MAX];
};

/* Takes any text. A type, member or word that is not known, a kind or purpose that is there twice, and a location that
 * is not `origin` are refused (RFC 9396 section 5), each with its place. Fails INVALID details.invalid, TOO_LARGE
 * limit.memory. */
err authorization_details_read(struct ctx *cx, struct text text, struct text origin,
                               struct authorization_details *out) MUST_CHECK;

/* The same, as it is told to the client. */
err authorization_details_write(struct ctx *cx, const struct authorization_details *details, struct text origin,
                                struct text *out) MUST_CHECK;

#endif
