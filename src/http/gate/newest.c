/* SPDX-License-Identifier: Apache-2.0
 * A copy under a lock that nobody holds for longer than copying takes. */
#include "http/gate/newest.h"

#include <string.h>

#include "base/text.h"

void newest_open(struct newest *newest)
{
    *newest = (struct newest){.asked_ns = INT64_MIN, .since_ns = INT64_MIN};
    (void)pthread_mutex_init(&newest->lock, NULL); /* allocates nothing with default attributes */
}

void newest_close(struct newest *newest)
{
    (void)pthread_mutex_destroy(&newest->lock);
}

static bool is_new(const struct newest *newest, int64_t now_ns)
{
    return newest->bytes > 0 && newest->asked_ns >= newest->since_ns && now_ns - newest->asked_ns <= NEWEST_NS;
}

bool newest_get(struct newest *newest, struct arena *arena, int64_t now_ns, struct text *out_note)
{
    struct text copy = TEXT_NONE;
    (void)pthread_mutex_lock(&newest->lock); /* locks of our own kind do not fail */
    if (is_new(newest, now_ns))
        copy = text_copy(arena, (struct text){newest->note, newest->bytes});
    (void)pthread_mutex_unlock(&newest->lock);
    if (copy.size == 0)
        return false;
    *out_note = copy;
    return true;
}

/* With the lock. Another thread may have asked later and be here already. */
static void keep(struct newest *newest, const struct ledger_head *head, int64_t asked_ns)
{
    newest->size = head->tree.size;
    newest->asked_ns = asked_ns > newest->asked_ns ? asked_ns : newest->asked_ns;
    newest->bytes = head->note.size;
    memcpy(newest->note, head->note.at, head->note.size);
}

err newest_put(struct newest *newest, struct ctx *cx, const struct ledger_head *head, int64_t asked_ns,
               struct text *out_note)
{
    struct text note = head->note;
    (void)pthread_mutex_lock(&newest->lock); /* locks of our own kind do not fail */
    if (newest->bytes > 0 && head->tree.size < newest->size)
        note = text_copy(cx->arena, (struct text){newest->note, newest->bytes});
    else if (head->note.size <= sizeof newest->note)
        keep(newest, head, asked_ns);
    (void)pthread_mutex_unlock(&newest->lock);
    if (note.at == NULL)
        return FAIL_MEMORY(cx);
    *out_note = note;
    return OK;
}

void newest_forget(struct newest *newest, int64_t now_ns)
{
    (void)pthread_mutex_lock(&newest->lock); /* locks of our own kind do not fail */
    if (now_ns > newest->since_ns)
        newest->since_ns = now_ns;
    (void)pthread_mutex_unlock(&newest->lock);
}
