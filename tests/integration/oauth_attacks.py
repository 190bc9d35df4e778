# SPDX-License-Identifier: Apache-2.0
"""Goal: what a person lets a client have through the browser goes to this client, once, with its key, and ends with
the person's stop. Method: a client that others have written (tests/clients, npm oauth4webapi) goes the whole way of
FAPI 2.0 by page and by app, with each algorithm; then requests with one fault each at every door of it, and 64 at once
of all that is good for one use; with the data in a database, two servers in turn. Positive control: each right request
beside the wrong ones is taken."""
import sys

import api_journey
import tokens
from running_node import ProxiedNode
from skipping import skipped


def main():
    if (why := tokens.missing()) is not None:
        return skipped(why)
    with ProxiedNode() as node:
        shop, other = node.organisation("Blue Shop", "Shipping"), node.organisation("Red Bank", "Counter")
        ada, bob = node.person("Ada"), node.person("Bob")
        purpose = api_journey.publish(shop)
        draft = other.post("/v1/org/purposes", api_journey.DELIVER).expect(201).json
        facts = {"ORGANISATION": shop.organisation, "DEPARTMENT": shop.department, "PURPOSE": purpose,
                 "OTHER_ORGANISATION": other.organisation, "OTHER_DEPARTMENT": other.department,
                 "DRAFT": draft["id"], "COOKIE": ada.cookie, "OTHER_COOKIE": bob.cookie}
        tokens.run(node, facts, "authorizations.mjs")
        if node.database is None:
            tokens.run(node, facts, "authorization_attacks.mjs")
        else:
            with tokens.Second(node) as second:
                tokens.run(node, {**facts, "LISTENS": tokens.address(node, second)}, "authorization_attacks.mjs")
            print("found: two servers on one database are one node for codes as well")
        for table in ("pushed_request", "authorization_token"):
            rows = str(node.query("people", f"SELECT * FROM {table}"))
            assert not [word for word in ("par_", "cod_", "acc_", "ref_") if word in rows], table
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
