/* SPDX-License-Identifier: Apache-2.0
 * Step by step, each on top of what the one before has made certain. */
#include "ledger/receipt_check.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/jose.h"

const char *receipt_step_sentence(receipt_step step)
{
    static const char *const SENTENCES[] = {
#define X(name, sentence) sentence,
#include "ledger/receipt_step.def"
#undef X
    };
    return step < RECEIPT_STEP_COUNT ? SENTENCES[step] : "";
}

/* The two public keys as the payload names them. */
struct receipt_keys {
    struct text person;
    struct text organisation;
};

static err read_key(struct ctx *cx, const json_t *keys, const char *name, struct text *out)
{
    const json_t *key = json_object_get(keys, name);
    if (!json_is_object(key) || json_object_get(key, "d") != NULL)
        return FAIL(cx, INVALID, "receipt.keys", "the receipt does not name the public key of the %s", name);
    struct text jwk = json_canonical(cx->arena, key);
    if (jwk.at == NULL)
        return FAIL_MEMORY(cx);
    *out = jwk;
    return OK;
}

static err read_payload(struct ctx *cx, struct text receipt, struct bytes *out)
{
    const json_t *jws = NULL;
    TRY(json_parse(cx, receipt, &jws));
    const json_t *payload = json_object_get(jws, "payload");
    if (!json_is_string(payload) || !base64url_decode(cx->arena, json_text(payload), out))
        return FAIL(cx, MALFORMED, "receipt.form", "the file is not a receipt: it has no payload");
    return OK;
}

static err step_read(struct ctx *cx, struct text receipt, struct receipt_keys *keys, struct receipt_facts *facts)
{
    if (receipt.size > LIMIT_RECEIPT_FILE_BYTES)
        return FAIL(cx, TOO_LARGE, "receipt.size", "a receipt has at most %d bytes", LIMIT_RECEIPT_FILE_BYTES);
    struct bytes payload;
    const json_t *content = NULL;
    TRY(read_payload(cx, receipt, &payload));
    TRY(json_parse(cx, text_of_bytes(payload), &content));
    const json_t *named = json_object_get(content, "symbolon:keys");
    TRY(read_key(cx, named, "person", &keys->person));
    TRY(read_key(cx, named, "organisation", &keys->organisation));
    facts->payload = text_of_bytes(payload);
    return OK;
}

/* Of the canonical key: whatever else a JWK may hold has no say in whether two keys are one. */
static err read_thumbprint(struct ctx *cx, struct text jwk, struct text *out)
{
    struct text canonical;
    TRY(jose_key_public(cx, jwk, &canonical));
    return jose_thumbprint(cx, canonical, out);
}

static err step_signed(struct ctx *cx, struct text receipt, const struct receipt_keys *keys,
                       struct receipt_facts *facts)
{
    struct text person;
    struct text organisation;
    TRY(read_thumbprint(cx, keys->person, &person));
    TRY(read_thumbprint(cx, keys->organisation, &organisation));
    if (text_equals(person, organisation))
        return FAIL(cx, INVALID, "receipt.keys", "person and organisation have the same key: nobody else has signed");
    const struct text both[] = {keys->person, keys->organisation};
    struct bytes payload;
    TRY(jws_verify(cx, receipt, both, 2, &payload));
    facts->payload = text_of_bytes(payload);
    facts->person_key = person;
    facts->organisation_key = organisation;
    return OK;
}

static err step_in_tree(struct ctx *cx, const struct proof *proof, const uint8_t *salt, struct receipt_facts *facts)
{
    uint8_t leaf[HASH_BYTES];
    ledger_leaf(salt, bytes_of_text(facts->payload), leaf);
    TRY(proof_check_entry(cx, proof, (struct bytes){leaf, sizeof leaf}));
    memcpy(facts->leaf, leaf, sizeof leaf);
    facts->index = proof->index;
    facts->tree = proof->checkpoint.tree;
    return OK;
}

static err step_log_signed(struct ctx *cx, const struct proof *proof, struct text verifier_key,
                           struct receipt_facts *facts)
{
    struct note_key key;
    TRY(note_key_parse(cx, verifier_key, &key));
    TRY(checkpoint_verify(cx, &proof->checkpoint, &key));
    facts->origin = proof->checkpoint.origin;
    return OK;
}

static err check_steps(struct ctx *cx, const struct receipt_files *files, struct receipt_facts *facts)
{
    struct receipt_keys keys = {0};
    TRY(step_read(cx, files->receipt, &keys, facts));
    facts->passed = RECEIPT_READ + 1;
    TRY(step_signed(cx, files->receipt, &keys, facts));
    facts->passed = RECEIPT_SIGNED + 1;
    struct proof proof;
    uint8_t salt[LEDGER_SALT_BYTES];
    TRY(proof_parse(cx, files->proof, &proof));
    TRY(proof_salt(cx, &proof, salt));
    facts->passed = RECEIPT_PROOF_READ + 1;
    TRY(step_in_tree(cx, &proof, salt, facts));
    facts->passed = RECEIPT_IN_TREE + 1;
    TRY(step_log_signed(cx, &proof, files->verifier_key, facts));
    facts->passed = RECEIPT_LOG_SIGNED + 1;
    return OK;
}

err receipt_check(struct ctx *cx, const struct receipt_files *files, struct receipt_facts *out)
{
    *out = (struct receipt_facts){0};
    return check_steps(cx, files, out);
}
