/* SPDX-License-Identifier: Apache-2.0
 * Reads HTTP requests with the engine's parser and tells what it understood, for comparison with other readers. Input:
 * records of a length (four bytes, big-endian) and as many bytes. Output: one line of JSON for each. With --lax it
 * first takes spaces before colons away, as a forgiving server would: the comparison must notice that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "http/engine/h1_body.h"

#define RECORD_BYTES_MAX (1u << 20)

static bool read_record(char *out, size_t *out_size)
{
    uint8_t length[4];
    if (fread(length, 1, sizeof length, stdin) != sizeof length)
        return false;
    *out_size = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
    return *out_size <= RECORD_BYTES_MAX && fread(out, 1, *out_size, stdin) == *out_size;
}

static size_t forgive(char *bytes, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != ' ' || i + 1 == size || bytes[i + 1] != ':')
            bytes[kept++] = bytes[i];
    return kept;
}

static h1_outcome read_body(const struct h1_request *request, struct text bytes, struct builder *out, size_t *used,
                            struct h1_refusal *why)
{
    struct h1_body body;
    h1_outcome outcome = h1_body_open(&body, request, LIMIT_BODY_BYTES, why);
    while (outcome == H1_MORE && *used < bytes.size) {
        struct bytes piece = {NULL, 0};
        size_t step = 0;
        struct bytes rest = {(const uint8_t *)bytes.at + *used, bytes.size - *used};
        outcome = h1_body_read(&body, rest, &step, &piece, why);
        build_bytes(out, piece);
        *used += step;
    }
    return outcome;
}

/* Bytes that need not be UTF-8, as hexadecimal digits. */
static void member_hex(struct json_writer *json, struct arena *arena, const char *key, struct text text)
{
    json_member_text(json, key, hex_encode(arena, bytes_of_text(text)));
}

static void tell(struct json_writer *json, struct arena *arena, const struct h1_request *request)
{
    member_hex(json, arena, "method", request->method);
    member_hex(json, arena, "target", request->target);
    json_member_int(json, "minor_version", request->minor_version);
    json_member_bool(json, "keep_alive", request->keep_alive);
    json_write_key(json, "fields");
    json_open_array(json);
    for (size_t i = 0; i < request->field_count; i++) {
        json_open_array(json);
        json_write_text(json, hex_encode(arena, bytes_of_text(request->fields[i].name)));
        json_write_text(json, hex_encode(arena, bytes_of_text(request->fields[i].value)));
        json_close_array(json);
    }
    json_close_array(json);
}

static void read_request(struct json_writer *json, struct arena *arena, struct text bytes)
{
    static const char *const NAMES[] = {[H1_MORE] = "more", [H1_DONE] = "done", [H1_REFUSED] = "refused"};
    struct h1_scan scan = {.scanned = 0};
    struct h1_refusal why = {OK, "", ""};
    struct h1_request request = {.field_count = 0};
    struct builder body = builder_open(arena, LIMIT_BODY_BYTES);
    size_t body_used = 0;
    h1_outcome outcome = h1_scan(&scan, bytes, &why);
    if (outcome == H1_DONE)
        outcome = h1_parse((struct text){bytes.at, scan.head_bytes}, &request, &why);
    struct text rest = {bytes.at + scan.head_bytes, bytes.size - scan.head_bytes};
    if (outcome == H1_DONE)
        outcome = read_body(&request, rest, &body, &body_used, &why);
    json_open_object(json);
    json_member_text(json, "outcome", text_of(NAMES[outcome]));
    json_member_text(json, "reason", text_of(why.reason));
    json_member_text(json, "detail", text_of(why.detail));
    json_member_int(json, "used", (int64_t)(scan.head_bytes + body_used));
    if (outcome == H1_DONE)
        tell(json, arena, &request);
    member_hex(json, arena, "body", builder_text(&body));
    json_close_object(json);
}

int main(int argument_count, char **arguments)
{
    bool lax = argument_count > 1 && strcmp(arguments[1], "--lax") == 0;
    struct ctx cx = {.arena = arena_open(64u * 1024 * 1024)};
    char *record = malloc(RECORD_BYTES_MAX);
    size_t size = 0;
    int status = 0;
    while (status == 0 && read_record(record, &size)) {
        size = lax ? forgive(record, size) : size;
        struct json_writer json = json_writer_open(cx.arena, 16u * 1024 * 1024);
        struct text line = TEXT_NONE;
        read_request(&json, cx.arena, (struct text){record, size});
        status = json_writer_finish(&cx, &json, &line) != OK;
        printf("%.*s\n", TEXT_ARGS(line));
        arena_reset(cx.arena);
    }
    free(record);
    arena_close(cx.arena);
    return status;
}
