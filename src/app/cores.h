/* SPDX-License-Identifier: Apache-2.0
 * How many processors this process may use, which is what a number of loops follows from: more loops than processors
 * only take turns. */
#ifndef APP_CORES_H
#define APP_CORES_H

#include <stddef.h>

/* The processors of the process's affinity mask (sched_setaffinity(2), as taskset and container runtimes set it), fewer
 * when the control group's share is smaller (cgroup v2, cpu.max). At least 1. */
size_t cores_usable(void);

#endif
