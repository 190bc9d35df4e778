/* SPDX-License-Identifier: Apache-2.0
 * What can be told of a database before anything is made in it, inside this floor only. Nothing is changed. */
#ifndef STORE_POSTGRES_LOOK_H
#define STORE_POSTGRES_LOOK_H

#include "store/postgres.h"

/* Names server and database, in the arena; servers that copy one another have one name. */
struct postgres_name {
    const char *server;
    const char *database;
};
err postgres_name(struct ctx *cx, struct postgres *pg, struct postgres_name *out) MUST_CHECK;

struct postgres_seen {
    bool                 is_begun;           /* what is ours is there */
    bool                 has_keys_elsewhere; /* the data says that its keys lie in a database */
    struct postgres_name name;
};
/* Whether such an opening would do, as look.h says; for a ROLE_READER. */
err postgres_look(struct ctx *cx, const struct postgres_options *options, struct postgres_seen *out) MUST_CHECK;

#endif
