/* SPDX-License-Identifier: Apache-2.0
 * The outbox: that each act and each version of the vault has its event, and each event what it tells of. The numbers
 * of one write follow each other, so an event is looked for right behind its act, and an act right before its event.
 * An act that a claim has copied has none of its own: its event stays with the invited person. How often a value was
 * confirmed in between is known from the outbox alone. */
#include "base/text.h"
#include "domain/audit_walk.h"
#include "domain/vault.h"

#define WRITE_NUMBERS (INT64_C(60000) << 15) /* numbers of one write lie closer together than those of a minute */
#define ERASURE TEXT("erasure.requested")

/* ---- what must have an event */

static err find_behind(struct audit_walk *walk, const struct act *act, struct text kind,
                       struct sql_audit_event_after_row *out, bool *out_found)
{
    struct sql_audit_event_after_in in = {act->person_id, act->act_id, act->act_id + WRITE_NUMBERS, kind};
    return sql_audit_event_after(&walk->brief, &in, out, out_found);
}

static bool tells_of(const struct sql_audit_event_after_row *event, const struct act *act)
{
    return event->relationship_id == act->relationship_id && event->organisation_id == act->organisation_id &&
           event->subject_id == act->subject_id && event->at_ms == act->at_ms;
}

/* The act as it was first written, under the person who was invited. */
static err find_original(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act,
                         bool *out_found)
{
    struct act original = *act;
    struct sql_audit_event_after_row event;
    bool found = false;
    original.person_id = subject->edge_person_id;
    original.act_id = number_first_of_ms(act->at_ms) - 1;
    TRY(find_behind(walk, &original, text_of(act_event(act->kind)), &event, &found));
    *out_found = found && event.at_ms == act->at_ms;
    return OK;
}

err audit_event_of_act(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    struct sql_audit_event_after_row event;
    bool found = false;
    TRY(find_behind(walk, act, text_of(act_event(act->kind)), &event, &found));
    bool right = found && tells_of(&event, act) && event.attributes_low == (int64_t)act->attributes.low &&
                 event.attributes_high == (int64_t)act->attributes.high;
    if (!right && subject->edge_person_id != act->person_id)
        TRY(find_original(walk, subject, act, &right));
    if (!right)
        audit_found(walk, "Act %lld of %.*s has no event in the outbox, or one that tells something else.",
                    (long long)act->act_id, TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

err audit_event_of_erasure(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    struct sql_audit_event_after_row event;
    bool found = false;
    TRY(find_behind(walk, act, ERASURE, &event, &found));
    if (!found || !tells_of(&event, act))
        audit_found(walk, "Act %lld of %.*s asks for deletion and has no event in the outbox that says so.",
                    (long long)act->act_id, TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

err audit_event_of_version(struct audit_walk *walk, struct audit_version *version, int64_t *event_id)
{
    int64_t first_id = number_first_of_ms(version->changed_at_ms) - 1;
    struct sql_audit_attribute_event_in in = {
        .person_id = walk->person.person_id,
        .after_id = *event_id > first_id ? *event_id : first_id,
        .kind = version->removed ? TEXT("attribute.removed") : TEXT("attribute.changed"),
        .subject_id = version->kind,
        .at_ms = version->changed_at_ms,
    };
    struct sql_audit_attribute_event_row event;
    bool found = false;
    TRY(sql_audit_attribute_event(&walk->brief, &in, &event, &found));
    if (found)
        *event_id = event.event_id;
    if (found && version->confirmed_at_ms > version->changed_at_ms) {
        in.after_id = *event_id;
        in.kind = TEXT("attribute.confirmed");
        in.at_ms = version->confirmed_at_ms;
        TRY(sql_audit_attribute_event(&walk->brief, &in, &event, &found));
    }
    if (!found)
        audit_found(walk, "In the vault of %.*s, version %lld of kind %lld has no event in the outbox.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)version->version, (long long)version->kind);
    return OK;
}

/* ---- what an event tells of */

/* The person's last act before the event is the one, and no event of that word stands between the two. */
static err is_of_act(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_act_before_in before = {event->person_id, event->event_id};
    struct sql_audit_act_before_row row;
    struct sql_audit_event_after_row first;
    bool found = false;
    TRY(sql_audit_act_before(&walk->brief, &before, &row, &found));
    act_kind kind = found ? (act_kind)row.kind : ACT_NONE;
    bool erases = text_equals(event->kind, ERASURE) &&
                  (kind == ACT_RELATIONSHIP_ENDED || kind == ACT_RELATIONSHIP_DECLINED);
    *out = found && (erases || text_is(event->kind, act_event(kind))) && row.subject_id == event->subject_id &&
           row.at_ms == event->at_ms;
    if (!*out)
        return OK;
    struct act act = {.person_id = event->person_id, .act_id = row.act_id};
    TRY(find_behind(walk, &act, event->kind, &first, &found));
    *out = found && first.event_id == event->event_id;
    return OK;
}

static err is_of_vault(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_attribute_count_in in = {event->person_id, event->subject_id, event->at_ms, event->kind,
                                              number_first_of_ms(event->at_ms), event->event_id};
    struct sql_audit_attribute_count_row row = {0};
    bool found = false;
    bool one = attribute_by_number(event->subject_id) != NULL;
    if (one) {
        struct attribute_set set = attribute_set_of((attribute_number)event->subject_id);
        one = event->attributes_low == (int64_t)set.low && event->attributes_high == (int64_t)set.high;
    }
    TRY(sql_audit_attribute_count(&walk->brief, &in, &row, &found));
    *out = one && event->relationship_id == 0 &&
           (text_is(event->kind, "attribute.confirmed") ||
            (text_is(event->kind, "attribute.changed") && row.events <= row.changed) ||
            (text_is(event->kind, "attribute.removed") && row.events <= row.removed));
    return OK;
}

/* The vault of somebody who is erased may be gone; the events stay. */
static err is_of_erased(struct audit_walk *walk, int64_t person_id, bool *out)
{
    struct person person = {.state = PERSON_ACTIVE};
    err result = person_load(&walk->brief, person_id, &person);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&walk->brief.failure);
    *out = person.state == PERSON_ERASED;
    return OK;
}

static err take_event(struct ctx *cx, const struct sql_audit_event_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    bool right = false;
    bool of_vault = text_starts_with(row->kind, "attribute.");
    TRY(of_vault ? is_of_vault(walk, row, &right) : is_of_act(walk, row, &right));
    if (!right && of_vault)
        TRY(is_of_erased(walk, row->person_id, &right));
    if (!right)
        audit_found(walk, "Event %lld of the outbox tells of nothing that happened.", (long long)row->event_id);
    arena_reset(walk->brief.arena);
    return OK;
}

err audit_outbox(struct audit_walk *walk)
{
    return sql_audit_event_list_each(&walk->cx, take_event, walk);
}
