/* SPDX-License-Identifier: Apache-2.0
 * From choices to a tree, a checkpoint and a proof file, line by line. */
#include "fuzz/made_log.h"

#include "base/limits.h"
#include "base/text.h"

/* ---- signatures of the play */

void play_sign(struct bytes key, struct bytes message, uint8_t out[SIGN_SIGNATURE_BYTES])
{
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, key);
    sha256_add(&hash, message);
    sha256_finish(&hash, out);
    memcpy(out + HASH_BYTES, out, HASH_BYTES);
}

bool __wrap_sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct bytes message,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    uint8_t right[SIGN_SIGNATURE_BYTES];
    play_sign((struct bytes){public_key, SIGN_PUBLIC_BYTES}, message, right);
    return memcmp(right, signature, sizeof right) == 0;
}

/* ---- the tree */

/* Told another way than crypto/merkle.c does it: by the definition of RFC 6962 section 2.1, from the root down. The
 * siblings come out deepest first, each of them made up. */
static void made_root(struct made_log *log, int64_t index, int64_t size, struct merkle_hash *out)
{
    if (size == 1)
        return; /* `out` holds the leaf */
    int64_t left = 1;
    while (left <= (size - 1) / 2)
        left *= 2;
    bool is_left = index < left;
    made_root(log, is_left ? index : index - left, is_left ? left : size - left, out);
    struct merkle_hash *sibling = &log->hashes.at[log->hashes.count++];
    for (size_t i = 0; i < HASH_BYTES; i++)
        sibling->at[i] = (uint8_t)(log->hashes.count * 7 + i);
    merkle_node(is_left ? out : sibling, is_left ? sibling : out, out);
}

static void made_tree(struct made_log *log, struct choices *choices, struct bytes payload)
{
    uint64_t number = (uint64_t)choose_number(choices);
    uint64_t place = (uint64_t)choose_number(choices);
    log->size = (int64_t)(number >> (choose(choices, 32) == 31 ? 1 : 59)); /* seldom a huge one: it costs hashes */
    log->size += log->size == 0;
    log->index = (int64_t)(place % (uint64_t)log->size);
    for (size_t i = 0; i < sizeof log->salt; i++)
        log->salt[i] = (uint8_t)(number >> i % 8);
    uint8_t entry[HASH_BYTES];
    ledger_leaf(log->salt, payload, entry);
    merkle_leaf((struct bytes){entry, sizeof entry}, &log->root);
    made_root(log, log->index, log->size, &log->root);
}

/* ---- the checkpoint */

static void build_signature(struct builder *note, struct text name, const uint8_t *id, struct bytes signature)
{
    struct builder blob = builder_open(note->arena, LIMIT_CHECKPOINT_BYTES);
    build_bytes(&blob, (struct bytes){id, NOTE_KEY_ID_BYTES});
    build_bytes(&blob, signature);
    build_format(note, "\u2014 %.*s %.*s\n", TEXT_ARGS(name),
                 TEXT_ARGS(base64_encode(note->arena, builder_bytes(&blob))));
}

static void build_signatures(struct made_log *log, struct builder *note, struct text signed_text)
{
    const bool *edit = log->edit;
    uint8_t signature[SIGN_SIGNATURE_BYTES + 1] = {0};
    uint8_t other[SIGN_SIGNATURE_BYTES] = {1, 2, 3};
    play_sign((struct bytes){log->key.public_key, SIGN_PUBLIC_BYTES}, bytes_of_text(signed_text), signature);
    memcpy(other + 3, signature, sizeof other - 3);
    signature[17] ^= edit[EDIT_SIGNATURE_BIT] ? 0x20 : 0;
    struct bytes right = {signature, sizeof signature - !edit[EDIT_SIGNATURE_LONG]};
    struct text name = edit[EDIT_SIGNED_BY_OTHER] ? TEXT(MADE_NAME "x") : log->key.name;
    if (edit[EDIT_COSIGNED])
        build_signature(note, TEXT("witness.example"), log->key.id, (struct bytes){other, sizeof other});
    build_signature(note, name, log->key.id, right);
    if (edit[EDIT_SIGNED_TWICE])
        build_signature(note, name, log->key.id, right);
    if (edit[EDIT_ONE_OF_TWO_BAD])
        build_signature(note, log->key.name, log->key.id, (struct bytes){other, sizeof other});
    if (edit[EDIT_LINE_BEHIND])
        build_literal(note, "and more");
}

static void made_note(struct made_log *log)
{
    struct arena *arena = log->cx->arena;
    const bool *edit = log->edit;
    struct builder text = builder_open(arena, LIMIT_CHECKPOINT_BYTES);
    struct merkle_hash root = log->root;
    root.at[3] ^= edit[EDIT_ROOT_BIT] ? 1 : 0;
    uint8_t longer[HASH_BYTES + 1] = {0};
    memcpy(longer, root.at, HASH_BYTES);
    size_t root_bytes = edit[EDIT_ROOT_LONG] ? HASH_BYTES + 1 : HASH_BYTES;
    build_format(&text, MADE_NAME "\n%s%lld\n%.*s\n", edit[EDIT_SIZE_ZEROS] ? "0" : "", (long long)log->size,
                 TEXT_ARGS(base64_encode(arena, (struct bytes){longer, root_bytes})));
    if (edit[EDIT_EXTENDED])
        build_literal(&text, "and a line that says more\n");
    struct text signed_text = builder_text(&text);
    struct builder note = builder_open(arena, LIMIT_CHECKPOINT_BYTES);
    build_text(&note, signed_text);
    if (edit[EDIT_LINE_UNSIGNED])
        build_literal(&note, "and one that nobody has signed\n");
    build_byte(&note, '\n');
    if (!edit[EDIT_NO_SIGNATURE])
        build_signatures(log, &note, signed_text);
    log->note = builder_text(&note);
}

/* ---- the file */

static void build_hashes(struct made_log *log, struct builder *file)
{
    struct merkle_proof hashes = log->hashes;
    const bool *edit = log->edit;
    if (edit[EDIT_HASH_BIT])
        hashes.at[hashes.count / 2].at[31] ^= 0x80;
    hashes.count -= edit[EDIT_HASH_LESS];
    hashes.count += edit[EDIT_HASH_MORE];
    for (size_t i = 0; i < hashes.count; i++) {
        struct bytes hash = {hashes.at[i].at, edit[EDIT_HASH_SHORT] && i == 0 ? HASH_BYTES - 1 : HASH_BYTES};
        build_format(file, "%.*s\n", TEXT_ARGS(base64_encode(file->arena, hash)));
    }
}

static void made_file(struct made_log *log)
{
    struct arena *arena = log->cx->arena;
    const bool *edit = log->edit;
    struct builder file = builder_open(arena, LIMIT_PROOF_FILE_BYTES);
    uint8_t salt[LEDGER_SALT_BYTES];
    memcpy(salt, log->salt, sizeof salt);
    salt[0] ^= edit[EDIT_SALT_OTHER] ? 4 : 0;
    build_literal(&file, edit[EDIT_FIRST_LINE] ? "c2sp.org/tlog-proof@v2\n" : "c2sp.org/tlog-proof@v1\n");
    if (!edit[EDIT_NO_SALT])
        build_format(&file, "extra %.*s%s%s\n",
                     TEXT_ARGS(base64_encode(arena, (struct bytes){salt, sizeof salt - edit[EDIT_SALT_SHORT]})),
                     edit[EDIT_SALT_PADDED] ? "=" : "", edit[EDIT_CARRIAGE] ? "\r" : "");
    build_format(&file, "index %s%s%lld\n", edit[EDIT_INDEX_MINUS] ? "-" : "", edit[EDIT_INDEX_ZEROS] ? "0" : "",
                 (long long)(log->index + edit[EDIT_INDEX_OTHER]));
    build_hashes(log, &file);
    if (!edit[EDIT_NO_EMPTY_LINE])
        build_byte(&file, '\n');
    build_text(&file, log->note);
    log->file = builder_text(&file);
}

static void made_key(struct made_log *log)
{
    static const uint8_t PUBLIC[SIGN_PUBLIC_BYTES] = {9, 8, 7};
    uint8_t other[SIGN_PUBLIC_BYTES] = {9, 8, 7, 1};
    log->key = note_key_make(TEXT(MADE_NAME), PUBLIC);
    struct note_key shown = log->edit[EDIT_KEY_OTHER] ? note_key_make(TEXT(MADE_NAME), other) : log->key;
    shown.id[0] ^= log->edit[EDIT_KEY_FORM] ? 1 : 0;
    log->verifier_key = note_key_text(log->cx->arena, &shown);
}

/* An edit that has nothing to change is none. */
static bool edit_applies(const struct made_log *log, proof_edit edit)
{
    bool needs_hash = edit == EDIT_HASH_SHORT || edit == EDIT_HASH_BIT || edit == EDIT_HASH_LESS;
    bool is_undone = (edit == EDIT_HASH_MORE && log->edit[EDIT_HASH_LESS]) ||
                     (edit == EDIT_HASH_LESS && log->edit[EDIT_HASH_MORE]);
    bool needs_room = edit == EDIT_HASH_MORE || edit == EDIT_INDEX_OTHER;
    bool needs_salt = edit == EDIT_SALT_SHORT || edit == EDIT_SALT_PADDED || edit == EDIT_CARRIAGE ||
                      edit == EDIT_SALT_OTHER;
    return !is_undone && !(needs_hash && log->hashes.count < 2) && !(needs_salt && log->edit[EDIT_NO_SALT]) &&
           !(needs_room && log->hashes.count >= LIMIT_PROOF_HASHES);
}

void made_log(struct made_log *log, struct choices *choices, struct bytes payload, size_t edits)
{
    static const proof_fate FATES[] = {
#define X(name, fate) fate,
        PROOF_EDITS(X)
#undef X
    };
    log->fate = PROOF_GOOD;
    made_tree(log, choices, payload);
    for (size_t count = edits == 0 ? 0 : choose(choices, edits + 1); count > 0; count--) {
        proof_edit edit = (proof_edit)choose(choices, PROOF_EDIT_COUNT);
        if (!edit_applies(log, edit))
            continue;
        log->edit[edit] = true;
        log->fate = FATES[edit] < log->fate ? FATES[edit] : log->fate;
    }
    made_key(log);
    made_note(log);
    made_file(log);
}
