-- SPDX-License-Identifier: Apache-2.0
-- Passkeys of people, and what stands round them: whose credential it is, challenges that were used, codes and waiting
-- recoveries, what the person is told, and when a session last proved who it is.

-- file: people
CREATE TABLE passkey (
    person_id       :int64: NOT NULL,
    passkey_id      :int64: NOT NULL,
    version         :int64: NOT NULL,      -- of what is sealed
    credential_hash :bytes: NOT NULL,      -- keyed
    counter         :int64: NOT NULL,      -- of the device, as it was last seen
    backed_up       :int64: NOT NULL,      -- 1: it says that copies are kept
    created_at_ms   :int64: NOT NULL,
    used_at_ms      :int64: NOT NULL,      -- 0: not yet
    sealed          :bytes: NOT NULL,      -- credential id, public key and name
    PRIMARY KEY (person_id, passkey_id)
) :clustered:;
CREATE TABLE passkey_credential (
    credential_hash :bytes: NOT NULL,      -- nobody else may register it
    person_id       :int64: NOT NULL,
    PRIMARY KEY (credential_hash)
) :clustered:;
CREATE INDEX passkey_credential_by_person ON passkey_credential (person_id);
CREATE TABLE passkey_challenge (
    challenge_hash :bytes: NOT NULL,       -- was used
    expires_at_ms  :int64: NOT NULL,
    PRIMARY KEY (challenge_hash)
) :clustered:;
CREATE INDEX passkey_challenge_by_end ON passkey_challenge (expires_at_ms);
CREATE TABLE recovery_code (
    code_hash     :bytes: NOT NULL,
    person_id     :int64: NOT NULL,
    hash          :bytes: NOT NULL,        -- binds the code to the person under a key of the node
    created_at_ms :int64: NOT NULL,
    PRIMARY KEY (code_hash)
) :clustered:;
CREATE INDEX recovery_code_by_person ON recovery_code (person_id);
CREATE TABLE recovery (
    person_id   :int64: NOT NULL,
    code_hash   :bytes: NOT NULL,          -- the code that began it, and ends it
    begun_at_ms :int64: NOT NULL,
    opens_at_ms :int64: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE TABLE alert (
    person_id  :int64: NOT NULL,
    alert_id   :int64: NOT NULL,
    kind       :int64: NOT NULL,           -- alert_kind of domain/passkey_alert.h
    passkey_id :int64: NOT NULL,           -- 0: it speaks of none
    at_ms      :int64: NOT NULL,
    PRIMARY KEY (person_id, alert_id)
) :clustered:;
ALTER TABLE session ADD COLUMN verified_at_ms :int64: NOT NULL DEFAULT 0;
