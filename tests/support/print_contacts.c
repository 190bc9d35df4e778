/* SPDX-License-Identifier: Apache-2.0
 * Prints what the readers of address books find in a file, one line a contact, as sorted members; for looking at files
 * and for tests that compare with other readers. Usage: print_contacts FILE [Column=field …]. Exit 1: the file failed.
 * */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "protocol/contact_identity.h"
#include "protocol/contact_reader.h"

#define MAPS_MAX 16

static ssize_t read_file(void *self, uint8_t *out, size_t size)
{
    return read(*(int *)self, out, size);
}

static bool rewind_file(void *self)
{
    return lseek(*(int *)self, 0, SEEK_SET) == 0;
}

static void write_values(struct json_writer *writer, const char *key, const struct contact_values *values)
{
    if (values->count == 0)
        return;
    json_write_key(writer, key);
    json_open_array(writer);
    for (size_t i = 0; i < values->count; i++) {
        json_open_array(writer);
        json_write_text(writer, values->at[i].value);
        json_write_text(writer, values->at[i].type);
        json_close_array(writer);
    }
    json_close_array(writer);
}

static void write_addresses(struct json_writer *writer, const struct contact_addresses *addresses)
{
    json_write_key(writer, "addresses");
    json_open_array(writer);
    for (size_t i = 0; i < addresses->count; i++) {
        const struct contact_address *address = &addresses->at[i];
        json_open_object(writer);
        json_member_text(writer, "street_address", address->street_address);
        json_member_text(writer, "locality", address->locality);
        json_member_text(writer, "region", address->region);
        json_member_text(writer, "postal_code", address->postal_code);
        json_member_text(writer, "country", address->country);
        json_member_text(writer, "type", address->type);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void write_notices(struct json_writer *writer, const struct contact_notices *notices)
{
    json_write_key(writer, "notices");
    json_open_array(writer);
    for (size_t i = 0; i < notices->count; i++) {
        const struct contact_notice *notice = &notices->at[i];
        json_open_array(writer);
        json_write_int(writer, notice->line);
        json_write_text(writer, text_of(notice->about));
        json_write_text(writer, text_of(contact_reason_word(notice->reason)));
        json_close_array(writer);
    }
    json_close_array(writer);
}

static err print_contact(struct ctx *cx, struct contact *contact)
{
    struct json_writer writer = json_writer_open(cx->arena, SIZE_MAX);
    struct contact_keys keys;
    struct text text;
    TRY(contact_identity(cx, contact, &keys));
    json_open_object(&writer);
    json_member_int(&writer, "line", contact->line);
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++) {
        if (contact_single(contact, field) != NULL && contact_single(contact, field)->size > 0)
            json_member_text(&writer, contact_field_word(field), *contact_single(contact, field));
        if (contact_list(contact, field) != NULL)
            write_values(&writer, contact_field_word(field), contact_list(contact, field));
    }
    if (contact->addresses.count > 0)
        write_addresses(&writer, &contact->addresses);
    json_write_key(&writer, "keys");
    json_open_array(&writer);
    for (size_t i = 0; i < keys.count; i++)
        json_write_text(&writer, keys.at[i].text);
    json_close_array(&writer);
    if (contact->notices.count > 0)
        write_notices(&writer, &contact->notices);
    json_close_object(&writer);
    TRY(json_writer_finish(cx, &writer, &text));
    (void)printf("%.*s\n", TEXT_ARGS(text));
    return OK;
}

static err print_all(struct ctx *cx, struct ctx *each, const struct contact_source *source)
{
    struct contact_reader *reader = NULL;
    struct contact *contact = NULL;
    struct contact_problem problem = {0, CONTACT_FINE};
    size_t unmapped = 0;
    TRY(contact_reader_open(cx, source, &reader));
    const struct text *columns = contact_reader_unmapped(reader, &unmapped);
    for (size_t i = 0; i < unmapped; i++)
        (void)printf("# unmapped %.*s\n", TEXT_ARGS(columns[i]));
    do {
        arena_reset(each->arena);
        err failed = contact_reader_next(reader, each, &contact, &problem);
        if (failed != OK)
            return FAIL(cx, failed, each->failure.reason, "%s", each->failure.detail);
        if (contact != NULL)
            TRY(print_contact(each, contact));
        else if (problem.reason != CONTACT_FINE)
            (void)printf("# line %lld %s\n", (long long)problem.line, contact_reason_word(problem.reason));
    } while (contact != NULL || problem.reason != CONTACT_FINE);
    return OK;
}

int main(int count, char **words)
{
    struct ctx cx = {.arena = arena_open((size_t)64 << 20)};
    struct ctx each = {.arena = arena_open((size_t)64 << 20)};
    struct contact_map maps[MAPS_MAX];
    int file = count > 1 ? open(words[1], O_RDONLY | O_CLOEXEC) : -1;
    struct contact_source source = {.read = read_file, .rewind = rewind_file, .self = &file, .maps = maps};
    err outcome = file < 0 ? FAIL(&cx, USAGE, "usage", "print_contacts FILE [Column=field …]") : OK;
    for (int i = 2; i < count && i - 2 < MAPS_MAX && outcome == OK; i++)
        outcome = contact_map_parse(&cx, text_of(words[i]), &maps[source.map_count++]);
    if (outcome == OK)
        outcome = print_all(&cx, &each, &source);
    if (outcome != OK)
        (void)printf("# failed %s: %s\n", cx.failure.reason, cx.failure.detail);
    arena_close(each.arena);
    arena_close(cx.arena);
    return outcome == OK ? 0 : 1;
}
