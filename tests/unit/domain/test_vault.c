/* SPDX-License-Identifier: Apache-2.0
 * Goal: a value is entered once, has its history, reaches whom it may, and belongs to its person alone. Method: put,
 * confirm, change, remove, put again; each answer and what the outbox would tell. */
#include <string.h>

#include "base/limits.h"
#include "domain/people/person_key.h"
#include "support/world.h"

static const char BERN[] = "{\"country\":\"CH\",\"locality\":\"Bern\"}";
static const char BASEL[] = "{\"country\":\"CH\",\"locality\":\"Basel\"}";

static const struct attribute_kind *address(void)
{
    return attribute_find(TEXT("pd:PhysicalAddress"));
}

static struct vault_put put(struct world *world, struct actor person, const char *value)
{
    struct vault_put put = {.kind = address(), .value = text_of(value), .source = SOURCE_SELF};
    ASSERT_OK(world, WRITE(world, person, vault_put, &put));
    return put;
}

static size_t history(struct world *world, struct vault_item **out)
{
    struct vault_history history = {.kind = address(), .limit = 100};
    ASSERT_OK(world, vault_history(world_as(world, world->ada), &history));
    assert_false(history.out_more);
    *out = history.out;
    return history.out_count;
}

static void the_same_value_again_only_renews_the_confirmation(void **state)
{
    struct world *world = *state;
    struct vault_item *items = NULL;
    int64_t changed_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 1000);
    struct vault_put again = put(world, world->ada, BERN);
    assert_int_equal(again.out.version, 1);
    assert_int_equal(again.out.changed_at_ms, changed_ms);
    assert_int_equal(again.out.confirmed_at_ms, changed_ms + 1000);
    assert_int_equal(history(world, &items), 1);
    struct vault_item stored;
    ASSERT_OK(world, vault_get(world_as(world, world->ada), address(), &stored));
    assert_int_equal(stored.confirmed_at_ms, changed_ms + 1000);
    assert_string_equal(attribute_source_word(stored.source), "self");
}

static void a_change_keeps_what_was_before(void **state)
{
    struct world *world = *state;
    struct vault_item *items = NULL;
    assert_int_equal(put(world, world->ada, BASEL).out.version, 2);
    assert_int_equal(put(world, world->ada, BERN).out.version, 3);
    assert_int_equal(history(world, &items), 3);
    assert_true(text_is(items[0].value, BERN));
    assert_true(text_is(items[1].value, BASEL));
    assert_true(text_is(items[2].value, BERN));
    assert_int_equal(items[2].version, 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* How many versions there are, taken page by page; each is the next older one. */
static int64_t versions_on_pages(struct world *world, int limit, size_t *out_pages)
{
    struct vault_history history = {.kind = address(), .limit = limit, .out_more = true};
    int64_t seen = 0;
    for (*out_pages = 0; history.out_more; (*out_pages)++) {
        ASSERT_OK(world, vault_history(world_as(world, world->ada), &history));
        assert_true(history.out_count <= (size_t)limit);
        assert_true(history.out_count > 0);
        for (size_t i = 0; i < history.out_count; i++, seen++) {
            assert_true(history.after == 0 || history.out[i].version == history.after - 1);
            history.after = history.out[i].version;
        }
        test_node_rest(&world->node);
    }
    assert_int_equal(history.after, 1);
    return seen;
}

static void every_version_is_on_a_page(void **state)
{
    static const int LIMITS[] = {1, 2, 31, 32, 33, 64, 99, 100, 101, LIMIT_PAGE_MAX, LIMIT_PAGE_MAX + 60};
    struct world *world = *state;
    size_t pages = 0;
    assert_int_equal(versions_on_pages(world, 1, &pages), 1);
    assert_int_equal(pages, 1); /* none that is empty */
    for (int version = 2; version <= LIMIT_PAGE_MAX + 60; version++)
        assert_int_equal(put(world, world->ada, version % 2 == 0 ? BASEL : BERN).out.version, version);
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        assert_int_equal(versions_on_pages(world, LIMITS[i], &pages), LIMIT_PAGE_MAX + 60);
        assert_int_equal(pages, (LIMIT_PAGE_MAX + 60 + LIMITS[i] - 1) / LIMITS[i]);
    }
}

static void pages_of_the_largest_values_end_early(void **state)
{
    struct world *world = *state;
    char value[LIMIT_ATTRIBUTE_BYTES + 1];
    size_t pages = 0;
    memset(value, 'x', sizeof value - 1);
    value[0] = value[sizeof value - 2] = '"';
    value[sizeof value - 1] = '\0';
    for (int version = 2; version <= 100; version++) {
        value[1] = version % 2 == 0 ? 'a' : 'b';
        (void)put(world, world->ada, value);
        test_node_rest(&world->node);
    }
    assert_int_equal(versions_on_pages(world, LIMIT_PAGE_MAX, &pages), 100);
    assert_int_equal(pages, 100 * LIMIT_ATTRIBUTE_BYTES / LIMIT_PAGE_VALUE_BYTES + 1);
    struct vault_history history = {.kind = address(), .limit = LIMIT_PAGE_MAX};
    struct ctx *cx = world_as(world, world->ada);
    size_t before = arena_used_bytes(cx->arena);
    ASSERT_OK(world, vault_history(cx, &history));
    assert_true(arena_used_bytes(cx->arena) - before < LIMIT_REQUEST_ARENA_BYTES / 4); /* the reply wants some too */
}

static void a_removed_value_is_gone_and_its_versions_never_repeat(void **state)
{
    struct world *world = *state;
    struct vault_item *items = NULL;
    struct vault_item item;
    size_t count = 0;
    struct vault_remove remove = {.kind = address()};
    ASSERT_OK(world, WRITE(world, world->ada, vault_remove, &remove));
    ASSERT_FAILS(world, vault_get(world_as(world, world->ada), address(), &item), NOT_FOUND, "not_found");
    ASSERT_OK(world, vault_list(world_as(world, world->ada), &items, &count));
    assert_int_equal(count, 1); /* the name is left */
    ASSERT_FAILS(world, WRITE(world, world->ada, vault_remove, &remove), NOT_FOUND, "not_found");
    assert_int_equal(put(world, world->ada, BERN).out.version, 3);
    assert_int_equal(history(world, &items), 3);
    assert_false(items[0].removed);
    assert_true(items[1].removed);
    assert_int_equal(items[1].value.size, 0);
    remove.kind = attribute_find(TEXT("pd:TelephoneNumber"));
    ASSERT_FAILS(world, WRITE(world, world->ada, vault_remove, &remove), NOT_FOUND, "not_found");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_change_names_the_relationships_that_it_reaches(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    assert_int_equal(put(world, world->ada, BASEL).out_reaches_count, 0);
    struct grant first = world_grant(world, world->shipping, &shop, &world->delivery);
    (void)world_grant(world, world->shipping, &shop, &world->delivery); /* the same relationship is named once */
    (void)world_grant(world, world->teller, &bank, &world->account);
    struct vault_put change = put(world, world->ada, BERN);
    assert_int_equal(change.out_reaches_count, 2);
    struct ctx *cx = &world->node.cx;
    assert_true(text_equals(change.out_reaches[0], id_text(cx, relationship_id(&shop))));
    assert_true(text_equals(change.out_reaches[1], id_text(cx, relationship_id(&bank))));
    struct relationship_change pause = {.relationship_id = bank.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
    assert_int_equal(put(world, world->ada, BASEL).out_reaches_count, 1);
    test_node_pass(&world->node, first.until_at_ms - world->node.time.wall_ms);
    assert_int_equal(put(world, world->ada, BERN).out_reaches_count, 0);
}

static void a_vault_is_its_persons_alone(void **state)
{
    struct world *world = *state;
    struct vault_item *items = NULL;
    struct vault_item item;
    size_t count = 0;
    ASSERT_OK(world, vault_get(world_as(world, world->bob), address(), &item));
    assert_true(text_is(item.value, "{\"country\":\"CH\",\"locality\":\"Chur\"}"));
    struct vault_put theirs = {.kind = address(), .value = text_of(BERN), .source = SOURCE_SELF};
    ASSERT_FAILS(world, WRITE(world, world->shipping, vault_put, &theirs), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, vault_list(world_as(world, world->shipping), &items, &count), FORBIDDEN, "actor.wrong_kind");
}

/* Ada's current address, taken from somewhere else. */
static void a_value_moved_from_another_place_does_not_open(void **state)
{
    static const char *const MOVES[] = {
        "UPDATE vault SET sealed = (SELECT sealed FROM vault_history) WHERE version = 2", /* an older version */
        "UPDATE vault SET sealed = (SELECT v.sealed FROM vault v WHERE v.person_id <> vault.person_id AND v.kind = "
        "vault.kind) WHERE version = 2",
        "UPDATE vault SET sealed = (SELECT v.sealed FROM vault v WHERE v.person_id = vault.person_id AND v.kind <> "
        "vault.kind) WHERE version = 2",
    };
    struct world *world = *state;
    struct vault_item item;
    (void)put(world, world->ada, BASEL);
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++) {
        world_spoil(world, "people.db", MOVES[i]);
        ASSERT_FAILS(world, vault_get(world_as(world, world->ada), address(), &item), CORRUPT, "seal.broken");
    }
}

/* ---- several values at once */

static const char *text_of_number(char text[16], int64_t number)
{
    (void)snprintf(text, 16, "%lld", (long long)number);
    return text;
}

static void expect_opened(struct world *world, struct attribute_set kinds, struct attribute_set filled)
{
    struct ctx *cx = world_as(world, world->ada);
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(cx, world->ada.person_id, &key));
    struct vault_wanted wanted = {world->ada.person_id, &key, kinds};
    struct vault_item items[ATTRIBUTE_NUMBER_MAX];
    size_t count = 0;
    struct attribute_set opened = ATTRIBUTE_SET_EMPTY;
    ASSERT_OK(world, vault_open_values(cx, &wanted, items, &count));
    for (size_t i = 0; i < count; i++) {
        char text[16];
        assert_true(text_is(items[i].value, text_of_number(text, items[i].kind->number)));
        opened = attribute_set_add(opened, items[i].kind->number);
    }
    assert_int_equal(attribute_set_count(opened), count); /* none twice */
    assert_true(attribute_set_equals(opened, attribute_set_intersect(kinds, filled)));
}

static void just_the_asked_kinds_are_opened_at_once(void **state)
{
    struct world *world = *state;
    struct attribute_set all = ATTRIBUTE_SET_EMPTY;
    struct attribute_set thirds = ATTRIBUTE_SET_EMPTY;
    for (int64_t number = 1; number <= ATTRIBUTE_NUMBER_MAX; number++) {
        char text[16];
        const struct attribute_kind *kind = attribute_by_number(number);
        if (kind == NULL)
            continue;
        struct vault_put put = {.kind = kind, .value = text_of(text_of_number(text, number)), .source = SOURCE_SELF};
        ASSERT_OK(world, WRITE(world, world->ada, vault_put, &put));
        all = attribute_set_add(all, kind->number);
        if (number % 3 == 0)
            thirds = attribute_set_add(thirds, kind->number);
    }
    assert_true(attribute_set_last(all) > 64); /* both halves of a set have been filled */
    expect_opened(world, all, all);
    expect_opened(world, thirds, all);
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(all, n)) != ATTRIBUTE_NONE;)
        expect_opened(world, attribute_set_of(n), all);
    struct vault_remove remove = {.kind = address()};
    ASSERT_OK(world, WRITE(world, world->ada, vault_remove, &remove));
    expect_opened(world, all, attribute_set_minus(all, attribute_set_of(address()->number)));
    expect_opened(world, attribute_set_of(address()->number), ATTRIBUTE_SET_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_same_value_again_only_renews_the_confirmation),
        WORLD_TEST(a_change_keeps_what_was_before),
        WORLD_TEST(every_version_is_on_a_page),
        WORLD_TEST(pages_of_the_largest_values_end_early),
        WORLD_TEST(a_removed_value_is_gone_and_its_versions_never_repeat),
        WORLD_TEST(a_change_names_the_relationships_that_it_reaches),
        WORLD_TEST(a_vault_is_its_persons_alone),
        WORLD_TEST(a_value_moved_from_another_place_does_not_open),
        WORLD_TEST(just_the_asked_kinds_are_opened_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
