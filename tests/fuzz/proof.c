/* SPDX-License-Identifier: Apache-2.0
 * What people hand in to be checked: verifier key, receipt or its payload, proof file, with a NUL between them; each is
 * also tried as the other kinds of text of the log. Nothing may crash, and whatever is taken has one spelling only:
 * written again it gives the same bytes. */
#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "ledger/receipt_check.h"
#include "ledger/tile_path.h"

static struct text take_part(struct text *rest)
{
    size_t part = 0;
    while (part < rest->size && rest->at[part] != '\0')
        part++;
    struct text taken = {rest->at, part};
    size_t moved = part < rest->size ? part + 1 : part;
    *rest = (struct text){rest->at + moved, rest->size - moved};
    return taken;
}

static void assert_known(struct ctx *cx, err got)
{
    assert(got == OK || got == MALFORMED || got == INVALID || got == TOO_LARGE);
    assert(got == cx->failure.code);
    failure_clear(&cx->failure);
}

static void try_path(struct ctx *cx, struct text text)
{
    struct tile tile;
    if (tile_path_parse(text, &tile))
        assert(text_equals(tile_path_format(cx->arena, &tile), text));
}

static void try_key(struct ctx *cx, struct text text)
{
    struct note_key key;
    err got = note_key_parse(cx, text, &key);
    if (got == OK)
        assert(text_equals(note_key_text(cx->arena, &key), text));
    assert_known(cx, got);
}

static void assert_same_note(struct ctx *cx, const struct note *note, struct text text)
{
    struct builder again = builder_open(cx->arena, LIMIT_CHECKPOINT_BYTES);
    build_text(&again, note->text);
    build_byte(&again, '\n');
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        struct builder blob = builder_open(cx->arena, LIMIT_CHECKPOINT_BYTES);
        build_bytes(&blob, (struct bytes){signature->key_id, NOTE_KEY_ID_BYTES});
        build_bytes(&blob, signature->signature);
        struct text encoded = base64_encode(cx->arena, builder_bytes(&blob));
        build_format(&again, "\u2014 %.*s %.*s\n", TEXT_ARGS(signature->name), TEXT_ARGS(encoded));
    }
    assert(text_equals(builder_text(&again), text));
}

static void try_checkpoint(struct ctx *cx, struct text text)
{
    struct checkpoint checkpoint;
    err got = checkpoint_parse(cx, text, &checkpoint);
    if (got == OK) {
        assert_same_note(cx, &checkpoint.note, text);
        struct text three_lines = checkpoint_text(cx->arena, checkpoint.origin, &checkpoint.tree);
        assert(text_starts_with(checkpoint.note.text, text_c_string(cx->arena, three_lines)));
    }
    assert_known(cx, got);
}

static void try_proof(struct ctx *cx, struct text text)
{
    struct proof proof;
    struct text again;
    err got = proof_parse(cx, text, &proof);
    if (got == OK)
        assert(proof_format(cx, &proof, &again) == OK && text_equals(again, text));
    assert_known(cx, got);
}

static void try_together(struct ctx *cx, const struct receipt_files *files)
{
    struct proof proof;
    struct receipt_facts facts;
    assert_known(cx, proof_verify(cx, files->proof, files->verifier_key, bytes_of_text(files->receipt), &proof));
    err got = receipt_check(cx, files, &facts);
    assert((got == OK) == (facts.passed == RECEIPT_STEP_COUNT));
    assert_known(cx, got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES)};
    struct text rest = {(const char *)data, size > LIMIT_BODY_BYTES ? LIMIT_BODY_BYTES : size};
    struct text first = take_part(&rest);
    struct receipt_files files = {.verifier_key = first, .receipt = take_part(&rest), .proof = rest};
    try_path(&cx, first);
    try_key(&cx, first);
    try_checkpoint(&cx, first);
    try_proof(&cx, first);
    try_checkpoint(&cx, files.proof);
    try_proof(&cx, files.proof);
    try_together(&cx, &files);
    return 0;
}
