/* SPDX-License-Identifier: Apache-2.0
 * What transactions say to the server besides their statements, between the files of this engine. */
#ifndef STORE_POSTGRES_WORD_H
#define STORE_POSTGRES_WORD_H

#include "store/postgres.h"

/* Prepared once on a connection. */
typedef enum postgres_word {
    WORD_BEGIN_WRITE,
    WORD_BEGIN_READ,
    WORD_COMMIT,
    WORD_ROLLBACK,
    WORD_SAVE,
    WORD_RELEASE,
    WORD_RESTORE,
    WORD_MARK, /* the last word of a batch (postgres_commit.c): slot, writer, number, newest number, changes */
    WORD_COUNT
} postgres_word;

/* Sends one of them with its numbers; nobody waits. */
err postgres_send_word(struct ctx *cx, struct postgres *pg, postgres_word word, const int64_t *numbers) MUST_CHECK;

/* Until when a writer has its place, by the clock of the database, the only one that all writers share: a server that
 * is there writes its mark of time at least once a minute. */
#define POSTGRES_MARK_NOW_MS "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
#define POSTGRES_MARK_UNTIL_MS POSTGRES_MARK_NOW_MS " + 300000"

#endif
