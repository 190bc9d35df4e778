/* SPDX-License-Identifier: Apache-2.0
 * Writes the rows that delivery reads. */
#include "domain/proof/outbox.h"

#include "store/queries.h"

err outbox_add(struct ctx *cx, const struct outbox_event *event)
{
    struct sql_outbox_insert_in row = {
        .event_id = ctx_number(cx),
        .person_id = event->person_id,
        .relationship_id = event->relationship_id,
        .organisation_id = event->organisation_id,
        .kind = text_of(event->kind),
        .subject_id = event->subject_id,
        .attributes_low = (int64_t)event->attributes.low,
        .attributes_high = (int64_t)event->attributes.high,
        .at_ms = cx->now_ms,
    };
    return sql_outbox_insert(cx, &row, NULL);
}
