-- SPDX-License-Identifier: Apache-2.0
-- Whether the keys that lie here are the node's: they may move from the folder into a database, or back, and the place
-- that they have left says so itself (store/keys_move.h). The row is of the place and does not move with the rest.

-- file: keys
CREATE TABLE keys_place (
    row_id :int64: NOT NULL,               -- always 1
    state  :int64: NOT NULL,               -- place_state of store/place.h
    token  :int64: NOT NULL,               -- of the move; 0: there was none
    other  :text:  NOT NULL,               -- where they are then, without user and password
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO keys_place (row_id, state, token, other) VALUES (1, 0, 0, '');
