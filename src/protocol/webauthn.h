/* SPDX-License-Identifier: Apache-2.0
 * Passkeys as a relying party meets them (WebAuthn Level 3, sections 7.1 and 7.2): what a browser sends is read and
 * held against what was asked for. Pure: challenges, accounts and counters that were seen are the caller's to keep.
 * Taken are credentials of ES256, Ed25519 and RS256, with no attestation or one by their own key; every ceremony in a
 * frame of another site is refused. */
#ifndef PROTOCOL_WEBAUTHN_H
#define PROTOCOL_WEBAUTHN_H

#include "base/json.h"
#include "protocol/cose_key.h"

#define WEBAUTHN_ID_BYTES_MAX 1023
#define WEBAUTHN_AAGUID_BYTES 16
#define WEBAUTHN_TRANSPORTS_MAX 8

/* What one ceremony must agree with. */
struct webauthn_expected {
    struct text  origin;        /* "https://node.example" */
    struct text  relying_party; /* "node.example" */
    struct bytes challenge;
    bool         user_verified; /* the authenticator must have made sure who it is */
};

/* The host of an origin: its relying party id. Borrows. */
struct text webauthn_relying_party(struct text origin);

/* What a browser gives from toJSON() of a new credential; all in the arena. */
struct webauthn_registration {
    struct bytes id;
    struct bytes client_data;
    struct bytes attestation;
    struct text  transports[WEBAUTHN_TRANSPORTS_MAX]; /* hints for the browser, not looked into */
    size_t       transports_count;
};

/* And of a known one. */
struct webauthn_assertion {
    struct bytes id;
    struct bytes client_data;
    struct bytes authenticator_data;
    struct bytes signature;
    struct bytes user_handle; /* empty: none came */
};

/* Strict in what they know; what else a browser says is passed over. Fail MALFORMED passkey.form, TOO_LARGE. */
err webauthn_read_registration(struct ctx *cx, const json_t *credential, struct webauthn_registration *out) MUST_CHECK;
err webauthn_read_assertion(struct ctx *cx, const json_t *credential, struct webauthn_assertion *out) MUST_CHECK;

/* The challenge that the client data speaks of: whether it is one of ours is the caller's to find out first. Fails
 * MALFORMED passkey.form. */
err webauthn_challenge(struct ctx *cx, struct bytes client_data, struct bytes *out) MUST_CHECK;

/* What an authenticator says, its signature apart. Borrows. */
struct webauthn_authenticator {
    bool              user_present, user_verified;
    bool              backup_eligible, backed_up;
    uint32_t          counter;
    bool              attested; /* the four below are there */
    struct bytes      aaguid;
    struct bytes      id;
    struct bytes      public_key; /* COSE, as it came: what is kept */
    struct public_key key;
};

/* Authenticator data (section 6.1) by itself. Fails MALFORMED passkey.form, INVALID passkey.algorithm. */
err webauthn_read_authenticator(struct ctx *cx, struct bytes data, struct webauthn_authenticator *out) MUST_CHECK;

/* Section 7.1. Fails MALFORMED passkey.form, INVALID passkey.refused (another type, challenge, origin, relying party,
 * or nobody was there), passkey.not_verified, passkey.algorithm, passkey.attestation. */
err webauthn_register(struct ctx *cx, const struct webauthn_expected *expected,
                      const struct webauthn_registration *registration, struct webauthn_authenticator *out) MUST_CHECK;

/* Section 7.2, in two steps, so that who it is need not be known for the first: all but the signature. Fails as
 * above. */
err webauthn_check_assertion(struct ctx *cx, const struct webauthn_expected *expected,
                             const struct webauthn_assertion *assertion, struct webauthn_authenticator *out) MUST_CHECK;
/* Whether the holder of this COSE key has signed it. TOO_LARGE limit.memory. */
err webauthn_is_signed(struct ctx *cx, const struct webauthn_assertion *assertion, struct bytes public_key,
                       bool *out_good) MUST_CHECK;

#endif
