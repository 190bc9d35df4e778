/* SPDX-License-Identifier: Apache-2.0
 * A holder of the keys on a thread of its own, and a keyring with a socket to it. It counts the keys that it has
 * destroyed. */
#ifndef TESTS_UNIT_CRYPTO_HOLDER_BEHIND_H
#define TESTS_UNIT_CRYPTO_HOLDER_BEHIND_H

#include <pthread.h>
#include <sys/socket.h>

#include "crypto/key_holder.h"
#include "support/own_stack.h"
#include "unit/crypto/fixture.h"

struct behind {
    struct ctx         cx; /* its own */
    struct randomness  randomness;
    struct key_service service;
    struct own_stack   stack; /* of its thread */
    int                socket;
    int64_t            told; /* keys that were destroyed */
};

static inline void count_destroyed(void *told, int64_t bucket)
{
    assert_true(bucket > 0);
    ++*(int64_t *)told;
}

static inline void *serve(void *arg)
{
    struct behind *behind = arg;
    key_service_run(&behind->cx, &behind->service, behind->socket);
    close(behind->socket);
    return NULL;
}

/* Gives the keyring's end of the socket. */
static inline int behind_begin(struct behind *behind, const struct fixture *fixture)
{
    int ends[2];
    *behind = (struct behind){.randomness = randomness_system(), .service = {.lacks = 6}};
    behind->service.destroyed = count_destroyed;
    behind->service.self = &behind->told;
    behind->cx = (struct ctx){.arena = arena_open(1 << 20), .clock = &fixture->clock,
                              .randomness = &behind->randomness};
    err opened = key_holder_open(&behind->cx, fixture->keys, true, &behind->service.holder);
    assert_true((opened == OK) == (behind->cx.failure.code == OK)); /* some tests make it fail */
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    behind->socket = ends[1];
    own_stack_begin(&behind->stack, serve, behind);
    return ends[0];
}

static inline void behind_end(struct behind *behind)
{
    own_stack_wait(&behind->stack);
    own_stack_close(&behind->stack);
    key_holder_close(behind->service.holder);
    arena_close(behind->cx.arena);
}

static inline struct ctx *connect_keyring(struct fixture *fixture, struct behind *behind)
{
    struct ctx *cx = fixture_open(fixture);
    int socket = behind_begin(behind, fixture);
    assert_int_equal(keyring_connect(cx, socket, fixture->keys, &cx->keyring), OK);
    return cx;
}

static inline void disconnect(struct fixture *fixture, struct behind *behind)
{
    keyring_close(fixture->cx.keyring);
    fixture->cx.keyring = NULL;
    behind_end(behind);
    fixture_close(fixture);
}

#endif
