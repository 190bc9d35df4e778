/* SPDX-License-Identifier: Apache-2.0
 * CBOR of authenticators: whatever the octets are, the reader says yes or no; what it takes is written again here, in
 * the one spelling there is, and gives the same octets; every entry of a map is found by its name. */
#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "protocol/cbor.h"

static void write_head(struct builder *out, int major, uint64_t argument)
{
    int power = argument <= UINT8_MAX ? 0 : argument <= UINT16_MAX ? 1 : argument <= UINT32_MAX ? 2 : 3;
    int size = argument < 24 ? 0 : 1 << power;
    int word = argument < 24 ? (int)argument : 24 + power;
    build_byte(out, (uint8_t)(major << 5 | word));
    for (int i = size - 1; i >= 0; i--)
        build_byte(out, (uint8_t)(argument >> (8 * i)));
}

static size_t write_item(struct builder *out, struct bytes data, int depth);

static void write_inside(struct builder *out, const struct cbor_item *item, int depth)
{
    struct bytes left = item->content;
    size_t items = item->kind == CBOR_MAP ? 2 * item->count : item->count;
    for (size_t i = 0; i < items; i++) {
        size_t size = write_item(out, left, depth + 1);
        left = (struct bytes){left.at + size, left.size - size};
    }
    assert(left.size == 0);
}

static void find_entry(const struct cbor_item *map, const struct cbor_item *key, struct bytes value)
{
    struct cbor_item wanted;
    struct cbor_item found = {.kind = CBOR_NONE};
    size_t size = 0;
    bool there = cbor_read(value, &wanted, &size);
    assert(there);
    char name[256];
    if (key->kind == CBOR_NUMBER) {
        assert(cbor_find_number(map, key->number, &found));
    } else if (key->content.size < sizeof name && memchr(key->content.at, 0, key->content.size) == NULL) {
        memcpy(name, key->content.at, key->content.size);
        name[key->content.size] = '\0';
        assert(cbor_find_text(map, name, &found));
    } else {
        return;
    }
    assert(found.kind == wanted.kind && found.content.at == wanted.content.at && found.number == wanted.number);
}

static void find_entries(const struct cbor_item *map)
{
    struct bytes left = map->content;
    for (size_t i = 0; i < map->count; i++) {
        struct cbor_item key;
        size_t size = 0;
        assert(cbor_read(left, &key, &size));
        left = (struct bytes){left.at + size, left.size - size};
        find_entry(map, &key, left);
        struct cbor_item value;
        assert(cbor_read(left, &value, &size));
        left = (struct bytes){left.at + size, left.size - size};
    }
}

static size_t write_item(struct builder *out, struct bytes data, int depth)
{
    struct cbor_item item;
    size_t size = 0;
    assert(depth <= LIMIT_CBOR_DEPTH); /* so deep, and what lies in the deepest */
    assert(cbor_read(data, &item, &size) && size <= data.size);
    switch (item.kind) {
    case CBOR_NUMBER:
        write_head(out, item.number < 0, item.number < 0 ? ~(uint64_t)item.number : (uint64_t)item.number);
        break;
    case CBOR_BYTES:
    case CBOR_TEXT:
        assert(item.kind == CBOR_BYTES || text_is_utf8(text_of_bytes(item.content)));
        write_head(out, item.kind == CBOR_BYTES ? 2 : 3, item.content.size);
        build_bytes(out, item.content);
        break;
    case CBOR_LIST:
    case CBOR_MAP:
        write_head(out, item.kind == CBOR_LIST ? 4 : 5, item.count);
        write_inside(out, &item, depth);
        break;
    case CBOR_TRUTH:   build_byte(out, item.number != 0 ? 0xf5 : 0xf4); break;
    case CBOR_NOTHING: build_byte(out, 0xf6); break;
    case CBOR_NONE:    assert(false); break;
    }
    if (item.kind == CBOR_MAP)
        find_entries(&item);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = {data, size};
    struct cbor_item item;
    size_t taken = 0;
    if (!cbor_read(input, &item, &taken))
        return 0;
    assert(taken > 0 && taken <= size);
    struct builder out = builder_open(fuzz_arena(1 << 16), 1 << 12);
    assert(write_item(&out, input, 0) == taken);
    assert(!out.overflowed && bytes_equals(builder_bytes(&out), (struct bytes){data, taken}));
    return 0;
}
