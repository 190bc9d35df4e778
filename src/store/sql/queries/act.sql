-- SPDX-License-Identifier: Apache-2.0
-- The facts and the outbox: written once, read by chain.

-- name: act_insert
-- file: people
-- in:   act_id int64, person_id int64, relationship_id int64, subject_id int64, previous_id int64, kind int64,
--       at_ms int64, actor_kind int64, actor_id int64, organisation_id int64, department_id int64, purpose_id int64,
--       purpose_version int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, nature int64, review_at_ms int64, duration_ms int64,
--       grant_id int64, receipt_id int64
-- apart: person_id
-- rows: none
INSERT INTO act (act_id, person_id, relationship_id, subject_id, previous_id, kind, at_ms, actor_kind, actor_id,
    organisation_id, department_id, purpose_id, purpose_version, attributes_low, attributes_high, departments,
    from_at_ms, until_at_ms,
    uses_kind, uses_max, uses_event, nature, review_at_ms, duration_ms, grant_id, receipt_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26);

-- name: act_load
-- file: people
-- in:   person_id int64, act_id int64
-- out:  act_id int64, person_id int64, relationship_id int64, subject_id int64, previous_id int64, kind int64,
--       at_ms int64, actor_kind int64, actor_id int64, organisation_id int64, department_id int64, purpose_id int64,
--       purpose_version int64,
--       attributes_low int64, attributes_high int64, departments int64, from_at_ms int64, until_at_ms int64,
--       uses_kind int64, uses_max int64, uses_event text, nature int64, review_at_ms int64, duration_ms int64,
--       grant_id int64, receipt_id int64
-- apart: person_id
-- rows: one
SELECT :columns: FROM act WHERE person_id = $1 AND act_id = $2;

-- name: act_step
-- file: people
-- in:   person_id int64, act_id int64
-- out:  previous_id int64, at_ms int64
-- rows: one
SELECT previous_id, at_ms FROM act WHERE person_id = $1 AND act_id = $2;

-- name: act_of_receipt
-- file: people
-- in:   person_id int64, relationship_id int64, receipt_id int64
-- out:  kind int64, department_id int64, departments int64
-- rows: one
SELECT :columns: FROM act WHERE person_id = $1 AND relationship_id = $2 AND receipt_id > 0 AND receipt_id = $3;

-- The acts with a receipt, the newest first.
-- name: act_receipt_list
-- file: people
-- in:   person_id int64, relationship_id int64, before_id int64, most int64
-- out:  receipt_id int64, kind int64, at_ms int64, department_id int64, departments int64
-- rows: many
SELECT :columns: FROM act WHERE person_id = $1 AND relationship_id = $2 AND receipt_id > 0 AND receipt_id < $3
ORDER BY receipt_id DESC LIMIT $4;

-- How many of them are younger than a number; those beyond `most` are not counted.
-- name: act_receipt_count
-- file: people
-- in:   person_id int64, relationship_id int64, after_id int64, most int64
-- out:  acts int64, first_id int64
-- apart: person_id
-- rows: one
SELECT count(*) AS acts, COALESCE(min(receipt_id), 0) AS first_id FROM (
    SELECT receipt_id FROM act WHERE person_id = $1 AND relationship_id = $2
    AND receipt_id > 0 AND receipt_id > $3 ORDER BY receipt_id LIMIT $4) AS lately;

-- name: act_newest_numbers
-- file: people
-- out:  act_id int64, receipt_id int64, event_id int64
-- rows: one
SELECT COALESCE((SELECT max(act_id) FROM act), 0), COALESCE((SELECT max(receipt_id) FROM receipt), 0),
       COALESCE((SELECT max(event_id) FROM outbox), 0);

-- name: outbox_insert
-- file: people
-- in:   event_id int64, person_id int64, relationship_id int64, organisation_id int64, kind text, subject_id int64,
--       attributes_low int64, attributes_high int64, at_ms int64
-- apart: person_id
-- rows: none
INSERT INTO outbox (event_id, person_id, relationship_id, organisation_id, kind, subject_id, attributes_low,
    attributes_high, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
