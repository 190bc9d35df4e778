-- SPDX-License-Identifier: Apache-2.0
-- What the store itself keeps in the people file.

-- name: clock_mark_load
-- file: people
-- out:  value int64
-- rows: one
SELECT value FROM node_state WHERE name = 'clock_mark';

-- name: clock_mark_set
-- file: people
-- in:   value int64
-- rows: none
INSERT INTO node_state (name, value) VALUES ('clock_mark', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE node_state.value < excluded.value;
