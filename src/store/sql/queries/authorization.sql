-- SPDX-License-Identifier: Apache-2.0
-- Pushed requests, authorizations, and their codes and tokens.

-- name: pushed_request_insert
-- file: people
-- in:   public_id text, hash bytes, organisation_id int64, system_id int64, asked text, expires_at_ms int64
-- rows: none
INSERT INTO pushed_request (public_id, hash, organisation_id, system_id, asked, expires_at_ms, used_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, 0);

-- name: pushed_request_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, organisation_id int64, system_id int64, asked text, expires_at_ms int64, used_at_ms int64
-- rows: one
SELECT :columns: FROM pushed_request WHERE public_id = $1;

-- name: pushed_request_use
-- file: people
-- in:   public_id text, used_at_ms int64
-- meets: all
-- rows: none
UPDATE pushed_request SET used_at_ms = $2 WHERE public_id = $1 AND used_at_ms = 0;

-- name: pushed_request_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM pushed_request WHERE public_id IN
    (SELECT public_id FROM pushed_request WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);

-- name: authorization_insert
-- file: people
-- in:   person_id int64, authorization_id int64, relationship_id int64, organisation_id int64, system_id int64,
--       grant_id int64, asked text, verified_at_ms int64, created_at_ms int64, tag text
-- rows: none
INSERT INTO authorization_now (person_id, authorization_id, relationship_id, organisation_id, system_id, grant_id,
    asked, verified_at_ms, created_at_ms, tag, ended_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0);

-- name: authorization_load
-- file: people
-- in:   person_id int64, authorization_id int64
-- out:  relationship_id int64, organisation_id int64, system_id int64, grant_id int64, asked text,
--       verified_at_ms int64, created_at_ms int64, tag text, ended_at_ms int64
-- rows: one
SELECT :columns: FROM authorization_now WHERE person_id = $1 AND authorization_id = $2;

-- name: authorization_of_grant
-- file: people
-- in:   person_id int64, grant_id int64, organisation_id int64, system_id int64
-- out:  authorization_id int64
-- rows: one
SELECT authorization_id FROM authorization_now
WHERE person_id = $1 AND grant_id = $2 AND organisation_id = $3 AND system_id = $4 AND ended_at_ms = 0
ORDER BY authorization_id DESC LIMIT 1;

-- name: authorization_end
-- file: people
-- in:   person_id int64, authorization_id int64, ended_at_ms int64
-- meets: all
-- rows: none
UPDATE authorization_now SET ended_at_ms = $3 WHERE person_id = $1 AND authorization_id = $2 AND ended_at_ms = 0;

-- name: authorization_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM authorization_now WHERE created_at_ms <= $1 AND authorization_id IN
    (SELECT authorization_id FROM authorization_now WHERE created_at_ms <= $1 ORDER BY created_at_ms LIMIT $2);

-- name: authorization_token_insert
-- file: people
-- in:   public_id text, hash bytes, kind int64, person_id int64, authorization_id int64, thumbprint bytes,
--       issued_at_ms int64, expires_at_ms int64
-- rows: none
INSERT INTO authorization_token (public_id, hash, kind, person_id, authorization_id, thumbprint, issued_at_ms,
    expires_at_ms, used_at_ms, revoked_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0);

-- name: authorization_token_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, kind int64, person_id int64, authorization_id int64, thumbprint bytes, issued_at_ms int64,
--       expires_at_ms int64, used_at_ms int64, revoked_at_ms int64
-- rows: one
SELECT :columns: FROM authorization_token WHERE public_id = $1;

-- name: authorization_token_use
-- file: people
-- in:   public_id text, used_at_ms int64
-- meets: all
-- rows: none
UPDATE authorization_token SET used_at_ms = $2 WHERE public_id = $1 AND used_at_ms = 0;

-- name: authorization_token_revoke
-- file: people
-- in:   public_id text, revoked_at_ms int64
-- meets: all
-- rows: none
UPDATE authorization_token SET revoked_at_ms = $2 WHERE public_id = $1 AND revoked_at_ms = 0;

-- name: authorization_token_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM authorization_token WHERE public_id IN
    (SELECT public_id FROM authorization_token WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);
