/* SPDX-License-Identifier: Apache-2.0
 * One row, moved only forward and only from where it was seen. */
#include "ledger/head.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "ledger/checkpoint.h"
#include "store/queries.h"

err head_load(struct ctx *cx, struct ledger_head *out, bool *out_found)
{
    struct sql_log_head_load_row row;
    bool found = false;
    TRY(sql_log_head_load(cx, &row, &found));
    if (found && (row.size < 0 || row.root.size != HASH_BYTES))
        return FAIL(cx, CORRUPT, "log.head", "the stored head of the log is not one");
    if (found) {
        *out = (struct ledger_head){.tree = {.size = row.size}, .note = row.note, .at_ms = row.at_ms};
        memcpy(out->tree.root.at, row.root.at, HASH_BYTES);
    }
    *out_found = found;
    return OK;
}

err ledger_head(struct ctx *cx, struct ledger_head *out)
{
    bool found = false;
    TRY(head_load(cx, out, &found));
    if (!found)
        return FAIL(cx, NOT_FOUND, "log.not_started", "the log has no checkpoint yet");
    return OK;
}

err ledger_set_origin(struct ctx *cx, struct text origin)
{
    if (!note_name_is_valid(origin))
        return FAIL(cx, INVALID, "log.origin_form", "the name of a log has no space, no plus and at most %d bytes",
                    LIMIT_LOG_NAME_BYTES);
    const struct sql_log_origin_create_in in = {.origin = origin};
    return sql_log_origin_create(cx, &in, NULL);
}

err ledger_origin(struct ctx *cx, struct text *out)
{
    struct sql_log_origin_load_row row;
    bool found = false;
    TRY(sql_log_origin_load(cx, &row, &found));
    if (!found || !note_name_is_valid(row.origin))
        return FAIL(cx, NOT_FOUND, "log.no_origin", "this node has no name for its log yet");
    *out = row.origin;
    return OK;
}

err head_key(struct ctx *cx, struct note_key *out)
{
    struct text origin;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    TRY(ledger_origin(cx, &origin));
    keyring_log_public(cx->keyring, public_key);
    *out = note_key_make(origin, public_key);
    return OK;
}

err ledger_verifier_key(struct ctx *cx, struct text *out)
{
    struct note_key key;
    TRY(head_key(cx, &key));
    struct text text = note_key_text(cx->arena, &key);
    if (text.at == NULL)
        return FAIL_MEMORY(cx);
    *out = text;
    return OK;
}

err head_sign(struct ctx *cx, const struct merkle_head *tree, struct text *out_note)
{
    struct note_key key;
    TRY(head_key(cx, &key));
    struct text text = checkpoint_text(cx->arena, key.name, tree);
    if (text.at == NULL)
        return FAIL_MEMORY(cx);
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    TRY(keyring_log_sign(cx, cx->keyring, bytes_of_text(text), signature));
    struct text note = note_format(cx->arena, text, &key, signature);
    if (note.at == NULL)
        return FAIL_MEMORY(cx);
    *out_note = note;
    return OK;
}

static err head_create(struct ctx *cx, const struct ledger_head *first, bool *out_moved)
{
    const struct sql_log_head_create_in in = {.size = first->tree.size,
                                              .root = {first->tree.root.at, HASH_BYTES},
                                              .note = first->note,
                                              .at_ms = first->at_ms};
    struct sql_log_head_create_row row;
    return sql_log_head_create(cx, &in, &row, out_moved);
}

err head_advance(struct ctx *cx, const struct merkle_head *seen, const struct ledger_head *next, bool *out_moved)
{
    if (seen == NULL)
        return head_create(cx, next, out_moved);
    assert(next->tree.size >= seen->size);
    const struct sql_log_head_advance_in in = {.size = next->tree.size,
                                               .root = {next->tree.root.at, HASH_BYTES},
                                               .note = next->note,
                                               .at_ms = next->at_ms,
                                               .seen_size = seen->size,
                                               .seen_root = {seen->root.at, HASH_BYTES}};
    struct sql_log_head_advance_row row;
    return sql_log_head_advance(cx, &in, &row, out_moved);
}
