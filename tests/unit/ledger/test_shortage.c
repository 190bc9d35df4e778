/* SPDX-License-Identifier: Apache-2.0
 * Goal: a call of the log that runs out of memory, wherever that is, says so and nothing else: no key that is wrong, no
 * log that has gone back, no finding; and the log is as it was. Method: the same call with 16 bytes, 32, 48 … until it
 * has enough; and with the n-th taking from the C library failing (src/ledger/CMakeLists.txt), for every n until none
 * does. */
#include <stdatomic.h>
#include <stdlib.h>

#include "ledger/audit.h"
#include "ledger/head.h"
#include "ledger/integrate.h"
#include "ledger/proof.h"
#include "unit/ledger/fixture.h"

enum { STEP_BYTES = 16, ENOUGH_BYTES = 1 << 20, TAKINGS_MAX = 2000 };

/* ---- the C library has no memory */

static atomic_long takings_left = -1; /* below 0: as many as are asked for */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool is_refused(void)
{
    return atomic_load(&takings_left) >= 0 && atomic_fetch_sub(&takings_left, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

/* ---- calls */

struct asked {
    struct log_fixture fixture;
    struct text        older_note; /* of 300 entries; the log has 600 */
    struct text        key;
    struct text        proof;
    int64_t            heard; /* by audits */
};

static err make_key_text(struct ctx *cx, struct asked *asked)
{
    struct text key = TEXT_NONE;
    err made = ledger_verifier_key(cx, &key);
    assert_true(made != OK ? key.size == 0 : text_equals(key, asked->key));
    return made;
}

static err read_key(struct ctx *cx, struct asked *asked)
{
    struct note_key key;
    return note_key_parse(cx, asked->key, &key);
}

static err sign_head(struct ctx *cx, struct asked *asked)
{
    const struct merkle_head tree = {.size = 12};
    struct text note = TEXT_NONE;
    (void)asked; /* a tree of any kind is signed */
    err signed_ = head_sign(cx, &tree, &note);
    assert_true((signed_ == OK) == (note.size > 0));
    return signed_;
}

static err prove(struct ctx *cx, struct asked *asked)
{
    uint8_t salt[LEDGER_SALT_BYTES];
    struct text file = TEXT_NONE;
    receipt_salt(5, salt);
    err made = ledger_proof(cx, receipt_person(5), 5, salt, &file);
    assert_true(made != OK ? file.size == 0 : text_equals(file, asked->proof));
    return made;
}

static err check_proof(struct ctx *cx, struct asked *asked)
{
    int64_t receipt = 5;
    struct bytes payload = {(const uint8_t *)&receipt, sizeof receipt};
    struct proof proof;
    return proof_verify(cx, asked->proof, asked->key, payload, &proof);
}

static err check_extends(struct ctx *cx, struct asked *asked)
{
    return ledger_check_extends(cx, asked->older_note);
}

static err read_tile(struct ctx *cx, struct asked *asked)
{
    struct bytes data;
    bool found = false;
    (void)asked; /* the log of the fixture */
    TRY(ledger_tile(cx, &(struct tile){0, 1, 256}, &data, &found));
    assert_true(found);
    return OK;
}

/* Far enough for a tile that grows, one that is full and one that is new, at two levels. */
static err grow(struct ctx *cx, struct asked *asked)
{
    struct ledger_head head;
    struct integration *log = NULL;
    struct merkle_head grown;
    (void)asked; /* the log of the fixture */
    TRY(ledger_head(cx, &head));
    TRY(integrate_open(cx, &head.tree, &log));
    for (int i = 0; i < 200; i++)
        TRY(integrate_entry(cx, log, (uint8_t[HASH_BYTES]){(uint8_t)i}));
    TRY(integrate_finish(cx, log, &grown));
    assert_int_equal(grown.size, head.tree.size + 200);
    return OK;
}

static err name_tile(struct ctx *cx, struct asked *asked)
{
    (void)asked; /* no log has it */
    struct text path = tile_path_format(cx->arena, &(struct tile){1, INT64_C(1234067), 5});
    if (path.at == NULL)
        return FAIL_MEMORY(cx);
    assert_true(text_is(path, "/log/tile/1/x001/x234/067.p/5"));
    return OK;
}

static void hear(void *self, struct text sentence)
{
    struct asked *asked = self;
    (void)sentence; /* that there is one is too much */
    asked->heard++;
}

static err audit(struct ctx *cx, struct asked *asked)
{
    struct ledger_audit audit = {.found = hear, .self = asked};
    err done = ledger_audit(cx, &audit);
    assert_int_equal(asked->heard, 0);
    return done;
}

static err sequence(struct ctx *cx, struct asked *asked)
{
    struct ledger_pass pass = {.sequenced = -1};
    err done = ledger_sequence(cx, asked->fixture.store, &pass);
    assert_true(done == OK || pass.sequenced == -1);
    return done;
}

static const struct {
    const char *name;
    err (*run)(struct ctx *cx, struct asked *asked);
} CALLS[] = {{"make_key_text", make_key_text}, {"read_key", read_key},           {"sign_head", sign_head},
             {"prove", prove},                 {"check_proof", check_proof},     {"check_extends", check_extends},
             {"read_tile", read_tile},         {"grow", grow},                   {"name_tile", name_tile},
             {"audit", audit},                 {"sequence", sequence}};
#define CALL_COUNT (sizeof CALLS / sizeof *CALLS)

static struct ctx *asked_open(struct asked *asked)
{
    struct ledger_head head;
    uint8_t salt[LEDGER_SALT_BYTES];
    *asked = (struct asked){.heard = 0};
    struct ctx *cx = log_fixture_open(&asked->fixture);
    log_append(&asked->fixture, 300);
    log_sequence(&asked->fixture);
    assert_int_equal(ledger_head(cx, &head), OK);
    struct bytes note = bytes_copy(cx->arena, bytes_of_text(head.note));
    char kept[1000];
    assert_true(note.size <= sizeof kept);
    memcpy(kept, note.at, note.size);
    log_append(&asked->fixture, 300);
    log_sequence(&asked->fixture); /* empties the arena */
    asked->older_note = text_of_bytes(bytes_copy(cx->arena, (struct bytes){(const uint8_t *)kept, note.size}));
    receipt_salt(5, salt);
    assert_int_equal(ledger_verifier_key(cx, &asked->key), OK);
    assert_int_equal(ledger_proof(cx, receipt_person(5), 5, salt, &asked->proof), OK);
    return cx;
}

static bool is_done(struct ctx *cx, const char *name, err result)
{
    if (result != OK && (result != TOO_LARGE || strcmp(cx->failure.reason, "limit.memory") != 0))
        fail_msg("%s: %s, %s (%s)", name, cx->failure.reason, cx->failure.detail, cx->failure.where);
    failure_clear(&cx->failure);
    return result == OK;
}

static void a_small_arena_is_told_and_nothing_else(void **state)
{
    (void)state;
    struct asked asked;
    struct ctx *cx = asked_open(&asked);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        size_t bytes = 0;
        bool done = false;
        if (CALLS[i].run == sequence) /* brings its own */
            continue;
        while (!done && bytes < ENOUGH_BYTES) {
            struct ctx small = *cx;
            bytes += STEP_BYTES;
            small.arena = arena_open(bytes);
            done = is_done(&small, CALLS[i].name, CALLS[i].run(&small, &asked));
            arena_close(small.arena);
        }
        if (!done || bytes == STEP_BYTES)
            fail_msg("%s with %zu bytes: %s", CALLS[i].name, bytes, done ? "has enough at once" : "never has enough");
    }
    log_fixture_close(&asked.fixture);
}

/* With an arena that has taken nothing yet, so that each block has to come. */
static err run_short(struct ctx *cx, size_t call, struct asked *asked, long n)
{
    struct ctx fresh = *cx;
    fresh.arena = arena_open(ENOUGH_BYTES);
    atomic_store(&takings_left, n);
    err result = CALLS[call].run(&fresh, asked);
    bool untouched = atomic_load(&takings_left) >= 0;
    atomic_store(&takings_left, -1);
    bool done = is_done(&fresh, CALLS[call].name, result);
    assert_true(done || !untouched);
    arena_close(fresh.arena);
    return untouched ? OK : TOO_LARGE;
}

static void a_machine_without_memory_is_told_and_nothing_else(void **state)
{
    (void)state;
    struct asked asked;
    struct ctx *cx = asked_open(&asked);
    struct ledger_head before;
    struct ledger_head after;
    log_append(&asked.fixture, 300);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        long n = 0;
        assert_int_equal(ledger_head(cx, &before), OK);
        while (n < TAKINGS_MAX && run_short(cx, i, &asked, n) != OK)
            n++;
        assert_in_range(n, 1, TAKINGS_MAX - 1);
        assert_int_equal(ledger_head(cx, &after), OK);
        assert_int_equal(after.tree.size, before.tree.size + (CALLS[i].run == sequence ? 300 : 0));
    }
    log_fixture_close(&asked.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_arena_is_told_and_nothing_else),
        cmocka_unit_test(a_machine_without_memory_is_told_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
