/* SPDX-License-Identifier: Apache-2.0
 * A store of its own for one test (support/database_url.h), with a clock that stands and one reading ctx. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <string.h>
#include <unistd.h>

#include "support/database_url.h"
#include "support/folder.h"

#define FIXTURE_ARENA_BYTES (16u * 1024 * 1024)

struct fixture {
    char             folder[64];
    struct store_place place;
    struct set_clock set;
    struct clock     clock;
    struct ctx       cx; /* db: a read handle */
    struct store    *store;
};

static inline struct store_options fixture_options(struct fixture *fixture)
{
    return store_place_options(&fixture->place, &fixture->clock);
}

static inline void fixture_open(struct fixture *fixture)
{
    struct store_options options = fixture_options(fixture);
    assert_int_equal(store_open(&fixture->cx, &options, &fixture->store), OK);
    assert_int_equal(store_conn_open(&fixture->cx, fixture->store, &fixture->cx.db), OK);
}

static inline void fixture_close(struct fixture *fixture)
{
    store_conn_close(fixture->cx.db);
    store_close(fixture->store);
    fixture->cx.db = NULL;
    fixture->store = NULL;
}

/* A folder and a ctx, no store yet. */
static inline struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/symbolon-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->set.wall_ms = 1000000;
    fixture->clock = clock_set(&fixture->set);
    fixture->cx = (struct ctx){.arena = arena_open(FIXTURE_ARENA_BYTES), .clock = &fixture->clock};
    store_place_choose(&fixture->cx, fixture->folder, &fixture->place);
    return fixture;
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = fixture_new();
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

static inline int fixture_setup_closed(void **state)
{
    *state = fixture_new();
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture_close(fixture);
    folder_remove(fixture->folder);
    arena_close(fixture->cx.arena);
    free(fixture);
    return 0;
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
#define CLOSED_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup_closed, fixture_teardown)

#endif
