-- SPDX-License-Identifier: Apache-2.0
-- What clients ask of people through a browser, what people have let them have, and the codes and tokens that came of
-- it (docs/decisions/0035). A pushed request says nothing of a person: nobody has seen it yet.

-- file: people
CREATE TABLE pushed_request (
    public_id       :text:  NOT NULL,
    hash            :bytes: NOT NULL,      -- bound to all that follows but its use
    organisation_id :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    asked           :text:  NOT NULL,      -- JSON of the parameters, as domain/authorization_ask.h writes them
    expires_at_ms   :int64: NOT NULL,
    used_at_ms      :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;
CREATE INDEX pushed_request_by_end ON pushed_request (expires_at_ms);
CREATE TABLE authorization_now (
    person_id        :int64: NOT NULL,
    authorization_id :int64: NOT NULL,
    relationship_id  :int64: NOT NULL,
    organisation_id  :int64: NOT NULL,
    system_id        :int64: NOT NULL,
    grant_id         :int64: NOT NULL,     -- 0: it shares nothing
    asked            :text:  NOT NULL,
    verified_at_ms   :int64: NOT NULL,     -- when the person had last proved by a passkey who it is; 0: not
    created_at_ms    :int64: NOT NULL,
    tag              :text:  NOT NULL,     -- binds all of the above
    ended_at_ms      :int64: NOT NULL,
    PRIMARY KEY (person_id, authorization_id)
) :clustered:;
CREATE INDEX authorization_by_grant ON authorization_now (person_id, grant_id);
CREATE INDEX authorization_by_age ON authorization_now (created_at_ms);
CREATE TABLE authorization_token (
    public_id        :text:  NOT NULL,
    hash             :bytes: NOT NULL,     -- bound to all that follows but its use and end
    kind             :int64: NOT NULL,     -- code, access, refresh
    person_id        :int64: NOT NULL,
    authorization_id :int64: NOT NULL,
    thumbprint       :bytes: NOT NULL,     -- of the key that every use must be signed with; a code may be bound to none
    issued_at_ms     :int64: NOT NULL,
    expires_at_ms    :int64: NOT NULL,
    used_at_ms       :int64: NOT NULL,     -- a code is good for one use
    revoked_at_ms    :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;
CREATE INDEX authorization_token_by_end ON authorization_token (expires_at_ms);
CREATE INDEX authorization_token_by_person ON authorization_token (person_id);
