-- SPDX-License-Identifier: Apache-2.0
-- Systems that sign instead of showing an API key, the short-lived tokens that they get for it, and what was signed for
-- one use only and has been used (docs/decisions/0033). Nothing of a person is in here.

-- file: people
CREATE TABLE system_key (
    organisation_id :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    department_bit  :int64: NOT NULL,
    scopes          :int64: NOT NULL,
    jwks            :text:  NOT NULL,      -- public keys, as crypto/jwk.h writes a set
    redirect_uris   :text:  NOT NULL,      -- a JSON list of addresses, each as it was registered, byte for byte
    created_at_ms   :int64: NOT NULL,
    revoked_at_ms   :int64: NOT NULL,
    PRIMARY KEY (organisation_id, system_id)
) :clustered:;
CREATE TABLE access_token (
    public_id       :text:  NOT NULL,
    hash            :bytes: NOT NULL,      -- bound to all that follows but the end that somebody gave it
    organisation_id :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    scopes          :int64: NOT NULL,
    thumbprint      :bytes: NOT NULL,      -- of the key that every use must be signed with
    issued_at_ms    :int64: NOT NULL,
    expires_at_ms   :int64: NOT NULL,
    revoked_at_ms   :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;
CREATE INDEX access_token_by_end ON access_token (expires_at_ms);
CREATE TABLE seen_token (
    token_hash    :bytes: NOT NULL,
    expires_at_ms :int64: NOT NULL,
    PRIMARY KEY (token_hash)
) :clustered:;
CREATE INDEX seen_token_by_end ON seen_token (expires_at_ms);

-- file: ledger
CREATE TABLE seen_read_token (
    token_hash    :bytes: NOT NULL,        -- of what came with a read: a read writes this file alone
    expires_at_ms :int64: NOT NULL,
    PRIMARY KEY (token_hash)
) :clustered:;
CREATE INDEX seen_read_token_by_end ON seen_read_token (expires_at_ms);
