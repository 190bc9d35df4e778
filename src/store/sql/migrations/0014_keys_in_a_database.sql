-- SPDX-License-Identifier: Apache-2.0
-- Bucket keys, where they lie in a database and not in the key folder (docs/decisions/0024), and whose keys that
-- database holds. With keys in the folder both tables stay empty.

-- file: keys
CREATE TABLE bucket_key (
    bucket :int64: NOT NULL,
    sealed :bytes: NOT NULL,               -- under the root, which lies in the folder of each server
    PRIMARY KEY (bucket)
) :clustered:;
CREATE TABLE key_owner (
    row_id :int64: NOT NULL,               -- always 1
    name   :text:  NOT NULL,               -- of the node's log: it follows from the root
    PRIMARY KEY (row_id)
) :clustered:;
