/* SPDX-License-Identifier: Apache-2.0
 * Formats a line on the stack and writes it at once, unless its event has had its share of the second. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"

#define LINE_BYTES 2000
#define END_BYTES 2 /* the closing brace and the line feed always fit */
#define SECOND_NS INT64_C(1000000000)

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

static void write_line(const struct log *log, log_level level, const char *event, const struct log_field *fields,
                       size_t count)
{
    static const char *const LEVELS[] = {"debug", "info", "warning", "error"};
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

/* ---- shares of a second */

/* Frees the places whose second is over, and tells what was left out in it. */
static void tell_before(const struct log *log, int64_t until_ns)
{
    for (size_t i = 0; i < LOG_EVENTS; i++) {
        struct log_event *place = &log->share->events[i];
        if (place->event == NULL || place->since_ns > until_ns)
            continue;
        if (place->lines > LIMIT_LOG_LINES)
            write_line(log, LOG_WARNING, "log.left_out",
                       (const struct log_field[]){LOG_TEXT("lines_of", place->event),
                                                  LOG_INT("count", place->lines - LIMIT_LOG_LINES)}, 2);
        *place = (struct log_event){.event = NULL};
    }
}

/* The event's place, else a free one, else NULL. Names are compared: the same one may stand in several files. */
static struct log_event *find_place(struct log_share *share, const char *event)
{
    struct log_event *free_place = NULL;
    for (size_t i = 0; i < LOG_EVENTS; i++) {
        struct log_event *place = &share->events[i];
        if (place->event != NULL && strcmp(place->event, event) == 0)
            return place;
        if (place->event == NULL && free_place == NULL)
            free_place = place;
    }
    return free_place;
}

static bool count_line(struct log_share *share, const char *event, int64_t now_ns)
{
    struct log_event *place = find_place(share, event);
    if (place == NULL)
        return true;
    if (place->event == NULL)
        *place = (struct log_event){.event = event, .since_ns = now_ns};
    place->lines++;
    return place->lines <= LIMIT_LOG_LINES;
}

void log_write(const struct log *log, log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    bool is_written = true;
    if (level < log->least)
        return;
    if (log->share != NULL) {
        int64_t now_ns = clock_monotonic_ns(log->clock);
        (void)pthread_mutex_lock(&log->share->lock); /* locks of our own kind do not fail */
        tell_before(log, now_ns - SECOND_NS);
        is_written = level >= LOG_ERROR || count_line(log->share, event, now_ns);
        (void)pthread_mutex_unlock(&log->share->lock);
    }
    if (is_written)
        write_line(log, level, event, fields, count);
}

static void tell_locked(const struct log *log, int64_t until_ns)
{
    (void)pthread_mutex_lock(&log->share->lock); /* as above */
    tell_before(log, until_ns);
    (void)pthread_mutex_unlock(&log->share->lock);
}

void log_catch_up(const struct log *log)
{
    if (log->share != NULL)
        tell_locked(log, clock_monotonic_ns(log->clock) - SECOND_NS);
}

void log_end(const struct log *log)
{
    if (log->share != NULL)
        tell_locked(log, INT64_MAX);
}
