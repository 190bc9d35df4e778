/* SPDX-License-Identifier: Apache-2.0
 * How a function says that it failed. One enum for all floors (error.def) and one record per request that is filled
 * where the failure is born, never overwritten, logged once at the edge and translated once (http/gate/problem.c,
 * app/cli). Expected use: `TRY(f(cx))` passes a failure on, `return FAIL(cx, CONFLICT, "grant.withdrawn", "…")` makes
 * one. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

typedef enum err {
    OK = 0,
#define X(code, http_status, exit_code, sentence) code,
#include "base/error.def"
#undef X
    ERR_COUNT
} err;

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/* What went wrong. `reason` and `where` are literals; `pointer` (RFC 6901, into the request body) and `detail` are
 * copies, cut to their size between two characters. No secret and no personal value may enter any of them. */
struct failure {
    err         code;
    const char *reason;       /* stable word for machines: "grant.withdrawn" */
    const char *where;        /* file:line of birth, for our log only */
    char        pointer[128]; /* JSON pointer of the offending member, or "" */
    char        detail[200];  /* one sentence for people */
    int64_t     wait_ms;      /* TOO_MANY: how long at least it stays so; 0: a moment */
};

/* Fills `failure` unless it is already filled, and returns the code that stands in it. */
err failure_set(struct failure *failure, err code, const char *reason, const char *where, const char *pointer,
                const char *format, ...) PRINTF_LIKE(6, 7);
/* Says how long a refusal with this code stays one; returns the code. */
err failure_wait(struct failure *failure, err code, int64_t wait_ms);
void failure_clear(struct failure *failure);

const char *error_name(err code);     /* "CONFLICT" */
const char *error_sentence(err code); /* the sentence of error.def */
int error_http_status(err code);
int error_exit_code(err code);

#define ERROR_STRING_(x) #x
#define ERROR_STRING(x) ERROR_STRING_(x)
#define WHERE __FILE__ ":" ERROR_STRING(__LINE__)

/* `cx` is any pointer to a struct with a member `failure`. */
#define FAIL(cx, code, reason, ...) failure_set(&(cx)->failure, (code), (reason), WHERE, "", __VA_ARGS__)
#define FAIL_AT(cx, code, reason, pointer, ...) \
    failure_set(&(cx)->failure, (code), (reason), WHERE, (pointer), __VA_ARGS__)
/* TOO_MANY: as many as a day may have, the first of them at `first_at_ms`. */
#define FAIL_OF_A_DAY(cx, first_at_ms, reason, ...)                                \
    failure_wait(&(cx)->failure, FAIL((cx), TOO_MANY, (reason), __VA_ARGS__),      \
                 (first_at_ms) + TIME_DAY_MS + 1 - (cx)->now_ms)
#define FAIL_MEMORY(cx) FAIL((cx), TOO_LARGE, "limit.memory", "the request needs more memory than one request may use")

/* The only macro in the house that changes control flow. */
#define TRY(call)                \
    do {                         \
        err err_ = (call);       \
        if (err_ != OK)          \
            return err_;         \
    } while (0)

#endif
