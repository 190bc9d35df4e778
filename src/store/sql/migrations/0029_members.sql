-- SPDX-License-Identifier: Apache-2.0
-- Who works for an organisation, in which department and as what. Whoever that is signs in like a person: key, name,
-- passkeys and sessions stand where those of people do, under the same number.

-- file: people
CREATE TABLE member (
    member_id       :int64: NOT NULL,      -- also the number of a row of `person`
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    department_bit  :int64: NOT NULL,
    role            :int64: NOT NULL,      -- member_role of base/ctx.h
    created_at_ms   :int64: NOT NULL,
    expires_at_ms   :int64: NOT NULL,      -- of the invitation
    code_hash       :bytes: NOT NULL,      -- of its code; empty when it is taken up
    claimed_at_ms   :int64: NOT NULL,      -- 0: not yet
    tag             :text:  NOT NULL,      -- binds all of the above
    ended_at_ms     :int64: NOT NULL,
    PRIMARY KEY (member_id)
) :clustered:;
CREATE INDEX member_by_organisation ON member (organisation_id, member_id);
CREATE INDEX member_by_code ON member (code_hash);
