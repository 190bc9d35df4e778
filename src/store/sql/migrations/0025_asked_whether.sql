-- SPDX-License-Identifier: Apache-2.0
-- Questions whether a read would be permitted (docs/decisions/0038): how many there were, and how many of the newest
-- day have entries of their own. Further ones are counted behind the last of these in refused_further, as refused reads
-- are.

-- file: ledger
ALTER TABLE disclosure_head ADD COLUMN asked :int64: NOT NULL DEFAULT 0;
CREATE TABLE asked_day (
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    day             :int64: NOT NULL,      -- the last one with a question, counted from 1970, UTC
    entries         :int64: NOT NULL,      -- questions of that day in `disclosure`
    last_id         :int64: NOT NULL,      -- the newest of them
    PRIMARY KEY (person_id, relationship_id, department_id)
) :clustered:;
