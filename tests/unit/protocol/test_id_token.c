/* SPDX-License-Identifier: Apache-2.0
 * Goal: an ID token says what it must, in fixed octets, and is signed by the node's key. Method: header and claims
 * against texts that were written by hand from the standard; the key is RFC 7515's example. */
#include "protocol/id_token.h"

#include "base/limits.h"
#include "unit/protocol/signed.h"

#define A3_PUBLIC \
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define A3_PRIVATE \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"
/* {"alg":"ES256","kid":"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U","typ":"JWT"} */
#define HEADER \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9LSXl3dkdVcFRWVHl4TVEzYndJSWVRVXVkZnJfQ2tMTWpDRTE5RUNELVUiLCJ0eXAiOiJKV1QifQ"

static const struct id_token BY_PASSKEY = {
    .issuer = TEXT("https://node.example"), .subject = TEXT("rel_1"), .client_id = TEXT("sys_1"),
    .nonce = TEXT("n-0S6_WzA2Mj"), .issued_at_ms = SIGNED_NOW_MS + 999, .verified_at_ms = SIGNED_NOW_MS - 61000};

static void check(struct ctx *cx, const struct id_token *token, const char *claims)
{
    struct signing_key key = {SIGNING_KEY_BARE, 1, bytes_of_text(TEXT(A3_PRIVATE)), TEXT(A3_PUBLIC)};
    struct text text = TEXT_NONE;
    struct jws_compact parts;
    struct bytes payload;
    struct jwk jwk;
    const json_t *json = NULL;
    bool good = false;
    assert_int_equal(id_token_write(cx, token, &key, &text), OK);
    assert_true(jws_compact_split(text, &parts));
    assert_true(text_is(parts.header, HEADER));
    assert_true(base64url_decode(cx->arena, parts.payload, &payload));
    assert_string_equal(text_c_string(cx->arena, text_of_bytes(payload)), claims);
    assert_int_equal(json_parse(cx, TEXT(A3_PUBLIC), &json), OK);
    assert_int_equal(jwk_read(cx, json, &jwk), OK);
    assert_int_equal(jwk_verify(cx, &jwk, &parts, &good), OK);
    assert_true(good);
}

static void it_says_who_for_whom_when_and_how(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    assert_int_equal(LIMIT_ID_TOKEN_MS, 600000);
    check(cx, &BY_PASSKEY,
          "{\"acr\":\"phr\",\"amr\":[\"mfa\",\"pop\",\"user\"],\"aud\":\"sys_1\",\"auth_time\":1794999939,"
          "\"exp\":1795000600,\"iat\":1795000000,\"iss\":\"https://node.example\",\"nonce\":\"n-0S6_WzA2Mj\","
          "\"sub\":\"rel_1\"}");
    fixture_close(&fixture);
}

static void what_is_not_known_is_not_told(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct id_token token = BY_PASSKEY;
    token.nonce = TEXT_NONE;
    token.verified_at_ms = 0;
    check(cx, &token, "{\"aud\":\"sys_1\",\"exp\":1795000600,\"iat\":1795000000,\"iss\":\"https://node.example\","
                      "\"sub\":\"rel_1\"}");
    fixture_close(&fixture);
}

static void a_nonce_goes_back_as_it_came(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct id_token token = BY_PASSKEY;
    token.nonce = TEXT("a\"b\\c\xC3\xA4");
    token.verified_at_ms = 0;
    check(cx, &token, "{\"aud\":\"sys_1\",\"exp\":1795000600,\"iat\":1795000000,\"iss\":\"https://node.example\","
                      "\"nonce\":\"a\\\"b\\\\c\xC3\xA4\",\"sub\":\"rel_1\"}");
    fixture_close(&fixture);
}

static void a_text_that_is_too_long_is_no_token(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {SIGNING_KEY_BARE, 1, bytes_of_text(TEXT(A3_PRIVATE)), TEXT(A3_PUBLIC)};
    struct id_token token = BY_PASSKEY;
    struct text out;
    char *nonce = arena_take(cx->arena, LIMIT_JWT_BYTES, 1);
    memset(nonce, 'a', LIMIT_JWT_BYTES);
    token.nonce = (struct text){nonce, LIMIT_JWT_BYTES};
    assert_failed(cx, id_token_write(cx, &token, &key, &out), TOO_LARGE, "limit.reply");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_who_for_whom_when_and_how),
        cmocka_unit_test(what_is_not_known_is_not_told),
        cmocka_unit_test(a_nonce_goes_back_as_it_came),
        cmocka_unit_test(a_text_that_is_too_long_is_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
