/* SPDX-License-Identifier: Apache-2.0
 * Column names folded and looked up. */
#include "protocol/contact_columns.h"

#include <string.h>

#include "base/text.h"

#define NUMBER_MAX_OF_COLUMN 1000

static const struct {
    const char   *folded;
    contact_field field;
    const char   *type;
} COLUMNS[] = {
#define X(folded, field, type) {folded, CONTACT_##field, type},
#include "protocol/contact_columns.def"
#undef X
};

bool contact_column_fold(struct text name, char out[CONTACT_COLUMN_BYTES_MAX], size_t *size)
{
    size_t at = 0;
    name = text_trim(name);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        if (c != '\0' && strchr(" -_./'", c) != NULL)
            continue;
        if (at == CONTACT_COLUMN_BYTES_MAX)
            return false;
        out[at++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *size = at;
    return at > 0;
}

/* Whether a folded name is that of a row; the # of the row takes a run of digits. */
static bool matches(struct text name, const char *folded, int64_t *number)
{
    size_t at = 0;
    *number = 0;
    for (; *folded != '\0'; folded++) {
        if (*folded != '#') {
            if (at == name.size || name.at[at++] != *folded)
                return false;
            continue;
        }
        size_t from = at;
        for (; at < name.size && name.at[at] >= '0' && name.at[at] <= '9' && *number < NUMBER_MAX_OF_COLUMN; at++)
            *number = *number * 10 + (name.at[at] - '0');
        if (at == from)
            return false;
    }
    return at == name.size;
}

static bool find_map(const struct contact_source *source, struct text folded, struct contact_column *out)
{
    char buffer[CONTACT_COLUMN_BYTES_MAX];
    for (size_t i = 0; i < source->map_count; i++) {
        size_t size = 0;
        if (!contact_column_fold(source->maps[i].column, buffer, &size) ||
            !text_equals(folded, (struct text){buffer, size}))
            continue;
        *out = (struct contact_column){source->maps[i].field, "", 0};
        return true;
    }
    return false;
}

bool contact_column_find(const struct contact_source *source, struct text name, struct contact_column *out)
{
    char buffer[CONTACT_COLUMN_BYTES_MAX];
    size_t size = 0;
    int64_t number = 0;
    if (!contact_column_fold(name, buffer, &size))
        return false;
    struct text folded = {buffer, size};
    if (find_map(source, folded, out))
        return true;
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) {
        const char *known = COLUMNS[i].folded; /* begins with a letter, which tells most of them apart */
        if (*known != *buffer || !matches(folded, known, &number))
            continue;
        *out = (struct contact_column){COLUMNS[i].field, COLUMNS[i].type, number};
        return true;
    }
    return false;
}
