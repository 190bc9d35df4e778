/* SPDX-License-Identifier: Apache-2.0
 * From the tables to JSON Schema (2020-12). A schema says of a text the most characters that its bytes can be; the
 * exact bound in bytes stands in the sentence of the limits. */
#include "http/gate/shape.h"

#include <string.h>


#define SCHEMA_PREFIX "#/components/schemas/"

static void write_reference(const char *name, struct json_writer *writer)
{
    char reference[96];
    struct text prefix = TEXT(SCHEMA_PREFIX);
    struct text rest = text_of(name);
    if (prefix.size + rest.size > sizeof reference) {
        writer->out.overflowed = true;
        return;
    }
    memcpy(reference, prefix.at, prefix.size);
    memcpy(reference + prefix.size, rest.at, rest.size);
    json_write_key(writer, "$ref");
    json_write_text(writer, (struct text){reference, prefix.size + rest.size});
}

static void write_type(const char *type, bool nullable, struct json_writer *writer)
{
    json_write_key(writer, "type");
    if (!nullable) {
        json_write_text(writer, text_of(type));
        return;
    }
    json_open_array(writer);
    json_write_text(writer, text_of(type));
    json_write_text(writer, TEXT("null"));
    json_close_array(writer);
}

static void write_bounds(const struct shape_member *member, const char *least, const char *most,
                         struct json_writer *writer)
{
    if (member->least > 0)
        json_member_int(writer, least, member->least);
    if (member->most > 0)
        json_member_int(writer, most, member->most);
}

static void write_id_form(id_type type, struct json_writer *writer)
{
    json_write_key(writer, "pattern");
    char pattern[] = "^xxx_[0-9a-hjkmnp-tv-z]{26}$";
    memcpy(pattern + 1, id_prefix(type), 3);
    json_write_text(writer, text_of(pattern));
}

static void write_words(const struct shape_member *member, struct json_writer *writer)
{
    json_write_key(writer, "enum");
    json_open_array(writer);
    for (const struct choice *choice = member->choices; choice->word != NULL; choice++)
        json_write_text(writer, text_of(choice->word));
    if ((member->flags & SHAPE_NULLABLE) != 0)
        json_write_null(writer);
    json_close_array(writer);
}

/* The bodies of the types that are written as one JSON string. */
static void write_string_form(const struct shape_member *member, struct json_writer *writer)
{
    write_type("string", (member->flags & SHAPE_NULLABLE) != 0, writer);
    if (member->type == SHAPE_TEXT)
        write_bounds(member, "minLength", "maxLength", writer);
    else if (member->type == SHAPE_TIME)
        json_member_text(writer, "format", TEXT("date-time"));
    else if (member->type == SHAPE_DURATION)
        json_member_text(writer, "format", TEXT("duration"));
    else if (member->type == SHAPE_ID || member->type == SHAPE_ID_TEXT)
        write_id_form(member->id, writer);
    else
        write_words(member, writer);
}

static void write_item_form(const struct shape_member *member, struct json_writer *writer)
{
    json_open_object(writer);
    if (member->type == SHAPE_OBJECTS || member->type == SHAPE_MAP) {
        write_reference(member->shape->name, writer);
    } else if (member->type == SHAPE_KINDS) {
        write_reference("AttributeKind", writer);
    } else {
        write_type("string", false, writer);
        if (member->type == SHAPE_IDS)
            write_id_form(member->id, writer);
    }
    json_close_object(writer);
}

static void write_list_form(const struct shape_member *member, struct json_writer *writer)
{
    write_type("array", (member->flags & SHAPE_NULLABLE) != 0, writer);
    if (member->type == SHAPE_KINDS) {
        json_member_bool(writer, "uniqueItems", true);
    } else {
        write_bounds(member, "minItems", "maxItems", writer);
    }
    json_write_key(writer, "items");
    write_item_form(member, writer);
}

static void write_object_form(const struct shape_member *member, struct json_writer *writer)
{
    if ((member->flags & SHAPE_NULLABLE) == 0) {
        write_reference(member->shape->name, writer);
        return;
    }
    json_write_key(writer, "anyOf");
    json_open_array(writer);
    json_open_object(writer);
    write_reference(member->shape->name, writer);
    json_close_object(writer);
    json_open_object(writer);
    write_type("null", false, writer);
    json_close_object(writer);
    json_close_array(writer);
}

static void write_form(const struct shape_member *member, struct json_writer *writer)
{
    switch (member->type) {
    case SHAPE_TEXT:
    case SHAPE_TIME:
    case SHAPE_DURATION:
    case SHAPE_ID:
    case SHAPE_ID_TEXT:
    case SHAPE_CHOICE:
        write_string_form(member, writer);
        break;
    case SHAPE_INT:
        write_type("integer", false, writer);
        write_bounds(member, "minimum", "maximum", writer);
        break;
    case SHAPE_BOOL:
        write_type("boolean", (member->flags & SHAPE_NULLABLE) != 0, writer);
        break;
    case SHAPE_KINDS:
    case SHAPE_TEXTS:
    case SHAPE_IDS:
    case SHAPE_OBJECTS:
        write_list_form(member, writer);
        break;
    case SHAPE_OBJECT:
    case SHAPE_OBJECT_AT:
        write_object_form(member, writer);
        break;
    case SHAPE_MAP:
        write_type("object", false, writer);
        json_write_key(writer, "additionalProperties");
        write_item_form(member, writer);
        break;
    case SHAPE_JSON: /* any value */
        break;
    }
}

void shape_write_member_schema(const struct shape_member *member, struct json_writer *writer)
{
    json_open_object(writer);
    write_form(member, writer);
    if (member->sentence != NULL)
        json_member_text(writer, "description", text_of(member->sentence));
    if ((member->flags & SHAPE_READ_ONLY) != 0)
        json_member_bool(writer, "readOnly", true);
    if ((member->flags & SHAPE_WRITE_ONLY) != 0)
        json_member_bool(writer, "writeOnly", true);
    json_close_object(writer);
}

static bool is_required(const struct shape_member *member)
{
    return (member->flags & SHAPE_REQUIRED) != 0;
}

void shape_write_schema(const struct shape *shape, struct json_writer *writer)
{
    bool any_required = false;
    json_open_object(writer);
    write_type("object", false, writer);
    if (shape->sentence != NULL)
        json_member_text(writer, "description", text_of(shape->sentence));
    json_write_key(writer, "properties");
    json_open_object(writer);
    for (size_t i = 0; i < shape->member_count; i++) {
        any_required = any_required || is_required(&shape->members[i]);
        if ((shape->members[i].flags & SHAPE_KEY) != 0)
            continue;
        json_write_key(writer, shape->members[i].name);
        shape_write_member_schema(&shape->members[i], writer);
    }
    json_close_object(writer);
    if (any_required) {
        json_write_key(writer, "required");
        json_open_array(writer);
        for (size_t i = 0; i < shape->member_count; i++)
            if (is_required(&shape->members[i]))
                json_write_text(writer, text_of(shape->members[i].name));
        json_close_array(writer);
    }
    json_member_bool(writer, "additionalProperties", shape->open);
    json_close_object(writer);
}
