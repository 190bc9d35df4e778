/* SPDX-License-Identifier: Apache-2.0
 * Small files, replaced by rename under a lock on their folder. */
#include "crypto/key_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/key_folder.h"

#define LOG_NAME "log.checkpoint"
#define STORE_NAME "store.generations"
#define SUM_BYTES 8

static err fail_mark(struct ctx *cx, const char *what)
{
    return FAIL(cx, INTERNAL, "key.disk", "%s the mark in the key folder failed (errno %d)", what, errno);
}

static err read_file(struct ctx *cx, int folder, const char *name, struct text *out)
{
    char *text = arena_take(cx->arena, KEY_MARK_BYTES_MAX, 1);
    if (text == NULL)
        return FAIL_MEMORY(cx);
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
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

/* True when `text` is on disk under the name. */
static bool write_file(int folder, const char *name, struct text text)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool written = key_write_whole(file, bytes_of_text(text)) && fsync(file) == 0;
    return close(file) == 0 && written;
}

/* Under the lock. */
static err replace_file(struct ctx *cx, int folder, const char *name, struct text text)
{
    char fresh[64];
    (void)snprintf(fresh, sizeof fresh, "%s.new", name); /* both names are ours and fit */
    if (!write_file(folder, fresh, text) || renameat(folder, fresh, folder, name) != 0 || fsync(folder) != 0)
        return fail_mark(cx, "keeping");
    return OK;
}

/* Runs `keep` while no other process does. */
static err with_lock(struct ctx *cx, int folder, err (*keep)(struct ctx *cx, int folder, const void *mark),
                     const void *mark)
{
    int locked = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a lock belongs to what was opened */
    if (locked < 0)
        return fail_mark(cx, "opening the folder of");
    err result = flock(locked, LOCK_EX) == 0 ? keep(cx, locked, mark) : fail_mark(cx, "locking");
    close(locked); /* lets the next one in */
    return result;
}

/* ---- the log's */

err key_mark_read(struct ctx *cx, int folder, struct text *out)
{
    return read_file(cx, folder, LOG_NAME, out);
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

static err keep_text(struct ctx *cx, int folder, const void *mark)
{
    const struct text *text = mark;
    struct text kept;
    TRY(key_mark_read(cx, folder, &kept));
    if (number_of(kept) >= number_of(*text))
        return OK; /* another process was quicker */
    return replace_file(cx, folder, LOG_NAME, *text);
}

err key_mark_keep(struct ctx *cx, int folder, struct text mark)
{
    return with_lock(cx, folder, keep_text, &mark);
}

/* ---- the store's: a name, the numbers, and a sum over what stands above it; one to a line */

static err put_generations(struct ctx *cx, const struct keyring_generations *generations, struct text *out)
{
    struct builder text = builder_open(cx->arena, KEY_MARK_BYTES_MAX);
    uint8_t hash[HASH_BYTES];
    build_text(&text, TEXT("symbolon.store\n"));
    for (size_t i = 0; i < KEYRING_GENERATIONS; i++)
        build_format(&text, "%lld\n", (long long)generations->of[i]);
    sha256(bytes_of_text(builder_text(&text)), hash);
    struct text sum = hex_encode(cx->arena, (struct bytes){hash, SUM_BYTES});
    if (sum.at == NULL)
        return FAIL_MEMORY(cx);
    build_text(&text, sum);
    build_byte(&text, '\n');
    if (text.overflowed)
        return FAIL_MEMORY(cx);
    *out = builder_text(&text);
    return OK;
}

static struct text take_line(struct text *rest)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, '\n', rest->size);
    if (end == NULL)
        return TEXT_NONE;
    struct text line = {rest->at, (size_t)(end - rest->at)};
    *rest = (struct text){end + 1, rest->size - line.size - 1};
    return line;
}

err key_generations_read(struct ctx *cx, int folder, struct keyring_generations *out)
{
    struct keyring_generations read = {.kept = true};
    struct text text;
    struct text again;
    TRY(read_file(cx, folder, STORE_NAME, &text));
    struct text rest = text;
    (void)take_line(&rest); /* the name, which is compared below */
    for (size_t i = 0; i < KEYRING_GENERATIONS; i++)
        read.kept = text_to_int64(take_line(&rest), &read.of[i]) && read.kept;
    TRY(put_generations(cx, &read, &again));
    read.kept = read.kept && text_equals(text, again);
    *out = read.kept ? read : (struct keyring_generations){.kept = false};
    return OK;
}

static err keep_generations(struct ctx *cx, int folder, const void *mark)
{
    const struct keyring_generations *generations = mark;
    struct keyring_generations next;
    struct text text;
    TRY(key_generations_read(cx, folder, &next));
    bool moved = !next.kept;
    for (size_t i = 0; i < KEYRING_GENERATIONS; i++) {
        moved = moved || next.of[i] < generations->of[i];
        next.of[i] = next.of[i] < generations->of[i] ? generations->of[i] : next.of[i];
    }
    if (!moved)
        return OK;
    TRY(put_generations(cx, &next, &text));
    return replace_file(cx, folder, STORE_NAME, text);
}

err key_generations_keep(struct ctx *cx, int folder, const struct keyring_generations *generations)
{
    return with_lock(cx, folder, keep_generations, generations);
}
