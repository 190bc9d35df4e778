-- SPDX-License-Identifier: Apache-2.0
-- A kept answer holds the hash of its request inside what is sealed: beside it, a copy of the store told whoever could
-- guess what a request said, also after an erasure. What was kept before goes, all of it; a request that is repeated
-- across this migration is done anew.

-- file: ledger
DELETE FROM disclosure_answer;
ALTER TABLE disclosure_answer DROP COLUMN request_hash;

-- file: people
DELETE FROM idempotency;
ALTER TABLE idempotency DROP COLUMN request_hash;
