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

err failure_set(struct failure *failure, err code, const char *reason, const char *where, const char *pointer,
                const char *format, ...)
{
    if (failure->code != OK)
        return failure->code;
    failure->code = code;
    failure->reason = reason;
    failure->where = where;
    (void)snprintf(failure->pointer, sizeof failure->pointer, "%s", pointer); /* cut is fine: it is a hint for people */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(failure->detail, sizeof failure->detail, format, args);
    va_end(args);
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
