-- SPDX-License-Identifier: Apache-2.0
-- Receipts and their signatures: written once.

-- name: receipt_insert
-- file: people
-- in:   receipt_id int64, person_id int64, relationship_id int64, organisation_id int64, at_ms int64, leaf bytes,
--       sealed bytes
-- apart: person_id
-- rows: none
INSERT INTO receipt (receipt_id, person_id, relationship_id, organisation_id, at_ms, leaf, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: receipt_load
-- file: people
-- in:   person_id int64, receipt_id int64
-- out:  receipt_id int64, person_id int64, relationship_id int64, organisation_id int64, at_ms int64, leaf bytes,
--       sealed bytes
-- apart: person_id
-- rows: one
SELECT :columns: FROM receipt WHERE person_id = $1 AND receipt_id = $2;

-- name: receipt_signed_insert
-- file: people
-- in:   receipt_id int64, person_id int64, sealed bytes
-- rows: none
INSERT INTO receipt_signed (receipt_id, person_id, sealed) VALUES ($1, $2, $3);

-- name: receipt_signed_load
-- file: people
-- in:   person_id int64, receipt_id int64
-- out:  sealed bytes
-- rows: one
SELECT sealed FROM receipt_signed WHERE person_id = $1 AND receipt_id = $2;
