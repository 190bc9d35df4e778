/* SPDX-License-Identifier: Apache-2.0
 * Proof files. The known one was made by the independent reader, tests/support/tlog.py: entries 0 to 11 are 32 times
 * their number, the seventh is a receipt; the log signs with the seed 00 01 02 … 1f. */
#include "ledger/proof.h"

#include "base/limits.h"
#include "unit/crypto/fixture.h"

#define KEY "node.example/log+057fa589+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define PAYLOAD "{\"what\":\"a receipt\"}"
#define FIRST "c2sp.org/tlog-proof@v1\n"
#define EXTRA "extra AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define HASH_1 "URxlYpgsm/oFukFFyl8ruoWhGheKQTG1zr3ibdn/5wQ=\n"
#define HASHES                                            \
    HASH_1 "8cF2VSo14dA1+EPUYyILbIWpDqf2ZEmAYwpvcaMzDtM=\n" \
    "/epSAIza55+ov4BiYZWeI/XhFoFkai+ivJteVrMgMKI=\n"         \
    "yS0OU/hralZYsTv8AHhvSxDsitg8HSiOWPYnbgPNwk4=\n"
#define CHECKPOINT                                                       \
    "node.example/log\n12\nEAK8veM6HLCkB+FJmwf8Yu9m3NlGBjTGp9pPlkja1mM=\n" \
    "\n\u2014 node.example/log "                                           \
    "BX+lidRQTpIabVClO4BAXuzhWVG/GEM4SFQ4MdKhtKlxyByLVCaZloNpW2KRLMHjOkUhrfJXKD6b+AYaWiiPtKxMVA4=\n"
#define FILE_TEXT FIRST EXTRA "index 7\n" HASHES "\n" CHECKPOINT

static err verify(struct ctx *cx, struct text file, struct proof *out)
{
    return proof_verify(cx, file, TEXT(KEY), bytes_of_text(TEXT(PAYLOAD)), out);
}

static void the_entry_of_a_receipt_is_the_known_one(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    uint8_t salt[LEDGER_SALT_BYTES];
    uint8_t leaf[HASH_BYTES];
    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    ledger_leaf(salt, bytes_of_text(TEXT(PAYLOAD)), leaf);
    assert_hex(cx, leaf, sizeof leaf, "49d401894635c4d26a84d7453b30fa8c30a9d623b6b12f186970536bd99747d8");
    fixture_close(&fixture);
}

static void a_file_of_another_program_verifies(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct proof proof;
    assert_int_equal(verify(cx, TEXT(FILE_TEXT), &proof), OK);
    assert_int_equal(proof.index, 7);
    assert_int_equal(proof.hashes.count, 4);
    assert_int_equal(proof.checkpoint.tree.size, 12);
    assert_true(text_is(proof.checkpoint.origin, "node.example/log"));
    fixture_close(&fixture);
}

static void a_file_is_written_as_it_was_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    static const char *const FILES[] = {FILE_TEXT, FIRST "index 0\n\n" CHECKPOINT,
                                        FIRST "extra AA==\nindex 0\n\n" CHECKPOINT};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        struct proof proof;
        struct text again;
        assert_int_equal(proof_parse(cx, text_of(FILES[i]), &proof), OK);
        assert_int_equal(proof_format(cx, &proof, &again), OK);
        assert_true(text_is(again, FILES[i]));
    }
    fixture_close(&fixture);
}

static void every_flipped_bit_of_a_file_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t bit = 0; bit < (sizeof FILE_TEXT - 1) * 8; bit++) {
        char changed[] = FILE_TEXT;
        struct proof proof;
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        assert_int_not_equal(verify(cx, (struct text){changed, sizeof changed - 1}, &proof), OK);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    fixture_close(&fixture);
}

static void every_flipped_bit_of_a_payload_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t bit = 0; bit < (sizeof PAYLOAD - 1) * 8; bit++) {
        char changed[] = PAYLOAD;
        struct proof proof;
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        struct bytes payload = {(const uint8_t *)changed, sizeof changed - 1};
        assert_failed(cx, proof_verify(cx, TEXT(FILE_TEXT), TEXT(KEY), payload, &proof), INVALID, "log.not_in_tree");
        arena_reset(cx->arena);
    }
    fixture_close(&fixture);
}

static void every_cut_file_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t size = 0; size < sizeof FILE_TEXT - 1; size++) {
        struct proof proof;
        assert_int_equal(proof_parse(cx, (struct text){FILE_TEXT, size}, &proof), MALFORMED);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    fixture_close(&fixture);
}

static void files_of_another_form_are_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "c2sp.org/tlog-proof@v2\nindex 7\n\n" CHECKPOINT,
        "c2sp.org/tlog-proof@v1\r\nindex 7\n\n" CHECKPOINT,
        "\n" FIRST "index 7\n\n" CHECKPOINT,
        FIRST "\nindex 7\n\n" CHECKPOINT,
        FIRST "index 7\n" CHECKPOINT,
        FIRST "index 7\n\n\n" CHECKPOINT,
        FIRST "index 07\n\n" CHECKPOINT,
        FIRST "index -7\n\n" CHECKPOINT,
        FIRST "index +7\n\n" CHECKPOINT,
        FIRST "index  7\n\n" CHECKPOINT,
        FIRST "index 7 \n\n" CHECKPOINT,
        FIRST "index \n\n" CHECKPOINT,
        FIRST "index\n\n" CHECKPOINT,
        FIRST "Index 7\n\n" CHECKPOINT,
        FIRST "index 9223372036854775808\n\n" CHECKPOINT,
        FIRST "index 7\n" EXTRA "\n" CHECKPOINT,
        FIRST EXTRA EXTRA "index 7\n\n" CHECKPOINT,
        FIRST "extra \nindex 7\n\n" CHECKPOINT,
        FIRST "extra\nindex 7\n\n" CHECKPOINT,
        FIRST "extra AA=\nindex 7\n\n" CHECKPOINT,
        FIRST "extra AB==\nindex 7\n\n" CHECKPOINT,
        FIRST EXTRA HASHES "\n" CHECKPOINT,
        FIRST "index 7\nAAAA\n\n" CHECKPOINT,
        FIRST "index 7\n " HASH_1 "\n" CHECKPOINT,
        FIRST "index 7\n" HASH_1,
        FIRST "index 7\n" HASH_1 "\n",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct proof proof;
        if (proof_parse(cx, text_of(WRONG[i]), &proof) == OK)
            fail_msg("taken: %s", WRONG[i]);
        assert_int_equal(cx->failure.code, MALFORMED);
        failure_clear(&cx->failure);
    }
    fixture_close(&fixture);
}

static void checkpoints_of_another_form_are_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "\n12\n%s\n", "name\n\n%s\n", "name\n012\n%s\n", "name\n-1\n%s\n", "name\n12\n\n", "name\n12\n%s",
        "name\n12\n%s=\n",
        "name\n12\nAAAA\n", "name\n12\n%s\n\nmore\n", "name\n9223372036854775808\n%s\n", "name\n12 \n%s\n",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct merkle_head tree = {12, {{0}}};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct builder note = builder_open(cx->arena, 1000);
        const char *hole = strstr(WRONG[i], "%s");
        struct text before = {WRONG[i], hole == NULL ? strlen(WRONG[i]) : (size_t)(hole - WRONG[i])};
        build_text(&note, before);
        if (hole != NULL)
            build_literal(&note, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        build_literal(&note, hole == NULL ? "" : hole + 2);
        build_literal(&note, "\n\u2014 name AAAAAAA=\n");
        struct checkpoint checkpoint;
        if (checkpoint_parse(cx, builder_text(&note), &checkpoint) == OK)
            fail_msg("taken: %s", WRONG[i]);
        assert_int_equal(cx->failure.code, MALFORMED);
        failure_clear(&cx->failure);
    }
    struct text good = checkpoint_text(cx->arena, TEXT("name"), &tree);
    good = text_format(cx->arena, "%.*sextension\n\n\u2014 name AAAAAAA=\n", TEXT_ARGS(good));
    struct checkpoint checkpoint;
    assert_int_equal(checkpoint_parse(cx, good, &checkpoint), OK);
    assert_int_equal(checkpoint.tree.size, 12);
    fixture_close(&fixture);
}

static void the_limits_of_proof_files_hold(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct proof proof;
    struct builder file = builder_open(cx->arena, 1 << 20);
    build_literal(&file, FIRST "index 7\n");
    for (int i = 0; i < LIMIT_PROOF_HASHES; i++)
        build_literal(&file, HASH_1);
    struct text most = text_format(cx->arena, "%.*s\n" CHECKPOINT, TEXT_ARGS(builder_text(&file)));
    assert_int_equal(proof_parse(cx, most, &proof), OK);
    assert_int_equal(proof.hashes.count, LIMIT_PROOF_HASHES);
    build_literal(&file, HASH_1 "\n" CHECKPOINT);
    assert_failed(cx, proof_parse(cx, builder_text(&file), &proof), MALFORMED, "log.proof_form");
    struct text big = {arena_take(cx->arena, LIMIT_PROOF_FILE_BYTES + 1, 1), LIMIT_PROOF_FILE_BYTES + 1};
    assert_failed(cx, proof_parse(cx, big, &proof), TOO_LARGE, "log.proof_size");
    struct text written = TEXT_NONE;
    proof = (struct proof){.index = 7, .note = {big.at, LIMIT_PROOF_FILE_BYTES - sizeof(FIRST "index 7\n\n") + 1}};
    assert_int_equal(proof_format(cx, &proof, &written), OK);
    assert_int_equal(written.size, LIMIT_PROOF_FILE_BYTES);
    proof.note.size++;
    assert_failed(cx, proof_format(cx, &proof, &written), TOO_LARGE, "log.proof_size");
    fixture_close(&fixture);
}

static void a_proof_of_another_log_or_without_salt_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct proof proof;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    struct secret_key seed;
    struct sign_key signer;
    for (size_t i = 0; i < sizeof seed.at; i++)
        seed.at[i] = (uint8_t)i;
    sign_key_from_seed(&seed, &signer);
    sign_public(&signer, public_key);
    struct note_key other = note_key_make(TEXT("other.example/log"), public_key);
    struct text other_text = note_key_text(cx->arena, &other);
    struct bytes payload = bytes_of_text(TEXT(PAYLOAD));
    assert_failed(cx, proof_verify(cx, TEXT(FILE_TEXT), other_text, payload, &proof), INVALID, "log.other_log");
    public_key[0] ^= 1;
    other = note_key_make(TEXT("node.example/log"), public_key);
    other_text = note_key_text(cx->arena, &other);
    assert_failed(cx, proof_verify(cx, TEXT(FILE_TEXT), other_text, payload, &proof), INVALID, "log.unsigned");
    assert_failed(cx, verify(cx, TEXT(FIRST "index 7\n" HASHES "\n" CHECKPOINT), &proof), INVALID, "log.no_salt");
    assert_failed(cx, verify(cx, TEXT(FIRST "extra AAAA\nindex 7\n" HASHES "\n" CHECKPOINT), &proof), INVALID,
                  "log.no_salt");
    assert_failed(cx, verify(cx, TEXT(FIRST EXTRA "index 6\n" HASHES "\n" CHECKPOINT), &proof), INVALID,
                  "log.not_in_tree");
    assert_failed(cx, verify(cx, TEXT(FIRST EXTRA "index 9223372036854775807\n" HASHES "\n" CHECKPOINT), &proof),
                  INVALID, "log.not_in_tree");
    fixture_close(&fixture);
}

static void a_small_arena_gives_a_failure_of_memory(void **state)
{
    (void)state;
    size_t enough = 0;
    for (size_t room = 16; room <= 64 * 1024 && enough == 0; room += 16) {
        struct ctx cx = {.arena = arena_open(room)};
        struct proof proof;
        err done = verify(&cx, TEXT(FILE_TEXT), &proof);
        assert_true(done == OK || done == TOO_LARGE);
        if (done == OK)
            enough = room;
        arena_close(cx.arena);
    }
    assert_true(enough > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_of_a_receipt_is_the_known_one),
        cmocka_unit_test(a_file_of_another_program_verifies),
        cmocka_unit_test(a_file_is_written_as_it_was_read),
        cmocka_unit_test(every_flipped_bit_of_a_file_is_noticed),
        cmocka_unit_test(every_flipped_bit_of_a_payload_is_noticed),
        cmocka_unit_test(every_cut_file_is_refused),
        cmocka_unit_test(files_of_another_form_are_refused),
        cmocka_unit_test(checkpoints_of_another_form_are_refused),
        cmocka_unit_test(the_limits_of_proof_files_hold),
        cmocka_unit_test(a_proof_of_another_log_or_without_salt_is_refused),
        cmocka_unit_test(a_small_arena_gives_a_failure_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
