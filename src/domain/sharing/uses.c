/* SPDX-License-Identifier: Apache-2.0
 * How often a grant may be used: words, completion and the rule of narrowing. */
#include "domain/sharing/uses.h"

#include "base/limits.h"
#include "base/text.h"

static const char *const WORDS[] = {
    [USES_PERIOD] = "period", [USES_ONCE] = "once", [USES_TIMES] = "times", [USES_EVENT] = "event"};

const char *uses_word(uses_kind kind)
{
    return WORDS[kind];
}

err uses_check(struct ctx *cx, struct uses *uses, const char *pointer)
{
    if (uses->kind == USES_ONCE && uses->max == 0)
        uses->max = 1;
    bool wants_max = uses->kind == USES_TIMES || uses->kind == USES_ONCE;
    if (wants_max && (uses->max < 1 || uses->max > (uses->kind == USES_ONCE ? 1 : LIMIT_USES)))
        return FAIL_AT(cx, INVALID, "uses.invalid", pointer, "say how many times, between 1 and %d", LIMIT_USES);
    if (!wants_max && uses->max != 0)
        return FAIL_AT(cx, INVALID, "uses.invalid", pointer, "a number belongs to the kind \"times\" only");
    bool has_event = text_shows(uses->event);
    if (has_event != (uses->kind == USES_EVENT))
        return FAIL_AT(cx, INVALID, "uses.invalid", pointer,
                       "an event is named with the kind \"event\", and only there");
    if (uses->event.size > LIMIT_NAME_BYTES || !text_is_overt(uses->event, false))
        return FAIL_AT(cx, INVALID, "uses.invalid", pointer, "name the event in at most %d plain bytes",
                       LIMIT_NAME_BYTES);
    return OK;
}

bool uses_is_counted(const struct uses *uses)
{
    return uses->kind == USES_ONCE || uses->kind == USES_TIMES;
}

bool uses_equals(const struct uses *a, const struct uses *b)
{
    return a->kind == b->kind && a->max == b->max && text_equals(a->event, b->event);
}

bool uses_is_within(const struct uses *narrower, const struct uses *wider)
{
    if (wider->kind == USES_PERIOD)
        return true;
    if (uses_is_counted(wider))
        return uses_is_counted(narrower) && narrower->max <= wider->max;
    return narrower->kind == USES_EVENT && text_equals(narrower->event, wider->event);
}
