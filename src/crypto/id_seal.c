/* SPDX-License-Identifier: Apache-2.0
 * One AES block each way. An OpenSSL cipher context serves one thread at a time, so a sealer holds a few lanes and
 * takes the first that is free; setting up a key schedule per id would cost more than the rest together. */
#include "crypto/id_seal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/libraries.h"

#define LANES 8
#define BLOCK_BYTES 16
#define BLOCK_TEXT_SIZE 26 /* base32_encoded_size(BLOCK_BYTES) */
#define PREFIX_SIZE (ID_TEXT_SIZE - BLOCK_TEXT_SIZE) /* "per_" */

struct lane {
    pthread_mutex_t mutex;
    EVP_CIPHER_CTX *encrypt;
    EVP_CIPHER_CTX *decrypt;
};

struct id_sealer {
    struct lane lanes[LANES];
};

static EVP_CIPHER_CTX *context_open(const struct secret_key *key, int encrypt)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context != NULL &&
        EVP_CipherInit_ex2(context, crypto_libraries()->aes_256_ecb, key->at, NULL, encrypt, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(context, 0) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

struct id_sealer *id_sealer_open(const struct secret_key *key)
{
    struct id_sealer *sealer = calloc(1, sizeof *sealer);
    if (sealer == NULL)
        return NULL;
    bool complete = true;
    for (struct lane *lane = sealer->lanes; lane < sealer->lanes + LANES; lane++) {
        lane->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        lane->encrypt = context_open(key, 1);
        lane->decrypt = context_open(key, 0);
        complete = complete && lane->encrypt != NULL && lane->decrypt != NULL;
    }
    if (complete)
        return sealer;
    id_sealer_close(sealer);
    return NULL;
}

void id_sealer_close(struct id_sealer *sealer)
{
    if (sealer == NULL)
        return;
    for (struct lane *lane = sealer->lanes; lane < sealer->lanes + LANES; lane++) {
        EVP_CIPHER_CTX_free(lane->encrypt); /* wipes the key schedule */
        EVP_CIPHER_CTX_free(lane->decrypt);
        pthread_mutex_destroy(&lane->mutex);
    }
    free(sealer);
}

static struct lane *lane_lock(struct id_sealer *sealer)
{
    for (struct lane *lane = sealer->lanes; lane < sealer->lanes + LANES; lane++)
        if (pthread_mutex_trylock(&lane->mutex) == 0)
            return lane;
    pthread_mutex_lock(&sealer->lanes[0].mutex);
    return &sealer->lanes[0];
}

static void crypt_block(struct id_sealer *sealer, bool encrypt, const uint8_t in[BLOCK_BYTES], uint8_t out[BLOCK_BYTES])
{
    struct lane *lane = lane_lock(sealer);
    int size = 0;
    int done = EVP_CipherUpdate(encrypt ? lane->encrypt : lane->decrypt, out, &size, in, BLOCK_BYTES);
    pthread_mutex_unlock(&lane->mutex);
    assert(done == 1 && size == BLOCK_BYTES); /* whole blocks without padding leave nothing behind and cannot fail */
}

struct text id_text(struct ctx *cx, struct id id)
{
    uint8_t block[BLOCK_BYTES];
    uint8_t sealed[BLOCK_BYTES];
    char *text = arena_take(cx->arena, ID_TEXT_SIZE + 1, 1);
    if (text == NULL)
        return (struct text){NULL, 0};
    id_pack(id, block);
    crypt_block(keyring_id_sealer(cx->keyring), true, block, sealed);
    const char *prefix = id_prefix(id.type);
    assert(strlen(prefix) == PREFIX_SIZE - 1);
    memcpy(text, prefix, PREFIX_SIZE - 1);
    text[PREFIX_SIZE - 1] = '_';
    base32_encode((struct bytes){sealed, sizeof sealed}, text + PREFIX_SIZE);
    return (struct text){text, ID_TEXT_SIZE};
}

/* The decoder of base 32 is kind to people, an id has one spelling: what was read is written again and compared. */
static bool read_block(struct text text, id_type wanted, uint8_t out[BLOCK_BYTES])
{
    if (text.size != ID_TEXT_SIZE || text.at[PREFIX_SIZE - 1] != '_' ||
        !text_is((struct text){text.at, PREFIX_SIZE - 1}, id_prefix(wanted)))
        return false;
    struct text digits = {text.at + PREFIX_SIZE, BLOCK_TEXT_SIZE};
    char again[BLOCK_TEXT_SIZE];
    if (!base32_decode(digits, out, BLOCK_BYTES))
        return false;
    base32_encode((struct bytes){out, BLOCK_BYTES}, again);
    return text_equals(digits, (struct text){again, sizeof again});
}

err id_open(struct ctx *cx, struct text text, id_type wanted, struct id *out)
{
    uint8_t sealed[BLOCK_BYTES];
    uint8_t block[BLOCK_BYTES];
    if (read_block(text, wanted, sealed)) {
        crypt_block(keyring_id_sealer(cx->keyring), false, sealed, block);
        if (id_unpack(block, wanted, out))
            return OK;
    }
    return FAIL(cx, NOT_FOUND, "not_found", "no such thing, or not visible to the caller");
}
