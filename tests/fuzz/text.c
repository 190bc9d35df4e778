/* SPDX-License-Identifier: Apache-2.0
 * Every strict reader of text, times and durations over any octets: what one takes, its writer gives back. The first
 * octet chooses the reader. */
#include "base/text.h"

#include "base/time.h"
#include "fuzz/fuzz.h"

static void try_encodings(struct arena *arena, struct text text)
{
    struct bytes out = {NULL, 0};
    if (base64url_decode(arena, text, &out))
        assert(text_equals(base64url_encode(arena, out), text));
    if (base64_decode(arena, text, &out))
        assert(text_equals(base64_encode(arena, out), text));
    if (hex_decode(arena, text, &out))
        assert(text_equals(hex_encode(arena, out), text));
}

static void try_base32(struct text text)
{
    uint8_t octets[64];
    char again[128];
    size_t size = text.size * 5 / 8;
    if (size > sizeof octets || !base32_decode(text, octets, size))
        return;
    uint8_t octets_again[64];
    base32_encode((struct bytes){octets, size}, again); /* not always the same letters: o is 0, i and l are 1 */
    assert(base32_decode((struct text){again, text.size}, octets_again, size));
    assert(size == 0 || memcmp(octets, octets_again, size) == 0);
}

static void try_numbers(struct arena *arena, struct text text)
{
    int64_t number = 0;
    if (text_to_int64(text, &number))
        assert(text_equals(text_format(arena, "%lld", (long long)number), text));
    int64_t again = 0;
    if (!duration_parse(text, &number))
        return;
    assert(number >= 0);
    bool fits = number < INT64_C(1000000000) * TIME_DAY_MS; /* a part has at most nine digits */
    assert(duration_parse(duration_to_text(arena, number), &again) == fits);
    assert(!fits || again == number);
}

static void try_times(struct arena *arena, struct text text)
{
    int64_t at_ms = 0;
    int64_t again_ms = 0;
    static const int64_t FIRST_MS = -62167219200000, LAST_MS = 253402300799999;
    if (time_parse(text, &at_ms) && at_ms >= FIRST_MS && at_ms <= LAST_MS)
        assert(time_parse(time_to_text(arena, at_ms), &again_ms) && again_ms == at_ms);
    if (date_parse(text, &at_ms))
        assert(text_starts_with(time_to_text(arena, at_ms), text_c_string(arena, text)));
}

static void try_utf8(struct text text)
{
    assert(!text_is_plain(text, false) || text_is_plain(text, true));
    assert(!text_is_plain(text, true) || text_is_utf8(text));
    assert(text_count_characters(text) <= text.size);
    assert(text_trim(text).size <= text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    struct arena *arena = fuzz_arena(1 << 20);
    struct text text = {(const char *)data + 1, size - 1};
    switch (data[0] % 5) {
    case 0:
        try_encodings(arena, text);
        break;
    case 1:
        try_base32(text);
        break;
    case 2:
        try_numbers(arena, text);
        break;
    case 3:
        try_times(arena, text);
        break;
    default:
        try_utf8(text);
    }
    return 0;
}
