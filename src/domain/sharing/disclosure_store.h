/* SPDX-License-Identifier: Apache-2.0
 * The ledger's rows in; reading them for people stands in domain/sharing/disclosure.h. */
#ifndef DOMAIN_DISCLOSURE_STORE_H
#define DOMAIN_DISCLOSURE_STORE_H

#include "crypto/secret.h"
#include "domain/sharing/disclosure.h"
#include "store/queries.h"

/* The newest end of a person's chain while one write adds to it. */
struct disclosure_head {
    int64_t person_id;
    int64_t last_id; /* 0: none */
    int64_t given;
    int64_t refused;
    int64_t asked;
};

void disclosure_head_load_ahead(struct ctx *cx, int64_t person_id); /* see statement_ahead() of the store */
err disclosure_head_load(struct ctx *cx, int64_t person_id, struct disclosure_head *out) MUST_CHECK;
/* Adds a row to the chain and moves `head`; sets disclosure->previous_id. `note` is sealed. Inside a write. */
err disclosure_append(struct ctx *cx, struct disclosure_head *head, struct disclosure *disclosure, struct bytes note)
    MUST_CHECK;
err disclosure_head_save(struct ctx *cx, const struct disclosure_head *head) MUST_CHECK;
/* What a row says; without a key its note stays closed. */
err disclosure_of_row(struct ctx *cx, const struct secret_key *key, const struct sql_disclosure_row *row,
                      struct disclosure *out) MUST_CHECK;

#endif
