/* SPDX-License-Identifier: Apache-2.0
 * Whoever has come back is put on the list of erasures again, first of all: from then on a crash changes nothing, since
 * a node works that list off in any case. Only behind that do the keys say that they are no older copy. */
#include "domain/people/key_return.h"

#include "base/limits.h"
#include "crypto/keyring.h"
#include "domain/people/key_rows.h"
#include "domain/people/person.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"
#include "store/data_age.h"
#include "store/keys_place.h"
#include "store/queries.h"

#define PAGE 100
#define BUCKET_PAGE 500
#define BUCKETS_TOGETHER 64 /* that go on the list: who is erased waits for them, a quarter of a second for each */

/* ---- how old they are */

/* What the data vouches for first: the keys, read behind it, have at least that. */
static err load_noted(struct ctx *cx, int64_t *out)
{
    struct sql_node_keys_generation_row row = {0};
    bool found = false;
    TRY(sql_node_keys_generation(cx, &row, &found));
    *out = row.value;
    return OK;
}

err key_return_look(struct ctx *cx, struct store *store, struct key_return *out)
{
    int64_t noted = 0;
    int64_t now = 0;
    int64_t seen = 0;
    TRY(load_noted(cx, &noted));
    TRY(store_keys_generation(cx, store, &now, &seen));
    int64_t most = noted > seen ? noted : seen;
    *out = (struct key_return){.is_older = now < most, .generation = most > now ? most : now};
    return OK;
}

/* store_write_fn */
static err write_noted(struct ctx *cx, void *arg)
{
    struct sql_node_keys_generation_note_in in = {*(const int64_t *)arg};
    store_keep_house(cx); /* else data and keys would vouch for each other without end */
    return sql_node_keys_generation_note(cx, &in, NULL);
}

err key_return_note(struct ctx *cx, struct store *store)
{
    struct key_return now;
    int64_t noted = 0;
    TRY(load_noted(cx, &noted));
    TRY(key_return_look(cx, store, &now));
    if (now.is_older || now.generation == noted)
        return OK;
    return store_write_wait(store, cx, write_noted, &now.generation);
}

/* ---- who has come back */

struct page {
    struct sql_erasure_past_list_in in;
    int64_t                         person_ids[PAGE]; /* who have come back */
    size_t                          count;
    bool                            is_last;
};

/* Whoever stands on the list is being erased, and has not come back. */
static err has_returned(struct ctx *cx, int64_t person_id, bool *out)
{
    struct sql_erasure_load_in in = {person_id};
    struct sql_erasure_load_row row;
    bool listed = false;
    bool has_bucket = false;
    TRY(sql_erasure_load(cx, &in, &row, &listed));
    if (!listed)
        TRY(person_has_bucket(cx, person_id, &has_bucket));
    *out = has_bucket;
    return OK;
}

static err find_page(struct ctx *cx, struct page *page)
{
    struct sql_erasure_past_list_row *rows = NULL;
    size_t count = 0;
    page->count = 0;
    TRY(sql_erasure_past_list(cx, &page->in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        bool returned = false;
        TRY(has_returned(cx, rows[i].person_id, &returned));
        page->in.after_id = rows[i].person_id;
        if (returned)
            page->person_ids[page->count++] = rows[i].person_id;
    }
    page->is_last = count < PAGE;
    return OK;
}

/* store_write_fn */
static err list_again(struct ctx *cx, void *arg)
{
    const struct page *page = arg;
    for (size_t i = 0; i < page->count; i++)
        TRY(person_mark_erased(cx, page->person_ids[i]));
    struct sql_node_keys_returned_people_note_in people = {(int64_t)page->count};
    return sql_node_keys_returned_people_note(cx, &people, NULL);
}

static err list_page(struct ctx *cx, struct store *store, struct page *page)
{
    TRY(find_page(cx, page));
    return page->count == 0 ? OK : store_write_wait(store, cx, list_again, page);
}

/* Each page in memory of its own. */
static err list_all(struct ctx *cx, struct store *store, int64_t *out_people)
{
    struct page page = {.in = {.state = PERSON_ERASED, .after_id = INT64_MIN, .most = PAGE}};
    int64_t people = 0;
    while (!page.is_last) {
        struct ctx apart;
        TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
        TRY(ctx_join(cx, &apart, list_page(&apart, store, &page)));
        people += (int64_t)page.count;
    }
    *out_people = people;
    return OK;
}

/* ---- and goes again */

static err forget(struct ctx *cx, struct store *store)
{
    struct person_forgetting forgetting = {.pace = NULL};
    err result = person_forget_listed(cx, store, &forgetting);
    if (result != NOT_FOUND && result != CORRUPT)
        return result;
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "store.went_back",
                "the keys are an older copy than the data says, and lack what opens them; put the newest copy of all "
                "keys back, see docs/operations");
}

/* store_write_fn. Beyond all that was, also for a server that still knows the newer ones. */
static err lift(struct ctx *cx, void *arg)
{
    struct sql_generation_lift_keys_in in = {((const struct key_return *)arg)->generation};
    return sql_generation_lift_keys(cx, &in, NULL);
}

/* store_write_fn */
static err note_past(struct ctx *cx, void *arg)
{
    struct sql_node_keys_returned_at_note_in in = {cx->now_ms};
    (void)arg; /* the moment is the write's */
    return sql_node_keys_returned_at_note(cx, &in, NULL);
}

err key_return_undo(struct ctx *cx, struct store *store, struct key_return *io)
{
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(list_all(cx, store, &io->out_people));
    if (io->out_people == 0 && !io->is_older)
        return OK;
    TRY(store_write_wait(store, cx, note_past, NULL));
    if (io->is_older)
        store_keys_accept(store);
    TRY(forget(cx, store));
    if (io->is_older)
        TRY(store_write_wait(store, cx, lift, io));
    return key_return_note(cx, store);
}

/* ---- bucket keys laid beside */

struct bucket_page {
    int64_t buckets[BUCKET_PAGE]; /* that stand again */
    size_t  count;
    int64_t last; /* that was looked at */
    bool    at_end;
    int64_t doomed; /* of them, by this call */
};

static err find_buckets(struct ctx *cx, int64_t after, struct bucket_page *page)
{
    struct sql_bucket_gone_list_in in = {after, BUCKET_PAGE};
    struct sql_bucket_gone_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_bucket_gone_list(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        bool stands = false;
        TRY(keyring_bucket_stands(cx, rows[i].bucket, rows[i].sealed, &stands));
        if (stands)
            page->buckets[page->count++] = rows[i].bucket;
    }
    page->at_end = count < BUCKET_PAGE;
    page->last = page->at_end ? 0 : rows[count - 1].bucket;
    return OK;
}

static void move_on(struct key_return_sweep *sweep, const struct bucket_page *page)
{
    sweep->at_end = page->at_end;
    sweep->after = page->last;
}

/* store_write_fn. Durable before anything is destroyed: a crash changes nothing from then on. */
static err doom_again(struct ctx *cx, void *arg)
{
    struct bucket_page *page = arg;
    page->doomed = 0;
    for (size_t i = 0; i < page->count; i++) {
        struct sql_key_bucket_doom_in in = {page->buckets[i]};
        int64_t changed = 0;
        TRY(sql_key_bucket_doom(cx, &in, &changed));
        page->doomed += changed;
    }
    return OK;
}

/* Some of what was found. While anything is doomed, no more: whoever is erased would wait for all of it. */
static err doom_page(struct ctx *cx, struct store *store, struct key_return_sweep *sweep, struct bucket_page *page)
{
    int64_t doomed = 0;
    TRY(key_bucket_count_doomed(cx, &doomed));
    sweep->out_waits = doomed > 0;
    if (sweep->out_waits)
        return OK;
    bool is_all = page->count <= BUCKETS_TOGETHER;
    page->count = is_all ? page->count : BUCKETS_TOGETHER;
    TRY(store_write_wait(store, cx, doom_again, page));
    sweep->out_found = page->doomed;
    sweep->out_with_rows = (size_t)page->doomed < page->count;
    if (is_all)
        move_on(sweep, page);
    return OK;
}

/* While a key is lost the older copy that has come may be all that is left, and is wanted back with its rows. */
static err sweep_page(struct ctx *cx, struct store *store, struct key_return_sweep *sweep)
{
    struct bucket_page page = {.count = 0};
    struct person_keys_lost lost = {.buckets = 0};
    TRY(find_buckets(cx, sweep->after, &page));
    if (page.count > 0)
        TRY(person_keys_find_lost(cx, &lost));
    if (page.count > 0 && lost.buckets == 0)
        return doom_page(cx, store, sweep, &page);
    sweep->left += (int64_t)page.count;
    move_on(sweep, &page);
    return OK;
}

err key_return_sweep(struct ctx *cx, struct store *store, struct key_return_sweep *sweep)
{
    struct ctx apart;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    sweep->left = sweep->after == 0 ? 0 : sweep->left;
    sweep->at_end = false;
    sweep->out_found = 0;
    sweep->out_waits = false;
    sweep->out_with_rows = false;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    return ctx_join(cx, &apart, sweep_page(&apart, store, sweep));
}

err key_return_past(struct ctx *cx, int64_t *out_at_ms, int64_t *out_people)
{
    struct sql_node_keys_returned_row row = {0};
    bool found = false;
    TRY(sql_node_keys_returned(cx, &row, &found));
    *out_at_ms = row.at_ms;
    *out_people = row.people;
    return OK;
}
