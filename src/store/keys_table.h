/* SPDX-License-Identifier: Apache-2.0
 * What lies at a place of keys: tables, and the sealed keys of buckets, which are rows at one kind of place and files
 * of the key holder at the other. Reads only. Inside this floor only. */
#ifndef STORE_KEYS_TABLE_H
#define STORE_KEYS_TABLE_H

#include "store/table.h"

#define KEYS_OWNER "key_owner"  /* stays: it says whose place it is, and is no key */
#define KEYS_MARK "log_mark"    /* of the published log; a folder keeps it as a file */
#define KEYS_SEALED "bucket_key" /* where rows are what the holder's files are elsewhere */
#define KEYS_DOOMED 2           /* key_bucket.open of one that is to be destroyed */
#define KEYS_PORTION_ROWS 500
#define KEYS_PORTION_BYTES (16u * 1024 * 1024)

err keys_tables(struct ctx *cx, struct store_conn *conn, struct table_list *out) MUST_CHECK;
/* CORRUPT move.tables when it has not one number as its key. */
err keys_table_find(struct ctx *cx, const struct table_list *list, const char *name,
                    const struct table **out) MUST_CHECK;
/* The sealed key of a bucket, from wherever it lies; `out` is empty when it is gone. Fails as store and holder do. */
err keys_sealed_find(struct ctx *cx, const struct table_list *tables, int64_t bucket, struct bytes *out) MUST_CHECK;

/* Both places hold the same, to the octet, but for whose they are and what is to be destroyed: CORRUPT move.differs. */
err keys_compare(struct ctx *cx, struct store_conn *from, struct store_conn *to) MUST_CHECK;

#endif
