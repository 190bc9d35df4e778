-- SPDX-License-Identifier: Apache-2.0
-- How often data on a server had been changed, beside the newest checkpoint: a sign-out or a read has no entry in the
-- log, which alone does not tell that the data was put back from between two entries.

-- file: keys
ALTER TABLE log_mark ADD COLUMN data_generation :int64: NOT NULL DEFAULT 0;
