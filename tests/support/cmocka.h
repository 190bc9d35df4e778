/* SPDX-License-Identifier: Apache-2.0
 * cmocka with the headers it wants before itself. Include this instead of <cmocka.h>. */
#ifndef TESTS_SUPPORT_CMOCKA_H
#define TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
