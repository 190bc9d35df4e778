/* SPDX-License-Identifier: Apache-2.0
 * Predecessors of a person: the invited people whose places this person took by claiming while being here already.
 * Ledger rows never move, so what was refused to an organisation before the claim stays in the predecessor's chain; the
 * person's list leads through it. The predecessor's data key lives on sealed under the person's own: what destroys that
 * one destroys both. */
#ifndef DOMAIN_PREDECESSOR_H
#define DOMAIN_PREDECESSOR_H

#include "base/ctx.h"
#include "crypto/secret.h"

struct predecessor {
    int64_t      person_id;  /* of the predecessor */
    int64_t      after_id;   /* the newest row of the claimer's own chain at the claim, 0: none */
    struct bytes sealed_key; /* empty: claimed before keys were kept, its notes do not open */
};

/* Inside a write, while both keys are there. */
err predecessor_add(struct ctx *cx, int64_t person_id, int64_t predecessor_id) MUST_CHECK;
/* Those of one person, the newest claim first. No policy decision. */
err predecessor_list(struct ctx *cx, int64_t person_id, struct predecessor **out, size_t *out_count) MUST_CHECK;
/* The predecessor's data key, out of the person's opened one; the caller wipes it. */
err predecessor_key_open(struct ctx *cx, int64_t person_id, const struct secret_key *key,
                         const struct predecessor *predecessor, struct secret_key *out) MUST_CHECK;
/* The data key of anybody, also of an invited person whose place was taken: NOT_FOUND person.erased once it is
 * destroyed. For what was sealed before the claim; the caller wipes it. */
err predecessor_or_person_key_open(struct ctx *cx, int64_t person_id, struct secret_key *out) MUST_CHECK;

#endif
