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
#define ANSWER_BYTES_MAX (32 * FILE_BYTES_MAX) /* what a receipt says may be six times as long in JSON */
#define BEFORE_SIGNATURES "\n\n\xe2\x80\x94 "  /* of a signed note: a blank line, a dash */

struct found {
    struct text receipts[CLI_ARGUMENTS_MAX];
    const char *receipt_names[CLI_ARGUMENTS_MAX];
    size_t      receipts_count;
    struct text proofs[CLI_ARGUMENTS_MAX];
    size_t      proofs_count;
    struct text checkpoints[CLI_ARGUMENTS_MAX];
    const char *checkpoint_names[CLI_ARGUMENTS_MAX];
    size_t      checkpoints_count;
    const char *unknown; /* a file that is none of these; NULL: there is none */
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

/* One key may stand in several files; of two keys nobody could say which one a verdict is about. */
static err take_key(struct cli *cli, struct text key, struct found *found)
{
    if (found->key.size > 0 && !text_equals(found->key, key))
        return FAIL(&cli->cx, USAGE, "verify.two_keys", "two different log keys were given: give the right one alone");
    found->key = key;
    return OK;
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
        return take_key(cli, text_trim(text), found);
    } else if (memmem(text.at, text.size, BEFORE_SIGNATURES, sizeof BEFORE_SIGNATURES - 1) == NULL) {
        found->unknown = found->unknown == NULL ? path : found->unknown;
    } else {
        found->checkpoint_names[found->checkpoints_count] = path;
        found->checkpoints[found->checkpoints_count++] = text;
    }
    return OK;
}

/* The file of --key is a key and nothing else: struct found has room for the arguments alone. */
static err read_key_file(struct cli *cli, const char *path, struct found *found)
{
    struct text text;
    TRY(read_file(cli, path, &text));
    if (!is_key(text) || text_starts_with(text, "c2sp.org/tlog-proof@") || text_starts_with(text_trim(text), "{"))
        return FAIL(&cli->cx, USAGE, "verify.no_key", "the file %s holds no log key", path);
    return take_key(cli, text_trim(text), found);
}

/* ---- what a receipt says */

/* A text of the payload, by the members that lead to it; one that begins with the prefix of our own ids is shown
 * without. */
static const struct said {
    const char *name;
    const char *label;
    const char *path[4];
} SAID[] = {
    {"act", "Act", {"symbolon:act"}},
    {"at", "When", {"dpv:hasConsentStatus", "dpv:isIndicatedAtTime"}},
    {"organisation", "Organisation", {"dpv:hasDataController", "dct:title"}},
    {"organisation_id", "Organisation id", {"dpv:hasDataController", "@id"}},
    {"relationship", "Relationship", {"dpv:hasDataSubject", "@id"}},
    {"purpose", "Purpose", {"dpv:hasProcess", "dpv:hasPurpose", "dct:title"}},
};
#define SAID_COUNT (sizeof SAID / sizeof *SAID)

static struct text find_said(const json_t *payload, const struct said *said)
{
    static const char PREFIX[] = "symbolon:";
    for (size_t i = 0; said->path[i] != NULL; i++)
        payload = json_object_get(payload, said->path[i]);
    struct text text = json_text(payload);
    bool is_id = text_starts_with(text, PREFIX);
    return is_id ? (struct text){text.at + sizeof PREFIX - 1, text.size - (sizeof PREFIX - 1)} : text;
}

static const json_t *find_kinds(const json_t *payload)
{
    return json_object_get(payload, "dpv:hasPersonalData");
}

static void write_said(struct json_writer *json, const json_t *payload)
{
    const json_t *kinds = find_kinds(payload);
    json_write_key(json, "receipt");
    json_open_object(json);
    for (size_t i = 0; i < SAID_COUNT; i++)
        json_member_text(json, SAID[i].name, find_said(payload, &SAID[i]));
    json_write_key(json, "kinds");
    json_open_array(json);
    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (json_is_string(json_array_get(kinds, i)))
            json_write_text(json, json_text(json_array_get(kinds, i)));
    json_close_array(json);
    json_close_object(json);
}

static void say_said(const struct cli *cli, const json_t *payload)
{
    const json_t *kinds = find_kinds(payload);
    bool is_first = true;
    for (size_t i = 0; i < SAID_COUNT; i++) {
        struct text shown = text_spell_out(cli->cx.arena, find_said(payload, &SAID[i]));
        if (shown.size > 0)
            cli_say(cli, "  %s: %.*s\n", SAID[i].label, TEXT_ARGS(shown));
    }
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        struct text shown = text_spell_out(cli->cx.arena, json_text(json_array_get(kinds, i)));
        if (shown.size == 0)
            continue;
        cli_say(cli, "%s%.*s", is_first ? "  Kinds: " : ", ", TEXT_ARGS(shown));
        is_first = false;
    }
    if (!is_first)
        cli_say(cli, "\n");
}

/* ---- verdicts */

/* What was found about one file; `failure` says why when it is not proved. */
struct verdict {
    err                  result;
    struct failure       failure;
    struct receipt_facts facts;
    const json_t        *payload; /* of a receipt that is genuine; NULL otherwise */
};

static void write_fact(struct json_writer *json, const struct verdict *verdict, const char *name)
{
    const struct receipt_facts *facts = &verdict->facts;
    json_open_object(json);
    json_member_text(json, "file", text_of(name));
    json_member_bool(json, "ok", verdict->result == OK);
    json_member_int(json, "steps_passed", (int64_t)facts->passed);
    json_member_text(json, "origin", facts->origin);
    json_member_int(json, "index", facts->index);
    json_member_int(json, "tree_size", (int64_t)facts->tree.size);
    if (verdict->payload != NULL)
        write_said(json, verdict->payload);
    json_close_object(json);
}

static void say_facts(const struct cli *cli, const char *name, const struct verdict *verdict)
{
    const struct receipt_facts *facts = &verdict->facts;
    struct text shown = text_spell_out(cli->cx.arena, text_of(name));
    cli_say(cli, "%.*s: %s\n", TEXT_ARGS(shown), verdict->result == OK ? "genuine" : "NOT PROVED");
    for (size_t i = 0; i < RECEIPT_STEP_COUNT; i++)
        cli_say(cli, "  %s %s\n", i < facts->passed ? "ok  " : i == facts->passed ? "FAIL" : "  - ",
                receipt_step_sentence((receipt_step)i));
    struct text origin = text_spell_out(cli->cx.arena, facts->origin);
    if (verdict->result != OK)
        return;
    cli_say(cli, "  Entry %lld of %lld in the log %.*s\n", (long long)facts->index, (long long)facts->tree.size,
            TEXT_ARGS(origin));
    say_said(cli, verdict->payload);
}

static void say_checkpoint(const struct cli *cli, const char *name, err result)
{
    struct text shown = text_spell_out(cli->cx.arena, text_of(name));
    cli_say(cli, "%.*s: %s\n", TEXT_ARGS(shown), result == OK ? "genuine checkpoint" : "NOT PROVED");
}

/* A receipt is proved by the proof that speaks of it: each is tried, and the one that leads furthest is told. */
static struct verdict judge_receipt(const struct cli *cli, const struct found *found, size_t at)
{
    struct verdict best = {0};
    for (size_t i = 0; i < found->proofs_count && (i == 0 || best.result != OK); i++) {
        struct ctx cx = cli->cx;
        struct receipt_files files = {found->receipts[at], found->proofs[i], found->key};
        struct verdict one = {0};
        failure_clear(&cx.failure);
        one.result = receipt_check(&cx, &files, &one.facts);
        if (one.result == OK)
            one.result = json_parse(&cx, one.facts.payload, &one.payload);
        one.failure = cx.failure;
        if (i == 0 || one.facts.passed > best.facts.passed)
            best = one;
    }
    return best;
}

static err check_checkpoint(struct ctx *cx, struct text note, struct text verifier_key, struct receipt_facts *out)
{
    struct note_key key;
    struct checkpoint checkpoint;
    TRY(note_key_parse(cx, verifier_key, &key));
    TRY(checkpoint_parse(cx, note, &checkpoint));
    TRY(checkpoint_verify(cx, &checkpoint, &key));
    *out = (struct receipt_facts){.origin = checkpoint.origin, .tree = checkpoint.tree};
    return OK;
}

static struct verdict judge_checkpoint(const struct cli *cli, const struct found *found, size_t at)
{
    struct ctx cx = cli->cx;
    struct verdict verdict = {0};
    failure_clear(&cx.failure);
    verdict.result = check_checkpoint(&cx, found->checkpoints[at], found->key, &verdict.facts);
    verdict.failure = cx.failure;
    return verdict;
}

/* The first file that is not proved gives the failure, whatever is found about those behind it. */
static err judge_all(struct cli *cli, const struct found *found, struct json_writer *json)
{
    struct verdict first = {0};
    for (size_t i = 0; i < found->receipts_count + found->checkpoints_count; i++) {
        bool is_receipt = i < found->receipts_count;
        size_t at = is_receipt ? i : i - found->receipts_count;
        const char *name = is_receipt ? found->receipt_names[at] : found->checkpoint_names[at];
        struct verdict verdict = is_receipt ? judge_receipt(cli, found, at) : judge_checkpoint(cli, found, at);
        if (is_receipt)
            say_facts(cli, name, &verdict);
        else
            say_checkpoint(cli, name, verdict.result);
        write_fact(json, &verdict, name);
        if (first.result == OK)
            first = verdict;
    }
    cli->cx.failure = first.failure;
    return first.result;
}

err cli_verify(struct cli *cli)
{
    struct found found = {0};
    for (int i = 0; i < cli->arguments_count; i++)
        TRY(sort_file(cli, cli->arguments[i], &found));
    if (cli_has(cli, CLI_key))
        TRY(read_key_file(cli, cli_value(cli, CLI_key, ""), &found));
    if (found.unknown != NULL)
        return FAIL(&cli->cx, USAGE, "verify.unknown_file",
                    "the file %s is no receipt, no proof, no checkpoint and no log key", found.unknown);
    if (found.key.size == 0)
        return FAIL(&cli->cx, USAGE, "verify.no_key",
                    "give the log key of the node too: --key FILE, with the answer of /log/key");
    if (found.receipts_count + found.checkpoints_count == 0)
        return FAIL(&cli->cx, USAGE, "verify.nothing", "there is no receipt and no checkpoint among the files");
    if (found.receipts_count > 0 && found.proofs_count == 0)
        return FAIL(&cli->cx, USAGE, "verify.no_proof", "a receipt is proved by its .tlog-proof file: give it too");
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES_MAX);
    json_open_object(&json);
    json_write_key(&json, "files");
    json_open_array(&json);
    err result = judge_all(cli, &found, &json);
    json_close_array(&json);
    json_member_bool(&json, "ok", result == OK);
    json_close_object(&json);
    TRY(cli_answer(cli, &json));
    return result;
}
