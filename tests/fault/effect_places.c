/* SPDX-License-Identifier: Apache-2.0
 * See effect_places.h. */
#include "fault/effect_places.h"

#include <execinfo.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "support/cmocka.h"

#define NOTED_MAX 400000 /* calls of one kind */
#define DEPTH_MAX 64
#define TIMES_MAX 2 /* before the last */

struct note {
    uint64_t place;
    int64_t  call;
};

/* One list for each kind of effect. */
static struct note **notes(void)
{
    static struct note *lists; /* the same in all processes */
    return &lists;
}

void effect_places_watch(void)
{
    static const size_t SIZE = sizeof(struct note) * NOTED_MAX * EFFECT_COUNT;
    void *frames[1];
    (void)backtrace(frames, 1); /* loads what it needs before it is called in the middle of something */
    *notes() = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(*notes() != MAP_FAILED);
}

void effect_places_note(effect_kind kind, int64_t call)
{
    void *frames[DEPTH_MAX];
    if (*notes() == NULL || call > NOTED_MAX)
        return;
    uint64_t place = 0;
    int depth = backtrace(frames, DEPTH_MAX);
    for (int i = 0; i < depth; i++)
        place = (place ^ (uintptr_t)frames[i]) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    (*notes())[(int64_t)kind * NOTED_MAX + call - 1] = (struct note){place, call};
}

static int by_place(const void *one, const void *other)
{
    const struct note *a = one;
    const struct note *b = other;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->call < b->call ? -1 : a->call > b->call;
}

int64_t *effect_places_choose(effect_kind kind, int64_t calls, size_t *out_count)
{
    if (*notes() == NULL)
        return NULL;
    if (calls > NOTED_MAX)
        fail_msg("%lld calls are more than can be noted", (long long)calls);
    struct note *list = *notes() + (int64_t)kind * NOTED_MAX;
    int64_t *chosen = calloc((size_t)calls, sizeof *chosen);
    size_t count = 0;
    int64_t times = 0;
    assert_non_null(chosen);
    qsort(list, (size_t)calls, sizeof *list, by_place);
    for (int64_t i = 0; i < calls; i++) {
        times = i > 0 && list[i].place == list[i - 1].place ? times + 1 : 1;
        bool is_last = i + 1 == calls || list[i].place != list[i + 1].place;
        if (times <= TIMES_MAX || is_last)
            chosen[count++] = list[i].call;
    }
    *out_count = count;
    return chosen;
}
