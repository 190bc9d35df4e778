/* SPDX-License-Identifier: Apache-2.0
 * Writes and counts over the small schema of sql/ that several tests use. A write's `arg` is the number of its
 * thing. */
#ifndef TESTS_UNIT_STORE_THINGS_H
#define TESTS_UNIT_STORE_THINGS_H

#include "unit/store/fixture.h"
#include "store/queries.h"

static inline err write_thing(struct ctx *cx, void *arg)
{
    int64_t number = *(const int64_t *)arg;
    struct sql_thing_insert_in in = {number, text_format(cx->arena, "thing %lld", (long long)number), {NULL, 0}};
    return sql_thing_insert(cx, &in, NULL);
}

static inline err write_entry(struct ctx *cx, void *arg)
{
    struct sql_entry_insert_row row;
    bool found = false;
    return sql_entry_insert(cx, &(struct sql_entry_insert_in){*(const int64_t *)arg, cx->now_ms}, &row, &found);
}

static inline int64_t count_things(struct ctx *cx)
{
    struct sql_thing_count_row row = {0};
    bool found = false;
    assert_int_equal(sql_thing_count(cx, &row, &found), OK);
    assert_true(found);
    return row.things;
}

static inline int64_t count_entries(struct ctx *cx)
{
    struct sql_entry_count_row row = {0};
    bool found = false;
    assert_int_equal(sql_entry_count(cx, &row, &found), OK);
    return row.entries;
}

#endif
