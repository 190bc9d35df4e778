/* SPDX-License-Identifier: Apache-2.0
 * Keys are destroyed: the survivors of a bucket are wrapped under a fresh one, then the old bucket key goes. The person
 * is marked first and the bucket before it is destroyed, so a crash in between is finished by the next call. A bucket
 * is emptied once for all of its people who are on the list, and the one with the longest waiting goes first: nobody
 * waits for more than the other buckets, however many stand on the list. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/key_pace.h"
#include "crypto/keyring.h"
#include "domain/people/key_return.h"
#include "domain/people/person.h"
#include "domain/people/predecessor.h"
#include "domain/policy.h"
#include "store/queries.h"

#define BROKEN_MAX 8 /* buckets that cannot be emptied, of one look: more are no accident of a few rows */
#define DOOMED_MAX 500 /* buckets whose keys go, of one look */
#define DOOMED_TOGETHER 50 /* of them, whose rows go in one write */

/* People whose keys go: those on the list whose keys are there still, and whose places they took. */
struct forget {
    int64_t *person_ids; /* the longest waiting first */
    int64_t *sorted;     /* the same */
    size_t   count;
    int64_t  bucket; /* the one at hand */
    int64_t  broken[BROKEN_MAX];
    size_t   broken_count;
    bool     is_lost; /* the key of the bucket at hand: nothing was wrapped anew */
};

static bool is_full(const struct forget *forget)
{
    return forget->count == LIMIT_ERASURES_KEYS;
}

static bool is_broken(const struct forget *forget, int64_t bucket)
{
    for (size_t i = 0; i < forget->broken_count; i++)
        if (forget->broken[i] == bucket)
            return true;
    return false;
}

static int by_number(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static bool is_named(const struct forget *forget, int64_t person_id)
{
    return forget->count > 0 &&
           bsearch(&person_id, forget->sorted, forget->count, sizeof person_id, by_number) != NULL;
}

/* ---- whom */

err person_mark_erased(struct ctx *cx, int64_t person_id)
{
    struct sql_person_update_in erased = {person_id, PERSON_ERASED, 0};
    struct sql_erasure_insert_in left = {person_id, cx->now_ms};
    TRY(sql_person_update(cx, &erased, NULL));
    return sql_erasure_insert(cx, &left, NULL);
}

struct marking {
    const int64_t *person_ids;
    size_t         count;
};

/* store_write_fn. First of all: an audit can then tell a key that was destroyed from one that was lost, and a crash in
 * between leaves somebody on the list whose key is still there. */
static err mark_all(struct ctx *cx, void *arg)
{
    const struct marking *marking = arg;
    for (size_t i = 0; i < marking->count; i++)
        TRY(person_mark_erased(cx, marking->person_ids[i]));
    return OK;
}

static bool is_left(int64_t open)
{
    return open == KEY_BUCKET_DOOMED || open == KEY_BUCKET_LEFT;
}

/* Where the key of this person lies, or lay when it was taken away; 0 when that bucket key is gone or about to go, the
 * latter perhaps once it is back. */
static err find_bucket(struct ctx *cx, int64_t person_id, int64_t *out_bucket)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row key;
    struct sql_key_removed_load_in removed_in = {person_id};
    struct sql_key_removed_load_row removed = {0};
    bool found = false;
    *out_bucket = 0;
    TRY(sql_person_key_load(cx, &in, &key, &found));
    if (!found)
        TRY(sql_key_removed_load(cx, &removed_in, &removed, &found));
    int64_t bucket = removed.bucket != 0 ? removed.bucket : found ? key.bucket : 0;
    struct sql_key_bucket_load_in bucket_in = {bucket};
    struct sql_key_bucket_load_row row = {KEY_BUCKET_DOOMED};
    TRY(sql_key_bucket_load(cx, &bucket_in, &row, &found));
    if (found && (removed.bucket == 0 ? row.open != KEY_BUCKET_DOOMED : !is_left(row.open)))
        *out_bucket = bucket;
    return OK;
}

static err add(struct ctx *cx, struct forget *forget, int64_t person_id)
{
    int64_t bucket = 0;
    TRY(find_bucket(cx, person_id, &bucket));
    if (bucket != 0 && !is_full(forget)) /* who finds no room is found by the next look */
        forget->person_ids[forget->count++] = person_id;
    return OK;
}

static err add_with_predecessors(struct ctx *cx, struct forget *forget, int64_t person_id)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    TRY(predecessor_list(cx, person_id, &predecessors, &count));
    TRY(add(cx, forget, person_id));
    for (size_t i = 0; i < count; i++)
        TRY(add(cx, forget, predecessors[i].person_id));
    return OK;
}

/* A part of the list. */
struct page {
    struct sql_erasure_list_in in;
    size_t                     count;
};

static err add_page(struct ctx *cx, struct forget *forget, struct page *page)
{
    struct sql_erasure_list_row *rows = NULL;
    TRY(sql_erasure_list(cx, &page->in, &rows, &page->count));
    for (size_t i = 0; i < page->count; i++) {
        TRY(add_with_predecessors(cx, forget, rows[i].person_id));
        page->in.asked_at_ms = rows[i].asked_at_ms;
        page->in.person_id = rows[i].person_id;
    }
    return OK;
}

/* Each page in memory of its own. */
static err gather(struct ctx *cx, struct forget *forget)
{
    struct page page = {{INT64_MIN, INT64_MIN, LIMIT_ERASURES}, LIMIT_ERASURES};
    forget->person_ids = ARENA_ARRAY(cx->arena, int64_t, LIMIT_ERASURES_KEYS);
    forget->sorted = ARENA_ARRAY(cx->arena, int64_t, LIMIT_ERASURES_KEYS);
    if (forget->person_ids == NULL || forget->sorted == NULL)
        return FAIL_MEMORY(cx);
    while (page.count == LIMIT_ERASURES && !is_full(forget)) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        TRY(ctx_join(cx, &apart, add_page(&apart, forget, &page)));
    }
    memcpy(forget->sorted, forget->person_ids, forget->count * sizeof *forget->sorted);
    qsort(forget->sorted, forget->count, sizeof *forget->sorted, by_number);
    return OK;
}

/* ---- a bucket is emptied */

/* Whose keys are in the bucket at hand, and where those of the survivors go. */
struct emptying {
    struct sql_person_key_list_of_bucket_row *rows;
    size_t                                    count;
    struct key_move                           to;
    int64_t                                   survivors;
};

/* Lists them, and opens what is to be wrapped anew: behind that a fresh bucket is made, and its key would be left lying
 * at each try. */
static err look_at_people(struct ctx *cx, const struct forget *forget, struct emptying *emptying)
{
    struct sql_person_key_list_of_bucket_in in = {.bucket = forget->bucket};
    struct key_place place = {.bucket = forget->bucket, .sealed = emptying->to.from_sealed};
    TRY(sql_person_key_list_of_bucket(cx, &in, &emptying->rows, &emptying->count));
    for (size_t i = 0; i < emptying->count; i++) {
        PERSON_KEY key;
        place.person_id = emptying->rows[i].person_id;
        if (!is_named(forget, place.person_id))
            TRY(keyring_person_key_open(cx, cx->keyring, &place, emptying->rows[i].wrapped, &key));
    }
    return OK;
}

static err rewrap(struct ctx *cx, const struct key_move *to, const struct sql_person_key_list_of_bucket_row *row)
{
    struct key_move move = *to;
    struct bytes wrapped;
    move.person_id = row->person_id;
    TRY(keyring_person_key_rewrap(cx, cx->keyring, &move, row->wrapped, &wrapped));
    struct sql_person_key_update_in update = {row->person_id, move.to_bucket, wrapped};
    return sql_person_key_update(cx, &update, NULL);
}

/* Takes away the keys of those who go, and wraps those of the others anew. */
static err move_survivors(struct ctx *cx, const struct forget *forget, struct emptying *emptying)
{
    emptying->survivors = 0;
    for (size_t i = 0; i < emptying->count; i++) {
        const struct sql_person_key_list_of_bucket_row *row = &emptying->rows[i];
        struct sql_person_key_delete_in gone = {row->person_id};
        if (is_named(forget, row->person_id)) {
            TRY(sql_person_key_delete(cx, &gone, NULL));
            continue;
        }
        TRY(rewrap(cx, &emptying->to, row));
        emptying->survivors++;
    }
    return OK;
}

/* Nobody's key in it opens. Those of the ones who go are taken away, and the bucket waits for its own to come back. */
static err leave_bucket(struct ctx *cx, const struct forget *forget)
{
    struct sql_person_key_list_of_bucket_in in = {.bucket = forget->bucket};
    struct sql_person_key_list_of_bucket_row *rows = NULL;
    struct sql_key_bucket_set_open_in left = {forget->bucket, KEY_BUCKET_LEFT};
    size_t count = 0;
    TRY(sql_person_key_list_of_bucket(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (is_named(forget, rows[i].person_id))
            TRY(person_key_remove(cx, rows[i].person_id));
    return sql_key_bucket_set_open(cx, &left, NULL);
}

/* store_write_fn. Where the keys are committed and the rest is not, it is run again and finds the bucket doomed. */
static err empty_bucket(struct ctx *cx, void *arg)
{
    struct forget *forget = arg;
    struct emptying emptying = {.to.from_bucket = forget->bucket};
    struct key_move *to = &emptying.to;
    struct sql_key_bucket_load_in bucket_in = {forget->bucket};
    struct sql_key_bucket_load_row bucket;
    struct sql_bucket_key_load_in key_in = {forget->bucket};
    struct sql_bucket_key_load_row key = {.sealed = {NULL, 0}};
    bool found = false;
    bool stands = false;
    forget->is_lost = false;
    TRY(sql_key_bucket_load(cx, &bucket_in, &bucket, &found));
    if (!found || bucket.open == KEY_BUCKET_DOOMED)
        return OK;
    TRY(sql_bucket_key_load(cx, &key_in, &key, &found));
    TRY(keyring_bucket_stands(cx, forget->bucket, key.sealed, &stands));
    forget->is_lost = !stands;
    if (forget->is_lost)
        return leave_bucket(cx, forget);
    to->from_sealed = key.sealed;
    TRY(look_at_people(cx, forget, &emptying));
    TRY(keyring_bucket_create(cx, cx->keyring, &to->to_bucket, &to->to_sealed));
    TRY(move_survivors(cx, forget, &emptying));
    struct sql_key_bucket_insert_in fresh = {to->to_bucket, emptying.survivors, KEY_BUCKET_OPEN};
    TRY(sql_key_bucket_insert(cx, &fresh, NULL));
    struct sql_key_bucket_set_open_in doomed = {forget->bucket, KEY_BUCKET_DOOMED};
    return sql_key_bucket_set_open(cx, &doomed, NULL);
}

/* ---- its key is destroyed */

/* Buckets whose keys are destroyed. */
struct finished {
    const struct sql_key_bucket_list_doomed_row *rows;
    size_t                                       count;
};

static err delete_bucket_row(struct ctx *cx, int64_t bucket)
{
    struct sql_key_removed_forget_in removed = {bucket};
    struct sql_key_bucket_delete_in in = {bucket};
    struct sql_bucket_gone_put_in gone = {bucket}; /* for when it comes back from a copy */
    TRY(sql_key_removed_forget(cx, &removed, NULL));
    TRY(sql_bucket_gone_put(cx, &gone, NULL));
    return sql_key_bucket_delete(cx, &in, NULL);
}

/* store_write_fn */
static err delete_bucket_rows(struct ctx *cx, void *arg)
{
    const struct finished *finished = arg;
    for (size_t i = 0; i < finished->count; i++)
        TRY(delete_bucket_row(cx, finished->rows[i].bucket));
    return OK;
}

static err destroy(struct ctx *cx, int64_t bucket)
{
    err result = keyring_bucket_destroy(cx, cx->keyring, bucket);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure); /* destroyed before a crash: what is left is to be done still */
    return OK;
}

/* The first ones of these buckets: their keys are gone, and now what the store keeps of them goes. */
static err finish_buckets(struct ctx *cx, struct store *store, const struct sql_key_bucket_list_doomed_row *rows,
                          size_t count)
{
    if (count == 0)
        return OK;
    TRY(store_scrub_keys(cx, store));
    TRY(key_return_note(cx, store)); /* before anybody is told that it is done: no copy of before passes for the keys */
    for (size_t i = 0; i < count; i += DOOMED_TOGETHER) {
        struct finished finished = {rows + i, count - i < DOOMED_TOGETHER ? count - i : DOOMED_TOGETHER};
        TRY(store_write_wait(store, cx, delete_bucket_rows, &finished));
    }
    return OK;
}

/* A bucket stays on the list until nothing of its key is within reach any more. */
static err destroy_doomed(struct ctx *cx, struct store *store, bool *out_more)
{
    struct sql_key_bucket_list_doomed_in in = {DOOMED_MAX};
    struct sql_key_bucket_list_doomed_row *rows = NULL;
    size_t count = 0;
    size_t gone = 0;
    TRY(sql_key_bucket_list_doomed(cx, &in, &rows, &count));
    *out_more = count == DOOMED_MAX;
    if (count == 0)
        return OK;
    err result = OK;
    while (result == OK && gone < count) {
        result = destroy(cx, rows[gone].bucket);
        gone += result == OK;
    }
    struct failure why = cx->failure;
    failure_clear(&cx->failure);
    TRY(finish_buckets(cx, store, rows, gone));
    cx->failure = why;
    return result;
}

/* ---- all of it */

static bool has_leave(struct ctx *cx, struct person_forgetting *forgetting)
{
    bool leave = forgetting->pace == NULL || key_pace_take(forgetting->pace, cx->clock);
    forgetting->out_waits = !leave;
    return leave;
}

/* Empties the bucket of one of them, if it is there still, for all of them who are in it. */
static err forget_one(struct ctx *cx, struct store *store, struct forget *forget, int64_t person_id,
                      struct person_forgetting *forgetting)
{
    TRY(find_bucket(cx, person_id, &forget->bucket));
    if (forget->bucket == 0 || is_broken(forget, forget->bucket) || !has_leave(cx, forgetting))
        return OK;
    TRY(store_write_wait(store, cx, empty_bucket, forget));
    if (!forget->is_lost)
        return OK;
    TRY(store_scrub_keys(cx, store)); /* no destroying follows that would do it */
    return key_return_note(cx, store);
}

static err empty_one_returned(struct ctx *cx, struct store *store,
                              const struct sql_key_bucket_list_left_row *row)
{
    struct forget nobody = {.bucket = row->bucket};
    bool stands = false;
    TRY(keyring_bucket_stands(cx, row->bucket, row->sealed, &stands));
    return stands ? store_write_wait(store, cx, empty_bucket, &nobody) : OK;
}

/* Buckets that somebody erased was in while their keys were lost, and are back. One that cannot be emptied does not
 * hold up the others. */
static err empty_returned(struct ctx *cx, struct store *store)
{
    struct sql_key_bucket_list_left_row *rows = NULL;
    size_t count = 0;
    err result = OK;
    TRY(sql_key_bucket_list_left(cx, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        failure_clear(&apart.failure);
        err one = ctx_join(cx, &apart, empty_one_returned(&apart, store, &rows[i]));
        result = result == OK ? one : result;
    }
    return result;
}

/* Whether the others may go. A bucket that cannot be emptied is not tried again for the next of its people. */
static bool goes_on(struct forget *forget, err result)
{
    if (result == CORRUPT || result == NOT_FOUND)
        forget->broken[forget->broken_count++] = forget->bucket;
    return (result == OK || result == CORRUPT || result == NOT_FOUND) && forget->broken_count < BROKEN_MAX;
}

/* Each bucket in memory of its own. */
static err forget_each(struct ctx *cx, struct store *store, struct forget *forget, struct person_forgetting *forgetting)
{
    err result = OK;
    bool go = true;
    for (size_t i = 0; i < forget->count && !forgetting->out_waits && go; i++) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        failure_clear(&apart.failure);
        err one = ctx_join(cx, &apart, forget_one(&apart, store, forget, forget->person_ids[i], forgetting));
        result = result == OK ? one : result;
        go = goes_on(forget, one);
    }
    return result;
}

/* So many in memory of their own. */
static err destroy_apart(struct ctx *cx, struct store *store)
{
    bool more = true;
    while (more) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        failure_clear(&apart.failure);
        TRY(ctx_join(cx, &apart, destroy_doomed(&apart, store, &more)));
    }
    return OK;
}

err person_buckets_destroy(struct ctx *cx, struct store *store)
{
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    return destroy_apart(cx, store);
}

/* Those whom one look at the list finds. */
static err forget_found(struct ctx *cx, struct store *store, struct forget *forget,
                        struct person_forgetting *forgetting)
{
    TRY(gather(cx, forget));
    err emptied = forget_each(cx, store, forget, forgetting);
    err returned = empty_returned(cx, store);
    err destroyed = destroy_apart(cx, store); /* also when one could not be emptied */
    return emptied != OK ? emptied : returned != OK ? returned : destroyed;
}

err person_forget_listed(struct ctx *cx, struct store *store, struct person_forgetting *forgetting)
{
    struct forget forget = {.count = 0};
    err result = OK;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    forgetting->out_waits = false;
    TRY(destroy_apart(cx, store)); /* nothing is doomed anew while the holder keeps something waiting */
    do {
        struct ctx apart;
        forget = (struct forget){.count = 0};
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        result = ctx_join(cx, &apart, forget_found(&apart, store, &forget, forgetting));
    } while (result == OK && is_full(&forget) && !forgetting->out_waits);
    return result;
}

err person_forget_keys(struct ctx *cx, struct store *store, const int64_t *person_ids, size_t count)
{
    struct marking people = {person_ids, count};
    struct person_forgetting forgetting = {.pace = NULL};
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    if (count > 0)
        TRY(store_write_wait(store, cx, mark_all, &people));
    return person_forget_listed(cx, store, &forgetting);
}

err person_has_bucket(struct ctx *cx, int64_t person_id, bool *out)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    int64_t bucket = 0;
    TRY(predecessor_list(cx, person_id, &predecessors, &count));
    TRY(find_bucket(cx, person_id, &bucket));
    for (size_t i = 0; i < count && bucket == 0; i++)
        TRY(find_bucket(cx, predecessors[i].person_id, &bucket));
    *out = bucket != 0;
    return OK;
}

/* While anything is doomed nobody counts as forgotten: whose bucket it was is written nowhere. */
err person_is_forgotten(struct ctx *cx, int64_t person_id, bool *out)
{
    struct sql_key_bucket_count_doomed_row doomed = {0};
    bool found = false;
    bool has_bucket = false;
    TRY(sql_key_bucket_count_doomed(cx, &doomed, &found));
    TRY(person_has_bucket(cx, person_id, &has_bucket));
    *out = !has_bucket && doomed.buckets == 0;
    return OK;
}
