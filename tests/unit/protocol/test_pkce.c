/* SPDX-License-Identifier: Apache-2.0
 * Goal: a verifier fits its own challenge and no other. Method: the pair of RFC 7636 appendix B, spoilt in every
 * place. */
#include "protocol/pkce.h"

#include "unit/crypto/fixture.h"

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void the_published_pair_fits(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    assert_true(pkce_is_challenge(cx, TEXT(CHALLENGE)));
    assert_true(pkce_matches(cx, TEXT(VERIFIER), TEXT(CHALLENGE)));
    assert_false(pkce_matches(cx, TEXT(CHALLENGE), TEXT(CHALLENGE))); /* "plain" */
    fixture_close(&fixture);
}

static void every_changed_character_is_refused(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof VERIFIER - 1; i++) {
        char verifier[] = VERIFIER, challenge[] = CHALLENGE;
        verifier[i] = verifier[i] == 'A' ? 'B' : 'A';
        challenge[i] = challenge[i] == 'A' ? 'B' : 'A';
        assert_false(pkce_matches(cx, text_of(verifier), TEXT(CHALLENGE)));
        assert_false(pkce_matches(cx, TEXT(VERIFIER), text_of(challenge)));
    }
    fixture_close(&fixture);
}

static void texts_of_another_form_are_refused(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const CHALLENGES[] = {"", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", CHALLENGE "=",
                                             CHALLENGE "A",
                                             "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"};
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof CHALLENGES / sizeof *CHALLENGES; i++)
        assert_false(pkce_is_challenge(cx, text_of(CHALLENGES[i])));
    /* RFC 7636 section 4.1: 43 to 128 characters, of which none is a plus */
    char longest[130];
    memset(longest, 'a', sizeof longest);
    for (size_t size = 42; size <= 129; size++) {
        uint8_t hash[HASH_BYTES];
        sha256((struct bytes){(const uint8_t *)longest, size}, hash);
        struct text challenge = base64url_encode(cx->arena, (struct bytes){hash, sizeof hash});
        assert_int_equal(pkce_matches(cx, (struct text){longest, size}, challenge), size >= 43 && size <= 128);
    }
    longest[7] = '+';
    uint8_t hash[HASH_BYTES];
    sha256((struct bytes){(const uint8_t *)longest, 64}, hash);
    struct text challenge = base64url_encode(cx->arena, (struct bytes){hash, sizeof hash});
    assert_false(pkce_matches(cx, (struct text){longest, 64}, challenge));
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_pair_fits),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(texts_of_another_form_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
