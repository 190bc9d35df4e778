# SPDX-License-Identifier: Apache-2.0
"""What tests/integration/access.policy says, and the verdict that follows from it: for a door, a caller and the things
that the caller names, a status and a reason. Knows nothing of the program: who owns what, and in which state it is,
comes from the test that made it (access_world.py)."""
import pathlib

FOLDER = pathlib.Path(__file__).parent.parent / "integration"
OPENS = (0, None)
NOT_FOUND = (404, "not_found")
KINDS = {"human": ("person", "member"), "organisation": ("system", "member")}


class Door:
    def __init__(self, line):
        self.method, self.path, self.who, self.scope, self.owner = line.split()
        self.cases = []

    def __repr__(self):
        return f"{self.method} {self.path}"

    def key(self):
        return (self.method, self.path, self.who, self.scope)

    def add_case(self, line):
        noun, states, status, reason = line.split()
        self.cases.append((noun, states.split(","), int(status), reason))


def read_policy(path=FOLDER / "access.policy"):
    doors = []
    for line in path.read_text().splitlines():
        if line.startswith(" "):
            doors[-1].add_case(line)
        elif line and not line.startswith("#"):
            doors.append(Door(line))
    return doors


def at_the_gate(door, caller):
    """Before anything is looked at: credentials, kind, scope."""
    if door.who == "anyone":
        return OPENS
    if caller.refused is not None:
        return caller.refused
    if caller.kind not in KINDS.get(door.who, (door.who,)):
        return (403, "actor.wrong_kind")
    if door.scope != "-" and door.scope not in caller.scopes:
        return (403, "scope.missing")
    return OPENS


def is_own(door, caller, thing, named):
    """Whether a thing that exists is there for this caller. `named`: everything that he names, for what must fit."""
    if thing.kind in ("code", "token", "tile", "kind", "org"):
        return True
    if thing.kind in ("psk", "ses"):
        return thing.person == caller.person
    if caller.kind == "person":
        if thing.kind in ("pur", "dep"):  # of the organisation that he speaks with
            return any(other.organisation == thing.organisation for other in named
                       if other.kind in ("rel", "grt") and other.person == caller.person)
        return thing.person == caller.person
    if thing.organisation != caller.organisation:
        return False
    in_address = "{" + thing.kind + "}" in door.path
    return not in_address or door.owner != "department" or caller.department in thing.departments


def state_of(noun, caller, named):
    if noun == "caller":
        return caller.place
    if noun == "proof":
        return "none"  # nothing that is sent here was signed
    if noun == "session":
        return caller.session
    for thing in named:
        if noun == "relationship" and thing.kind == "org":
            return caller.relationships.get(thing.organisation)
        if noun in thing.states:
            return seen_state(noun, thing, caller, named)
    return None


def seen_state(noun, thing, caller, named):
    """Some states are a matter of who looks."""
    state = thing.states[noun]
    if noun == "purpose" and caller.kind in ("system", "member") and caller.department not in thing.departments:
        return {"draft": "hidden", "published": "other"}.get(state, state)
    if noun == "department" and caller.kind == "person":
        fits = [other for other in named if other.kind in ("pur", "grt")]
        return "other" if any(not thing.departments <= other.departments for other in fits) else state
    if noun == "department":
        return "other" if caller.department not in thing.departments else state
    return state


def verdict(door, caller, named):
    """`named`: the things of address, query and body; one that does not exist has no owner and the state unknown."""
    refused = at_the_gate(door, caller)
    if refused != OPENS:
        return refused
    for thing in named:
        if not thing.exists and not any(case[0] in thing.states and "unknown" in case[1] for case in door.cases):
            return NOT_FOUND
        if thing.exists and not is_own(door, caller, thing, named):
            return NOT_FOUND
    for noun, states, status, reason in door.cases:
        if state_of(noun, caller, named) in states:
            return (status, reason)
    return OPENS
