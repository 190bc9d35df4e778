/* SPDX-License-Identifier: Apache-2.0
 * What OpenID Connect adds to the doors of OAuth. */
#ifndef HTTP_OPENID_H
#define HTTP_OPENID_H

#include "domain/entrance/authorization.h"
#include "http/gate/call.h"

/* Whether the client asked who signs in, and not for data alone. */
bool openid_is_asked(const struct authorization *authorization);

/* The ID token of an authorization whose code was redeemed just now. Asks the holder of the keys. Fails as
 * id_token_key_load() and id_token_write(). */
err openid_id_token(struct call *call, const struct authorization *authorization, struct text *out) MUST_CHECK;

#endif
