/* SPDX-License-Identifier: Apache-2.0
 * The node held against its model, and against what must hold for any run. */
#include <string.h>

#include "support/life/life.h"

#include "ledger/ledger.h"
#include "ledger/receipt_check.h"

#define MANY_ROWS 10000

static bool is_erased(const struct life *life, int relationship)
{
    int person = life->model->relationships[relationship].person;
    return person >= 0 && life->model->people[person].is_erased;
}

/* What an event is called is forgotten with whoever named it. */
static void same_uses(const struct life *life, int relationship, const struct uses *real, struct m_uses model)
{
    struct uses wanted = life_uses(model);
    assert_int_equal(real->kind, wanted.kind);
    assert_int_equal(real->max, wanted.max);
    assert_true(text_equals(real->event, is_erased(life, relationship) ? TEXT_NONE : wanted.event));
}

static void same_set(const struct life *life, struct attribute_set real, unsigned kinds)
{
    assert_true(attribute_set_equals(real, life_set(life, kinds)));
}

void check_relationship(struct life *life, int at)
{
    const struct m_relationship *it = &life->model->relationships[at];
    struct relationship real = life_load(life, at);
    assert_int_equal(real.organisation_id, life->organisations[it->organisation]);
    assert_int_equal(relationship_state_at(&real, life->model->now), m_relationship_state(life->model, at));
    assert_int_equal(real.nature, it->nature);
    assert_int_equal(real.ends_at_ms, it->ends);
    assert_int_equal(real.review_at_ms, it->review);
}

void check_grant(struct life *life, int at)
{
    const struct m_grant *it = &life->model->grants[at];
    const struct m_relationship *relationship = &life->model->relationships[it->relationship];
    struct grant real = {0};
    life_expect(life, grant_load(&life->world.node.cx, relationship->real_person, it->real_id, &real), NULL);
    assert_int_equal(grant_state_at(&real, life->model->now), m_grant_state(life->model, at));
    assert_int_equal(real.until_at_ms, it->until);
    assert_int_equal(real.purpose_version, it->version);
    assert_int_equal(real.departments, life_bits(life, relationship->organisation, it->departments));
    assert_int_equal(real.used, m_is_counted(it->uses) ? it->used : 0);
    same_set(life, real.attributes, it->kinds);
    same_uses(life, it->relationship, &real.uses, it->uses);
}

void check_request(struct life *life, int at)
{
    const struct model *model = life->model;
    const struct m_request *it = &model->requests[at];
    struct request real = {0};
    int64_t person_id = model->relationships[it->relationship].real_person;
    life_expect(life, request_load(&life->world.node.cx, person_id, it->real_id, &real), NULL);
    assert_int_equal(request_state_at(&real, model->now), m_request_state(model, at));
    assert_int_equal(real.revision, it->revision);
    assert_int_equal(real.duration_ms, it->duration);
    assert_int_equal(real.expires_at_ms, it->expires);
    assert_int_equal(real.counter_duration_ms, it->counter_duration);
    assert_int_equal(real.grant_id, it->grant >= 0 ? model->grants[it->grant].real_id : 0);
    same_set(life, real.attributes, it->kinds);
    same_set(life, real.counter_attributes, it->counter_kinds);
    same_uses(life, it->relationship, &real.uses, it->uses);
    same_uses(life, it->relationship, &real.counter_uses, it->counter_uses);
}

void check_states(struct life *life)
{
    for (int i = 0; i < life->model->relationships_count; i++)
        check_relationship(life, i);
    test_node_rest(&life->world.node);
    for (int i = 0; i < life->model->grants_count; i++)
        check_grant(life, i);
    test_node_rest(&life->world.node);
    for (int i = 0; i < life->model->requests_count; i++)
        check_request(life, i);
    test_node_rest(&life->world.node);
}

/* ---- any past moment */

static const struct grant *find_real(const struct grant *grants, size_t count, int64_t grant_id)
{
    for (size_t i = 0; i < count; i++)
        if (grants[i].grant_id == grant_id)
            return &grants[i];
    return NULL;
}

static void check_past_grant(struct life *life, int at, int64_t moment, const struct grant *real)
{
    struct m_past past;
    int64_t used = 0;
    bool existed = m_grant_at(life->model, at, moment, &past, &used);
    assert_int_equal(existed, real != NULL);
    if (!existed)
        return;
    assert_int_equal(real->state, past.state);
    assert_int_equal(real->until_at_ms, past.until);
    if (m_is_counted(past.uses))
        assert_int_equal(real->used, used);
    same_set(life, real->attributes, past.kinds);
    same_uses(life, life->model->grants[at].relationship, &real->uses, past.uses);
}

void check_past(struct life *life)
{
    int relationship = life_relationship(life);
    if (relationship < 0)
        return;
    struct relationship real = life_load(life, relationship);
    int64_t moment = life->begun_at_ms + dice_draw(&life->dice, life->model->now - life->begun_at_ms + 1);
    struct grant_list list = {.at_ms = moment, .limit = MANY_ROWS};
    size_t due = 0;
    life_expect(life, grant_list_of_relationship(&life->world.node.cx, &real, &list), NULL);
    for (int i = 0; i < life->model->grants_count; i++) {
        if (life->model->grants[i].relationship != relationship)
            continue;
        const struct grant *found = find_real(list.out, list.out_count, life->model->grants[i].real_id);
        due += found != NULL;
        check_past_grant(life, i, moment, found);
    }
    assert_int_equal(list.out_count, due);
}

/* ---- receipts */

static bool holds(struct bytes payload, struct text words)
{
    return words.size > 0 && memmem(payload.at, payload.size, words.at, words.size) != NULL;
}

/* Nothing in a receipt is a value of the vault, names another organisation or a person, or is another pairwise id. */
static void check_traces(struct life *life, int relationship, struct bytes payload)
{
    struct ctx *cx = &life->world.node.cx;
    const struct m_relationship *it = &life->model->relationships[relationship];
    assert_false(holds(payload, TEXT("secret")));
    assert_true(holds(payload, it->organisation == 0 ? TEXT("Lantern Books") : TEXT("Harbour Bank")));
    assert_false(holds(payload, it->organisation == 0 ? TEXT("Harbour Bank") : TEXT("Lantern Books")));
    assert_false(holds(payload, TEXT("per_")));
    struct id other_organisation = {ID_ORGANISATION, life->organisations[1 - it->organisation], 0};
    assert_false(holds(payload, id_text(cx, other_organisation)));
    for (int i = 0; i < life->model->relationships_count && i < 40; i++) {
        struct relationship other = life_load(life, i);
        assert_int_equal(holds(payload, id_text(cx, relationship_id(&other))), i == relationship);
    }
}

static struct receipt open_receipt(struct life *life, struct actor actor, struct text id)
{
    struct receipt receipt = {0};
    life_expect(life, receipt_open(world_as(&life->world, actor), id, &receipt), NULL);
    if (receipt.jws.size == 0) {
        life_expect(life, receipt_sign(&life->world.node.cx, &receipt), NULL);
        life_expect(life, LIFE_WRITE(life, actor, receipt_keep, &receipt), NULL);
    }
    return receipt;
}

static void check_proof(struct life *life, const struct receipt *receipt)
{
    struct ctx *cx = &life->world.node.cx;
    struct receipt_files files = {.receipt = receipt->jws};
    struct receipt_facts facts;
    struct ledger_pass pass;
    do
        life_expect(life, ledger_sequence(cx, life->world.node.store, &pass), NULL);
    while (pass.left > 0);
    life_expect(life, receipt_proof(cx, receipt, &files.proof), NULL);
    life_expect(life, ledger_verifier_key(cx, &files.verifier_key), NULL);
    life_expect(life, receipt_check(cx, &files, &facts), NULL);
    assert_true(bytes_equals(bytes_of_text(facts.payload), receipt->payload));
}

static bool lists_receipt(struct life *life, struct actor actor, const struct relationship *real, int64_t receipt_id)
{
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    bool listed = false;
    life_expect(life, world_receipts(world_as(&life->world, actor), real, &entries, &count), NULL);
    for (size_t i = 0; i < count; i++)
        listed = listed || entries[i].receipt_id == receipt_id;
    return listed;
}

/* A department opens what it lists, and holds the person's bytes; what it does not list is not there for it. */
static void check_departments(struct life *life, const struct actor *systems, const struct relationship *real,
                              const struct receipt *hers)
{
    struct text id = id_text(&life->world.node.cx, relationship_item_id(real, ID_RECEIPT, hers->receipt_id));
    for (int i = 0; i < DEPARTMENTS; i++) {
        struct receipt none;
        if (lists_receipt(life, systems[i], real, hers->receipt_id)) {
            assert_true(text_equals(hers->jws, open_receipt(life, systems[i], id).jws));
            continue;
        }
        life_expect(life, receipt_open(world_as(&life->world, systems[i]), id, &none), "not_found");
        failure_clear(&life->world.node.cx.failure);
    }
}

void check_receipts(struct life *life)
{
    int relationship = life_relationship(life);
    if (relationship < 0 || life->model->relationships[relationship].person < 0)
        return;
    const struct m_relationship *it = &life->model->relationships[relationship];
    struct actor person = life_actor(life, it->person);
    struct relationship real = life_load(life, relationship);
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    life_expect(life, world_receipts(world_as(&life->world, person), &real, &entries, &count), NULL);
    assert_int_equal(count > 0, it->was_started);
    if (count == 0)
        return;
    int64_t receipt_id = entries[life_draw(life, (int)count)].receipt_id;
    struct text id = id_text(&life->world.node.cx, relationship_item_id(&real, ID_RECEIPT, receipt_id));
    struct receipt hers = open_receipt(life, person, id);
    check_departments(life, life->systems[it->organisation], &real, &hers);
    struct receipt none;
    struct actor stranger = life->systems[1 - it->organisation][0];
    life_expect(life, receipt_open(world_as(&life->world, stranger), id, &none), "not_found");
    failure_clear(&life->world.node.cx.failure);
    check_traces(life, relationship, hers.payload);
    check_proof(life, &hers);
}

/* ---- lists hold what is the caller's, all of it and nothing else */

static void check_organisation_list(struct life *life, int organisation)
{
    struct relationship_list list = {.limit = MANY_ROWS};
    size_t due = 0;
    struct ctx *cx = world_as(&life->world, life->systems[organisation][0]);
    life_expect(life, relationship_list_of_organisation(cx, &list), NULL);
    for (int i = 0; i < life->model->relationships_count; i++)
        due += life->model->relationships[i].organisation == organisation;
    assert_int_equal(list.out_count, due);
    for (size_t i = 0; i < list.out_count; i++)
        assert_int_equal(list.out[i].organisation_id, life->organisations[organisation]);
    test_node_rest(&life->world.node);
}

/* All pages, each short, are the whole chain, and the counters agree. */
static void check_disclosure_list(struct life *life, int person)
{
    struct ctx *cx = world_as(&life->world, life_actor(life, person));
    struct disclosure_list list = {.limit = 1 + life_draw(life, 30), .out_more = true};
    int64_t given = 0;
    int64_t refused = 0;
    while (list.out_more) {
        life_expect(life, disclosure_list(cx, &list), NULL);
        for (size_t i = 0; i < list.out_count; i++) {
            given += list.out[i].outcome == DISCLOSURE_GIVEN;
            refused += list.out[i].outcome == DISCLOSURE_REFUSED;
            assert_int_equal(list.out[i].person_id, cx->actor.person_id);
        }
        list.after = list.out_last_id;
        arena_reset(cx->arena);
    }
    assert_int_equal(given, life->model->people[person].given);
    assert_int_equal(refused, life->model->people[person].refused);
    int64_t counted[2];
    life_expect(life, disclosure_count(cx, &counted[0], &counted[1]), NULL);
    assert_int_equal(counted[0], given);
    assert_int_equal(counted[1], refused);
}

static void check_person_list(struct life *life, int person)
{
    struct relationship_list list = {.limit = MANY_ROWS};
    struct grant_list grants = {.limit = MANY_ROWS};
    size_t due[2] = {0};
    struct ctx *cx = world_as(&life->world, life_actor(life, person));
    life_expect(life, relationship_list_of_person(cx, &list), NULL);
    life_expect(life, grant_list_of_person(cx, &grants), NULL);
    for (int i = 0; i < life->model->relationships_count; i++)
        due[0] += life->model->relationships[i].person == person;
    for (int i = 0; i < life->model->grants_count; i++)
        due[1] += life->model->relationships[life->model->grants[i].relationship].person == person;
    assert_int_equal(list.out_count, due[0]);
    assert_int_equal(grants.out_count, due[1]);
    test_node_rest(&life->world.node);
}

void check_lists(struct life *life)
{
    for (int i = 0; i < ORGANISATIONS; i++)
        check_organisation_list(life, i);
    for (int i = 0; i < life->model->people_count; i++) {
        check_person_list(life, i);
        if (!life->model->people[i].is_erased)
            check_disclosure_list(life, i);
    }
}

void check_audit(struct life *life)
{
    assert_int_equal(world_audit(&life->world, 0), 0);
    for (int i = 0; i < life->model->relationships_count; i++)
        assert_true(is_erased(life, i) || life_load(life, i).relationship_id != 0);
}
