-- SPDX-License-Identifier: Apache-2.0
-- Who changed what an organisation has set up.

-- name: deed_insert
-- file: people
-- in:   organisation_id int64, deed_id int64, kind text, subject_id int64, at_ms int64, actor_kind int64,
--       actor_id int64, tag text
-- rows: none
INSERT INTO deed (organisation_id, deed_id, kind, subject_id, at_ms, actor_kind, actor_id, tag)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: deed_list
-- file: people
-- in:   organisation_id int64, before_id int64, most int64
-- row:  deed
-- out:  organisation_id int64, deed_id int64, kind text, subject_id int64, at_ms int64, actor_kind int64,
--       actor_id int64, tag text
-- rows: many
SELECT :columns: FROM deed WHERE organisation_id = $1 AND deed_id < $2 ORDER BY deed_id DESC LIMIT $3;

-- name: deed_count_since
-- file: people
-- in:   organisation_id int64, from_id int64, kind text
-- out:  deeds int64, first_id int64
-- rows: one
SELECT count(*) AS deeds, COALESCE(min(deed_id), 0) AS first_id FROM deed
WHERE organisation_id = $1 AND deed_id >= $2 AND kind = $3;

-- name: audit_deed_list
-- file: people
-- row:  deed
-- rows: walk
SELECT :columns: FROM deed ORDER BY organisation_id, deed_id;

-- The deeds of which an event of the set-up tells.
-- name: audit_deed_count
-- file: people
-- in:   organisation_id int64, from_id int64, until_id int64, kind text, subject_id int64, at_ms int64
-- out:  deeds int64
-- rows: one
SELECT count(*) AS deeds FROM deed WHERE organisation_id = $1 AND deed_id BETWEEN $2 AND $3 AND kind = $4
    AND subject_id = $5 AND at_ms = $6;
