-- SPDX-License-Identifier: Apache-2.0
-- What only the re-derivation reads: whole people and whole tables, streamed.

-- name: audit_leftover_count
-- file: people
-- in:   person_id int64
-- out:  rows_left int64
-- rows: one
SELECT (SELECT count(*) FROM relationship WHERE person_id = $1) + (SELECT count(*) FROM relationship_key WHERE
    person_id = $1)
    + (SELECT count(*) FROM grant_now WHERE person_id = $1) + (SELECT count(*) FROM request WHERE person_id = $1)
    + (SELECT count(*) FROM vault WHERE person_id = $1) + (SELECT count(*) FROM vault_history WHERE person_id = $1);

-- Rows of people who are not here.
-- name: audit_lost_list
-- file: people
-- out:  person_id int64
-- rows: many
SELECT person_id FROM relationship r WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = r.person_id)
UNION SELECT person_id FROM grant_now g WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = g.person_id)
UNION SELECT person_id FROM request q WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = q.person_id)
UNION SELECT person_id FROM vault v WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = v.person_id)
UNION SELECT person_id FROM vault_history h WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = h.person_id)
ORDER BY person_id;

-- name: audit_act_list
-- file: people
-- out:  act_id int64, person_id int64, relationship_id int64, subject_id int64, kind int64
-- rows: many
SELECT :columns: FROM act ORDER BY act_id;

-- name: audit_receipt_list
-- file: people
-- out:  receipt_id int64, person_id int64, relationship_id int64
-- rows: many
SELECT :columns: FROM receipt ORDER BY receipt_id;

-- name: audit_disclosure_list
-- file: ledger
-- out:  disclosure_id int64, person_id int64
-- rows: many
SELECT :columns: FROM disclosure ORDER BY disclosure_id;

-- name: audit_use_list
-- file: ledger
-- in:   person_id int64
-- out:  grant_id int64, used int64
-- rows: many
SELECT :columns: FROM grant_use WHERE person_id = $1 ORDER BY grant_id;

-- name: audit_history_list
-- file: people
-- in:   person_id int64, kind int64
-- out:  kind int64, version int64, sealed bytes
-- rows: many
SELECT :columns: FROM vault_history WHERE person_id = $1 AND kind = $2 ORDER BY version;

-- name: audit_history_lost
-- file: people
-- in:   person_id int64
-- out:  versions int64
-- rows: one
SELECT count(*) FROM vault_history h WHERE person_id = $1
    AND NOT EXISTS (SELECT 1 FROM vault v WHERE v.person_id = h.person_id AND v.kind = h.kind);

-- name: audit_record_list
-- file: records
-- in:   person_id int64
-- out:  relationship_id int64, record_id int64, version int64, sealed bytes
-- rows: many
SELECT :columns: FROM record WHERE person_id = $1 ORDER BY relationship_id, record_id;
