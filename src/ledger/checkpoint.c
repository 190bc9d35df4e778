/* SPDX-License-Identifier: Apache-2.0
 * Checkpoint text, written and read strictly. */
#include "ledger/checkpoint.h"

#include <string.h>

#include "base/text.h"

struct text checkpoint_text(struct arena *arena, struct text origin, const struct merkle_head *tree)
{
    struct text root = base64_encode(arena, (struct bytes){tree->root.at, HASH_BYTES});
    if (root.at == NULL)
        return root;
    return text_format(arena, "%.*s\n%lld\n%.*s\n", TEXT_ARGS(origin), (long long)tree->size, TEXT_ARGS(root));
}

/* Whatever stands behind the root is signed and of no meaning here, but an empty line would end the text early. */
static bool has_empty_line(struct text rest)
{
    struct text line;
    while (note_take_line(&rest, &line))
        if (line.size == 0)
            return true;
    return false;
}

static bool parse_text(struct ctx *cx, struct text rest, struct checkpoint *out)
{
    struct text size;
    struct text root_text;
    struct bytes root;
    if (!note_take_line(&rest, &out->origin) || !note_take_line(&rest, &size) || !note_take_line(&rest, &root_text))
        return false;
    if (out->origin.size == 0 || !text_to_int64(size, &out->tree.size) || has_empty_line(rest))
        return false;
    if (!base64_decode(cx->arena, root_text, &root) || root.size != HASH_BYTES)
        return false;
    memcpy(out->tree.root.at, root.at, HASH_BYTES);
    return true;
}

err checkpoint_parse(struct ctx *cx, struct text note, struct checkpoint *out)
{
    struct checkpoint checkpoint = {0};
    TRY(note_parse(cx, note, &checkpoint.note));
    if (!parse_text(cx, checkpoint.note.text, &checkpoint))
        return arena_is_exhausted(cx->arena)
                   ? FAIL_MEMORY(cx)
                   : FAIL(cx, MALFORMED, "log.checkpoint_form", "a checkpoint has the lines name, size and root");
    *out = checkpoint;
    return OK;
}

err checkpoint_verify(struct ctx *cx, const struct checkpoint *checkpoint, const struct note_key *key)
{
    if (!text_equals(checkpoint->origin, key->name))
        return FAIL(cx, INVALID, "log.other_log", "the checkpoint is of another log than the verifier key");
    return note_verify(cx, &checkpoint->note, key);
}
