/* SPDX-License-Identifier: Apache-2.0
 * The two places. Files are the holder's alone: it is asked, and that a file stands is seen by its name. Rows are read
 * and written by this process, which shows them to the holder when it wants what is in them; that a row stands is seen
 * by who has just read it, together with the wrapped key of a person and in the same state of the database. */
#include "crypto/key_shelf.h"

#include "crypto/key_folder.h"
#include "crypto/keyring_state.h"

static err fail_destroyed(struct ctx *cx)
{
    return FAIL(cx, NOT_FOUND, "key.destroyed", "the key that opens this has been destroyed");
}

/* ---- files */

static err files_have_any(struct ctx *cx, struct keyring *keyring, bool *out)
{
    int64_t found = 0;
    TRY(keyring_ask_number(cx, keyring, KEY_ACT_HAS_BUCKETS, &found));
    *out = found != 0;
    return OK;
}

static err files_make(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes *out_sealed, bool *out_made)
{
    int64_t made = bucket;
    TRY(keyring_ask_number(cx, keyring, KEY_ACT_BUCKET_MAKE, &made));
    *out_sealed = (struct bytes){NULL, 0};
    *out_made = made != 0;
    return OK;
}

static err file_stands(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes sealed, bool *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    (void)sealed; /* it lies in the file */
    key_bucket_name(bucket, name);
    return key_file_stands(cx, keyring->buckets, name, out);
}

static err files_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket)
{
    return keyring_ask_number(cx, keyring, KEY_ACT_BUCKET_DESTROY, &bucket);
}

static void files_drop_destroyed(struct ctx *cx, struct keyring *keyring)
{
    (void)cx; /* what fails here is nobody's failure */
    for (size_t i = 0; i < KEYRING_CACHE_SLOTS; i++) {
        struct ctx own = {.arena = NULL};
        int64_t bucket = key_cache_at(keyring, i);
        bool stands = true;
        if (bucket != 0 && file_stands(&own, keyring, bucket, (struct bytes){NULL, 0}, &stands) == OK && !stands)
            key_cache_drop(keyring, bucket);
    }
}

const struct key_shelf KEY_SHELF_FILES = {files_have_any, files_make, file_stands, files_destroy, files_drop_destroyed};

/* ---- rows */

static err note_any(void *arg, int64_t bucket)
{
    *(bool *)arg = bucket != 0;
    return OK;
}

static err rows_have_any(struct ctx *cx, struct keyring *keyring, bool *out)
{
    bool any = false;
    TRY(keyring->rows.list(cx, keyring->rows.self, note_any, &any));
    *out = any;
    return OK;
}

static err rows_make(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes *out_sealed, bool *out_made)
{
    struct key_question question;
    struct key_answer answer;
    struct bytes sealed;
    keyring_ask_for(&question, KEY_ACT_BUCKET_SEAL, bucket);
    TRY(keyring_ask(cx, keyring, &question, &answer));
    TRY(keyring_keep_answer(cx, &answer, &sealed));
    TRY(keyring->rows.put(cx, keyring->rows.self, bucket, sealed)); /* a number that somebody has fails the write */
    *out_sealed = sealed;
    *out_made = true;
    return OK;
}

static err row_stands(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes sealed, bool *out)
{
    (void)cx, (void)keyring, (void)bucket; /* whoever has read it knows */
    *out = sealed.size > 0;
    return OK;
}

static err rows_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket)
{
    bool was_there = false;
    TRY(keyring->rows.destroy(cx, keyring->rows.self, bucket, &was_there));
    return was_there ? OK : fail_destroyed(cx);
}

struct standing {
    struct keyring *keyring;
    bool            at[KEYRING_CACHE_SLOTS]; /* the bucket in this place of the cache stands */
};

static err note_standing(void *arg, int64_t bucket)
{
    struct standing *standing = arg;
    size_t place = key_cache_place(bucket);
    standing->at[place] = standing->at[place] || key_cache_at(standing->keyring, place) == bucket;
    return OK;
}

/* One that is made and cached while this runs may go with the others: it is only asked for again. */
static void rows_drop_destroyed(struct ctx *cx, struct keyring *keyring)
{
    struct standing standing = {.keyring = keyring};
    bool has_any = false;
    for (size_t i = 0; i < KEYRING_CACHE_SLOTS; i++)
        has_any = has_any || key_cache_at(keyring, i) != 0;
    if (!has_any)
        return;
    if (keyring->rows.list(cx, keyring->rows.self, note_standing, &standing) != OK) {
        failure_clear(&cx->failure);
        return;
    }
    for (size_t i = 0; i < KEYRING_CACHE_SLOTS; i++)
        if (!standing.at[i])
            key_cache_drop(keyring, key_cache_at(keyring, i));
}

const struct key_shelf KEY_SHELF_ROWS = {rows_have_any, rows_make, row_stands, rows_destroy, rows_drop_destroyed};
