/* SPDX-License-Identifier: Apache-2.0
 * The command that forgets people. All of the work is done when it ends, also beside a server that began with it. */
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/people/erasure.h"
#include "domain/people/person.h"

#define ANSWER_BYTES 4096
#define TYPED_BYTES 64

/* Whoever never came is known to the outside by a relationship alone. */
static err open_id(struct cli *cli, struct text text, int64_t *out_person_id)
{
    struct ctx *cx = &cli->node.cx;
    struct id id;
    if (!text_starts_with(text, "rel_")) {
        TRY(cli_person_check(cli, text));
        TRY(id_open(cx, text, ID_PERSON, &id));
        *out_person_id = id.owner;
        return OK;
    }
    TRY(id_open(cx, text, ID_RELATIONSHIP, &id));
    return person_resolve(cx, id.owner, out_person_id);
}

/* Whoever is not here, or cannot be erased, is told of before anything is asked or done. */
static err open_people(struct cli *cli, struct erasure_begin *people)
{
    for (int i = 0; i < cli->arguments_count; i++) {
        struct person person;
        int64_t person_id = 0;
        TRY(open_id(cli, cli_argument(cli, i), &person_id));
        TRY(person_load(&cli->node.cx, person_id, &person));
        people[i] = (struct erasure_begin){.person_id = person_id};
    }
    return OK;
}

static err fail_unconfirmed(struct cli *cli)
{
    return FAIL(&cli->cx, USAGE, "cli.confirm", "nothing was erased: it wants the word \"erase\", or --yes");
}

static err confirm(struct cli *cli)
{
    char typed[TYPED_BYTES];
    if (cli_has(cli, CLI_yes))
        return OK;
    if (cli_has(cli, CLI_json) || isatty(STDIN_FILENO) != 1)
        return fail_unconfirmed(cli);
    cli_say(cli, "%d to be forgotten for ever. Nothing brings back what is erased.\nType \"erase\" to go on: ",
            cli->arguments_count);
    (void)fflush(cli->out); /* a prompt that is not seen is only confusing */
    if (fgets(typed, sizeof typed, stdin) == NULL || !text_is(text_trim(text_of(typed)), "erase"))
        return fail_unconfirmed(cli);
    return OK;
}

static void tell(void *self, int64_t done, int64_t left)
{
    cli_say(self, "%lld forgotten, %lld left\n", (long long)done, (long long)left);
}

static err answer(struct cli *cli, const struct erasure_begin *people)
{
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    json_open_object(&json);
    json_write_key(&json, "erased");
    json_open_array(&json);
    for (int i = 0; i < cli->arguments_count; i++) {
        json_open_object(&json);
        json_member_text(&json, "id", cli_argument(cli, i));
        json_member_int(&json, "relationships", people[i].out_relationships);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    const char *copies = store_is_local(cli->node.store, STORE_KEYS) ? "the key folder and keys.db"
                                                                      : "the root key and the key database";
    cli_say(cli, "Done: the keys are destroyed. Whoever has both %s as they were before opens\n"
                 "what was erased still: destroy such copies too.\n", copies);
    return cli_answer(cli, &json);
}

/* The list may hold others too, who are the node's work. What went wrong with them is told, and is no failure of this
 * command once those whom it names are done. */
static err finish(struct cli *cli, const struct erasure_begin *people)
{
    struct ctx *cx = &cli->node.cx;
    struct erasure_work work = {.told = tell, .self = cli};
    err result = erasure_finish(cx, cli->node.store, &work);
    struct failure why = cx->failure;
    for (int i = 0; i < cli->arguments_count && result != OK; i++) {
        bool done = false;
        failure_clear(&cx->failure);
        if (erasure_is_done(cx, people[i].person_id, &done) == OK && done)
            continue;
        cx->failure = why;
        return result;
    }
    if (result != OK)
        cli_say(cli, "Others on the list are not done yet: %s (%s). The node tries again by itself.\n", why.detail,
                why.reason);
    failure_clear(&cx->failure);
    return OK;
}

err cli_person_erase(struct cli *cli)
{
    struct erasure_begin people[CLI_ARGUMENTS_MAX];
    TRY(cli_open(cli, false));
    TRY(open_people(cli, people));
    TRY(confirm(cli));
    for (int i = 0; i < cli->arguments_count; i++)
        TRY(node_write(&cli->node, erasure_begin, &people[i]));
    TRY(finish(cli, people));
    return answer(cli, people);
}
