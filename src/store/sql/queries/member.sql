-- SPDX-License-Identifier: Apache-2.0
-- Members of organisations: what binds somebody who signs in to an organisation and a department.

-- name: member_insert
-- file: people
-- in:   member_id int64, organisation_id int64, department_id int64, department_bit int64, role int64,
--       created_at_ms int64, expires_at_ms int64, code_hash bytes, tag text
-- rows: none
INSERT INTO member (member_id, organisation_id, department_id, department_bit, role, created_at_ms, expires_at_ms,
    code_hash, claimed_at_ms, tag, ended_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0);

-- name: member_load
-- file: people
-- in:   member_id int64
-- row:  member
-- out:  member_id int64, organisation_id int64, department_id int64, department_bit int64, role int64,
--       created_at_ms int64, expires_at_ms int64, code_hash bytes, claimed_at_ms int64, tag text, ended_at_ms int64
-- rows: one
SELECT :columns: FROM member WHERE member_id = $1;

-- name: member_find
-- file: people
-- in:   code_hash bytes
-- row:  member
-- rows: many
SELECT :columns: FROM member WHERE code_hash = $1 ORDER BY member_id LIMIT 1;

-- name: member_list
-- file: people
-- in:   organisation_id int64, after_id int64, most int64
-- row:  member
-- rows: many
SELECT :columns: FROM member WHERE organisation_id = $1 AND member_id > $2 ORDER BY member_id LIMIT $3;

-- name: member_count
-- file: people
-- in:   organisation_id int64
-- out:  members int64
-- rows: one
SELECT count(*) AS members FROM member WHERE organisation_id = $1 AND ended_at_ms = 0;

-- name: member_claim
-- file: people
-- in:   member_id int64, claimed_at_ms int64, tag text
-- meets: any
-- rows: none
UPDATE member SET claimed_at_ms = $2, tag = $3 WHERE member_id = $1 AND claimed_at_ms = 0;

-- name: member_end
-- file: people
-- in:   member_id int64, ended_at_ms int64
-- meets: any
-- rows: none
UPDATE member SET ended_at_ms = $2 WHERE member_id = $1 AND ended_at_ms = 0;

-- name: audit_member_list
-- file: people
-- row:  member
-- rows: walk
SELECT :columns: FROM member ORDER BY organisation_id, member_id;
