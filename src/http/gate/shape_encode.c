/* SPDX-License-Identifier: Apache-2.0
 * From structs to JSON, straight into the writer. What is empty becomes null, or is left out as its member says. */
#include "http/gate/shape.h"

#include <assert.h>
#include <string.h>

#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/words/attribute.h"
#include "domain/words/attribute_set.h"

static struct text read_text(const uint8_t *field)
{
    struct text text;
    memcpy(&text, field, sizeof text);
    return text;
}

static int64_t read_number(const uint8_t *field)
{
    int64_t number;
    memcpy(&number, field, sizeof number);
    return number;
}

static const uint8_t *read_pointer(const uint8_t *field)
{
    const uint8_t *pointer;
    memcpy(&pointer, field, sizeof pointer);
    return pointer;
}

static size_t read_count(const uint8_t *structure, const struct shape_member *member)
{
    size_t count;
    memcpy(&count, structure + member->count, sizeof count);
    return count;
}

static const char *read_word(const struct shape_member *member, const uint8_t *field)
{
    int value;
    memcpy(&value, field, sizeof value);
    return choice_word(member->choices, value);
}

static struct id read_id(const uint8_t *field)
{
    struct id id;
    memcpy(&id, field, sizeof id);
    return id;
}

static void write_id(struct ctx *cx, struct id id, struct json_writer *writer)
{
    struct text text = id_text(cx, id);
    if (text.at == NULL)
        writer->out.overflowed = true;
    else
        json_write_text(writer, text);
}

static void write_kinds(const uint8_t *field, struct json_writer *writer)
{
    struct attribute_set set;
    memcpy(&set, field, sizeof set);
    json_open_array(writer);
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(set, n)) != ATTRIBUTE_NONE;) {
        const struct attribute_kind *kind = attribute_by_number(n);
        assert(kind != NULL); /* attribute_set_from_row() lets no other number in */
        json_write_text(writer, text_of(kind->term));
    }
    json_close_array(writer);
}

/* How a duration was written when it came in; empty: not kept. */
static struct text read_words(const struct shape_member *member, const uint8_t *structure)
{
    return member->written == 0 ? TEXT_NONE : read_text(structure + member->written);
}

static void write_duration(struct ctx *cx, const struct shape_member *member, const uint8_t *structure,
                           struct json_writer *writer)
{
    struct text text = read_words(member, structure);
    if (text.size == 0)
        text = duration_to_text(cx->arena, read_number(structure + member->offset));
    if (text.at == NULL)
        writer->out.overflowed = true;
    else
        json_write_text(writer, text);
}

static void write_texts(const struct shape_member *member, const uint8_t *structure, struct json_writer *writer)
{
    const uint8_t *items = read_pointer(structure + member->offset);
    size_t count = read_count(structure, member);
    json_open_array(writer);
    for (size_t i = 0; i < count; i++)
        json_write_text(writer, read_text(items + i * sizeof(struct text)));
    json_close_array(writer);
}

static void write_ids(struct ctx *cx, const struct shape_member *member, const uint8_t *structure,
                      struct json_writer *writer)
{
    const uint8_t *items = read_pointer(structure + member->offset);
    size_t count = read_count(structure, member);
    json_open_array(writer);
    for (size_t i = 0; i < count; i++)
        write_id(cx, read_id(items + i * sizeof(struct id)), writer);
    json_close_array(writer);
}

static void write_objects(struct ctx *cx, const struct shape_member *member, const uint8_t *structure,
                          struct json_writer *writer)
{
    const uint8_t *items = read_pointer(structure + member->offset);
    size_t count = read_count(structure, member);
    json_open_array(writer);
    for (size_t i = 0; i < count; i++)
        shape_encode(cx, member->shape, items + i * member->shape->size, writer);
    json_close_array(writer);
}

static const struct shape_member *key_member(const struct shape *shape)
{
    for (size_t i = 0; i < shape->member_count; i++)
        if ((shape->members[i].flags & SHAPE_KEY) != 0)
            return &shape->members[i];
    assert(false && "the entries of a map have a key");
    return NULL;
}

static void write_map(struct ctx *cx, const struct shape_member *member, const uint8_t *structure,
                      struct json_writer *writer)
{
    const struct shape_member *key = key_member(member->shape);
    const uint8_t *items = read_pointer(structure + member->offset);
    size_t count = read_count(structure, member);
    json_open_object(writer);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *item = items + i * member->shape->size;
        json_write_key_text(writer, read_text(item + key->offset));
        shape_encode(cx, member->shape, item, writer);
    }
    json_close_object(writer);
}

static bool is_empty(const struct shape_member *member, const uint8_t *structure)
{
    const uint8_t *field = structure + member->offset;
    switch (member->type) {
    case SHAPE_TEXT:
    case SHAPE_ID_TEXT:
    case SHAPE_JSON:      return read_text(field).size == 0;
    case SHAPE_INT:
    case SHAPE_TIME:      return read_number(field) == 0;
    case SHAPE_DURATION:  return read_number(field) == 0 && read_words(member, structure).size == 0; /* not P0D */
    case SHAPE_ID:        return read_id(field).type == ID_NONE;
    case SHAPE_CHOICE:    return read_word(member, field) == NULL;
    case SHAPE_OBJECT_AT: return read_pointer(field) == NULL;
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:
    case SHAPE_MAP:       return read_count(structure, member) == 0;
    case SHAPE_BOOL:
    case SHAPE_KINDS:
    case SHAPE_OBJECT:    break;
    }
    return false;
}

static bool is_unsaid(const struct shape_member *member, const uint8_t *structure)
{
    bool unsaid = false;
    if (member->unsaid != 0)
        memcpy(&unsaid, structure + member->unsaid, sizeof unsaid);
    return unsaid;
}

/* What has no empty form of its own: an empty list is [], and an empty text or 0 is a value where null is not taken. */
static bool is_null(const struct shape_member *member, const uint8_t *structure)
{
    bool nullable = (member->flags & SHAPE_NULLABLE) != 0;
    if (is_unsaid(member, structure))
        return true;
    switch ((int)member->type) {
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:
    case SHAPE_MAP:
        return false;
    case SHAPE_TEXT:
    case SHAPE_INT:
        return nullable && is_empty(member, structure);
    default:
        return is_empty(member, structure);
    }
}

static void write_value(struct ctx *cx, const struct shape_member *member, const uint8_t *structure,
                        struct json_writer *writer)
{
    const uint8_t *field = structure + member->offset;
    bool truth = false;
    switch (member->type) {
    case SHAPE_TEXT:
    case SHAPE_ID_TEXT:   json_write_text(writer, read_text(field)); break;
    case SHAPE_INT:       json_write_int(writer, read_number(field)); break;
    case SHAPE_BOOL:
        memcpy(&truth, field, sizeof truth);
        json_write_bool(writer, truth);
        break;
    case SHAPE_TIME:      json_write_time(writer, read_number(field)); break;
    case SHAPE_DURATION:  write_duration(cx, member, structure, writer); break;
    case SHAPE_ID:        write_id(cx, read_id(field), writer); break;
    case SHAPE_CHOICE:    json_write_text(writer, text_of(read_word(member, field))); break;
    case SHAPE_KINDS:     write_kinds(field, writer); break;
    case SHAPE_JSON:      json_write_raw(writer, read_text(field)); break;
    case SHAPE_OBJECT:    shape_encode(cx, member->shape, field, writer); break;
    case SHAPE_OBJECT_AT: shape_encode(cx, member->shape, read_pointer(field), writer); break;
    case SHAPE_TEXTS:     write_texts(member, structure, writer); break;
    case SHAPE_IDS:       write_ids(cx, member, structure, writer); break;
    case SHAPE_OBJECTS:   write_objects(cx, member, structure, writer); break;
    case SHAPE_MAP:       write_map(cx, member, structure, writer); break;
    }
}

void shape_encode_members(struct ctx *cx, const struct shape *shape, const void *value, struct json_writer *writer)
{
    const uint8_t *structure = value;
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape->members[i];
        if ((member->flags & (SHAPE_WRITE_ONLY | SHAPE_KEY)) != 0)
            continue;
        if ((member->flags & SHAPE_SPARSE) != 0 && is_empty(member, structure))
            continue;
        json_write_key(writer, member->name);
        if (is_null(member, structure))
            json_write_null(writer);
        else
            write_value(cx, member, structure, writer);
    }
}

void shape_encode(struct ctx *cx, const struct shape *shape, const void *value, struct json_writer *writer)
{
    json_open_object(writer);
    shape_encode_members(cx, shape, value, writer);
    json_close_object(writer);
}
