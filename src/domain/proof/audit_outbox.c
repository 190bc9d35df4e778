/* SPDX-License-Identifier: Apache-2.0
 * The outbox: that each act and each version of the vault has its event, and each event what it tells of. Which event
 * tells of which act is known by what they say, and among those that say the same by their order: the numbers of two
 * processes on one store may lie in one another. An act that a claim has copied has no event of its own: that stays
 * with the invited person. How often a value was confirmed in between is known from the outbox alone. */
#include "domain/people/vault.h"
#include "base/limits.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/proof/audit_walk.h"

#define NEAR_NUMBERS (INT64_C(16) << 15)     /* two processes that write at once draw within so many milliseconds */
#define ERASURE TEXT("erasure.requested")

/* ---- acts and events that say the same */

/* Where those begin that say the same as what bears this number: the same moment, and about the same write. */
static int64_t first_alike(int64_t at_ms, int64_t number)
{
    int64_t of_moment = number_first_of_ms(at_ms);
    return of_moment > number - AUDIT_WRITE_NUMBERS ? of_moment : number - AUDIT_WRITE_NUMBERS;
}

/* Is there an event that says this, behind `before` others that do? */
static err find_event(struct audit_walk *walk, const struct sql_audit_alike_event_in *in, bool *out_found)
{
    struct sql_audit_alike_event_row row;
    return sql_audit_alike_event(&walk->brief, in, &row, out_found);
}

static struct sql_audit_alike_event_in event_of(const struct act *act, struct text kind)
{
    return (struct sql_audit_alike_event_in){
        .person_id = act->person_id,
        .relationship_id = act->relationship_id,
        .organisation_id = act->organisation_id,
        .subject_id = act->subject_id,
        .kind = kind,
        .attributes_low = (int64_t)act->attributes.low,
        .attributes_high = (int64_t)act->attributes.high,
        .at_ms = act->at_ms,
        .from_id = act->act_id,
        .until_id = act->act_id + AUDIT_WRITE_NUMBERS,
    };
}

/* ---- what must have an event */

/* How many acts say the same, this one the last of them. */
static err count_alike(struct audit_walk *walk, const struct act *act, int64_t *out)
{
    struct sql_audit_alike_act_count_in in = {
        .person_id = act->person_id,
        .relationship_id = act->relationship_id,
        .organisation_id = act->organisation_id,
        .subject_id = act->subject_id,
        .kind = act->kind,
        .other_kind = act->kind,
        .attributes_low = (int64_t)act->attributes.low,
        .attributes_high = (int64_t)act->attributes.high,
        .at_ms = act->at_ms,
        .from_id = first_alike(act->at_ms, act->act_id),
        .until_id = act->act_id,
    };
    struct sql_audit_alike_act_count_row row = {0};
    bool found = false;
    TRY(sql_audit_alike_act_count(&walk->brief, &in, &row, &found));
    *out = row.acts;
    return OK;
}

/* The act as it was first written, under the person who was invited. */
static err find_original(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act,
                         bool *out_found)
{
    struct act original = *act;
    original.person_id = subject->edge_person_id;
    original.act_id = number_first_of_ms(act->at_ms);
    struct sql_audit_alike_event_in in = event_of(&original, text_of(act_event(act->kind)));
    return find_event(walk, &in, out_found);
}

err audit_event_of_act(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    struct sql_audit_alike_event_in in = event_of(act, text_of(act_event(act->kind)));
    int64_t acts = 0;
    bool right = false;
    TRY(count_alike(walk, act, &acts));
    in.from_id = first_alike(act->at_ms, act->act_id);
    in.before = acts > 0 ? acts - 1 : 0; /* 0: this one is spoilt, and not like itself */
    TRY(find_event(walk, &in, &right));
    if (!right && subject->edge_person_id != act->person_id)
        TRY(find_original(walk, subject, act, &right));
    if (!right)
        audit_found(walk, "Act %lld of %.*s has no event in the outbox, or one that tells something else.",
                    (long long)act->act_id, TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

err audit_event_of_erasure(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    struct sql_audit_alike_event_in in = event_of(act, ERASURE);
    bool found = false;
    TRY(find_event(walk, &in, &found));
    if (!found)
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

/* An event stands right behind its act; only what another process has drawn at that time may lie between. */
static err is_near(struct audit_walk *walk, const struct sql_audit_event_list_row *event, int64_t act_id, bool *out)
{
    struct sql_audit_act_before_in in = {event->person_id, event->event_id};
    struct sql_audit_act_before_row row = {act_id};
    bool found = false;
    if (event->event_id - act_id > NEAR_NUMBERS)
        TRY(sql_audit_act_before(&walk->brief, &in, &row, &found));
    *out = row.act_id == act_id;
    return OK;
}

/* At least one act before the event says the same, and no more events than acts do. */
static err is_of_act(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    bool erases = text_equals(event->kind, ERASURE);
    struct sql_audit_alike_act_count_in acts = {
        .person_id = event->person_id,
        .relationship_id = event->relationship_id,
        .organisation_id = event->organisation_id,
        .subject_id = event->subject_id,
        .kind = erases ? ACT_RELATIONSHIP_ENDED : act_of_event(event->kind),
        .other_kind = erases ? ACT_RELATIONSHIP_DECLINED : act_of_event(event->kind),
        .attributes_low = event->attributes_low,
        .attributes_high = event->attributes_high,
        .at_ms = event->at_ms,
        .from_id = first_alike(event->at_ms, event->event_id),
        .until_id = event->event_id,
    };
    struct sql_audit_alike_act_count_row row = {0};
    bool found = false;
    TRY(sql_audit_alike_act_count(&walk->brief, &acts, &row, &found));
    struct sql_audit_alike_event_in events = {
        event->person_id,      event->relationship_id, event->organisation_id, event->subject_id, event->kind,
        event->attributes_low, event->attributes_high, event->at_ms,           acts.from_id,      acts.until_id,
        row.acts};
    TRY(find_event(walk, &events, &found));
    *out = false;
    return row.acts == 0 || found ? OK : is_near(walk, event, row.last_id, out);
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

static err is_of_set_up(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_set_up_count_in in = {event->organisation_id, event->subject_id, event->at_ms, event->kind};
    struct sql_audit_set_up_count_row row = {0};
    bool found = false;
    TRY(sql_audit_set_up_count(&walk->brief, &in, &row, &found));
    *out = row.count > 0 && event->relationship_id == 0 && event->attributes_low == 0 && event->attributes_high == 0;
    return *out ? audit_deed_of_event(walk, event, out) : OK;
}

static err is_of_records(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_record_event_count_in in = {event->person_id, event->relationship_id, event->organisation_id,
                                                 event->subject_id};
    struct sql_audit_record_event_count_row row = {0};
    bool found = false;
    TRY(sql_audit_record_event_count(&walk->brief, &in, &row, &found));
    *out = row.count > 0 && text_is(event->kind, "record.added") && event->attributes_low == 0 &&
           event->attributes_high == 0;
    return OK;
}

/* An alert is kept for a year, and goes with its person; the event stays. */
static err is_of_alert(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out)
{
    struct sql_audit_alert_count_in in = {event->person_id, event->subject_id, alert_kind_of_event(event->kind),
                                          event->at_ms};
    struct sql_audit_alert_count_row row = {0};
    bool found = false;
    TRY(sql_audit_alert_count(&walk->brief, &in, &row, &found));
    *out = (row.count > 0 || event->at_ms <= walk->cx.now_ms - LIMIT_ALERT_MS) && event->relationship_id == 0 &&
           event->organisation_id == 0 && event->attributes_low == 0 && event->attributes_high == 0;
    return *out ? OK : is_of_erased(walk, event->person_id, out);
}

static err take_event(struct ctx *cx, const struct sql_audit_event_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    bool right = false;
    bool of_vault = text_starts_with(row->kind, "attribute.");
    if (!audit_is_meant(walk, row->person_id))
        return OK;
    if (row->person_id == 0)
        TRY(is_of_set_up(walk, row, &right));
    else if (text_starts_with(row->kind, "record."))
        TRY(is_of_records(walk, row, &right));
    else if (alert_kind_of_event(row->kind) != 0)
        TRY(is_of_alert(walk, row, &right));
    else
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
