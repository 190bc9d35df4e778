/* SPDX-License-Identifier: Apache-2.0
 * One thread prepares, the store's writer brings back. */
#include "flight.h"

#include <stdlib.h>

#define ARENA_BYTES (1u << 20)
#define TURN_MAX 64 /* what one turn of a loop hands in together */

/* Cuts the chain where the flight changes: threads with flights of their own may share a group commit. Once a flier is
 * told its thread may take it away. */
static void come_back(struct store_write *first)
{
    for (struct store_write *write = first, *next; write != NULL;) {
        struct flight *flight = ((struct flier *)write->owner)->flight;
        (void)pthread_mutex_lock(&flight->lock);
        for (; write != NULL && ((struct flier *)write->owner)->flight == flight; write = next) {
            struct flier *flier = write->owner;
            next = write->next;
            must(&flier->cx, write->result);
            flier->next = flight->back;
            flight->back = flier;
        }
        (void)pthread_cond_signal(&flight->wake);
        (void)pthread_mutex_unlock(&flight->lock);
    }
}

void flight_open(struct flight *flight, struct world *world, size_t count)
{
    *flight = (struct flight){.world = world, .count = count, .fliers = calloc(count, sizeof *flight->fliers)};
    must_be(flight->fliers != NULL && count <= FLIGHT_MAX, "no room for so many in flight");
    (void)pthread_mutex_init(&flight->lock, NULL); /* default attributes: cannot fail on this system */
    (void)pthread_cond_init(&flight->wake, NULL);
    for (size_t i = 0; i < count; i++) {
        struct flier *flier = &flight->fliers[i];
        flier->flight = flight;
        flier->cx = world->cx;
        flier->cx.arena = arena_open(ARENA_BYTES);
        must_be(flier->cx.arena != NULL, "no memory for an arena");
    }
}

void flight_close(struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++)
        arena_close(flight->fliers[i].cx.arena);
    (void)pthread_cond_destroy(&flight->wake);
    (void)pthread_mutex_destroy(&flight->lock);
    free(flight->fliers);
}

static struct flier *wait_for_some(struct flight *flight)
{
    (void)pthread_mutex_lock(&flight->lock);
    while (flight->back == NULL)
        (void)pthread_cond_wait(&flight->wake, &flight->lock);
    struct flier *some = flight->back;
    flight->back = NULL;
    (void)pthread_mutex_unlock(&flight->lock);
    return some;
}

/* A turn's writes on their way to the store. */
struct chain {
    struct store_write *first;
    struct store_write *last;
    size_t              count;
};

static void hand_in(struct flight *flight, struct chain *chain)
{
    if (chain->count > 0)
        must_be(store_submit(flight->world->store, chain->first, chain->count), "the writer's queue is full");
    *chain = (struct chain){.count = 0};
}

static void start(struct flight *flight, const struct mission *mission, struct flier *flier, struct chain *chain)
{
    arena_reset(flier->cx.arena);
    flier->cx.now_ms = store_now_ms(flight->world->store);
    flier->write = (struct store_write){.cx = &flier->cx, .done = come_back, .owner = flier};
    mission->prepare(flight->world, flier);
    if (chain->last == NULL)
        chain->first = &flier->write;
    else
        chain->last->next = &flier->write;
    chain->last = &flier->write;
    if (++chain->count == TURN_MAX)
        hand_in(flight, chain);
}

size_t flight_run(struct flight *flight, const struct mission *mission, double seconds, size_t most)
{
    struct chain chain = {.count = 0};
    size_t started = 0;
    size_t back = 0;
    double end = seconds_now() + seconds;
    for (; started < flight->count && (most == 0 || started < most); started++)
        start(flight, mission, &flight->fliers[started], &chain);
    hand_in(flight, &chain);
    while (back < started) {
        bool on = seconds_now() < end;
        for (struct flier *flier = wait_for_some(flight), *next; flier != NULL; flier = next) {
            next = flier->next;
            mission->check(flier);
            back++;
            if (on && (most == 0 || started < most)) {
                start(flight, mission, flier, &chain);
                started++;
            }
        }
        hand_in(flight, &chain);
    }
    return back;
}
