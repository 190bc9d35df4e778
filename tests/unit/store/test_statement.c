/* SPDX-License-Identifier: Apache-2.0
 * The generated functions: every type and form there and back, and how each can fail. */
#include "base/limits.h"
#include "store/conn.h"
#include "unit/store/things.h"

static err insert(struct ctx *cx, void *arg)
{
    return sql_thing_insert(cx, arg, NULL);
}

static void insert_now(struct fixture *fixture, int64_t number, struct text name, struct bytes data)
{
    struct sql_thing_insert_in in = {number, name, data};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert, &in), OK);
}

static struct sql_thing_load_row load(struct fixture *fixture, int64_t number)
{
    struct sql_thing_load_row row = {.name = TEXT_NONE};
    bool found = false;
    assert_int_equal(sql_thing_load(&fixture->cx, &(struct sql_thing_load_in){number}, &row, &found), OK);
    assert_true(found);
    return row;
}

static void every_type_comes_back_as_it_went(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t DATA[] = {0, 1, 255, 0};
    insert_now(fixture, INT64_MAX, TEXT("Zoë \"$1\" ' ;"), (struct bytes){DATA, sizeof DATA});
    insert_now(fixture, INT64_MIN, TEXT_NONE, (struct bytes){NULL, 0});
    struct sql_thing_load_row largest = load(fixture, INT64_MAX);
    assert_true(text_is(largest.name, "Zoë \"$1\" ' ;"));
    assert_true(bytes_equals(largest.data, (struct bytes){DATA, sizeof DATA}));
    struct sql_thing_load_row smallest = load(fixture, INT64_MIN);
    assert_int_equal(smallest.name.size, 0);
    assert_int_equal(smallest.data.size, 0);
    assert_non_null(smallest.data.at);
}

static void text_may_hold_a_nul_and_megabytes(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 3 * 1024 * 1024;
    uint8_t *large = arena_take(fixture->cx.arena, size, 1);
    assert_non_null(large);
    for (size_t i = 0; i < size; i++)
        large[i] = (uint8_t)(i % 251);
    bool takes_nul = getenv("DATABASE_URL") == NULL; /* PostgreSQL does not */
    struct text name = takes_nul ? (struct text){"a\0b", 3} : TEXT("ab");
    insert_now(fixture, 1, name, (struct bytes){large, size});
    struct sql_thing_load_row row = load(fixture, 1);
    assert_true(text_equals(row.name, name));
    assert_true(bytes_equals(row.data, (struct bytes){large, size}));
}

static void a_missing_row_is_not_found_and_no_failure(void **state)
{
    struct fixture *fixture = *state;
    struct sql_thing_load_row row;
    bool found = true;
    assert_int_equal(sql_thing_load(&fixture->cx, &(struct sql_thing_load_in){7}, &row, &found), OK);
    assert_false(found);
    assert_int_equal(fixture->cx.failure.code, OK);
}

static void nothing_reads_as_zero(void **state)
{
    struct fixture *fixture = *state;
    struct sql_thing_count_row row = {5, 5};
    bool found = false;
    assert_int_equal(sql_thing_count(&fixture->cx, &row, &found), OK);
    assert_int_equal(row.things, 0);
    assert_int_equal(row.largest, 0);
}

static void a_list_comes_whole_and_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct sql_thing_list_row *rows = NULL;
    size_t count = 99;
    assert_int_equal(sql_thing_list(&fixture->cx, &(struct sql_thing_list_in){0, 100}, &rows, &count), OK);
    assert_int_equal(count, 0);
    for (int64_t i = 20; i >= 1; i--)
        insert_now(fixture, i, text_format(fixture->cx.arena, "n%lld", (long long)i), bytes_of_text(TEXT("d")));
    assert_int_equal(sql_thing_list(&fixture->cx, &(struct sql_thing_list_in){3, 100}, &rows, &count), OK);
    assert_int_equal(count, 17);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].thing_id, (int64_t)i + 4);
        assert_true(text_equals(rows[i].name, text_format(fixture->cx.arena, "n%zu", i + 4)));
    }
}

static err insert_many(struct ctx *cx, void *arg)
{
    for (int64_t i = 1; i <= *(const int64_t *)arg; i++)
        TRY(write_entry(cx, &i));
    return OK;
}

static err sum_up(struct ctx *cx, const struct sql_entry_list_row *row, void *arg)
{
    int64_t *sum = arg;
    *sum += row->thing_id;
    return row->thing_id == 12000 ? FAIL(cx, CONFLICT, "test.stop", "far enough") : OK;
}

static void a_list_is_bounded_and_a_walk_is_not(void **state)
{
    struct fixture *fixture = *state;
    int64_t entries = LIMIT_ROWS;
    int64_t one = 1;
    int64_t sum = 0;
    struct sql_entry_list_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert_many, &entries), OK);
    assert_int_equal(sql_entry_list(&fixture->cx, &rows, &count), OK);
    assert_int_equal(count, LIMIT_ROWS);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert_many, &one), OK);
    assert_int_equal(sql_entry_list(&fixture->cx, &rows, &count), TOO_LARGE);
    assert_string_equal(fixture->cx.failure.reason, "limit.rows");
    failure_clear(&fixture->cx.failure);
    assert_int_equal(sql_entry_list_each(&fixture->cx, sum_up, &sum), OK);
    assert_int_equal(sum, (int64_t)LIMIT_ROWS * (LIMIT_ROWS + 1) / 2 + 1);
}

static void a_walk_ends_with_the_error_of_its_taker(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 12000;
    int64_t sum = 0;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_entry, &number), OK);
    number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_entry, &number), OK);
    assert_int_equal(sql_entry_list_each(&fixture->cx, sum_up, &sum), CONFLICT);
    assert_int_equal(sum, 12000);
    failure_clear(&fixture->cx.failure);
    assert_int_equal(count_entries(&fixture->cx), 2); /* the walk has let go of its statement */
}

static void a_full_arena_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t DATA[5000] = {1};
    insert_now(fixture, 1, TEXT("one"), (struct bytes){DATA, sizeof DATA});
    struct ctx small = {.arena = arena_open(4096), .db = fixture->cx.db};
    struct sql_thing_load_row row;
    bool found = false;
    assert_int_equal(load(fixture, 1).data.size, sizeof DATA);
    assert_int_equal(sql_thing_load(&small, &(struct sql_thing_load_in){1}, &row, &found), TOO_LARGE);
    assert_string_equal(small.failure.reason, "limit.memory");
    assert_false(found);
    arena_close(small.arena);
}

struct change {
    int64_t renamed;
    int64_t missed;
    size_t  returned;
    size_t  deleted_bytes;
};

static err change_things(struct ctx *cx, void *arg)
{
    struct change *change = arg;
    struct sql_thing_rename_all_row *rows = NULL;
    struct sql_thing_delete_row deleted;
    bool found = false;
    TRY(sql_thing_rename(cx, &(struct sql_thing_rename_in){1, TEXT("uno")}, &change->renamed));
    TRY(sql_thing_rename(cx, &(struct sql_thing_rename_in){9, TEXT("nove")}, &change->missed));
    TRY(sql_thing_rename_all(cx, &(struct sql_thing_rename_all_in){TEXT("!")}, &rows, &change->returned));
    if (!text_is(rows[rows[0].thing_id == 1 ? 0 : 1].name, "uno$1!")) /* a `$1` in quotes is text */
        return FAIL(cx, INTERNAL, "test.name", "a quoted parameter was read as one");
    TRY(sql_thing_delete(cx, &(struct sql_thing_delete_in){2}, &deleted, &found));
    change->deleted_bytes = found ? deleted.data.size : 0;
    return sql_thing_delete(cx, &(struct sql_thing_delete_in){2}, &deleted, &found);
}

static void changes_are_counted_and_returned(void **state)
{
    struct fixture *fixture = *state;
    struct change change = {-1, -1, 0, 0};
    insert_now(fixture, 1, TEXT("one"), bytes_of_text(TEXT("x")));
    insert_now(fixture, 2, TEXT("two"), bytes_of_text(TEXT("xyz")));
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, change_things, &change), OK);
    assert_int_equal(change.renamed, 1);
    assert_int_equal(change.missed, 0);
    assert_int_equal(change.returned, 2);
    assert_int_equal(change.deleted_bytes, 3);
    assert_int_equal(count_things(&fixture->cx), 1);
    assert_true(text_is(load(fixture, 1).name, "uno$1!"));
}

/* ---- what is hung on a table: it takes away each change of the second thing, and a fifth one */

#define BENT_OF_SQLITE(how, when) "CREATE TEMP TRIGGER bent_" how " BEFORE " how " ON thing WHEN " when \
                                  " BEGIN SELECT RAISE(IGNORE); END"
#define BENT_OF_POSTGRES(how, when) "CREATE TRIGGER bent_" how " BEFORE " how " ON thing FOR EACH ROW WHEN (" when \
                                    ") EXECUTE FUNCTION swallow()"

/* store_write_fn */
static err bend(struct ctx *cx, void *arg)
{
    static const char *const OF_SQLITE[] = {BENT_OF_SQLITE("UPDATE", "OLD.thing_id = 2"),
                                            BENT_OF_SQLITE("DELETE", "OLD.thing_id = 2"),
                                            BENT_OF_SQLITE("INSERT", "NEW.thing_id = 5")};
    static const char *const OF_POSTGRES[] = {
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        BENT_OF_POSTGRES("UPDATE", "OLD.thing_id = 2"), BENT_OF_POSTGRES("DELETE", "OLD.thing_id = 2"),
        BENT_OF_POSTGRES("INSERT", "NEW.thing_id = 5")};
    struct database *db = cx->db->of_file[STORE_PEOPLE];
    bool is_far = db->engine->dialect == DIALECT_POSTGRES;
    TRY(write_thing(cx, arg)); /* a batch that changes nothing need not be kept */
    for (size_t i = 0; i < (is_far ? 4 : 3); i++)
        TRY(db->engine->run(cx, db, is_far ? OF_POSTGRES[i] : OF_SQLITE[i]));
    return OK;
}

struct change_of_one {
    int64_t number;
    bool    asks; /* how many */
    int64_t changed;
};

/* store_write_fn */
static err rename_named(struct ctx *cx, void *arg)
{
    struct change_of_one *change = arg;
    struct sql_thing_rename_in in = {change->number, TEXT("other")};
    return sql_thing_rename(cx, &in, change->asks ? &change->changed : NULL);
}

/* store_write_fn */
static err rename_one(struct ctx *cx, void *arg)
{
    struct change_of_one *change = arg;
    struct sql_thing_rename_one_in in = {change->number, TEXT("another")};
    return sql_thing_rename_one(cx, &in, change->asks ? &change->changed : NULL);
}

/* store_write_fn: from this number to the third. */
static err fill_one(struct ctx *cx, void *arg)
{
    struct change_of_one *change = arg;
    struct sql_thing_fill_one_in in = {change->number, 3, bytes_of_text(TEXT("full"))};
    return sql_thing_fill_one(cx, &in, change->asks ? &change->changed : NULL);
}

/* store_write_fn: up to this number. */
static err forget_named(struct ctx *cx, void *arg)
{
    struct change_of_one *change = arg;
    struct sql_thing_forget_in in = {{NULL, 0}, 1, change->number};
    return sql_thing_forget(cx, &in, change->asks ? &change->changed : NULL);
}

static void try_change(struct fixture *fixture, store_write_fn run, struct change_of_one change, int64_t wanted)
{
    for (int asks = 0; asks <= 1; asks++) {
        change.asks = asks == 1;
        err result = store_write_wait(fixture->store, &fixture->cx, run, &change);
        assert_int_equal(result, wanted < 0 ? CORRUPT : OK);
        if (wanted < 0)
            assert_string_equal(fixture->cx.failure.reason, "store.row_lost");
        else if (change.asks)
            assert_int_equal(change.changed, wanted);
        failure_clear(&fixture->cx.failure);
    }
}

static void a_change_that_vanishes_on_its_way_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t number = 1; number <= 3; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    try_change(fixture, rename_one, (struct change_of_one){.number = 3}, 1);
    try_change(fixture, rename_one, (struct change_of_one){.number = 9}, -1);
    try_change(fixture, rename_named, (struct change_of_one){.number = 9}, 0);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, bend, &(int64_t){4}), OK);
    try_change(fixture, rename_named, (struct change_of_one){.number = 1}, 1);
    try_change(fixture, rename_named, (struct change_of_one){.number = 2}, -1);
    try_change(fixture, rename_one, (struct change_of_one){.number = 2}, -1);
    assert_true(text_is(load(fixture, 2).name, "thing 2"));
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &(int64_t){5}), CORRUPT);
    assert_string_equal(fixture->cx.failure.reason, "store.row_lost");
    failure_clear(&fixture->cx.failure);
    try_change(fixture, forget_named, (struct change_of_one){.number = 3}, -1);
    assert_int_equal(count_things(&fixture->cx), 4);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, forget_named, &(struct change_of_one){.number = 1}),
                     OK);
    try_change(fixture, forget_named, (struct change_of_one){.number = 1}, 0);
    assert_int_equal(count_things(&fixture->cx), 3);
}

static void a_change_of_one_row_meets_neither_none_nor_two(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t number = 1; number <= 3; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    try_change(fixture, fill_one, (struct change_of_one){.number = 4}, -1);
    try_change(fixture, fill_one, (struct change_of_one){.number = 2}, -1);
    try_change(fixture, fill_one, (struct change_of_one){.number = 1}, -1);
    for (int64_t number = 1; number <= 3; number++)
        assert_int_equal(load(fixture, number).data.size, 0);
    try_change(fixture, fill_one, (struct change_of_one){.number = 3}, 1);
    assert_int_equal(load(fixture, 3).data.size, 4);
}

static void a_second_one_of_a_kind_is_a_duplicate(void **state)
{
    struct fixture *fixture = *state;
    struct sql_thing_insert_in same_key = {1, TEXT("other"), {NULL, 0}};
    struct sql_thing_insert_in same_name = {2, TEXT("one"), {NULL, 0}};
    insert_now(fixture, 1, TEXT("one"), (struct bytes){NULL, 0});
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert, &same_key), CONFLICT);
    assert_string_equal(fixture->cx.failure.reason, "store.duplicate");
    failure_clear(&fixture->cx.failure);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert, &same_name), CONFLICT);
    assert_string_equal(fixture->cx.failure.reason, "store.duplicate");
    assert_int_equal(count_things(&fixture->cx), 1);
}

static err insert_secret(struct ctx *cx, void *arg)
{
    (void)arg;
    return sql_secret_insert(cx, &(struct sql_secret_insert_in){1, bytes_of_text(TEXT("text"))}, NULL);
}

static void a_column_of_another_type_is_damage(void **state)
{
    struct fixture *fixture = *state;
    struct sql_secret_mistyped_row row;
    bool found = false;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, insert_secret, NULL), OK);
    assert_int_equal(sql_secret_mistyped(&fixture->cx, &row, &found), CORRUPT);
    assert_string_equal(fixture->cx.failure.reason, "store.damaged");
}

static void a_read_sees_one_state_until_it_ends(void **state)
{
    struct fixture *fixture = *state;
    struct ctx other = {.arena = arena_open(FIXTURE_ARENA_BYTES)};
    int64_t number = 1;
    assert_int_equal(store_read_begin(&fixture->cx), OK);
    assert_int_equal(count_things(&fixture->cx), 0);
    assert_int_equal(store_write_wait(fixture->store, &other, write_thing, &number), OK);
    assert_int_equal(count_things(&fixture->cx), 0);
    store_read_end(&fixture->cx);
    assert_int_equal(count_things(&fixture->cx), 1);
    store_read_end(&fixture->cx);
    arena_close(other.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_type_comes_back_as_it_went),
        STORE_TEST(text_may_hold_a_nul_and_megabytes),
        STORE_TEST(a_missing_row_is_not_found_and_no_failure),
        STORE_TEST(nothing_reads_as_zero),
        STORE_TEST(a_list_comes_whole_and_in_order),
        STORE_TEST(a_list_is_bounded_and_a_walk_is_not),
        STORE_TEST(a_walk_ends_with_the_error_of_its_taker),
        STORE_TEST(a_full_arena_is_a_failure),
        STORE_TEST(changes_are_counted_and_returned),
        STORE_TEST(a_change_that_vanishes_on_its_way_is_a_failure),
        STORE_TEST(a_change_of_one_row_meets_neither_none_nor_two),
        STORE_TEST(a_second_one_of_a_kind_is_a_duplicate),
        STORE_TEST(a_column_of_another_type_is_damage),
        STORE_TEST(a_read_sees_one_state_until_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
