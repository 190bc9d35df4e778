-- SPDX-License-Identifier: Apache-2.0
-- What the store itself keeps. The mark of the clock lies in the ledger file, which no reader maps while it decides.

-- Each writer has its own row, so that none waits for another's batch; the newest holds, and the farthest told.
-- name: clock_mark_load
-- file: ledger
-- out:  at_ms int64, elapsed_ms int64, boot int64, horizon_ms int64
-- rows: one
SELECT at_ms, elapsed_ms, boot, (SELECT max(horizon_ms) FROM clock_mark) FROM clock_mark ORDER BY at_ms DESC LIMIT 1;

-- Never back, and never nearer than another process has told the time.
-- name: clock_mark_set
-- file: ledger
-- in:   mark_id int64, at_ms int64, elapsed_ms int64, boot int64, horizon_ms int64
-- meets: any
-- rows: none
INSERT INTO clock_mark (mark_id, at_ms, elapsed_ms, boot, horizon_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (mark_id) DO UPDATE SET at_ms = excluded.at_ms, elapsed_ms = excluded.elapsed_ms, boot = excluded.boot,
    horizon_ms = CASE WHEN clock_mark.horizon_ms < excluded.horizon_ms THEN excluded.horizon_ms
                      ELSE clock_mark.horizon_ms END
WHERE clock_mark.at_ms <= excluded.at_ms;

-- name: clock_mark_settle
-- file: ledger
-- in:   mark_id int64
-- meets: any
-- rows: none
UPDATE clock_mark SET horizon_ms = at_ms WHERE mark_id = $1;

-- name: clock_mark_of_people
-- file: people
-- out:  at_ms int64
-- rows: one
SELECT value FROM node_state WHERE name = 'clock_mark';

-- The generations of the files (generation.h), each in its own: what the others had is not taken back.
-- name: generation_of_keys
-- file: keys
-- row:  file_generation
-- out:  generation int64, records int64, ledger int64, people int64
-- rows: one
SELECT :columns: FROM keys_generation WHERE row_id = 1;

-- name: generation_raise_keys
-- file: keys
-- in:   records int64, ledger int64, people int64
-- row:  raised_generation
-- out:  generation int64
-- rows: one
UPDATE keys_generation SET generation = generation + 1,
    records = CASE WHEN records < $1 THEN $1 ELSE records END,
    ledger = CASE WHEN ledger < $2 THEN $2 ELSE ledger END,
    people = CASE WHEN people < $3 THEN $3 ELSE people END
WHERE row_id = 1 RETURNING generation;

-- Behind an older copy: not before what was there.
-- name: generation_lift_keys
-- file: keys
-- in:   generation int64
-- meets: all
-- rows: none
UPDATE keys_generation SET generation = $1 WHERE row_id = 1 AND generation < $1;

-- name: generation_of_records
-- file: records
-- row:  file_generation
-- rows: one
SELECT :columns: FROM records_generation WHERE row_id = 1;

-- name: generation_raise_records
-- file: records
-- in:   records int64, ledger int64, people int64
-- row:  raised_generation
-- rows: one
UPDATE records_generation SET generation = generation + 1,
    records = CASE WHEN records < $1 THEN $1 ELSE records END,
    ledger = CASE WHEN ledger < $2 THEN $2 ELSE ledger END,
    people = CASE WHEN people < $3 THEN $3 ELSE people END
WHERE row_id = 1 RETURNING generation;

-- name: generation_of_ledger
-- file: ledger
-- row:  file_generation
-- rows: one
SELECT :columns: FROM ledger_generation WHERE row_id = 1;

-- name: generation_raise_ledger
-- file: ledger
-- in:   records int64, ledger int64, people int64
-- row:  raised_generation
-- rows: one
UPDATE ledger_generation SET generation = generation + 1,
    records = CASE WHEN records < $1 THEN $1 ELSE records END,
    ledger = CASE WHEN ledger < $2 THEN $2 ELSE ledger END,
    people = CASE WHEN people < $3 THEN $3 ELSE people END
WHERE row_id = 1 RETURNING generation;

-- name: generation_of_people
-- file: people
-- row:  file_generation
-- rows: one
SELECT :columns: FROM people_generation WHERE row_id = 1;

-- name: generation_raise_people
-- file: people
-- in:   records int64, ledger int64, people int64
-- row:  raised_generation
-- rows: one
UPDATE people_generation SET generation = generation + 1,
    records = CASE WHEN records < $1 THEN $1 ELSE records END,
    ledger = CASE WHEN ledger < $2 THEN $2 ELSE ledger END,
    people = CASE WHEN people < $3 THEN $3 ELSE people END
WHERE row_id = 1 RETURNING generation;

-- The place (place.h).
-- name: store_place_load
-- file: people
-- out:  state int64, token int64, other text, node text
-- rows: one
SELECT state, token, other, node FROM store_place WHERE row_id = 1;

-- name: store_place_state
-- file: people
-- out:  state int64
-- rows: one
SELECT state FROM store_place WHERE row_id = 1;

-- name: store_place_save
-- file: people
-- in:   state int64, token int64, other text, node text
-- meets: any
-- rows: none
UPDATE store_place SET state = $1, token = $2, other = $3, node = $4 WHERE row_id = 1;

-- In each portion of a copy: waits for another run that has changed the row, and changes none that is another run's.
-- name: store_place_hold
-- file: people
-- in:   state int64, token int64
-- meets: any
-- rows: none
UPDATE store_place SET state = $1 WHERE row_id = 1 AND state = $1 AND token = $2;

-- The place of the keys (keys_move.h).
-- name: keys_place_load
-- file: keys
-- out:  state int64, token int64, other text
-- rows: one
SELECT state, token, other FROM keys_place WHERE row_id = 1;
