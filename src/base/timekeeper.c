/* SPDX-License-Identifier: Apache-2.0
 * The rules of time. Microseconds inside, so that a look just after the last one loses nothing worth naming. */
#include "base/timekeeper.h"

#include "base/id.h"
#include "base/time.h"

#define SLOWER 8 /* behind, an eighth of what passes is left out */
#define LEAP_US (TIMEKEEPER_LEAP_MS * 1000)
#define DOUBT_LEAST_MS (INT64_C(60) * 1000)
#define DOUBT_MOST_MS TIME_DAY_MS
#define MINUTES_OF_DAY 1440
#define NOTHING_MS 1000

/* A clock may say anything; there are numbers for some of it only. */
static int64_t wall_us_of(struct clock_look look)
{
    int64_t wall_ms = look.wall_ms < 0 ? 0 : look.wall_ms;
    return (wall_ms > NUMBER_LAST_MS ? NUMBER_LAST_MS : wall_ms) * 1000;
}

int64_t timekeeper_doubt_ms(int64_t leap_ms)
{
    int64_t doubt_ms = DOUBT_LEAST_MS + leap_ms / MINUTES_OF_DAY;
    return doubt_ms > DOUBT_MOST_MS ? DOUBT_MOST_MS : doubt_ms;
}

static void begin_at(struct timekeeper *keeper, int64_t at_us, struct clock_look look)
{
    *keeper = (struct timekeeper){
        .at_us = at_us, .elapsed_us = look.elapsed_ns / 1000, .wall_us = wall_us_of(look), .leapt = false};
}

void timekeeper_open(struct timekeeper *keeper, const struct time_mark *mark, int64_t boot, struct clock_look look)
{
    bool goes_on = mark->boot != 0 && mark->boot == boot && mark->elapsed_ms * 1000 <= look.elapsed_ns / 1000;
    if (goes_on) { /* both numbers were cut to milliseconds: one more is never too early */
        int64_t passed_us = look.elapsed_ns / 1000 - mark->elapsed_ms * 1000;
        begin_at(keeper, (mark->at_ms + 1) * 1000 + passed_us, look);
        timekeeper_look(keeper, look);
        return;
    }
    int64_t least_us = (mark->horizon_ms > mark->at_ms ? mark->horizon_ms : mark->at_ms) * 1000;
    begin_at(keeper, wall_us_of(look) > least_us ? wall_us_of(look) : least_us, look);
}

/* The second look agrees when the wall clock has gone with what elapsed since the first. */
static bool is_believed(struct timekeeper *keeper, int64_t ahead_us)
{
    int64_t leap_us = keeper->wall_us - keeper->elapsed_us;
    int64_t apart_us = leap_us - keeper->leap_us;
    if (!keeper->leapt || apart_us > LEAP_US || apart_us < -LEAP_US) {
        keeper->leapt = true;
        keeper->leap_at_us = keeper->elapsed_us;
        keeper->leap_us = leap_us;
    }
    return keeper->elapsed_us - keeper->leap_at_us >= timekeeper_doubt_ms(ahead_us / 1000) * 1000;
}

void timekeeper_look(struct timekeeper *keeper, struct clock_look look)
{
    int64_t elapsed_us = look.elapsed_ns / 1000;
    int64_t passed_us = elapsed_us > keeper->elapsed_us ? elapsed_us - keeper->elapsed_us : 0;
    keeper->elapsed_us += passed_us;
    keeper->wall_us = wall_us_of(look);
    int64_t ahead_us = keeper->wall_us - (keeper->at_us + passed_us);
    if (ahead_us > LEAP_US && !is_believed(keeper, ahead_us)) {
        keeper->at_us += passed_us;
        return;
    }
    keeper->leapt = false;
    int64_t late_us = passed_us / SLOWER;
    keeper->at_us += ahead_us >= -late_us ? passed_us + ahead_us : passed_us - late_us;
}

bool timekeeper_is_before(int64_t at_ms, int64_t other_ms)
{
    return other_ms >= INT64_MIN + TIMEKEEPER_APART_MS && at_ms < other_ms - TIMEKEEPER_APART_MS;
}

void timekeeper_lift(struct timekeeper *keeper, int64_t at_ms)
{
    int64_t last_ms = at_ms > NUMBER_LAST_MS ? NUMBER_LAST_MS : at_ms;
    if (keeper->at_us < last_ms * 1000)
        keeper->at_us = last_ms * 1000;
}

int64_t timekeeper_now_ms(const struct timekeeper *keeper)
{
    return keeper->at_us / 1000;
}

int64_t timekeeper_latest_ms(const struct timekeeper *keeper)
{
    return (keeper->wall_us > keeper->at_us ? keeper->wall_us : keeper->at_us) / 1000;
}

clock_trust timekeeper_trust(const struct timekeeper *keeper, int64_t *out_ahead_ms)
{
    int64_t ahead_ms = keeper->wall_us / 1000 - timekeeper_now_ms(keeper);
    *out_ahead_ms = ahead_ms;
    if (keeper->leapt)
        return CLOCK_AHEAD;
    return ahead_ms < -NOTHING_MS ? CLOCK_BEHIND : CLOCK_TRUSTED;
}
