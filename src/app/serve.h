/* SPDX-License-Identifier: Apache-2.0
 * Serving an opened node until it is told to stop. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/cli.h"

/* Blocks SIGTERM and SIGINT in this thread: before any other thread is made. */
void serve_block_signals(void);

/* Whether --listen can be served, before anything is made. USAGE cli.listen, UNAVAILABLE server.port_taken, INVALID
 * server.address. */
err serve_probe(struct cli *cli) MUST_CHECK;

/* Opens the node as cli_open() does, for a process that serves: behind this it reaches the store's folder, listens
 * once, and nothing else (app/sandbox.h). */
err serve_open(struct cli *cli, bool create) MUST_CHECK;

/* Binds, gives up all calls that serving does not need, starts the courier, calls `ready` with the node's URL once
 * every thread has its connections, runs until a signal, drains, and leaves the node open. UNAVAILABLE key.holder_gone
 * when the process that holds the keys ended before. */
struct serving {
    struct cli *cli;
    err (*ready)(struct cli *cli, struct text url, void *arg);
    void *arg;
    bool  for_browsers; /* which make passkeys for names alone: this machine is called localhost then */
};
err serve_run(const struct serving *serving) MUST_CHECK;

#endif
