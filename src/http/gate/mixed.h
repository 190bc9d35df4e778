/* SPDX-License-Identifier: Apache-2.0
 * A number of which every bit depends on all bits of another (the finaliser of MurmurHash3): where in a table a caller
 * has his place. No secret comes of it; a seed that nobody outside knows keeps places from being chosen. */
#ifndef HTTP_MIXED_H
#define HTTP_MIXED_H

#include <stdint.h>

static inline uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
    value = (value ^ value >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
    return value ^ value >> 33;
}

#endif
