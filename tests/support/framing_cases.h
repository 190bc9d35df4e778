/* SPDX-License-Identifier: Apache-2.0
 * The cases of framing.def for C: their bytes with the repetitions written out. */
#ifndef TESTS_SUPPORT_FRAMING_CASES_H
#define TESTS_SUPPORT_FRAMING_CASES_H

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct framing_case {
    const char *what;
    const char *statuses; /* and the reason of a refusal */
    struct text bytes;
};

static const struct framing_case FRAMING_CASES[] = {
#define CASE(what, statuses, bytes) {what, statuses, TEXT(bytes)},
#include "support/framing.def"
#undef CASE
};
#define FRAMING_CASE_COUNT (sizeof FRAMING_CASES / sizeof FRAMING_CASES[0])

/* Writes "{ab*3}" as "ababab", inner repetitions first; a brace that is no repetition stands for itself. */
static inline void framing_expand(struct builder *out, struct text pattern)
{
    for (size_t i = 0; i < pattern.size; i++) {
        size_t end = i;
        size_t star = 0;
        for (int depth = 0; end < pattern.size; end++) {
            depth += pattern.at[end] == '{';
            depth -= pattern.at[end] == '}';
            star = depth == 1 && pattern.at[end] == '*' ? end : star;
            if (depth == 0)
                break;
        }
        int64_t count = 0;
        if (pattern.at[i] != '{' || !text_to_int64((struct text){pattern.at + star + 1, end - star - 1}, &count)) {
            build_byte(out, (uint8_t)pattern.at[i]);
            continue;
        }
        for (; count > 0; count--)
            framing_expand(out, (struct text){pattern.at + i + 1, star - i - 1});
        i = end;
    }
}

#endif
