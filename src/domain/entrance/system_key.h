/* SPDX-License-Identifier: Apache-2.0
 * Systems that sign: instead of an API key the node knows their public keys, and the addresses to which people may be
 * sent back to them. Such a system is a party like any other; what differs is how it says who it is. */
#ifndef DOMAIN_SYSTEM_KEY_H
#define DOMAIN_SYSTEM_KEY_H

#include "crypto/jwk.h"
#include "domain/parties/organisation.h"

/* What a system registers. Made by signing_read() only. */
struct signing {
    struct text jwks;          /* as jwk_set_write() writes it; empty: the system shows an API key */
    struct text redirect_uris; /* JSON, ["https://…"]; compared byte for byte, never by what they mean */
};

/* Reads a set of keys (JSON) and addresses. An address is https, or http to this machine itself, without user,
 * fragment, blank or anything that is not ASCII. Fails INVALID redirect.uri, as jwk_set_read(), json_parse(). */
struct signing_draft {
    struct text        jwks;
    const struct text *redirect_uris;
    size_t             redirect_uris_count;
};
err signing_read(struct ctx *cx, const struct signing_draft *draft, struct signing *out) MUST_CHECK;

/* The addresses as texts in the arena. */
err signing_redirect_uris(struct ctx *cx, struct text redirect_uris, const struct text **out,
                          size_t *out_count) MUST_CHECK;

/* Inside key_create(): the row beside the system's own. */
err signing_insert(struct ctx *cx, const struct system *system, int64_t department_bit,
                   const struct signing *signing) MUST_CHECK;

/* A system that may sign now. */
struct signing_system {
    struct actor actor; /* who it is when it has shown that; its scopes are all that it may ask for */
    struct text  jwks;
    struct text  redirect_uris; /* as in struct signing */
};
/* `out_found` false: none of that number signs, or not any more. */
err signing_system_load(struct ctx *cx, int64_t organisation_id, int64_t system_id, struct signing_system *out,
                        bool *out_found) MUST_CHECK;

#endif
