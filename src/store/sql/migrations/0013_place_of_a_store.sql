-- SPDX-License-Identifier: Apache-2.0
-- Whether this place may be served: while a store moves to another place, one of the two is the node and the other is
-- not (store/place.h). The row is of the place and does not move with the rest.

-- file: people
CREATE TABLE store_place (
    row_id :int64: NOT NULL,               -- always 1
    state  :int64: NOT NULL,               -- place_state of store/place.h
    token  :int64: NOT NULL,               -- of the run that may go on; 0: there was none
    other  :text:  NOT NULL,               -- where the other place is, without user and password
    node   :text:  NOT NULL,               -- the name of the log: whose data it is
    PRIMARY KEY (row_id)
) :clustered:;
INSERT INTO store_place (row_id, state, token, other, node) VALUES (1, 0, 0, '', '');
