/* SPDX-License-Identifier: Apache-2.0
 * `symbolon verify` many times in one process: one call a line of standard input, its words with a tab between them.
 * For each it prints "EXIT_CODE REASON SIZE", a line feed, and the SIZE octets of the answer; the reason is "-" when
 * there is none. What runs is the command itself: options, files, check and answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "base/json.h"

#define ARENA_BYTES (64u * 1024 * 1024)
#define WORDS_MAX 40

static const struct command VERIFY = {
    .words = "verify", .run = cli_verify, .arguments = "FILE...", .least = 1, .most = CLI_ARGUMENTS_MAX,
    .options = "key", .sentence = "", .more = ""};

static int split(char *line, char **words)
{
    int count = 0;
    for (char *next = line; next != NULL && count < WORDS_MAX; count++) {
        words[count] = next;
        next = strchr(next, '\t');
        if (next != NULL)
            *next++ = '\0';
    }
    words[count] = NULL;
    return count;
}

static void run(struct arena *arena, struct clock *clock, char *line)
{
    char *words[WORDS_MAX + 1];
    char *answer = NULL;
    size_t size = 0;
    struct cli cli = {.out = open_memstream(&answer, &size), .cx = {.arena = arena, .clock = clock}};
    if (cli.out == NULL)
        abort();
    err result = cli_parse(&cli, &VERIFY, split(line, words), words);
    if (result == OK)
        result = cli_verify(&cli);
    if (fclose(cli.out) != 0)
        abort();
    const char *reason = cli.cx.failure.reason;
    (void)printf("%d %s %zu\n", error_exit_code(result), reason == NULL ? "-" : reason, size);
    (void)fwrite(answer, 1, size, stdout);
    free(answer);
}

int main(void)
{
    struct clock clock = clock_system();
    struct arena *arena = arena_open(ARENA_BYTES);
    char *line = NULL;
    size_t room = 0;
    while (arena != NULL && getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        run(arena, &clock, line);
        arena_reset(arena);
    }
    free(line);
    arena_close(arena);
    return arena != NULL && fflush(stdout) == 0 ? 0 : 1;
}
