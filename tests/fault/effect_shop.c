/* SPDX-License-Identifier: Apache-2.0
 * Scenes of an organisation and its systems. */
#include "base/limits.h"
#include "domain/entrance/access_token.h"
#include "domain/parties/contact_import.h"
#include "fault/effect_scenes.h"

/* ---- set-up */

err scene_make_organisation(struct bench *bench)
{
    struct organisation_create create = {.name = TEXT("Harbour Bank")};
    return bench_write(bench, bench->world.operator_, organisation_create, &create);
}

err scene_make_department(struct bench *bench)
{
    struct department_create create = {.organisation_id = bench->world.shop.organisation_id, .name = TEXT("Events")};
    return bench_write(bench, bench->world.operator_, department_create, &create);
}

err scene_make_key(struct bench *bench)
{
    struct actor system = bench->world.shipping;
    struct key_create create = {.organisation_id = system.organisation_id, .department_id = system.department_id,
                                .name = TEXT("desk"), .scopes = 1};
    return bench_write(bench, bench->world.operator_, key_create, &create);
}

err scene_end_key(struct bench *bench)
{
    struct key_revoke revoke = {bench->till.organisation_id, bench->till.system_id};
    return bench_write(bench, bench->world.operator_, key_revoke, &revoke);
}

/* ---- systems that sign */

err scene_make_signing_system(struct bench *bench)
{
    struct actor system = bench->world.shipping;
    struct signing_draft draft = {.jwks = TEXT(BENCH_KEYS)};
    struct signing signing;
    TRY(signing_read(&bench->world.node.cx, &draft, &signing));
    struct key_create create = {.organisation_id = system.organisation_id, .department_id = system.department_id,
                                .name = TEXT("desk"), .scopes = 1, .signing = &signing};
    return bench_write(bench, bench->world.operator_, key_create, &create);
}

/* What a system has signed for one use, with a name that no other one has. */
static void sign_once(struct bench *bench, seen_kind kind, struct seen_token *out)
{
    struct ctx *cx = &bench->world.node.cx;
    uint8_t name[16];
    random_fill(cx->randomness, name, sizeof name);
    seen_token_of(kind, (struct bytes){name, sizeof name}, TEXT("one"), out);
    out->expires_at_ms = cx->now_ms + LIMIT_PROOF_MS;
    out->reason = "proof.replayed";
}

err scene_issue_token(struct bench *bench)
{
    struct access_token_issue issue = {.system = bench->signer, .scopes = 1, .reason = "client.unknown"};
    sign_once(bench, SEEN_ASSERTION, &issue.seen[0]);
    sign_once(bench, SEEN_PROOF, &issue.seen[1]);
    return bench_write(bench, bench->world.operator_, access_token_issue, &issue);
}

err scene_forget_tokens(struct bench *bench)
{
    bool more = false;
    return bench_write(bench, bench->world.operator_, seen_token_forget, &more);
}

err scene_save_purpose(struct bench *bench)
{
    struct purpose_save save = {.text = world_purpose_text(bench->draft.needed, bench->draft.optional),
                                .body = bench->world.delivery.body};
    return bench_write(bench, bench->world.shipping, purpose_save, &save);
}

err scene_publish_purpose(struct bench *bench)
{
    struct purpose_publish publish = {.purpose_id = bench->draft.purpose_id, .body = bench->world.delivery.body,
                                      .text = world_purpose_text(bench->draft.needed, bench->draft.optional)};
    return bench_write(bench, bench->world.shipping, purpose_publish, &publish);
}

err scene_retire_purpose(struct bench *bench)
{
    struct purpose_retire retire = {.purpose_id = bench->world.delivery.purpose_id};
    return bench_write(bench, bench->world.shipping, purpose_retire, &retire);
}

/* ---- relationships and requests */

err scene_invite(struct bench *bench)
{
    struct invitation_make make = {.claims = 1};
    return bench_write(bench, bench->world.shipping, invitation_make, &make);
}

static err answer_proposal(struct bench *bench, bool accept)
{
    struct relationship_answer answer = {.person_id = bench->proposed.person_id, .accept = accept,
                                         .relationship_id = bench->proposed.relationship_id};
    return bench_write(bench, bench->world.shipping, relationship_answer, &answer);
}

err scene_accept_proposal(struct bench *bench)
{
    return answer_proposal(bench, true);
}

err scene_decline_proposal(struct bench *bench)
{
    return answer_proposal(bench, false);
}

err scene_ask(struct bench *bench)
{
    struct request_make make = {.person_id = bench->relationship.person_id,
                                .relationship_id = bench->relationship.relationship_id,
                                .purpose = world_purpose_id(&bench->world.delivery),
                                .attributes = bench->world.delivery.optional,
                                .duration_ms = TIME_DAY_MS,
                                .uses = {.event = TEXT_NONE}};
    return bench_write(bench, bench->world.shipping, request_make, &make);
}

err scene_revise(struct bench *bench)
{
    struct request_revise revise = {.person_id = bench->countered.person_id, .set_duration = true,
                                    .request_id = bench->countered.request_id, .duration_ms = 30 * TIME_DAY_MS};
    return bench_write(bench, bench->world.shipping, request_revise, &revise);
}

err scene_cancel(struct bench *bench)
{
    struct request_cancel cancel = {.person_id = bench->request.person_id, .request_id = bench->request.request_id};
    return bench_write(bench, bench->world.shipping, request_cancel, &cancel);
}

err scene_report_event(struct bench *bench)
{
    struct grant_report_event report = {.person_id = bench->eventful.person_id, .grant_id = bench->eventful.grant_id};
    return bench_write(bench, bench->world.shipping, grant_report_event, &report);
}

/* ---- reading */

err scene_read_address(struct bench *bench)
{
    return bench_read(bench, &bench->relationship, &bench->world.delivery);
}

err scene_read_counted(struct bench *bench)
{
    return bench_read(bench, &bench->relationship, &bench->parcel);
}

/* Nobody has permitted the telephone number: the refusal says so and nothing else, and stays on record. */
err scene_read_refused(struct bench *bench)
{
    struct world *world = &bench->world;
    struct ctx *cx = world_as(world, world->shipping);
    store_set_moment(bench->node.store, cx);
    struct disclosure_ask ask = {.relationship = id_text(cx, relationship_id(&bench->relationship)),
                                 .purpose = id_text(cx, world_purpose_id(&world->delivery)),
                                 .attributes = world_kinds("TelephoneNumber"), .note = TEXT("order 10442")};
    if (ask.relationship.at == NULL || ask.purpose.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(disclosure_decide(cx, &ask));
    TRY(bench_write(bench, world->shipping, disclosure_commit, &ask));
    bool right = !ask.given && ask.values_count == 0 && strcmp(ask.reason, "grant.none") == 0;
    return right ? OK : FAIL(cx, CONFLICT, "scene.wrong", "refused because of %s", ask.given ? "nothing" : ask.reason);
}

err scene_look_as_system(struct bench *bench)
{
    struct sight sight;
    TRY(bench_look_as_system(bench, &sight));
    return scene_same(bench, &sight, &bench->of_shipping);
}

err scene_prove_to_shop(struct bench *bench)
{
    return scene_prove_to(bench, bench->world.shipping);
}

/* ---- imports */

static err import_as(struct bench *bench, struct text name, struct text key, struct import_field *fields)
{
    struct actor system = bench->world.shipping;
    struct import_contact contact = {.name = name, .match_keys = &key, .match_keys_count = 1, .fields = fields,
                                     .fields_count = 2};
    struct import_result imported;
    struct import_chunk chunk = {.organisation_id = system.organisation_id, .department_id = system.department_id,
                                 .contacts = &contact, .count = 1, .out = &imported};
    return bench_write(bench, bench->world.operator_, contact_import, &chunk);
}

err scene_import_card(struct bench *bench)
{
    struct import_field fields[] = {{TEXT("pd:EmailAddress"), TEXT("\"cy@example.org\"")},
                                    {TEXT("note"), TEXT("\"likes maps\"")}};
    return import_as(bench, TEXT("Cy"), TEXT("mail:cy@example.org"), fields);
}

/* A later file says something else of Ada, and more. */
err scene_import_correction(struct bench *bench)
{
    struct import_field fields[] = {{TEXT("pd:EmailAddress"), TEXT("\"ada@lovell.example\"")},
                                    {TEXT("note"), TEXT("\"moved to Vevey\"")}};
    return import_as(bench, TEXT("Ada"), TEXT("mail:ada@example.org"), fields);
}
