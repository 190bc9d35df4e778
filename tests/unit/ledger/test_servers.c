/* SPDX-License-Identifier: Apache-2.0
 * Two servers on one log: the head moves only from where it was seen, so one that stood still in the middle of a pass
 * publishes nothing of it; and the lease, which guards nothing, saves the other's work. Both servers are stores in
 * this program, and who is at it when is said by a gate and by their turns. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "base/limits.h"
#include "ledger/head.h"
#include "ledger/lease.h"
#include "support/patience.h"
#include "unit/ledger/fixture.h"

#define ROUNDS 40
#define LOST_MAX 8 /* of so many rounds; without a lease it is half of them or more */

/* A second server on the store of a fixture. */
struct second {
    struct store *store;
    struct ctx    cx;
};

static void second_open(struct log_fixture *fixture, struct second *second)
{
    struct store_options options = store_place_options(&fixture->place, fixture->base.cx.clock);
    options.volatile_ = true;
    *second = (struct second){.cx = fixture->base.cx};
    second->cx.arena = arena_open(64u << 20);
    assert_int_equal(store_open(&second->cx, &options, &second->store), OK);
    assert_int_equal(store_conn_open(&second->cx, second->store, &second->cx.db), OK);
}

static void second_close(struct second *second)
{
    assert_int_equal(ledger_let_go(&second->cx, second->store), OK);
    store_conn_close(second->cx.db);
    store_close(second->store);
    arena_close(second->cx.arena);
}

static struct ledger_head head_of(struct ctx *cx)
{
    struct ledger_head head;
    assert_int_equal(ledger_head(cx, &head), OK);
    return head;
}

/* ---- the fence */

struct step {
    struct merkle_head seen;
    struct ledger_head next;
    bool               moved;
};

/* store_write_fn */
static err advance(struct ctx *cx, void *arg)
{
    struct step *step = arg;
    return head_advance(cx, &step->seen, &step->next, &step->moved);
}

static bool moves_from(struct log_fixture *fixture, const struct merkle_head *seen)
{
    struct ctx *cx = &fixture->base.cx;
    struct step step = {.seen = *seen, .next = head_of(cx)};
    step.next.at_ms++;
    assert_int_equal(store_write_wait(fixture->store, cx, advance, &step), OK);
    return step.moved;
}

static void the_head_moves_only_from_where_it_was_seen(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    log_append(&fixture, 3);
    log_sequence(&fixture);
    const struct merkle_head before = head_of(cx).tree;
    log_append(&fixture, 2);
    log_sequence(&fixture);
    const struct merkle_head now = head_of(cx).tree;
    const struct merkle_head other_root = {.size = now.size, .root = before.root};
    const struct merkle_head other_size = {.size = before.size, .root = now.root};
    assert_false(moves_from(&fixture, &before));
    assert_false(moves_from(&fixture, &other_root));
    assert_false(moves_from(&fixture, &other_size));
    assert_true(moves_from(&fixture, &now));
    log_fixture_close(&fixture);
}

/* Holds the writer of a store, so that what is submitted behind it waits. */
struct gate {
    sem_t entered;
    sem_t open;
};

/* store_write_fn */
static err wait_at_gate(struct ctx *cx, void *arg)
{
    struct gate *gate = arg;
    (void)cx;
    (void)sem_post(&gate->entered); /* far from its maximum */
    wait_for(&gate->open);
    return OK;
}

static void ignore(struct store_write *first)
{
    (void)first; /* it does nothing */
}

/* One pass of a second server, on a thread. */
struct pass_beside {
    struct second     *second;
    struct ledger_pass pass;
    err                result;
};

static void *pass_beside(void *arg)
{
    struct pass_beside *beside = arg;
    beside->result = ledger_sequence(&beside->second->cx, beside->second->store, &beside->pass);
    return NULL;
}

/* store_write_fn: an entry behind all others in the order of leaves. */
static err append_last(struct ctx *cx, void *arg)
{
    uint8_t leaf[HASH_BYTES];
    memset(leaf, 0xFF, sizeof leaf);
    return ledger_append(cx, 1, *(const int64_t *)arg, leaf);
}

/* The entry of the one that stands still is not among those that the other numbers, so that nothing else would stop it:
 * as many as a pass takes come before it. */
static void who_stood_still_in_a_pass_while_another_published_publishes_nothing_of_it(void **state)
{
    (void)state;
    if (!store_is_on_server())
        skip(); /* in a folder the writer that is held holds all others */
    struct log_fixture fixture;
    struct second second;
    struct ctx *cx = log_fixture_open(&fixture);
    struct gate gate;
    struct store_counters counters = {0};
    int64_t last = 1000000;
    pthread_t thread;
    assert_int_equal(sem_init(&gate.entered, 0, 0) + sem_init(&gate.open, 0, 0), 0);
    log_append(&fixture, 1);
    log_sequence(&fixture);
    assert_int_equal(ledger_let_go(cx, fixture.store), OK);
    assert_int_equal(store_write_wait(fixture.store, cx, append_last, &last), OK);
    second_open(&fixture, &second);
    struct ctx gate_cx = {.arena = NULL};
    struct store_write hold = {.cx = &gate_cx, .run = wait_at_gate, .arg = &gate, .done = ignore};
    assert_true(store_submit(second.store, &hold, 1));
    wait_for(&gate.entered);
    struct pass_beside beside = {.second = &second};
    assert_int_equal(pthread_create(&thread, NULL, pass_beside, &beside), 0);
    while (counters.queued == 0) { /* its pass is signed, and waits */
        (void)sched_yield();
        store_counters(second.store, &counters);
    }
    struct ledger_pass pass;
    log_append(&fixture, LIMIT_LOG_BATCH);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, LIMIT_LOG_BATCH);
    struct text published = head_of(cx).note;
    assert_int_equal(ledger_let_go(cx, fixture.store), OK); /* as if its time were over */
    assert_int_equal(sem_post(&gate.open), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(beside.result, OK); /* by a pass from where the head is now */
    assert_int_equal(beside.pass.sequenced, 1);
    assert_int_equal(head_of(cx).tree.size, LIMIT_LOG_BATCH + 2);
    assert_int_equal(ledger_check_extends(cx, published), OK);
    second_close(&second);
    log_fixture_close(&fixture);
}

/* ---- the lease */

static int64_t writes_of(struct store *store)
{
    struct store_counters counters;
    store_counters(store, &counters);
    return counters.writes;
}

static void one_numbers_and_the_other_does_not_even_try(void **state)
{
    (void)state;
    if (!store_is_on_server())
        skip(); /* in a folder nobody waits for a turn */
    struct log_fixture fixture;
    struct second second;
    struct ledger_pass pass;
    struct ctx *cx = log_fixture_open(&fixture);
    struct set_clock set = {.wall_ms = clock_wall_ms(&fixture.base.clock) + 10000};
    log_fixture_store_close(&fixture);
    fixture.base.clock = clock_set(&set); /* which stands: no lease ends by itself */
    log_fixture_store_open(&fixture);
    second_open(&fixture, &second);
    log_append(&fixture, 1);
    log_sequence(&fixture);
    log_append(&fixture, 1);
    int64_t before = writes_of(second.store);
    assert_failed(&second.cx, ledger_sequence(&second.cx, second.store, &pass), CONFLICT, "log.contended");
    assert_int_equal(writes_of(second.store), before); /* nothing was hashed, signed or written in vain */
    assert_int_equal(head_of(cx).tree.size, 1);
    assert_int_equal(ledger_let_go(cx, fixture.store), OK);
    assert_int_equal(ledger_sequence(&second.cx, second.store, &pass), OK);
    assert_int_equal(pass.sequenced, 1);
    log_append(&fixture, 1);
    assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CONFLICT, "log.contended");
    second_close(&second);
    log_fixture_close(&fixture);
}

/* Both servers begin a pass at one moment, round after round. */
struct racer {
    pthread_t          thread;
    struct ctx        *cx;
    struct store      *store;
    pthread_barrier_t *turn;
    int                won, failed;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    for (int round = 0; round < ROUNDS; round++) {
        struct ledger_pass pass = {.sequenced = 0};
        (void)pthread_barrier_wait(racer->turn); /* an entry waits */
        err done = ledger_sequence(racer->cx, racer->store, &pass);
        racer->won += done == OK && pass.sequenced > 0;
        racer->failed += done != OK && done != CONFLICT;
        failure_clear(&racer->cx->failure);
        (void)pthread_barrier_wait(racer->turn);
    }
    return NULL;
}

static void two_that_number_at_one_moment_lose_few_passes(void **state)
{
    (void)state;
    if (!store_is_on_server())
        skip();
    struct log_fixture fixture;
    struct second racing[2];
    struct racer racers[2];
    pthread_barrier_t turn;
    (void)log_fixture_open(&fixture);
    log_sequence(&fixture); /* the first head */
    assert_int_equal(ledger_let_go(&fixture.base.cx, fixture.store), OK);
    assert_int_equal(pthread_barrier_init(&turn, NULL, 3), 0);
    int64_t passes = 0;
    for (int i = 0; i < 2; i++) {
        second_open(&fixture, &racing[i]);
        passes -= writes_of(racing[i].store);
        racers[i] = (struct racer){.cx = &racing[i].cx, .store = racing[i].store, .turn = &turn};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        log_append(&fixture, 1);
        (void)pthread_barrier_wait(&turn);
        (void)pthread_barrier_wait(&turn);
    }
    int won = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        assert_int_equal(racers[i].failed, 0);
        passes += writes_of(racing[i].store);
        won += racers[i].won;
    }
    print_message("%d rounds: %d passes published, %d lost\n", ROUNDS, won, (int)passes - won);
    assert_in_range(won, ROUNDS / 2, ROUNDS); /* an entry that came to a round too late goes with the next */
    assert_in_range(passes - won, 0, LOST_MAX);
    second_close(&racing[0]);
    second_close(&racing[1]);
    assert_int_equal(pthread_barrier_destroy(&turn), 0);
    log_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_moves_only_from_where_it_was_seen),
        cmocka_unit_test(who_stood_still_in_a_pass_while_another_published_publishes_nothing_of_it),
        cmocka_unit_test(one_numbers_and_the_other_does_not_even_try),
        cmocka_unit_test(two_that_number_at_one_moment_lose_few_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
