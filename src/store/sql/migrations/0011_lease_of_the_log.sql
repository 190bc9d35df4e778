-- SPDX-License-Identifier: Apache-2.0
-- Which program numbers the entries of the log at this time, so that several do not do the same work. What keeps the
-- log from splitting is the head, which moves only from where it was seen; the epoch tells who was overtaken.

-- file: people
CREATE TABLE log_lease (
    lease_id :int64: NOT NULL,             -- always 1
    holder   :int64: NOT NULL,
    epoch    :int64: NOT NULL,             -- counts the holders
    until_ms :int64: NOT NULL,
    PRIMARY KEY (lease_id)
) :clustered:;
