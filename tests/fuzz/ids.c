/* SPDX-License-Identifier: Apache-2.0
 * What the outside hands in as proof of who or what is meant: ids, tokens, claim codes. Any octets: the readers say yes
 * or no and no more; what they take is written back the same; what is made from the octets is taken. The first octet
 * chooses the kind of id. */
#include "crypto/id_seal.h"
#include "crypto/token.h"
#include "fuzz/fuzz_keyring.h"

static const id_type TYPES[] = {
#define X(name, number, prefix) ID_##name,
#include "base/id.def"
#undef X
};
#define TYPE_COUNT (sizeof TYPES / sizeof *TYPES)

static void try_id(struct ctx *cx, struct text text, id_type type)
{
    struct id id;
    err got = id_open(cx, text, type, &id);
    assert(got == OK || got == NOT_FOUND);
    assert(got != OK || text_equals(id_text(cx, id), text)); /* one text for each id */
    failure_clear(&cx->failure);
}

static int64_t take_number(const uint8_t *at)
{
    int64_t number = 0;
    for (int i = 0; i < 7; i++)
        number = number << 8 | at[i];
    return number;
}

static void try_made_id(struct ctx *cx, struct text octets, id_type type)
{
    if (octets.size < 16)
        return;
    const uint8_t *at = (const uint8_t *)octets.at;
    struct id id = {type, take_number(at), take_number(at + 7)};
    struct id back = {ID_NONE, -1, -1};
    struct text text = id_text(cx, id);
    assert(id_open(cx, text, type, &back) == OK && back.owner == id.owner && back.item == id.item);
    char changed[ID_TEXT_SIZE];
    memcpy(changed, text.at, sizeof changed);
    changed[at[14] % sizeof changed] = (char)at[15];
    try_id(cx, (struct text){changed, sizeof changed}, type);
}

static void try_token(struct ctx *cx, struct text text)
{
    struct token made, parsed;
    if (token_parse(text, "sk", &parsed))
        assert(text.size == 63 && memcmp(parsed.public_id, text.at + 3, TOKEN_PUBLIC_ID_SIZE) == 0);
    assert(token_make(cx, "sk", &made) == OK && token_parse(made.text, "sk", &parsed));
    assert(token_matches(&parsed, made.hash));
}

static void try_claim_code(struct ctx *cx, struct text text)
{
    struct claim_code made, parsed;
    if (claim_code_parse(text, &parsed))
        assert(text.size >= 16);
    assert(claim_code_make(cx, &made) == OK && claim_code_parse(made.text, &parsed));
    assert(memcmp(parsed.hash, made.hash, HASH_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keyring;
    if (keyring == NULL)
        keyring = fuzz_keyring();
    struct seeded seeded = {size};
    for (size_t i = 0; i < size; i++)
        seeded.state = seeded.state * 31 + data[i];
    struct randomness randomness = randomness_seeded(&seeded);
    struct ctx cx = {.arena = fuzz_arena(1 << 16), .randomness = &randomness, .keyring = keyring};
    struct text text = {(const char *)data + (size > 0), size > 0 ? size - 1 : 0};
    id_type type = TYPES[size > 0 ? data[0] % TYPE_COUNT : 0];
    try_id(&cx, text, type);
    try_made_id(&cx, text, type);
    try_token(&cx, text);
    try_claim_code(&cx, text);
    return 0;
}
