/* SPDX-License-Identifier: Apache-2.0
 * Splitting and percent-decoding. */
#include "http/engine/h1_path.h"

#include <string.h>

#include "base/text.h"

/* RFC 3986 section 2.1. Writes at most encoded.size bytes. */
static bool decode(struct text encoded, bool plus_is_space, char *out, size_t *out_size)
{
    size_t size = 0;
    for (size_t i = 0; i < encoded.size; i++, size++) {
        char c = encoded.at[i];
        if (c == '+' && plus_is_space)
            c = ' ';
        if (c != '%') {
            out[size] = c;
            continue;
        }
        int high = encoded.size - i < 3 ? -1 : text_hex_digit(encoded.at[i + 1]);
        int low = encoded.size - i < 3 ? -1 : text_hex_digit(encoded.at[i + 2]);
        if (high < 0 || low < 0)
            return false;
        out[size] = (char)(unsigned char)(high << 4 | low);
        i += 2;
    }
    *out_size = size;
    return true;
}

static err decode_into_arena(struct ctx *cx, struct text encoded, bool plus_is_space, struct text *out)
{
    struct text decoded = encoded;
    if (encoded.size > 0 && (memchr(encoded.at, '%', encoded.size) != NULL || plus_is_space)) {
        char *copy = arena_take(cx->arena, encoded.size, 1);
        if (copy == NULL)
            return FAIL_MEMORY(cx);
        if (!decode(encoded, plus_is_space, copy, &decoded.size))
            return FAIL(cx, MALFORMED, "http.percent", "a percent sign is not followed by two hexadecimal digits");
        decoded.at = copy;
    }
    if (!text_is_plain(decoded, false)) /* UTF-8, and no NUL or other control */
        return FAIL(cx, MALFORMED, "http.percent", "the address holds bytes that are not plain text");
    *out = decoded;
    return OK;
}

err percent_decode(struct ctx *cx, struct text encoded, struct text *out)
{
    return decode_into_arena(cx, encoded, false, out);
}

/* RFC 3986 section 3.3: "." and ".." move in the hierarchy, "/" separates; none of them may hide in a part. */
static bool part_is_safe(struct text part)
{
    if (part.size == 0 || text_is(part, ".") || text_is(part, ".."))
        return false;
    return memchr(part.at, '/', part.size) == NULL && memchr(part.at, '\\', part.size) == NULL;
}

err path_split(struct ctx *cx, struct text path, struct path_parts *out)
{
    struct path_parts parts = {.count = 0};
    if (!text_starts_with(path, "/"))
        return FAIL(cx, MALFORMED, "http.path", "the path does not begin with a slash");
    for (size_t at = 1; at < path.size || (at == path.size && path.size > 1); at++) {
        const char *slash = at < path.size ? memchr(path.at + at, '/', path.size - at) : NULL;
        size_t end = slash == NULL ? path.size : (size_t)(slash - path.at);
        if (parts.count == LIMIT_PATH_PARTS)
            return FAIL(cx, NOT_FOUND, "http.path_depth", "no address here has so many parts");
        struct text *part = &parts.at[parts.count++];
        TRY(percent_decode(cx, (struct text){path.at + at, end - at}, part));
        if (!part_is_safe(*part))
            return FAIL(cx, MALFORMED, "http.path", "a part of the path is empty, a dot or hides a slash");
        at = end;
    }
    *out = parts;
    return OK;
}

/* Is `pair` the parameter `name`? Names are compared as sent: the ones we know need no encoding. */
static bool pair_is(struct text pair, const char *name)
{
    size_t size = strlen(name);
    return text_starts_with(pair, name) && (pair.size == size || pair.at[size] == '=');
}

err query_value(struct ctx *cx, struct text query, const char *name, struct text *out)
{
    struct text found = {NULL, 0};
    size_t name_size = strlen(name);
    for (size_t at = 0; at < query.size;) {
        const char *end = memchr(query.at + at, '&', query.size - at);
        struct text pair = {query.at + at, end == NULL ? query.size - at : (size_t)(end - query.at) - at};
        at += pair.size + 1;
        if (!pair_is(pair, name))
            continue;
        if (found.at != NULL)
            return FAIL(cx, MALFORMED, "http.query", "a query parameter comes more than once");
        size_t skipped = pair.size == name_size ? name_size : name_size + 1;
        found = (struct text){pair.at + skipped, pair.size - skipped};
    }
    if (found.at == NULL) {
        *out = found;
        return OK;
    }
    return decode_into_arena(cx, found, true, out);
}
