-- SPDX-License-Identifier: Apache-2.0
-- The codes behind which one invited person waits are found by that person, to be replaced by a fresh one.

-- file: people
CREATE INDEX invitation_by_person ON invitation (person_id);
