-- SPDX-License-Identifier: Apache-2.0
-- The kept answer of a read lies beside the row of the read: after a crash both are there or neither. Kept answers are
-- forgotten by age, the oldest first.

-- file: ledger
CREATE TABLE disclosure_answer (
    actor_id     :int64: NOT NULL,         -- the system that asked
    key_hash     :bytes: NOT NULL,
    request_hash :bytes: NOT NULL,
    person_id    :int64: NOT NULL,         -- under whose key the answer is sealed
    status       :int64: NOT NULL,
    at_ms        :int64: NOT NULL,
    sealed       :bytes: NOT NULL,
    PRIMARY KEY (actor_id, key_hash)
) :clustered:;
CREATE INDEX disclosure_answer_by_age ON disclosure_answer (at_ms);

-- file: people
CREATE INDEX idempotency_by_age ON idempotency (at_ms);
