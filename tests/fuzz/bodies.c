/* SPDX-License-Identifier: Apache-2.0
 * Bodies and queries of every door, without the way to it: the first line names the shape, the rest is the JSON or the
 * query. What is taken has been held against a plainer reader of the same table; what is refused names a place and
 * leaves the struct alone. */
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_keyring.h"
#include "http/gate/call.h"

#define NOW_MS INT64_C(1795000000000)
#define STRUCT_BYTES_MAX 4096
#define TRIES_MAX 128

/* What the first line chooses: the shape of a body, or of a query. */
struct table {
    const struct shape *shape[TRIES_MAX];
    uint32_t            place[TRIES_MAX]; /* of its name, see place_of() */
    bool                is_query[TRIES_MAX];
    size_t              count;
};

/* Somewhere on a ring of 2^32 (FNV-1a). */
static uint32_t place_of(struct text name)
{
    uint32_t place = 2166136261u;
    for (size_t i = 0; i < name.size; i++)
        place = (uint32_t)((uint64_t)(place ^ (uint8_t)name.at[i]) * 16777619u);
    return place;
}

static void table_add(struct table *table, const struct shape *shape, bool is_query)
{
    bool known = shape == NULL;
    for (size_t i = 0; i < table->count; i++)
        known = known || table->shape[i] == shape;
    if (known)
        return;
    uint32_t place = place_of(text_of(shape->name));
    for (size_t i = 0; i < table->count; i++)
        assert(table->place[i] != place);
    assert(table->count < TRIES_MAX && shape->size <= STRUCT_BYTES_MAX);
    table->shape[table->count] = shape;
    table->place[table->count] = place;
    table->is_query[table->count++] = is_query;
}

static const struct table *read_routes(void)
{
    static struct table table;
    size_t count = 0;
    const struct route *rows = routes(&count);
    for (size_t i = 0; i < count; i++) {
        table_add(&table, rows[i].request, false);
        table_add(&table, rows[i].query, true);
    }
    return &table;
}

/* The next one on the ring: a name that is whole finds its shape, whatever doors there are besides; any other line
 * finds one as well. */
static size_t choose_shape(const struct table *table, struct text name)
{
    size_t chosen = 0;
    uint32_t place = place_of(name);
    for (size_t i = 1; i < table->count; i++)
        if (table->place[i] - place < table->place[chosen] - place)
            chosen = i;
    return chosen;
}

static void check_refusal(struct ctx *cx)
{
    const struct failure *failure = &cx->failure;
    assert(failure->code == INVALID || failure->code == MALFORMED || failure->code == TOO_LARGE ||
           failure->code == NOT_FOUND);
    assert(failure->reason != NULL && text_is_plain(text_of(failure->pointer), false));
    assert(text_is_plain(text_of(failure->detail), false));
    failure_clear(&cx->failure);
}

/* ---- the plainer reader: whether the table lets this through, as far as JSON alone can tell */

static void check_object(const struct shape *shape, const json_t *json);

static void check_text(const struct shape_member *member, struct text text)
{
    int64_t number = 0;
    if (member->type == SHAPE_TEXT)
        assert(text_is_plain(text, (member->flags & SHAPE_LINES) != 0) && text.size >= (size_t)member->least &&
               (member->most == 0 || text.size <= (size_t)member->most));
    else if (member->type == SHAPE_TIME)
        assert(time_parse(text, &number) && number > 0);
    else if (member->type == SHAPE_DURATION)
        assert(duration_parse(text, &number) && number >= member->least &&
               (member->most == 0 || number <= member->most));
    else if (member->type == SHAPE_ID_TEXT)
        assert(text.size == ID_TEXT_SIZE);
}

static void check_list(const struct shape_member *member, const json_t *json)
{
    size_t count = json_array_size(json);
    assert(json_is_array(json) && count >= (size_t)member->least);
    assert(member->most == 0 || count <= (size_t)member->most);
    for (size_t i = 0; i < count; i++)
        if (member->type == SHAPE_OBJECTS)
            check_object(member->shape, json_array_get(json, i));
        else
            assert(json_is_string(json_array_get(json, i)));
}

static void check_value(const struct shape_member *member, const json_t *json)
{
    bool is_list = member->type == SHAPE_OBJECTS || member->type == SHAPE_TEXTS || member->type == SHAPE_IDS;
    assert((member->flags & SHAPE_READ_ONLY) == 0 && member->type != SHAPE_MAP);
    if (json_is_null(json))
        assert((member->flags & SHAPE_NULLABLE) != 0 || member->type == SHAPE_JSON);
    else if (member->type == SHAPE_OBJECT || member->type == SHAPE_OBJECT_AT)
        check_object(member->shape, json);
    else if (is_list)
        check_list(member, json);
    else if (member->type == SHAPE_BOOL)
        assert(json_is_boolean(json));
    else if (member->type == SHAPE_INT)
        assert(json_is_integer(json) && json_integer_value(json) >= member->least &&
               (member->most == 0 || json_integer_value(json) <= member->most));
    else if (member->type == SHAPE_KINDS)
        assert(json_is_array(json));
    else if (member->type != SHAPE_JSON) {
        assert(json_is_string(json));
        check_text(member, json_text(json));
    }
}

static void check_object(const struct shape *shape, const json_t *json)
{
    size_t seen = 0;
    assert(json_is_object(json));
    for (size_t i = 0; i < shape->member_count; i++) {
        const json_t *value = json_object_get(json, shape->members[i].name);
        assert(value != NULL || (shape->members[i].flags & SHAPE_REQUIRED) == 0);
        if (value != NULL)
            check_value(&shape->members[i], value);
        seen += value != NULL;
    }
    assert(shape->open || seen == json_object_size(json));
}

/* ---- bodies */

/* What was decoded is written, read again, and written the same. Members that only a reply has, or only a request, do
 * not come back: then there is nothing to compare. */
static void read_again(struct ctx *cx, const struct shape *shape, const uint8_t *value)
{
    uint8_t again[STRUCT_BYTES_MAX] = {0};
    struct json_writer once = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    struct json_writer twice = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    const json_t *json = NULL;
    struct text text;
    shape_encode(cx, shape, value, &once);
    if (json_writer_finish(cx, &once, &text) == OK && json_parse(cx, text, &json) == OK &&
        shape_decode(cx, shape, json, again) == OK) {
        shape_encode(cx, shape, again, &twice);
        assert(text_equals(text, builder_text(&twice.out)));
    }
    failure_clear(&cx->failure);
}

static void try_many(struct ctx *cx, const struct shape *shape, const json_t *json)
{
    void *items = NULL;
    size_t count = 0;
    if (shape_decode_many(cx, shape, json, &items, &count) != OK) {
        check_refusal(cx);
        return;
    }
    assert(count == json_array_size(json) && count <= (size_t)shape->many_max);
    for (size_t i = 0; i < count; i++)
        check_object(shape, json_array_get(json, i));
}

static void try_body(struct ctx *cx, const struct shape *shape, struct text text)
{
    uint8_t value[STRUCT_BYTES_MAX] = {0};
    static const uint8_t UNTOUCHED[STRUCT_BYTES_MAX];
    const json_t *json = NULL;
    if (json_parse(cx, text, &json) != OK) {
        check_refusal(cx);
    } else if (json_is_array(json) && shape->many_max > 0) {
        try_many(cx, shape, json);
    } else if (shape_decode(cx, shape, json, value) == OK) {
        check_object(shape, json);
        read_again(cx, shape, value);
    } else {
        assert(memcmp(value, UNTOUCHED, shape->size) == 0); /* all or nothing */
        check_refusal(cx);
    }
}

/* ---- queries */

static void try_query(struct ctx *cx, const struct shape *shape, struct text query)
{
    uint8_t value[STRUCT_BYTES_MAX] = {0};
    static const uint8_t UNTOUCHED[STRUCT_BYTES_MAX];
    if (shape_decode_query(cx, shape, query, value) != OK) {
        assert(memcmp(value, UNTOUCHED, shape->size) == 0);
        check_refusal(cx);
        return;
    }
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape->members[i];
        int64_t number = 0;
        memcpy(&number, value + member->offset, member->type == SHAPE_INT ? sizeof number : 0);
        assert(member->type != SHAPE_INT || number == 0 ||
               (number >= member->least && (member->most == 0 || number <= member->most)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keyring;
    static const struct table *table;
    if (keyring == NULL) {
        keyring = fuzz_keyring();
        table = read_routes();
    }
    const char *line = size == 0 ? NULL : memchr(data, '\n', size);
    if (line == NULL)
        return 0;
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES), .keyring = keyring, .now_ms = NOW_MS};
    struct text name = {(const char *)data, (size_t)(line - (const char *)data)};
    struct text text = {line + 1, size - name.size - 1};
    size_t which = choose_shape(table, name);
    if (table->is_query[which])
        try_query(&cx, table->shape[which], text);
    else
        try_body(&cx, table->shape[which], text);
    return 0;
}
