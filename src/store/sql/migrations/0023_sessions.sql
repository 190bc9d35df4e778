-- SPDX-License-Identifier: Apache-2.0
-- What a person sees of each session: how somebody signed in, and with what, as two numbers in one. Both are bound into
-- the hash of the row. 0: a session from before; it goes on, and counts as one that has proved nothing.

-- file: people
ALTER TABLE session ADD COLUMN way :int64: NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN device :int64: NOT NULL DEFAULT 0;
CREATE INDEX session_by_end ON session (expires_at_ms);
