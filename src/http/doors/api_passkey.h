/* SPDX-License-Identifier: Apache-2.0
 * What the doors of passkeys share: where a passkey is good, and the options that browsers are given. The members have
 * the names of WebAuthn Level 3 (PublicKeyCredentialCreationOptionsJSON, …RequestOptionsJSON), so that a page hands
 * them on as they are. Inside http/ only. */
#ifndef HTTP_API_PASSKEY_H
#define HTTP_API_PASSKEY_H

#include "domain/entrance/passkey_challenge.h"
#include "http/gate/call.h"
#include "protocol/webauthn.h"

/* The origin at which passkeys of this node are made and used. A browser makes none for a bare address, so a node that
 * listens to its own machine alone goes by the name localhost. `.at` is NULL: no memory. */
struct text passkey_origin(struct call *call);

/* What a device shows of the caller: the id, and the name that a person has in the vault or a member in the
 * organisation; empty: none. */
err passkey_account(struct call *call, struct text *out_id, struct text *out_name) MUST_CHECK;

/* Descriptors of known credentials. */
struct passkey_descriptor {
    struct text id;
    struct text type;
};
extern const struct shape SHAPE_PASSKEY_DESCRIPTOR;
err passkey_describe(struct call *call, const struct bytes *ids, size_t count,
                     const struct passkey_descriptor **out) MUST_CHECK;

/* A challenge for this asker, in base64url. */
err passkey_challenge_text(struct call *call, const struct passkey_asker *asker, struct text *out) MUST_CHECK;

/* What the ceremony of this asker must agree with: the challenge is the one that the client data speaks of, and is
 * found to be ours. Fails as webauthn_challenge() and passkey_challenge_check(). */
err passkey_expect(struct call *call, const struct passkey_asker *asker, struct bytes client_data,
                   struct webauthn_expected *out) MUST_CHECK;

#endif
