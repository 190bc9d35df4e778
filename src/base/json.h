/* SPDX-License-Identifier: Apache-2.0
 * JSON (RFC 8259) in and out. Reading: jansson, strict (no duplicate names, no invalid UTF-8, no trailing bytes, depth
 * and size bounded), its memory taken from the arena, so a parsed value is read-only and goes with the request.
 * Writing: straight into a capped builder, no tree in between. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/ctx.h"

/* Reads one JSON value of at most `LIMIT_JSON_DEPTH`. Fails MALFORMED json.syntax | json.duplicate_member | json.utf8 |
 * INVALID json.out_of_range (a number that 64 bits do not hold, with its pointer) | TOO_LARGE json.too_deep |
 * json.too_many_members | limit.memory. The detail names the position, never the content. */
err json_parse(struct ctx *cx, struct text text, const json_t **out) MUST_CHECK;

/* Text of a JSON string; borrows. TEXT_NONE when `value` is not a string. */
struct text json_text(const json_t *value);

/* Compact text with members sorted by name: equal values give equal bytes (numbers must be integers for that). */
struct text json_canonical(struct arena *arena, const json_t *value);

struct json_writer {
    struct builder out;
    bool           comma; /* a separator is due before the next value */
};

struct json_writer json_writer_open(struct arena *arena, size_t max_bytes);
void json_open_object(struct json_writer *writer);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close_array(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);      /* a literal that needs no escape */
void json_write_key_text(struct json_writer *writer, struct text key); /* any text */
void json_write_text(struct json_writer *writer, struct text text);
void json_write_int(struct json_writer *writer, int64_t number);
void json_write_bool(struct json_writer *writer, bool truth);
void json_write_null(struct json_writer *writer);
void json_write_raw(struct json_writer *writer, struct text json); /* already JSON */
void json_write_time(struct json_writer *writer, int64_t at_ms);   /* RFC 3339; 0 writes null */
void json_member_text(struct json_writer *writer, const char *key, struct text text);
void json_member_int(struct json_writer *writer, const char *key, int64_t number);
void json_member_bool(struct json_writer *writer, const char *key, bool truth);
void json_member_time(struct json_writer *writer, const char *key, int64_t at_ms);

/* The finished text (borrows), or a failure when the writer overflowed or memory ran out. */
err json_writer_finish(struct ctx *cx, const struct json_writer *writer, struct text *out) MUST_CHECK;

#endif
