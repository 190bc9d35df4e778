/* SPDX-License-Identifier: Apache-2.0
 * Looks for the words of domain/entrance/device.def. The number of a device is that of its system and, times 100, that
 * of its browser. */
#include "domain/entrance/device.h"

#include <string.h>

#define BROWSERS 100

struct sign {
    int64_t     number;
    const char *mark;
    const char *word;
};

static const struct sign BROWSER_SIGNS[] = {
#define BROWSER(number, mark, word) {number, mark, word},
#define SYSTEM(number, mark, word)
#include "domain/entrance/device.def"
#undef SYSTEM
#undef BROWSER
};

static const struct sign SYSTEM_SIGNS[] = {
#define BROWSER(number, mark, word)
#define SYSTEM(number, mark, word) {number, mark, word},
#include "domain/entrance/device.def"
#undef SYSTEM
#undef BROWSER
};

#define COUNT(signs) (sizeof(signs) / sizeof *(signs))

static bool holds(struct text text, const char *mark)
{
    size_t size = strlen(mark);
    for (size_t at = 0; at + size <= text.size; at++)
        if (memcmp(text.at + at, mark, size) == 0)
            return true;
    return false;
}

static int64_t number_in(const struct sign *signs, size_t count, struct text text)
{
    for (size_t i = 0; i < count; i++)
        if (holds(text, signs[i].mark))
            return signs[i].number;
    return 0;
}

static const char *word_of(const struct sign *signs, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (signs[i].number == number)
            return signs[i].word;
    return "";
}

int64_t device_of(struct text user_agent)
{
    return number_in(BROWSER_SIGNS, COUNT(BROWSER_SIGNS), user_agent) * BROWSERS +
           number_in(SYSTEM_SIGNS, COUNT(SYSTEM_SIGNS), user_agent);
}

const char *device_browser(int64_t device)
{
    return word_of(BROWSER_SIGNS, COUNT(BROWSER_SIGNS), device / BROWSERS);
}

const char *device_system(int64_t device)
{
    return word_of(SYSTEM_SIGNS, COUNT(SYSTEM_SIGNS), device % BROWSERS);
}
