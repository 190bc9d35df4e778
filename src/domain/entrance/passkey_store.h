/* SPDX-License-Identifier: Apache-2.0
 * Rows of passkeys in and out, for the use cases beside it. */
#ifndef DOMAIN_PASSKEY_STORE_H
#define DOMAIN_PASSKEY_STORE_H

#include "crypto/hash.h"
#include "domain/entrance/passkey.h"
#include "domain/people/person_key.h"
#include "store/queries.h"

/* By which a credential is known without being stored: nobody who has only the files can try ids against it. */
struct passkey_credential {
    uint8_t hash[HASH_BYTES];
};
void passkey_credential_of(const struct ctx *cx, struct bytes credential_id, struct passkey_credential *out);

/* Those of one person, opened, by age. */
err passkey_list_of(struct ctx *cx, int64_t person_id, struct passkey **out, size_t *out_count) MUST_CHECK;
/* NOT_FOUND. */
err passkey_load(struct ctx *cx, int64_t person_id, int64_t passkey_id, struct passkey *out) MUST_CHECK;
err passkey_count(struct ctx *cx, int64_t person_id, int64_t *out) MUST_CHECK;
/* Seals what is secret in the version that the passkey says. */
err passkey_seal(struct ctx *cx, const struct passkey *passkey, struct bytes *out_sealed) MUST_CHECK;

#endif
