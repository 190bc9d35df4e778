/* SPDX-License-Identifier: Apache-2.0
 * Which callers were let in lately, by a number that stands for each: a table of fixed size, for all threads, without a
 * lock. Who shares a slot pushes the other out, who is then unknown until he is let in again. */
#ifndef HTTP_KNOWN_H
#define HTTP_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define KNOWN_SLOTS 65536

struct known {
    _Atomic uint64_t callers[KNOWN_SLOTS]; /* 0: nobody */
};

void known_add(struct known *known, uint64_t caller);
bool known_has(const struct known *known, uint64_t caller);

#endif
