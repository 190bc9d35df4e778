/* SPDX-License-Identifier: Apache-2.0
 * Formats a line on the stack and writes it at once. */
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

#define LINE_BYTES 2000
#define END_BYTES 2 /* the closing brace and the line feed always fit */

struct line {
    char   at[LINE_BYTES];
    size_t size;
    bool   full;
};

static void put(struct line *line, const char *text, size_t size)
{
    line->full = line->full || size > LINE_BYTES - END_BYTES - line->size;
    for (size_t i = 0; i < size && !line->full; i++)
        line->at[line->size++] = text[i];
}

static void put_string(struct line *line, const char *text)
{
    struct text view = text_of(text);
    put(line, view.at, view.size);
}

/* Quotes what could break a line or a JSON string; both forms use the same escape. */
static void put_quoted(struct line *line, const char *text)
{
    put(line, "\"", 1);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[8];
        if (c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
            int size = snprintf(escaped, sizeof escaped, "\\u%04x", c);
            put(line, escaped, (size_t)size);
        } else {
            put(line, text, 1);
        }
    }
    put(line, "\"", 1);
}

/* A field stands whole or not at all, so that the line stays readable by machines. */
static void put_field(struct line *line, const struct log_field *field, bool json)
{
    size_t before = line->size;
    put_string(line, json ? "," : " ");
    if (json)
        put_quoted(line, field->key);
    else
        put_string(line, field->key);
    put_string(line, json ? ":" : "=");
    if (field->text != NULL) {
        put_quoted(line, field->text);
    } else {
        char number[24];
        int size = snprintf(number, sizeof number, "%lld", (long long)field->number);
        put(line, number, (size_t)size);
    }
    if (line->full)
        line->size = before;
}

void log_write(const struct log *log, log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    static const char *const LEVELS[] = {"debug", "info", "warning", "error"};
    if (level < log->least)
        return;
    struct line line = {.size = 0};
    char at[TIME_TEXT_SIZE];
    time_format(clock_wall_ms(log->clock), at);
    put_string(&line, log->json ? "{\"at\":\"" : "");
    put(&line, at, sizeof at);
    put_string(&line, log->json ? "\",\"level\":\"" : " ");
    put_string(&line, LEVELS[level]);
    put_string(&line, log->json ? "\",\"event\":" : " ");
    if (log->json)
        put_quoted(&line, event);
    else
        put_string(&line, event);
    for (size_t i = 0; i < count && !line.full; i++)
        put_field(&line, &fields[i], log->json);
    if (log->json)
        line.at[line.size++] = '}';
    line.at[line.size++] = '\n';
    ssize_t written = write(log->fd, line.at, line.size);
    (void)written; /* nowhere is left to complain */
}
