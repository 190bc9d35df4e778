/* SPDX-License-Identifier: Apache-2.0
 * For tests in which a process ends by abort(): a build with counts of coverage keeps those of that process too. */
#ifndef TESTS_SUPPORT_COUNTS_H
#define TESTS_SUPPORT_COUNTS_H

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

int __llvm_profile_write_file(void) __attribute__((weak)); /* of such builds only */
void __llvm_profile_initialize_file(void) __attribute__((weak));

static inline void counts_write(int signal)
{
    (void)signal; /* the process ends by it as soon as this returns */
    if (__llvm_profile_write_file == NULL)
        return;
    __llvm_profile_initialize_file(); /* the end may come before the library's own start */
    (void)__llvm_profile_write_file();
}

/* Called in the process that will end. */
static inline void counts_keep(void)
{
    struct sigaction action = {.sa_handler = counts_write};
    struct rlimit none = {0, 0}; /* of a core */
    (void)sigaction(SIGABRT, &action, NULL);
    (void)setrlimit(RLIMIT_CORE, &none);
}

#endif
