/* SPDX-License-Identifier: Apache-2.0
 * The bounded list of findings. */
#include "domain/words/finding.h"

#include <stdio.h>

#include "base/text.h"

#define MESSAGE_BYTES_MAX 300

struct findings findings_open(struct arena *arena)
{
    return (struct findings){arena, ARENA_ARRAY(arena, struct finding, FINDINGS_MAX), 0};
}

static bool is_listed(const struct findings *findings, const struct finding *finding)
{
    for (size_t i = 0; i < findings->count; i++)
        if (text_is(text_of(finding->pointer), findings->items[i].pointer) &&
            text_is(text_of(finding->reason), findings->items[i].reason) &&
            text_equals(finding->message, findings->items[i].message))
            return true;
    return false;
}

void findings_add(struct findings *findings, const char *pointer, const char *reason, const char *format, ...)
{
    char message[MESSAGE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (findings->items == NULL || findings->count == FINDINGS_MAX || size < 0)
        return;
    struct finding finding = {pointer, reason, text_of(message)};
    while (!text_is_utf8(finding.message)) /* the cut may have hit the middle of a character */
        finding.message.size--;
    if (is_listed(findings, &finding))
        return;
    finding.message = text_copy(findings->arena, finding.message);
    findings->items[findings->count++] = finding;
}
