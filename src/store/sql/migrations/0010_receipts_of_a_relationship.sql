-- SPDX-License-Identifier: Apache-2.0
-- Finds the receipts of one relationship in their order, so that a page of them costs what is on it, however much was
-- done before; and the facts that name an event, which are few, so that an erasure need not walk over all others.

-- file: people
CREATE INDEX act_by_receipt ON act (person_id, relationship_id, receipt_id) WHERE receipt_id > 0;
CREATE INDEX act_with_event ON act (person_id, act_id) WHERE uses_event <> '';
