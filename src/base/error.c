/* SPDX-License-Identifier: Apache-2.0
 * The failure record and the look-ups over error.def. A record once filled keeps its first content. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *sentence;
    int         http_status;
    int         exit_code;
} ERRORS[ERR_COUNT] = {
    [OK] = {"OK", "Done.", 200, 0},
#define X(code, http_status, exit_code, sentence) [code] = {#code, sentence, http_status, exit_code},
#include "base/error.def"
#undef X
};

/* Where a copy was cut, the last character may have lost its end (RFC 3629: continuation bytes begin with 10). */
static void drop_broken_end(char *copy, size_t room, int wanted)
{
    if (wanted < 0 || (size_t)wanted < room)
        return;
    size_t end = room - 1;
    while (end > 0 && ((unsigned char)copy[end - 1] & 0xC0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)copy[end - 1] >= 0xC0)
        copy[end - 1] = '\0';
}

err failure_set(struct failure *failure, err code, const char *reason, const char *where, const char *pointer,
                const char *format, ...)
{
    if (failure->code != OK)
        return failure->code;
    failure->code = code;
    failure->reason = reason;
    failure->where = where;
    int wanted = snprintf(failure->pointer, sizeof failure->pointer, "%s", pointer);
    drop_broken_end(failure->pointer, sizeof failure->pointer, wanted);
    va_list args;
    va_start(args, format);
    wanted = vsnprintf(failure->detail, sizeof failure->detail, format, args);
    drop_broken_end(failure->detail, sizeof failure->detail, wanted);
    va_end(args);
    return code;
}

err failure_wait(struct failure *failure, err code, int64_t wait_ms)
{
    if (failure->code == code)
        failure->wait_ms = wait_ms;
    return code;
}

void failure_clear(struct failure *failure)
{
    memset(failure, 0, sizeof *failure);
}

const char *error_name(err code)
{
    return ERRORS[code].name;
}

const char *error_sentence(err code)
{
    return ERRORS[code].sentence;
}

int error_http_status(err code)
{
    return ERRORS[code].http_status;
}

int error_exit_code(err code)
{
    return ERRORS[code].exit_code;
}
