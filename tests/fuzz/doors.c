/* SPDX-License-Identifier: Apache-2.0
 * What stands between the head of a request and its handler: the door of a path, credentials and cookies, Accept, media
 * type, Idempotency-Key, the parameters of a query with the place in a list, the shape of a body. The input is a
 * request. Whoever comes is known (the linker puts two functions that say so before the true ones), so the fuzzer gets
 * to the end; what comes through has been held against simpler readers. */
#include "base/limits.h"
#include "base/text.h"
#include "domain/entrance/session.h"
#include "domain/parties/organisation.h"
#include "domain/people/person.h"
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_keyring.h"
#include "http/gate/accept.h"
#include "http/gate/call.h"
#include "http/gate/gate.h"

#define NOW_MS INT64_C(1795000000000)
#define STRUCT_BYTES_MAX 4096

err __wrap_organisation_authenticate(struct ctx *cx, struct text token, struct actor *out);
err __wrap_session_authenticate(struct ctx *cx, struct text token, struct actor *out);

/* The value came as it stands in exactly one field of the request, behind a word. */
static bool has_come(const struct call *call, const char *name, struct text token)
{
    struct text value;
    if (!h1_field(&call->request, name, &value))
        return false;
    return token.at >= value.at && token.at + token.size <= value.at + value.size;
}

err __wrap_organisation_authenticate(struct ctx *cx, struct text token, struct actor *out)
{
    const struct call *call = (const struct call *)((const char *)cx - offsetof(struct call, cx));
    assert(token.size > 0 && has_come(call, "Authorization", token));
    assert(text_equals(token, text_trim(token)));
    *out = (struct actor){.kind = ACTOR_SYSTEM, .organisation_id = 7, .department_id = 1, .scopes = UINT32_MAX};
    return OK;
}

err __wrap_session_authenticate(struct ctx *cx, struct text token, struct actor *out)
{
    const struct call *call = (const struct call *)((const char *)cx - offsetof(struct call, cx));
    assert(has_come(call, "Cookie", token) && (token.size == 0 || memchr(token.at, ';', token.size) == NULL));
    assert(token.at - 8 >= call->request.fields[0].name.at && memcmp(token.at - 8, "session=", 8) == 0);
    *out = (struct actor){.kind = ACTOR_PERSON, .person_id = 7};
    return OK;
}

static void assert_refusal(struct call *call)
{
    const struct failure *failure = &call->cx.failure;
    assert(failure->code != OK && failure->code != INTERNAL && failure->reason != NULL);
    assert(text_is_plain(text_of(failure->detail), false) && text_is_plain(text_of(failure->pointer), false));
    failure_clear(&call->cx.failure);
}

static void try_accept(struct call *call)
{
    static const char *const TYPES[] = {"application/json", "text/html", "application/jose+json"};
    struct text accept = TEXT_NONE;
    if (!h1_field(&call->request, "Accept", &accept))
        return;
    size_t chosen = accept_choose(accept, TYPES, 3);
    assert(chosen < 3);
    if (text_is(accept, "text/html"))
        assert(chosen == 1);
}

/* What was decoded is written, read again, and written the same. Members that only a reply has, or only a request, do
 * not come back: then there is nothing to compare. */
static void read_again(struct call *call, const struct shape *shape, const uint8_t *value)
{
    uint8_t again[STRUCT_BYTES_MAX] = {0};
    struct json_writer once = json_writer_open(call->arena, LIMIT_BODY_BYTES);
    struct json_writer twice = json_writer_open(call->arena, LIMIT_BODY_BYTES);
    const json_t *json = NULL;
    struct text text;
    shape_encode(&call->cx, shape, value, &once);
    if (json_writer_finish(&call->cx, &once, &text) == OK && json_parse(&call->cx, text, &json) == OK &&
        shape_decode(&call->cx, shape, json, again) == OK) {
        shape_encode(&call->cx, shape, again, &twice);
        assert(text_equals(text, builder_text(&twice.out)));
    }
    failure_clear(&call->cx.failure);
}

static void try_body(struct call *call, const struct route *route)
{
    uint8_t value[STRUCT_BYTES_MAX] = {0};
    uint8_t untouched[STRUCT_BYTES_MAX] = {0};
    const json_t *json = NULL;
    if (gate_body(call, route, &json) != OK) {
        assert_refusal(call);
        return;
    }
    assert(json == NULL || (call->body.size > 0 && route->method != METHOD_GET && route->method != METHOD_DELETE));
    if (json == NULL || route->request == NULL)
        return;
    assert(route->request->size <= sizeof value);
    if (route->request->many_max > 0 && json_is_array(json)) {
        void *items = NULL;
        size_t count = 0;
        if (shape_decode_many(&call->cx, route->request, json, &items, &count) == OK)
            assert(count > 0 && count <= (size_t)route->request->many_max);
        failure_clear(&call->cx.failure);
        return;
    }
    if (shape_decode(&call->cx, route->request, json, value) == OK) {
        read_again(call, route->request, value);
        return;
    }
    assert(memcmp(value, untouched, sizeof value) == 0); /* all or nothing */
    assert_refusal(call);
}

static void try_query(struct call *call, const struct route *route)
{
    uint8_t value[STRUCT_BYTES_MAX] = {0};
    struct page_query page = PAGE_QUERY_START;
    int64_t item = -1;
    if (route->query == NULL)
        return;
    assert(route->query->size <= sizeof value);
    memcpy(value, &page, sizeof page);
    if (shape_decode_query(&call->cx, route->query, call->request.query, value) != OK) {
        assert_refusal(call);
        return;
    }
    if (shape_find(route->query, TEXT("after")) == NULL)
        return;
    memcpy(&page, value, sizeof page);
    assert(page.limit >= 1 && page.limit <= LIMIT_PAGE_MAX);
    if (call_after(call, &page, &item) == OK)
        assert(item >= 0 && (page.after.type == ID_NONE ? item == 0 : page.after.type == ID_CURSOR));
    else
        assert_refusal(call);
}

static void try_door(struct call *call, const struct gate *gate, const struct route_match *match)
{
    struct text key = TEXT_NONE;
    for (size_t i = 0; i < match->count; i++)
        assert(match->values[i].size > 0 && text_is_plain(match->values[i], false));
    struct seen_token proof;
    if (gate_admit(gate, call, match->route, &proof) == OK)
        assert((match->route->who & WHO_ANYONE) != 0 || call->cx.actor.kind != ACTOR_NOBODY);
    else
        assert_refusal(call);
    call->cx.actor = (struct actor){.kind = ACTOR_PERSON, .person_id = 7};
    if (gate_idempotency_key(call, match->route, &key) == OK)
        assert(key.size <= LIMIT_IDEMPOTENCY_KEY_BYTES && (key.size == 0 || text_is_plain(key, false)));
    else
        assert_refusal(call);
    try_query(call, match->route);
    try_body(call, match->route);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keyring;
    static struct router *router;
    static struct call call; /* large */
    static const struct gate GATE = {.origin = "http://node.example"};
    size_t count = 0;
    const struct route *rows = routes(&count);
    if (keyring == NULL) {
        keyring = fuzz_keyring();
        router = router_open(rows, count);
    }
    struct arena *arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES);
    struct h1_scan scan = {.scanned = 0};
    struct h1_refusal why = {OK, "", ""};
    struct route_match match;
    call = (struct call){.arena = arena, .cx = {.arena = arena, .keyring = keyring, .now_ms = NOW_MS}};
    struct text text = {(const char *)data, size};
    if (h1_scan(&scan, text, &why) != H1_DONE ||
        h1_parse((struct text){text.at, scan.head_bytes}, &call.request, &why) != H1_DONE)
        return 0;
    call.body = (struct bytes){data + scan.head_bytes, size - scan.head_bytes};
    try_accept(&call);
    if (router_find(router, &call, &match) == OK)
        try_door(&call, &GATE, &match);
    else
        assert_refusal(&call);
    return 0;
}
