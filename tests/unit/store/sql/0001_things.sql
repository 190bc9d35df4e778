-- SPDX-License-Identifier: Apache-2.0
-- A small schema with one table of each kind, for the tests of the store.
-- file: people
CREATE TABLE node_state (
    name  :text:  NOT NULL,
    value :int64: NOT NULL,
    PRIMARY KEY (name)
) :clustered:;
CREATE TABLE people_generation (
    row_id     :int64: NOT NULL,
    generation :int64: NOT NULL,
    records    :int64: NOT NULL,
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO people_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);
CREATE TABLE store_place (
    row_id :int64: NOT NULL,
    state  :int64: NOT NULL,
    token  :int64: NOT NULL,
    other  :text:  NOT NULL,
    node   :text:  NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO store_place (row_id, state, token, other, node) VALUES (1, 0, 0, '', '');
CREATE TABLE thing (
    thing_id :int64: NOT NULL,
    name     :text:  NOT NULL,
    data     :bytes: NOT NULL,
    PRIMARY KEY (thing_id)
) :clustered:;
CREATE UNIQUE INDEX thing_name ON thing (name);
-- file: ledger
CREATE TABLE ledger_generation (
    row_id     :int64: NOT NULL,
    generation :int64: NOT NULL,
    records    :int64: NOT NULL,
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO ledger_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);
CREATE TABLE clock_mark (
    mark_id    :int64: NOT NULL,
    at_ms      :int64: NOT NULL,
    elapsed_ms :int64: NOT NULL,
    boot       :int64: NOT NULL,
    horizon_ms :int64: NOT NULL,
    PRIMARY KEY (mark_id)
) :clustered:;
CREATE TABLE entry (
    entry_id :append_id:,
    thing_id :int64: NOT NULL,
    at_ms    :int64: NOT NULL
    :append_key thing_id, entry_id:
) :strict:;
-- file: records
CREATE TABLE records_generation (
    row_id     :int64: NOT NULL,
    generation :int64: NOT NULL,
    records    :int64: NOT NULL,
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO records_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);
-- file: keys
CREATE TABLE keys_generation (
    row_id     :int64: NOT NULL,
    generation :int64: NOT NULL,
    records    :int64: NOT NULL,
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO keys_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);
CREATE TABLE keys_place (
    row_id :int64: NOT NULL,
    state  :int64: NOT NULL,
    token  :int64: NOT NULL,
    other  :text:  NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO keys_place (row_id, state, token, other) VALUES (1, 0, 0, '');
CREATE TABLE secret (
    thing_id :int64: NOT NULL,
    data     :bytes: NOT NULL,
    PRIMARY KEY (thing_id)
) :clustered:;
