/* SPDX-License-Identifier: Apache-2.0
 * Proving with a passkey who it is: to sign in, by a browser that is nobody yet, and once more in a session. Whoever
 * asks for options gets some, whatever name was given. */
#include "base/limits.h"
#include "base/text.h"
#include "domain/entrance/passkey.h"
#include "domain/parties/member.h"
#include "http/doors/api_passkey.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

#define VISITOR_BYTES 32

/* ---- options */

struct who_body {
    struct text who;
};
static const struct shape_member WHO[] = {
    MEMBER("person", TEXT, SHAPE_NULLABLE, struct who_body, who, .most = LIMIT_USER_HANDLE_BYTES,
           .sentence = "Who it is, if the browser knows: only for devices that do not keep their passkeys themselves."),
};
const struct shape SHAPE_PASSKEY_WHO = {.name = "PasskeyWho", .sentence = "Somebody wants to sign in.",
    SHAPE_MEMBERS(WHO), .size = sizeof(struct who_body)};

struct request {
    struct text                      challenge;
    int64_t                          timeout_ms;
    struct text                      relying_party;
    const struct passkey_descriptor *allowed;
    size_t                           allowed_count;
    struct text                      user_verification;
};
static const struct shape_member REQUEST[] = {
    MEMBER("challenge", TEXT, 0, struct request, challenge, .sentence = "Serves once, for five minutes."),
    MEMBER("timeout", INT, 0, struct request, timeout_ms, .sentence = "Milliseconds."),
    MEMBER("rpId", TEXT, 0, struct request, relying_party),
    LIST("allowCredentials", OBJECTS, 0, struct request, allowed, .shape = &SHAPE_PASSKEY_DESCRIPTOR,
         .sentence = "Empty: the device knows which of its passkeys are for this node."),
    MEMBER("userVerification", TEXT, 0, struct request, user_verification),
};
const struct shape SHAPE_PASSKEY_REQUEST = {.name = "PasskeyRequest",
    .sentence = "PublicKeyCredentialRequestOptionsJSON of WebAuthn Level 3.", SHAPE_MEMBERS(REQUEST),
    .size = sizeof(struct request)};

static err reply_options(struct call *call, const struct passkey_asker *asker, const struct bytes *ids, size_t count)
{
    struct text origin = passkey_origin(call);
    struct request request = {.timeout_ms = LIMIT_CHALLENGE_MS, .allowed_count = count,
                              .user_verification = TEXT("required")};
    if (origin.at == NULL)
        return FAIL_MEMORY(&call->cx);
    request.relying_party = webauthn_relying_party(origin);
    TRY(passkey_describe(call, ids, count, &request.allowed));
    TRY(passkey_challenge_text(call, asker, &request.challenge));
    return call_reply(call, &request);
}

/* A word of its own for each beginning, so that nobody else's options are good here, and these nowhere else. */
static err make_visitor(struct call *call, struct text *out)
{
    uint8_t random[VISITOR_BYTES];
    random_fill(call->cx.randomness, random, sizeof random);
    *out = base64url_encode(call->arena, (struct bytes){random, sizeof random});
    return out->at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

static err set_visitor(struct call *call, struct text value, int age_s)
{
    struct text cookie = gate_visitor_cookie(&call_visit(call)->api->gate, call->arena, value, age_s);
    if (cookie.at == NULL)
        return FAIL_MEMORY(&call->cx);
    call_add_field(call, "Set-Cookie", cookie);
    return OK;
}

err post_sign_in_options(struct call *call)
{
    struct who_body body = {TEXT_NONE};
    struct passkey_asker asker = {.ceremony = PASSKEY_SIGN_IN};
    struct bytes ids[LIMIT_PASSKEYS];
    TRY(call_body(call, &body));
    const bool named = body.who.size > 0;
    if (named)
        TRY(passkey_list_named(&call->cx, body.who, ids));
    TRY(make_visitor(call, &asker.visitor));
    TRY(reply_options(call, &asker, ids, named ? LIMIT_PASSKEYS : 0));
    call->reply.on_beat = named; /* whether there was somebody to look up the clock shall not tell */
    return set_visitor(call, asker.visitor, (int)(LIMIT_CHALLENGE_MS / 1000));
}

err post_proof_options(struct call *call)
{
    const struct passkey_asker asker = {.ceremony = PASSKEY_VERIFY};
    struct passkey *passkeys = NULL;
    size_t count = 0;
    TRY(passkey_list(&call->cx, &passkeys, &count));
    struct bytes *ids = ARENA_ARRAY(call->arena, struct bytes, count);
    if (ids == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        ids[i] = passkeys[i].secret.credential_id;
    return reply_options(call, &asker, ids, count);
}

/* ---- the proof */

struct proof_body {
    struct text credential;
    struct text who;
};
static const struct shape_member PROOF[] = {
    MEMBER("credential", JSON, SHAPE_REQUIRED, struct proof_body, credential,
           .sentence = "What toJSON() of the used credential gives (AuthenticationResponseJSON)."),
    MEMBER("person", TEXT, SHAPE_NULLABLE, struct proof_body, who, .most = LIMIT_USER_HANDLE_BYTES,
           .sentence = "Whom the options were asked for, when the device names nobody (userHandle)."),
};
const struct shape SHAPE_PASSKEY_PROOF = {.name = "PasskeyProof", .sentence = "What a device has signed.",
    SHAPE_MEMBERS(PROOF), .size = sizeof(struct proof_body)};

static err fail_unknown(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, "passkey.unknown", "nobody here signs in with this passkey");
}

/* Who signs in says the device itself; one that does not keep its passkeys leaves it to `named`, and the signature
 * shows whether that is so. A handle that is none of ours is nobody's. */
static err find_owner(struct call *call, const struct webauthn_assertion *assertion, struct text named,
                      int64_t *out_person_id)
{
    struct text owner = assertion->user_handle.size > 0 ? text_of_bytes(assertion->user_handle) : named;
    if (actor_signs_in(&call->cx.actor) && assertion->user_handle.size == 0) {
        *out_person_id = call->cx.actor.person_id; /* the session has said so */
        return OK;
    }
    err result = human_read_id(&call->cx, owner, out_person_id);
    if (result == OK)
        return OK;
    failure_clear(&call->cx.failure);
    return result == NOT_FOUND ? fail_unknown(&call->cx) : FAIL_MEMORY(&call->cx);
}

/* All that can be said before anything is written. */
static err read_proof(struct call *call, const struct passkey_asker *asker, struct passkey_use *use)
{
    struct ctx *cx = &call->cx;
    struct webauthn_assertion assertion;
    struct webauthn_expected expected;
    struct webauthn_authenticator said;
    struct passkey passkey;
    struct proof_body body;
    bool good = false;
    TRY(call_body(call, &body)); /* its form; what stands in it is read as it came */
    TRY(webauthn_read_assertion(cx, json_object_get(call_visit(call)->body, "credential"), &assertion));
    TRY(passkey_expect(call, asker, assertion.client_data, &expected));
    TRY(webauthn_check_assertion(cx, &expected, &assertion, &said));
    TRY(find_owner(call, &assertion, body.who, &use->person_id));
    TRY(passkey_find(cx, use->person_id, assertion.id, &passkey));
    TRY(webauthn_is_signed(cx, &assertion, passkey.secret.public_key, &good));
    if (!good)
        return fail_unknown(cx);
    use->challenge = expected.challenge;
    use->passkey_id = passkey.passkey_id;
    use->counter = said.counter;
    use->may_be_copied = said.backup_eligible;
    use->backed_up = said.backed_up;
    return OK;
}

/* What was told to the person stands, and the proof is refused. */
static err refuse_copied(struct call *call)
{
    (void)FAIL(&call->cx, FORBIDDEN, "passkey.copied",
               "this passkey has been used elsewhere since: sign in with another one and take this one away");
    call_reply_problem(call, NULL, NULL);
    return OK;
}

struct signed_in {
    struct id id;
    struct id member;
};
static const struct shape_member SIGNED_IN[] = {
    MEMBER("id", ID, SHAPE_SPARSE, struct signed_in, id, .id = ID_PERSON, .sentence = "The person who it is."),
    MEMBER("member", ID, SHAPE_SPARSE, struct signed_in, member, .id = ID_MEMBER,
           .sentence = "Or the member of an organisation."),
};
const struct shape SHAPE_SIGNED_IN = {.name = "SignedIn", .sentence = "A session has begun; its cookie came with it.",
    SHAPE_MEMBERS(SIGNED_IN), .size = sizeof(struct signed_in)};

static err reply_signed_in(struct call *call, void *arg)
{
    const struct passkey_use *use = arg;
    if (use->out_alarm)
        return refuse_copied(call);
    TRY(api_set_session(call, use->out_session_token));
    TRY(set_visitor(call, TEXT_NONE, 0));
    struct signed_in view = {{.type = ID_NONE}, {.type = ID_NONE}};
    TRY(human_find(&call->cx, use->person_id, &view.id));
    if (view.id.type == ID_MEMBER) {
        view.member = view.id;
        view.id.type = ID_NONE;
    }
    return call_reply(call, &view);
}

err post_passkey_sign_in(struct call *call)
{
    struct passkey_asker asker = {.ceremony = PASSKEY_SIGN_IN};
    struct passkey_use *use = ARENA_NEW(call->arena, struct passkey_use);
    if (use == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(gate_read_visitor(&call_visit(call)->api->gate, call, &asker.visitor));
    TRY(read_proof(call, &asker, use));
    use->browser = api_browser(call);
    return call_seal(call, passkey_sign_in, use, reply_signed_in, 0);
}

static err reply_proved(struct call *call, void *arg)
{
    const struct passkey_use *use = arg;
    if (use->out_alarm)
        return refuse_copied(call);
    call_reply_nothing(call);
    return api_set_session(call, use->out_session_token);
}

err post_proof(struct call *call)
{
    const struct passkey_asker asker = {.ceremony = PASSKEY_VERIFY};
    struct passkey_use *use = ARENA_NEW(call->arena, struct passkey_use);
    if (use == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(read_proof(call, &asker, use));
    if (use->person_id != call->cx.actor.person_id)
        return fail_unknown(&call->cx);
    return call_seal(call, passkey_verify, use, reply_proved, call->cx.actor.person_id);
}
