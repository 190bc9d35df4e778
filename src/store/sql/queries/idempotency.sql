-- SPDX-License-Identifier: Apache-2.0
-- Answers kept for requests that carry an Idempotency-Key, so that a repeated request gets the same one. Each lies in
-- the file of its act, so that a crash keeps both or neither: those of reads in the ledger file, all others among the
-- people. The hash of the request is sealed with the answer and that of the key is keyed: a copy says neither.

-- name: idempotency_load
-- file: people
-- in:   actor_id int64, key_hash bytes, since_ms int64
-- row:  kept_answer
-- out:  person_id int64, status int64, sealed bytes
-- apart: key_hash
-- rows: one
SELECT :columns: FROM idempotency
WHERE actor_id = $1 AND key_hash = $2 AND at_ms > $3;

-- name: idempotency_keep
-- file: people
-- in:   actor_id int64, key_hash bytes, person_id int64, status int64, at_ms int64, sealed bytes
-- apart: key_hash
-- rows: none
INSERT INTO idempotency (actor_id, key_hash, person_id, status, at_ms, sealed) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (actor_id, key_hash) DO UPDATE SET person_id = excluded.person_id, status = excluded.status,
    at_ms = excluded.at_ms, sealed = excluded.sealed;

-- name: idempotency_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM idempotency WHERE (actor_id, key_hash) IN
    (SELECT actor_id, key_hash FROM idempotency WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2);

-- name: idempotency_forget_unknown
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM idempotency WHERE (actor_id, key_hash) IN
    (SELECT actor_id, key_hash FROM idempotency WHERE actor_id = 0 AND at_ms <= $1
     ORDER BY actor_id, key_hash LIMIT $2);

-- name: disclosure_answer_load
-- file: ledger
-- in:   actor_id int64, key_hash bytes, since_ms int64
-- row:  kept_answer
-- out:  person_id int64, status int64, sealed bytes
-- apart: key_hash
-- rows: one
SELECT :columns: FROM disclosure_answer
WHERE actor_id = $1 AND key_hash = $2 AND at_ms > $3;

-- name: disclosure_answer_keep
-- file: ledger
-- in:   actor_id int64, key_hash bytes, person_id int64, status int64, at_ms int64, sealed bytes
-- apart: key_hash
-- rows: none
INSERT INTO disclosure_answer (actor_id, key_hash, person_id, status, at_ms, sealed) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (actor_id, key_hash) DO UPDATE SET person_id = excluded.person_id, status = excluded.status,
    at_ms = excluded.at_ms, sealed = excluded.sealed;

-- name: disclosure_answer_forget
-- file: ledger
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM disclosure_answer WHERE (actor_id, key_hash) IN
    (SELECT actor_id, key_hash FROM disclosure_answer WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2);
