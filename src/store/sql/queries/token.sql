-- SPDX-License-Identifier: Apache-2.0
-- Keys of systems that sign, their access tokens, and what has been used up.

-- name: system_key_insert
-- file: people
-- in:   organisation_id int64, system_id int64, department_id int64, department_bit int64, scopes int64, jwks text,
--       redirect_uris text, created_at_ms int64
-- rows: none
INSERT INTO system_key (organisation_id, system_id, department_id, department_bit, scopes, jwks, redirect_uris,
    created_at_ms, revoked_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0);

-- name: system_key_load
-- file: people
-- in:   organisation_id int64, system_id int64
-- out:  department_id int64, department_bit int64, scopes int64, jwks text, redirect_uris text, revoked_at_ms int64
-- rows: one
SELECT :columns: FROM system_key WHERE organisation_id = $1 AND system_id = $2;

-- name: system_key_revoke
-- file: people
-- in:   organisation_id int64, system_id int64, revoked_at_ms int64
-- meets: all
-- rows: none
UPDATE system_key SET revoked_at_ms = $3 WHERE organisation_id = $1 AND system_id = $2 AND revoked_at_ms = 0;

-- name: access_token_insert
-- file: people
-- in:   public_id text, hash bytes, organisation_id int64, system_id int64, scopes int64, thumbprint bytes,
--       issued_at_ms int64, expires_at_ms int64
-- rows: none
INSERT INTO access_token (public_id, hash, organisation_id, system_id, scopes, thumbprint, issued_at_ms, expires_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: access_token_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, organisation_id int64, system_id int64, scopes int64, thumbprint bytes, issued_at_ms int64,
--       expires_at_ms int64
-- rows: one
SELECT :columns: FROM access_token WHERE public_id = $1;

-- name: access_token_revoke
-- file: people
-- in:   public_id text
-- meets: all
-- rows: none
DELETE FROM access_token WHERE public_id = $1;

-- name: access_token_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM access_token WHERE public_id IN
    (SELECT public_id FROM access_token WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);

-- name: seen_token_insert
-- file: people
-- in:   token_hash bytes, expires_at_ms int64
-- meets: any
-- rows: none
INSERT INTO seen_token (token_hash, expires_at_ms) VALUES ($1, $2) ON CONFLICT (token_hash) DO NOTHING;

-- name: seen_token_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM seen_token WHERE token_hash IN
    (SELECT token_hash FROM seen_token WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);

-- name: seen_read_token_insert
-- file: ledger
-- in:   token_hash bytes, expires_at_ms int64
-- apart: token_hash
-- meets: any
-- rows: none
INSERT INTO seen_read_token (token_hash, expires_at_ms) VALUES ($1, $2) ON CONFLICT (token_hash) DO NOTHING;

-- name: seen_read_token_forget
-- file: ledger
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM seen_read_token WHERE token_hash IN
    (SELECT token_hash FROM seen_read_token WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);
