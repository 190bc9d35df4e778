-- SPDX-License-Identifier: Apache-2.0
-- Whose place a person has taken by a claim. Rows of the ledger stay where they were written; the person's list leads
-- through the chains of the predecessors.

-- file: people
CREATE TABLE predecessor (
    person_id      :int64: NOT NULL,       -- who claimed
    predecessor_id :int64: NOT NULL,       -- the invited person, who is merged now
    claimed_at_ms  :int64: NOT NULL,
    after_id       :int64: NOT NULL,       -- the claimer's newest disclosure at that moment, 0: none
    sealed         :bytes:,                -- the predecessor's data key under the claimer's; none before this migration
    PRIMARY KEY (person_id, predecessor_id)
) :clustered:;
INSERT INTO predecessor (person_id, predecessor_id, claimed_at_ms, after_id)
SELECT merged_into, person_id, created_at_ms, 0 FROM person WHERE state = 3;
