-- SPDX-License-Identifier: Apache-2.0
-- Purposes and their versions.

-- name: purpose_save
-- file: people
-- in:   organisation_id int64, purpose_id int64, version int64, needed_low int64, needed_high int64,
--       optional_low int64,
--       optional_high int64, departments int64, longest_ms int64, name text, body text, created_at_ms int64,
--       language text
-- meets: one
-- rows: none
INSERT INTO purpose (organisation_id, purpose_id, version, state, needed_low, needed_high, optional_low, optional_high,
    departments, longest_ms, name, body, created_at_ms, published_at_ms, retired_at_ms, language)
VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13)
ON CONFLICT (organisation_id, purpose_id, version) DO UPDATE SET needed_low = excluded.needed_low,
    needed_high = excluded.needed_high, optional_low = excluded.optional_low, optional_high = excluded.optional_high,
    departments = excluded.departments, longest_ms = excluded.longest_ms, name = excluded.name, body = excluded.body,
    language = excluded.language
    WHERE purpose.state = 1;

-- name: purpose_set_state
-- file: people
-- in:   organisation_id int64, purpose_id int64, version int64, state int64, published_at_ms int64, retired_at_ms int64
-- meets: one
-- rows: none
UPDATE purpose SET state = $4, published_at_ms = $5, retired_at_ms = $6
WHERE organisation_id = $1 AND purpose_id = $2 AND version = $3;

-- The newest version of each purpose, a draft only for the departments that it names.
-- name: purpose_list
-- file: people
-- in:   organisation_id int64, after int64, least_state int64, most_state int64, most_version int64, most int64,
--       draft_departments int64
-- out:  organisation_id int64, purpose_id int64, version int64, state int64, needed_low int64, needed_high int64,
--       optional_low int64, optional_high int64, departments int64, longest_ms int64, name text, body text,
--       created_at_ms int64, published_at_ms int64, retired_at_ms int64, language text
-- rows: many
SELECT :columns: FROM purpose p WHERE organisation_id = $1 AND purpose_id > $2 AND state BETWEEN $3 AND $4
    AND (state <> 1 OR (departments & $7) <> 0)
    AND version = (SELECT max(q.version) FROM purpose q WHERE q.organisation_id = p.organisation_id
        AND q.purpose_id = p.purpose_id AND q.state BETWEEN $3 AND $4 AND q.version <= $5
        AND (q.state <> 1 OR (q.departments & $7) <> 0))
ORDER BY purpose_id LIMIT $6;
