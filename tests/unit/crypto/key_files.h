/* SPDX-License-Identifier: Apache-2.0
 * Looking at a key folder from outside, past the keyring: files, modes, counts; and making a bucket. */
#ifndef TESTS_UNIT_CRYPTO_KEY_FILES_H
#define TESTS_UNIT_CRYPTO_KEY_FILES_H

#include "crypto/key_holder.h"
#include "unit/crypto/fixture.h"

static inline struct bytes read_file(struct ctx *cx, const char *folder, const char *name)
{
    char path[256];
    uint8_t *at = arena_take(cx->arena, 4096, 1);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return (struct bytes){NULL, 0};
    ssize_t size = read(fd, at, 4096);
    close(fd);
    assert_true(size >= 0);
    return (struct bytes){at, (size_t)size};
}

static inline void write_file(const char *folder, const char *name, struct bytes content, mode_t mode)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, content.at, content.size), (ssize_t)content.size);
    close(fd);
}

static inline unsigned mode_of(const char *folder, const char *name)
{
    char path[256];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777u;
}

static inline size_t count_files(const char *folder, const char *below)
{
    char path[256];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, below);
    DIR *list = opendir(path);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    return count;
}

static inline void bucket_path(int64_t bucket, char out[64])
{
    (void)snprintf(out, 64, "buckets/%lld.key", (long long)bucket);
}

/* A key of the node that the holder keeps to itself, by way of its file. */
static inline void holder_key(struct ctx *cx, const char *folder, node_key which, struct secret_key *out)
{
    struct secret_key root;
    struct bytes file = read_file(cx, folder, "root.key");
    assert_int_equal(file.size, sizeof root.at);
    memcpy(root.at, file.at, sizeof root.at);
    key_derive(&root, which, out);
}

static inline int64_t some_bucket(struct ctx *cx)
{
    int64_t bucket = 0;
    assert_int_equal(keyring_bucket_create(cx, cx->keyring, &bucket, NULL), OK);
    assert_true(bucket > 0);
    return bucket;
}

#endif
