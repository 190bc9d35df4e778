/* SPDX-License-Identifier: Apache-2.0
 * A small file, replaced by rename under a lock on its folder. */
#include "crypto/key_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/key_folder.h"

#define MARK_NAME "log.checkpoint"
#define FRESH_NAME "log.checkpoint.new"

static err fail_mark(struct ctx *cx, const char *what)
{
    return FAIL(cx, INTERNAL, "key.disk", "%s the mark in the key folder failed (errno %d)", what, errno);
}

err key_mark_read(struct ctx *cx, int folder, struct text *out)
{
    char *text = arena_take(cx->arena, KEY_MARK_BYTES_MAX, 1);
    if (text == NULL)
        return FAIL_MEMORY(cx);
    int file = openat(folder, MARK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 && errno == ENOENT) {
        *out = TEXT_NONE;
        return OK;
    }
    ssize_t size = file < 0 ? -1 : key_read_whole(file, text, KEY_MARK_BYTES_MAX);
    err result = size < 0 ? fail_mark(cx, "reading") : OK;
    if (file >= 0)
        close(file); /* it was only read */
    if (result == OK)
        *out = (struct text){text, (size_t)size};
    return result;
}

/* The second line; -1 when it is no number. */
static int64_t number_of(struct text mark)
{
    const char *first = mark.size == 0 ? NULL : memchr(mark.at, '\n', mark.size);
    if (first == NULL)
        return -1;
    struct text rest = {first + 1, (size_t)(mark.at + mark.size - first - 1)};
    const char *end = rest.size == 0 ? NULL : memchr(rest.at, '\n', rest.size);
    int64_t number = -1;
    if (end == NULL || !text_to_int64((struct text){rest.at, (size_t)(end - rest.at)}, &number))
        return -1;
    return number;
}

/* True when `text` is on disk under the name. */
static bool write_file(int folder, const char *name, struct text text)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool written = key_write_whole(file, bytes_of_text(text)) && fsync(file) == 0;
    return close(file) == 0 && written;
}

static err replace(struct ctx *cx, int folder, struct text mark)
{
    struct text kept;
    TRY(key_mark_read(cx, folder, &kept));
    if (number_of(kept) >= number_of(mark))
        return OK; /* another process was quicker */
    if (!write_file(folder, FRESH_NAME, mark) || renameat(folder, FRESH_NAME, folder, MARK_NAME) != 0 ||
        fsync(folder) != 0)
        return fail_mark(cx, "keeping");
    return OK;
}

err key_mark_keep(struct ctx *cx, int folder, struct text mark)
{
    int locked = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a lock belongs to what was opened */
    if (locked < 0)
        return fail_mark(cx, "opening the folder of");
    err result = flock(locked, LOCK_EX) == 0 ? replace(cx, locked, mark) : fail_mark(cx, "locking");
    close(locked); /* lets the next one in */
    return result;
}
