/* SPDX-License-Identifier: Apache-2.0
 * The program: finds the command, runs it, translates its failure into a sentence and an exit code (error.def). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "base/json.h"

#define CLI_ARENA_BYTES (64u * 1024 * 1024)

static const struct command COMMANDS[] = {
#define X(words, run, arguments, least, most, options, sentence, more)                                                \
    {words, run, arguments, least, most, options, sentence, more},
#include "app/command.def"
#undef X
};

/* How many words of argv the command's name takes, 0 when it is another one. */
static int words_of(const struct command *command, int argc, char **argv)
{
    struct text rest = text_of(command->words);
    int words = 0;
    while (rest.size > 0) {
        const char *space = memchr(rest.at, ' ', rest.size);
        struct text word = {rest.at, space == NULL ? rest.size : (size_t)(space - rest.at)};
        if (words + 1 >= argc || !text_is(word, argv[words + 1]))
            return 0;
        rest.at += word.size + (space != NULL);
        rest.size -= word.size + (space != NULL);
        words++;
    }
    return words;
}

static void print_failure(const struct cli *cli, const struct failure *failure)
{
    if (!cli_has(cli, CLI_json)) {
        (void)fprintf(stderr, "symbolon: %s\n",
                      failure->detail[0] != '\0' ? failure->detail : error_sentence(failure->code));
        return;
    }
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_text(&json, "error", text_of(failure->reason));
    json_member_text(&json, "detail", text_of(failure->detail));
    json_close_object(&json);
    (void)fprintf(stderr, "%.*s\n", TEXT_ARGS(builder_text(&json.out)));
}

static int run(const struct command *command, int argc, char **argv)
{
    struct clock clock = clock_system();
    struct cli cli = {.out = stdout};
    cli.cx = (struct ctx){.arena = arena_open(CLI_ARENA_BYTES), .clock = &clock};
    if (cli.cx.arena == NULL)
        return error_exit_code(INTERNAL);
    err result = cli_parse(&cli, command, argc, argv);
    if (result == OK && cli_has(&cli, CLI_help))
        cli_help(stdout, command);
    else if (result == OK)
        result = command->run(&cli);
    if (result != OK)
        print_failure(&cli, cli.cx.failure.code != OK ? &cli.cx.failure : &cli.node.cx.failure);
    node_close(&cli.node);
    arena_close(cli.cx.arena);
    if (fflush(stdout) != 0 && result == OK) {
        (void)fprintf(stderr, "symbolon: it is done, but the answer could not be written\n");
        return error_exit_code(INTERNAL);
    }
    return error_exit_code(result);
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &ignore, NULL) != 0)
        return error_exit_code(INTERNAL);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        int words = words_of(&COMMANDS[i], argc, argv);
        if (words > 0)
            return run(&COMMANDS[i], argc - 1 - words, argv + 1 + words);
    }
    const char *word = argc == 1 ? "help" : argv[1];
    if (strcmp(word, "--version") == 0) {
        (void)printf("symbolon %s\n", SYMBOLON_VERSION);
        return 0;
    }
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        cli_help(stdout, NULL);
        return 0;
    }
    (void)fprintf(stderr, "symbolon: there is no command \"%s%s%s\"; see symbolon --help\n", word,
                  argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
    return error_exit_code(USAGE);
}
