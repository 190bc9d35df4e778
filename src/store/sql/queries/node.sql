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

-- The newest of what each file holds, at start: the time is not before it. Numbers rise with time.
-- name: node_newest_of_people
-- file: people
-- out:  act_id int64, act_at_ms int64, receipt_id int64, event_id int64, person_id int64
-- rows: one
SELECT COALESCE((SELECT max(act_id) FROM act), 0),
       COALESCE((SELECT at_ms FROM act WHERE act_id = (SELECT max(act_id) FROM act)), 0),
       COALESCE((SELECT max(receipt_id) FROM receipt), 0), COALESCE((SELECT max(event_id) FROM outbox), 0),
       COALESCE((SELECT max(person_id) FROM person), 0);

-- name: node_newest_of_ledger
-- file: ledger
-- out:  disclosure_id int64, at_ms int64
-- rows: one
SELECT COALESCE((SELECT max(disclosure_id) FROM disclosure), 0),
       COALESCE((SELECT at_ms FROM disclosure WHERE disclosure_id = (SELECT max(disclosure_id) FROM disclosure)), 0);

-- name: node_newest_of_keys
-- file: keys
-- out:  person_id int64, organisation_id int64
-- rows: one
SELECT COALESCE((SELECT max(person_id) FROM person_key), 0),
       COALESCE((SELECT max(organisation_id) FROM organisation_key), 0);

-- Something that is so from then on: that marks lie beside the keys, that the keys lie in a database.
-- name: node_note_load
-- file: people
-- in:   name text
-- out:  value int64
-- rows: one
SELECT value FROM node_state WHERE name = $1;

-- name: node_note_make
-- file: people
-- in:   name text
-- meets: any
-- rows: none
INSERT INTO node_state (name, value) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING;

-- How often the keys had been changed: an older copy of them says less.
-- name: node_keys_generation
-- file: people
-- out:  value int64
-- rows: one
SELECT value FROM node_state WHERE name = 'keys_generation';

-- name: node_keys_generation_note
-- file: people
-- in:   value int64
-- meets: any
-- rows: none
INSERT INTO node_state (name, value) VALUES ('keys_generation', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE node_state.value < excluded.value;

-- When an older copy of the keys was last found, and how many erased people had come back with all of them.
-- name: node_keys_returned
-- file: people
-- out:  at_ms int64, people int64
-- rows: one
SELECT value, COALESCE((SELECT value FROM node_state WHERE name = 'keys_returned_people'), 0)
FROM node_state WHERE name = 'keys_returned_at';

-- name: node_keys_returned_at_note
-- file: people
-- in:   at_ms int64
-- rows: none
INSERT INTO node_state (name, value) VALUES ('keys_returned_at', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: node_keys_returned_people_note
-- file: people
-- in:   people int64
-- rows: none
INSERT INTO node_state (name, value) VALUES ('keys_returned_people', $1)
ON CONFLICT (name) DO UPDATE SET value = node_state.value + excluded.value;

-- The keys that sign ID tokens: few, and only added.
-- name: id_token_key_list
-- file: keys
-- row:  id_token_key
-- out:  key_number int64, sealed bytes, public_jwk text, signs_from_ms int64, shown_until_ms int64
-- rows: many
SELECT :columns: FROM id_token_key ORDER BY key_number;

-- name: id_token_key_insert
-- file: keys
-- in:   key_number int64, sealed bytes, public_jwk text, signs_from_ms int64
-- meets: any
-- rows: none
INSERT INTO id_token_key (key_number, sealed, public_jwk, signs_from_ms, shown_until_ms)
VALUES ($1, $2, $3, $4, 0) ON CONFLICT (key_number) DO NOTHING;

-- name: id_token_key_end
-- file: keys
-- in:   before_number int64, shown_until_ms int64
-- meets: all
-- rows: none
UPDATE id_token_key SET shown_until_ms = $2 WHERE key_number < $1 AND shown_until_ms = 0;

-- name: id_token_key_forget
-- file: keys
-- in:   before_number int64
-- meets: all
-- rows: none
DELETE FROM id_token_key WHERE key_number < $1;

-- When an operator has put the marks there anew.
-- name: node_marks_renewed
-- file: people
-- out:  value int64
-- rows: one
SELECT value FROM node_state WHERE name = 'marks_renewed_at';

-- name: node_marks_renewed_note
-- file: people
-- in:   value int64
-- rows: none
INSERT INTO node_state (name, value) VALUES ('marks_renewed_at', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
