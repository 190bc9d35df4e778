/* SPDX-License-Identifier: Apache-2.0
 * The story of an erasure in its order. Which rows go, and how, stands in erasure_rows.c; how keys are destroyed, in
 * person_forget.c. */
#include "domain/erasure.h"

#include "base/limits.h"
#include "domain/person.h"
#include "domain/policy.h"
#include "domain/relationship_store.h"
#include "store/queries.h"

/* ---- the doors */

static err check(struct ctx *cx, const struct erasure_begin *begin, const struct person *person)
{
    if (cx->actor.kind == ACTOR_PERSON && !text_is(begin->confirmation, ERASURE_CONFIRMATION))
        return FAIL_AT(cx, INVALID, "erasure.not_confirmed", "/confirm", "to be erased, say \"%s\"",
                       ERASURE_CONFIRMATION);
    if (person->state == PERSON_MERGED)
        return FAIL(cx, CONFLICT, "erasure.merged", "another person has taken this one's place: erase that one");
    return OK;
}

/* Each in memory of its own, so that nobody has too many relationships to be forgotten. */
static err end_page(struct ctx *apart, int64_t person_id, struct relationship_list *list)
{
    TRY(relationship_list_any(apart, person_id, list));
    for (size_t i = 0; i < list->out_count; i++) {
        int64_t receipt_id = 0;
        list->after = list->out[i].relationship_id;
        TRY(relationship_end_now(apart, &list->out[i], true, &receipt_id));
    }
    return OK;
}

static err end_relationships(struct ctx *cx, int64_t person_id, int64_t *out_count)
{
    struct relationship_list list = {.after = INT64_MIN, .limit = LIMIT_PAGE_MAX, .out_count = LIMIT_PAGE_MAX};
    struct ctx apart;
    int64_t count = 0;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    err result = OK;
    while (result == OK && list.out_count == LIMIT_PAGE_MAX) {
        result = end_page(&apart, person_id, &list);
        count += (int64_t)list.out_count;
        arena_reset(apart.arena);
    }
    *out_count = count;
    return ctx_join(cx, &apart, result);
}

static err shut_doors(struct ctx *cx, int64_t person_id)
{
    struct sql_erase_sessions_in sessions = {person_id};
    struct sql_erase_links_in links = {person_id};
    struct sql_erase_invitations_in invitations = {person_id};
    TRY(sql_erase_sessions(cx, &sessions, NULL));
    TRY(sql_erase_links(cx, &links, NULL));
    TRY(sql_erase_invitations(cx, &invitations, NULL));
    return person_mark_erased(cx, person_id);
}

err erasure_begin(struct ctx *cx, void *arg)
{
    struct erasure_begin *begin = arg;
    struct policy_object object = {.person_id = begin->person_id};
    struct person person;
    TRY(policy_require(cx, POLICY_PERSON_ERASE, &object));
    TRY(person_load(cx, begin->person_id, &person));
    TRY(check(cx, begin, &person));
    begin->out_relationships = 0;
    begin->out_asked_at_ms = cx->now_ms;
    if (person.state == PERSON_ERASED)
        return OK;
    TRY(end_relationships(cx, person.person_id, &begin->out_relationships));
    return shut_doors(cx, person.person_id);
}

/* ---- the list */

/* store_write_fn */
static err cross_out(struct ctx *cx, void *arg)
{
    struct sql_erasure_delete_in in = {*(const int64_t *)arg};
    return sql_erasure_delete(cx, &in, NULL);
}

static err finish_one(struct ctx *cx, struct store *store, int64_t person_id)
{
    TRY(erasure_take_rows(cx, store, person_id));
    return store_write_wait(store, cx, cross_out, &person_id);
}

/* What the tables of one person need is given back before the next one's. */
static err finish_apart(struct ctx *cx, struct store *store, int64_t person_id)
{
    struct ctx apart;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    failure_clear(&apart.failure); /* that of somebody before is not this one's */
    return ctx_join(cx, &apart, finish_one(&apart, store, person_id));
}

static err finish_pass(struct ctx *cx, struct store *store, struct erasure_work *work, bool *out_more)
{
    struct sql_erasure_list_in in = {LIMIT_ERASURES};
    struct sql_erasure_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_erasure_list(cx, &in, &rows, &count));
    *out_more = count == LIMIT_ERASURES;
    if (count == 0)
        return OK;
    int64_t *person_ids = ARENA_ARRAY(cx->arena, int64_t, count);
    if (person_ids == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        person_ids[i] = rows[i].person_id;
    TRY(person_forget_keys(cx, store, person_ids, count));
    err result = OK; /* the first failure; who is behind on the list does not wait for it */
    for (size_t i = 0; i < count; i++) {
        err one = finish_apart(cx, store, person_ids[i]);
        result = result == OK ? one : result;
        work->out_done += one == OK;
        if (work->told != NULL)
            work->told(work->self, work->out_done, (int64_t)(count - i - 1));
    }
    return result;
}

err erasure_finish(struct ctx *cx, struct store *store, struct erasure_work *work)
{
    bool more = true;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    work->out_done = 0;
    while (more)
        TRY(finish_pass(cx, store, work, &more));
    return OK;
}
