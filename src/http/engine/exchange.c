/* SPDX-License-Identifier: Apache-2.0
 * The shelf keeps a bounded number of exchanges ready, each with one block of arena memory. */
#include "http/engine/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

#define FREE_MAX 128 /* a burst's memory goes back to the system, the usual load's stays */

struct exchange *exchange_of(struct call *call)
{
    return (struct exchange *)call; /* its first member */
}

static struct exchange *make(struct exchange_shelf *shelf, struct loop *loop)
{
    struct exchange *made = calloc(1, sizeof *made);
    struct arena *arena = made == NULL ? NULL : arena_open(LIMIT_REQUEST_ARENA_BYTES);
    if (arena == NULL) {
        free(made);
        return NULL;
    }
    made->call.arena = arena;
    made->loop = loop;
    made->older = shelf->newest;
    if (shelf->newest != NULL)
        shelf->newest->newer = made;
    shelf->newest = made;
    return made;
}

static void discard(struct exchange_shelf *shelf, struct exchange *exchange)
{
    if (exchange->older != NULL)
        exchange->older->newer = exchange->newer;
    if (exchange->newer != NULL)
        exchange->newer->older = exchange->older;
    else
        shelf->newest = exchange->older;
    arena_close(exchange->call.arena);
    free(exchange);
}

/* A name for the log that tells nothing: of two ids nobody learns how many calls lay between them. */
static void next_request_id(struct exchange_shelf *shelf, char out[REQUEST_ID_SIZE + 1])
{
    if (shelf->ids_left == 0) {
        random_fill(shelf->randomness, shelf->ids[0], sizeof shelf->ids);
        shelf->ids_left = REQUEST_IDS_AT_ONCE;
    }
    shelf->ids_left--;
    base32_encode((struct bytes){shelf->ids[shelf->ids_left], REQUEST_ID_BYTES}, out);
    out[REQUEST_ID_SIZE] = '\0';
}

/* Not the whole struct: the arrays of fields are large and their counts say what of them is valid. */
static void empty_call(struct call *call)
{
    call->request.method = TEXT_NONE;
    call->request.target = TEXT_NONE;
    call->request.path = TEXT_NONE;
    call->request.query = TEXT_NONE;
    call->request.host = TEXT_NONE;
    call->request.field_count = 0;
    call->body = (struct bytes){(const uint8_t *)"", 0};
    call->reply.status = 200;
    call->reply.content_type = NULL;
    call->reply.body = TEXT_NONE;
    call->reply.close = false;
    call->reply.on_beat = false;
    call->reply.field_count = 0;
    call->lane = LANE_LOOP;
    call->turn = (struct turn){.kept = false};
    call->thread_data = NULL;
    call->route = NULL;
    call->started_ns = 0;
    call->cx = (struct ctx){.arena = call->arena};
}

struct exchange *exchange_take(struct exchange_shelf *shelf, struct loop *loop)
{
    struct exchange *taken = shelf->free;
    if (taken != NULL) {
        shelf->free = taken->next;
        shelf->free_count--;
    } else {
        taken = make(shelf, loop);
    }
    if (taken == NULL)
        return NULL;
    taken->next = NULL;
    taken->conn = NULL;
    empty_call(&taken->call);
    next_request_id(shelf, taken->call.request_id);
    return taken;
}

void exchange_give_back(struct exchange_shelf *shelf, struct exchange *exchange)
{
    assert(exchange->conn == NULL);
    if (shelf->free_count == FREE_MAX) {
        discard(shelf, exchange);
        return;
    }
    arena_reset(exchange->call.arena);
    exchange->next = shelf->free;
    shelf->free = exchange;
    shelf->free_count++;
}

void exchange_shelf_close(struct exchange_shelf *shelf)
{
    while (shelf->newest != NULL)
        discard(shelf, shelf->newest);
    shelf->free = NULL;
    shelf->free_count = 0;
}

bool mailbox_put(struct mailbox *mailbox, struct exchange *exchange)
{
    struct exchange *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    do {
        exchange->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, exchange, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return head == NULL;
}

void mailbox_wake(const struct mailbox *mailbox)
{
    uint64_t one = 1;
    ssize_t written = write(mailbox->event_fd, &one, sizeof one);
    assert(written == sizeof one); /* an eventfd refuses only at 2^64 - 1 */
}

struct exchange *mailbox_take(struct mailbox *mailbox)
{
    uint64_t wakes = 0;
    ssize_t got = read(mailbox->event_fd, &wakes, sizeof wakes);
    (void)got; /* the descriptor does not block: nothing to read is no fault */
    struct exchange *taken = atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acq_rel);
    struct exchange *in_order = NULL;
    for (struct exchange *next; taken != NULL; taken = next) {
        next = taken->next;
        taken->next = in_order;
        in_order = taken;
    }
    return in_order;
}
