-- SPDX-License-Identifier: Apache-2.0
-- Every form of a query, for the tests of the store.

-- name: thing_insert
-- file: people
-- in:   thing_id int64, name text,
--       data bytes
-- rows: none
INSERT INTO thing (thing_id, name, data)   -- a comment; with a semicolon
VALUES ($1, $2, $3);

-- name: thing_load
-- file: people
-- in:   thing_id int64
-- out:  name text, data bytes
-- rows: one
SELECT name, data FROM thing WHERE thing_id = $1;

-- name: thing_list
-- file: people
-- in:   after int64, most int64
-- out:  thing_id int64, name text, data bytes
-- rows: many
SELECT thing_id, name, data FROM thing WHERE thing_id > $1 ORDER BY thing_id LIMIT $2;

-- name: thing_walk
-- file: people
-- in:   after int64
-- out:  thing_id int64, name text
-- rows: walk
SELECT thing_id, name FROM thing WHERE thing_id > $1 ORDER BY thing_id;

-- name: thing_count
-- file: people
-- out:  things int64, largest int64
-- rows: one
SELECT count(*), max(thing_id) FROM thing;

-- name: thing_rename
-- file: people
-- in:   thing_id int64, name text
-- meets: all
-- rows: none
UPDATE thing SET name = $2 WHERE thing_id = $1;

-- name: thing_rename_one
-- file: people
-- in:   thing_id int64, name text
-- meets: one
-- rows: none
UPDATE thing SET name = $2 WHERE thing_id = $1;

-- name: thing_fill_one
-- file: people
-- in:   first_id int64, last_id int64, data bytes
-- meets: one
-- rows: none
UPDATE thing SET data = $3 WHERE thing_id >= $1 AND thing_id <= $2;

-- name: thing_forget
-- file: people
-- in:   data bytes, first_id int64, last_id int64
-- meets: all
-- rows: none
DELETE FROM thing   -- parameters in an order of their own
WHERE thing_id IN (SELECT thing_id FROM thing WHERE thing_id >= $2 AND thing_id <= $3) AND data = $1
    AND name <> ' where $9';

-- name: thing_rename_all
-- file: people
-- in:   suffix text
-- out:  thing_id int64, name text
-- rows: many
UPDATE thing SET name = name || '$1' || $1 RETURNING thing_id, name;

-- name: thing_take
-- file: people
-- in:   thing_id int64
-- apart: thing_id
-- meets: told
-- rows: none
DELETE FROM thing WHERE thing_id = $1;

-- name: thing_delete
-- file: people
-- in:   thing_id int64
-- out:  data bytes
-- rows: one
DELETE FROM thing WHERE thing_id = $1 RETURNING data;

-- name: entry_insert
-- file: ledger
-- in:   thing_id int64, at_ms int64
-- out:  entry_id int64
-- rows: one
INSERT INTO entry (entry_id, thing_id, at_ms) VALUES ((SELECT COALESCE(max(entry_id), 0) + 1 FROM entry), $1, $2)
RETURNING entry_id;

-- name: entry_count
-- file: ledger
-- out:  entries int64
-- rows: one
SELECT count(*) FROM entry;

-- name: entry_list
-- file: ledger
-- out:  entry_id int64, thing_id int64, at_ms int64
-- rows: many
SELECT entry_id, thing_id, at_ms FROM entry ORDER BY entry_id;

-- name: secret_insert
-- file: keys
-- in:   thing_id int64, data bytes
-- rows: none
INSERT INTO secret (thing_id, data) VALUES ($1, $2);

-- name: secret_delete
-- file: keys
-- in:   thing_id int64
-- meets: all
-- rows: none
DELETE FROM secret WHERE thing_id = $1;

-- name: secret_mistyped
-- file: keys
-- out:  data int64
-- rows: one
SELECT data FROM secret;

-- name: old_mark_save
-- file: people
-- in:   at_ms int64
-- rows: none
INSERT INTO node_state (name, value) VALUES ('clock_mark', $1);
