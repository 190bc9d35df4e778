-- SPDX-License-Identifier: Apache-2.0
-- What has ended leaves no row, so that no change of a row brings it back: tokens that were taken back, authorizations,
-- answered requests. A code that was used stays under another kind, which its hash binds. When a client last got a
-- token of an authorization is noted for the person, who hears of each that is ended.

-- file: people
DELETE FROM authorization_token WHERE used_at_ms <> 0 OR revoked_at_ms <> 0;
DELETE FROM authorization_now WHERE ended_at_ms <> 0;
DELETE FROM pushed_request WHERE used_at_ms <> 0;
DELETE FROM access_token WHERE revoked_at_ms <> 0;
ALTER TABLE authorization_token DROP COLUMN used_at_ms;
ALTER TABLE authorization_token DROP COLUMN revoked_at_ms;
ALTER TABLE authorization_now DROP COLUMN ended_at_ms;
ALTER TABLE pushed_request DROP COLUMN used_at_ms;
ALTER TABLE access_token DROP COLUMN revoked_at_ms;
ALTER TABLE authorization_now ADD COLUMN used_at_ms :int64: NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN organisation_id :int64: NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN system_id :int64: NOT NULL DEFAULT 0;
CREATE INDEX pushed_request_by_system ON pushed_request (organisation_id, system_id, expires_at_ms);
