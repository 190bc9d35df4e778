/* SPDX-License-Identifier: Apache-2.0
 * SQLite takes a write-ahead log up to the first page whose sum is wrong and drops the rest without a word: right for
 * the torn end of a power cut, and the loss of acknowledged writes where a bit has turned in the middle. This tells the
 * two apart, before SQLite looks. The format is that of https://sqlite.org/fileformat2.html#the_write_ahead_log */
#ifndef STORE_LOG_CHECK_H
#define STORE_LOG_CHECK_H

#include "base/ctx.h"

/* CORRUPT store.log_damaged when what follows the first bad page shows that it was whole once: another transaction that
 * was begun after it, or a single bit that makes it whole and with it the transaction that it is of. A log that is
 * missing, empty or torn at its end is none of that. `path` is the log's. Another process may be writing it. */
err log_check(struct ctx *cx, const char *path) MUST_CHECK;

#endif
