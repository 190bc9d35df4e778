-- SPDX-License-Identifier: Apache-2.0
-- An export is told to its person, once for each proof: a session has another number after each.

-- file: people
ALTER TABLE alert ADD COLUMN session_id :int64: NOT NULL DEFAULT 0;
