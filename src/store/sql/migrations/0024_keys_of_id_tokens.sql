-- SPDX-License-Identifier: Apache-2.0
-- The keys by which the node signs ID tokens. Another one is made and shown before it signs, and the one before it is
-- shown until what it has signed has ended (docs/decisions/0037): a row is added, and its end is set once.

-- file: keys
CREATE TABLE id_token_key (
    key_number     :int64: NOT NULL,       -- rises; the sealed half opens for it alone
    sealed         :bytes: NOT NULL,       -- private half, as the holder of the keys gave it
    public_jwk     :text:  NOT NULL,
    signs_from_ms  :int64: NOT NULL,       -- until then it is only shown
    shown_until_ms :int64: NOT NULL,       -- 0: there is no end yet
    PRIMARY KEY (key_number)
) :clustered:;
