# SPDX-License-Identifier: Apache-2.0
"""Goal: a person takes away all that is held about him, and nobody else does. Method: each page of an export is laid
beside what the door that it names gives to the same session, over more than one answer and more than one page of a
door; every door of the person's that lists something must be among them. Whoever takes one is told of, wherever he
begins. Positive control: an export from which one answer is taken away is not whole."""
import sys

import steps
from purposes import DELIVER
from running_node import Caller, RunningNode, pages
from software_passkey import Device

VERSIONS, RELATIONSHIPS = 55, 28  # more than a page of a door holds, and more doors than an answer asks
NAME = "/v1/me/attributes/pd:Name"
SINGLE = ("/v1/me", "/v1/me/recovery")  # no lists
# The export itself; what a client asks just now; what organisations say of themselves.
NO_DATA = ("/v1/me/export", "/v1/me/authorization", "/v1/me/organisations", "/v1/me/relationships/{rel}/purposes")


class World:
    def __init__(self, node):
        self.node, self.shop = node, node.organisation("Blue Shop", "Shipping")
        self.ada, self.bob, self.device = node.person("Ada"), node.person("Bob"), Device()
        self.device.register(self.ada).expect(201)
        for number in range(VERSIONS):
            self.ada.put(NAME, {"value": {"name": f"Ada {number}"}}).expect(200)
        self.bob.put(NAME, {"value": {"name": "Bob the other"}}).expect(200)
        self.purpose = self.shop.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.purpose}/publish").expect(200)
        self.relationship = self.begin(self.shop)
        for number in range(RELATIONSHIPS):
            self.begin(node.organisation(f"Shop {number}", "Desk"))
        self.read()

    def begin(self, system):
        code = system.post("/v1/org/invitations", {}).expect(201).json["code"]
        return self.ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]

    def read(self):
        about = {"relationship": self.relationship, "purpose": self.purpose, "attributes": ["pd:Name"]}
        self.shop.post("/v1/org/requests", dict(about, attributes=["pd:PhysicalAddress"])).expect(201)
        self.ada.post("/v1/me/grants", about).expect(201)
        self.shop.post("/v1/org/disclosures", about).expect(200)


def answers(caller):
    path = "/v1/me/export"
    while path:
        reply = caller.get(path).expect(200)
        yield reply
        link = reply.field("Link")
        path = link[1:link.index(">")] if link else None


def whole(exported):
    """What the answers say of each door."""
    found = {}
    for reply in exported:
        for page in reply.json["items"]:
            found.setdefault(page["door"], []).append(page["answer"])
    return found


def doors_of(world):
    """Every door of the person's that takes no id of one thing, and those of each relationship and kind."""
    paths = world.node.nobody.get("/openapi.json").expect(200).json["paths"]
    relationships = [item["id"] for reply in pages(world.ada, "/v1/me/relationships") for item in reply.json["items"]]
    for path, door in paths.items():
        if not path.startswith("/v1/me") or "get" not in door or path in NO_DATA:
            continue
        if path.startswith("/v1/me/relationships/{rel}/"):
            yield from (path.replace("{rel}", value) for value in relationships)
        elif "{" not in path:
            yield path
    yield NAME + "/history"


def whoever_finds_an_open_session_gets_none_of_it(world):
    world.ada.get("/v1/me/export").expect(403, "passkey.not_fresh")
    world.node.nobody.get("/v1/me/export").expect(401)
    world.shop.get("/v1/me/export").expect(403, "actor.wrong_kind")
    world.device.prove(world.ada).expect(204)
    reply = world.ada.get("/v1/me/export").expect(200)
    assert reply.field("Content-Disposition") == 'attachment; filename="symbolon-export.json"'
    assert reply.field("Cache-Control") == "no-store"
    world.bob.get("/v1/me/export").expect(200)  # who has no passkey has none to show


def items_of(answered):
    return [item for page in answered for item in page.get("items", [page])]


def given_by(world, door):
    replies = [world.ada.get(door).expect(200)] if door in SINGLE else pages(world.ada, door)
    return items_of(reply.json for reply in replies)


def all_that_each_door_gives_is_in_it(world):
    exported = list(answers(world.ada))
    given = {door: given_by(world, door) for door in doors_of(world)}
    assert len(exported) > 1 and sum(map(bool, given.values())) > 35, given
    for taken_away in [None, *exported]:
        found = whole(reply for reply in exported if reply is not taken_away)
        missing = [door for door, items in given.items() if items_of(found.get(door, [])) != items]
        assert bool(missing) == (taken_away is not None), missing


def nothing_of_anybody_else_is_in_it(world):
    text = b"".join(reply.body for reply in answers(world.ada))
    assert b"Ada 0" in text and b"Bob the other" not in text and world.bob.id.encode() not in text
    other, = answers(world.bob)
    assert b"Bob the other" in other.body and b"Ada" not in other.body


def a_place_that_was_not_given_out_leads_nowhere(world):
    history = world.ada.get(NAME + "/history?limit=1").expect(200).field("Link")
    place = history[history.index("after=") + 6:history.index(">")]
    first, = (page["door"] for page in world.ada.get("/v1/me/export?door=1").json["items"][:1])
    assert first == "/v1/me/attributes"
    for query, status, reason in (("door=-1", 400, "request.wrong_type"), ("door=1000000", 422, "request.out_of_range"),
                                  ("door=x", 400, "request.wrong_type"), ("after=x", 404, "not_found"),
                                  ("limit=1", 400, "request.unknown_parameter")):
        world.ada.get("/v1/me/export?" + query).expect(status, reason)
    world.bob.get(f"/v1/me/export?door=1&after={place}").expect(400, "request.bad_cursor")
    beyond = world.ada.get("/v1/me/export?door=20000").expect(200)
    assert beyond.json["items"] == [] and beyond.field("Link") is None


def told_of(caller):
    return [item["kind"] for item in caller.get("/v1/me/alerts").expect(200).json["items"]].count("data_exported")


def each_proof_that_takes_it_is_told(world):
    was = told_of(world.ada)
    assert was == 1 == told_of(world.bob)  # all answers so far rest on one proof, and on none
    world.device.prove(world.ada).expect(204)
    assert told_of(world.ada) == was
    path = "/v1/me/export?door=2"  # not at the first, where an alert might be looked for
    for _ in range(2):
        world.ada.get(path).expect(200)
        assert told_of(world.ada) == was + 1
    thief = Caller(world.node, world.device.sign_in(world.node))  # in the same minute
    thief.get("/v1/me/export?door=20000").expect(200)
    assert told_of(world.ada) == was + 2 and told_of(world.bob) == 1
    world.device.prove(world.ada).expect(204)
    world.ada.get("/v1/me/export?door=x").expect(400)
    assert told_of(world.ada) == was + 2
    world.node.expect_sound()


STEPS = [whoever_finds_an_open_session_gets_none_of_it, all_that_each_door_gives_is_in_it,
         nothing_of_anybody_else_is_in_it, a_place_that_was_not_given_out_leads_nowhere,
         each_proof_that_takes_it_is_told]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))


if __name__ == "__main__":
    sys.exit(main())
