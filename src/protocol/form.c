/* SPDX-License-Identifier: Apache-2.0
 * One pass over the octets: each pair is cut out, spelt out and held against those before it. */
#include "protocol/form.h"

#include "base/limits.h"
#include "base/text.h"

static err fail_syntax(struct ctx *cx)
{
    return FAIL(cx, MALFORMED, "form.syntax", "not name=value pairs joined by &, each octet spelt as a form spells it");
}

/* Up to the next `end`, which is taken too; the rest when there is none. */
static struct bytes take_until(struct bytes *rest, uint8_t end)
{
    size_t size = 0;
    while (size < rest->size && rest->at[size] != end)
        size++;
    struct bytes part = {rest->at, size};
    size_t taken = size < rest->size ? size + 1 : size;
    *rest = (struct bytes){rest->at + taken, rest->size - taken};
    return part;
}

/* The octet at the front: itself, a blank for a plus, or two hexadecimal digits behind a percent sign; -1: not spelt
 * right. What a form has no need to spell any other way stands as it is. */
static int take_octet(struct bytes *rest)
{
    uint8_t first = rest->at[0];
    size_t size = first == '%' ? 3 : 1;
    if (size > rest->size || first <= ' ' || first >= 0x7F)
        return -1;
    int high = size == 1 ? 0 : text_hex_digit((char)rest->at[1]);
    int low = size == 1 ? 0 : text_hex_digit((char)rest->at[2]);
    *rest = (struct bytes){rest->at + size, rest->size - size};
    if (high < 0 || low < 0)
        return -1;
    return size == 3 ? high * 16 + low : first == '+' ? ' ' : first;
}

static err decode(struct ctx *cx, struct bytes coded, struct text *out)
{
    char *at = arena_take(cx->arena, coded.size + 1, 1);
    size_t size = 0;
    if (at == NULL)
        return FAIL_MEMORY(cx);
    while (coded.size > 0) {
        int octet = take_octet(&coded);
        if (octet < 0)
            return fail_syntax(cx);
        at[size++] = (char)octet;
    }
    struct text text = {at, size};
    if (!text_is_plain(text, false))
        return fail_syntax(cx);
    *out = text;
    return OK;
}

static err read_field(struct ctx *cx, struct bytes pair, struct form_field *out)
{
    struct bytes rest = pair;
    struct bytes name = take_until(&rest, '=');
    if (name.size == 0 || name.size == pair.size)
        return fail_syntax(cx);
    TRY(decode(cx, name, &out->name));
    return decode(cx, rest, &out->value);
}

err form_parse(struct ctx *cx, struct bytes body, struct form *out)
{
    struct form_field *fields = ARENA_ARRAY(cx->arena, struct form_field, LIMIT_FORM_FIELDS);
    size_t count = 0;
    if (fields == NULL)
        return FAIL_MEMORY(cx);
    if (body.size > 0 && body.at[body.size - 1] == '&')
        return fail_syntax(cx);
    while (body.size > 0) {
        if (count == LIMIT_FORM_FIELDS)
            return FAIL(cx, TOO_LARGE, "form.fields", "more than %d parameters", LIMIT_FORM_FIELDS);
        TRY(read_field(cx, take_until(&body, '&'), &fields[count]));
        for (size_t i = 0; i < count; i++)
            if (text_equals(fields[i].name, fields[count].name))
                return FAIL(cx, MALFORMED, "form.repeated", "a parameter came twice");
        count++;
    }
    *out = (struct form){fields, count};
    return OK;
}

struct text form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (text_is(form->fields[i].name, name))
            return form->fields[i].value;
    return TEXT_NONE;
}
