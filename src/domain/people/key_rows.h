/* SPDX-License-Identifier: Apache-2.0
 * Bucket keys as rows of the key store, for a node whose keys lie in a database that several servers share: what a
 * keyring is handed (crypto/key_rows.h). The rows are sealed; only the key holder opens them. */
#ifndef DOMAIN_KEY_ROWS_H
#define DOMAIN_KEY_ROWS_H

#include "crypto/key_rows.h"
#include "store/store.h"

/* `store` is where destroying writes; putting is part of whatever write runs. */
struct key_rows key_rows_of(struct store *store);

/* Whose keys these are: the name of the node's log, which follows from its root. The first who opens the database
 * writes it. CORRUPT key.root when it was another's. Not inside a write; only for the start of a node. */
err key_owner_claim(struct ctx *cx, struct store *store, struct text name) MUST_CHECK;

/* Bucket keys that are to be destroyed, or of which the database may still hold something. Only for the operator. */
err key_bucket_count_doomed(struct ctx *cx, int64_t *out) MUST_CHECK;

#endif
