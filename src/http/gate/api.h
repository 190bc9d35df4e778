/* SPDX-License-Identifier: Apache-2.0
 * The HTTP floor as one object: it gives the engine its hooks and hands each request to gate and handler. Made once by
 * the program, read-only while it serves but for the counters. What it needs from below is handed in; it owns nothing
 * of that. */
#ifndef HTTP_API_H
#define HTTP_API_H

#include "base/log.h"
#include "http/engine/server.h"
#include "store/store.h"

struct api;

struct api_options {
    struct store         *store;
    struct keyring       *keyring;
    struct number_source *numbers;
    const struct log     *log;
    const char           *origin;  /* "http://127.0.0.1:8080" or "https://node.example": no slash at the end */
    const char           *version; /* of the program */
    const char           *metrics_token; /* who has it reads /metrics; NULL: only who is on this machine, unproxied */
    bool                  dev;
};

/* Builds router, OpenAPI text and page. Borrows every option. Fails as its parts do; TOO_LARGE limit.memory. */
err api_open(struct ctx *cx, const struct api_options *options, struct api **out) MUST_CHECK;
void api_close(struct api *api); /* after server_run() has returned; takes NULL */

/* What server_open() wants. */
struct server_hooks api_hooks(struct api *api);
/* Lets /metrics speak of the engine too. Before server_run(). */
void api_set_server(struct api *api, const struct server *server);
/* The origin, when the port was the system's choice. Before server_run(); borrowed. */
void api_set_origin(struct api *api, const char *origin);

#endif
