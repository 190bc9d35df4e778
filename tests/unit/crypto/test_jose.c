/* SPDX-License-Identifier: Apache-2.0
 * JOSE: the published examples, our own signatures, and all that is not exactly one valid signature of each key. */
#include "crypto/jose.h"

#include "base/json.h"
#include "crypto/es256.h"
#include "unit/crypto/fixture.h"

/* RFC 7515 appendix A.3. */
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define A3_THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
#define A3_PUBLIC "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}"
#define A3_PRIVATE "{\"kty\":\"EC\", \"crv\":\"P-256\", \"x\":\"" A3_X "\", \"y\":\"" A3_Y "\", \"d\":\"" A3_D "\"}"
#define A3_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define A3_PAYLOAD \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A3_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define ONE_SIGNATURE(header, payload, signature) \
    "{\"payload\":\"" payload "\",\"signatures\":[{\"protected\":\"" header "\",\"signature\":\"" signature "\"}]}"
#define A3_JWS ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD, A3_SIGNATURE)

struct two_keys {
    struct text private_jwks[2];
    struct text public_jwks[2];
};

static struct two_keys make_keys(struct ctx *cx)
{
    struct two_keys keys;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(jose_key_make(cx, &keys.private_jwks[i]), OK);
        assert_int_equal(jose_key_public(cx, keys.private_jwks[i], &keys.public_jwks[i]), OK);
    }
    return keys;
}

/* The holder of the keys signs also with one that is shown to it. */
static err sign_with(struct ctx *cx, struct bytes payload, struct text typ, const struct two_keys *keys,
                     struct text *out)
{
    struct signing_key pair[2];
    for (size_t i = 0; i < 2; i++)
        pair[i] = (struct signing_key){SIGNING_KEY_BARE, 1, bytes_of_text(keys->private_jwks[i]), keys->public_jwks[i]};
    return jws_sign_two(cx, payload, typ, pair, out);
}

static struct text sign_something(struct ctx *cx, const struct two_keys *keys)
{
    struct text jws;
    assert_int_equal(sign_with(cx, bytes_of_text(TEXT("{\"a\":1}")), TEXT("receipt"), keys, &jws), OK);
    return jws;
}

static void assert_refused(struct ctx *cx, struct text jws, const struct text *keys, size_t count)
{
    struct bytes payload = {NULL, 0};
    err got = jws_verify(cx, jws, keys, count, &payload);
    assert_true(got == MALFORMED || got == INVALID || got == TOO_LARGE);
    assert_null(payload.at);
    failure_clear(&cx->failure);
}

/* ---- keys */

static void a_made_key_is_canonical_and_fresh(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    const json_t *key = NULL;
    assert_int_equal(json_parse(cx, keys.private_jwks[0], &key), OK);
    assert_int_equal(json_object_size(key), 5);
    assert_true(text_equals(json_canonical(cx->arena, key), keys.private_jwks[0]));
    assert_int_equal(json_text(json_object_get(key, "d")).size, 43);
    assert_int_equal(json_parse(cx, keys.public_jwks[0], &key), OK);
    assert_int_equal(json_object_size(key), 4);
    assert_null(json_object_get(key, "d"));
    assert_true(text_equals(json_canonical(cx->arena, key), keys.public_jwks[0]));
    assert_false(text_equals(keys.public_jwks[0], keys.public_jwks[1]));
    fixture_close(&fixture);
}

static void the_public_half_is_only_public(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text public_jwk, again;
    assert_int_equal(jose_key_public(cx, TEXT(A3_PRIVATE), &public_jwk), OK);
    assert_true(text_is(public_jwk, A3_PUBLIC));
    assert_int_equal(jose_key_public(cx, public_jwk, &again), OK);
    assert_true(text_equals(public_jwk, again));
    fixture_close(&fixture);
}

static void keys_of_other_kinds_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const char *const REFUSED[] = {
        "1",
        "[]",
        "{}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "=\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":1}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\",\"alg\":\"ES384\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\",\"d\":\"AA\"}",
        "{\"kty\":\"oct\",\"k\":\"AA\"}",
    };
    struct text out;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_failed(cx, jose_key_public(cx, text_of(REFUSED[i]), &out), INVALID, "jose.key");
    assert_failed(cx, jose_key_public(cx, TEXT("{"), &out), MALFORMED, "json.syntax");
    assert_failed(cx, jose_thumbprint(cx, TEXT("{\"kty\":\"oct\",\"k\":\"AA\"}"), &out), INVALID, "jose.key");
    assert_failed(cx, jose_thumbprint(cx, TEXT("{\"kty\":\"RSA\",\"n\":\"AA\"}"), &out), INVALID, "jose.key");
    assert_failed(cx, jose_thumbprint(cx, TEXT("{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":3}"), &out), INVALID, "jose.key");
    assert_failed(cx, jose_thumbprint(cx, TEXT("nothing"), &out), MALFORMED, "json.syntax");
    fixture_close(&fixture);
}

/* RFC 7638 section 3.1; RFC 8037 appendix A.3 for the key of Ed25519. */
static void thumbprints_are_the_published_ones(void **state)
{
    (void)state;
    static const char RSA[] =
        "{\"kty\": \"RSA\", \"n\": \"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"
        "tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQ"
        "MicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHa"
        "Q-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\", \"e\": \"AQAB\", \"alg\": \"RS256\", "
        "\"kid\": \"2011-04-29\"}";
    static const char OKP[] =
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text out, again;
    assert_int_equal(jose_thumbprint(cx, text_of(RSA), &out), OK);
    assert_true(text_is(out, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    assert_int_equal(jose_thumbprint(cx, text_of(OKP), &out), OK);
    assert_true(text_is(out, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert_int_equal(jose_thumbprint(cx, TEXT(A3_PRIVATE), &out), OK);
    assert_int_equal(jose_thumbprint(cx, TEXT(A3_PUBLIC), &again), OK);
    assert_true(text_equals(out, again));
    assert_true(text_is(out, A3_THUMBPRINT));
    fixture_close(&fixture);
}

/* ---- signatures */

static void the_example_of_rfc_7515_verifies(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    struct bytes payload;
    assert_int_equal(jws_verify(cx, TEXT(A3_JWS), &key, 1, &payload), OK);
    assert_true(text_is(text_of_bytes(payload),
                        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"));
    fixture_close(&fixture);
}

static void two_keys_sign_and_both_verify(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    uint8_t content[600];
    random_fill(cx->randomness, content, sizeof content);
    for (size_t size = 0; size <= sizeof content; size += 150) {
        struct text jws;
        struct bytes payload = {NULL, 0};
        assert_int_equal(sign_with(cx, (struct bytes){content, size}, TEXT("t"), &keys, &jws), OK);
        assert_int_equal(jws_verify(cx, jws, keys.public_jwks, 2, &payload), OK);
        assert_true(bytes_equals(payload, (struct bytes){content, size}));
        struct text turned[2] = {keys.public_jwks[1], keys.public_jwks[0]}; /* the order of the keys is no matter */
        assert_int_equal(jws_verify(cx, jws, turned, 2, &payload), OK);
    }
    fixture_close(&fixture);
}

static void headers_say_algorithm_key_and_type(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    const json_t *jws = NULL;
    assert_int_equal(json_parse(cx, sign_something(cx, &keys), &jws), OK);
    assert_int_equal(json_object_size(jws), 2);
    const json_t *signatures = json_object_get(jws, "signatures");
    assert_int_equal(json_array_size(signatures), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = json_array_get(signatures, i);
        struct text key_id;
        struct bytes header;
        assert_int_equal(json_object_size(one), 2);
        assert_true(base64url_decode(cx->arena, json_text(json_object_get(one, "protected")), &header));
        assert_int_equal(jose_thumbprint(cx, keys.public_jwks[i], &key_id), OK);
        struct text wanted = text_format(cx->arena, "{\"alg\":\"ES256\",\"kid\":\"%.*s\",\"typ\":\"receipt\"}",
                                         TEXT_ARGS(key_id));
        assert_true(text_equals(text_of_bytes(header), wanted));
    }
    fixture_close(&fixture);
}

#define A3_WITH(y, more) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" y "\"" more "}"
#define OFF_CURVE A3_X /* taken for y */

static void only_private_keys_sign(void **state)
{
    (void)state;
    static const struct {
        struct text key;
        err         code;
        const char *reason;
    } REFUSED[] = {
        {TEXT(A3_PUBLIC), INVALID, "jose.key"},
        {TEXT(A3_WITH(A3_Y, ",\"d\":\"" A3_D "\",\"use\":\"enc\"")), INVALID, "jose.key"},
        {TEXT(A3_WITH(A3_Y, ",\"d\":\"" A3_D "\",\"key_ops\":[\"verify\"]")), INVALID, "jose.key"},
        {TEXT(A3_WITH(OFF_CURVE, ",\"d\":\"" A3_D "\"")), INTERNAL, "jose.library"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    struct text jws = TEXT_NONE;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        struct two_keys pair = {{keys.private_jwks[0], REFUSED[i].key}, {keys.public_jwks[0], TEXT(A3_PUBLIC)}};
        assert_failed(cx, sign_with(cx, bytes_of_text(TEXT("x")), TEXT("t"), &pair, &jws), REFUSED[i].code,
                      REFUSED[i].reason);
    }
    assert_int_equal(jws.size, 0);
    struct two_keys pair = {
        {keys.private_jwks[0], TEXT(A3_WITH(A3_Y, ",\"d\":\"" A3_D "\",\"use\":\"sig\",\"key_ops\":[\"sign\"]"))},
        {keys.public_jwks[0], TEXT(A3_PUBLIC)}};
    struct bytes payload;
    assert_int_equal(sign_with(cx, bytes_of_text(TEXT("x")), TEXT("t"), &pair, &jws), OK); /* it says that it may */
    assert_int_equal(jws_verify(cx, jws, pair.public_jwks, 2, &payload), OK);
    fixture_close(&fixture);
}

/* A secret of another key, of zero, or beyond the order of the curve may sign, but nothing that verifies. */
static void halves_that_do_not_belong_together_sign_nothing_valid(void **state)
{
    (void)state;
    static const char *const SECRETS[] = {A3_X, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "__________________________________________8"};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    struct text publics[2] = {keys.public_jwks[0], TEXT(A3_PUBLIC)};
    for (size_t i = 0; i < sizeof SECRETS / sizeof *SECRETS; i++) {
        struct text jws;
        struct two_keys pair = {{keys.private_jwks[0],
                                 text_format(cx->arena, A3_WITH(A3_Y, ",\"d\":\"%s\""), SECRETS[i])},
                                {publics[0], publics[1]}};
        if (sign_with(cx, bytes_of_text(TEXT("x")), TEXT("t"), &pair, &jws) == OK)
            assert_refused(cx, jws, publics, 2);
        else
            assert_failed(cx, cx->failure.code, INTERNAL, "jose.library");
    }
    fixture_close(&fixture);
}

/* Every character of the text, changed in two ways: what still verifies must be the same signed thing in other clothes,
 * which canonical base64url and the closed set of members rule out but for white space. */
static void every_changed_character_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    char changed[] = A3_JWS;
    struct arena *outer = cx->arena;
    for (size_t at = 0; at < sizeof changed - 1; at++) {
        static const char FLIPS[] = {0x01, 0x02};
        for (size_t flip = 0; flip < sizeof FLIPS; flip++) {
            cx->arena = arena_open(1 << 20);
            changed[at] ^= FLIPS[flip];
            assert_refused(cx, (struct text){changed, sizeof changed - 1}, &key, 1);
            changed[at] ^= FLIPS[flip];
            arena_close(cx->arena);
        }
    }
    cx->arena = outer;
    fixture_close(&fixture);
}

static struct text with_header(struct ctx *cx, const char *header)
{
    struct text encoded = base64url_encode(cx->arena, bytes_of_text(text_of(header)));
    return text_format(cx->arena, ONE_SIGNATURE("%.*s", A3_PAYLOAD, A3_SIGNATURE), TEXT_ARGS(encoded));
}

static void headers_with_anything_else_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    struct bytes payload;
    static const char *const HEADERS[] = {
        "{}",
        "[]",
        "\"ES256\"",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"ES384\"}",
        "{\"alg\":\"es256\"}",
        "{\"alg\":[\"ES256\"]}",
        "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"ES256\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}",
        "{\"alg\":\"ES256\",\"jwk\":" A3_PUBLIC "}",
        "{\"alg\":\"ES256\",\"jku\":\"https://example.com/keys\"}",
        "{\"alg\":\"ES256\",\"x5u\":\"https://example.com/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\"}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"typ\":null}",
    };
    for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++)
        assert_failed(cx, jws_verify(cx, with_header(cx, HEADERS[i]), &key, 1, &payload), INVALID, "jws.header");
    struct text jws = with_header(cx, "{\"alg\":\"ES256\",\"alg\":\"none\"}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), MALFORMED, "json.duplicate_member");
    jws = with_header(cx, "");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), MALFORMED, "json.syntax");
    jws = with_header(cx, "{\"alg\":\"ES256\",\"kid\":\"another\"}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), INVALID, "jws.signature");
    jws = with_header(cx, "{\"alg\":\"ES256\",\"typ\":\"other\"}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), INVALID, "jws.signature");
    fixture_close(&fixture);
}

static void other_forms_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    struct bytes payload;
    static const char *const FORMS[] = {
        "null",
        "[]",
        "{}",
        /* flattened, which is another serialisation */
        "{\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER "\",\"signature\":\"" A3_SIGNATURE "\"}",
        /* an unprotected header, a stranger beside the two members, a payload that is no text */
        "{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[{\"protected\":\"" A3_HEADER "\","
        "\"header\":{\"alg\":\"ES256\"},\"signature\":\"" A3_SIGNATURE "\"}]}",
        "{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[{\"protected\":\"" A3_HEADER "\",\"signature\":\"" A3_SIGNATURE
        "\"}],\"more\":1}",
        "{\"payload\":1,\"signatures\":[{\"protected\":\"" A3_HEADER "\",\"signature\":\"" A3_SIGNATURE "\"}]}",
        "{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":{}}",
        "{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[1]}",
        /* base64url that is padded, of the other alphabet, cut, or has bits behind its end */
        ONE_SIGNATURE(A3_HEADER "=", A3_PAYLOAD, A3_SIGNATURE),
        ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD "=", A3_SIGNATURE),
        ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD, A3_SIGNATURE "=="),
        ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD, ""),
        ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD, "AAAA"),
        ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD,
                      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1R"),
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
        assert_failed(cx, jws_verify(cx, text_of(FORMS[i]), &key, 1, &payload), MALFORMED, "jws.form");
    assert_failed(cx, jws_verify(cx, TEXT(A3_HEADER "." A3_PAYLOAD "." A3_SIGNATURE), &key, 1, &payload), MALFORMED,
                  "json.syntax");
    fixture_close(&fixture);
}

/* r and s out of range, and the twin (r, n - s) of a valid signature standing beside it. */
static void degenerate_signatures_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    static const uint8_t FILLS[] = {0x00, 0xFF};
    for (size_t fill = 0; fill < sizeof FILLS; fill++) {
        struct bytes valid;
        uint8_t value[64];
        assert_true(base64url_decode(cx->arena, TEXT(A3_SIGNATURE), &valid));
        for (size_t half = 0; half < 3; half++) {
            memcpy(value, valid.at, sizeof value);
            memset(value + (half == 1 ? 32 : 0), FILLS[fill], half == 2 ? 64 : 32);
            struct text encoded = base64url_encode(cx->arena, (struct bytes){value, sizeof value});
            assert_refused(cx, text_format(cx->arena, ONE_SIGNATURE(A3_HEADER, A3_PAYLOAD, "%.*s"), TEXT_ARGS(encoded)),
                           &key, 1);
        }
    }
    fixture_close(&fixture);
}

static struct text join_signatures(struct ctx *cx, struct text jws, size_t first, size_t second)
{
    const json_t *object = NULL;
    assert_int_equal(json_parse(cx, jws, &object), OK);
    const json_t *signatures = json_object_get(object, "signatures");
    struct text one = json_canonical(cx->arena, json_array_get(signatures, first));
    struct text two = json_canonical(cx->arena, json_array_get(signatures, second));
    return text_format(cx->arena, "{\"payload\":\"%.*s\",\"signatures\":[%.*s,%.*s]}",
                       TEXT_ARGS(json_text(json_object_get(object, "payload"))), TEXT_ARGS(one), TEXT_ARGS(two));
}

static void each_key_signs_exactly_once(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    struct two_keys strangers = make_keys(cx);
    struct text jws = sign_something(cx, &keys);
    struct bytes payload;
    assert_int_equal(jws_verify(cx, join_signatures(cx, jws, 0, 1), keys.public_jwks, 2, &payload), OK);
    assert_int_equal(jws_verify(cx, join_signatures(cx, jws, 1, 0), keys.public_jwks, 2, &payload), OK);
    assert_refused(cx, join_signatures(cx, jws, 0, 0), keys.public_jwks, 2);
    assert_refused(cx, join_signatures(cx, jws, 1, 1), keys.public_jwks, 2);
    assert_refused(cx, jws, keys.public_jwks, 1); /* a signature too many */
    struct text doubled[2] = {keys.public_jwks[0], keys.public_jwks[0]};
    assert_refused(cx, jws, doubled, 2);
    assert_refused(cx, join_signatures(cx, jws, 0, 0), doubled, 2);
    struct text one_stranger[2] = {keys.public_jwks[0], strangers.public_jwks[1]};
    assert_refused(cx, jws, one_stranger, 2);
    struct text three[3] = {keys.public_jwks[0], keys.public_jwks[1], strangers.public_jwks[0]};
    assert_refused(cx, jws, three, 3);
    struct two_keys one_person = {{keys.private_jwks[0], keys.private_jwks[0]}, {doubled[0], doubled[1]}};
    assert_int_equal(sign_with(cx, payload, TEXT("t"), &one_person, &jws), OK);
    assert_refused(cx, jws, doubled, 2);
    assert_refused(cx, jws, keys.public_jwks, 2);
    fixture_close(&fixture);
}

/* The example's key signs a header of our choice. */
static struct text sign_header(struct ctx *cx, const char *header)
{
    struct es256_key key;
    struct bytes x, y, d;
    uint8_t hash[HASH_BYTES];
    uint8_t value[ES256_SIGNATURE_BYTES];
    assert_true(base64url_decode(cx->arena, TEXT(A3_X), &x) && base64url_decode(cx->arena, TEXT(A3_Y), &y) &&
                base64url_decode(cx->arena, TEXT(A3_D), &d));
    memcpy(key.x, x.at, sizeof key.x);
    memcpy(key.y, y.at, sizeof key.y);
    memcpy(key.d, d.at, sizeof key.d);
    struct text encoded = base64url_encode(cx->arena, bytes_of_text(text_of(header)));
    sha256(bytes_of_text(text_format(cx->arena, "%.*s." A3_PAYLOAD, TEXT_ARGS(encoded))), hash);
    assert_true(es256_sign(&key, hash, value));
    struct text signature = base64url_encode(cx->arena, (struct bytes){value, sizeof value});
    return text_format(cx->arena, ONE_SIGNATURE("%.*s", A3_PAYLOAD, "%.*s"), TEXT_ARGS(encoded), TEXT_ARGS(signature));
}

/* A valid signature under a header that should not be there. */
static void a_genuine_signature_does_not_excuse_its_header(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text key = TEXT(A3_PUBLIC);
    struct bytes payload;
    struct text jws = sign_header(cx, "{\"alg\":\"ES256\",\"kid\":\"" A3_THUMBPRINT "\",\"typ\":\"t\"}");
    assert_int_equal(jws_verify(cx, jws, &key, 1, &payload), OK);
    jws = sign_header(cx, "{\"alg\":\"ES256\",\"kid\":\"another\"}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), INVALID, "jws.signature");
    jws = sign_header(cx, "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), INVALID, "jws.header");
    jws = sign_header(cx, "{\"alg\":\"none\"}");
    assert_failed(cx, jws_verify(cx, jws, &key, 1, &payload), INVALID, "jws.header");
    fixture_close(&fixture);
}

static void keys_that_may_not_verify_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text private_jwk = TEXT(A3_PRIVATE);
    struct text off_curve = TEXT(A3_WITH(OFF_CURVE, ""));
    struct bytes payload;
    assert_failed(cx, jws_verify(cx, TEXT(A3_JWS), &private_jwk, 1, &payload), INVALID, "jose.key");
    assert_failed(cx, jws_verify(cx, TEXT(A3_JWS), &off_curve, 1, &payload), INVALID, "jws.signature");
    fixture_close(&fixture);
}

/* RFC 7517 sections 4.2 and 4.3. A member that says nothing that can be understood does not permit either. */
static void a_key_for_other_work_does_not_verify(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct bytes payload;
    static const char *const OTHERS[] = {
        A3_WITH(A3_Y, ",\"use\":\"enc\""), A3_WITH(A3_Y, ",\"use\":7"), A3_WITH(A3_Y, ",\"key_ops\":[\"sign\"]"),
        A3_WITH(A3_Y, ",\"key_ops\":[]"), A3_WITH(A3_Y, ",\"key_ops\":\"verify\""), A3_WITH(A3_Y, ",\"key_ops\":null"),
        A3_WITH(A3_Y, ",\"use\":\"enc\",\"key_ops\":[\"verify\"]")};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        struct text key = text_of(OTHERS[i]);
        assert_failed(cx, jws_verify(cx, TEXT(A3_JWS), &key, 1, &payload), INVALID, "jose.key");
    }
    struct text key = TEXT(A3_WITH(A3_Y, ",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"]"));
    assert_int_equal(jws_verify(cx, TEXT(A3_JWS), &key, 1, &payload), OK);
    fixture_close(&fixture);
}

static void an_exhausted_arena_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct two_keys keys = make_keys(cx);
    struct text out;
    struct ctx small = *cx;
    small.arena = arena_open(16);
    err made = sign_with(&small, bytes_of_text(TEXT("x")), TEXT("t"), &keys, &out);
    assert_failed(&small, made, TOO_LARGE, "limit.memory");
    assert_failed(&small, jose_key_make(&small, &out), TOO_LARGE, "limit.reply");
    arena_close(small.arena);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_key_is_canonical_and_fresh),
        cmocka_unit_test(the_public_half_is_only_public),
        cmocka_unit_test(keys_of_other_kinds_are_refused),
        cmocka_unit_test(thumbprints_are_the_published_ones),
        cmocka_unit_test(the_example_of_rfc_7515_verifies),
        cmocka_unit_test(two_keys_sign_and_both_verify),
        cmocka_unit_test(headers_say_algorithm_key_and_type),
        cmocka_unit_test(only_private_keys_sign),
        cmocka_unit_test(halves_that_do_not_belong_together_sign_nothing_valid),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(headers_with_anything_else_are_refused),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(degenerate_signatures_are_refused),
        cmocka_unit_test(each_key_signs_exactly_once),
        cmocka_unit_test(a_genuine_signature_does_not_excuse_its_header),
        cmocka_unit_test(keys_that_may_not_verify_are_refused),
        cmocka_unit_test(a_key_for_other_work_does_not_verify),
        cmocka_unit_test(an_exhausted_arena_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
