/* SPDX-License-Identifier: Apache-2.0
 * Bucket keys as rows of the key store, with a second keyring that stands for another server: who is forgotten by one
 * is unknown to the other, survivors stay, and a database that was begun under another root is told. */
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyring.h"
#include "domain/people/key_return.h"
#include "domain/people/key_rows.h"
#include "domain/people/person.h"
#include "domain/people/person_key.h"
#include "store/queries.h"
#include "support/node.h"

enum { ADA = 1001, BEN, CLEO };

struct scene {
    struct test_node node;
    struct keyring  *here, *there;
};

static const struct actor OPERATOR = {.kind = ACTOR_OPERATOR};

static struct ctx *as_server(struct scene *scene, struct keyring *keyring)
{
    struct ctx *cx = &scene->node.cx;
    test_node_rest(&scene->node);
    cx->actor = OPERATOR;
    cx->keyring = keyring;
    return cx;
}

static void assert_fails(struct ctx *cx, err got, err wanted, const char *reason)
{
    assert_string_equal(error_name(got), error_name(wanted));
    assert_string_equal(cx->failure.reason, reason);
    failure_clear(&cx->failure);
}

/* store_write_fn */
static err make_keys(struct ctx *cx, void *arg)
{
    (void)arg;
    for (int64_t person_id = ADA; person_id <= CLEO; person_id++) {
        struct sql_person_insert_in row = {.person_id = person_id, .state = PERSON_ACTIVE};
        TRY(sql_person_insert(cx, &row, NULL));
        TRY(person_key_make(cx, person_id));
    }
    return OK;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    char path[128];
    assert_non_null(scene);
    test_node_open(&scene->node);
    struct key_rows rows = key_rows_of(scene->node.store);
    (void)snprintf(path, sizeof path, "%s/keys", scene->node.folder);
    assert_int_equal(keyring_open(&scene->node.cx, path, false, &scene->there), OK);
    scene->here = scene->node.keyring;
    keyring_use_rows(scene->here, &rows);
    keyring_use_rows(scene->there, &rows);
    assert_int_equal(test_node_write(&scene->node, &OPERATOR, make_keys, NULL), OK);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    keyring_close(scene->there);
    test_node_close(&scene->node);
    free(scene);
    return 0;
}

/* The key row of a person, with its bucket's; the wrapped key and the bucket's are copied beyond the next rest. */
struct kept {
    int64_t bucket;
    uint8_t wrapped[KEYRING_WRAPPED_BYTES];
    size_t  sealed_size;
};

static struct kept keep(struct scene *scene, int64_t person_id)
{
    struct sql_person_key_load_in in = {person_id};
    struct sql_person_key_load_row row;
    struct kept kept;
    bool found = false;
    assert_int_equal(sql_person_key_load(as_server(scene, scene->here), &in, &row, &found), OK);
    assert_true(found);
    assert_int_equal(row.wrapped.size, sizeof kept.wrapped);
    memcpy(kept.wrapped, row.wrapped.at, sizeof kept.wrapped);
    kept.bucket = row.bucket;
    kept.sealed_size = row.sealed.size;
    return kept;
}

static size_t count_rows(struct scene *scene)
{
    struct sql_bucket_key_list_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(sql_bucket_key_list(as_server(scene, scene->here), &rows, &count), OK);
    return count;
}

static void whoever_one_server_forgets_the_other_cannot_open(void **state)
{
    struct scene *scene = *state;
    PERSON_KEY before;
    PERSON_KEY after;
    const int64_t gone[] = {ADA, CLEO};
    struct kept ada = keep(scene, ADA);
    struct kept ben = keep(scene, BEN);
    assert_int_equal(ada.bucket, ben.bucket);
    assert_true(ada.sealed_size > 0);
    assert_int_equal(person_key_open(as_server(scene, scene->there), ADA, &before), OK); /* its bucket is cached now */
    assert_int_equal(person_key_open(as_server(scene, scene->there), BEN, &before), OK);
    assert_int_equal(person_forget_keys(as_server(scene, scene->here), scene->node.store, gone, 2), OK);
    struct ctx *cx = as_server(scene, scene->there);
    assert_fails(cx, person_key_open(cx, ADA, &after), NOT_FOUND, "person.erased");
    struct key_place old = {.bucket = ada.bucket, .person_id = ADA};
    struct bytes wrapped = {ada.wrapped, sizeof ada.wrapped};
    assert_fails(cx, keyring_person_key_open(cx, scene->there, &old, wrapped, &after), NOT_FOUND, "key.destroyed");
    assert_int_equal(person_key_open(as_server(scene, scene->there), BEN, &after), OK);
    assert_memory_equal(after.at, before.at, sizeof before.at);
    assert_int_not_equal(keep(scene, BEN).bucket, ben.bucket);
    assert_int_equal(count_rows(scene), 1);
    int64_t doomed = -1;
    assert_int_equal(key_bucket_count_doomed(as_server(scene, scene->here), &doomed), OK);
    assert_int_equal(doomed, 0);
}

static void an_erasure_that_is_repeated_changes_nothing(void **state)
{
    struct scene *scene = *state;
    const int64_t gone[] = {ADA};
    assert_int_equal(person_forget_keys(as_server(scene, scene->here), scene->node.store, gone, 1), OK);
    struct kept ben = keep(scene, BEN);
    assert_int_equal(person_forget_keys(as_server(scene, scene->there), scene->node.store, gone, 1), OK);
    struct kept again = keep(scene, BEN);
    assert_int_equal(again.bucket, ben.bucket);
    assert_memory_equal(again.wrapped, ben.wrapped, sizeof ben.wrapped);
    assert_int_equal(count_rows(scene), 1);
}

/* store_write_fn. As a copy that is laid beside the newer rows. */
static err lay_beside(struct ctx *cx, void *arg)
{
    static const uint8_t OLD[KEYRING_WRAPPED_BYTES] = {0xA5};
    struct sql_bucket_key_insert_in in = {*(const int64_t *)arg, {OLD, sizeof OLD}};
    return sql_bucket_key_insert(cx, &in, NULL);
}

static void a_row_that_comes_back_goes_again_and_is_told_once(void **state)
{
    struct scene *scene = *state;
    const int64_t gone[] = {ADA};
    struct kept ada = keep(scene, ADA);
    int64_t unknown = ada.bucket - 1; /* nobody has destroyed it, and no row names it: perhaps a row will */
    assert_int_equal(person_forget_keys(as_server(scene, scene->here), scene->node.store, gone, 1), OK);
    assert_int_equal(test_node_write(&scene->node, &OPERATOR, lay_beside, &ada.bucket), OK);
    assert_int_equal(test_node_write(&scene->node, &OPERATOR, lay_beside, &unknown), OK);
    assert_int_equal(count_rows(scene), 3);
    struct key_return_sweep sweep = {.after = 0};
    assert_int_equal(key_return_sweep(as_server(scene, scene->here), scene->node.store, &sweep), OK);
    assert_int_equal(sweep.out_found, 1);
    assert_int_equal(key_return_sweep(as_server(scene, scene->there), scene->node.store, &sweep), OK);
    assert_true(sweep.out_found == 0 && sweep.out_waits); /* it is doomed already */
    assert_int_equal(person_buckets_destroy(as_server(scene, scene->there), scene->node.store), OK);
    assert_int_equal(count_rows(scene), 2);
    int64_t doomed = -1;
    assert_int_equal(key_bucket_count_doomed(as_server(scene, scene->here), &doomed), OK);
    assert_int_equal(doomed, 0);
}

static void whose_keys_these_are_is_said_once(void **state)
{
    struct scene *scene = *state;
    struct store *store = scene->node.store;
    assert_int_equal(key_owner_claim(as_server(scene, scene->here), store, TEXT("symbolon.node/a")), OK);
    assert_int_equal(key_owner_claim(as_server(scene, scene->there), store, TEXT("symbolon.node/a")), OK);
    struct ctx *cx = as_server(scene, scene->there);
    assert_fails(cx, key_owner_claim(cx, store, TEXT("symbolon.node/b")), CORRUPT, "key.root");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_one_server_forgets_the_other_cannot_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_erasure_that_is_repeated_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_comes_back_goes_again_and_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whose_keys_these_are_is_said_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
