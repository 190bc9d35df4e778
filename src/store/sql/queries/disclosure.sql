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
-- out:  previous_id int64
-- rows: one
SELECT previous_id FROM disclosure WHERE person_id = $1 AND disclosure_id = $2;

-- name: disclosure_chain
-- file: ledger
-- in:   person_id int64, newest_id int64, most int64
-- row:  disclosure
-- out:  disclosure_id int64, person_id int64, previous_id int64, relationship_id int64, organisation_id int64,
--       department_id int64, system_id int64, purpose_id int64, purpose_version int64, grant_id int64,
--       attributes_low int64, attributes_high int64, outcome int64, reason text, at_ms int64, note bytes,
--       further_reads int64, further_last_at_ms int64, further_low int64, further_high int64, further_tag text
-- rows: many
WITH RECURSIVE chain (step, disclosure_id) AS (
    SELECT 1, disclosure_id FROM disclosure WHERE person_id = $1 AND disclosure_id = $2
    UNION ALL
    SELECT c.step + 1, d.previous_id FROM chain c JOIN disclosure d
        ON d.person_id = $1 AND d.disclosure_id = c.disclosure_id
    WHERE c.step < $3 AND d.previous_id <> 0)
SELECT d.disclosure_id, d.person_id, d.previous_id, d.relationship_id, d.organisation_id, d.department_id, d.system_id,
    d.purpose_id, d.purpose_version, d.grant_id, d.attributes_low, d.attributes_high, d.outcome, d.reason, d.at_ms,
    d.note, COALESCE(f.reads, 0), COALESCE(f.last_at_ms, 0), COALESCE(f.attributes_low, 0),
    COALESCE(f.attributes_high, 0), COALESCE(f.tag, '')
FROM chain c JOIN disclosure d ON d.person_id = $1 AND d.disclosure_id = c.disclosure_id
    LEFT JOIN refused_further f ON f.person_id = d.person_id AND f.disclosure_id = d.disclosure_id ORDER BY c.step;

-- name: disclosure_head_load
-- file: ledger
-- in:   person_id int64
-- out:  last_id int64, given int64, refused int64, asked int64
-- apart: person_id
-- rows: one
SELECT last_id, given, refused, asked FROM disclosure_head WHERE person_id = $1;

-- name: disclosure_head_save
-- file: ledger
-- in:   person_id int64, last_id int64, given int64, refused int64, asked int64
-- apart: person_id
-- rows: none
INSERT INTO disclosure_head (person_id, last_id, given, refused, asked) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id) DO UPDATE SET last_id = excluded.last_id, given = excluded.given, refused = excluded.refused,
    asked = excluded.asked;

-- What a department was refused in a relationship on the newest day, and what is counted behind the last entry of it.
-- name: refused_day_load
-- file: ledger
-- in:   person_id int64, relationship_id int64, department_id int64
-- row:  day_of_reads
-- out:  day int64, entries int64, last_id int64, reads int64, last_at_ms int64, attributes_low int64,
--       attributes_high int64, tag text
-- apart: person_id
-- rows: one
SELECT t.day, t.entries, t.last_id, COALESCE(f.reads, 0), COALESCE(f.last_at_ms, 0), COALESCE(f.attributes_low, 0),
    COALESCE(f.attributes_high, 0), COALESCE(f.tag, '')
FROM refused_day t LEFT JOIN refused_further f ON f.person_id = t.person_id AND f.disclosure_id = t.last_id
WHERE t.person_id = $1 AND t.relationship_id = $2 AND t.department_id = $3;

-- name: refused_day_save
-- file: ledger
-- in:   person_id int64, relationship_id int64, department_id int64, day int64, entries int64, last_id int64
-- apart: person_id
-- rows: none
INSERT INTO refused_day (person_id, relationship_id, department_id, day, entries, last_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id, relationship_id, department_id)
    DO UPDATE SET day = excluded.day, entries = excluded.entries, last_id = excluded.last_id;

-- The same two of questions whether a read would be permitted.
-- name: asked_day_load
-- file: ledger
-- in:   person_id int64, relationship_id int64, department_id int64
-- row:  day_of_reads
-- out:  day int64, entries int64, last_id int64, reads int64, last_at_ms int64, attributes_low int64,
--       attributes_high int64, tag text
-- apart: person_id
-- rows: one
SELECT t.day, t.entries, t.last_id, COALESCE(f.reads, 0), COALESCE(f.last_at_ms, 0), COALESCE(f.attributes_low, 0),
    COALESCE(f.attributes_high, 0), COALESCE(f.tag, '')
FROM asked_day t LEFT JOIN refused_further f ON f.person_id = t.person_id AND f.disclosure_id = t.last_id
WHERE t.person_id = $1 AND t.relationship_id = $2 AND t.department_id = $3;

-- name: asked_day_save
-- file: ledger
-- in:   person_id int64, relationship_id int64, department_id int64, day int64, entries int64, last_id int64
-- apart: person_id
-- rows: none
INSERT INTO asked_day (person_id, relationship_id, department_id, day, entries, last_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id, relationship_id, department_id)
    DO UPDATE SET day = excluded.day, entries = excluded.entries, last_id = excluded.last_id;

-- name: refused_further_save
-- file: ledger
-- in:   person_id int64, disclosure_id int64, reads int64, last_at_ms int64, attributes_low int64,
--       attributes_high int64, tag text
-- apart: person_id
-- rows: none
INSERT INTO refused_further (person_id, disclosure_id, reads, last_at_ms, attributes_low, attributes_high, tag)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_id, disclosure_id) DO UPDATE SET reads = excluded.reads, last_at_ms = excluded.last_at_ms,
    attributes_low = excluded.attributes_low, attributes_high = excluded.attributes_high, tag = excluded.tag;
