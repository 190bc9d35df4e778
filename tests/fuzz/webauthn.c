/* SPDX-License-Identifier: Apache-2.0
 * What browsers and authenticators send to register a passkey or to sign in with one. The first octet chooses which
 * part the others are: the JSON of a credential, client data, authenticator data, an attestation object. Whatever it
 * is, the reader says yes or names the refusal; authenticator data that is taken is put together again from its parts.
 * Signatures and curves are a play here (the linker replaces the checks): crypto/public_key has tests of its own. */
#include "base/json.h"
#include "crypto/hash.h"
#include "fuzz/fuzz.h"
#include "protocol/webauthn.h"

bool __wrap_public_key_is_sound(const struct public_key *key);
bool __wrap_public_key_verify(const struct public_key *key, struct bytes message, struct bytes signature);

bool __wrap_public_key_is_sound(const struct public_key *key)
{
    assert(key->kind == PUBLIC_KEY_ES256 || key->kind == PUBLIC_KEY_EDDSA || key->kind == PUBLIC_KEY_RS256);
    return key->first.size > 0;
}

/* Good when its first octet is that of the message. */
bool __wrap_public_key_verify(const struct public_key *key, struct bytes message, struct bytes signature)
{
    assert(key->first.size > 0 && message.size > HASH_BYTES);
    return signature.size > 0 && signature.at[0] == message.at[0];
}

static const uint8_t CHALLENGE[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const struct webauthn_expected EXPECTED = {.origin = {"https://example.org", 19},
    .relying_party = {"example.org", 11}, .challenge = {CHALLENGE, sizeof CHALLENGE}};
static const char CREATE[] = "{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
                             "\"origin\":\"https://example.org\"}";
static const char GET[] = "{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
                          "\"origin\":\"https://example.org\"}";

static void check_reason(const struct ctx *cx, err result)
{
    static const char *const REASONS[] = {"passkey.form", "passkey.refused", "passkey.algorithm",
                                          "passkey.attestation", "passkey.not_verified"};
    bool known = result == OK;
    for (size_t i = 0; !known && i < sizeof REASONS / sizeof *REASONS; i++)
        known = strcmp(cx->failure.reason, REASONS[i]) == 0;
    assert(known);
}

static bool lies_in(struct bytes part, struct bytes whole)
{
    return part.at >= whole.at && part.size <= whole.size && part.at - whole.at <= (ptrdiff_t)(whole.size - part.size);
}

/* From its parts: the same octets, but for extensions behind them. */
static void put_together(const struct webauthn_authenticator *read, struct bytes data)
{
    const uint8_t *at = data.at + HASH_BYTES;
    assert(data.size >= 37);
    assert(read->user_present == (*at & 1) && read->user_verified == (*at >> 2 & 1));
    assert(read->backup_eligible == (*at >> 3 & 1) && read->backed_up == (*at >> 4 & 1));
    assert(read->backup_eligible || !read->backed_up);
    assert(read->counter == ((uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4]));
    size_t size = 37;
    if (read->attested) {
        assert(lies_in(read->aaguid, data) && lies_in(read->id, data) && lies_in(read->public_key, data));
        assert(read->aaguid.at == data.at + 37 && read->id.at == data.at + 55);
        assert(read->id.size >= 1 && read->id.size <= WEBAUTHN_ID_BYTES_MAX);
        assert(read->public_key.at == read->id.at + read->id.size);
        assert(lies_in(read->key.first, read->public_key));
        size = 55 + read->id.size + read->public_key.size;
    }
    assert((*at & 0x80) != 0 ? size < data.size : size == data.size);
}

static void try_authenticator(struct ctx *cx, struct bytes data)
{
    struct webauthn_authenticator read;
    struct webauthn_assertion assertion = {.client_data = {(const uint8_t *)GET, sizeof GET - 1},
                                           .authenticator_data = data, .signature = {data.at, data.size > 0}};
    bool good = false;
    err result = webauthn_check_assertion(cx, &EXPECTED, &assertion, &read);
    check_reason(cx, result);
    failure_clear(&cx->failure);
    result = webauthn_read_authenticator(cx, data, &read);
    check_reason(cx, result);
    if (result != OK)
        return;
    put_together(&read, data);
    if (read.attested)
        assert(webauthn_is_signed(cx, &assertion, read.public_key, &good) == OK && good);
}

static void try_attestation(struct ctx *cx, struct bytes data)
{
    struct webauthn_authenticator read;
    struct cbor_item map;
    struct cbor_item inside;
    size_t size = 0;
    struct webauthn_registration registration = {.client_data = {(const uint8_t *)CREATE, sizeof CREATE - 1},
                                                 .attestation = data, .id = {data.at, 0}};
    if (cbor_read(data, &map, &size) && cbor_find_text(&map, "authData", &inside) && inside.content.size > 55)
        registration.id = (struct bytes){inside.content.at + 55, inside.content.at[54]};
    if (!lies_in(registration.id, data))
        registration.id.size = 0;
    err result = webauthn_register(cx, &EXPECTED, &registration, &read);
    check_reason(cx, result);
    if (result == OK)
        assert(read.attested && read.user_present && bytes_equals(read.id, registration.id));
}

static void try_client_data(struct ctx *cx, struct bytes data)
{
    struct bytes challenge;
    err result = webauthn_challenge(cx, data, &challenge);
    check_reason(cx, result);
    failure_clear(&cx->failure);
}

static void try_credential(struct ctx *cx, struct text text)
{
    const json_t *json = NULL;
    struct webauthn_registration registration;
    struct webauthn_assertion assertion;
    if (json_parse(cx, text, &json) != OK)
        return;
    err result = webauthn_read_registration(cx, json, &registration);
    check_reason(cx, result);
    assert(result != OK || (registration.id.size <= WEBAUTHN_ID_BYTES_MAX && registration.id.size > 0));
    failure_clear(&cx->failure);
    result = webauthn_read_assertion(cx, json, &assertion);
    check_reason(cx, result);
    assert(result != OK || assertion.user_handle.size <= 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(1 << 16)};
    struct choices choices = {data, size};
    size_t which = choose(&choices, 4);
    struct bytes left = {choices.at, choices.size};
    switch (which) {
    case 0: try_authenticator(&cx, left); break;
    case 1: try_attestation(&cx, left); break;
    case 2: try_client_data(&cx, left); break;
    default: try_credential(&cx, text_of_bytes(left)); break;
    }
    return 0;
}
