/* SPDX-License-Identifier: Apache-2.0
 * What clients of the token endpoint send: forms, keys, headers and claims. The first octet chooses what the rest is.
 * That a signature fits is a play here (the linker replaces the check), so that the fuzzer may sign what it likes;
 * whatever is taken is then held against a second, plainer reading of the same claims. */
#include "protocol/authorization_details.h"
#include "protocol/claims_request.h"
#include "protocol/client_assertion.h"
#include "protocol/dpop.h"
#include "protocol/form.h"
#include "protocol/openid_claims.h"
#include "protocol/pkce.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "fuzz/fuzz.h"

#define NOW_MS INT64_C(1795000000000)
#define ISSUER "https://node.example"
#define KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

err __wrap_jwk_verify(struct ctx *cx, const struct jwk *key, const struct jws_compact *jws, bool *out_good);
void __wrap_keyring_node_key(struct keyring *keyring, node_key which, struct secret_key *out);

err __wrap_jwk_verify(struct ctx *cx, const struct jwk *key, const struct jws_compact *jws, bool *out_good)
{
    (void)cx, (void)key, (void)jws; /* the shape of what it stands for */
    *out_good = true;
    return OK;
}

void __wrap_keyring_node_key(struct keyring *keyring, node_key which, struct secret_key *out)
{
    (void)keyring, (void)which; /* one key for all */
    memset(out->at, 7, sizeof out->at);
}

/* Two purposes there are; how ids are sealed is the target `ids`'s. */
err __wrap_id_open(struct ctx *cx, struct text text, id_type wanted, struct id *out);
struct text __wrap_id_text(struct ctx *cx, struct id id);

err __wrap_id_open(struct ctx *cx, struct text text, id_type wanted, struct id *out)
{
    if (!text_is(text, "pur_1") && !text_is(text, "pur_2"))
        return FAIL(cx, NOT_FOUND, "not_found", "no such thing");
    *out = (struct id){wanted, 1, text.at[4]};
    return OK;
}

struct text __wrap_id_text(struct ctx *cx, struct id id)
{
    return text_format(cx->arena, "pur_%c", (int)id.item);
}

static const json_t *parse(struct ctx *cx, struct text text)
{
    const json_t *json = NULL;
    err got = json_parse(cx, text, &json);
    failure_clear(&cx->failure);
    return got == OK ? json : NULL;
}

static struct text coded(struct ctx *cx, struct text text)
{
    return base64url_encode(cx->arena, bytes_of_text(text));
}

static void check_refused(const struct ctx *cx, err got, err code, const char *reason)
{
    assert(got == code || got == TOO_LARGE);
    assert(got != code || text_is(text_of(cx->failure.reason), reason) ||
           text_is(text_of(cx->failure.reason), DPOP_NONCE));
}

static bool says(const json_t *claims, const char *name, const char *wanted)
{
    const char *found = json_string_value(json_object_get(claims, name));
    return found != NULL && strcmp(found, wanted) == 0;
}

/* ---- each kind */

static void try_form(struct ctx *cx, struct text text)
{
    struct form form;
    struct builder again = builder_open(cx->arena, 4 * text.size + 16);
    if (form_parse(cx, bytes_of_text(text), &form) != OK)
        return;
    for (size_t i = 0; i < form.count; i++) {
        for (size_t j = 0; j < i; j++)
            assert(!text_equals(form.fields[i].name, form.fields[j].name));
        for (size_t j = 0; j < form.fields[i].value.size; j++)
            build_format(&again, "%%%02X", (uint8_t)form.fields[i].value.at[j]);
        build_byte(&again, '&');
    }
    assert(form.count <= LIMIT_FORM_FIELDS && again.size <= 4 * text.size + 16);
}

static void try_key(struct ctx *cx, struct text text)
{
    struct jwk_set set, again;
    struct text written, twice;
    const json_t *json = parse(cx, text);
    if (json == NULL || jwk_set_read(cx, json, &set) != OK)
        return;
    assert(jwk_set_write(cx, &set, &written) == OK);
    assert(jwk_set_read(cx, parse(cx, written), &again) == OK && jwk_set_write(cx, &again, &twice) == OK);
    assert(text_equals(written, twice) && strstr(text_c_string(cx->arena, written), "\"d\":") == NULL);
}

static void try_assertion(struct ctx *cx, struct text text, struct text claims)
{
    struct client_assertion assertion;
    struct jwk_set keys = {.count = 1};
    err got = client_assertion_read(cx, text, TEXT(ISSUER), &assertion);
    if (got != OK) {
        check_refused(cx, got, UNAUTHENTICATED, CLIENT_UNKNOWN);
        return;
    }
    const json_t *read = claims.size == 0 ? assertion.jwt.claims : parse(cx, claims);
    const char *issuer = json_string_value(json_object_get(read, "iss"));
    assert(says(read, "aud", ISSUER) && issuer != NULL && says(read, "sub", issuer));
    double expires_s = json_number_value(json_object_get(read, "exp"));
    assert(expires_s * 1000 > NOW_MS && expires_s * 1000 < NOW_MS + LIMIT_ASSERTION_MS + 1);
    assert(json_string_length(json_object_get(read, "jti")) > 0);
    assert(jwk_read(cx, parse(cx, TEXT(KEY)), &keys.keys[0]) == OK);
    got = client_assertion_check(cx, &assertion, &keys); /* the one key is for EdDSA */
    assert((got == OK) == (assertion.jwt.algorithm == JWK_EDDSA));
}

static void try_proof(struct ctx *cx, struct text text)
{
    static const struct dpop_request REQUEST = {TEXT("POST"), TEXT(ISSUER), TEXT("/oauth/token"), TEXT("")};
    struct dpop_proof proof;
    err got = dpop_check(cx, text, &REQUEST, &proof);
    if (got != OK) {
        check_refused(cx, got, UNAUTHENTICATED, DPOP_INVALID);
        return;
    }
    assert(proof.expires_at_ms > NOW_MS && proof.expires_at_ms <= NOW_MS + LIMIT_PROOF_MS + LIMIT_CLOCK_AHEAD_MS);
    assert(proof.token_id.size > 0);
}

/* What is taken goes back in a form that is taken again, and asks for the same. */
static void try_details(struct ctx *cx, struct text text)
{
    struct authorization_details details, again;
    struct text written, twice;
    if (authorization_details_read(cx, text, TEXT(ISSUER), &details) != OK) {
        assert(cx->failure.code == INVALID || cx->failure.code == TOO_LARGE);
        return;
    }
    assert(authorization_details_write(cx, &details, TEXT(ISSUER), &written) == OK);
    assert(authorization_details_read(cx, written, TEXT(ISSUER), &again) == OK);
    assert(authorization_details_write(cx, &again, TEXT(ISSUER), &twice) == OK && text_equals(written, twice));
    assert(details.count == again.count && details.count <= AUTHORIZATION_DETAILS_MAX);
    for (size_t i = 0; i < details.count; i++)
        assert(!attribute_set_is_empty(details.at[i].datatypes) && uses_equals(&details.at[i].uses, &again.at[i].uses));
}

/* Whoever names no claim asks for no kind, and what is asked for joins the one purpose that there is. */
static void try_claims(struct ctx *cx, struct text text)
{
    struct claims_request claims;
    struct authorization_details one = {.count = 1};
    struct authorization_details none = {.count = 0};
    struct attribute_set named = ATTRIBUTE_SET_EMPTY;
    err got = claims_request_read(cx, text, &claims);
    if (got != OK) {
        assert(got == TOO_LARGE || strncmp(cx->failure.reason, "claims.", 7) == 0);
        return;
    }
    const json_t *asked = json_object_get(parse(cx, text), "userinfo");
    const char *claim = NULL;
    for (size_t i = 0; (claim = openid_claim_at(i)) != NULL; i++)
        if (json_object_get(asked, claim) != NULL)
            named = attribute_set_add(named, openid_claim_kind(text_of(claim))->number);
    assert(attribute_set_is_subset(claims.kinds, named) && attribute_set_is_empty(claims.kinds) ==
           attribute_set_is_empty(named));
    assert(claims.subject.size <= LIMIT_TOKEN_ID_BYTES);
    assert(claims_request_merge(cx, &claims, &one) == OK && attribute_set_equals(one.at[0].datatypes, claims.kinds));
    assert((claims_request_merge(cx, &claims, &none) == OK) == attribute_set_is_empty(claims.kinds));
}

static void try_one(struct ctx *cx, char choice, struct text text)
{
    struct text key_header = coded(cx, TEXT("{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":" KEY "}"));
    struct text header = coded(cx, TEXT("{\"alg\":\"EdDSA\"}"));
    struct text nonce = TEXT_NONE;
    assert(dpop_nonce(cx, &nonce) == OK);
    switch (choice) {
    case 'f': try_form(cx, text); break;
    case 'k': try_key(cx, text); break;
    case 'd': try_details(cx, text); break;
    case 'c': try_claims(cx, text); break;
    case 'a': try_assertion(cx, text_format(cx->arena, "%.*s.%.*s.AAAA", TEXT_ARGS(header),
                                            TEXT_ARGS(coded(cx, text))), text); break;
    case 'h': try_assertion(cx, text_format(cx->arena, "%.*s.%.*s.AAAA", TEXT_ARGS(coded(cx, text)), TEXT_ARGS(header)),
                            TEXT_NONE); break;
    case 'j': try_proof(cx, text_format(cx->arena, "%.*s.%.*s.AAAA", TEXT_ARGS(coded(cx, text)), TEXT_ARGS(header)));
              break;
    case 'p': text = text_format(cx->arena, "{\"nonce\":\"%.*s\",%.*s", TEXT_ARGS(nonce), TEXT_ARGS(text));
              try_proof(cx, text_format(cx->arena, "%.*s.%.*s.AAAA", TEXT_ARGS(key_header),
                                        TEXT_ARGS(coded(cx, text)))); break;
    case 'v': assert(!pkce_matches(cx, text, text)); break; /* nobody has found such a text */
    default: try_assertion(cx, text, TEXT_NONE); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES), .now_ms = NOW_MS};
    if (size > 0 && size < LIMIT_HEAD_BYTES)
        try_one(&cx, (char)data[0], (struct text){(const char *)data + 1, size - 1});
    return 0;
}
