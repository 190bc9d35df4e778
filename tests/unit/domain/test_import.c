/* SPDX-License-Identifier: Apache-2.0
 * Goal: a second run changes nothing, more knowledge is added and none taken away, a claimed or ended relationship
 * keeps to its person, and organisations learn nothing from each other. Method: chunks run again, in part and in
 * between. */
#include "domain/parties/contact_import.h"
#include "domain/parties/record.h"
#include "domain/people/leftover.h"
#include "support/world.h"

struct person_file {
    struct text          keys[2];
    struct import_field  fields[2];
    struct import_contact contact;
};

static struct import_contact *contact_of(struct person_file *file, const char *mail, const char *phone)
{
    *file = (struct person_file){.keys = {text_of(mail), text_of(phone)}};
    file->fields[0] = (struct import_field){TEXT("pd:EmailAddress"), TEXT("\"ada@example.org\"")};
    file->fields[1] = (struct import_field){TEXT("title"), TEXT("\"Dr\"")};
    file->contact = (struct import_contact){.name = TEXT("Ada"),
                                            .match_keys = file->keys,
                                            .match_keys_count = phone[0] != '\0' ? 2 : 1,
                                            .fields = file->fields,
                                            .fields_count = 1};
    return &file->contact;
}

struct outcome {
    import_outcome what;
    struct text    relationship;
    struct text    code;
};

static struct outcome run(struct world *world, struct actor into, const struct import_contact *contact, bool dry_run)
{
    struct import_result result;
    struct import_chunk chunk = {.organisation_id = into.organisation_id,
                                 .department_id = into.department_id,
                                 .contacts = contact,
                                 .count = 1,
                                 .dry_run = dry_run,
                                 .out = &result};
    ASSERT_OK(world, WRITE(world, world->operator_, contact_import, &chunk));
    return (struct outcome){result.outcome, result.relationship, result.code};
}

/* The person takes up the code that came with a card. */
static struct relationship claimed(struct world *world, const struct outcome *brought)
{
    struct invitation_claim claim = {.code = brought->code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    return claim.out;
}

static size_t count_people(struct world *world, struct actor system)
{
    struct relationship_list list = {.limit = 1000};
    ASSERT_OK(world, relationship_list_of_organisation(world_as(world, system), &list));
    return list.out_count;
}

static void a_second_run_changes_nothing(void **state)
{
    struct world *world = *state;
    struct person_file file;
    const struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome first = run(world, world->shipping, ada, false);
    assert_int_equal(first.what, IMPORT_CREATED);
    assert_true(first.code.size > 0);
    struct outcome second = run(world, world->shipping, ada, false);
    assert_int_equal(second.what, IMPORT_UNCHANGED);
    assert_int_equal(second.code.size, 0);
    assert_true(text_equals(first.relationship, second.relationship));
    assert_int_equal(count_people(world, world->shipping), 1);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_dry_run_decides_and_writes_nothing(void **state)
{
    struct world *world = *state;
    struct person_file file;
    const struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    assert_int_equal(run(world, world->shipping, ada, true).what, IMPORT_CREATED);
    assert_int_equal(count_people(world, world->shipping), 0);
    (void)run(world, world->shipping, ada, false);
    file.contact.fields_count = 2;
    assert_int_equal(run(world, world->shipping, ada, true).what, IMPORT_UPDATED);
    assert_int_equal(run(world, world->shipping, ada, true).what, IMPORT_UPDATED);
}

static void more_fields_are_added_and_none_taken_away(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome first = run(world, world->shipping, ada, false);
    ada->fields_count = 2;
    assert_int_equal(run(world, world->shipping, ada, false).what, IMPORT_UPDATED);
    ada->fields_count = 0;
    assert_int_equal(run(world, world->shipping, ada, false).what, IMPORT_UNCHANGED);
    static const char TOLD[] = "SELECT count(*) FROM outbox WHERE kind = 'record.added'";
    assert_int_equal(world_number(world, "people.db", TOLD), 1); /* the first import is told by the invitation */
    struct relationship relationship;
    ASSERT_OK(world, relationship_open(world_as(world, world->shipping), first.relationship, &relationship));
    struct record *records = NULL;
    size_t count = 0;
    ASSERT_OK(world, record_list(world_as(world, world->shipping), &relationship, &records, &count));
    assert_int_equal(count, 2);
    ASSERT_OK(world, record_list(world_as(world, world->marketing), &relationship, &records, &count));
    assert_int_equal(count, 0); /* another department brings its own */
    ASSERT_FAILS(world, record_list(world_as(world, world->teller), &relationship, &records, &count), NOT_FOUND,
                 "not_found");
}

static void any_of_the_keys_finds_the_contact_again(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct outcome first = run(world, world->shipping, contact_of(&file, "mail:ada@example.org", "tel:+41"), false);
    struct outcome second = run(world, world->shipping, contact_of(&file, "mail:new@example.org", "tel:+41"), false);
    assert_true(text_equals(first.relationship, second.relationship));
    struct outcome third = run(world, world->shipping, contact_of(&file, "mail:new@example.org", ""), false);
    assert_true(text_equals(first.relationship, third.relationship)); /* it was learnt by the second */
    assert_int_equal(count_people(world, world->shipping), 1);
}

static void other_keys_are_another_person(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct outcome first = run(world, world->shipping, contact_of(&file, "mail:ada@example.org", ""), false);
    struct outcome second = run(world, world->shipping, contact_of(&file, "mail:adam@example.org", ""), false);
    assert_int_equal(second.what, IMPORT_CREATED);
    assert_false(text_equals(first.relationship, second.relationship));
    assert_int_equal(count_people(world, world->shipping), 2);
}

static void what_one_department_brought_another_brings_too(void **state)
{
    struct world *world = *state;
    struct person_file file;
    const struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome first = run(world, world->shipping, ada, false);
    struct outcome second = run(world, world->marketing, ada, false);
    assert_int_equal(second.what, IMPORT_UPDATED);
    assert_true(text_equals(first.relationship, second.relationship));
    assert_int_equal(run(world, world->marketing, ada, false).what, IMPORT_UNCHANGED);
}

static void organisations_do_not_find_each_others_contacts(void **state)
{
    struct world *world = *state;
    struct person_file file;
    const struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome shop = run(world, world->shipping, ada, false);
    struct outcome bank = run(world, world->teller, ada, false);
    assert_int_equal(bank.what, IMPORT_CREATED);
    assert_false(text_equals(shop.relationship, bank.relationship));
    assert_int_equal(world_number(world, "people.db", "SELECT count(DISTINCT key_hash) FROM contact_key"), 2);
    struct relationship opened;
    ASSERT_FAILS(world, relationship_open(world_as(world, world->teller), shop.relationship, &opened), NOT_FOUND,
                 "not_found");
}

static void a_claimed_contact_is_still_found_and_an_ended_one_left_alone(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome first = run(world, world->shipping, ada, false);
    struct relationship relationship = claimed(world, &first);
    ada->fields_count = 2;
    struct outcome second = run(world, world->shipping, ada, false);
    assert_int_equal(second.what, IMPORT_UPDATED);
    assert_true(text_equals(first.relationship, second.relationship));
    struct relationship_end end = {.relationship_id = relationship.relationship_id, .erase = true};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    file.fields[1].value = TEXT("\"Prof\"");
    assert_int_equal(run(world, world->shipping, ada, false).what, IMPORT_UNCHANGED);
    assert_int_equal(world_audit(world, 0), 0);
}

static void somebody_erased_does_not_stop_the_file(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct import_contact *ada = contact_of(&file, "mail:ada@example.org", "");
    struct outcome first = run(world, world->shipping, ada, false);
    (void)claimed(world, &first); /* only that it is done matters */
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    ada->fields_count = 2;
    assert_int_equal(run(world, world->shipping, ada, false).what, IMPORT_UNCHANGED);
}

static void only_the_operator_imports_and_only_into_a_department_that_is_there(void **state)
{
    struct world *world = *state;
    struct import_chunk chunk = {.organisation_id = world->shop.organisation_id,
                                 .department_id = world->teller.department_id};
    ASSERT_FAILS(world, WRITE(world, world->operator_, contact_import, &chunk), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, contact_import, &chunk), FORBIDDEN, "actor.wrong_kind");
}

static void a_claim_leaves_its_source_until_the_sweep(void **state)
{
    struct world *world = *state;
    struct person_file file;
    struct outcome first = run(world, world->shipping, contact_of(&file, "mail:ada@example.org", ""), false);
    struct relationship relationship = claimed(world, &first);
    PERSON_KEY key;
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_key_open(cx, relationship.edge_person_id, &key));
    ASSERT_OK(world, leftover_sweep(cx, world->node.store));
    ASSERT_FAILS(world, person_key_open(cx, relationship.edge_person_id, &key), NOT_FOUND, "person.erased");
    failure_clear(&cx->failure);
    ASSERT_OK(world, leftover_sweep(cx, world->node.store));
    struct record *records = NULL;
    size_t count = 0;
    ASSERT_OK(world, record_list(world_as(world, world->ada), &relationship, &records, &count));
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_second_run_changes_nothing),
        WORLD_TEST(a_dry_run_decides_and_writes_nothing),
        WORLD_TEST(more_fields_are_added_and_none_taken_away),
        WORLD_TEST(any_of_the_keys_finds_the_contact_again),
        WORLD_TEST(other_keys_are_another_person),
        WORLD_TEST(what_one_department_brought_another_brings_too),
        WORLD_TEST(organisations_do_not_find_each_others_contacts),
        WORLD_TEST(a_claimed_contact_is_still_found_and_an_ended_one_left_alone),
        WORLD_TEST(somebody_erased_does_not_stop_the_file),
        WORLD_TEST(only_the_operator_imports_and_only_into_a_department_that_is_there),
        WORLD_TEST(a_claim_leaves_its_source_until_the_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
