/* SPDX-License-Identifier: Apache-2.0
 * Scenes of those who work for an organisation, and of a client with a browser before it. */
#include "domain/entrance/id_token_key.h"
#include "domain/parties/member.h"
#include "fault/effect_scenes.h"

/* ---- members */

err scene_invite_member(struct bench *bench)
{
    struct member_invite invite = {.organisation_id = bench->world.shop.organisation_id, .name = TEXT("Mia"),
                                   .department_id = bench->world.shipping.department_id, .role = MEMBER_ADMIN};
    return bench_write(bench, bench->world.operator_, member_invite, &invite);
}

err scene_end_membership(struct bench *bench)
{
    struct member_end end = {bench->world.shop.organisation_id, bench->member_id};
    return bench_write(bench, bench->world.operator_, member_end, &end);
}

/* ---- what a client asks of Ada, and what ends of it */

err scene_push_request(struct bench *bench)
{
    const struct authorization_ask ask = {.redirect_uri = TEXT(BACK), .scope = TEXT("openid")};
    struct authorization_push push = {.system = bench->web, .ask = &ask, .reason = "client.unknown",
                                      .seen = {web_one_use(web_next_number(&bench->world), "client.unknown")}};
    return bench_write(bench, bench->world.operator_, authorization_push, &push);
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
