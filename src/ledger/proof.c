/* SPDX-License-Identifier: Apache-2.0
 * Proof files, written, read strictly and checked. */
#include "ledger/proof.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

static void build_line(struct builder *file, const char *word, struct bytes value)
{
    struct text encoded = base64_encode(file->arena, value);
    build_literal(file, word);
    if (encoded.at == NULL)
        file->overflowed = true;
    else
        build_text(file, encoded);
    build_byte(file, '\n');
}

err proof_format(struct ctx *cx, const struct proof *proof, struct text *out_file)
{
    assert(proof->hashes.count <= LIMIT_PROOF_HASHES && proof->index >= 0);
    struct builder file = builder_open(cx->arena, LIMIT_PROOF_FILE_BYTES);
    build_literal(&file, FIRST_LINE "\n");
    if (proof->extra.size > 0)
        build_line(&file, "extra ", proof->extra);
    build_format(&file, "index %lld\n", (long long)proof->index);
    for (size_t i = 0; i < proof->hashes.count; i++)
        build_line(&file, "", (struct bytes){proof->hashes.at[i].at, HASH_BYTES});
    build_byte(&file, '\n');
    build_text(&file, proof->note);
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    if (file.overflowed)
        return FAIL(cx, TOO_LARGE, "log.proof_size", "a proof file has at most %d bytes", LIMIT_PROOF_FILE_BYTES);
    *out_file = builder_text(&file);
    return OK;
}

static bool take_word(struct text *line, const char *word)
{
    if (!text_starts_with(*line, word))
        return false;
    size_t size = text_of(word).size;
    *line = (struct text){line->at + size, line->size - size};
    return true;
}

/* The lines up to and with the index. */
static bool parse_head(struct ctx *cx, struct text *rest, struct proof *out)
{
    struct text line;
    if (!note_take_line(rest, &line) || !text_is(line, FIRST_LINE) || !note_take_line(rest, &line))
        return false;
    if (take_word(&line, "extra ")) {
        if (!base64_decode(cx->arena, line, &out->extra) || out->extra.size == 0 || !note_take_line(rest, &line))
            return false;
    }
    return take_word(&line, "index ") && text_to_int64(line, &out->index);
}

/* The hashes and the empty line behind them. */
static bool parse_hashes(struct ctx *cx, struct text *rest, struct merkle_proof *out)
{
    struct text line;
    struct bytes hash;
    while (note_take_line(rest, &line)) {
        if (line.size == 0)
            return true;
        if (out->count == LIMIT_PROOF_HASHES || !base64_decode(cx->arena, line, &hash) || hash.size != HASH_BYTES)
            return false;
        memcpy(out->at[out->count++].at, hash.at, HASH_BYTES);
    }
    return false;
}

err proof_parse(struct ctx *cx, struct text file, struct proof *out)
{
    if (file.size > LIMIT_PROOF_FILE_BYTES)
        return FAIL(cx, TOO_LARGE, "log.proof_size", "a proof file has at most %d bytes", LIMIT_PROOF_FILE_BYTES);
    struct proof *proof = ARENA_NEW(cx->arena, struct proof);
    if (proof == NULL)
        return FAIL_MEMORY(cx);
    struct text rest = file;
    if (!parse_head(cx, &rest, proof) || !parse_hashes(cx, &rest, &proof->hashes))
        return arena_is_exhausted(cx->arena)
                   ? FAIL_MEMORY(cx)
                   : FAIL(cx, MALFORMED, "log.proof_form", "the file is not a proof of the form " FIRST_LINE);
    proof->note = rest;
    TRY(checkpoint_parse(cx, rest, &proof->checkpoint));
    *out = *proof;
    return OK;
}

err proof_check_entry(struct ctx *cx, const struct proof *proof, struct bytes entry)
{
    struct merkle_hash leaf;
    merkle_leaf(entry, &leaf);
    if (!merkle_inclusion_verify(&leaf, proof->index, &proof->checkpoint.tree, &proof->hashes))
        return FAIL(cx, INVALID, "log.not_in_tree", "the proof does not lead from this entry to the root of the log");
    return OK;
}

err proof_salt(struct ctx *cx, const struct proof *proof, uint8_t out[LEDGER_SALT_BYTES])
{
    if (proof->extra.size != LEDGER_SALT_BYTES)
        return FAIL(cx, INVALID, "log.no_salt", "the extra line of the proof does not hold a salt of 32 bytes");
    memcpy(out, proof->extra.at, LEDGER_SALT_BYTES);
    return OK;
}

err proof_verify(struct ctx *cx, struct text file, struct text verifier_key, struct bytes payload, struct proof *out)
{
    struct note_key key;
    struct proof proof;
    uint8_t salt[LEDGER_SALT_BYTES];
    uint8_t entry[HASH_BYTES];
    TRY(note_key_parse(cx, verifier_key, &key));
    TRY(proof_parse(cx, file, &proof));
    TRY(proof_salt(cx, &proof, salt));
    ledger_leaf(salt, payload, entry);
    TRY(proof_check_entry(cx, &proof, (struct bytes){entry, sizeof entry}));
    TRY(checkpoint_verify(cx, &proof.checkpoint, &key));
    *out = proof;
    return OK;
}
