/* SPDX-License-Identifier: Apache-2.0
 * Structured log lines. Only floors 6 and 7 write them, once per failure. A field has a type; there is none for
 * personal data, secrets or request bodies, so they cannot be printed by accident: pass ids, counts and literals. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"
#include "base/effects.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } log_level;

struct log {
    int                 fd;
    bool                json;  /* one JSON object a line; otherwise text for people */
    log_level           least; /* lower levels are dropped */
    const struct clock *clock;
};

struct log_field {
    const char *key;
    const char *text;   /* a NUL-terminated, non-personal value, or NULL for a number */
    int64_t     number;
};

#define LOG_TEXT(key, value) ((struct log_field){(key), (value), 0})
#define LOG_INT(key, value) ((struct log_field){(key), NULL, (value)})

/* One write(2) per line, so lines of several threads do not mix. A line has at most 2,000 bytes: fields that do not fit
 * are left out, from the first such field on. */
void log_write(const struct log *log, log_level level, const char *event, const struct log_field *fields,
               size_t count);

#define LOG(log, level, event, ...)                                                     \
    log_write((log), (level), (event), (const struct log_field[]){__VA_ARGS__},         \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
