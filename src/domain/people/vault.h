/* SPDX-License-Identifier: Apache-2.0
 * The person's own data, entered once: typed attributes with source, time of last confirmation and history. Values are
 * sealed under the person's key and bound to person, kind and version; only this topic opens them. */
#ifndef DOMAIN_VAULT_H
#define DOMAIN_VAULT_H

#include "crypto/secret.h"
#include "domain/words/attribute.h"

typedef enum attribute_source {
    SOURCE_SELF = 1,
    SOURCE_VERIFIED = 2,
    SOURCE_IMPORTED = 3,
} attribute_source;

const char *attribute_source_word(attribute_source source); /* "self", "verified", "imported" */

struct vault_item {
    const struct attribute_kind *kind;
    int64_t                      version;
    attribute_source             source;
    int64_t                      confirmed_at_ms;
    int64_t                      changed_at_ms;
    bool                         removed; /* history only: the person took the value away */
    struct text                  value;   /* canonical JSON */
};

/* store_write_fn. Sets a value; the same value again only renews the confirmation. `value` is canonical JSON that
 * attribute_value_check() has made. The result names the relationships whose live grants reach the kind. */
struct vault_put {
    const struct attribute_kind *kind;
    struct text                  value;
    attribute_source             source;
    struct vault_item            out;
    struct text                 *out_reaches; /* relationship ids at the edge */
    size_t                       out_reaches_count;
};
err vault_put(struct ctx *cx, void *arg) MUST_CHECK;

/* The same inside a write, for a person whom the node itself has just made. */
err vault_put_for(struct ctx *cx, int64_t person_id, struct vault_put *put) MUST_CHECK;

/* store_write_fn. NOT_FOUND when there is none. */
struct vault_remove {
    const struct attribute_kind *kind;
};
err vault_remove(struct ctx *cx, void *arg) MUST_CHECK;

err vault_list(struct ctx *cx, struct vault_item **out, size_t *out_count) MUST_CHECK; /* the caller's */
err vault_get(struct ctx *cx, const struct attribute_kind *kind, struct vault_item *out) MUST_CHECK;

/* A page of the caller's versions of one kind, the newest first, the current one included. However large the values
 * are, a page has room: it ends with the one that makes LIMIT_PAGE_VALUE_BYTES full. */
struct vault_history {
    const struct attribute_kind *kind;
    int64_t                      after; /* the last version of the page before, 0: start */
    int                          limit;
    struct vault_item           *out;
    size_t                       out_count;
    bool                         out_more;
};
err vault_history(struct ctx *cx, struct vault_history *history) MUST_CHECK;

/* For a disclosure that has been decided: one value of `person_id` under its opened key. */
struct vault_place {
    int64_t                      person_id;
    const struct secret_key     *key;
    const struct attribute_kind *kind;
};
err vault_open_value(struct ctx *cx, const struct vault_place *place, struct vault_item *out,
                     bool *out_found) MUST_CHECK;

/* The same for several kinds. `out` has room for all of them and gets those that are filled in, by number. */
struct vault_wanted {
    int64_t                  person_id;
    const struct secret_key *key;
    struct attribute_set     kinds; /* not empty */
};
err vault_open_values(struct ctx *cx, const struct vault_wanted *wanted, struct vault_item *out,
                      size_t *out_count) MUST_CHECK;
void vault_open_values_ahead(struct ctx *cx, int64_t person_id, struct attribute_set kinds); /* none is opened */

#endif
