-- SPDX-License-Identifier: Apache-2.0
-- Who changed what an organisation has set up: itself, its departments, systems, members and purposes
-- (docs/decisions/0048). What was done before is taken over from the outbox, which says what and when; who it was is
-- not known any more. From here on the code of a member who came stays as it is: whoever asks again with it is given
-- his answer again.

-- file: people
CREATE TABLE deed (
    organisation_id :int64: NOT NULL,
    deed_id         :int64: NOT NULL,
    kind            :text:  NOT NULL,      -- the word of the outbox
    subject_id      :int64: NOT NULL,
    at_ms           :int64: NOT NULL,
    actor_kind      :int64: NOT NULL,      -- actor_kind of base/ctx.h; 0: from before
    actor_id        :int64: NOT NULL,      -- system or member; of the operator 0
    tag             :text:  NOT NULL,      -- binds all of the above; empty: from before
    PRIMARY KEY (organisation_id, deed_id)
) :clustered:;
INSERT INTO deed (organisation_id, deed_id, kind, subject_id, at_ms, actor_kind, actor_id, tag)
    SELECT organisation_id, event_id, kind, subject_id, at_ms, 0, 0, '' FROM outbox WHERE person_id = 0;
