-- SPDX-License-Identifier: Apache-2.0
-- What the store itself keeps. The mark of the clock lies in the ledger file, which no reader maps while it decides.

-- name: clock_mark_load
-- file: ledger
-- out:  at_ms int64
-- rows: one
SELECT at_ms FROM clock_mark WHERE mark_id = 1;

-- name: clock_mark_set
-- file: ledger
-- in:   at_ms int64
-- rows: none
INSERT INTO clock_mark (mark_id, at_ms) VALUES (1, $1)
ON CONFLICT (mark_id) DO UPDATE SET at_ms = excluded.at_ms WHERE clock_mark.at_ms < excluded.at_ms;

-- name: clock_mark_of_people
-- file: people
-- out:  at_ms int64
-- rows: one
SELECT value FROM node_state WHERE name = 'clock_mark';
