/* SPDX-License-Identifier: Apache-2.0
 * What a department holds about a person, always visible to the person: here the profile fields that an import brings.
 * Bodies are canonical JSON, sealed under the person's key. */
#ifndef DOMAIN_RECORD_H
#define DOMAIN_RECORD_H

#include "crypto/secret.h"
#include "domain/sharing/relationship.h"

typedef enum record_kind {
    RECORD_PROFILE = 1,
    RECORD_TRANSACTION = 2,
    RECORD_INTERACTION = 3,
    RECORD_INFERENCE = 4,
} record_kind;

const char *record_kind_word(record_kind kind);

struct record {
    int64_t     person_id;
    int64_t     relationship_id;
    int64_t     record_id;
    int64_t     department_id;
    record_kind kind;
    int64_t     version;
    int64_t     created_at_ms;
    int64_t     updated_at_ms;
    struct text body; /* canonical JSON */
};

/* Inside a write, with the person's opened key. */
err record_insert(struct ctx *cx, const struct secret_key *key, struct record *record) MUST_CHECK;
err record_update(struct ctx *cx, const struct secret_key *key, struct record *record) MUST_CHECK; /* version + 1 */
/* Without its body, which record_open() opens. */
struct sql_record_list_row;
struct record record_of_row(int64_t person_id, const struct sql_record_list_row *row);
/* What a row holds, when it stands where it was sealed. Fails CORRUPT seal.broken, TOO_LARGE limit.memory. */
err record_open(struct ctx *cx, const struct secret_key *key, const struct record *record, struct bytes sealed,
                struct bytes *out_plain) MUST_CHECK;
/* All of a relationship under an opened key: for imports and claims. */
err record_list_open(struct ctx *cx, const struct secret_key *key, const struct relationship *relationship,
                     struct record **out, size_t *out_count) MUST_CHECK;
/* For the caller: the person sees every department's, a system its own department's. */
err record_list(struct ctx *cx, const struct relationship *relationship, struct record **out,
                size_t *out_count) MUST_CHECK;
/* Copies all records of a claimed relationship to the person who claimed it, sealed anew; the old ones are left to
 * domain/people/leftover.h. Copying again after a crash is no mistake. Inside a write. */
struct record_move {
    const struct relationship *from;
    const struct secret_key   *from_key;
    int64_t                    to_person_id;
    const struct secret_key   *to_key;
};
err record_copy_all(struct ctx *cx, const struct record_move *move) MUST_CHECK;

#endif
