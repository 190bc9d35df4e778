/* SPDX-License-Identifier: Apache-2.0
 * Goal: a ceremony is taken when all of it is what was asked for, and refused by name when one thing is not. Method:
 * the test vectors of Level 3, of which those that are offered pass and all others are refused; then ceremonies made
 * here with a key of the test's own, with one thing changed in each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "protocol/webauthn.h"
#include "support/cmocka.h"

static struct ctx cx;

#define ASSERT_FAILS(call, wanted_code, wanted_reason)                                                              \
    do {                                                                                                            \
        failure_clear(&cx.failure);                                                                                 \
        assert_int_equal((call), (wanted_code));                                                                    \
        assert_string_equal(cx.failure.reason, (wanted_reason));                                                    \
    } while (0)
#define ASSERT_OK(call)                                                                                             \
    do {                                                                                                            \
        failure_clear(&cx.failure);                                                                                 \
        if ((call) != OK)                                                                                           \
            fail_msg("%s: %s", cx.failure.reason, cx.failure.detail);                                               \
    } while (0)

/* ---- the vectors of Level 3 */

struct vector {
    struct text                  name;
    struct bytes                 create_challenge, get_challenge;
    struct webauthn_registration registration;
    struct webauthn_assertion    assertion;
};

static struct bytes octets_of(struct text hex)
{
    struct bytes bytes;
    assert_true(hex_decode(cx.arena, hex, &bytes));
    return bytes;
}

static void take_line(struct vector *vector, struct text line)
{
    const struct {
        const char   *name;
        struct bytes *to;
    } parts[] = {
        {"create_challenge ", &vector->create_challenge},
        {"create_client_data ", &vector->registration.client_data},
        {"attestation ", &vector->registration.attestation},
        {"get_challenge ", &vector->get_challenge},
        {"get_client_data ", &vector->assertion.client_data},
        {"authenticator_data ", &vector->assertion.authenticator_data},
        {"signature ", &vector->assertion.signature},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (text_starts_with(line, parts[i].name)) {
            size_t skip = strlen(parts[i].name);
            *parts[i].to = octets_of((struct text){line.at + skip, line.size - skip});
        }
}

static const struct webauthn_expected EXAMPLE = {.origin = {"https://example.org", 19},
                                                 .relying_party = {"example.org", 11}};

/* The id and the key as the attestation says them, whatever its statement is. */
static err read_credential(struct vector *vector, struct webauthn_authenticator *out)
{
    struct cbor_item map;
    struct cbor_item data;
    size_t size = 0;
    assert_true(cbor_read(vector->registration.attestation, &map, &size));
    assert_true(cbor_find_text(&map, "authData", &data));
    return webauthn_read_authenticator(&cx, data.content, out);
}

/* What must come of the two ceremonies of a vector; NULL: it is taken. */
static const struct verdict {
    const char *name;
    const char *create;
    const char *get;
} VERDICTS[] = {
    {"none-es256", NULL, NULL},
    {"packed-self-es256", NULL, NULL},
    {"none-es256-crossOrigin", "passkey.refused", "passkey.refused"},
    {"none-es256-topOrigin", "passkey.refused", "passkey.refused"},
    {"none-es256-long-credential-id", NULL, NULL},
    {"packed-es256", "passkey.attestation", NULL},
    {"packed-es384", "passkey.algorithm", "no key"},
    {"packed-es512", "passkey.algorithm", "no key"},
    {"packed-rs256", "passkey.attestation", NULL},
    {"packed-eddsa", "passkey.attestation", NULL},
    {"packed-ed448", "passkey.algorithm", "no key"},
    {"tpm-es256", "passkey.attestation", NULL},
    {"android-key-es256", "passkey.attestation", NULL},
    {"apple-es256", "passkey.attestation", NULL},
    {"fido-u2f-es256", "passkey.attestation", NULL},
};

static void assert_verdict(err result, const char *wanted)
{
    assert_int_equal(result == OK, wanted == NULL);
    if (wanted != NULL)
        assert_string_equal(cx.failure.reason, wanted);
    failure_clear(&cx.failure);
}

static void try_vector(struct vector *vector, const struct verdict *verdict)
{
    struct webauthn_authenticator credential;
    struct webauthn_authenticator used;
    struct webauthn_expected expected = EXAMPLE;
    bool good = false;
    bool foreign = read_credential(vector, &credential) != OK;
    failure_clear(&cx.failure);
    vector->registration.id = foreign ? vector->create_challenge : credential.id;
    expected.challenge = vector->create_challenge;
    assert_verdict(webauthn_register(&cx, &expected, &vector->registration, &used), verdict->create);
    assert_int_equal(foreign, verdict->get != NULL && strcmp(verdict->get, "no key") == 0);
    if (foreign)
        return;
    expected.challenge = vector->get_challenge;
    assert_verdict(webauthn_check_assertion(&cx, &expected, &vector->assertion, &used), verdict->get);
    ASSERT_OK(webauthn_is_signed(&cx, &vector->assertion, credential.public_key, &good));
    assert_true(good);
    struct webauthn_assertion changed = vector->assertion;
    changed.client_data = vector->registration.client_data;
    ASSERT_OK(webauthn_is_signed(&cx, &changed, credential.public_key, &good));
    assert_false(good);
}

static void the_vectors_that_are_offered_pass_and_all_others_are_refused(void **state)
{
    (void)state; /* none */
    static char file[256 * 1024];
    FILE *stream = fopen(TEST_DATA "/webauthn/level3.txt", "re");
    assert_non_null(stream);
    struct text left = {file, fread(file, 1, sizeof file, stream)};
    (void)fclose(stream); /* it was only read */
    struct vector vector = {.name = TEXT_NONE};
    size_t tried = 0;
    while (left.size > 0) {
        const char *end = memchr(left.at, '\n', left.size);
        struct text line = {left.at, end == NULL ? left.size : (size_t)(end - left.at)};
        left.at += line.size + (end != NULL);
        left.size -= line.size + (end != NULL);
        if (text_starts_with(line, "vector "))
            vector = (struct vector){.name = {line.at + 7, line.size - 7}};
        take_line(&vector, line);
        for (size_t i = 0; text_starts_with(line, "signature ") && i < sizeof VERDICTS / sizeof *VERDICTS; i++)
            if (text_is(vector.name, VERDICTS[i].name)) {
                try_vector(&vector, &VERDICTS[i]);
                tried++;
            }
    }
    assert_int_equal(tried, sizeof VERDICTS / sizeof *VERDICTS);
}

/* ---- ceremonies of a device of our own: Ed25519, attestation by the credential's own key or none */

#define ID "sixteen octets!!"

struct device {
    struct sign_key key;
    uint8_t         flags;
    uint32_t        counter;
    const char     *relying_party;
    const char     *client_data; /* the whole of it */
    const char     *format;
    const char     *behind;      /* hex, behind the authenticator data */
    bool            without_key;
};

static const char CREATE[] = "{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
                             "\"origin\":\"https://node.example\",\"crossOrigin\":false}";
static const char GET[] = "{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
                          "\"origin\":\"https://node.example\"}";
static const uint8_t CHALLENGE[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const struct webauthn_expected EXPECTED = {.origin = {"https://node.example", 20},
    .relying_party = {"node.example", 12}, .challenge = {CHALLENGE, 16}, .user_verified = true};

static struct device new_device(void)
{
    struct device device = {.flags = 0x45, .counter = 7, .relying_party = "node.example", .client_data = CREATE,
                            .format = "none", .behind = ""};
    struct secret_key seed = {{7}};
    sign_key_from_seed(&seed, &device.key);
    return device;
}

static struct bytes authenticator_data(const struct device *device)
{
    struct builder out = builder_open(cx.arena, 4096);
    uint8_t hash[HASH_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    sha256(bytes_of_text(text_of(device->relying_party)), hash);
    build_bytes(&out, (struct bytes){hash, sizeof hash});
    build_byte(&out, device->flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        build_byte(&out, (uint8_t)(device->counter >> shift));
    if ((device->flags & 0x40) != 0 && !device->without_key) {
        sign_public(&device->key, public_key);
        build_literal(&out, "an aaguid of 16!");
        build_byte(&out, 0);
        build_byte(&out, 16);
        build_literal(&out, ID);
        build_bytes(&out, octets_of(TEXT("a40101032720062158" "20")));
        build_bytes(&out, (struct bytes){public_key, sizeof public_key});
    }
    build_bytes(&out, octets_of(text_of(device->behind)));
    assert_false(out.overflowed);
    return builder_bytes(&out);
}

static struct bytes sign_ceremony(const struct device *device, struct bytes data)
{
    struct builder all = builder_open(cx.arena, 4096);
    uint8_t hash[HASH_BYTES];
    uint8_t *signature = arena_take(cx.arena, SIGN_SIGNATURE_BYTES, 1);
    assert_non_null(signature);
    sha256(bytes_of_text(text_of(device->client_data)), hash);
    build_bytes(&all, data);
    build_bytes(&all, (struct bytes){hash, sizeof hash});
    sign(&device->key, builder_bytes(&all), signature);
    return (struct bytes){signature, SIGN_SIGNATURE_BYTES};
}

static struct webauthn_registration create(const struct device *device)
{
    struct builder out = builder_open(cx.arena, 8192);
    struct bytes data = authenticator_data(device);
    build_bytes(&out, octets_of(TEXT("a363666d74")));
    build_byte(&out, (uint8_t)(0x60 + strlen(device->format)));
    build_literal(&out, device->format);
    build_byte(&out, 0x67);
    build_literal(&out, "attStmt");
    if (strcmp(device->format, "packed") == 0) {
        build_bytes(&out, octets_of(TEXT("a263616c672763736967" "5840")));
        build_bytes(&out, sign_ceremony(device, data));
    } else {
        build_byte(&out, 0xa0);
    }
    build_byte(&out, 0x68);
    build_literal(&out, "authData");
    build_byte(&out, 0x59);
    build_byte(&out, (uint8_t)(data.size >> 8));
    build_byte(&out, (uint8_t)data.size);
    build_bytes(&out, data);
    if (data.size < 256) { /* the shortest head */
        struct bytes made = builder_bytes(&out);
        uint8_t *head = (uint8_t *)(uintptr_t)made.at + made.size - data.size - 3;
        head[0] = 0x58;
        head[1] = (uint8_t)data.size;
        memmove(head + 2, head + 3, data.size);
        out.size--;
    }
    assert_false(out.overflowed);
    return (struct webauthn_registration){.id = {(const uint8_t *)ID, 16}, .attestation = builder_bytes(&out),
                                          .client_data = bytes_of_text(text_of(device->client_data))};
}

static err try_create(const struct device *device)
{
    struct webauthn_authenticator out;
    struct webauthn_registration registration = create(device);
    failure_clear(&cx.failure);
    return webauthn_register(&cx, &EXPECTED, &registration, &out);
}

static void a_registration_says_what_is_kept(void **state)
{
    (void)state; /* none */
    struct webauthn_authenticator out;
    struct device device = new_device();
    for (int i = 0; i < 2; i++) {
        struct webauthn_registration registration = create(&device);
        ASSERT_OK(webauthn_register(&cx, &EXPECTED, &registration, &out));
        assert_true(bytes_equals(out.id, registration.id));
        assert_int_equal(out.counter, 7);
        assert_int_equal(out.key.kind, PUBLIC_KEY_EDDSA);
        assert_true(out.user_verified && !out.backup_eligible && !out.backed_up);
        device.format = "packed"; /* the second time: attested by its own key */
    }
    device.flags = 0x5d;
    struct webauthn_registration synced = create(&device);
    ASSERT_OK(webauthn_register(&cx, &EXPECTED, &synced, &out));
    assert_true(out.backup_eligible && out.backed_up);
}

static void client_data_must_be_that_of_this_ceremony(void **state)
{
    (void)state; /* none */
    static const struct {
        const char *client_data;
        const char *reason;
    } CASES[] = {
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\"}",
         "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0OD-\",\"origin\":\"https://node.example\"}",
         "passkey.form"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"BAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\"}",
         "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
         "\"origin\":\"https://node.example:443\"}", "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://Node.example\"}",
         "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"http://node.example\"}",
         "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\","
         "\"crossOrigin\":true}", "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\","
         "\"crossOrigin\":\"no\"}", "passkey.form"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\","
         "\"topOrigin\":\"https://other.example\"}", "passkey.refused"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\",\"origin\":\"https://node.example\","
         "\"origin\":\"https://node.example\"}", "passkey.form"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\"}", "passkey.form"},
        {"{\"type\":\"webauthn.create\",\"origin\":\"https://node.example\"}", "passkey.form"},
        {"not JSON", "passkey.form"},
        {"\xff", "passkey.form"},
    };
    struct device device = new_device();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        device.client_data = CASES[i].client_data;
        assert_int_not_equal(try_create(&device), OK);
        assert_string_equal(cx.failure.reason, CASES[i].reason);
    }
}

static void the_authenticator_must_have_served_this_site_and_somebody_who_was_there(void **state)
{
    (void)state; /* none */
    static const struct {
        uint8_t     flags;
        const char *relying_party;
        const char *behind;
        const char *reason;
    } CASES[] = {
        {0x45, "example", "", "passkey.refused"},
        {0x44, "node.example", "", "passkey.refused"},
        {0x41, "node.example", "", "passkey.not_verified"},
        {0x05, "node.example", "", "passkey.form"},         /* no credential */
        {0x55, "node.example", "", "passkey.form"},         /* backed up, though it cannot be */
        {0x45, "node.example", "a0", "passkey.form"},       /* something behind its end */
        {0xc5, "node.example", "", "passkey.form"},         /* extensions that are not there */
        {0xc5, "node.example", "01", "passkey.form"},       /* extensions that are no map */
        {0xc5, "node.example", "a0a0", "passkey.form"},
    };
    struct device device = new_device();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        device.flags = CASES[i].flags;
        device.relying_party = CASES[i].relying_party;
        device.behind = CASES[i].behind;
        assert_int_not_equal(try_create(&device), OK);
        assert_string_equal(cx.failure.reason, CASES[i].reason);
    }
    device = new_device();
    device.flags = 0xc5;
    device.behind = "a16b6372656450726f7465637402";
    assert_int_equal(try_create(&device), OK); /* extensions are passed over */
    device.without_key = true;
    ASSERT_FAILS(try_create(&device), MALFORMED, "passkey.form");
}

static void an_attestation_is_none_or_that_of_the_key_itself(void **state)
{
    (void)state; /* none */
    struct device device = new_device();
    struct webauthn_authenticator out;
    device.format = "packed";
    struct webauthn_registration registration = create(&device);
    struct webauthn_registration other = registration;
    other.client_data = bytes_of_text(TEXT("{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQoLDA0ODw\","
                                           "\"origin\":\"https://node.example\"}"));
    ASSERT_FAILS(webauthn_register(&cx, &EXPECTED, &other, &out), INVALID, "passkey.attestation");
    device.format = "apple";
    ASSERT_FAILS(try_create(&device), INVALID, "passkey.attestation");
    other = registration;
    other.id = (struct bytes){(const uint8_t *)"another id of 16", 16};
    ASSERT_FAILS(webauthn_register(&cx, &EXPECTED, &other, &out), MALFORMED, "passkey.form");
    other = registration;
    other.attestation.size--;
    ASSERT_FAILS(webauthn_register(&cx, &EXPECTED, &other, &out), MALFORMED, "passkey.form");
}

static void a_sign_in_is_signed_over_both_halves(void **state)
{
    (void)state; /* none */
    struct device device = new_device();
    struct webauthn_authenticator used;
    struct webauthn_authenticator credential;
    bool good = false;
    struct bytes registered = authenticator_data(&device);
    ASSERT_OK(webauthn_read_authenticator(&cx, registered, &credential));
    device.client_data = GET;
    device.flags = 0x05;
    struct bytes data = authenticator_data(&device);
    struct webauthn_assertion assertion = {.id = credential.id, .client_data = bytes_of_text(text_of(GET)),
                                           .authenticator_data = data, .signature = sign_ceremony(&device, data)};
    ASSERT_OK(webauthn_check_assertion(&cx, &EXPECTED, &assertion, &used));
    assert_int_equal(used.counter, 7);
    ASSERT_OK(webauthn_is_signed(&cx, &assertion, credential.public_key, &good));
    assert_true(good);
    uint8_t *octet = (uint8_t *)(uintptr_t)data.at;
    for (size_t i = 0; i < data.size; i++) {
        octet[i] ^= 1;
        ASSERT_OK(webauthn_is_signed(&cx, &assertion, credential.public_key, &good));
        assert_false(good);
        octet[i] ^= 1;
    }
    assertion.client_data.size--;
    ASSERT_FAILS(webauthn_check_assertion(&cx, &EXPECTED, &assertion, &used), MALFORMED, "passkey.form");
    struct bytes cut = {credential.public_key.at, credential.public_key.size - 1};
    ASSERT_OK(webauthn_is_signed(&cx, &assertion, cut, &good));
    assert_false(good);
}

/* ---- the JSON of browsers */

static const json_t *json_of(const char *text)
{
    const json_t *json = NULL;
    ASSERT_OK(json_parse(&cx, text_of(text), &json));
    return json;
}

static void what_a_browser_says_besides_is_passed_over(void **state)
{
    (void)state; /* none */
    struct webauthn_registration registration;
    struct webauthn_assertion assertion;
    ASSERT_OK(webauthn_read_registration(&cx, json_of(
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"clientExtensionResults\":{},\"new\":1,"
        "\"response\":{\"clientDataJSON\":\"e30\",\"attestationObject\":\"oA\",\"publicKeyAlgorithm\":-7,"
        "\"transports\":[\"internal\",\"hybrid\"]}}"), &registration));
    assert_int_equal(registration.id.size, 3);
    assert_int_equal(registration.transports_count, 2);
    ASSERT_OK(webauthn_read_assertion(&cx, json_of(
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"authenticatorData\":\"AA\",\"signature\":\"AA\",\"userHandle\":null}}"), &assertion));
    assert_int_equal(assertion.user_handle.size, 0);
}

static void a_credential_of_another_form_is_refused(void **state)
{
    (void)state; /* none */
    static const char *const CASES[] = {
        "1", "{}", "[]",
        "{\"id\":\"AQID\",\"rawId\":\"AQIE\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\"}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"password\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\"}}",
        "{\"id\":\"AQ=\",\"rawId\":\"AQ=\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\"}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\"}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\"}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\",\"transports\":\"usb\"}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\",\"transports\":[1]}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\",\"transports\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}}",
        "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\","
        "\"attestationObject\":\"oA\",\"transports\":[\"a word of a good deal more than 32\"]}}",
    };
    struct webauthn_registration registration;
    struct webauthn_assertion assertion;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const json_t *json = json_of(CASES[i]);
        ASSERT_FAILS(webauthn_read_registration(&cx, json, &registration), MALFORMED, "passkey.form");
        ASSERT_FAILS(webauthn_read_assertion(&cx, json, &assertion), MALFORMED, "passkey.form");
    }
    char handle[400];
    (void)snprintf(handle, sizeof handle,
                   "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\","
                   "\"response\":{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"AA\",\"signature\":\"AA\","
                   "\"userHandle\":\"%0*d\"}}", 87, 0);
    ASSERT_FAILS(webauthn_read_assertion(&cx, json_of(handle), &assertion), MALFORMED, "passkey.form"); /* 65 octets */
}

static void a_relying_party_is_the_host_of_its_origin(void **state)
{
    (void)state; /* none */
    assert_true(text_is(webauthn_relying_party(TEXT("https://node.example")), "node.example"));
    assert_true(text_is(webauthn_relying_party(TEXT("https://node.example:8443")), "node.example"));
    assert_true(text_is(webauthn_relying_party(TEXT("http://localhost:8080")), "localhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_that_are_offered_pass_and_all_others_are_refused),
        cmocka_unit_test(a_registration_says_what_is_kept),
        cmocka_unit_test(client_data_must_be_that_of_this_ceremony),
        cmocka_unit_test(the_authenticator_must_have_served_this_site_and_somebody_who_was_there),
        cmocka_unit_test(an_attestation_is_none_or_that_of_the_key_itself),
        cmocka_unit_test(a_sign_in_is_signed_over_both_halves),
        cmocka_unit_test(what_a_browser_says_besides_is_passed_over),
        cmocka_unit_test(a_credential_of_another_form_is_refused),
        cmocka_unit_test(a_relying_party_is_the_host_of_its_origin),
    };
    cx.arena = arena_open(4 << 20);
    int result = cx.arena == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(cx.arena);
    return result;
}
