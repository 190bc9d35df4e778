/* SPDX-License-Identifier: Apache-2.0
 * Rows and acts of relationships, shared by their life (relationship.c) and their end (relationship_end.c); what others
 * use stands in domain/sharing/relationship.h. */
#ifndef DOMAIN_RELATIONSHIP_STORE_H
#define DOMAIN_RELATIONSHIP_STORE_H

#include "domain/sharing/relationship.h"
#include "store/queries.h"

/* What relationship_save() writes. The audit holds the stored row against that of its own sum of the acts. */
struct sql_relationship_save_in relationship_row(const struct relationship *relationship);
/* INVALID relationship.end_in_past | relationship.review_in_past | relationship.review_after_end; 0 is no date. */
err relationship_check_dates(struct ctx *cx, int64_t ends_at_ms, int64_t review_at_ms) MUST_CHECK;
/* TOO_MANY relationship.too_many_proposals when the person has as many new ones as a day may have. */
err relationship_check_new(struct ctx *cx, int64_t person_id) MUST_CHECK;
/* An act that says what the relationship is now; the caller changes what it is about. */
struct act relationship_act(const struct relationship *relationship, act_kind kind);
/* Change, proof, event: makes the receipt where the act has one, writes the fact and the row. Inside a write. */
err relationship_apply(struct ctx *cx, struct relationship *relationship, struct act *act, bool erase) MUST_CHECK;
/* Ends it with all that is in it; with `erase` the organisation is told to delete. `out_receipt_id` 0: none was due.
 * Inside a write. */
err relationship_end_now(struct ctx *cx, struct relationship *relationship, bool erase,
                         int64_t *out_receipt_id) MUST_CHECK;
/* The caller's that have begun and not ended, and in which nothing was said of an objection, by number. */
err relationship_list_unasked(struct ctx *cx, struct relationship_list *list) MUST_CHECK;
/* The caller's own relationship, to shape it. NOT_FOUND. */
err relationship_load_own(struct ctx *cx, int64_t relationship_id, struct relationship *out) MUST_CHECK;

#endif
