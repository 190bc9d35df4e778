/* SPDX-License-Identifier: Apache-2.0
 * Keys that come back. Keys and data are copied apart, so the keys, files or a database, may be put back from a copy
 * that still holds those of people who were erased since. The data says who was erased, and vouches for how often the
 * keys had been changed; keys that say less are an older copy, and what must not be in it is destroyed again before
 * anything is served. Each erasure is vouched for before anybody is told that it is done. Bucket keys of a copy that
 * was laid beside newer ones are known by their numbers. */
#ifndef DOMAIN_KEY_RETURN_H
#define DOMAIN_KEY_RETURN_H

#include "base/ctx.h"
#include "store/store.h"

struct key_return {
    bool    is_older;    /* the keys are behind what the data says, or this process knows */
    int64_t generation;  /* at least; where the keys go on behind an older copy */
    int64_t out_people;  /* erased people who had come back, and are gone again */
};

/* Two short reads. Fails as the store does. */
err key_return_look(struct ctx *cx, struct store *store, struct key_return *out) MUST_CHECK;
/* Has the data vouch for the keys as they are now; writes only what is new. Does nothing for an older copy. */
err key_return_note(struct ctx *cx, struct store *store) MUST_CHECK;
/* Destroys the keys of erased people once more, as an erasure does, whether the keys are behind or not, and has the
 * keys go on behind what was there. To be repeated after a failure. Only for the start of a node and its own jobs.
 * CORRUPT store.went_back: keys and buckets do not fit each other, so it cannot be done; UNAVAILABLE store.busy. */
err key_return_undo(struct ctx *cx, struct store *store, struct key_return *io) MUST_CHECK;
/* Bucket keys that were destroyed and lie there again, though nothing says that the keys are older: a copy was laid
 * beside them. They are put on the list of what is to be destroyed (person_buckets_destroy() works it off): whose
 * keys they wrapped, if that comes back as well, does not open. A key that nobody has destroyed is left alone, whether
 * a row names it or not; so are all while the key of some bucket is lost, since the copy may be what is left of it. A
 * page at each call, round and round, and the same page again while there are more than may go together. For the start
 * of a node and its own jobs. */
struct key_return_sweep {
    int64_t after; /* the bucket that was looked at last */
    bool    at_end;
    int64_t left; /* alone in this round, since the key of some bucket is lost */
    int64_t out_found; /* by this call, and by nobody before */
    bool    out_waits; /* some stand, and others have to be destroyed before */
    bool    out_with_rows; /* rows name some of them: they came with the keys, and key_return_undo() is for those */
};
err key_return_sweep(struct ctx *cx, struct store *store, struct key_return_sweep *sweep) MUST_CHECK;

/* When an older copy was last found, and how many people had come back since ever; 0: never. */
err key_return_past(struct ctx *cx, int64_t *out_at_ms, int64_t *out_people) MUST_CHECK;

#endif
