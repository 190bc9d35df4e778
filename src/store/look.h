/* SPDX-License-Identifier: Apache-2.0
 * What can be said of a store's place before the store is opened: whether a server would do, which files the way to it
 * needs, and where it leads. Nothing is made or changed, there or here. */
#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include "store/store.h"

/* Whether a server that `options` name can be reached, is what it must be, lets this user in, and holds either nothing
 * or what store_open() would go on with. Of a folder it is looked at whether it is one, and at nothing in it.
 * `out_begun`: the data is there.
 * Fails as store_open(), FORBIDDEN store.rights, CONFLICT store.foreign | store.same_database (keys and data on a
 * server, in one database) | store.table (somebody has hung on a table what may take rows away) | store.pooler (one in
 * between gives a session to several connections) | store.keys (the data says that its keys lie in a database, and
 * `options` name a folder without any); USAGE store.option. */
err store_look(struct ctx *cx, const struct store_options *options, bool *out_begun) MUST_CHECK;

/* The folder in which files are to lie, where a place of `options` is one: empty, or as it is. Fails INVALID store.url
 * when there is nothing that it could stand in, INTERNAL store.open | store.io. */
err store_make_folder(struct ctx *cx, const struct store_options *options) MUST_CHECK;

/* Certificates, keys and lists that the URL of a server names: they are read whenever a connection is made. Paths in
 * the arena. None for a folder. Fails INVALID store.url, USAGE store.option (as for a
 * passfile that cannot be read). */
#define STORE_URL_FILES_MAX 6
struct store_url_files {
    const char *at[STORE_URL_FILES_MAX];
    size_t      count;
};
err store_url_files(struct ctx *cx, const char *url, struct store_url_files *out) MUST_CHECK;

/* The way to a server, found out once, for who will look up no name any more. */
#define STORE_ROUTE_PORTS_MAX 16
struct store_route {
    const char *url;     /* the same place, with the address of each host and the user's name said; in the arena */
    uint16_t    ports[STORE_ROUTE_PORTS_MAX]; /* of TCP, each once */
    size_t      port_count;
    bool        by_socket; /* one that lies in a folder of this machine is among the hosts */
    const char *unknown;   /* names of hosts that have no address now, and so are left out; NULL: none */
};
/* Of a folder: its URL and nothing else. Waits for whoever knows the names. Fails INVALID store.url, UNAVAILABLE
 * store.connect when no host has an address. */
err store_url_route(struct ctx *cx, const char *url, struct store_route *out) MUST_CHECK;

#endif
