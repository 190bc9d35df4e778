/* SPDX-License-Identifier: Apache-2.0
 * Acts against rows: each chain is walked and added up by the same folds that made the row, and every column of the row
 * is compared with what comes out. Also holds the facts themselves to their order. */
#include <stddef.h>

#include "base/timekeeper.h"
#include "domain/proof/audit_walk.h"
#include "domain/sharing/grant_store.h"
#include "domain/sharing/relationship_store.h"
#include "domain/sharing/request_store.h"
#include "domain/sharing/uses_store.h"

/* ---- subjects */

struct audit_subject *audit_subject_find(struct audit_walk *walk, audit_topic topic, int64_t subject_id)
{
    struct audit_subject *subject = walk->subjects[(uint64_t)subject_id % AUDIT_SUBJECT_LISTS];
    while (subject != NULL && (subject->subject_id != subject_id || subject->topic != topic))
        subject = subject->next;
    return subject;
}

static struct audit_subject *add_subject(struct audit_walk *walk, audit_topic topic, int64_t subject_id)
{
    struct audit_subject **list = &walk->subjects[(uint64_t)subject_id % AUDIT_SUBJECT_LISTS];
    struct audit_subject *subject = ARENA_NEW(walk->cx.arena, struct audit_subject);
    if (subject == NULL)
        return NULL;
    *subject = (struct audit_subject){
        .next = *list,
        .topic = topic,
        .subject_id = subject_id,
        .edge_person_id = walk->person.person_id,
        .counted_since_ms = INT64_MAX,
    };
    *list = subject;
    return subject;
}

/* ---- facts */

static bool is_of_topic(act_kind kind, audit_topic topic)
{
    static const char *const WORDS[] = {
        [AUDIT_RELATIONSHIP] = "relationship.", [AUDIT_GRANT] = "grant.", [AUDIT_REQUEST] = "request."};
    return text_starts_with(text_of(act_event(kind)), WORDS[topic]);
}

static void check_act(struct audit_walk *walk, const struct audit_subject *subject, size_t at)
{
    const struct act *act = &subject->acts[at];
    if (!is_of_topic(act->kind, subject->topic) || act->subject_id != subject->subject_id ||
        act->relationship_id != subject->relationship_id || act->organisation_id != subject->organisation_id)
        audit_found(walk, "Act %lld stands in the chain of %.*s and is about something else.", (long long)act->act_id,
                    TEXT_ARGS(audit_name(walk, subject)));
    if (at > 0 && timekeeper_is_before(act->at_ms, subject->acts[at - 1].at_ms))
        audit_found(walk, "Act %lld of %.*s is older than the act before it.", (long long)act->act_id,
                    TEXT_ARGS(audit_name(walk, subject)));
}

/* Brings the acts of a subject, each with its receipt; none when the chain is broken, which is a finding. */
static err load_acts(struct audit_walk *walk, struct audit_subject *subject, int64_t last_act_id)
{
    struct act *acts = NULL;
    size_t count = 0;
    err result = act_list(&walk->cx, walk->person.person_id, last_act_id, &acts, &count);
    if (result == CORRUPT) {
        failure_clear(&walk->cx.failure);
        audit_found(walk, "The chain of acts of %.*s is broken.", TEXT_ARGS(audit_name(walk, subject)));
        return OK;
    }
    TRY(result);
    if (count == 0)
        audit_found(walk, "%.*s has no act.", TEXT_ARGS(audit_name(walk, subject)));
    subject->acts = acts;
    subject->acts_count = count;
    walk->counts.acts += (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        check_act(walk, subject, i);
        audit_tally_add(walk, walk->acts, walk->person.person_id, acts[i].act_id);
        TRY(audit_receipt(walk, subject, &acts[i]));
        arena_reset(walk->brief.arena);
    }
    return OK;
}

/* ---- columns */

/* An int64_t, and where it lies in the row that was read and in the one that would be written. */
struct column {
    const char *name;
    size_t      stored;
    size_t      derived;
};

struct comparison {
    const struct column *columns;
    size_t               count;
    const void          *stored;
    const void          *derived;
};

static int64_t value_at(const void *row, size_t offset)
{
    return *(const int64_t *)((const char *)row + offset);
}

static void compare(struct audit_walk *walk, const struct audit_subject *subject, const struct comparison *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        int64_t stored = value_at(rows->stored, rows->columns[i].stored);
        int64_t derived = value_at(rows->derived, rows->columns[i].derived);
        if (stored != derived)
            audit_found(walk, "The column %s of %.*s holds %lld where its acts give %lld.", rows->columns[i].name,
                        TEXT_ARGS(audit_name(walk, subject)), (long long)stored, (long long)derived);
    }
}

/* A name that is stored, and what it should be: that of a counter-offer or of what was first asked or given. */
struct named_event {
    bool        is_counter;
    struct text stored;
    struct text derived;
};

static err compare_event(struct audit_walk *walk, const struct audit_subject *subject, const struct named_event *event)
{
    const struct uses_place place = {walk->person.person_id, subject->subject_id, event->is_counter};
    struct text told = TEXT_NONE;
    err result = uses_event_open(&walk->cx, &place, event->stored, &told);
    if (result != OK && result != CORRUPT)
        return result;
    failure_clear(&walk->cx.failure);
    if (result == CORRUPT || !text_equals(told, event->derived))
        audit_found(walk, "The event named in %.*s is not that of its acts.", TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

/* ---- relationships */

#define COLUMN(member) \
    {#member, offsetof(struct sql_relationship_row, member), offsetof(struct sql_relationship_save_in, member)}
static const struct column RELATIONSHIP_COLUMNS[] = {
    COLUMN(person_id),     COLUMN(relationship_id), COLUMN(organisation_id), COLUMN(state),        COLUMN(nature),
    COLUMN(started_at_ms), COLUMN(ends_at_ms),      COLUMN(review_at_ms),    COLUMN(last_act_id),
    COLUMN(objection),     COLUMN(objection_act_id),
};
#undef COLUMN

/* The owner in the ids at the edge is the person, or somebody invited whom the person has claimed. */
static err check_edge(struct audit_walk *walk, const struct audit_subject *subject)
{
    struct person edge = {.person_id = subject->edge_person_id};
    if (edge.person_id == walk->person.person_id)
        return OK;
    err result = person_load(&walk->brief, edge.person_id, &edge);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&walk->brief.failure);
    if (result == NOT_FOUND || edge.state != PERSON_MERGED || edge.merged_into != walk->person.person_id)
        audit_found(walk, "The owner in the id of %.*s was never claimed by its person.",
                    TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

static err take_relationship(struct ctx *cx, const struct sql_relationship_row *row, void *arg)
{
    struct audit_walk *walk = arg;
    struct audit_subject *subject = add_subject(walk, AUDIT_RELATIONSHIP, row->relationship_id);
    if (subject == NULL)
        return FAIL_MEMORY(cx);
    subject->relationship_id = row->relationship_id;
    subject->organisation_id = row->organisation_id;
    subject->edge_person_id = row->edge_person_id;
    walk->counts.relationships++;
    TRY(check_edge(walk, subject));
    TRY(load_acts(walk, subject, row->last_act_id));
    struct relationship folded = {0};
    for (size_t i = 0; i < subject->acts_count; i++)
        relationship_fold(&folded, &subject->acts[i]);
    struct sql_relationship_save_in derived = relationship_row(&folded);
    if (subject->acts_count > 0)
        compare(walk, subject, &(struct comparison){RELATIONSHIP_COLUMNS,
                sizeof RELATIONSHIP_COLUMNS / sizeof *RELATIONSHIP_COLUMNS, row, &derived});
    return OK;
}

/* Grants and requests lie inside a relationship of the same person. */
static struct audit_subject *add_inside(struct audit_walk *walk, audit_topic topic, int64_t subject_id,
                                        int64_t relationship_id)
{
    struct audit_subject *subject = add_subject(walk, topic, subject_id);
    const struct audit_subject *relationship = audit_subject_find(walk, AUDIT_RELATIONSHIP, relationship_id);
    if (subject == NULL)
        return NULL;
    subject->relationship_id = relationship_id;
    if (relationship == NULL) {
        audit_found(walk, "%.*s lies in no relationship of its person.", TEXT_ARGS(audit_name(walk, subject)));
        return subject;
    }
    subject->edge_person_id = relationship->edge_person_id;
    subject->organisation_id = relationship->organisation_id;
    return subject;
}

/* ---- grants */

#define COLUMN(member) \
    {#member, offsetof(struct sql_grant_row, member), offsetof(struct sql_grant_save_in, member)}
static const struct column GRANT_COLUMNS[] = {
    COLUMN(person_id),       COLUMN(relationship_id), COLUMN(purpose_id),  COLUMN(grant_id),
    COLUMN(purpose_version), COLUMN(state),           COLUMN(attributes_low), COLUMN(attributes_high),
    COLUMN(departments),     COLUMN(from_at_ms),      COLUMN(until_at_ms), COLUMN(uses_kind),
    COLUMN(uses_max),        COLUMN(ended_at_ms),     COLUMN(receipt_id),  COLUMN(last_act_id),
    COLUMN(closes_at_ms),
};
#undef COLUMN

/* Once counted, always counted: uses are only ever narrowed. */
static int64_t counted_since(const struct audit_subject *subject)
{
    for (size_t i = 0; i < subject->acts_count; i++)
        if (uses_is_counted(&subject->acts[i].uses))
            return i == 0 ? INT64_MIN : subject->acts[i].at_ms;
    return INT64_MAX;
}

static err take_grant(struct ctx *cx, const struct sql_grant_row *row, void *arg)
{
    struct audit_walk *walk = arg;
    struct audit_subject *subject = add_inside(walk, AUDIT_GRANT, row->grant_id, row->relationship_id);
    if (subject == NULL)
        return FAIL_MEMORY(cx);
    walk->counts.grants++;
    TRY(load_acts(walk, subject, row->last_act_id));
    subject->counted_since_ms = counted_since(subject);
    struct grant folded = {.uses = {.event = TEXT_NONE}};
    for (size_t i = 0; i < subject->acts_count; i++)
        grant_fold(&folded, &subject->acts[i]);
    struct sql_grant_save_in derived = grant_row(&folded);
    if (subject->acts_count == 0)
        return OK;
    compare(walk, subject,
            &(struct comparison){GRANT_COLUMNS, sizeof GRANT_COLUMNS / sizeof *GRANT_COLUMNS, row, &derived});
    return compare_event(walk, subject, &(struct named_event){false, row->uses_event, folded.uses.event});
}

/* ---- requests */

#define COLUMN(member) \
    {#member, offsetof(struct sql_request_row, member), offsetof(struct sql_request_save_in, member)}
static const struct column REQUEST_COLUMNS[] = {
    COLUMN(person_id),       COLUMN(request_id),              COLUMN(relationship_id),
    COLUMN(organisation_id), COLUMN(department_id),           COLUMN(purpose_id),
    COLUMN(purpose_version), COLUMN(state),                   COLUMN(revision),
    COLUMN(attributes_low),  COLUMN(attributes_high),         COLUMN(duration_ms),
    COLUMN(uses_kind),       COLUMN(uses_max),                COLUMN(counter_attributes_low),
    COLUMN(counter_attributes_high), COLUMN(counter_duration_ms), COLUMN(counter_uses_kind),
    COLUMN(counter_uses_max), COLUMN(created_at_ms),          COLUMN(answered_at_ms),
    COLUMN(expires_at_ms),   COLUMN(grant_id),                COLUMN(last_act_id),
};
#undef COLUMN

static err take_request(struct ctx *cx, const struct sql_request_row *row, void *arg)
{
    struct audit_walk *walk = arg;
    struct audit_subject *subject = add_inside(walk, AUDIT_REQUEST, row->request_id, row->relationship_id);
    if (subject == NULL)
        return FAIL_MEMORY(cx);
    walk->counts.requests++;
    TRY(load_acts(walk, subject, row->last_act_id));
    struct request folded = {.uses = {.event = TEXT_NONE}, .counter_uses = {.event = TEXT_NONE}};
    for (size_t i = 0; i < subject->acts_count; i++)
        request_fold(&folded, &subject->acts[i]);
    struct sql_request_save_in derived = request_row(&folded);
    if (subject->acts_count == 0)
        return OK;
    compare(walk, subject,
            &(struct comparison){REQUEST_COLUMNS, sizeof REQUEST_COLUMNS / sizeof *REQUEST_COLUMNS, row, &derived});
    TRY(compare_event(walk, subject, &(struct named_event){false, row->uses_event, folded.uses.event}));
    TRY(compare_event(walk, subject, &(struct named_event){true, row->counter_uses_event, folded.counter_uses.event}));
    if (row->grant_id != 0 && audit_subject_find(walk, AUDIT_GRANT, row->grant_id) == NULL)
        audit_found(walk, "%.*s led to a grant that is not there.", TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

err audit_facts(struct audit_walk *walk)
{
    int64_t person_id = walk->person.person_id;
    struct sql_relationship_list_of_person_in relationships = {person_id, INT64_MIN, INT64_MAX};
    struct sql_grant_list_of_person_in grants = {person_id};
    struct sql_request_list_of_person_in requests = {person_id, INT64_MIN, INT64_MAX, INT64_MAX};
    TRY(sql_relationship_list_of_person_each(&walk->cx, &relationships, take_relationship, walk));
    TRY(sql_grant_list_of_person_each(&walk->cx, &grants, take_grant, walk));
    return sql_request_list_of_person_each(&walk->cx, &requests, take_request, walk);
}
