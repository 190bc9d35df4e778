-- name: person_insert
-- file: people
-- in:   person_id int64, state int64, created_at_ms int64
-- rows: none
INSERT INTO person (person_id, state, created_at_ms) VALUES ($1, $2, $3);

-- name: person_load
-- file: people
-- in:   person_id int64
-- out:  state int64, created_at_ms int64
-- rows: one
SELECT state, created_at_ms FROM person WHERE person_id = $1;

-- name: person_set_state
-- file: people
-- in:   person_id int64, state int64
-- rows: none
UPDATE person SET state = $2 WHERE person_id = $1;

-- name: person_key_load
-- file: keys
-- in:   person_id int64
-- out:  bucket int64, wrapped bytes
-- rows: one
SELECT bucket, wrapped FROM person_key WHERE person_id = $1;
