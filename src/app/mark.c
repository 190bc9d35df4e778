/* SPDX-License-Identifier: Apache-2.0
 * The marks go to the key holder, which never lets an older one come last (crypto/key_mark.h); the row in a database of
 * keys says the same of itself. That they were kept stands in the store, once they are on disk: from then on a missing
 * one is no accident of the first second. */
#include "app/mark.h"

#include <string.h>

#include "base/text.h"
#include "store/queries.h"

_Static_assert(KEYRING_GENERATIONS == STORE_FILE_COUNT, "one number for each file");

static err fail_unread(struct ctx *cx)
{
    failure_clear(&cx->failure);
    return FAIL(cx, INTERNAL, "log.mark", "a mark beside the keys does not read");
}

/* A node that went back would not be found out. */
err mark_load(struct ctx *cx, struct mark *out)
{
    struct mark mark = {.log = TEXT_NONE};
    err read = keyring_mark_load(cx, cx->keyring, &mark.log);
    if (read == OK)
        read = keyring_generations_load(cx, cx->keyring, &mark.store);
    if (read == INTERNAL)
        return fail_unread(cx);
    TRY(read);
    *out = mark;
    return OK;
}

err mark_load_shared(struct ctx *cx, const struct store *store, struct mark *io)
{
    struct sql_log_mark_load_row row;
    bool found = false;
    if (store_is_local(store, STORE_KEYS))
        return OK;
    TRY(sql_log_mark_load(cx, &row, &found));
    io->shared = found ? row.note : TEXT_NONE;
    return OK;
}

/* ---- looking */

/* Where all servers of a node look for it: a folder of their own may be a fresh one. */
bool mark_is_whole(const struct store *store, const struct mark *mark)
{
    return store_is_local(store, STORE_KEYS) ? mark->log.size > 0 && mark->store.kept : mark->shared.size > 0;
}

/* The name under which the store has noted that they were kept. A key folder serves one place of keys, a database
 * another: each has marks of its own. */
static struct text name_of_note(const struct store *store)
{
    return store_is_local(store, STORE_KEYS) ? TEXT("marks_kept") : TEXT("mark_shared");
}

static err is_noted(struct ctx *cx, struct text name, bool *out)
{
    struct sql_node_note_load_in in = {name};
    struct sql_node_note_load_row row;
    return sql_node_note_load(cx, &in, &row, out);
}

static const char *name_of_missing(const struct store *store, const struct mark *mark)
{
    if (!store_is_local(store, STORE_KEYS))
        return "the row of log_mark in the database of the keys";
    return mark->log.size > 0 ? "keys/store.generations" : "keys/log.checkpoint";
}

/* They are looked at again: another process may have begun to keep them since. */
static err check_present(struct ctx *cx, const struct store *store)
{
    struct mark mark;
    bool kept = false;
    TRY(is_noted(cx, name_of_note(store), &kept));
    if (!kept)
        return OK;
    TRY(mark_load(cx, &mark));
    TRY(mark_load_shared(cx, store, &mark));
    if (mark_is_whole(store, &mark))
        return OK;
    return FAIL(cx, CORRUPT, "node.mark_missing",
                "%s is missing or broken, so nobody can tell whether this data is the newest; see docs/operations",
                name_of_missing(store, &mark));
}

err mark_fail_older(struct ctx *cx)
{
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "log.went_back",
                "the data is older than what this node has published; see docs/operations");
}

static err check_log(struct ctx *cx, struct text mark)
{
    if (mark.size == 0)
        return OK;
    err result = ledger_check_extends(cx, mark);
    if (result == OK || result == INTERNAL || result == UNAVAILABLE || result == TOO_LARGE)
        return result; /* what could not be looked at says nothing of the data */
    return mark_fail_older(cx);
}

static err check_files(struct ctx *cx, struct store *store, const struct keyring_generations *mark)
{
    int64_t now[STORE_FILE_COUNT];
    store_generations(store, now);
    for (store_file file = 0; mark->kept && file < STORE_FILE_COUNT; file++) {
        if (!store_is_local(store, file))
            continue;
        if (now[file] < mark->of[file])
            return store_fail_older(cx, file, "the mark beside the keys");
    }
    return OK;
}

err mark_check(struct ctx *cx, struct store *store, const struct mark *mark, bool renew)
{
    TRY(check_log(cx, mark->log));
    TRY(check_log(cx, mark->shared));
    TRY(check_files(cx, store, &mark->store));
    return renew || mark_is_whole(store, mark) ? OK : check_present(cx, store);
}

/* ---- keeping */

static bool is_kept(const struct mark_kept *kept, const struct merkle_head *tree)
{
    return kept->begun && tree->size == kept->log.size &&
           memcmp(tree->root.at, kept->log.root.at, sizeof tree->root.at) == 0;
}

/* The published head, which goes on from the one that is kept. */
static err load_head(struct ctx *cx, const struct mark_kept *kept, struct ledger_head *out)
{
    err published = ledger_head(cx, out);
    if (published == NOT_FOUND && kept->begun)
        return mark_fail_older(cx);
    TRY(published);
    return !kept->begun || is_kept(kept, &out->tree) ? OK : ledger_check_grown(cx, &kept->log);
}

/* store_write_fn */
static err write_shared(struct ctx *cx, void *arg)
{
    const struct ledger_head *head = arg;
    return sql_log_mark_keep(cx, &(struct sql_log_mark_keep_in){head->tree.size, head->note}, NULL);
}

/* Mostly another server has written it: they shall not meet there each second. */
static err put_shared(struct ctx *cx, struct store *store, struct ledger_head *head)
{
    struct sql_log_mark_load_row row = {0};
    bool found = false;
    if (store_is_local(store, STORE_KEYS))
        return OK;
    TRY(sql_log_mark_load(cx, &row, &found));
    return found && row.size >= head->tree.size ? OK : store_write_wait(store, cx, write_shared, head);
}

static err put_log(struct ctx *cx, struct store *store, struct ledger_head *head, const struct mark_kept *kept)
{
    if (is_kept(kept, &head->tree))
        return OK;
    TRY(keyring_mark_keep(cx, cx->keyring, head->note));
    return put_shared(cx, store, head);
}

static err put_files(struct ctx *cx, const struct mark_kept *next, const struct mark_kept *kept)
{
    struct keyring_generations generations = {.kept = true};
    if (kept->begun && memcmp(next->generations, kept->generations, sizeof next->generations) == 0)
        return OK;
    memcpy(generations.of, next->generations, sizeof generations.of);
    return keyring_generations_keep(cx, cx->keyring, &generations);
}

/* store_write_fn */
static err make_note(struct ctx *cx, void *arg)
{
    return sql_node_note_make(cx, &(struct sql_node_note_make_in){*(const struct text *)arg}, NULL);
}

err mark_note(struct ctx *cx, struct store *store, struct text name)
{
    bool noted = false;
    TRY(is_noted(cx, name, &noted));
    return noted ? OK : store_write_wait(store, cx, make_note, &name);
}

err mark_keep(struct ctx *cx, struct store *store, struct mark_kept *kept)
{
    struct ledger_head head;
    struct mark_kept next = {.begun = true};
    err published = load_head(cx, kept, &head);
    if (published == NOT_FOUND) { /* nothing to keep yet */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    next.log = head.tree;
    store_generations(store, next.generations);
    err put = put_log(cx, store, &head, kept);
    if (put == OK)
        put = put_files(cx, &next, kept);
    if (put == INTERNAL) {
        failure_clear(&cx->failure);
        return FAIL(cx, INTERNAL, "log.mark", "a mark could not be kept beside the keys");
    }
    TRY(put);
    if (!kept->begun)
        TRY(mark_note(cx, store, name_of_note(store)));
    *kept = next;
    return OK;
}
