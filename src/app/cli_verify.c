/* SPDX-License-Identifier: Apache-2.0
 * symbolon verify: receipts, proofs and checkpoints against a verifier key, with no node and no network. Files are told
 * apart by what stands in them, so their names and their order do not matter. */
#include <string.h>

#include "app/cli.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt_check.h"

#define FILE_BYTES_MAX (1024 * 1024)

struct found {
    struct text receipts[CLI_ARGUMENTS_MAX];
    const char *receipt_names[CLI_ARGUMENTS_MAX];
    size_t      receipts_count;
    struct text proofs[CLI_ARGUMENTS_MAX];
    size_t      proofs_count;
    struct text checkpoints[CLI_ARGUMENTS_MAX];
    const char *checkpoint_names[CLI_ARGUMENTS_MAX];
    size_t      checkpoints_count;
    struct text key;
};

static err read_file(struct cli *cli, const char *path, struct text *out)
{
    char *text = arena_take(cli->cx.arena, FILE_BYTES_MAX, 1);
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL || text == NULL ? 0 : fread(text, 1, FILE_BYTES_MAX, file);
    bool read = file != NULL && text != NULL && ferror(file) == 0;
    if (file != NULL)
        (void)fclose(file); /* it was only read */
    if (!read)
        return FAIL(&cli->cx, USAGE, "verify.file", "the file %s cannot be read", path);
    if (size == FILE_BYTES_MAX)
        return FAIL(&cli->cx, TOO_LARGE, "verify.too_large", "the file %s is larger than any proof", path);
    *out = (struct text){text, size};
    return OK;
}

static bool is_key(struct text text)
{
    struct text line = text_trim(text);
    return line.size > 0 && memchr(line.at, '\n', line.size) == NULL && memchr(line.at, '+', line.size) != NULL;
}

static err sort_file(struct cli *cli, const char *path, struct found *found)
{
    struct text text;
    TRY(read_file(cli, path, &text));
    if (text_starts_with(text, "c2sp.org/tlog-proof@")) {
        found->proofs[found->proofs_count++] = text;
    } else if (text_starts_with(text_trim(text), "{")) {
        found->receipt_names[found->receipts_count] = path;
        found->receipts[found->receipts_count++] = text_trim(text);
    } else if (is_key(text)) {
        found->key = text_trim(text);
    } else {
        found->checkpoint_names[found->checkpoints_count] = path;
        found->checkpoints[found->checkpoints_count++] = text;
    }
    return OK;
}

static void write_fact(struct json_writer *json, const struct receipt_facts *facts, const char *name, bool ok)
{
    json_open_object(json);
    json_member_text(json, "file", text_of(name));
    json_member_bool(json, "ok", ok);
    json_member_int(json, "steps_passed", (int64_t)facts->passed);
    json_member_text(json, "origin", facts->origin);
    json_member_int(json, "index", facts->index);
    json_member_int(json, "tree_size", (int64_t)facts->tree.size);
    json_close_object(json);
}

static void say_facts(const struct cli *cli, const char *name, const struct receipt_facts *facts, err result)
{
    cli_say(cli, "%s: %s\n", name, result == OK ? "genuine" : "NOT PROVED");
    for (size_t i = 0; i < RECEIPT_STEP_COUNT; i++)
        cli_say(cli, "  %s %s\n", i < facts->passed ? "ok  " : i == facts->passed ? "FAIL" : "  - ",
                receipt_step_sentence((receipt_step)i));
    if (result == OK)
        cli_say(cli, "  Entry %lld of %lld in the log %.*s\n", (long long)facts->index, (long long)facts->tree.size,
                TEXT_ARGS(facts->origin));
}

/* A receipt is proved by the proof that speaks of it: each is tried, the furthest step is told. */
static err check_receipt(struct cli *cli, const struct found *found, size_t at, struct json_writer *json)
{
    struct receipt_facts best = {0};
    err result = OK;
    for (size_t i = 0; i < found->proofs_count; i++) {
        struct ctx cx = cli->cx;
        struct receipt_files files = {found->receipts[at], found->proofs[i], found->key};
        struct receipt_facts facts = {0};
        failure_clear(&cx.failure);
        result = receipt_check(&cx, &files, &facts);
        if (facts.passed >= best.passed) {
            best = facts;
            cli->cx.failure = cx.failure;
        }
        if (result == OK)
            break;
    }
    if (result == OK)
        failure_clear(&cli->cx.failure);
    say_facts(cli, found->receipt_names[at], &best, result);
    write_fact(json, &best, found->receipt_names[at], result == OK);
    return result;
}

static err check_checkpoint(struct cli *cli, const struct found *found, size_t at, struct json_writer *json)
{
    struct checkpoint checkpoint = {0};
    struct note_key key;
    TRY(note_key_parse(&cli->cx, found->key, &key));
    err result = checkpoint_parse(&cli->cx, found->checkpoints[at], &checkpoint);
    if (result == OK)
        result = checkpoint_verify(&cli->cx, &checkpoint, &key);
    cli_say(cli, "%s: %s\n", found->checkpoint_names[at], result == OK ? "genuine checkpoint" : "NOT PROVED");
    struct receipt_facts facts = {.origin = checkpoint.origin, .tree = checkpoint.tree};
    write_fact(json, &facts, found->checkpoint_names[at], result == OK);
    return result;
}

static err check_all(struct cli *cli, const struct found *found, struct json_writer *json)
{
    err result = OK;
    for (size_t i = 0; i < found->receipts_count; i++) {
        err one = check_receipt(cli, found, i, json);
        result = result == OK ? one : result;
    }
    for (size_t i = 0; i < found->checkpoints_count; i++) {
        err one = check_checkpoint(cli, found, i, json);
        result = result == OK ? one : result;
    }
    return result;
}

err cli_verify(struct cli *cli)
{
    struct found found = {0};
    for (int i = 0; i < cli->arguments_count; i++)
        TRY(sort_file(cli, cli->arguments[i], &found));
    if (cli_has(cli, CLI_key))
        TRY(sort_file(cli, cli_value(cli, CLI_key, ""), &found));
    if (found.key.size == 0)
        return FAIL(&cli->cx, USAGE, "verify.no_key",
                    "give the log key of the node too: --key FILE, with the answer of /log/key");
    if (found.receipts_count + found.checkpoints_count == 0)
        return FAIL(&cli->cx, USAGE, "verify.nothing", "there is no receipt and no checkpoint among the files");
    if (found.receipts_count > 0 && found.proofs_count == 0)
        return FAIL(&cli->cx, USAGE, "verify.no_proof", "a receipt is proved by its .tlog-proof file: give it too");
    struct json_writer json = json_writer_open(cli->cx.arena, FILE_BYTES_MAX);
    json_open_object(&json);
    json_write_key(&json, "files");
    json_open_array(&json);
    err result = check_all(cli, &found, &json);
    json_close_array(&json);
    json_member_bool(&json, "ok", result == OK);
    json_close_object(&json);
    TRY(cli_answer(cli, &json));
    return result;
}
