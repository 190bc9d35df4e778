-- SPDX-License-Identifier: Apache-2.0
-- What it takes to forget a person. Rows that lie together are taken away a portion at a time; rows that only a walk
-- over the table finds are looked for outside a write and taken away by their keys.

-- Who stands there already stays as it is; that it stands is counted either way.
-- name: erasure_insert
-- file: people
-- in:   person_id int64, asked_at_ms int64
-- rows: none
INSERT INTO erasure (person_id, asked_at_ms) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET asked_at_ms = erasure.asked_at_ms;

-- name: erasure_list
-- file: people
-- in:   asked_at_ms int64, person_id int64, most int64
-- out:  person_id int64, asked_at_ms int64
-- rows: many
SELECT :columns: FROM erasure WHERE asked_at_ms > $1 OR (asked_at_ms = $1 AND person_id > $2)
ORDER BY asked_at_ms, person_id LIMIT $3;

-- name: erasure_load
-- file: people
-- in:   person_id int64
-- out:  asked_at_ms int64
-- rows: one
SELECT asked_at_ms FROM erasure WHERE person_id = $1;

-- Everybody who was erased, by pages: looked through when keys have come back.
-- name: erasure_past_list
-- file: people
-- in:   state int64, after_id int64, most int64
-- out:  person_id int64
-- rows: many
SELECT person_id FROM person WHERE state = $1 AND person_id > $2 ORDER BY person_id LIMIT $3;

-- name: erasure_delete
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM erasure WHERE person_id = $1;

-- ---- doors

-- name: erase_sessions
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM session WHERE person_id = $1;

-- name: erase_links
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM sign_in_link WHERE person_id = $1;

-- name: erase_authorizations
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1;

-- name: erase_authorization_tokens
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM authorization_token WHERE person_id = $1;

-- name: erase_invitations
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM invitation WHERE person_id = $1;

-- name: erase_contact_keys
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM contact_key WHERE person_id = $1;

-- name: erase_passkey_credentials
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM passkey_credential WHERE person_id = $1;

-- name: erase_recovery_codes
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM recovery_code WHERE person_id = $1;

-- name: erase_recovery
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM recovery WHERE person_id = $1;

-- name: erase_alerts
-- file: people
-- in:   person_id int64, most int64
-- meets: all
-- rows: none
DELETE FROM alert WHERE person_id = $1 AND (person_id, alert_id) IN
    (SELECT person_id, alert_id FROM alert WHERE person_id = $1 ORDER BY alert_id LIMIT $2);

-- ---- what was sealed

-- name: erase_passkeys
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM passkey WHERE person_id = $1;

-- name: erase_vault
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM vault WHERE person_id = $1;

-- name: erase_history
-- file: people
-- in:   person_id int64, most int64
-- meets: all
-- rows: none
DELETE FROM vault_history WHERE person_id = $1 AND (person_id, kind, version) IN
    (SELECT person_id, kind, version FROM vault_history WHERE person_id = $1 ORDER BY kind, version LIMIT $2);

-- name: erase_relationship_keys
-- file: people
-- in:   person_id int64, most int64
-- meets: all
-- rows: none
DELETE FROM relationship_key WHERE person_id = $1 AND (person_id, relationship_id) IN
    (SELECT person_id, relationship_id FROM relationship_key WHERE person_id = $1 ORDER BY relationship_id LIMIT $2);

-- name: erase_records
-- file: records
-- in:   person_id int64, most int64
-- meets: all
-- rows: none
DELETE FROM record WHERE person_id = $1 AND (person_id, relationship_id, record_id) IN
    (SELECT person_id, relationship_id, record_id FROM record WHERE person_id = $1
     ORDER BY relationship_id, record_id LIMIT $2);

-- name: erase_predecessor_keys
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
UPDATE predecessor SET sealed = NULL WHERE person_id = $1 AND sealed IS NOT NULL;

-- The receipts that the facts of one person name, behind one of them.
-- name: erase_receipt_list
-- file: people
-- in:   person_id int64, relationship_id int64, receipt_id int64, most int64
-- out:  relationship_id int64, receipt_id int64
-- rows: many
SELECT relationship_id, receipt_id FROM act
WHERE person_id = $1 AND receipt_id > 0 AND relationship_id >= $2 AND (relationship_id > $2 OR receipt_id > $3)
ORDER BY relationship_id, receipt_id LIMIT $4;

-- name: erase_event_list
-- file: people
-- in:   person_id int64, most int64
-- out:  act_id int64
-- rows: many
SELECT act_id FROM act WHERE person_id = $1 AND uses_event <> '' ORDER BY act_id LIMIT $2;

-- name: erase_receipt
-- file: people
-- in:   person_id int64, receipt_id int64
-- meets: all
-- rows: none
DELETE FROM receipt WHERE receipt_id = $2 AND person_id = $1;

-- name: erase_receipt_signed
-- file: people
-- in:   person_id int64, receipt_id int64
-- meets: all
-- rows: none
DELETE FROM receipt_signed WHERE receipt_id = $2 AND person_id = $1;

-- name: erase_event
-- file: people
-- in:   person_id int64, act_id int64
-- meets: all
-- rows: none
UPDATE act SET uses_event = '' WHERE act_id = $2 AND person_id = $1 AND uses_event <> '';

-- name: erase_grant_events
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
UPDATE grant_now SET uses_event = '' WHERE person_id = $1 AND uses_event <> '';

-- name: erase_request_events
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
UPDATE request SET uses_event = '', counter_uses_event = ''
WHERE person_id = $1 AND (uses_event <> '' OR counter_uses_event <> '');

-- name: erase_note
-- file: ledger
-- in:   person_id int64, disclosure_id int64, note bytes
-- meets: all
-- rows: none
UPDATE disclosure SET note = $3 WHERE disclosure_id = $2 AND person_id = $1;

-- name: erase_answer_list
-- file: people
-- in:   person_id int64, most int64
-- row:  erase_answer
-- out:  actor_id int64, key_hash bytes
-- rows: many
SELECT actor_id, key_hash FROM idempotency WHERE person_id = $1 OR actor_id = $1
ORDER BY actor_id, key_hash LIMIT $2;

-- name: erase_answer
-- file: people
-- in:   actor_id int64, key_hash bytes
-- meets: all
-- rows: none
DELETE FROM idempotency WHERE actor_id = $1 AND key_hash = $2;

-- name: erase_read_answer_list
-- file: ledger
-- in:   person_id int64, most int64
-- row:  erase_answer
-- rows: many
SELECT actor_id, key_hash FROM disclosure_answer WHERE person_id = $1
ORDER BY actor_id, key_hash LIMIT $2;

-- name: erase_read_answer
-- file: ledger
-- in:   actor_id int64, key_hash bytes
-- meets: all
-- rows: none
DELETE FROM disclosure_answer WHERE actor_id = $1 AND key_hash = $2;

-- ---- keys that were taken away

-- name: key_removed_put
-- file: keys
-- in:   person_id int64, bucket int64
-- rows: none
INSERT INTO key_removed (person_id, bucket) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET bucket = excluded.bucket;

-- name: key_removed_load
-- file: keys
-- in:   person_id int64
-- out:  bucket int64
-- rows: one
SELECT bucket FROM key_removed WHERE person_id = $1;

-- name: key_removed_forget
-- file: keys
-- in:   bucket int64
-- meets: all
-- rows: none
DELETE FROM key_removed WHERE bucket = $1;

-- name: key_bucket_load
-- file: keys
-- in:   bucket int64
-- out:  open int64
-- rows: one
SELECT open FROM key_bucket WHERE bucket = $1;

-- ---- for the audit

-- What of an erased person is still there that should have gone.
-- name: erase_left_count
-- file: people
-- in:   person_id int64
-- out:  rows_left int64
-- rows: one
SELECT (SELECT count(*) FROM vault WHERE person_id = $1) + (SELECT count(*) FROM vault_history WHERE person_id = $1)
    + (SELECT count(*) FROM relationship_key WHERE person_id = $1) + (SELECT count(*) FROM session WHERE person_id = $1)
    + (SELECT count(*) FROM sign_in_link WHERE person_id = $1) + (SELECT count(*) FROM invitation WHERE person_id = $1)
    + (SELECT count(*) FROM contact_key WHERE person_id = $1) + (SELECT count(*) FROM passkey WHERE person_id = $1)
    + (SELECT count(*) FROM passkey_credential WHERE person_id = $1)
    + (SELECT count(*) FROM recovery_code WHERE person_id = $1) + (SELECT count(*) FROM recovery WHERE person_id = $1)
    + (SELECT count(*) FROM alert WHERE person_id = $1)
    + (SELECT count(*) FROM authorization_now WHERE person_id = $1)
    + (SELECT count(*) FROM authorization_token WHERE person_id = $1)
    + (SELECT count(*) FROM predecessor WHERE person_id = $1 AND sealed IS NOT NULL)
    + (SELECT count(*) FROM act JOIN receipt ON receipt.receipt_id = act.receipt_id AND receipt.person_id = $1
       WHERE act.person_id = $1 AND act.receipt_id > 0)
    + (SELECT count(*) FROM act JOIN receipt_signed
       ON receipt_signed.receipt_id = act.receipt_id AND receipt_signed.person_id = $1
       WHERE act.person_id = $1 AND act.receipt_id > 0)
    + (SELECT count(*) FROM act WHERE person_id = $1 AND uses_event <> '')
    + (SELECT count(*) FROM grant_now WHERE person_id = $1 AND uses_event <> '')
    + (SELECT count(*) FROM request WHERE person_id = $1 AND (uses_event <> '' OR counter_uses_event <> ''));

-- name: erase_left_record_count
-- file: records
-- in:   person_id int64
-- out:  rows_left int64
-- rows: one
SELECT count(*) AS rows_left FROM record WHERE person_id = $1;
