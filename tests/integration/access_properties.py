# SPDX-License-Identifier: Apache-2.0
"""Goal: a caller writes and reads the members that are his to write and read, and no others. Method: access.members,
written by hand, says for each door which JSON comes in and goes out. Each member that any shape has is smuggled into
each body; each change is compared with all that its owner saw before; each answer is held against its list for each
caller who gets one. Positive control: an answer with a member more, one less, and a body that is taken are
noticed."""
import json
import sys

from access_doors import BODIES, knocks_of
from access_members import Members
from access_policy import OPENS, read_policy, verdict
from access_wire import ask_all
from access_world import Thing, World
from running_node import Caller, RunningNode

SINCE = "2030-01-01T00:00:00.000Z"
CHANGES = {"nature": "member", "ends": SINCE, "review": "2029-01-01T00:00:00.000Z", "state": "paused",
           "attributes": ["pd:Name"], "uses": {"kind": "times", "times": 3}, "sentence": "Bring it to your door.",
           "benefit": "It comes to you.", "retention": "P80D"}


def named(knock, caller):
    return [caller.own[place] for place in knock.places]


def may(knock, caller):
    return verdict(knock.door, caller, named(knock, caller)) == OPENS


def items_of(answer, shape, members):
    whole = json.loads(answer.body)
    return whole["items"] if "items" in whole and "items" not in members.shapes[shape] else whole


def what_is_shown(world, doors, members):
    """Each door by each caller to whom it opens, with each thing that is his; refusals show what a problem shows."""
    knocks, filled = [], set()
    for door in doors:
        if door.method != "GET" or repr(door) not in members.shows:
            continue
        for knock in knocks_of(door):
            for caller in world.parties.values():
                for chosen in choices(knock, caller, world):
                    knocks.append((knock, caller, chosen))
    answers = ask_all(world.node, [knock.request(caller, chosen) for knock, caller, chosen in knocks])
    for (knock, caller, _), answer in zip(knocks, answers):
        shape = members.shows[repr(knock.door)] if answer.status == 200 else "Problem"
        value = items_of(answer, shape, members)
        wrong = list(members.differences(shape, value))
        assert not wrong, (knock.door, caller, wrong, answer.body[:500])
        if answer.status == 200 and value:
            filled.add(repr(knock.door))
    filled |= shown_with_a_fresh_proof(world, members)
    empty = set(members.shows) - filled
    assert empty <= {"GET /v1/me/relationships/{rel}/records", "GET /v1/org/relationships/{rel}/records"}, empty
    return len(knocks)


def shown_with_a_fresh_proof(world, members):
    door = "GET /v1/me/export"
    ada = Caller(world.node, world.parties["ada"].device.sign_in(world.node))
    value = ada.get(door.split()[1]).expect(200).json["items"]
    wrong = list(members.differences(members.shows[door], value))
    assert value and not wrong, (door, wrong)
    return {door}


def choices(knock, caller, world):
    own = {place: caller.own[place] for place in knock.places}
    if not knock.places:
        return [own]
    place = knock.places[0]
    return [{**own, place: thing} for thing in world.things[place]]


def smuggled(knock, caller, members, bodies):
    """The door's body with one member more: of the top, and of each object in it."""
    shape = members.takes[repr(knock.door)]
    text = json.dumps(bodies)
    for place in knock.places:
        text = text.replace('"{' + place + '}"', json.dumps(caller.own[place].value))
    body = json.loads(text)
    inside = [(name, inner) for name, (inner, _) in members.shapes[shape].items() if isinstance(body.get(name), dict)]
    for name in members.names():
        if name not in members.shapes[shape]:
            yield {**body, name: CHANGES.get(name, "x")}, "/" + name
        for outer, inner in inside:
            if inner in members.shapes and name not in members.shapes[inner]:
                yield {**body, outer: {**body[outer], name: "x"}}, f"/{outer}/{name}"


def what_is_taken(world, doors, members):
    """A body with a member of another shape is refused as a whole, with the place of the member."""
    tries = []
    for door in doors:
        if repr(door) not in members.takes:
            continue
        for knock in knocks_of(door):
            for caller in world.parties.values():
                if door.who == "anyone" or may(knock, caller):
                    own = {place: caller.own[place] for place in knock.places}
                    tries += [(knock.request(caller, own, body), pointer, door)
                              for body, pointer in smuggled(knock, caller, members, knock.body)]
    tried = {repr(door) for _, _, door in tries}
    assert tried >= set(members.takes) - NEVER_OWN, set(members.takes) - tried
    for (_, pointer, door), answer in zip(tries, ask_all(world.node, [request for request, _, _ in tries])):
        problem = json.loads(answer.body)
        assert (answer.status, problem.get("pointer")) == (400, pointer), (door, pointer, answer.body)
        assert problem["reason"] in ("request.unknown_member", "request.read_only"), problem
    return len(tries)


# Nobody's own thing stands in the state in which these open; what they take is tried where it is made.
NEVER_OWN = {"POST /v1/org/requests/{req}/revise", "POST /v1/org/relationships/{rel}/answer",
             "POST /v1/me/relationships", "POST /v1/me/passkeys", "POST /v1/me/proof",
             "POST /v1/me/erase", "POST /v1/me/authorization"}


def see(world, door, thing):
    owner = world.parties["ada" if "/me/" in door else "shipping"]
    return owner.get(door.split()[1].replace("{" + thing.kind + "}", thing.value)).expect(200).json


def wide_grant(world):
    """One with more of everything than there must be."""
    both = world.find("pur", departments=frozenset(["shipping", "sales"]), purpose="published")
    body = {"relationship": world.find("rel", person="ada", organisation="blue").value, "purpose": both.value,
            "attributes": ["pd:Name", "pd:PhysicalAddress"]}
    return Thing("grt", world.parties["ada"].post("/v1/me/grants", body).expect(201).json["id"])


def what_a_change_changes(world, members):
    """Each member by itself; all else that the owner sees stays as it was."""
    things = {"rel": world.find("rel", person="ada", organisation="blue"),
              "grt": wide_grant(world),
              "pur": world.find("pur", departments=frozenset(["shipping"]), purpose="draft")}
    order = [change for change in members.changes if change[1] != "state"]
    order += [change for change in members.changes if change[1] == "state"]  # a pause stands in nobody's way so
    for door, member, allowed in order:
        kind = door[door.index("{") + 1:door.index("}")]
        before = see(world, door, things[kind])
        value = {"departments": [world.ids["shipping"]]}.get(member, CHANGES.get(member))
        if member == "until":
            value = before["until"][:17] + "00.000Z"  # less than a minute shorter
        if member == "attributes" and kind == "pur":
            value = {"needed": ["pd:Name"], "optional": []}
        body = {member: value}
        if kind == "pur":
            body = {**{name: before[name] for name in members.shapes["Draft"]}, member: value}
        caller = world.parties["shipping" if kind == "pur" else "ada"]
        caller.call(door.split()[0], door.split()[1].replace("{" + kind + "}", things[kind].value), body).expect(200)
        after = see(world, door, things[kind])
        differs = {name for name in before if before[name] != after[name]}
        assert member in differs and differs <= allowed, (door, member, differs)
    return len(order)


def notice_what_is_wrong(members):
    good = {"id": "x", "name": "y"}
    assert not list(members.differences("Named", good))
    assert list(members.differences("Named", dict(good, secret="z"))) == ["/secret is shown"]
    assert list(members.differences("Named", {"id": "x"})) == ["/name is not there"]
    inner = dict.fromkeys(members.shapes["Relationship"], None)
    assert list(members.differences("Relationship", [dict(inner, organisation=dict(good, key=1))])) == [
        "/0/organisation/key is shown"]


def main():
    members, doors = Members(), read_policy()
    notice_what_is_wrong(members)
    assert set(members.takes) | members.ignores == {name for name, bodies in BODIES.items() if bodies != [None]}
    with RunningNode("--dev") as node:
        described = node.nobody.get("/openapi.json").json["paths"]
        taking = {f"{method.upper()} {path}" for path, item in described.items() for method, operation in item.items()
                  if "application/json" in operation.get("requestBody", {}).get("content", {})}
        assert taking == set(members.takes) | members.ignores, taking ^ set(members.takes) ^ members.ignores
        world = World(node)
        shown = what_is_shown(world, doors, members)
        taken = what_is_taken(world, doors, members)
        changed = what_a_change_changes(world, members)
        assert "request.failed" not in node.read_log(), node.read_log()
    print(f"found: {shown} answers, {taken} bodies with a member more, {changed} changes")


if __name__ == "__main__":
    sys.exit(main())
