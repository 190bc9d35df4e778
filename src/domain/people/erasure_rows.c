/* SPDX-License-Identifier: Apache-2.0
 * The rows of somebody whose key is destroyed. They say nothing any more; they go so that nobody keeps them in vain,
 * and so that nothing leads to the person. No write takes more than ROWS_MAX rows, since others wait for the writer.
 * The numbers of the log stay: without its receipt a place in it is mute. */
#include "base/limits.h"
#include "domain/people/erasure.h"
#include "domain/people/predecessor.h"
#include "domain/sharing/disclosure_store.h"
#include "store/queries.h"

#define ROWS_MAX 500

/* ---- rows that lie together: each takes away at most ROWS_MAX and says how many there were */

static err take_vault(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_vault_in in = {person_id}; /* one row a kind: fewer than ROWS_MAX */
    *out_rows = 0;
    return sql_erase_vault(cx, &in, NULL);
}

static err take_history(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_history_in in = {person_id, ROWS_MAX};
    return sql_erase_history(cx, &in, out_rows);
}

static err take_keys(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_relationship_keys_in in = {person_id, ROWS_MAX};
    return sql_erase_relationship_keys(cx, &in, out_rows);
}

static err take_alerts(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_alerts_in in = {person_id, ROWS_MAX};
    return sql_erase_alerts(cx, &in, out_rows);
}

/* A person has few passkeys and few codes. */
static err take_passkeys(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_passkeys_in passkeys = {person_id};
    struct sql_erase_passkey_credentials_in credentials = {person_id};
    struct sql_erase_recovery_codes_in codes = {person_id};
    struct sql_erase_recovery_in recovery = {person_id};
    *out_rows = 0;
    TRY(sql_erase_passkeys(cx, &passkeys, NULL));
    TRY(sql_erase_passkey_credentials(cx, &credentials, NULL));
    TRY(sql_erase_recovery_codes(cx, &codes, NULL));
    return sql_erase_recovery(cx, &recovery, NULL);
}

static err take_records(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_records_in in = {person_id, ROWS_MAX};
    return sql_erase_records(cx, &in, out_rows);
}

/* What would lead to the person, or lets somebody in; a link may have been made since the doors were shut. */
static err take_traces(struct ctx *cx, int64_t person_id, int64_t *out_rows)
{
    struct sql_erase_sessions_in sessions = {person_id};
    struct sql_erase_links_in links = {person_id};
    struct sql_erase_authorizations_in authorizations = {person_id};
    struct sql_erase_authorization_tokens_in tokens = {person_id};
    struct sql_erase_invitations_in invitations = {person_id};
    struct sql_erase_contact_keys_in contacts = {person_id};
    struct sql_erase_predecessor_keys_in predecessors = {person_id};
    struct sql_erase_grant_events_in grants = {person_id};
    struct sql_erase_request_events_in requests = {person_id};
    *out_rows = 0;
    TRY(sql_erase_sessions(cx, &sessions, NULL));
    TRY(sql_erase_links(cx, &links, NULL));
    TRY(sql_erase_authorizations(cx, &authorizations, NULL));
    TRY(sql_erase_authorization_tokens(cx, &tokens, NULL));
    TRY(sql_erase_invitations(cx, &invitations, NULL));
    TRY(sql_erase_contact_keys(cx, &contacts, NULL));
    TRY(sql_erase_predecessor_keys(cx, &predecessors, NULL));
    TRY(sql_erase_grant_events(cx, &grants, NULL));
    return sql_erase_request_events(cx, &requests, NULL);
}

struct portion {
    err (*take)(struct ctx *cx, int64_t person_id, int64_t *out_rows);
    int64_t person_id;
    int64_t rows;
};

/* store_write_fn */
static err take_portion(struct ctx *cx, void *arg)
{
    struct portion *portion = arg;
    return portion->take(cx, portion->person_id, &portion->rows);
}

static err take_together(struct ctx *cx, struct store *store, int64_t person_id)
{
    static err (*const TAKERS[])(struct ctx *, int64_t, int64_t *) = {take_vault,  take_history,  take_keys,
                                                                      take_alerts, take_passkeys, take_records,
                                                                      take_traces};
    for (size_t i = 0; i < sizeof TAKERS / sizeof *TAKERS; i++) {
        struct portion portion = {TAKERS[i], person_id, ROWS_MAX};
        while (portion.rows == ROWS_MAX)
            TRY(store_write_wait(store, cx, take_portion, &portion));
    }
    return OK;
}

/* ---- receipts: the facts name them, and stay */

struct receipts {
    int64_t                            person_id;
    struct sql_erase_receipt_list_row *rows;
    size_t                             count;
};

/* store_write_fn */
static err take_named(struct ctx *cx, void *arg)
{
    const struct receipts *receipts = arg;
    for (size_t i = 0; i < receipts->count; i++) {
        struct sql_erase_receipt_in receipt = {receipts->person_id, receipts->rows[i].receipt_id};
        struct sql_erase_receipt_signed_in copy = {receipts->person_id, receipts->rows[i].receipt_id};
        TRY(sql_erase_receipt(cx, &receipt, NULL));
        TRY(sql_erase_receipt_signed(cx, &copy, NULL));
    }
    return OK;
}

static err take_receipts(struct ctx *cx, struct store *store, int64_t person_id)
{
    struct sql_erase_receipt_list_in in = {person_id, INT64_MIN, INT64_MIN, ROWS_MAX};
    struct receipts receipts = {.person_id = person_id, .count = ROWS_MAX};
    while (receipts.count == ROWS_MAX) {
        TRY(sql_erase_receipt_list(cx, &in, &receipts.rows, &receipts.count));
        if (receipts.count == 0)
            break;
        TRY(store_write_wait(store, cx, take_named, &receipts));
        in.relationship_id = receipts.rows[receipts.count - 1].relationship_id;
        in.receipt_id = receipts.rows[receipts.count - 1].receipt_id;
        arena_reset(cx->arena);
    }
    return OK;
}

/* ---- the names of events in the facts */

struct events {
    int64_t                          person_id;
    struct sql_erase_event_list_row *rows;
    size_t                           count;
};

/* store_write_fn */
static err empty_events(struct ctx *cx, void *arg)
{
    const struct events *events = arg;
    for (size_t i = 0; i < events->count; i++) {
        struct sql_erase_event_in event = {events->person_id, events->rows[i].act_id};
        TRY(sql_erase_event(cx, &event, NULL));
    }
    return OK;
}

static err take_events(struct ctx *cx, struct store *store, int64_t person_id)
{
    const struct sql_erase_event_list_in in = {person_id, ROWS_MAX};
    struct events events = {.person_id = person_id, .count = ROWS_MAX};
    while (events.count == ROWS_MAX) {
        TRY(sql_erase_event_list(cx, &in, &events.rows, &events.count));
        if (events.count > 0)
            TRY(store_write_wait(store, cx, empty_events, &events));
        arena_reset(cx->arena);
    }
    return OK;
}

/* ---- notes of disclosures: the rows stay in their chain, with nothing in them that a person wrote or is */

struct notes {
    int64_t person_id;
    int64_t next_id; /* where the chain goes on */
    size_t  walked;
    size_t  count;
    int64_t disclosure_ids[ROWS_MAX];
};

static err take_link(struct ctx *cx, const struct sql_disclosure_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct notes *notes = arg;
    if (row->note.size > 0)
        notes->disclosure_ids[notes->count++] = row->disclosure_id;
    notes->next_id = row->previous_id;
    notes->walked++;
    return OK;
}

/* store_write_fn */
static err empty_notes(struct ctx *cx, void *arg)
{
    const struct notes *notes = arg;
    for (size_t i = 0; i < notes->count; i++) {
        struct sql_erase_note_in in = {notes->person_id, notes->disclosure_ids[i], {NULL, 0}};
        TRY(sql_erase_note(cx, &in, NULL));
    }
    return OK;
}

static err take_notes(struct ctx *cx, struct store *store, int64_t person_id)
{
    struct notes *notes = ARENA_NEW(cx->arena, struct notes);
    struct disclosure_head head;
    if (notes == NULL)
        return FAIL_MEMORY(cx);
    TRY(disclosure_head_load(cx, person_id, &head));
    *notes = (struct notes){.person_id = person_id, .next_id = head.last_id};
    while (notes->next_id != 0) {
        struct sql_disclosure_chain_in in = {person_id, notes->next_id, ROWS_MAX};
        notes->walked = notes->count = 0;
        TRY(sql_disclosure_chain_each(cx, &in, take_link, notes));
        if (notes->walked == 0)
            return FAIL(cx, CORRUPT, "disclosure.missing", "the chain of disclosures names a row that is not there");
        if (notes->count > 0)
            TRY(store_write_wait(store, cx, empty_notes, notes));
    }
    return OK;
}

/* ---- kept answers: found by a walk over those of a day, outside any write */

struct answers {
    struct sql_erase_answer_row *rows;
    size_t                       count;
    bool                         in_ledger;
};

/* store_write_fn */
static err take_answers(struct ctx *cx, void *arg)
{
    const struct answers *answers = arg;
    for (size_t i = 0; i < answers->count; i++) {
        struct sql_erase_answer_in of_write = {answers->rows[i].actor_id, answers->rows[i].key_hash};
        struct sql_erase_read_answer_in of_read = {answers->rows[i].actor_id, answers->rows[i].key_hash};
        TRY(answers->in_ledger ? sql_erase_read_answer(cx, &of_read, NULL) : sql_erase_answer(cx, &of_write, NULL));
    }
    return OK;
}

static err take_kept(struct ctx *cx, struct store *store, int64_t person_id, bool in_ledger)
{
    struct sql_erase_answer_list_in writes = {person_id, ROWS_MAX};
    struct sql_erase_read_answer_list_in reads = {person_id, ROWS_MAX};
    struct answers answers = {NULL, ROWS_MAX, in_ledger};
    while (answers.count == ROWS_MAX) {
        TRY(in_ledger ? sql_erase_read_answer_list(cx, &reads, &answers.rows, &answers.count)
                      : sql_erase_answer_list(cx, &writes, &answers.rows, &answers.count));
        if (answers.count > 0)
            TRY(store_write_wait(store, cx, take_answers, &answers));
        arena_reset(cx->arena);
    }
    return OK;
}

static err take_kept_of_writes(struct ctx *cx, struct store *store, int64_t person_id)
{
    return take_kept(cx, store, person_id, false);
}

static err take_kept_of_reads(struct ctx *cx, struct store *store, int64_t person_id)
{
    return take_kept(cx, store, person_id, true);
}

/* ---- all of it. Each step has memory of its own and empties it on its way, so that nobody has too much of anything to
 * be forgotten. */

typedef err (*take_fn)(struct ctx *apart, struct store *store, int64_t person_id);

static err take_apart(struct ctx *cx, struct store *store, int64_t person_id, take_fn take)
{
    struct ctx apart;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    return ctx_join(cx, &apart, take(&apart, store, person_id));
}

/* Also of those whose places the person took. */
static err take_of(struct ctx *cx, struct store *store, int64_t person_id)
{
    static const take_fn TAKERS[] = {take_events, take_notes, take_kept_of_writes, take_kept_of_reads};
    for (size_t i = 0; i < sizeof TAKERS / sizeof *TAKERS; i++)
        TRY(take_apart(cx, store, person_id, TAKERS[i]));
    return OK;
}

err erasure_take_rows(struct ctx *cx, struct store *store, int64_t person_id)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    TRY(take_apart(cx, store, person_id, take_receipts));
    TRY(predecessor_list(cx, person_id, &predecessors, &count));
    for (size_t i = 0; i < count; i++)
        TRY(take_of(cx, store, predecessors[i].person_id));
    TRY(take_of(cx, store, person_id));
    return take_together(cx, store, person_id);
}
