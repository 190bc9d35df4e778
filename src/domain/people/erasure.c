/* SPDX-License-Identifier: Apache-2.0
 * The story of an erasure in its order. Which rows go, and how, stands in erasure_rows.c; how keys are destroyed, in
 * person_forget.c. */
#include "domain/people/erasure.h"

#include "base/limits.h"
#include "domain/entrance/passkey.h"
#include "domain/people/person.h"
#include "domain/policy.h"
#include "domain/sharing/relationship_store.h"
#include "store/queries.h"

/* ---- the doors */

static err check(struct ctx *cx, const struct erasure_begin *begin, const struct person *person)
{
    if (cx->actor.kind == ACTOR_PERSON && !text_is(begin->confirmation, ERASURE_CONFIRMATION))
        return FAIL_AT(cx, INVALID, "erasure.not_confirmed", "/confirm", "to be erased, say \"%s\"",
                       ERASURE_CONFIRMATION);
    if (cx->actor.kind == ACTOR_PERSON) /* nobody who finds an open session */
        TRY(passkey_require_fresh(cx));
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

err erasure_shut_doors(struct ctx *cx, int64_t person_id)
{
    struct sql_member_end_in membership = {person_id, cx->now_ms};
    struct sql_erase_sessions_in sessions = {person_id};
    struct sql_erase_links_in links = {person_id};
    struct sql_erase_invitations_in invitations = {person_id};
    TRY(sql_erase_sessions(cx, &sessions, NULL));
    TRY(sql_erase_links(cx, &links, NULL));
    TRY(sql_erase_invitations(cx, &invitations, NULL));
    TRY(sql_member_end(cx, &membership, NULL));
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
    TRY(person_key_renew_lost(cx, person.person_id));
    TRY(end_relationships(cx, person.person_id, &begin->out_relationships));
    return erasure_shut_doors(cx, person.person_id);
}

/* ---- the list */

/* store_write_fn */
static err cross_out(struct ctx *cx, void *arg)
{
    struct sql_erasure_delete_in in = {*(const int64_t *)arg};
    return sql_erasure_delete(cx, &in, NULL);
}

/* Whoever waits for the keys is passed by. */
static err finish_if_forgotten(struct ctx *cx, struct store *store, int64_t person_id, struct erasure_work *work)
{
    bool forgotten = false;
    TRY(person_is_forgotten(cx, person_id, &forgotten));
    if (!forgotten)
        return OK;
    TRY(erasure_take_rows(cx, store, person_id));
    TRY(store_write_wait(store, cx, cross_out, &person_id));
    work->out_done++;
    return OK;
}

/* What the tables of one person need is given back before the next one's. */
static err finish_apart(struct ctx *cx, struct store *store, int64_t person_id, struct erasure_work *work)
{
    struct ctx apart;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    failure_clear(&apart.failure); /* that of somebody before is not this one's */
    return ctx_join(cx, &apart, finish_if_forgotten(&apart, store, person_id, work));
}

/* A part of the list, and until when it is worked off. */
struct pass {
    size_t  count;
    int64_t until_ns;
    bool    over; /* the time is */
};

static err finish_pass(struct ctx *cx, struct store *store, struct erasure_work *work, struct pass *pass)
{
    struct sql_erasure_list_in in = {work->place.asked_at_ms, work->place.person_id, LIMIT_ERASURES};
    struct sql_erasure_list_row *rows = NULL;
    err result = OK;
    TRY(sql_erasure_list(cx, &in, &rows, &pass->count));
    for (size_t i = 0; i < pass->count && !pass->over; i++) {
        err one = finish_apart(cx, store, rows[i].person_id, work);
        result = result == OK ? one : result;
        work->place.asked_at_ms = rows[i].asked_at_ms;
        work->place.person_id = rows[i].person_id;
        if (work->told != NULL)
            work->told(work->self, work->out_done, (int64_t)(pass->count - i - 1));
        pass->over = clock_monotonic_ns(cx->clock) >= pass->until_ns;
    }
    return result;
}

/* A pass at a time, each in memory of its own. The first failure is kept; who stands behind does not wait for it. */
err erasure_finish_rows(struct ctx *cx, struct store *store, struct erasure_work *work)
{
    int64_t until_ns = clock_monotonic_ns(cx->clock) + work->for_ms * 1000000;
    struct pass pass = {LIMIT_ERASURES, work->for_ms == 0 ? INT64_MAX : until_ns, false};
    err result = OK;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    work->out_done = 0;
    while (pass.count == LIMIT_ERASURES && !pass.over) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        failure_clear(&apart.failure);
        pass.count = 0; /* a list that cannot be read has no end otherwise */
        err one = ctx_join(cx, &apart, finish_pass(&apart, store, work, &pass));
        result = result == OK ? one : result;
    }
    work->out_more = pass.over;
    if (!pass.over) /* at its end: the next call begins anew */
        work->place = (struct erasure_place){0};
    return result;
}

/* All keys go before any row does: however long the rows of somebody take, nobody's key stays for it. */
err erasure_finish(struct ctx *cx, struct store *store, struct erasure_work *work)
{
    struct person_forgetting keys = {.pace = NULL};
    struct ctx apart;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    work->out_done = 0;
    err forgotten = person_forget_listed(cx, store, &keys);
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    failure_clear(&apart.failure);
    err rows = ctx_join(cx, &apart, erasure_finish_rows(&apart, store, work));
    return forgotten != OK ? forgotten : rows;
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
