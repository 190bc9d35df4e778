# SPDX-License-Identifier: Apache-2.0
"""Goal: nobody passes a door that is not for him, in whatever state things are. Method: access.policy, written by
hand, must name just the doors that the node describes. Then every caller knocks at every door with every thing: his
own in each state, of another department, person and organisation, of somebody forgotten, of another kind, never made,
badly written; the answer must be the policy's, and what is not his must look, byte for byte, like what does not
exist. What the policy opens to a write is tried last, once each, and its answer kept: it comes again to the same
request and to no other with its key, goes to nobody else, and to nobody whose role was taken since. Positive control:
the same comparison notices a row, a verdict and an octet that were changed. SAMPLE=10 tries every tenth, chosen by
SEED."""
import os
import random
import sys
import time

import access_policy
from access_doors import WRITES, WRONG, knocks_of
from access_policy import NOT_FOUND, OPENS, read_policy, verdict
from access_repeats import Repeats, keyed
from access_wire import ask_all, octets_of
from access_world import World, absent
from running_node import RunningNode
from stress import seed_of_run

WHO = {frozenset(names.split()): who for names, who in (
    ("", "anyone"), ("session", "person"), ("key", "system"), ("member", "member"), ("session member", "human"),
    ("key member", "organisation"))}
METHODS = ("get", "post", "put", "patch", "delete")
# States of doors whose writes open only to what a device has signed: of those for people alone, and of all others.
NEEDS_DEVICE = {True: ("proof", "passkey", "session"), False: ("proof", "passkey")}
ONCE = 12  # of the things that a caller without business at a door tries there


def described(node):
    """The doors as the node tells them: method, path, who, scope."""
    rows = set()
    for path, item in node.nobody.get("/openapi.json").json["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            security = {name: scopes for entry in item[method]["security"] for name, scopes in entry.items()}
            who = WHO[frozenset(security) & {"session", "member", "key"}]
            scopes = security.get("key", [])
            rows.add((method.upper(), path, who, scopes[0] if scopes else "-"))
    return rows


class Check:
    def __init__(self, knock, caller, chosen, body="his own"):
        self.knock, self.door, self.caller, self.chosen = knock, knock.door, caller, chosen
        self.named = [chosen[place] for place in knock.places]
        self.wanted = verdict(knock.door, caller, self.named)
        self.make = lambda: knock.request(caller, chosen, body)
        self.request = self.make()
        self.of_stranger = False

    def __repr__(self):
        return f"{self.door} by {self.caller} with {self.named}: {self.request[1][:300]!r}"

    def is_write_that_opens(self):
        return self.wanted == OPENS and self.door.method in WRITES


def checks_of(knock, caller, world, dice):
    """What this caller tries here: in each place everything that there is, the other places being his own."""
    own = {place: caller.own[place] for place in knock.places}
    yield Check(knock, caller, own)
    at_gate = access_policy.at_the_gate(knock.door, caller) != OPENS
    for place in knock.places:
        things = world.things[place] + absent(place, world)
        for thing in dice.sample(things, min(ONCE, len(things))) if at_gate else things:
            check = Check(knock, caller, {**own, place: thing})
            yield check
            if verdict(knock.door, caller, [thing]) == NOT_FOUND and place not in knock.in_body and knock.body:
                for body in WRONG:
                    yield Check(knock, caller, {**own, place: thing}, body)
    if not at_gate and len(knock.places) > 1:
        yield from checks_of_strangers(knock, caller, world)


def checks_of_strangers(knock, caller, world):
    """In all places at once what belongs together, and to somebody else."""
    for stranger in world.parties.values():
        check = Check(knock, caller, {place: stranger.own[place] for place in knock.places})
        check.of_stranger = stranger is not caller
        if check.wanted == NOT_FOUND:
            yield check


def compare(check, answer, template):
    """None, or what is wrong with the answer."""
    status, reason = check.wanted
    if check.wanted == OPENS:
        return None if answer.status < 400 else f"{answer.status} {answer.reason}, not open"
    if (answer.status, answer.reason) != (status, reason):
        return f"{answer.status} {answer.reason}, not {status} {reason}"
    if check.wanted == NOT_FOUND and answer.bare() != template:
        return f"another 404: {answer.bare()}"
    return None


def not_found_of(node):
    """The one answer to what is not there."""
    answer, = ask_all(node, [("GET", octets_of(node.nobody, "GET", "/.well-known/symbolon/organisations/x"))])
    assert (answer.status, answer.reason) == NOT_FOUND
    return answer.bare()


def sweep(world, checks):
    answers = ask_all(world.node, [check.request for check in checks])
    template = not_found_of(world.node)
    wrong = [(check, words) for check, answer in zip(checks, answers)
             if (words := compare(check, answer, template)) is not None]
    for words, check in {f"{words} {check.door}": check for check, words in wrong}.items():
        print(f"{words}: {check}")
    assert not wrong, f"{len(wrong)} of {len(checks)}"
    return answers


def notice_what_is_wrong(world, checks, answers):
    """The control: each kind of refusal is missed when it does not come, and each 404 when one octet differs."""
    template = not_found_of(world.node)
    for status in (401, 403, 404, 409):
        check, answer = next((c, a) for c, a in zip(checks, answers) if c.wanted[0] == status)
        check.wanted, wanted = OPENS, check.wanted
        assert compare(check, answer, template), f"an open door passes for {status}"
        check.wanted = wanted
        answer.status, was = 200, answer.status
        assert compare(check, answer, template), f"200 passes for {status}"
        answer.status = was
    check, answer = next((c, a) for c, a in zip(checks, answers) if c.wanted == NOT_FOUND)
    answer.body = answer.body.replace(b"No such", b"No  such", 1)
    assert compare(check, answer, template), "an octet more passes"


def other_methods(world, doors):
    """At every address, the methods that it does not have, by everybody."""
    known = {(door.method, door.path) for door in doors}
    known |= {("HEAD", path) for method, path in known if method == "GET"}
    requests = []
    for path in sorted({door.path for door in doors}):
        plain = path.replace("{tile}", "0/000").replace("{", "").replace("}", "")
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if (method, path) not in known:
                requests += [(method, octets_of(caller, method, plain)) for caller in world.parties.values()]
    for (method, octets), answer in zip(requests, ask_all(world.node, requests)):
        assert answer.status == 405 and b"\r\nAllow: " in answer.head, (octets, answer.status, answer.body)
    return len(requests)


def listed(caller, path):
    """The ids of a list, taken one by one; and that no page speaks of things that it does not show."""
    ids, pages, path = [], 0, path + ("&" if "?" in path else "?") + "limit=1"
    while path:
        reply, pages = caller.get(path).expect(200), pages + 1
        ids += [item["id"] for item in reply.json["items"]]
        link = reply.field("Link")
        path = link[1:link.index(">")] if link else None
    assert pages == max(1, len(ids)), (caller, path, "a page is told of what is not shown")
    return ids


def lists_hold_what_is_theirs(world):
    """Lists, counts and past moments: neither more nor less than what opens by itself."""
    doors, checks = {repr(door): door for door in world.doors}, 0
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time()))

    def theirs(caller, kind, door, **facts):
        return {thing.value for thing in world.things[kind] if verdict(doors[door], caller, [thing]) == OPENS
                and all(getattr(thing, name) == value for name, value in facts.items())}

    def same(caller, path, wanted):
        found = listed(caller, path)
        assert len(found) == len(set(found)) and set(found) == wanted, (caller, path, set(found) ^ wanted)
        return 1

    for name in ("ada", "eve", "pia", "eli", "rob", "pro"):
        caller = world.parties[name]
        for kind, path in (("rel", "relationships"), ("req", "requests"), ("grt", "grants")):
            checks += same(caller, f"/v1/me/{path}", theirs(caller, kind, f"GET /v1/me/{path}/{{{kind}}}"))
    for name in ("mia", "vic", "des"):
        caller = world.parties[name]
        for kind, path in (("req", "requests"), ("pur", "purposes")):
            checks += same(caller, f"/v1/org/{path}", theirs(caller, kind, f"GET /v1/org/{path}/{{{kind}}}"))
    for name in ("shipping", "mia", "desk", "des"):
        caller = world.parties[name]
        wanted = {thing.value for thing in world.things["mem"] if thing.organisation == caller.organisation}
        checks += same(caller, "/v1/org/members", wanted)
    for name in ("shipping", "sales", "desk"):
        caller = world.parties[name]
        for kind, path in (("rel", "relationships"), ("req", "requests"), ("pur", "purposes")):
            checks += same(caller, f"/v1/org/{path}", theirs(caller, kind, f"GET /v1/org/{path}/{{{kind}}}"))
        for rel in world.things["rel"]:
            if rel.organisation == caller.organisation:
                mine = {thing.value: thing for thing in world.things["grt"] if caller.department in thing.departments
                        and (thing.person, thing.organisation) == (rel.person, rel.organisation)}
                for more in ("", f"&at={moment}"):
                    checks += same(caller, f"/v1/org/grants?relationship={rel.value}{more}", set(mine))
                live = sum(thing.states["grant"] in ("active", "awaits_event", "used_up") for thing in mine.values())
                told = caller.get(f"/v1/org/relationships/{rel.value}").expect(200).json["grants"]
                assert told == live, (caller, rel, told)
                receipts = {thing.value for thing in world.things["rcp"] if caller.department in thing.departments
                            and thing.person == rel.person and thing.organisation == rel.organisation}
                found = set(listed(caller, f"/v1/org/relationships/{rel.value}/receipts"))
                found &= {thing.value for thing in world.things["rcp"]}
                assert found == receipts or rel.states["relationship"] == "erased", (caller, rel, found, receipts)
                checks += 2
    return checks


def everything_seen(world):
    """All that the parties can list, without the reads: refused ones are written down."""
    seen = {}
    for name in ("ada", "eve", "pia", "eli", "rob", "pro"):
        lists = ("attributes", "relationships", "requests", "grants")
        seen[name] = [world.parties[name].get(f"/v1/me/{path}?limit=200").expect(200).json for path in lists]
    for name in ("mia", "vic", "des", "ina"):
        lists = ("me/passkeys", "org/me") + (("org/members", "org/deeds") if name in ("mia", "des") else ())
        seen[name] = [world.parties[name].get(f"/v1/{path}").expect(200).json for path in lists]
    for name in ("shipping", "sales", "desk"):
        lists = ("purposes", "departments", "systems", "relationships", "requests")
        seen[name] = [world.parties[name].get(f"/v1/org/{path}?limit=200").expect(200).json for path in lists]
    return seen


def open_what_opens(world, checks):
    """Writes that the policy lets through, one of each kind, those that end something last. Where an earlier one has
    used up what a later one needs, 401, 404 or 409 is right too, but each door must open once."""
    last = ("PATCH", "answer", "cancel", "retire", "withdraw", "DELETE", "/end", "/sign-out", "/v1/me/erase")
    kinds = {}
    for check in checks:
        if check.door.path == "/v1/me/sign-out" and check.caller.name == "eve":
            continue  # she is here for the last of all
        states = tuple(tuple(sorted(thing.states.items())) for thing in check.named)
        kinds.setdefault((repr(check.door), check.caller.name, states), check)
    order = sorted(kinds.values(), key=lambda check: [word in repr(check.door) for word in last][::-1])
    opened, shut, kept, others = set(), {}, [], 0
    repeats = Repeats(world)
    repeats.hold_by_device()
    for name in ("mia", "vic", "des"):  # what is fresh does not stay so
        world.show_passkey(world.parties[name])
    for number, check in enumerate(order):
        request = keyed(check.make(), f"kept-{number}")
        answer, = ask_all(world.node, [request])
        assert answer.status < 300 or answer.status in (401, 404, 409), (check, answer.status, answer.body)
        if answer.status < 300:
            opened.add(repr(check.door))
            kept.append((check, request))
            others += kept_by_others(world, check, number, answer.body)
            repeats.hold(check, f"kept-{number}", answer)
        else:
            shut.setdefault(repr(check.door), (check, answer.body))
    # Those of OAuth open to what is signed: tokens.py, oauth_attacks.py; some others too: passkeys.py.
    elsewhere = ("/sign-in", "/oauth/")
    writes = {repr(door) for door in world.doors if door.method in WRITES and not door.path.startswith(elsewhere)
              and door.path != "/v1/me/authorization"
              and not any(noun in NEEDS_DEVICE[door.who == "person"] for noun, *_ in door.cases)}
    assert opened == writes, [shut.get(door, door) for door in writes - opened]
    repeats.expect_whole()
    return len(order), opened, others + repeats.asked + kept_when_roles_are_taken(world, kept)


def kept_by_others(world, check, number, body):
    """The same request with the same key, by everybody who may not come in here at all; some have been shut out for
    good by what was done before."""
    others = [caller for caller in world.parties.values() if verdict(check.door, caller, []) != OPENS]
    requests = [keyed(check.knock.request(caller, check.chosen), f"kept-{number}") for caller in others]
    for caller, answer in zip(others, ask_all(world.node, requests)):
        wanted = verdict(check.door, caller, check.named)
        assert (answer.status, answer.reason) == wanted or answer.status == 401, (check, caller, answer.body)
        assert not body or answer.body != body, (check, caller)
    return len(others)


def kept_when_roles_are_taken(world, kept):
    """By those who made it, when their keys and memberships have ended."""
    for organisation, department in (("blue", "sales"), ("red", "desk")):
        admin = world.node.system(world.ids[organisation], world.ids[department], "closing", "admin")
        doors = [f"/v1/org/members/{thing.value}" for thing in world.things["mem"]
                 if thing.organisation == organisation]
        doors += [f"/v1/org/systems/{party.id}" for party in world.parties.values()
                  if party.kind == "system" and party.organisation == organisation]
        assert {admin.delete(door).status for door in doors} <= {204, 404}
    mine = [(check, request) for check, request in kept if check.caller.kind in ("member", "system")
            and check.door.who != "anyone"]
    assert {check.caller.kind for check, _ in mine} == {"member", "system"}
    for (check, _), answer in zip(mine, ask_all(world.node, [request for _, request in mine])):
        wanted = "session.unknown" if check.caller.kind == "member" else "key.unknown"
        assert (answer.status, answer.reason) == (401, wanted), (check, answer.status, answer.body)
    return len(mine)


def main():
    began = time.monotonic()
    dice = random.Random(seed_of_run())
    doors, sample = read_policy(), int(os.environ.get("SAMPLE", "1"))
    with RunningNode("--dev") as node:
        difference = {door.key() for door in doors} ^ described(node)
        assert not difference, f"policy and node differ: {sorted(difference)}"
        doors[-1].scope, scope = "admin", doors[-1].scope
        assert len({door.key() for door in doors} ^ described(node)) == 2, "a changed row was not noticed"
        print("control: a row that was changed: red")
        doors[-1].scope = scope
        node.nobody.get("/metrics").expect(200)  # from here; all others come from elsewhere
        world = World(node)
        world.doors = doors
        made = time.monotonic()
        checks = [check for door in doors for knock in knocks_of(door) for caller in world.parties.values()
                  for check in checks_of(knock, caller, world, dice)]
        strange = sum(check.of_stranger for check in checks)
        assert strange > 100, strange
        opening = [check for check in checks if check.is_write_that_opens()]
        checks = [check for check in checks if not check.is_write_that_opens()]
        dice.shuffle(checks)
        checks = checks[:len(checks) // sample]
        before = everything_seen(world)
        lists = lists_hold_what_is_theirs(world)
        built = time.monotonic()
        answers = sweep(world, checks)
        notice_what_is_wrong(world, checks, answers)
        methods = other_methods(world, doors)
        assert everything_seen(world) == before, "a refused call has changed something"
        swept = time.monotonic()
        tried, opened, again = open_what_opens(world, opening)
        assert "request.failed" not in node.read_log(), node.read_log()
    total = len(doors) + len(checks) + methods + tried + again + lists
    assert sample > 1 or total >= 20000, total
    print(f"found: {len(doors)} doors, {total} checks: {len(checks)} knocks, {strange} with all of one stranger's, "
          f"{methods} other methods, {lists} lists, "
          f"{tried} writes that open at {len(opened)} doors, {again} kept answers asked for; "
          f"{made - began:.1f} + {built - made:.1f} + {swept - built:.1f} + {time.monotonic() - swept:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
