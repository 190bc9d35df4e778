-- SPDX-License-Identifier: Apache-2.0
-- Reads that were refused, beyond those of a day that have entries of their own (docs/decisions/0028): how many there
-- are is counted behind the last of these.

-- file: ledger
CREATE TABLE refused_day (
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    day             :int64: NOT NULL,      -- the last one with a refusal, counted from 1970, UTC
    entries         :int64: NOT NULL,      -- refused reads of that day in `disclosure`
    last_id         :int64: NOT NULL,      -- the newest of them
    PRIMARY KEY (person_id, relationship_id, department_id)
) :clustered:;
CREATE TABLE refused_further (
    person_id       :int64: NOT NULL,
    disclosure_id   :int64: NOT NULL,      -- the last entry of the day
    reads           :int64: NOT NULL,      -- refused behind it
    last_at_ms      :int64: NOT NULL,
    attributes_low  :int64: NOT NULL,      -- all that they asked for
    attributes_high :int64: NOT NULL,
    tag             :text:  NOT NULL,      -- of this row: domain/row_tag.h
    PRIMARY KEY (person_id, disclosure_id)
) :clustered:;
