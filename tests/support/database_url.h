/* SPDX-License-Identifier: Apache-2.0
 * Where the store of a unit test lies: in a folder of its own, or with DATABASE_URL in the database that it names,
 * which is emptied first, and the keys in the folder (support/database_server.py). */
#ifndef TESTS_SUPPORT_DATABASE_URL_H
#define TESTS_SUPPORT_DATABASE_URL_H

#include <stdio.h>
#include <stdlib.h>

#include "store/postgres.h"
#include "store/store.h"
#include "support/cmocka.h"

struct store_place {
    char url[200];
    char keys_url[100]; /* "": with the rest */
};

static inline bool store_is_on_server(void)
{
    return getenv("DATABASE_URL") != NULL;
}

/* A connection past the store, which may write, and knows those functions of SQLite that tests use. */
static inline struct postgres *database_open(struct ctx *cx, const char *url, const char *schema)
{
    static const char BEGIN[] =
        "SET default_transaction_read_only = off; SET client_min_messages = warning;"
        " CREATE OR REPLACE FUNCTION public.zeroblob(size bigint) RETURNS bytea LANGUAGE sql"
        "  AS 'SELECT decode(repeat(''00'', size::int), ''hex'')';"
        " SELECT set_config('search_path', current_setting('search_path') || ', public', false)";
    struct postgres_options options = {.url = url, .schema = schema, .role = ROLE_READER};
    struct postgres *pg = NULL;
    assert_int_equal(postgres_open(cx, &options, &pg), OK);
    assert_int_equal(database_run(cx, &pg->base, BEGIN), OK);
    return pg;
}

static inline void store_place_choose(struct ctx *cx, const char *folder, struct store_place *out)
{
    const char *server = getenv("DATABASE_URL");
    *out = (struct store_place){{0}, {0}};
    (void)snprintf(out->url, sizeof out->url, "sqlite:%.80s", folder);
    if (server == NULL)
        return;
    (void)snprintf(out->keys_url, sizeof out->keys_url, "sqlite:%.80s", folder);
    assert_true((size_t)snprintf(out->url, sizeof out->url, "%s", server) < sizeof out->url);
    struct postgres *pg = database_open(cx, out->url, "public");
    assert_int_equal(database_run(cx, &pg->base, "DROP SCHEMA IF EXISTS symbolon CASCADE;"
                                                         " DROP SCHEMA IF EXISTS kept CASCADE"), OK);
    database_close(&pg->base);
}

static inline struct store_options store_place_options(const struct store_place *place, const struct clock *clock)
{
    return (struct store_options){.url = place->url,
                                  .keys_url = place->keys_url[0] == '\0' ? NULL : place->keys_url,
                                  .clock = clock,
                                  .create = true};
}

#endif
