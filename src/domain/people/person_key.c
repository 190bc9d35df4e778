/* SPDX-License-Identifier: Apache-2.0
 * A person's data key: made with the person, opened for one act and wiped. Wrapped keys lie in the key store; what
 * wraps them lies in the key folder, or sealed beside them (crypto/keyring.h). How keys are destroyed stands in
 * person_forget.c. */
#include "domain/people/person_key.h"

#include "base/limits.h"
#include "crypto/keyring.h"
#include "domain/people/person.h"
#include "store/keys_place.h"
#include "store/queries.h"

#define PAGE 200

static err fresh_bucket(struct ctx *cx, struct key_place *out)
{
    struct key_place fresh = {.bucket = 0};
    TRY(keyring_bucket_create(cx, cx->keyring, &fresh.bucket, &fresh.sealed));
    struct sql_key_bucket_insert_in insert = {.bucket = fresh.bucket, .people = 0, .open = KEY_BUCKET_OPEN};
    TRY(sql_key_bucket_insert(cx, &insert, NULL));
    *out = fresh;
    return OK;
}

/* A bucket that new people may join; fills all of a place but the person. */
static err open_bucket(struct ctx *cx, struct key_place *out)
{
    struct sql_key_bucket_open_in in = {.people_max = LIMIT_BUCKET_PEOPLE};
    struct sql_key_bucket_open_row row;
    bool found = false;
    TRY(sql_key_bucket_open(cx, &in, &row, &found));
    if (found) {
        *out = (struct key_place){.bucket = row.bucket, .sealed = row.sealed};
        return OK;
    }
    return fresh_bucket(cx, out);
}

/* One whose key is lost takes nobody in any more, also when it is put back. */
static err leave_bucket(struct ctx *cx, struct key_place *place)
{
    struct sql_key_bucket_set_open_in full = {place->bucket, KEY_BUCKET_FULL};
    failure_clear(&cx->failure);
    TRY(sql_key_bucket_set_open(cx, &full, NULL));
    return fresh_bucket(cx, place);
}

err person_key_make(struct ctx *cx, int64_t person_id)
{
    struct key_place place;
    TRY(open_bucket(cx, &place));
    PERSON_KEY key;
    struct bytes wrapped;
    place.person_id = person_id;
    err made = keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key);
    if (made == NOT_FOUND) {
        TRY(leave_bucket(cx, &place));
        place.person_id = person_id;
        made = keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key);
    }
    TRY(made);
    struct sql_person_key_insert_in row = {.person_id = person_id, .bucket = place.bucket, .wrapped = wrapped};
    TRY(sql_person_key_insert(cx, &row, NULL));
    struct sql_key_bucket_count_in count = {.bucket = place.bucket, .more = 1};
    return sql_key_bucket_count(cx, &count, NULL);
}

void person_key_open_ahead(struct ctx *cx, int64_t person_id)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    sql_person_key_load_ahead(cx, &in);
}

/* `out_bucket`: where the key is said to lie; 0 when there is no row. */
static err open_as_kept(struct ctx *cx, int64_t person_id, int64_t *out_bucket, struct secret_key *out)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    *out_bucket = 0;
    TRY(sql_person_key_load(cx, &in, &row, &found));
    if (!found)
        return FAIL(cx, NOT_FOUND, "person.erased", "the key of this person is destroyed");
    *out_bucket = row.bucket;
    struct key_place place = {.bucket = row.bucket, .person_id = person_id, .sealed = row.sealed};
    return keyring_person_key_open(cx, cx->keyring, &place, row.wrapped, out);
}

static err fail_lost(struct ctx *cx)
{
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "person.key_lost", "the key folder lacks a key that people need, or it is broken");
}

/* Of a person whose row names a bucket that has no key. That of somebody whose key was to go proves nothing. */
static err tell_lost(struct ctx *cx, int64_t person_id)
{
    struct failure destroyed = cx->failure;
    struct sql_person_load_in in = {person_id};
    struct sql_person_load_row person = {PERSON_ERASED, 0, 0};
    bool found = false;
    failure_clear(&cx->failure);
    TRY(sql_person_load(cx, &in, &person, &found));
    if (found && person.state != PERSON_ERASED && person.merged_into == 0)
        return fail_lost(cx);
    cx->failure = destroyed;
    return NOT_FOUND;
}

/* A row goes before its bucket key does, so a row that still names a bucket without a key was robbed of it. What was
 * seen of the rows may be older than what is seen of the keys: then the row is another one by now. */
err person_key_open(struct ctx *cx, int64_t person_id, struct secret_key *out)
{
    int64_t before = 0;
    int64_t bucket = 0;
    err result = open_as_kept(cx, person_id, &bucket, out);
    while (result == NOT_FOUND && bucket != before) {
        before = bucket;
        failure_clear(&cx->failure);
        store_keys_look_again(cx);
        result = open_as_kept(cx, person_id, &bucket, out);
    }
    return result == NOT_FOUND && bucket != 0 ? tell_lost(cx, person_id) : result;
}

static err check_one(struct ctx *cx, int64_t person_id)
{
    PERSON_KEY key;
    err result = person_key_open(cx, person_id, &key);
    if (result != NOT_FOUND && result != CORRUPT)
        return result;
    return fail_lost(cx);
}

/* ---- what is lost */

static err look_at_bucket(struct ctx *cx, const struct sql_key_bucket_list_of_people_row *row, void *arg)
{
    struct person_keys_lost *lost = arg;
    bool stands = false;
    TRY(keyring_bucket_stands(cx, row->bucket, row->sealed, &stands));
    lost->of++;
    lost->buckets += !stands;
    lost->people += stands ? 0 : row->people;
    return OK;
}

/* What is missed once may have been destroyed by another process behind the rows that were read. */
err person_keys_find_lost(struct ctx *cx, struct person_keys_lost *out)
{
    *out = (struct person_keys_lost){.buckets = 1};
    for (int look = 0; look < 2 && out->buckets > 0; look++) {
        *out = (struct person_keys_lost){.buckets = 0};
        TRY(sql_key_bucket_list_of_people_each(cx, look_at_bucket, out));
    }
    return OK;
}

err person_keys_check(struct ctx *cx)
{
    struct sql_person_key_list_of_buckets_row *rows = NULL;
    size_t count = 0;
    TRY(sql_person_key_list_of_buckets(cx, &rows, &count));
    for (size_t i = 0; i < count; i++)
        TRY(check_one(cx, rows[i].person_id));
    return OK;
}

static err check_page(struct ctx *cx, struct sql_person_key_list_in *in, size_t *out_count)
{
    struct sql_person_key_list_row *rows = NULL;
    TRY(sql_person_key_list(cx, in, &rows, out_count));
    for (size_t i = 0; i < *out_count; i++) {
        TRY(check_one(cx, rows[i].person_id));
        in->after_id = rows[i].person_id;
    }
    return OK;
}

err person_keys_check_all(struct ctx *cx, int64_t *out_count)
{
    struct sql_person_key_list_in in = {.after_id = 0, .before_id = INT64_MAX, .most = PAGE};
    size_t count = PAGE;
    int64_t checked = 0;
    while (count == PAGE) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        TRY(ctx_join(cx, &apart, check_page(&apart, &in, &count)));
        checked += (int64_t)count;
    }
    *out_count = checked;
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
    struct sql_key_removed_put_in removed = {person_id, row.bucket}; /* copies open as long as the bucket key stands */
    TRY(sql_key_removed_put(cx, &removed, NULL));
    struct sql_key_bucket_count_in count = {.bucket = row.bucket, .more = -1};
    return sql_key_bucket_count(cx, &count, NULL);
}

/* Says whether there was one before it, also when that was taken away by a write whose keys alone were committed. */
static err renew_if_lost(struct ctx *cx, int64_t person_id, bool *out_renewed)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row row;
    struct sql_key_removed_load_in removed_in = {person_id};
    struct sql_key_removed_load_row removed;
    bool found = false;
    bool stands = true;
    TRY(sql_person_key_load(cx, &in, &row, &found));
    if (found)
        TRY(keyring_bucket_stands(cx, row.bucket, row.sealed, &stands));
    if (stands)
        return sql_key_removed_load(cx, &removed_in, &removed, out_renewed);
    struct sql_key_bucket_set_open_in left = {row.bucket, KEY_BUCKET_LEFT};
    TRY(person_key_remove(cx, person_id));
    TRY(sql_key_bucket_set_open(cx, &left, NULL));
    *out_renewed = true;
    return person_key_make(cx, person_id);
}

/* Names of events are all that an end opens. */
err person_key_renew_lost(struct ctx *cx, int64_t person_id)
{
    struct sql_erase_grant_events_in grants = {person_id};
    struct sql_erase_request_events_in requests = {person_id};
    bool renewed = false;
    TRY(renew_if_lost(cx, person_id, &renewed));
    if (!renewed)
        return OK;
    TRY(sql_erase_grant_events(cx, &grants, NULL));
    return sql_erase_request_events(cx, &requests, NULL);
}

void person_key_wipe(struct secret_key *key)
{
    secret_wipe(key, sizeof *key);
}
