/* SPDX-License-Identifier: Apache-2.0
 * Organisations, their departments (each a party of its own in every permission) and systems (API clients of one
 * department). Set up by the operator; an organisation's own systems with the scope ADMIN may add departments and keys.
 */
#ifndef DOMAIN_ORGANISATION_H
#define DOMAIN_ORGANISATION_H

#include "base/ctx.h"
#include "crypto/keyring.h"

struct organisation {
    int64_t     organisation_id;
    struct text slug; /* a-z, 0-9 and -, 1 … 63 */
    struct text name;
};

struct department {
    int64_t     organisation_id;
    int64_t     department_id;
    int64_t     bit; /* 1 << ordinal */
    struct text name;
    int64_t     created_at_ms;
};

struct system {
    int64_t     organisation_id;
    int64_t     system_id;
    int64_t     department_id;
    struct text name;
    uint32_t    scopes;
    int64_t     created_at_ms;
    int64_t     revoked_at_ms;
    struct text jwks;          /* what it signs with (domain/entrance/system_key.h); empty: it has an API key */
    struct text redirect_uris; /* JSON; empty with an API key */
};

struct signing; /* domain/entrance/system_key.h */

/* store_write_fn; arg below. CONFLICT organisation.exists; INVALID organisation.name | organisation.slug. */
struct organisation_create {
    struct text         name;
    struct text         slug; /* empty: made from the name */
    struct organisation out;
};
err organisation_create(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. CONFLICT department.exists, TOO_LARGE department.too_many. */
struct department_create {
    int64_t           organisation_id;
    struct text       name;
    struct department out;
};
err department_create(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. Makes a system and its API key; the secret is shown once and stored only as a hash. */
struct key_create {
    int64_t       organisation_id;
    int64_t       department_id;
    struct text   name;
    uint32_t      scopes;
    const struct signing *signing; /* it signs, and has no API key; NULL: it has one */
    struct system out;
    struct text   out_secret; /* "key_…"; empty for one that signs */
};
err key_create(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; ends a system's keys at once, and with them its tokens. */
struct key_revoke {
    int64_t organisation_id;
    int64_t system_id;
};
err key_revoke(struct ctx *cx, void *arg) MUST_CHECK;

/* Who an API key is; fills `out`. UNAUTHENTICATED key.unknown. */
err organisation_authenticate(struct ctx *cx, struct text key, struct actor *out) MUST_CHECK;

err organisation_load(struct ctx *cx, int64_t organisation_id, struct organisation *out) MUST_CHECK;
/* Says that it, its departments and its public key will be asked: see statement_ahead() of the store. */
void organisation_ahead(struct ctx *cx, int64_t organisation_id);
/* By slug, by id text or by exact name: for the command line. */
err organisation_find(struct ctx *cx, struct text words, struct organisation *out) MUST_CHECK;
err organisation_list(struct ctx *cx, struct organisation **out, size_t *out_count) MUST_CHECK;
err department_load(struct ctx *cx, int64_t organisation_id, int64_t department_id, struct department *out) MUST_CHECK;
err department_find(struct ctx *cx, int64_t organisation_id, struct text words, struct department *out) MUST_CHECK;
err department_list(struct ctx *cx, int64_t organisation_id, struct department **out, size_t *out_count) MUST_CHECK;
err system_list(struct ctx *cx, int64_t organisation_id, struct system **out, size_t *out_count) MUST_CHECK;
/* Names for lists that people read; the empty text when the thing is gone. */
err system_name(struct ctx *cx, int64_t organisation_id, int64_t system_id, struct text *out) MUST_CHECK;

/* The organisation's ES256 keys: public for everyone, private for receipts only. */
err organisation_public_key(struct ctx *cx, int64_t organisation_id, struct text *out_jwk) MUST_CHECK;
err organisation_signing_key(struct ctx *cx, int64_t organisation_id, struct signing_key *out) MUST_CHECK;
/* Opens the key of each organisation, and holds it against its public half: CORRUPT organisation.key_lost. */
err organisation_keys_check_all(struct ctx *cx) MUST_CHECK;

#endif
