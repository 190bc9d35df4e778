/* SPDX-License-Identifier: Apache-2.0
 * Shapes of birthdates. A date that does not exist is unreadable; a year of two digits too, for its century is not
 * known. */
#include "protocol/contact_date.h"

#include "base/text.h"
#include "base/time.h"

#define NUMBER_DIGITS_MAX 4u

/* Up to three numbers with one kind of separator between them. */
struct numbers {
    int64_t value[3];
    size_t  digits[3];
    char    separator;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.at[i]))
            return false;
    return text.size > 0;
}

static struct text slice(struct text text, size_t from, size_t size)
{
    return (struct text){text.at + from, size};
}

/* Without the time of the day: "1980-03-21T00:00:00Z", "19800321T10", "3/21/1980 12:00:00 AM". */
static struct text date_part(struct text text)
{
    text = text_trim(text);
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] == 'T' || text.at[i] == 't' || text.at[i] == ' ')
            return slice(text, 0, i);
    return text;
}

static contact_reason whole_date(struct arena *arena, struct text year, struct text month, struct text day,
                                 struct text *out)
{
    int64_t midnight_ms = 0;
    struct text date = text_format(arena, "%.*s-%.*s-%.*s", TEXT_ARGS(year), TEXT_ARGS(month), TEXT_ARGS(day));
    if (date.at == NULL || !date_parse(date, &midnight_ms))
        return CONTACT_UNREADABLE;
    *out = date;
    return CONTACT_FINE;
}

static contact_reason yearless_date(struct arena *arena, struct text month, struct text day, struct text *out)
{
    struct text leap;
    if (whole_date(arena, TEXT("2000"), month, day, &leap) != CONTACT_FINE)
        return CONTACT_UNREADABLE;
    *out = text_format(arena, "--%.*s-%.*s", TEXT_ARGS(month), TEXT_ARGS(day));
    return CONTACT_FINE;
}

/* 1980-03 (RFC 6350 section 4.3.1): the day is not known. */
static contact_reason dayless_date(struct arena *arena, struct text date, struct text omitted_year, struct text *out)
{
    struct text first;
    bool is_dayless = date.size == 7 && date.at[4] == '-' && !text_equals(slice(date, 0, 4), text_trim(omitted_year));
    if (!is_dayless || whole_date(arena, slice(date, 0, 4), slice(date, 5, 2), TEXT("01"), &first) != CONTACT_FINE)
        return CONTACT_UNREADABLE;
    *out = text_copy(arena, date);
    return CONTACT_FINE;
}

contact_reason birthdate_of_card(struct arena *arena, struct text value, struct text omitted_year, struct text *out)
{
    struct text date = date_part(value);
    bool yearless = text_starts_with(date, "--");
    if (yearless)
        date = slice(date, 2, date.size - 2);
    bool dashed = date.size > 4 && date.at[date.size - 3] == '-';
    if (yearless && dashed && date.size == 5)
        return yearless_date(arena, slice(date, 0, 2), slice(date, 3, 2), out);
    if (yearless)
        return all_digits(date) && date.size == 4 ? yearless_date(arena, slice(date, 0, 2), slice(date, 2, 2), out)
                                                  : CONTACT_UNREADABLE;
    if (date.size == 4 && all_digits(date)) {
        *out = text_copy(arena, date);
        return CONTACT_FINE;
    }
    bool basic = date.size == 8 && all_digits(date);
    if (!basic && !(date.size == 10 && dashed && date.at[4] == '-'))
        return dayless_date(arena, date, omitted_year, out);
    struct text month = slice(date, basic ? 4 : 5, 2);
    struct text day = slice(date, basic ? 6 : 8, 2);
    if (omitted_year.size > 0 && text_equals(slice(date, 0, 4), text_trim(omitted_year)))
        return yearless_date(arena, month, day, out);
    return whole_date(arena, slice(date, 0, 4), month, day, out);
}

static bool read_numbers(struct text text, struct numbers *out)
{
    struct numbers numbers = {.separator = 0};
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t from = at;
        for (; at < text.size && is_digit(text.at[at]); at++)
            numbers.value[i] = at - from < NUMBER_DIGITS_MAX ? numbers.value[i] * 10 + (text.at[at] - '0') : 0;
        numbers.digits[i] = at - from;
        if (numbers.digits[i] == 0 || numbers.digits[i] > NUMBER_DIGITS_MAX || (i < 2 && at == text.size))
            return false;
        if (i == 2)
            break;
        char separator = text.at[at++];
        if ((separator != '/' && separator != '.' && separator != '-') || (i == 1 && separator != numbers.separator))
            return false;
        numbers.separator = separator;
    }
    *out = numbers;
    return at == text.size;
}

/* A number, a number, and a year of four digits: 3/21/1980. */
static bool is_slashed(const struct numbers *numbers)
{
    return numbers->digits[0] <= 2 && numbers->digits[1] <= 2 && numbers->digits[2] == 4;
}

static contact_reason date_of_numbers(struct arena *arena, int64_t year, int64_t month, int64_t day, struct text *out)
{
    struct text date = text_format(arena, "%04lld-%02lld-%02lld", (long long)year, (long long)month, (long long)day);
    int64_t midnight_ms = 0;
    if (date.at == NULL || !date_parse(date, &midnight_ms))
        return CONTACT_UNREADABLE;
    *out = date;
    return CONTACT_FINE;
}

contact_reason birthdate_of_cell(struct arena *arena, struct text cell, date_order order, struct text *out)
{
    struct numbers numbers;
    if (birthdate_of_card(arena, cell, TEXT_NONE, out) == CONTACT_FINE)
        return CONTACT_FINE;
    if (!read_numbers(date_part(cell), &numbers))
        return CONTACT_UNREADABLE;
    if (numbers.value[0] == 0 && numbers.value[1] == 0 && numbers.value[2] == 0) {
        *out = TEXT_NONE;
        return CONTACT_FINE;
    }
    if (numbers.digits[0] == 4)
        return date_of_numbers(arena, numbers.value[0], numbers.value[1], numbers.value[2], out);
    if (!is_slashed(&numbers))
        return CONTACT_UNREADABLE;
    if (order == DATE_ORDER_UNKNOWN && numbers.value[0] == numbers.value[1])
        order = DATE_ORDER_MONTH_FIRST; /* 3/3/1980 is the same either way */
    if (order == DATE_ORDER_MONTH_FIRST)
        return date_of_numbers(arena, numbers.value[2], numbers.value[0], numbers.value[1], out);
    if (order == DATE_ORDER_DAY_FIRST)
        return date_of_numbers(arena, numbers.value[2], numbers.value[1], numbers.value[0], out);
    return CONTACT_AMBIGUOUS;
}

date_order date_order_learn(date_order known, struct text cell)
{
    struct numbers numbers;
    if (!read_numbers(date_part(cell), &numbers) || !is_slashed(&numbers))
        return known;
    bool day_first = numbers.value[0] > 12 && numbers.value[0] <= 31 && numbers.value[1] <= 12;
    bool month_first = numbers.value[1] > 12 && numbers.value[1] <= 31 && numbers.value[0] <= 12;
    date_order shown = day_first ? DATE_ORDER_DAY_FIRST : month_first ? DATE_ORDER_MONTH_FIRST : DATE_ORDER_UNKNOWN;
    if (shown == DATE_ORDER_UNKNOWN || shown == known)
        return known;
    return known == DATE_ORDER_UNKNOWN ? shown : DATE_ORDER_MIXED;
}
