/* SPDX-License-Identifier: Apache-2.0
 * Signed objects, keys and headers of any shape against the one key of RFC 7515 appendix A.3: whatever verifies is the
 * one thing that key has signed. The first octet chooses what the rest is: the object, a key, or a protected header. */
#include "crypto/jose.h"

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

#define X_MEMBER "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y_MEMBER "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
#define PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define JWS(header) \
    "{\"payload\":\"" PAYLOAD "\",\"signatures\":[{\"protected\":\"" header "\",\"signature\":\"" SIGNATURE "\"}]}"

static err verify(struct ctx *cx, struct text jws, struct text key)
{
    struct bytes payload = {NULL, 0};
    err got = jws_verify(cx, jws, &key, 1, &payload);
    assert(got == OK || got == MALFORMED || got == INVALID || got == TOO_LARGE);
    assert(got != OK || text_is(base64url_encode(cx->arena, payload), PAYLOAD));
    failure_clear(&cx->failure);
    return got;
}

static void try_key(struct ctx *cx, struct text key)
{
    struct text out, again;
    if (jose_thumbprint(cx, key, &out) == OK)
        assert(out.size == 43);
    failure_clear(&cx->failure);
    if (jose_key_public(cx, key, &out) == OK)
        assert(jose_key_public(cx, out, &again) == OK && text_equals(out, again));
    failure_clear(&cx->failure);
    if (verify(cx, TEXT(JWS("eyJhbGciOiJFUzI1NiJ9")), key) == OK)
        assert(jose_thumbprint(cx, key, &out) == OK && text_is(out, THUMBPRINT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES)};
    struct text key = TEXT("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X_MEMBER "\",\"y\":\"" Y_MEMBER "\"}");
    struct text text = {(const char *)data + (size > 0), size > 0 ? size - 1 : 0};
    if (text.size > LIMIT_HEAD_BYTES)
        text.size = LIMIT_HEAD_BYTES;
    char choice = size > 0 ? (char)data[0] : 'o';
    if (choice == 'k')
        try_key(&cx, text);
    else if (choice == 'h')
        (void)verify(&cx, text_format(cx.arena, JWS("%.*s"),
                                      TEXT_ARGS(base64url_encode(cx.arena, bytes_of_text(text)))), key);
    else
        (void)verify(&cx, text, key); /* the assertions stand in verify() */
    return 0;
}
