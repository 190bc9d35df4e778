/* SPDX-License-Identifier: Apache-2.0
 * Standard claims of OpenID Connect as kinds of attributes, and back (openid_claim.def). Which of them may be told is
 * not decided here. */
#ifndef PROTOCOL_OPENID_CLAIMS_H
#define PROTOCOL_OPENID_CLAIMS_H

#include "base/json.h"
#include "domain/words/attribute.h"

/* The kind that a claim is made of, when a client asks for it by name; NULL: there is none. */
const struct attribute_kind *openid_claim_kind(struct text claim);

/* All kinds of which a claim is made. */
struct attribute_set openid_claim_kinds(void);

/* The names of all claims that are known here but "sub", each once, in the table's order; NULL behind the last. */
const char *openid_claim_at(size_t position);

/* One value as the vault holds it. */
struct openid_value {
    const struct attribute_kind *kind;
    struct text                  value; /* JSON */
};

/* Writes the members that these values make into an object that is open. Fails as json_parse(). */
err openid_claims_write(struct ctx *cx, const struct openid_value *values, size_t count,
                        struct json_writer *writer) MUST_CHECK;

#endif
