/* SPDX-License-Identifier: Apache-2.0
 * Goal: nobody has more waiting than his share, what has been done makes room, and nobody else is held for it. Method:
 * one caller at the last and the first value beyond, then more callers than there are places. */
#include "http/gate/share.h"

#include "support/cmocka.h"

#define MOST 256

static struct share_place *taken(struct share *share, uint64_t caller)
{
    struct share_place *place = NULL;
    assert_true(share_take(share, caller, MOST, &place));
    return place;
}

static void a_share_is_cut_at_its_size_and_room_comes_back(void **state)
{
    (void)state; /* the table is all there is */
    static struct share share = {.seed = 11};
    struct share_place *place = NULL;
    for (int i = 0; i < MOST; i++)
        place = taken(&share, 7);
    struct share_place *none = NULL;
    assert_false(share_take(&share, 7, MOST, &none));
    assert_null(none);
    assert_true(share_take(&share, 7, MOST + 1, &none)); /* whoever may have more of another kind */
    share_give_back(none);
    share_give_back(place);
    assert_ptr_equal(taken(&share, 7), place);
    assert_false(share_take(&share, 7, MOST, &none));
    for (int i = 0; i < MOST; i++)
        share_give_back(place);
    assert_int_equal(place->waiting, 0);
}

static void one_caller_never_pays_for_another(void **state)
{
    (void)state; /* the table is all there is */
    static struct share share = {.seed = 12};
    struct share_place *counted[SHARE_PLACES];
    int count = 0;
    int uncounted = 0;
    for (int i = 0; i < MOST; i++)
        (void)taken(&share, 7);
    for (uint64_t caller = 1000; caller < 1000 + SHARE_PLACES; caller++) {
        counted[count] = taken(&share, caller);
        if (counted[count] == NULL)
            uncounted++;
        else
            assert_int_equal(counted[count++]->waiting, 1);
    }
    assert_true(uncounted > 0 && uncounted < SHARE_PLACES / 4);
    share_give_back(NULL); /* as one of them would */
    while (count > 0)
        share_give_back(counted[--count]);
    struct share_place *none = NULL;
    assert_false(share_take(&share, 7, MOST, &none)); /* and he himself is still counted */
}

static void a_place_that_came_free_hides_nobody(void **state)
{
    (void)state; /* the table is all there is */
    static struct share share = {.seed = 13};
    struct share_place *others[SHARE_PLACES];
    for (uint64_t i = 0; i < SHARE_PLACES; i++)
        others[i] = taken(&share, 1000 + i);
    struct share_place *mine[SHARE_PLACES];
    int placed = 0;
    for (uint64_t i = 0; i < SHARE_PLACES; i += 2)
        share_give_back(others[i]);
    for (uint64_t caller = 100000; caller < 100500; caller++)
        mine[placed++] = taken(&share, caller);
    for (uint64_t i = 1; i < SHARE_PLACES; i += 2)
        share_give_back(others[i]);
    for (int i = 0; i < 500; i++)
        if (mine[i] != NULL)
            assert_ptr_equal(taken(&share, 100000 + (uint64_t)i), mine[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_cut_at_its_size_and_room_comes_back),
        cmocka_unit_test(one_caller_never_pays_for_another),
        cmocka_unit_test(a_place_that_came_free_hides_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
