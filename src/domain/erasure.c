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

/* A place on the list, and the people behind it. */
struct pass {
    struct sql_erasure_list_in  in;
    struct sql_erasure_list_row *rows;
    size_t                      count;
};

static err next_pass(struct ctx *cx, struct pass *pass)
{
    TRY(sql_erasure_list(cx, &pass->in, &pass->rows, &pass->count));
    if (pass->count > 0) {
        pass->in.asked_at_ms = pass->rows[pass->count - 1].asked_at_ms;
        pass->in.person_id = pass->rows[pass->count - 1].person_id;
    }
    return OK;
}

static err forget_pass(struct ctx *cx, struct store *store, const struct pass *pass)
{
    int64_t *person_ids = ARENA_ARRAY(cx->arena, int64_t, pass->count);
    if (person_ids == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < pass->count; i++)
        person_ids[i] = pass->rows[i].person_id;
    return person_forget_keys(cx, store, person_ids, pass->count);
}

static err finish_rows(struct ctx *cx, struct store *store, const struct pass *pass, struct erasure_work *work)
{
    err result = OK;
    for (size_t i = 0; i < pass->count; i++) {
        err one = finish_apart(cx, store, pass->rows[i].person_id);
        result = result == OK ? one : result;
        work->out_done += one == OK;
        if (work->told != NULL)
            work->told(work->self, work->out_done, (int64_t)(pass->count - i - 1));
    }
    return result;
}

typedef enum erasure_stage { STAGE_KEYS, STAGE_ROWS } erasure_stage;

/* Rows go behind the keys of the same people, whatever was done in an earlier stage. */
static err work_pass(struct ctx *cx, struct store *store, struct erasure_work *work, erasure_stage stage,
                     struct pass *pass)
{
    bool first = pass->in.asked_at_ms == INT64_MIN;
    TRY(next_pass(cx, pass));
    if (pass->count == 0 || (stage == STAGE_KEYS && first && pass->count < LIMIT_ERASURES))
        return OK; /* one pass holds everybody: nobody's key would wait */
    TRY(forget_pass(cx, store, pass));
    return stage == STAGE_ROWS ? finish_rows(cx, store, pass, work) : OK;
}

/* For everybody on the list, a pass at a time, each in memory of its own. The first failure is kept; who stands behind
 * does not wait for it. */
static err run_stage(struct ctx *cx, struct store *store, struct erasure_work *work, erasure_stage stage)
{
    struct pass pass = {.in = {INT64_MIN, INT64_MIN, LIMIT_ERASURES}, .count = LIMIT_ERASURES};
    err result = OK;
    while (pass.count == LIMIT_ERASURES) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        failure_clear(&apart.failure);
        pass.count = 0; /* a list that cannot be read has no end otherwise */
        err one = ctx_join(cx, &apart, work_pass(&apart, store, work, stage, &pass));
        result = result == OK ? one : result;
    }
    return result;
}

/* All keys go before any row does: however long the rows of somebody take, nobody's key stays for it. */
err erasure_finish(struct ctx *cx, struct store *store, struct erasure_work *work)
{
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    work->out_done = 0;
    err keys = run_stage(cx, store, work, STAGE_KEYS);
    err rows = run_stage(cx, store, work, STAGE_ROWS);
    return keys != OK ? keys : rows;
}

err erasure_is_done(struct ctx *cx, int64_t person_id, bool *out)
{
    struct sql_erasure_load_in in = {person_id};
    struct sql_erasure_load_row row;
    bool listed = false;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(sql_erasure_load(cx, &in, &row, &listed));
    *out = !listed;
    return OK;
}
