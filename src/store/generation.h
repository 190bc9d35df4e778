/* SPDX-License-Identifier: Apache-2.0
 * The generation of a file: how often batches have changed it, as it says itself. Beside its own, each file keeps those
 * that the other files had when its own was raised last; what it so vouches for was on disk before it. So a file may be
 * ahead of what others know of it, and one that is behind has been put back. Data on a server is of one moment by
 * itself and has several writers, who shall not meet in one row: each counts its batches with the mark that it leaves
 * anyway (postgres_commit.c), and the sum is the generation of all of it, in the place of the people file's. Keys
 * count wherever they lie: the data vouches for them (domain/people/key_return.h), and whoever changes them looks
 * whether they have gone back. Inside this floor only. */
#ifndef STORE_GENERATION_H
#define STORE_GENERATION_H

#include "store/store.h"

bool generation_is_kept(const struct store *store, store_file file);

/* Once the schema stands: reads all files and holds them against each other. Another process may write meanwhile.
 * CORRUPT store.went_back when one is older than another says, store.damaged when one has no generation. */
err generation_check(struct ctx *cx, struct store *store) MUST_CHECK;

/* With the writer's handle in `cx`, in the batch that has changed the file, right before its commit and after those of
 * the files before it. CORRUPT store.went_back when the keys are an older copy than this process knows. */
err generation_raise(struct ctx *cx, store_file file, int64_t *out) MUST_CHECK;
/* After that commit: others may vouch for it. */
void generation_note(struct store *store, store_file file, int64_t generation);
void generation_note_change(struct store *store); /* the same for data on a server */

#endif
