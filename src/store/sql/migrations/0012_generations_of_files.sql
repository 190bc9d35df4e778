-- SPDX-License-Identifier: Apache-2.0
-- How often each file has been changed, and how often the others had been by then, so that a file which is older than
-- the rest is found out. Nobody vouches so for the keys: their copies live apart (docs/decisions/0018).

-- file: keys
CREATE TABLE keys_generation (
    row_id     :int64: NOT NULL,           -- always 1
    generation :int64: NOT NULL,           -- batches that have changed this file
    records    :int64: NOT NULL,           -- the generation of that file when this one was changed last
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO keys_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);

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

-- file: people
CREATE TABLE people_generation (
    row_id     :int64: NOT NULL,
    generation :int64: NOT NULL,
    records    :int64: NOT NULL,
    ledger     :int64: NOT NULL,
    people     :int64: NOT NULL,
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO people_generation (row_id, generation, records, ledger, people) VALUES (1, 0, 0, 0, 0);
