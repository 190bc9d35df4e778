/* SPDX-License-Identifier: Apache-2.0
 * The half of `migrate` that moves the keys of a node into a database, or back (store/keys_move.h): what may go where,
 * and the look at the target, at which every person's key must open before anything is destroyed at the source. */
#include <string.h>
#include <sys/stat.h>

#include "app/cli.h"
#include "app/findings.h"
#include "app/holder.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/entrance/id_token_key.h"
#include "domain/parties/organisation.h"
#include "domain/people/key_return.h"
#include "domain/people/person_key.h"
#include "ledger/ledger.h"
#include "store/data_age.h"
#include "store/keys_move.h"
#include "store/move.h"

#define ANSWER_BYTES 4096
#define FINDINGS_SAID_MAX 20

struct moving_keys {
    struct cli         *cli;
    struct keys_move    move;
    struct node_options from, to;
    struct node         target;
};

static bool is_server(const char *place)
{
    return place != NULL && text_starts_with(text_of(place), "postgresql://");
}

/* ---- what may go where */

/* The folder that a server with keys in a database has its root in, and the only one that moves. */
static bool is_own_folder(const struct cli *cli, const char *place)
{
    struct stat own;
    struct stat named;
    struct text path = text_format(cli->cx.arena, "%s/keys", cli_value(cli, CLI_data, "./symbolon-data"));
    if (place == NULL)
        return true;
    bool both = path.at != NULL && stat(path.at, &own) == 0 && stat(place + sizeof "file:" - 1, &named) == 0;
    return both && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

static err check_places(const struct moving_keys *moving)
{
    struct cli *cli = moving->cli;
    const char *from = moving->from.keys;
    const char *to = moving->to.keys;
    if (cli_has(cli, CLI_to) || cli_has(cli, CLI_from))
        return FAIL(&cli->cx, USAGE, "cli.arguments", "--keys-to moves the keys alone: without --from and --to");
    if (!is_server(to) && !text_starts_with(text_of(to), "file:"))
        return FAIL(&cli->cx, USAGE, "cli.value", "--keys-to wants file:FOLDER or postgresql://…");
    if (!is_server(moving->from.store))
        return FAIL(&cli->cx, USAGE, "cli.value", "keys lie in a database only where the data does: --store "
                                                  "postgresql://…");
    if (is_server(from) == is_server(to))
        return FAIL(&cli->cx, INVALID, "move.keys", "keys go from the key folder into a database, or back");
    if (!is_own_folder(cli, is_server(to) ? from : to))
        return FAIL(&cli->cx, INVALID, "move.keys", "of key folders only the one in --data moves: keys there");
    return OK;
}

/* ---- the steps */

static void say(const struct moving_keys *moving, const char *sentence)
{
    cli_say(moving->cli, "%s\n", sentence);
    (void)fflush(moving->cli->out); /* a closed pipe is the reader's wish */
}

static err open_both(struct moving_keys *moving)
{
    struct cli *cli = moving->cli;
    struct ctx *cx = &cli->node.cx;
    struct node_place there;
    struct mark mark;
    bool begun = false;
    TRY(cli_open_with(cli, &moving->from));
    moving->move.from = cli->node.store;
    TRY(ledger_origin(cx, &moving->move.node));
    TRY(mark_load(cx, &mark));
    moving->move.least = mark.store.of[STORE_KEYS];
    TRY(node_find_place(cx, &moving->to, &there));
    struct store_options options = {.url = there.url, .keys_url = there.keys, .clock = &cli->node.clock,
                                    .create = true, .moves = true, .moves_keys = true};
    TRY(store_look(cx, &options, &begun));
    TRY(store_open(cx, &options, &moving->move.to));
    return keys_shown(cx, moving->move.to, &moving->move.shown);
}

/* As any command opens it, with keys of its own: what opens here opens for good. */
static err look_at_target(struct moving_keys *moving)
{
    int64_t opened = 0;
    store_close(moving->move.to);
    moving->move.to = NULL;
    node_begin(&moving->target, cli_has(moving->cli, CLI_json));
    TRY(node_open(&moving->target, &moving->to));
    moving->move.to = moving->target.store;
    TRY(person_keys_check_all(&moving->target.cx, &opened));
    TRY(organisation_keys_check_all(&moving->target.cx));
    TRY(id_token_keys_check_all(&moving->target.cx));
    if (opened == moving->move.people)
        return OK;
    return FAIL(&moving->target.cx, CORRUPT, "move.differs", "%lld people have keys, and %lld open at the target",
                (long long)moving->move.people, (long long)opened);
}

/* A failure is told by the node of the command. */
static err take_over(struct moving_keys *moving, err result)
{
    struct failure *failure = &moving->cli->node.cx.failure;
    if (result != OK && failure->code == OK)
        *failure = moving->target.cx.failure;
    return result;
}

static err answer(struct moving_keys *moving)
{
    struct cli *cli = moving->cli;
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    json_open_object(&json);
    json_member_text(&json, "keys", moving->move.shown);
    json_member_int(&json, "people", moving->move.people);
    json_close_object(&json);
    cli_say(cli, "The keys are at %.*s now: name that with --keys. Where they were they are destroyed.\n",
            TEXT_ARGS(moving->move.shown));
    return cli_answer(cli, &json);
}

/* While servers use it: what does not open here will not open there either. What is closed was looked at before. */
static err audit(struct moving_keys *moving)
{
    struct node *node = &moving->cli->node;
    struct findings findings;
    TRY(keys_move_check(&node->cx, &moving->move));
    bool is_served = store_place_check(&node->cx) == OK;
    failure_clear(&node->cx.failure); /* that a move has closed it is no news */
    if (!is_served || !moving->move.is_fresh)
        return OK;
    TRY(node_check_keys(node, &node->cx, false));
    say(moving, "Auditing the node while it is in use.");
    findings_begin(&findings, moving->cli, FINDINGS_SAID_MAX);
    TRY(findings_look(&findings, node, NULL));
    return findings_judge(&node->cx, &findings, "the node: nothing was closed");
}

/* Whoever was erased since an older copy of them was made must not come back at the new place. */
static err check_age(struct moving_keys *moving)
{
    struct ctx *cx = &moving->cli->node.cx;
    struct key_return keys;
    TRY(key_return_look(cx, moving->move.from, &keys));
    if (!keys.is_older)
        return OK;
    return FAIL(cx, CORRUPT, "store.went_back", "the keys are an older copy than the data says: give this move up with "
                                                "--cancel, and run symbolon doctor, which mends it");
}

/* As of now: nothing is published any more. Keys in the folder have theirs beside them, before they may be used there:
 * another server may have been the last that ran. */
static err take_mark(struct moving_keys *moving)
{
    struct node *node = &moving->cli->node;
    struct keys_move *move = &moving->move;
    struct ctx *cx = &node->cx;
    struct ledger_head head;
    int64_t generations[STORE_FILE_COUNT];
    if (store_is_local(move->to, STORE_KEYS))
        return mark_keep_own(cx, move->from, &node->kept);
    err published = ledger_head(cx, &head);
    if (published == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    TRY(store_generations_look(cx, move->from, generations));
    move->mark = head.note;
    move->mark_size = head.tree.size;
    move->data_generation = generations[STORE_PEOPLE];
    return OK;
}

static err move(struct moving_keys *moving)
{
    struct ctx *cx = &moving->cli->node.cx;
    TRY(audit(moving));
    TRY(keys_move_begin(cx, &moving->move));
    if (!moving->move.is_open) {
        TRY(check_age(moving));
        say(moving, "Closed: servers that run end now. Copying the keys.");
        TRY(take_mark(moving));
        TRY(keys_move_fill(cx, &moving->move));
        say(moving, "Opening every person's key at the new place.");
        TRY(take_over(moving, look_at_target(moving)));
        TRY(keys_move_open(cx, &moving->move));
    }
    if (!moving->move.is_done) {
        say(moving, "Destroying the keys at the old place.");
        TRY(keys_move_finish(cx, &moving->move));
    }
    return answer(moving);
}

static err cancel(struct moving_keys *moving)
{
    struct cli *cli = moving->cli;
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    TRY(keys_move_cancel(&cli->node.cx, &moving->move));
    json_open_object(&json);
    json_member_text(&json, "cancelled", moving->move.shown);
    json_close_object(&json);
    cli_say(cli, "Given up: the keys are where they were.\n");
    return cli_answer(cli, &json);
}

err cli_move_keys(struct cli *cli)
{
    struct moving_keys moving = {.cli = cli, .from = cli_node_options(cli, false)};
    moving.to = moving.from;
    moving.to.keys = cli_value(cli, CLI_keys_to, "");
    TRY(check_places(&moving));
    moving.from.moves = moving.to.moves = true;
    moving.from.moves_keys = moving.to.moves_keys = true;
    moving.from.open_keys = holder_start_to_move;
    err result = open_both(&moving);
    if (result == OK)
        result = cli_has(cli, CLI_cancel) ? cancel(&moving) : move(&moving);
    if (moving.move.to != moving.target.store)
        store_close(moving.move.to);
    node_close(&moving.target);
    return result;
}
