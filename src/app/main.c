/* SPDX-License-Identifier: Apache-2.0
 * The program: finds the command, runs it, translates its failure into a sentence and an exit code (error.def). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/json.h"
#include "base/text.h"

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
        const char *detail = failure->detail[0] != '\0' ? failure->detail : error_sentence(failure->code);
        struct text shown = text_spell_out(cli->cx.arena, text_of(detail));
        (void)fprintf(stderr, "symbolon: %.*s\n", TEXT_ARGS(shown));
        return;
    }
    struct json_writer json = json_writer_open(cli->cx.arena, 4096);
    json_open_object(&json);
    json_member_text(&json, "error", text_of(failure->reason));
    json_member_text(&json, "detail", text_of(failure->detail));
    json_close_object(&json);
    (void)fprintf(stderr, "%.*s\n", TEXT_ARGS(builder_text(&json.out)));
}

/* Nobody is left with an exit code alone, whoever has lost the words on the way. */
static const struct failure *find_failure(struct cli *cli, err result)
{
    if (cli->cx.failure.code == OK && cli->node.cx.failure.code != OK)
        return &cli->node.cx.failure;
    (void)FAIL(&cli->cx, result, "program.unsaid", "%s", error_sentence(result)); /* changes none that is there */
    return &cli->cx.failure;
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
    result = node_keep_marks(&cli.node, result);
    if (result != OK)
        print_failure(&cli, find_failure(&cli, result));
    node_close(&cli.node);
    arena_close(cli.cx.arena);
    bool said = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (!said && result == OK) {
        (void)fprintf(stderr, "symbolon: it is done, but the answer could not be written\n");
        return error_exit_code(INTERNAL);
    }
    return error_exit_code(result);
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* The command that argv names, and how many words that takes; NULL when there is none. */
static const struct command *find_command(int argc, char **argv, int *out_words)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        *out_words = words_of(&COMMANDS[i], argc, argv);
        if (*out_words > 0)
            return &COMMANDS[i];
    }
    return NULL;
}

/* "--help", "help", "help COMMAND" and "GROUP --help". False: this was not asked. */
static bool print_help(int argc, char **argv)
{
    int words = 0;
    bool asked = argc == 1 || is_help(argv[1]);
    const struct command *command = asked && argc > 2 ? find_command(argc - 1, argv + 1, &words) : NULL;
    bool is_plain = asked && (argc <= 2 || argv[2][0] == '-');
    bool is_group = argc == 3 && ((asked && cli_is_group(argv[2])) || (cli_is_group(argv[1]) && is_help(argv[2])));
    if (is_group)
        cli_help_group(stdout, asked ? argv[2] : argv[1]);
    else if (command != NULL || is_plain)
        cli_help(stdout, command);
    return is_group || command != NULL || is_plain;
}

static int refuse(int argc, char **argv)
{
    struct arena *arena = arena_open(CLI_ARENA_BYTES);
    if (arena == NULL)
        return error_exit_code(INTERNAL);
    if (argv[1][0] == '-') {
        (void)fprintf(stderr, "symbolon: options stand behind a command, as in symbolon serve --data FOLDER; "
                              "see symbolon --help\n");
        arena_close(arena);
        return error_exit_code(USAGE);
    }
    bool is_group = cli_is_group(argv[1]);
    struct text word = text_spell_out(arena, text_of(argv[1]));
    struct text next = argc > 2 ? text_spell_out(arena, text_of(argv[2])) : TEXT_NONE;
    const char *space = is_group ? " " : "";
    struct text group = is_group ? word : TEXT_NONE;
    if (is_group && argc == 2)
        (void)fprintf(stderr, "symbolon: \"%.*s\" wants one more word; see symbolon %.*s --help\n", TEXT_ARGS(group),
                      TEXT_ARGS(group));
    else
        (void)fprintf(stderr, "symbolon: there is no command \"%.*s%s%.*s\"; see symbolon%s%.*s --help\n",
                      TEXT_ARGS(word), argc > 2 ? " " : "", TEXT_ARGS(next), space, TEXT_ARGS(group));
    arena_close(arena);
    return error_exit_code(USAGE);
}

/* The first files that are opened would take the place of streams that the caller has closed: what is said would go
 * into them. Writing to what stands there now fails, and that is noticed. */
static bool keep_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int words = 0;
    if (!keep_streams() || sigaction(SIGPIPE, &ignore, NULL) != 0)
        return error_exit_code(INTERNAL);
    const struct command *command = find_command(argc, argv, &words);
    if (command != NULL)
        return run(command, argc - 1 - words, argv + 1 + words);
    if (print_help(argc, argv))
        return 0;
    if (strcmp(argv[1], "--version") != 0)
        return refuse(argc, argv);
    (void)printf("symbolon %s\n", SYMBOLON_VERSION);
    return 0;
}
