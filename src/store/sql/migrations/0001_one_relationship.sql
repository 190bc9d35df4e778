-- SPDX-License-Identifier: Apache-2.0
-- One relationship from first handshake to proof.
-- House rules: every column NOT NULL (0, '' or an empty blob say "none"); times are milliseconds UTC, bound by the
-- server; ids are 56-bit numbers made by the server; every table of a person begins its key with person_id; facts that
-- only grow lie in append-only tables; no trigger, no sequence, no foreign key across shards. Personal values are
-- sealed blobs.

-- file: keys
CREATE TABLE person_key (
    person_id :int64: NOT NULL,
    bucket    :int64: NOT NULL,
    wrapped   :bytes: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE INDEX person_key_by_bucket ON person_key (bucket);
CREATE TABLE key_bucket (
    bucket :int64: NOT NULL,
    people :int64: NOT NULL,
    open   :int64: NOT NULL,               -- 1 while new people may join, 0 full, 2 to be destroyed
    PRIMARY KEY (bucket)
) :clustered:;
CREATE TABLE organisation_key (
    organisation_id :int64: NOT NULL,
    sealed          :bytes: NOT NULL,      -- private JWK under the node's key for organisations
    public_jwk      :text:  NOT NULL,
    PRIMARY KEY (organisation_id)
) :clustered:;

-- file: records
CREATE TABLE record (
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    record_id       :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    kind            :int64: NOT NULL,      -- record_kind of domain/record.h
    version         :int64: NOT NULL,
    created_at_ms   :int64: NOT NULL,
    updated_at_ms   :int64: NOT NULL,
    sealed          :bytes: NOT NULL,
    PRIMARY KEY (person_id, relationship_id, record_id)
) :clustered:;

-- file: ledger
CREATE TABLE disclosure (
    disclosure_id   :append_id:,
    person_id       :int64: NOT NULL,
    previous_id     :int64: NOT NULL,      -- the person's disclosure before this one, 0: the first
    relationship_id :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    purpose_id      :int64: NOT NULL,
    purpose_version :int64: NOT NULL,
    grant_id        :int64: NOT NULL,
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    outcome         :int64: NOT NULL,      -- disclosure_outcome of domain/disclosure.h
    reason          :text:  NOT NULL,
    at_ms           :int64: NOT NULL,
    note            :bytes: NOT NULL
    :append_key person_id, disclosure_id:
) :strict:;
CREATE TABLE disclosure_head (
    person_id :int64: NOT NULL,
    last_id   :int64: NOT NULL,
    given     :int64: NOT NULL,
    refused   :int64: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE TABLE grant_use (
    person_id :int64: NOT NULL,
    grant_id  :int64: NOT NULL,
    used      :int64: NOT NULL,
    PRIMARY KEY (person_id, grant_id)
) :clustered:;

-- file: people
CREATE TABLE node_state (
    name  :text:  NOT NULL,
    value :int64: NOT NULL,
    PRIMARY KEY (name)
) :clustered:;
CREATE TABLE node_text (
    name  :text: NOT NULL,
    value :text: NOT NULL,
    PRIMARY KEY (name)
) :clustered:;

CREATE TABLE organisation (
    organisation_id :int64: NOT NULL,
    slug            :text:  NOT NULL,
    name            :text:  NOT NULL,
    created_at_ms   :int64: NOT NULL,
    PRIMARY KEY (organisation_id)
) :clustered:;
CREATE UNIQUE INDEX organisation_slug ON organisation (slug);
CREATE TABLE department (
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    ordinal         :int64: NOT NULL,      -- its bit in grants: 1 << ordinal
    name            :text:  NOT NULL,
    created_at_ms   :int64: NOT NULL,
    PRIMARY KEY (organisation_id, department_id)
) :clustered:;
CREATE UNIQUE INDEX department_ordinal ON department (organisation_id, ordinal);
CREATE UNIQUE INDEX department_name ON department (organisation_id, name);
CREATE TABLE system (
    organisation_id :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    name            :text:  NOT NULL,
    scopes          :int64: NOT NULL,
    created_at_ms   :int64: NOT NULL,
    revoked_at_ms   :int64: NOT NULL,
    PRIMARY KEY (organisation_id, system_id)
) :clustered:;
CREATE TABLE api_key (
    public_id       :text:  NOT NULL,
    hash            :bytes: NOT NULL,
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    department_bit  :int64: NOT NULL,
    system_id       :int64: NOT NULL,
    scopes          :int64: NOT NULL,
    created_at_ms   :int64: NOT NULL,
    revoked_at_ms   :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;

CREATE TABLE purpose (
    organisation_id   :int64: NOT NULL,
    purpose_id        :int64: NOT NULL,
    version           :int64: NOT NULL,
    state             :int64: NOT NULL,    -- purpose_state of domain/purpose.h
    needed_low        :int64: NOT NULL,
    needed_high       :int64: NOT NULL,
    optional_low      :int64: NOT NULL,
    optional_high     :int64: NOT NULL,
    departments       :int64: NOT NULL,
    longest_ms        :int64: NOT NULL,
    name              :text:  NOT NULL,
    language          :text:  NOT NULL,
    body              :text:  NOT NULL,    -- the draft as it was sent, canonical JSON; frozen once published
    created_at_ms     :int64: NOT NULL,
    published_at_ms   :int64: NOT NULL,
    retired_at_ms     :int64: NOT NULL,
    PRIMARY KEY (organisation_id, purpose_id, version)
) :clustered:;

CREATE TABLE invitation (
    code_hash       :bytes: NOT NULL,
    invitation_id   :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    person_id       :int64: NOT NULL,      -- the unclaimed person behind it; 0: anyone may claim
    relationship_id :int64: NOT NULL,
    claims_left     :int64: NOT NULL,
    created_at_ms   :int64: NOT NULL,
    expires_at_ms   :int64: NOT NULL,
    PRIMARY KEY (code_hash)
) :clustered:;
CREATE UNIQUE INDEX invitation_by_organisation ON invitation (organisation_id, invitation_id);
CREATE TABLE contact_key (                 -- finds again whom an import has brought in; keyed hashes, no values
    organisation_id :int64: NOT NULL,
    key_hash        :bytes: NOT NULL,
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    PRIMARY KEY (organisation_id, key_hash)
) :clustered:;

CREATE TABLE person (
    person_id     :int64: NOT NULL,
    state         :int64: NOT NULL,        -- person_state of domain/person.h
    merged_into   :int64: NOT NULL,        -- the person who claimed this invited one, 0: nobody
    created_at_ms :int64: NOT NULL,
    PRIMARY KEY (person_id)
) :clustered:;
CREATE TABLE leftover (                    -- what a claim has copied away and the other files still hold
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    PRIMARY KEY (person_id, relationship_id)
) :clustered:;
CREATE TABLE sign_in_link (
    public_id     :text:  NOT NULL,
    hash          :bytes: NOT NULL,
    person_id     :int64: NOT NULL,
    expires_at_ms :int64: NOT NULL,
    used_at_ms    :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;
CREATE TABLE session (
    public_id     :text:  NOT NULL,
    hash          :bytes: NOT NULL,
    session_id    :int64: NOT NULL,
    person_id     :int64: NOT NULL,
    created_at_ms :int64: NOT NULL,
    seen_at_ms    :int64: NOT NULL,
    expires_at_ms :int64: NOT NULL,
    ended_at_ms   :int64: NOT NULL,
    PRIMARY KEY (public_id)
) :clustered:;

CREATE TABLE vault (
    person_id       :int64: NOT NULL,
    kind            :int64: NOT NULL,      -- number of domain/attribute.def
    version         :int64: NOT NULL,
    source          :int64: NOT NULL,      -- attribute_source of domain/vault.h
    confirmed_at_ms :int64: NOT NULL,
    changed_at_ms   :int64: NOT NULL,
    sealed          :bytes: NOT NULL,      -- empty: removed by the person
    PRIMARY KEY (person_id, kind)
) :clustered:;
CREATE TABLE vault_history (               -- versions that are no longer current
    person_id       :int64: NOT NULL,
    kind            :int64: NOT NULL,
    version         :int64: NOT NULL,
    source          :int64: NOT NULL,
    confirmed_at_ms :int64: NOT NULL,
    changed_at_ms   :int64: NOT NULL,
    sealed          :bytes: NOT NULL,
    PRIMARY KEY (person_id, kind, version)
) :clustered:;

CREATE TABLE relationship (
    person_id             :int64: NOT NULL,
    relationship_id       :int64: NOT NULL,
    organisation_id       :int64: NOT NULL,
    state                 :int64: NOT NULL, -- relationship_state of domain/relationship.h
    nature                :int64: NOT NULL,
    edge_person_id        :int64: NOT NULL, -- owner in the ids at the edge: the person whom the organisation invited
    started_at_ms         :int64: NOT NULL,
    ends_at_ms            :int64: NOT NULL,
    review_at_ms          :int64: NOT NULL,
    last_act_id           :int64: NOT NULL,
    PRIMARY KEY (person_id, relationship_id)
) :clustered:;
CREATE INDEX relationship_by_organisation ON relationship (organisation_id, relationship_id);
CREATE TABLE relationship_key (
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    sealed          :bytes: NOT NULL,      -- the person's signing key of this relationship, private JWK
    public_jwk      :text:  NOT NULL,
    PRIMARY KEY (person_id, relationship_id)
) :clustered:;

CREATE TABLE grant_now (                   -- what the acts of a grant add up to
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    purpose_id      :int64: NOT NULL,
    grant_id        :int64: NOT NULL,
    purpose_version :int64: NOT NULL,
    state           :int64: NOT NULL,      -- grant_state of domain/grant.h
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    departments     :int64: NOT NULL,
    from_at_ms      :int64: NOT NULL,
    until_at_ms     :int64: NOT NULL,
    uses_kind       :int64: NOT NULL,
    uses_max        :int64: NOT NULL,
    uses_event      :text:  NOT NULL,
    ended_at_ms     :int64: NOT NULL,
    receipt_id      :int64: NOT NULL,
    last_act_id     :int64: NOT NULL,
    PRIMARY KEY (person_id, relationship_id, purpose_id, grant_id)
) :clustered:;

CREATE TABLE request (
    person_id       :int64: NOT NULL,
    request_id      :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    purpose_id      :int64: NOT NULL,
    purpose_version :int64: NOT NULL,
    state           :int64: NOT NULL,      -- request_state of domain/request.h
    revision        :int64: NOT NULL,      -- 1, or 2 after the one revised offer
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    duration_ms     :int64: NOT NULL,
    uses_kind       :int64: NOT NULL,
    uses_max        :int64: NOT NULL,
    uses_event      :text:  NOT NULL,
    counter_attributes_low  :int64: NOT NULL, -- the person's counter-offer, all 0 when there is none
    counter_attributes_high :int64: NOT NULL,
    counter_duration_ms     :int64: NOT NULL,
    counter_uses_kind       :int64: NOT NULL,
    counter_uses_max        :int64: NOT NULL,
    counter_uses_event      :text:  NOT NULL,
    created_at_ms   :int64: NOT NULL,
    answered_at_ms  :int64: NOT NULL,
    expires_at_ms   :int64: NOT NULL,
    grant_id        :int64: NOT NULL,
    last_act_id     :int64: NOT NULL,
    PRIMARY KEY (person_id, request_id)
) :clustered:;
CREATE INDEX request_by_organisation ON request (organisation_id, request_id);

CREATE TABLE act (                         -- the facts: every change of a relationship, a grant or a request
    act_id          :append_id:,
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    subject_id      :int64: NOT NULL,      -- the relationship, grant or request that changed
    previous_id     :int64: NOT NULL,      -- the act before on the same subject, 0: the first
    kind            :int64: NOT NULL,      -- act_kind of domain/act.def
    at_ms           :int64: NOT NULL,
    actor_kind      :int64: NOT NULL,
    actor_id        :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    department_id   :int64: NOT NULL,
    purpose_id      :int64: NOT NULL,
    purpose_version :int64: NOT NULL,
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    departments     :int64: NOT NULL,
    from_at_ms      :int64: NOT NULL,
    until_at_ms     :int64: NOT NULL,
    uses_kind       :int64: NOT NULL,
    uses_max        :int64: NOT NULL,
    uses_event      :text:  NOT NULL,
    nature          :int64: NOT NULL,
    review_at_ms    :int64: NOT NULL,
    duration_ms     :int64: NOT NULL,
    grant_id        :int64: NOT NULL,
    receipt_id      :int64: NOT NULL
    :append_key person_id, act_id:
) :strict:;

CREATE TABLE receipt (
    receipt_id      :append_id:,
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    at_ms           :int64: NOT NULL,
    leaf            :bytes: NOT NULL,      -- the salted commitment that the log holds
    sealed          :bytes: NOT NULL       -- salt (32 bytes) and payload, under the person's key
    :append_key person_id, receipt_id:
) :strict:;
CREATE TABLE receipt_signed (
    receipt_id :append_id:,
    person_id  :int64: NOT NULL,
    sealed     :bytes: NOT NULL            -- the JWS with both signatures, under the person's key
    :append_key person_id, receipt_id:
) :strict:;

CREATE TABLE log_pending (
    person_id  :int64: NOT NULL,
    receipt_id :int64: NOT NULL,
    leaf       :bytes: NOT NULL,
    PRIMARY KEY (person_id, receipt_id)
) :clustered:;
CREATE TABLE log_leaf (
    receipt_id :append_id:,
    person_id  :int64: NOT NULL,
    leaf_index :int64: NOT NULL
    :append_key person_id, receipt_id:
) :strict:;
CREATE TABLE log_tile (
    level      :int64: NOT NULL,           -- 0 and up: hashes; -1: the entries themselves
    tile_index :int64: NOT NULL,
    data       :bytes: NOT NULL,
    PRIMARY KEY (level, tile_index)
) :clustered:;
CREATE TABLE log_head (
    head_id :int64: NOT NULL,              -- always 1
    size    :int64: NOT NULL,
    root    :bytes: NOT NULL,
    note    :text:  NOT NULL,              -- the signed checkpoint
    at_ms   :int64: NOT NULL,
    PRIMARY KEY (head_id)
) :clustered:;

CREATE TABLE outbox (
    event_id        :append_id:,
    person_id       :int64: NOT NULL,
    relationship_id :int64: NOT NULL,
    organisation_id :int64: NOT NULL,
    kind            :text:  NOT NULL,      -- "grant.withdrawn"
    subject_id      :int64: NOT NULL,
    attributes_low  :int64: NOT NULL,
    attributes_high :int64: NOT NULL,
    at_ms           :int64: NOT NULL
    :append_key person_id, event_id:
) :strict:;

CREATE TABLE idempotency (
    actor_id     :int64: NOT NULL,         -- the person or system that asked
    key_hash     :bytes: NOT NULL,
    request_hash :bytes: NOT NULL,
    person_id    :int64: NOT NULL,         -- under whose key the answer is sealed; 0: the node's
    status       :int64: NOT NULL,
    at_ms        :int64: NOT NULL,
    sealed       :bytes: NOT NULL,
    PRIMARY KEY (actor_id, key_hash)
) :clustered:;
