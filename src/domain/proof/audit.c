/* SPDX-License-Identifier: Apache-2.0
 * The walk over all people. Each person is looked at in one state of the store; a person with findings is looked at
 * again in a newer state, because files are committed one after the other, and only what is found then is told. */
#include "domain/proof/audit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/id_seal.h"
#include "domain/people/predecessor.h"
#include "domain/proof/audit_walk.h"
#include "domain/sharing/disclosure_store.h"

#define PERSON_BYTES_MAX (64u * 1024 * 1024) /* acts of one person */
#define BRIEF_BYTES_MAX (4u * 1024 * 1024)
#define TALLY_BYTES (4u * 1024 * 1024)
#define PEOPLE_PAGE 100
#define SENTENCE_BYTES 300

void audit_found(struct audit_walk *walk, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    assert(size > 0 && (size_t)size < sizeof sentence);
    walk->counts.findings++;
    if (walk->tells)
        walk->report->found(walk->report->self, (struct text){sentence, (size_t)size});
}

struct text audit_id_name(struct audit_walk *walk, struct id id)
{
    struct text text = id_text(&walk->brief, id);
    return text.at == NULL ? TEXT("one thing") : text;
}

struct text audit_name(struct audit_walk *walk, const struct audit_subject *subject)
{
    static const id_type TYPES[] = {
        [AUDIT_RELATIONSHIP] = ID_RELATIONSHIP, [AUDIT_GRANT] = ID_GRANT, [AUDIT_REQUEST] = ID_REQUEST};
    return audit_id_name(walk, (struct id){TYPES[subject->topic], subject->edge_person_id, subject->subject_id});
}

struct text audit_person_name(struct audit_walk *walk)
{
    return audit_id_name(walk, (struct id){ID_PERSON, walk->person.person_id, 0});
}

err audit_opened(struct audit_walk *walk, err result, bool *out_opened)
{
    *out_opened = result == OK;
    if (result != CORRUPT)
        return result;
    failure_clear(&walk->brief.failure); /* becomes the caller's finding */
    return OK;
}

err audit_open(struct audit_walk *walk, const struct seal_place *place, struct bytes sealed, struct bytes *out_plain,
               bool *out_opened)
{
    return audit_opened(walk, seal_open(&walk->brief, &walk->key, place, sealed, out_plain), out_opened);
}

/* ---- whom it is about */

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

bool audit_is_meant(const struct audit_walk *walk, int64_t person_id)
{
    const struct audit_scope *scope = walk->report->scope;
    return scope == NULL || person_id == 0 ||
           (scope->count > 0 &&
            bsearch(&person_id, scope->people, scope->count, sizeof person_id, by_number) != NULL);
}

/* ---- one person */

static err open_key(struct audit_walk *walk)
{
    err result = person_key_open(&walk->brief, walk->person.person_id, &walk->key);
    bool gone = result == NOT_FOUND && text_is(text_of(walk->brief.failure.reason), "person.erased");
    bool may_be_gone = walk->person.state == PERSON_ERASED || walk->person.state == PERSON_MERGED;
    walk->has_key = result == OK;
    if (walk->has_key && walk->person.state == PERSON_ERASED && !walk->is_leaving)
        audit_found(walk, "%.*s is erased but the key is still there.", TEXT_ARGS(audit_person_name(walk)));
    if (gone && !may_be_gone)
        audit_found(walk, "The key of %.*s is not there.", TEXT_ARGS(audit_person_name(walk)));
    if (result == CORRUPT || (result == NOT_FOUND && !gone))
        audit_found(walk, "The key of %.*s does not open.", TEXT_ARGS(audit_person_name(walk)));
    if (result == OK || result == CORRUPT || result == NOT_FOUND) { /* a destroyed key is no finding */
        failure_clear(&walk->brief.failure);
        return OK;
    }
    return result;
}

/* Opens the key that the claimer has kept. */
static err open_kept_key(struct audit_walk *walk, const struct predecessor *kept)
{
    PERSON_KEY key;
    err result = person_key_open(&walk->brief, walk->person.merged_into, &key);
    if (result == OK)
        result = predecessor_key_open(&walk->brief, walk->person.merged_into, &key, kept, &walk->key);
    else if (result == NOT_FOUND || result == CORRUPT) { /* told with the claimer, where it is a finding */
        failure_clear(&walk->brief.failure);
        return OK;
    }
    walk->has_key = result == OK;
    if (result != CORRUPT)
        return result;
    failure_clear(&walk->brief.failure);
    audit_found(walk, "The key of %.*s does not open for the person who claimed it.",
                TEXT_ARGS(audit_person_name(walk)));
    return OK;
}

/* The claimer's list leads through the chain of a claimed person, whose key is kept for its notes. */
static err audit_heritage(struct audit_walk *walk)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    TRY(predecessor_list(&walk->cx, walk->person.merged_into, &predecessors, &count));
    for (size_t i = 0; i < count; i++)
        if (predecessors[i].person_id == walk->person.person_id)
            return predecessors[i].sealed_key.size == 0 ? OK : open_kept_key(walk, &predecessors[i]);
    audit_found(walk, "%.*s was claimed by another person whose list does not lead there.",
                TEXT_ARGS(audit_person_name(walk)));
    return OK;
}

/* Somebody else has claimed this invited person: only facts may be left, and the key while a note says that it goes. */
static err audit_merged(struct audit_walk *walk)
{
    struct sql_audit_leftover_count_in in = {walk->person.person_id};
    struct sql_audit_leftover_count_row left = {0};
    bool counted = false;
    TRY(sql_audit_leftover_count(&walk->cx, &in, &left, &counted));
    struct sql_leftover_count_in noted_in = {walk->person.person_id};
    struct sql_leftover_count_row noted = {0};
    TRY(sql_leftover_count(&walk->cx, &noted_in, &noted, &counted));
    if (left.rows_left != 0 || (walk->has_key && noted.notes == 0))
        audit_found(walk, "%.*s was claimed by another person but still holds %lld rows and %d keys.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)left.rows_left, walk->has_key);
    struct person claimer;
    err result = person_load(&walk->brief, walk->person.merged_into, &claimer);
    if (result == NOT_FOUND || (result == OK && claimer.state == PERSON_MERGED)) {
        failure_clear(&walk->brief.failure);
        audit_found(walk, "%.*s was claimed by somebody who is not here.", TEXT_ARGS(audit_person_name(walk)));
        return OK;
    }
    TRY(result);
    return audit_heritage(walk);
}

/* Whose chains this person's list leads through: only those of people whom the person has claimed. */
static err audit_predecessors(struct audit_walk *walk)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    TRY(predecessor_list(&walk->cx, walk->person.person_id, &predecessors, &count));
    for (size_t i = 0; i < count; i++) {
        struct person other = {0};
        err result = person_load(&walk->brief, predecessors[i].person_id, &other);
        if (result != OK && result != NOT_FOUND)
            return result;
        failure_clear(&walk->brief.failure);
        if (other.state != PERSON_MERGED || other.merged_into != walk->person.person_id)
            audit_found(walk, "%.*s has a predecessor whom that person never claimed.",
                        TEXT_ARGS(audit_person_name(walk)));
    }
    return OK;
}

/* Somebody who is erased is on the list of those who leave still, or nothing of his is left that was sealed. */
static err audit_erased(struct audit_walk *walk)
{
    struct sql_erasure_load_in listed_in = {walk->person.person_id};
    struct sql_erasure_load_row listed;
    struct sql_erase_left_count_in in = {walk->person.person_id};
    struct sql_erase_left_count_row left = {0};
    struct sql_erase_left_record_count_in records_in = {walk->person.person_id};
    struct sql_erase_left_record_count_row records = {0};
    bool counted = false;
    TRY(sql_erasure_load(&walk->cx, &listed_in, &listed, &walk->is_leaving));
    TRY(sql_erase_left_count(&walk->cx, &in, &left, &counted));
    TRY(sql_erase_left_record_count(&walk->cx, &records_in, &records, &counted));
    if (!walk->is_leaving && left.rows_left + records.rows_left != 0)
        audit_found(walk, "%.*s is erased but %lld rows are left.", TEXT_ARGS(audit_person_name(walk)),
                    (long long)(left.rows_left + records.rows_left));
    return OK;
}

static err look_steps(struct audit_walk *walk)
{
    walk->is_leaving = false;
    if (walk->person.state == PERSON_ERASED)
        TRY(audit_erased(walk));
    struct disclosure_head head; /* the ledger first: what it speaks of is then surely in the people file */
    TRY(disclosure_head_load(&walk->brief, walk->person.person_id, &head));
    TRY(open_key(walk));
    if (walk->person.state == PERSON_MERGED)
        TRY(audit_merged(walk));
    else if (walk->person.merged_into != 0)
        audit_found(walk, "%.*s is merged into another and yet not.", TEXT_ARGS(audit_person_name(walk)));
    TRY(audit_predecessors(walk));
    TRY(audit_facts(walk));
    TRY(audit_disclosures(walk));
    return audit_sealed(walk);
}

static err look(struct audit_walk *walk)
{
    memset(walk->subjects, 0, sizeof walk->subjects);
    walk->counts = (struct audit_report){.people = 1};
    TRY(store_read_begin(&walk->cx));
    err result = look_steps(walk);
    store_read_end(&walk->cx);
    secret_wipe(&walk->key, sizeof walk->key);
    arena_reset(walk->cx.arena);
    arena_reset(walk->brief.arena);
    return result;
}

static void add_counts(struct audit_report *report, const struct audit_report *counts)
{
    report->people += counts->people;
    report->relationships += counts->relationships;
    report->grants += counts->grants;
    report->requests += counts->requests;
    report->acts += counts->acts;
    report->receipts += counts->receipts;
    report->disclosures += counts->disclosures;
    report->untagged += counts->untagged;
    report->findings += counts->findings;
}

static err audit_person(struct audit_walk *walk, int64_t person_id)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        walk->tells = attempt > 0;
        TRY(person_load(&walk->brief, person_id, &walk->person));
        TRY(look(walk));
        if (walk->counts.findings == 0)
            break;
    }
    add_counts(walk->report, &walk->counts);
    return OK;
}

struct page {
    int64_t people[PEOPLE_PAGE];
    size_t  count;
};

static err take_person(struct ctx *cx, const struct sql_person_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct page *page = arg;
    page->people[page->count++] = row->person_id;
    return OK;
}

static err audit_people(struct audit_walk *walk)
{
    struct page page = {.count = PEOPLE_PAGE};
    struct sql_person_list_in in = {INT64_MIN, PEOPLE_PAGE};
    while (page.count == PEOPLE_PAGE) {
        page.count = 0;
        TRY(sql_person_list_each(&walk->cx, &in, take_person, &page));
        for (size_t i = 0; i < page.count; i++)
            TRY(audit_person(walk, page.people[i]));
        if (walk->report->progress != NULL)
            walk->report->progress(walk->report->self, walk->report->people);
        in.after = page.count > 0 ? page.people[page.count - 1] : in.after;
    }
    return OK;
}

/* Whoever is not there any more has left nothing but what a scan of the tables finds. */
static err audit_scope(struct audit_walk *walk, const struct audit_scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        struct person person;
        err result = person_load(&walk->brief, scope->people[i], &person);
        if (result != NOT_FOUND)
            TRY(result);
        failure_clear(&walk->brief.failure);
        if (result == OK)
            TRY(audit_person(walk, scope->people[i]));
        if (walk->report->progress != NULL && i % PEOPLE_PAGE == 0)
            walk->report->progress(walk->report->self, walk->report->people);
    }
    return OK;
}

/* ---- all of it */

/* What belongs to no person. */
static err audit_house(struct audit_walk *walk)
{
    TRY(store_read_begin(&walk->cx));
    err result = audit_organisations(walk);
    if (result == OK)
        result = audit_purposes(walk);
    if (result == OK)
        result = audit_deeds(walk);
    if (result == OK)
        result = audit_outbox(walk);
    store_read_end(&walk->cx);
    arena_reset(walk->cx.arena);
    return result;
}

static err audit_all(struct audit_walk *walk, struct arena *tallies)
{
    walk->acts = ARENA_NEW(tallies, struct audit_tally);
    walk->receipts = ARENA_NEW(tallies, struct audit_tally);
    walk->disclosures = ARENA_NEW(tallies, struct audit_tally);
    if (walk->acts == NULL || walk->receipts == NULL || walk->disclosures == NULL)
        return FAIL_MEMORY(&walk->cx);
    TRY(walk->report->scope == NULL ? audit_people(walk) : audit_scope(walk, walk->report->scope));
    walk->counts = (struct audit_report){0};
    walk->tells = true;
    TRY(audit_house(walk));
    TRY(audit_strays(walk));
    add_counts(walk->report, &walk->counts);
    return OK;
}

err domain_audit(struct ctx *cx, struct audit_report *report)
{
    struct audit_walk *walk = ARENA_NEW(cx->arena, struct audit_walk);
    struct arena *memory[] = {arena_open(PERSON_BYTES_MAX), arena_open(BRIEF_BYTES_MAX), arena_open(TALLY_BYTES)};
    err result = OK;
    if (walk == NULL || memory[0] == NULL || memory[1] == NULL || memory[2] == NULL)
        result = FAIL_MEMORY(cx);
    if (result == OK) {
        walk->cx = walk->brief = *cx;
        walk->cx.arena = memory[0];
        walk->brief.arena = memory[1];
        walk->report = report;
        walk->newest_number = ctx_number(cx);
        result = audit_all(walk, memory[2]);
    }
    if (result != OK && cx->failure.code == OK)
        cx->failure = walk->cx.failure.code != OK ? walk->cx.failure : walk->brief.failure;
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        arena_close(memory[i]);
    return result;
}
