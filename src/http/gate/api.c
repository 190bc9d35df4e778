/* SPDX-License-Identifier: Apache-2.0
 * The engine's hooks: from a request to its handler, and from a turn of a loop to the store. */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "http/doors/api_thread.h"
#include "http/doors/oauth.h"
#include "http/doors/openapi.h"
#include "http/gate/call.h"
#include "http/gate/problem.h"
#include "http/gate/shapes.h"
#include "protocol/dpop.h"

#define API_ARENA_BYTES (16u * 1024 * 1024)
#define SECOND_NS INT64_C(1000000000)

/* ---- one request */

/* A door that takes no body takes an empty object, which some clients send with every POST, and nothing else. */
static err fill_visit(struct call *call, struct visit *visit)
{
    TRY(gate_body(call, visit->route, &visit->body));
    if (visit->route->request == NULL && visit->body != NULL)
        TRY(shape_decode(&call->cx, &SHAPE_NOTHING, visit->body, &(char){0}));
    return gate_idempotency_key(call, visit->route, &visit->idempotency_key);
}

static const struct {
    struct rate_limit failures;
    int64_t           body_bytes;
} CLASSES[LIMIT_CLASS_COUNT] = {
#define X(name, per_minute, at_once, body_bytes, sentence) {{per_minute, at_once}, body_bytes},
#include "http/limit_class.def"
#undef X
};

static err count_one(struct api_thread *thread, struct call *call, uint64_t whose)
{
    limit_class class = call_visit(call)->route->limit;
    uint64_t number = whose * LIMIT_CLASS_COUNT + class; /* doors of one class share their count */
    if (!rate_admit(&thread->rate, number, &CLASSES[class].failures, call->started_ns))
        return FAIL(&call->cx, TOO_MANY, "limit.rate", "too many requests in a short time");
    return OK;
}

err api_thread_count(struct call *call, uint64_t what)
{
    return count_one(call->thread_data, call, what);
}

static uint64_t address_of(const struct call *call)
{
    uint64_t address = 0;
    for (const char *at = call->peer; *at != '\0'; at++)
        address = address * 131 + (uint8_t)*at;
    return address;
}

/* Strangers behind many addresses take all pictures from each other, and no more than that. */
bool api_thread_may_draw(struct call *call)
{
    static const struct rate_limit OF_ADDRESS = {LIMIT_PICTURES_OF_ADDRESS, LIMIT_PICTURES_AT_ONCE};
    struct api_thread *thread = call->thread_data;
    const int64_t each_ns = INT64_C(60000000000) / LIMIT_PICTURES;
    uint64_t number = address_of(call) * LIMIT_CLASS_COUNT + LIMIT_CLASS_OPEN; /* of it nothing else is counted */
    int64_t since_ns = thread->pictures_due_ns > call->started_ns ? thread->pictures_due_ns : call->started_ns;
    if (since_ns - call->started_ns >= each_ns * 2 * LIMIT_PICTURES_AT_ONCE ||
        !rate_admit(&thread->rate, number, &OF_ADDRESS, call->started_ns))
        return false;
    thread->pictures_due_ns = since_ns + each_ns;
    return true;
}

/* What the caller's address may still try at doors like this one (draft-ietf-httpapi-ratelimit-headers-10). What can be
 * tried at once is the quota, and the time in which it all comes back is its window. */
static void tell_quota(struct api_thread *thread, struct call *call, struct visit *visit)
{
    static const char *const NAMES[LIMIT_CLASS_COUNT] = {
        [LIMIT_CLASS_SIGN_IN] = "sign-in", [LIMIT_CLASS_TOKEN] = "token"};
    limit_class class = visit->route->limit;
    const struct rate_limit *limit = &CLASSES[class].failures;
    if (limit->per_minute == 0)
        return;
    assert(NAMES[class] != NULL);
    uint64_t number = address_of(call) * LIMIT_CLASS_COUNT + class;
    struct rate_quota left = rate_left(&thread->rate, number, limit, call->started_ns);
    visit->quota_policy = text_format(call->arena, "\"%s\";q=%lld;w=%lld", NAMES[class], (long long)limit->at_once,
                                      (long long)(limit->at_once * 60 / limit->per_minute));
    visit->quota = text_format(call->arena, "\"%s\";r=%lld;t=%lld", NAMES[class], (long long)left.calls,
                               (long long)((left.whole_in_ns + SECOND_NS - 1) / SECOND_NS));
}

enum caller {
#define X(name, word, per_minute, at_once) CALLER_##name,
#include "http/limit_caller.def"
#undef X
};
static const struct {
    const char       *word;
    struct rate_limit calls;
} CALLERS[] = {
#define X(name, word, per_minute, at_once) {word, {per_minute, at_once}},
#include "http/limit_caller.def"
#undef X
};

/* Behind half of what a credential may do, its answers say how much is left; before that they are spared the words. */
static void tell_caller(struct call *call, struct visit *visit, enum caller caller, struct rate_quota left)
{
    const char *name = CALLERS[caller].word;
    const struct rate_limit *limit = &CALLERS[caller].calls;
    visit->quota_policy = text_format(call->arena, "\"%s\";q=%lld;w=%lld", name, (long long)limit->at_once,
                                      (long long)(limit->at_once * 60 / limit->per_minute));
    visit->quota = text_format(call->arena, "\"%s\";r=%lld;t=%lld", name, (long long)left.calls,
                               (long long)((left.whole_in_ns + SECOND_NS - 1) / SECOND_NS));
    if (visit->quota.size == 0 || visit->quota_policy.size == 0)
        return;
    call_add_field(call, "RateLimit-Policy", visit->quota_policy);
    call_add_field(call, "RateLimit", visit->quota);
}

/* Each credential has a count of its own, from whatever address it comes, so that neither a key that was stolen nor a
 * program that runs wild takes more than its share from all others, or from its owner's other sessions. What stops
 * something is always possible. */
static err count_caller(struct api_thread *thread, struct call *call, struct visit *visit)
{
    const struct actor *actor = &call->cx.actor;
    bool is_session = actor_signs_in(actor);
    if (visit->route->limit == LIMIT_CLASS_STOP || (!is_session && actor->kind != ACTOR_SYSTEM))
        return OK;
    const enum caller caller = is_session ? CALLER_SESSION : CALLER_SYSTEM;
    const struct rate_limit *limit = &CALLERS[caller].calls;
    uint64_t number = (uint64_t)(is_session ? actor->session_id : actor->system_id) * 2 + is_session;
    bool admitted = rate_admit(&thread->callers, number, limit, call->started_ns);
    struct rate_quota left = rate_left(&thread->callers, number, limit, call->started_ns);
    if (left.calls <= limit->at_once / 2)
        tell_caller(call, visit, caller, left);
    return admitted ? OK : FAIL(&call->cx, TOO_MANY, "limit.rate", "too many requests in a short time");
}

/* Whoever is told to come again with a nonce has proved who he is, and could not have known it. */
static bool is_somebodys_fault(const struct call *call, err failed)
{
    return failed != TOO_MANY && error_http_status(failed) < 500 &&
           !text_is(text_of(call->cx.failure.reason), DPOP_NONCE);
}

/* Only who has failed is counted, under his address: others there with a good code never pay for him. */
static err count_failure(struct api_thread *thread, struct call *call, struct visit *visit, err failed)
{
    limit_class class = visit->route->limit;
    if (CLASSES[class].failures.per_minute == 0 || !is_somebodys_fault(call, failed))
        return failed;
    struct failure why = call->cx.failure;
    failure_clear(&call->cx.failure);
    err counted = count_one(thread, call, address_of(call));
    tell_quota(thread, call, visit);
    TRY(counted);
    call->cx.failure = why;
    return failed;
}

static void note_known(struct api *api, struct call *call)
{
    uint64_t caller = 0;
    if (call->lane == LANE_POOL && call->cx.actor.kind != ACTOR_NOBODY &&
        gate_number_credentials(&api->gate, call, &caller))
        known_add(&api->known, caller);
}

static err knock(struct api_thread *thread, struct call *call, struct visit *visit)
{
    TRY(gate_admit(&visit->api->gate, call, visit->route, &visit->proof));
    note_known(visit->api, call);
    if (visit->proof.reason != NULL)
        oauth_add_nonce(call);
    TRY(count_caller(thread, call, visit));
    TRY(gate_hear_signal(call));
    TRY(fill_visit(call, visit));
    TRY(visit->route->run(call));
    if (thread->sealed == call)
        return OK;
    call_seal_note(call);
    return visit->proof.reason == NULL ? OK : call_seal_proof(call);
}

/* Gate and handler, in one snapshot of the store. */
static err visit_door(struct api_thread *thread, struct call *call, struct visit *visit)
{
    TRY(store_read_begin(&call->cx));
    err result = knock(thread, call, visit);
    return result == OK ? OK : count_failure(thread, call, visit, result);
}

static err open_visit(struct api *api, struct call *call, struct visit **out)
{
    struct visit *visit = ARENA_NEW(call->arena, struct visit);
    if (visit == NULL)
        return FAIL_MEMORY(&call->cx);
    visit->api = api;
    TRY(router_find(api->router, call, &visit->match));
    visit->route = visit->match.route;
    call->route = visit;
    *out = visit;
    return OK;
}

static void prepare_ctx(struct api_thread *thread, struct call *call)
{
    call->cx.keyring = thread->api->options.keyring;
    call->cx.numbers = thread->api->options.numbers;
    call->cx.db = thread->conn;
    store_tell_moment(thread->api->options.store, &call->cx); /* a clock that goes back revives nothing */
}

static void refuse(struct api *api, struct call *call)
{
    problem_fill(call);
    if (call->cx.failure.code == BAD_METHOD) /* RFC 9110 section 15.5.6 */
        call_add_field(call, "Allow", router_allow(api->router, call));
    problem_log(api->options.log, call, call->route == NULL ? NULL : call_visit(call)->route->path);
}

/* A store on a server makes whoever asks it wait. */
static bool may_block(const struct api *api, const struct route *route)
{
    return route->lane == LANE_POOL || (route->lane == LANE_LOOP && store_waits(api->options.store));
}

/* What is kept for stops is for everybody: whoever sends very many, or one that is as much, waits with the rest. */
static bool takes_of_kept(struct api *api, struct rate *rate, uint64_t caller, int64_t now_ns, int64_t stops)
{
    static const struct rate_limit SHARE = {LIMIT_STOPS_A_MINUTE, LIMIT_STOPS_AT_ONCE};
    (void)pthread_mutex_lock(&api->shares_lock); /* locks of our own kind do not fail */
    bool admitted = rate_admit_some(rate, caller, &SHARE, now_ns, stops);
    (void)pthread_mutex_unlock(&api->shares_lock);
    return admitted;
}

/* Who stops something waits in a line of its own. Credentials that were good here lately have all of it, others a part:
 * made-up ones, which only the store can tell, keep nobody out. */
static struct turn turn_of(struct api *api, struct call *call, const struct route *route)
{
    uint64_t caller = 0;
    if (route->limit != LIMIT_CLASS_STOP)
        return (struct turn){.few = route->limit == LIMIT_CLASS_OPEN};
    if (!gate_number_credentials(&api->gate, call, &caller))
        return (struct turn){.few = true};
    bool kept = takes_of_kept(api, &api->stopping, caller, call->started_ns, 1);
    return (struct turn){.kept = kept, .few = kept && !known_has(&api->known, caller)};
}

static verdict send_to_pool(struct api *api, struct call *call)
{
    call->turn = turn_of(api, call, call_visit(call)->route);
    return VERDICT_POOL;
}

/* Nothing has been done yet that cannot be done again from its beginning, by a thread that may wait. */
static bool wants_to_wait(const struct call *call)
{
    return call->lane == LANE_LOOP && text_is(text_of(call->cx.failure.reason), KEYRING_WAIT);
}

static verdict pass_on(struct api *api, struct call *call)
{
    failure_clear(&call->cx.failure);
    call->cx.actor = (struct actor){.kind = ACTOR_NOBODY};
    call->reply.field_count = 0;
    return send_to_pool(api, call);
}

static verdict handle(void *self, struct call *call)
{
    struct api *api = self;
    struct api_thread *thread = call->thread_data;
    struct visit *visit = NULL;
    call->route = NULL;
    err found = open_visit(api, call, &visit);
    if (found == OK && call->lane == LANE_LOOP && may_block(api, visit->route))
        return send_to_pool(api, call);
    prepare_ctx(thread, call);
    if (found == OK)
        tell_quota(thread, call, visit);
    reply_add_common_fields(call);
    call->cx.is_in_haste = call->lane == LANE_LOOP;
    err result = found == OK ? visit_door(thread, call, visit) : found;
    call->cx.is_in_haste = false; /* a sealed write runs elsewhere */
    store_read_end(&call->cx);
    assert(result == OK || thread->sealed != call); /* a handler returns what call_seal() gave */
    if (result == OK)
        return thread->sealed == call ? VERDICT_SEALED : VERDICT_REPLY;
    if (wants_to_wait(call))
        return pass_on(api, call);
    refuse(api, call);
    return VERDICT_REPLY;
}

static void refuse_early(void *self, struct call *call)
{
    call->route = NULL;
    refuse(self, call);
}

/* ---- bodies that are on their way */

/* Where there is no door, what the smallest takes: its answer is the same. */
static int64_t body_max(void *self, struct call *call)
{
    const struct api *api = self;
    struct route_match match;
    err found = router_find(api->router, call, &match);
    failure_clear(&call->cx.failure); /* told when the body is there */
    return CLASSES[found == OK ? match.route->limit : LIMIT_CLASS_OPEN].body_bytes;
}

/* Whoever the door would not hear gets no more memory. */
static err body_admit(void *self, struct call *call)
{
    struct api *api = self;
    struct visit *visit = NULL;
    call->route = NULL;
    TRY(open_visit(api, call, &visit));
    prepare_ctx(call->thread_data, call);
    err result = store_read_begin(&call->cx);
    if (result == OK)
        result = gate_admit(&api->gate, call, visit->route, &visit->proof);
    store_read_end(&call->cx);
    return result;
}

/* ---- sealed writes of a turn */

static bool goes_first(struct api *api, const struct call *call, int64_t stops)
{
    const struct actor *actor = &call->cx.actor;
    uint64_t caller = (uint64_t)(actor_signs_in(actor) ? actor->person_id : actor->system_id); /* gives grants back */
    return takes_of_kept(api, &api->stops, caller, call->started_ns, stops);
}

/* The queue is for everybody as well. A person's stops find room behind all that he has waiting besides. */
static err take_share(struct api *api, struct call *call, bool stops, struct share_place **out_place)
{
    if (!actor_signs_in(&call->cx.actor))
        return OK;
    uint64_t most = LIMIT_WRITES_OF_A_PERSON + (stops ? LIMIT_STOPS_AT_ONCE : 0);
    (void)pthread_mutex_lock(&api->shares_lock); /* locks of our own kind do not fail */
    bool taken = share_take(&api->waiting, (uint64_t)call->cx.actor.person_id, most, out_place);
    (void)pthread_mutex_unlock(&api->shares_lock);
    return taken ? OK : FAIL(&call->cx, TOO_MANY, "limit.waiting", "so many changes of yours are waiting already");
}

void api_let_go(struct api *api, struct share_place *const *places, size_t count)
{
    (void)pthread_mutex_lock(&api->shares_lock); /* locks of our own kind do not fail */
    for (size_t i = 0; i < count; i++)
        share_give_back(places[i]);
    (void)pthread_mutex_unlock(&api->shares_lock);
}

err api_thread_queue(struct api_thread *thread, struct call *call, struct store_write *write, int64_t stops,
                     struct share_place **out_place)
{
    struct sealed_chain *chain = stops > 0 && goes_first(thread->api, call, stops) ? &thread->stops : &thread->others;
    if (chain == &thread->others)
        TRY(take_share(thread->api, call, stops > 0, out_place));
    if (chain->first == NULL)
        chain->first = write;
    else
        chain->last->next = write;
    chain->last = write;
    chain->count++;
    thread->sealed = call;
    return OK;
}

/* The writer has too much before it already: every call of the turn is told to come again. */
static void turn_away(struct store_write *first)
{
    for (struct store_write *write = first; write != NULL; write = write->next)
        write->result = FAIL(write->cx, UNAVAILABLE, "store.queue_full", "too many changes are waiting");
    first->done(first); /* all of them come from call_seal() */
}

static void turn_end(void *self, void *thread_data)
{
    struct api *api = self;
    struct api_thread *thread = thread_data;
    struct sealed_chain stops = thread->stops, others = thread->others;
    thread->stops = thread->others = (struct sealed_chain){.first = NULL};
    thread->sealed = NULL; /* a later call may lie where this one lay */
    if (stops.count > 0 && !store_submit_urgent(api->options.store, stops.first, stops.count))
        turn_away(stops.first);
    if (others.count > 0 && !store_submit(api->options.store, others.first, others.count))
        turn_away(others.first);
}

/* ---- threads */

static err thread_open(void *self, lane which, struct ctx *cx, void **out_thread_data)
{
    (void)which; /* both lanes need the same */
    struct api *api = self;
    struct api_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return FAIL_MEMORY(cx);
    thread->api = api;
    random_fill(cx->randomness, (uint8_t *)&thread->rate.seed, sizeof thread->rate.seed);
    random_fill(cx->randomness, (uint8_t *)&thread->callers.seed, sizeof thread->callers.seed);
    err opened = store_conn_open(cx, api->options.store, &thread->conn);
    if (opened != OK) {
        free(thread);
        return opened;
    }
    *out_thread_data = thread;
    return OK;
}

static void thread_close(void *self, void *thread_data)
{
    (void)self; /* the thread knows its handle */
    struct api_thread *thread = thread_data;
    store_conn_close(thread->conn);
    free(thread);
}

/* ---- what is told of requests */

static void slow(void *self, struct call *call, int64_t duration_ns)
{
    struct api *api = self;
    const struct visit *visit = call->route;
    LOG(api->options.log, LOG_WARNING, "handler.slow", LOG_TEXT("route", visit == NULL ? "" : visit->route->path),
        LOG_INT("duration_us", duration_ns / 1000));
}

static void count_reply(void *self, struct call *call, int64_t duration_ns)
{
    struct api *api = self;
    const struct visit *visit = call->route;
    if (visit == NULL)
        return;
    struct route_counters *counters = &api->counters[visit->route - api->routes];
    int digit = call->reply.status / 100;
    atomic_fetch_add_explicit(&counters->replies[digit < REPLY_CLASSES ? digit : 0], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->duration_us, (uint64_t)(duration_ns / 1000), memory_order_relaxed);
}

/* ---- the object */

static err build(struct ctx *cx, struct api *api)
{
    api->routes = routes(&api->routes_count);
    api->router = router_open(api->routes, api->routes_count);
    api->counters = calloc(api->routes_count, sizeof *api->counters);
    api->arena = arena_open(API_ARENA_BYTES);
    if (api->router == NULL || api->counters == NULL || api->arena == NULL)
        return FAIL_MEMORY(cx);
    struct ctx own = {.arena = api->arena};
    err made = openapi_write(&own, api->options.version, &api->openapi);
    if (made != OK)
        cx->failure = own.failure;
    return made;
}

err api_open(struct ctx *cx, const struct api_options *options, struct api **out)
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL)
        return FAIL_MEMORY(cx);
    api->options = *options;
    (void)pthread_mutex_init(&api->shares_lock, NULL); /* allocates nothing with default attributes */
    newest_open(&api->newest);
    random_fill(cx->randomness, (uint8_t *)&api->stops.seed, sizeof api->stops.seed);
    random_fill(cx->randomness, (uint8_t *)&api->stopping.seed, sizeof api->stopping.seed);
    random_fill(cx->randomness, (uint8_t *)&api->waiting.seed, sizeof api->waiting.seed);
    api_set_origin(api, options->origin);
    err built = build(cx, api);
    if (built != OK) {
        api_close(api);
        return built;
    }
    *out = api;
    return OK;
}

void api_close(struct api *api)
{
    if (api == NULL)
        return;
    router_close(api->router);
    free(api->counters);
    arena_close(api->arena);
    (void)pthread_mutex_destroy(&api->shares_lock);
    newest_close(&api->newest);
    free(api);
}

struct server_hooks api_hooks(struct api *api)
{
    return (struct server_hooks){
        .self = api,
        .thread_open = thread_open,
        .thread_close = thread_close,
        .handle = handle,
        .body_max = body_max,
        .body_admit = body_admit,
        .refuse = refuse_early,
        .turn_end = turn_end,
        .slow = slow,
        .done = count_reply,
    };
}

void api_set_server(struct api *api, const struct server *server)
{
    api->server = server;
}

void api_set_origin(struct api *api, const char *origin)
{
    api->options.origin = origin;
    api->gate.origin = origin;
}
