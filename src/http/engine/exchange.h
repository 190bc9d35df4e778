/* SPDX-License-Identifier: Apache-2.0
 * A call with what the engine needs around it, the store of unused ones, and the way back from other threads. An
 * exchange belongs to one loop for ever: only that loop's thread takes it, gives it back and sees its connection. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdatomic.h>

#include "http/engine/server.h"

struct h1_conn;
struct loop;

struct exchange {
    struct call      call;                /* first: a call's address is its exchange's */
    struct loop     *loop;
    struct h1_conn  *conn;                /* NULL once the client has left */
    struct exchange *next;                /* in the list that holds it: free, mailbox, pool queue or hold */
    int64_t          leaves_at_ns;        /* while it is held … */
    struct exchange *before;              /* … and who leaves before it */
    struct exchange *older, *newer;       /* all of one loop */
};

struct exchange *exchange_of(struct call *call);

#define REQUEST_ID_BYTES 16
#define REQUEST_IDS_AT_ONCE 64 /* drawn together, so that the system is asked once for so many calls */

/* The exchanges of one loop. All zero at first but for `randomness`, which is borrowed. */
struct exchange_shelf {
    const struct randomness *randomness;
    struct exchange         *free;
    struct exchange         *newest;
    size_t                   free_count;
    size_t                   ids_left; /* of `ids`, from its end */
    uint8_t                  ids[REQUEST_IDS_AT_ONCE][REQUEST_ID_BYTES];
};

/* An empty call with its arena, request id and status 200; NULL when the C library has no memory. */
struct exchange *exchange_take(struct exchange_shelf *shelf, struct loop *loop);
void exchange_give_back(struct exchange_shelf *shelf, struct exchange *exchange);
void exchange_shelf_close(struct exchange_shelf *shelf); /* frees all, also those that never came back */

/* Completed exchanges on their way to a loop, from any thread: a list with one atomic head, and a descriptor that
 * becomes readable when the list stops being empty. */
struct mailbox {
    _Atomic(struct exchange *) head;
    int event_fd;
};

/* Gives the list in the order of arrival and leaves the mailbox empty and its descriptor quiet. Loop thread only. */
struct exchange *mailbox_take(struct mailbox *mailbox);
bool mailbox_put(struct mailbox *mailbox, struct exchange *exchange); /* true: the mailbox was empty, wake its loop */
void mailbox_wake(const struct mailbox *mailbox);

#endif
