-- SPDX-License-Identifier: Apache-2.0
-- Claim codes, and the keyed hashes by which an import finds people again.

-- name: invitation_insert
-- file: people
-- in:   code_hash bytes, invitation_id int64, organisation_id int64, department_id int64, person_id int64,
--       relationship_id int64, claims_left int64, created_at_ms int64, expires_at_ms int64
-- rows: none
INSERT INTO invitation (code_hash, invitation_id, organisation_id, department_id, person_id, relationship_id,
    claims_left,
    created_at_ms, expires_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: invitation_load
-- file: people
-- in:   code_hash bytes
-- out:  invitation_id int64, organisation_id int64, department_id int64, person_id int64, relationship_id int64,
--       claims_left int64, expires_at_ms int64
-- rows: one
SELECT :columns: FROM invitation WHERE code_hash = $1;

-- name: invitation_use
-- file: people
-- in:   code_hash bytes
-- meets: all
-- rows: none
UPDATE invitation SET claims_left = claims_left - 1 WHERE code_hash = $1 AND claims_left > 0;

-- name: invitation_void
-- file: people
-- in:   person_id int64
-- meets: all
-- rows: none
UPDATE invitation SET claims_left = 0 WHERE person_id = $1 AND claims_left > 0;

-- name: contact_key_load
-- file: people
-- in:   organisation_id int64, key_hash bytes
-- out:  person_id int64, relationship_id int64
-- rows: one
SELECT :columns: FROM contact_key WHERE organisation_id = $1 AND key_hash = $2;

-- name: contact_key_insert
-- file: people
-- in:   organisation_id int64, key_hash bytes, person_id int64, relationship_id int64
-- meets: any
-- rows: none
INSERT INTO contact_key (organisation_id, key_hash, person_id, relationship_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (organisation_id, key_hash) DO NOTHING;

-- name: contact_key_move
-- file: people
-- in:   organisation_id int64, from_person_id int64, to_person_id int64
-- meets: all
-- rows: none
UPDATE contact_key SET person_id = $3 WHERE organisation_id = $1 AND person_id = $2;
