/* SPDX-License-Identifier: Apache-2.0
 * Statements that were announced in the running transaction, between the files of its engine. */
#ifndef STORE_POSTGRES_AHEAD_H
#define STORE_POSTGRES_AHEAD_H

#include "store/postgres_value.h"

#define POSTGRES_AHEAD_BYTES 112

/* One of them; it may be asked more than once. */
struct postgres_ahead {
    const struct statement *statement;
    struct pg_result       *rows;       /* NULL: on their way, or refused */
    bool                    is_spoilt;  /* a change has made it untrue */
    size_t                  size;
    uint8_t                 values[POSTGRES_AHEAD_BYTES]; /* its parameters */
};

/* Gives the number of its place; false: there is none for it, or it stands there already. */
bool postgres_ahead_note(struct postgres *pg, const struct statement *statement, const void *in, size_t *out);
void postgres_ahead_keep(struct postgres *pg, size_t place, struct pg_result *rows); /* takes the rows */
struct postgres_ahead *postgres_ahead_find(struct postgres *pg, const struct statement *statement, const void *in);
/* A change is sent: what was announced and may be touched by it is not true any more. */
void postgres_ahead_spoil(struct postgres *pg, const struct statement *change, const struct postgres_values *values);
void postgres_ahead_forget(struct postgres *pg); /* all */

#endif
