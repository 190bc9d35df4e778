/* SPDX-License-Identifier: Apache-2.0
 * Points in time and durations as the outside writes them. Inside, a point is int64_t milliseconds since 1970 UTC. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/bytes.h"

#define TIME_SECOND_MS INT64_C(1000)
#define TIME_DAY_MS (INT64_C(24) * 3600 * 1000)
#define TIME_TEXT_SIZE 24 /* "2026-11-22T10:20:30.123Z" */

/* RFC 3339 in UTC with milliseconds. Years 0 to 9999; others are clamped. Writes TIME_TEXT_SIZE characters, no NUL. */
void time_format(int64_t at_ms, char out[TIME_TEXT_SIZE]);
struct text time_to_text(struct arena *arena, int64_t at_ms);

/* RFC 3339 section 5.6: date, T, time with optional fraction (cut to milliseconds), Z or ±hh:mm. Refuses leap
 * seconds, which this clock does not have, impossible dates and anything behind. */
bool time_parse(struct text text, int64_t *out_at_ms);

/* A calendar date YYYY-MM-DD that exists; gives its midnight UTC. */
bool date_parse(struct text text, int64_t *out_at_ms);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t days_from_date(int64_t year, unsigned month, unsigned day);

/* ISO 8601 durations: PnYnMnWnD and TnHnMnS, whole numbers. A year counts 365 days, a month 30: a permission never
 * lasts longer than the words say. At least one part; no overflow. */
bool duration_parse(struct text text, int64_t *out_ms);
/* The shortest form with days and whole seconds: P90D, PT1H30M, P1DT2S. Below a second, and below zero: PT0S. `.at` is
 * NULL when the arena is exhausted. */
struct text duration_to_text(struct arena *arena, int64_t duration_ms);

#endif
