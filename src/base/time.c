/* SPDX-License-Identifier: Apache-2.0
 * RFC 3339 times and ISO 8601 durations. No time zone database: everything is UTC or a stated offset. */
#include "base/time.h"

#include <string.h>

struct cursor {
    const char *at;
    const char *end;
};

int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    /* The year begins in March, so that the leap day is its last; eras of 400 years have 146,097 days. */
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static void put_digits(char *out, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
}

void time_format(int64_t at_ms, char out[TIME_TEXT_SIZE])
{
    static const int64_t FIRST_MS = -62167219200000, LAST_MS = 253402300799999; /* years 0000 and 9999 */
    at_ms = at_ms < FIRST_MS ? FIRST_MS : at_ms > LAST_MS ? LAST_MS : at_ms;
    int64_t days = at_ms / TIME_DAY_MS - (at_ms % TIME_DAY_MS < 0);
    int64_t rest = at_ms - days * TIME_DAY_MS;
    int64_t year = 0;
    unsigned month = 0;
    unsigned day = 0;
    date_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", TIME_TEXT_SIZE);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, rest / 3600000, 2);
    put_digits(out + 14, rest / 60000 % 60, 2);
    put_digits(out + 17, rest / 1000 % 60, 2);
    put_digits(out + 20, rest % 1000, 3);
}

struct text time_to_text(struct arena *arena, int64_t at_ms)
{
    char buffer[TIME_TEXT_SIZE];
    time_format(at_ms, buffer);
    return text_copy(arena, (struct text){buffer, sizeof buffer});
}

static bool take(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

static bool take_digits(struct cursor *cursor, int count, int64_t most, int64_t *out)
{
    int64_t value = 0;
    if (cursor->end - cursor->at < count)
        return false;
    for (int i = 0; i < count; i++, cursor->at++) {
        if (*cursor->at < '0' || *cursor->at > '9')
            return false;
        value = value * 10 + (*cursor->at - '0');
    }
    *out = value;
    return value <= most;
}

static bool take_date(struct cursor *cursor, int64_t *out_days)
{
    static const unsigned DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!take_digits(cursor, 4, 9999, &year) || !take(cursor, '-') || !take_digits(cursor, 2, 12, &month) ||
        !take(cursor, '-') || !take_digits(cursor, 2, 31, &day) || month == 0 || day == 0)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > DAYS[month - 1] + (month == 2 && leap))
        return false;
    *out_days = days_from_date(year, (unsigned)month, (unsigned)day);
    return true;
}

static bool take_fraction(struct cursor *cursor, int64_t *out_ms)
{
    *out_ms = 0;
    if (!take(cursor, '.'))
        return true;
    int digits = 0;
    int64_t worth = 100;
    for (int64_t digit = 0; take_digits(cursor, 1, 9, &digit); digits++, worth /= 10)
        *out_ms += worth * digit;
    return digits > 0 && digits <= 9;
}

static bool take_offset(struct cursor *cursor, int64_t *out_ms)
{
    *out_ms = 0;
    if (take(cursor, 'Z') || take(cursor, 'z'))
        return true;
    int64_t sign = take(cursor, '+') ? 1 : take(cursor, '-') ? -1 : 0;
    int64_t hours = 0;
    int64_t minutes = 0;
    if (sign == 0 || !take_digits(cursor, 2, 23, &hours) || !take(cursor, ':') || !take_digits(cursor, 2, 59, &minutes))
        return false;
    *out_ms = sign * (hours * 60 + minutes) * 60000;
    return true;
}

bool time_parse(struct text text, int64_t *out_at_ms)
{
    struct cursor cursor = {text.at, text.at + text.size};
    int64_t days = 0, hour = 0, minute = 0, second = 0, fraction_ms = 0, offset_ms = 0;
    if (!take_date(&cursor, &days) || !(take(&cursor, 'T') || take(&cursor, 't')) ||
        !take_digits(&cursor, 2, 23, &hour) || !take(&cursor, ':') || !take_digits(&cursor, 2, 59, &minute) ||
        !take(&cursor, ':') || !take_digits(&cursor, 2, 59, &second) || !take_fraction(&cursor, &fraction_ms) ||
        !take_offset(&cursor, &offset_ms) || cursor.at != cursor.end)
        return false;
    *out_at_ms = days * TIME_DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms - offset_ms;
    return true;
}

bool date_parse(struct text text, int64_t *out_at_ms)
{
    struct cursor cursor = {text.at, text.at + text.size};
    int64_t days = 0;
    if (!take_date(&cursor, &days) || cursor.at != cursor.end)
        return false;
    *out_at_ms = days * TIME_DAY_MS;
    return true;
}

static bool take_count(struct cursor *cursor, int64_t *out)
{
    const char *start = cursor->at;
    int64_t value = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' && cursor->at - start < 9)
        value = value * 10 + (*cursor->at++ - '0');
    *out = value;
    return cursor->at > start;
}

bool duration_parse(struct text text, int64_t *out_ms)
{
    static const struct {
        char    letter;
        bool    clock;
        int64_t worth_ms;
    } PARTS[] = {{'Y', false, 365 * TIME_DAY_MS}, {'M', false, 30 * TIME_DAY_MS}, {'W', false, 7 * TIME_DAY_MS},
                 {'D', false, TIME_DAY_MS},       {'H', true, 3600000},           {'M', true, 60000},
                 {'S', true, 1000}};
    struct cursor cursor = {text.at, text.at + text.size};
    if (!take(&cursor, 'P'))
        return false;
    bool clock = false;
    bool any = false;
    int64_t total = 0;
    for (size_t next = 0; cursor.at < cursor.end;) {
        if (!clock && take(&cursor, 'T')) {
            clock = true;
            any = false; /* something must follow the T */
            continue;
        }
        int64_t count = 0;
        if (!take_count(&cursor, &count) || cursor.at == cursor.end)
            return false;
        while (next < sizeof PARTS / sizeof *PARTS && (PARTS[next].letter != *cursor.at || PARTS[next].clock != clock))
            next++;
        int64_t part = 0;
        if (next == sizeof PARTS / sizeof *PARTS || __builtin_mul_overflow(count, PARTS[next].worth_ms, &part) ||
            __builtin_add_overflow(total, part, &total))
            return false;
        cursor.at++;
        next++;
        any = true;
    }
    if (any)
        *out_ms = total;
    return any;
}

struct text duration_to_text(struct arena *arena, int64_t duration_ms)
{
    struct builder builder = builder_open(arena, 64);
    if (duration_ms < 0)
        duration_ms = 0;
    int64_t days = duration_ms / TIME_DAY_MS;
    int64_t seconds = duration_ms % TIME_DAY_MS / 1000;
    build_byte(&builder, 'P');
    if (days > 0)
        build_format(&builder, "%lldD", (long long)days);
    if (seconds > 0 || days == 0)
        build_byte(&builder, 'T');
    if (seconds >= 3600)
        build_format(&builder, "%lldH", (long long)(seconds / 3600));
    if (seconds / 60 % 60 > 0)
        build_format(&builder, "%lldM", (long long)(seconds / 60 % 60));
    if (seconds % 60 > 0 || (days == 0 && seconds == 0))
        build_format(&builder, "%lldS", (long long)(seconds % 60));
    return builder.overflowed ? (struct text){NULL, 0} : builder_text(&builder);
}
