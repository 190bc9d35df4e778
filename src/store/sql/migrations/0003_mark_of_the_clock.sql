-- SPDX-License-Identifier: Apache-2.0
-- The mark of the clock is written about once a second. In the people file that made every reader drop its pages, so
-- it lies where each read's row is written anyway. What stands in node_state is from before, and still holds.

-- file: ledger
CREATE TABLE clock_mark (
    mark_id :int64: NOT NULL,              -- always 1
    at_ms   :int64: NOT NULL,
    PRIMARY KEY (mark_id)
) :clustered:;
