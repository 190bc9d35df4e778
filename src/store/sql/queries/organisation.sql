-- SPDX-License-Identifier: Apache-2.0
-- Organisations, departments, systems and their keys.

-- name: organisation_insert
-- file: people
-- in:   organisation_id int64, slug text, name text, created_at_ms int64
-- rows: none
INSERT INTO organisation (organisation_id, slug, name, created_at_ms) VALUES ($1, $2, $3, $4);

-- name: organisation_load
-- file: people
-- in:   organisation_id int64
-- row:  organisation
-- out:  organisation_id int64, slug text, name text
-- rows: one
SELECT :columns: FROM organisation WHERE organisation_id = $1;

-- name: organisation_find
-- file: people
-- in:   words text
-- row:  organisation
-- out:  organisation_id int64, slug text, name text
-- rows: many
SELECT :columns: FROM organisation WHERE slug = $1 OR name = $1 ORDER BY organisation_id;

-- name: organisation_list
-- file: people
-- row:  organisation
-- out:  organisation_id int64, slug text, name text
-- rows: many
SELECT :columns: FROM organisation ORDER BY organisation_id;

-- name: organisation_key_insert
-- file: keys
-- in:   organisation_id int64, sealed bytes, public_jwk text
-- rows: none
INSERT INTO organisation_key (organisation_id, sealed, public_jwk) VALUES ($1, $2, $3);

-- name: organisation_key_load
-- file: keys
-- in:   organisation_id int64
-- out:  sealed bytes, public_jwk text
-- rows: one
SELECT sealed, public_jwk FROM organisation_key WHERE organisation_id = $1;

-- name: department_insert
-- file: people
-- in:   organisation_id int64, department_id int64, ordinal int64, name text, created_at_ms int64
-- rows: none
INSERT INTO department (organisation_id, department_id, ordinal, name, created_at_ms) VALUES ($1, $2, $3, $4, $5);

-- name: department_load
-- file: people
-- in:   organisation_id int64, department_id int64
-- row:  department
-- out:  organisation_id int64, department_id int64, ordinal int64, name text, created_at_ms int64
-- rows: one
SELECT :columns: FROM department
WHERE organisation_id = $1 AND department_id = $2;

-- name: department_list
-- file: people
-- in:   organisation_id int64
-- row:  department
-- out:  organisation_id int64, department_id int64, ordinal int64, name text, created_at_ms int64
-- rows: many
SELECT :columns: FROM department
WHERE organisation_id = $1 ORDER BY department_id;

-- name: system_insert
-- file: people
-- in:   organisation_id int64, system_id int64, department_id int64, name text, scopes int64, created_at_ms int64
-- rows: none
INSERT INTO system (organisation_id, system_id, department_id, name, scopes, created_at_ms, revoked_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, 0);

-- name: system_load
-- file: people
-- in:   organisation_id int64, system_id int64
-- out:  name text
-- rows: one
SELECT name FROM system WHERE organisation_id = $1 AND system_id = $2;

-- name: system_list
-- file: people
-- in:   organisation_id int64
-- out:  organisation_id int64, system_id int64, department_id int64, name text, scopes int64, created_at_ms int64,
--       revoked_at_ms int64, jwks text, redirect_uris text
-- rows: many
SELECT s.organisation_id, s.system_id, s.department_id, s.name, s.scopes, s.created_at_ms, s.revoked_at_ms,
    COALESCE(k.jwks, '') AS jwks, COALESCE(k.redirect_uris, '') AS redirect_uris
FROM system s LEFT JOIN system_key k ON k.organisation_id = s.organisation_id AND k.system_id = s.system_id
WHERE s.organisation_id = $1 ORDER BY s.system_id;

-- name: system_revoke
-- file: people
-- in:   organisation_id int64, system_id int64, revoked_at_ms int64
-- meets: all
-- rows: none
UPDATE system SET revoked_at_ms = $3 WHERE organisation_id = $1 AND system_id = $2 AND revoked_at_ms = 0;

-- name: api_key_insert
-- file: people
-- in:   public_id text, hash bytes, organisation_id int64, department_id int64, department_bit int64, system_id int64,
--       scopes int64, created_at_ms int64
-- rows: none
INSERT INTO api_key (public_id, hash, organisation_id, department_id, department_bit, system_id, scopes, created_at_ms,
    revoked_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0);

-- name: api_key_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, organisation_id int64, department_id int64, department_bit int64, system_id int64, scopes int64,
--       revoked_at_ms int64
-- rows: one
SELECT hash, organisation_id, department_id, department_bit, system_id, scopes, revoked_at_ms FROM api_key
WHERE public_id = $1;

-- name: api_key_revoke
-- file: people
-- in:   organisation_id int64, system_id int64, revoked_at_ms int64
-- meets: all
-- rows: none
UPDATE api_key SET revoked_at_ms = $3 WHERE organisation_id = $1 AND system_id = $2 AND revoked_at_ms = 0;
