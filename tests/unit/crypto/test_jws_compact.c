/* SPDX-License-Identifier: Apache-2.0
 * A text in three parts, signed by a key of the node: what stands in it, who can make it, and what comes of an arena
 * that ends somewhere. */
#include "base/json.h"
#include "base/text.h"
#include "crypto/jose.h"
#include "unit/crypto/fixture.h"

static void one_key_signs_in_three_parts(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {.kind = SIGNING_KEY_OF_NODE, .owner = 3};
    struct text jws, key_id;
    struct jws_compact parts;
    struct jwk jwk;
    const json_t *json = NULL;
    const json_t *header = NULL;
    bool good = false;
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    assert_int_equal(jws_sign_compact(cx, bytes_of_text(TEXT("{\"a\":1}")), TEXT("JWT"), &key, &jws), OK);
    assert_true(jws_compact_split(jws, &parts));
    assert_true(text_is(parts.payload, "eyJhIjoxfQ"));
    assert_int_equal(json_parse(cx, key.public_jwk, &json), OK);
    assert_int_equal(jwk_read(cx, json, &jwk), OK);
    assert_int_equal(jwk_verify(cx, &jwk, &parts, &good), OK);
    assert_true(good);
    struct bytes decoded;
    assert_true(base64url_decode(cx->arena, parts.header, &decoded));
    assert_int_equal(json_parse(cx, text_of_bytes(decoded), &header), OK);
    assert_int_equal(jose_thumbprint(cx, key.public_jwk, &key_id), OK);
    assert_int_equal(json_object_size(header), 3);
    assert_true(text_is(json_text(json_object_get(header, "alg")), "ES256"));
    assert_true(text_is(json_text(json_object_get(header, "typ")), "JWT"));
    assert_true(text_equals(json_text(json_object_get(header, "kid")), key_id));
    fixture_close(&fixture);
}

/* The last taking is that of the text itself. */
static void an_arena_that_ends_anywhere_gives_no_part_of_a_signature(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {.kind = SIGNING_KEY_OF_NODE, .owner = 3};
    static const char PAYLOAD[2000] = "payload";
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    size_t refused = 0;
    for (err made = TOO_LARGE; made != OK; refused++) {
        struct ctx small = *cx;
        struct text jws = TEXT_NONE;
        small.arena = arena_open(16 + 128 * refused);
        made = jws_sign_compact(&small, (struct bytes){(const uint8_t *)PAYLOAD, sizeof PAYLOAD}, TEXT("JWT"), &key,
                                &jws);
        assert_true(made == (jws.size > 0 ? OK : TOO_LARGE));
        arena_close(small.arena);
        assert_true(refused < 1000);
    }
    assert_true(refused > 30);
    fixture_close(&fixture);
}

/* Numbers and kinds are kept apart by what the holder seals them with. */
static void a_key_of_the_node_signs_under_its_number_alone(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {.kind = SIGNING_KEY_OF_NODE, .owner = 3};
    struct text jws, jwk;
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    assert_int_equal(keyring_signing_key_public(cx, &key, &jwk), OK);
    assert_true(text_equals(jwk, key.public_jwk));
    struct signing_key others[] = {key, key, key};
    others[0].owner = 4;
    others[1].kind = SIGNING_KEY_OF_ORGANISATION;
    others[2].kind = SIGNING_KEY_OF_RELATIONSHIP;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_failed(cx, jws_sign_compact(cx, bytes_of_text(TEXT("{}")), TEXT("JWT"), &others[i], &jws), CORRUPT,
                      "seal.broken");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_signs_in_three_parts),
        cmocka_unit_test(an_arena_that_ends_anywhere_gives_no_part_of_a_signature),
        cmocka_unit_test(a_key_of_the_node_signs_under_its_number_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
