/* SPDX-License-Identifier: Apache-2.0
 * One table per JSON body, and three readers of it: decode (JSON to struct), encode (struct to JSON) and schema (for
 * /openapi.json). A member that no table names can neither come in nor go out, and is refused unless the shape is open,
 * for then a standard wants it ignored. Decoding is strict and all or nothing:
 * the struct is written only when the whole body is right; members that are absent leave what stood in it. */
#ifndef HTTP_SHAPE_H
#define HTTP_SHAPE_H

#include <stddef.h>

#include "base/json.h"

typedef enum shape_type {
    SHAPE_TEXT,      /* struct text; least and most: bytes. Nothing hidden; lines with SHAPE_LINES */
    SHAPE_INT,       /* int64_t; least and most: its range */
    SHAPE_BOOL,      /* bool */
    SHAPE_TIME,      /* int64_t milliseconds <-> RFC 3339; 0 is null */
    SHAPE_DURATION,  /* int64_t milliseconds <-> ISO 8601; 0 is null; least and most: milliseconds. P1Y and P365D are
                      * one length: `written` gives back the words that came */
    SHAPE_ID,        /* struct id of type `id`; ID_NONE is null */
    SHAPE_ID_TEXT,   /* struct text: the id as it is written, for domain functions that open it; empty is null */
    SHAPE_CHOICE,    /* an enum, one of `choices`; a value without a word is null */
    SHAPE_KINDS,     /* struct attribute_set <-> ["pd:Name", …] */
    SHAPE_JSON,      /* struct text that holds JSON of any form; empty is null; most: bytes */
    SHAPE_OBJECT,    /* the struct of `shape` itself */
    SHAPE_OBJECT_AT, /* a pointer to one; NULL is null */
    SHAPE_TEXTS,     /* a pointer to struct text, and size_t at `count`; least and most: items */
    SHAPE_IDS,       /* the same of struct id */
    SHAPE_OBJECTS,   /* the same of the struct of `shape` */
    SHAPE_MAP,       /* replies only: as SHAPE_OBJECTS, under the name that the member SHAPE_KEY of `shape` holds */
} shape_type;

typedef enum shape_flag {
    SHAPE_REQUIRED = 1 << 0,  /* a request must bring it */
    SHAPE_NULLABLE = 1 << 1,  /* null is taken and gives the empty value */
    SHAPE_READ_ONLY = 1 << 2, /* in replies only: a request that brings it is refused */
    SHAPE_WRITE_ONLY = 1 << 3,/* in requests only */
    SHAPE_LINES = 1 << 4,     /* a text that may have several lines */
    SHAPE_SPARSE = 1 << 5,    /* left out of a reply when empty, instead of null */
    SHAPE_KEY = 1 << 6,       /* the name of a SHAPE_MAP entry: not written again inside */
} shape_flag;

struct choice {
    int         value;
    const char *word; /* NULL ends the table */
};

struct shape_member {
    const char          *name;
    shape_type           type;
    unsigned             flags;
    size_t               offset;
    size_t               count;   /* offset of the size_t beside a pointer to items */
    size_t               written; /* SHAPE_DURATION: offset of a struct text that keeps its words; 0: not kept */
    size_t               unsaid;  /* offset of a bool: whoever decodes sets it, bringing the member clears it, and while
                                   * it stands a reply says null; 0: none */
    id_type              id;
    const struct choice *choices;
    const struct shape  *shape;
    int64_t              least;
    int64_t              most;    /* 0: the bound of the whole body */
    const char          *sentence;
};

struct shape {
    const char                *name; /* in the schema: "Grant" */
    const char                *sentence;
    const struct shape_member *members;
    size_t                     member_count;
    size_t                     size;        /* of the struct */
    int64_t                    many_max;    /* > 0: a request may bring an array of so many instead of one */
    bool                       form;        /* of texts, and comes as a form instead of JSON (http/doors/oauth.h) */
    bool                       open;        /* a standard wants members that the table does not name to be ignored */
};

/* Rows of a table. LIST wants a member `field_count` beside the pointer. */
#define MEMBER(member_name, member_type, member_flags, structure, field, ...)                                          \
    {.name = (member_name), .type = SHAPE_##member_type, .flags = (member_flags),                                      \
     .offset = offsetof(structure, field), __VA_ARGS__}
#define LIST(member_name, member_type, member_flags, structure, field, ...)                                            \
    MEMBER(member_name, member_type, member_flags, structure, field, .count = offsetof(structure, field##_count),      \
           __VA_ARGS__)
#define SHAPE_MEMBERS(table) .members = (table), .member_count = sizeof(table) / sizeof *(table)

/* Reads `json` into the struct at `out`. Fails MALFORMED request.wrong_type | request.unknown_member |
 * request.missing_member | request.read_only, INVALID request.out_of_range | request.bad_text | request.unknown_word |
 * request.duplicate_item, NOT_FOUND not_found (an id that is none here), each with the JSON pointer of the member. */
err shape_decode(struct ctx *cx, const struct shape *shape, const json_t *json, void *out) MUST_CHECK;

/* The same for a body that may be one object or an array of them; gives an array of structs, all zero before. */
err shape_decode_many(struct ctx *cx, const struct shape *shape, const json_t *json, void *out_items,
                      size_t *out_count) MUST_CHECK;

/* The same from a query string, whose members are texts, numbers, times, ids, choices and one-word kinds. */
err shape_decode_query(struct ctx *cx, const struct shape *shape, struct text query, void *out) MUST_CHECK;

/* Writes the struct as one object. What cannot be written marks the writer as overflowed. */
void shape_encode(struct ctx *cx, const struct shape *shape, const void *value, struct json_writer *writer);
/* The same without the braces: into an object that is open already. */
void shape_encode_members(struct ctx *cx, const struct shape *shape, const void *value, struct json_writer *writer);

/* The member of that name, or NULL. */
const struct shape_member *shape_find(const struct shape *shape, struct text name);
const char *choice_word(const struct choice *choices, int value); /* NULL when it has none */

/* Writes the JSON Schema (2020-12) of the shape; shapes inside it are references to #/components/schemas/. */
void shape_write_schema(const struct shape *shape, struct json_writer *writer);
void shape_write_member_schema(const struct shape_member *member, struct json_writer *writer);

#endif
