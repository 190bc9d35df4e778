/* SPDX-License-Identifier: Apache-2.0
 * What a write left behind that broke off between two files: keys and records of people whom the people file, which
 * commits last, never came to know; and records that were copied to a claimer whose relationship never followed. Nobody
 * can reach them any more, so they are taken away. A write looks at them again
 * while it holds the lock of the people file, so whoever is being made at the moment, by this process or another, is
 * either known by then or not begun. They wait for LIMIT_STRAY_MS all the same: an operator who has put back an old
 * people file by mistake loses no key by it on the same day. A copy goes at once, but only while the one who was to be
 * claimed still has the records, or somebody has claimed them since: then it is never the last. */
#ifndef DOMAIN_STRAY_H
#define DOMAIN_STRAY_H

#include "store/store.h"

/* One look after another goes on where the last one ended. */
struct stray_sweep {
    int64_t after_id;      /* people up to here are looked at; 0: from the first */
    int64_t older_than_ms; /* younger ones are left alone: LIMIT_STRAY_MS but in tests */
    int64_t removed;       /* people, added up */
    int64_t copies;        /* relationships of which copies were removed, added up */
    bool    at_end;        /* nobody is left to look at now */
};
/* At most STRAY_ROWS people a call. Not inside a write: it waits for two. */
err stray_sweep(struct ctx *cx, struct store *store, struct stray_sweep *sweep) MUST_CHECK;

/* How many people there are of whom something is left, of whatever age, and copies. Reads all keys. */
err stray_count(struct ctx *cx, int64_t *out_count) MUST_CHECK;

#endif
