-- SPDX-License-Identifier: Apache-2.0
-- Requests for consent.

-- name: request_save
-- file: people
-- in:   person_id int64, request_id int64, relationship_id int64, organisation_id int64, department_id int64,
--       purpose_id int64, purpose_version int64, state int64, revision int64, attributes_low int64,
--       attributes_high int64, duration_ms int64, uses_kind int64, uses_max int64, uses_event text,
--       counter_attributes_low int64, counter_attributes_high int64, counter_duration_ms int64,
--       counter_uses_kind int64, counter_uses_max int64, counter_uses_event text, created_at_ms int64,
--       answered_at_ms int64, expires_at_ms int64, grant_id int64, last_act_id int64
-- rows: none
INSERT INTO request (person_id, request_id, relationship_id, organisation_id, department_id, purpose_id,
    purpose_version,
    state, revision, attributes_low, attributes_high, duration_ms, uses_kind, uses_max, uses_event,
    counter_attributes_low, counter_attributes_high, counter_duration_ms, counter_uses_kind, counter_uses_max,
    counter_uses_event, created_at_ms, answered_at_ms, expires_at_ms, grant_id, last_act_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26)
ON CONFLICT (person_id, request_id) DO UPDATE SET state = excluded.state, revision = excluded.revision,
    attributes_low = excluded.attributes_low, attributes_high = excluded.attributes_high,
    duration_ms = excluded.duration_ms, uses_kind = excluded.uses_kind, uses_max = excluded.uses_max,
    uses_event = excluded.uses_event, counter_attributes_low = excluded.counter_attributes_low,
    counter_attributes_high = excluded.counter_attributes_high, counter_duration_ms = excluded.counter_duration_ms,
    counter_uses_kind = excluded.counter_uses_kind, counter_uses_max = excluded.counter_uses_max,
    counter_uses_event = excluded.counter_uses_event, answered_at_ms = excluded.answered_at_ms,
    expires_at_ms = excluded.expires_at_ms,
    grant_id = excluded.grant_id, last_act_id = excluded.last_act_id;

-- name: request_load
-- file: people
-- in:   person_id int64, request_id int64
-- row:  request
-- out:  person_id int64, request_id int64, relationship_id int64, organisation_id int64, department_id int64,
--       purpose_id int64, purpose_version int64, state int64, revision int64, attributes_low int64,
--       attributes_high int64, duration_ms int64, uses_kind int64, uses_max int64, uses_event text,
--       counter_attributes_low int64, counter_attributes_high int64, counter_duration_ms int64,
--       counter_uses_kind int64, counter_uses_max int64, counter_uses_event text, created_at_ms int64,
--       answered_at_ms int64, expires_at_ms int64, grant_id int64, last_act_id int64
-- rows: one
SELECT :columns: FROM request WHERE person_id = $1 AND request_id = $2;

-- name: request_list_of_person
-- file: people
-- in:   person_id int64, after int64, most_state int64, most int64
-- row:  request
-- rows: many
SELECT :columns: FROM request WHERE person_id = $1 AND request_id > $2 AND state <= $3 ORDER BY request_id LIMIT $4;

-- name: request_list_of_department
-- file: people
-- in:   organisation_id int64, department_id int64, after int64, most_state int64, most int64
-- row:  request
-- rows: many
SELECT :columns: FROM request WHERE organisation_id = $1 AND department_id = $2 AND request_id > $3 AND state <= $4
ORDER BY request_id LIMIT $5;

-- name: request_delete
-- file: people
-- in:   person_id int64, request_id int64
-- meets: one
-- rows: none
DELETE FROM request WHERE person_id = $1 AND request_id = $2;

-- name: request_pressure
-- file: people
-- in:   person_id int64, relationship_id int64, department_id int64, now_ms int64, since_ms int64
-- out:  waiting int64, lately int64, first_at_ms int64
-- rows: one
SELECT count(CASE WHEN state = 1 AND expires_at_ms > $4 THEN 1 END) AS waiting,
    count(CASE WHEN created_at_ms > $5 THEN 1 END) AS lately,
    COALESCE(min(CASE WHEN created_at_ms > $5 THEN created_at_ms END), 0) AS first_at_ms
FROM request WHERE person_id = $1 AND relationship_id = $2 AND department_id = $3;
