/* SPDX-License-Identifier: Apache-2.0
 * One reader for each member of the one type. A member that has none is not known. */
#include "protocol/authorization_details.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/words/attribute.h"

/* One detail on its way in. */
struct reading {
    struct ctx                  *cx;
    struct text                  origin;
    size_t                       number;
    struct authorization_detail *detail;
};

/* `member` "": the detail itself, or the list. */
static err fail(struct reading *reading, const char *member, const char *sentence)
{
    struct ctx *cx = reading->cx;
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    struct text pointer = text_format(cx->arena, "/%zu%s%s", reading->number, *member == '\0' ? "" : "/", member);
    failure_clear(&cx->failure); /* of a reader that knows nothing of the place */
    return FAIL_AT(cx, INVALID, "details.invalid", pointer.at == NULL ? "" : pointer.at, "%s", sentence);
}

/* ---- members */

static err read_type(struct reading *reading, const json_t *value)
{
    if (!text_is(json_text(value), AUTHORIZATION_DETAILS_TYPE))
        return fail(reading, "type", "the one type is " AUTHORIZATION_DETAILS_TYPE);
    return OK;
}

/* A list of one word, which is this one. */
static bool is_only(const json_t *value, struct text word)
{
    return json_array_size(value) == 1 && text_equals(json_text(json_array_get(value, 0)), word);
}

static err read_locations(struct reading *reading, const json_t *value)
{
    return is_only(value, reading->origin) ? OK : fail(reading, "locations", "the one location is this node");
}

static err read_actions(struct reading *reading, const json_t *value)
{
    return is_only(value, TEXT("read")) ? OK : fail(reading, "actions", "the one action is read");
}

static err read_datatypes(struct reading *reading, const json_t *value)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct attribute_kind *kind = attribute_find(json_text(json_array_get(value, i)));
        if (kind == NULL || attribute_set_has(set, (attribute_number)kind->number))
            return fail(reading, "datatypes", "a kind of data is none that there is, or stands there twice");
        set = attribute_set_add(set, (attribute_number)kind->number);
    }
    reading->detail->datatypes = set;
    return OK;
}

static err read_purpose(struct reading *reading, const json_t *value)
{
    if (id_open(reading->cx, json_text(value), ID_PURPOSE, &reading->detail->purpose) != OK)
        return fail(reading, "purpose", "this is the id of no purpose");
    return OK;
}

static err read_duration(struct reading *reading, const json_t *value)
{
    int64_t *out = &reading->detail->duration_ms;
    if (!duration_parse(json_text(value), out) || *out < 1 || *out > LIMIT_GRANT_MS)
        return fail(reading, "duration", "a duration of ISO 8601, of at most twelve months");
    return OK;
}

static bool uses_of_word(struct text word, uses_kind *out)
{
    static const uses_kind KINDS[] = {USES_PERIOD, USES_ONCE, USES_TIMES, USES_EVENT};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (text_is(word, uses_word(KINDS[i]))) {
            *out = KINDS[i];
            return true;
        }
    }
    return false;
}

static err read_uses(struct reading *reading, const json_t *value)
{
    const json_t *times = json_object_get(value, "times");
    const json_t *event = json_object_get(value, "event");
    struct uses uses = {.max = json_integer_value(times), .event = json_text(event)};
    bool good = uses_of_word(json_text(json_object_get(value, "kind")), &uses.kind) &&
                json_object_size(value) == 1u + (times != NULL) + (event != NULL) &&
                (times == NULL || (json_is_integer(times) && uses.max >= 1 && uses.max <= LIMIT_USES)) &&
                (event == NULL || (uses.event.size >= 1 && uses.event.size <= LIMIT_NAME_BYTES &&
                                   text_is_overt(uses.event, false)));
    if (!good || uses_check(reading->cx, &uses, "") != OK)
        return fail(reading, "uses", "kind is period, once, times (with times) or event (with event)");
    reading->detail->uses = uses;
    return OK;
}

static const struct {
    const char *name;
    bool        required;
    err (*read)(struct reading *reading, const json_t *value);
} MEMBERS[] = {
    {"type", true, read_type},           {"locations", false, read_locations}, {"actions", false, read_actions},
    {"datatypes", true, read_datatypes}, {"purpose", true, read_purpose},      {"duration", false, read_duration},
    {"uses", false, read_uses},
};

static err read_detail(struct reading *reading, const json_t *json)
{
    size_t known = 0;
    if (!json_is_object(json))
        return fail(reading, "", "a detail is an object");
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        const json_t *value = json_object_get(json, MEMBERS[i].name);
        if (value == NULL && MEMBERS[i].required)
            return fail(reading, MEMBERS[i].name, "this member is missing");
        if (value != NULL)
            TRY(MEMBERS[i].read(reading, value));
        known += value != NULL;
    }
    if (known != json_object_size(json))
        return fail(reading, "", "a member is none that this type has");
    if (attribute_set_is_empty(reading->detail->datatypes))
        return fail(reading, "datatypes", "name at least one kind of data");
    return OK;
}

err authorization_details_read(struct ctx *cx, struct text text, struct text origin,
                               struct authorization_details *out)
{
    struct authorization_details found = {.count = 0};
    struct reading reading = {.cx = cx, .origin = origin};
    const json_t *list = NULL;
    if (text.size > AUTHORIZATION_DETAILS_BYTES_MAX || json_parse(cx, text, &list) != OK || json_array_size(list) < 1 ||
        json_array_size(list) > AUTHORIZATION_DETAILS_MAX)
        return fail(&reading, "", "authorization_details is a list of 1 to 8 objects");
    for (; found.count < json_array_size(list); found.count++) {
        reading.number = found.count;
        reading.detail = &found.at[found.count];
        TRY(read_detail(&reading, json_array_get(list, found.count)));
        for (size_t i = 0; i < found.count; i++)
            if (found.at[i].purpose.owner == reading.detail->purpose.owner &&
                found.at[i].purpose.item == reading.detail->purpose.item)
                return fail(&reading, "purpose", "one purpose stands in two details");
    }
    *out = found;
    return OK;
}

/* ---- and back */

static void write_kinds(struct json_writer *writer, struct attribute_set set)
{
    json_write_key(writer, "datatypes");
    json_open_array(writer);
    for (size_t i = 0; attribute_at(i) != NULL; i++)
        if (attribute_set_has(set, (attribute_number)attribute_at(i)->number))
            json_write_text(writer, text_of(attribute_at(i)->term));
    json_close_array(writer);
}

static void write_uses(struct json_writer *writer, const struct uses *uses)
{
    json_write_key(writer, "uses");
    json_open_object(writer);
    json_member_text(writer, "kind", text_of(uses_word(uses->kind)));
    if (uses->kind == USES_TIMES)
        json_member_int(writer, "times", uses->max);
    if (uses->kind == USES_EVENT)
        json_member_text(writer, "event", uses->event);
    json_close_object(writer);
}

static void write_only(struct json_writer *writer, const char *name, struct text word)
{
    json_write_key(writer, name);
    json_open_array(writer);
    json_write_text(writer, word);
    json_close_array(writer);
}

err authorization_details_write(struct ctx *cx, const struct authorization_details *details, struct text origin,
                                struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, 2 * AUTHORIZATION_DETAILS_BYTES_MAX);
    json_open_array(&writer);
    for (size_t i = 0; i < details->count; i++) {
        const struct authorization_detail *detail = &details->at[i];
        json_open_object(&writer);
        json_member_text(&writer, "type", TEXT(AUTHORIZATION_DETAILS_TYPE));
        write_only(&writer, "locations", origin);
        write_only(&writer, "actions", TEXT("read"));
        write_kinds(&writer, detail->datatypes);
        json_member_text(&writer, "purpose", id_text(cx, detail->purpose));
        if (detail->duration_ms > 0)
            json_member_text(&writer, "duration", duration_to_text(cx->arena, detail->duration_ms));
        write_uses(&writer, &detail->uses);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    return json_writer_finish(cx, &writer, out);
}
