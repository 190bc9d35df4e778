/* SPDX-License-Identifier: Apache-2.0
 * The one write of grant rows; everything else that reads them stands in domain/sharing/grant.h. */
#ifndef DOMAIN_GRANT_STORE_H
#define DOMAIN_GRANT_STORE_H

#include "domain/sharing/grant.h"
#include "store/queries.h"

/* What grant_save() writes, but for the name of an event, which it seals. The audit holds the stored row against that
 * of its own sum of the acts. */
struct sql_grant_save_in grant_row(const struct grant *grant);
/* Writes the row as the acts left it, in place of the row as it was `before`; NULL: there was none. Inside a write. */
err grant_save(struct ctx *cx, const struct grant *grant, const struct grant *before) MUST_CHECK;

/* Whether one more of its purpose, relationship and person may be live at the ctx's moment: CONFLICT grant.too_many.
 * What was used up counts until it ends. */
err grant_check_room(struct ctx *cx, const struct grant *grant) MUST_CHECK;
void grant_check_room_ahead(struct ctx *cx, const struct grant *grant); /* see statement_ahead() of the store */

/* A page of a relationship's grants that name one of these departments now, and were given until `list->at_ms`; as they
 * stand now. */
err grant_page(struct ctx *cx, const struct relationship *relationship, int64_t departments,
               struct grant_list *list) MUST_CHECK;

#endif
