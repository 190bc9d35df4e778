/* SPDX-License-Identifier: Apache-2.0
 * Proof files and checkpoints made up line by line: what is right is taken, what has one thing wrong is refused at the
 * very check that is there for it, and what is taken has one spelling. Behind the choices, the rest of the input stands
 * in the place of one line of the file. */
#include "base/limits.h"
#include "base/text.h"
#include "fuzz/made_log.h"

#define EDITS_MAX 3
#define PAYLOAD "{\"a\":1}"

static proof_fate fate_of(struct ctx *cx, const struct made_log *log)
{
    struct proof proof;
    struct note_key key;
    uint8_t entry[HASH_BYTES];
    uint8_t salt[LEDGER_SALT_BYTES];
    if (proof_parse(cx, log->file, &proof) != OK || proof_salt(cx, &proof, salt) != OK)
        return PROOF_FORM;
    assert(text_equals(proof.note, log->note) && proof.checkpoint.tree.size == log->size);
    ledger_leaf(salt, bytes_of_text(TEXT(PAYLOAD)), entry);
    if (proof_check_entry(cx, &proof, (struct bytes){entry, sizeof entry}) != OK)
        return PROOF_TREE;
    if (note_key_parse(cx, log->verifier_key, &key) != OK || checkpoint_verify(cx, &proof.checkpoint, &key) != OK)
        return PROOF_LOG;
    return PROOF_GOOD;
}

static void try_whole(struct ctx *cx, const struct made_log *log)
{
    proof_fate fate = fate_of(cx, log);
    assert(fate == log->fate);
}

/* The file with one of its lines, line feed and all, replaced. */
static struct text with_line(struct arena *arena, struct text file, size_t which, struct text line)
{
    struct builder out = builder_open(arena, 2 * LIMIT_PROOF_FILE_BYTES);
    struct text rest = file;
    struct text old;
    for (size_t i = 0; note_take_line(&rest, &old); i++)
        if (i == which)
            build_text(&out, line);
        else
            build_format(&out, "%.*s\n", TEXT_ARGS(old));
    build_text(&out, rest);
    return builder_text(&out);
}

static void try_with_line(struct ctx *cx, const struct made_log *log, struct choices *choices)
{
    size_t which = choose(choices, 12);
    struct text line = {(const char *)choices->at, choices->size};
    struct text file = with_line(cx->arena, log->file, which, line);
    struct proof proof;
    struct text again;
    err got = proof_verify(cx, file, log->verifier_key, bytes_of_text(TEXT(PAYLOAD)), &proof);
    if (got != OK)
        return;
    assert(proof_format(cx, &proof, &again) == OK && text_equals(again, file));
    assert(memcmp(proof.checkpoint.tree.root.at, log->root.at, HASH_BYTES) == 0); /* it says what the log has said */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct ctx cx = {.arena = fuzz_arena(1u << 20)};
    struct made_log log = {.cx = &cx};
    made_log(&log, &choices, bytes_of_text(TEXT(PAYLOAD)), EDITS_MAX);
    if (choices.size > 1)
        try_with_line(&cx, &log, &choices);
    else
        try_whole(&cx, &log);
    return 0;
}
