/* SPDX-License-Identifier: Apache-2.0
 * jansson behind a bounded, arena-fed reader; and the writer. Each jansson allocation carries a small head that says
 * whose it is, so that values of other libraries (libjose) and arena values can meet in one process. */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_place.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#define PIECE_HEAP UINT64_C(0x48656170)
#define PIECE_ARENA UINT64_C(0x4172656E)

struct piece {
    _Alignas(16) uint64_t owner;
    uint64_t size;
};

/* jansson's allocators take no argument of ours: the arena of a running json_parse() is handed over here. */
static _Thread_local struct arena *parse_arena;

/* An exhausted arena does not stop the parse but lets it go on with the heap; json_parse() throws the result away. To
 * say no here is not safe: jansson does not look whether the buffer of a string grew, and then reads and writes past
 * it. */
static void *piece_take(size_t size)
{
    struct piece *piece = parse_arena == NULL ? NULL : arena_take(parse_arena, 1, sizeof *piece + size);
    uint64_t owner = piece == NULL ? PIECE_HEAP : PIECE_ARENA;
    if (piece == NULL)
        piece = malloc(sizeof *piece + size);
    if (piece == NULL)
        return NULL;
    piece->owner = owner;
    piece->size = size;
    return piece + 1;
}

static void piece_free(void *at)
{
    if (at == NULL)
        return;
    struct piece *piece = (struct piece *)at - 1;
    assert(piece->owner == PIECE_HEAP || piece->owner == PIECE_ARENA);
    if (piece->owner != PIECE_HEAP)
        return;
    explicit_bzero(piece, sizeof *piece + piece->size); /* may hold what somebody has sent */
    free(piece);
}

__attribute__((constructor)) static void use_pieces(void)
{
    json_set_alloc_funcs(piece_take, piece_free);
}

/* Depth and members are bounded before jansson builds anything: one pass that knows strings and brackets only. */
static err check_size(struct ctx *cx, struct text text)
{
    size_t members[LIMIT_JSON_DEPTH + 1] = {0};
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return FAIL(cx, TOO_LARGE, "json.too_deep", "more than %d levels", LIMIT_JSON_DEPTH);
            members[depth] = 0;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ',' && ++members[depth] >= LIMIT_JSON_MEMBERS) {
            return FAIL(cx, TOO_LARGE, "json.too_many_members", "more than %d members", LIMIT_JSON_MEMBERS);
        }
    }
    return OK;
}

err json_parse(struct ctx *cx, struct text text, const json_t **out)
{
    TRY(check_size(cx, text));
    if (!text_is_utf8(text))
        return FAIL(cx, MALFORMED, "json.utf8", "the text is not well-formed UTF-8");
    if (text.size == 0 || memchr(text.at, '\0', text.size) != NULL) /* jansson swallows a NUL behind a number */
        return FAIL(cx, MALFORMED, "json.syntax", "not JSON: nothing at all, or a NUL");
    json_error_t error;
    assert(parse_arena == NULL);
    parse_arena = cx->arena;
    json_t *value = json_loadb(text.at, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    parse_arena = NULL;
    if (value != NULL && !arena_is_exhausted(cx->arena)) {
        *out = value;
        return OK;
    }
    json_decref(value); /* releases what came from the heap */
    if (arena_is_exhausted(cx->arena) || json_error_code(&error) == json_error_out_of_memory)
        return FAIL_MEMORY(cx);
    if (json_error_code(&error) == json_error_duplicate_key)
        return FAIL(cx, MALFORMED, "json.duplicate_member", "a name stands twice before position %d", error.position);
    if (json_error_code(&error) == json_error_numeric_overflow)
        return FAIL_AT(cx, INVALID, "json.out_of_range", json_place(cx->arena, text, (size_t)error.position),
                       "a whole number beyond 64 bits, or a fraction too large");
    return FAIL(cx, MALFORMED, "json.syntax", "not JSON at line %d, column %d", error.line, error.column);
}

struct text json_text(const json_t *value)
{
    if (!json_is_string(value))
        return TEXT_NONE;
    return (struct text){json_string_value(value), json_string_length(value)};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_canonical(struct arena *arena, struct json_writer *writer, const json_t *value);

static void write_canonical_object(struct arena *arena, struct json_writer *writer, const json_t *value)
{
    size_t count = json_object_size(value);
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    if (names == NULL) {
        writer->out.overflowed = true;
        return;
    }
    json_open_object(writer);
    size_t at = 0;
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterator wants it without const and changes nothing */
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i))
        names[at++] = json_object_iter_key(i);
    qsort(names, count, sizeof *names, by_name);
    for (at = 0; at < count; at++) {
        json_write_key_text(writer, text_of(names[at]));
        write_canonical(arena, writer, json_object_get(value, names[at]));
    }
    json_close_object(writer);
}

/* Recursion is bounded by LIMIT_JSON_DEPTH, which json_parse() enforced. */
static void write_canonical(struct arena *arena, struct json_writer *writer, const json_t *value)
{
    if (json_is_object(value)) {
        write_canonical_object(arena, writer, value);
    } else if (json_is_array(value)) {
        json_open_array(writer);
        for (size_t i = 0; i < json_array_size(value); i++)
            write_canonical(arena, writer, json_array_get(value, i));
        json_close_array(writer);
    } else if (json_is_string(value)) {
        json_write_text(writer, json_text(value));
    } else if (json_is_integer(value)) {
        json_write_int(writer, json_integer_value(value));
    } else if (json_is_real(value)) {
        double number = json_real_value(value);
        json_write_raw(writer, text_format(arena, "%.17g", number == 0 ? 0.0 : number)); /* -0.0 reads as the same 0 */
    } else if (json_is_boolean(value)) {
        json_write_bool(writer, json_is_true(value));
    } else {
        json_write_null(writer);
    }
}

struct text json_canonical(struct arena *arena, const json_t *value)
{
    struct json_writer writer = json_writer_open(arena, LIMIT_BODY_BYTES * 2);
    write_canonical(arena, &writer, value);
    return writer.out.overflowed ? (struct text){NULL, 0} : builder_text(&writer.out);
}

struct json_writer json_writer_open(struct arena *arena, size_t max_bytes)
{
    return (struct json_writer){.out = builder_open(arena, max_bytes)};
}

static void begin_value(struct json_writer *writer)
{
    if (writer->comma)
        build_byte(&writer->out, ',');
    writer->comma = true;
}

static void open_container(struct json_writer *writer, char bracket)
{
    begin_value(writer);
    build_byte(&writer->out, (uint8_t)bracket);
    writer->comma = false;
}

static void close_container(struct json_writer *writer, char bracket)
{
    build_byte(&writer->out, (uint8_t)bracket);
    writer->comma = true;
}

void json_open_object(struct json_writer *writer)
{
    open_container(writer, '{');
}

void json_close_object(struct json_writer *writer)
{
    close_container(writer, '}');
}

void json_open_array(struct json_writer *writer)
{
    open_container(writer, '[');
}

void json_close_array(struct json_writer *writer)
{
    close_container(writer, ']');
}

static void write_escape(struct builder *out, uint8_t c)
{
    static const char NAMED[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: octet, letter after the backslash */
    for (size_t i = 0; i + 1 < sizeof NAMED; i += 2) {
        if ((uint8_t)NAMED[i] == c) {
            build_byte(out, '\\');
            build_byte(out, (uint8_t)NAMED[i + 1]);
            return;
        }
    }
    static const char DIGITS[] = "0123456789abcdef";
    build_literal(out, "\\u00");
    build_byte(out, (uint8_t)DIGITS[c >> 4]);
    build_byte(out, (uint8_t)DIGITS[c & 0xF]);
}

static void write_string(struct json_writer *writer, struct text text)
{
    build_byte(&writer->out, '"');
    size_t start = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = (uint8_t)text.at[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        build_text(&writer->out, (struct text){text.at + start, i - start});
        write_escape(&writer->out, c);
        start = i + 1;
    }
    build_text(&writer->out, (struct text){text.at + start, text.size - start});
    build_byte(&writer->out, '"');
}

void json_write_key_text(struct json_writer *writer, struct text key)
{
    begin_value(writer);
    write_string(writer, key);
    build_byte(&writer->out, ':');
    writer->comma = false;
}

void json_write_key(struct json_writer *writer, const char *key)
{
    json_write_key_text(writer, text_of(key));
}

void json_write_text(struct json_writer *writer, struct text text)
{
    begin_value(writer);
    write_string(writer, text);
}

void json_write_int(struct json_writer *writer, int64_t number)
{
    begin_value(writer);
    build_format(&writer->out, "%lld", (long long)number);
}

void json_write_bool(struct json_writer *writer, bool truth)
{
    begin_value(writer);
    build_literal(&writer->out, truth ? "true" : "false");
}

void json_write_null(struct json_writer *writer)
{
    begin_value(writer);
    build_literal(&writer->out, "null");
}

void json_write_raw(struct json_writer *writer, struct text json)
{
    begin_value(writer);
    if (json.at == NULL) /* what should be written found no memory */
        writer->out.overflowed = true;
    build_text(&writer->out, json);
}

void json_write_time(struct json_writer *writer, int64_t at_ms)
{
    if (at_ms == 0) {
        json_write_null(writer);
        return;
    }
    char buffer[TIME_TEXT_SIZE];
    time_format(at_ms, buffer);
    json_write_text(writer, (struct text){buffer, sizeof buffer});
}

void json_member_text(struct json_writer *writer, const char *key, struct text text)
{
    json_write_key(writer, key);
    json_write_text(writer, text);
}

void json_member_int(struct json_writer *writer, const char *key, int64_t number)
{
    json_write_key(writer, key);
    json_write_int(writer, number);
}

void json_member_bool(struct json_writer *writer, const char *key, bool truth)
{
    json_write_key(writer, key);
    json_write_bool(writer, truth);
}

void json_member_time(struct json_writer *writer, const char *key, int64_t at_ms)
{
    json_write_key(writer, key);
    json_write_time(writer, at_ms);
}

err json_writer_finish(struct ctx *cx, const struct json_writer *writer, struct text *out)
{
    if (writer->out.overflowed)
        return FAIL(cx, TOO_LARGE, "limit.reply", "the answer is larger than one answer may be");
    *out = builder_text(&writer->out);
    return OK;
}
