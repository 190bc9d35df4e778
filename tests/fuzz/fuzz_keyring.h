/* SPDX-License-Identifier: Apache-2.0
 * A key folder for targets that read ids: always the same keys, so that an input means the same in each run. The folder
 * is gone as soon as it is open: ids need no file. */
#ifndef TESTS_FUZZ_FUZZ_KEYRING_H
#define TESTS_FUZZ_FUZZ_KEYRING_H

#include <stdio.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "fuzz/fuzz.h"

static inline void fuzz_require(bool done)
{
    if (!done)
        abort(); /* no place for a key folder: nothing can be tried */
}

static inline struct keyring *fuzz_keyring(void)
{
    char folder[] = "/tmp/symbolon-fuzz-XXXXXX";
    char path[64];
    struct keyring *keyring = NULL;
    struct seeded seeded = {1};
    struct randomness randomness = randomness_seeded(&seeded);
    struct ctx cx = {.arena = arena_open(1 << 16), .randomness = &randomness};
    fuzz_require(mkdtemp(folder) != NULL && keyring_open(&cx, folder, true, &keyring) == OK);
    (void)snprintf(path, sizeof path, "%s/root.key", folder); /* fits */
    fuzz_require(unlink(path) == 0);
    (void)snprintf(path, sizeof path, "%s/buckets", folder);
    fuzz_require(rmdir(path) == 0 && rmdir(folder) == 0);
    arena_close(cx.arena);
    return keyring;
}

#endif
