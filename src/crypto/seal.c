/* SPDX-License-Identifier: Apache-2.0
 * XChaCha20-Poly1305 with the place as associated data. */
#include "crypto/seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/checked.h"

static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
static_assert(SECRET_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

/* The label names the cipher too: another cipher gets another label, so that neither opens what the other sealed. */
#define LABEL "symbolon-seal/1"
#define LABEL_BYTES (sizeof LABEL) /* its NUL parts it from the numbers */
#define PLACE_BYTES (LABEL_BYTES + 4 * 8)
#define PLACE_BYTES_MAX (PLACE_BYTES + SEAL_BESIDE_MAX * 8)

static void put_int64(int64_t number, uint8_t *out)
{
    uint64_t bits = (uint64_t)number;
    for (int i = 7; i >= 0; i--, bits >>= 8)
        out[i] = (uint8_t)(bits & 0xFF);
}

/* How many bytes there are. */
static size_t place_bytes(const struct seal_place *place, uint8_t out[PLACE_BYTES_MAX])
{
    bool alone = true;
    memcpy(out, LABEL, LABEL_BYTES);
    put_int64(place->person_id, out + LABEL_BYTES);
    put_int64(place->kind, out + LABEL_BYTES + 8);
    put_int64(place->item, out + LABEL_BYTES + 16);
    put_int64(place->version, out + LABEL_BYTES + 24);
    for (size_t i = 0; i < SEAL_BESIDE_MAX; i++) {
        put_int64(place->beside[i], out + PLACE_BYTES + 8 * i);
        alone = alone && place->beside[i] == 0;
    }
    return alone ? PLACE_BYTES : PLACE_BYTES_MAX;
}

err seal(struct ctx *cx, const struct secret_key *key, const struct seal_place *place, struct bytes plain,
         struct bytes *out_sealed)
{
    size_t size = 0;
    uint8_t *sealed = size_add(plain.size, SEAL_OVERHEAD_BYTES, &size) ? arena_take(cx->arena, size, 1) : NULL;
    if (sealed == NULL)
        return FAIL_MEMORY(cx);
    uint8_t data[PLACE_BYTES_MAX];
    size_t data_size = place_bytes(place, data);
    random_fill(cx->randomness, sealed, SEAL_NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + SEAL_NONCE_BYTES, NULL, plain.at, plain.size, data, data_size,
                                               NULL, sealed, key->at);
    *out_sealed = (struct bytes){sealed, size};
    return OK;
}

err seal_open(struct ctx *cx, const struct secret_key *key, const struct seal_place *place, struct bytes sealed,
              struct bytes *out_plain)
{
    if (sealed.size < SEAL_OVERHEAD_BYTES)
        return FAIL(cx, CORRUPT, "seal.broken", "a sealed value is too short");
    size_t size = sealed.size - SEAL_OVERHEAD_BYTES;
    uint8_t *plain = arena_take(cx->arena, size + 1, 1);
    if (plain == NULL)
        return FAIL_MEMORY(cx);
    uint8_t data[PLACE_BYTES_MAX];
    size_t data_size = place_bytes(place, data);
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed.at + SEAL_NONCE_BYTES,
                                                            sealed.size - SEAL_NONCE_BYTES, data, data_size,
                                                            sealed.at, key->at);
    if (opened != 0)
        return FAIL(cx, CORRUPT, "seal.broken", "a sealed value does not open at its place");
    *out_plain = (struct bytes){plain, size};
    return OK;
}
