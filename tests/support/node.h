/* SPDX-License-Identifier: Apache-2.0
 * A whole node in one test process: store and key folder in a temporary folder, a clock that stands where it is put,
 * one read handle. Open, act, close; nothing is left on the disk. With DATABASE_URL the store is on that server. */
#ifndef TESTS_SUPPORT_NODE_H
#define TESTS_SUPPORT_NODE_H

#include "base/ctx.h"
#include "store/store.h"
#include "support/database_url.h"

struct test_node {
    struct set_clock     time;
    struct clock         clock;
    struct randomness    randomness;
    struct number_source numbers;
    struct store        *store;
    struct keyring      *keyring;
    struct ctx           cx; /* the operator's; change cx.actor to speak as somebody else */
    char                 folder[64];
    struct store_place   place;
};

void test_node_open(struct test_node *node);
void test_node_close(struct test_node *node);

/* For another opening of the same store. */
struct store_options test_node_store(struct test_node *node);

/* Runs a store_write_fn as `actor` and gives its result; the failure stays in node->cx.failure. */
err test_node_write(struct test_node *node, const struct actor *actor, store_write_fn run, void *arg);
/* Forgets the last failure and the arena's content between two steps. Values got before are gone. */
void test_node_rest(struct test_node *node);
void test_node_pass(struct test_node *node, int64_t ms); /* lets time go by */

#endif
