/* SPDX-License-Identifier: Apache-2.0
 * Statements that were announced in the running transaction, between the files of its engine. */
#ifndef STORE_POSTGRES_AHEAD_H
#define STORE_POSTGRES_AHEAD_H

#include "store/postgres_value.h"

#define POSTGRES_AHEAD_BYTES 128
#define POSTGRES_AHEAD_HASHES 1024

/* One of them; it may be asked more than once. */
struct postgres_ahead {
    const struct statement *statement;
    struct pg_result       *rows;       /* NULL: on their way, or refused; those of several that were asked together */
    int                     first, end; /* which of them are its own */
    size_t                  before;     /* the place behind that of the last one of the same hash; 0: none is alike */
    size_t                  together;   /* the place of the first of those; it has the rows */
    bool                    is_sent;
    bool                    is_spoilt;  /* a change has made it untrue */
    size_t                  size;
    uint8_t                 values[POSTGRES_AHEAD_BYTES]; /* its parameters, packed */
};

void postgres_ahead_note(struct postgres *pg, const struct statement *statement, const void *in);
/* What is noted and still true goes to the server, those of one statement together. */
err postgres_ahead_send(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Takes the rows of what was sent from this place on. */
void postgres_ahead_keep(struct postgres *pg, size_t place, struct pg_result *rows);
struct postgres_ahead *postgres_ahead_find(struct postgres *pg, const struct statement *statement, const void *in);
/* A change is sent: what was announced and may be touched by it is not true any more. */
void postgres_ahead_spoil(struct postgres *pg, const struct statement *change, const struct postgres_values *values);
void postgres_ahead_forget(struct postgres *pg); /* all */

#endif
