-- SPDX-License-Identifier: Apache-2.0
-- Grants as their acts left them, and how often counted ones were used. Those of one purpose lie in the order of their
-- ends: a query for what may be live reads from the hour on and meets no row that has ended before.

-- name: grant_save
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, grant_id int64, purpose_version int64, state int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, ended_at_ms int64, receipt_id int64, last_act_id int64,
--       closes_at_ms int64
-- apart: person_id
-- rows: none
INSERT INTO grant_now (person_id, relationship_id, purpose_id, grant_id, purpose_version, state, attributes_low,
    attributes_high, departments, from_at_ms, until_at_ms, uses_kind, uses_max, uses_event, ended_at_ms, receipt_id,
    last_act_id, closes_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (person_id, relationship_id, purpose_id, closes_at_ms, grant_id) DO UPDATE SET state = excluded.state,
    attributes_low = excluded.attributes_low, attributes_high = excluded.attributes_high,
    departments = excluded.departments, until_at_ms = excluded.until_at_ms, uses_kind = excluded.uses_kind,
    uses_max = excluded.uses_max, uses_event = excluded.uses_event, ended_at_ms = excluded.ended_at_ms,
    receipt_id = excluded.receipt_id, last_act_id = excluded.last_act_id;

-- A grant whose end has changed takes another place.
-- name: grant_take_out
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, closes_at_ms int64, grant_id int64
-- apart: person_id
-- meets: told
-- rows: none
DELETE FROM grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = $3 AND closes_at_ms = $4 AND grant_id = $5;

-- name: grant_list_open
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, now_ms int64
-- row:  grant
-- out:  person_id int64, relationship_id int64, purpose_id int64, grant_id int64, purpose_version int64, state int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, ended_at_ms int64, receipt_id int64, last_act_id int64,
--       closes_at_ms int64
-- apart: person_id
-- rows: many
SELECT :columns: FROM grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = $3 AND closes_at_ms > $4
ORDER BY closes_at_ms, grant_id;

-- Those that ended last.
-- name: grant_list_closed
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, now_ms int64, most int64
-- row:  grant
-- apart: person_id
-- rows: many
SELECT :columns: FROM grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = $3 AND closes_at_ms <= $4
ORDER BY closes_at_ms DESC, grant_id DESC LIMIT $5;

-- Relationship $2 of person $1: from purpose to purpose in steps.
-- part: purposes_of_one
named (purpose) AS (
    SELECT min(purpose_id) FROM grant_now WHERE person_id = $1 AND relationship_id = $2
    UNION ALL
    SELECT (SELECT min(purpose_id) FROM grant_now WHERE person_id = $1 AND relationship_id = $2
            AND purpose_id > named.purpose)
    FROM named WHERE named.purpose IS NOT NULL);

-- Of each purpose only what has not ended.
-- name: grant_list_open_of_relationship
-- file: people
-- in:   person_id int64, relationship_id int64, now_ms int64
-- row:  grant
-- apart: person_id
-- rows: many
WITH RECURSIVE :purposes_of_one:
SELECT :columns: FROM named CROSS JOIN grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = named.purpose AND closes_at_ms > $3
ORDER BY purpose_id, grant_id;

-- Person $1: from relationship to relationship, and in each from purpose to purpose.
-- part: purposes_of_relationships
named (bond, purpose) AS (
    SELECT r.relationship_id, (SELECT min(g.purpose_id) FROM grant_now g WHERE g.person_id = $1
                               AND g.relationship_id = r.relationship_id)
    FROM relationship r WHERE r.person_id = $1
    UNION ALL
    SELECT named.bond, (SELECT min(g.purpose_id) FROM grant_now g WHERE g.person_id = $1
                        AND g.relationship_id = named.bond AND g.purpose_id > named.purpose)
    FROM named WHERE named.purpose IS NOT NULL);

-- name: grant_list_open_of_person
-- file: people
-- in:   person_id int64, now_ms int64
-- row:  grant
-- rows: many
WITH RECURSIVE :purposes_of_relationships:
SELECT :columns: FROM named CROSS JOIN grant_now
WHERE person_id = $1 AND relationship_id = named.bond AND purpose_id = named.purpose AND closes_at_ms > $2
ORDER BY relationship_id, purpose_id, grant_id;

-- name: grant_count_open
-- file: people
-- in:   person_id int64, now_ms int64
-- out:  grants int64
-- apart: person_id
-- rows: one
WITH RECURSIVE :purposes_of_relationships:
SELECT count(*) AS grants FROM named CROSS JOIN grant_now
WHERE person_id = $1 AND relationship_id = named.bond AND purpose_id = named.purpose AND closes_at_ms > $2;

-- Of those that name one of the departments.
-- name: grant_count_open_of_relationship
-- file: people
-- in:   person_id int64, relationship_id int64, now_ms int64, departments int64
-- out:  grants int64
-- apart: person_id
-- rows: one
WITH RECURSIVE :purposes_of_one:
SELECT count(*) AS grants FROM named CROSS JOIN grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = named.purpose AND closes_at_ms > $3
    AND (departments & $4) <> 0;

-- The live ones of one purpose, up to a bound; and whether there are so many at all that counting others is worth it.
-- name: grant_count_some
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, now_ms int64, most_of_purpose int64, most int64
-- out:  of_purpose int64, grants int64
-- apart: person_id
-- rows: one
SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM grant_now WHERE person_id = $1 AND relationship_id = $2
            AND purpose_id = $3 AND closes_at_ms > $4 LIMIT $5) AS alike) AS of_purpose,
    (SELECT count(*) FROM (SELECT 1 AS one FROM grant_now WHERE person_id = $1
        ORDER BY relationship_id, purpose_id, closes_at_ms, grant_id LIMIT $6) AS few) AS grants;

-- name: grant_list_of_person
-- file: people
-- in:   person_id int64
-- row:  grant
-- rows: many
SELECT :columns: FROM grant_now WHERE person_id = $1 ORDER BY relationship_id, purpose_id, grant_id;

-- name: grant_page_of_person
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, grant_id int64, most int64
-- row:  grant
-- rows: many
SELECT :columns: FROM grant_now
WHERE person_id = $1 AND relationship_id >= $2 AND (relationship_id, purpose_id, grant_id) > ($2, $3, $4)
ORDER BY relationship_id, purpose_id, grant_id LIMIT $5;

-- Given until a moment, and naming one of the departments.
-- name: grant_page_of_relationship
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, grant_id int64, given_until_ms int64,
--       departments int64, most int64
-- row:  grant
-- rows: many
SELECT :columns: FROM grant_now
WHERE person_id = $1 AND relationship_id = $2 AND purpose_id >= $3 AND (purpose_id > $3 OR grant_id > $4)
    AND from_at_ms <= $5 AND (departments & $6) <> 0
ORDER BY purpose_id, grant_id LIMIT $7;

-- The act of giving has the next number of all acts; it says where the grant lies while it is open.
-- name: grant_load_open
-- file: people
-- in:   person_id int64, grant_id int64, now_ms int64
-- row:  grant
-- apart: person_id
-- rows: one
SELECT :columns: FROM grant_now
WHERE person_id = $1 AND grant_id = $2 AND closes_at_ms > $3
    AND relationship_id = (SELECT relationship_id FROM act WHERE person_id = $1 AND act_id > $2 ORDER BY act_id LIMIT 1)
    AND purpose_id = (SELECT purpose_id FROM act WHERE person_id = $1 AND act_id > $2 ORDER BY act_id LIMIT 1);

-- name: grant_load
-- file: people
-- in:   person_id int64, grant_id int64
-- row:  grant
-- apart: person_id
-- rows: one
SELECT :columns: FROM grant_now WHERE person_id = $1 AND grant_id = $2;

-- name: grant_use_load
-- file: ledger
-- in:   person_id int64, grant_id int64
-- out:  used int64
-- apart: person_id
-- rows: one
SELECT used FROM grant_use WHERE person_id = $1 AND grant_id = $2;

-- name: grant_use_count
-- file: ledger
-- in:   person_id int64, grant_id int64, more int64
-- apart: person_id
-- rows: none
INSERT INTO grant_use (person_id, grant_id, used) VALUES ($1, $2, $3)
ON CONFLICT (person_id, grant_id) DO UPDATE SET used = grant_use.used + $3;
