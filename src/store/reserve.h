/* SPDX-License-Identifier: Apache-2.0
 * Room on the disk that is kept for what stops something: a file of LIMIT_STORE_RESERVE_BYTES with nothing in it. When
 * the disk is full it is emptied, and until it can be filled again only urgent writes are taken. Its size on disk is
 * all there is to know, so that two processes on one folder agree. Used by the writer thread. */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* The file in `folder`, made empty when it is not there; -1 when it cannot be: then nothing is kept. */
int reserve_open(struct arena *arena, const char *folder);
void reserve_close(int fd); /* takes -1 */

/* Fills it when it is not full. False: there is no room, what is not urgent has to wait. Where a file system knows no
 * such keeping it is true: then all writes share what there is. */
bool reserve_fill(int fd);
/* Gives the room back to the disk. False: there was none. */
bool reserve_empty(int fd);
int64_t reserve_bytes(int fd); /* what it holds now */

#endif
