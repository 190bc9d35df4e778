/* SPDX-License-Identifier: Apache-2.0
 * A small file, replaced by rename. */
#include "app/log_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/ledger.h"

#define MARK_NAME "log.checkpoint"
#define MARK_BYTES_MAX 4096

static const char *path_of(struct ctx *cx, const char *folder, const char *ending)
{
    return text_format(cx->arena, "%s/" MARK_NAME "%s", folder, ending).at;
}

static err read_mark(struct ctx *cx, const char *folder, struct text *out)
{
    const char *path = path_of(cx, folder, "");
    char *text = arena_take(cx->arena, MARK_BYTES_MAX, 1);
    if (path == NULL || text == NULL)
        return FAIL_MEMORY(cx);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, MARK_BYTES_MAX);
    bool unread = size < 0 || (file < 0 && errno != ENOENT);
    if (file >= 0)
        (void)close(file); /* it was only read */
    if (unread) /* a node that went back would not be found out */
        return FAIL(cx, INTERNAL, "log.mark", "the last checkpoint beside the keys does not read");
    *out = (struct text){text, (size_t)size};
    return OK;
}

err log_mark_check(struct ctx *cx, const char *folder)
{
    struct text mark;
    TRY(read_mark(cx, folder, &mark));
    if (mark.size == 0)
        return OK;
    err result = ledger_check_extends(cx, mark);
    if (result == OK || result == INTERNAL || result == UNAVAILABLE || result == TOO_LARGE)
        return result; /* what could not be looked at says nothing of the data */
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "log.went_back",
                "the data is older than what this node has published; see docs/operations");
}

/* True when `text` is on disk under the path. */
static bool write_file(const char *path, struct text text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    bool written = write(file, text.at, text.size) == (ssize_t)text.size && fsync(file) == 0;
    return close(file) == 0 && written;
}

/* Another process that publishes waits here: both write the same two names, and an older mark must not come last. */
static int lock_folder(const char *folder)
{
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened >= 0 && flock(opened, LOCK_EX) != 0) {
        (void)close(opened); /* nothing was done with it */
        return -1;
    }
    return opened;
}

/* Reads the head again: while we waited another process may have kept a later one. */
static err replace_mark(struct ctx *cx, const char *folder, int locked, int64_t *size)
{
    struct ledger_head head;
    const char *fresh = path_of(cx, folder, ".new");
    const char *path = path_of(cx, folder, "");
    TRY(ledger_head(cx, &head));
    if (fresh == NULL || path == NULL)
        return FAIL_MEMORY(cx);
    if (!write_file(fresh, head.note) || rename(fresh, path) != 0 || fsync(locked) != 0)
        return FAIL(cx, INTERNAL, "log.mark", "the last checkpoint could not be kept beside the keys");
    *size = head.tree.size;
    return OK;
}

err log_mark_keep(struct ctx *cx, const char *folder, int64_t *size)
{
    struct ledger_head head;
    err published = ledger_head(cx, &head);
    if (published == NOT_FOUND) { /* nothing to keep yet */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    if (head.tree.size == *size)
        return OK;
    int locked = lock_folder(folder);
    if (locked < 0)
        return FAIL(cx, INTERNAL, "log.mark", "the folder of the keys cannot be opened");
    err result = replace_mark(cx, folder, locked, size);
    (void)close(locked); /* lets the next one in */
    return result;
}
