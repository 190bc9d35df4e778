-- SPDX-License-Identifier: Apache-2.0
-- Pushed requests, authorizations, and their codes and tokens.

-- name: pushed_request_insert
-- file: people
-- in:   public_id text, hash bytes, organisation_id int64, system_id int64, asked text, expires_at_ms int64
-- rows: none
INSERT INTO pushed_request (public_id, hash, organisation_id, system_id, asked, expires_at_ms)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: pushed_request_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, organisation_id int64, system_id int64, asked text, expires_at_ms int64
-- rows: one
SELECT :columns: FROM pushed_request WHERE public_id = $1;

-- name: pushed_request_use
-- file: people
-- in:   public_id text
-- meets: all
-- rows: none
DELETE FROM pushed_request WHERE public_id = $1;

-- name: pushed_request_count
-- file: people
-- in:   organisation_id int64, system_id int64, now_ms int64
-- out:  waiting int64
-- rows: one
SELECT count(*) AS waiting FROM pushed_request WHERE organisation_id = $1 AND system_id = $2 AND expires_at_ms > $3;

-- name: pushed_request_give_way
-- file: people
-- in:   organisation_id int64, system_id int64, now_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM pushed_request WHERE public_id IN
    (SELECT public_id FROM pushed_request WHERE organisation_id = $1 AND system_id = $2 AND expires_at_ms > $3
     ORDER BY expires_at_ms LIMIT $4);

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
    asked, verified_at_ms, created_at_ms, tag, used_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0);

-- name: authorization_load
-- file: people
-- in:   person_id int64, authorization_id int64
-- out:  relationship_id int64, organisation_id int64, system_id int64, grant_id int64, asked text,
--       verified_at_ms int64, created_at_ms int64, tag text, used_at_ms int64
-- rows: one
SELECT :columns: FROM authorization_now WHERE person_id = $1 AND authorization_id = $2;

-- name: authorization_of_grant
-- file: people
-- in:   person_id int64, grant_id int64, organisation_id int64, system_id int64
-- out:  authorization_id int64
-- rows: one
SELECT authorization_id FROM authorization_now
WHERE person_id = $1 AND grant_id = $2 AND organisation_id = $3 AND system_id = $4
ORDER BY authorization_id DESC LIMIT 1;

-- name: authorization_end
-- file: people
-- in:   person_id int64, authorization_id int64
-- meets: all
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1 AND authorization_id = $2;

-- name: authorization_end_of_grant
-- file: people
-- in:   person_id int64, grant_id int64, organisation_id int64, system_id int64
-- meets: any
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1 AND grant_id = $2 AND organisation_id = $3 AND system_id = $4;

-- name: authorization_list_of_grant
-- file: people
-- in:   person_id int64, grant_id int64, most int64
-- out:  authorization_id int64
-- rows: many
SELECT authorization_id FROM authorization_now WHERE person_id = $1 AND grant_id = $2
ORDER BY authorization_id DESC LIMIT $3;

-- name: authorization_note
-- file: people
-- in:   person_id int64, authorization_id int64, used_at_ms int64
-- meets: all
-- rows: none
UPDATE authorization_now SET used_at_ms = $3 WHERE person_id = $1 AND authorization_id = $2;

-- name: authorization_list
-- file: people
-- in:   person_id int64, before int64, most int64
-- out:  authorization_id int64
-- rows: many
SELECT authorization_id FROM authorization_now WHERE person_id = $1 AND authorization_id < $2
ORDER BY authorization_id DESC LIMIT $3;

-- name: authorization_count
-- file: people
-- in:   person_id int64, organisation_id int64, system_id int64
-- out:  authorizations int64, of_client int64
-- rows: one
SELECT count(*) AS authorizations, count(CASE WHEN organisation_id = $2 AND system_id = $3 THEN 1 END) AS of_client
FROM authorization_now WHERE person_id = $1;

-- Those of a person whose grant or relationship is over: none of their tokens is ever good again.
-- name: authorization_forget_dead
-- file: people
-- in:   person_id int64, now_ms int64
-- meets: any
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1
    AND (NOT EXISTS (SELECT 1 FROM relationship r
             WHERE r.person_id = $1 AND r.relationship_id = authorization_now.relationship_id
                 AND r.state IN (3, 4) AND (r.ends_at_ms = 0 OR r.ends_at_ms > $2))
         OR (grant_id <> 0 AND grant_id NOT IN (WITH RECURSIVE :purposes_of_relationships:
             SELECT g.grant_id FROM named CROSS JOIN grant_now g
             WHERE g.person_id = $1 AND g.relationship_id = named.bond AND g.purpose_id = named.purpose
                 AND g.closes_at_ms > $2)));

-- name: authorization_crowd_out_any
-- file: people
-- in:   person_id int64, newest int64
-- meets: any
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1 AND authorization_id <=
    (SELECT authorization_id FROM authorization_now WHERE person_id = $1 ORDER BY authorization_id DESC
     LIMIT 1 OFFSET $2);

-- name: authorization_crowd_out
-- file: people
-- in:   person_id int64, organisation_id int64, system_id int64, newest int64
-- meets: any
-- rows: none
DELETE FROM authorization_now WHERE person_id = $1 AND organisation_id = $2 AND system_id = $3 AND authorization_id <=
    (SELECT authorization_id FROM authorization_now
     WHERE person_id = $1 AND organisation_id = $2 AND system_id = $3 ORDER BY authorization_id DESC LIMIT 1 OFFSET $4);

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
    expires_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: authorization_token_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, kind int64, person_id int64, authorization_id int64, thumbprint bytes, issued_at_ms int64,
--       expires_at_ms int64
-- rows: one
SELECT :columns: FROM authorization_token WHERE public_id = $1;

-- name: authorization_token_use
-- file: people
-- in:   public_id text, kind int64, used_kind int64, hash bytes
-- meets: all
-- rows: none
UPDATE authorization_token SET kind = $3, hash = $4 WHERE public_id = $1 AND kind = $2;

-- name: authorization_token_revoke
-- file: people
-- in:   public_id text
-- meets: all
-- rows: none
DELETE FROM authorization_token WHERE public_id = $1;

-- name: authorization_token_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM authorization_token WHERE public_id IN
    (SELECT public_id FROM authorization_token WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);
