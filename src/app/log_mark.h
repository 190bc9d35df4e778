/* SPDX-License-Identifier: Apache-2.0
 * The last checkpoint that this node has published, kept beside the keys and so outside every backup of the data. A
 * store that does not go on from it is older than what people and organisations hold proofs of: the node refuses it,
 * since in it stopped permissions live again and the log would contradict itself. The key holder keeps the file. */
#ifndef APP_LOG_MARK_H
#define APP_LOG_MARK_H

#include "base/ctx.h"

/* CORRUPT log.went_back when the store is older than the mark. No mark: OK.
 * INTERNAL log.mark when the mark does not read; fails as the store does. */
err log_mark_check(struct ctx *cx) MUST_CHECK;
/* Keeps the published checkpoint, whole or not at all, on disk when it returns; does nothing when `*size` says that
 * this very one is kept already. INTERNAL log.mark. */
err log_mark_keep(struct ctx *cx, int64_t *size) MUST_CHECK;

#endif
