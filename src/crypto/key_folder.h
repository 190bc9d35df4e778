/* SPDX-License-Identifier: Apache-2.0
 * Files of the key folder: small, whole, readable by their owner only, and on disk when a call returns. Knows nothing
 * of what is in them. Inside crypto/ only. Everything here fails INTERNAL key.disk besides what is said. */
#ifndef CRYPTO_KEY_FOLDER_H
#define CRYPTO_KEY_FOLDER_H

#include <sys/types.h>

#include "base/ctx.h"

struct key_folder {
    int root;    /* the folder itself */
    int buckets; /* its subfolder */
};

#define KEY_FILE_BYTES_MAX 128
#define KEY_BUCKET_NAME_SIZE 32
#define KEY_BUCKETS_NAME "buckets"

struct key_file {
    bool    present;
    size_t  size; /* of the file; larger ones are cut to KEY_FILE_BYTES_MAX */
    uint8_t at[KEY_FILE_BYTES_MAX];
};

/* Opens the folder, making what is missing when `create`. Fails NOT_FOUND key.no_folder, FORBIDDEN key.exposed. */
err key_folder_open(struct ctx *cx, const char *path, bool create, struct key_folder *out) MUST_CHECK;
void key_folder_close(struct key_folder *folder);

/* `present` is false when there is no such file. Fails FORBIDDEN key.exposed. The caller wipes `out`. */
err key_file_read(struct ctx *cx, int folder, const char *name, struct key_file *out) MUST_CHECK;
/* A look that the system refuses is a failure: it says nothing about the file. */
err key_file_stands(struct ctx *cx, int folder, const char *name, bool *out) MUST_CHECK;
/* The name of a bucket's file in the subfolder. */
void key_bucket_name(int64_t bucket, char out[KEY_BUCKET_NAME_SIZE]);

/* The file appears whole or not at all; one that is there already stays (`out_made` false). */
err key_file_make(struct ctx *cx, int folder, const char *name, struct bytes content, bool *out_made) MUST_CHECK;

/* read(2) until there is no room or no more, write(2) until all is there, whatever comes between. -1 or false: the
 * system refuses, and errno says why. */
ssize_t key_read_whole(int fd, void *out, size_t room) MUST_CHECK;
bool key_write_whole(int fd, struct bytes content) MUST_CHECK;

/* Overwrites with zeros, then removes. `out_was_there` is false when there was no such file. */
err key_file_destroy(struct ctx *cx, int folder, const char *name, bool *out_was_there) MUST_CHECK;

/* The same for whatever lies in the folder, a few at a time: so many, 0 when there was nothing. */
err key_folder_clear(struct ctx *cx, int folder, int64_t *out_count) MUST_CHECK;

/* True when the folder holds a file whose name ends so. */
err key_folder_has(struct ctx *cx, int folder, const char *ending, bool *out) MUST_CHECK;

#endif
