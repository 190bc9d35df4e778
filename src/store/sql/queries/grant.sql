-- SPDX-License-Identifier: Apache-2.0
-- Grants as their acts left them, and how often counted ones were used.

-- name: grant_save
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64, grant_id int64, purpose_version int64, state int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, ended_at_ms int64, receipt_id int64, last_act_id int64
-- rows: none
INSERT INTO grant_now (person_id, relationship_id, purpose_id, grant_id, purpose_version, state, attributes_low,
    attributes_high, departments, from_at_ms, until_at_ms, uses_kind, uses_max, uses_event, ended_at_ms, receipt_id,
    last_act_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (person_id, relationship_id, purpose_id, grant_id) DO UPDATE SET state = excluded.state,
    attributes_low = excluded.attributes_low, attributes_high = excluded.attributes_high,
    departments = excluded.departments, until_at_ms = excluded.until_at_ms, uses_kind = excluded.uses_kind,
    uses_max = excluded.uses_max, uses_event = excluded.uses_event, ended_at_ms = excluded.ended_at_ms,
    receipt_id = excluded.receipt_id, last_act_id = excluded.last_act_id;

-- name: grant_list
-- file: people
-- in:   person_id int64, relationship_id int64, purpose_id int64
-- row:  grant
-- out:  person_id int64, relationship_id int64, purpose_id int64, grant_id int64, purpose_version int64, state int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, ended_at_ms int64, receipt_id int64, last_act_id int64
-- rows: many
SELECT :columns: FROM grant_now WHERE person_id = $1 AND relationship_id = $2 AND purpose_id = $3 ORDER BY grant_id;

-- name: grant_list_of_relationship
-- file: people
-- in:   person_id int64, relationship_id int64
-- row:  grant
-- rows: many
SELECT :columns: FROM grant_now WHERE person_id = $1 AND relationship_id = $2 ORDER BY purpose_id, grant_id;

-- name: grant_list_of_person
-- file: people
-- in:   person_id int64
-- row:  grant
-- rows: many
SELECT :columns: FROM grant_now WHERE person_id = $1 ORDER BY relationship_id, purpose_id, grant_id;

-- name: grant_load
-- file: people
-- in:   person_id int64, grant_id int64
-- row:  grant
-- rows: one
SELECT :columns: FROM grant_now WHERE person_id = $1 AND grant_id = $2;

-- name: grant_use_load
-- file: ledger
-- in:   person_id int64, grant_id int64
-- out:  used int64
-- rows: one
SELECT used FROM grant_use WHERE person_id = $1 AND grant_id = $2;

-- name: grant_use_count
-- file: ledger
-- in:   person_id int64, grant_id int64, more int64
-- rows: none
INSERT INTO grant_use (person_id, grant_id, used) VALUES ($1, $2, $3)
ON CONFLICT (person_id, grant_id) DO UPDATE SET used = grant_use.used + $3;

-- name: grant_count
-- file: people
-- in:   person_id int64
-- out:  grants int64
-- rows: one
SELECT count(*) AS grants FROM grant_now WHERE person_id = $1;
