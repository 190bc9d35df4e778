/* SPDX-License-Identifier: Apache-2.0
 * Views and the capped builder. */
#include "base/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

struct text text_of(const char *c_string)
{
    return c_string == NULL ? TEXT_NONE : (struct text){c_string, strlen(c_string)};
}

struct bytes bytes_of_text(struct text text)
{
    return (struct bytes){(const uint8_t *)text.at, text.size};
}

struct text text_of_bytes(struct bytes bytes)
{
    return (struct text){(const char *)bytes.at, bytes.size};
}

bool text_equals(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool text_is(struct text a, const char *b)
{
    return text_equals(a, text_of(b));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equals_ignoring_case(struct text a, const char *b)
{
    if (strlen(b) != a.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.at[i]) != lower(b[i]))
            return false;
    return true;
}

bool text_starts_with(struct text a, const char *prefix)
{
    size_t size = strlen(prefix);
    return a.size >= size && (size == 0 || memcmp(a.at, prefix, size) == 0);
}

int text_compare(struct text a, struct text b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared == 0 ? 0 : memcmp(a.at, b.at, shared);
    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

bool bytes_equals(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

struct bytes bytes_copy(struct arena *arena, struct bytes bytes)
{
    size_t with_nul = 0;
    uint8_t *copy = size_add(bytes.size, 1, &with_nul) ? arena_take(arena, with_nul, 1) : NULL;
    if (copy == NULL)
        return (struct bytes){NULL, 0};
    if (bytes.size > 0)
        memcpy(copy, bytes.at, bytes.size);
    return (struct bytes){copy, bytes.size};
}

struct text text_copy(struct arena *arena, struct text text)
{
    return text_of_bytes(bytes_copy(arena, bytes_of_text(text)));
}

const char *text_c_string(struct arena *arena, struct text text)
{
    if (text.size > 0 && memchr(text.at, '\0', text.size) != NULL)
        return NULL;
    return text_copy(arena, text).at;
}

static struct text format_arguments(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static struct text format_arguments(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    assert(size >= 0);
    char *text = arena_take(arena, (size_t)size + 1, 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return (struct text){text, text == NULL ? 0 : (size_t)size};
}

struct text text_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct text text = format_arguments(arena, format, args);
    va_end(args);
    return text;
}

struct builder builder_open(struct arena *arena, size_t max_bytes)
{
    return (struct builder){.arena = arena, .max_bytes = max_bytes};
}

static bool make_room(struct builder *builder, size_t more)
{
    size_t wanted = 0;
    if (builder->overflowed || !size_add(builder->size, more, &wanted) || wanted > builder->max_bytes) {
        builder->overflowed = true;
        return false;
    }
    if (wanted <= builder->room)
        return true;
    size_t room = builder->room < 128 ? 256 : builder->room * 2;
    if (room < wanted)
        room = wanted;
    if (room > builder->max_bytes)
        room = builder->max_bytes;
    uint8_t *grown = arena_take(builder->arena, room, 1);
    if (grown == NULL) {
        builder->overflowed = true;
        return false;
    }
    if (builder->size > 0)
        memcpy(grown, builder->at, builder->size);
    builder->at = grown;
    builder->room = room;
    return true;
}

void build_bytes(struct builder *builder, struct bytes bytes)
{
    if (bytes.size == 0 || !make_room(builder, bytes.size))
        return;
    memcpy(builder->at + builder->size, bytes.at, bytes.size);
    builder->size += bytes.size;
}

void build_text(struct builder *builder, struct text text)
{
    build_bytes(builder, bytes_of_text(text));
}

void build_literal(struct builder *builder, const char *c_string)
{
    build_text(builder, text_of(c_string));
}

void build_byte(struct builder *builder, uint8_t byte)
{
    build_bytes(builder, (struct bytes){&byte, 1});
}

void build_format(struct builder *builder, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct text text = format_arguments(builder->arena, format, args);
    va_end(args);
    if (text.at == NULL)
        builder->overflowed = true;
    else
        build_text(builder, text);
}

struct text builder_text(const struct builder *builder)
{
    return (struct text){builder->at == NULL ? "" : (const char *)builder->at, builder->size};
}

struct bytes builder_bytes(const struct builder *builder)
{
    return bytes_of_text(builder_text(builder));
}
