-- SPDX-License-Identifier: Apache-2.0
-- The head of a person's chain of reads changes with each read. On a database server a changed row stays out of the
-- index when its page has room for it; in the index it would meet the batches of all other servers that look there.

-- file: ledger
:room_beside_heads:;
