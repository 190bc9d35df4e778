/* SPDX-License-Identifier: Apache-2.0
 * Stands before each file that tools/analyse.py shows to an analyzer, and in no build. An analyzer sees one file at a
 * time; without this it would follow paths on which a failure is born and the caller is told OK. */
#ifndef ANALYSED_H
#define ANALYSED_H

#include "base/error.h"

/* What failure_set() promises: never OK. */
static inline err failure_born(err code)
{
    if (code == OK)
        __builtin_unreachable();
    return code;
}

#define failure_set(...) failure_born(failure_set(__VA_ARGS__))

#endif
