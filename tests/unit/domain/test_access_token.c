/* SPDX-License-Identifier: Apache-2.0
 * Goal: a token works for its own system, key, scopes and time, and what was signed for one use is used once, also by
 * many at once and after a restart. Method: rows changed by hand, clocks put on, stores opened anew. */
#include "domain/entrance/access_token.h"

#include <stdio.h>

#include "base/limits.h"
#include "domain/entrance/system_key.h"
#include "store/queries.h"
#include "support/world.h"

#define KEYS "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
#define SCOPES 5u

static const uint8_t THUMBPRINT[HASH_BYTES] = {1, 2, 3};

static struct system make_system(struct world *world)
{
    struct ctx *cx = world_as(world, world->operator_);
    struct signing_draft draft = {.jwks = TEXT(KEYS)};
    struct signing signing;
    ASSERT_OK(world, signing_read(cx, &draft, &signing));
    struct key_create create = {.organisation_id = world->shop.organisation_id,
                                .department_id = world->shipping.department_id,
                                .name = TEXT("Label printer"), .scopes = SCOPES, .signing = &signing};
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &create));
    assert_int_equal(create.out_secret.size, 0);
    create.out.name = create.out.jwks = create.out.redirect_uris = TEXT_NONE; /* they go with this step's arena */
    return create.out;
}

static struct access_token_issue ask(const struct system *system, const char *assertion, const char *proof)
{
    struct access_token_issue issue = {
        .system = {.kind = ACTOR_SYSTEM, .organisation_id = system->organisation_id, .system_id = system->system_id},
        .scopes = 4, .reason = "client.unknown"};
    const char *const ids[] = {assertion, proof};
    memcpy(issue.thumbprint, THUMBPRINT, HASH_BYTES);
    for (size_t i = 0; i < 2; i++) {
        seen_token_of(i == 0 ? SEEN_ASSERTION : SEEN_PROOF, (struct bytes){THUMBPRINT, HASH_BYTES}, text_of(ids[i]),
                      &issue.seen[i]);
        issue.seen[i].expires_at_ms = INT64_MAX;
        issue.seen[i].reason = i == 0 ? "client.unknown" : "proof.replayed";
    }
    return issue;
}

struct kept {
    char   at[128];
    size_t size;
};

static struct kept issue_one(struct world *world, const struct system *system, const char *name)
{
    struct access_token_issue issue = ask(system, name, name);
    struct kept kept = {.size = 0};
    ASSERT_OK(world, WRITE(world, world->operator_, access_token_issue, &issue));
    assert_true(issue.out_token.size < sizeof kept.at);
    memcpy(kept.at, issue.out_token.at, issue.out_token.size);
    kept.size = issue.out_token.size;
    return kept;
}

static bool opens(struct world *world, const struct kept *kept, struct access_token *out)
{
    bool found = false;
    test_node_rest(&world->node);
    ASSERT_OK(world, access_token_load(world_as(world, world->operator_), (struct text){kept->at, kept->size}, out,
                                       &found));
    return found;
}

static void a_token_stands_for_its_system_until_it_ends(void **state)
{
    struct world *world = *state;
    struct system system = make_system(world);
    struct kept kept = issue_one(world, &system, "a");
    struct access_token token;
    assert_true(opens(world, &kept, &token));
    assert_int_equal(token.actor.system_id, system.system_id);
    assert_int_equal(token.actor.department_bit, world->shipping.department_bit);
    assert_int_equal(token.actor.scopes, 4);
    assert_memory_equal(token.thumbprint, THUMBPRINT, HASH_BYTES);
    test_node_pass(&world->node, LIMIT_ACCESS_TOKEN_MS - 1000);
    assert_true(opens(world, &kept, &token));
    test_node_pass(&world->node, 1000);
    assert_false(opens(world, &kept, &token));
}

static void another_text_is_no_token(void **state)
{
    struct world *world = *state;
    struct system system = make_system(world);
    struct kept kept = issue_one(world, &system, "a");
    struct access_token token;
    for (size_t i = 0; i < kept.size; i++) {
        struct kept other = kept;
        other.at[i] = other.at[i] == 'a' ? 'b' : 'a';
        assert_false(opens(world, &other, &token));
    }
    kept.size--;
    assert_false(opens(world, &kept, &token));
}

static void the_end_of_a_system_ends_its_tokens(void **state)
{
    struct world *world = *state;
    struct system system = make_system(world);
    struct kept kept = issue_one(world, &system, "a");
    struct access_token token;
    struct key_revoke revoke = {system.organisation_id, system.system_id};
    ASSERT_OK(world, WRITE(world, world->operator_, key_revoke, &revoke));
    assert_false(opens(world, &kept, &token));
    struct access_token_issue issue = ask(&system, "b", "b");
    ASSERT_FAILS(world, WRITE(world, world->operator_, access_token_issue, &issue), UNAUTHENTICATED, "client.unknown");
}

static void only_its_own_system_ends_a_token(void **state)
{
    struct world *world = *state;
    struct system system = make_system(world), other = make_system(world);
    struct kept kept = issue_one(world, &system, "a");
    struct access_token token;
    struct access_token_revoke revoke = {.system = {.organisation_id = other.organisation_id,
                                                    .system_id = other.system_id},
                                         .token = {kept.at, kept.size}};
    revoke.seen = ask(&other, "r1", "").seen[0];
    ASSERT_OK(world, WRITE(world, world->operator_, access_token_revoke, &revoke));
    assert_true(opens(world, &kept, &token));
    revoke.system.system_id = system.system_id;
    ASSERT_FAILS(world, WRITE(world, world->operator_, access_token_revoke, &revoke), UNAUTHENTICATED,
                 "client.unknown");
    revoke.seen = ask(&other, "r2", "").seen[0];
    ASSERT_OK(world, WRITE(world, world->operator_, access_token_revoke, &revoke));
    assert_false(opens(world, &kept, &token));
}

static void what_was_signed_for_one_use_is_used_once(void **state)
{
    struct world *world = *state;
    struct system system = make_system(world);
    (void)issue_one(world, &system, "a"); /* the first use is all that is wanted of it */
    struct access_token_issue issue = ask(&system, "a", "b");
    ASSERT_FAILS(world, WRITE(world, world->operator_, access_token_issue, &issue), UNAUTHENTICATED, "client.unknown");
    issue = ask(&system, "b", "a");
    ASSERT_FAILS(world, WRITE(world, world->operator_, access_token_issue, &issue), UNAUTHENTICATED, "proof.replayed");
    issue = ask(&system, "b", "b"); /* the refused ones have used nothing up */
    ASSERT_OK(world, WRITE(world, world->operator_, access_token_issue, &issue));
    struct seen_token one, two;
    seen_token_of(SEEN_PROOF, (struct bytes){THUMBPRINT, 2}, TEXT("ab"), &one);
    seen_token_of(SEEN_PROOF, (struct bytes){THUMBPRINT, 1}, TEXT("\x02" "ab"), &two);
    assert_memory_not_equal(one.hash, two.hash, HASH_BYTES);
    seen_token_of(SEEN_PROOF, (struct bytes){THUMBPRINT + 1, 2}, TEXT("ab"), &two); /* somebody else's of that name */
    assert_memory_not_equal(one.hash, two.hash, HASH_BYTES);
    seen_token_of(SEEN_ASSERTION, (struct bytes){THUMBPRINT, 2}, TEXT("ab"), &two);
    assert_memory_not_equal(one.hash, two.hash, HASH_BYTES);
}

static err use_many(struct ctx *cx, void *arg)
{
    const struct seen_token *first = arg;
    for (size_t i = 0; i < 600; i++) {
        struct seen_token token = *first;
        token.hash[0] = (uint8_t)i;
        token.hash[1] = (uint8_t)(i >> 8);
        token.in_ledger = i % 2 == 0;
        TRY(seen_token_use(cx, &token));
    }
    return OK;
}

/* Nothing is forgotten while it is good; afterwards all of it is, a portion at a time. */
static void what_is_too_old_is_forgotten(void **state)
{
    struct world *world = *state;
    bool left = true;
    int passes = 0;
    struct seen_token token = {.expires_at_ms = world->node.cx.now_ms + LIMIT_PROOF_MS, .reason = "proof.replayed"};
    ASSERT_OK(world, WRITE(world, world->operator_, use_many, &token));
    ASSERT_OK(world, WRITE(world, world->operator_, seen_token_forget, &left));
    assert_false(left);
    ASSERT_FAILS(world, WRITE(world, world->operator_, use_many, &token), UNAUTHENTICATED, "proof.replayed");
    test_node_pass(&world->node, 3 * LIMIT_PROOF_MS);
    for (left = true; left; passes++)
        ASSERT_OK(world, WRITE(world, world->operator_, seen_token_forget, &left));
    assert_true(passes >= 1);
    ASSERT_OK(world, WRITE(world, world->operator_, use_many, &token));
}

/* Also by somebody who changes the system's row alike. */
static void a_changed_registration_is_told_by_the_audit(void **state)
{
    static const struct {
        const char *sql;
        int64_t     findings;
    } CASES[] = {
        {"UPDATE system_key SET jwks = '{}'", 1},
        {"UPDATE system_key SET redirect_uris = '[\"https://evil.example/\"]'", 1},
        {"UPDATE system_key SET scopes = 1023", 2},
        {"UPDATE system SET scopes = 1023 WHERE system_id IN (SELECT system_id FROM system_key)", 1},
    };
    struct world *world = *state;
    (void)make_system(world); /* its rows are what is spoilt */
    assert_int_equal(world_audit(world, 0), 0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        world_spoil(world, "people.db", CASES[i].sql);
        test_node_rest(&world->node);
        assert_int_equal(world_audit(world, 9), CASES[i].findings);
    }
}

static void addresses_are_read_strictly(void **state)
{
    static const struct {
        const char *uri;
        bool        good;
    } CASES[] = {
        {"https://shop.example/back", true}, {"https://shop.example", true}, {"https://shop.example:8443/a?b=c", true},
        {"http://127.0.0.1:3000/back", true}, {"http://[::1]/back", true}, {"http://127.0.0.1", true},
        {"http://127.0.0.1.evil.example/", false}, {"http://localhost/", false}, {"http://shop.example/back", false},
        {"https://", false}, {"https:///back", false}, {"https://?a", false}, {"ftp://shop.example/", false},
        {"javascript:alert(1)", false}, {"", false}, {"/back", false}, {"https://shop.example/#a", false},
        {"https://a@shop.example/", false}, {"https://shop.example/a b", false}, {"https://shop.example/\xC3\xA4",
                                                                                  false},
        {"https://shop.example/\\", false}, {"HTTPS://shop.example/", false},
        {"https://shop.example_evil.example/", false}, {"https://shop.example%2F.evil.example/", false},
        {"http://127.0.0.1:80;a/", false}, {"http://[::1]:8080/back", true}, {"https://shop.example/a_b%20c", true},
        {"https://shop.example/\"", false}, {"https://shop.example/?code=x", false},
        {"https://shop.example/?a=1&state=2", false}, {"https://shop.example/?iss", false},
        {"https://shop.example/?error=&a=1", false}, {"https://shop.example/?response=x", false},
        {"https://shop.example/?%63ode=x", false}, {"https://shop.example/?a=code&decode=1&b=%20", true},
        {"https://shop.example/code?", true}, {"http://127.0.0.1?state=1", false},
    };
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct text uris[] = {text_of(CASES[i].uri)};
        struct signing_draft draft = {TEXT(KEYS), uris, 1};
        struct signing signing;
        err got = signing_read(cx, &draft, &signing);
        if ((got == OK) != CASES[i].good)
            fail_msg("%s: %s", CASES[i].uri, got == OK ? "taken" : cx->failure.reason);
        failure_clear(&cx->failure);
    }
    struct text many[LIMIT_REDIRECT_URIS + 1];
    for (size_t i = 0; i <= LIMIT_REDIRECT_URIS; i++)
        many[i] = text_format(cx->arena, "https://shop.example/%zu", i);
    struct signing_draft draft = {TEXT(KEYS), many, LIMIT_REDIRECT_URIS};
    struct signing signing;
    const struct text *again = NULL;
    size_t count = 0;
    ASSERT_OK(world, signing_read(cx, &draft, &signing));
    ASSERT_OK(world, signing_redirect_uris(cx, signing.redirect_uris, &again, &count));
    assert_int_equal(count, LIMIT_REDIRECT_URIS);
    assert_true(text_equals(again[3], many[3]));
    draft.redirect_uris_count++;
    ASSERT_FAILS(world, signing_read(cx, &draft, &signing), INVALID, "redirect.uri");
    many[1] = many[0];
    draft.redirect_uris_count = 2;
    ASSERT_FAILS(world, signing_read(cx, &draft, &signing), INVALID, "redirect.uri");
    char longest[LIMIT_REDIRECT_URI_BYTES + 2];
    (void)snprintf(longest, sizeof longest, "https://shop.example/%0*d", LIMIT_REDIRECT_URI_BYTES - 20, 0);
    draft.redirect_uris_count = 1;
    many[0] = text_of(longest);
    assert_int_equal(many[0].size, LIMIT_REDIRECT_URI_BYTES + 1);
    ASSERT_FAILS(world, signing_read(cx, &draft, &signing), INVALID, "redirect.uri");
    many[0].size--;
    ASSERT_OK(world, signing_read(cx, &draft, &signing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_token_stands_for_its_system_until_it_ends),
        WORLD_TEST(another_text_is_no_token),
        WORLD_TEST(the_end_of_a_system_ends_its_tokens),
        WORLD_TEST(only_its_own_system_ends_a_token),
        WORLD_TEST(what_was_signed_for_one_use_is_used_once),
        WORLD_TEST(what_is_too_old_is_forgotten),
        WORLD_TEST(a_changed_registration_is_told_by_the_audit),
        WORLD_TEST(addresses_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
