/* SPDX-License-Identifier: Apache-2.0
 * One number out of an open database, by SQL that stands in no file of queries. */
#ifndef TESTS_UNIT_STORE_ASK_H
#define TESTS_UNIT_STORE_ASK_H

#include "store/database.h"
#include "support/cmocka.h"

static inline int64_t ask(struct ctx *cx, struct database *db, const char *sql)
{
    static const struct field NUMBER[] = {{"number", FIELD_INT64, 0}};
    struct statement statement = {.name = "ask", .sql = sql, .index = STATEMENT_PASSING, .out = NUMBER, .out_count = 1};
    int64_t number = -1;
    bool is_row = false;
    assert_int_equal(db->engine->start(cx, db, &statement, NULL), OK);
    assert_int_equal(db->engine->step(cx, db, &statement, &is_row), OK);
    assert_true(is_row);
    assert_int_equal(db->engine->read(cx, db, &statement, &number), OK);
    db->engine->finish(db, &statement);
    return number;
}

#endif
