# SPDX-License-Identifier: Apache-2.0
"""Goal: the doors that stand open to anyone tell and give nothing by mistake, and a lost answer costs nobody his way in.
Method: one node as a newcomer runs it, and nodes as an operator puts them behind a proxy; whoever knocks is a browser, a
mail scanner, a program, or somebody who asks twice."""
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import steps  # noqa: E402
from running_node import Caller, RunningNode  # noqa: E402

PURPOSE = {
    "name": "Deliver your order", "sentence": "Bring your order to the right door.",
    "example": "The courier rings you when nobody opens.", "term": "dpv:DeliveryOfGoods", "legal_basis": "consent",
    "attributes": {"needed": ["pd:PhysicalAddress", "pd:Name"], "optional": ["pd:TelephoneNumber"]},
    "longest": "P1Y", "shortest_useful": "P2W", "retention": "P3M",
    "facts": {"passed_on": ["DHX couriers"], "scored": False, "leaves_eea": False, "trains_ai": False},
    "benefit": "Delivered to your door.", "if_no": "Collect at the shop. Nothing else changes.", "language": "en"}


def without_request_id(reply):
    return re.sub(rb'"request_id":"[^"]+"', b"", reply.body)


def invite(world):
    return world.shop.post("/v1/org/invitations", {}).expect(201).json


# ---- the same request twice

def a_key_serves_one_request_whatever_the_door(world):
    rel, body = world.rel, {"relationship": world.rel, "purpose": world.pur, "attributes": ["pd:Name"]}
    read, ask = ("/v1/org/disclosures", body), ("/v1/org/requests", {"relationship": rel, "purpose": world.pur})
    invitation = ("/v1/org/invitations", {})
    doors = [read, ask, invitation, (read[0], dict(body, note="another"))]
    for number, first in enumerate(doors):
        key = {"Idempotency-Key": f"across-{number}"}
        given = world.shop.post(*first, key)
        assert given.status in (200, 201), given.body
        for other in doors:
            again = world.shop.post(*other, key)
            if other is first:
                assert again.expect(given.status).body == given.body
            else:
                again.expect(422, "idempotency.mismatch")


def a_lost_answer_to_a_claim_comes_again(world):
    node, code = world.node, invite(world)["code"]
    key, body = {"Idempotency-Key": "b8a1c6"}, {"invitation": code, "nature": "member"}
    first = node.nobody.post("/v1/claims", body, key).expect(201)
    again = node.nobody.post("/v1/claims", body, key).expect(201)
    assert again.body == first.body and again.field("Set-Cookie") == first.field("Set-Cookie")
    assert again.field("Content-Type") == "application/json"
    cookie = again.field("Set-Cookie").split(";")[0]
    person = Caller(node, {"Cookie": cookie})
    assert person.get("/v1/me").expect(200).json["relationships"] == 1
    assert len(person.get("/v1/me/relationships").json["items"]) == 1
    # the key alone, the code alone, or both with other words give nothing
    node.nobody.post("/v1/claims", dict(body, nature="patient"), key).expect(422, "idempotency.mismatch")
    for wrong in ({}, {"Idempotency-Key": "b8a1c7"}):
        refused = node.nobody.post("/v1/claims", body, wrong).expect(404, "not_found")
        assert refused.field("Set-Cookie") is None
    other = node.nobody.post("/v1/claims", {"invitation": invite(world)["code"]}, key).expect(201)
    assert other.json["id"] != first.json["id"] and other.field("Set-Cookie") != first.field("Set-Cookie")
    # what is kept does not open the session for whoever reads the disk
    secret = cookie.split("=")[1].encode()
    for path in pathlib.Path(node.data).rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


def a_lost_answer_to_a_known_person_comes_again(world):
    eve = world.node.person("Eve")
    key, body = {"Idempotency-Key": "once more"[:4]}, {"invitation": invite(world)["code"]}
    first = eve.post("/v1/me/relationships", body, key).expect(201)
    assert eve.post("/v1/me/relationships", body, key).expect(201).body == first.body
    eve.post("/v1/me/relationships", body).expect(404, "not_found")
    world.node.person("Bob").post("/v1/me/relationships", body, key).expect(404, "not_found")
    assert eve.get("/v1/me").json["relationships"] == 1


# ---- words that come back

def lengths_and_uses_come_back_as_they_were_said(world):
    for members in (world.shop.get(f"/v1/org/purposes/{world.pur}").json,
                    world.ada.get(f"/v1/me/relationships/{world.rel}/purposes").json["items"][0]):
        assert [members[name] for name in ("longest", "shortest_useful", "retention")] == ["P1Y", "P2W", "P3M"]
    for uses in ({"kind": "times", "times": 3}, {"kind": "once"}, {"kind": "period"},
                 {"kind": "event", "event": "the parcel is delivered"}):
        grant = world.ada.post("/v1/me/grants", {"relationship": world.rel, "purpose": world.pur,
                                                 "attributes": ["pd:TelephoneNumber"], "uses": uses}).expect(201).json
        receipt = world.ada.get(f"/v1/me/receipts/{grant['receipt']}").expect(200).json
        assert grant["uses"] == receipt["payload"]["dpv:hasConsentStatus"]["symbolon:uses"] == uses


class World:
    def __init__(self, node):
        self.node = node
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.ada = node.person("Ada")
        self.rel = self.ada.post("/v1/me/relationships", {"invitation": invite(self)["code"]}).expect(201).json["id"]
        self.pur = self.shop.post("/v1/org/purposes", PURPOSE).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.pur}/publish").expect(200)
        self.ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)
        self.ada.post("/v1/me/grants", {"relationship": self.rel, "purpose": self.pur, "attributes": ["pd:Name"]})


STEPS = [a_key_serves_one_request_whatever_the_door, a_lost_answer_to_a_claim_comes_again,
         a_lost_answer_to_a_known_person_comes_again, lengths_and_uses_come_back_as_they_were_said]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))


if __name__ == "__main__":
    sys.exit(main())
