/* SPDX-License-Identifier: Apache-2.0
 * What one department was refused in one relationship on one day (UTC). The first LIMIT_REFUSED_READS_A_DAY reads are
 * entries of the ledger like any other; further ones are counted behind the last of these. So whoever asks in vain
 * fills neither the person's list nor the disk, and no read is missing in the numbers. Questions whether a read would
 * be given have a day of their own, of LIMIT_QUESTIONS_A_DAY, whatever the answer. A count bears a tag (row_tag.h). */
#ifndef DOMAIN_REFUSED_DAY_H
#define DOMAIN_REFUSED_DAY_H

#include "domain/sharing/disclosure.h"
#include "store/queries.h"

struct refused_day {
    int64_t                    person_id;
    int64_t                    relationship_id;
    int64_t                    department_id;
    bool                       only_asks; /* the day of its questions */
    int64_t                    at_ms;   /* a moment of the day: that of the read which is refused now */
    int64_t                    entries; /* of the day */
    int64_t                    last_id; /* the newest of them */
    struct disclosure_further  further; /* behind that one */
};

void refused_day_load_ahead(struct ctx *cx, const struct refused_day *of); /* see statement_ahead() of the store */
/* Fills what stands behind `at_ms`. A count that does not fit its tag is left to the audit: the day begins anew. */
err refused_day_load(struct ctx *cx, struct refused_day *day) MUST_CHECK;
bool refused_day_is_full(const struct refused_day *day);

/* Inside a write: one more entry, which is in the ledger; or one more read that is counted, of a full day. */
err refused_day_add_entry(struct ctx *cx, struct refused_day *day, int64_t disclosure_id) MUST_CHECK;
err refused_day_add_further(struct ctx *cx, struct refused_day *day, struct attribute_set attributes) MUST_CHECK;

/* Whether what stands behind an entry is what was written there. */
err refused_further_check(struct ctx *cx, const struct sql_disclosure_row *row, bool *out_fits) MUST_CHECK;

#endif
