/* SPDX-License-Identifier: Apache-2.0
 * JSON Schema (2020-12) made from the same rules that attribute_value.c applies: what the one refuses for its shape,
 * the other refuses too. */
#include <string.h>

#include "domain/words/attribute.h"

#define SCHEMA_BYTES_MAX (16u * 1024)

static void member_bound(struct json_writer *writer, const char *name, int64_t bound)
{
    json_member_int(writer, name, bound);
}

static void write_text_rule(struct json_writer *writer, int64_t low, int64_t high, const char *pattern)
{
    json_member_text(writer, "type", TEXT("string"));
    member_bound(writer, "minLength", low);
    member_bound(writer, "maxLength", high);
    if (pattern != NULL)
        json_member_text(writer, "pattern", text_of(pattern));
}

static void write_choices(struct json_writer *writer, const char *choices)
{
    json_write_key(writer, "enum");
    json_open_array(writer);
    for (const char *at = choices; *at != '\0';) {
        size_t size = strcspn(at, "|");
        json_write_text(writer, (struct text){at, size});
        at += size + (at[size] == '|');
    }
    json_close_array(writer);
}

static void write_number_rule(struct json_writer *writer, const struct attribute_rule *rule)
{
    json_member_text(writer, "type", TEXT("integer"));
    member_bound(writer, "minimum", rule->type == ATTRIBUTE_TYPE_YEAR ? ATTRIBUTE_YEAR_MIN : rule->low);
    member_bound(writer, "maximum", rule->type == ATTRIBUTE_TYPE_YEAR ? 9999 : rule->high);
    if (rule->detail[0] != '\0')
        json_member_text(writer, "description", text_of(rule->detail));
}

/* Texts whose form a pattern can say. */
static const struct {
    attribute_type type;
    int64_t        low, high;
    const char    *pattern;
} FORMS[] = {
    {ATTRIBUTE_TYPE_EMAIL, 6, 254, "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"},
    {ATTRIBUTE_TYPE_PHONE, 4, 32, "^[+(0-9][0-9 ./()-]*[0-9]$"},
    {ATTRIBUTE_TYPE_DATE, 10, 10, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    {ATTRIBUTE_TYPE_MONTH_DAY, 5, 5, "^[0-9]{2}-[0-9]{2}$"},
    {ATTRIBUTE_TYPE_LANGUAGES, 2, 35, "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"},
    {ATTRIBUTE_TYPE_COUNTRY, 2, 2, "^[A-Z]{2}$"},
    {ATTRIBUTE_TYPE_COUNTRIES, 2, 2, "^[A-Z]{2}$"},
    {ATTRIBUTE_TYPE_URL, 12, 1024, "^https?://"},
    {ATTRIBUTE_TYPE_TIME_ZONE, 3, 64, "^(UTC|[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){1,2})$"},
    {ATTRIBUTE_TYPE_IBAN, 15, 42, "^[A-Z]{2}[0-9]{2}[A-Z0-9 ]+$"},
    {ATTRIBUTE_TYPE_BIC, 8, 11, "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$"},
    {ATTRIBUTE_TYPE_CURRENCY, 3, 3, "^[A-Z]{3}$"},
};

static void write_form(struct json_writer *writer, const struct attribute_rule *rule)
{
    bool https = text_is(text_of(rule->detail), "https");
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
        if (FORMS[i].type == rule->type)
            write_text_rule(writer, FORMS[i].low, FORMS[i].high, https ? "^https://" : FORMS[i].pattern);
}

static void write_scalar(struct json_writer *writer, const struct attribute_rule *rule)
{
    switch ((int)rule->type) {
    case ATTRIBUTE_TYPE_TEXT:
    case ATTRIBUTE_TYPE_LINES:
        write_text_rule(writer, rule->low, rule->high, NULL);
        return;
    case ATTRIBUTE_TYPE_INTEGER:
    case ATTRIBUTE_TYPE_YEAR:
        write_number_rule(writer, rule);
        return;
    case ATTRIBUTE_TYPE_CHOICE:
        write_choices(writer, rule->detail);
        return;
    case ATTRIBUTE_TYPE_BOOLEAN:
        json_member_text(writer, "type", TEXT("boolean"));
        return;
    default:
        write_form(writer, rule);
    }
}

static void write_object(struct json_writer *writer, const char *shape)
{
    const struct attribute_member *member;
    json_member_text(writer, "type", TEXT("object"));
    json_member_bool(writer, "additionalProperties", false);
    member_bound(writer, "minProperties", 1);
    json_write_key(writer, "required");
    json_open_array(writer);
    for (size_t i = 0; (member = attribute_member_at(shape, i)) != NULL; i++)
        if (member->required)
            json_write_text(writer, text_of(member->name));
    json_close_array(writer);
    json_write_key(writer, "properties");
    json_open_object(writer);
    for (size_t i = 0; (member = attribute_member_at(shape, i)) != NULL; i++) {
        json_write_key(writer, member->name);
        json_open_object(writer);
        write_scalar(writer, &member->rule);
        json_close_object(writer);
    }
    json_close_object(writer);
}

static void write_list(struct json_writer *writer, const struct attribute_rule *rule)
{
    json_member_text(writer, "type", TEXT("array"));
    member_bound(writer, "minItems", rule->low);
    member_bound(writer, "maxItems", rule->high);
    json_member_bool(writer, "uniqueItems", rule->type != ATTRIBUTE_TYPE_YEARS);
    json_write_key(writer, "items");
    json_open_object(writer);
    if (rule->type == ATTRIBUTE_TYPE_OBJECTS)
        write_object(writer, rule->detail);
    else if (rule->type == ATTRIBUTE_TYPE_LIST)
        write_text_rule(writer, 1, ATTRIBUTE_ITEM_CHARACTERS_MAX, NULL);
    else if (rule->type == ATTRIBUTE_TYPE_YEARS)
        write_scalar(writer, &(struct attribute_rule){ATTRIBUTE_TYPE_YEAR, 0, 0, ""});
    else
        write_scalar(writer, rule);
    json_close_object(writer);
}

static void write_rule(struct json_writer *writer, const struct attribute_rule *rule)
{
    switch ((int)rule->type) {
    case ATTRIBUTE_TYPE_NAME:
    case ATTRIBUTE_TYPE_ADDRESS:
    case ATTRIBUTE_TYPE_OBJECT:
        write_object(writer, rule->detail);
        return;
    case ATTRIBUTE_TYPE_OBJECTS:
    case ATTRIBUTE_TYPE_YEARS:
    case ATTRIBUTE_TYPE_LANGUAGES:
    case ATTRIBUTE_TYPE_COUNTRIES:
    case ATTRIBUTE_TYPE_LIST:
        write_list(writer, rule);
        return;
    default:
        write_scalar(writer, rule);
    }
}

struct text attribute_schema(struct arena *arena, const struct attribute_kind *kind)
{
    struct json_writer writer = json_writer_open(arena, SCHEMA_BYTES_MAX);
    json_open_object(&writer);
    json_member_text(&writer, "$schema", TEXT("https://json-schema.org/draft/2020-12/schema"));
    json_member_text(&writer, "title", text_of(kind->label));
    write_rule(&writer, &kind->rule);
    json_write_key(&writer, "examples");
    json_open_array(&writer);
    json_write_raw(&writer, text_of(kind->example));
    json_close_array(&writer);
    json_close_object(&writer);
    return writer.out.overflowed ? (struct text){NULL, 0} : builder_text(&writer.out);
}
