/* SPDX-License-Identifier: Apache-2.0
 * Goal: when the libraries or the floor itself find no memory, a call fails as a whole: no half signature, no sealer
 * that lacks a lane, no keyring without its keys; a hash is right, or the program ends. Method: OpenSSL takes its
 * memory from here, the floor through the linker (src/crypto/CMakeLists.txt), and the n-th taking of a call finds none,
 * for every n until the call succeeds. One thread; what ends the program is tried in a process of its own. */
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <jose/cfg.h>

#include "crypto/es256.h"
#include "crypto/id_seal.h"
#include "crypto/jose.h"
#include "crypto/key_message.h"
#include "crypto/seal.h"
#include "support/counts.h"
#include "unit/crypto/key_files.h"

enum { TAKINGS_MAX = 20000 };

/* Who finds nothing: OpenSSL, the floor, libjose at its start. */
enum { OPENSSL = 1, OWN = 2, JOSE = 4, ALL = OPENSSL | OWN | JOSE };

static long takings_left = -1; /* below 0: as many as are asked for */
static unsigned short_ones = ALL;

static bool is_refused(unsigned whose)
{
    return (short_ones & whose) != 0 && takings_left >= 0 && takings_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_sodium_malloc(size_t size);
jose_cfg_t *__real_jose_cfg(void);
int __real_EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *context, int padded);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_sodium_malloc(size_t size);
jose_cfg_t *__wrap_jose_cfg(void);
int __wrap_EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *context, int padded);

void *__wrap_malloc(size_t size)
{
    return is_refused(OWN) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused(OWN) ? NULL : __real_calloc(count, size);
}

void *__wrap_sodium_malloc(size_t size)
{
    return is_refused(OWN) ? NULL : __real_sodium_malloc(size);
}

jose_cfg_t *__wrap_jose_cfg(void)
{
    return is_refused(JOSE) ? NULL : __real_jose_cfg();
}

int __wrap_EVP_CIPHER_CTX_set_padding(EVP_CIPHER_CTX *context, int padded)
{
    return is_refused(OPENSSL) ? 0 : __real_EVP_CIPHER_CTX_set_padding(context, padded);
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return is_refused(OPENSSL) ? NULL : __real_malloc(size);
}

static void *take_more(void *at, size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return is_refused(OPENSSL) ? NULL : realloc(at, size);
}

static void give(void *at, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    free(at);
}

/* libjose takes memory when it is loaded: this must come before. */
static void stand_between(void)
{
    if (CRYPTO_set_mem_functions(take, take_more, give) != 1)
        abort();
}
__attribute__((section(".preinit_array"), used)) static void (*const FIRST)(void) = stand_between;

/* ---- a start that fails */

#define FAILS "SYMBOLON_TEST_FAILS" /* names what does not come up in the process that has it in its environment */

int __real_sodium_init(void);
EVP_MD *__real_EVP_MD_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties);
EVP_CIPHER *__real_EVP_CIPHER_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties);
bool __real_es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                       uint8_t out_signature[ES256_SIGNATURE_BYTES]);

int __wrap_sodium_init(void);
EVP_MD *__wrap_EVP_MD_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties);
EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties);
bool __wrap_es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                       uint8_t out_signature[ES256_SIGNATURE_BYTES]);

static bool does_not_come_up(const char *what)
{
    const char *named = getenv(FAILS);
    if (named == NULL || strcmp(named, what) != 0)
        return false;
    counts_keep();
    return true;
}

int __wrap_sodium_init(void)
{
    return does_not_come_up("sodium_init") ? -1 : __real_sodium_init();
}

EVP_MD *__wrap_EVP_MD_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties)
{
    return does_not_come_up("EVP_MD_fetch") ? NULL : __real_EVP_MD_fetch(library, name, properties);
}

EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties)
{
    return does_not_come_up("EVP_CIPHER_fetch") ? NULL : __real_EVP_CIPHER_fetch(library, name, properties);
}

bool __wrap_es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                       uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    return !does_not_come_up("es256_sign") && __real_es256_sign(key, hash, out_signature);
}

/* How a process of this program ends that has nothing to do but to start. */
static int start_without(const char *what)
{
    char variable[64];
    char *arguments[] = {(char[]){"start"}, NULL};
    char *environment[] = {variable, NULL, NULL};
    char counts[4096];
    int status = 0;
    const char *counted = getenv("LLVM_PROFILE_FILE");
    (void)snprintf(variable, sizeof variable, FAILS "=%s", what);
    (void)snprintf(counts, sizeof counts, "LLVM_PROFILE_FILE=%s", counted == NULL ? "" : counted);
    environment[1] = counted == NULL ? NULL : counts;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execve("/proc/self/exe", arguments, environment);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_program_whose_libraries_do_not_start_ends_before_main(void **state)
{
    (void)state; /* the processes have nothing but their environment */
    static const char *const PARTS[] = {"sodium_init", "EVP_MD_fetch", "EVP_CIPHER_fetch", "es256_sign"};
    int status = start_without("nothing");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        status = start_without(PARTS[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

/* ---- calls that fail */

/* The number of failures before the first success. `run` says whether it succeeded, and checks what a failure owes. */
static long run_short(bool (*run)(void *arg), void *arg)
{
    for (long n = 0; n < TAKINGS_MAX; n++) {
        takings_left = n;
        bool succeeded = run(arg);
        bool untouched = takings_left >= 0; /* it needed fewer than n */
        takings_left = -1;
        if (untouched) {
            assert_true(succeeded);
            return n;
        }
    }
    fail_msg("it never had enough");
    return 0;
}

struct signing {
    struct es256_key key;
    uint8_t          hash[HASH_BYTES];
    long             failures;
};

static bool sign_once(void *arg)
{
    struct signing *signing = arg;
    uint8_t signature[ES256_SIGNATURE_BYTES];
    bool made = es256_sign(&signing->key, signing->hash, signature);
    signing->failures += !made;
    return made;
}

static void a_signature_is_whole_or_none(void **state)
{
    (void)state; /* a key that is made here is all it needs */
    static const uint8_t GENERATOR_X[] = {0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
                                          0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
                                          0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96};
    static const uint8_t GENERATOR_Y[] = {0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB,
                                          0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
                                          0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};
    struct signing signing = {.key = {.d = {[31] = 1}}}; /* the secret 1, whose point is the generator */
    memcpy(signing.key.x, GENERATOR_X, sizeof signing.key.x);
    memcpy(signing.key.y, GENERATOR_Y, sizeof signing.key.y);
    assert_true(sign_once(&signing));
    assert_true(run_short(sign_once, &signing) > 10);
    assert_true(signing.failures > 10);
    signing.key.y[0] ^= 1; /* off the curve */
    assert_false(sign_once(&signing));
}

struct sealing {
    struct secret_key key;
    long              failures;
};

static bool open_sealer(void *arg)
{
    struct sealing *sealing = arg;
    struct id_sealer *sealer = id_sealer_open(&sealing->key);
    id_sealer_close(sealer);
    sealing->failures += sealer == NULL;
    return sealer != NULL;
}

static void a_sealer_is_whole_or_none(void **state)
{
    (void)state; /* any key will do */
    struct sealing sealing = {.failures = 0};
    memset(sealing.key.at, 7, sizeof sealing.key.at);
    long tries = run_short(open_sealer, &sealing);
    assert_true(tries > 4);
    assert_int_equal(sealing.failures, tries); /* nothing that it needs may be missing */
}

/* What a failure for want of memory may be called. */
static bool is_memory(const struct failure *failure)
{
    static const char *const REASONS[] = {"key.memory", "limit.memory", "limit.reply", "jose.library"};
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (strcmp(failure->reason, REASONS[i]) == 0)
            return true;
    return false;
}

static bool succeeds(struct ctx *cx, err result)
{
    if (result != OK && !is_memory(&cx->failure))
        fail_msg("%s (%s)", cx->failure.reason, cx->failure.where);
    failure_clear(&cx->failure);
    return result == OK;
}

static bool opens(struct fixture *fixture, err result)
{
    struct ctx *cx = &fixture->cx;
    bool opened = succeeds(cx, result);
    assert_true(opened == (cx->keyring != NULL));
    keyring_close(cx->keyring);
    cx->keyring = NULL;
    arena_reset(cx->arena);
    return opened;
}

static bool open_keyring(void *arg)
{
    struct fixture *fixture = arg;
    return opens(fixture, keyring_open(&fixture->cx, fixture->keys, true, &fixture->cx.keyring));
}

/* The answer stands in the socket before the question comes. */
static bool connect_keyring(void *arg)
{
    struct fixture *fixture = arg;
    struct key_answer answer = {.size = sizeof(struct key_greeting)};
    int ends[2];
    memset(answer.data, 7, answer.size);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_true(key_answer_send(ends[1], &answer));
    err connected = keyring_connect(&fixture->cx, ends[0], fixture->keys, &fixture->cx.keyring);
    close(ends[1]);
    return opens(fixture, connected);
}

static void a_keyring_is_whole_or_none(void **state)
{
    (void)state;
    struct fixture fixture;
    (void)fixture_open(&fixture);
    assert_true(open_keyring(&fixture));
    size_t open_before = count_files("/proc/self/fd", "");
    assert_true(run_short(open_keyring, &fixture) > 4);
    assert_true(run_short(connect_keyring, &fixture) > 4);
    assert_int_equal(count_files("/proc/self/fd", ""), open_before);
    fixture_close(&fixture);
}

static bool make_key(void *arg)
{
    struct ctx *cx = arg;
    struct text key = TEXT_NONE;
    bool made = succeeds(cx, jose_key_make(cx, &key));
    assert_true(made == (key.size > 0));
    arena_reset(cx->arena);
    return made;
}

struct verifying {
    struct ctx *cx;
    struct text jws;
    struct text keys[2];
};

static bool verify(void *arg)
{
    const struct verifying *verifying = arg;
    struct bytes payload = {NULL, 0};
    bool verified = succeeds(verifying->cx, jws_verify(verifying->cx, verifying->jws, verifying->keys, 2, &payload));
    assert_true(verified == (payload.size > 0));
    return verified;
}

/* Inside jansson nothing may fail: it goes on with memory that it did not get (base/json.c). */
static void a_library_that_is_short_is_not_a_wrong_key_or_signature(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct verifying verifying = {.cx = cx};
    struct signing_key keys[2] = {{.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7},
                                  {.kind = SIGNING_KEY_OF_RELATIONSHIP, .owner = 7}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(keyring_signing_key_make(cx, &keys[i]), OK);
        verifying.keys[i] = keys[i].public_jwk;
    }
    assert_int_equal(jws_sign_two(cx, bytes_of_text(TEXT("{}")), TEXT("receipt"), keys, &verifying.jws), OK);
    short_ones = JOSE;
    assert_int_equal(run_short(verify, &verifying), 1);
    short_ones = OPENSSL;
    assert_true(make_key(cx));
    assert_true(run_short(make_key, cx) > 10);
    short_ones = ALL;
    fixture_close(&fixture);
}

/* How a process ends whose n-th taking finds nothing: status 0 after the right hash. */
static int hash_short(long n)
{
    static const uint8_t ABC[HASH_BYTES] = {0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40,
                                            0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17,
                                            0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD};
    uint8_t hash[HASH_BYTES];
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        counts_keep();
        takings_left = n;
        sha256(bytes_of_text(TEXT("abc")), hash);
        bool short_of_one = takings_left < 0;
        _exit(memcmp(hash, ABC, sizeof ABC) == 0 && !short_of_one ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_hash_is_right_or_the_program_ends(void **state)
{
    (void)state; /* the processes have nothing but this one's memory */
    int ends = 0;
    int status = -1;
    for (long n = 0; status != 0 && n < TAKINGS_MAX; n++) {
        status = hash_short(n);
        assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
        ends += status != 0;
    }
    assert_int_equal(status, 0);
    assert_true(ends > 1);
}

/* ---- lanes that are taken */

int __real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);

static int lanes_taken;

int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return lanes_taken > 0 && lanes_taken-- > 0 ? EBUSY : __real_pthread_mutex_trylock(mutex);
}

static void an_id_is_the_same_through_each_lane(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct id id = {ID_GRANT, 11, 12};
    struct text text = id_text(cx, id);
    for (int taken = 1; taken < 12; taken++) {
        struct id opened = {ID_NONE, 0, 0};
        lanes_taken = taken;
        assert_true(text_equals(id_text(cx, id), text));
        lanes_taken = taken;
        assert_int_equal(id_open(cx, text, ID_GRANT, &opened), OK);
        assert_int_equal(opened.owner, id.owner);
        assert_int_equal(opened.item, id.item);
    }
    lanes_taken = 0;
    fixture_close(&fixture);
}

int main(void)
{
    if (getenv(FAILS) != NULL)
        return 0; /* it has started */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_whose_libraries_do_not_start_ends_before_main),
        cmocka_unit_test(a_signature_is_whole_or_none),
        cmocka_unit_test(a_sealer_is_whole_or_none),
        cmocka_unit_test(a_keyring_is_whole_or_none),
        cmocka_unit_test(a_library_that_is_short_is_not_a_wrong_key_or_signature),
        cmocka_unit_test(a_hash_is_right_or_the_program_ends),
        cmocka_unit_test(an_id_is_the_same_through_each_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
