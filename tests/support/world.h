/* SPDX-License-Identifier: Apache-2.0
 * A small world on one node, for tests of the domain: a shop with two departments, a bank with one, a published purpose
 * of each, two people. Every helper goes through the domain's own functions and fails the test when
 * one of them does. */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/parties/invitation.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/people/person.h"
#include "domain/policy.h"
#include "domain/proof/audit.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/disclosure.h"
#include "domain/sharing/request.h"
#include "support/cmocka.h"
#include "support/node.h"

struct world {
    struct test_node    node;
    struct organisation shop;
    struct organisation bank;
    struct actor        operator_;
    struct actor        shipping;  /* systems of the shop's departments */
    struct actor        marketing;
    struct actor        teller;    /* of the bank's */
    struct actor        ada;
    struct actor        bob;
    struct purpose      delivery;  /* the shop's, for Shipping: name and address, telephone number optional */
    struct purpose      account;   /* the bank's: name and address */
};

/* For cmocka's set-up and tear-down. */
int world_setup(void **state);
int world_teardown(void **state);
void world_open(struct world *world);
void world_close(struct world *world);
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#define ASSERT_OK(world, call)                                                                                      \
    do {                                                                                                            \
        if ((call) != OK)                                                                                           \
            fail_msg("%s: %s (%s)", (world)->node.cx.failure.reason, (world)->node.cx.failure.detail,               \
                     (world)->node.cx.failure.where);                                                               \
    } while (0)
#define ASSERT_FAILS(world, call, wanted_code, wanted_reason)                                                       \
    do {                                                                                                            \
        assert_int_equal((call), (wanted_code));                                                                    \
        assert_string_equal((world)->node.cx.failure.reason, (wanted_reason));                                      \
    } while (0)
/* A limit of a day: it says when it ends, and is one until then. Time passes up to there. */
#define ASSERT_FAILS_OF_A_DAY(world, call, wanted_reason)                                                           \
    do {                                                                                                            \
        ASSERT_FAILS(world, call, TOO_MANY, wanted_reason);                                                         \
        assert_in_range((world)->node.cx.failure.wait_ms, 2, TIME_DAY_MS + 1);                                      \
        test_node_pass(&(world)->node, (world)->node.cx.failure.wait_ms - 2);                                       \
        ASSERT_FAILS(world, call, TOO_MANY, wanted_reason);                                                         \
        test_node_pass(&(world)->node, (world)->node.cx.failure.wait_ms);                                           \
    } while (0)
#define WRITE(world, actor, run, arg) test_node_write(&(world)->node, &(actor), (run), (arg))

/* The ctx, speaking as `actor` from now on, without an old failure. */
struct ctx *world_as(struct world *world, struct actor actor);
struct actor world_make_system(struct world *world, int64_t organisation_id, const char *name);
struct actor world_make_person(struct world *world, const char *name);

/* Kinds by short name, joined: "Name PhysicalAddress". */
struct attribute_set world_kinds(const char *names);
/* A purpose of `actor`'s organisation, published. */
struct purpose world_publish(struct world *world, struct actor actor, struct attribute_set needed,
                             struct attribute_set optional);
struct purpose world_publish_text(struct world *world, struct actor actor, struct purpose_text text);
struct purpose_text world_purpose_text(struct attribute_set needed, struct attribute_set optional);
struct text world_purpose_body(void);
struct id world_purpose_id(const struct purpose *purpose);

void world_put(struct world *world, struct actor person, const char *kind, const char *value);
/* An invitation for one, made by `system` and claimed by `person`. */
struct relationship world_relate(struct world *world, struct actor system, struct actor person);
/* The claim code of somebody whom a file has brought to the shop's Shipping: Ada by name, with an e-mail address. */
struct text world_bring_in(struct world *world);
struct request world_ask(struct world *world, struct actor system, const struct relationship *relationship,
                         const struct purpose *purpose);
struct grant world_grant(struct world *world, struct actor system, const struct relationship *relationship,
                         const struct purpose *purpose);
/* Receipts of a relationship that the caller of the ctx may see: so many of the newest as one page may hold. */
err world_receipts(struct ctx *cx, const struct relationship *relationship, struct receipt_entry **out,
                   size_t *out_count) MUST_CHECK;
/* A question that has not been asked yet. */
struct disclosure_ask world_question(struct world *world, const struct relationship *relationship,
                                     const struct purpose *purpose, struct attribute_set kinds);
/* Decides and commits; the result is the answer. */
struct disclosure_ask world_read(struct world *world, struct actor system, const struct relationship *relationship,
                                 const struct purpose *purpose);
const char *world_refusal(struct world *world, struct actor system, const struct relationship *relationship,
                          const struct purpose *purpose); /* NULL: given */

/* Findings of the audit; prints them when there are more than `expected`. */
int64_t world_audit(struct world *world, int64_t expected);
/* The bucket of a person's key; 0 when the key is gone. */
int64_t world_bucket(struct world *world, int64_t person_id);
bool world_has_bucket_file(const struct world *world, int64_t bucket);
size_t world_bucket_files(const struct world *world); /* how many there are */
/* Whether "people.db", for one, is none of SQLite's: the keys always are. */
bool world_is_on_server(const char *file);
/* There, the first word of the first row that a plain query finds; in the arena. */
const char *world_words_on_server(struct world *world, const char *sql);
/* Changes rows behind the back of the domain: plain SQL on "people.db" … */
void world_spoil(struct world *world, const char *file, const char *sql);
/* … and what a plain query on one of its files says: the first number of its first row. */
int64_t world_number(struct world *world, const char *file, const char *sql);

#endif
