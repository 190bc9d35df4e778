/* SPDX-License-Identifier: Apache-2.0
 * Bucket keys in rows: what is put there opens under its root and its number alone, a row that is gone opens nothing,
 * whatever is still cached, and what another server has destroyed leaves the cache. The rows lie in an array, which two
 * keyrings share as two servers share a database. */
#include "support/cmocka.h"

#include "crypto/key_rows.h"
#include "crypto/key_shelf.h"
#include "crypto/keyring_state.h"
#include "unit/crypto/fixture.h"

#define ROWS_MAX 8
#define SEALED_BYTES_MAX 128

struct row {
    int64_t bucket; /* 0: none */
    size_t  size;
    uint8_t sealed[SEALED_BYTES_MAX];
};

struct table {
    struct row rows[ROWS_MAX];
    bool       is_away;
};

static err fail_away(struct ctx *cx)
{
    return FAIL(cx, UNAVAILABLE, "store.lost", "the database is away");
}

static struct row *find_row(struct table *table, int64_t bucket)
{
    for (size_t i = 0; i < ROWS_MAX; i++)
        if (table->rows[i].bucket == bucket)
            return &table->rows[i];
    return NULL;
}

static err put(struct ctx *cx, void *self, int64_t bucket, struct bytes sealed)
{
    struct table *table = self;
    struct row *row = find_row(table, 0);
    if (table->is_away)
        return fail_away(cx);
    assert_non_null(row);
    assert_true(sealed.size <= SEALED_BYTES_MAX);
    row->bucket = bucket;
    row->size = sealed.size;
    memcpy(row->sealed, sealed.at, sealed.size);
    return OK;
}

static err destroy(struct ctx *cx, void *self, int64_t bucket, bool *out_was_there)
{
    struct table *table = self;
    struct row *row = find_row(table, bucket);
    if (table->is_away)
        return fail_away(cx);
    *out_was_there = row != NULL;
    if (row != NULL)
        *row = (struct row){.bucket = 0};
    return OK;
}

static err list(struct ctx *cx, void *self, err (*take)(void *arg, int64_t bucket), void *arg)
{
    struct table *table = self;
    if (table->is_away)
        return fail_away(cx);
    for (size_t i = 0; i < ROWS_MAX; i++)
        if (table->rows[i].bucket != 0)
            TRY(take(arg, table->rows[i].bucket));
    return OK;
}

/* Two servers on one table, with one root. */
struct scene {
    struct fixture  fixture;
    struct ctx     *cx;
    struct keyring *other;
    struct table    table;
    struct key_rows rows;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->cx = fixture_open_keyring(&scene->fixture);
    scene->rows = (struct key_rows){put, destroy, list, &scene->table};
    assert_int_equal(keyring_open(scene->cx, scene->fixture.keys, false, &scene->other), OK);
    keyring_use_rows(scene->cx->keyring, &scene->rows);
    keyring_use_rows(scene->other, &scene->rows);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    keyring_close(scene->other);
    fixture_close(&scene->fixture);
    free(scene);
    return 0;
}

/* As a statement reads it: with what stands now. */
static struct key_place place_in(struct scene *scene, int64_t bucket, int64_t person_id)
{
    const struct row *row = find_row(&scene->table, bucket);
    struct key_place place = {.bucket = bucket, .person_id = person_id};
    if (row != NULL)
        place.sealed = bytes_copy(scene->cx->arena, (struct bytes){row->sealed, row->size});
    return place;
}

static struct key_place fresh_place(struct scene *scene, int64_t person_id)
{
    struct key_place place = {.person_id = person_id};
    assert_int_equal(keyring_bucket_create(scene->cx, scene->cx->keyring, &place.bucket, &place.sealed), OK);
    return place;
}

static struct bytes wrapped_in(struct scene *scene, const struct key_place *place, struct secret_key *out)
{
    struct bytes wrapped;
    assert_int_equal(keyring_person_key_make(scene->cx, scene->cx->keyring, place, &wrapped, out), OK);
    return wrapped;
}

static void what_one_server_wraps_the_other_opens(void **state)
{
    struct scene *scene = *state;
    struct secret_key made;
    struct secret_key opened;
    struct key_place place = fresh_place(scene, 42);
    struct bytes wrapped = wrapped_in(scene, &place, &made);
    place = place_in(scene, place.bucket, 42);
    assert_int_equal(keyring_person_key_open(scene->cx, scene->other, &place, wrapped, &opened), OK);
    assert_memory_equal(opened.at, made.at, sizeof made.at);
    bool found = false;
    assert_int_equal(keyring_has_buckets(scene->cx, scene->other, &found), OK);
    assert_true(found);
    bool file = true;
    assert_int_equal(KEY_SHELF_FILES.has_any(scene->cx, scene->other, &file), OK);
    assert_false(file); /* the holder keeps nothing of it */
}

static void a_row_that_is_gone_opens_nothing_whatever_is_cached(void **state)
{
    struct scene *scene = *state;
    struct ctx *cx = scene->cx;
    struct secret_key key;
    struct key_place place = fresh_place(scene, 42);
    struct bytes wrapped = wrapped_in(scene, &place, &key);
    assert_int_equal(keyring_person_key_open(cx, scene->other, &place, wrapped, &key), OK); /* now it is cached there */
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    place = place_in(scene, place.bucket, 42);
    assert_failed(cx, keyring_person_key_open(cx, scene->other, &place, wrapped, &key), NOT_FOUND, "key.destroyed");
    assert_failed(cx, keyring_person_key_make(cx, scene->other, &place, &wrapped, &key), NOT_FOUND, "key.destroyed");
    assert_failed(cx, keyring_bucket_destroy(cx, scene->other, place.bucket), NOT_FOUND, "key.destroyed");
}

static void what_another_server_has_destroyed_leaves_the_cache(void **state)
{
    struct scene *scene = *state;
    struct ctx *cx = scene->cx;
    struct secret_key key;
    struct key_place goes = fresh_place(scene, 42);
    struct key_place stays = fresh_place(scene, 43);
    struct bytes wrapped = wrapped_in(scene, &goes, &key);
    struct bytes kept = wrapped_in(scene, &stays, &key);
    assert_int_equal(keyring_person_key_open(cx, scene->other, &goes, wrapped, &key), OK);
    assert_int_equal(keyring_person_key_open(cx, scene->other, &stays, kept, &key), OK);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, goes.bucket), OK);
    scene->table.is_away = true;
    keyring_drop_destroyed(cx, scene->other);
    assert_true(key_cache_find(scene->other, goes.bucket, &key)); /* nobody could look */
    assert_int_equal(cx->failure.code, OK);
    scene->table.is_away = false;
    keyring_drop_destroyed(cx, scene->other);
    assert_false(key_cache_find(scene->other, goes.bucket, &key));
    assert_true(key_cache_find(scene->other, stays.bucket, &key));
}

static void a_sealed_bucket_key_opens_under_its_number_and_root_alone(void **state)
{
    struct scene *scene = *state;
    struct ctx *cx = scene->cx;
    struct secret_key key;
    struct fixture stranger;
    struct key_place place = fresh_place(scene, 42);
    struct key_place other = fresh_place(scene, 42);
    struct bytes wrapped = wrapped_in(scene, &place, &key);
    struct key_place swapped = {.bucket = place.bucket, .person_id = 42, .sealed = other.sealed};
    struct keyring *apart = NULL;
    assert_failed(cx, keyring_person_key_open(cx, scene->other, &swapped, wrapped, &key), CORRUPT, "seal.broken");
    ((uint8_t *)(uintptr_t)swapped.sealed.at)[3] ^= 1;
    assert_failed(cx, keyring_person_key_open(cx, scene->other, &swapped, wrapped, &key), CORRUPT, "seal.broken");
    (void)fixture_open(&stranger);
    stranger.seeded.state = 0xABCD;
    assert_int_equal(keyring_open(&stranger.cx, stranger.keys, true, &apart), OK);
    keyring_use_rows(apart, &scene->rows);
    assert_failed(cx, keyring_person_key_open(cx, apart, &place, wrapped, &key), CORRUPT, "seal.broken");
    keyring_close(apart);
    fixture_close(&stranger);
}

static void a_database_that_is_away_makes_and_destroys_nothing(void **state)
{
    struct scene *scene = *state;
    struct ctx *cx = scene->cx;
    struct key_place place = fresh_place(scene, 42);
    int64_t bucket = 7;
    bool found = true;
    scene->table.is_away = true;
    assert_failed(cx, keyring_bucket_create(cx, cx->keyring, &bucket, NULL), UNAVAILABLE, "store.lost");
    assert_int_equal(bucket, 7);
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, place.bucket), UNAVAILABLE, "store.lost");
    assert_failed(cx, keyring_has_buckets(cx, cx->keyring, &found), UNAVAILABLE, "store.lost");
    assert_non_null(find_row(&scene->table, place.bucket));
}

int main(void)
{
#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE_TEST(what_one_server_wraps_the_other_opens),
        SCENE_TEST(a_row_that_is_gone_opens_nothing_whatever_is_cached),
        SCENE_TEST(what_another_server_has_destroyed_leaves_the_cache),
        SCENE_TEST(a_sealed_bucket_key_opens_under_its_number_and_root_alone),
        SCENE_TEST(a_database_that_is_away_makes_and_destroys_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
