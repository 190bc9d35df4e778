/* SPDX-License-Identifier: Apache-2.0
 * The command that moves a node's data to another place (store/move.h): in which order, what is looked at before the
 * doors are changed, and what the operator is told. The source is the node until the last step. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/findings.h"
#include "app/move_scope.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/people/key_return.h"
#include "ledger/ledger.h"
#include "store/keys_move.h"
#include "store/look.h"
#include "store/move.h"
#include "store/queries.h"

#define ANSWER_BYTES 8192
#define TELL_EVERY_NS INT64_C(200000000)
#define NS_OF_MS 1000000
#define FINDINGS_SAID_MAX 20
#define TYPED_BYTES 64

/* One run of the command. */
struct moving {
    struct cli       *cli;
    struct store_move move;
    struct node_options to;    /* of the target as a node */
    struct node       target;
    struct text       from_shown, to_shown;
    struct ledger_head head;   /* of the log, when nothing came to it any more */
    bool              tty;     /* somebody watches */
    int64_t           began_ns;
    int64_t           step_ns; /* when this step began */
    int64_t           told_ns; /* when somebody was told last */
    move_step         step;
    struct move_scope scope;     /* of what was written behind the closed door */
    bool              is_audited; /* the source, by this run: before it was closed */
    int64_t           audited;   /* people, last */
    int64_t           closed_ns; /* when this run found the source closed, or closed it */
};

static int64_t now_ns(const struct moving *moving)
{
    return clock_monotonic_ns(moving->cli->cx.clock);
}

/* ---- telling */

static int64_t rate(int64_t rows, int64_t ns)
{
    return ns <= 0 ? 0 : (int64_t)((double)rows * 1e9 / (double)ns);
}

static void clear_line(const struct moving *moving)
{
    if (moving->tty)
        (void)fputs("\r\033[K", stderr); /* a terminal that is gone shows nothing */
}

static void tell(void *self, const struct move_progress *progress)
{
    static const char *const WORDS[] = {[MOVE_STEP_COPY] = "copied", [MOVE_STEP_COMPARE] = "compared",
                                        [MOVE_STEP_SETTLE] = "compared"};
    struct moving *moving = self;
    int64_t now = now_ns(moving);
    if (progress->step != moving->step || moving->step_ns == 0)
        moving->step_ns = now;
    moving->step = progress->step;
    if (!moving->tty || now - moving->told_ns < TELL_EVERY_NS)
        return;
    moving->told_ns = now;
    clear_line(moving);
    (void)fprintf(stderr, "%lld rows %s, %lld a second (%s) …", (long long)progress->rows, WORDS[progress->step],
                  (long long)rate(progress->rows, now - moving->step_ns), progress->table); /* as above */
}

/* A line for each step, at once: it may take long. */
static void say(const struct moving *moving, const char *sentence)
{
    clear_line(moving);
    cli_say(moving->cli, "%s\n", sentence);
    (void)fflush(moving->cli->out); /* a closed pipe is the reader's wish */
}

/* ---- looking */

/* Of everybody, or of those in `scope`. */
static err audit(struct moving *moving, struct node *node, const struct audit_scope *scope, const char *whose)
{
    struct findings findings;
    findings_begin(&findings, moving->cli, FINDINGS_SAID_MAX);
    TRY(findings_look(&findings, node, scope));
    moving->audited = findings.domain.people;
    return findings_judge(&node->cx, &findings, whose);
}

/* NOT_FOUND when the log has not begun: then it has not in both places. */
static err load_head(struct node *node, struct ledger_head *out)
{
    err result = ledger_head(&node->cx, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&node->cx.failure);
    *out = (struct ledger_head){.note = TEXT_NONE};
    return OK;
}

/* The published checkpoint is the same to the octet, and the log below it is audited. */
static err check_log(struct moving *moving)
{
    struct ledger_head before;
    TRY(load_head(&moving->cli->node, &before));
    TRY(load_head(&moving->target, &moving->head));
    if (text_equals(before.note, moving->head.note))
        return OK;
    return FAIL(&moving->cli->node.cx, CORRUPT, "move.log", "the log of the copy is not the log of the source");
}

/* ---- the two places */

/* Keys in a database stay there, whatever moves beside them. */
static err check_keys(struct ctx *cx, const struct node_place *a, const struct node_place *b)
{
    if ((a->folder == NULL) == (b->folder == NULL))
        return OK;
    return FAIL(cx, INVALID, "move.keys", "keys lie in a database: the data moves between servers only, and they stay");
}

static bool is_same_folder(const struct node_place *a, const struct node_place *b)
{
    struct stat first;
    struct stat second;
    if (a->folder == NULL || b->folder == NULL)
        return a->folder == b->folder;
    bool both = stat(a->folder, &first) == 0 && stat(b->folder, &second) == 0;
    return both && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static err open_target(struct moving *moving, const struct node_options *from)
{
    struct ctx *cx = &moving->cli->node.cx;
    struct node_place here;
    struct node_place there;
    TRY(node_find_place(cx, from, &here));
    TRY(node_find_place(cx, &moving->to, &there));
    TRY(check_keys(cx, &here, &there));
    struct store_options options = {.url = there.url, .keys_url = there.keys, .clock = &moving->cli->node.clock,
                                    .create = true, .moves = true, .is_target = true};
    bool begun = false; /* who may take it is asked later */
    TRY(store_look(cx, &options, &begun));
    moving->move.with_keys = !is_same_folder(&here, &there);
    TRY(store_open(cx, &options, &moving->move.to));
    TRY(store_shown(cx, moving->move.from, &moving->from_shown));
    return store_shown(cx, moving->move.to, &moving->to_shown);
}

/* What has moved away is soon older than the marks beside the keys: that is no news. */
static err open_source(struct cli *cli, const struct node_options *options)
{
    err result = cli_open_with(cli, options);
    struct failure found = cli->node.cx.failure;
    if (result != CORRUPT || cli->node.cx.db == NULL)
        return result;
    failure_clear(&cli->node.cx.failure);
    if (store_place_check(&cli->node.cx) == OK)
        cli->node.cx.failure = found;
    cli->cx.failure = cli->node.cx.failure;
    return cli->cx.failure.code;
}

/* Nor are the keys behind what the data vouches for. */
static err lift_keys(struct cli *cli, int64_t *io_least)
{
    struct key_return keys;
    TRY(key_return_look(&cli->node.cx, cli->node.store, &keys));
    *io_least = keys.generation > *io_least ? keys.generation : *io_least;
    return OK;
}

static err open_both(struct moving *moving)
{
    struct cli *cli = moving->cli;
    struct node_options from = cli_node_options(cli, false);
    struct mark mark;
    from.moves = true;
    from.store = cli_value(cli, CLI_from, from.store);
    moving->to = from;
    moving->to.store = cli_value(cli, CLI_to, NULL);
    TRY(open_source(cli, &from));
    moving->move.from = cli->node.store;
    TRY(ledger_origin(&cli->node.cx, &moving->move.node));
    TRY(mark_load(&cli->node.cx, &mark));
    memcpy(moving->move.least, mark.store.of, sizeof moving->move.least);
    TRY(lift_keys(cli, &moving->move.least[STORE_KEYS]));
    return open_target(moving, &from);
}

/* ---- the steps */

/* While servers use it. What does not agree is told before anybody is sent away. */
static err copy(struct moving *moving)
{
    struct node *node = &moving->cli->node;
    TRY(node_check_keys(node, &node->cx, false));
    say(moving, "Copying while the store is in use.");
    TRY(store_move_copy(&node->cx, &moving->move));
    say(moving, "Auditing it.");
    TRY(audit(moving, node, NULL, "the source: nothing was closed"));
    moving->is_audited = true;
    TRY(node_settle(node));
    say(moving, "Closing it: servers that run there end now.");
    moving->closed_ns = now_ns(moving);
    TRY(store_move_close(&node->cx, &moving->move));
    return mark_keep(&node->cx, node->store, &node->kept); /* an older copy of it must not come to life again */
}

/* Whoever writes there makes numbers behind all that are there. */
static err find_newest(struct ctx *cx, int64_t *out)
{
    struct sql_node_newest_of_people_row people = {0};
    struct sql_node_newest_of_ledger_row ledger = {0};
    struct sql_node_newest_of_keys_row keys = {0};
    bool found = false;
    TRY(sql_node_newest_of_people(cx, &people, &found));
    TRY(sql_node_newest_of_ledger(cx, &ledger, &found));
    TRY(sql_node_newest_of_keys(cx, &keys, &found));
    const int64_t numbers[] = {people.act_id,        people.receipt_id, people.event_id,     people.person_id,
                               ledger.disclosure_id, keys.person_id,    keys.organisation_id};
    *out = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *out = numbers[i] > *out ? numbers[i] : *out;
    return OK;
}

/* node_options.open_keys: one process holds them for both. */
static err share_keys(struct node *node, const char *folder, bool create)
{
    (void)folder; /* it is that of the other one, */
    (void)create; /* which is open */
    return node->keyring != NULL ? OK : FAIL(&node->cx, INTERNAL, "key.process", "there are no keys to share");
}

/* As any command opens it, with its marks and its keys. */
static err look_at_target(struct moving *moving)
{
    store_close(moving->move.to);
    moving->move.to = NULL;
    node_begin(&moving->target, cli_has(moving->cli, CLI_json));
    moving->target.keyring = moving->cli->node.keyring;
    moving->to.open_keys = share_keys;
    TRY(node_open(&moving->target, &moving->to));
    TRY(check_log(moving));
    TRY(audit(moving, &moving->target, moving->is_audited ? move_scope_close(&moving->scope) : NULL,
              "the copy; the source is closed, run this again or with --cancel"));
    if (store_waits(moving->target.store))
        TRY(find_newest(&moving->target.cx, &moving->move.newest_number));
    moving->move.to = moving->target.store;
    return OK;
}

/* A failure is told by the node of the command. */
static err take_over(struct moving *moving, err result)
{
    struct failure *failure = &moving->cli->node.cx.failure;
    if (result != OK && failure->code == OK)
        *failure = moving->target.cx.failure;
    return result;
}

static void take_change(void *self, const struct move_change *change)
{
    struct moving *moving = self;
    move_scope_add(&moving->scope, change);
}

static err settle(struct moving *moving)
{
    struct node *node = &moving->cli->node;
    TRY(move_scope_open(&node->cx, &moving->scope));
    moving->move.changed = take_change;
    say(moving, "Copying the rest and comparing every row.");
    TRY(store_move_settle(&node->cx, &moving->move));
    say(moving, "Auditing the copy.");
    TRY(take_over(moving, look_at_target(moving)));
    TRY(store_move_finish(&node->cx, &moving->move));
    return take_over(moving, mark_keep(&moving->target.cx, moving->target.store, &moving->target.kept));
}

static struct bytes root_of(const struct moving *moving)
{
    return (struct bytes){moving->head.tree.root.at, HASH_BYTES};
}

static err answer(struct moving *moving)
{
    struct cli *cli = moving->cli;
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    int64_t ns = now_ns(moving) - moving->began_ns;
    int64_t closed_ms = (now_ns(moving) - moving->closed_ns) / NS_OF_MS;
    struct text root = moving->head.note.size == 0 ? TEXT_NONE
                                                   : base64_encode(cli->cx.arena, root_of(moving));
    json_open_object(&json);
    json_member_text(&json, "from", moving->from_shown);
    json_member_text(&json, "to", moving->to_shown);
    json_member_int(&json, "rows", moving->move.rows);
    json_member_int(&json, "rows_per_second", rate(moving->move.rows, ns));
    json_member_int(&json, "log_entries", (int64_t)moving->head.tree.size);
    json_member_text(&json, "log_root", root);
    json_member_int(&json, "closed_ms", closed_ms);
    json_member_int(&json, "closed_audited", moving->audited);
    json_close_object(&json);
    if (moving->move.rows > 0)
        cli_say(cli, "The same in both places: %lld rows, a log of %lld entries with the root %.*s.\n",
                (long long)moving->move.rows, (long long)moving->head.tree.size, TEXT_ARGS(root));
    cli_say(cli, "Closed by this run for %lld ms; people audited meanwhile: %lld.\n", (long long)closed_ms,
            (long long)moving->audited);
    cli_say(cli, "The node is at %.*s now: name that with --store. What lies at %.*s is refused from now on.\n",
            TEXT_ARGS(moving->to_shown), TEXT_ARGS(moving->from_shown));
    return cli_answer(cli, &json);
}

static err move(struct moving *moving)
{
    struct ctx *cx = &moving->cli->node.cx;
    TRY(store_move_begin(cx, &moving->move));
    if (moving->move.is_done)
        TRY(store_move_finish(cx, &moving->move));
    else {
        if (!moving->move.is_closed)
            TRY(copy(moving));
        TRY(settle(moving));
    }
    return answer(moving);
}

static err cancel(struct moving *moving)
{
    struct cli *cli = moving->cli;
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    TRY(store_move_cancel(&cli->node.cx, &moving->move));
    json_open_object(&json);
    json_member_text(&json, "cancelled", moving->to_shown);
    json_close_object(&json);
    cli_say(cli, "Given up: the node is at %.*s, as before.\n", TEXT_ARGS(moving->from_shown));
    return cli_answer(cli, &json);
}

static err fail_unconfirmed(struct cli *cli)
{
    return FAIL(&cli->cx, USAGE, "cli.confirm", "nothing was done: it wants the word \"forget\", or --yes");
}

static err confirm(struct cli *cli)
{
    char typed[TYPED_BYTES];
    cli_say(cli, "Without --to the new place is not asked whether it is the node already. If it is, or if a\n"
                 "run of this move can still reach it, there will be two nodes, and what people did there\n"
                 "is lost here.\n");
    if (cli_has(cli, CLI_yes))
        return OK;
    if (cli_has(cli, CLI_json) || isatty(STDIN_FILENO) != 1)
        return fail_unconfirmed(cli);
    cli_say(cli, "Type \"forget\" to go on: ");
    (void)fflush(cli->out); /* a prompt that is not seen is only confusing */
    if (fgets(typed, sizeof typed, stdin) == NULL || !text_is(text_trim(text_of(typed)), "forget"))
        return fail_unconfirmed(cli);
    return OK;
}

/* The new place is lost. What the marks beside the keys know is looked at as ever: a log that has grown there shows. */
static err forget(struct cli *cli)
{
    struct node_options options = cli_node_options(cli, false);
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    struct text shown;
    bool keys = false; /* they were on their way, not the data */
    options.moves = true;
    options.moves_keys = true;
    options.store = cli_value(cli, CLI_from, options.store);
    TRY(open_source(cli, &options));
    TRY(store_shown(&cli->node.cx, cli->node.store, &shown));
    TRY(confirm(cli));
    TRY(keys_move_forget(&cli->node.cx, cli->node.store, &keys));
    if (!keys)
        TRY(store_move_forget(&cli->node.cx, cli->node.store));
    json_open_object(&json);
    json_member_text(&json, "opened", shown);
    json_close_object(&json);
    cli_say(cli, "The node is at %.*s, as before.\n", TEXT_ARGS(shown));
    return cli_answer(cli, &json);
}

/* Where it is already, over the machines that there are. */
static err spread(struct cli *cli)
{
    struct node_options options = cli_node_options(cli, false);
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    bool there = false;
    int64_t fresh = 0;
    options.moves = true;
    TRY(cli_open_with(cli, &options));
    TRY(store_place_check(&cli->node.cx));
    TRY(store_spread(&cli->node.cx, cli->node.store, &there, &fresh));
    json_open_object(&json);
    json_member_bool(&json, "citus", there);
    json_member_int(&json, "tables_spread", fresh);
    json_close_object(&json);
    if (there)
        cli_say(cli, "All tables lie where they should; spread just now: %lld.\n", (long long)fresh);
    else
        cli_say(cli, "There is one place only, so nothing to spread; --to says where the data shall go.\n");
    return cli_answer(cli, &json);
}

err cli_migrate(struct cli *cli)
{
    struct moving moving = {.cli = cli, .tty = isatty(STDERR_FILENO) == 1 && !cli_has(cli, CLI_json)};
    if (cli_has(cli, CLI_keys_to))
        return cli_move_keys(cli);
    moving.move.progress = tell;
    moving.move.self = &moving;
    moving.began_ns = moving.closed_ns = now_ns(&moving);
    if (!cli_has(cli, CLI_to) && cli_has(cli, CLI_cancel))
        return forget(cli);
    if (!cli_has(cli, CLI_to) && cli_has(cli, CLI_from))
        return FAIL(&cli->cx, USAGE, "cli.arguments", "--to says where the data shall lie");
    if (!cli_has(cli, CLI_to))
        return spread(cli);
    err result = open_both(&moving);
    if (result == OK)
        result = cli_has(cli, CLI_cancel) ? cancel(&moving) : move(&moving);
    clear_line(&moving);
    if (moving.move.to != moving.target.store)
        store_close(moving.move.to);
    moving.target.keyring = NULL; /* the other's */
    node_close(&moving.target);
    return result;
}
