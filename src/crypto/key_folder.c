/* SPDX-License-Identifier: Apache-2.0
 * Key files by openat(2) relative to the open folder. A new file is written beside its place, synced, and renamed
 * without replacing: a power cut leaves the whole file or none, and of two makers one wins. */
#include "crypto/key_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"

#define CLEARED_AT_ONCE 16 /* each is waited for twice, and who asks waits for all of them */

static err fail_disk(struct ctx *cx, const char *what)
{
    return FAIL(cx, INTERNAL, "key.disk", "%s in the key folder failed (errno %d)", what, errno);
}

static err check_private(struct ctx *cx, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail_disk(cx, "looking at a file");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return FAIL(cx, FORBIDDEN, "key.exposed", "others may reach the key folder or a key in it; take that away: "
                    "chmod -R go-rwx on the folder");
    return OK;
}

/* The name of a folder is on disk only when the one above it is. */
static err sync_parent(struct ctx *cx, int folder)
{
    int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return fail_disk(cx, "opening the folder above");
    int synced = fsync(parent);
    close(parent);
    return synced == 0 ? OK : fail_disk(cx, "syncing the folder above");
}

static err open_folder(struct ctx *cx, int above, const char *path, bool create, int *out)
{
    if (create && mkdirat(above, path, S_IRWXU) != 0 && errno != EEXIST)
        return fail_disk(cx, "making a folder");
    int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return FAIL(cx, NOT_FOUND, "key.no_folder", "there is no key folder at the place that was named");
    if (fd < 0)
        return fail_disk(cx, "opening a folder");
    err checked = check_private(cx, fd);
    if (checked == OK && create) /* whoever made it may have been killed before this */
        checked = sync_parent(cx, fd);
    if (checked == OK)
        *out = fd;
    else
        close(fd);
    return checked;
}

err key_folder_open(struct ctx *cx, const char *path, bool create, struct key_folder *out)
{
    struct key_folder folder = {-1, -1};
    err opened = open_folder(cx, AT_FDCWD, path, create, &folder.root);
    if (opened == OK)
        opened = open_folder(cx, folder.root, KEY_BUCKETS_NAME, create, &folder.buckets);
    if (opened == NOT_FOUND && folder.root >= 0) {
        failure_clear(&cx->failure);
        opened = FAIL(cx, NOT_FOUND, "key.no_folder",
                      "the key folder has no folder `" KEY_BUCKETS_NAME "` in it: bring the whole of it");
    }
    if (opened == OK)
        *out = folder;
    else
        key_folder_close(&folder);
    return opened;
}

void key_folder_close(struct key_folder *folder)
{
    if (folder->root >= 0)
        close(folder->root);
    if (folder->buckets >= 0)
        close(folder->buckets);
    *folder = (struct key_folder){-1, -1};
}

ssize_t key_read_whole(int fd, void *out, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, (uint8_t *)out + size, room - size);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0)
            size += (size_t)got;
    }
    return (ssize_t)size;
}

static err read_open_file(struct ctx *cx, int fd, struct key_file *out)
{
    TRY(check_private(cx, fd));
    ssize_t size = key_read_whole(fd, out->at, sizeof out->at);
    if (size < 0)
        return fail_disk(cx, "reading a key");
    out->size = (size_t)size;
    out->present = true;
    return OK;
}

err key_file_read(struct ctx *cx, int folder, const char *name, struct key_file *out)
{
    *out = (struct key_file){0};
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return OK;
    if (fd < 0)
        return fail_disk(cx, "opening a key");
    err done = read_open_file(cx, fd, out);
    close(fd);
    return done;
}

void key_bucket_name(int64_t bucket, char out[KEY_BUCKET_NAME_SIZE])
{
    (void)snprintf(out, KEY_BUCKET_NAME_SIZE, "%lld.key", (long long)bucket); /* fits: at most 24 characters */
}

err key_file_stands(struct ctx *cx, int folder, const char *name, bool *out)
{
    bool stands = faccessat(folder, name, F_OK, 0) == 0;
    if (!stands && errno != ENOENT)
        return fail_disk(cx, "looking for a key");
    *out = stands;
    return OK;
}

bool key_write_whole(int fd, struct bytes content)
{
    while (content.size > 0) {
        ssize_t put = write(fd, content.at, content.size);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0) {
            content.at += put;
            content.size -= (size_t)put;
        }
    }
    return true;
}

static err write_beside(struct ctx *cx, int folder, const char *name, struct bytes content)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fail_disk(cx, "making a key");
    bool written = key_write_whole(fd, content) && fsync(fd) == 0;
    err done = written ? OK : fail_disk(cx, "writing a key");
    close(fd);
    if (!written)
        unlinkat(folder, name, 0);
    return done;
}

err key_file_make(struct ctx *cx, int folder, const char *name, struct bytes content, bool *out_made)
{
    uint64_t spread = 0;
    char beside[32];
    random_fill(cx->randomness, (uint8_t *)&spread, sizeof spread);
    (void)snprintf(beside, sizeof beside, ".%016llx.new", (unsigned long long)spread); /* fits: 21 characters */
    TRY(write_beside(cx, folder, beside, content));
    bool made = renameat2(folder, beside, folder, name, RENAME_NOREPLACE) == 0;
    if (!made && errno != EEXIST) {
        err failed = fail_disk(cx, "putting a key in its place");
        unlinkat(folder, beside, 0);
        return failed;
    }
    if (!made)
        unlinkat(folder, beside, 0);
    if (fsync(folder) != 0)
        return fail_disk(cx, "syncing");
    *out_made = made;
    return OK;
}

static bool zero_file(int fd)
{
    static const uint8_t ZEROS[KEY_FILE_BYTES_MAX];
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    for (off_t left = status.st_size; left > 0; left -= (off_t)sizeof ZEROS) {
        size_t size = left < (off_t)sizeof ZEROS ? (size_t)left : sizeof ZEROS;
        if (!key_write_whole(fd, (struct bytes){ZEROS, size}))
            return false;
    }
    return fsync(fd) == 0;
}

err key_file_destroy(struct ctx *cx, int folder, const char *name, bool *out_was_there)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        *out_was_there = false;
        return OK;
    }
    if (fd < 0)
        return fail_disk(cx, "opening a key");
    bool zeroed = zero_file(fd);
    err done = zeroed ? OK : fail_disk(cx, "overwriting a key");
    close(fd);
    TRY(done);
    bool removed = unlinkat(folder, name, 0) == 0;
    if (!removed && errno != ENOENT) /* another process may be destroying it too */
        return fail_disk(cx, "removing a key");
    if (fsync(folder) != 0)
        return fail_disk(cx, "syncing");
    *out_was_there = true;
    return OK;
}

static bool ends_so(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t ending_size = strlen(ending);
    return size >= ending_size && strcmp(name + size - ending_size, ending) == 0;
}

static err open_list(struct ctx *cx, int folder, DIR **out)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes what it reads */
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL) {
        err failed = fail_disk(cx, "listing");
        if (fd >= 0)
            close(fd);
        return failed;
    }
    *out = list;
    return OK;
}

err key_folder_has(struct ctx *cx, int folder, const char *ending, bool *out)
{
    DIR *list = NULL;
    TRY(open_list(cx, folder, &list));
    bool found = false;
    errno = 0; /* the only thing that tells the end of the list from a list that does not read */
    for (struct dirent *entry; !found && (entry = readdir(list)) != NULL;)
        found = ends_so(entry->d_name, ending);
    err done = found || errno == 0 ? OK : fail_disk(cx, "listing");
    closedir(list);
    if (done == OK)
        *out = found;
    return done;
}

/* Files that a crash has left beside their places, too. */
err key_folder_clear(struct ctx *cx, int folder, int64_t *out_count)
{
    char names[CLEARED_AT_ONCE][NAME_MAX + 1];
    int64_t count = 0;
    DIR *list = NULL;
    TRY(open_list(cx, folder, &list));
    errno = 0; /* as above */
    for (struct dirent *entry; count < CLEARED_AT_ONCE && (entry = readdir(list)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)snprintf(names[count++], sizeof *names, "%s", entry->d_name); /* fits: it is a name */
    err done = errno == 0 ? OK : fail_disk(cx, "listing");
    closedir(list);
    for (int64_t i = 0; done == OK && i < count; i++) {
        bool was_there = false;
        done = key_file_destroy(cx, folder, names[i], &was_there);
    }
    if (done == OK)
        *out_count = count;
    return done;
}
