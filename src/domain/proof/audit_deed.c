/* SPDX-License-Identifier: Apache-2.0
 * Deeds: that each is as it was made and tells of something that happened, and that each event of the set-up has one.
 * Those from before have no tag and no doer; among those of an organisation they come first. */
#include "domain/proof/audit_walk.h"
#include "domain/proof/deed.h"

/* The walk, and the organisation whose deeds have had tags from some point on. */
struct deed_walk {
    struct audit_walk *walk;
    int64_t            tagged_organisation_id;
};

static bool is_from_before(const struct deed_walk *deeds, const struct sql_deed_row *row)
{
    return row->tag.size == 0 && row->actor_kind == ACTOR_NOBODY && row->actor_id == 0 &&
           row->organisation_id != deeds->tagged_organisation_id;
}

static err take_deed(struct ctx *cx, const struct sql_deed_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct deed_walk *deeds = arg;
    struct audit_walk *walk = deeds->walk;
    struct id id = {ID_EVENT, row->organisation_id, row->deed_id};
    struct sql_audit_set_up_count_in in = {row->organisation_id, row->subject_id, row->at_ms, row->kind};
    struct sql_audit_set_up_count_row told = {0};
    bool before = is_from_before(deeds, row);
    bool fits = before;
    bool found = false;
    walk->counts.untagged += before;
    if (!before) {
        deeds->tagged_organisation_id = row->organisation_id;
        TRY(deed_row_fits(&walk->brief, row, &fits));
    }
    TRY(sql_audit_set_up_count(&walk->brief, &in, &told, &found));
    if (!fits)
        audit_found(walk, "The deed %.*s is not as it was noted: its tag does not fit.",
                    TEXT_ARGS(audit_id_name(walk, id)));
    if (told.count == 0)
        audit_found(walk, "The deed %.*s tells of nothing that happened.", TEXT_ARGS(audit_id_name(walk, id)));
    arena_reset(walk->brief.arena);
    return OK;
}

err audit_deeds(struct audit_walk *walk)
{
    struct deed_walk deeds = {walk, 0};
    return sql_audit_deed_list_each(&walk->cx, take_deed, &deeds);
}

err audit_deed_of_event(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_deed_count_in in = {event->organisation_id, event->event_id - AUDIT_WRITE_NUMBERS, event->event_id,
                                         event->kind, event->subject_id, event->at_ms};
    struct sql_audit_deed_count_row row = {0};
    bool found = false;
    TRY(sql_audit_deed_count(&walk->brief, &in, &row, &found));
    *out = row.deeds > 0;
    return OK;
}
