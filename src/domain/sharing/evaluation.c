/* SPDX-License-Identifier: Apache-2.0
 * From the words of AuthZEN to the question of a read, and the order of several questions. No rule about permissions
 * stands here. */
#include "domain/sharing/evaluation.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/parties/purpose.h"
#include "domain/policy.h"
#include "domain/sharing/request.h"

/* A caller asks for itself: whom a credential stands for is never a parameter. */
static bool names_caller(struct ctx *cx, const struct evaluation *evaluation)
{
    const struct actor *actor = &cx->actor;
    bool is_department = text_is(evaluation->subject_type, EVALUATION_DEPARTMENT);
    struct id subject;
    if (!is_department && !text_is(evaluation->subject_type, EVALUATION_SYSTEM))
        return false;
    if (id_open(cx, evaluation->subject_id, is_department ? ID_DEPARTMENT : ID_SYSTEM, &subject) != OK) {
        failure_clear(&cx->failure);
        return false;
    }
    return subject.owner == actor->organisation_id &&
           subject.item == (is_department ? actor->department_id : actor->system_id);
}

bool evaluation_permits(const struct evaluation *evaluation)
{
    return evaluation->known && evaluation->ask.given;
}

struct attribute_set evaluation_permitted(const struct evaluation *evaluation)
{
    struct attribute_set permitted = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; evaluation_permits(evaluation) && i < evaluation->ask.uses_count; i++)
        permitted = attribute_set_union(permitted, evaluation->ask.uses[i].attributes);
    return permitted;
}

/* Who has stopped something is not to be asked at once again. */
static bool lacks_permission(const struct disclosure_ask *ask)
{
    struct text reason = text_of(ask->reason);
    return text_is(reason, "grant.none") || text_is(reason, "grant.expired") || text_is(reason, "grant.used_up");
}

err evaluation_look_for_door(struct ctx *cx, struct evaluation *evaluation)
{
    const struct disclosure_ask *ask = &evaluation->ask;
    evaluation->can_ask = false;
    if (!evaluation->known || ask->given || !lacks_permission(ask))
        return OK;
    struct request_make make = {
        .person_id = ask->found.person_id,
        .relationship_id = ask->found.relationship_id,
        .purpose = ask->purpose_id,
        .attributes = ask->attributes,
        .uses = {.kind = USES_PERIOD},
    };
    return request_is_possible(cx, &make, &evaluation->can_ask);
}

err evaluation_decide(struct ctx *cx, struct evaluation *evaluation)
{
    evaluation->known = false;
    if (!names_caller(cx, evaluation) || !text_is(evaluation->action, EVALUATION_READ) ||
        !text_is(evaluation->resource_type, EVALUATION_RELATIONSHIP))
        return OK;
    evaluation->ask = (struct disclosure_ask){.relationship = evaluation->resource_id, .purpose = evaluation->purpose,
        .attributes = evaluation->attributes, .partial = evaluation->partial, .only_asks = true};
    err result = disclosure_decide(cx, &evaluation->ask);
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    evaluation->known = true;
    return OK;
}

/* ---- several */

static bool goes_on(evaluation_semantic semantic, bool permits)
{
    return semantic == EVALUATION_EXECUTE_ALL || permits == (semantic == EVALUATION_DENY_ON_FIRST_DENY);
}

err evaluations_commit(struct ctx *cx, void *arg)
{
    struct evaluations *all = arg;
    size_t answered = 0;
    for (bool on = true; on && answered < all->count; answered++) {
        struct evaluation *one = &all->items[answered];
        if (one->known)
            TRY(disclosure_commit(cx, &one->ask));
        on = goes_on(all->semantic, evaluation_permits(one));
    }
    all->out_answered = answered;
    return OK;
}

/* What is announced for one would be old for the next, which may be of the same person. */
void evaluations_commit_announce(struct ctx *cx, void *arg)
{
    const struct evaluations *all = arg;
    if (all->count == 1 && all->items[0].known)
        disclosure_commit_announce(cx, &all->items[0].ask);
}

/* ---- searches */

/* The next greater purpose of the grants; INT64_MAX: there is none. */
static int64_t next_purpose(const struct grant *grants, size_t count, int64_t after)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (grants[i].purpose_id > after && grants[i].purpose_id < next)
            next = grants[i].purpose_id;
    return next;
}

static err find_purposes(struct ctx *cx, struct evaluation_purposes *search, const struct grant *grants, size_t count)
{
    int64_t organisation_id = cx->actor.organisation_id;
    int64_t at = search->after;
    while ((at = next_purpose(grants, count, at)) != INT64_MAX) {
        struct evaluation question = search->question;
        struct id purpose = {ID_PURPOSE, organisation_id, at};
        if (search->out_count == (size_t)search->limit) {
            search->out_more = true;
            return OK;
        }
        question.purpose = id_text(cx, purpose);
        if (question.purpose.at == NULL)
            return FAIL_MEMORY(cx);
        TRY(evaluation_decide(cx, &question));
        if (evaluation_permits(&question))
            search->out[search->out_count++] = purpose;
    }
    return OK;
}

err evaluation_purposes(struct ctx *cx, struct evaluation_purposes *search)
{
    struct relationship relationship;
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(policy_require_own(cx, POLICY_GRANT_SEE));
    search->out_count = 0;
    search->out_more = false;
    search->out = ARENA_ARRAY(cx->arena, struct id, (size_t)search->limit);
    if (search->out == NULL)
        return FAIL_MEMORY(cx);
    err result = relationship_open(cx, search->question.resource_id, &relationship);
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    TRY(grant_list_live_of_relationship(cx, &relationship, &grants, &count));
    return find_purposes(cx, search, grants, count);
}

/* All that the purpose names, when the question names no kind. A purpose that the caller cannot see names none. */
static err choose_kinds(struct ctx *cx, struct evaluation *question)
{
    struct id id;
    struct purpose purpose;
    question->partial = attribute_set_is_empty(question->attributes);
    if (!question->partial)
        return OK;
    err result = id_open(cx, question->purpose, ID_PURPOSE, &id);
    if (result == OK && id.owner == cx->actor.organisation_id)
        result = purpose_see(cx, &id, &purpose);
    else
        result = NOT_FOUND;
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    question->attributes = attribute_set_union(purpose.needed, purpose.optional);
    return OK;
}

static err look_at(struct ctx *cx, struct evaluation_relationships *search, const struct relationship *relationship)
{
    struct evaluation question = search->question;
    struct id id = relationship_id(relationship);
    question.resource_id = id_text(cx, id);
    if (question.resource_id.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(evaluation_decide(cx, &question));
    if (evaluation_permits(&question))
        search->out[search->out_count++] = (struct evaluation_found){id, evaluation_permitted(&question)};
    return OK;
}

static err look_at_some(struct ctx *cx, struct evaluation_relationships *search, const struct relationship_list *list)
{
    for (size_t i = 0; i < list->out_count; i++) {
        search->out_more = i == LIMIT_EVALUATIONS || search->out_count == (size_t)search->limit;
        if (search->out_more)
            return OK;
        search->out_last_id = list->out[i].relationship_id;
        TRY(look_at(cx, search, &list->out[i]));
    }
    return OK;
}

err evaluation_relationships(struct ctx *cx, struct evaluation_relationships *search)
{
    struct relationship_list list = {.after = search->after, .limit = LIMIT_EVALUATIONS + 1}; /* one tells of more */
    TRY(policy_require_own(cx, POLICY_GRANT_SEE));
    search->out_count = 0;
    search->out_last_id = search->after;
    search->out = ARENA_ARRAY(cx->arena, struct evaluation_found, (size_t)search->limit);
    if (search->out == NULL)
        return FAIL_MEMORY(cx);
    TRY(choose_kinds(cx, &search->question));
    search->out_more = false;
    if (attribute_set_is_empty(search->question.attributes) || !names_caller(cx, &search->question))
        return OK;
    TRY(relationship_list_of_organisation(cx, &list));
    return look_at_some(cx, search, &list);
}
