/* SPDX-License-Identifier: Apache-2.0
 * Every page of a database file ends with a sum over its content and its place, so that a bit that the disk has turned
 * is a failure and never a value, a missing row or a grant that lives again. The sum finds accidents, not enemies: it
 * has no key. Pages in the write-ahead log have SQLite's own sums (log_check.h). */
#ifndef STORE_PAGE_SUM_H
#define STORE_PAGE_SUM_H

#include "base/ctx.h"

#define PAGE_BYTES 4096
#define PAGE_SUM_BYTES 8 /* SQLite leaves them alone: "reserved bytes", number 20 of the file's header */
#define PAGE_RESERVED_AT 20

/* Every turned bit of the page's content changes it; so does another number, counted from 1. */
uint64_t page_sum(const uint8_t *page, uint64_t number);
bool page_sum_is(const uint8_t *page, uint64_t number); /* the page ends with its sum */
void page_sum_put(uint8_t *page, uint64_t number);

/* The file system through which SQLite sees its files: sums are written with pages and checked with them. It is the
 * default of the process from the first call on. NULL: no memory. */
const char *page_vfs(void);

/* Gives sums to a file of an earlier version, which has none. Does nothing for others and for one that is not there. */
err page_sums_adopt(struct ctx *cx, const char *path) MUST_CHECK;

#endif
