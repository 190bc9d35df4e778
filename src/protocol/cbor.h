/* SPDX-License-Identifier: Apache-2.0
 * CBOR (RFC 8949) in the one spelling that CTAP2 permits: shortest heads, definite lengths, keys that are numbers or
 * texts in rising order and each once, no tags, no floats, four levels. Whatever is written otherwise is refused, so
 * equal values have equal octets. Heads are read by libcbor's decoder without memory; items borrow the input. */
#ifndef PROTOCOL_CBOR_H
#define PROTOCOL_CBOR_H

#include "base/bytes.h"

typedef enum cbor_kind {
    CBOR_NONE = 0, /* no item that is taken */
    CBOR_NUMBER,   /* of 64 bits with a sign */
    CBOR_BYTES,
    CBOR_TEXT, /* UTF-8 */
    CBOR_LIST,
    CBOR_MAP,
    CBOR_TRUTH, /* `number` is 0 or 1 */
    CBOR_NOTHING,
} cbor_kind;

struct cbor_item {
    cbor_kind    kind;
    int64_t      number;
    struct bytes content; /* octets or text; of lists and maps all that is inside */
    size_t       count;   /* items of a list, entries of a map */
};

/* The item at the front of `data` and how long it is; false when there is none, or anything in it is written
 * otherwise. What stands behind it is the caller's. At most LIMIT_CBOR_BYTES. */
bool cbor_read(struct bytes data, struct cbor_item *out, size_t *out_size) MUST_CHECK;

/* An entry of a map that cbor_read() gave, or that this gave; false when it has none of that name. */
bool cbor_find_text(const struct cbor_item *map, const char *name, struct cbor_item *out) MUST_CHECK;
bool cbor_find_number(const struct cbor_item *map, int64_t name, struct cbor_item *out) MUST_CHECK;

#endif
