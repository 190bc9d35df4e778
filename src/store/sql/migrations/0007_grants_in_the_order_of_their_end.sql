-- SPDX-License-Identifier: Apache-2.0
-- Grants of one purpose stand in the order in which they come to their end, so that those that may still permit
-- something lie together, and years of ended ones cost neither a read nor a new grant anything.

-- file: people
CREATE TABLE grant_by_end (                -- what the acts of a grant add up to
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    purpose_id      :int64: NOT NULL,
    closes_at_ms    :int64: NOT NULL,      -- permits nothing from here on: its end, or the moment of a stop
    grant_id        :int64: NOT NULL,
    purpose_version :int64: NOT NULL,
    state           :int64: NOT NULL,      -- grant_state of domain/grant.h
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    departments     :int64: NOT NULL,
    from_at_ms      :int64: NOT NULL,
    until_at_ms     :int64: NOT NULL,
    uses_kind       :int64: NOT NULL,
    uses_max        :int64: NOT NULL,
    uses_event      :text:  NOT NULL,
    ended_at_ms     :int64: NOT NULL,
    receipt_id      :int64: NOT NULL,
    last_act_id     :int64: NOT NULL,
    PRIMARY KEY (person_id, relationship_id, purpose_id, closes_at_ms, grant_id)
) :clustered:;
INSERT INTO grant_by_end (person_id, relationship_id, purpose_id, closes_at_ms, grant_id, purpose_version, state,
    attributes_low, attributes_high, departments, from_at_ms, until_at_ms, uses_kind, uses_max, uses_event, ended_at_ms,
    receipt_id, last_act_id)
SELECT person_id, relationship_id, purpose_id, CASE state WHEN 1 THEN until_at_ms ELSE ended_at_ms END, grant_id,
    purpose_version, state, attributes_low, attributes_high, departments, from_at_ms, until_at_ms, uses_kind, uses_max,
    uses_event, ended_at_ms, receipt_id, last_act_id
FROM grant_now;
DROP TABLE grant_now;
ALTER TABLE grant_by_end RENAME TO grant_now;
