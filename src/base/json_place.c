/* SPDX-License-Identifier: Apache-2.0
 * One pass with a stack of containers that are open: of a list its position, of an object the name that came last. */
#include "base/json_place.h"

#include <assert.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

struct container {
    bool        is_list;
    bool        wants_name; /* the next string is a name */
    size_t      position;
    struct text name; /* as it is written, between its quotes */
};

struct place {
    struct text      text;
    size_t           depth;
    struct container open[LIMIT_JSON_DEPTH];
};

/* The position behind a string that begins at `at`. */
static size_t pass_string(struct place *place, size_t at)
{
    struct container *inside = place->depth == 0 ? NULL : &place->open[place->depth - 1];
    size_t end = at + 1;
    while (end < place->text.size && place->text.at[end] != '"')
        end += place->text.at[end] == '\\' ? 2 : 1;
    if (end > place->text.size)
        end = place->text.size;
    if (inside != NULL && inside->wants_name) {
        inside->name = (struct text){place->text.at + at + 1, end - at - 1};
        inside->wants_name = false;
    }
    return end + 1;
}

static void pass_sign(struct place *place, char c)
{
    if (c == '{' || c == '[') {
        assert(place->depth < LIMIT_JSON_DEPTH); /* json_parse() counted them */
        place->open[place->depth++] = (struct container){.is_list = c == '[', .wants_name = c == '{'};
    } else if ((c == '}' || c == ']') && place->depth > 0) {
        place->depth--;
    } else if (c == ',' && place->depth > 0) {
        struct container *inside = &place->open[place->depth - 1];
        inside->position++;
        inside->wants_name = !inside->is_list;
    }
}

/* RFC 6901 section 3. A name with escapes of JSON would have to be read first, and one that hides something would hide
 * it in the failure as well: either ends the pointer. */
static bool add_name(struct builder *pointer, struct text name)
{
    if (!text_is_overt(name, false))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] == '\\')
            return false;
        if (name.at[i] == '~')
            build_literal(pointer, "~0");
        else if (name.at[i] == '/')
            build_literal(pointer, "~1");
        else
            build_byte(pointer, (uint8_t)name.at[i]);
    }
    return true;
}

static const char *write_pointer(struct arena *arena, const struct place *place)
{
    struct builder pointer = builder_open(arena, sizeof((struct failure){0}.pointer) - 1);
    bool told = true;
    for (size_t i = 0; told && i < place->depth; i++) {
        build_byte(&pointer, '/');
        if (place->open[i].is_list)
            build_format(&pointer, "%zu", place->open[i].position);
        else
            told = add_name(&pointer, place->open[i].name);
    }
    const char *text = told && !pointer.overflowed ? text_c_string(arena, builder_text(&pointer)) : NULL;
    return text == NULL ? "" : text;
}

const char *json_place(struct arena *arena, struct text text, size_t end)
{
    struct place place = {.text = {text.at, end < text.size ? end : text.size}, .depth = 0};
    size_t at = 0;
    while (at < place.text.size) {
        char c = place.text.at[at];
        if (c != '"')
            pass_sign(&place, c);
        at = c == '"' ? pass_string(&place, at) : at + 1;
    }
    return write_pointer(arena, &place);
}
