-- SPDX-License-Identifier: Apache-2.0
-- The person's own data.

-- name: vault_load
-- file: people
-- in:   person_id int64, kind int64
-- out:  version int64, source int64, confirmed_at_ms int64, changed_at_ms int64, sealed bytes
-- rows: one
SELECT version, source, confirmed_at_ms, changed_at_ms, sealed FROM vault WHERE person_id = $1 AND kind = $2;

-- The asked kinds of one person in one walk over neighbouring rows: a search for each costs more than passing by the
-- others. Kind n is bit n - 1 of `low`, from 64 on bit n - 64 of `high`; `first` and `last` bound the walk.
-- name: vault_load_kinds
-- file: people
-- in:   person_id int64, first int64, last int64, low int64, high int64
-- out:  kind int64, version int64, source int64, confirmed_at_ms int64, changed_at_ms int64, sealed bytes
-- rows: many
SELECT kind, version, source, confirmed_at_ms, changed_at_ms, sealed FROM vault
WHERE person_id = $1 AND kind >= $2 AND kind <= $3
    AND (CASE WHEN kind < 64 THEN $4 >> CAST(kind - 1 AS INTEGER) ELSE $5 >> CAST(kind - 64 AS INTEGER) END) & 1 = 1
ORDER BY kind;

-- name: vault_list
-- file: people
-- in:   person_id int64
-- out:  kind int64, version int64, source int64, confirmed_at_ms int64, changed_at_ms int64, sealed bytes
-- rows: many
SELECT kind, version, source, confirmed_at_ms, changed_at_ms, sealed FROM vault WHERE person_id = $1 ORDER BY kind;

-- name: vault_save
-- file: people
-- in:   person_id int64, kind int64, version int64, source int64, confirmed_at_ms int64, changed_at_ms int64,
--       sealed bytes
-- rows: none
INSERT INTO vault (person_id, kind, version, source, confirmed_at_ms, changed_at_ms, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_id, kind) DO UPDATE SET version = excluded.version, source = excluded.source,
    confirmed_at_ms = excluded.confirmed_at_ms, changed_at_ms = excluded.changed_at_ms, sealed = excluded.sealed;

-- name: vault_history_insert
-- file: people
-- in:   person_id int64, kind int64, version int64, source int64, confirmed_at_ms int64, changed_at_ms int64,
--       sealed bytes
-- rows: none
INSERT INTO vault_history (person_id, kind, version, source, confirmed_at_ms, changed_at_ms, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: vault_history_list
-- file: people
-- in:   person_id int64, kind int64, before_version int64, most int64
-- out:  version int64, source int64, confirmed_at_ms int64, changed_at_ms int64, sealed bytes
-- rows: many
SELECT version, source, confirmed_at_ms, changed_at_ms, sealed FROM vault_history
WHERE person_id = $1 AND kind = $2 AND version < $3 ORDER BY version DESC LIMIT $4;
