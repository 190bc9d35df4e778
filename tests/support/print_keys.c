/* SPDX-License-Identifier: Apache-2.0
 * The keys of people, for a test that then looks for their octets: DATA [STORE KEYS] PERSON… (the id of a person, or of
 * a relationship for whoever was invited to it; two URLs, where data or both lie in databases) prints a line for each,
 * "ID REASON KEY BUCKET", the keys in hexadecimal. The reason is "-" when both open; keys that do not open are "-". */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/key_folder.h"
#include "crypto/key_holder.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/people/key_rows.h"
#include "domain/people/person_key.h"
#include "store/queries.h"

#define ARENA_BYTES (64u * 1024 * 1024)
#define PATH_BYTES 400
#define SERVER "postgresql://"

static void print_hex(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        (void)printf("%02x", at[i]);
}

/* A key that the holder keeps to itself, past it. */
static err node_key_of(struct ctx *cx, const char *data, node_key which, struct secret_key *out)
{
    char path[PATH_BYTES];
    struct key_file file;
    struct secret_key root;
    (void)snprintf(path, sizeof path, "%s/keys/root.key", data);
    TRY(key_file_read(cx, AT_FDCWD, path, &file));
    memcpy(root.at, file.at, sizeof root.at);
    key_derive(&root, which, out);
    return OK;
}

/* The key of the bucket in which the person's key lies, out of its file. */
static err open_bucket(struct ctx *cx, const char *data, int64_t person_id, struct bytes *out)
{
    char path[PATH_BYTES];
    struct sql_person_key_load_in in = {person_id};
    struct sql_person_key_load_row row;
    struct secret_key seals;
    struct key_file file;
    bool found = false;
    TRY(sql_person_key_load(cx, &in, &row, &found));
    if (!found)
        return FAIL(cx, NOT_FOUND, "person.erased", "no key");
    (void)snprintf(path, sizeof path, "%s/keys/buckets/%lld.key", data, (long long)row.bucket);
    TRY(key_file_read(cx, AT_FDCWD, path, &file));
    if (!file.present && row.sealed.size == 0)
        return FAIL(cx, NOT_FOUND, "key.destroyed", "no bucket");
    TRY(node_key_of(cx, data, KEYRING_BUCKETS, &seals));
    struct seal_place place = {.kind = SEAL_BUCKET_KEY, .item = row.bucket, .version = 1};
    return seal_open(cx, &seals, &place, file.present ? (struct bytes){file.at, file.size} : row.sealed, out);
}

static err print_person(struct ctx *cx, const char *data, const char *text)
{
    struct id id;
    struct bytes bucket;
    PERSON_KEY key;
    TRY(id_open(cx, text_of(text), strncmp(text, "rel_", 4) == 0 ? ID_RELATIONSHIP : ID_PERSON, &id));
    TRY(person_key_open(cx, id.owner, &key));
    TRY(open_bucket(cx, data, id.owner, &bucket));
    (void)printf("%s - ", text);
    print_hex(key.at, sizeof key.at);
    (void)printf(" ");
    print_hex(bucket.at, bucket.size);
    (void)printf("\n");
    return OK;
}

/* Where two `urls` say, else in the folder. */
static err open_all(struct ctx *cx, const char *data, char **urls, struct store **out)
{
    char path[PATH_BYTES];
    struct keyring *keyring = NULL;
    (void)snprintf(path, sizeof path, "%s/keys", data);
    TRY(keyring_open(cx, path, false, &keyring));
    cx->keyring = keyring;
    (void)snprintf(path, sizeof path, "sqlite:%s/store", data);
    struct store_options options = {.url = path, .clock = cx->clock};
    if (urls != NULL) {
        options.url = urls[0];
        options.keys_url = urls[1];
    }
    TRY(store_open(cx, &options, out));
    struct key_rows rows = key_rows_of(*out);
    if (urls != NULL && strncmp(urls[1], SERVER, sizeof SERVER - 1) == 0)
        keyring_use_rows(keyring, &rows);
    return store_conn_open(cx, *out, &cx->db);
}

int main(int argc, char **argv)
{
    struct clock clock = clock_system();
    struct randomness randomness = randomness_system();
    struct store *store = NULL;
    struct ctx cx = {.arena = arena_open(ARENA_BYTES), .clock = &clock, .randomness = &randomness,
                     .actor = {.kind = ACTOR_OPERATOR}};
    bool has_urls = argc > 4 && strncmp(argv[2], SERVER, sizeof SERVER - 1) == 0;
    if (argc < 3 || open_all(&cx, argv[1], has_urls ? argv + 2 : NULL, &store) != OK) {
        (void)fprintf(stderr, "%s\n", cx.failure.detail);
        return 1;
    }
    for (int i = has_urls ? 4 : 2; i < argc; i++) {
        if (print_person(&cx, argv[1], argv[i]) != OK)
            (void)printf("%s %s - -\n", argv[i], cx.failure.reason);
        failure_clear(&cx.failure);
        arena_reset(cx.arena);
    }
    store_conn_close(cx.db);
    store_close(store);
    keyring_close(cx.keyring);
    arena_close(cx.arena);
    return 0;
}
