/* SPDX-License-Identifier: Apache-2.0
 * A log is a head and frames, each a page with a head of its own. The sums run on from frame to frame, so a frame that
 * goes on from the sum of the one before was written by somebody who knew that one. A new transaction begins only when
 * the one before it is on disk. */
#include "store/log_check.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/page_sum.h"

#define HEAD_BYTES 32
#define FRAME_HEAD_BYTES 24
#define FRAME_BYTES (FRAME_HEAD_BYTES + PAGE_BYTES)
#define SUMMED_HEAD_BYTES 8 /* of a frame's head: page number, size of the file after a commit */
#define SUMMED_PAIRS ((SUMMED_HEAD_BYTES + PAGE_BYTES) / 8) /* of words */
#define SALTS_AT 16
#define SALTS_BYTES 8
#define SUM_AT 24           /* in the head of the log */
#define FRAME_SALTS_AT 8
#define FRAME_SUM_AT 16
#define MAGIC_LITTLE 0x377F0682u
#define LOOKS 3             /* another process may write while we read */

struct sum {
    uint32_t first, second;
};

struct log {
    int     fd;
    bool    unread; /* the disk refused */
    bool    big;    /* words of the sums are read with the highest byte first */
    uint8_t salts[SALTS_BYTES];
    uint8_t frame[FRAME_BYTES];
};

static uint32_t word_at(const uint8_t *at, bool big)
{
    uint32_t word = 0;
    memcpy(&word, at, sizeof word);
    return big ? be32toh(word) : le32toh(word);
}

static struct sum sum_on(struct sum sum, const uint8_t *at, size_t size, bool big)
{
    for (size_t i = 0; i < size; i += 8) {
        sum.first += word_at(at + i, big) + sum.second;
        sum.second += word_at(at + i + 4, big) + sum.first;
    }
    return sum;
}

static struct sum kept_sum(const uint8_t *at)
{
    return (struct sum){word_at(at, true), word_at(at + 4, true)};
}

static bool sums_agree(struct sum a, struct sum b)
{
    return a.first == b.first && a.second == b.second;
}

/* ---- the head */

static bool head_is_whole(const uint8_t *head)
{
    bool big = (head[3] & 1) != 0;
    return word_at(head, true) == (MAGIC_LITTLE | (big ? 1 : 0)) &&
           sums_agree(sum_on((struct sum){0, 0}, head, SUM_AT, big), kept_sum(head + SUM_AT));
}

static bool one_bit_makes_the_head_whole(uint8_t *head)
{
    for (size_t bit = 0; bit < HEAD_BYTES * 8; bit++) {
        head[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (head_is_whole(head))
            return true;
        head[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return false;
}

/* ---- frames */

/* False at the end of the log, and when the disk refuses: that is kept. */
static bool read_at(struct log *log, uint8_t *out, size_t size, int64_t at)
{
    ssize_t got = 0;
    do
        got = pread(log->fd, out, size, at);
    while (got < 0 && errno == EINTR);
    log->unread |= got < 0;
    return got == (ssize_t)size;
}

static bool read_frame(struct log *log, int64_t index)
{
    return read_at(log, log->frame, FRAME_BYTES, HEAD_BYTES + index * FRAME_BYTES);
}

static struct sum frame_sum(const struct log *log, struct sum before)
{
    struct sum sum = sum_on(before, log->frame, SUMMED_HEAD_BYTES, log->big);
    return sum_on(sum, log->frame + FRAME_HEAD_BYTES, PAGE_BYTES, log->big);
}

static bool has_salts(const struct log *log)
{
    return memcmp(log->frame + FRAME_SALTS_AT, log->salts, SALTS_BYTES) == 0;
}

static bool ends_transaction(const struct log *log)
{
    return word_at(log->frame + 4, true) != 0;
}

/* Which bit it was can be read off the factor that is odd, and one of the two always is: they are neighbours in
 * Fibonacci's sequence. */
static bool one_bit_times(struct sum wrong, struct sum factor)
{
    uint32_t seen = (factor.first & 1) != 0 ? wrong.first : wrong.second;
    uint32_t by = seen & -seen;
    struct sum added = {factor.first * by, factor.second * by};
    return by != 0 && (sums_agree(wrong, added) || sums_agree(wrong, (struct sum){-added.first, -added.second}));
}

static struct sum wrong_by(const struct log *log, struct sum got)
{
    struct sum kept = kept_sum(log->frame + FRAME_SUM_AT);
    return (struct sum){got.first - kept.first, got.second - kept.second};
}

/* The factor of the word that lies a pair of words before: each pair adds the sums to each other once more. */
static struct sum a_pair_before(struct sum factor)
{
    return (struct sum){factor.first + factor.second, factor.first + 2 * factor.second};
}

/* What one turned bit of a word adds to the sums at the end is that bit times a factor of the word's place, or the same
 * taken away; so all bits are tried without summing again. Factors grow from the last word to the first. */
static bool one_bit_explains(const struct log *log, struct sum got)
{
    struct sum wrong = wrong_by(log, got);
    struct sum of_second = {0, 1}, of_first = {1, 1}; /* of the two words of the last pair */
    for (size_t pair = 0; pair < SUMMED_PAIRS; pair++) {
        if (one_bit_times(wrong, of_first) || one_bit_times(wrong, of_second))
            return true;
        of_first = a_pair_before(of_first);
        of_second = a_pair_before(of_second);
    }
    struct sum kept = kept_sum(log->frame + FRAME_SUM_AT);
    uint32_t first = got.first ^ kept.first, second = got.second ^ kept.second;
    return (second == 0 && (first & (first - 1)) == 0) || (first == 0 && (second & (second - 1)) == 0);
}

/* New salts are drawn: those of a frame from before the log began anew differ in many bits. */
static bool one_bit_makes_the_salts_ours(const struct log *log)
{
    int turned = 0;
    for (size_t i = 0; i < SALTS_BYTES; i++)
        turned += __builtin_popcount(log->frame[FRAME_SALTS_AT + i] ^ log->salts[i]);
    return turned == 1;
}

static bool one_bit_makes_the_frame_whole(const struct log *log, struct sum got)
{
    if (sums_agree(got, kept_sum(log->frame + FRAME_SUM_AT)))
        return one_bit_makes_the_salts_ours(log);
    return has_salts(log) && one_bit_explains(log, got);
}

/* Of a frame that one bit makes whole. The word that says whether a transaction ends may be what has turned; the
 * highest bits of other words add the same to the sums, and then it is taken for an end: better a node that does not
 * start than an act that is gone. */
static bool may_end_transaction(const struct log *log, struct sum got)
{
    struct sum of_commit = {0, 1};
    for (size_t pair = 1; pair < SUMMED_PAIRS; pair++) /* it is the second word of the first pair */
        of_commit = a_pair_before(of_commit);
    return ends_transaction(log) || one_bit_times(wrong_by(log, got), of_commit);
}

/* Whether the bad frame was whole once: a whole transaction goes on from some transaction at or behind it; or a single
 * bit makes it whole, and then all else of its own transaction must be, up to the end: what a power cut has left of a
 * transaction may be one bit off as well. `sum` is what the bad frame's content adds up to: its kept sum may be what is
 * wrong. */
static bool was_whole(struct log *log, int64_t bad, struct sum sum)
{
    bool running = one_bit_makes_the_frame_whole(log, sum); /* a run of whole frames that began a transaction */
    if (running && may_end_transaction(log, sum))
        return true;
    struct sum kept = kept_sum(log->frame + FRAME_SUM_AT);
    struct sum other = sum;
    bool base_ended = ends_transaction(log); /* the frame before the run ended a transaction */
    for (int64_t i = bad + 1; read_frame(log, i); i++) {
        struct sum here = kept_sum(log->frame + FRAME_SUM_AT);
        bool goes_on = has_salts(log) && (sums_agree(frame_sum(log, kept), here) ||
                                          sums_agree(frame_sum(log, other), here));
        running = goes_on && (running || base_ended);
        if (running && ends_transaction(log))
            return true;
        base_ended = ends_transaction(log);
        kept = other = here;
    }
    return false;
}

static bool is_damaged(struct log *log)
{
    uint8_t head[HEAD_BYTES];
    if (!read_at(log, head, sizeof head, 0))
        return false;
    if (!head_is_whole(head))
        return one_bit_makes_the_head_whole(head);
    struct sum sum = kept_sum(head + SUM_AT);
    log->big = (head[3] & 1) != 0;
    memcpy(log->salts, head + SALTS_AT, SALTS_BYTES);
    for (int64_t i = 0; read_frame(log, i); i++) {
        sum = frame_sum(log, sum);
        /* with other salts it is left from before the log began anew, or a bit of them has turned */
        if (!has_salts(log) || !sums_agree(sum, kept_sum(log->frame + FRAME_SUM_AT)))
            return was_whole(log, i, sum);
    }
    return false;
}

/* What was not looked at may be damaged: SQLite would drop it. */
static err fail_unread(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "store.io", "a write-ahead log of the store does not read");
}

err log_check(struct ctx *cx, const char *path)
{
    struct log *log = ARENA_NEW(cx->arena, struct log);
    if (log == NULL)
        return FAIL_MEMORY(cx);
    log->fd = open(path, O_RDONLY | O_CLOEXEC); /* SQLite locks the database, not its log: closing drops no lock */
    if (log->fd < 0)
        return errno == ENOENT ? OK : fail_unread(cx);
    bool damaged = true;
    for (int look = 0; look < LOOKS && damaged; look++)
        damaged = is_damaged(log);
    (void)close(log->fd); /* it was only read */
    if (log->unread)
        return fail_unread(cx);
    return damaged ? FAIL(cx, CORRUPT, "store.log_damaged",
                          "a write-ahead log of the store is damaged in its middle: what was acknowledged after that "
                          "place would be lost without a word")
                   : OK;
}
