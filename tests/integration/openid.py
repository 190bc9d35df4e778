# SPDX-License-Identifier: Apache-2.0
"""Goal: who signs in is told to one organisation, by a token that others' programs check, and its data only while a
grant says so, seen by the person. Method: clients that others have written (tests/clients, npm oauth4webapi, jose and
openid-client) go the whole way, at two organisations; the operator makes another key, and two days go by. Positive
control: what is refused behind a stop was told before, and a token of the old key is good until that key goes.

Usage: openid.py [LIBRARY], the library of set_clock.c"""
import contextlib
import json
import sys

import api_journey
import tokens
from running_node import ProxiedNode
from set_clock import clock_of_all
from skipping import skipped


DAY_SECONDS = 24 * 3600


def sign_in_by(node, facts, keys, *before):
    return json.loads(tokens.run(node, {**facts, "KEYS": str(keys)}, "openid.mjs", "keys", *before))


def a_key_in_other_hands_is_gone_at_once(node, facts):
    first = sign_in_by(node, facts, 1)
    node.run("token-key", "renew")
    assert sign_in_by(node, facts, 2, first["id_token"])["good"] == [True, True]
    node.run("token-key", "replace")
    then = sign_in_by(node, facts, 1, first["id_token"])
    assert then["kid"] != first["kid"] and then["good"] == [False, True], then
    assert node.query("keys", "SELECT count(*) FROM id_token_key") == [("1",)]
    print("found: a key of ID tokens in other hands, and one that waited, are shown no more and verify nothing")


def another_key_signs(node, facts, clock):
    def sign_in(keys, *before):
        return sign_in_by(node, facts, keys, *before)

    first = sign_in(1)
    said = node.run("token-key", "renew")
    assert said["signs_from"] < said["others_shown_until"], said
    again = node.command("token-key", "renew")
    assert again.returncode != 0 and "a new key is shown already" in again.stderr, again
    waiting = sign_in(2, first["id_token"])
    assert waiting["kid"] == first["kid"] and waiting["good"] == [True, True], waiting
    clock.go_on(DAY_SECONDS + 1)
    second = sign_in(2, first["id_token"])
    assert second["kid"] != first["kid"] and second["good"] == [True, True], second
    clock.go_on(DAY_SECONDS + 1)
    third = sign_in(1, first["id_token"], second["id_token"])
    assert third["kid"] == second["kid"] and third["good"] == [False, True, True], third
    node.expect_sound()
    print("found: a new key of ID tokens is shown a day before it signs, the old one a day after it has")


def main():
    if (why := tokens.missing()) is not None:
        return skipped(why)
    library = clock_of_all(sys.argv[1]) if len(sys.argv) > 1 else contextlib.nullcontext()
    with library as clock, ProxiedNode() as node:
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
                both = {**facts, "LISTENS": tokens.address(node, second)}
                tokens.run(node, both, "openid.mjs")
                tokens.run(node, both, "openid_client.mjs")
            print("found: two servers on one database show and use one key")
        assert node.query("keys", "SELECT count(*) FROM id_token_key") == [("1",)]
        a_key_in_other_hands_is_gone_at_once(node, facts)
        node.expect_sound()
        if clock is None:
            skipped("days go by where the clock's library goes before the program")
        else:
            another_key_signs(node, facts, clock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
