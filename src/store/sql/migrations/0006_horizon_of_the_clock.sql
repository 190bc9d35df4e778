-- SPDX-License-Identifier: Apache-2.0
-- What lets the time go on after a restart: how much had elapsed at the mark, on which run of the machine, and beyond
-- which moment nothing was told before the next mark.

-- file: ledger
ALTER TABLE clock_mark ADD COLUMN elapsed_ms :int64: NOT NULL DEFAULT 0;
ALTER TABLE clock_mark ADD COLUMN boot       :int64: NOT NULL DEFAULT 0;
ALTER TABLE clock_mark ADD COLUMN horizon_ms :int64: NOT NULL DEFAULT 0;
