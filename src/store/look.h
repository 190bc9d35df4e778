/* SPDX-License-Identifier: Apache-2.0
 * What can be said of a store's place before the store is opened: whether a server would do, and which files the way to
 * it needs. Nothing is made or changed, there or here. */
#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include "store/store.h"

/* Whether a server that `options` name can be reached, is what it must be, lets this user in, and holds either nothing
 * or what store_open() would go on with. Of what lies in a folder nothing is looked at. `out_begun`: the data is there.
 * Fails as store_open(), FORBIDDEN store.rights, CONFLICT store.foreign | store.same_database (keys and data on a
 * server, in one database). */
err store_look(struct ctx *cx, const struct store_options *options, bool *out_begun) MUST_CHECK;

/* Certificates, keys and lists that the URL of a server names: they are read whenever a connection is made. Paths in
 * the arena. None for a folder. Fails INVALID store.url. */
#define STORE_URL_FILES_MAX 6
struct store_url_files {
    const char *at[STORE_URL_FILES_MAX];
    size_t      count;
};
err store_url_files(struct ctx *cx, const char *url, struct store_url_files *out) MUST_CHECK;

#endif
