/* SPDX-License-Identifier: Apache-2.0
 * The JSON of credentials (WebAuthn Level 3, sections 5.1.8 and 5.5) into octets. */
#include "base/limits.h"
#include "base/text.h"
#include "protocol/webauthn.h"

static err fail_form(struct ctx *cx, const char *what)
{
    return FAIL(cx, MALFORMED, "passkey.form", "the credential is not what a browser makes: %s", what);
}

/* A member in base64url; `most` octets. */
static err read_octets(struct ctx *cx, const json_t *object, const char *name, size_t most, struct bytes *out)
{
    struct text text = json_text(json_object_get(object, name));
    if (text.size == 0 || text.size > (most * 4 + 2) / 3)
        return fail_form(cx, name);
    return base64url_decode(cx->arena, text, out) ? OK : fail_form(cx, name);
}

/* The parts of every credential: `rawId` is `id` once more. */
static err read_credential(struct ctx *cx, const json_t *credential, struct bytes *out_id, const json_t **out_response)
{
    struct text id = json_text(json_object_get(credential, "id"));
    const json_t *response = json_object_get(credential, "response");
    if (!text_is(json_text(json_object_get(credential, "type")), "public-key"))
        return fail_form(cx, "type");
    TRY(read_octets(cx, credential, "id", WEBAUTHN_ID_BYTES_MAX, out_id));
    if (!text_equals(id, json_text(json_object_get(credential, "rawId"))))
        return fail_form(cx, "rawId");
    if (!json_is_object(response))
        return fail_form(cx, "response");
    *out_response = response;
    return OK;
}

static err read_transports(struct ctx *cx, const json_t *response, struct webauthn_registration *registration)
{
    const json_t *list = json_object_get(response, "transports");
    registration->transports_count = 0;
    if (list == NULL)
        return OK;
    if (!json_is_array(list) || json_array_size(list) > WEBAUTHN_TRANSPORTS_MAX)
        return fail_form(cx, "transports");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct text word = json_text(json_array_get(list, i));
        if (word.size == 0 || word.size > LIMIT_TRANSPORT_BYTES || !text_is_plain(word, false))
            return fail_form(cx, "transports");
        registration->transports[registration->transports_count++] = word;
    }
    return OK;
}

err webauthn_read_registration(struct ctx *cx, const json_t *credential, struct webauthn_registration *out)
{
    struct webauthn_registration read = {.transports_count = 0};
    const json_t *response = NULL;
    TRY(read_credential(cx, credential, &read.id, &response));
    TRY(read_octets(cx, response, "clientDataJSON", LIMIT_CBOR_BYTES, &read.client_data));
    TRY(read_octets(cx, response, "attestationObject", LIMIT_CBOR_BYTES, &read.attestation));
    TRY(read_transports(cx, response, &read));
    *out = read;
    return OK;
}

err webauthn_read_assertion(struct ctx *cx, const json_t *credential, struct webauthn_assertion *out)
{
    struct webauthn_assertion read = {.user_handle = {(const uint8_t *)"", 0}};
    const json_t *response = NULL;
    TRY(read_credential(cx, credential, &read.id, &response));
    TRY(read_octets(cx, response, "clientDataJSON", LIMIT_CBOR_BYTES, &read.client_data));
    TRY(read_octets(cx, response, "authenticatorData", LIMIT_CBOR_BYTES, &read.authenticator_data));
    TRY(read_octets(cx, response, "signature", PUBLIC_KEY_MODULUS_BYTES_MAX, &read.signature));
    const json_t *handle = json_object_get(response, "userHandle");
    if (handle != NULL && !json_is_null(handle))
        TRY(read_octets(cx, response, "userHandle", LIMIT_USER_HANDLE_BYTES, &read.user_handle));
    *out = read;
    return OK;
}
