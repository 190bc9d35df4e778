/* SPDX-License-Identifier: Apache-2.0
 * What lies beside the keys, and so outside every backup of the data: the last checkpoint that this node has published,
 * and how often each file of the store, or data on a server, had been changed. A store that does not go on from there
 * is older than what people and organisations have seen: the node refuses it, since in it stopped permissions live
 * again, reads are forgotten and the log would contradict itself. The key holder keeps both files. Servers that share
 * their keys in a database have both there, too, so that each knows what another has published and done. */
#ifndef APP_MARK_H
#define APP_MARK_H

#include "base/ctx.h"
#include "crypto/keyring.h"
#include "ledger/ledger.h"
#include "store/store.h"

struct mark {
    struct text                log;    /* the checkpoint; empty: none */
    struct text                shared; /* the same, of all servers; only where the keys lie in a database */
    int64_t                    shared_generation; /* and of the data; 0: none */
    struct keyring_generations store;
};

/* What this process has kept; all zero: nothing yet. */
struct mark_kept {
    bool               begun;
    bool               is_noted; /* the store has been told that there are marks */
    struct merkle_head log;
    int64_t            generations[STORE_FILE_COUNT];
};

/* Before the store is opened: it may only be newer then. INTERNAL log.mark when a mark does not read. */
err mark_load(struct ctx *cx, struct mark *out) MUST_CHECK;
/* What lies in a database of keys, once that is open. Fails as the store does. */
err mark_load_shared(struct ctx *cx, const struct store *store, struct mark *io) MUST_CHECK;
bool mark_is_whole(const struct store *store, const struct mark *mark);
/* CORRUPT log.went_back | store.went_back when the store, or a file of it, is older than the mark; node.mark_missing
 * when one is not there that was kept, unless `renew`. Fails as the store does. */
err mark_check(struct ctx *cx, struct store *store, const struct mark *mark, bool renew) MUST_CHECK;
/* Keeps what is true now, on disk when it returns; does nothing when `*kept` says that this very one is kept already.
 * The first time the store is told that there are marks. INTERNAL log.mark, fails as the store; CORRUPT log.went_back
 * when the log does not go on from `*kept`: an older copy lies where the newer one was. */
err mark_keep(struct ctx *cx, struct store *store, struct mark_kept *kept) MUST_CHECK;
/* The same of its own alone: for when the database of the keys cannot be asked for the shared one. */
err mark_keep_own(struct ctx *cx, struct store *store, struct mark_kept *kept) MUST_CHECK;

/* Notes in the data, once and for good, what is so from now on. Fails as the store does. */
err mark_note(struct ctx *cx, struct store *store, struct text name) MUST_CHECK;
err mark_fail_older(struct ctx *cx) MUST_CHECK; /* CORRUPT log.went_back, in the words that people are told */

#endif
