# SPDX-License-Identifier: Apache-2.0
"""Goal: who signs in is told to one organisation, by a token that others' programs check, and its data only while a
grant says so, seen by the person. Method: clients that others have written (tests/clients, npm oauth4webapi, jose and
openid-client) go the whole way, at two organisations. Positive control: what is refused behind a stop was told
before."""
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
        ada = node.person("Ada")
        ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada Muster"}}).expect(200)
        ada.put("/v1/me/attributes/pd:PhysicalAddress",
                {"value": {"street_address": "Lindenweg 4", "locality": "Bern", "country": "CH"}}).expect(200)
        facts = {"ORGANISATION": shop.organisation, "DEPARTMENT": shop.department,
                 "OTHER_ORGANISATION": other.organisation, "OTHER_DEPARTMENT": other.department,
                 "PURPOSE": api_journey.publish(shop), "COOKIE": ada.cookie}
        if node.database is None:
            tokens.run(node, facts, "openid.mjs")
            tokens.run(node, facts, "openid_client.mjs")
        else:
            with tokens.Second(node) as second:
                facts["LISTENS"] = tokens.address(node, second)
                tokens.run(node, facts, "openid.mjs")
                tokens.run(node, facts, "openid_client.mjs")
            print("found: two servers on one database show and use one key")
        assert node.query("keys", "SELECT count(*) FROM id_token_key") == [("1",)]
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
