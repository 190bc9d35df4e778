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

-- The newest checkpoint that any server has seen, and how often the data was changed by then. Never back.
-- name: log_mark_load
-- file: keys
-- out:  size int64, note text, data_generation int64
-- rows: one
SELECT size, note, data_generation FROM log_mark WHERE row_id = 1;

-- name: log_mark_keep
-- file: keys
-- in:   size int64, note text, data_generation int64
-- meets: any
-- rows: none
INSERT INTO log_mark (row_id, size, note, data_generation) VALUES (1, $1, $2, $3)
ON CONFLICT (row_id) DO UPDATE SET
    size = CASE WHEN log_mark.size < excluded.size THEN excluded.size ELSE log_mark.size END,
    note = CASE WHEN log_mark.size < excluded.size THEN excluded.note ELSE log_mark.note END,
    data_generation = CASE WHEN log_mark.data_generation < excluded.data_generation THEN excluded.data_generation
                           ELSE log_mark.data_generation END
WHERE log_mark.size < excluded.size OR log_mark.data_generation < excluded.data_generation;
