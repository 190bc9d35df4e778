-- SPDX-License-Identifier: Apache-2.0
-- The ledger of disclosures: rows in arrival order, one chain per person.

-- name: disclosure_insert
-- file: ledger
-- in:   disclosure_id int64, person_id int64, previous_id int64, relationship_id int64, organisation_id int64,
--       department_id int64, system_id int64, purpose_id int64, purpose_version int64, grant_id int64,
--       attributes_low int64, attributes_high int64, outcome int64, reason text, at_ms int64, note bytes
-- apart: person_id
-- rows: none
INSERT INTO disclosure (disclosure_id, person_id, previous_id, relationship_id, organisation_id, department_id,
    system_id,
    purpose_id, purpose_version, grant_id, attributes_low, attributes_high, outcome, reason, at_ms, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: disclosure_load
-- file: ledger
-- in:   person_id int64, disclosure_id int64
-- row:  disclosure
-- out:  disclosure_id int64, person_id int64, previous_id int64, relationship_id int64, organisation_id int64,
--       department_id int64, system_id int64, purpose_id int64, purpose_version int64, grant_id int64,
--       attributes_low int64, attributes_high int64, outcome int64, reason text, at_ms int64, note bytes
-- rows: one
SELECT :columns: FROM disclosure WHERE person_id = $1 AND disclosure_id = $2;

-- name: disclosure_chain
-- file: ledger
-- in:   person_id int64, newest_id int64, most int64
-- row:  disclosure
-- rows: many
WITH RECURSIVE chain (step, disclosure_id) AS (
    SELECT 1, disclosure_id FROM disclosure WHERE person_id = $1 AND disclosure_id = $2
    UNION ALL
    SELECT c.step + 1, d.previous_id FROM chain c JOIN disclosure d
        ON d.person_id = $1 AND d.disclosure_id = c.disclosure_id
    WHERE c.step < $3 AND d.previous_id <> 0)
SELECT d.disclosure_id, d.person_id, d.previous_id, d.relationship_id, d.organisation_id, d.department_id, d.system_id,
    d.purpose_id, d.purpose_version, d.grant_id, d.attributes_low, d.attributes_high, d.outcome, d.reason, d.at_ms,
    d.note
FROM chain c JOIN disclosure d ON d.person_id = $1 AND d.disclosure_id = c.disclosure_id ORDER BY c.step;

-- name: disclosure_head_load
-- file: ledger
-- in:   person_id int64
-- out:  last_id int64, given int64, refused int64
-- apart: person_id
-- rows: one
SELECT last_id, given, refused FROM disclosure_head WHERE person_id = $1;

-- name: disclosure_head_save
-- file: ledger
-- in:   person_id int64, last_id int64, given int64, refused int64
-- apart: person_id
-- rows: none
INSERT INTO disclosure_head (person_id, last_id, given, refused) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET last_id = excluded.last_id, given = excluded.given, refused = excluded.refused;
