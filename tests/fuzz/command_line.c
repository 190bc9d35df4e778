/* SPDX-License-Identifier: Apache-2.0
 * Words of a command line and a configuration file: whatever they are, they are taken or refused with a sentence, and
 * what the command line says goes before what the file says. The first octet chooses the command; then come words, each
 * with a NUL behind; what is left is the file. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

#define WORDS_MAX 12
#define ARENA_BYTES (1u << 20)

static const struct command COMMANDS[] = {
#define X(words, run, arguments, least, most, options, sentence, more)                                                \
    {words, NULL, arguments, least, most, options, sentence, more},
#include "app/command.def"
#undef X
};

/* A file of an odd size is one that others may reach. */
static bool is_exposed(struct text content)
{
    return content.size % 2 == 1;
}

/* One file for all executions, filled anew each time: in memory, under a name that can be opened. */
static const char *config_of(struct text content)
{
    static char name[32];
    static int file = -1;
    if (file < 0)
        file = memfd_create("configuration", MFD_CLOEXEC);
    if (name[0] == '\0')
        (void)snprintf(name, sizeof name, "/proc/self/fd/%d", file); /* fits */
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, content.at, content.size, 0) != (ssize_t)content.size ||
        fchmod(file, is_exposed(content) ? 0644 : 0600) != 0)
        abort(); /* nothing can be tried */
    return name;
}

static int take_words(struct arena *arena, struct choices *choices, char **words)
{
    int count = 0;
    for (; count < WORDS_MAX && choices->size > 0; count++) {
        const uint8_t *end = memchr(choices->at, '\0', choices->size);
        if (end == NULL)
            break;
        struct text word = {(const char *)choices->at, (size_t)(end - choices->at)};
        words[count] = (char *)(uintptr_t)text_copy(arena, word).at; /* argv is not const in C */
        choices->size -= word.size + 1;
        choices->at += word.size + 1;
    }
    return count;
}

static void assert_usage(const struct cli *cli, err got)
{
    const struct failure *failure = &cli->cx.failure;
    assert(got == USAGE && failure->code == USAGE && failure->detail[0] != '\0');
    assert(text_starts_with(text_of(failure->reason), "cli."));
}

/* Beside usage, what is refused is a file that others may reach and that has a URL in it, which may bear a password. */
static void assert_refused(const struct cli *cli, err got, struct text file)
{
    if (got != FORBIDDEN) {
        assert_usage(cli, got);
        return;
    }
    assert(text_is(text_of(cli->cx.failure.reason), "cli.exposed") && cli->cx.failure.detail[0] != '\0');
    assert(is_exposed(file) && memmem(file.at, file.size, "://", 3) != NULL);
}

/* What the words have set, the file cannot change. */
static void check_words_win(struct cli *cli, const struct command *command, char **words, int count)
{
    struct cli alone = {.cx = {.arena = cli->cx.arena}};
    err got = cli_parse(&alone, command, count, words);
    struct text reason = text_of(alone.cx.failure.reason);
    bool named = text_is(reason, "cli.config"); /* a file of their own */
    bool helped = text_is(reason, "cli.arguments") && cli_has(cli, CLI_help); /* by the file */
    assert(got == OK || named || helped);
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        if (i != CLI_config && alone.option[i] != NULL)
            assert(strcmp(cli->option[i], alone.option[i]) == 0);
}

static void check_taken(struct cli *cli, const struct command *command, int words)
{
    struct text url;
    assert(cli->arguments_count <= words && cli->arguments_count <= CLI_ARGUMENTS_MAX);
    assert(cli_has(cli, CLI_help) ||
           (cli->arguments_count >= command->least && cli->arguments_count <= command->most));
    assert(cli->maps_count <= CLI_MAPS_MAX && (cli->maps_count > 0) == cli_has(cli, CLI_map));
    err got = cli_url(cli, &url);
    if (got != OK)
        assert_usage(cli, got);
    else
        assert((url.size > 0) == cli_has(cli, CLI_url) && text_is_plain(url, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct arena *arena = fuzz_arena(ARENA_BYTES);
    const struct command *command = &COMMANDS[choose(&choices, sizeof COMMANDS / sizeof *COMMANDS)];
    struct cli cli = {.cx = {.arena = arena}};
    char *words[WORDS_MAX + 2] = {NULL};
    int count = take_words(arena, &choices, words);
    struct text file = {(const char *)choices.at, choices.size};
    bool has_file = file.size > 0;
    if (has_file) {
        const char *path = config_of(file);
        memmove(words + 1, words, (size_t)count * sizeof *words); /* in front: behind "--" it would be an argument */
        words[0] = (char *)(uintptr_t)text_format(arena, "--config=%s", path).at;
        count++;
    }
    err got = cli_parse(&cli, command, count, words);
    if (got != OK) {
        assert_refused(&cli, got, file);
        return 0;
    }
    check_taken(&cli, command, count - has_file);
    check_words_win(&cli, command, words + has_file, count - has_file);
    return 0;
}
