-- SPDX-License-Identifier: Apache-2.0
-- Which bucket keys were destroyed, so that one that comes back from a copy is known again (docs/decisions/0029). A
-- number is never given twice, and whose keys were in that bucket is written nowhere.

-- file: keys
CREATE TABLE bucket_gone (
    bucket :int64: NOT NULL,
    PRIMARY KEY (bucket)
) :clustered:;
