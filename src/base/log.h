/* SPDX-License-Identifier: Apache-2.0
 * Structured log lines. Only floors 6 and 7 write them, once per failure. A field has a type; there is none for
 * personal data, secrets or request bodies, so they cannot be printed by accident: pass ids, counts and literals. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/effects.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } log_level;

#define LOG_EVENTS 64

/* How many lines of each event this second has seen, for all threads. While all places are taken, further events go
 * uncounted and are written. Begins as {.lock = PTHREAD_MUTEX_INITIALIZER}. */
struct log_share {
    pthread_mutex_t lock;
    struct log_event {
        const char *event;    /* NULL: the place is free */
        int64_t     since_ns; /* monotonic: when its second began */
        int64_t     lines;    /* in it, written or not */
    } events[LOG_EVENTS];
};

struct log {
    int                 fd;
    bool                json;  /* one JSON object a line; otherwise text for people */
    log_level           least; /* lower levels are dropped */
    const struct clock *clock;
    struct log_share   *share; /* of what crowds cause; NULL, as where each line is a fact: every line is written */
};

struct log_field {
    const char *key;
    const char *text;   /* a NUL-terminated, non-personal value, or NULL for a number */
    int64_t     number;
};

#define LOG_TEXT(key, value) ((struct log_field){(key), (value), 0})
#define LOG_INT(key, value) ((struct log_field){(key), NULL, (value)})

/* One write(2) per line, so lines of several threads do not mix. A line has at most 2,000 bytes: fields that do not fit
 * are left out, from the first such field on. Errors are always written; of other events LIMIT_LOG_LINES of each in a
 * second and, behind it, one line log.left_out with the number of the rest. `event` lives as long as the log. */
void log_write(const struct log *log, log_level level, const char *event, const struct log_field *fields,
               size_t count);

/* Tells what was left out in seconds that are over: for whoever comes by each second, as log_write() does it as well.
 * log_end() tells all of it. */
void log_catch_up(const struct log *log);
void log_end(const struct log *log);

#define LOG(log, level, event, ...)                                                     \
    log_write((log), (level), (event), (const struct log_field[]){__VA_ARGS__},         \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
