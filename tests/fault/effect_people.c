/* SPDX-License-Identifier: Apache-2.0
 * Scenes of people. */
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/passkey_challenge.h"
#include "domain/entrance/recovery.h"
#include "domain/entrance/session.h"
#include "domain/people/erasure.h"
#include "domain/sharing/objection_change.h"
#include "fault/effect_scenes.h"

/* ---- coming in and going out */

err scene_come(struct bench *bench)
{
    struct person_create create = {.name = TEXT("Di")};
    return bench_write(bench, bench->world.operator_, person_create, &create);
}

err scene_make_link(struct bench *bench)
{
    struct person_link link = {.person_id = bench->world.ada.person_id};
    return bench_write(bench, bench->world.operator_, person_link, &link);
}

err scene_sign_in(struct bench *bench)
{
    struct person_sign_in sign_in = {.link_token = bench->link};
    TRY(person_check_link(world_as(&bench->world, (struct actor){.kind = ACTOR_NOBODY}), bench->link));
    return bench_write(bench, (struct actor){.kind = ACTOR_NOBODY}, person_sign_in, &sign_in);
}

err scene_sign_out(struct bench *bench)
{
    return bench_write(bench, bench->eve, session_end, NULL);
}

err scene_end_session(struct bench *bench)
{
    return bench_write(bench, bench->eve, session_end_one, &bench->eve_elsewhere.session_id);
}

err scene_end_other_sessions(struct bench *bench)
{
    return bench_write(bench, bench->eve, session_end_others, NULL);
}

static err note_use(struct ctx *cx, void *arg)
{
    (void)arg; /* the session is the caller's */
    return session_note(cx);
}

err scene_note_session(struct bench *bench)
{
    return bench_write(bench, bench->eve, note_use, NULL);
}

/* Whoever has the right word is never told that it is wrong. */
err scene_know_callers(struct bench *bench)
{
    struct ctx *cx = world_as(&bench->world, (struct actor){.kind = ACTOR_NOBODY});
    struct actor eve;
    struct actor till;
    store_set_moment(bench->node.store, cx);
    TRY(session_authenticate(cx, bench->session, &eve));
    TRY(organisation_authenticate(cx, bench->key, &till));
    bool right = eve.person_id == bench->eve.person_id && till.system_id == bench->till.system_id;
    return right ? OK : FAIL(cx, CONFLICT, "scene.wrong", "somebody is taken for somebody else");
}

/* ---- passkeys: what a device has signed was looked at before */

err scene_add_passkey_of(struct bench *bench, struct actor person, struct text id, struct passkey *out)
{
    struct passkey_asker asker = {.ceremony = PASSKEY_REGISTER};
    struct passkey_add add = {.secret = {.credential_id = bytes_of_text(id), .public_key = bytes_of_text(id),
                                         .name = TEXT("Phone"), .transports = TEXT_NONE}};
    struct ctx *cx = world_as(&bench->world, person);
    store_set_moment(bench->node.store, cx);
    TRY(passkey_challenge_make(cx, &asker, &add.challenge));
    TRY(bench_write(bench, person, passkey_add, &add));
    *out = add.out;
    return OK;
}

err scene_add_passkey(struct bench *bench)
{
    struct passkey added;
    return scene_add_passkey_of(bench, bench->world.ada, TEXT("Ada's"), &added);
}

err scene_name_passkey(struct bench *bench)
{
    struct passkey_rename rename = {.passkey_id = bench->passkey.passkey_id, .name = TEXT("Old phone")};
    return bench_write(bench, bench->eve, passkey_rename, &rename);
}

err scene_use_passkey(struct bench *bench)
{
    const struct actor nobody = {.kind = ACTOR_NOBODY};
    struct passkey_asker asker = {.ceremony = PASSKEY_SIGN_IN, .visitor = TEXT("a cookie")};
    struct passkey_use use = {.person_id = bench->eve.person_id, .counter = 1};
    struct ctx *cx = world_as(&bench->world, nobody);
    struct passkey found;
    store_set_moment(bench->node.store, cx);
    TRY(passkey_challenge_make(cx, &asker, &use.challenge));
    TRY(passkey_find(cx, use.person_id, bytes_of_text(TEXT("Eve's")), &found));
    use.passkey_id = found.passkey_id;
    return bench_write(bench, nobody, passkey_sign_in, &use);
}

/* Another proof of hers, by which her session goes on under another token. */
err scene_verify(struct bench *bench)
{
    struct passkey_asker asker = {.ceremony = PASSKEY_VERIFY};
    struct passkey_use use = {.person_id = bench->eve.person_id, .passkey_id = bench->passkey.passkey_id, .counter = 1};
    struct ctx *cx = world_as(&bench->world, bench->eve);
    store_set_moment(bench->node.store, cx);
    TRY(passkey_challenge_make(cx, &asker, &use.challenge));
    TRY(bench_write(bench, bench->eve, passkey_verify, &use));
    bool renewed = !use.out_alarm && use.out_session_token.size > 0;
    return renewed ? OK : FAIL(cx, CONFLICT, "scene.wrong", "a proof began no session");
}

err scene_remove_passkey(struct bench *bench)
{
    return bench_write(bench, bench->eve, passkey_remove, &bench->passkey.passkey_id);
}

err scene_stop_recovery(struct bench *bench)
{
    return bench_write(bench, bench->world.bob, recovery_stop, NULL);
}

err scene_print_codes(struct bench *bench)
{
    struct recovery_codes codes;
    return bench_write(bench, bench->world.ada, recovery_codes_make, &codes);
}

err scene_come_with_code(struct bench *bench)
{
    struct recovery_come come = {.code = bench->paper};
    return bench_write(bench, (struct actor){.kind = ACTOR_NOBODY}, recovery_come, &come);
}

/* Bob, who has a code of the operator already. */
err scene_help_back(struct bench *bench)
{
    struct recovery_begin help = {.person_id = bench->world.bob.person_id};
    return bench_write(bench, bench->world.operator_, recovery_begin, &help);
}

err scene_tell_export(struct bench *bench)
{
    return bench_write(bench, bench->eve, alert_add_exported, NULL);
}

/* ---- the vault */

err scene_put_value_of(struct bench *bench, struct actor person, struct text value)
{
    struct vault_put put = {.kind = attribute_find(TEXT("pd:PhysicalAddress")), .source = SOURCE_SELF, .value = value};
    return bench_write(bench, person, vault_put, &put);
}

err scene_put_value(struct bench *bench)
{
    return scene_put_value_of(bench, bench->world.ada, TEXT("{\"country\":\"CH\",\"locality\":\"Basel\"}"));
}

err scene_confirm_value(struct bench *bench)
{
    return scene_put_value_of(bench, bench->world.ada, TEXT("{\"country\":\"CH\",\"locality\":\"Vevey\"}"));
}

err scene_remove_value(struct bench *bench)
{
    struct vault_remove remove = {.kind = attribute_find(TEXT("pd:PhysicalAddress"))};
    return bench_write(bench, bench->world.ada, vault_remove, &remove);
}

/* ---- relationships */

static err claim_as_eve(struct bench *bench, struct text code)
{
    struct invitation_claim claim = {.code = code};
    return bench_write(bench, bench->eve, invitation_claim, &claim);
}

static err claim_as_nobody(struct bench *bench, struct text code)
{
    struct invitation_claim_new claim = {.code = code};
    return bench_write(bench, (struct actor){.kind = ACTOR_NOBODY}, invitation_claim_new, &claim);
}

err scene_claim(struct bench *bench)
{
    return claim_as_eve(bench, bench->code);
}

err scene_claim_as_new(struct bench *bench)
{
    return claim_as_nobody(bench, bench->code);
}

err scene_claim_records(struct bench *bench)
{
    return claim_as_eve(bench, bench->brought_code);
}

err scene_claim_records_as_new(struct bench *bench)
{
    return claim_as_nobody(bench, bench->brought_code);
}

err scene_propose(struct bench *bench)
{
    struct relationship_propose propose = {.organisation_id = bench->world.shop.organisation_id,
                                           .nature = NATURE_CUSTOMER};
    return bench_write(bench, bench->eve, relationship_propose, &propose);
}

/* An end that is earlier than that of the permissions, which end with it. */
err scene_change_relationship(struct bench *bench)
{
    struct relationship_change change = {.relationship_id = bench->relationship.relationship_id, .set_ends = true,
                                         .ends_at_ms = bench->grant.until_at_ms - TIME_DAY_MS, .set_review = true,
                                         .review_at_ms = bench->grant.until_at_ms - 2 * TIME_DAY_MS};
    return bench_write(bench, bench->world.ada, relationship_change, &change);
}

static err move(struct bench *bench, const struct relationship *relationship, relationship_move move)
{
    struct relationship_change change = {.relationship_id = relationship->relationship_id, .move = move};
    struct actor person = {.kind = ACTOR_PERSON, .person_id = relationship->person_id};
    return bench_write(bench, person, relationship_change, &change);
}

err scene_pause(struct bench *bench)
{
    return move(bench, &bench->relationship, MOVE_PAUSE);
}

err scene_resume(struct bench *bench)
{
    return move(bench, &bench->paused, MOVE_RESUME);
}

err scene_object(struct bench *bench)
{
    struct objection_change change = {.relationship_id = bench->relationship.relationship_id, .stands = true};
    return bench_write(bench, bench->world.ada, objection_change, &change);
}

static err run_signal(struct ctx *cx, void *arg)
{
    (void)arg; /* the caller is all that it wants */
    return objection_signal(cx);
}

/* In each relationship, all in one write. */
err scene_signal(struct bench *bench)
{
    return bench_write(bench, bench->world.ada, run_signal, NULL);
}

err scene_end_relationship(struct bench *bench)
{
    struct relationship_end end = {.relationship_id = bench->relationship.relationship_id, .erase = true};
    return bench_write(bench, bench->world.ada, relationship_end, &end);
}

/* ---- requests and grants */

static err answer(struct bench *bench, struct request_answer with)
{
    with.request_id = bench->request.request_id;
    return bench_write(bench, bench->world.ada, request_answer, &with);
}

err scene_accept(struct bench *bench)
{
    return answer(bench, (struct request_answer){.answer = ANSWER_ACCEPT});
}

err scene_adjust(struct bench *bench)
{
    return answer(bench, (struct request_answer){.answer = ANSWER_ADJUST, .set_duration = true,
                                                 .duration_ms = 30 * TIME_DAY_MS});
}

err scene_counter(struct bench *bench)
{
    return answer(bench, (struct request_answer){.answer = ANSWER_COUNTER, .set_duration = true,
                                                 .duration_ms = 20 * TIME_DAY_MS});
}

err scene_refuse(struct bench *bench)
{
    return answer(bench, (struct request_answer){.answer = ANSWER_REFUSE});
}

err scene_give(struct bench *bench)
{
    struct grant_give give = {.relationship_id = bench->relationship.relationship_id,
                              .purpose = world_purpose_id(&bench->world.delivery),
                              .attributes = bench->world.delivery.needed};
    return bench_write(bench, bench->world.ada, grant_give, &give);
}

err scene_narrow(struct bench *bench)
{
    struct grant_narrow narrow = {.grant_id = bench->grant.grant_id, .set_until = true,
                                  .until_at_ms = bench->grant.until_at_ms - TIME_DAY_MS};
    return bench_write(bench, bench->world.ada, grant_narrow, &narrow);
}

err scene_stop(struct bench *bench)
{
    struct grant_withdraw stop = {.grant_id = bench->grant.grant_id};
    return bench_write(bench, bench->world.ada, grant_withdraw, &stop);
}

/* ---- what there is to see */

err scene_look_as_person(struct bench *bench)
{
    struct sight sight;
    TRY(bench_look_as_person(bench, &sight));
    return scene_same(bench, &sight, &bench->of_ada);
}

/* From the id text to the proof. */
err scene_prove_to(struct bench *bench, struct actor actor)
{
    struct receipt receipt;
    struct text proof;
    struct ctx *cx = world_as(&bench->world, actor);
    struct text name = id_text(cx, relationship_item_id(&bench->relationship, ID_RECEIPT, bench->grant.receipt_id));
    if (name.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(receipt_open(cx, name, &receipt));
    TRY(receipt_sign(cx, &receipt));
    TRY(bench_write(bench, actor, receipt_keep, &receipt));
    return receipt_proof(cx, &receipt, &proof);
}

err scene_prove(struct bench *bench)
{
    return scene_prove_to(bench, bench->world.ada);
}

err scene_erase_oneself(struct bench *bench)
{
    struct erasure_begin begin = {.person_id = bench->world.ada.person_id, .confirmation = TEXT(ERASURE_CONFIRMATION)};
    struct erasure_work work = {.told = NULL};
    TRY(bench_write(bench, bench->world.ada, erasure_begin, &begin));
    return erasure_finish(world_as(&bench->world, bench->world.operator_), bench->node.store, &work);
}
