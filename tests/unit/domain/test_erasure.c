/* SPDX-License-Identifier: Apache-2.0
 * Goal: whoever is erased is behind shut doors from that commit on, the work that is left survives a crash, and at its
 * end there is no key, no sealed row and nothing that leads to the person, while others keep all of theirs. Method:
 * people with everything that a person can have, the rows counted by plain SQL, the bucket files looked for. */
#include "domain/people/erasure.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/key_folder.h"
#include "crypto/key_pace.h"
#include "crypto/keyring.h"
#include "domain/entrance/session.h"
#include "domain/parties/record.h"
#include "domain/people/leftover.h"
#include "domain/people/vault.h"
#include "store/queries.h"
#include "support/world.h"

static err begin(struct world *world, struct actor actor, int64_t person_id, const char *confirmation)
{
    struct erasure_begin begin = {.person_id = person_id, .confirmation = text_of(confirmation)};
    return WRITE(world, actor, erasure_begin, &begin);
}

static void finish(struct world *world, int64_t expected)
{
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, expected);
}

static int64_t count_of(struct world *world, const char *file, const char *table, const char *condition,
                        int64_t person_id)
{
    char sql[200];
    int size = snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE person_id %s %lld", table, condition,
                        (long long)person_id);
    assert_true(size > 0 && (size_t)size < sizeof sql);
    return world_number(world, file, sql);
}

/* Rows of the people file that are sealed for this person ("="), or for all others ("<>"). */
static int64_t count_sealed(struct world *world, const char *condition, int64_t person_id)
{
    static const char *const TABLES[] = {"vault", "vault_history", "receipt", "receipt_signed", "relationship_key"};
    int64_t rows = 0;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
        rows += count_of(world, "people.db", TABLES[i], condition, person_id);
    return rows;
}

static void the_doors_shut_with_the_first_commit(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    world_grant(world, world->shipping, &shop, &world->delivery);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct request open = world_ask(world, world->teller, &bank, &world->account);
    struct person_link link = {.person_id = world->ada.person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    struct person_sign_in sign_in = {.link_token = link.out_link_token};
    ASSERT_OK(world, WRITE(world, world->operator_, person_sign_in, &sign_in));
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    assert_null(world_refusal(world, world->shipping, &shop, &world->delivery));
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    struct actor actor;
    ASSERT_FAILS(world, session_authenticate(world_as(world, world->operator_), sign_in.out_session_token, &actor),
                 UNAUTHENTICATED, "session.unknown");
    sign_in = (struct person_sign_in){.link_token = link.out_link_token};
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_sign_in, &sign_in), UNAUTHENTICATED,
                 "sign_in.link_unknown");
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_link, &link), CONFLICT, "person.not_active");
    assert_string_equal(world_refusal(world, world->shipping, &shop, &world->delivery), "relationship.ended");
    struct relationship seen;
    ASSERT_OK(world, relationship_load(world_as(world, world->shipping), shop.person_id, shop.relationship_id, &seen));
    assert_int_equal(seen.state, RELATIONSHIP_ENDED);
    struct request cancelled;
    ASSERT_OK(world, request_load(world_as(world, world->operator_), open.person_id, open.request_id, &cancelled));
    assert_int_equal(cancelled.state, REQUEST_CANCELLED);
    static const char TOLD[] = "SELECT count(*) FROM outbox WHERE kind = 'erasure.requested'";
    assert_int_equal(world_number(world, "people.db", TOLD), 2);
    assert_int_equal(world_audit(world, 0), 0); /* with the work still to do */
}

static void nobody_erases_anybody_else_and_nobody_by_mistake(void **state)
{
    struct world *world = *state;
    int64_t ada = world->ada.person_id;
    ASSERT_FAILS(world, begin(world, world->bob, ada, ERASURE_CONFIRMATION), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, begin(world, world->shipping, ada, ERASURE_CONFIRMATION), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, begin(world, world->ada, ada, ""), INVALID, "erasure.not_confirmed");
    assert_string_equal(world->node.cx.failure.pointer, "/confirm");
    ASSERT_FAILS(world, begin(world, world->ada, ada, "Erase me"), INVALID, "erasure.not_confirmed");
    ASSERT_FAILS(world, begin(world, world->operator_, 12345, ""), NOT_FOUND, "not_found");
    struct erasure_work work = {.told = NULL};
    ASSERT_FAILS(world, erasure_finish(world_as(world, world->ada), world->node.store, &work), FORBIDDEN,
                 "actor.wrong_kind");
    finish(world, 0);
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), ada, &key));
}

/* Everything that one person can have with the shop. */
static void fill(struct world *world, struct actor person)
{
    struct relationship shop = world_relate(world, world->shipping, person);
    world_put(world, person, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Thun\"}");
    world_put(world, person, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Biel\"}");
    struct grant grant = world_grant(world, world->shipping, &shop, &world->delivery);
    struct disclosure_ask ask = world_question(world, &shop, &world->delivery, world_kinds("PhysicalAddress"));
    ask.note = TEXT("parcel for the third floor");
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, &ask));
    struct receipt receipt;
    ASSERT_OK(world, receipt_load(world_as(world, person), person.person_id, grant.receipt_id, &receipt));
    ASSERT_OK(world, receipt_sign(&world->node.cx, &receipt));
    ASSERT_OK(world, WRITE(world, person, receipt_keep, &receipt));
}

static void no_key_no_sealed_row_and_no_trace_is_left(void **state)
{
    struct world *world = *state;
    int64_t ada = world->ada.person_id;
    int64_t before = world_bucket(world, ada);
    fill(world, world->ada);
    fill(world, world->bob);
    assert_true(count_sealed(world, "=", ada) >= 6);
    int64_t of_others = count_sealed(world, "<>", ada);
    ASSERT_OK(world, begin(world, world->ada, ada, ERASURE_CONFIRMATION));
    assert_int_equal(world_bucket(world, ada), before);
    finish(world, 1);
    assert_int_equal(world_bucket(world, ada), 0);
    assert_false(world_has_bucket_file(world, before));
    assert_int_equal(count_sealed(world, "=", ada), 0);
    assert_int_equal(count_sealed(world, "<>", ada), of_others);
    assert_int_equal(count_of(world, "records.db", "record", "=", ada), 0);
    assert_int_equal(count_of(world, "ledger.db", "disclosure", "=", ada), 1);
    assert_int_equal(count_of(world, "ledger.db", "disclosure", "= length(note) +", ada), 1); /* of no octets */
    assert_int_equal(count_of(world, "people.db", "contact_key", "=", ada), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM erasure"), 0);
    assert_int_equal(world_audit(world, 0), 0);
    struct vault_item item;
    ASSERT_OK(world, vault_get(world_as(world, world->bob), attribute_find(TEXT("pd:PhysicalAddress")), &item));
    ASSERT_OK(world, begin(world, world->operator_, ada, "")); /* asking twice is no mistake */
    finish(world, 0);
}

static void the_audit_sees_a_row_that_was_left(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    world_grant(world, world->shipping, &shop, &world->delivery);
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    finish(world, 1);
    assert_int_equal(world_audit(world, 0), 0);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "INSERT INTO contact_key VALUES (1, zeroblob(1), %lld, 1)",
                   (long long)world->ada.person_id);
    world_spoil(world, "people.db", sql);
    assert_int_equal(world_audit(world, 1), 1);
    world_spoil(world, "people.db", "DELETE FROM contact_key");
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = '\001sealed'");
    assert_true(world_audit(world, 2) > 0);
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = ''");
    assert_int_equal(world_audit(world, 0), 0);
}

static void several_share_the_work_on_a_bucket(void **state)
{
    struct world *world = *state;
    struct actor cleo = world_make_person(world, "Cleo");
    int64_t before = world_bucket(world, world->ada.person_id);
    int64_t buckets = world_number(world, "keys.db", "SELECT count(*) FROM key_bucket");
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    ASSERT_OK(world, begin(world, cleo, cleo.person_id, ERASURE_CONFIRMATION));
    finish(world, 2);
    assert_false(world_has_bucket_file(world, before));
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_bucket"), buckets);
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->bob.person_id, &key));
    assert_int_equal(world_audit(world, 0), 0);
}

static void more_than_one_pass_takes_goes_as_well(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < LIMIT_ERASURES + 1; i++) {
        struct actor person = world_make_person(world, "");
        ASSERT_OK(world, begin(world, person, person.person_id, ERASURE_CONFIRMATION));
        test_node_rest(&world->node);
    }
    finish(world, LIMIT_ERASURES + 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- many at once */

static void fill_no_more(struct world *world)
{
    world_spoil(world, "keys.db", "UPDATE key_bucket SET open = 0 WHERE open = 1");
}

#define BUCKETS 24
#define SECONDS 14
#define BOUND_SECONDS (BUCKETS * LIMIT_KEYS_DESTROYED_EVERY_MS / 1000 + 1) /* each bucket once, and the next look */

/* Strangers who go, one of each bucket a second, and somebody in each bucket who stays. */
struct crowd {
    struct actor    goes[SECONDS][BUCKETS];
    int64_t         stays[BUCKETS];
    int64_t         bucket[BUCKETS]; /* of who stays */
    struct key_pace guard;           /* as the holder has one */
    int64_t         emptied;
};

static void gather_crowd(struct world *world, struct crowd *crowd)
{
    *crowd = (struct crowd){.emptied = 0};
    key_pace_begin(&crowd->guard, LIMIT_KEYS_DESTROYED, &world->node.clock);
    for (size_t b = 0; b < BUCKETS; b++) {
        fill_no_more(world);
        for (size_t i = 0; i < SECONDS; i++)
            crowd->goes[i][b] = world_make_person(world, "");
        crowd->stays[b] = world_make_person(world, "").person_id;
        crowd->bucket[b] = world_bucket(world, crowd->stays[b]);
        test_node_rest(&world->node);
    }
}

/* A bucket was emptied when who stays has moved out of it. */
static void see_what_was_emptied(struct world *world, struct crowd *crowd)
{
    for (size_t b = 0; b < BUCKETS; b++) {
        int64_t before = crowd->bucket[b];
        crowd->bucket[b] = world_bucket(world, crowd->stays[b]);
        if (before == crowd->bucket[b])
            continue;
        crowd->emptied++;
        assert_false(world_has_bucket_file(world, before));
        assert_true(key_pace_take(&crowd->guard, &world->node.clock));
    }
}

static void nobody_waits_for_more_than_the_other_buckets(void **state)
{
    struct world *world = *state;
    struct crowd crowd;
    struct key_pace pace;
    struct person_forgetting forgetting = {.pace = &pace};
    int64_t waited = 0;
    gather_crowd(world, &crowd);
    key_pace_begin(&pace, LIMIT_BUCKETS_EMPTIED, &world->node.clock);
    for (size_t i = 0; i < SECONDS; i++) {
        for (size_t b = 0; b < BUCKETS; b++)
            ASSERT_OK(world, begin(world, crowd.goes[i][b], crowd.goes[i][b].person_id, ERASURE_CONFIRMATION));
        test_node_pass(&world->node, 1000);
        ASSERT_OK(world, person_forget_listed(world_as(world, world->operator_), world->node.store, &forgetting));
        waited += forgetting.out_waits;
        see_what_was_emptied(world, &crowd);
        for (size_t b = 0; b < BUCKETS && i >= BOUND_SECONDS; b++)
            assert_int_equal(world_bucket(world, crowd.goes[i - BOUND_SECONDS][b].person_id), 0);
        test_node_rest(&world->node);
    }
    assert_true(waited > 0);
    assert_true(crowd.emptied <= LIMIT_BUCKETS_EMPTIED + SECONDS * 1000 / LIMIT_KEYS_DESTROYED_EVERY_MS);
    assert_true(BUCKETS * SECONDS > LIMIT_KEYS_DESTROYED + SECONDS * 1000 / LIMIT_KEYS_DESTROYED_EVERY_MS);
}

static void break_key(struct world *world, int64_t person_id)
{
    char sql[100];
    (void)snprintf(sql, sizeof sql, "UPDATE person_key SET wrapped = zeroblob(%d) WHERE person_id = %lld",
                   KEYRING_WRAPPED_BYTES, (long long)person_id);
    world_spoil(world, "keys.db", sql);
}

static void a_bucket_that_cannot_be_emptied_holds_up_no_other(void **state)
{
    struct world *world = *state;
    int64_t broken = world_bucket(world, world->ada.person_id);
    assert_int_equal(world_bucket(world, world->bob.person_id), broken);
    fill_no_more(world);
    struct actor cleo = world_make_person(world, "Cleo");
    int64_t whole = world_bucket(world, cleo.person_id);
    break_key(world, world->bob.person_id);
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    test_node_pass(&world->node, 10);
    ASSERT_OK(world, begin(world, cleo, cleo.person_id, ERASURE_CONFIRMATION));
    struct erasure_work work = {.told = NULL};
    ASSERT_FAILS(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work), CORRUPT,
                 "seal.broken");
    assert_int_equal(work.out_done, 1);
    assert_false(world_has_bucket_file(world, whole));
    assert_true(world_has_bucket_file(world, broken));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM erasure"), 1);
}

static void expect_to_fail_without_a_trace(struct world *world)
{
    struct person_forgetting forgetting = {.pace = NULL};
    size_t before = world_bucket_files(world);
    for (int tries = 0; tries < 3; tries++)
        ASSERT_FAILS(world, person_forget_listed(world_as(world, world->operator_), world->node.store, &forgetting),
                     CORRUPT, "seal.broken");
    assert_int_equal(world_bucket_files(world), before);
}

static void a_bucket_that_cannot_be_emptied_leaves_no_key_at_each_try(void **state)
{
    struct world *world = *state;
    break_key(world, world->bob.person_id);
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    expect_to_fail_without_a_trace(world);
}

static void a_bucket_that_is_back_and_cannot_be_emptied_leaves_no_key_at_each_try(void **state)
{
    struct world *world = *state;
    break_key(world, world->bob.person_id);
    world_spoil(world, "keys.db", "UPDATE key_bucket SET open = 3");
    expect_to_fail_without_a_trace(world);
}

/* ---- with a bucket key that is lost */

static void move_key(const struct world *world, int64_t bucket, const char *from, const char *to)
{
    char old[200];
    char new[200];
    (void)snprintf(old, sizeof old, "%s/keys/buckets/%lld%s", world->node.folder, (long long)bucket, from);
    (void)snprintf(new, sizeof new, "%s/keys/buckets/%lld%s", world->node.folder, (long long)bucket, to);
    assert_int_equal(rename(old, new), 0);
}

static int64_t count_told(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM outbox WHERE kind = 'erasure.requested'");
}

/* Ada is gone, and Bob is lost until the key is back; then its bucket goes as at any erasure. */
static void see_ada_gone_and_the_key_back(struct world *world, int64_t lost)
{
    PERSON_KEY key;
    int64_t ada = world->ada.person_id;
    int64_t bob = world->bob.person_id;
    assert_int_equal(world_bucket(world, ada), 0);
    assert_int_equal(count_sealed(world, "=", ada), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM erasure"), 0);
    assert_int_equal(world_bucket(world, bob), lost);
    ASSERT_FAILS(world, person_key_open(world_as(world, world->operator_), bob, &key), CORRUPT, "person.key_lost");
    move_key(world, lost, ".aside", ".key");
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), bob, &key));
    finish(world, 0);
    assert_false(world_has_bucket_file(world, lost));
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_removed"), 0);
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_bucket WHERE open = 3"), 0);
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), bob, &key));
    assert_int_equal(world_audit(world, 0), 0);
}

static void whoever_asks_while_the_key_is_lost_is_erased_all_the_same(void **state)
{
    struct world *world = *state;
    int64_t lost = world_bucket(world, world->ada.person_id);
    assert_int_equal(world_bucket(world, world->bob.person_id), lost);
    fill(world, world->ada);
    fill(world, world->bob);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct grant_give give = {.relationship_id = bank.relationship_id, .purpose = world_purpose_id(&world->account),
                              .attributes = world->account.needed,
                              .uses = {USES_EVENT, 0, TEXT("the loan is paid back")}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    move_key(world, lost, ".key", ".aside");
    ASSERT_OK(world, begin(world, world->operator_, world->ada.person_id, ""));
    assert_int_equal(count_told(world), 2);
    assert_int_not_equal(world_bucket(world, world->ada.person_id), lost); /* what ended was signed and sealed */
    finish(world, 1);
    see_ada_gone_and_the_key_back(world, lost);
}

/* store_write_fn: what is left of an erasure whose keys are committed, and nothing else is. */
static err renew_key_alone(struct ctx *cx, void *arg)
{
    const int64_t *person_and_bucket = arg;
    struct sql_key_bucket_set_open_in left = {person_and_bucket[1], KEY_BUCKET_LEFT};
    TRY(person_key_remove(cx, person_and_bucket[0]));
    TRY(sql_key_bucket_set_open(cx, &left, NULL));
    return person_key_make(cx, person_and_bucket[0]);
}

static void whose_lost_key_was_renewed_by_a_run_in_vain_is_erased_all_the_same(void **state)
{
    struct world *world = *state;
    const int64_t lost[] = {world->ada.person_id, world_bucket(world, world->ada.person_id)};
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct grant_give give = {.relationship_id = bank.relationship_id, .purpose = world_purpose_id(&world->account),
                              .attributes = world->account.needed,
                              .uses = {USES_EVENT, 0, TEXT("the loan is paid back")}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    move_key(world, lost[1], ".key", ".aside");
    ASSERT_OK(world, WRITE(world, world->operator_, renew_key_alone, (void *)(uintptr_t)lost));
    ASSERT_OK(world, begin(world, world->operator_, world->ada.person_id, ""));
    finish(world, 1);
}

static void whoever_has_asked_before_the_key_was_lost_is_erased_all_the_same(void **state)
{
    struct world *world = *state;
    int64_t lost = world_bucket(world, world->ada.person_id);
    fill(world, world->ada);
    fill(world, world->bob);
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    move_key(world, lost, ".key", ".aside");
    finish(world, 1);
    see_ada_gone_and_the_key_back(world, lost);
}

/* A key file that cannot be opened stands for a holder that permits no more. */
static void nothing_is_doomed_while_something_doomed_waits(void **state)
{
    struct world *world = *state;
    char path[200], name[KEY_BUCKET_NAME_SIZE];
    int64_t before = world_bucket(world, world->ada.person_id);
    key_bucket_name(77, name);
    (void)snprintf(path, sizeof path, "%s/keys/buckets/%s", world->node.folder, name);
    assert_int_equal(mkdir(path, S_IRWXU), 0);
    world_spoil(world, "keys.db", "INSERT INTO key_bucket (bucket, people, open) VALUES (77, 0, 2)");
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    struct erasure_work work = {.told = NULL};
    ASSERT_FAILS(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work), INTERNAL,
                 "key.disk");
    assert_int_equal(work.out_done, 0);
    assert_int_equal(world_bucket(world, world->ada.person_id), before);
    assert_int_equal(rmdir(path), 0);
    finish(world, 1);
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_bucket WHERE open = 2"), 0);
}

static void more_keys_than_one_look_holds_go_as_well(void **state)
{
    struct world *world = *state;
    static const char PEOPLE[] = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) %s";
    int64_t bucket = world_bucket(world, world->ada.person_id);
    char sql[300];
    (void)snprintf(sql, sizeof sql, PEOPLE, LIMIT_ERASURES_KEYS + 1,
                   "INSERT INTO erasure (person_id, asked_at_ms) SELECT i, 1 FROM n");
    world_spoil(world, "people.db", sql);
    (void)snprintf(sql, sizeof sql, PEOPLE, LIMIT_ERASURES_KEYS + 1,
                   "INSERT INTO person_key (person_id, bucket, wrapped) SELECT i, (SELECT max(bucket) FROM "
                   "key_bucket), zeroblob(72) FROM n");
    world_spoil(world, "keys.db", sql);
    struct person_forgetting forgetting = {.pace = NULL};
    /* The last of them is a survivor of the first look, and no such key opens. */
    ASSERT_FAILS(world, person_forget_listed(world_as(world, world->operator_), world->node.store, &forgetting),
                 CORRUPT, "seal.broken");
    assert_true(world_has_bucket_file(world, bucket));
    world_spoil(world, "people.db", "DELETE FROM erasure WHERE person_id = 1");
    world_spoil(world, "keys.db", "DELETE FROM person_key WHERE person_id = 1");
    ASSERT_OK(world, person_forget_listed(world_as(world, world->operator_), world->node.store, &forgetting));
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM person_key WHERE person_id < 10000"), 0);
    assert_false(world_has_bucket_file(world, bucket));
}

/* ---- rows a little at a time */

static void let_a_second_pass(void *self, int64_t done, int64_t left)
{
    struct world *world = self;
    test_node_pass(&world->node, 1000);
    assert_true(done >= 0 && left >= 0);
}

static void rows_are_taken_for_a_while_and_then_the_next_ones(void **state)
{
    struct world *world = *state;
    struct actor people[] = {world->ada, world->bob, world_make_person(world, "Cleo")};
    struct erasure_work work = {.told = let_a_second_pass, .self = world, .for_ms = 1500};
    for (size_t i = 0; i < 3; i++)
        ASSERT_OK(world, begin(world, people[i], people[i].person_id, ERASURE_CONFIRMATION));
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, erasure_finish_rows(cx, world->node.store, &work)); /* their keys are there */
    assert_int_equal(work.out_done, 0);
    assert_true(work.out_more);
    ASSERT_OK(world, erasure_finish_rows(cx, world->node.store, &work));
    assert_false(work.out_more);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, NULL, 0));
    ASSERT_OK(world, erasure_finish_rows(cx, world->node.store, &work));
    assert_int_equal(work.out_done, 2);
    assert_true(work.out_more);
    ASSERT_OK(world, erasure_finish_rows(cx, world->node.store, &work));
    assert_int_equal(work.out_done, 1);
    assert_false(work.out_more);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- people whom an organisation has brought in */

static struct relationship invite(struct world *world, struct text *out_code)
{
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    *out_code = make.out_code;
    return make.out_relationship;
}

static void somebody_who_never_came_is_forgotten_by_the_operator(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship waiting = invite(world, &code);
    ASSERT_OK(world, begin(world, world->operator_, waiting.person_id, ""));
    finish(world, 1);
    struct relationship seen;
    ASSERT_OK(world, relationship_load(world_as(world, world->operator_), waiting.person_id, waiting.relationship_id,
                                       &seen));
    assert_int_equal(seen.state, RELATIONSHIP_ENDED);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM invitation"), 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void the_key_of_an_invitation_taken_up_goes_with_the_claimer(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship waiting = invite(world, &code);
    struct sql_person_key_load_in in = {waiting.person_id};
    struct sql_person_key_load_row old;
    bool found = false;
    ASSERT_OK(world, sql_person_key_load(world_as(world, world->operator_), &in, &old, &found));
    struct bytes copied = bytes_copy(world->node.cx.arena, old.wrapped); /* as a copy of keys.db holds it */
    uint8_t kept[KEYRING_WRAPPED_BYTES];
    assert_int_equal(copied.size, sizeof kept);
    memcpy(kept, copied.at, sizeof kept);
    world_spoil(world, "keys.db", "UPDATE key_bucket SET open = 0"); /* Ada's next neighbours lie elsewhere */
    struct actor cleo = world_make_person(world, "Cleo");
    assert_int_not_equal(world_bucket(world, cleo.person_id), old.bucket);
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, cleo, invitation_claim, &claim));
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    struct key_place place = {.bucket = old.bucket, .person_id = waiting.person_id};
    PERSON_KEY key;
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, keyring_person_key_open(cx, cx->keyring, &place, (struct bytes){kept, sizeof kept}, &key));
    ASSERT_FAILS(world, begin(world, world->operator_, waiting.person_id, ""), CONFLICT, "erasure.merged");
    ASSERT_OK(world, begin(world, cleo, cleo.person_id, ERASURE_CONFIRMATION));
    finish(world, 1);
    cx = world_as(world, world->operator_);
    ASSERT_FAILS(world, keyring_person_key_open(cx, cx->keyring, &place, (struct bytes){kept, sizeof kept}, &key),
                 NOT_FOUND, "key.destroyed");
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_removed"), 0);
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->ada.person_id, &key));
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_doors_shut_with_the_first_commit),
        WORLD_TEST(nobody_erases_anybody_else_and_nobody_by_mistake),
        WORLD_TEST(no_key_no_sealed_row_and_no_trace_is_left),
        WORLD_TEST(the_audit_sees_a_row_that_was_left),
        WORLD_TEST(several_share_the_work_on_a_bucket),
        WORLD_TEST(more_than_one_pass_takes_goes_as_well),
        WORLD_TEST(nobody_waits_for_more_than_the_other_buckets),
        WORLD_TEST(a_bucket_that_cannot_be_emptied_holds_up_no_other),
        WORLD_TEST(a_bucket_that_cannot_be_emptied_leaves_no_key_at_each_try),
        WORLD_TEST(a_bucket_that_is_back_and_cannot_be_emptied_leaves_no_key_at_each_try),
        WORLD_TEST(nothing_is_doomed_while_something_doomed_waits),
        WORLD_TEST(whoever_asks_while_the_key_is_lost_is_erased_all_the_same),
        WORLD_TEST(whose_lost_key_was_renewed_by_a_run_in_vain_is_erased_all_the_same),
        WORLD_TEST(whoever_has_asked_before_the_key_was_lost_is_erased_all_the_same),
        WORLD_TEST(more_keys_than_one_look_holds_go_as_well),
        WORLD_TEST(rows_are_taken_for_a_while_and_then_the_next_ones),
        WORLD_TEST(somebody_who_never_came_is_forgotten_by_the_operator),
        WORLD_TEST(the_key_of_an_invitation_taken_up_goes_with_the_claimer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
