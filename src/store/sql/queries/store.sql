-- SPDX-License-Identifier: Apache-2.0
-- What the store itself keeps. The mark of the clock lies in the ledger file, which no reader maps while it decides.

-- name: clock_mark_load
-- file: ledger
-- out:  at_ms int64, elapsed_ms int64, boot int64, horizon_ms int64
-- rows: one
SELECT at_ms, elapsed_ms, boot, horizon_ms FROM clock_mark WHERE mark_id = 1;

-- Never back, and never nearer than another process has told the time.
-- name: clock_mark_set
-- file: ledger
-- in:   at_ms int64, elapsed_ms int64, boot int64, horizon_ms int64
-- rows: none
INSERT INTO clock_mark (mark_id, at_ms, elapsed_ms, boot, horizon_ms) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (mark_id) DO UPDATE SET at_ms = excluded.at_ms, elapsed_ms = excluded.elapsed_ms, boot = excluded.boot,
    horizon_ms = CASE WHEN clock_mark.horizon_ms < excluded.horizon_ms THEN excluded.horizon_ms
                      ELSE clock_mark.horizon_ms END
WHERE clock_mark.at_ms <= excluded.at_ms;

-- name: clock_mark_settle
-- file: ledger
-- rows: none
UPDATE clock_mark SET horizon_ms = at_ms WHERE mark_id = 1;

-- name: clock_mark_of_people
-- file: people
-- out:  at_ms int64
-- rows: one
SELECT value FROM node_state WHERE name = 'clock_mark';
