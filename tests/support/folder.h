/* SPDX-License-Identifier: Apache-2.0
 * Folders that a test has made are removed with all that is in them. Links are removed, not followed. */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "support/cmocka.h"

static inline int folder_remove_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found, (void)kind, (void)where; /* the shape that nftw(3) calls */
    return remove(path);
}

/* One that is not there is no mistake; one that does not go fails the test. */
static inline void folder_remove(const char *path)
{
    if (access(path, F_OK) == 0)
        assert_int_equal(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
