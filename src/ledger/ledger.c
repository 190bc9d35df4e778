/* SPDX-License-Identifier: Apache-2.0
 * The log as acts and doors see it: an entry in, checkpoint, tiles and proofs out. */
#include "ledger/ledger.h"

#include "ledger/checkpoint.h"
#include "ledger/head.h"
#include "ledger/proof.h"
#include "ledger/tile_source.h"
#include "store/queries.h"

err ledger_append(struct ctx *cx, int64_t person_id, int64_t receipt_id, const uint8_t leaf[HASH_BYTES])
{
    const struct sql_log_pending_insert_in in = {
        .person_id = person_id, .receipt_id = receipt_id, .leaf = {leaf, HASH_BYTES}};
    return sql_log_pending_insert(cx, &in, NULL);
}

err ledger_leaf_index(struct ctx *cx, int64_t person_id, int64_t receipt_id, int64_t *out_index, bool *out_found)
{
    const struct sql_log_leaf_load_in in = {.person_id = person_id, .receipt_id = receipt_id};
    struct sql_log_leaf_load_row row;
    bool found = false;
    TRY(sql_log_leaf_load(cx, &in, &row, &found));
    if (found)
        *out_index = row.leaf_index;
    *out_found = found;
    return OK;
}

err ledger_tile(struct ctx *cx, const struct tile *tile, struct bytes *out, bool *out_found)
{
    struct ledger_head head;
    bool started = false;
    TRY(head_load(cx, &head, &started));
    if (!started || tile->width > tile_width(tile->level, tile->index, head.tree.size)) {
        *out_found = false;
        return OK;
    }
    TRY(tile_load(cx, tile, out));
    *out_found = true;
    return OK;
}

static err inclusion(struct ctx *cx, int64_t index, int64_t size, struct merkle_proof *out)
{
    struct tile_source *tiles = ARENA_NEW(cx->arena, struct tile_source);
    if (tiles == NULL)
        return FAIL_MEMORY(cx);
    struct merkle_source source = tile_source_open(tiles, size);
    return merkle_inclusion_proof(cx, &source, index, size, out);
}

/* The index is read before the head: a head that is read later covers it. */
err ledger_proof(struct ctx *cx, int64_t person_id, int64_t receipt_id, const uint8_t salt[LEDGER_SALT_BYTES],
                 struct text *out_file)
{
    struct ledger_head head;
    struct proof *proof = ARENA_NEW(cx->arena, struct proof);
    if (proof == NULL)
        return FAIL_MEMORY(cx);
    bool found = false;
    TRY(ledger_leaf_index(cx, person_id, receipt_id, &proof->index, &found));
    if (!found)
        return FAIL(cx, UNAVAILABLE, "receipt.not_in_log_yet", "the proof of this receipt will exist within a second");
    TRY(ledger_head(cx, &head));
    TRY(inclusion(cx, proof->index, head.tree.size, &proof->hashes));
    proof->extra = (struct bytes){salt, LEDGER_SALT_BYTES};
    proof->note = head.note;
    return proof_format(cx, proof, out_file);
}

err ledger_consistency(struct ctx *cx, int64_t from_size, int64_t to_size, struct merkle_proof *out)
{
    struct ledger_head head;
    TRY(ledger_head(cx, &head));
    if (to_size > head.tree.size || from_size < 0 || from_size > to_size)
        return FAIL(cx, INVALID, "log.no_such_size", "the log has no state of that size");
    struct tile_source *tiles = ARENA_NEW(cx->arena, struct tile_source);
    if (tiles == NULL)
        return FAIL_MEMORY(cx);
    struct merkle_source source = tile_source_open(tiles, to_size);
    return merkle_consistency_proof(cx, &source, from_size, to_size, out);
}

static err check_begins_with(struct ctx *cx, const struct merkle_head *older, const struct merkle_head *now)
{
    if (older->size > now->size)
        return FAIL(cx, CORRUPT, "log.went_back", "the log had %lld entries and has %lld", (long long)older->size,
                    (long long)now->size);
    struct merkle_proof proof;
    TRY(ledger_consistency(cx, older->size, now->size, &proof));
    if (!merkle_consistency_verify(older, now, &proof))
        return FAIL(cx, CORRUPT, "log.went_back", "the first %lld entries of the log are not those it had",
                    (long long)older->size);
    return OK;
}

err ledger_check_extends(struct ctx *cx, struct text older_note)
{
    struct note_key key;
    struct checkpoint older;
    TRY(head_key(cx, &key));
    TRY(checkpoint_parse(cx, older_note, &older));
    TRY(checkpoint_verify(cx, &older, &key));
    return ledger_check_grown(cx, &older.tree);
}

err ledger_check_grown(struct ctx *cx, const struct merkle_head *older)
{
    struct ledger_head head;
    TRY(ledger_head(cx, &head));
    return check_begins_with(cx, older, &head.tree);
}
