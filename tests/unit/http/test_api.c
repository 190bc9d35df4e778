/* SPDX-License-Identifier: Apache-2.0
 * Goal: a request is judged by a clock that never goes back: what time has ended stays ended; and what stops something
 * goes first, whoever else stops much. Method: the hooks of the server called by hand, with a clock that is put forward
 * and back, and the line of a thread filled by hand. */
#include "http/gate/api.h"

#include <stdio.h>

#include "base/limits.h"
#include "http/doors/api_thread.h"
#include "support/world.h"

static struct text session_of_cleo(struct world *world)
{
    struct person_create create = {.name = TEXT("Cleo")};
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &create));
    struct person_sign_in sign_in = {.link_token = create.out_link_token};
    ASSERT_OK(world, WRITE(world, (struct actor){.kind = ACTOR_NOBODY}, person_sign_in, &sign_in));
    return sign_in.out_session_token;
}

/* The status of GET /v1/me with this session; the engine's part is played by hand. */
static int status_of_me(struct world *world, const struct server_hooks *hooks, void *thread, struct text session)
{
    struct arena *arena = world->node.cx.arena; /* the use of a session may be noted later */
    struct call *call = ARENA_NEW(arena, struct call);
    struct h1_refusal refusal;
    char head[256];
    assert_non_null(call);
    (void)snprintf(head, sizeof head, "GET /v1/me HTTP/1.1\r\nHost: x\r\nCookie: session=%.*s\r\n\r\n",
                   TEXT_ARGS(session));
    assert_int_equal(h1_parse(text_of(head), &call->request, &refusal), H1_DONE);
    call->arena = arena;
    call->cx = (struct ctx){.arena = arena, .clock = &world->node.clock, .randomness = &world->node.randomness,
                            .now_ms = world->node.time.wall_ms};
    call->thread_data = thread;
    call->reply.status = 200;
    (void)snprintf(call->request_id, sizeof call->request_id, "abcdefghijklmnopqrstuvwxyz");
    verdict given = hooks->handle(hooks->self, call);
    assert_true(given == VERDICT_REPLY || (given == VERDICT_SEALED && call->reply.status == 200));
    return call->reply.status;
}

static void a_clock_that_goes_back_revives_no_session(void **state)
{
    struct world *world = *state;
    struct log log = {.fd = 2, .least = LOG_ERROR};
    struct api_options options = {.store = world->node.store, .keyring = world->node.keyring,
                                  .numbers = &world->node.numbers, .log = &log, .origin = "http://x", .version = "0"};
    struct api *api = NULL;
    void *thread = NULL;
    if (store_is_on_server())
        skip(); /* there a call goes to a thread of the engine that may wait */
    ASSERT_OK(world, api_open(world_as(world, world->operator_), &options, &api));
    struct server_hooks hooks = api_hooks(api);
    ASSERT_OK(world, hooks.thread_open(hooks.self, LANE_LOOP, &world->node.cx, &thread));
    struct text session = session_of_cleo(world);
    assert_int_equal(status_of_me(world, &hooks, thread, session), 200);
    world->node.time.wall_ms += LIMIT_SESSION_IDLE_MS - 1;
    assert_int_equal(status_of_me(world, &hooks, thread, session), 200);
    world->node.time.wall_ms += 1;
    assert_int_equal(status_of_me(world, &hooks, thread, session), 401);
    world->node.time.wall_ms -= LIMIT_SESSION_IDLE_MS / 2;
    assert_int_equal(status_of_me(world, &hooks, thread, session), 401);
    hooks.thread_close(hooks.self, thread);
    api_close(api);
}

/* As many stops of one system as go first, and one more; gives how many of the thread's go first now. */
static size_t stop_often(struct api_thread *thread, struct call *call, int64_t system_id)
{
    static struct store_write writes[LIMIT_STOPS_AT_ONCE + 1];
    struct share_place *place = NULL;
    call->cx.actor = (struct actor){.kind = ACTOR_SYSTEM, .organisation_id = 1, .system_id = system_id};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        assert_int_equal(api_thread_queue(thread, call, &writes[i], 1, &place), OK);
    return thread->stops.count;
}

static void no_system_takes_what_is_kept_for_the_stops_of_another(void **state)
{
    struct world *world = *state;
    struct api_options options = {.store = world->node.store, .keyring = world->node.keyring,
                                  .numbers = &world->node.numbers, .origin = "http://x", .version = "0"};
    struct call *call = ARENA_NEW(world->node.cx.arena, struct call);
    struct api_thread thread = {.api = NULL};
    ASSERT_OK(world, api_open(world_as(world, world->operator_), &options, &thread.api));
    call->started_ns = 1000000000; /* all at one moment */
    assert_int_equal(stop_often(&thread, call, 7), LIMIT_STOPS_AT_ONCE);
    assert_int_equal(stop_often(&thread, call, 8), 2 * LIMIT_STOPS_AT_ONCE);
    assert_int_equal(stop_often(&thread, call, 7), 2 * LIMIT_STOPS_AT_ONCE);
    assert_int_equal(thread.others.count, LIMIT_STOPS_AT_ONCE + 3);
    api_close(thread.api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_clock_that_goes_back_revives_no_session),
        WORLD_TEST(no_system_takes_what_is_kept_for_the_stops_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
