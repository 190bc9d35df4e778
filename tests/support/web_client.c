/* SPDX-License-Identifier: Apache-2.0
 * Each step as its own write, by who would make it. */
#include "support/web_client.h"

#include <string.h>

#define KEYS "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

void web_keep(struct kept *kept, struct text text)
{
    assert_true(text.size < sizeof kept->at);
    memcpy(kept->at, text.at, text.size);
    kept->size = text.size;
}

struct text web_text_kept(const struct kept *kept)
{
    return (struct text){kept->at, kept->size};
}

struct actor web_make_client(struct world *world)
{
    const struct text uris[] = {TEXT(BACK)};
    struct ctx *cx = world_as(world, world->operator_);
    struct signing_draft draft = {.jwks = TEXT(KEYS), .redirect_uris = uris, .redirect_uris_count = 1};
    struct signing signing;
    ASSERT_OK(world, signing_read(cx, &draft, &signing));
    struct key_create create = {.organisation_id = world->shop.organisation_id,
                                .department_id = world->shipping.department_id,
                                .name = TEXT("Web shop"), .scopes = 4, .signing = &signing};
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &create));
    return (struct actor){.kind = ACTOR_SYSTEM, .organisation_id = create.out.organisation_id,
                          .department_id = world->shipping.department_id,
                          .department_bit = world->shipping.department_bit, .system_id = create.out.system_id,
                          .scopes = 4};
}

struct seen_token web_one_use(int64_t number, const char *reason)
{
    struct seen_token seen;
    seen_token_of(SEEN_PROOF, (struct bytes){(const uint8_t *)&number, sizeof number}, text_of(reason), &seen);
    seen.expires_at_ms = INT64_MAX;
    seen.reason = reason;
    return seen;
}

int64_t web_next_number(struct world *world)
{
    return ctx_number(&world->node.cx);
}

struct kept web_push(struct world *world, const struct actor *client, const char *thumbprint)
{
    char version[24];
    (void)snprintf(version, sizeof version, "%lld", (long long)world->delivery.version); /* fits */
    const struct authorization_ask ask = {.purpose_version = text_of(version),
        .redirect_uri = TEXT(BACK), .state = TEXT("s\"1"), .scope = TEXT("openid"), .nonce = TEXT("n1"),
        .challenge = TEXT("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), .thumbprint = text_of(thumbprint)};
    struct authorization_push act = {.system = *client, .ask = &ask, .reason = "client.unknown",
                                     .seen = {web_one_use(web_next_number(world), "client.unknown")}};
    struct kept kept;
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_push, &act));
    web_keep(&kept, act.out_name);
    return kept;
}

struct authorization_answer web_answer_of(struct world *world, const struct kept *name)
{
    return (struct authorization_answer){
        .name = web_text_kept(name), .accepts = true, .wants_data = true,
        .make = {.purpose = world_purpose_id(&world->delivery), .attributes = world->delivery.needed},
        .terms = {.answer = ANSWER_ACCEPT}};
}

struct grant web_accept(struct world *world, const struct actor *client, struct kept *out_code)
{
    struct kept name = web_push(world, client, "");
    struct authorization_answer answer = web_answer_of(world, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    assert_true(answer.out_has_grant);
    web_keep(out_code, answer.out_code);
    return answer.out_grant;
}

struct authorization_redeem web_redeem_of(struct world *world, const struct actor *client, const struct kept *text)
{
    struct authorization_redeem redeem = {
        .kind = text->at[0] == 'c' ? AUTHORIZATION_CODE : AUTHORIZATION_REFRESH, .text = web_text_kept(text),
        .system = *client, .redirect_uri = TEXT(BACK), .reason = "client.unknown",
        .seen = {web_one_use(web_next_number(world), "client.unknown"),
                 web_one_use(web_next_number(world), "proof.replayed")}};
    memcpy(redeem.thumbprint, THUMBPRINT, HASH_BYTES);
    return redeem;
}

struct tokens web_redeem(struct world *world, const struct actor *client, const struct kept *text)
{
    struct authorization_redeem act = web_redeem_of(world, client, text);
    struct tokens tokens = {.refresh.size = 0};
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_redeem, &act));
    assert_false(act.out_replayed);
    web_keep(&tokens.access, act.out_access);
    web_keep(&tokens.refresh, act.out_refresh);
    return tokens;
}

void web_refuse(struct world *world, struct authorization_redeem *act)
{
    ASSERT_FAILS(world, WRITE(world, world->operator_, authorization_redeem, act), MALFORMED, CODE_INVALID);
}

bool web_lives(struct world *world, const struct kept *access, struct authorization_token *out)
{
    bool live = false;
    test_node_rest(&world->node);
    ASSERT_OK(world, authorization_token_load(world_as(world, world->operator_), web_text_kept(access),
                                              AUTHORIZATION_ACCESS, out, &live));
    return live;
}

err web_end_one(struct ctx *cx, void *arg)
{
    const struct tokens *tokens = arg;
    const struct actor system = cx->actor;
    return authorization_token_revoke(cx, &system, web_text_kept(&tokens->access));
}

err web_end_all(struct ctx *cx, void *arg)
{
    const struct tokens *tokens = arg;
    const struct actor system = cx->actor;
    return authorization_token_revoke(cx, &system, web_text_kept(&tokens->refresh));
}
