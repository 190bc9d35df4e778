/* SPDX-License-Identifier: Apache-2.0
 * What base/json.h makes of texts, for the comparison with other readers. Standard input: each text with its size
 * before it, in decimal, and a line feed. Standard output: a line each, "ok " and the value as canonical JSON, or "no "
 * and the reason. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#define TEXT_BYTES_MAX (2 * 1024 * 1024)

static void print_one(struct arena *arena, struct text text)
{
    struct ctx cx = {.arena = arena};
    const json_t *value = NULL;
    if (json_parse(&cx, text, &value) == OK)
        (void)printf("ok %.*s\n", TEXT_ARGS(json_canonical(arena, value)));
    else
        (void)printf("no %s\n", cx.failure.reason);
}

int main(void)
{
    struct arena *arena = arena_open(LIMIT_REQUEST_ARENA_BYTES);
    char *bytes = malloc(TEXT_BYTES_MAX);
    char *line = NULL;
    size_t room = 0;
    bool whole = arena != NULL && bytes != NULL;
    while (whole && getline(&line, &room, stdin) > 0) {
        int64_t size = 0;
        struct text digits = text_trim(text_of(line));
        whole = text_to_int64(digits, &size) && size <= TEXT_BYTES_MAX &&
                fread(bytes, 1, (size_t)size, stdin) == (size_t)size;
        if (whole)
            print_one(arena, (struct text){bytes, (size_t)size});
        arena_reset(arena);
    }
    free(line);
    free(bytes);
    arena_close(arena);
    return whole && fflush(stdout) == 0 ? 0 : 1;
}
