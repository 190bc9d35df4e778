/* SPDX-License-Identifier: Apache-2.0
 * The command line: what was asked, and how to answer people and machines. A command is one function in cli_<topic>.c;
 * its row stands in command.def. It returns an err; main() prints the failure once and turns it into the exit code. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include <stdio.h>

#include "app/node.h"

#define CLI_ARGUMENTS_MAX 16
#define CLI_MAPS_MAX 64

struct cli {
    const char        *option[64]; /* by cli_option; "" when a switch is set, NULL when absent */
    const char        *maps[CLI_MAPS_MAX];
    size_t             maps_count;
    const char        *arguments[CLI_ARGUMENTS_MAX];
    int                arguments_count;
    bool               config_bears_password;
    struct ctx         cx;         /* arena and clock are set; a command that needs a node opens it */
    struct node        node;
    FILE              *out;
};

typedef enum cli_option {
#define X(member, name, argument, sentence) CLI_##member,
#include "app/option.def"
#undef X
    CLI_OPTION_COUNT
} cli_option;

struct command {
    const char *words;
    err (*run)(struct cli *cli);
    const char *arguments;
    int         least, most;
    const char *options; /* names of its own options, with blanks between */
    const char *sentence;
    const char *more;    /* what its help says beyond the sentence, or "" */
};

/* Reads options, configuration file and arguments of `argv` behind the words of the command. USAGE cli.option |
 * cli.value | cli.arguments | cli.config, FORBIDDEN cli.exposed (others may read a password in that file). */
err cli_parse(struct cli *cli, const struct command *command, int argc, char **argv) MUST_CHECK;
bool cli_has(const struct cli *cli, cli_option option);
const char *cli_value(const struct cli *cli, cli_option option, const char *fallback);
/* USAGE cli.person for a word that is no id of a person, as a name. */
err cli_person_check(struct cli *cli, struct text word) MUST_CHECK;
struct text cli_argument(const struct cli *cli, int at); /* TEXT_NONE when there is none */
/* What --url says, checked: an origin, of which links are made and with which browsers' origins are compared. TEXT_NONE
 * when it was not given. USAGE cli.url. */
err cli_url(struct cli *cli, struct text *out) MUST_CHECK;
void cli_help(FILE *out, const struct command *command); /* NULL: of the whole program */
/* Whether commands begin with this word and go on with another; and what they are. */
bool cli_is_group(const char *word);
void cli_help_group(FILE *out, const char *word);

struct node_options cli_node_options(const struct cli *cli, bool create);
/* Opens the node of --data and --store as its operator. With `create`, makes it when it is not there. */
err cli_open(struct cli *cli, bool create) MUST_CHECK;
err cli_open_with(struct cli *cli, const struct node_options *options) MUST_CHECK;

/* The half of `migrate` that --keys-to asks for (cli_migrate_keys.c). */
err cli_move_keys(struct cli *cli) MUST_CHECK;

/* For people, unless --json was given. */
void cli_say(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* For machines, when --json was given: one line. Fails as json_writer_finish() does. */
struct json_writer;
err cli_answer(struct cli *cli, const struct json_writer *json) MUST_CHECK;

#define X(words, run, arguments, least, most, options, sentence, more) err run(struct cli *cli) MUST_CHECK;
#include "app/command.def"
#undef X

#endif
