/* SPDX-License-Identifier: Apache-2.0
 * One walk that checks everything, then searches that may trust it. */
#include "protocol/cbor.h"

#include <assert.h>
#include <cbor.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* ---- one head */

struct head {
    struct cbor_item item;
    uint64_t         argument;
    size_t           size; /* without what a string holds */
};

static void take(struct head *head, cbor_kind kind, uint64_t argument)
{
    head->item.kind = kind;
    head->argument = argument;
    head->item.number = (int64_t)argument; /* those above INT64_MAX are refused behind it */
}

static void take_negative(struct head *head, uint64_t argument)
{
    take(head, CBOR_NUMBER, argument);
    head->item.number = (int64_t)~argument; /* -1 - argument */
}

static void take_string(struct head *head, cbor_kind kind, struct bytes content)
{
    take(head, kind, content.size);
    head->item.content = content;
}

static void take_uint8(void *head, uint8_t number) { take(head, CBOR_NUMBER, number); }
static void take_uint16(void *head, uint16_t number) { take(head, CBOR_NUMBER, number); }
static void take_uint32(void *head, uint32_t number) { take(head, CBOR_NUMBER, number); }
static void take_uint64(void *head, uint64_t number) { take(head, CBOR_NUMBER, number); }
static void take_negint8(void *head, uint8_t number) { take_negative(head, number); }
static void take_negint16(void *head, uint16_t number) { take_negative(head, number); }
static void take_negint32(void *head, uint32_t number) { take_negative(head, number); }
static void take_negint64(void *head, uint64_t number) { take_negative(head, number); }
static void take_list(void *head, size_t count) { take(head, CBOR_LIST, count); }
static void take_map(void *head, size_t count) { take(head, CBOR_MAP, count); }
static void take_truth(void *head, bool truth) { take(head, CBOR_TRUTH, truth); }
static void take_nothing(void *head) { take(head, CBOR_NOTHING, 0); }

static void take_bytes(void *head, cbor_data at, size_t size)
{
    take_string(head, CBOR_BYTES, (struct bytes){at, size});
}

static void take_text(void *head, cbor_data at, size_t size)
{
    take_string(head, CBOR_TEXT, (struct bytes){at, size});
}

/* What has no taker here (tags, floats, undefined, indefinite lengths, breaks) leaves CBOR_NONE. */
static struct cbor_callbacks takers(void)
{
    struct cbor_callbacks callbacks = cbor_empty_callbacks;
    callbacks.uint8 = take_uint8;
    callbacks.uint16 = take_uint16;
    callbacks.uint32 = take_uint32;
    callbacks.uint64 = take_uint64;
    callbacks.negint8 = take_negint8;
    callbacks.negint16 = take_negint16;
    callbacks.negint32 = take_negint32;
    callbacks.negint64 = take_negint64;
    callbacks.byte_string = take_bytes;
    callbacks.string = take_text;
    callbacks.array_start = take_list;
    callbacks.map_start = take_map;
    callbacks.boolean = take_truth;
    callbacks.null = take_nothing;
    return callbacks;
}

static size_t shortest_head(uint64_t argument)
{
    if (argument < 24)
        return 1;
    if (argument <= UINT8_MAX)
        return 2;
    if (argument <= UINT16_MAX)
        return 3;
    return argument <= UINT32_MAX ? 5 : 9;
}

static bool is_well_written(const struct head *head)
{
    switch (head->item.kind) {
    case CBOR_TRUTH:
    case CBOR_NOTHING:
        return true; /* these have one spelling */
    case CBOR_TEXT:
        if (!text_is_utf8(text_of_bytes(head->item.content)))
            return false;
        break;
    case CBOR_NUMBER:
    case CBOR_BYTES:
    case CBOR_LIST:
    case CBOR_MAP:
        break;
    case CBOR_NONE:
        return false;
    }
    return head->size == shortest_head(head->argument) && head->argument <= INT64_MAX;
}

static bool read_head(struct bytes data, struct head *out)
{
    const struct cbor_callbacks callbacks = takers();
    struct head head = {.item = {.kind = CBOR_NONE}};
    struct cbor_decoder_result result = cbor_stream_decode(data.at, data.size, &callbacks, &head);
    if (result.status != CBOR_DECODER_FINISHED)
        return false;
    head.size = result.read - head.item.content.size;
    if (!is_well_written(&head))
        return false;
    if (head.item.kind == CBOR_LIST || head.item.kind == CBOR_MAP)
        head.item.count = (size_t)head.argument;
    *out = head;
    return true;
}

/* ---- one item with all that is inside */

static struct bytes behind(struct bytes data, size_t size)
{
    return (struct bytes){data.at + size, data.size - size};
}

/* CTAP2: the lower major type first, then the shorter key, then the lower octets. */
static bool is_later(struct bytes key, struct bytes before)
{
    int major = key.at[0] >> 5;
    int major_before = before.at[0] >> 5;
    if (major != major_before)
        return major > major_before;
    if (key.size != before.size)
        return key.size > before.size;
    return memcmp(key.at, before.at, key.size) > 0;
}

static bool is_key(const struct cbor_item *item)
{
    return item->kind == CBOR_NUMBER || item->kind == CBOR_TEXT;
}

static bool read_item(struct bytes data, int levels, struct cbor_item *out, size_t *out_size);

static bool walk_list(struct bytes inside, int levels, size_t count, size_t *out_size)
{
    struct cbor_item item;
    size_t done = 0;
    for (; count > 0; count--) {
        size_t size = 0;
        if (!read_item(behind(inside, done), levels, &item, &size))
            return false;
        done += size;
    }
    *out_size = done;
    return true;
}

static bool walk_map(struct bytes inside, int levels, size_t count, size_t *out_size)
{
    struct bytes before = {NULL, 0};
    struct cbor_item item;
    size_t done = 0;
    size_t size = 0;
    for (; count > 0; count--) {
        struct bytes key = behind(inside, done);
        if (!read_item(key, levels, &item, &key.size) || !is_key(&item) ||
            (before.at != NULL && !is_later(key, before)))
            return false;
        before = key;
        done += key.size;
        if (!read_item(behind(inside, done), levels, &item, &size))
            return false;
        done += size;
    }
    *out_size = done;
    return true;
}

/* `levels`: so many lists and maps may lie in one another from here on. */
static bool read_item(struct bytes data, int levels, struct cbor_item *out, size_t *out_size)
{
    struct head head;
    size_t inside = 0;
    if (!read_head(data, &head))
        return false;
    bool holds = head.item.kind == CBOR_LIST || head.item.kind == CBOR_MAP;
    if (holds && (levels == 0 || head.item.count > data.size)) /* each wants an octet at least */
        return false;
    if (head.item.kind == CBOR_LIST && !walk_list(behind(data, head.size), levels - 1, head.item.count, &inside))
        return false;
    if (head.item.kind == CBOR_MAP && !walk_map(behind(data, head.size), levels - 1, head.item.count, &inside))
        return false;
    if (holds)
        head.item.content = (struct bytes){data.at + head.size, inside};
    *out = head.item;
    *out_size = head.size + head.item.content.size;
    return true;
}

bool cbor_read(struct bytes data, struct cbor_item *out, size_t *out_size)
{
    return data.size > 0 && data.size <= LIMIT_CBOR_BYTES && read_item(data, LIMIT_CBOR_DEPTH, out, out_size);
}

/* ---- searches */

static bool is_named(const struct cbor_item *key, const char *text, int64_t number)
{
    return text != NULL ? key->kind == CBOR_TEXT && text_is(text_of_bytes(key->content), text)
                        : key->kind == CBOR_NUMBER && key->number == number;
}

/* `text` NULL: by number. */
static bool find(const struct cbor_item *map, const char *text, int64_t number, struct cbor_item *out)
{
    struct bytes left = map->content;
    for (size_t i = 0; map->kind == CBOR_MAP && i < map->count; i++) {
        struct cbor_item key;
        struct cbor_item value;
        size_t size = 0;
        bool there = read_item(left, 0, &key, &size); /* a key holds nothing */
        assert(there);
        left = behind(left, size);
        there = read_item(left, LIMIT_CBOR_DEPTH, &value, &size);
        assert(there);
        left = behind(left, size);
        if (is_named(&key, text, number)) {
            *out = value;
            return true;
        }
    }
    return false;
}

bool cbor_find_text(const struct cbor_item *map, const char *name, struct cbor_item *out)
{
    return find(map, name, 0, out);
}

bool cbor_find_number(const struct cbor_item *map, int64_t name, struct cbor_item *out)
{
    return find(map, NULL, name, out);
}
