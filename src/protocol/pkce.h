/* SPDX-License-Identifier: Apache-2.0
 * Proof Key for Code Exchange (RFC 7636), by S256 alone: who asks for a code shows a hash, who redeems it what was
 * hashed. The method "plain" is not here. */
#ifndef PROTOCOL_PKCE_H
#define PROTOCOL_PKCE_H

#include "base/ctx.h"

/* Whether a text has the form of a challenge: the canonical base64url of a SHA-256. */
bool pkce_is_challenge(struct ctx *cx, struct text text) MUST_CHECK;

/* Whether the challenge was made of this verifier, which has 43 to 128 of the characters of section 4.1. Takes the same
 * time whatever the challenge is. */
bool pkce_matches(struct ctx *cx, struct text verifier, struct text challenge) MUST_CHECK;

#endif
