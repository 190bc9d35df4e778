/* SPDX-License-Identifier: Apache-2.0
 * Packing of ids, and numbers that are given once. */
#include "base/id.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "support/cmocka.h"

#define THREADS 4
#define NUMBERS 500000 /* long enough for threads to run at once also where others run as well */
#define ROUNDS 3
#define SPREAD 0x4000 /* where the first number of a millisecond lies */

static void ids_come_back_from_their_block(void **state)
{
    (void)state;
    static const int64_t NUMBERS_TO_PACK[] = {0, 1, 255, 256, INT64_C(0x0123456789ABCD), NUMBER_MAX};
    uint8_t block[16];
    struct id out;
    for (size_t i = 0; i < sizeof NUMBERS_TO_PACK / sizeof *NUMBERS_TO_PACK; i++) {
        struct id id = {ID_GRANT, NUMBERS_TO_PACK[i], NUMBER_MAX - NUMBERS_TO_PACK[i]};
        id_pack(id, block);
        assert_true(id_unpack(block, ID_GRANT, &out));
        assert_int_equal(out.type, ID_GRANT);
        assert_int_equal(out.owner, id.owner);
        assert_int_equal(out.item, id.item);
    }
}

static void the_block_is_big_endian(void **state)
{
    (void)state;
    static const uint8_t WANTED[16] = {1, 0x5A, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0, 0, 0, 0, 0, 0, 7};
    uint8_t block[16];
    id_pack((struct id){ID_PERSON, INT64_C(0x0123456789ABCD), 7}, block);
    assert_memory_equal(block, WANTED, sizeof block); /* stored and sealed ids depend on it */
}

static void another_type_or_check_is_refused(void **state)
{
    (void)state;
    uint8_t block[16];
    struct id out = {ID_NONE, -1, -1};
    id_pack((struct id){ID_GRANT, 1, 2}, block);
    assert_false(id_unpack(block, ID_RECEIPT, &out));
    for (unsigned bit = 0; bit < 8; bit++) {
        block[1] ^= (uint8_t)(1u << bit);
        assert_false(id_unpack(block, ID_GRANT, &out));
        block[1] ^= (uint8_t)(1u << bit);
    }
    assert_int_equal(out.owner, -1);
    assert_true(id_unpack(block, ID_GRANT, &out));
}

static void every_type_has_a_prefix_of_its_own(void **state)
{
    (void)state;
    static const id_type TYPES[] = {
#define X(name, number, prefix) ID_##name,
#include "base/id.def"
#undef X
    };
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        assert_int_equal(strlen(id_prefix(TYPES[i])), 3);
        assert_int_equal(id_type_of_prefix(text_of(id_prefix(TYPES[i]))), TYPES[i]);
        assert_in_range(TYPES[i], 1, 255); /* one octet of the block */
    }
    assert_int_equal(id_type_of_prefix(TEXT("xyz")), ID_NONE);
    assert_int_equal(id_type_of_prefix(TEXT("pe")), ID_NONE);
    assert_int_equal(id_type_of_prefix(TEXT_NONE), ID_NONE);
}

static void numbers_rise_even_when_the_clock_stands_or_goes_back(void **state)
{
    (void)state;
    int64_t at_ms = INT64_C(1790000000000);
    struct seeded seeded = {1};
    struct randomness randomness = randomness_seeded(&seeded);
    struct number_source source = {0};
    int64_t last = 0;
    for (int i = 0; i < 100000; i++) {
        if (i == 50000)
            at_ms -= 3600000;
        int64_t number = number_next(&source, at_ms, &randomness);
        assert_true(number > last && number <= NUMBER_MAX);
        last = number;
    }
}

static void a_number_says_when_it_was_made(void **state)
{
    (void)state;
    int64_t at_ms = INT64_C(1790000000123);
    struct seeded seeded = {1};
    struct randomness randomness = randomness_seeded(&seeded);
    struct number_source source = {0};
    assert_int_equal(number_made_at_ms(number_next(&source, at_ms, &randomness)), at_ms);
    struct number_source fresh = {0}; /* at a moment before the first number there can be */
    int64_t first = number_next(&fresh, 0, &randomness);
    assert_true(first > 0);
    assert_int_equal(number_made_at_ms(first), INT64_C(1704067200000));
    assert_int_equal(number_first_of_ms(INT64_C(1704067200000)), 0);
    assert_int_equal(number_first_of_ms(0), 0);
}

/* Threads of one program may all be put on one core, and then hardly ever meet. */
static void spread_over_cores(pthread_t thread, size_t number)
{
    cpu_set_t ours;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof ours, &ours), 0);
    size_t left = number % (size_t)CPU_COUNT(&ours);
    size_t core = 0;
    for (; !CPU_ISSET(core, &ours) || left > 0; core++)
        left -= CPU_ISSET(core, &ours) ? 1 : 0;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    assert_int_equal(pthread_setaffinity_np(thread, sizeof one, &one), 0);
}

struct worker {
    struct number_source *source;
    pthread_barrier_t    *start; /* all begin at once, and no system call comes between: they get in each other's way */
    int64_t              *numbers;
};

static void *take_numbers(void *arg)
{
    struct worker *worker = arg;
    struct seeded seeded = {1};
    struct randomness randomness = randomness_seeded(&seeded);
    (void)pthread_barrier_wait(worker->start); /* says who was last: it is all the same */
    for (size_t i = 0; i < NUMBERS; i++)
        worker->numbers[i] = number_next(worker->source, INT64_C(1790000000000), &randomness);
    return NULL;
}

static void run_round(void)
{
    struct number_source source = {0};
    pthread_barrier_t start;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int64_t *numbers = calloc(THREADS * NUMBERS, sizeof *numbers);
    bool *is_given = calloc(THREADS * NUMBERS + SPREAD, sizeof *is_given);
    assert_non_null(numbers);
    assert_non_null(is_given);
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){&source, &start, numbers + i * NUMBERS};
        assert_int_equal(pthread_create(&threads[i], NULL, take_numbers, &workers[i]), 0);
        spread_over_cores(threads[i], i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t j = 1; j < NUMBERS; j++)
            assert_true(workers[i].numbers[j] > workers[i].numbers[j - 1]);
    }
    for (size_t i = 0; i < THREADS * NUMBERS; i++) {
        int64_t at = numbers[i] - number_first_of_ms(INT64_C(1790000000000));
        assert_in_range(at, 0, THREADS * NUMBERS + SPREAD - 1);
        assert_false(is_given[at]);
        is_given[at] = true;
    }
    assert_int_equal(pthread_barrier_destroy(&start), 0);
    free(is_given);
    free(numbers);
}

static void threads_never_share_a_number(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++)
        run_round();
}

struct lifter {
    struct number_source *source;
    pthread_barrier_t    *start;
    int64_t               step; /* how far it lifts at once */
    int64_t               lost;
};

static void *lift_often(void *arg)
{
    struct lifter *lifter = arg;
    (void)pthread_barrier_wait(lifter->start); /* the same */
    for (int i = 0; i < NUMBERS; i++) {
        int64_t floor = atomic_load(&lifter->source->last) + lifter->step;
        number_lift(lifter->source, floor);
        lifter->lost += atomic_load(&lifter->source->last) < floor;
    }
    return NULL;
}

static void a_lift_is_never_lost_to_another(void **state)
{
    (void)state;
    struct number_source source = {0};
    pthread_barrier_t start;
    pthread_t threads[THREADS];
    struct lifter lifters[THREADS];
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++) {
        lifters[i] = (struct lifter){&source, &start, 1 + (int64_t)i * 10, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, lift_often, &lifters[i]), 0);
        spread_over_cores(threads[i], i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(lifters[i].lost, 0);
    }
    assert_int_equal(pthread_barrier_destroy(&start), 0);
    int64_t last = atomic_load(&source.last);
    number_lift(&source, last - 1); /* a lower floor changes nothing */
    assert_int_equal(atomic_load(&source.last), last);
}

static void sources_with_slots_never_make_the_same_number(void **state)
{
    (void)state;
    struct seeded seeded = {7};
    struct randomness randomness = randomness_seeded(&seeded);
    struct number_source first = {.last = 0};
    struct number_source second = {.last = 0};
    number_use_slot(&first, 0);
    number_use_slot(&second, NUMBER_SLOTS - 1);
    int64_t last = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t at_ms = INT64_C(1790000000000) + i / 400; /* so many that they count on into later milliseconds */
        int64_t next = number_next(&first, at_ms, &randomness);
        assert_true(next > last);
        assert_int_equal(next % NUMBER_SLOTS, 0);
        assert_int_equal(number_next(&second, at_ms, &randomness) % NUMBER_SLOTS, NUMBER_SLOTS - 1);
        last = next;
    }
    number_lift(&first, last + 5);
    int64_t lifted = number_next(&first, 0, &randomness);
    assert_in_range(lifted, last + 6, last + 5 + NUMBER_SLOTS);
    assert_int_equal(lifted % NUMBER_SLOTS, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_with_slots_never_make_the_same_number),
        cmocka_unit_test(ids_come_back_from_their_block),
        cmocka_unit_test(the_block_is_big_endian),
        cmocka_unit_test(another_type_or_check_is_refused),
        cmocka_unit_test(every_type_has_a_prefix_of_its_own),
        cmocka_unit_test(numbers_rise_even_when_the_clock_stands_or_goes_back),
        cmocka_unit_test(a_number_says_when_it_was_made),
        cmocka_unit_test(threads_never_share_a_number),
        cmocka_unit_test(a_lift_is_never_lost_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
