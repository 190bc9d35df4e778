/* SPDX-License-Identifier: Apache-2.0
 * A store of its own for one test, with a clock that stands and one reading ctx: in a folder, or with DATABASE_URL in
 * the database that it names, which is emptied first, and the keys in a folder. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/postgres.h"
#include "support/folder.h"

#define FIXTURE_ARENA_BYTES (16u * 1024 * 1024)

struct fixture {
    char             folder[64];
    char             url[200];
    char             keys_url[80]; /* "": with the rest */
    struct set_clock set;
    struct clock     clock;
    struct ctx       cx; /* db: a read handle */
    struct store    *store;
};

static inline struct store_options fixture_options(struct fixture *fixture)
{
    return (struct store_options){.url = fixture->url,
                                  .keys_url = fixture->keys_url[0] == '\0' ? NULL : fixture->keys_url,
                                  .clock = &fixture->clock,
                                  .create = true};
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

static inline void fixture_empty(struct fixture *fixture)
{
    struct postgres_options options = {.url = fixture->url, .schema = "public", .role = ROLE_READER};
    struct postgres *pg = NULL;
    assert_int_equal(postgres_open(&fixture->cx, &options, &pg), OK);
    assert_int_equal(database_run(&fixture->cx, &pg->base, "SET default_transaction_read_only = off; "
                                                         "DROP SCHEMA IF EXISTS symbolon CASCADE"), OK);
    database_close(&pg->base);
}

/* A folder and a ctx, no store yet. */
static inline struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/symbolon-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    const char *server = getenv("DATABASE_URL");
    (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->folder);
    if (server != NULL) {
        memcpy(fixture->keys_url, fixture->url, sizeof fixture->keys_url);
        (void)snprintf(fixture->url, sizeof fixture->url, "%s", server);
    }
    fixture->set.wall_ms = 1000000;
    fixture->clock = clock_set(&fixture->set);
    fixture->cx = (struct ctx){.arena = arena_open(FIXTURE_ARENA_BYTES), .clock = &fixture->clock};
    if (server != NULL)
        fixture_empty(fixture);
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
