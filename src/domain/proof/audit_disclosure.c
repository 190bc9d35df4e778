/* SPDX-License-Identifier: Apache-2.0
 * The ledger of one person: the chain from its head to its end, its counters, how often each counted grant was used,
 * and for every read that was given whether the facts say that it was permitted at that moment. What was refused, or
 * asked about, and is counted must stand behind the entries that its day had room for. */
#include "base/limits.h"
#include "base/time.h"
#include "base/timekeeper.h"
#include "crypto/id_seal.h"
#include "domain/parties/organisation.h"
#include "domain/proof/audit_walk.h"
#include "domain/sharing/disclosure_store.h"
#include "domain/sharing/refused_day.h"

#define CHAIN_ROWS 500 /* rows of one step back */

/* A day of which reads are counted: it must have had its entries first. */
struct full_day {
    struct full_day *next;
    int64_t          relationship_id;
    int64_t          department_id;
    int64_t          day;
    bool             only_asks;
    int64_t          missing; /* entries that are still to come */
};

/* The chain while it is walked back. */
struct ledger_walk {
    struct audit_walk *walk;
    int64_t            next_id; /* the row that must come now, 0: the end */
    int64_t            at_ms;   /* of the row behind */
    int64_t            given;
    int64_t            refused;
    int64_t            asked;
    int64_t            step;    /* rows of this step */
    bool               turns;   /* in a circle */
    struct full_day   *days;    /* whose entries are still missing */
    struct full_day   *spare;   /* memory of others, to be used again */
    struct audit_circle circle;
};

bool audit_circle_closes(struct audit_circle *circle, int64_t disclosure_id)
{
    bool closes = circle->rows > 0 && circle->kept_id == disclosure_id;
    circle->rows++;
    if ((circle->rows & (circle->rows - 1)) == 0)
        circle->kept_id = disclosure_id;
    return closes;
}

/* ---- was it permitted? Facts that lie no further apart than the times of two servers have no order against a read:
 * any state in between will do. */

static bool is_candidate(const struct audit_subject *subject, size_t at, int64_t at_ms)
{
    bool last = at + 1 == subject->acts_count;
    return !timekeeper_is_before(at_ms, subject->acts[at].at_ms) &&
           (last || !timekeeper_is_before(subject->acts[at + 1].at_ms, at_ms));
}

/* The relationship was active then, and no objection stood against the read. */
static bool was_open(const struct audit_subject *relationship, const struct sql_disclosure_row *row, bool objectionable)
{
    struct relationship folded = {0};
    bool open = false;
    for (size_t i = 0; i < relationship->acts_count; i++) {
        relationship_fold(&folded, &relationship->acts[i]);
        bool outweighed = objectionable && objection_outweighs(&folded.objection, row->grant_id);
        open = open || (is_candidate(relationship, i, row->at_ms) && !outweighed &&
                        relationship_state_at(&folded, row->at_ms) == RELATIONSHIP_ACTIVE);
    }
    return open;
}

/* Whether the read is for something that an objection is against; looked up where one was ever made. */
static err is_objectionable(struct audit_walk *walk, const struct audit_subject *relationship,
                            const struct sql_disclosure_row *row, bool *out)
{
    const struct id purpose = {ID_PURPOSE, row->organisation_id, row->purpose_id};
    struct relationship folded = {0};
    bool was_made = false;
    *out = false;
    for (size_t i = 0; relationship != NULL && i < relationship->acts_count; i++) {
        relationship_fold(&folded, &relationship->acts[i]);
        was_made = was_made || objection_stands(&folded.objection);
    }
    if (!was_made)
        return OK;
    err result = objection_is_against_version(&walk->brief, &purpose, row->purpose_version, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&walk->brief.failure); /* no such purpose: no grant rests on it */
    return OK;
}

static bool grant_covers(const struct grant *grant, const struct sql_disclosure_row *row, int64_t department_bit)
{
    struct attribute_set read = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high};
    return grant_state_at(grant, row->at_ms) == GRANT_ACTIVE && !timekeeper_is_before(row->at_ms, grant->from_at_ms) &&
           attribute_set_is_subset(read, grant->attributes) && (grant->departments & department_bit) != 0 &&
           grant->purpose_id == row->purpose_id && grant->purpose_version == row->purpose_version;
}

static bool was_granted(const struct audit_subject *subject, const struct sql_disclosure_row *row,
                        int64_t department_bit)
{
    struct grant folded = {.used = 0}; /* counted uses are held against the ledger as a whole */
    bool granted = false;
    for (size_t i = 0; i < subject->acts_count; i++) {
        grant_fold(&folded, &subject->acts[i]);
        granted = granted || (is_candidate(subject, i, row->at_ms) && grant_covers(&folded, row, department_bit));
    }
    return granted;
}

static struct text name_of(struct audit_walk *walk, const struct sql_disclosure_row *row)
{
    const struct audit_subject *relationship = audit_subject_find(walk, AUDIT_RELATIONSHIP, row->relationship_id);
    int64_t owner = relationship == NULL ? row->person_id : relationship->edge_person_id;
    struct text name = id_text(&walk->brief, (struct id){ID_DISCLOSURE, owner, row->disclosure_id});
    return name.at == NULL ? TEXT("one disclosure") : name;
}

static err check_given(struct audit_walk *walk, const struct sql_disclosure_row *row)
{
    const struct audit_subject *relationship = audit_subject_find(walk, AUDIT_RELATIONSHIP, row->relationship_id);
    struct audit_subject *grant = audit_subject_find(walk, AUDIT_GRANT, row->grant_id);
    struct department department = {.bit = 0};
    bool objectionable = false;
    TRY(is_objectionable(walk, relationship, row, &objectionable));
    err result = department_load(&walk->brief, row->organisation_id, row->department_id, &department);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&walk->brief.failure); /* no such department: no grant covers it */
    if (relationship == NULL || grant == NULL || grant->relationship_id != row->relationship_id ||
        relationship->organisation_id != row->organisation_id || !was_open(relationship, row, objectionable) ||
        !was_granted(grant, row, department.bit))
        audit_found(walk, "The read %.*s was given without a live grant.", TEXT_ARGS(name_of(walk, row)));
    if (grant == NULL || row->reason.size > 0) /* what found nothing is not counted */
        return OK;
    grant->given_least += timekeeper_is_before(grant->counted_since_ms, row->at_ms);
    grant->given_most += !timekeeper_is_before(row->at_ms, grant->counted_since_ms);
    return OK;
}

/* ---- what is counted behind an entry */

static bool only_asks(const struct sql_disclosure_row *row)
{
    return row->outcome == DISCLOSURE_ASKED_YES || row->outcome == DISCLOSURE_ASKED_NO;
}

static bool is_of_day(const struct full_day *day, const struct sql_disclosure_row *row)
{
    return row->outcome != DISCLOSURE_GIVEN && day->only_asks == only_asks(row) &&
           day->relationship_id == row->relationship_id && day->department_id == row->department_id &&
           day->day == row->at_ms / TIME_DAY_MS;
}

static err begin_day(struct ledger_walk *ledger, const struct sql_disclosure_row *row)
{
    struct full_day *day = ledger->spare;
    if (day != NULL)
        ledger->spare = day->next;
    else
        day = ARENA_NEW(ledger->walk->cx.arena, struct full_day);
    if (day == NULL)
        return FAIL_MEMORY(&ledger->walk->cx);
    *day = (struct full_day){ledger->days, row->relationship_id, row->department_id, row->at_ms / TIME_DAY_MS,
                             only_asks(row), only_asks(row) ? LIMIT_QUESTIONS_A_DAY : LIMIT_REFUSED_READS_A_DAY};
    ledger->days = day;
    return OK;
}

/* Takes out the days that have all their entries, and those that are over without; `at_ms`: of the row at hand. */
static void end_days(struct ledger_walk *ledger, int64_t at_ms)
{
    for (struct full_day **at = &ledger->days; *at != NULL;) {
        struct full_day *day = *at;
        bool is_over = timekeeper_is_before(at_ms, day->day * TIME_DAY_MS);
        if (day->missing > 0 && is_over)
            audit_found(ledger->walk, "Refused reads of %.*s are counted on a day that has room for %lld more entries.",
                        TEXT_ARGS(audit_person_name(ledger->walk)), (long long)day->missing);
        if (day->missing > 0 && !is_over) {
            at = &day->next;
            continue;
        }
        *at = day->next;
        day->next = ledger->spare;
        ledger->spare = day;
    }
}

/* Gives how many reads are counted behind the row. */
static err check_further(struct ledger_walk *ledger, const struct sql_disclosure_row *row, int64_t *out_reads)
{
    bool fits = true;
    *out_reads = 0;
    if (row->further_reads != 0 || row->further_tag.size > 0)
        TRY(refused_further_check(&ledger->walk->brief, row, &fits));
    if (!fits)
        audit_found(ledger->walk, "The refused reads that are counted behind %.*s are not what was written there.",
                    TEXT_ARGS(name_of(ledger->walk, row)));
    if (!fits || row->further_reads == 0)
        return OK;
    *out_reads = row->further_reads;
    return begin_day(ledger, row);
}

static err check_refused(struct ledger_walk *ledger, const struct sql_disclosure_row *row)
{
    int64_t further = 0;
    TRY(check_further(ledger, row, &further));
    if (only_asks(row))
        ledger->asked += further + 1;
    else
        ledger->refused += further + (row->outcome == DISCLOSURE_REFUSED);
    for (struct full_day *day = ledger->days; day != NULL; day = day->next)
        day->missing -= is_of_day(day, row);
    end_days(ledger, row->at_ms);
    return OK;
}

/* ---- the chain */

static err check_note(struct audit_walk *walk, const struct sql_disclosure_row *row)
{
    struct seal_place place = {.person_id = row->person_id, .kind = SEAL_NOTE, .item = row->disclosure_id};
    struct bytes plain;
    bool opened = true;
    if (walk->has_key && row->note.size > 0)
        TRY(audit_open(walk, &place, row->note, &plain, &opened));
    if (!opened)
        audit_found(walk, "The note of %.*s does not open.", TEXT_ARGS(name_of(walk, row)));
    return OK;
}

static err check_kind(struct audit_walk *walk, const struct sql_disclosure_row *row)
{
    bool empty = (row->attributes_low | row->attributes_high) == 0;
    bool reasoned = row->reason.size > 0 && !text_is(row->reason, DISCLOSURE_NOTHING_THERE);
    if (row->outcome == DISCLOSURE_GIVEN && row->grant_id != 0 && !reasoned && !empty)
        return check_given(walk, row);
    bool refused = row->outcome == DISCLOSURE_REFUSED || row->outcome == DISCLOSURE_ASKED_NO;
    bool asked_yes = row->outcome == DISCLOSURE_ASKED_YES;
    if (!(refused || asked_yes) || row->grant_id != 0 || (row->reason.size == 0) != asked_yes || empty)
        audit_found(walk, "The row of %.*s is neither a read given nor one refused.", TEXT_ARGS(name_of(walk, row)));
    return OK;
}

static err take_row(struct ctx *cx, const struct sql_disclosure_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct ledger_walk *ledger = arg;
    struct audit_walk *walk = ledger->walk;
    if (timekeeper_is_before(ledger->at_ms, row->at_ms))
        audit_found(walk, "The row of %.*s is younger than the one behind it.", TEXT_ARGS(name_of(walk, row)));
    ledger->step++;
    ledger->turns = audit_circle_closes(&ledger->circle, row->disclosure_id) || ledger->turns;
    ledger->next_id = row->previous_id;
    ledger->at_ms = row->at_ms;
    ledger->given += row->outcome == DISCLOSURE_GIVEN;
    audit_tally_add(walk, walk->disclosures, row->person_id, row->disclosure_id);
    TRY(check_kind(walk, row));
    TRY(check_refused(ledger, row));
    TRY(check_note(walk, row));
    arena_reset(walk->brief.arena);
    return OK;
}

/* A chain that turns in a circle never ends. */
static err walk_chain(struct ledger_walk *ledger, const struct disclosure_head *head)
{
    struct audit_walk *walk = ledger->walk;
    while (ledger->next_id != 0 && !ledger->turns) {
        struct sql_disclosure_chain_in in = {walk->person.person_id, ledger->next_id, CHAIN_ROWS};
        ledger->step = 0;
        TRY(sql_disclosure_chain_each(&walk->cx, &in, take_row, ledger));
        if (ledger->step == 0) {
            audit_found(walk, "The chain of disclosures of %.*s names a row that is not there.",
                        TEXT_ARGS(audit_person_name(walk)));
            break;
        }
    }
    if (ledger->turns)
        audit_found(walk, "The chain of disclosures of %.*s turns in a circle.", TEXT_ARGS(audit_person_name(walk)));
    end_days(ledger, INT64_MIN);
    walk->counts.disclosures += ledger->given + ledger->refused + ledger->asked;
    if (ledger->asked != head->asked)
        audit_found(walk, "%.*s was asked about %lld times where the head counts %lld.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)ledger->asked, (long long)head->asked);
    if (ledger->given != head->given || ledger->refused != head->refused)
        audit_found(walk, "%.*s has %lld reads given and %lld refused where the head counts %lld and %lld.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)ledger->given, (long long)ledger->refused,
                    (long long)head->given, (long long)head->refused);
    return OK;
}

/* ---- counted uses */

static err take_use(struct ctx *cx, const struct sql_audit_use_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct audit_walk *walk = arg;
    struct audit_subject *grant = audit_subject_find(walk, AUDIT_GRANT, row->grant_id);
    if (grant == NULL) {
        audit_found(walk, "%.*s has uses of a grant that is not there.", TEXT_ARGS(audit_person_name(walk)));
        return OK;
    }
    grant->used = row->used;
    return OK;
}

static int64_t most_uses(const struct audit_subject *grant)
{
    int64_t most = 0;
    for (size_t i = 0; i < grant->acts_count; i++)
        if (grant->acts[i].uses.max > most)
            most = grant->acts[i].uses.max;
    return most;
}

static void check_uses(struct audit_walk *walk, const struct audit_subject *grant)
{
    if (grant->used < grant->given_least || grant->used > grant->given_most)
        audit_found(walk, "The uses of %.*s are %lld where the ledger counts %lld.", TEXT_ARGS(audit_name(walk, grant)),
                    (long long)grant->used, (long long)grant->given_most);
    if (grant->used > most_uses(grant))
        audit_found(walk, "%.*s was used %lld times.", TEXT_ARGS(audit_name(walk, grant)), (long long)grant->used);
}

err audit_disclosures(struct audit_walk *walk)
{
    struct disclosure_head head;
    struct ledger_walk ledger = {.walk = walk, .at_ms = INT64_MAX};
    struct sql_audit_use_list_in uses = {walk->person.person_id};
    TRY(disclosure_head_load(&walk->brief, walk->person.person_id, &head));
    ledger.next_id = head.last_id;
    TRY(walk_chain(&ledger, &head));
    TRY(sql_audit_use_list_each(&walk->cx, &uses, take_use, walk));
    for (size_t i = 0; i < AUDIT_SUBJECT_LISTS; i++)
        for (const struct audit_subject *subject = walk->subjects[i]; subject != NULL; subject = subject->next)
            if (subject->topic == AUDIT_GRANT)
                check_uses(walk, subject);
    return OK;
}
