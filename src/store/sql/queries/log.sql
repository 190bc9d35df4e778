-- SPDX-License-Identifier: Apache-2.0
-- The log: entries without a number, entries with one, tiles, the published head.

-- name: log_origin_load
-- file: people
-- out:  origin text
-- rows: one
SELECT value FROM node_text WHERE name = 'log_origin';

-- name: log_origin_create
-- file: people
-- in:   origin text
-- meets: any
-- rows: none
INSERT INTO node_text (name, value) VALUES ('log_origin', $1) ON CONFLICT (name) DO NOTHING;

-- name: log_pending_insert
-- file: people
-- in:   person_id int64, receipt_id int64, leaf bytes
-- apart: person_id
-- rows: none
INSERT INTO log_pending (person_id, receipt_id, leaf) VALUES ($1, $2, $3);

-- In the order of the leaves, so that the log does not show who came first.
-- name: log_pending_list
-- file: people
-- in:   row_limit int64
-- out:  person_id int64, receipt_id int64, leaf bytes
-- rows: many
SELECT person_id, receipt_id, leaf FROM log_pending ORDER BY leaf LIMIT $1;

-- name: log_pending_count
-- file: people
-- out:  pending int64
-- rows: one
SELECT COUNT(*) FROM log_pending;

-- name: log_pending_take
-- file: people
-- in:   person_id int64, receipt_id int64, leaf bytes
-- apart: person_id
-- meets: told
-- rows: none
DELETE FROM log_pending WHERE person_id = $1 AND receipt_id = $2 AND leaf = $3;

-- name: log_leaf_insert
-- file: people
-- in:   receipt_id int64, person_id int64, leaf_index int64
-- rows: none
INSERT INTO log_leaf (receipt_id, person_id, leaf_index) VALUES ($1, $2, $3);

-- name: log_leaf_load
-- file: people
-- in:   person_id int64, receipt_id int64
-- out:  leaf_index int64
-- rows: one
SELECT leaf_index FROM log_leaf WHERE receipt_id = $2 AND person_id = $1;

-- name: log_leaf_list
-- file: people
-- in:   after_receipt_id int64, row_limit int64
-- out:  receipt_id int64, person_id int64, leaf_index int64
-- rows: many
SELECT receipt_id, person_id, leaf_index FROM log_leaf WHERE receipt_id > $1 ORDER BY receipt_id LIMIT $2;

-- Every receipt with its place in the log: leaf_index -1 while it has none, pending 1 while it waits for one.
-- name: log_receipt_list
-- file: people
-- in:   after_receipt_id int64, row_limit int64
-- out:  receipt_id int64, leaf bytes, leaf_index int64, pending int64
-- rows: many
SELECT receipt.receipt_id, receipt.leaf, COALESCE(log_leaf.leaf_index, -1),
       CASE WHEN log_pending.receipt_id IS NULL THEN 0 ELSE 1 END
FROM receipt
LEFT JOIN log_leaf ON log_leaf.receipt_id = receipt.receipt_id AND log_leaf.person_id = receipt.person_id
LEFT JOIN log_pending ON log_pending.person_id = receipt.person_id AND log_pending.receipt_id = receipt.receipt_id
WHERE receipt.receipt_id > $1 ORDER BY receipt.receipt_id LIMIT $2;

-- name: log_tile_load
-- file: people
-- in:   level int64, tile_index int64
-- out:  data bytes
-- rows: one
SELECT data FROM log_tile WHERE level = $1 AND tile_index = $2;

-- name: log_tile_put
-- file: people
-- in:   level int64, tile_index int64, data bytes
-- rows: none
INSERT INTO log_tile (level, tile_index, data) VALUES ($1, $2, $3)
ON CONFLICT (level, tile_index) DO UPDATE SET data = excluded.data;

-- name: log_tile_count
-- file: people
-- out:  tiles int64
-- rows: one
SELECT COUNT(*) FROM log_tile;

-- name: log_head_load
-- file: people
-- out:  size int64, root bytes, note text, at_ms int64
-- rows: one
SELECT size, root, note, at_ms FROM log_head WHERE head_id = 1;

-- name: log_head_create
-- file: people
-- in:   size int64, root bytes, note text, at_ms int64
-- out:  head_id int64
-- rows: one
INSERT INTO log_head (head_id, size, root, note, at_ms) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (head_id) DO NOTHING RETURNING head_id;

-- Moves the head on, only from where it was seen.
-- name: log_head_advance
-- file: people
-- in:   size int64, root bytes, note text, at_ms int64, seen_size int64, seen_root bytes
-- out:  head_id int64
-- rows: one
UPDATE log_head SET size = $1, root = $2, note = $3, at_ms = $4
WHERE head_id = 1 AND size = $5 AND root = $6 RETURNING head_id;

-- name: log_lease_load
-- file: people
-- out:  holder int64, until_ms int64
-- rows: one
SELECT :columns: FROM log_lease WHERE lease_id = 1;

-- Gives or prolongs it, unless another holds it and its time is not over.
-- name: log_lease_take
-- file: people
-- in:   holder int64, now_ms int64, until_ms int64
-- out:  epoch int64
-- rows: one
INSERT INTO log_lease (lease_id, holder, epoch, until_ms) VALUES (1, $1, 1, $3)
ON CONFLICT (lease_id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms,
    epoch = log_lease.epoch + CASE WHEN log_lease.holder = excluded.holder THEN 0 ELSE 1 END
WHERE log_lease.holder = excluded.holder OR log_lease.until_ms <= $2 OR log_lease.until_ms > $3 RETURNING epoch;

-- name: log_lease_end
-- file: people
-- in:   holder int64
-- meets: any
-- rows: none
UPDATE log_lease SET until_ms = 0 WHERE lease_id = 1 AND holder = $1;
