/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read, decided twice by the same rules: on the caller's thread, where the values are opened, and
 * on the writer, where the row becomes durable. What the second look refuses does not leave. It judges anew what the
 * first look read, by its own moment, when the store vouches for it; else it reads again. */
#include "domain/sharing/disclosure.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/seal.h"
#include "domain/parties/purpose.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"
#include "domain/sharing/disclosure_store.h"
#include "domain/sharing/refused_day.h"
#include "store/queries.h"

/* Why nothing may leave while the relationship is in this state; NULL when it may. */
static const char *relationship_refusal(const struct relationship *relationship, int64_t at_ms)
{
    static const char *const REASONS[] = {
        [RELATIONSHIP_INVITED] = "relationship.not_active", [RELATIONSHIP_PROPOSED] = "relationship.not_active",
        [RELATIONSHIP_ACTIVE] = NULL,                       [RELATIONSHIP_PAUSED] = "relationship.paused",
        [RELATIONSHIP_ENDED] = "relationship.ended",
    };
    return REASONS[relationship_state_at(relationship, at_ms)];
}

/* What the store says at one moment about one question. */
struct standing {
    const char         *relationship_reason; /* NULL: active */
    const struct grant *grants;              /* of the purpose, oldest first */
    size_t              count;
};

static const char *refusal_of(const struct ctx *cx, const struct grant *grant, attribute_number kind)
{
    const char *reason = grant_refusal(grant, kind, cx->actor.department_bit, cx->now_ms);
    if (reason == NULL) /* what is over by either clock gives nothing */
        reason = grant_refusal(grant, kind, cx->actor.department_bit, ctx_latest_ms(cx));
    if (reason == NULL && grant->is_objected)
        return "relationship.objected";
    return reason;
}

/* The grant under which a kind may leave, or why not: the newest grant that speaks of the kind gives the reason. */
static const struct grant *find_grant(const struct ctx *cx, const struct standing *standing, attribute_number kind,
                                      const char **out_reason)
{
    *out_reason = "grant.none";
    if (standing->relationship_reason != NULL) {
        *out_reason = standing->relationship_reason;
        return NULL;
    }
    for (size_t i = standing->count; i-- > 0;) {
        const char *reason = refusal_of(cx, &standing->grants[i], kind);
        if (reason == NULL)
            return &standing->grants[i];
        if (text_is(text_of(*out_reason), "grant.none"))
            *out_reason = reason;
    }
    return NULL;
}

/* With what the person objects to marked. */
static err list_open(struct ctx *cx, const struct grant_question *question, struct grant **out, size_t *out_count)
{
    TRY(grant_list_open(cx, question, out, out_count));
    return objection_mark(cx, question->relationship, *out, *out_count);
}

/* The open grants, and those that have ended among them: all oldest first. */
static err add_ended(struct ctx *cx, const struct grant_question *question, struct grant **grants, size_t *count)
{
    struct grant *ended = NULL;
    size_t ended_count = 0;
    TRY(grant_list_ended(cx, question, &ended, &ended_count));
    struct grant *all = ARENA_ARRAY(cx->arena, struct grant, *count + ended_count);
    if (all == NULL)
        return FAIL_MEMORY(cx);
    size_t at = 0;
    for (size_t i = 0, j = 0; i < *count || j < ended_count;) {
        bool is_open = j == ended_count || (i < *count && (*grants)[i].grant_id < ended[j].grant_id);
        all[at++] = is_open ? (*grants)[i++] : ended[j++];
    }
    *grants = all;
    *count = at;
    return OK;
}

static struct disclosure_use *use_of(struct disclosure_ask *ask, const struct grant *grant)
{
    for (size_t i = 0; i < ask->uses_count; i++)
        if (ask->uses[i].grant.grant_id == grant->grant_id)
            return &ask->uses[i];
    ask->uses[ask->uses_count] = (struct disclosure_use){.grant = *grant, .attributes = ATTRIBUTE_SET_EMPTY};
    return &ask->uses[ask->uses_count++];
}

/* Sorts the asked kinds into uses of grants and refusals. Fills nothing but the decision. */
static void sort_kinds(struct ctx *cx, struct disclosure_ask *ask, const struct standing *standing)
{
    ask->uses_count = 0;
    ask->refusals_count = 0;
    ask->valid_until_ms = INT64_MAX;
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(ask->attributes, n)) != ATTRIBUTE_NONE;) {
        const char *reason = NULL;
        const struct grant *grant = find_grant(cx, standing, n, &reason);
        if (grant == NULL || !attribute_set_has(ask->considered, n)) {
            ask->refusals[ask->refusals_count++] = (struct disclosure_refusal){attribute_by_number(n), reason};
            continue;
        }
        struct disclosure_use *use = use_of(ask, grant);
        use->attributes = attribute_set_add(use->attributes, n);
        if (grant->until_at_ms < ask->valid_until_ms)
            ask->valid_until_ms = grant->until_at_ms;
    }
    if (ask->found.ends_at_ms != 0 && ask->found.ends_at_ms < ask->valid_until_ms)
        ask->valid_until_ms = ask->found.ends_at_ms;
    ask->given = ask->refusals_count == 0 || (ask->partial && ask->uses_count > 0);
    ask->reason = ask->refusals_count > 0 ? ask->refusals[0].reason : NULL;
}

/* By what was read, at the ctx's moment. */
static void judge(struct ctx *cx, struct disclosure_ask *ask)
{
    struct standing standing = {relationship_refusal(&ask->found, ctx_latest_ms(cx)), ask->grants, ask->grants_count};
    sort_kinds(cx, ask, &standing);
}

/* What has ended permits nothing, but says why: it is read when something is refused. */
static err judge_with_reasons(struct ctx *cx, struct disclosure_ask *ask)
{
    judge(cx, ask);
    if (ask->refusals_count == 0 || ask->has_ended || relationship_refusal(&ask->found, ctx_latest_ms(cx)) != NULL)
        return OK;
    const struct grant_question question = {&ask->found, ask->purpose_id.item};
    TRY(add_ended(cx, &question, &ask->grants, &ask->grants_count));
    ask->has_ended = true;
    judge(cx, ask);
    return OK;
}

static err load_grants(struct ctx *cx, struct disclosure_ask *ask)
{
    const struct grant_question question = {&ask->found, ask->purpose_id.item};
    ask->edition = store_people_edition(cx);
    ask->has_ended = false;
    return list_open(cx, &question, &ask->grants, &ask->grants_count);
}

static struct attribute_set allowed_kinds(const struct disclosure_ask *ask)
{
    struct attribute_set allowed = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < ask->uses_count; i++)
        allowed = attribute_set_union(allowed, ask->uses[i].attributes);
    return allowed;
}

static err open_values(struct ctx *cx, struct disclosure_ask *ask, const struct secret_key *key)
{
    struct vault_wanted wanted = {ask->found.person_id, key, allowed_kinds(ask)};
    struct vault_item *items = ARENA_ARRAY(cx->arena, struct vault_item, (size_t)attribute_set_count(wanted.kinds));
    if (items == NULL)
        return FAIL_MEMORY(cx);
    TRY(vault_open_values(cx, &wanted, items, &ask->values_count));
    ask->missing = wanted.kinds;
    for (size_t i = 0; i < ask->values_count; i++) {
        ask->values[i] = (struct disclosed_value){items[i].kind, items[i]};
        ask->missing = attribute_set_minus(ask->missing, attribute_set_of(items[i].kind->number));
    }
    return OK;
}

static err seal_note(struct ctx *cx, struct disclosure_ask *ask, const struct secret_key *key)
{
    ask->sealed_note = (struct bytes){(const uint8_t *)"", 0};
    if (ask->note.size == 0)
        return OK;
    struct seal_place place = {.person_id = ask->found.person_id, .kind = SEAL_NOTE, .item = ask->disclosure_id};
    return seal(cx, key, &place, bytes_of_text(ask->note), &ask->sealed_note);
}

/* All that a decision mostly reads; what the ids say is enough. */
static void announce(struct ctx *cx, const struct disclosure_ask *ask, const struct id *relationship)
{
    const struct relationship place = {.person_id = relationship->owner, .relationship_id = relationship->item};
    const struct grant_question question = {&place, ask->purpose_id.item};
    relationship_load_ahead(cx, place.person_id, place.relationship_id);
    grant_list_open_ahead(cx, &question);
    person_key_open_ahead(cx, place.person_id);
    if (!ask->only_asks)
        vault_open_values_ahead(cx, place.person_id, ask->attributes);
}

static err open_question(struct ctx *cx, struct disclosure_ask *ask)
{
    if (attribute_set_is_empty(ask->attributes))
        return FAIL_AT(cx, INVALID, "disclosure.empty", "/attributes", "ask for at least one kind");
    if (ask->note.size > LIMIT_NOTE_BYTES || !text_is_overt(ask->note, false))
        return FAIL_AT(cx, INVALID, "disclosure.note", "/note", "a note is at most %d bytes of plain text",
                       LIMIT_NOTE_BYTES);
    struct id relationship;
    TRY(id_open(cx, ask->relationship, ID_RELATIONSHIP, &relationship));
    TRY(id_open(cx, ask->purpose, ID_PURPOSE, &ask->purpose_id));
    announce(cx, ask, &relationship);
    TRY(relationship_open_id(cx, &relationship, &ask->found));
    struct policy_object object = {.organisation_id = ask->found.organisation_id};
    TRY(policy_require(cx, POLICY_DISCLOSURE_ASK, &object));
    return ask->purpose_id.owner == ask->found.organisation_id ? OK : FAIL_NOT_FOUND(cx);
}

static err make_room(struct ctx *cx, struct disclosure_ask *ask)
{
    size_t kinds = (size_t)attribute_set_count(ask->attributes);
    ask->uses = ARENA_ARRAY(cx->arena, struct disclosure_use, kinds);
    ask->values = ARENA_ARRAY(cx->arena, struct disclosed_value, 2 * kinds); /* those of the write behind the first */
    ask->refusals = ARENA_ARRAY(cx->arena, struct disclosure_refusal, kinds);
    return ask->uses == NULL || ask->values == NULL || ask->refusals == NULL ? FAIL_MEMORY(cx) : OK;
}

/* What grants rest on was published once. Where there are none it may be the draft of another department. */
static err check_purpose(struct ctx *cx, const struct disclosure_ask *ask)
{
    return ask->grants_count > 0 ? OK : purpose_check_known(cx, &ask->purpose_id);
}

static err keep_decided(struct ctx *cx, struct disclosure_ask *ask)
{
    struct disclosure_ask *decided = ARENA_NEW(cx->arena, struct disclosure_ask);
    if (decided == NULL)
        return FAIL_MEMORY(cx);
    ask->considered = allowed_kinds(ask);
    *decided = *ask;
    ask->decided = decided;
    return OK;
}

err disclosure_decide(struct ctx *cx, struct disclosure_ask *ask)
{
    TRY(open_question(cx, ask));
    TRY(make_room(cx, ask));
    ask->considered = ask->attributes;
    TRY(load_grants(cx, ask));
    TRY(judge_with_reasons(cx, ask));
    TRY(check_purpose(cx, ask));
    PERSON_KEY key;
    TRY(person_key_open(cx, ask->found.person_id, &key));
    ask->disclosure_id = ctx_number(cx);
    TRY(seal_note(cx, ask, &key));
    if (ask->given && !ask->only_asks)
        TRY(open_values(cx, ask, &key));
    return keep_decided(cx, ask);
}

/* ---- the write */

/* It may run more than once, and what a run in vain has read is gone. */
static void begin_from_decided(struct disclosure_ask *ask)
{
    const struct disclosure_ask *decided = ask->decided;
    *ask = *decided;
    ask->decided = decided;
    ask->values = decided->values + attribute_set_count(ask->attributes);
    for (size_t i = 0; i < ask->values_count; i++)
        ask->values[i] = decided->values[i];
}

static struct disclosure row_of(const struct ctx *cx, const struct disclosure_ask *ask)
{
    return (struct disclosure){
        .person_id = ask->found.person_id,
        .relationship_id = ask->found.relationship_id,
        .organisation_id = ask->found.organisation_id,
        .department_id = cx->actor.department_id,
        .system_id = cx->actor.system_id,
        .purpose_id = ask->purpose_id.item,
        .at_ms = cx->now_ms,
        .reason = TEXT_NONE,
    };
}

/* The first row carries the call's id and note; further ones, of further grants, get numbers of their own. */
static err append_row(struct ctx *cx, const struct disclosure_ask *ask, struct disclosure_head *head,
                      struct disclosure *row, bool first)
{
    row->disclosure_id = first ? ask->disclosure_id : ctx_number(cx);
    return disclosure_append(cx, head, row, first ? ask->sealed_note : (struct bytes){(const uint8_t *)"", 0});
}

/* The call's id was drawn before the write began. When another process has written the same one since, the call takes a
 * new one, and its note with it. */
static err append_first(struct ctx *cx, struct disclosure_ask *ask, struct disclosure_head *head,
                        struct disclosure *row)
{
    err result = append_row(cx, ask, head, row, true);
    while (result == CONFLICT) {
        PERSON_KEY key;
        failure_clear(&cx->failure);
        TRY(person_key_open(cx, row->person_id, &key));
        ask->disclosure_id = ctx_number(cx);
        TRY(seal_note(cx, ask, &key));
        result = append_row(cx, ask, head, row, true);
    }
    return result;
}

/* A use of a grant that disclosed nothing, since none of its kinds is filled in, is told and not counted. */
static err write_given(struct ctx *cx, struct disclosure_ask *ask, struct disclosure_head *head)
{
    for (size_t i = 0; i < ask->uses_count; i++) {
        const struct disclosure_use *use = &ask->uses[i];
        bool empty = attribute_set_is_subset(use->attributes, ask->missing);
        struct disclosure row = row_of(cx, ask);
        row.outcome = DISCLOSURE_GIVEN;
        row.reason = empty ? TEXT(DISCLOSURE_NOTHING_THERE) : TEXT_NONE;
        row.grant_id = use->grant.grant_id;
        row.purpose_version = use->grant.purpose_version;
        row.attributes = use->attributes;
        TRY(i == 0 ? append_first(cx, ask, head, &row) : append_row(cx, ask, head, &row, false));
        struct sql_grant_use_count_in count = {row.person_id, row.grant_id, 1};
        if (uses_is_counted(&use->grant.uses) && !empty)
            TRY(sql_grant_use_count(cx, &count, NULL));
    }
    return OK;
}

static struct refused_day day_of(const struct ctx *cx, const struct disclosure_ask *ask)
{
    return (struct refused_day){
        .person_id = ask->found.person_id,
        .relationship_id = ask->found.relationship_id,
        .department_id = cx->actor.department_id,
        .only_asks = ask->only_asks,
        .at_ms = cx->now_ms,
    };
}

static err write_refused(struct ctx *cx, struct disclosure_ask *ask, struct disclosure_head *head)
{
    struct disclosure row = row_of(cx, ask);
    struct refused_day day = day_of(cx, ask);
    row.outcome = DISCLOSURE_REFUSED;
    row.reason = text_of(ask->reason);
    for (size_t i = 0; i < ask->refusals_count; i++)
        row.attributes = attribute_set_add(row.attributes, ask->refusals[i].kind->number);
    TRY(refused_day_load(cx, &day));
    ask->counted = refused_day_is_full(&day) && !ask->given;
    if (refused_day_is_full(&day)) {
        head->refused++;
        return refused_day_add_further(cx, &day, row.attributes);
    }
    TRY(ask->given ? append_row(cx, ask, head, &row, false) : append_first(cx, ask, head, &row));
    return refused_day_add_entry(cx, &day, row.disclosure_id);
}

/* That somebody asked, and what the answer was. Many questions of a day are counted, whatever the answer. */
static err write_asked(struct ctx *cx, struct disclosure_ask *ask, struct disclosure_head *head)
{
    struct disclosure row = row_of(cx, ask);
    struct refused_day day = day_of(cx, ask);
    row.outcome = ask->given ? DISCLOSURE_ASKED_YES : DISCLOSURE_ASKED_NO;
    row.reason = ask->given ? TEXT_NONE : text_of(ask->reason);
    row.attributes = ask->attributes;
    TRY(refused_day_load(cx, &day));
    ask->counted = refused_day_is_full(&day);
    if (ask->counted) {
        head->asked++;
        ask->disclosure_id = day.last_id; /* the entry behind which the person sees it counted */
        return refused_day_add_further(cx, &day, row.attributes);
    }
    TRY(append_first(cx, ask, head, &row));
    return refused_day_add_entry(cx, &day, row.disclosure_id);
}

static struct attribute_set given_kinds(const struct disclosure_ask *ask)
{
    return ask->given ? allowed_kinds(ask) : ATTRIBUTE_SET_EMPTY;
}

/* Values that the second look no longer allows are taken out of the answer. */
static void drop_refused_values(struct disclosure_ask *ask)
{
    struct attribute_set allowed = given_kinds(ask);
    size_t kept = 0;
    for (size_t i = 0; i < ask->values_count; i++)
        if (attribute_set_has(allowed, ask->values[i].kind->number))
            ask->values[kept++] = ask->values[i];
    ask->values_count = kept;
    ask->missing = attribute_set_intersect(ask->missing, allowed);
}

/* Whether relationship and grants are still as they were read. How often a counted grant was used lies in another file
 * than the edition speaks of. */
static bool is_as_read(const struct ctx *cx, const struct disclosure_ask *ask)
{
    for (size_t i = 0; i < ask->grants_count; i++)
        if (uses_is_counted(&ask->grants[i].uses))
            return false;
    return ask->edition != 0 && ask->edition == store_people_edition(cx);
}

/* Keeps those open grants that the first look has seen: what becomes allowed meanwhile is not in an older answer. One
 * that came in between may also be of this very group of writes, whose files commit one after the other: a power cut
 * between two would leave a read without its grant. */
static void keep_seen(struct disclosure_ask *ask, const struct grant *seen, size_t seen_count)
{
    size_t kept = 0;
    for (size_t i = 0; i < ask->grants_count; i++) {
        bool is_seen = false;
        for (size_t s = 0; s < seen_count; s++)
            is_seen = is_seen || seen[s].grant_id == ask->grants[i].grant_id;
        if (is_seen)
            ask->grants[kept++] = ask->grants[i];
    }
    ask->grants_count = kept;
}

static err read_again(struct ctx *cx, struct disclosure_ask *ask)
{
    const struct grant *seen = ask->grants;
    size_t seen_count = ask->grants_count;
    TRY(relationship_load(cx, ask->found.person_id, ask->found.relationship_id, &ask->found));
    TRY(load_grants(cx, ask));
    keep_seen(ask, seen, seen_count);
    return OK;
}

/* Something has been stopped since the first look, and another grant may have taken its place: what both moments allow
 * would be the answer of neither. Or something has been given, and the answer, whose uses count from now on, refuses it
 * still. So all that is committed now counts, with what was not opened then. */
static err look_anew(struct ctx *cx, struct disclosure_ask *ask, struct attribute_set opened)
{
    PERSON_KEY key;
    ask->considered = ask->attributes;
    TRY(load_grants(cx, ask));
    TRY(judge_with_reasons(cx, ask));
    if (ask->only_asks || attribute_set_is_subset(given_kinds(ask), opened))
        return OK;
    TRY(person_key_open(cx, ask->found.person_id, &key));
    return open_values(cx, ask, &key);
}

static err look_again(struct ctx *cx, struct disclosure_ask *ask)
{
    const struct attribute_set opened = ask->considered;
    const int64_t edition = ask->edition;
    if (!is_as_read(cx, ask))
        TRY(read_again(cx, ask));
    TRY(judge_with_reasons(cx, ask));
    bool may_be_more = ask->refusals_count > 0 && (ask->edition == 0 || ask->edition != edition);
    if (store_people_goes_first(cx) && may_be_more)
        TRY(look_anew(cx, ask, opened));
    drop_refused_values(ask);
    return OK;
}

static err write_read(struct ctx *cx, struct disclosure_ask *ask, struct disclosure_head *head)
{
    if (ask->given)
        TRY(write_given(cx, ask, head));
    if (ask->refusals_count > 0)
        TRY(write_refused(cx, ask, head));
    return OK;
}

void disclosure_commit_announce(struct ctx *cx, void *arg)
{
    const struct disclosure_ask *ask = ((const struct disclosure_ask *)arg)->decided;
    const struct grant_question question = {&ask->found, ask->purpose_id.item};
    const struct refused_day day = day_of(cx, ask);
    disclosure_head_load_ahead(cx, ask->found.person_id);
    if (ask->refusals_count > 0 || ask->only_asks)
        refused_day_load_ahead(cx, &day);
    if (!ask->given)
        return;
    relationship_load_ahead(cx, ask->found.person_id, ask->found.relationship_id);
    grant_list_open_ahead(cx, &question);
    for (size_t i = 0; i < ask->grants_count; i++)
        grant_use_ahead(cx, &ask->grants[i]);
}

err disclosure_commit(struct ctx *cx, void *arg)
{
    struct disclosure_ask *ask = arg;
    struct disclosure_head head;
    begin_from_decided(ask);
    if (ask->given) /* a refusal stands: allowing what was not opened would give nothing */
        TRY(look_again(cx, ask));
    TRY(disclosure_head_load(cx, ask->found.person_id, &head));
    if (ask->only_asks)
        TRY(write_asked(cx, ask, &head));
    else
        TRY(write_read(cx, ask, &head));
    return disclosure_head_save(cx, &head);
}

/* ---- the same read once more */

/* Of the grants those under which the answer was given, as if they had not been used. */
static void keep_told(struct disclosure_ask *ask, const struct disclosure_told *told)
{
    size_t kept = 0;
    for (size_t i = 0; i < ask->grants_count; i++) {
        bool is_told = false;
        for (size_t t = 0; t < told->grants_count; t++)
            is_told = is_told || ask->grants[i].grant_id == told->grants[t];
        if (!is_told)
            continue;
        ask->grants[kept] = ask->grants[i];
        ask->grants[kept++].used = 0;
    }
    ask->grants_count = kept;
}

static int64_t version_now(const struct disclosure_ask *ask, attribute_number kind)
{
    for (size_t i = 0; i < ask->values_count; i++)
        if (ask->values[i].kind->number == kind)
            return ask->values[i].item.version;
    return 0;
}

/* Every version that was told is the one of now, and none has come since. */
static bool is_unchanged(const struct disclosure_ask *now, const struct disclosure_told *told)
{
    bool same = now->values_count == told->values_count;
    for (size_t i = 0; i < told->values_count; i++)
        same = same && version_now(now, told->values[i].kind) == told->values[i].version;
    return same;
}

static bool is_counted(const struct disclosure_ask *ask)
{
    bool counted = false;
    for (size_t i = 0; i < ask->uses_count; i++)
        counted = counted || uses_is_counted(&ask->uses[i].grant.uses);
    return counted;
}

/* What found nothing was not counted either. */
static void compare(const struct disclosure_ask *now, struct disclosure_repeat *repeat)
{
    const struct disclosure_told *told = &repeat->told;
    repeat->out_stands = is_unchanged(now, told) || (told->values_count > 0 && is_counted(now));
    repeat->out_valid_until_ms = now->valid_until_ms;
    repeat->out_removed = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < told->values_count; i++)
        if (version_now(now, told->values[i].kind) == 0)
            repeat->out_removed = attribute_set_add(repeat->out_removed, told->values[i].kind);
}

err disclosure_repeat(struct ctx *cx, struct disclosure_repeat *repeat)
{
    struct disclosure_ask now = {.relationship = repeat->first->relationship, .purpose = repeat->first->purpose,
        .attributes = repeat->told.given};
    TRY(open_question(cx, &now));
    TRY(make_room(cx, &now));
    now.considered = now.attributes;
    TRY(load_grants(cx, &now));
    keep_told(&now, &repeat->told);
    judge(cx, &now);
    repeat->out_stands = false;
    if (now.refusals_count > 0)
        return OK;
    PERSON_KEY key;
    TRY(person_key_open(cx, now.found.person_id, &key));
    TRY(open_values(cx, &now, &key));
    compare(&now, repeat);
    return OK;
}
