/* SPDX-License-Identifier: Apache-2.0
 * The marks go to the key holder, which never lets an older one come last (crypto/key_mark.h). That they were kept
 * stands in the store, once they are on disk: from then on a missing one is no accident of the first second. */
#include "app/mark.h"

#include <string.h>

#include "base/text.h"
#include "ledger/ledger.h"
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

/* ---- looking */

bool mark_is_whole(const struct mark *mark)
{
    return mark->log.size > 0 && mark->store.kept;
}

/* Other servers may work on the same database, each with a folder and marks of its own: it tells of nobody's. */
static bool tells_of_marks(const struct store *store)
{
    return store_is_local(store, STORE_PEOPLE);
}

/* They are looked at again: another process may have begun to keep them since. */
static err check_present(struct ctx *cx)
{
    struct sql_node_marks_kept_row row;
    struct mark mark;
    bool kept = false;
    TRY(sql_node_marks_kept(cx, &row, &kept));
    if (!kept)
        return OK;
    TRY(mark_load(cx, &mark));
    if (mark_is_whole(&mark))
        return OK;
    return FAIL(cx, CORRUPT, "node.mark_missing",
                "keys/%s is missing or broken, so nobody can tell whether this data is the newest; see docs/operations",
                mark.log.size > 0 ? "store.generations" : "log.checkpoint");
}

static err check_log(struct ctx *cx, struct text mark)
{
    if (mark.size == 0)
        return OK;
    err result = ledger_check_extends(cx, mark);
    if (result == OK || result == INTERNAL || result == UNAVAILABLE || result == TOO_LARGE)
        return result; /* what could not be looked at says nothing of the data */
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "log.went_back",
                "the data is older than what this node has published; see docs/operations");
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
    TRY(check_files(cx, store, &mark->store));
    if (!tells_of_marks(store))
        return OK;
    return renew || mark_is_whole(mark) ? OK : check_present(cx);
}

/* ---- keeping */

static err put_log(struct ctx *cx, const struct ledger_head *head, const struct mark_kept *kept)
{
    return kept->begun && head->tree.size == kept->log_size ? OK : keyring_mark_keep(cx, cx->keyring, head->note);
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
static err note_kept(struct ctx *cx, void *arg)
{
    (void)arg; /* there is nothing to say but that */
    return sql_node_marks_note(cx, NULL);
}

static err note_once(struct ctx *cx, struct store *store)
{
    struct sql_node_marks_kept_row row;
    bool noted = false;
    TRY(sql_node_marks_kept(cx, &row, &noted));
    return noted ? OK : store_write_wait(store, cx, note_kept, NULL);
}

err mark_keep(struct ctx *cx, struct store *store, struct mark_kept *kept)
{
    struct ledger_head head;
    struct mark_kept next = {.begun = true};
    err published = ledger_head(cx, &head);
    if (published == NOT_FOUND) { /* nothing to keep yet */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    next.log_size = head.tree.size;
    store_generations(store, next.generations);
    err put = put_log(cx, &head, kept);
    if (put == OK)
        put = put_files(cx, &next, kept);
    if (put == INTERNAL) {
        failure_clear(&cx->failure);
        return FAIL(cx, INTERNAL, "log.mark", "a mark could not be kept beside the keys");
    }
    TRY(put);
    if (!kept->begun && tells_of_marks(store))
        TRY(note_once(cx, store));
    *kept = next;
    return OK;
}
