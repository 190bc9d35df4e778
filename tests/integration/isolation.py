# SPDX-License-Identifier: Apache-2.0
"""Goal: nothing about one person, organisation or department can be read, counted or guessed by another. Method: two
organisations with two departments each, two people who have a relationship with both; then every door that takes an id,
in path, query or body, is tried with every id of the others, and each answer must be that to an id that was never made.
What everybody sees is searched for the ids and names of the others. Positive control: the same doors open with the
caller's own ids, and the search finds what it is shown."""
import base64
import itertools
import json
import re
import sys
import time

import steps
import story
from running_node import Caller, RunningNode

PURPOSE = story.DELIVER
KINDS = ("per", "org", "dep", "sys", "rel", "pur", "grt", "rcp", "dsc", "rec", "req")
ID = re.compile(r"\b(" + "|".join(KINDS) + r")_[0-9a-hjkmnp-tv-z]{26}\b")
SCOPES = "disclosures,records,requests,purposes,events,messages,relationships,invitations,grants,admin"
ORGANISATIONS = {"Bluefinch": ("Bluedesk", "Bluepost"), "Redstart": ("Reddesk", "Redpost")}
PEOPLE = ("Adamark", "Evemark")
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:{person} of {shop}\nEMAIL:{person}.{shop}@x.example\nEND:VCARD\n"

# Door, body, and what of the caller's own fills the braces. In a body, a whole string in braces is a place too.
PERSON_DOORS = [
    ("GET", "/v1/me/relationships/{rel}", None), ("PATCH", "/v1/me/relationships/{rel}", {"nature": "member"}),
    ("GET", "/v1/me/relationships/{rel}/purposes", None), ("GET", "/v1/me/relationships/{rel}/records", None),
    ("GET", "/v1/me/relationships/{rel}/receipts", None), ("GET", "/v1/me/requests/{req}", None),
    ("POST", "/v1/me/requests/{req}/answer", {"answer": "refuse"}), ("GET", "/v1/me/grants/{grt}", None),
    ("POST", "/v1/me/grants", {"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"]}),
    ("POST", "/v1/me/grants", {"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"],
                               "departments": ["{dep}"]}),
    ("PATCH", "/v1/me/grants/{grt}", {"departments": ["{dep}"]}),
    ("PATCH", "/v1/me/grants/{grt}", {"attributes": ["pd:Name"]}), ("POST", "/v1/me/grants/{grt}/withdraw", None),
    ("GET", "/v1/me/disclosures?relationship={rel}", None), ("GET", "/v1/me/receipts/{rcp}", None),
    ("GET", "/v1/me/receipts/{rcp}/proof", None), ("POST", "/v1/me/relationships/{rel}/objection", {"stands": True}),
    ("POST", "/v1/me/relationships/{rel}/end", {"erase": False})]
SYSTEM_DOORS = [
    ("GET", "/v1/org/purposes/{pur}", None), ("PUT", "/v1/org/purposes/{pur}", PURPOSE),
    ("POST", "/v1/org/purposes", dict(PURPOSE, departments=["{dep}"])),
    ("POST", "/v1/org/purposes/{pur}/publish", None),
    ("POST", "/v1/org/systems", {"name": "n", "department": "{dep}", "scopes": ["records"]}),
    ("GET", "/v1/org/relationships/{rel}", None), ("GET", "/v1/org/relationships/{rel}/records", None),
    ("GET", "/v1/org/relationships/{rel}/receipts", None), ("GET", "/v1/org/requests/{req}", None),
    ("POST", "/v1/org/relationships/{rel}/answer", {"answer": "accept"}),
    ("POST", "/v1/org/requests", {"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"]}),
    ("POST", "/v1/org/requests/{req}/revise", {"duration": "P9D"}), ("GET", "/v1/org/grants?relationship={rel}", None),
    ("POST", "/v1/org/grants/{grt}/event", None), ("GET", "/v1/org/receipts/{rcp}", None),
    ("POST", "/v1/org/disclosures", {"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"]}),
    ("GET", "/v1/org/receipts/{rcp}/proof", None), ("POST", "/v1/org/requests/{req}/cancel", None),
    ("POST", "/v1/org/purposes/{pur}/retire", None), ("DELETE", "/v1/org/systems/{sys}", None)]
PERSON_LISTS = ["/v1/me", "/v1/me/attributes", "/v1/me/relationships", "/v1/me/requests", "/v1/me/grants",
                "/v1/me/disclosures"]
SYSTEM_LISTS = ["/v1/org/purposes", "/v1/org/departments", "/v1/org/systems", "/v1/org/relationships",
                "/v1/org/requests"]


class Party:
    """A caller with what is its own: ids by kind, and the words by which it would be known."""

    def __init__(self, name, caller, doors):
        self.name, self.caller, self.doors = name, caller, doors
        self.own = {}
        self.words = [name]

    def add(self, kind, value):
        assert ID.fullmatch(value) and value.startswith(kind), (kind, value)
        self.own.setdefault(kind, []).append(value)

    def everything(self):
        """All that this party can read, as one text."""
        lists = PERSON_LISTS if self.doors is PERSON_DOORS else SYSTEM_LISTS
        side = "me" if self.doors is PERSON_DOORS else "org"
        texts = [self.caller.get(path).expect(200).body.decode() for path in lists]
        for rel in self.own["rel"]:
            texts += [self.caller.get(f"/v1/{side}/relationships/{rel}{more}").expect(200).body.decode()
                      for more in ("", "/records", "/receipts")]
        for rcp in self.own["rcp"]:
            for form in story.RECEIPT_FORMS.values():
                body = self.caller.get(f"/v1/{side}/receipts/{rcp}", {"Accept": form}).expect(200).body.decode()
                texts.append(body)
                if form == "application/jose+json":
                    texts.append(unpacked(body))
        return "\n".join(texts)


def unpacked(jws):
    """Payload and protected headers of a receipt, in clear."""
    whole = json.loads(jws)
    parts = [whole["payload"]] + [signature["protected"] for signature in whole["signatures"]]
    return "\n".join(decode64url(part) for part in parts)


def decode64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


class World:
    def __init__(self, node):
        self.node = node
        self.systems, self.people = {}, {}
        for shop in ORGANISATIONS:
            self.make_shop(shop)
        for person in PEOPLE:
            caller = node.person(person)
            self.people[person] = Party(person, caller, PERSON_DOORS)
            self.people[person].add("per", caller.id)
            caller.put("/v1/me/attributes/pd:Name", {"value": {"name": person + " Secret"}}).expect(200)
        for shop, person in itertools.product(ORGANISATIONS, PEOPLE):
            self.join(shop, person)
        self.parties = [*self.people.values(), *self.systems.values()]

    def make_shop(self, shop):
        organisation = self.node.run("org", "create", shop)["id"]
        for department in ORGANISATIONS[shop]:
            made = self.node.run("department", "create", organisation, department)["id"]
            system = self.node.system(organisation, made, department + "system", SCOPES)
            party = Party(department, system, SYSTEM_DOORS)
            party.shop, party.words = shop, [department + "purpose", department + "note"]
            party.add("org", organisation)
            party.add("dep", made)
            party.add("sys", system.id)
            draft = system.post("/v1/org/purposes", dict(PURPOSE, name=department + "purpose")).expect(201).json["id"]
            system.post(f"/v1/org/purposes/{draft}/publish").expect(200)
            party.add("pur", draft)
            self.systems[department] = party

    def join(self, shop, person):
        first, second = (self.systems[department] for department in ORGANISATIONS[shop])
        file = f"{self.node.folder}/{shop}-{person}.vcf"
        with open(file, "w", encoding="utf-8") as card:
            card.write(CARD.format(person=person, shop=shop))
        said = self.node.run("import", first.own["org"][0], first.own["dep"][0], file)
        owner = self.people[person]
        rel = owner.caller.post("/v1/me/relationships",
                                {"invitation": said["invitations"][0]["code"]}).expect(201).json["id"]
        for party in (first, second, owner):
            party.add("rel", rel)
        for party in (first, second):
            self.act(party, owner, rel)

    def act(self, party, owner, rel):
        """A request that stays open, a grant, a read, a receipt: of one department with one person."""
        pur = party.own["pur"][0]
        req = party.caller.post("/v1/org/requests", {"relationship": rel, "purpose": pur}).expect(201).json["id"]
        owner.caller.get(f"/v1/me/requests/{req}").expect(200)
        give = {"relationship": rel, "purpose": pur, "attributes": ["pd:Name", "pd:PhysicalAddress"]}
        grant = owner.caller.post("/v1/me/grants", give).expect(201).json
        read = party.caller.post("/v1/org/disclosures", {"relationship": rel, "purpose": pur, "attributes": ["pd:Name"],
                                                         "note": party.name + "note"}).expect(200).json
        assert read["attributes"]["pd:Name"]["value"]["name"] == owner.name + " Secret"
        owner.add("pur", pur)
        owner.add("dep", party.own["dep"][0])
        for mate in (party, owner):
            mate.add("req", req)
            mate.add("grt", grant["id"])
            mate.add("rcp", grant["receipt"])

    def strangers(self, party, kind):
        """Ids of this kind that are others' and not the party's."""
        own = set(party.own.get(kind, ()))
        if kind in ("grt", "rcp", "pur", "dep", "sys") and party.doors is SYSTEM_DOORS:
            for mate in self.systems.values():  # seen by the whole organisation
                own |= set(mate.own[kind]) if mate.shop == party.shop else set()
        if kind == "pur" and party.doors is PERSON_DOORS:
            return []  # both people deal with both organisations
        if kind == "dep" and party.doors is PERSON_DOORS:
            own = set(self.systems["Bluedesk"].own["dep"] + self.systems["Bluepost"].own["dep"])  # of the first grant
        return sorted({value for other in self.parties for value in other.own.get(kind, ())} - own)


def invented(kind, world):
    """Ids of the right form that nobody has."""
    last = world.parties[0].own["rel"][0][-1]
    return [f"{kind}_" + "0" * 26, f"{kind}_" + "7" + "z" * 25, f"{kind}_" + "3n" * 12 + "0" + last]


def malformed(kind, value):
    other = "grt" if kind != "grt" else "rel"
    return ["x", kind, kind + "_", value[:-1], value + "0", value.upper(), value.replace("_", "-"), other + value[3:],
            value[:-1] + "u", " " + value, value + "é", "a" * 3000]


def without_request_id(reply):
    fields = sorted((key.lower(), value) for key, value in reply.fields
                    if key.lower() not in ("date", "x-request-id", "content-length"))
    return reply.status, fields, re.sub(rb'"request_id":"[^"]+"', b"", reply.body)


def places(door):
    """The kinds of id that a door takes."""
    return sorted(set(re.findall(r'\{(\w+)\}', door[1]) + re.findall(r'"\{(\w+)\}"', json.dumps(door[2]))))


def knock(party, door, ids):
    """Tries a door with these ids; what is not named is the caller's own."""
    method, path, body = door
    whole = {kind: values[0] for kind, values in party.own.items()}
    whole.update(ids)
    for kind in places(door):
        path = path.replace("{" + kind + "}", quote(whole[kind]))
        body = json.loads(json.dumps(body).replace(f'"{{{kind}}}"', json.dumps(whole[kind])))
    return party.caller.call(method, path, body)


def quote(text):
    return "".join(c if c.isalnum() and c.isascii() or c in "_-" else "".join(f"%{o:02X}" for o in c.encode())
                   for c in text)


# ---- the steps

def what_is_not_yours_is_what_does_not_exist(world):
    tried = 0
    for party in world.parties:
        for door in party.doors:
            for kind in places(door):
                nothing = without_request_id(knock(party, door, {kind: invented(kind, world)[0]}))
                assert nothing[0] == 404, (party.name, door[:2], nothing)
                unknown = [*world.strangers(party, kind), *invented(kind, world), *malformed(kind, party.own[kind][0])]
                for value in unknown:
                    answer = without_request_id(knock(party, door, {kind: value}))
                    assert answer == nothing, (party.name, door[:2], value[:80], answer, nothing)
                    tried += 1
    print(f"found: {tried} knocks at the doors of others, no trace")
    assert tried > 2000


def other_ids_in_a_list_of_departments_are_not_there_either(world):
    party = world.systems["Bluedesk"]
    draft = dict(PURPOSE, departments=[party.own["dep"][0], world.systems["Reddesk"].own["dep"][0]])
    theirs = party.caller.post("/v1/org/purposes", draft)
    nothing = party.caller.post("/v1/org/purposes", dict(draft, departments=[party.own["dep"][0], "dep_" + "0" * 26]))
    assert without_request_id(theirs) == without_request_id(nothing) and theirs.status in (404, 422), theirs.body
    party.caller.post("/v1/org/purposes", dict(draft, departments=party.own["dep"])).expect(201)


def nobody_reads_anything_of_the_others(world):
    texts = {party.name: party.everything() for party in world.parties}
    for party in world.parties:
        text = texts[party.name]
        for kind in ("rel", "req", "grt", "rcp", "sys", "dep", "pur"):
            strangers = [] if party.doors is PERSON_DOORS and kind in ("sys", "dep", "pur") else \
                world.strangers(party, kind)
            found = [value for value in strangers if value in text]
            assert not found, (party.name, found)
        if party.doors is SYSTEM_DOORS:
            assert "per_" not in text, "an organisation sees the id of a person"
            words = [word for shop, names in ORGANISATIONS.items() if shop != party.shop for word in (shop, *names)]
            words += [mate.words[1] for mate in world.systems.values()] + [person + " Secret" for person in PEOPLE]
        else:
            words = [other for other in PEOPLE if other != party.name]
        assert not [word for word in words if word in text], (party.name, [word for word in words if word in text])
        assert party.own["rel"][0] in text, "the search finds what is there"
    assert "Adamark of Bluefinch" in texts["Bluedesk"] and "Adamark of" not in texts["Bluepost"]
    assert "Bluedesknote" in texts["Adamark"]


def two_organisations_cannot_tell_that_it_is_one_person(world):
    person = world.people["Adamark"]
    seen = {}
    for shop, (first, _) in ORGANISATIONS.items():
        party = world.systems[first]
        mine = set(party.own["rel"]) & set(person.own["rel"])
        rel, = mine
        ids = {rel}.union(*(set(party.own[kind]) & set(person.own[kind]) for kind in ("req", "grt", "rcp")))
        texts = [party.caller.get(f"/v1/org/relationships/{rel}/receipts").expect(200).body.decode()]
        for rcp in set(party.own["rcp"]) & set(person.own["rcp"]):
            jws = party.caller.get(f"/v1/org/receipts/{rcp}", {"Accept": "application/jose+json"}).expect(200)
            texts.append(unpacked(jws.body.decode()))
        seen[shop] = (ids, "\n".join(texts))
    (left, left_text), (right, right_text) = seen.values()
    for a, b in itertools.product(left, right):
        assert not common(a[4:], b[4:], 7), f"{a} and {b} have a part in common"
    other = world.people["Evemark"]
    shared = pieces(left_text) & pieces(right_text)
    control = pieces("\n".join(texts_of(world, "Reddesk", other)))
    assert shared <= control, f"only receipts of one person share these: {sorted(shared - control)[:5]}"


def texts_of(world, department, person):
    """The same person at two organisations shares no more than two people do: this is what two people share."""
    party = world.systems[department]
    for rcp in set(party.own["rcp"]) & set(person.own["rcp"]):
        yield unpacked(party.caller.get(f"/v1/org/receipts/{rcp}",
                                        {"Accept": "application/jose+json"}).expect(200).body.decode())
    rel, = set(party.own["rel"]) & set(person.own["rel"])
    yield party.caller.get(f"/v1/org/relationships/{rel}/receipts").expect(200).body.decode()


def pieces(text):
    """The words of a text that could tell somebody: long ones, and no moments."""
    return {word for word in re.findall(r"[\w./:-]{12,}", text) if not re.match(r"\d{4}-\d\d-\d\dT", word)}


def common(a, b, size):
    return any(a[at:at + size] in b for at in range(len(a) - size + 1))


def a_wrong_body_is_judged_for_nobody_else(world):
    """Whose the thing is not, learns nothing by a body that is wrong: the address is looked at first."""
    for party in world.parties:
        for method, path, body in party.doors:
            kinds = [kind for kind in places((method, path, None)) if body is not None and kind not in ("pur", "sys")]
            for kind in kinds:
                for wrong in (None, [], {"no_such_member": 1}):
                    answers = [without_request_id(knock(party, (method, path, wrong), {kind: value}))
                               for value in (*world.strangers(party, kind), *invented(kind, world))]
                    assert answers[0][0] == 404, (party.name, method, path, wrong, answers[0])
                    assert all(answer == answers[0] for answer in answers), (party.name, method, path, wrong)


def a_draft_of_another_department_is_nowhere_there_either(world):
    """Also where a purpose is named in a body."""
    mate, party = world.systems["Bluedesk"], world.systems["Bluepost"]
    draft = mate.caller.post("/v1/org/purposes", PURPOSE).expect(201).json["id"]
    for door in party.doors:
        if "pur" in places(door):
            hidden, absent = (without_request_id(knock(party, door, {"pur": value}))
                              for value in (draft, invented("pur", world)[0]))
            assert hidden == absent and hidden[0] == 404, (door[:2], hidden, absent)


def an_answer_that_is_kept_is_kept_for_its_caller(world):
    """One Idempotency-Key, four departments: each gets its own answer."""
    key, answers = {"Idempotency-Key": "everybody"}, []
    for party in world.systems.values():
        answers.append(party.caller.post("/v1/org/invitations", {"claims": 2}, key).expect(201).json["code"])
        assert party.caller.post("/v1/org/invitations", {"claims": 2}, key).expect(201).json["code"] == answers[-1]
    assert len(set(answers)) == 4, answers
    for person in world.people.values():
        body = {"value": {"name": person.name + " Secret"}}
        reply = person.caller.put("/v1/me/attributes/pd:Name", body, key).expect(200)
        assert set(reply.json["reaches"]) == set(person.own["rel"])


def a_place_in_a_list_is_a_place_in_no_other(world):
    for party in world.parties:
        path = "/v1/me/relationships" if party.doors is PERSON_DOORS else "/v1/org/relationships"
        link = party.caller.get(path + "?limit=1").expect(200).field("Link")
        place = link[1:link.index(">")]
        party.caller.get(place).expect(200)
        for other in world.parties:
            mate = getattr(other, "shop", other.name) == getattr(party, "shop", party.name)
            if other.doors is party.doors and not mate:
                other.caller.get(place).expect(400, "request.bad_cursor")


def every_door_is_shut_to_ended_credentials(world):
    """A key that was ended and a session that was left open nothing, anywhere, and say the same as ones never made."""
    node, admin = world.node, world.systems["Bluedesk"].caller
    made = admin.post("/v1/org/systems", {"name": "short", "department": world.systems["Bluedesk"].own["dep"][0],
                                          "scopes": SCOPES.split(",")}).expect(201).json
    key = Caller(node, {"Authorization": "Bearer " + made["secret"]})
    key.get("/v1/org/departments").expect(200)
    admin.delete(f"/v1/org/systems/{made['id']}").expect(204)
    guest = node.person("Guest")
    session = Caller(node, guest.fields)
    guest.post("/v1/me/sign-out").expect(204)
    fake_key = Caller(node, {"Authorization": "Bearer key_" + "0" * 16 + "_" + "A" * 43})
    fake_session = Caller(node, {"Cookie": "session=ses_" + "0" * 16 + "_" + "A" * 43})
    both = Caller(node, {**admin.fields, **world.people["Adamark"].caller.fields})
    for name, ended, never in (("Bluedesk", key, fake_key), ("Adamark", session, fake_session)):
        party = world.systems.get(name) or world.people[name]
        for door in party.doors + [("GET", path, None) for path in PERSON_LISTS + SYSTEM_LISTS]:
            as_ended, as_never, as_both = (with_caller(party, caller, door) for caller in (ended, never, both))
            assert as_ended[0] == 401 and as_ended == as_never, (name, door[:2], as_ended)
            assert as_both[0] == 400, (name, door[:2], as_both)


def with_caller(party, caller, door):
    other = Party(party.name, caller, party.doors)
    other.own = party.own
    return without_request_id(knock(other, door, {}))


def a_key_opens_only_the_doors_of_its_scope(world):
    party = world.systems["Redpost"]
    org, dep = party.own["org"][0], party.own["dep"][0]
    needs = {}
    for path, item in world.node.nobody.get("/openapi.json").expect(200).json["paths"].items():
        for method, operation in item.items():
            scopes = [scope for entry in operation["security"] for scope in entry.get("key", ())]
            needs[method.upper(), path] = scopes[0] if scopes else None
    for scope in SCOPES.split(","):
        caller = world.node.system(org, dep, scope, scope)
        for door in party.doors:
            wanted = needs[door[0], door[1].split("?")[0]]
            status, _, body = with_caller(party, caller, (door[0], door[1], None))
            shut = status == 403 and b'"scope.missing"' in body
            assert shut == (wanted is not None and wanted != scope), (scope, door[:2], status, body)


def nothing_has_changed_by_all_that(world):
    """The refused knocks left nothing behind: every party still sees its own, and only refused reads of its own."""
    for person in world.people.values():
        seen = story.items(person.caller, "/v1/me/disclosures")
        assert {entry["relationship"] for entry in seen} == set(person.own["rel"]), seen
        assert len([entry for entry in seen if entry["outcome"] == "given"]) == 4, seen
        assert {g["state"] for g in story.items(person.caller, "/v1/me/grants")} == {"active"}
        assert {r["state"] for r in story.items(person.caller, "/v1/me/requests")} == {"open"}
    log = world.node.read_log()
    assert "request.failed" not in log and " Secret" not in log and "Bluedesknote" not in log, log


def every_door_opens_to_its_owner(world):
    """Last, for some of them end things: the ids of the table are right, so the refusals above mean something."""
    time.sleep(1)  # proofs are there within a second
    for party in (world.systems["Reddesk"], world.people["Evemark"], world.systems["Bluedesk"]):
        for door in party.doors:
            reply = knock(party, door, {})
            assert reply.status in (200, 201, 204, 409, 422), (party.name, door[:2], reply.status, reply.body)
            if reply.status in (409, 422):
                assert reply.json["reason"] not in ("not_found",), (party.name, door[:2], reply.body)
        print(f"control: the same {len(party.doors)} doors with the ids of their owner, {party.name}: red")


STEPS = [nobody_reads_anything_of_the_others, two_organisations_cannot_tell_that_it_is_one_person,
         what_is_not_yours_is_what_does_not_exist, other_ids_in_a_list_of_departments_are_not_there_either,
         a_wrong_body_is_judged_for_nobody_else, a_draft_of_another_department_is_nowhere_there_either,
         an_answer_that_is_kept_is_kept_for_its_caller, a_place_in_a_list_is_a_place_in_no_other,
         every_door_is_shut_to_ended_credentials, nothing_has_changed_by_all_that,
         a_key_opens_only_the_doors_of_its_scope, every_door_opens_to_its_owner]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))


if __name__ == "__main__":
    sys.exit(main())
