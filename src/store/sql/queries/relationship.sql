-- SPDX-License-Identifier: Apache-2.0
-- Relationships and the person's key of each.

-- name: relationship_save
-- file: people
-- in:   person_id int64, relationship_id int64, organisation_id int64, state int64, nature int64, edge_person_id int64,
--       started_at_ms int64, ends_at_ms int64, review_at_ms int64, last_act_id int64, objection int64,
--       objection_act_id int64
-- apart: person_id
-- rows: none
INSERT INTO relationship (person_id, relationship_id, organisation_id, state, nature, edge_person_id, started_at_ms,
    ends_at_ms, review_at_ms, last_act_id, objection, objection_act_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (person_id, relationship_id) DO UPDATE SET state = excluded.state, nature = excluded.nature,
    started_at_ms = excluded.started_at_ms, ends_at_ms = excluded.ends_at_ms, review_at_ms = excluded.review_at_ms,
    last_act_id = excluded.last_act_id, objection = excluded.objection,
    objection_act_id = excluded.objection_act_id;

-- name: relationship_load
-- file: people
-- in:   person_id int64, relationship_id int64
-- row:  relationship
-- out:  person_id int64, relationship_id int64, organisation_id int64, state int64, nature int64, edge_person_id int64,
--       started_at_ms int64, ends_at_ms int64, review_at_ms int64, last_act_id int64, objection int64,
--       objection_act_id int64
-- apart: person_id
-- rows: one
SELECT :columns: FROM relationship WHERE person_id = $1 AND relationship_id = $2;

-- The one in which a grant was given: the act of giving has the next number of all acts.
-- name: relationship_of_grant
-- file: people
-- in:   person_id int64, grant_id int64
-- row:  relationship
-- apart: person_id
-- rows: one
SELECT :columns: FROM relationship WHERE person_id = $1
    AND relationship_id = (SELECT relationship_id FROM act WHERE person_id = $1 AND act_id > $2
        ORDER BY act_id LIMIT 1);

-- Reads the whole table: for what a broken write left, which is rare.
-- name: relationship_holder
-- file: people
-- in:   relationship_id int64
-- out:  person_id int64
-- rows: one
SELECT person_id FROM relationship WHERE relationship_id = $1 ORDER BY person_id LIMIT 1;

-- name: relationship_delete
-- file: people
-- in:   person_id int64, relationship_id int64
-- meets: one
-- rows: none
DELETE FROM relationship WHERE person_id = $1 AND relationship_id = $2;

-- name: relationship_list_of_person
-- file: people
-- in:   person_id int64, after int64, most int64
-- row:  relationship
-- rows: many
SELECT :columns: FROM relationship WHERE person_id = $1 AND relationship_id > $2 ORDER BY relationship_id LIMIT $3;

-- Active or paused ones in which nothing was said of an objection.
-- name: relationship_list_unasked
-- file: people
-- in:   person_id int64, now_ms int64, after int64, most int64
-- row:  relationship
-- rows: many
SELECT :columns: FROM relationship WHERE person_id = $1 AND objection = 0 AND state IN (3, 4)
    AND (ends_at_ms = 0 OR ends_at_ms > $2) AND relationship_id > $3 ORDER BY relationship_id LIMIT $4;

-- name: relationship_list_of_organisation
-- file: people
-- in:   organisation_id int64, after int64, most int64
-- row:  relationship
-- rows: many
SELECT :columns: FROM relationship WHERE organisation_id = $1 AND relationship_id > $2 ORDER BY relationship_id LIMIT
    $3;

-- name: relationship_key_insert
-- file: people
-- in:   person_id int64, relationship_id int64, sealed bytes, public_jwk text
-- apart: person_id
-- rows: none
INSERT INTO relationship_key (person_id, relationship_id, sealed, public_jwk) VALUES ($1, $2, $3, $4);

-- name: relationship_key_load
-- file: people
-- in:   person_id int64, relationship_id int64
-- out:  sealed bytes, public_jwk text
-- apart: person_id
-- rows: one
SELECT sealed, public_jwk FROM relationship_key WHERE person_id = $1 AND relationship_id = $2;

-- How many of one person are younger than a number; those beyond `most` are not counted.
-- name: relationship_count
-- file: people
-- in:   person_id int64, after_id int64, most int64
-- out:  relationships int64, first_id int64
-- rows: one
SELECT count(*) AS relationships, COALESCE(min(relationship_id), 0) AS first_id FROM (
    SELECT relationship_id FROM relationship
    WHERE person_id = $1 AND relationship_id > $2 ORDER BY relationship_id LIMIT $3) AS lately;
