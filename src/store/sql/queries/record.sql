-- SPDX-License-Identifier: Apache-2.0
-- What departments hold about people.

-- name: record_insert
-- file: records
-- in:   person_id int64, relationship_id int64, record_id int64, department_id int64, kind int64, version int64,
--       created_at_ms int64, updated_at_ms int64, sealed bytes
-- rows: none
INSERT INTO record (person_id, relationship_id, record_id, department_id, kind, version, created_at_ms, updated_at_ms,
    sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: record_update
-- file: records
-- in:   person_id int64, relationship_id int64, record_id int64, version int64, updated_at_ms int64, sealed bytes
-- meets: one
-- rows: none
UPDATE record SET version = $4, updated_at_ms = $5, sealed = $6
WHERE person_id = $1 AND relationship_id = $2 AND record_id = $3;

-- name: record_copy
-- file: records
-- in:   person_id int64, relationship_id int64, record_id int64, department_id int64, kind int64, version int64,
--       created_at_ms int64, updated_at_ms int64, sealed bytes
-- rows: none
INSERT INTO record (person_id, relationship_id, record_id, department_id, kind, version, created_at_ms, updated_at_ms,
    sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (person_id, relationship_id, record_id) DO UPDATE SET version = excluded.version,
    updated_at_ms = excluded.updated_at_ms, sealed = excluded.sealed;

-- name: record_delete_all
-- file: records
-- in:   person_id int64, relationship_id int64
-- meets: all
-- rows: none
DELETE FROM record WHERE person_id = $1 AND relationship_id = $2;

-- name: record_delete_of_person
-- file: records
-- in:   person_id int64
-- meets: all
-- rows: none
DELETE FROM record WHERE person_id = $1;

-- name: record_next_relationship
-- file: records
-- in:   person_id int64, after_id int64
-- out:  relationship_id int64
-- rows: one
SELECT relationship_id FROM record WHERE person_id = $1 AND relationship_id > $2 ORDER BY relationship_id LIMIT 1;

-- Of one relationship, or of all.
-- name: record_list
-- file: records
-- in:   person_id int64, first_relationship_id int64, last_relationship_id int64
-- out:  relationship_id int64, record_id int64, department_id int64, kind int64, version int64, created_at_ms int64,
--       updated_at_ms int64, sealed bytes
-- rows: many
SELECT :columns: FROM record WHERE person_id = $1 AND relationship_id BETWEEN $2 AND $3
ORDER BY relationship_id, record_id;
