-- SPDX-License-Identifier: Apache-2.0
-- People, their keys, sign-in links and sessions.

-- name: person_insert
-- file: people
-- in:   person_id int64, state int64, created_at_ms int64
-- rows: none
INSERT INTO person (person_id, state, merged_into, created_at_ms) VALUES ($1, $2, 0, $3);

-- name: person_load
-- file: people
-- in:   person_id int64
-- out:  state int64, merged_into int64, created_at_ms int64
-- apart: person_id
-- rows: one
SELECT state, merged_into, created_at_ms FROM person WHERE person_id = $1;

-- name: person_update
-- file: people
-- in:   person_id int64, state int64, merged_into int64
-- meets: one
-- rows: none
UPDATE person SET state = $2, merged_into = $3 WHERE person_id = $1;

-- name: person_list
-- file: people
-- in:   after int64, most int64
-- out:  person_id int64, state int64, merged_into int64
-- rows: many
SELECT person_id, state, merged_into FROM person WHERE person_id > $1 ORDER BY person_id LIMIT $2;

-- With the bucket's own key, where that lies in the same database: both of one moment.
-- name: person_key_load
-- file: keys
-- in:   person_id int64
-- out:  bucket int64, wrapped bytes, sealed bytes
-- rows: one
SELECT person_key.bucket, wrapped, sealed FROM person_key LEFT JOIN bucket_key ON bucket_key.bucket = person_key.bucket
WHERE person_id = $1;

-- name: person_key_insert
-- file: keys
-- in:   person_id int64, bucket int64, wrapped bytes
-- rows: none
INSERT INTO person_key (person_id, bucket, wrapped) VALUES ($1, $2, $3);

-- name: person_key_update
-- file: keys
-- in:   person_id int64, bucket int64, wrapped bytes
-- meets: one
-- rows: none
UPDATE person_key SET bucket = $2, wrapped = $3 WHERE person_id = $1;

-- name: person_key_delete
-- file: keys
-- in:   person_id int64
-- meets: one
-- rows: none
DELETE FROM person_key WHERE person_id = $1;

-- name: person_key_list
-- file: keys
-- in:   after_id int64, before_id int64, most int64
-- out:  person_id int64
-- rows: many
SELECT person_id FROM person_key WHERE person_id > $1 AND person_id < $2 ORDER BY person_id LIMIT $3;

-- name: person_key_list_of_bucket
-- file: keys
-- in:   bucket int64
-- out:  person_id int64, wrapped bytes
-- rows: many
SELECT person_id, wrapped FROM person_key WHERE bucket = $1 ORDER BY person_id;

-- name: person_key_list_of_buckets
-- file: keys
-- out:  bucket int64, person_id int64
-- rows: many
SELECT bucket, min(person_id) AS person_id FROM person_key GROUP BY bucket ORDER BY bucket;

-- name: key_bucket_open
-- file: keys
-- in:   people_max int64
-- out:  bucket int64, people int64, sealed bytes
-- rows: one
SELECT key_bucket.bucket, people, sealed FROM key_bucket LEFT JOIN bucket_key ON bucket_key.bucket = key_bucket.bucket
WHERE open = 1 AND people < $1 ORDER BY key_bucket.bucket DESC LIMIT 1;

-- Those that hold people and are not to be destroyed.
-- name: key_bucket_list_of_people
-- file: keys
-- out:  bucket int64, people int64, sealed bytes
-- rows: many
SELECT key_bucket.bucket, people, sealed FROM key_bucket LEFT JOIN bucket_key ON bucket_key.bucket = key_bucket.bucket
WHERE open <> 2 AND people > 0 ORDER BY key_bucket.bucket;

-- name: key_bucket_insert
-- file: keys
-- in:   bucket int64, people int64, open int64
-- rows: none
INSERT INTO key_bucket (bucket, people, open) VALUES ($1, $2, $3);

-- One that was destroyed and has come back; it holds nobody.
-- name: key_bucket_doom
-- file: keys
-- in:   bucket int64
-- meets: any
-- rows: none
INSERT INTO key_bucket (bucket, people, open) VALUES ($1, 0, 2) ON CONFLICT (bucket) DO NOTHING;

-- name: key_bucket_count
-- file: keys
-- in:   bucket int64, more int64
-- meets: one
-- rows: none
UPDATE key_bucket SET people = people + $2 WHERE bucket = $1;

-- name: key_bucket_set_open
-- file: keys
-- in:   bucket int64, open int64
-- meets: one
-- rows: none
UPDATE key_bucket SET open = $2 WHERE bucket = $1;

-- Those that came back hold nobody, and go last.
-- name: key_bucket_list_doomed
-- file: keys
-- in:   most int64
-- out:  bucket int64
-- rows: many
SELECT bucket FROM key_bucket WHERE open = 2 ORDER BY people DESC, bucket LIMIT $1;

-- name: key_bucket_count_doomed
-- file: keys
-- out:  buckets int64
-- rows: one
SELECT count(*) FROM key_bucket WHERE open = 2;

-- name: key_bucket_list_left
-- file: keys
-- out:  bucket int64, sealed bytes
-- rows: many
SELECT key_bucket.bucket, sealed FROM key_bucket LEFT JOIN bucket_key ON bucket_key.bucket = key_bucket.bucket
WHERE open = 3 ORDER BY key_bucket.bucket;

-- name: key_bucket_delete
-- file: keys
-- in:   bucket int64
-- meets: all
-- rows: none
DELETE FROM key_bucket WHERE bucket = $1;

-- name: sign_in_link_insert
-- file: people
-- in:   public_id text, hash bytes, person_id int64, expires_at_ms int64
-- rows: none
INSERT INTO sign_in_link (public_id, hash, person_id, expires_at_ms, used_at_ms) VALUES ($1, $2, $3, $4, 0);

-- name: sign_in_link_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, person_id int64, expires_at_ms int64, used_at_ms int64
-- rows: one
SELECT hash, person_id, expires_at_ms, used_at_ms FROM sign_in_link WHERE public_id = $1;

-- name: sign_in_link_use
-- file: people
-- in:   public_id text, used_at_ms int64
-- meets: all
-- rows: none
UPDATE sign_in_link SET used_at_ms = $2 WHERE public_id = $1 AND used_at_ms = 0;

-- name: session_insert
-- file: people
-- in:   public_id text, hash bytes, session_id int64, person_id int64, created_at_ms int64, seen_at_ms int64,
--       expires_at_ms int64, verified_at_ms int64, way int64, device int64
-- rows: none
INSERT INTO session (public_id, hash, session_id, person_id, created_at_ms, seen_at_ms, expires_at_ms, ended_at_ms,
    verified_at_ms, way, device)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10);

-- name: session_load
-- file: people
-- in:   public_id text
-- out:  hash bytes, session_id int64, person_id int64, created_at_ms int64, seen_at_ms int64, expires_at_ms int64,
--       ended_at_ms int64, verified_at_ms int64, way int64, device int64
-- rows: one
SELECT :columns: FROM session WHERE public_id = $1;

-- name: session_note
-- file: people
-- in:   public_id text, seen_at_ms int64
-- meets: any
-- rows: none
UPDATE session SET seen_at_ms = $2 WHERE public_id = $1 AND seen_at_ms < $2;

-- name: session_list
-- file: people
-- in:   person_id int64, now_ms int64, seen_after_ms int64, most int64
-- out:  session_id int64, created_at_ms int64, seen_at_ms int64, expires_at_ms int64, way int64, device int64
-- rows: many
SELECT :columns: FROM session
WHERE person_id = $1 AND ended_at_ms = 0 AND expires_at_ms > $2 AND seen_at_ms > $3
ORDER BY seen_at_ms DESC, session_id DESC LIMIT $4;

-- name: session_delete
-- file: people
-- in:   public_id text
-- meets: all
-- rows: none
DELETE FROM session WHERE public_id = $1;

-- name: session_end_one
-- file: people
-- in:   person_id int64, session_id int64
-- meets: all
-- rows: none
DELETE FROM session WHERE person_id = $1 AND session_id = $2;

-- name: session_end_others
-- file: people
-- in:   person_id int64, session_id int64
-- meets: all
-- rows: none
DELETE FROM session WHERE person_id = $1 AND session_id <> $2;

-- name: session_forget
-- file: people
-- in:   until_ms int64, most int64
-- meets: any
-- rows: none
DELETE FROM session WHERE public_id IN
    (SELECT public_id FROM session WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2);

-- name: leftover_insert
-- file: people
-- in:   person_id int64, relationship_id int64
-- rows: none
INSERT INTO leftover (person_id, relationship_id) VALUES ($1, $2);

-- name: leftover_list
-- file: people
-- in:   most int64
-- out:  person_id int64, relationship_id int64
-- rows: many
SELECT :columns: FROM leftover ORDER BY person_id, relationship_id LIMIT $1;

-- name: leftover_delete
-- file: people
-- in:   person_id int64, relationship_id int64
-- meets: all
-- rows: none
DELETE FROM leftover WHERE person_id = $1 AND relationship_id = $2;

-- name: leftover_count
-- file: people
-- in:   person_id int64
-- out:  notes int64
-- rows: one
SELECT count(*) AS notes FROM leftover WHERE person_id = $1;

-- name: predecessor_insert
-- file: people
-- in:   person_id int64, predecessor_id int64, claimed_at_ms int64, after_id int64, sealed bytes
-- rows: none
INSERT INTO predecessor (person_id, predecessor_id, claimed_at_ms, after_id, sealed) VALUES ($1, $2, $3, $4, $5);

-- name: predecessor_list
-- file: people
-- in:   person_id int64
-- out:  predecessor_id int64, after_id int64, sealed bytes
-- rows: many
SELECT :columns: FROM predecessor WHERE person_id = $1 ORDER BY claimed_at_ms DESC, predecessor_id DESC;
