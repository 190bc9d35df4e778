/* SPDX-License-Identifier: Apache-2.0
 * From JSON to structs. One function per type; a decoder carries the JSON pointer along, so that each failure names its
 * member. Objects are decoded into a copy, which replaces the caller's struct only when all of it was right. */
#include "http/gate/shape.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/policy.h"
#include "domain/words/attribute.h"
#include "domain/words/attribute_set.h"
#include "http/engine/h1_path.h"

struct decoder {
    struct ctx *cx;
    size_t      pointer_size;
    char        pointer[sizeof((struct failure){0}.pointer)];
};

#define REFUSE(decoder, code, reason, ...) FAIL_AT((decoder)->cx, (code), (reason), (decoder)->pointer, __VA_ARGS__)

/* RFC 6901 section 3: "~" is written ~0 and "/" is written ~1. Gives the size before, for pointer_cut(). */
/* Whole characters only: half of one would make the answer no text. */
static size_t pointer_add(struct decoder *decoder, struct text part)
{
    size_t before = decoder->pointer_size;
    size_t at = before;
    size_t room = sizeof decoder->pointer - 1;
    if (at < room)
        decoder->pointer[at++] = '/';
    for (size_t size = 0; part.size > 0; part.at += size, part.size -= size) {
        uint32_t code = 0;
        size = text_first_character(part, &code);
        if (size == 0 || at + size + 1 > room)
            break;
        if (code == '~' || code == '/') {
            decoder->pointer[at++] = '~';
            decoder->pointer[at++] = code == '~' ? '0' : '1';
            continue;
        }
        memcpy(decoder->pointer + at, part.at, size);
        at += size;
    }
    decoder->pointer[at] = '\0';
    decoder->pointer_size = at;
    return before;
}

static size_t pointer_add_index(struct decoder *decoder, size_t index)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%zu", index);
    return pointer_add(decoder, (struct text){digits, (size_t)size});
}

static void pointer_cut(struct decoder *decoder, size_t size)
{
    decoder->pointer_size = size;
    decoder->pointer[size] = '\0';
}

static err wrong_type(struct decoder *decoder, const char *wanted)
{
    return REFUSE(decoder, MALFORMED, "request.wrong_type", "%s is wanted here", wanted);
}

/* ---- values that are written as one text, in JSON and in a query alike */

static err take_text(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    if (!text_is_overt(text, (member->flags & SHAPE_LINES) != 0))
        return REFUSE(decoder, INVALID, "request.bad_text", "the text holds control characters or hidden ones");
    if (text.size < (size_t)member->least)
        return REFUSE(decoder, INVALID, "request.out_of_range", "at least %lld bytes are wanted",
                      (long long)member->least);
    if (member->most > 0 && text.size > (size_t)member->most)
        return REFUSE(decoder, INVALID, "request.out_of_range", "at most %lld bytes are taken",
                      (long long)member->most);
    memcpy(field, &text, sizeof text);
    return OK;
}

static err take_number(struct decoder *decoder, const struct shape_member *member, int64_t number, void *field)
{
    if (number < member->least || (member->most > 0 && number > member->most))
        return REFUSE(decoder, INVALID, "request.out_of_range", "a number from %lld to %lld is wanted",
                      (long long)member->least, (long long)member->most);
    memcpy(field, &number, sizeof number);
    return OK;
}

static err take_time(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    (void)member; /* every point in time is in range */
    int64_t at_ms = 0;
    if (!time_parse(text, &at_ms))
        return wrong_type(decoder, "a point in time as RFC 3339 writes it");
    if (at_ms <= 0)
        return REFUSE(decoder, INVALID, "request.out_of_range", "a time after 1970 is wanted");
    memcpy(field, &at_ms, sizeof at_ms);
    return OK;
}

static err take_duration(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    int64_t duration_ms = 0;
    if (!duration_parse(text, &duration_ms))
        return wrong_type(decoder, "a duration as ISO 8601 writes it, such as P90D");
    if (duration_ms < member->least || (member->most > 0 && duration_ms > member->most))
        return REFUSE(decoder, INVALID, "request.out_of_range", "the duration is too short or too long");
    memcpy(field, &duration_ms, sizeof duration_ms);
    if (member->written != 0)
        memcpy((uint8_t *)field - member->offset + member->written, &text, sizeof text);
    return OK;
}

/* An id that does not open says no more than one that belongs to somebody else. */
static err take_id(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    struct id id;
    err result = id_open(decoder->cx, text, member->id, &id);
    if (result == NOT_FOUND && member->id == ID_CURSOR) {
        failure_clear(&decoder->cx->failure);
        return REFUSE(decoder, MALFORMED, "request.bad_cursor", "the place in the list is not one that was given out");
    }
    TRY(result);
    memcpy(field, &id, sizeof id);
    return OK;
}

/* Opened by the domain, which knows where it has moved to. */
static err take_id_text(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    (void)member; /* the type is checked where the id is opened */
    if (text.size != ID_TEXT_SIZE)
        return FAIL_NOT_FOUND(decoder->cx);
    memcpy(field, &text, sizeof text);
    return OK;
}

static err take_choice(struct decoder *decoder, const struct shape_member *member, struct text text, void *field)
{
    for (const struct choice *choice = member->choices; choice->word != NULL; choice++) {
        if (text_is(text, choice->word)) {
            memcpy(field, &choice->value, sizeof choice->value);
            return OK;
        }
    }
    return REFUSE(decoder, INVALID, "request.unknown_word", "the word is none of those that are taken here");
}

static err take_kind(struct decoder *decoder, struct text term, struct attribute_set *set)
{
    const struct attribute_kind *kind = attribute_find(term);
    if (kind == NULL)
        return REFUSE(decoder, INVALID, "attribute.unknown", "there is no such kind of personal data");
    if (attribute_set_has(*set, kind->number))
        return REFUSE(decoder, INVALID, "request.duplicate_item", "the same kind stands twice");
    *set = attribute_set_add(*set, kind->number);
    return OK;
}

typedef err (*take_fn)(struct decoder *decoder, const struct shape_member *member, struct text text, void *field);

static const take_fn TAKES_TEXT[] = {
    [SHAPE_TEXT] = take_text, [SHAPE_TIME] = take_time, [SHAPE_DURATION] = take_duration,
    [SHAPE_ID] = take_id,     [SHAPE_ID_TEXT] = take_id_text, [SHAPE_CHOICE] = take_choice,
    [SHAPE_MAP] = NULL,
};

/* ---- JSON */

static err decode_object(struct decoder *decoder, const struct shape *shape, const json_t *json, uint8_t *out);

static err decode_kinds(struct decoder *decoder, const json_t *json, void *field)
{
    if (!json_is_array(json))
        return wrong_type(decoder, "a list of kinds of personal data");
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t size = pointer_add_index(decoder, i);
        const json_t *item = json_array_get(json, i);
        if (!json_is_string(item))
            return wrong_type(decoder, "text");
        TRY(take_kind(decoder, json_text(item), &set));
        pointer_cut(decoder, size);
    }
    memcpy(field, &set, sizeof set);
    return OK;
}

static err decode_json(struct decoder *decoder, const struct shape_member *member, const json_t *json, void *field)
{
    struct text text = json_canonical(decoder->cx->arena, json);
    if (text.at == NULL)
        return FAIL_MEMORY(decoder->cx);
    if (member->most > 0 && text.size > (size_t)member->most)
        return REFUSE(decoder, TOO_LARGE, "request.too_large", "at most %lld bytes are taken", (long long)member->most);
    memcpy(field, &text, sizeof text);
    return OK;
}

static err decode_item(struct decoder *decoder, const struct shape_member *member, const json_t *json, uint8_t *out)
{
    if (member->type == SHAPE_OBJECTS)
        return decode_object(decoder, member->shape, json, out);
    if (!json_is_string(json))
        return wrong_type(decoder, "text");
    if (member->type == SHAPE_IDS)
        return take_id(decoder, member, json_text(json), out);
    /* `least` and `most` of the member count items; one text is bounded as a note is. */
    return take_text(decoder, &(struct shape_member){.least = 1, .most = LIMIT_NOTE_BYTES}, json_text(json), out);
}

static size_t item_size(const struct shape_member *member)
{
    if (member->type == SHAPE_OBJECTS || member->type == SHAPE_MAP)
        return member->shape->size;
    return member->type == SHAPE_IDS ? sizeof(struct id) : sizeof(struct text);
}

static err decode_list(struct decoder *decoder, const struct shape_member *member, const json_t *json,
                       uint8_t *structure)
{
    if (!json_is_array(json))
        return wrong_type(decoder, "a list");
    size_t count = json_array_size(json);
    if (count < (size_t)member->least || (member->most > 0 && count > (size_t)member->most))
        return REFUSE(decoder, INVALID, "request.out_of_range", "the list is too short or too long");
    size_t size = item_size(member);
    uint8_t *items = arena_take(decoder->cx->arena, count, size);
    if (items == NULL)
        return FAIL_MEMORY(decoder->cx);
    for (size_t i = 0; i < count; i++) {
        size_t before = pointer_add_index(decoder, i);
        TRY(decode_item(decoder, member, json_array_get(json, i), items + i * size));
        pointer_cut(decoder, before);
    }
    memcpy(structure + member->offset, &items, sizeof items);
    memcpy(structure + member->count, &count, sizeof count);
    return OK;
}

static err decode_object_at(struct decoder *decoder, const struct shape_member *member, const json_t *json, void *field)
{
    uint8_t *object = arena_take(decoder->cx->arena, 1, member->shape->size);
    if (object == NULL)
        return FAIL_MEMORY(decoder->cx);
    TRY(decode_object(decoder, member->shape, json, object));
    memcpy(field, &object, sizeof object);
    return OK;
}

static err decode_number(struct decoder *decoder, const struct shape_member *member, const json_t *json, void *field)
{
    if (!json_is_integer(json))
        return wrong_type(decoder, "a whole number");
    return take_number(decoder, member, json_integer_value(json), field);
}

static err decode_bool(struct decoder *decoder, const json_t *json, void *field)
{
    if (!json_is_boolean(json))
        return wrong_type(decoder, "true or false");
    bool truth = json_is_true(json);
    memcpy(field, &truth, sizeof truth);
    return OK;
}

static err decode_texted(struct decoder *decoder, const struct shape_member *member, const json_t *json, void *field)
{
    if (!json_is_string(json))
        return wrong_type(decoder, "text");
    return TAKES_TEXT[member->type](decoder, member, json_text(json), field);
}

static err decode_value(struct decoder *decoder, const struct shape_member *member, const json_t *json,
                        uint8_t *structure)
{
    void *field = structure + member->offset;
    switch (member->type) {
    case SHAPE_INT:       return decode_number(decoder, member, json, field);
    case SHAPE_BOOL:      return decode_bool(decoder, json, field);
    case SHAPE_KINDS:     return decode_kinds(decoder, json, field);
    case SHAPE_JSON:      return decode_json(decoder, member, json, field);
    case SHAPE_OBJECT:    return decode_object(decoder, member->shape, json, field);
    case SHAPE_OBJECT_AT: return decode_object_at(decoder, member, json, field);
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:   return decode_list(decoder, member, json, structure);
    case SHAPE_TEXT:
    case SHAPE_TIME:
    case SHAPE_DURATION:
    case SHAPE_ID:
    case SHAPE_ID_TEXT:
    case SHAPE_CHOICE:    return decode_texted(decoder, member, json, field);
    case SHAPE_MAP:       break;
    }
    assert(false && "a map stands in replies only");
    return wrong_type(decoder, "nothing");
}

static size_t field_size(const struct shape_member *member)
{
    switch (member->type) {
    case SHAPE_TEXT:
    case SHAPE_ID_TEXT:
    case SHAPE_JSON:      return sizeof(struct text);
    case SHAPE_INT:
    case SHAPE_TIME:
    case SHAPE_DURATION:  return sizeof(int64_t);
    case SHAPE_BOOL:      return sizeof(bool);
    case SHAPE_ID:        return sizeof(struct id);
    case SHAPE_CHOICE:    return sizeof(int);
    case SHAPE_KINDS:     return sizeof(struct attribute_set);
    case SHAPE_OBJECT:    return member->shape->size;
    case SHAPE_OBJECT_AT:
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:
    case SHAPE_MAP:       return sizeof(void *);
    }
    return 0;
}

static void mark_unsaid(const struct shape_member *member, uint8_t *structure, bool unsaid)
{
    if (member->unsaid != 0)
        memcpy(structure + member->unsaid, &unsaid, sizeof unsaid);
}

/* null: the field becomes empty, whatever stood in it. */
static err decode_null(struct decoder *decoder, const struct shape_member *member, uint8_t *structure)
{
    if ((member->flags & SHAPE_NULLABLE) == 0)
        return wrong_type(decoder, "something other than null");
    memset(structure + member->offset, 0, field_size(member));
    if (member->type == SHAPE_TEXTS || member->type == SHAPE_IDS || member->type == SHAPE_OBJECTS)
        memset(structure + member->count, 0, sizeof(size_t));
    if (member->written != 0)
        memset(structure + member->written, 0, sizeof(struct text));
    mark_unsaid(member, structure, true);
    return OK;
}

static err decode_member(struct decoder *decoder, const struct shape_member *member, const json_t *json,
                         uint8_t *structure)
{
    if ((member->flags & SHAPE_READ_ONLY) != 0)
        return REFUSE(decoder, MALFORMED, "request.read_only", "this member is the server's to give");
    if (json_is_null(json) && member->type != SHAPE_JSON)
        return decode_null(decoder, member, structure);
    mark_unsaid(member, structure, false);
    return decode_value(decoder, member, json, structure);
}

static err refuse_unknown(struct decoder *decoder, const struct shape *shape, const json_t *json)
{
    json_t *object = (json_t *)(uintptr_t)json; /* jansson's iterator wants it without const and changes nothing */
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        struct text name = text_of(json_object_iter_key(i));
        if (shape_find(shape, name) != NULL)
            continue;
        if (text_is_overt(name, false)) /* a name that hides something would hide it in the failure as well */
            (void)pointer_add(decoder, name); /* the failure ends the decoding: nothing to restore */
        return REFUSE(decoder, MALFORMED, "request.unknown_member", "there is no such member here");
    }
    return OK;
}

static err decode_object(struct decoder *decoder, const struct shape *shape, const json_t *json, uint8_t *out)
{
    if (!json_is_object(json))
        return wrong_type(decoder, "an object");
    size_t known = 0;
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape->members[i];
        const json_t *value = json_object_get(json, member->name);
        if (value == NULL && (member->flags & SHAPE_REQUIRED) == 0)
            continue;
        size_t before = pointer_add(decoder, text_of(member->name));
        if (value == NULL)
            return REFUSE(decoder, MALFORMED, "request.missing_member", "%s needs this member", shape->name);
        TRY(decode_member(decoder, member, value, out));
        pointer_cut(decoder, before);
        known++;
    }
    return shape->open || known == json_object_size(json) ? OK : refuse_unknown(decoder, shape, json);
}

err shape_decode(struct ctx *cx, const struct shape *shape, const json_t *json, void *out)
{
    struct decoder decoder = {.cx = cx};
    uint8_t *copy = arena_take(cx->arena, 1, shape->size);
    if (copy == NULL)
        return FAIL_MEMORY(cx);
    if (shape->size > 0)
        memcpy(copy, out, shape->size);
    TRY(decode_object(&decoder, shape, json, copy));
    if (shape->size > 0)
        memcpy(out, copy, shape->size);
    return OK;
}

err shape_decode_many(struct ctx *cx, const struct shape *shape, const json_t *json, void *out_items, size_t *out_count)
{
    struct decoder decoder = {.cx = cx};
    struct {
        uint8_t *items;
        size_t   count;
    } list = {NULL, 1};
    if (json_is_array(json)) {
        struct shape_member member = {.type = SHAPE_OBJECTS, .shape = shape, .least = 1, .most = shape->many_max,
            .offset = 0, .count = sizeof list.items};
        TRY(decode_list(&decoder, &member, json, (uint8_t *)&list));
    } else {
        list.items = arena_take(cx->arena, 1, shape->size);
        if (list.items == NULL)
            return FAIL_MEMORY(cx);
        TRY(decode_object(&decoder, shape, json, list.items));
    }
    memcpy(out_items, &list.items, sizeof list.items);
    *out_count = list.count;
    return OK;
}

/* ---- query */

static err decode_parameter(struct decoder *decoder, const struct shape_member *member, struct text text,
                            uint8_t *structure)
{
    void *field = structure + member->offset;
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    int64_t number = 0;
    switch (member->type) {
    case SHAPE_INT:
        if (!text_to_int64(text, &number))
            return REFUSE(decoder, MALFORMED, "request.wrong_type", "the parameter %s is a whole number", member->name);
        return take_number(decoder, member, number, field);
    case SHAPE_KINDS:
        TRY(take_kind(decoder, text, &set));
        memcpy(field, &set, sizeof set);
        return OK;
    case SHAPE_TEXT:
    case SHAPE_TIME:
    case SHAPE_DURATION:
    case SHAPE_ID:
    case SHAPE_ID_TEXT:
    case SHAPE_CHOICE:
        return TAKES_TEXT[member->type](decoder, member, text, field);
    case SHAPE_BOOL:
    case SHAPE_JSON:
    case SHAPE_OBJECT:
    case SHAPE_OBJECT_AT:
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:
    case SHAPE_MAP:
        break;
    }
    assert(false && "a query has single values only");
    return wrong_type(decoder, "nothing");
}

/* Every pair must be one that the table names; a name is never percent-encoded by an honest client. */
static err check_parameter_names(struct ctx *cx, const struct shape *shape, struct text query)
{
    while (query.size > 0) {
        const char *end = memchr(query.at, '&', query.size);
        size_t pair = end == NULL ? query.size : (size_t)(end - query.at);
        const char *equals = memchr(query.at, '=', pair);
        size_t name = equals == NULL ? pair : (size_t)(equals - query.at);
        if (shape_find(shape, (struct text){query.at, name}) == NULL)
            return FAIL(cx, MALFORMED, "request.unknown_parameter",
                        "the address has a parameter that is not taken here");
        size_t step = end == NULL ? pair : pair + 1;
        query = (struct text){query.at + step, query.size - step};
    }
    return OK;
}

err shape_decode_query(struct ctx *cx, const struct shape *shape, struct text query, void *out)
{
    struct decoder decoder = {.cx = cx};
    TRY(check_parameter_names(cx, shape, query));
    uint8_t *copy = arena_take(cx->arena, 1, shape->size);
    if (copy == NULL)
        return FAIL_MEMORY(cx);
    memcpy(copy, out, shape->size);
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape->members[i];
        struct text value;
        TRY(query_value(cx, query, member->name, &value));
        if (value.at != NULL)
            TRY(decode_parameter(&decoder, member, value, copy));
        else if ((member->flags & SHAPE_REQUIRED) != 0)
            return FAIL(cx, MALFORMED, "request.missing_parameter", "the parameter %s is wanted", member->name);
    }
    memcpy(out, copy, shape->size);
    return OK;
}
