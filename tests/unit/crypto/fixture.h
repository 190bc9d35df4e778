/* SPDX-License-Identifier: Apache-2.0
 * What the tests of this floor share: a request with a repeatable source of randomness, and a folder of its own that
 * goes away again. Each test makes its own; nothing is kept between two. */
#ifndef TESTS_UNIT_CRYPTO_FIXTURE_H
#define TESTS_UNIT_CRYPTO_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "support/folder.h"

struct fixture {
    struct ctx           cx;
    struct clock         clock;
    struct seeded        seeded;
    struct randomness    randomness;
    struct number_source numbers;
    char                 folder[64];
    char                 keys[80]; /* not made yet */
};

static inline struct ctx *fixture_open(struct fixture *fixture)
{
    *fixture = (struct fixture){.seeded = {0x5EED}};
    fixture->clock = clock_system();
    fixture->randomness = randomness_seeded(&fixture->seeded);
    fixture->cx = (struct ctx){.arena = arena_open(64u << 20),
                               .clock = &fixture->clock,
                               .randomness = &fixture->randomness,
                               .numbers = &fixture->numbers};
    assert_non_null(fixture->cx.arena);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/symbolon-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->keys, sizeof fixture->keys, "%s/keys", fixture->folder);
    return &fixture->cx;
}

static inline void fixture_close(struct fixture *fixture)
{
    keyring_close(fixture->cx.keyring);
    arena_close(fixture->cx.arena);
    folder_remove(fixture->folder);
}

static inline struct ctx *fixture_open_keyring(struct fixture *fixture)
{
    struct ctx *cx = fixture_open(fixture);
    assert_int_equal(keyring_open(cx, fixture->keys, true, &cx->keyring), OK);
    return cx;
}

/* Checks how a call failed, and makes the request ready for the next one. */
static inline void assert_failed(struct ctx *cx, err got, err wanted, const char *reason)
{
    assert_string_equal(error_name(got), error_name(wanted));
    assert_string_equal(cx->failure.reason, reason);
    failure_clear(&cx->failure);
}

static inline struct bytes hex(struct ctx *cx, const char *digits)
{
    struct bytes bytes = {NULL, 0};
    assert_true(hex_decode(cx->arena, text_of(digits), &bytes));
    return bytes;
}

static inline void assert_hex(struct ctx *cx, const uint8_t *at, size_t size, const char *digits)
{
    struct text text = hex_encode(cx->arena, (struct bytes){at, size});
    assert_int_equal(text.size, strlen(digits));
    assert_memory_equal(text.at, digits, text.size);
}

#endif
