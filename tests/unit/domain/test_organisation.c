/* SPDX-License-Identifier: Apache-2.0
 * Goal: organisations, departments and keys are made within their bounds, a revoked key opens nothing, and each
 * organisation changes only itself. Method: names, the last department and one more, keys before and after. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "support/world.h"

static void an_organisation_has_a_name_and_a_short_id_of_its_own(void **state)
{
    static const struct {
        const char *name, *slug, *wanted, *reason;
    } CASES[] = {
        {"Café & Söhne (Bern)", "", "cafe-soehne-bern", NULL}, {"Lantern Books", "", NULL, "organisation.exists"},
        {"Another", "lantern-books", NULL, "organisation.exists"}, {"", "x", NULL, "organisation.name"},
        {" spaced ", "x", NULL, "organisation.name"}, {"two\nlines", "x", NULL, "organisation.name"},
        {"Lantern \xE2\x80\xAE" "skooB", "x", NULL, "organisation.name"},
        {"Shop", "UPPER", NULL, "organisation.slug"}, {"Shop", "with space", NULL, "organisation.slug"},
        {"Bäckerei Müller", "", "baeckerei-mueller", NULL}, {"Œuvre №7 d’Été", "", "oeuvre-7-d-ete", NULL},
        {"Shop", "s-1", "s-1", NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct organisation_create create = {.name = text_of(CASES[i].name), .slug = text_of(CASES[i].slug)};
        err result = WRITE(world, world->operator_, organisation_create, &create);
        if ((result == OK) != (CASES[i].reason == NULL))
            fail_msg("case %zu: %s", i, result == OK ? "made" : world->node.cx.failure.reason);
        if (result == OK)
            assert_true(text_is(create.out.slug, CASES[i].wanted));
        else
            assert_string_equal(world->node.cx.failure.reason, CASES[i].reason);
    }
    struct organisation_create create = {.name = TEXT("By a system")};
    ASSERT_FAILS(world, WRITE(world, world->shipping, organisation_create, &create), FORBIDDEN, "actor.wrong_kind");
}

static void a_name_without_latin_letters_gets_a_short_id_too(void **state)
{
    static const char *const NAMES[] = {"Кофейня", "山田商店", "!!!"};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct organisation_create create = {.name = text_of(NAMES[i])};
        struct organisation found;
        ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
        assert_true(text_starts_with(create.out.slug, "org-") && create.out.slug.size > 8);
        ASSERT_OK(world, organisation_find(world_as(world, world->operator_), create.out.slug, &found));
        assert_int_equal(found.organisation_id, create.out.organisation_id);
    }
}

static void a_name_is_at_most_so_long(void **state)
{
    struct world *world = *state;
    char name[LIMIT_NAME_BYTES + 1];
    memset(name, 'n', sizeof name);
    struct organisation_create create = {.name = {name, LIMIT_NAME_BYTES}};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
    create.name.size++;
    ASSERT_FAILS(world, WRITE(world, world->operator_, organisation_create, &create), INVALID, "organisation.name");
    struct department_create department = {.organisation_id = world->shop.organisation_id, .name = create.name};
    ASSERT_FAILS(world, WRITE(world, world->operator_, department_create, &department), INVALID, "department.name");
}

static void it_is_found_by_short_id_name_and_id(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    struct text words[] = {TEXT("lantern-books"), TEXT("Lantern Books"),
                           id_text(cx, (struct id){ID_ORGANISATION, world->shop.organisation_id, 0})};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct organisation found;
        ASSERT_OK(world, organisation_find(cx, words[i], &found));
        assert_int_equal(found.organisation_id, world->shop.organisation_id);
    }
    struct organisation none;
    ASSERT_FAILS(world, organisation_find(cx, TEXT("nowhere"), &none), NOT_FOUND, "organisation.unknown");
    struct organisation_create twin = {.name = TEXT("Lantern Books"), .slug = TEXT("lantern-two")};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &twin));
    cx = world_as(world, world->operator_);
    ASSERT_FAILS(world, organisation_find(cx, TEXT("Lantern Books"), &none), CONFLICT, "organisation.ambiguous");
    struct department found;
    cx = world_as(world, world->operator_);
    ASSERT_OK(world, department_find(cx, world->shop.organisation_id, TEXT("Shipping"), &found));
    assert_int_equal(found.bit, world->shipping.department_bit);
    err result = department_find(cx, world->bank.organisation_id, TEXT("Shipping"), &found);
    ASSERT_FAILS(world, result, NOT_FOUND, "department.unknown");
}

static void departments_whose_names_read_alike_are_one(void **state)
{
    static const struct {
        const char *name, *reason; /* NULL: made */
    } CASES[] = {
        {"SHIPPING", "department.exists"}, {"shipping", "department.exists"}, {"Caf\xC3\xA9", NULL},
        {"Cafe\xCC\x81", "department.exists"}, {"CAF\xC3\x89", "department.exists"}, {"Shipping 2", NULL},
        {"\xE2\xA0\x80", "department.name"}, {"\xC2\xA0", "department.name"}, {"\xE4\xBB\x93\xE5\xBA\x93", NULL},
    };
    struct world *world = *state;
    struct department_create create = {.organisation_id = world->shop.organisation_id};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        create.name = text_of(CASES[i].name);
        err result = WRITE(world, world->operator_, department_create, &create);
        if (CASES[i].reason == NULL)
            ASSERT_OK(world, result);
        else
            assert_string_equal(world->node.cx.failure.reason, CASES[i].reason);
        assert_int_equal(result == OK, CASES[i].reason == NULL);
    }
}

static void sixty_two_departments_and_not_one_more(void **state)
{
    struct world *world = *state;
    int64_t bits = world->shipping.department_bit | world->marketing.department_bit;
    struct department_create create = {.organisation_id = world->shop.organisation_id};
    char name[32];
    create.name = TEXT("Shipping");
    ASSERT_FAILS(world, WRITE(world, world->operator_, department_create, &create), CONFLICT, "department.exists");
    for (int i = 2; i < LIMIT_DEPARTMENTS; i++) {
        (void)snprintf(name, sizeof name, "Department %d", i);
        create.name = text_of(name);
        ASSERT_OK(world, WRITE(world, world->operator_, department_create, &create));
        assert_true(create.out.bit > 0);
        assert_int_equal(bits & create.out.bit, 0);
        bits |= create.out.bit;
    }
    create.name = TEXT("One more");
    ASSERT_FAILS(world, WRITE(world, world->operator_, department_create, &create), TOO_LARGE, "department.too_many");
}

static void the_last_department_is_a_party_like_the_first(void **state)
{
    struct world *world = *state;
    char name[32];
    for (int i = 2; i < LIMIT_DEPARTMENTS - 1; i++) {
        struct department_create create = {.organisation_id = world->shop.organisation_id};
        (void)snprintf(name, sizeof name, "Department %d", i);
        create.name = text_of(name);
        ASSERT_OK(world, WRITE(world, world->operator_, department_create, &create));
    }
    struct actor last = world_make_system(world, world->shop.organisation_id, "Last");
    assert_int_equal(last.department_bit, INT64_C(1) << (LIMIT_DEPARTMENTS - 1));
    struct purpose purpose = world_publish(world, last, world_kinds("Name PhysicalAddress"), ATTRIBUTE_SET_EMPTY);
    struct relationship relationship = world_relate(world, last, world->ada);
    (void)world_grant(world, last, &relationship, &purpose);
    assert_null(world_refusal(world, last, &relationship, &purpose));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &purpose), "grant.none");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_key_says_who_it_is_until_it_is_revoked(void **state)
{
    struct world *world = *state;
    struct key_create create = {.organisation_id = world->shop.organisation_id,
                                .department_id = world->shipping.department_id,
                                .name = TEXT("second server"),
                                .scopes = 5};
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &create));
    struct actor actor;
    struct ctx *cx = world_as(world, (struct actor){.kind = ACTOR_NOBODY});
    ASSERT_OK(world, organisation_authenticate(cx, create.out_secret, &actor));
    assert_int_equal(actor.kind, ACTOR_SYSTEM);
    assert_int_equal(actor.department_bit, world->shipping.department_bit);
    assert_int_equal(actor.scopes, 5);
    struct bytes guess = bytes_copy(cx->arena, bytes_of_text(create.out_secret));
    assert_non_null(guess.at);
    char *spoilt = (char *)(uintptr_t)guess.at + guess.size - 8;
    *spoilt = *spoilt == 'A' ? 'B' : 'A';
    ASSERT_FAILS(world, organisation_authenticate(cx, text_of_bytes(guess), &actor), UNAUTHENTICATED, "key.unknown");
    cx = world_as(world, (struct actor){.kind = ACTOR_NOBODY});
    struct key_revoke revoke = {create.organisation_id, create.out.system_id};
    ASSERT_FAILS(world, WRITE(world, world->teller, key_revoke, &revoke), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->shipping, key_revoke, &revoke));
    ASSERT_FAILS(world, organisation_authenticate(cx, create.out_secret, &actor), UNAUTHENTICATED, "key.unknown");
    ASSERT_FAILS(world, WRITE(world, world->operator_, key_revoke, &revoke), NOT_FOUND, "not_found");
    cx = world_as(world, (struct actor){.kind = ACTOR_NOBODY});
    ASSERT_FAILS(world, organisation_authenticate(cx, TEXT("key_"), &actor), UNAUTHENTICATED, "key.unknown");
}

static void an_organisation_changes_only_itself(void **state)
{
    struct world *world = *state;
    struct department_create department = {.organisation_id = world->shop.organisation_id, .name = TEXT("Spies")};
    ASSERT_FAILS(world, WRITE(world, world->teller, department_create, &department), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, department_create, &department), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->shipping, department_create, &department));
    struct key_create key = {.organisation_id = world->shop.organisation_id,
                             .department_id = world->teller.department_id,
                             .name = TEXT("server")};
    ASSERT_FAILS(world, WRITE(world, world->shipping, key_create, &key), NOT_FOUND, "not_found");
    key.department_id = world->marketing.department_id;
    ASSERT_FAILS(world, WRITE(world, world->teller, key_create, &key), NOT_FOUND, "not_found");
    key.name = TEXT_NONE;
    ASSERT_FAILS(world, WRITE(world, world->shipping, key_create, &key), INVALID, "system.name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_organisation_has_a_name_and_a_short_id_of_its_own),
        WORLD_TEST(a_name_without_latin_letters_gets_a_short_id_too),
        WORLD_TEST(a_name_is_at_most_so_long),
        WORLD_TEST(it_is_found_by_short_id_name_and_id),
        WORLD_TEST(departments_whose_names_read_alike_are_one),
        WORLD_TEST(sixty_two_departments_and_not_one_more),
        WORLD_TEST(the_last_department_is_a_party_like_the_first),
        WORLD_TEST(a_key_says_who_it_is_until_it_is_revoked),
        WORLD_TEST(an_organisation_changes_only_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
