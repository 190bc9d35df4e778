-- SPDX-License-Identifier: Apache-2.0
-- Bucket keys that lie in a database, sealed: a row is written once, and goes with its bucket. And what servers that
-- share them know together.

-- name: bucket_key_load
-- file: keys
-- in:   bucket int64
-- out:  sealed bytes
-- rows: one
SELECT sealed FROM bucket_key WHERE bucket = $1;

-- name: bucket_key_insert
-- file: keys
-- in:   bucket int64, sealed bytes
-- rows: none
INSERT INTO bucket_key (bucket, sealed) VALUES ($1, $2);

-- name: bucket_key_delete
-- file: keys
-- in:   bucket int64
-- meets: all
-- rows: none
DELETE FROM bucket_key WHERE bucket = $1;

-- name: bucket_key_list
-- file: keys
-- out:  bucket int64
-- rows: many
SELECT bucket FROM bucket_key ORDER BY bucket;

-- Those that were destroyed. With the key, where that lies in the same database, and should not.
-- name: bucket_gone_put
-- file: keys
-- in:   bucket int64
-- rows: none
INSERT INTO bucket_gone (bucket) VALUES ($1) ON CONFLICT (bucket) DO UPDATE SET bucket = excluded.bucket;

-- name: bucket_gone_list
-- file: keys
-- in:   after int64, most int64
-- out:  bucket int64, sealed bytes
-- rows: many
SELECT bucket_gone.bucket, sealed FROM bucket_gone LEFT JOIN bucket_key ON bucket_key.bucket = bucket_gone.bucket
WHERE bucket_gone.bucket > $1 ORDER BY bucket_gone.bucket LIMIT $2;

-- Whose keys these are: the first who comes writes it, and it stays.
-- name: key_owner_load
-- file: keys
-- out:  name text
-- rows: one
SELECT name FROM key_owner WHERE row_id = 1;

-- name: key_owner_insert
-- file: keys
-- in:   name text
-- meets: any
-- rows: none
INSERT INTO key_owner (row_id, name) VALUES (1, $1) ON CONFLICT (row_id) DO NOTHING;

-- The newest checkpoint that any server has seen. Never back.
-- name: log_mark_load
-- file: keys
-- out:  size int64, note text
-- rows: one
SELECT size, note FROM log_mark WHERE row_id = 1;

-- name: log_mark_keep
-- file: keys
-- in:   size int64, note text
-- meets: any
-- rows: none
INSERT INTO log_mark (row_id, size, note) VALUES (1, $1, $2)
ON CONFLICT (row_id) DO UPDATE SET size = excluded.size, note = excluded.note WHERE log_mark.size < excluded.size;
