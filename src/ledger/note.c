/* SPDX-License-Identifier: Apache-2.0
 * Signed notes, read strictly: base64 is canonical, so each note has one spelling. */
#include "ledger/note.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"

#define ED25519_TYPE 0x01
#define DASH "\xE2\x80\x94 " /* em dash and space open a signature line */

static bool take_until(struct text *rest, char separator, struct text *out)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, separator, rest->size);
    if (end == NULL)
        return false;
    size_t size = (size_t)(end - rest->at);
    *out = (struct text){rest->at, size};
    *rest = (struct text){rest->at + size + 1, rest->size - size - 1};
    return true;
}

bool note_take_line(struct text *rest, struct text *out_line)
{
    return take_until(rest, '\n', out_line);
}

/* White_Space of Unicode and control characters beyond ASCII. In UTF-8, which the caller has checked, a first octet has
 * the others behind it. */
static bool starts_with_gap(struct text text)
{
    static const char *const SPACES[] = {
        "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
    for (size_t i = 0; i < sizeof SPACES / sizeof *SPACES; i++)
        if (text_starts_with(text, SPACES[i]))
            return true;
    if (text_starts_with(text, "\xC2"))
        return (uint8_t)text.at[1] < 0xA0; /* U+0080 to U+009F */
    return text_starts_with(text, "\xE2\x80") && (uint8_t)text.at[2] <= 0x8A; /* U+2000 to U+200A stand in one row */
}

bool note_name_is_valid(struct text name)
{
    if (name.size == 0 || name.size > LIMIT_LOG_NAME_BYTES || !text_is_utf8(name))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = (uint8_t)name.at[i];
        if (c <= ' ' || c == '+' || c == 0x7F || starts_with_gap((struct text){name.at + i, name.size - i}))
            return false;
    }
    return true;
}

struct note_key note_key_make(struct text name, const uint8_t public_key[SIGN_PUBLIC_BYTES])
{
    struct note_key key = {.name = name};
    memcpy(key.public_key, public_key, SIGN_PUBLIC_BYTES);
    static const uint8_t SEPARATOR[] = {'\n', ED25519_TYPE};
    uint8_t digest[HASH_BYTES];
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, bytes_of_text(name));
    sha256_add(&hash, (struct bytes){SEPARATOR, sizeof SEPARATOR});
    sha256_add(&hash, (struct bytes){public_key, SIGN_PUBLIC_BYTES});
    sha256_finish(&hash, digest);
    memcpy(key.id, digest, NOTE_KEY_ID_BYTES);
    return key;
}

struct text note_key_text(struct arena *arena, const struct note_key *key)
{
    uint8_t typed[1 + SIGN_PUBLIC_BYTES] = {ED25519_TYPE};
    memcpy(typed + 1, key->public_key, SIGN_PUBLIC_BYTES);
    struct text id = hex_encode(arena, (struct bytes){key->id, NOTE_KEY_ID_BYTES});
    struct text encoded = base64_encode(arena, (struct bytes){typed, sizeof typed});
    if (id.at == NULL || encoded.at == NULL)
        return (struct text){NULL, 0};
    return text_format(arena, "%.*s+%.*s+%.*s", TEXT_ARGS(key->name), TEXT_ARGS(id), TEXT_ARGS(encoded));
}

err note_key_parse(struct ctx *cx, struct text text, struct note_key *out)
{
    struct text name;
    struct text id_hex;
    struct bytes id;
    struct bytes typed;
    if (text.size > 2 * LIMIT_LOG_NAME_BYTES || !take_until(&text, '+', &name) || !take_until(&text, '+', &id_hex) ||
        !note_name_is_valid(name) || !hex_decode(cx->arena, id_hex, &id) || !base64_decode(cx->arena, text, &typed))
        return arena_is_exhausted(cx->arena)
                   ? FAIL_MEMORY(cx)
                   : FAIL(cx, MALFORMED, "log.key_form", "a verifier key has the form name+id+key");
    if (typed.size != 1 + SIGN_PUBLIC_BYTES || typed.at[0] != ED25519_TYPE)
        return FAIL(cx, MALFORMED, "log.key_form", "the verifier key is not of the Ed25519 kind");
    struct note_key key = note_key_make(name, typed.at + 1);
    if (!bytes_equals(id, (struct bytes){key.id, NOTE_KEY_ID_BYTES}))
        return FAIL(cx, MALFORMED, "log.key_form", "the id in the verifier key is not that of its name and key");
    *out = key;
    return OK;
}

static bool is_note_text(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((uint8_t)text.at[i] < ' ' && text.at[i] != '\n')
            return false;
    return text_is_utf8(text);
}

/* Where the signature lines begin: behind the last empty line. 0: there is none. */
static size_t signatures_start(struct text text)
{
    for (size_t i = text.size; i >= 2; i--)
        if (text.at[i - 1] == '\n' && text.at[i - 2] == '\n')
            return i;
    return 0;
}

static bool parse_signature(struct ctx *cx, struct text line, struct note_signature *out)
{
    if (!text_starts_with(line, DASH))
        return false;
    line = (struct text){line.at + sizeof DASH - 1, line.size - (sizeof DASH - 1)};
    struct text name;
    struct bytes blob;
    if (!take_until(&line, ' ', &name) || !note_name_is_valid(name) || !base64_decode(cx->arena, line, &blob) ||
        blob.size <= NOTE_KEY_ID_BYTES)
        return false;
    *out = (struct note_signature){.name = name,
                                   .signature = {blob.at + NOTE_KEY_ID_BYTES, blob.size - NOTE_KEY_ID_BYTES}};
    memcpy(out->key_id, blob.at, NOTE_KEY_ID_BYTES);
    return true;
}

static err parse_signatures(struct ctx *cx, struct text lines, struct note *out)
{
    struct note_signature *signatures = ARENA_ARRAY(cx->arena, struct note_signature, LIMIT_LOG_SIGNATURES);
    if (signatures == NULL)
        return FAIL_MEMORY(cx);
    size_t count = 0;
    struct text line;
    while (note_take_line(&lines, &line)) {
        if (count == LIMIT_LOG_SIGNATURES)
            return FAIL(cx, TOO_LARGE, "log.note_size", "the note has more than %d signatures", LIMIT_LOG_SIGNATURES);
        if (!parse_signature(cx, line, &signatures[count]))
            return arena_is_exhausted(cx->arena)
                       ? FAIL_MEMORY(cx)
                       : FAIL(cx, MALFORMED, "log.note_form", "line %zu of the signatures is none", count + 1);
        count++;
    }
    if (count == 0 || lines.size > 0)
        return FAIL(cx, MALFORMED, "log.note_form", "a note ends with signature lines");
    out->signatures = signatures;
    out->count = count;
    return OK;
}

err note_parse(struct ctx *cx, struct text text, struct note *out)
{
    if (text.size > LIMIT_CHECKPOINT_BYTES)
        return FAIL(cx, TOO_LARGE, "log.note_size", "a note has at most %d bytes", LIMIT_CHECKPOINT_BYTES);
    if (!is_note_text(text))
        return FAIL(cx, MALFORMED, "log.note_form", "the note holds octets that no note may hold");
    size_t start = signatures_start(text);
    if (start < 3) /* one character and its line feed, at least, before the empty line */
        return FAIL(cx, MALFORMED, "log.note_form", "a note is text, an empty line and signatures");
    struct note note = {.text = {text.at, start - 1}};
    TRY(parse_signatures(cx, (struct text){text.at + start, text.size - start}, &note));
    *out = note;
    return OK;
}

static bool is_of_key(const struct note_signature *signature, const struct note_key *key)
{
    return text_equals(signature->name, key->name) && memcmp(signature->key_id, key->id, NOTE_KEY_ID_BYTES) == 0;
}

err note_verify(struct ctx *cx, const struct note *note, const struct note_key *key)
{
    size_t valid = 0;
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (!is_of_key(signature, key))
            continue;
        if (signature->signature.size != SIGN_SIGNATURE_BYTES ||
            !sign_verify(key->public_key, bytes_of_text(note->text), signature->signature.at))
            return FAIL(cx, INVALID, "log.signature", "the signature of the log is not valid");
        valid++;
    }
    if (valid == 0)
        return FAIL(cx, INVALID, "log.unsigned", "the note is not signed by the given verifier key");
    return OK;
}

struct text note_format(struct arena *arena, struct text text, const struct note_key *key,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    uint8_t blob[NOTE_KEY_ID_BYTES + SIGN_SIGNATURE_BYTES];
    memcpy(blob, key->id, NOTE_KEY_ID_BYTES);
    memcpy(blob + NOTE_KEY_ID_BYTES, signature, SIGN_SIGNATURE_BYTES);
    struct text encoded = base64_encode(arena, (struct bytes){blob, sizeof blob});
    if (encoded.at == NULL)
        return (struct text){NULL, 0};
    struct builder note = builder_open(arena, LIMIT_CHECKPOINT_BYTES);
    build_text(&note, text);
    build_literal(&note, "\n" DASH);
    build_text(&note, key->name);
    build_byte(&note, ' ');
    build_text(&note, encoded);
    build_byte(&note, '\n');
    return note.overflowed ? (struct text){NULL, 0} : builder_text(&note);
}
