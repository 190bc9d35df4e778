/* SPDX-License-Identifier: Apache-2.0
 * Look-ups that decoding, encoding and schema share. */
#include "http/gate/shape.h"

const struct shape_member *shape_find(const struct shape *shape, struct text name)
{
    for (size_t i = 0; i < shape->member_count; i++)
        if (text_is(name, shape->members[i].name))
            return &shape->members[i];
    return NULL;
}

const char *choice_word(const struct choice *choices, int value)
{
    for (; choices->word != NULL; choices++)
        if (choices->value == value)
            return choices->word;
    return NULL;
}
