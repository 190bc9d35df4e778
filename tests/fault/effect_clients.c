/* SPDX-License-Identifier: Apache-2.0
 * Scenes of those who work for an organisation, of a client with a browser before it, and of who asks whether. */
#include "domain/entrance/id_token_key.h"
#include "domain/parties/member.h"
#include "domain/sharing/evaluation.h"
#include "fault/effect_scenes.h"

/* ---- members */

err scene_invite_member(struct bench *bench)
{
    struct member_invite invite = {.organisation_id = bench->world.shop.organisation_id, .name = TEXT("Mia"),
                                   .department_id = bench->world.shipping.department_id, .role = MEMBER_ADMIN};
    return bench_write(bench, bench->world.operator_, member_invite, &invite);
}

err scene_join(struct bench *bench)
{
    const struct actor nobody = {.kind = ACTOR_NOBODY};
    struct member_claim claim = {.code = bench->badge};
    uint64_t number = 0;
    TRY(member_look(world_as(&bench->world, nobody), claim.code, &number));
    return bench_write(bench, nobody, member_claim, &claim);
}

err scene_end_membership(struct bench *bench)
{
    struct member_end end = {bench->world.shop.organisation_id, bench->member_id};
    return bench_write(bench, bench->world.operator_, member_end, &end);
}

/* ---- what a client asks of Ada, gets and gives back */

err scene_push_request(struct bench *bench)
{
    const struct authorization_ask ask = {.redirect_uri = TEXT(BACK), .scope = TEXT("openid")};
    struct authorization_push push = {.system = bench->web, .ask = &ask, .reason = "client.unknown",
                                      .seen = {web_one_use(web_next_number(&bench->world), "client.unknown")}};
    return bench_write(bench, bench->world.operator_, authorization_push, &push);
}

/* Her yes is for less than what she has said yes to before, so that a grant comes of it. */
err scene_answer_client(struct bench *bench)
{
    struct authorization_answer answer = web_answer_of(&bench->world, &bench->pushed);
    answer.make.duration_ms = TIME_DAY_MS;
    return bench_write(bench, bench->world.ada, authorization_answer, &answer);
}

err scene_refuse_client(struct bench *bench)
{
    struct authorization_answer answer = web_answer_of(&bench->world, &bench->pushed);
    answer.accepts = false;
    return bench_write(bench, bench->world.ada, authorization_answer, &answer);
}

static err redeem(struct bench *bench, const struct kept *text)
{
    struct authorization_redeem redeem = web_redeem_of(&bench->world, &bench->web, text);
    TRY(bench_write(bench, bench->world.operator_, authorization_redeem, &redeem));
    return !redeem.out_replayed ? OK : FAIL(&bench->world.node.cx, CONFLICT, "scene.wrong", "it was used before");
}

err scene_redeem_code(struct bench *bench)
{
    return redeem(bench, &bench->answered);
}

err scene_refresh_token(struct bench *bench)
{
    return redeem(bench, &bench->tokens.refresh);
}

/* As UserInfo reads: by an access token, which is looked at again where it is written down. */
struct telling {
    struct disclosure_ask ask;
    const struct kept    *access;
};

static err load_token(struct ctx *cx, const struct kept *access, struct authorization_token *out)
{
    bool live = false;
    TRY(authorization_token_load(cx, web_text_kept(access), AUTHORIZATION_ACCESS, out, &live));
    return live ? OK : FAIL(cx, FORBIDDEN, "scene.token_over", "a token that lives is taken for none");
}

static err tell(struct ctx *cx, void *arg)
{
    struct telling *telling = arg;
    struct authorization_token token;
    TRY(load_token(cx, telling->access, &token));
    return disclosure_commit(cx, &telling->ask);
}

err scene_tell_client(struct bench *bench)
{
    struct ctx *cx = world_as(&bench->world, bench->world.operator_);
    struct telling telling = {.access = &bench->tokens.access};
    struct authorization_token token;
    store_set_moment(bench->node.store, cx);
    TRY(load_token(cx, telling.access, &token));
    const struct actor client = token.authorization.system;
    cx->actor = client;
    telling.ask = (struct disclosure_ask){.relationship = id_text(cx, relationship_id(&bench->relationship)),
                                          .purpose = id_text(cx, world_purpose_id(&bench->world.delivery)),
                                          .attributes = token.authorization.grant.attributes, .partial = true};
    if (telling.ask.relationship.at == NULL || telling.ask.purpose.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(disclosure_decide(cx, &telling.ask));
    TRY(bench_write(bench, client, tell, &telling));
    bool whole = telling.ask.given && telling.ask.values_count == 1;
    return whole ? OK : FAIL(cx, FORBIDDEN, "scene.not_given", "a permitted read was refused");
}

static err give_back(struct ctx *cx, void *arg)
{
    const struct bench *bench = arg;
    return authorization_give_back(cx, bench->world.ada.person_id, bench->web_grant_id);
}

err scene_give_back(struct bench *bench)
{
    return bench_write(bench, bench->web, give_back, bench);
}

err scene_revoke_token(struct bench *bench)
{
    return bench_write(bench, bench->web, web_end_one, &bench->tokens);
}

err scene_revoke_authorization(struct bench *bench)
{
    return bench_write(bench, bench->web, web_end_all, &bench->tokens);
}

err scene_shut_client_out(struct bench *bench)
{
    return bench_write(bench, bench->world.ada, authorization_end_own, &bench->authorization_id);
}

/* ---- what a department asks whether it may: one thing that Ada has permitted, one that she has not */

static err ask_whether(struct bench *bench, size_t count)
{
    struct ctx *cx = world_as(&bench->world, bench->world.shipping);
    const struct actor *system = &bench->world.shipping;
    struct evaluation items[2] = {{
        .subject_type = TEXT(EVALUATION_DEPARTMENT),
        .subject_id = id_text(cx, (struct id){ID_DEPARTMENT, system->organisation_id, system->department_id}),
        .action = TEXT(EVALUATION_READ),
        .resource_type = TEXT(EVALUATION_RELATIONSHIP),
        .resource_id = id_text(cx, relationship_id(&bench->relationship)),
        .purpose = id_text(cx, world_purpose_id(&bench->world.delivery)),
        .attributes = bench->world.delivery.needed,
    }};
    struct evaluations all = {items, count, EVALUATION_EXECUTE_ALL, 0};
    if (items[0].subject_id.at == NULL || items[0].resource_id.at == NULL || items[0].purpose.at == NULL)
        return FAIL_MEMORY(cx);
    items[1] = items[0];
    items[1].attributes = world_kinds("TelephoneNumber");
    store_set_moment(bench->node.store, cx);
    for (size_t i = 0; i < count; i++) {
        TRY(evaluation_decide(cx, &items[i]));
        TRY(evaluation_look_for_door(cx, &items[i]));
    }
    TRY(bench_write(bench, *system, evaluations_commit, &all));
    if (!items[0].known || !items[count - 1].known || all.out_answered != count)
        return FAIL(cx, CONFLICT, "scene.wrong", "what is asked about is taken for unknown");
    if (!evaluation_permits(&items[0]))
        return FAIL(cx, FORBIDDEN, "scene.not_given", "what is permitted was denied");
    bool right = count == 1 || !evaluation_permits(&items[1]);
    return right ? OK : FAIL(cx, CONFLICT, "scene.wrong", "what is not permitted was said to be");
}

err scene_evaluate(struct bench *bench)
{
    return ask_whether(bench, 1);
}

err scene_evaluate_several(struct bench *bench)
{
    return ask_whether(bench, 2);
}

/* ---- the key of ID tokens */

err scene_renew_token_key(struct bench *bench)
{
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    return bench_write(bench, bench->world.operator_, id_token_key_rotate, &rotate);
}

err scene_replace_token_key(struct bench *bench)
{
    return bench_write(bench, bench->world.operator_, id_token_key_replace, NULL);
}
