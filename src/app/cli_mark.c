/* SPDX-License-Identifier: Apache-2.0
 * The command for an operator whose key folder has lost a mark: nothing can tell any more whether the data is the
 * newest, so a person says so. Data that a mark still contradicts is refused here as everywhere. */
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/queries.h"

#define ANSWER_BYTES 1024
#define TYPED_BYTES 64

/* The newest that the data knows of. */
struct newest {
    int64_t act_at_ms;
    int64_t read_at_ms;
    int64_t log_entries;
};

static err load_newest(struct ctx *cx, struct newest *out)
{
    struct sql_node_newest_of_people_row people = {0};
    struct sql_node_newest_of_ledger_row ledger = {0};
    struct ledger_head head = {0};
    bool found = false;
    TRY(sql_node_newest_of_people(cx, &people, &found));
    TRY(sql_node_newest_of_ledger(cx, &ledger, &found));
    err published = ledger_head(cx, &head);
    if (published == NOT_FOUND)
        failure_clear(&cx->failure); /* nothing is in the log yet */
    else
        TRY(published);
    *out = (struct newest){people.act_at_ms, ledger.at_ms, head.tree.size};
    return OK;
}

static struct text moment(struct cli *cli, int64_t at_ms)
{
    return at_ms == 0 ? TEXT("never") : time_to_text(cli->cx.arena, at_ms);
}

static err fail_unconfirmed(struct cli *cli)
{
    return FAIL(&cli->cx, USAGE, "cli.confirm", "nothing was done: it wants the word \"renew\", or --yes");
}

static err confirm(struct cli *cli, const struct newest *newest)
{
    char typed[TYPED_BYTES];
    struct text act = moment(cli, newest->act_at_ms);
    struct text read = moment(cli, newest->read_at_ms);
    cli_say(cli, "A mark beside the keys is gone, and with it what tells whether this data is the newest.\n"
                 "The last act in it: %.*s. The last read: %.*s. Entries of the log: %lld.\n"
                 "If there was anything after that, permissions that people have stopped live again, and\n"
                 "reads are forgotten. Then put the newest data back instead.\n",
            TEXT_ARGS(act), TEXT_ARGS(read), (long long)newest->log_entries);
    if (cli_has(cli, CLI_yes))
        return OK;
    if (cli_has(cli, CLI_json) || isatty(STDIN_FILENO) != 1)
        return fail_unconfirmed(cli);
    cli_say(cli, "Type \"renew\" to go on: ");
    (void)fflush(cli->out); /* a prompt that is not seen is only confusing */
    if (fgets(typed, sizeof typed, stdin) == NULL || !text_is(text_trim(text_of(typed)), "renew"))
        return fail_unconfirmed(cli);
    return OK;
}

/* store_write_fn. It stays to be seen: `symbolon doctor` tells it. */
static err note_renewal(struct ctx *cx, void *arg)
{
    (void)arg; /* the moment is the write's */
    return sql_node_marks_renewed_note(cx, &(struct sql_node_marks_renewed_note_in){cx->now_ms}, NULL);
}

static err renew(struct cli *cli, struct newest *out)
{
    struct node *node = &cli->node;
    TRY(load_newest(&node->cx, out));
    TRY(confirm(cli, out));
    TRY(node_write(node, note_renewal, NULL));
    return node_settle(node);
}

err cli_mark_renew(struct cli *cli)
{
    struct node_options options = cli_node_options(cli, false);
    struct newest newest = {0};
    options.renew_marks = true;
    TRY(cli_open_with(cli, &options));
    bool missing = cli->node.marks_missing;
    if (missing)
        TRY(renew(cli, &newest));
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    json_open_object(&json);
    json_member_bool(&json, "renewed", missing);
    json_close_object(&json);
    cli_say(cli, "%s\n",
            missing ? "The marks lie beside the keys again." : "The marks lie beside the keys: nothing to do.");
    return cli_answer(cli, &json);
}
