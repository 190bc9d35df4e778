/* SPDX-License-Identifier: Apache-2.0
 * Signed notes and verifier keys (c2sp.org/signed-note), Ed25519 only. A note is text, an empty line and signature
 * lines. Pure: signing itself is the caller's, who holds the key. The text of a note means nothing before
 * note_verify(). */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "base/ctx.h"
#include "crypto/sign.h"

#define NOTE_KEY_ID_BYTES 4

/* A verifier key: "name+hex id+base64(0x01, key)". */
struct note_key {
    struct text name;
    uint8_t     id[NOTE_KEY_ID_BYTES];
    uint8_t     public_key[SIGN_PUBLIC_BYTES];
};

struct note_signature {
    struct text  name;
    uint8_t      key_id[NOTE_KEY_ID_BYTES];
    struct bytes signature; /* of any algorithm: its size is checked when the key is known */
};

struct note {
    struct text                  text; /* what is signed: with its last line feed */
    const struct note_signature *signatures;
    size_t                       count; /* 1 to LIMIT_LOG_SIGNATURES */
};

/* A name is not empty and holds no Unicode space, no control character and no plus. */
bool note_name_is_valid(struct text name);

/* The key of this name; borrows the name, which is valid. */
struct note_key note_key_make(struct text name, const uint8_t public_key[SIGN_PUBLIC_BYTES]);
/* `.at` is NULL when the arena is exhausted. */
struct text note_key_text(struct arena *arena, const struct note_key *key);
/* Takes any text, borrows it. Fails MALFORMED log.key_form, also when the id is not that of name and key. */
err note_key_parse(struct ctx *cx, struct text text, struct note_key *out) MUST_CHECK;

/* Takes any text, borrows it. Fails MALFORMED log.note_form, TOO_LARGE log.note_size | limit.memory. */
err note_parse(struct ctx *cx, struct text text, struct note *out) MUST_CHECK;
/* The note is signed by this key: at least one signature of its name and id, and each of them is valid; those of other
 * keys are passed over. Fails INVALID log.unsigned | log.signature. */
err note_verify(struct ctx *cx, const struct note *note, const struct note_key *key) MUST_CHECK;

/* The note of this text (which ends with a line feed) and its one signature. `.at` is NULL when the arena is
 * exhausted. */
struct text note_format(struct arena *arena, struct text text, const struct note_key *key,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES]);

/* Takes one line off the front of `rest`; false when no line feed is left. The line comes without its line feed. */
bool note_take_line(struct text *rest, struct text *out_line);

#endif
