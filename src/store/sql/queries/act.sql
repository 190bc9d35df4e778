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
-- rows: one
SELECT :columns: FROM act WHERE person_id = $1 AND act_id = $2;

-- The number of an act comes soon behind that of its receipt; numbers of another process may lie between.
-- name: act_of_receipt
-- file: people
-- in:   person_id int64, receipt_id int64
-- out:  kind int64, department_id int64, departments int64
-- rows: one
SELECT :columns: FROM act WHERE person_id = $1 AND act_id > $2 AND receipt_id = $2 ORDER BY act_id LIMIT 1;

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
-- rows: none
INSERT INTO outbox (event_id, person_id, relationship_id, organisation_id, kind, subject_id, attributes_low,
    attributes_high, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
