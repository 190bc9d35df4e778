-- SPDX-License-Identifier: Apache-2.0
-- Facts about the node itself.

-- name: node_text_load
-- file: people
-- in:   name text
-- out:  value text
-- rows: one
SELECT value FROM node_text WHERE name = $1;

-- name: node_text_save
-- file: people
-- in:   name text, value text
-- rows: none
INSERT INTO node_text (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
