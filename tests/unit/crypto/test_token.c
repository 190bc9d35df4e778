/* SPDX-License-Identifier: Apache-2.0
 * Tokens and claim codes: the form, the hash, and what is refused. */
#include "crypto/token.h"

#include "unit/crypto/fixture.h"

static void a_token_is_found_again_by_its_text(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (int i = 0; i < 200; i++) {
        struct token made, parsed;
        assert_int_equal(token_make(cx, "sk", &made), OK);
        assert_int_equal(made.text.size, 2 + 1 + TOKEN_PUBLIC_ID_SIZE + 1 + TOKEN_SECRET_SIZE);
        assert_true(token_parse(made.text, "sk", &parsed));
        assert_memory_equal(parsed.public_id, made.public_id, TOKEN_PUBLIC_ID_SIZE);
        assert_true(token_matches(&parsed, made.hash));
        assert_int_equal(parsed.text.size, 0);
    }
    fixture_close(&fixture);
}

static void two_tokens_differ_in_both_parts(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct token one, two;
    assert_int_equal(token_make(cx, "sk", &one), OK);
    assert_int_equal(token_make(cx, "sk", &two), OK);
    assert_memory_not_equal(one.public_id, two.public_id, TOKEN_PUBLIC_ID_SIZE);
    assert_false(token_matches(&one, two.hash));
    fixture_close(&fixture);
}

/* Each value at each place: either it is no token, or it is another one. */
static void every_changed_character_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct token made;
    assert_int_equal(token_make(cx, "key", &made), OK);
    char *changed = arena_take(cx->arena, made.text.size, 1);
    memcpy(changed, made.text.at, made.text.size);
    for (size_t at = 0; at < made.text.size; at++) {
        for (int value = 0; value < 256; value++) {
            struct token parsed;
            changed[at] = (char)value;
            bool same = changed[at] == made.text.at[at];
            bool is_token = token_parse((struct text){changed, made.text.size}, "key", &parsed);
            assert_int_equal(same, is_token && token_matches(&parsed, made.hash));
        }
        changed[at] = made.text.at[at];
    }
    fixture_close(&fixture);
}

static void tokens_of_other_forms_are_refused(void **state)
{
    (void)state;
    struct token parsed;
    static const char *const REFUSED[] = {
        "",
        "sk",
        "sk_",
        "sk_0123456789abcdef_",
        "sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",    /* 42 */
        "sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* 44 */
        "sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",   /* a bit behind the 256th */
        "sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sk_0123456789ABCDEF_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "sk_0123456789abcdel_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* l is not of the alphabet */
        "sk-0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "sk_0123456789abcdef-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "SK_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        " sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    assert_true(token_parse(TEXT("sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "sk", &parsed));
    assert_false(token_parse(TEXT("sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "se", &parsed));
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(token_parse(text_of(REFUSED[i]), "sk", &parsed));
    char cut[] = "sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (size_t at = 0; at < sizeof cut - 1; at++) { /* a NUL is in no alphabet, though it ends each of them */
        char kept = cut[at];
        cut[at] = '\0';
        assert_false(token_parse((struct text){cut, sizeof cut - 1}, "sk", &parsed));
        cut[at] = kept;
    }
    assert_true(token_parse((struct text){cut, sizeof cut - 1}, "sk", &parsed));
}

static void the_stored_hash_stays_what_it_is(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct token parsed;
    struct claim_code code;
    assert_true(token_parse(TEXT("sk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "sk", &parsed));
    assert_hex(cx, parsed.hash, HASH_BYTES, "252d36f1741e71717f9f7b3d25fd1c7271b31a918df42b69e0c0bbe1a65f925c");
    assert_true(claim_code_parse(TEXT("0000-0000-0000-0000"), &code));
    assert_hex(cx, code.hash, HASH_BYTES, "5ede47b167e8682562a61144079104d526a210fa5fc5f78c3368368cbed07421");
    fixture_close(&fixture);
}

static void a_claim_code_is_read_as_people_type_it(void **state)
{
    (void)state;
    static const char *const SAME[] = {
        "7Q4K-M2XD-9RTA-H0V1",     "7q4k-m2xd-9rta-h0v1", "7Q4KM2XD9RTAH0V1", " 7q4k m2xd\t9rta  h0v1 ",
        "7Q4K-M2XD-9RTA-HOVI",     "7Q4K-M2XD-9RTA-hovl", "7Q-4K-M2-XD-9R-TA-H0-V1",
        "7Q4K\xE2\x80\x93M2XD\342\200\2219RTA\xC2\xA0H0V1", /* as a word processor writes it */
    };
    struct claim_code first, other;
    assert_true(claim_code_parse(text_of(SAME[0]), &first));
    for (size_t i = 1; i < sizeof SAME / sizeof *SAME; i++) {
        assert_true(claim_code_parse(text_of(SAME[i]), &other));
        assert_memory_equal(other.hash, first.hash, HASH_BYTES);
    }
    static const char *const REFUSED[] = {"", "-", "7Q4K-M2XD-9RTA-H0V", "7Q4K-M2XD-9RTA-H0V12", "7Q4K-M2XD-9RTA-H0VU",
                                          "7Q4K_M2XD_9RTA_H0V1", "7Q4K-M2XD-9RTA-H0V1.", "\xE2\x80", "\xE2\x80\xA2",
                                          "\xC2"};
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(claim_code_parse(text_of(REFUSED[i]), &other));
    char spaces[200];
    memset(spaces, ' ', sizeof spaces);
    memcpy(spaces + 150, "7Q4KM2XD9RTAH0V1", 16);
    assert_false(claim_code_parse((struct text){spaces, sizeof spaces}, &other));
    assert_false(claim_code_parse((struct text){"7Q4K-M2XD-9RTA-H0V\0", 19}, &other));
}

static void a_claim_code_that_was_made_is_accepted(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (int i = 0; i < 200; i++) {
        struct claim_code made, parsed;
        assert_int_equal(claim_code_make(cx, &made), OK);
        assert_int_equal(made.text.size, CLAIM_CODE_SIZE);
        for (size_t at = 0; at < CLAIM_CODE_SIZE; at++)
            assert_int_equal(made.text.at[at] == '-', at % 5 == 4);
        assert_true(claim_code_parse(made.text, &parsed));
        assert_memory_equal(parsed.hash, made.hash, HASH_BYTES);
    }
    fixture_close(&fixture);
}

static void an_exhausted_arena_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct token token;
    struct claim_code code;
    for (size_t room = 1; room < 160; room += 16) {
        struct ctx small = *cx;
        small.arena = arena_open(room);
        err got = token_make(&small, "sk", &token);
        assert_true(got == OK || got == TOO_LARGE);
        arena_close(small.arena);
    }
    struct ctx small = *cx;
    small.arena = arena_open(8);
    assert_failed(&small, token_make(&small, "sk", &token), TOO_LARGE, "limit.memory");
    assert_failed(&small, claim_code_make(&small, &code), TOO_LARGE, "limit.memory");
    arena_close(small.arena);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_found_again_by_its_text),
        cmocka_unit_test(two_tokens_differ_in_both_parts),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(tokens_of_other_forms_are_refused),
        cmocka_unit_test(the_stored_hash_stays_what_it_is),
        cmocka_unit_test(a_claim_code_is_read_as_people_type_it),
        cmocka_unit_test(a_claim_code_that_was_made_is_accepted),
        cmocka_unit_test(an_exhausted_arena_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
