/* SPDX-License-Identifier: Apache-2.0
 * What a sign-in by passkey costs before anything is written: the browser's JSON read, held against what was asked for,
 * and its ES256 signature verified; beside that verification alone by OpenSSL's own calls, with a key that was made
 * ready before. Prints turns of each, in sign-ins per second. */
#include "base/json.h"
#include "base/text.h"
#include "protocol/webauthn.h"
#include "questions.h"
#include "signed.h"

#define ORIGIN TEXT("https://node.example")
#define CHALLENGE_BYTES 32
#define USER_WAS_THERE_AND_VERIFIED 0x05

struct sign_in {
    struct ctx                cx;
    struct webauthn_expected  expected;
    struct signer             device;
    struct bytes              cose;
    struct text               json;    /* as the browser sends it */
    struct bytes              content; /* what was signed */
    struct bytes              der;
};

/* RFC 9053 section 7.1.1 */
static struct bytes cose_of(struct ctx *cx, const struct signer *device)
{
    static const uint8_t HEAD[] = {0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20};
    static const uint8_t MIDDLE[] = {0x22, 0x58, 0x20};
    struct builder out = builder_open(cx->arena, 128);
    build_bytes(&out, (struct bytes){HEAD, sizeof HEAD});
    build_bytes(&out, (struct bytes){device->x, sizeof device->x});
    build_bytes(&out, (struct bytes){MIDDLE, sizeof MIDDLE});
    build_bytes(&out, (struct bytes){device->y, sizeof device->y});
    must_be(!out.overflowed, "no memory");
    return builder_bytes(&out);
}

static struct bytes authenticator_data(struct ctx *cx, struct text relying_party)
{
    static const uint8_t REST[] = {USER_WAS_THERE_AND_VERIFIED, 0, 0, 0, 7};
    uint8_t hash[HASH_BYTES];
    struct builder out = builder_open(cx->arena, 64);
    sha256(bytes_of_text(relying_party), hash);
    build_bytes(&out, (struct bytes){hash, sizeof hash});
    build_bytes(&out, (struct bytes){REST, sizeof REST});
    must_be(!out.overflowed, "no memory");
    return builder_bytes(&out);
}

static void make_sign_in(struct ctx *cx, struct sign_in *out)
{
    static const uint8_t CHALLENGE[CHALLENGE_BYTES] = {1, 2, 3};
    uint8_t hash[HASH_BYTES];
    out->expected = (struct webauthn_expected){ORIGIN, webauthn_relying_party(ORIGIN), {CHALLENGE, sizeof CHALLENGE},
                                               true};
    signer_make(cx, &out->device);
    out->cose = cose_of(cx, &out->device);
    struct text told = text_format(cx->arena, "{\"type\":\"webauthn.get\",\"challenge\":\"%.*s\",\"origin\":\"%.*s\","
                                   "\"crossOrigin\":false}",
                                   TEXT_ARGS(base64url_encode(cx->arena, out->expected.challenge)), TEXT_ARGS(ORIGIN));
    struct bytes data = authenticator_data(cx, out->expected.relying_party);
    struct builder content = builder_open(cx->arena, 128);
    sha256(bytes_of_text(told), hash);
    build_bytes(&content, data);
    build_bytes(&content, (struct bytes){hash, sizeof hash});
    must_be(!content.overflowed, "no memory");
    out->content = builder_bytes(&content);
    out->der = signer_sign(cx, &out->device, out->content);
    struct text id = base64url_encode(cx->arena, out->expected.challenge);
    out->json = text_format(cx->arena, "{\"id\":\"%.*s\",\"rawId\":\"%.*s\",\"type\":\"public-key\",\"response\":{"
                            "\"clientDataJSON\":\"%.*s\",\"authenticatorData\":\"%.*s\",\"signature\":\"%.*s\"}}",
                            TEXT_ARGS(id), TEXT_ARGS(id), TEXT_ARGS(base64url_encode(cx->arena, bytes_of_text(told))),
                            TEXT_ARGS(base64url_encode(cx->arena, data)),
                            TEXT_ARGS(base64url_encode(cx->arena, out->der)));
}

static void verify_ours(void *arg)
{
    struct sign_in *sign_in = arg;
    struct ctx *cx = &sign_in->cx;
    struct arena_mark mark = arena_mark(cx->arena);
    const json_t *json = NULL;
    struct webauthn_assertion assertion;
    struct webauthn_authenticator said;
    bool good = false;
    must(cx, json_parse(cx, sign_in->json, &json));
    must(cx, webauthn_read_assertion(cx, json, &assertion));
    must(cx, webauthn_check_assertion(cx, &sign_in->expected, &assertion, &said));
    must(cx, webauthn_is_signed(cx, &assertion, sign_in->cose, &good));
    must_be(good, "a passkey of ours does not sign in");
    arena_go_back(cx->arena, &mark);
}

static void verify_raw(void *arg)
{
    const struct sign_in *sign_in = arg;
    signer_verify_raw(&sign_in->device, sign_in->content, sign_in->der);
}

void ask_passkey(struct world *world, const struct question *question)
{
    struct sign_in sign_in = {.cx = world->cx};
    make_sign_in(&world->cx, &sign_in);
    for (int64_t i = 0; i < question->rounds; i++) {
        repeat_once("raw_verify", question->seconds, verify_raw, &sign_in);
        repeat_once("passkey", question->seconds, verify_ours, &sign_in);
    }
    signer_close(&sign_in.device);
}
