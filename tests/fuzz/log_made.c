/* SPDX-License-Identifier: Apache-2.0
 * Write-ahead logs as a disk may give them back. Two transactions of which the second was begun when the first was on
 * disk, and what may have become of them: bits that have turned, a torn end, zeros, frames from before the log began
 * anew, octets of the input. Each kind alone has one right answer; of several together it is only wanted that there is
 * one. */
#include "store/log_check.h"

#include <endian.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "store/page_sum.h"

#define HEAD_BYTES 32u
#define FRAME_HEAD_BYTES 24u
#define FRAME_BYTES (FRAME_HEAD_BYTES + PAGE_BYTES)
#define FRAMES 3u /* the first is a transaction, the other two are one */
#define LOG_BYTES (HEAD_BYTES + FRAMES * FRAME_BYTES)
#define EDITS_MAX 3

typedef enum log_edit {
    LOG_BIT, LOG_CUT, LOG_ZEROS, LOG_STALE, LOG_MIDDLE, LOG_OCTETS, LOG_TORN, LOG_EDIT_COUNT
} log_edit;

typedef enum log_fate { LOG_WHOLE, LOG_DAMAGED, LOG_ANY } log_fate;

struct made {
    uint8_t  at[LOG_BYTES];
    size_t   size;
    log_fate fate;
};

/* ---- a log as SQLite writes it (https://sqlite.org/fileformat2.html#the_write_ahead_log) */

static void put_word(uint8_t *at, uint32_t word)
{
    uint32_t big = htobe32(word);
    memcpy(at, &big, sizeof big);
}

static void add_up(uint32_t sum[2], const uint8_t *at, size_t size, bool big)
{
    for (size_t i = 0; i < size; i += 8) {
        uint32_t words[2];
        memcpy(words, at + i, sizeof words);
        sum[0] += (big ? be32toh(words[0]) : le32toh(words[0])) + sum[1];
        sum[1] += (big ? be32toh(words[1]) : le32toh(words[1])) + sum[0];
    }
}

static void put_sum(uint8_t *at, const uint32_t sum[2])
{
    put_word(at, sum[0]);
    put_word(at + 4, sum[1]);
}

static void write_frame(uint8_t *frame, const uint8_t *head, uint32_t number, uint32_t sum[2])
{
    bool big = (head[3] & 1) != 0;
    put_word(frame, number + 3);
    put_word(frame + 4, number == 1 ? 0 : 9); /* the file's size, where a transaction ends */
    memcpy(frame + 8, head + 16, 8);
    for (uint32_t i = 0; i < PAGE_BYTES; i += 4) { /* any content whose words have several bits */
        uint32_t word = (i + number * 77 + head[16]) * UINT32_C(2654435761);
        put_word(frame + FRAME_HEAD_BYTES + i, word | UINT32_C(0x21000021));
    }
    add_up(sum, frame, 8, big);
    add_up(sum, frame + FRAME_HEAD_BYTES, PAGE_BYTES, big);
    put_sum(frame + 16, sum);
}

static void write_log(uint8_t *out, bool big, uint32_t generation)
{
    uint32_t sum[2] = {0, 0};
    put_word(out, UINT32_C(0x377F0682) | big);
    put_word(out + 4, 3007000);
    put_word(out + 8, PAGE_BYTES);
    put_word(out + 12, generation);
    put_word(out + 16, UINT32_C(0x5A5A1234) + generation * UINT32_C(0x01010101));
    put_word(out + 20, UINT32_C(0x12345A5A) * generation);
    add_up(sum, out, 24, big);
    put_sum(out + 24, sum);
    for (uint32_t i = 0; i < FRAMES; i++)
        write_frame(out + HEAD_BYTES + i * FRAME_BYTES, out, i, sum);
}

/* Made once: they are the same for every input. */
static const uint8_t *ready_log(bool big, bool stale)
{
    static uint8_t logs[4][LOG_BYTES];
    static bool are_made;
    for (unsigned i = 0; !are_made && i < 4; i++)
        write_log(logs[i], (i & 1) != 0, (i & 2) != 0 ? 6 : 7);
    are_made = true;
    return logs[(big ? 1 : 0) + (stale ? 2 : 0)];
}

/* ---- what became of it */

static size_t choose_place(struct choices *choices, size_t from)
{
    size_t place = choose(choices, 256) << 8;
    return from + (place | choose(choices, 256)) % (LOG_BYTES - from);
}

/* The content of the first page, so much of it that no bit explains it: a transaction is built upon it. */
static void change_middle(struct made *made, struct choices *choices)
{
    size_t at = HEAD_BYTES + FRAME_HEAD_BYTES + choose(choices, 256) * 8;
    for (size_t i = 0; i < 8; i++)
        made->at[at + i] ^= (uint8_t)(0x13 + 0x21 * i);
}

static void put_octets(struct made *made, struct choices *choices)
{
    size_t at = choose_place(choices, 0);
    struct text octets = choose_text(choices, LOG_BYTES - at);
    if (octets.size > 0)
        memcpy(made->at + at, octets.at, octets.size);
}

static log_fate edit_log(struct made *made, log_edit edit, bool big, struct choices *choices)
{
    size_t at = 0;
    switch (edit) {
    case LOG_BIT:
        made->at[choose_place(choices, 0)] ^= (uint8_t)(1u << choose(choices, 8));
        return LOG_DAMAGED;
    case LOG_CUT:
        made->size = choose_place(choices, 0);
        return LOG_WHOLE;
    case LOG_ZEROS: /* from a place behind the heads of a frame on: less would be one bit now and then */
        at = HEAD_BYTES + FRAME_HEAD_BYTES + choose(choices, FRAMES) * FRAME_BYTES + choose(choices, 256) * 15;
        memset(made->at + at, 0, LOG_BYTES - at);
        return LOG_WHOLE;
    case LOG_STALE:
        at = HEAD_BYTES + choose(choices, FRAMES) * FRAME_BYTES;
        memcpy(made->at + at, ready_log(big, true) + at, LOG_BYTES - at);
        return LOG_WHOLE;
    case LOG_MIDDLE:
        change_middle(made, choices);
        return LOG_DAMAGED;
    case LOG_TORN: /* in two places of the last transaction, one of which is a low bit off, behind its commit word */
        made->at[HEAD_BYTES + FRAME_BYTES + 9 + choose(choices, 256) * 16] ^= 1;
        made->size = HEAD_BYTES + 2 * FRAME_BYTES + choose(choices, 256) * 16;
        return LOG_WHOLE;
    case LOG_OCTETS:
    case LOG_EDIT_COUNT:
        break;
    }
    put_octets(made, choices);
    return LOG_ANY;
}

static void make(struct made *made, struct choices *choices)
{
    bool big = choose_whether(choices);
    memcpy(made->at, ready_log(big, false), LOG_BYTES);
    made->size = LOG_BYTES;
    made->fate = LOG_WHOLE;
    size_t count = choose(choices, EDITS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        log_fate fate = edit_log(made, (log_edit)choose(choices, LOG_EDIT_COUNT), big, choices);
        made->fate = i == 0 ? fate : LOG_ANY;
    }
}

/* ---- a file that is in memory only */

static const char *write_file(const struct made *made)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("symbolon-fuzz", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* fits */
    }
    bool written = fd >= 0 && ftruncate(fd, (off_t)made->size) == 0 &&
                   pwrite(fd, made->at, made->size, 0) == (ssize_t)made->size;
    if (!written)
        abort(); /* no memory: nothing can be tried */
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct made made; /* large; filled anew each time */
    struct choices choices = {data, size};
    struct ctx cx = {.arena = fuzz_arena(1 << 20)};
    make(&made, &choices);
    err got = log_check(&cx, write_file(&made));
    assert(got == OK || got == CORRUPT);
    assert(made.fate == LOG_ANY || (got == OK) == (made.fate == LOG_WHOLE));
    return 0;
}
