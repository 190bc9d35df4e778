/* SPDX-License-Identifier: Apache-2.0
 * What must be true of a node that comes up after a power cut: it opens, its files agree with themselves, its audits
 * find nothing, every fact of its book stands, and it goes on. */
#ifndef TESTS_FAULT_POWER_CHECK_H
#define TESTS_FAULT_POWER_CHECK_H

#include "fault/power_load.h"

/* Opens the node in the folder `root`, holds it against the facts up to `at`, and closes it. Nothing here ends the
 * test: false, and a sentence in `out_why`. With `goes_on` the node also has to take writes afterwards. */
struct power_check {
    const struct power *power;
    const char         *root;
    size_t              at;
    bool                goes_on;
    char                out_why[512];
};
bool power_check(struct power_check *check);

#endif
