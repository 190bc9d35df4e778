/* SPDX-License-Identifier: Apache-2.0
 * A store that moves between two places, over the schema of the product: from a folder to another one, or with
 * DATABASE_URL to a server. Every table arrives, whatever stands in it. */
#include "store/move.h"

#include "store/data_age.h"
#include "store/level.h"
#include "store/queries.h"
#include "unit/store/ask.h"
#include "unit/store/fixture.h"

#define ROWS 40
#define LARGE_BYTES 300000
#define OF_THE_PLACE 10 /* tables: of migrations in each file, of generations in each, and the place itself */

struct places {
    struct fixture   *fixture;
    char              a_url[100];
    char              b_keys[100];
    struct randomness randomness;
    struct seeded     seeded;
    struct store     *a;
    struct store     *b;
    struct store_move move;
};

static void open_a(struct places *places, bool is_target)
{
    struct store_options options = {.url = places->a_url, .clock = &places->fixture->clock, .create = true,
                                    .moves = true, .is_target = is_target, .volatile_ = true};
    assert_int_equal(store_open(&places->fixture->cx, &options, &places->a), OK);
}

static struct store_options options_of_b(struct places *places)
{
    bool is_server = places->fixture->place.keys_url[0] != '\0';
    return (struct store_options){.url = is_server ? places->fixture->place.url : places->b_keys,
                                  .keys_url = is_server ? places->b_keys : NULL,
                                  .clock = &places->fixture->clock,
                                  .create = true,
                                  .volatile_ = true};
}

static void open_b(struct places *places, bool is_target)
{
    struct store_options options = options_of_b(places);
    options.moves = true;
    options.is_target = is_target;
    assert_int_equal(store_open(&places->fixture->cx, &options, &places->b), OK);
}

static void close_both(struct places *places)
{
    store_close(places->a);
    store_close(places->b);
    places->a = NULL;
    places->b = NULL;
}

/* From here to there, with both open. */
static void direct(struct places *places, struct store *from, struct store *to)
{
    places->move = (struct store_move){.from = from, .to = to, .with_keys = true, .node = TEXT("node/one")};
}

static int setup(void **state)
{
    struct places *places = calloc(1, sizeof *places);
    assert_non_null(places);
    places->fixture = fixture_new();
    places->seeded.state = 7;
    places->randomness = randomness_seeded(&places->seeded);
    places->fixture->cx.randomness = &places->randomness;
    arena_close(places->fixture->cx.arena);
    places->fixture->cx.arena = arena_open(256u * 1024 * 1024);
    (void)snprintf(places->a_url, sizeof places->a_url, "sqlite:%s/a", places->fixture->folder);
    (void)snprintf(places->b_keys, sizeof places->b_keys, "sqlite:%s/b", places->fixture->folder);
    open_a(places, false);
    open_b(places, true);
    direct(places, places->a, places->b);
    *state = places;
    return 0;
}

static int teardown(void **state)
{
    struct places *places = *state;
    void *fixture = places->fixture;
    char folder[2][100];
    close_both(places);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(folder[i], sizeof folder[i], "%s/%c", places->fixture->folder, "ab"[i]);
        folder_remove(folder[i]);
    }
    free(places);
    return fixture_teardown(&fixture);
}

static void assert_failure(struct places *places, err result, err code, const char *reason)
{
    assert_int_equal(result, code);
    assert_string_equal(places->fixture->cx.failure.reason, reason);
    failure_clear(&places->fixture->cx.failure);
}

/* ---- rows of all kinds */

static struct value make_value(struct places *places, const struct column *column, int64_t row)
{
    static const char ODD[] = "\x01\x7f'\"\\%_ \xc3\xa4 \xe2\x80\xae \xf0\x9f\x93\xa6 \xef\xbf\xbf\n\t";
    static const int64_t NUMBERS[] = {INT64_MIN, INT64_MAX, 0, -1, 1};
    struct arena *arena = places->fixture->cx.arena;
    struct value value = {.number = 0};
    bool is_large = row == 3 && strcmp(column->name, "sealed") == 0; /* no index could hold it */
    size_t bytes = is_large ? LARGE_BYTES : (size_t)row;
    if (column->type == FIELD_INT64) {
        random_fill(&places->randomness, (uint8_t *)&value.number, sizeof value.number);
        value.number = (size_t)row < sizeof NUMBERS / sizeof *NUMBERS ? NUMBERS[row] : value.number;
        return value;
    }
    if (row == 0) {
        value.octets = (struct bytes){(const uint8_t *)"", 0};
        return value;
    }
    if (column->type == FIELD_TEXT) {
        value.octets = bytes_of_text(text_format(arena, "%lld%s", (long long)row, ODD));
        return value;
    }
    uint8_t *octets = arena_take(arena, bytes + 2, 1); /* zero bytes in front and behind */
    assert_non_null(octets);
    random_fill(&places->randomness, octets + 1, bytes);
    value.octets = (struct bytes){octets, bytes + 2};
    return value;
}

static struct row_set make_rows(struct places *places, const struct table *table)
{
    struct row_set rows = {.count = 0};
    for (int64_t row = 0; row < ROWS; row++) {
        assert_int_equal(row_set_grow(&places->fixture->cx, table, &rows), OK);
        for (size_t i = 0; i < table->column_count; i++) {
            struct value *value = &rows.at[rows.count * table->column_count + i];
            bool may_be_null = strcmp(table->name, "predecessor") == 0 && strcmp(table->columns[i].name, "sealed") == 0;
            *value = make_value(places, &table->columns[i], row);
            if (may_be_null && row % 2 == 1)
                *value = (struct value){.is_null = true};
        }
        rows.count++;
    }
    return rows;
}

static void put(struct places *places, struct store_conn *conn, const struct table *table, const struct row_set *rows)
{
    struct ctx *cx = &places->fixture->cx;
    bool is_news = false;
    cx->db = conn;
    assert_int_equal(conn_begin_batch(cx, conn, &is_news), OK);
    conn_begin_write(conn);
    assert_int_equal(conn_touch(cx, conn, table->file, true), OK);
    assert_int_equal(rows_put(cx, table, rows), OK);
    assert_int_equal(conn_end_write(cx, conn, true), OK);
    assert_int_equal(conn_commit_batch(cx, conn), OK);
    cx->db = NULL;
}

/* Rows in each table of an open store. */
static void fill(struct places *places, struct store *store)
{
    struct ctx *cx = &places->fixture->cx;
    struct store_conn *conn = NULL;
    struct table_list tables;
    assert_int_equal(conn_open(cx, store, ROLE_WRITER, &conn), OK);
    assert_int_equal(table_list(cx, conn, true, &tables), OK);
    for (size_t i = 0; i < tables.count; i++) {
        struct row_set rows = make_rows(places, &tables.at[i]);
        put(places, conn, &tables.at[i], &rows);
    }
    conn_close(conn);
}

/* Words in all places where such a table may lie. */
static void run(struct places *places, struct store *store, const char *sql)
{
    struct ctx *cx = &places->fixture->cx;
    struct store_conn *conn = NULL;
    assert_int_equal(conn_open(cx, store, ROLE_WRITER, &conn), OK);
    if (database_run(cx, conn->of_file[STORE_PEOPLE], sql) != OK)
        fail_msg("%s: %s", sql, cx->failure.detail);
    conn_close(conn);
}

static void assert_same_rows(struct places *places, const struct table *a, const struct table *b)
{
    struct ctx *cx = &places->fixture->cx;
    struct row_set rows;
    struct row_set there;
    struct row_walk walk = {.table = a, .by = a->key, .by_count = a->key_count, .rows_max = 1000};
    int64_t count = 0;
    walk.bytes_max = SIZE_MAX;
    assert_int_equal(rows_next(cx, &walk, &rows), OK);
    assert_int_equal(rows_find(cx, b, &rows, &there), OK);
    assert_int_equal(rows_count(cx, b, &count), OK);
    assert_int_equal(rows.count, there.count);
    assert_int_equal(rows.count, count);
    assert_true(rows.count > 0);
    for (size_t i = 0; i < rows.count; i++)
        assert_true(row_is(a, row_at(a, &rows, i), row_at(b, &there, i)));
}

static void assert_same(struct places *places)
{
    struct ctx *cx = &places->fixture->cx;
    struct store_conn *a = NULL;
    struct store_conn *b = NULL;
    struct table_list of_a;
    struct table_list of_b;
    assert_int_equal(conn_open(cx, places->a, ROLE_READER, &a), OK);
    assert_int_equal(conn_open(cx, places->b, ROLE_READER, &b), OK);
    assert_int_equal(table_list(cx, a, true, &of_a), OK);
    assert_int_equal(table_list(cx, b, true, &of_b), OK);
    assert_int_equal(of_a.count, of_b.count);
    for (size_t i = 0; i < of_a.count; i++)
        assert_same_rows(places, &of_a.at[i], table_find(&of_b, of_a.at[i].name));
    conn_close(a);
    conn_close(b);
}

static int64_t age_of(struct places *places, struct store *store)
{
    struct ctx *cx = &places->fixture->cx;
    int64_t now[STORE_FILE_COUNT];
    assert_int_equal(store_conn_open(cx, store, &cx->db), OK);
    assert_int_equal(store_generations_look(cx, store, now), OK);
    store_conn_close(cx->db);
    cx->db = NULL;
    return now[STORE_PEOPLE];
}

static void move_all(struct places *places)
{
    struct ctx *cx = &places->fixture->cx;
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_move_copy(cx, &places->move), OK);
    assert_int_equal(store_move_close(cx, &places->move), OK);
    assert_int_equal(store_move_settle(cx, &places->move), OK);
    assert_int_equal(store_move_finish(cx, &places->move), OK);
}

/* ---- the tests */

static void no_table_is_left_out(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    struct store_conn *conn = NULL;
    struct table_list tables;
    int64_t all = 0;
    assert_int_equal(conn_open(cx, places->a, ROLE_READER, &conn), OK);
    assert_int_equal(table_list(cx, conn, true, &tables), OK);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        all += ask(cx, conn->of_file[file], "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                                            " AND name NOT LIKE 'sqlite_%'");
    assert_int_equal(tables.count, all - OF_THE_PLACE);
    assert_true(tables.count > 30);
    conn_close(conn);
}

static void every_row_arrives_and_comes_back(void **state)
{
    struct places *places = *state;
    fill(places, places->a);
    move_all(places);
    assert_int_equal(places->move.rows % ROWS, 0);
    assert_same(places);
    run(places, places->b, "DELETE FROM act WHERE at_ms = 0");
    run(places, places->b, "UPDATE vault SET version = 77 WHERE version <> 0");
    run(places, places->b, "INSERT INTO node_state (name, value) VALUES ('fresh', 5)");
    close_both(places);
    open_a(places, true);
    open_b(places, false);
    direct(places, places->b, places->a);
    move_all(places);
    assert_same(places);
    close_both(places);
    open_a(places, false);
    open_b(places, true);
    direct(places, places->a, places->b);
    move_all(places); /* and once more: it was left */
    assert_same(places);
}

/* A breath of another run, now and then. */
struct rival {
    struct places *places;
    int            at; /* which portion it waits for */
};

static void overtake(void *self, const struct move_progress *progress)
{
    struct rival *rival = self;
    struct store_move other = rival->places->move;
    struct ctx cx = rival->places->fixture->cx;
    if (progress->rows == 0 || --rival->at != 0)
        return;
    other.progress = NULL;
    assert_int_equal(store_move_begin(&cx, &other), OK);
}

static void a_run_that_is_overtaken_writes_no_more_and_the_next_goes_on(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    int overtaken = 0;
    fill(places, places->a);
    for (int at = 1; at < 200; at += 21) {
        struct rival rival = {places, at};
        places->move.progress = overtake;
        places->move.self = &rival;
        assert_int_equal(store_move_begin(cx, &places->move), OK);
        if (store_move_copy(cx, &places->move) == OK)
            continue; /* it had nothing to write any more */
        assert_failure(places, CONFLICT, CONFLICT, "store.overtaken");
        overtaken++;
    }
    assert_true(overtaken >= 3);
    places->move.progress = NULL;
    move_all(places);
    assert_same(places);
}

static void what_is_unique_may_change_hands(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    static const char *const SWAP[] = {
        "DELETE FROM organisation",
        "INSERT INTO organisation (organisation_id, slug, name, created_at_ms) VALUES (1, 'x', '', 0)",
        "INSERT INTO organisation (organisation_id, slug, name, created_at_ms) VALUES (2, 'y', '', 0)",
        "UPDATE organisation SET slug = 'z' WHERE organisation_id = 1",
        "UPDATE organisation SET slug = 'x' WHERE organisation_id = 2",
        "UPDATE organisation SET slug = 'y' WHERE organisation_id = 1",
    };
    fill(places, places->a);
    for (int i = 0; i < 3; i++)
        run(places, places->a, SWAP[i]);
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_move_copy(cx, &places->move), OK);
    for (int i = 3; i < 6; i++)
        run(places, places->a, SWAP[i]);
    run(places, places->a, "DELETE FROM vault WHERE version > 0");
    move_all(places);
    assert_same(places);
}

/* What a move has told of changed rows. */
struct told {
    int64_t vaults, people, organisations, others;
    int64_t fresh; /* among them */
};

static void take_change(void *self, const struct move_change *change)
{
    struct told *told = self;
    told->vaults += strcmp(change->table, "vault") == 0;
    told->people += strcmp(change->table, "person") == 0;
    told->organisations += strcmp(change->table, "organisation") == 0;
    told->others += strcmp(change->table, "vault") != 0 && strcmp(change->table, "person") != 0 &&
                    strcmp(change->table, "organisation") != 0;
    told->fresh += change->is_new;
    assert_int_equal(change->person_id == 0, strcmp(change->table, "organisation") == 0);
}

static void what_has_changed_since_it_was_copied_is_told(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    struct told told = {.vaults = 0};
    fill(places, places->a);
    places->move.changed = take_change;
    places->move.self = &told;
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_move_copy(cx, &places->move), OK);
    assert_int_equal(told.vaults + told.people + told.organisations + told.others, 0);
    run(places, places->a, "UPDATE vault SET person_id = 4711, version = 77 WHERE version = -1");
    run(places, places->a, "INSERT INTO vault (person_id, kind, version, source, confirmed_at_ms, changed_at_ms,"
                           " sealed) SELECT 4712, 1, 1, 1, 0, 0, sealed FROM vault WHERE version = 1");
    run(places, places->a, "DELETE FROM person WHERE person_id IN (-1, 1)");
    run(places, places->a, "UPDATE organisation SET name = 'another' WHERE organisation_id = 1");
    assert_int_equal(store_move_close(cx, &places->move), OK);
    assert_int_equal(store_move_settle(cx, &places->move), OK);
    assert_int_equal(store_move_finish(cx, &places->move), OK);
    assert_same(places);
    assert_int_equal(told.vaults, 3);        /* one that came, one that went, one that is new */
    assert_int_equal(told.people, 2);
    assert_int_equal(told.organisations, 2); /* as it was and as it is */
    assert_int_equal(told.others, 0);
    assert_int_equal(told.fresh, 2);
}

/* The server of the places, where there is one, cuts all connections to it. */
static void cut_all(struct places *places)
{
    struct ctx *cx = &places->fixture->cx;
    struct store_conn *conn = NULL;
    if (places->fixture->place.keys_url[0] == '\0')
        return;
    assert_int_equal(conn_open(cx, places->b, ROLE_READER, &conn), OK);
    (void)ask(cx, conn->of_file[STORE_PEOPLE], "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                                               " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    conn_close(conn);
}

static err nothing(struct ctx *cx, void *arg)
{
    (void)arg; /* that it is taken says it */
    return sql_clock_mark_settle(cx, &(struct sql_clock_mark_settle_in){1}, NULL);
}

static void a_place_that_is_closed_takes_no_writes_and_is_not_opened(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    struct store *server = NULL;
    struct store *none = NULL;
    struct store_options of_a = {.url = places->a_url, .clock = &places->fixture->clock};
    struct store_options of_b = options_of_b(places);
    fill(places, places->a);
    assert_int_equal(store_open(cx, &of_a, &server), OK);
    assert_int_equal(store_write_wait(server, cx, nothing, NULL), OK);
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_move_copy(cx, &places->move), OK);
    assert_int_equal(store_write_wait(server, cx, nothing, NULL), OK); /* beside the copy */
    assert_failure(places, store_open(cx, &of_b, &none), CONFLICT, "store.half_copied");
    assert_int_equal(store_move_close(cx, &places->move), OK);
    assert_failure(places, store_write_wait(server, cx, nothing, NULL), UNAVAILABLE, "store.moved");
    store_close(server);
    assert_failure(places, store_open(cx, &of_a, &none), CONFLICT, "store.moved");
    assert_failure(places, store_open(cx, &of_b, &none), CONFLICT, "store.half_copied");
    move_all(places);
    assert_failure(places, store_open(cx, &of_a, &none), CONFLICT, "store.moved");
    /* and the other way round */
    assert_int_equal(store_open(cx, &of_b, &server), OK);
    assert_int_equal(store_write_wait(server, cx, nothing, NULL), OK);
    close_both(places);
    open_a(places, true);
    open_b(places, false);
    direct(places, places->b, places->a);
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_write_wait(server, cx, nothing, NULL), OK);
    assert_int_equal(store_move_close(cx, &places->move), OK);
    assert_failure(places, store_write_wait(server, cx, nothing, NULL), UNAVAILABLE, "store.moved");
    cut_all(places); /* whoever connects anew takes another place among the writers */
    for (int i = 0; i < 3; i++)
        assert_failure(places, store_write_wait(server, cx, nothing, NULL), UNAVAILABLE, "store.moved");
    store_close(server);
    move_all(places);
    assert_same(places);
}

/* What lay beside the keys of the source when it was closed, and later, lies beside those of the target. */
static void what_has_moved_is_no_older_than_it_was_and_than_the_mark_says(void **state)
{
    struct places *places = *state;
    fill(places, places->a);
    int64_t before = age_of(places, places->a);
    move_all(places);
    close_both(places);
    open_a(places, true);
    open_b(places, false);
    int64_t there = age_of(places, places->b);
    assert_true(there > before);
    run(places, places->b, "DELETE FROM act WHERE at_ms = 0");
    direct(places, places->b, places->a);
    places->move.least[STORE_PEOPLE] = there + 1000;
    move_all(places);
    close_both(places);
    open_a(places, false);
    open_b(places, true);
    int64_t back = age_of(places, places->a);
    assert_true(back > there + 1000);
    direct(places, places->a, places->b);
    move_all(places);
    close_both(places);
    open_b(places, false);
    assert_true(age_of(places, places->b) > back);
    open_a(places, true);
}

static void a_move_that_was_given_up_cannot_be_finished(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    struct store_options of_a = {.url = places->a_url, .clock = &places->fixture->clock};
    struct store *none = NULL;
    fill(places, places->a);
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    assert_int_equal(store_move_copy(cx, &places->move), OK);
    assert_int_equal(store_move_close(cx, &places->move), OK);
    assert_int_equal(store_move_settle(cx, &places->move), OK);
    struct store_move late = places->move;
    assert_int_equal(store_move_cancel(cx, &places->move), OK);
    assert_failure(places, store_move_finish(cx, &late), CONFLICT, "store.overtaken");
    assert_failure(places, store_move_close(cx, &late), CONFLICT, "store.overtaken");
    assert_int_equal(store_open(cx, &of_a, &none), OK);
    store_close(none);
    move_all(places);
    assert_failure(places, store_move_cancel(cx, &places->move), CONFLICT, "store.moved");
    assert_same(places);
}

static void the_place_of_another_node_is_not_filled(void **state)
{
    struct places *places = *state;
    struct ctx *cx = &places->fixture->cx;
    fill(places, places->a);
    assert_int_equal(store_move_begin(cx, &places->move), OK);
    places->move.node = TEXT("node/two");
    assert_failure(places, store_move_begin(cx, &places->move), CONFLICT, "store.not_empty");
    direct(places, places->a, places->a);
    assert_failure(places, store_move_begin(cx, &places->move), CONFLICT, "store.not_empty");
}

#define MOVE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOVE_TEST(no_table_is_left_out),
        MOVE_TEST(every_row_arrives_and_comes_back),
        MOVE_TEST(a_run_that_is_overtaken_writes_no_more_and_the_next_goes_on),
        MOVE_TEST(what_is_unique_may_change_hands),
        MOVE_TEST(what_has_changed_since_it_was_copied_is_told),
        MOVE_TEST(a_place_that_is_closed_takes_no_writes_and_is_not_opened),
        MOVE_TEST(what_has_moved_is_no_older_than_it_was_and_than_the_mark_says),
        MOVE_TEST(a_move_that_was_given_up_cannot_be_finished),
        MOVE_TEST(the_place_of_another_node_is_not_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
