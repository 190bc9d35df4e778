/* SPDX-License-Identifier: Apache-2.0
 * The marks go to the key holder, which never lets an older one come last (crypto/key_mark.h); the row in a database of
 * keys says the same of itself. That they were kept stands in the store, once they are on disk: from then on a missing
 * one is no accident of the first second. */
#include "app/mark.h"

#include <string.h>

#include "base/text.h"
#include "store/data_age.h"
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
    io->shared_generation = found ? row.data_generation : 0;
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

/* Asked behind the marks: another server may change it meanwhile. */
static err check_server(struct ctx *cx, struct store *store, const struct mark *mark)
{
    int64_t own = mark->store.kept ? mark->store.of[STORE_PEOPLE] : 0;
    int64_t now[STORE_FILE_COUNT];
    if (!store_waits(store))
        return OK;
    TRY(store_generations_look(cx, store, now));
    if (now[STORE_PEOPLE] >= own && now[STORE_PEOPLE] >= mark->shared_generation)
        return OK;
    return FAIL(cx, CORRUPT, "store.went_back",
                "the data on the server is an older copy than the mark beside the keys says; put the newest back, see "
                "docs/operations");
}

err mark_check(struct ctx *cx, struct store *store, const struct mark *mark, bool renew)
{
    TRY(check_log(cx, mark->log));
    TRY(check_log(cx, mark->shared));
    TRY(check_files(cx, store, &mark->store));
    TRY(check_server(cx, store, mark));
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

/* What is to be kept, and what is kept already. */
struct keeping {
    struct ledger_head           head;
    struct mark_kept             next;
    const struct mark_kept      *kept;
    struct sql_log_mark_load_row shared; /* all zero: there is none */
    bool                         has_shared;
    bool                         is_own; /* the shared one is left as it is */
};

static err load_shared(struct ctx *cx, const struct store *store, struct keeping *keeping)
{
    return store_is_local(store, STORE_KEYS) ? OK : sql_log_mark_load(cx, &keeping->shared, &keeping->has_shared);
}

/* What lies on a server was asked behind all that has been kept of it, by whichever server: less is an older copy, put
 * beneath this one while it runs. */
static err look_at_age(struct ctx *cx, struct store *store, struct keeping *keeping)
{
    const struct mark_kept *kept = keeping->kept;
    int64_t own = kept->begun ? kept->generations[STORE_PEOPLE] : 0;
    TRY(store_generations_look(cx, store, keeping->next.generations));
    int64_t now = keeping->next.generations[STORE_PEOPLE];
    bool is_older = now < own || now < keeping->shared.data_generation;
    return is_older && store_waits(store) && !store_is_for_move(store) ? mark_fail_older(cx) : OK;
}

/* store_write_fn. Of the data alone it is no change of the keys: the data vouches for those, and so on without end. */
static err write_shared(struct ctx *cx, void *arg)
{
    const struct keeping *keeping = arg;
    int64_t size = keeping->head.tree.size;
    if (keeping->has_shared && keeping->shared.size >= size)
        store_keep_house(cx);
    struct sql_log_mark_keep_in in = {size, keeping->head.note, keeping->next.generations[STORE_PEOPLE]};
    return sql_log_mark_keep(cx, &in, NULL);
}

/* Mostly another server has written it: they shall not meet there each second. What is being moved is closed by now:
 * the next server that comes sees to it. */
static err put_shared(struct ctx *cx, struct store *store, struct keeping *keeping)
{
    const struct sql_log_mark_load_row *shared = &keeping->shared;
    bool has_grown = !keeping->has_shared || shared->size < keeping->head.tree.size;
    bool is_behind = shared->data_generation < keeping->next.generations[STORE_PEOPLE] && !store_is_for_move(store);
    if (store_is_local(store, STORE_KEYS) || !(has_grown || is_behind))
        return OK;
    return store_write_wait(store, cx, write_shared, keeping);
}

static err put_log(struct ctx *cx, const struct keeping *keeping)
{
    return is_kept(keeping->kept, &keeping->head.tree) ? OK : keyring_mark_keep(cx, cx->keyring, keeping->head.note);
}

static err put_files(struct ctx *cx, const struct keeping *keeping)
{
    const struct mark_kept *kept = keeping->kept;
    const struct mark_kept *next = &keeping->next;
    struct keyring_generations generations = {.kept = true};
    if (kept->begun && memcmp(next->generations, kept->generations, sizeof next->generations) == 0)
        return OK;
    memcpy(generations.of, next->generations, sizeof generations.of);
    return keyring_generations_keep(cx, cx->keyring, &generations);
}

/* store_write_fn */
static err make_note(struct ctx *cx, void *arg)
{
    store_keep_house(cx);
    return sql_node_note_make(cx, &(struct sql_node_note_make_in){*(const struct text *)arg}, NULL);
}

err mark_note(struct ctx *cx, struct store *store, struct text name)
{
    bool noted = false;
    TRY(is_noted(cx, name, &noted));
    return noted ? OK : store_write_wait(store, cx, make_note, &name);
}

/* It lies beside the root key, wherever the keys of people lie. */
static err keep_own(struct ctx *cx, const struct keeping *keeping, struct mark_kept *io_kept)
{
    TRY(put_log(cx, keeping));
    TRY(put_files(cx, keeping));
    *io_kept = keeping->next;
    return OK;
}

static err keep_shared(struct ctx *cx, struct store *store, struct keeping *keeping, struct mark_kept *io_kept)
{
    TRY(put_shared(cx, store, keeping));
    if (!io_kept->is_noted)
        TRY(mark_note(cx, store, name_of_note(store)));
    io_kept->is_noted = true;
    return OK;
}

static err keep(struct ctx *cx, struct store *store, struct keeping *keeping, struct mark_kept *io_kept)
{
    TRY(look_at_age(cx, store, keeping));
    err put = keep_own(cx, keeping, io_kept);
    if (put == OK && !keeping->is_own)
        put = keep_shared(cx, store, keeping, io_kept);
    if (put != INTERNAL)
        return put;
    failure_clear(&cx->failure);
    return FAIL(cx, INTERNAL, "log.mark", "a mark could not be kept beside the keys");
}

static err keep_published(struct ctx *cx, struct store *store, struct keeping *keeping, struct mark_kept *io_kept)
{
    err published = load_head(cx, io_kept, &keeping->head);
    if (published == NOT_FOUND) { /* nothing to keep yet */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    keeping->next.begun = true;
    keeping->next.is_noted = io_kept->is_noted;
    keeping->next.log = keeping->head.tree;
    return keep(cx, store, keeping, io_kept);
}

err mark_keep(struct ctx *cx, struct store *store, struct mark_kept *kept)
{
    struct keeping keeping = {.kept = kept};
    TRY(load_shared(cx, store, &keeping));
    return keep_published(cx, store, &keeping, kept);
}

err mark_keep_own(struct ctx *cx, struct store *store, struct mark_kept *kept)
{
    struct keeping keeping = {.kept = kept, .is_own = true};
    return keep_published(cx, store, &keeping, kept);
}
