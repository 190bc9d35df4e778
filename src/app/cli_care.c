/* SPDX-License-Identifier: Apache-2.0
 * The commands of an operator who looks after a node: audit, backup, doctor, another key for ID tokens. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/findings.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/keyring.h"
#include "domain/entrance/id_token_key.h"
#include "domain/people/key_return.h"
#include "domain/people/key_rows.h"
#include "domain/people/person_key.h"
#include "domain/people/stray.h"
#include "ledger/ledger.h"
#include "store/keys_place.h"
#include "store/queries.h"

#define AUDIT_BYTES_MAX (8 * 1024 * 1024)

static err answer_audit(struct cli *cli, const struct findings *findings)
{
    const struct audit_report *domain = &findings->domain;
    const struct ledger_audit *ledger = &findings->ledger;
    struct json_writer json = json_writer_open(cli->cx.arena, AUDIT_BYTES_MAX);
    json_open_object(&json);
    json_member_bool(&json, "ok", findings->count == 0);
    json_member_int(&json, "people", domain->people);
    json_member_int(&json, "relationships", domain->relationships);
    json_member_int(&json, "grants", domain->grants);
    json_member_int(&json, "requests", domain->requests);
    json_member_int(&json, "acts", domain->acts);
    json_member_int(&json, "receipts", domain->receipts);
    json_member_int(&json, "disclosures", domain->disclosures);
    json_member_int(&json, "untagged", domain->untagged);
    json_member_int(&json, "log_entries", ledger->entries);
    json_member_int(&json, "log_pending", ledger->pending);
    json_member_int(&json, "findings_count", findings->count);
    json_write_key(&json, "findings");
    json_write_raw(&json, builder_text(&findings->said.out));
    json_close_object(&json);
    cli_say(cli,
            "Read: people %lld, relationships %lld, grants %lld, acts %lld, receipts %lld, disclosures %lld,\n"
            "log entries %lld.\n",
            (long long)domain->people, (long long)domain->relationships, (long long)domain->grants,
            (long long)domain->acts, (long long)domain->receipts, (long long)domain->disclosures,
            (long long)ledger->entries);
    if (domain->untagged > 0)
        cli_say(cli, "From before there were tags: %lld row%s of the set-up; nobody can say what was changed there.\n",
                (long long)domain->untagged, text_plural(domain->untagged));
    if (findings->count == 0)
        cli_say(cli, "Everything agrees.\n");
    TRY(cli_answer(cli, &json));
    return findings_judge(&cli->cx, findings, NULL);
}

err cli_audit(struct cli *cli)
{
    struct findings findings;
    TRY(cli_open(cli, false));
    findings_begin(&findings, cli, LIMIT_FINDINGS);
    TRY(store_check(&cli->node.cx, cli->node.store));
    TRY(node_settle(&cli->node));
    TRY(findings_look(&findings, &cli->node, NULL));
    return answer_audit(cli, &findings);
}

err cli_backup(struct cli *cli)
{
    const char *folder = cli->arguments[0];
    TRY(cli_open(cli, false));
    TRY(store_backup(&cli->node.cx, cli->node.store, folder));
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_text(&json, "backup", text_of(folder));
    json_close_object(&json);
    struct text shown = text_spell_out(cli->cx.arena, text_of(folder));
    cli_say(cli, "Copied to %.*s. The keys are not in it: keep the folder keys/ and the file keys.db elsewhere,\n"
                 "for a short time only, since a kept key keeps what was erased.\n", TEXT_ARGS(shown));
    return cli_answer(cli, &json);
}

/* Takes away what broken writes left long ago, and says how much is left of younger ones. */
static err sweep_strays(struct cli *cli, struct stray_sweep *out, int64_t *out_left)
{
    struct stray_sweep sweep = {.older_than_ms = LIMIT_STRAY_MS};
    while (!sweep.at_end)
        TRY(stray_sweep(&cli->node.cx, cli->node.store, &sweep));
    *out = sweep;
    return stray_count(&cli->node.cx, out_left);
}

static void say_clock(const struct cli *cli, clock_trust trust, int64_t ahead_ms)
{
    if (trust == CLOCK_BEHIND)
        cli_say(cli, "note  the clock of this machine is %lld seconds behind the node's time, which goes on alone\n",
                (long long)-ahead_ms / 1000);
    if (trust == CLOCK_AHEAD)
        cli_say(cli, "note  the clock of this machine has leapt %lld seconds ahead and is not believed yet\n",
                (long long)ahead_ms / 1000);
}

/* 0: never. */
static err load_renewal(struct ctx *cx, int64_t *out_at_ms)
{
    struct sql_node_marks_renewed_row row = {0};
    bool found = false;
    TRY(sql_node_marks_renewed(cx, &row, &found));
    *out_at_ms = found ? row.value : 0;
    return OK;
}

static void say_renewal(const struct cli *cli, int64_t at_ms)
{
    char at[TIME_TEXT_SIZE];
    time_format(at_ms, at);
    if (at_ms > 0)
        cli_say(cli, "note  the marks beside the keys were renewed by an operator: %.*s\n", TIME_TEXT_SIZE, at);
}

/* Where the keys are, and what is left of those that were destroyed. */
struct keys_found {
    struct store_keys_place place;
    int64_t                 pending; /* bucket keys */
    int64_t                 returned; /* erased people whose keys were there again just now, */
    int64_t                 returned_ever;
    int64_t                 returned_buckets; /* bucket keys that lay beside the newer ones, just now */
    bool                    more_buckets; /* of those, which go a few at a time */
    int64_t                 returned_at_ms; /* and when an older copy was last found; 0: never */
};

static err look_for_keys(struct cli *cli, struct keys_found *out)
{
    TRY(store_keys_look(&cli->node.cx, cli->node.store, &out->place));
    TRY(key_return_past(&cli->node.cx, &out->returned_at_ms, &out->returned_ever));
    out->returned = cli->node.returned;
    out->returned_buckets = cli->node.returned_buckets;
    out->more_buckets = cli->node.more_beside;
    return key_bucket_count_doomed(&cli->node.cx, &out->pending);
}

static void say_returned(const struct cli *cli, const struct keys_found *keys)
{
    char at[TIME_TEXT_SIZE];
    time_format(keys->returned_at_ms, at);
    if (keys->returned_at_ms > 0)
        cli_say(cli, "note  the keys were put back from an older copy, last seen %.*s: keys of people who were erased\n"
                     "      were destroyed again, %lld in all; whoever came between cannot be opened\n", TIME_TEXT_SIZE,
                at, (long long)keys->returned_ever);
    if (keys->returned > 0)
        cli_say(cli, "note  of those just now: %lld\n", (long long)keys->returned);
    if (keys->returned_buckets > 0)
        cli_say(cli, "note  bucket keys of an older copy lay beside the newer ones, and are destroyed again: %lld\n",
                (long long)keys->returned_buckets);
    if (keys->more_buckets)
        cli_say(cli, "note  more of them lie there, and go as a running node looks again\n");
}

static void say_keys(const struct cli *cli, const struct keys_found *keys)
{
    if (keys->place.is_server)
        cli_say(cli, "ok    keys of people lie in a database, under the root of this folder\n");
    if (keys->place.is_server && !keys->place.may_cut_log)
        cli_say(cli, "note  what is erased stays in the log of the key database until its own checkpoint: the\n"
                     "      node's user lacks pg_checkpoint, or EXECUTE on pg_switch_wal()\n");
    if (keys->place.keeps_log)
        cli_say(cli, "note  the server of the keys keeps older parts of its log: by wal_recycle, archive_mode,\n"
                     "      wal_keep_size or a replication slot\n");
    if (keys->place.is_beside)
        cli_say(cli, "note  keys and data lie on one database server: a copy of that server holds both\n");
    if (keys->pending > 0)
        cli_say(cli, "note  keys that an erasure has begun to destroy, and that a running node goes on with: %lld\n",
                (long long)keys->pending);
}

static void write_keys(struct json_writer *json, const struct keys_found *keys)
{
    json_member_text(json, "keys", keys->place.is_server ? TEXT("database") : TEXT("folder"));
    json_member_int(json, "keys_pending", keys->pending);
    json_member_bool(json, "keys_log_cut", !keys->place.is_server || keys->place.may_cut_log);
    json_member_bool(json, "keys_log_kept", keys->place.keeps_log);
    json_member_bool(json, "keys_beside_data", keys->place.is_beside);
    json_member_bool(json, "keys_went_back", keys->returned_at_ms > 0);
    json_member_int(json, "keys_returned", keys->returned);
    json_member_int(json, "keys_laid_beside", keys->returned_buckets);
    json_member_bool(json, "keys_beside_more", keys->more_buckets);
}

err cli_doctor(struct cli *cli)
{
    TRY(cli_open(cli, false));
    struct ledger_head head = {0};
    struct stray_sweep sweep;
    int64_t strays = 0;
    int64_t renewed_at_ms = 0;
    TRY(store_check(&cli->node.cx, cli->node.store));
    TRY(node_check_keys(&cli->node, &cli->node.cx, true));
    TRY(person_keys_check(&cli->node.cx));
    TRY(node_settle(&cli->node));
    TRY(sweep_strays(cli, &sweep, &strays));
    TRY(ledger_head(&cli->node.cx, &head));
    TRY(load_renewal(&cli->node.cx, &renewed_at_ms));
    struct keys_found keys;
    TRY(look_for_keys(cli, &keys));
    int64_t ahead_ms = 0;
    clock_trust trust = store_clock_trust(cli->node.store, &ahead_ms);
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_bool(&json, "ok", true);
    json_member_int(&json, "log_entries", (int64_t)head.tree.size);
    json_member_int(&json, "strays", strays);
    json_member_int(&json, "strays_removed", sweep.removed);
    json_member_int(&json, "copies_removed", sweep.copies);
    json_member_bool(&json, "clock_doubted", trust != CLOCK_TRUSTED);
    json_member_int(&json, "clock_ahead_ms", ahead_ms);
    json_member_bool(&json, "marks_renewed", renewed_at_ms > 0);
    write_keys(&json, &keys);
    json_close_object(&json);
    cli_say(cli, "ok    key folder opens, is private and lacks nothing\n"
                 "ok    store is whole, is private, and its settings hold\n"
                 "ok    log has a signed head; entries: %lld\n", (long long)head.tree.size);
    if (sweep.removed > 0)
        cli_say(cli, "note  took away what a write that broke off had left; people in it: %lld\n",
                (long long)sweep.removed);
    if (sweep.copies > 0)
        cli_say(cli, "note  took away what claims had copied before they broke off; claims: %lld\n",
                (long long)sweep.copies);
    if (strays > 0)
        cli_say(cli, "note  a write that broke off has left something, which goes a day later; people in it: %lld\n",
                (long long)strays);
    say_renewal(cli, renewed_at_ms);
    say_keys(cli, &keys);
    say_returned(cli, &keys);
    say_clock(cli, trust, ahead_ms);
    return cli_answer(cli, &json);
}

/* ---- keys of ID tokens */

err cli_token_key_renew(struct cli *cli)
{
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    TRY(cli_open(cli, false));
    TRY(id_token_key_check_none_waits(&cli->node.cx));
    TRY(node_write(&cli->node, id_token_key_rotate, &rotate));
    struct text from = time_to_text(cli->cx.arena, rotate.out_signs_from_ms);
    struct text until = time_to_text(cli->cx.arena, rotate.out_signs_from_ms + ID_TOKEN_KEY_AHEAD_MS);
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_text(&json, "signs_from", from);
    json_member_text(&json, "others_shown_until", until);
    json_close_object(&json);
    cli_say(cli, "The new key is shown now and signs from %.*s.\nThose before it are shown until %.*s.\n",
            TEXT_ARGS(from), TEXT_ARGS(until));
    return cli_answer(cli, &json);
}

err cli_token_key_replace(struct cli *cli)
{
    TRY(cli_open(cli, false));
    TRY(node_write(&cli->node, id_token_key_replace, NULL));
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_text(&json, "signs_from", time_to_text(cli->cx.arena, cli->cx.now_ms));
    json_close_object(&json);
    cli_say(cli, "The new key is shown and signs now; those before it are gone.\n");
    return cli_answer(cli, &json);
}
