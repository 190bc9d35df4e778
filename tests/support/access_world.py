# SPDX-License-Identifier: Apache-2.0
"""The people, organisations and things of the access tests: one of each thing in each state that matters, and beside it
what this file knows of it because it made it: whose it is, which departments it names, which state it is in. Blue Shop
has two departments, Shipping and Sales; Red Shop has one. Each person has one relationship with Blue Shop; Ada has one
with Red Shop too."""
import contextlib
import os
import re
import sqlite3
import time

import page_sums
from purposes import DELIVER
from running_node import Caller
from software_client import Client
from software_passkey import Device, session_of

SCOPES = "disclosures records requests purposes events messages relationships invitations grants admin".split()
ROLES = {"viewer": ["purposes", "requests", "grants"], "admin": ["purposes", "requests", "grants", "admin"]}
NAME = {"name": "Ada Lovell"}
RECOVERED = 7  # domain/entrance/alert.def


class Thing:
    """`kind` is the prefix of its id. `states` by noun."""

    def __init__(self, kind, value, exists=True, person=None, organisation=None, departments=(), **states):
        self.kind, self.value, self.exists = kind, value, exists
        self.person, self.organisation, self.departments = person, organisation, frozenset(departments)
        self.states = states

    def __repr__(self):
        return f"{self.value[:60]} of {self.person or self.organisation} {self.states}"


class Party(Caller):
    """A caller, and what the policy needs to know of him. `own`: what he names where nothing else is tried."""

    def __init__(self, node, name, fields, refused=None, **facts):
        super().__init__(node, fields, kind=None, scopes=(), person=None, organisation=None, department=None)
        self.name, self.refused = name, refused
        self.place = "elsewhere"  # access_wire.py comes from other addresses than the machine's own
        self.session = {"person": "unproved"}.get(facts.get("kind"))
        self.relationships, self.own = {}, {}
        self.__dict__.update(facts)

    def __repr__(self):
        return self.name


class World:
    def __init__(self, node):
        self.node = node
        kinds = "rel grt req rcp psk ses atz mem pur dep sys org kind code token tile"
        self.things = {kind: [] for kind in kinds.split()}
        self.parties = {}
        self.make_organisations()
        self.make_purposes()
        self.make_people()
        self.make_relationships()
        self.make_grants()
        self.make_requests()
        self.move_on()
        self.make_members()
        self.make_callers()
        self.make_open_things()
        self.wait()

    def add(self, kind, value, **facts):
        thing = Thing(kind, value, **facts)
        self.things[kind].append(thing)
        return thing

    def find(self, kind, **facts):
        """The first thing of that kind with these facts and states."""
        for thing in self.things[kind]:
            if all((thing.states if name in thing.states else thing.__dict__).get(name) == value
                   for name, value in facts.items()):
                return thing
        raise KeyError((kind, facts))

    # ---- organisations

    def make_organisations(self):
        self.ids = {}
        for organisation, departments in (("blue", ("shipping", "sales")), ("red", ("desk",))):
            made = self.node.run("org", "create", organisation + " shop")["id"]
            self.ids[organisation] = made
            self.add("org", made, organisation=organisation)
            for department in departments:
                value = self.node.run("department", "create", made, department)["id"]
                self.ids[department] = value
                self.add("dep", value, organisation=organisation, departments=[department], department="there")
                self.make_system(department, organisation, department, SCOPES)
                self.add("sys", self.key(organisation, department, ["records"]).id, organisation=organisation,
                         departments=[department], system="live")

    def key(self, organisation, department, scopes):
        if department not in self.parties:
            return self.node.system(self.ids[organisation], self.ids[department], "server", ",".join(scopes))
        body = {"name": "server", "department": self.ids[department], "scopes": scopes}
        made = self.parties[department].post("/v1/org/systems", body).expect(201).json
        return Caller(self.node, {"Authorization": "Bearer " + made["secret"]}, id=made["id"])

    def make_system(self, name, organisation, department, scopes):
        key = self.key(organisation, department, scopes)
        party = Party(self.node, name, key.fields, kind="system", organisation=organisation, department=department,
                      scopes=scopes, id=key.id)
        self.parties[name] = party
        return party

    def make_purposes(self):
        for department, organisation in (("shipping", "blue"), ("sales", "blue"), ("desk", "red")):
            for state in ("published", "draft", "retired"):
                self.make_purpose(department, organisation, [department], state)
        self.make_purpose("shipping", "blue", ["shipping", "sales"], "published")

    def make_purpose(self, department, organisation, departments, state):
        maker = self.parties[department]
        body = dict(DELIVER, departments=[self.ids[name] for name in departments])
        pur = maker.post("/v1/org/purposes", body).expect(201).json["id"]
        for step, states in (("publish", ("published", "retired")), ("retire", ("retired",))):
            if state in states:
                maker.post(f"/v1/org/purposes/{pur}/{step}").expect(200)
        self.add("pur", pur, organisation=organisation, departments=departments, purpose=state)

    # ---- people and relationships

    def make_people(self):
        for name in ("ada", "eve", "pia", "eli", "rob", "pro", "gon"):
            person = self.node.person(name.title())
            self.parties[name] = Party(self.node, name, person.fields, kind="person", person=name)
            person.put("/v1/me/attributes/pd:Name", {"value": NAME}).expect(200)
            self.parties[name].device = Device()
            kept = self.parties[name].device.register(self.parties[name]).expect(201).json["id"]
            self.add("psk", kept, person=name, passkey="kept")
            self.parties[name].device.sign_in(self.node)
            other = next(item for item in person.get("/v1/me/sessions").expect(200).json["items"]
                         if not item["current"])
            self.add("ses", other["id"], person=name)

    def make_relationships(self):
        states = {"ada": "active", "eve": "active", "pia": "paused", "eli": "ended", "rob": "ran_out", "gon": "erased"}
        for name, state in states.items():
            self.join(name, "blue", "shipping", state)
        self.join("ada", "red", "desk", "active")
        client = Client(self.node, self.ids["blue"], self.ids["shipping"])
        for name in ("ada", "eve"):
            client.ask(self.parties[name]).expect(200)
            kept, = self.parties[name].get("/v1/me/authorizations").expect(200).json["items"]
            self.add("atz", kept["id"], person=name)
        invited = self.parties["shipping"].post("/v1/org/invitations", {}).expect(201).json
        self.add("rel", invited["relationship"], organisation="blue", relationship="invited")
        self.add("code", invited["code"])
        proposed = self.parties["pro"].post("/v1/me/relationships", {"organisation": self.ids["blue"]}).expect(201).json
        self.parties["pro"].relationships["blue"] = "proposed"
        self.add("rel", proposed["id"], person="pro", organisation="blue", relationship="proposed")

    def join(self, name, organisation, department, state):
        code = self.parties[department].post("/v1/org/invitations", {}).expect(201).json["code"]
        rel = self.parties[name].post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
        self.parties[name].relationships[organisation] = state
        self.add("rel", rel, person=name, organisation=organisation, relationship=state)
        receipts = self.parties[name].get(f"/v1/me/relationships/{rel}/receipts").expect(200).json["items"]
        started, = [entry["id"] for entry in receipts if entry["event"] == "relationship.started"]
        self.add("rcp", started, person=name, organisation=organisation, departments=["shipping", "sales", "desk"],
                 relationship=state)

    # ---- grants and requests

    def make_grants(self):
        both = ["shipping", "sales"]
        soon = {"until": self.soon()}
        once, event = {"kind": "once"}, {"kind": "event", "event": "the parcel arrives"}
        for state, more in (("active", {}), ("withdrawn", {}), ("used_up", {"uses": once}), ("expired", soon),
                            ("awaits_event", {"uses": event})):
            self.give("ada", "blue", ["shipping"], state, more)
        self.give("ada", "blue", ["sales"], "active")
        self.give("ada", "blue", both, "active")
        self.give("ada", "red", ["desk"], "active")
        self.give("eve", "blue", ["shipping"], "active")
        for name, state in (("pia", "active"), ("eli", "ended"), ("rob", "expired"), ("gon", "ended")):
            self.give(name, "blue", ["shipping"], state)

    @staticmethod
    def soon():
        return time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime(time.time() + 2))

    def give(self, name, organisation, departments, state, more=()):
        person = self.parties[name]
        rel = self.find("rel", person=name, organisation=organisation)
        pur = self.find("pur", departments=frozenset(departments), purpose="published")
        body = {"relationship": rel.value, "purpose": pur.value, "attributes": ["pd:Name"], **dict(more)}
        given = person.post("/v1/me/grants", body).expect(201).json
        facts = {"person": name, "organisation": organisation, "departments": departments, **rel.states}
        self.add("grt", given["id"], grant=state, **facts)
        self.add("rcp", given["receipt"], **facts)
        if state == "used_up":
            read = {"relationship": rel.value, "purpose": pur.value, "attributes": ["pd:Name"]}
            while person.get(f"/v1/me/grants/{given['id']}").json["state"] == "active":
                self.parties[departments[0]].post("/v1/org/disclosures", read).expect(200)
        if state == "withdrawn":
            person.post(f"/v1/me/grants/{given['id']}/withdraw").expect(200)

    def make_requests(self):
        for state, answer in (("open", None), ("accepted", {"answer": "accept"}), ("refused", {"answer": "refuse"}),
                              ("countered", {"answer": "counter", "duration": "P20D"}), ("cancelled", None)):
            self.ask("ada", "blue", "shipping", state, answer)
        self.ask("ada", "blue", "sales", "open")
        self.ask("ada", "red", "desk", "open")
        for name, state in (("eve", "open"), ("pia", "open"), ("eli", "cancelled"), ("rob", "open"),
                            ("gon", "cancelled"), ("pro", "open")):
            self.ask(name, "blue", "shipping", state)

    def ask(self, name, organisation, department, state, answer=None):
        rel = self.find("rel", person=name, organisation=organisation)
        pur = self.find("pur", departments=frozenset([department]), purpose="published")
        asker = self.parties[department]
        req = asker.post("/v1/org/requests", {"relationship": rel.value, "purpose": pur.value}).expect(201).json["id"]
        self.add("req", req, person=name, organisation=organisation, departments=[department], request=state,
                 **rel.states)
        if answer is not None:
            said = self.parties[name].post(f"/v1/me/requests/{req}/answer", answer).expect(200).json
            facts = {"person": name, "organisation": organisation, "departments": [department], **rel.states}
            self.add("rcp", said["receipt"], **facts)
            if said["grant"] is not None:
                self.add("grt", said["grant"]["id"], grant="active", **facts)
        elif state == "cancelled" and rel.states["relationship"] == "active":
            asker.post(f"/v1/org/requests/{req}/cancel").expect(200)

    def move_on(self):
        """Now that everything hangs from them, the relationships get the states that they stand here with."""
        def path(name):
            return "/v1/me/relationships/" + self.find("rel", person=name).value

        parties = self.parties
        parties["pia"].patch(path("pia"), {"state": "paused"}).expect(200)
        parties["eli"].post(path("eli") + "/end", {}).expect(200)
        parties["rob"].patch(path("rob"), {"ends": self.soon()}).expect(200)
        parties["gon"].device.prove(parties["gon"]).expect(204)
        parties["gon"].post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
        self.over_at = time.time() + 3.1

    # ---- members

    def make_members(self):
        """Of both shops, of either role, with a session that has shown a passkey or not, and one who left."""
        for name, role, organisation, department in (
                ("mia", "admin", "blue", "shipping"), ("vic", "viewer", "blue", "sales"),
                ("des", "admin", "red", "desk"), ("ina", "admin", "blue", "shipping"),
                ("leo", "viewer", "blue", "shipping")):
            made = self.invite(name, role, organisation, department)
            reply = self.node.nobody.post("/v1/claims/member", {"invitation": made["code"]}).expect(201)
            party = Party(self.node, name, {"Cookie": session_of(reply)}, kind="member", person=name,
                          organisation=organisation, department=department, scopes=ROLES[role], session="unproved")
            self.parties[name], party.device = party, Device()
            kept = party.device.register(party).expect(201).json["id"]
            self.add("psk", kept, person=name, passkey="recovered" if name == "vic" else "kept")
            if name == "vic":
                self.bring_back_the_newest()
            self.add("mem", made["id"], organisation=organisation, membership="active")
            if name == "mia":  # what she was answered with a fresh proof is not for her other session
                self.parties["mia by code"] = Party(self.node, "mia by code", dict(party.fields), kind="member",
                                                    person=name, organisation=organisation, department=department,
                                                    scopes=ROLES[role], session="unproved")
            party.device.sign_in(self.node)
            other, = (item for item in party.get("/v1/me/sessions").expect(200).json["items"] if not item["current"])
            self.add("ses", other["id"], person=name)
            if name != "ina":
                self.show_passkey(party)
        self.add("mem", self.invite("new", "viewer", "blue", "sales")["id"], organisation="blue", membership="invited")
        leo = self.find("mem", membership="active", organisation="blue", value=made["id"])
        self.parties["mia"].delete("/v1/org/members/" + leo.value).expect(204)
        leo.states["membership"] = "ended"
        self.parties["leo"].refused = (401, "session.unknown")

    def bring_back_the_newest(self):
        """Whoever has just made a passkey is told that somebody came in by a code: the day before that is not waited
        for, so the row is written past the node."""
        told = "INSERT INTO alert (person_id, alert_id, kind, passkey_id, at_ms) " \
            f"SELECT person_id, alert_id + 1, {RECOVERED}, 0, at_ms + 1 FROM alert ORDER BY alert_id DESC LIMIT 1"
        if self.node.database is not None:
            self.node.on_server(told)
            return
        self.node.stop()
        path = os.path.join(self.node.data, "store", "people.db")
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            assert database.execute(told).rowcount == 1
        page_sums.put_right(path)
        self.node.start()

    def invite(self, name, role, organisation, department):
        return self.node.run("member", "create", self.ids[organisation], department, name.title(), "--role", role)

    def show_passkey(self, party):
        """A proof holds for five minutes."""
        party.fields, party.session = party.device.sign_in(self.node), "fresh"

    # ---- callers

    def make_callers(self):
        node, parties = self.node, self.parties
        for scope in SCOPES:
            self.make_system("only " + scope, "blue", "shipping", [scope])
        parties["gon"].refused = (401, "session.unknown")
        out = node.person("Otto")
        out.post("/v1/me/sign-out").expect(204)
        ended = self.key("blue", "shipping", SCOPES)
        parties["shipping"].delete(f"/v1/org/systems/{ended.id}").expect(204)
        self.add("sys", ended.id, organisation="blue", departments=["shipping"], system="revoked")
        bearer, cookie = {"Authorization": "Bearer key_" + "0" * 16 + "_" + "A" * 43}, \
            {"Cookie": "session=ses_" + "0" * 16 + "_" + "A" * 43}
        for name, fields, refused in (
                ("nobody", {}, (401, "credentials.missing")),
                ("an ended session", out.fields, (401, "session.unknown")),
                ("a made-up session", cookie, (401, "session.unknown")),
                ("an ended key", ended.fields, (401, "key.unknown")),
                ("a made-up key", bearer, (401, "key.unknown")),
                ("key and session", {**parties["ada"].fields, **parties["shipping"].fields}, (400, "credentials.two"))):
            parties[name] = Party(node, name, fields, refused)
        for party in parties.values():
            self.furnish(party)

    def furnish(self, party):
        """His own of each kind, else Ada's: what refused callers name in vain."""
        for kind, things in self.things.items():
            if party.kind == "person" or kind in ("psk", "ses"):
                own = [thing for thing in things if thing.person == party.person]
            elif party.kind in ("system", "member"):
                own = [thing for thing in things if thing.organisation == party.organisation and
                       (party.department in thing.departments or kind in ("rel", "org", "mem"))]
            else:
                own = []
            party.own[kind] = next(iter(own + things), None)
        if party.kind == "person":  # what fits his relationship with Blue Shop
            party.own["pur"] = self.find("pur", departments=frozenset(["shipping"]), purpose="published")
            party.own["dep"] = self.find("dep", organisation="blue")

    def make_open_things(self):
        self.add("kind", "pd:Name")
        self.add("token", "x", exists=False, token="unknown")
        self.add("tile", "0/000.p/1")
        for party in self.parties.values():
            for kind in ("kind", "token", "tile", "code", "org"):
                party.own[kind] = party.own.get(kind) or self.things[kind][0]

    def wait(self):
        """Until what was to be over is over, what was erased is gone, and the proofs are there."""
        last, gone = self.find("rcp", person="eve"), self.find("rcp", person="gon")
        self.until(lambda: self.parties["eve"].get(f"/v1/me/receipts/{last.value}/proof").status == 200)
        self.until(lambda: self.parties["shipping"].get(f"/v1/org/receipts/{gone.value}").status == 404)
        time.sleep(max(0.0, self.over_at - time.time()))

    @staticmethod
    def until(happened):
        end = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < end, "it does not happen"
            time.sleep(0.05)


def absent(kind, world):
    """Things that are not there: never made, of other kinds, and badly written, with nothing to tell them apart."""
    if kind in ("code", "token"):
        return [Thing(kind, value, exists=False, **({"token": "unknown"} if kind == "token" else {}))
                for value in ("x", "a" * 60, "sin_" + "a" * 16 + "_" + "A" * 43, "é")]
    if kind == "tile":
        return [Thing(kind, value, exists=False) for value in ("x", "9/000", "0/999", "0/000.p/256", "0/000.p/0")]
    if kind == "kind":
        return [Thing(kind, value, exists=False) for value in ("pd:Nothing", "x", "pd:name", "é", "a" * 300)]
    values = [f"{kind}_" + "0" * 26, f"{kind}_" + "7" + "z" * 25, f"{kind}_" + "3n" * 12 + "04"]
    for other, things in world.things.items():
        if other != kind and things and re.match(r"[a-z]{3}_", things[0].value):
            values += [things[0].value, kind + things[0].value[3:]]
    whole = world.things[kind][0].value
    values += ["x", kind, kind + "_", whole[:-1], whole + "0", whole.upper(), whole.replace("_", "-"), whole[:-1] + "u",
               " " + whole, whole + "é", "a" * 3000]
    return [Thing(kind, value, exists=False) for value in dict.fromkeys(values)]
