/* SPDX-License-Identifier: Apache-2.0
 * A node's log for one test: key folder, store, name, and entries that anyone can make again from their number. */
#ifndef TESTS_UNIT_LEDGER_FIXTURE_H
#define TESTS_UNIT_LEDGER_FIXTURE_H

#include <sqlite3.h>

#include "ledger/ledger.h"
#include "support/database_url.h"
#include "unit/crypto/fixture.h"

#define LOG_NAME "node.example/log"

struct log_fixture {
    struct fixture base;
    struct store  *store;
    struct store_place place;
    int64_t        appended; /* entries so far; the next receipt is this number */
};

static inline void log_fixture_store_open(struct log_fixture *fixture)
{
    struct ctx *cx = &fixture->base.cx;
    struct store_options options = store_place_options(&fixture->place, cx->clock);
    options.volatile_ = true;
    assert_int_equal(store_open(cx, &options, &fixture->store), OK);
    assert_int_equal(store_conn_open(cx, fixture->store, &cx->db), OK);
}

static inline void log_fixture_store_close(struct log_fixture *fixture)
{
    assert_int_equal(ledger_let_go(&fixture->base.cx, fixture->store), OK); /* as a server does that ends */
    store_conn_close(fixture->base.cx.db);
    fixture->base.cx.db = NULL;
    store_close(fixture->store);
}

static inline err log_fixture_name(struct ctx *cx, void *arg)
{
    (void)arg;
    return ledger_set_origin(cx, TEXT(LOG_NAME));
}

static inline struct ctx *log_fixture_open(struct log_fixture *fixture)
{
    *fixture = (struct log_fixture){0};
    struct ctx *cx = fixture_open_keyring(&fixture->base);
    char folder[100];
    (void)snprintf(folder, sizeof folder, "%s/store", fixture->base.folder);
    store_place_choose(cx, folder, &fixture->place);
    log_fixture_store_open(fixture);
    assert_int_equal(store_write_wait(fixture->store, cx, log_fixture_name, NULL), OK);
    return cx;
}

static inline void log_fixture_close(struct log_fixture *fixture)
{
    log_fixture_store_close(fixture);
    fixture_close(&fixture->base);
}

/* Done with SQLite itself, or on the server, behind the back of the store. */
static inline void run_sql(struct log_fixture *fixture, const char *sql)
{
    char path[160];
    char *problem = NULL;
    sqlite3 *db = NULL;
    if (store_is_on_server()) {
        struct postgres *pg = database_open(&fixture->base.cx, fixture->place.url, "symbolon");
        assert_int_equal(database_run(&fixture->base.cx, &pg->base, sql), OK);
        database_close(&pg->base);
        return;
    }
    (void)snprintf(path, sizeof path, "%s/store/people.db", fixture->base.folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 60000), SQLITE_OK); /* the store may be emptying its log just now */
    if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", sql, problem);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Salt and payload of a receipt, from its number. */
static inline void receipt_salt(int64_t receipt, uint8_t out[LEDGER_SALT_BYTES])
{
    sha256(bytes_of_text((struct text){(const char *)&receipt, sizeof receipt}), out);
}

static inline void receipt_leaf(int64_t receipt, uint8_t out[HASH_BYTES])
{
    uint8_t salt[LEDGER_SALT_BYTES];
    receipt_salt(receipt, salt);
    ledger_leaf(salt, (struct bytes){(const uint8_t *)&receipt, sizeof receipt}, out);
}

static inline int64_t receipt_person(int64_t receipt)
{
    return 1 + receipt % 7;
}

struct append_many {
    int64_t first, count;
};

static inline err append_many(struct ctx *cx, void *arg)
{
    const struct append_many *many = arg;
    for (int64_t receipt = many->first; receipt < many->first + many->count; receipt++) {
        uint8_t leaf[HASH_BYTES];
        receipt_leaf(receipt, leaf);
        TRY(ledger_append(cx, receipt_person(receipt), receipt, leaf));
    }
    return OK;
}

static inline void log_append(struct log_fixture *fixture, int64_t count)
{
    struct append_many many = {fixture->appended, count};
    assert_int_equal(store_write_wait(fixture->store, &fixture->base.cx, append_many, &many), OK);
    fixture->appended += count;
}

static inline void log_sequence(struct log_fixture *fixture)
{
    struct ledger_pass pass = {.left = 1};
    while (pass.left > 0)
        assert_int_equal(ledger_sequence(&fixture->base.cx, fixture->store, &pass), OK);
    arena_reset(fixture->base.cx.arena);
}

#endif
