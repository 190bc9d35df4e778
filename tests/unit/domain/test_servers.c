/* SPDX-License-Identifier: Apache-2.0
 * Goal: what two servers on one database do at one moment is what they would have done one after the other. Method: a
 * change at one stops behind what it has read and written, before its commit; meanwhile the other does what the
 * first should have seen, and is done with it. No row is changed by both, so that nothing but the isolation of the
 * database keeps them apart (docs/decisions/0019-a-database-server.md). In a folder one writer keeps the other out.
 * Control: the same two, one after the other. */
#include <fcntl.h>
#include <semaphore.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domain/sharing/grant.h"
#include "domain/sharing/relationship.h"
#include "support/patience.h"
#include "support/world.h"


/* An end of a relationship that takes its time: its first run stops when it has done all it does. */
struct slow_end {
    struct relationship_end end;
    int                     runs;
    bool                    waits;
    err                     result;
    sem_t                   has_run;
    sem_t                   may_go_on;
    sem_t                   is_told;
};

/* store_write_fn */
static err end_slowly(struct ctx *cx, void *arg)
{
    struct slow_end *slow = arg;
    err result = relationship_end(cx, &slow->end);
    if (++slow->runs == 1 && slow->waits) {
        (void)sem_post(&slow->has_run); /* far from its maximum */
        wait_for(&slow->may_go_on);
    }
    return result;
}

static void note(struct store_write *first)
{
    struct slow_end *slow = first->owner;
    slow->result = first->result;
    (void)sem_post(&slow->is_told);
}

static struct grant_give give_of(struct world *world, const struct relationship *relationship)
{
    return (struct grant_give){.relationship_id = relationship->relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world->delivery.needed};
}

/* Another server of the node, on a machine of its own: with a copy of the file of keys, for which neither waits. */
static void open_other(struct world *world, struct store **out)
{
    struct store_options options = test_node_store(&world->node);
    char from[160];
    char to[160];
    char url[200];
    (void)snprintf(from, sizeof from, "%s/data/keys.db", world->node.folder);
    (void)snprintf(to, sizeof to, "%s/other", world->node.folder);
    (void)snprintf(url, sizeof url, "sqlite:%s", to);
    assert_int_equal(mkdir(to, 0700), 0);
    (void)snprintf(to, sizeof to, "%s/other/keys.db", world->node.folder);
    ASSERT_OK(world, store_scrub_keys(&world->node.cx, world->node.store)); /* all of it lies in the file now */
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct stat stat = {0};
    assert_true(source >= 0 && target >= 0 && fstat(source, &stat) == 0);
    assert_int_equal(sendfile(target, source, NULL, (size_t)stat.st_size), stat.st_size);
    assert_int_equal(close(source) + close(target), 0);
    options.keys_url = url;
    ASSERT_OK(world, store_open(&world->node.cx, &options, out));
}

static int64_t live_grants(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM grant_now WHERE state = 1");
}

/* The end looks at all grants and closes them; a grant that is given looks at whether the relationship goes on. */
static void what_is_given_at_one_server_ends_with_the_relationship_at_another(void **state)
{
    struct world *world = *state;
    if (!store_is_on_server())
        skip();
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct slow_end slow = {.end = {.relationship_id = relationship.relationship_id}, .waits = true};
    struct grant_give give = give_of(world, &relationship);
    struct store *other = NULL;
    struct ctx slow_cx = *world_as(world, world->ada);
    struct store_write write = {.cx = &slow_cx, .run = end_slowly, .arg = &slow, .done = note, .owner = &slow};
    slow_cx.arena = arena_open(4 * 1024 * 1024);
    slow_cx.db = NULL;
    assert_int_equal(sem_init(&slow.has_run, 0, 0) + sem_init(&slow.may_go_on, 0, 0), 0);
    assert_int_equal(sem_init(&slow.is_told, 0, 0), 0);
    open_other(world, &other);
    assert_true(store_submit(other, &write, 1));
    wait_for(&slow.has_run);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give)); /* waits for nobody */
    assert_int_equal(live_grants(world), 1);
    assert_int_equal(sem_post(&slow.may_go_on), 0);
    wait_for(&slow.is_told);
    assert_int_equal(slow.result, OK);
    assert_int_equal(slow.runs, 2); /* the second saw what was given */
    assert_int_equal(live_grants(world), 0);
    assert_int_equal(world_audit(world, 0), 0);
    arena_close(slow_cx.arena);
    store_close(other);
}

static void a_change_that_stops_nowhere_is_run_once(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct slow_end slow = {.end = {.relationship_id = relationship.relationship_id}};
    struct grant_give give = give_of(world, &relationship);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    assert_int_equal(live_grants(world), 1);
    ASSERT_OK(world, WRITE(world, world->ada, end_slowly, &slow));
    assert_int_equal(slow.runs, 1);
    assert_int_equal(live_grants(world), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_is_given_at_one_server_ends_with_the_relationship_at_another),
        WORLD_TEST(a_change_that_stops_nowhere_is_run_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
