/* SPDX-License-Identifier: Apache-2.0
 * Packing of ids, and numbers that are given once. */
#include "base/id.h"

#include <pthread.h>
#include <stdlib.h>

#include "support/cmocka.h"

#define THREADS 4
#define NUMBERS 20000

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

struct worker {
    struct number_source *source;
    int64_t               numbers[NUMBERS];
};

static void *take_numbers(void *arg)
{
    struct worker *worker = arg;
    struct randomness randomness = randomness_system();
    for (size_t i = 0; i < NUMBERS; i++)
        worker->numbers[i] = number_next(worker->source, INT64_C(1790000000000), &randomness);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void threads_never_share_a_number(void **state)
{
    (void)state;
    struct number_source source = {0};
    pthread_t threads[THREADS];
    struct worker *workers = calloc(THREADS, sizeof *workers);
    int64_t *all = calloc(THREADS * NUMBERS, sizeof *all);
    assert_non_null(workers);
    assert_non_null(all);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].source = &source;
        assert_int_equal(pthread_create(&threads[i], NULL, take_numbers, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t j = 1; j < NUMBERS; j++)
            assert_true(workers[i].numbers[j] > workers[i].numbers[j - 1]);
        memcpy(all + i * NUMBERS, workers[i].numbers, sizeof workers[i].numbers);
    }
    qsort(all, THREADS * NUMBERS, sizeof *all, by_value);
    for (size_t i = 1; i < THREADS * NUMBERS; i++)
        assert_true(all[i] != all[i - 1]);
    free(all);
    free(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_come_back_from_their_block),
        cmocka_unit_test(the_block_is_big_endian),
        cmocka_unit_test(another_type_or_check_is_refused),
        cmocka_unit_test(every_type_has_a_prefix_of_its_own),
        cmocka_unit_test(numbers_rise_even_when_the_clock_stands_or_goes_back),
        cmocka_unit_test(a_number_says_when_it_was_made),
        cmocka_unit_test(threads_never_share_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
