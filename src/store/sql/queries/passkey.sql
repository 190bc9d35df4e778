-- SPDX-License-Identifier: Apache-2.0
-- Passkeys, used challenges, codes of recovery, and what people are told of them.

-- name: passkey_insert
-- file: people
-- in:   person_id int64, passkey_id int64, credential_hash bytes, counter int64, backed_up int64, created_at_ms int64,
--       sealed bytes
-- rows: none
INSERT INTO passkey (person_id, passkey_id, version, credential_hash, counter, backed_up, created_at_ms, used_at_ms,
    sealed)
VALUES ($1, $2, 1, $3, $4, $5, $6, 0, $7);

-- name: passkey_list
-- file: people
-- in:   person_id int64
-- row:  passkey
-- out:  passkey_id int64, version int64, credential_hash bytes, counter int64, backed_up int64, created_at_ms int64,
--       used_at_ms int64, sealed bytes
-- rows: many
SELECT :columns: FROM passkey WHERE person_id = $1 ORDER BY passkey_id;

-- name: passkey_load
-- file: people
-- in:   person_id int64, passkey_id int64
-- row:  passkey
-- rows: one
SELECT :columns: FROM passkey WHERE person_id = $1 AND passkey_id = $2;

-- name: passkey_rename
-- file: people
-- in:   person_id int64, passkey_id int64, version int64, sealed bytes
-- meets: one
-- rows: none
UPDATE passkey SET version = $3, sealed = $4 WHERE person_id = $1 AND passkey_id = $2;

-- name: passkey_use
-- file: people
-- in:   person_id int64, passkey_id int64, counter int64, backed_up int64, used_at_ms int64
-- meets: one
-- rows: none
UPDATE passkey SET counter = $3, backed_up = $4, used_at_ms = $5 WHERE person_id = $1 AND passkey_id = $2;

-- name: passkey_delete
-- file: people
-- in:   person_id int64, passkey_id int64
-- meets: one
-- rows: none
DELETE FROM passkey WHERE person_id = $1 AND passkey_id = $2;

-- name: passkey_count
-- file: people
-- in:   person_id int64
-- out:  passkeys int64
-- rows: one
SELECT count(*) AS passkeys FROM passkey WHERE person_id = $1;

-- name: passkey_credential_insert
-- file: people
-- in:   credential_hash bytes, person_id int64
-- meets: any
-- rows: none
INSERT INTO passkey_credential (credential_hash, person_id) VALUES ($1, $2)
ON CONFLICT (credential_hash) DO NOTHING;

-- name: passkey_credential_load
-- file: people
-- in:   credential_hash bytes
-- out:  person_id int64
-- rows: one
SELECT person_id FROM passkey_credential WHERE credential_hash = $1;

-- name: passkey_credential_delete
-- file: people
-- in:   credential_hash bytes
-- meets: all
-- rows: none
DELETE FROM passkey_credential WHERE credential_hash = $1;

-- name: passkey_credential_count
-- file: people
-- in:   person_id int64
-- out:  credentials int64
-- rows: one
SELECT count(*) AS credentials FROM passkey_credential WHERE person_id = $1;

-- name: passkey_challenge_spend
-- file: people
-- in:   challenge_hash bytes, expires_at_ms int64
-- meets: any
-- rows: none
INSERT INTO passkey_challenge (challenge_hash, expires_at_ms) VALUES ($1, $2)
ON CONFLICT (challenge_hash) DO NOTHING;

-- name: passkey_challenge_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM passkey_challenge WHERE challenge_hash IN
    (SELECT challenge_hash FROM passkey_challenge WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);

-- name: alert_insert
-- file: people
-- in:   person_id int64, alert_id int64, kind int64, passkey_id int64, at_ms int64, organisation_id int64,
--       system_id int64, session_id int64
-- rows: none
INSERT INTO alert (person_id, alert_id, kind, passkey_id, at_ms, organisation_id, system_id, session_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: alert_list
-- file: people
-- in:   person_id int64, before_id int64, most int64
-- out:  alert_id int64, kind int64, passkey_id int64, at_ms int64, organisation_id int64, system_id int64
-- rows: many
SELECT :columns: FROM alert WHERE person_id = $1 AND alert_id < $2
ORDER BY alert_id DESC LIMIT $3;

-- name: alert_count_since
-- file: people
-- in:   person_id int64, kind int64, since_ms int64
-- out:  alerts int64, first_at_ms int64
-- rows: one
SELECT count(*) AS alerts, COALESCE(min(at_ms), 0) AS first_at_ms FROM alert
WHERE person_id = $1 AND kind = $2 AND at_ms > $3;

-- name: alert_count_of_session
-- file: people
-- in:   person_id int64, kind int64, session_id int64, since_ms int64
-- out:  alerts int64
-- rows: one
SELECT count(*) AS alerts FROM alert WHERE person_id = $1 AND kind = $2 AND session_id = $3 AND at_ms > $4;

-- name: alert_forget
-- file: people
-- in:   person_id int64, until_ms int64
-- meets: any
-- rows: none
DELETE FROM alert WHERE person_id = $1 AND at_ms <= $2;

-- name: recovery_code_insert
-- file: people
-- in:   code_hash bytes, person_id int64, hash bytes, created_at_ms int64
-- rows: none
INSERT INTO recovery_code (code_hash, person_id, hash, created_at_ms) VALUES ($1, $2, $3, $4);

-- name: recovery_code_load
-- file: people
-- in:   code_hash bytes
-- out:  person_id int64, hash bytes, created_at_ms int64
-- rows: one
SELECT person_id, hash, created_at_ms FROM recovery_code WHERE code_hash = $1;

-- name: recovery_code_delete
-- file: people
-- in:   code_hash bytes
-- meets: all
-- rows: none
DELETE FROM recovery_code WHERE code_hash = $1;

-- The oldest first: new printed ones void all from before.
-- name: recovery_code_list
-- file: people
-- in:   person_id int64, most int64
-- out:  code_hash bytes, hash bytes, created_at_ms int64
-- rows: many
SELECT :columns: FROM recovery_code WHERE person_id = $1 ORDER BY created_at_ms, code_hash LIMIT $2;

-- name: recovery_load
-- file: people
-- in:   person_id int64
-- out:  code_hash bytes, begun_at_ms int64, opens_at_ms int64
-- rows: one
SELECT code_hash, begun_at_ms, opens_at_ms FROM recovery WHERE person_id = $1;

-- name: recovery_save
-- file: people
-- in:   person_id int64, code_hash bytes, begun_at_ms int64, opens_at_ms int64
-- rows: none
INSERT INTO recovery (person_id, code_hash, begun_at_ms, opens_at_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET code_hash = excluded.code_hash, begun_at_ms = excluded.begun_at_ms,
    opens_at_ms = excluded.opens_at_ms;
