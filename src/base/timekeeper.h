/* SPDX-License-Identifier: Apache-2.0
 * What time it is, told from a clock that anyone may set and one that nobody can. Between two looks the time that is
 * believed goes on by what has elapsed, and follows the wall clock while that is believable. Pure rules: no lock, no
 * effects, nothing kept; what lies on disk is a struct time_mark. The time never goes back, also not from one process
 * to the next. Why: docs/decisions/0012-time.md. */
#ifndef BASE_TIMEKEEPER_H
#define BASE_TIMEKEEPER_H

#include <stdbool.h>
#include <stdint.h>

/* Both clocks at one moment. */
struct clock_look {
    int64_t wall_ms;
    int64_t elapsed_ns;
};

/* What outlives a process: the time, what had elapsed then, and since when. All zero: nothing was kept. */
struct time_mark {
    int64_t at_ms;
    int64_t elapsed_ms;
    int64_t boot;       /* as clock_boot() names it; 0: not known */
    int64_t horizon_ms; /* no time beyond it was told before the next mark */
};

typedef enum clock_trust {
    CLOCK_TRUSTED,
    CLOCK_BEHIND, /* the wall clock was set back, or is behind what is stored: ours goes on, a little slower */
    CLOCK_AHEAD,  /* the wall clock has leapt: not believed before it has stood for a while */
} clock_trust;

struct timekeeper {
    int64_t at_us; /* the time that is believed */
    int64_t elapsed_us;
    int64_t wall_us;
    bool    leapt;
    int64_t leap_at_us; /* elapsed, when the leap was seen first */
    int64_t leap_us;    /* the wall clock less elapsed, then */
};

/* Goes on from a mark. On the same run of the machine what has elapsed since says the time: all of it, as nobody knows
 * when the wall clock was set back. After another one nothing does: a wall clock behind the horizon is not believed,
 * and the time begins there. */
void timekeeper_open(struct timekeeper *keeper, const struct time_mark *mark, int64_t boot, struct clock_look look);

/* Takes both clocks in. The wall clock is followed at once when it is at most TIMEKEEPER_LEAP_MS ahead; further ahead,
 * when it has stood as long as timekeeper_doubt_ms() says. When it is behind, the time goes on at seven eighths until
 * they meet. */
void timekeeper_look(struct timekeeper *keeper, struct clock_look look);
#define TIMEKEEPER_LEAP_MS (INT64_C(5) * 60 * 1000)

/* Servers of one node tell times that are no further apart: of what two of them wrote within it, either may bear the
 * earlier moment. They are much nearer while each hears the time of the database every second. */
#define TIMEKEEPER_APART_MS INT64_C(1000)
bool timekeeper_is_before(int64_t at_ms, int64_t other_ms); /* by more than that; any two numbers may come */

/* A minute, and one more for each day of the leap, up to a day. */
int64_t timekeeper_doubt_ms(int64_t leap_ms);

/* Not before this moment, which something stored bears. */
void timekeeper_lift(struct timekeeper *keeper, int64_t at_ms);

int64_t timekeeper_now_ms(const struct timekeeper *keeper);
/* The wall clock's when it is ahead and not believed; else the time itself. */
int64_t timekeeper_latest_ms(const struct timekeeper *keeper);
/* How far the wall clock is ahead (behind: below 0), and what that is called. A second is nothing. */
clock_trust timekeeper_trust(const struct timekeeper *keeper, int64_t *out_ahead_ms);

#endif
