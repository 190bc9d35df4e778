/* SPDX-License-Identifier: Apache-2.0
 * Goal: a link is good once and for a while, a session is its person's, and a destroyed key opens nothing ever again
 * while everybody else's still does. Method: each bound of links and sessions; keys destroyed, with the folder looked
 * at. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "domain/entrance/session.h"
#include "domain/people/key_return.h"
#include "domain/people/key_rows.h"
#include "store/keys_place.h"
#include "store/queries.h"
#include "support/world.h"

static const struct actor NOBODY = {.kind = ACTOR_NOBODY};

static struct text new_link(struct world *world)
{
    struct person_create create = {.name = TEXT("Cleo")};
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &create));
    return create.out_link_token;
}

static void a_link_signs_in_once_and_for_a_quarter_of_an_hour(void **state)
{
    struct world *world = *state;
    struct person_sign_in sign_in = {.link_token = new_link(world)};
    test_node_pass(&world->node, LIMIT_SIGN_IN_LINK_MS - 1);
    ASSERT_OK(world, WRITE(world, NOBODY, person_sign_in, &sign_in));
    ASSERT_FAILS(world, WRITE(world, NOBODY, person_sign_in, &sign_in), UNAUTHENTICATED, "sign_in.link_unknown");
    sign_in.link_token = new_link(world);
    test_node_pass(&world->node, LIMIT_SIGN_IN_LINK_MS);
    ASSERT_FAILS(world, WRITE(world, NOBODY, person_sign_in, &sign_in), UNAUTHENTICATED, "sign_in.link_unknown");
    struct person_link link = {.person_id = sign_in.out_person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    sign_in.link_token = link.out_link_token;
    ASSERT_OK(world, WRITE(world, NOBODY, person_sign_in, &sign_in));
    sign_in.link_token = TEXT("sin_nonsense");
    ASSERT_FAILS(world, WRITE(world, NOBODY, person_sign_in, &sign_in), UNAUTHENTICATED, "sign_in.link_unknown");
}

static void a_session_ends_by_signing_out(void **state)
{
    struct world *world = *state;
    struct person_sign_in sign_in = {.link_token = new_link(world)};
    ASSERT_OK(world, WRITE(world, NOBODY, person_sign_in, &sign_in));
    struct actor actor;
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), sign_in.out_session_token, &actor));
    assert_int_equal(actor.kind, ACTOR_PERSON);
    assert_int_equal(actor.person_id, sign_in.out_person_id);
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), TEXT("ses_x"), &actor), UNAUTHENTICATED,
                 "session.unknown");
    ASSERT_OK(world, WRITE(world, actor, session_end, NULL));
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), sign_in.out_session_token, &actor),
                 UNAUTHENTICATED, "session.unknown");
}

/* The same token with one character of its secret changed. */
static struct text with_another_secret(struct world *world, struct text token)
{
    struct bytes copy = bytes_copy(world->node.cx.arena, bytes_of_text(token));
    assert_non_null(copy.at);
    char *spoilt = (char *)(uintptr_t)copy.at + token.size - 8;
    *spoilt = *spoilt == 'A' ? 'B' : 'A';
    return text_of_bytes(copy);
}

static void the_secret_of_a_link_or_session_counts_to_its_end(void **state)
{
    struct world *world = *state;
    struct text link = new_link(world);
    struct person_sign_in sign_in = {.link_token = with_another_secret(world, link)};
    ASSERT_FAILS(world, WRITE(world, NOBODY, person_sign_in, &sign_in), UNAUTHENTICATED, "sign_in.link_unknown");
    sign_in.link_token = link;
    ASSERT_OK(world, WRITE(world, NOBODY, person_sign_in, &sign_in));
    struct actor actor;
    struct text guess = with_another_secret(world, sign_in.out_session_token);
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), guess, &actor), UNAUTHENTICATED,
                 "session.unknown");
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), sign_in.out_session_token, &actor));
}

/* Whoever can change rows and has no key of the node. */
static void a_row_that_was_made_another_persons_opens_nothing(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 2; i++) { /* whose it is, and until when */
        char change[80], sql[128];
        struct actor actor;
        struct person_sign_in sign_in = {.link_token = new_link(world)};
        ASSERT_OK(world, WRITE(world, NOBODY, person_sign_in, &sign_in));
        ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), sign_in.out_session_token, &actor));
        (void)snprintf(change, sizeof change, "person_id = %lld, expires_at_ms = expires_at_ms + %d",
                       (long long)(i == 0 ? world->ada.person_id : actor.person_id), i);
        (void)snprintf(sql, sizeof sql, "UPDATE session SET %s WHERE person_id = %lld", change,
                       (long long)actor.person_id);
        world_spoil(world, "people.db", sql);
        ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), sign_in.out_session_token, &actor),
                     UNAUTHENTICATED, "session.unknown");
        sign_in.link_token = new_link(world);
        (void)snprintf(sql, sizeof sql, "UPDATE sign_in_link SET %s WHERE used_at_ms = 0", change);
        world_spoil(world, "people.db", sql);
        ASSERT_FAILS(world, WRITE(world, NOBODY, person_sign_in, &sign_in), UNAUTHENTICATED, "sign_in.link_unknown");
    }
}

static void only_the_operator_makes_people(void **state)
{
    struct world *world = *state;
    struct person_create create = {.name = TEXT("Mallory")};
    ASSERT_FAILS(world, WRITE(world, world->ada, person_create, &create), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->shipping, person_create, &create), FORBIDDEN, "actor.wrong_kind");
    struct person_link link = {.person_id = world->bob.person_id};
    ASSERT_FAILS(world, WRITE(world, world->ada, person_link, &link), FORBIDDEN, "actor.wrong_kind");
    link.person_id = 12345;
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_link, &link), NOT_FOUND, "not_found");
    struct ctx *cx = world_as(world, world->ada);
    err result = person_forget_keys(cx, world->node.store, &world->bob.person_id, 1);
    ASSERT_FAILS(world, result, FORBIDDEN, "actor.wrong_kind");
}

/* ---- forgetting */

static void the_erased_do_not_open_and_the_survivors_do(void **state)
{
    struct world *world = *state;
    struct actor cleo = world_make_person(world, "Cleo");
    int64_t before = world_bucket(world, world->ada.person_id);
    assert_int_equal(before, world_bucket(world, world->bob.person_id));
    assert_true(world_has_bucket_file(world, before));
    size_t files = world_bucket_files(world);
    const int64_t gone[] = {world->ada.person_id, cleo.person_id};
    ASSERT_OK(world, person_forget_keys(world_as(world, world->operator_), world->node.store, gone, 2));
    assert_false(world_has_bucket_file(world, before));
    assert_int_equal(world_bucket_files(world), files); /* one fresh bucket for one destroyed */
    PERSON_KEY key;
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        struct ctx *cx = world_as(world, world->operator_);
        ASSERT_FAILS(world, person_key_open(cx, gone[i], &key), NOT_FOUND, "person.erased");
    }
    struct vault_item item;
    struct ctx *cx = world_as(world, world->bob);
    ASSERT_OK(world, vault_get(cx, attribute_find(TEXT("pd:PhysicalAddress")), &item));
    assert_true(text_is(item.value, "{\"country\":\"CH\",\"locality\":\"Chur\"}"));
    cx = world_as(world, world->ada);
    ASSERT_FAILS(world, vault_get(cx, attribute_find(TEXT("pd:PhysicalAddress")), &item), NOT_FOUND, "person.erased");
    struct vault_put put = {.kind = item.kind, .value = TEXT("{}"), .source = SOURCE_SELF};
    put.kind = attribute_find(TEXT("pd:PhysicalAddress"));
    ASSERT_FAILS(world, WRITE(world, world->ada, vault_put, &put), NOT_FOUND, "person.erased");
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_erasure_is_vouched_for_before_it_is_told(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    struct sql_node_keys_generation_row noted = {0};
    int64_t before = 0;
    int64_t seen = 0;
    bool found = false;
    ASSERT_OK(world, store_keys_generation(cx, world->node.store, &before, &seen));
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    ASSERT_OK(world, sql_node_keys_generation(cx, &noted, &found));
    assert_true(noted.value > before); /* so a copy of the keys from before is known as one */
}

static void a_wrapped_key_from_before_opens_nothing(void **state)
{
    struct world *world = *state;
    char sql[512];
    (void)snprintf(sql, sizeof sql, "CREATE TABLE kept AS SELECT * FROM person_key; UPDATE key_bucket SET open = open");
    world_spoil(world, "keys.db", sql);
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    world_spoil(world, "keys.db", "DELETE FROM person_key; INSERT INTO person_key SELECT * FROM kept");
    struct vault_item item;
    cx = world_as(world, world->ada);
    ASSERT_FAILS(world, vault_get(cx, attribute_find(TEXT("pd:PhysicalAddress")), &item), NOT_FOUND, "key.destroyed");
}

static void forget(struct world *world, int64_t person_id)
{
    ASSERT_OK(world, person_forget_keys(world_as(world, world->operator_), world->node.store, &person_id, 1));
}

static void bucket_file(const struct world *world, int64_t bucket, const char *ending, char out[128])
{
    (void)snprintf(out, 128, "%s/keys/buckets/%lld%s", world->node.folder, (long long)bucket, ending);
}

/* As a copy that is laid beside the newer files. */
static void lay_beside(const struct world *world, int64_t bucket)
{
    static const uint8_t OLD[KEYRING_WRAPPED_BYTES] = {0xA5};
    char path[128];
    bucket_file(world, bucket, ".key", path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(chmod(path, S_IRUSR | S_IWUSR), 0);
    assert_int_equal(fwrite(OLD, 1, sizeof OLD, file), sizeof OLD);
    assert_int_equal(fclose(file), 0);
}

/* A look at a page of what is gone. */
static void look(struct world *world, struct key_return_sweep *sweep)
{
    ASSERT_OK(world, key_return_sweep(world_as(world, world->operator_), world->node.store, sweep));
}

static void destroy_doomed(struct world *world)
{
    ASSERT_OK(world, person_buckets_destroy(world_as(world, world->operator_), world->node.store));
}

/* So many were put on the list of what is to be destroyed, and are. `left`: so many are not while a key is lost. */
static int64_t sweep_buckets(struct world *world, int64_t left)
{
    struct key_return_sweep sweep = {.after = 0};
    look(world, &sweep);
    assert_true(sweep.at_end);
    assert_int_equal(sweep.left, left);
    destroy_doomed(world);
    return sweep.out_found;
}

static void a_bucket_key_that_comes_back_beside_newer_ones_goes_again(void **state)
{
    struct world *world = *state;
    int64_t gone = world_bucket(world, world->ada.person_id);
    forget(world, world->ada.person_id);
    int64_t bucket = world_bucket(world, world->bob.person_id);
    assert_int_equal(sweep_buckets(world, 0), 0);
    for (int round = 0; round < 2; round++) { /* it stays known */
        lay_beside(world, gone);
        lay_beside(world, bucket + 1); /* one that nobody has destroyed, and no row names: perhaps a row will */
        assert_int_equal(sweep_buckets(world, 0), 1);
        assert_false(world_has_bucket_file(world, gone));
        assert_true(world_has_bucket_file(world, bucket + 1));
        assert_true(world_has_bucket_file(world, bucket));
        assert_int_equal(sweep_buckets(world, 0), 0);
    }
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->bob.person_id, &key));
    struct key_return_sweep sweep = {.after = 0};
    struct ctx *cx = world_as(world, world->ada);
    ASSERT_FAILS(world, key_return_sweep(cx, world->node.store, &sweep), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, person_buckets_destroy(cx, world->node.store), FORBIDDEN, "actor.wrong_kind");
}

static void nothing_that_comes_back_goes_while_a_key_is_lost(void **state)
{
    struct world *world = *state;
    char path[128];
    char aside[128];
    int64_t gone = world_bucket(world, world->ada.person_id);
    forget(world, world->ada.person_id);
    int64_t bucket = world_bucket(world, world->bob.person_id);
    bucket_file(world, bucket, ".key", path);
    bucket_file(world, bucket, ".aside", aside);
    lay_beside(world, gone);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(sweep_buckets(world, 1), 0);
    assert_true(world_has_bucket_file(world, gone)); /* who lost the newer one may want it, with rows of its time */
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(sweep_buckets(world, 0), 1);
    assert_false(world_has_bucket_file(world, gone));
}

static void spoil_with_numbers(struct world *world, const char *most, const char *insert)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) %s",
                   most, insert);
    world_spoil(world, "keys.db", sql);
}

static void more_destroyed_buckets_than_a_page_are_all_looked_at(void **state)
{
    struct world *world = *state;
    int64_t last = world_bucket(world, world->ada.person_id);
    spoil_with_numbers(world, "700", "INSERT INTO bucket_gone SELECT i FROM n");
    forget(world, world->ada.person_id);
    lay_beside(world, 1);
    lay_beside(world, last);
    struct key_return_sweep sweep = {.after = 0};
    for (int page = 0; page < 2; page++) {
        look(world, &sweep);
        assert_int_equal(sweep.out_found, 1);
        assert_int_equal(sweep.at_end, page == 1);
        destroy_doomed(world);
    }
    assert_int_equal(sweep.after, 0);
    assert_false(world_has_bucket_file(world, 1));
    assert_false(world_has_bucket_file(world, last));
}

/* Whoever is erased meanwhile waits for what is doomed, so that is little. */
static void of_many_that_come_back_a_few_go_at_a_time(void **state)
{
    struct world *world = *state;
    const int64_t together = 64;
    const int64_t laid = 3 * together - 1;
    spoil_with_numbers(world, "200", "INSERT INTO bucket_gone SELECT i FROM n");
    for (int64_t bucket = 1; bucket <= laid; bucket++)
        lay_beside(world, bucket);
    struct key_return_sweep sweep = {.after = 0};
    for (int64_t gone = 0; gone < laid; gone += together) {
        look(world, &sweep);
        assert_int_equal(sweep.out_found, laid - gone < together ? laid - gone : together);
        assert_int_equal(sweep.at_end, laid - gone < together);
        assert_int_equal(sweep.out_waits, false);
        assert_int_equal(sweep.out_with_rows, false);
        if (gone == 0) { /* the same page again, and nothing is doomed beside what is doomed */
            look(world, &sweep);
            assert_int_equal(sweep.out_found, 0);
            assert_true(sweep.out_waits && !sweep.at_end);
            assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_bucket WHERE open = 2"),
                             together);
        }
        destroy_doomed(world);
    }
    for (int64_t bucket = 1; bucket <= laid; bucket++)
        assert_false(world_has_bucket_file(world, bucket));
    assert_int_equal(sweep_buckets(world, 0), 0);
}

/* As a program left them that doomed whatever came back. */
static void more_doomed_buckets_than_an_answer_holds_hold_up_nobody(void **state)
{
    struct world *world = *state;
    int64_t doomed = 0;
    bool forgotten = true;
    int64_t bucket = world_bucket(world, world->ada.person_id);
    assert_int_equal(LIMIT_ROWS, 10000);
    spoil_with_numbers(world, "10001", "INSERT INTO key_bucket (bucket, people, open) SELECT i, 0, 2 FROM n");
    ASSERT_OK(world, key_bucket_count_doomed(world_as(world, world->operator_), &doomed));
    assert_int_equal(doomed, LIMIT_ROWS + 1);
    ASSERT_OK(world, person_is_forgotten(world_as(world, world->operator_), 12345, &forgotten));
    assert_false(forgotten); /* while anything is doomed */
    forget(world, world->ada.person_id);
    assert_false(world_has_bucket_file(world, bucket));
    ASSERT_OK(world, key_bucket_count_doomed(world_as(world, world->operator_), &doomed));
    assert_int_equal(doomed, 0);
    ASSERT_OK(world, person_is_forgotten(world_as(world, world->operator_), world->ada.person_id, &forgotten));
    assert_true(forgotten);
    ASSERT_FAILS(world, key_bucket_count_doomed(world_as(world, world->ada), &doomed), FORBIDDEN, "actor.wrong_kind");
}

static bool file_holds(const struct world *world, const char *name, struct bytes wanted)
{
    static uint8_t content[4u << 20];
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/%s", world->node.folder, name);
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(content, 1, sizeof content, file);
    assert_true(size < sizeof content);
    if (file != NULL)
        assert_int_equal(fclose(file), 0);
    return memmem(content, size, wanted.at, wanted.size) != NULL;
}

static void no_file_of_the_store_holds_a_wrapped_key_that_was_forgotten(void **state)
{
    struct world *world = *state;
    struct sql_person_key_load_in in = {world->ada.person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    ASSERT_OK(world, sql_person_key_load(world_as(world, world->operator_), &in, &row, &found));
    struct bytes wrapped = bytes_copy(world->node.cx.arena, row.wrapped);
    assert_true(file_holds(world, "keys.db", wrapped) || file_holds(world, "keys.db-wal", wrapped));
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    assert_false(file_holds(world, "keys.db", wrapped));
    assert_false(file_holds(world, "keys.db-wal", wrapped));
}

static void forgetting_twice_and_forgetting_nobody_change_nothing(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    int64_t bucket = world_bucket(world, world->bob.person_id);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, NULL, 0));
    assert_int_equal(world_bucket(world, world->bob.person_id), bucket);
}

static void what_a_crash_left_marked_is_destroyed_by_the_next_call(void **state)
{
    struct world *world = *state;
    int64_t bucket = world_bucket(world, world->ada.person_id);
    char sql[512];
    (void)snprintf(sql, sizeof sql, "DELETE FROM person_key; UPDATE key_bucket SET open = 2 WHERE bucket = %lld",
                   (long long)bucket);
    world_spoil(world, "keys.db", sql); /* as if the process had ended between the two steps */
    ASSERT_OK(world, person_forget_keys(world_as(world, world->operator_), world->node.store, NULL, 0));
    assert_false(world_has_bucket_file(world, bucket));
}

static void a_key_is_wiped_where_it_was_used(void **state)
{
    (void)state;
    static const struct secret_key NOTHING;
    struct secret_key key;
    memset(&key, 0x5A, sizeof key);
    person_key_wipe(&key);
    assert_memory_equal(&key, &NOTHING, sizeof key);
}

static void a_number_that_another_process_drew_is_not_used_again(void **state)
{
    struct world *world = *state;
    int64_t floor = world_as(world, world->ada)->now_ms << 15; /* far above what has been drawn */
    number_lift(&world->node.numbers, floor);
    struct person_create first = {0};
    struct person_create second = {0};
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &first));
    atomic_store(&world->node.numbers.last, first.out_person_id - 1); /* as a process does that knows nothing of it */
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &second));
    assert_true(second.out_person_id != first.out_person_id);
}

static void a_full_bucket_makes_room_for_a_new_one(void **state)
{
    struct world *world = *state;
    int64_t bucket = world_bucket(world, world->ada.person_id);
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE key_bucket SET people = %d", LIMIT_BUCKET_PEOPLE - 1);
    world_spoil(world, "keys.db", sql);
    struct actor last = world_make_person(world, "");
    struct actor first = world_make_person(world, "");
    assert_int_equal(world_bucket(world, last.person_id), bucket);
    assert_int_not_equal(world_bucket(world, first.person_id), bucket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_link_signs_in_once_and_for_a_quarter_of_an_hour),
        WORLD_TEST(a_session_ends_by_signing_out),
        WORLD_TEST(the_secret_of_a_link_or_session_counts_to_its_end),
        WORLD_TEST(a_row_that_was_made_another_persons_opens_nothing),
        WORLD_TEST(only_the_operator_makes_people),
        WORLD_TEST(the_erased_do_not_open_and_the_survivors_do),
        WORLD_TEST(an_erasure_is_vouched_for_before_it_is_told),
        WORLD_TEST(a_wrapped_key_from_before_opens_nothing),
        WORLD_TEST(a_bucket_key_that_comes_back_beside_newer_ones_goes_again),
        WORLD_TEST(nothing_that_comes_back_goes_while_a_key_is_lost),
        WORLD_TEST(of_many_that_come_back_a_few_go_at_a_time),
        WORLD_TEST(more_doomed_buckets_than_an_answer_holds_hold_up_nobody),
        WORLD_TEST(more_destroyed_buckets_than_a_page_are_all_looked_at),
        WORLD_TEST(no_file_of_the_store_holds_a_wrapped_key_that_was_forgotten),
        WORLD_TEST(forgetting_twice_and_forgetting_nobody_change_nothing),
        WORLD_TEST(what_a_crash_left_marked_is_destroyed_by_the_next_call),
        cmocka_unit_test(a_key_is_wiped_where_it_was_used),
        WORLD_TEST(a_number_that_another_process_drew_is_not_used_again),
        WORLD_TEST(a_full_bucket_makes_room_for_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
