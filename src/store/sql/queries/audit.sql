-- SPDX-License-Identifier: Apache-2.0
-- What only the re-derivation reads: whole people and whole tables, streamed.

-- name: audit_leftover_count
-- file: people
-- in:   person_id int64
-- out:  rows_left int64
-- rows: one
SELECT (SELECT count(*) FROM relationship WHERE person_id = $1) + (SELECT count(*) FROM relationship_key WHERE
    person_id = $1)
    + (SELECT count(*) FROM grant_now WHERE person_id = $1) + (SELECT count(*) FROM request WHERE person_id = $1)
    + (SELECT count(*) FROM vault WHERE person_id = $1) + (SELECT count(*) FROM vault_history WHERE person_id = $1);

-- Rows of people who are not here.
-- name: audit_lost_list
-- file: people
-- out:  person_id int64
-- rows: walk
SELECT person_id FROM relationship r WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = r.person_id)
UNION SELECT person_id FROM grant_now g WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = g.person_id)
UNION SELECT person_id FROM request q WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = q.person_id)
UNION SELECT person_id FROM vault v WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = v.person_id)
UNION SELECT person_id FROM vault_history h WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.person_id = h.person_id)
ORDER BY person_id;

-- name: audit_act_list
-- file: people
-- out:  act_id int64, person_id int64, relationship_id int64, subject_id int64, kind int64
-- rows: walk
SELECT :columns: FROM act ORDER BY act_id;

-- name: audit_receipt_list
-- file: people
-- out:  receipt_id int64, person_id int64, relationship_id int64
-- rows: walk
SELECT :columns: FROM receipt ORDER BY receipt_id;

-- name: audit_disclosure_list
-- file: ledger
-- out:  disclosure_id int64, person_id int64
-- rows: walk
SELECT :columns: FROM disclosure ORDER BY disclosure_id;

-- Counts of refused reads behind no entry.
-- name: audit_further_list
-- file: ledger
-- out:  person_id int64, disclosure_id int64
-- rows: walk
SELECT person_id, disclosure_id FROM refused_further f WHERE NOT EXISTS (SELECT 1 FROM disclosure d
    WHERE d.person_id = f.person_id AND d.disclosure_id = f.disclosure_id)
ORDER BY person_id, disclosure_id;

-- Days of refused reads, or of questions, whose newest entry is not one of them.
-- name: audit_refused_day_list
-- file: ledger
-- row:  audit_refused_day_list
-- out:  person_id int64, last_id int64
-- rows: walk
SELECT person_id, last_id FROM refused_day t WHERE NOT EXISTS (SELECT 1 FROM disclosure d
    WHERE d.person_id = t.person_id AND d.disclosure_id = t.last_id AND d.relationship_id = t.relationship_id
        AND d.department_id = t.department_id AND d.at_ms / 86400000 = t.day AND d.outcome = 2)
ORDER BY person_id, relationship_id, department_id;

-- name: audit_asked_day_list
-- file: ledger
-- row:  audit_refused_day_list
-- out:  person_id int64, last_id int64
-- rows: walk
SELECT person_id, last_id FROM asked_day t WHERE NOT EXISTS (SELECT 1 FROM disclosure d
    WHERE d.person_id = t.person_id AND d.disclosure_id = t.last_id AND d.relationship_id = t.relationship_id
        AND d.department_id = t.department_id AND d.at_ms / 86400000 = t.day AND d.outcome IN (3, 4))
ORDER BY person_id, relationship_id, department_id;

-- name: audit_use_list
-- file: ledger
-- in:   person_id int64
-- out:  grant_id int64, used int64
-- rows: many
SELECT :columns: FROM grant_use WHERE person_id = $1 ORDER BY grant_id;

-- name: audit_history_list
-- file: people
-- in:   person_id int64, kind int64
-- out:  kind int64, version int64, confirmed_at_ms int64, changed_at_ms int64, sealed bytes
-- rows: walk
SELECT :columns: FROM vault_history WHERE person_id = $1 AND kind = $2 ORDER BY version;

-- name: audit_history_lost
-- file: people
-- in:   person_id int64
-- out:  versions int64
-- rows: one
SELECT count(*) FROM vault_history h WHERE person_id = $1
    AND NOT EXISTS (SELECT 1 FROM vault v WHERE v.person_id = h.person_id AND v.kind = h.kind);

-- What facts and set-up speak of and is not there: 1 an organisation, 2 a department, 3 a system (who asks and who
-- revises is of the department that the request names), 4 a version of a purpose that was ever published.
-- name: audit_dangling_list
-- file: people
-- out:  kind int64, organisation_id int64, item_id int64, version int64
-- rows: walk
SELECT 1 AS kind, organisation_id, 0 AS item_id, 0 AS version FROM (SELECT organisation_id FROM department
    UNION SELECT organisation_id FROM system UNION SELECT organisation_id FROM api_key
    UNION SELECT organisation_id FROM system_key
    UNION SELECT organisation_id FROM purpose UNION SELECT organisation_id FROM invitation
    UNION SELECT organisation_id FROM relationship UNION SELECT organisation_id FROM act) AS told
    WHERE NOT EXISTS (SELECT 1 FROM organisation o WHERE o.organisation_id = told.organisation_id)
UNION SELECT 2, organisation_id, department_id, 0 FROM (SELECT organisation_id, department_id FROM system
    UNION SELECT organisation_id, department_id FROM api_key UNION SELECT organisation_id, department_id FROM invitation
    UNION SELECT organisation_id, department_id FROM act) AS told
    WHERE department_id <> 0 AND NOT EXISTS (SELECT 1 FROM department d
        WHERE d.organisation_id = told.organisation_id AND d.department_id = told.department_id)
UNION SELECT 3, organisation_id, actor_id, 0 FROM (SELECT DISTINCT organisation_id, actor_id,
    CASE WHEN kind = 40 OR kind = 41 THEN department_id ELSE 0 END AS department_id FROM act
    WHERE actor_kind = 2) AS told
    WHERE NOT EXISTS (SELECT 1 FROM system s WHERE s.organisation_id = told.organisation_id
        AND s.system_id = told.actor_id AND (told.department_id = 0 OR s.department_id = told.department_id))
UNION SELECT 4, organisation_id, purpose_id, purpose_version FROM (SELECT DISTINCT organisation_id, purpose_id,
    purpose_version FROM act WHERE purpose_id <> 0) AS told
    WHERE NOT EXISTS (SELECT 1 FROM purpose p WHERE p.organisation_id = told.organisation_id
        AND p.purpose_id = told.purpose_id AND p.version = told.purpose_version AND p.state <> 1)
ORDER BY 1, 2, 3, 4;

-- What the reads speak of; the ledger is another file, so it is looked up one by one.
-- name: audit_reader_list
-- file: ledger
-- out:  organisation_id int64, department_id int64, system_id int64, purpose_id int64, purpose_version int64
-- rows: walk
SELECT DISTINCT organisation_id, department_id, system_id, purpose_id, purpose_version FROM disclosure
ORDER BY organisation_id, department_id, system_id, purpose_id, purpose_version;

-- How often what an event of the set-up tells has happened.
-- name: audit_set_up_count
-- file: people
-- in:   organisation_id int64, subject_id int64, at_ms int64, kind text
-- out:  count int64
-- rows: one
SELECT CASE $4
    WHEN 'organisation.created' THEN (SELECT count(*) FROM organisation WHERE organisation_id = $1
        AND organisation_id = $2 AND created_at_ms = $3)
    WHEN 'department.created' THEN (SELECT count(*) FROM department WHERE organisation_id = $1 AND department_id = $2
        AND created_at_ms = $3)
    WHEN 'system.created' THEN (SELECT count(*) FROM system WHERE organisation_id = $1 AND system_id = $2
        AND created_at_ms = $3)
    WHEN 'system.ended' THEN (SELECT count(*) FROM system WHERE organisation_id = $1 AND system_id = $2
        AND revoked_at_ms = $3)
    WHEN 'member.invited' THEN (SELECT count(*) FROM member WHERE organisation_id = $1 AND member_id = $2
        AND created_at_ms = $3)
    WHEN 'member.ended' THEN (SELECT count(*) FROM member WHERE organisation_id = $1 AND member_id = $2
        AND ended_at_ms = $3)
    WHEN 'purpose.published' THEN (SELECT count(*) FROM purpose WHERE organisation_id = $1 AND purpose_id = $2
        AND published_at_ms = $3)
    WHEN 'purpose.retired' THEN (SELECT count(*) FROM purpose WHERE organisation_id = $1 AND purpose_id = $2
        AND retired_at_ms = $3)
    ELSE 0 END;

-- A department that was told to hold more about somebody, and the relationship in which it does.
-- name: audit_alert_count
-- file: people
-- in:   person_id int64, alert_id int64, kind int64, at_ms int64
-- out:  count int64
-- rows: one
SELECT count(*) AS count FROM alert WHERE person_id = $1 AND alert_id = $2 AND kind = $3 AND at_ms = $4;

-- name: audit_record_event_count
-- file: people
-- in:   person_id int64, relationship_id int64, organisation_id int64, department_id int64
-- out:  count int64
-- rows: one
SELECT CASE WHEN EXISTS (SELECT 1 FROM act WHERE person_id = $1 AND relationship_id = $2 AND organisation_id = $3)
    THEN (SELECT count(*) FROM department WHERE organisation_id = $3 AND department_id = $4) ELSE 0 END;

-- name: audit_system_count
-- file: people
-- in:   organisation_id int64, system_id int64, department_id int64
-- out:  systems int64
-- rows: one
SELECT count(*) FROM system WHERE organisation_id = $1 AND system_id = $2 AND department_id = $3;

-- Systems whose key, or what they sign with, says something else than the system, and those of neither or both: each
-- has exactly one.
-- name: audit_key_list
-- file: people
-- out:  organisation_id int64, system_id int64
-- rows: walk
SELECT k.organisation_id, k.system_id FROM (SELECT organisation_id, system_id, department_id, department_bit, scopes,
        created_at_ms, revoked_at_ms FROM api_key
    UNION ALL SELECT organisation_id, system_id, department_id, department_bit, scopes, created_at_ms, revoked_at_ms
        FROM system_key) AS k
    LEFT JOIN system s ON s.organisation_id = k.organisation_id AND s.system_id = k.system_id
    LEFT JOIN department d ON d.organisation_id = k.organisation_id AND d.department_id = k.department_id
    WHERE s.system_id IS NULL OR d.department_id IS NULL OR s.department_id <> k.department_id
        OR s.scopes <> k.scopes OR s.created_at_ms <> k.created_at_ms OR s.revoked_at_ms <> k.revoked_at_ms
        OR k.department_bit <> CAST(1 AS BIGINT) << CAST(d.ordinal AS INTEGER)
UNION SELECT s.organisation_id, s.system_id FROM system s WHERE
    (SELECT count(*) FROM api_key k WHERE k.organisation_id = s.organisation_id AND k.system_id = s.system_id) +
    (SELECT count(*) FROM system_key k WHERE k.organisation_id = s.organisation_id AND k.system_id = s.system_id) <> 1
ORDER BY 1, 2;

-- name: audit_system_key_list
-- file: people
-- out:  organisation_id int64, system_id int64, department_id int64, department_bit int64, scopes int64, jwks text,
--       redirect_uris text, created_at_ms int64
-- rows: walk
SELECT :columns: FROM system_key ORDER BY organisation_id, system_id;

-- name: audit_organisation_list
-- file: people
-- out:  organisation_id int64, slug text, name text, created_at_ms int64
-- rows: walk
SELECT :columns: FROM organisation ORDER BY organisation_id;

-- name: audit_api_key_list
-- file: people
-- out:  public_id text, hash bytes, organisation_id int64, department_id int64, department_bit int64, system_id int64,
--       scopes int64, created_at_ms int64
-- rows: walk
SELECT :columns: FROM api_key ORDER BY organisation_id, system_id, public_id;

-- name: audit_purpose_list
-- file: people
-- out:  organisation_id int64, purpose_id int64, version int64, state int64, needed_low int64, needed_high int64,
--       optional_low int64, optional_high int64, departments int64, longest_ms int64, name text, language text,
--       body text, created_at_ms int64, published_at_ms int64, retired_at_ms int64
-- rows: walk
SELECT :columns: FROM purpose ORDER BY organisation_id, purpose_id, version;

-- Acts and events that say the same: of this person, subject, word and moment. The numbers of two processes lie in one
-- another, so which event tells of which act is known by what they say and by their order among their like.
-- name: audit_alike_act_count
-- file: people
-- in:   person_id int64, relationship_id int64, organisation_id int64, subject_id int64, kind int64, other_kind int64,
--       attributes_low int64, attributes_high int64, at_ms int64, from_id int64, until_id int64
-- out:  acts int64, last_id int64
-- rows: one
SELECT count(*), COALESCE(max(act_id), 0) FROM act
    WHERE act_id BETWEEN $10 AND $11 AND person_id = $1 AND relationship_id = $2
    AND organisation_id = $3 AND subject_id = $4 AND (kind = $5 OR kind = $6) AND attributes_low = $7
    AND attributes_high = $8 AND at_ms = $9;

-- name: audit_alike_event
-- file: people
-- in:   person_id int64, relationship_id int64, organisation_id int64, subject_id int64, kind text,
--       attributes_low int64, attributes_high int64, at_ms int64, from_id int64, until_id int64, before int64
-- out:  event_id int64
-- rows: one
SELECT event_id FROM outbox WHERE event_id BETWEEN $9 AND $10 AND person_id = $1 AND relationship_id = $2
    AND organisation_id = $3 AND subject_id = $4 AND kind = $5 AND attributes_low = $6 AND attributes_high = $7
    AND at_ms = $8 ORDER BY event_id LIMIT 1 OFFSET $11;

-- name: audit_attribute_event
-- file: people
-- in:   person_id int64, after_id int64, kind text, subject_id int64, at_ms int64
-- out:  event_id int64
-- rows: one
SELECT event_id FROM outbox WHERE person_id = $1 AND event_id > $2 AND kind = $3 AND subject_id = $4 AND at_ms = $5
    AND relationship_id = 0 AND organisation_id = 0 ORDER BY event_id LIMIT 1;

-- name: audit_event_list
-- file: people
-- out:  event_id int64, person_id int64, relationship_id int64, organisation_id int64, kind text, subject_id int64,
--       attributes_low int64, attributes_high int64, at_ms int64
-- rows: walk
SELECT :columns: FROM outbox ORDER BY event_id;

-- name: audit_act_before
-- file: people
-- in:   person_id int64, before_id int64
-- out:  act_id int64
-- rows: one
SELECT act_id FROM act WHERE person_id = $1 AND act_id < $2 ORDER BY act_id DESC LIMIT 1;

-- How many events of one moment tell of the same kind, up to this one, and how many versions it made then.
-- name: audit_attribute_count
-- file: people
-- in:   person_id int64, kind int64, at_ms int64, word text, from_id int64, event_id int64
-- out:  events int64, changed int64, removed int64
-- rows: one
SELECT (SELECT count(*) FROM outbox WHERE event_id BETWEEN $5 AND $6 AND person_id = $1 AND kind = $4
        AND subject_id = $2 AND at_ms = $3),
    (SELECT count(*) FROM vault WHERE person_id = $1 AND kind = $2 AND changed_at_ms = $3 AND length(sealed) > 0)
        + (SELECT count(*) FROM vault_history WHERE person_id = $1 AND kind = $2 AND changed_at_ms = $3
        AND length(sealed) > 0),
    (SELECT count(*) FROM vault WHERE person_id = $1 AND kind = $2 AND changed_at_ms = $3 AND length(sealed) = 0)
        + (SELECT count(*) FROM vault_history WHERE person_id = $1 AND kind = $2 AND changed_at_ms = $3
        AND length(sealed) = 0);
