/* SPDX-License-Identifier: Apache-2.0
 * Signed notes and verifier keys. The example is that of c2sp.org/signed-note, so another program's signature
 * counts. */
#include "ledger/note.h"

#include "base/limits.h"
#include "unit/crypto/fixture.h"

#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT "This is an example message.\n"
#define EXAMPLE_BLOB \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
#define EXAMPLE_NOTE EXAMPLE_TEXT "\n\u2014 example.com/foo " EXAMPLE_BLOB "\n"
#define OTHER_LINE                                                                                           \
    "\u2014 quasimodo.example/salvatore " \
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"

static err verify(struct ctx *cx, struct text text, const char *key_text)
{
    struct note note;
    struct note_key key;
    TRY(note_key_parse(cx, text_of(key_text), &key));
    TRY(note_parse(cx, text, &note));
    return note_verify(cx, &note, &key);
}

static void the_example_of_the_specification_verifies(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct note note;
    assert_int_equal(verify(cx, TEXT(EXAMPLE_NOTE), EXAMPLE_KEY), OK);
    assert_int_equal(note_parse(cx, TEXT(EXAMPLE_NOTE), &note), OK);
    assert_true(text_is(note.text, EXAMPLE_TEXT));
    assert_int_equal(note.count, 1);
    assert_true(text_is(note.signatures[0].name, "example.com/foo"));
    fixture_close(&fixture);
}

static void signatures_of_unknown_keys_are_passed_over(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    assert_int_equal(verify(cx, TEXT(EXAMPLE_NOTE OTHER_LINE), EXAMPLE_KEY), OK);
    assert_int_equal(verify(cx, TEXT(EXAMPLE_TEXT "\n" OTHER_LINE "\u2014 example.com/foo " EXAMPLE_BLOB "\n"),
                            EXAMPLE_KEY), OK);
    assert_failed(cx, verify(cx, TEXT(EXAMPLE_TEXT "\n" OTHER_LINE), EXAMPLE_KEY), INVALID, "log.unsigned");
    fixture_close(&fixture);
}

static void every_flipped_bit_of_a_note_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    char changed[sizeof EXAMPLE_NOTE];
    for (size_t bit = 0; bit < (sizeof EXAMPLE_NOTE - 1) * 8; bit++) {
        memcpy(changed, EXAMPLE_NOTE, sizeof changed);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        assert_int_not_equal(verify(cx, (struct text){changed, sizeof changed - 1}, EXAMPLE_KEY), OK);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    fixture_close(&fixture);
}

static void every_flipped_bit_of_a_verifier_key_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t bit = 0; bit < (sizeof EXAMPLE_KEY - 1) * 8; bit++) {
        char changed[] = EXAMPLE_KEY;
        struct note_key key;
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(note_key_parse(cx, (struct text){changed, sizeof changed - 1}, &key), MALFORMED);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    fixture_close(&fixture);
}

static void notes_of_another_form_are_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",
        "\n",
        "\n\n",
        "\n\n\u2014 a AAAAAAA=\n",
        EXAMPLE_TEXT,
        EXAMPLE_TEXT "\n",
        EXAMPLE_TEXT "\u2014 example.com/foo " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo " EXAMPLE_BLOB,
        EXAMPLE_TEXT "\n\u2014 example.com/foo " EXAMPLE_BLOB "\n\n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo " EXAMPLE_BLOB " \n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo\n",
        EXAMPLE_TEXT "\n\u2014  " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 a+b " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 a\u00a0b " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 a\u2003b " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 a\u3000b " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n- example.com/foo " EXAMPLE_BLOB "\n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo AAAA\n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo AAAAAA==\n",
        EXAMPLE_TEXT "\n\u2014 example.com/foo AAAAAAB=\n",
        "a\tb\n\n\u2014 example.com/foo " EXAMPLE_BLOB "\n",
        "a\r\n\n\u2014 example.com/foo " EXAMPLE_BLOB "\n",
        "a\xff\n\n\u2014 example.com/foo " EXAMPLE_BLOB "\n",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct note note;
        assert_failed(cx, note_parse(cx, text_of(WRONG[i]), &note), MALFORMED, "log.note_form");
    }
    fixture_close(&fixture);
}

static void the_limits_of_notes_hold(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct note note;
    struct builder lines = builder_open(cx->arena, 1 << 20);
    build_literal(&lines, EXAMPLE_TEXT "\n");
    for (int i = 0; i < LIMIT_LOG_SIGNATURES; i++)
        build_literal(&lines, OTHER_LINE);
    assert_int_equal(note_parse(cx, builder_text(&lines), &note), OK);
    assert_int_equal(note.count, LIMIT_LOG_SIGNATURES);
    build_literal(&lines, OTHER_LINE);
    assert_failed(cx, note_parse(cx, builder_text(&lines), &note), TOO_LARGE, "log.note_size");

    struct builder big = builder_open(cx->arena, 1 << 20);
    size_t rest = sizeof EXAMPLE_NOTE - sizeof EXAMPLE_TEXT + 1;
    while (big.size <= LIMIT_CHECKPOINT_BYTES - rest)
        build_byte(&big, 'a');
    build_literal(&big, "\n\n\u2014 example.com/foo " EXAMPLE_BLOB "\n");
    assert_int_equal(big.size, LIMIT_CHECKPOINT_BYTES + 1);
    assert_failed(cx, note_parse(cx, builder_text(&big), &note), TOO_LARGE, "log.note_size");
    assert_int_equal(note_parse(cx, (struct text){(const char *)big.at + 1, big.size - 1}, &note), OK);
    fixture_close(&fixture);
}

static void a_signature_made_here_verifies_under_the_key_text(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key seed = {{7}};
    struct sign_key signer;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    sign_key_from_seed(&seed, &signer);
    sign_public(&signer, public_key);
    sign(&signer, bytes_of_text(TEXT("first\n\nsecond\n")), signature);
    struct note_key key = note_key_make(TEXT("node.example/log"), public_key);
    struct text note = note_format(cx->arena, TEXT("first\n\nsecond\n"), &key, signature);
    const char *key_text = text_c_string(cx->arena, note_key_text(cx->arena, &key));
    assert_int_equal(verify(cx, note, key_text), OK);
    assert_failed(cx, verify(cx, note, EXAMPLE_KEY), INVALID, "log.unsigned");
    fixture_close(&fixture);
}

static void one_wrong_signature_of_the_key_spoils_the_note(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    char wrong[] = EXAMPLE_BLOB;
    wrong[20] = wrong[20] == 'A' ? 'B' : 'A';
    struct text note = text_format(cx->arena, EXAMPLE_NOTE "\u2014 example.com/foo %s\n", wrong);
    assert_failed(cx, verify(cx, note, EXAMPLE_KEY), INVALID, "log.signature");
    fixture_close(&fixture);
}

static void names_of_keys_hold_no_space_no_control_and_no_plus(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"",        " ",        "a b",      "a+b",    "a\nb",   "a\x7f",
                                        "\u00a0", "x\u2000", "x\u200a", "\u2028",
                                        "\u202f", "\u205f", "\u1680", "\xc2\x85", "\xff",
                                        "a\xc2\x80", "\xc2\x9f"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_false(note_name_is_valid(text_of(WRONG[i])));
    assert_true(note_name_is_valid(TEXT("node.example/log")));
    assert_true(note_name_is_valid(TEXT("b\u00fccher.example/\u200b")));
    assert_true(note_name_is_valid(TEXT("\u00a1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_verifies),
        cmocka_unit_test(signatures_of_unknown_keys_are_passed_over),
        cmocka_unit_test(every_flipped_bit_of_a_note_is_noticed),
        cmocka_unit_test(every_flipped_bit_of_a_verifier_key_is_noticed),
        cmocka_unit_test(notes_of_another_form_are_refused),
        cmocka_unit_test(the_limits_of_notes_hold),
        cmocka_unit_test(a_signature_made_here_verifies_under_the_key_text),
        cmocka_unit_test(one_wrong_signature_of_the_key_spoils_the_note),
        cmocka_unit_test(names_of_keys_hold_no_space_no_control_and_no_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
