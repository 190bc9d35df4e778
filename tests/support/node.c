/* SPDX-License-Identifier: Apache-2.0
 * See node.h. */
#include "support/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "domain/proof/act.h"
#include "support/folder.h"

static void must(struct test_node *node, err result)
{
    if (result != OK)
        fail_msg("%s: %s (%s)", node->cx.failure.reason, node->cx.failure.detail, node->cx.failure.where);
}

struct store_options test_node_store(struct test_node *node)
{
    struct store_options options = store_place_options(&node->place, &node->clock);
    options.volatile_ = true;
    options.newest_number = act_newest_number;
    return options;
}

void test_node_open(struct test_node *node)
{
    *node = (struct test_node){.time = {.wall_ms = INT64_C(1792000000000)}};
    /* in memory where there is such a folder: what a disk keeps is another test's question */
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(node->folder, sizeof node->folder, "%s/symbolon-test-XXXXXX", parent);
    assert_non_null(mkdtemp(node->folder));
    node->clock = clock_set(&node->time);
    node->randomness = randomness_system();
    node->cx = (struct ctx){
        .arena = arena_open(64u << 20),
        .clock = &node->clock,
        .randomness = &node->randomness,
        .numbers = &node->numbers,
        .now_ms = node->time.wall_ms,
        .actor = {.kind = ACTOR_OPERATOR},
    };
    char path[128];
    (void)snprintf(path, sizeof path, "%s/keys", node->folder);
    must(node, keyring_open(&node->cx, path, true, &node->keyring));
    node->cx.keyring = node->keyring;
    (void)snprintf(path, sizeof path, "%s/data", node->folder);
    store_place_choose(&node->cx, path, &node->place);
    struct store_options options = test_node_store(node);
    must(node, store_open(&node->cx, &options, &node->store));
    must(node, store_conn_open(&node->cx, node->store, &node->cx.db));
}

void test_node_close(struct test_node *node)
{
    store_conn_close(node->cx.db);
    store_close(node->store);
    keyring_close(node->keyring);
    arena_close(node->cx.arena);
    folder_remove(node->folder);
}

err test_node_write(struct test_node *node, const struct actor *actor, store_write_fn run, void *arg)
{
    failure_clear(&node->cx.failure);
    node->cx.actor = *actor;
    node->cx.now_ms = node->time.wall_ms;
    return store_write_wait(node->store, &node->cx, run, arg);
}

void test_node_rest(struct test_node *node)
{
    failure_clear(&node->cx.failure);
    arena_reset(node->cx.arena);
}

void test_node_pass(struct test_node *node, int64_t ms)
{
    node->time.wall_ms += ms;
    node->time.monotonic_ns += ms * 1000000;
    node->cx.now_ms = node->time.wall_ms;
}
