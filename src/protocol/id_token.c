/* SPDX-License-Identifier: Apache-2.0
 * Claims in the order of their names, so that equal ones give equal octets. */
#include "protocol/id_token.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/jose.h"

static void write_way(struct json_writer *writer)
{
    static const char *const METHODS[] = ID_TOKEN_AMR_PASSKEY;
    json_member_text(writer, "acr", TEXT(ID_TOKEN_ACR_PASSKEY));
    json_write_key(writer, "amr");
    json_open_array(writer);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        json_write_text(writer, text_of(METHODS[i]));
    json_close_array(writer);
}

static void write_claims(const struct id_token *token, struct json_writer *writer)
{
    json_open_object(writer);
    if (token->verified_at_ms != 0)
        write_way(writer);
    json_member_text(writer, "aud", token->client_id);
    if (token->verified_at_ms != 0)
        json_member_int(writer, "auth_time", token->verified_at_ms / 1000);
    json_member_int(writer, "exp", (token->issued_at_ms + LIMIT_ID_TOKEN_MS) / 1000);
    json_member_int(writer, "iat", token->issued_at_ms / 1000);
    json_member_text(writer, "iss", token->issuer);
    if (token->nonce.size > 0)
        json_member_text(writer, "nonce", token->nonce);
    json_member_text(writer, "sub", token->subject);
    json_close_object(writer);
}

err id_token_write(struct ctx *cx, const struct id_token *token, const struct signing_key *key, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, LIMIT_JWT_BYTES);
    struct text claims;
    write_claims(token, &writer);
    TRY(json_writer_finish(cx, &writer, &claims));
    return jws_sign_compact(cx, bytes_of_text(claims), TEXT("JWT"), key, out);
}
