-- SPDX-License-Identifier: Apache-2.0
-- In each relationship, whether the person objects to the sale of his data and to advertising by it, and the act that
-- said so last (docs/decisions/0042). 0: nothing was said.

-- file: people
ALTER TABLE relationship ADD COLUMN objection :int64: NOT NULL DEFAULT 0; -- objection_state of domain/objection.h
ALTER TABLE relationship ADD COLUMN objection_act_id :int64: NOT NULL DEFAULT 0;
