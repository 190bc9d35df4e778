-- SPDX-License-Identifier: Apache-2.0
-- The newest checkpoint that a server of the node has seen, for servers that share their keys in a database: it is put
-- back apart from the data, so it tells whether the data was put back. With keys in the folder a file there does that.

-- file: keys
CREATE TABLE log_mark (
    row_id :int64: NOT NULL,               -- always 1
    size   :int64: NOT NULL,               -- entries of the log
    note   :text:  NOT NULL,               -- the signed checkpoint
    PRIMARY KEY (row_id)
) :clustered:;
