/* SPDX-License-Identifier: Apache-2.0
 * OpenID Connect: the keys by which whoever gets an ID token checks it, the token, and UserInfo: a read like any other,
 * which is decided by the grant of this moment and written down for the person before it leaves. */
#include "http/doors/openid.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/entrance/id_token_key.h"
#include "domain/sharing/disclosure.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"
#include "http/doors/oauth.h"
#include "protocol/id_token.h"
#include "protocol/openid_claims.h"

/* RFC 7517 section 8.5.2 */
err get_id_token_keys(struct call *call)
{
    struct text set;
    struct text caching = text_format(call->arena, "public, max-age=%d", ID_TOKEN_KEYS_SHOWN_S);
    TRY(id_token_key_set(&call->cx, &set));
    if (caching.at == NULL)
        return FAIL_MEMORY(&call->cx);
    call_replace_field(call, "Cache-Control", caching);
    return call_reply_text(call, "application/jwk-set+json", set);
}

/* ---- the ID token */

bool openid_is_asked(const struct authorization *authorization)
{
    return text_is(authorization->ask.scope, SCOPE_SIGN_IN);
}

err openid_id_token(struct call *call, const struct authorization *authorization, struct text *out)
{
    struct ctx *cx = &call->cx;
    const struct actor *system = &authorization->system;
    struct signing_key key;
    struct id_token token = {
        .issuer = text_of(call_origin(call)),
        .subject = id_text(cx, relationship_id(&authorization->relationship)),
        .client_id = id_text(cx, (struct id){ID_SYSTEM, system->organisation_id, system->system_id}),
        .nonce = authorization->ask.nonce,
        .issued_at_ms = cx->now_ms,
        .verified_at_ms = authorization->verified_at_ms,
    };
    if (token.subject.at == NULL || token.client_id.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(id_token_key_load(cx, &key));
    return id_token_write(cx, &token, &key, out);
}

/* ---- UserInfo */

/* A read under way. The ask stands first: it is what disclosure_commit() takes. */
struct telling {
    struct disclosure_ask ask;
    struct authorization  authorization;
    struct text           token;
    int64_t               edition; /* of the people file, as the token was read: store_people_edition() */
    struct text           subject;
    struct seen_token     proof;
};

static err fail_token(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, ACCESS_TOKEN_UNKNOWN, "this wants an access token of somebody who has signed in, "
                "by the scheme DPoP; it is unknown, too old or ended, or what it rests on was stopped");
}

static bool has_token(struct call *call, struct text *out)
{
    static const struct text SCHEME = TEXT("DPoP ");
    struct text value;
    if (!h1_field(&call->request, "Authorization", &value) || value.size <= SCHEME.size ||
        !text_equals_ignoring_case((struct text){value.at, SCHEME.size}, SCHEME.at))
        return false;
    *out = text_trim((struct text){value.at + SCHEME.size, value.size - SCHEME.size});
    return true;
}

/* The token, its key and its scope. From here on the caller is the system whose token it is. */
static err admit(struct call *call, struct telling *telling)
{
    struct ctx *cx = &call->cx;
    struct authorization_token token = {.is_bound = false};
    struct dpop_proof proof;
    bool live = false;
    telling->edition = store_people_edition(cx);
    if (has_token(call, &telling->token))
        TRY(authorization_token_load(cx, telling->token, AUTHORIZATION_ACCESS, &token, &live));
    if (!live)
        return fail_token(cx);
    TRY(oauth_proof(call, call_origin(call), telling->token, &proof, &telling->proof));
    if (!token.is_bound || memcmp(proof.thumbprint, token.thumbprint, HASH_BYTES) != 0) /* public on both sides */
        return fail_token(cx);
    oauth_add_nonce(call);
    if (!openid_is_asked(&token.authorization))
        return FAIL(cx, FORBIDDEN, SCOPE_MISSING, "the token lacks the scope openid");
    telling->authorization = token.authorization;
    cx->actor = token.authorization.system;
    return OK;
}

/* While the token lives it tells at least who it is: an objection outweighs the grant and signs nobody out. */
static err reply_claims(struct call *call, void *arg)
{
    const struct telling *telling = arg;
    struct ctx *cx = &call->cx;
    const struct disclosure_ask *ask = &telling->ask;
    struct json_writer writer = json_writer_open(call->arena, LIMIT_OUTPUT_BYTES / 2);
    struct openid_value *values = ARENA_ARRAY(call->arena, struct openid_value, ask->values_count);
    struct text body;
    if (values == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < ask->values_count; i++)
        values[i] = (struct openid_value){ask->values[i].kind, ask->values[i].item.value};
    json_open_object(&writer);
    json_member_text(&writer, "sub", telling->subject);
    TRY(openid_claims_write(cx, values, ask->values_count, &writer));
    json_close_object(&writer);
    TRY(json_writer_finish(cx, &writer, &body));
    return call_reply_text(call, "application/json", body);
}

/* Whoever was shut out since the token was read hears nothing. How often a grant was used is no part of the edition. */
static err check_lives(struct ctx *cx, const struct telling *telling)
{
    const struct authorization *authorization = &telling->authorization;
    struct authorization_token token;
    bool live = telling->edition != 0 && telling->edition == store_people_edition(cx) &&
                !(authorization->has_grant && uses_is_counted(&authorization->grant.uses));
    if (!live)
        TRY(authorization_token_load(cx, telling->token, AUTHORIZATION_ACCESS, &token, &live));
    return live ? OK : fail_token(cx);
}

/* store_write_fn. Who only signs in has told nothing: then the proof alone is used up. */
static err commit(struct ctx *cx, void *arg)
{
    struct telling *telling = arg;
    TRY(check_lives(cx, telling));
    TRY(seen_token_use(cx, &telling->proof));
    return attribute_set_is_empty(telling->ask.attributes) ? OK : disclosure_commit(cx, &telling->ask);
}

static void announce(struct ctx *cx, void *arg)
{
    struct telling *telling = arg;
    if (!attribute_set_is_empty(telling->ask.attributes))
        disclosure_commit_announce(cx, &telling->ask);
}

/* The kinds of the grant that a claim is made of; no others leave, and are no use of it. A client that may not read
 * anywhere else reads nothing here either: it is told who it is, as one that only signs people in. */
static err decide(struct ctx *cx, struct telling *telling)
{
    const struct authorization *authorization = &telling->authorization;
    const struct grant *grant = &authorization->grant;
    telling->subject = id_text(cx, relationship_id(&authorization->relationship));
    if (authorization->has_grant && (authorization->system.scopes & SCOPE_DISCLOSURES) != 0)
        telling->ask.attributes = attribute_set_intersect(grant->attributes, openid_claim_kinds());
    if (attribute_set_is_empty(telling->ask.attributes))
        return telling->subject.at == NULL ? FAIL_MEMORY(cx) : OK;
    telling->ask.partial = true; /* the person may narrow it meanwhile */
    telling->ask.relationship = telling->subject;
    telling->ask.purpose = id_text(cx, (struct id){ID_PURPOSE, grant->organisation_id, grant->purpose_id});
    if (telling->ask.purpose.at == NULL)
        return FAIL_MEMORY(cx);
    return disclosure_decide(cx, &telling->ask);
}

static err answer_userinfo(struct call *call)
{
    static const bool DECIDED_ANEW = true; /* no answer is kept for an Idempotency-Key */
    struct telling *telling = ARENA_NEW(call->arena, struct telling);
    if (telling == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(admit(call, telling));
    TRY(decide(&call->cx, telling));
    telling->proof.in_ledger = true;
    return call_seal_with(call, &(struct sealing){.run = commit, .arg = telling, .announce = announce,
        .encode = reply_claims, .person_id = telling->authorization.person_id, .in_ledger = true,
        .passing = &DECIDED_ANEW});
}

err get_userinfo(struct call *call)
{
    return answer_userinfo(call);
}

/* OpenID Connect Core section 5.3.1 wants both. */
err post_userinfo(struct call *call)
{
    return answer_userinfo(call);
}
