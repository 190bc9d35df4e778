/* SPDX-License-Identifier: Apache-2.0
 * What answers (authorization.c) and tokens (authorization_token.c) share; what others use stands in
 * domain/entrance/authorization.h. */
#ifndef DOMAIN_AUTHORIZATION_STORE_H
#define DOMAIN_AUTHORIZATION_STORE_H

#include "domain/entrance/authorization.h"

struct authorization_token_draft {
    authorization_token_kind kind;
    int64_t                  person_id;
    int64_t                  authorization_id;
    struct bytes             thumbprint; /* empty: bound to no key yet */
    int64_t                  expires_at_ms;
};
/* Inside a write: a new row, and the token that is shown once. */
err authorization_token_make(struct ctx *cx, const struct authorization_token_draft *draft,
                             struct text *out) MUST_CHECK;
/* Inside a write: ends it, and with it all tokens of it. */
err authorization_end(struct ctx *cx, int64_t person_id, int64_t authorization_id) MUST_CHECK;
/* Whose it is and what was asked, whatever became of it; `out_found` false: nobody's. */
struct authorization_owner {
    int64_t                  organisation_id;
    int64_t                  system_id;
    struct authorization_ask ask;
};
err authorization_owner_load(struct ctx *cx, int64_t person_id, int64_t authorization_id,
                             struct authorization_owner *out, bool *out_found) MUST_CHECK;

#endif
