/* SPDX-License-Identifier: Apache-2.0
 * A person's data key: made with the person, opened for one act and wiped, forgotten for ever. Wrapped keys lie in the
 * key store; what wraps them lies in the key folder (crypto/keyring.h). */
#include "domain/person_key.h"

#include "base/limits.h"
#include "crypto/keyring.h"
#include "domain/person.h"
#include "domain/policy.h"
#include "store/queries.h"

enum { BUCKET_FULL = 0, BUCKET_OPEN = 1, BUCKET_DOOMED = 2 };

static err open_bucket(struct ctx *cx, int64_t *out_bucket)
{
    struct sql_key_bucket_open_in in = {.people_max = LIMIT_BUCKET_PEOPLE};
    struct sql_key_bucket_open_row row;
    bool found = false;
    TRY(sql_key_bucket_open(cx, &in, &row, &found));
    if (found) {
        *out_bucket = row.bucket;
        return OK;
    }
    int64_t bucket = 0;
    TRY(keyring_bucket_create(cx, cx->keyring, &bucket));
    struct sql_key_bucket_insert_in insert = {.bucket = bucket, .people = 0, .open = BUCKET_OPEN};
    TRY(sql_key_bucket_insert(cx, &insert, NULL));
    *out_bucket = bucket;
    return OK;
}

err person_key_make(struct ctx *cx, int64_t person_id)
{
    int64_t bucket = 0;
    TRY(open_bucket(cx, &bucket));
    PERSON_KEY key;
    struct bytes wrapped;
    struct key_place place = {bucket, person_id};
    TRY(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key));
    struct sql_person_key_insert_in row = {.person_id = person_id, .bucket = bucket, .wrapped = wrapped};
    TRY(sql_person_key_insert(cx, &row, NULL));
    struct sql_key_bucket_count_in count = {.bucket = bucket, .more = 1};
    return sql_key_bucket_count(cx, &count, NULL);
}

err person_key_open(struct ctx *cx, int64_t person_id, struct secret_key *out)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    TRY(sql_person_key_load(cx, &in, &row, &found));
    if (!found)
        return FAIL(cx, NOT_FOUND, "person.erased", "the key of this person is destroyed");
    struct key_place place = {row.bucket, person_id};
    return keyring_person_key_open(cx, cx->keyring, &place, row.wrapped, out);
}

/* A row goes before its bucket key does, so a row without one was robbed of it. */
err person_keys_check(struct ctx *cx)
{
    struct sql_person_key_list_of_buckets_row *rows = NULL;
    size_t count = 0;
    TRY(sql_person_key_list_of_buckets(cx, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        PERSON_KEY key;
        err result = person_key_open(cx, rows[i].person_id, &key);
        if (result == NOT_FOUND || result == CORRUPT) {
            failure_clear(&cx->failure);
            return FAIL(cx, CORRUPT, "person.key_lost", "the key folder lacks a key that people need, or it is broken");
        }
        TRY(result);
    }
    return OK;
}

err person_key_remove(struct ctx *cx, int64_t person_id)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    TRY(sql_person_key_load(cx, &in, &row, &found));
    if (!found)
        return OK; /* taken away before */
    struct sql_person_key_delete_in gone = {person_id};
    TRY(sql_person_key_delete(cx, &gone, NULL));
    struct sql_key_bucket_count_in count = {.bucket = row.bucket, .more = -1};
    return sql_key_bucket_count(cx, &count, NULL);
}

void person_key_wipe(struct secret_key *key)
{
    secret_wipe(key, sizeof *key);
}

/* ---- forgetting: a fresh bucket for the survivors, then the old bucket key is destroyed. The bucket is marked before
 * it is destroyed, so a crash in between is finished by the next call. */

struct forget {
    const int64_t *person_ids;
    size_t         count;
    int64_t        bucket;       /* of the first of them */
    int64_t        fresh_bucket; /* made before the write */
};

static bool is_named(const struct forget *forget, int64_t person_id)
{
    for (size_t i = 0; i < forget->count; i++)
        if (forget->person_ids[i] == person_id)
            return true;
    return false;
}

static err rewrap(struct ctx *cx, const struct forget *forget, const struct sql_person_key_list_of_bucket_row *row)
{
    struct key_move move = {forget->bucket, forget->fresh_bucket, row->person_id};
    struct bytes wrapped;
    TRY(keyring_person_key_rewrap(cx, cx->keyring, &move, row->wrapped, &wrapped));
    struct sql_person_key_update_in update = {row->person_id, forget->fresh_bucket, wrapped};
    return sql_person_key_update(cx, &update, NULL);
}

/* store_write_fn */
static err empty_bucket(struct ctx *cx, void *arg)
{
    const struct forget *forget = arg;
    struct sql_person_key_list_of_bucket_in in = {.bucket = forget->bucket};
    struct sql_person_key_list_of_bucket_row *rows = NULL;
    size_t count = 0;
    int64_t survivors = 0;
    TRY(sql_person_key_list_of_bucket(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct sql_person_key_delete_in gone = {rows[i].person_id};
        if (is_named(forget, rows[i].person_id)) {
            TRY(sql_person_key_delete(cx, &gone, NULL));
            continue;
        }
        TRY(rewrap(cx, forget, &rows[i]));
        survivors++;
    }
    struct sql_key_bucket_insert_in fresh = {.bucket = forget->fresh_bucket, .people = survivors, .open = BUCKET_OPEN};
    TRY(sql_key_bucket_insert(cx, &fresh, NULL));
    struct sql_key_bucket_set_open_in doomed = {forget->bucket, BUCKET_DOOMED};
    return sql_key_bucket_set_open(cx, &doomed, NULL);
}

static err delete_bucket_row(struct ctx *cx, void *arg)
{
    struct sql_key_bucket_delete_in in = {*(const int64_t *)arg};
    return sql_key_bucket_delete(cx, &in, NULL);
}

static err destroy_doomed(struct ctx *cx, struct store *store)
{
    struct sql_key_bucket_list_doomed_row *rows = NULL;
    size_t count = 0;
    TRY(sql_key_bucket_list_doomed(cx, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        err result = keyring_bucket_destroy(cx, cx->keyring, rows[i].bucket);
        if (result == NOT_FOUND)
            failure_clear(&cx->failure); /* destroyed before a crash: only the row is left */
        else
            TRY(result);
        TRY(store_write_wait(store, cx, delete_bucket_row, &rows[i].bucket));
    }
    return OK;
}

/* store_write_fn. First of all: an audit can then tell a key that was destroyed from one that was lost, and a crash in
 * between leaves somebody marked whose key is still there. */
static err mark_erased(struct ctx *cx, void *arg)
{
    const struct forget *forget = arg;
    for (size_t i = 0; i < forget->count; i++) {
        struct sql_person_update_in erased = {forget->person_ids[i], PERSON_ERASED, 0};
        TRY(sql_person_update(cx, &erased, NULL));
    }
    return OK;
}

err person_forget_keys(struct ctx *cx, struct store *store, const int64_t *person_ids, size_t count)
{
    struct forget all = {.person_ids = person_ids, .count = count};
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    if (count > 0)
        TRY(store_write_wait(store, cx, mark_erased, &all));
    for (size_t i = 0; i < count; i++) {
        struct sql_person_key_load_in in = {.person_id = person_ids[i]};
        struct sql_person_key_load_row row;
        bool found = false;
        TRY(sql_person_key_load(cx, &in, &row, &found));
        if (!found)
            continue; /* went with an earlier bucket */
        struct forget forget = {.person_ids = person_ids, .count = count, .bucket = row.bucket};
        TRY(keyring_bucket_create(cx, cx->keyring, &forget.fresh_bucket));
        TRY(store_write_wait(store, cx, empty_bucket, &forget));
    }
    TRY(destroy_doomed(cx, store));
    return store_scrub_keys(cx, store);
}
