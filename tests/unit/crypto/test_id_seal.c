/* SPDX-License-Identifier: Apache-2.0
 * Ids at the edge: the way out and back, one spelling each, nothing else opens. */
#include "crypto/id_seal.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "unit/crypto/fixture.h"

static const id_type TYPES[] = {
#define X(name, number, prefix) ID_##name,
#include "base/id.def"
#undef X
};
#define TYPE_COUNT (sizeof TYPES / sizeof *TYPES)

static void every_kind_of_id_comes_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const int64_t NUMBERS[] = {0, 1, 255, 256, INT64_C(1) << 40, NUMBER_MAX};
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        for (size_t n = 0; n < sizeof NUMBERS / sizeof *NUMBERS; n++) {
            struct id id = {TYPES[i], NUMBERS[n], NUMBERS[sizeof NUMBERS / sizeof *NUMBERS - 1 - n]};
            struct id opened = {ID_NONE, -1, -1};
            struct text text = id_text(cx, id);
            assert_int_equal(text.size, ID_TEXT_SIZE);
            assert_int_equal(id_open(cx, text, TYPES[i], &opened), OK);
            assert_int_equal(opened.type, id.type);
            assert_int_equal(opened.owner, id.owner);
            assert_int_equal(opened.item, id.item);
        }
    }
    fixture_close(&fixture);
}

static void an_id_opens_as_its_own_kind_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text text = id_text(cx, (struct id){ID_GRANT, 11, 12});
    char swapped[ID_TEXT_SIZE];
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        struct id opened;
        if (TYPES[i] == ID_GRANT)
            continue;
        assert_failed(cx, id_open(cx, text, TYPES[i], &opened), NOT_FOUND, "not_found");
        memcpy(swapped, text.at, ID_TEXT_SIZE); /* the right prefix before a block of another kind */
        memcpy(swapped, id_prefix(TYPES[i]), 3);
        assert_failed(cx, id_open(cx, (struct text){swapped, ID_TEXT_SIZE}, TYPES[i], &opened), NOT_FOUND, "not_found");
    }
    fixture_close(&fixture);
}

/* Each of the 256 values at each of the 30 places, and each length: no other text may open to this id. */
static void an_id_has_one_text_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text text = id_text(cx, (struct id){ID_PERSON, 1, 0});
    char changed[ID_TEXT_SIZE + 1] = {0};
    memcpy(changed, text.at, ID_TEXT_SIZE);
    for (size_t at = 0; at < ID_TEXT_SIZE; at++) {
        for (int value = 0; value < 256; value++) {
            struct id opened = {ID_NONE, -1, -1};
            changed[at] = (char)value;
            err got = id_open(cx, (struct text){changed, ID_TEXT_SIZE}, ID_PERSON, &opened);
            if (changed[at] == text.at[at])
                assert_int_equal(got, OK);
            else
                assert_true(got == NOT_FOUND || opened.owner != 1 || opened.item != 0);
            failure_clear(&cx->failure);
        }
        changed[at] = text.at[at];
    }
    for (size_t size = 0; size <= ID_TEXT_SIZE + 1; size++) {
        struct id opened;
        if (size != ID_TEXT_SIZE)
            assert_failed(cx, id_open(cx, (struct text){changed, size}, ID_PERSON, &opened), NOT_FOUND, "not_found");
    }
    fixture_close(&fixture);
}

/* Tries each digit 0 and 1 of an id as the letters that people take for it; gives how many it tried. */
static int refuse_look_alikes(struct ctx *cx, struct text text)
{
    static const char *const LETTERS[] = {"oO", "iIlL"};
    int refused = 0;
    for (size_t at = 4; at < ID_TEXT_SIZE; at++) {
        const char *letters = text.at[at] == '0' || text.at[at] == '1' ? LETTERS[text.at[at] - '0'] : "";
        for (; *letters != '\0'; letters++, refused++) {
            char changed[ID_TEXT_SIZE];
            struct id opened;
            memcpy(changed, text.at, ID_TEXT_SIZE);
            changed[at] = *letters;
            assert_failed(cx, id_open(cx, (struct text){changed, ID_TEXT_SIZE}, ID_PERSON, &opened), NOT_FOUND,
                          "not_found");
        }
    }
    return refused;
}

static void look_alike_letters_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    int refused = 0;
    for (int64_t person = 1; person < 200; person++)
        refused += refuse_look_alikes(cx, id_text(cx, (struct id){ID_PERSON, person, 0}));
    assert_true(refused > 100);
    fixture_close(&fixture);
}

static void ids_of_another_node_do_not_open(void **state)
{
    (void)state;
    struct fixture here, there;
    struct ctx *cx = fixture_open_keyring(&here);
    (void)fixture_open(&there);
    there.seeded.state = 0xFEED; /* another root */
    assert_int_equal(keyring_open(&there.cx, there.keys, true, &there.cx.keyring), OK);
    int opened_there = 0;
    for (int64_t person = 1; person <= 100; person++) {
        struct id opened;
        opened_there += id_open(&there.cx, id_text(cx, (struct id){ID_PERSON, person, 0}), ID_PERSON, &opened) == OK;
        failure_clear(&there.cx.failure);
    }
    assert_true(opened_there <= 1); /* 16 bits tell a foreign block */
    fixture_close(&there);
    fixture_close(&here);
}

/* The format, by another way to the same cipher. */
static void an_id_is_one_block_of_aes_256(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct secret_key key;
    uint8_t block[16];
    uint8_t sealed[32];
    char text[26];
    int size = 0;
    struct id id = {ID_RECEIPT, 77, 78};
    keyring_node_key(cx->keyring, KEYRING_IDS, &key);
    id_pack(id, block);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), NULL, key.at, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(context, sealed, &size, block, sizeof block), 1);
    EVP_CIPHER_CTX_free(context);
    base32_encode((struct bytes){sealed, 16}, text);
    struct text made = id_text(cx, id);
    assert_memory_equal(made.at, "rcp_", 4);
    assert_memory_equal(made.at + 4, text, sizeof text);
    fixture_close(&fixture);
}

struct worker {
    pthread_t       thread;
    struct keyring *keyring;
    int64_t         person;
    int             wrong;
};

static void *open_many(void *arg)
{
    struct worker *worker = arg;
    struct ctx cx = {.arena = arena_open(1 << 20), .keyring = worker->keyring};
    for (int i = 0; i < 2000; i++) {
        struct id opened = {ID_NONE, 0, 0};
        struct text text = id_text(&cx, (struct id){ID_RECORD, worker->person, i});
        if (id_open(&cx, text, ID_RECORD, &opened) != OK || opened.owner != worker->person || opened.item != i)
            worker->wrong++;
        arena_reset(cx.arena);
    }
    arena_close(cx.arena);
    return NULL;
}

static void many_threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct worker workers[12]; /* more than there are lanes */
    for (size_t i = 0; i < 12; i++) {
        workers[i] = (struct worker){.keyring = cx->keyring, .person = (int64_t)i + 1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, open_many, &workers[i]), 0);
    }
    for (size_t i = 0; i < 12; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    fixture_close(&fixture);
}

static void an_exhausted_arena_gives_no_text(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct ctx small = *cx;
    small.arena = arena_open(8);
    assert_null(id_text(&small, (struct id){ID_PERSON, 1, 0}).at);
    arena_close(small.arena);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_id_comes_back),
        cmocka_unit_test(an_id_opens_as_its_own_kind_only),
        cmocka_unit_test(an_id_has_one_text_only),
        cmocka_unit_test(look_alike_letters_are_refused),
        cmocka_unit_test(ids_of_another_node_do_not_open),
        cmocka_unit_test(an_id_is_one_block_of_aes_256),
        cmocka_unit_test(many_threads_do_not_disturb_each_other),
        cmocka_unit_test(an_exhausted_arena_gives_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
