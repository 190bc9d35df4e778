/* SPDX-License-Identifier: Apache-2.0
 * A person is forgotten (promise 7). One write shuts every door: the relationships end and the organisations are told
 * to delete, sessions and links die, the person is marked. From its commit on the person stands on a list; whoever
 * keeps the node running works it off: first the keys are destroyed, then the rows that they sealed are taken away. A
 * crash anywhere leaves the person on the list. What stays is a number, and facts about it that hold no value. */
#ifndef DOMAIN_ERASURE_H
#define DOMAIN_ERASURE_H

#include "store/store.h"

#define ERASURE_CONFIRMATION "erase me"

/* store_write_fn. A person erases himself and says ERASURE_CONFIRMATION; the operator erases whom he is asked to, also
 * somebody who has not claimed yet. Whoever is erased already stays so. INVALID erasure.not_confirmed; CONFLICT
 * erasure.merged when another person has taken this one's place; NOT_FOUND. */
struct erasure_begin {
    int64_t     person_id;
    struct text confirmation;      /* a person's; the operator's is asked for elsewhere */
    int64_t     out_relationships; /* that ended by it, or were told again to delete */
    int64_t     out_asked_at_ms;
};
err erasure_begin(struct ctx *cx, void *arg) MUST_CHECK;

/* Inside a write: the second half of it alone, for a member (domain/parties/member.h), who has no relationships. */
err erasure_shut_doors(struct ctx *cx, int64_t person_id) MUST_CHECK;

/* Works off the list: all keys go, then the rows of each person. Whoever cannot be finished stays on the list, and
 * nobody behind waits for it: the first such failure is given at the end. `told` is called after each person (NULL:
 * nobody listens). Not inside a write: it waits for many. Safe to repeat, and to run in two processes at once. Only for
 * the operator and the node's jobs. */
struct erasure_place {
    int64_t asked_at_ms;
    int64_t person_id;
};
struct erasure_work {
    void (*told)(void *self, int64_t done, int64_t left);
    void   *self;
    int64_t for_ms; /* so long rows are taken away, those of one person at least; 0: till the end of the list */
    struct erasure_place place; /* those behind it come next */
    int64_t out_done;
    bool    out_more; /* the time was over first */
};
err erasure_finish(struct ctx *cx, struct store *store, struct erasure_work *work) MUST_CHECK;
/* The second half alone, for those whose keys are destroyed: behind person_forget_listed()
 * (domain/people/person_key.h). */
err erasure_finish_rows(struct ctx *cx, struct store *store, struct erasure_work *work) MUST_CHECK;

/* Whether nothing of this person is left to do. For the same. */
err erasure_is_done(struct ctx *cx, int64_t person_id, bool *out) MUST_CHECK;

/* Takes away every row that was sealed for this person, whose key is destroyed, and what would lead to him. Inside no
 * write. Part of erasure_finish(). */
err erasure_take_rows(struct ctx *cx, struct store *store, int64_t person_id) MUST_CHECK;

#endif
