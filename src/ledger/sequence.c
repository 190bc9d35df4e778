/* SPDX-License-Identifier: Apache-2.0
 * The pass that gives entries their number. Hashing and signing happen before the write, on the caller's thread; the
 * write itself only checks that nothing has moved and puts down what was made. */
#include "ledger/ledger.h"

#include <string.h>

#include "base/limits.h"
#include "ledger/head.h"
#include "ledger/integrate.h"
#include "ledger/lease.h"
#include "store/queries.h"

#define ATTEMPTS 4 /* a race is lost to another process of this node, of which there are few */

struct pass {
    bool                            started; /* a head had been published */
    struct ledger_head              seen;
    struct sql_log_pending_list_row *rows;
    size_t                          count;
    struct integration             *log;
    struct ledger_head              next;
    bool                            contended; /* set by the write */
    bool                            elsewhere; /* another program does it at this time */
    bool                            shared;    /* by several servers: the lease says whose turn it is */
    int64_t                         holder;    /* the name under which this one does it */
};

static err read_edge(struct ctx *cx, struct store *store, struct pass *pass)
{
    TRY(head_load(cx, &pass->seen, &pass->started));
    if (!pass->started)
        merkle_empty_root(&pass->seen.tree.root);
    TRY(lease_is_elsewhere(cx, store, &pass->elsewhere));
    if (pass->elsewhere)
        return OK;
    const struct sql_log_pending_list_in in = {.row_limit = LIMIT_LOG_BATCH};
    TRY(sql_log_pending_list(cx, &in, &pass->rows, &pass->count));
    if (pass->count == 0 && pass->started)
        return OK;
    return integrate_open(cx, &pass->seen.tree, &pass->log);
}

/* The data was put back beneath us: what came next would be a second log under the same name. A head that another
 * program has led on is believed here; whoever keeps it looks whether it has grown out of the one before. */
static err check_seen(struct ctx *cx, const struct merkle_head *now, struct ledger_seen *seen)
{
    bool is_same = seen->begun && now->size == seen->tree.size &&
                   memcmp(now->root.at, seen->tree.root.at, HASH_BYTES) == 0;
    if (seen->begun && !is_same && now->size <= seen->tree.size)
        return FAIL(cx, CORRUPT, "log.went_back", "the log had %lld entries and has %lld", (long long)seen->tree.size,
                    (long long)now->size);
    *seen = (struct ledger_seen){true, *now};
    return OK;
}

err ledger_look(struct ctx *cx, struct ledger_seen *seen)
{
    struct ledger_head head = {0};
    bool started = false;
    TRY(head_load(cx, &head, &started));
    return started || seen->begun ? check_seen(cx, &head.tree, seen) : OK;
}

/* Head, waiting entries and tiles as of one moment. */
static err read_state(struct ctx *cx, struct store *store, struct pass *pass)
{
    TRY(store_read_begin(cx));
    err done = read_edge(cx, store, pass);
    store_read_end(cx);
    return done;
}

static err hash_and_sign(struct ctx *cx, struct pass *pass)
{
    for (size_t i = 0; i < pass->count; i++) {
        if (pass->rows[i].leaf.size != HASH_BYTES)
            return FAIL(cx, CORRUPT, "log.entry", "a waiting entry of the log has not %d bytes", HASH_BYTES);
        TRY(integrate_entry(cx, pass->log, pass->rows[i].leaf.at));
    }
    TRY(integrate_finish(cx, pass->log, &pass->next.tree));
    return head_sign(cx, &pass->next.tree, &pass->next.note);
}

static err number_entry(struct ctx *cx, const struct sql_log_pending_list_row *entry, int64_t index, bool *out_taken)
{
    const struct sql_log_pending_take_in take = {entry->person_id, entry->receipt_id, entry->leaf};
    int64_t taken = 0;
    TRY(sql_log_pending_take(cx, &take, &taken));
    *out_taken = taken == 1;
    if (!*out_taken)
        return OK;
    const struct sql_log_leaf_insert_in leaf = {
        .receipt_id = entry->receipt_id, .person_id = entry->person_id, .leaf_index = index};
    return sql_log_leaf_insert(cx, &leaf, NULL);
}

static err put_tiles(struct ctx *cx, const struct made_tile *made)
{
    for (; made != NULL; made = made->next) {
        const struct sql_log_tile_put_in in = {made->tile.level, made->tile.index, made->data};
        TRY(sql_log_tile_put(cx, &in, NULL));
    }
    return OK;
}

static err fail_contended(struct ctx *cx, struct pass *pass)
{
    pass->contended = true;
    return FAIL(cx, CONFLICT, "log.contended", "another process has moved the log on in this moment");
}

/* store_write_fn. A pass that does not fit any more writes nothing: its savepoint goes with the failure. */
static err publish(struct ctx *cx, void *arg)
{
    struct pass *pass = arg;
    pass->contended = false;
    pass->next.at_ms = cx->now_ms;
    bool fits = false;
    if (pass->shared)
        TRY(lease_take(cx, pass->holder, &fits));
    if (pass->shared && !fits)
        return fail_contended(cx, pass);
    TRY(head_advance(cx, pass->started ? &pass->seen.tree : NULL, &pass->next, &fits));
    if (!fits)
        return fail_contended(cx, pass);
    int64_t index = pass->next.tree.size - (int64_t)pass->count;
    for (size_t i = 0; i < pass->count; i++) {
        TRY(number_entry(cx, &pass->rows[i], index + (int64_t)i, &fits));
        if (!fits)
            return fail_contended(cx, pass);
    }
    return put_tiles(cx, pass->log->made);
}

static err run_pass(struct ctx *cx, struct store *store, struct pass *pass, struct ledger_seen *seen)
{
    pass->holder = store_name(store);
    pass->shared = store_waits(store);
    TRY(read_state(cx, store, pass));
    if (seen != NULL && (pass->started || seen->begun))
        TRY(check_seen(cx, &pass->seen.tree, seen));
    if (pass->elsewhere)
        return FAIL(cx, CONFLICT, "log.contended", "another program numbers the entries of the log at this time");
    if (pass->count == 0 && pass->started)
        return OK;
    TRY(hash_and_sign(cx, pass));
    TRY(store_write_wait(store, cx, publish, pass));
    if (seen != NULL)
        *seen = (struct ledger_seen){true, pass->next.tree};
    return OK;
}

static err count_left(struct ctx *cx, size_t sequenced, int64_t *out)
{
    if (sequenced < LIMIT_LOG_BATCH) {
        *out = 0;
        return OK;
    }
    struct sql_log_pending_count_row row;
    bool found = false;
    TRY(sql_log_pending_count(cx, &row, &found));
    *out = row.pending;
    return OK;
}

/* One pass, repeated while it loses races. `own` has an arena of its own, because a caller may run many passes. */
static err run_passes(struct ctx *own, struct store *store, struct ledger_seen *seen, struct ledger_pass *out)
{
    struct pass *pass = NULL;
    err done = OK;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        failure_clear(&own->failure);
        arena_reset(own->arena);
        pass = ARENA_NEW(own->arena, struct pass);
        if (pass == NULL)
            return FAIL_MEMORY(own);
        done = run_pass(own, store, pass, seen);
        if (!pass->contended)
            break;
    }
    TRY(done);
    out->sequenced = (int64_t)pass->count;
    return count_left(own, pass->count, &out->left);
}

err ledger_go_on(struct ctx *cx, struct store *store, struct ledger_seen *seen, struct ledger_pass *out)
{
    struct ctx own;
    struct ledger_pass result = {0};
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &own));
    err done = run_passes(&own, store, seen, &result);
    TRY(ctx_join(cx, &own, done));
    *out = result;
    return OK;
}

err ledger_sequence(struct ctx *cx, struct store *store, struct ledger_pass *out)
{
    return ledger_go_on(cx, store, NULL, out);
}
