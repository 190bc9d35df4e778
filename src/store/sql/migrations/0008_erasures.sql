-- SPDX-License-Identifier: Apache-2.0
-- People who are being erased, until nothing of theirs is left; and under which bucket keys that were taken away lay:
-- their copies open as long as that bucket key stands, so it goes with the erasure of whoever took the person's place.

-- file: keys
CREATE TABLE key_removed (
    person_id :int64: NOT NULL,            -- an invited person whose place another has taken
    bucket    :int64: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE INDEX key_removed_by_bucket ON key_removed (bucket);

-- file: people
CREATE TABLE erasure (
    person_id   :int64: NOT NULL,
    asked_at_ms :int64: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE INDEX session_by_person ON session (person_id);
CREATE INDEX sign_in_link_by_person ON sign_in_link (person_id);
CREATE INDEX contact_key_by_person ON contact_key (person_id);
