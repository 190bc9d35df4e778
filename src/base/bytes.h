/* SPDX-License-Identifier: Apache-2.0
 * The two string types of the house, both views (pointer and length, nothing owned), and the capped builder. `struct
 * bytes` is any octets; `struct text` is UTF-8 that some parser has checked. Neither ends with NUL unless said. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct bytes {
    const uint8_t *at;
    size_t         size;
};

struct text {
    const char *at;
    size_t      size;
};

/* A literal as text, without its NUL. */
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NONE ((struct text){"", 0})
/* For printf: `printf("%.*s", TEXT_ARGS(name))`. */
#define TEXT_ARGS(text) (int)(text).size, (text).at

struct text text_of(const char *c_string);              /* borrows; NULL gives the empty text */
struct bytes bytes_of_text(struct text text);           /* borrows */
struct text text_of_bytes(struct bytes bytes);          /* borrows; the caller knows that it is UTF-8 */
bool text_is(struct text a, const char *b);             /* equal to a C string */
bool text_equals(struct text a, struct text b);
bool text_equals_ignoring_case(struct text a, const char *b); /* ASCII letters only */
bool text_starts_with(struct text a, const char *prefix);
int text_compare(struct text a, struct text b);         /* bytewise, shorter first */
bool bytes_equals(struct bytes a, struct bytes b);      /* not constant time: never for secrets */

/* Copies into the arena, with a NUL behind. `.at` is NULL when the arena is exhausted. */
struct text text_copy(struct arena *arena, struct text text);
struct bytes bytes_copy(struct arena *arena, struct bytes bytes);
/* A C string in the arena, or NULL when exhausted or when `text` holds a NUL. */
const char *text_c_string(struct arena *arena, struct text text);
/* Formats into the arena; `.at` is NULL when exhausted. */
struct text text_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Grows in an arena up to `max_bytes`; an append that does not fit changes nothing and sets `overflowed` for good. */
struct builder {
    struct arena *arena;
    uint8_t      *at;
    size_t        size;
    size_t        room;
    size_t        max_bytes;
    bool          overflowed;
};

struct builder builder_open(struct arena *arena, size_t max_bytes);
void build_bytes(struct builder *builder, struct bytes bytes);
void build_text(struct builder *builder, struct text text);
void build_literal(struct builder *builder, const char *c_string);
void build_byte(struct builder *builder, uint8_t byte);
void build_format(struct builder *builder, const char *format, ...) PRINTF_LIKE(2, 3);
struct text builder_text(const struct builder *builder);   /* borrows; meaningless once overflowed */
struct bytes builder_bytes(const struct builder *builder); /* the same */

#endif
