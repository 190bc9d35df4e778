# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever asks by AuthZEN whether a read would be given hears what a read would come to, the person sees who
asked, and nobody learns of what is not his. Method: every question beside the read that it is about; each of the three
semantics, defaults, one bad item at each place of a list, the searches page by page; a stop between two questions; more
questions than a day has entries; things of others beside things that do not exist. Positive control: a decision that is
turned round and an answer that says one word more are noticed."""
import json
import re
import sys
import time

from purposes import DELIVER
from running_node import RunningNode

ONE, MANY, MOST, ENTRIES_A_DAY = "/access/v1/evaluation", "/access/v1/evaluations", 50, 20
KINDS = ["pd:Name"]


def connect(system, person):
    code = system.post("/v1/org/invitations", {}).expect(201).json["code"]
    return person.post("/v1/me/relationships", {"invitation": code, "nature": "customer"}).expect(201).json["id"]


class Shop:
    """A department with customers, and its questions."""

    def __init__(self, node, name):
        self.system = node.organisation(name, "Shipping")
        self.subject = {"type": "department", "id": self.system.department}
        self.purpose = self.publish(DELIVER)

    def publish(self, draft):
        made = self.system.post("/v1/org/purposes", draft).expect(201).json["id"]
        self.system.post(f"/v1/org/purposes/{made}/publish").expect(200)
        return made

    def question(self, relationship, kinds=None, **other):
        return {"subject": self.subject, "action": {"name": "read", "properties": {"purpose": self.purpose}},
                "resource": {"type": "relationship", "id": relationship,
                             "properties": {"attributes": kinds or KINDS}}, **other}

    def ask(self, question, path=ONE):
        return self.system.post(path, question).expect(200).json

    def reads(self, relationship, kinds=None):
        return self.system.post("/v1/org/disclosures", {"relationship": relationship, "purpose": self.purpose,
                                                        "attributes": kinds or KINDS})


class World:
    def __init__(self, node):
        self.node, self.shop, self.other = node, Shop(node, "Blue Shop"), Shop(node, "Red Bank")
        self.ada, self.bob = node.person("Ada"), node.person("Bob")
        self.ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)
        self.rel = connect(self.shop.system, self.ada)
        self.of_bob = connect(self.shop.system, self.bob)
        self.foreign = connect(self.other.system, self.bob)

    def give(self, kinds=None, **other):
        body = {"relationship": self.rel, "purpose": self.shop.purpose, "attributes": kinds or KINDS, **other}
        return self.ada.post("/v1/me/grants", body).expect(201).json["id"]

    def withdraw(self, grant):
        self.ada.post(f"/v1/me/grants/{grant}/withdraw").expect(200)

    def seen(self, outcome=None):
        filter_ = f"?outcome={outcome}" if outcome else "?limit=200"
        return self.ada.get("/v1/me/disclosures" + filter_).expect(200).json["items"]


    def told(self):
        """How often the person is told of, with what is only counted."""
        return count(self.seen())


def count(entries):
    return len(entries) + sum(entry["further"]["reads"] for entry in entries if "further" in entry)


def bare(answer):
    """What an answer says, without what differs with each."""
    text = re.sub(r'"(evaluation_id|evaluated_at|expires_at)":"[^"]*"', r'"\1":""',
                  json.dumps(answer, sort_keys=True, separators=(",", ":")))
    return text


def reason_of(answer):
    assert set(answer) == {"decision", "context"} and answer["decision"] in (True, False), answer
    return answer["context"].get("reason")


def is_same(answer, read):
    return answer["decision"] == (read.status == 200)


def agree(world, question_of, reason, kinds=None):
    """A question and the read that it is about come to the same."""
    answer = world.shop.ask(question_of(world.rel, kinds))
    read = world.shop.reads(world.rel, kinds)
    assert is_same(answer, read) and not is_same({"decision": not answer["decision"]}, read), (answer, read.body)
    assert reason_of(answer) == reason, answer
    return answer


def a_question_comes_to_what_the_read_comes_to(world):
    shop = world.shop
    denied = agree(world, shop.question, "no_grant")
    assert denied["context"]["reason_user"] == {"403": "The customer has not permitted this."}, denied
    assert set(denied["context"]["reason_admin"]) == {"403"}, denied
    grant = world.give()
    permitted = agree(world, shop.question, None)
    assert set(permitted["context"]) == {"evaluation_id", "evaluated_at", "valid_until"}, permitted
    assert agree(world, shop.question, "no_grant", ["pd:Name", "pd:PhysicalAddress"])["decision"] is False
    world.ada.patch(f"/v1/me/relationships/{world.rel}", {"state": "paused"}).expect(200)
    agree(world, shop.question, "restricted")
    world.ada.patch(f"/v1/me/relationships/{world.rel}", {"state": "active"}).expect(200)
    agree(world, shop.question, None)
    world.withdraw(grant)
    assert "access_request" not in agree(world, shop.question, "withdrawn")["context"]
    print("found: questions and reads agree; control: each decision turned round: red")


def a_stop_is_heard_by_the_next_question(world):
    key = {"Idempotency-Key": "the-same"}
    question = world.shop.question(world.rel)
    for turn in range(5):
        grant = world.give()
        assert world.shop.system.post(ONE, question, fields=key).expect(200).json["decision"] is True, turn
        world.withdraw(grant)
        assert world.shop.system.post(ONE, question, fields=key).expect(200).json["decision"] is False, turn


def a_use_is_not_used_by_asking(world):
    grant = world.give(uses={"kind": "once"})
    for _ in range(3):
        assert world.shop.ask(world.shop.question(world.rel))["decision"] is True
    world.shop.reads(world.rel).expect(200)
    used = world.shop.ask(world.shop.question(world.rel))
    assert reason_of(used) == "used_up" and "access_request" in used["context"], used
    world.withdraw(grant)


def what_is_not_theirs_is_what_is_not_there(world):
    """One answer, byte for byte, and none of it is written down."""
    shop, nowhere = world.shop, "rel_" + "0" * 26
    before = world.told()
    one = shop.question(world.rel)
    template = shop.system.post(ONE, shop.question(nowhere)).expect(200).body
    cases = {
        "another's relationship": shop.question(world.foreign), "no id": shop.question("x"), "empty": shop.question(""),
        "an id of another kind": shop.question(shop.purpose),
        "another's department": dict(one, subject={"type": "department", "id": world.other.system.department}),
        "another's system": dict(one, subject={"type": "system", "id": world.other.system.id}),
        "a system as a department": dict(one, subject={"type": "department", "id": shop.system.id}),
        "a person": dict(one, subject={"type": "user", "id": world.ada.id}),
        "another type": dict(one, resource=dict(one["resource"], type="record")),
        "another action": dict(one, action=dict(one["action"], name="write")),
        "another's purpose": dict(one, action={"name": "read", "properties": {"purpose": world.other.purpose}}),
        "no purpose's id": dict(one, action={"name": "read", "properties": {"purpose": "sell"}})}
    for name, question in cases.items():
        answer = shop.system.post(ONE, question).expect(200)
        assert answer.body == template, (name, answer.body, template)
        listed = shop.ask({"evaluations": [question]}, MANY)["evaluations"]
        assert listed == [json.loads(template)], (name, listed)
    assert json.loads(template)["context"]["reason"] == "not_found"
    assert template.replace(b"404", b"404 ") != template, "one word more went unnoticed"
    assert world.told() == before, "a question about others is told to the person"
    assert shop.ask(dict(one, subject={"type": "system", "id": shop.system.id}))["context"]["reason"] != "not_found"
    print(f"found: {len(cases)} of others and of nobody, one answer; controls: the own one, one word more: red")


def the_person_sees_who_asked(world):
    shop = world.shop
    given = len(world.seen("given"))
    grant = world.give()
    yes = shop.ask(shop.question(world.rel))["context"]["evaluation_id"]
    no = shop.ask(shop.question(world.rel, ["pd:PhysicalAddress"]))["context"]["evaluation_id"]
    entries = {entry["id"]: entry for entry in world.seen()}
    wanted = {"organisation": "Blue Shop", "department": "Shipping", "system": "server", "relationship": world.rel,
              "purpose": "Deliver your order", "grant": None, "note": None}
    for id_, outcome, reason, kinds in ((yes, "asked_yes", None, ["pd:Name"]),
                                        (no, "asked_no", "grant.none", ["pd:PhysicalAddress"])):
        entry = entries[id_]
        assert {name: entry[name] for name in wanted} == wanted, entry
        assert (entry["outcome"], entry["reason"], entry["attributes"]) == (outcome, reason, kinds), entry
        assert id_ in [other["id"] for other in world.seen(outcome)]
    assert len(world.seen("given")) == given and world.ada.get("/v1/me").json["disclosures"] == given
    world.withdraw(grant)


def a_list_is_answered_in_order(world):
    shop = world.shop
    grant = world.give()
    good, bad = ({"resource": shop.question(rel)["resource"]} for rel in (world.rel, world.of_bob))
    rest = {name: value for name, value in shop.question(world.rel).items() if name != "resource"}

    def decisions(items, semantic=None, **other):
        options = {"options": {"evaluations_semantic": semantic, "another": 1}} if semantic else {}
        answer = shop.ask({**rest, "evaluations": items, **options, **other}, MANY)
        assert set(answer) == {"evaluations"}, answer
        return [item["decision"] for item in answer["evaluations"]]

    assert decisions([good, bad, good]) == [True, False, True]
    assert decisions([good, bad, good], "execute_all") == [True, False, True]
    assert decisions([good, bad, good], "deny_on_first_deny") == [True, False]
    assert decisions([good, good], "deny_on_first_deny") == [True, True]
    assert decisions([bad, {}, good, good], "permit_on_first_permit") == [False, False, True]
    assert decisions([good, bad], "permit_on_first_permit") == [True]
    assert decisions([good] * MOST) == [True] * MOST
    # an item's own entity takes the place of the one beside the list, as a whole
    elsewhere = {"subject": {"type": "department", "id": world.other.system.department}}
    assert decisions([good, {**good, **elsewhere}]) == [True, False]
    assert decisions([{}, bad], **good) == [True, False]
    assert decisions([{**good, "action": {"name": "read"}}]) == [False], "half of an action came from beside the list"
    assert decisions([{**good, "action": {"name": "read"}, "context": {"purpose": shop.purpose}}]) == [True]
    assert shop.ask({**rest, **good, "evaluations": []}, MANY)["decision"] is True
    assert shop.ask({**rest, **good}, MANY)["decision"] is True
    world.withdraw(grant)


def one_bad_item_is_denied_alone(world):
    shop = world.shop
    grant = world.give()
    whole = shop.question(world.rel)

    def spoilt(place, value):
        copy = json.loads(json.dumps(whole))
        inside = copy
        for name in place[:-1]:
            inside = inside[name]
        if value is None:
            del inside[place[-1]]
        else:
            inside[place[-1]] = value
        return copy

    bad = {"no object": (7, ""), "a list": ([], ""), "null": (None, "")}
    for place in (["subject"], ["action"], ["resource"], ["subject", "type"], ["subject", "id"], ["action", "name"],
                  ["resource", "type"], ["resource", "id"], ["resource", "properties"],
                  ["resource", "properties", "attributes"]):
        bad["without " + "/".join(place)] = (spoilt(place, None), "/" + "/".join(place))
        bad["a number at " + "/".join(place)] = (spoilt(place, 7), "/" + "/".join(place))
    kinds = ["resource", "properties", "attributes"]
    bad["no kind"] = (spoilt(kinds, []), "/resource/properties/attributes")
    bad["an unknown kind"] = (spoilt(kinds, ["pd:Name", "pd:Nothing"]), "/resource/properties/attributes/1")
    bad["a kind twice"] = (spoilt(kinds, ["pd:Name", "pd:Name"]), "/resource/properties/attributes/1")
    bad["no purpose"] = (spoilt(["action", "properties"], None), "/action/properties/purpose")
    bad["two purposes"] = (dict(whole, context={"purpose": world.other.purpose}), "/context/purpose")
    bad["hidden letters"] = (spoilt(["subject", "type"], "a\u200bb"), "/subject/type")
    tries = 0
    for name, (item, pointer) in bad.items():
        for size in (1, 3):
            for at in range(size):
                items = [whole] * size
                items[at] = item
                answer = shop.ask({"evaluations": items}, MANY)["evaluations"]
                assert [one["decision"] for one in answer] == [i != at for i in range(size)], (name, at, answer)
                told = answer[at]["context"]
                assert told["pointer"] == f"/evaluations/{at}{pointer}", (name, told)
                assert set(told["reason_admin"]) == {"400"} and "evaluation_id" not in told, (name, told)
                tries += 1
        if isinstance(item, dict):  # the same alone is a bad request
            alone = shop.system.post(ONE, item).expect(400).check_problem()
            assert alone["pointer"] == pointer, (name, alone)
            shop.system.post(MANY, item).expect(400)
    cut = shop.ask({"evaluations": [whole, {}, whole], "options": {"evaluations_semantic": "deny_on_first_deny"}}, MANY)
    assert [one["decision"] for one in cut["evaluations"]] == [True, False], cut
    world.withdraw(grant)
    print(f"found: {tries} lists with one bad item, each denied alone")


def a_bad_request_is_400(world):
    """Whatever is wrong with it, as the standard wants it; credentials and scopes come first."""
    shop, good = world.shop, json.dumps(world.shop.question(world.rel))
    for path in (ONE, MANY, *(f"/access/v1/search/{name}" for name in ("subject", "resource", "action"))):
        for name, body in (("no JSON", "{"), ("empty", ""), ("a list", "[]"), ("no object", "7"), ("nothing", "{}"),
                           ("twice", '{"subject":{},"subject":{}}'), ("text/plain", good),
                           ("application/x-www-form-urlencoded", "subject=x")):
            type_ = name if "/" in name else "application/json"
            answer = shop.system.post(path, body, fields={"Content-Type": type_}).expect(400)
            assert answer.check_problem()["status"] == 400, (path, name)
        for entity in ("subject", "action", "resource"):
            for properties in ([], "x", 7, True):
                spoilt = json.loads(good)
                spoilt[entity]["properties"] = properties
                if entity != path.rpartition("/")[2]:  # what is looked for is not there
                    shop.system.post(path, spoilt).expect(400, "request.wrong_type")
        shop.system.post(path, dict(json.loads(good), more="y" * (64 * 1024))).expect(413, "http.body")
        world.node.nobody.post(path, good, fields={"Content-Type": "application/json"}).expect(401)
        world.ada.post(path, good, fields={"Content-Type": "application/json"}).expect(403, "actor.wrong_kind")
    for name, body in (("no list", {"evaluations": 7}), ("too many", {"evaluations": [{}] * (MOST + 1)}),
                       ("another semantic", {"evaluations": [{}], "options": {"evaluations_semantic": "any"}}),
                       ("options", {"evaluations": [{}], "options": 7}),
                       ("a bad default", {"evaluations": [{}], "subject": 7})):
        pointer = shop.system.post(MANY, body).expect(400).check_problem()["pointer"]
        assert pointer in ("/evaluations", "/options/evaluations_semantic", "/options", "/subject"), (name, pointer)
    for key, path in (("grants", ONE), ("disclosures", "/access/v1/search/subject")):
        narrow = world.node.system(shop.system.organisation, shop.system.department, "narrow " + key, key)
        narrow.post(path, json.loads(good)).expect(403, "scope.missing")


def unknown_members_are_ignored(world):
    """At every level; what they are called changes nothing."""
    shop = world.shop
    question = shop.question(world.rel)
    plain = bare(shop.ask(question))
    for name in ("foo", "decision", "purpose", "organisation", "given", "known", "evaluations"):
        more = {name: [] if name == "evaluations" else {"nested": True}}
        assert bare(shop.ask({**question, **more})) == plain, name
        for entity in ("subject", "action", "resource"):
            assert bare(shop.ask({**question, entity: {**question[entity], **more}})) == plain, (name, entity)
    assert bare(shop.ask({**question, "context": {"time": "2020-01-01T00:00:00Z", "ip": "::1"}})) == plain


def the_id_of_a_request_goes_back(world):
    shop, question = world.shop, world.shop.question(world.rel)
    name, nobody = "X-Request-ID", world.node.nobody
    for given in ("bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "x", "!" * 128):
        for caller, body, status in ((shop.system, question, 200), (shop.system, {}, 400), (nobody, {}, 401)):
            answer = caller.post(ONE, body, fields={name: given}).expect(status)
            assert answer.field(name) == given, (given, answer.fields)
        assert shop.system.get("/v1/org/departments", fields={name: given}).field(name) != given
    for given in ("", "a b", "y" * 129):
        assert shop.system.post(ONE, question, fields={name: given}).expect(200).field(name) not in (given, "")
    own = shop.system.post(ONE, question).expect(200).field("X-Request-ID")
    assert re.fullmatch(r"[0-9a-z]{26}", own), own


def a_denial_tells_where_to_ask(world):
    """As far as asking is possible; then the person is asked, and the next question is permitted."""
    shop = world.shop
    question = shop.question(world.of_bob, ["pd:PhysicalAddress", "pd:Name"])
    denied = shop.ask(question)
    door = denied["context"]["access_request"]
    assert set(door) == {"endpoint", "expires_at"} and door["expires_at"] > denied["context"]["evaluated_at"], door
    assert door["endpoint"] == world.node.url + "/v1/org/requests", door
    asked = shop.system.post("/v1/org/requests", {"relationship": world.of_bob, "purpose": shop.purpose,
                                                  "attributes": ["pd:PhysicalAddress", "pd:Name"]}).expect(201).json
    world.bob.post(f"/v1/me/requests/{asked['id']}/answer", {"answer": "accept"}).expect(200)
    assert shop.ask(question)["decision"] is True
    outside = shop.ask(shop.question(world.of_bob, ["pd:BirthDate"]))
    assert outside["decision"] is False and "access_request" not in outside["context"], outside
    narrow = world.node.system(shop.system.organisation, shop.system.department, "reader", "disclosures")
    alone = narrow.post(ONE, shop.question(world.of_bob, ["pd:TelephoneNumber"])).expect(200).json
    assert "access_request" not in alone["context"], alone


def searched(shop, what, body, limit=None):
    """All results of a search over its pages, and how many pages."""
    results, pages, token = [], 0, None
    while token != "":
        page = {"page": {**({"limit": limit} if limit else {}), **({"token": token} if token else {})}}
        answer = shop.ask({**body, **page}, f"/access/v1/search/{what}")
        assert set(answer) == {"page", "results"} and answer["page"]["count"] == len(answer["results"]), answer
        results, pages, token = results + answer["results"], pages + 1, answer["page"]["next_token"]
        assert pages < 20, "a search that never ends"
    return results, pages


def searches_tell_what_questions_would(world):
    shop, told = world.shop, world.told()
    grant, question = world.give(), world.shop.question(world.rel)
    relationship = {"type": "relationship", "id": world.rel, "properties": {"attributes": ["pd:Name"]}}
    assert searched(shop, "subject", dict(question, subject={"type": "department"}))[0] == [shop.subject]
    system = {"type": "system", "id": shop.system.id}
    assert searched(shop, "subject", dict(question, subject={"type": "system", "id": "x"}))[0] == [system]
    assert searched(shop, "subject", dict(question, subject={"type": "user"}))[0] == []
    assert searched(shop, "subject", dict(shop.question(world.foreign), subject={"type": "department"}))[0] == []
    # in whose relationships: Ada's by name, Bob's by two kinds
    by_kind = dict(question, resource={"type": "relationship", "properties": {"attributes": ["pd:Name"]}})
    found = searched(shop, "resource", by_kind)[0]
    assert sorted(one["id"] for one in found) == sorted([world.rel, world.of_bob]) and relationship in found, found
    address = dict(question, resource={"type": "relationship", "properties": {"attributes": ["pd:PhysicalAddress"]}})
    assert [one["id"] for one in searched(shop, "resource", address)[0]] == [world.of_bob]
    open_ = dict(question, resource={"type": "relationship", "id": "ignored"})
    kinds = {one["id"]: one["properties"]["attributes"] for one in searched(shop, "resource", open_, 1)[0]}
    assert kinds == {world.rel: ["pd:Name"], world.of_bob: ["pd:Name", "pd:PhysicalAddress"]}, kinds
    for one in searched(shop, "resource", by_kind, 1)[0]:
        assert shop.ask(dict(question, resource=one))["decision"] is True, one
    told += 3  # two searches for the subject, and the question about Ada behind the search
    assert searched(shop, "resource", dict(by_kind, subject=world.other.subject))[0] == []
    # to do what: two purposes, one by one
    second = shop.publish(dict(DELIVER, name="Bring it back"))
    world.ada.post("/v1/me/grants", {"relationship": world.rel, "purpose": second, "attributes": KINDS}).expect(201)
    what = {"subject": shop.subject, "resource": question["resource"]}
    actions, pages = searched(shop, "action", what, 1)
    assert sorted(one["properties"]["purpose"] for one in actions) == sorted([shop.purpose, second]) and pages == 2
    assert searched(shop, "action", dict(what, context={"purpose": second}))[0] == [
        {"name": "read", "properties": {"purpose": second}}]
    assert searched(shop, "action", dict(what, resource=dict(relationship, id=world.foreign)))[0] == []
    told += 1  # a search with all in it is a question; about what is not theirs nobody is told
    tokens_are_of_one_search(shop, by_kind)
    world.withdraw(grant)
    assert [one["properties"]["purpose"] for one in searched(shop, "action", what)[0]] == [second]
    assert world.told() == told, "a search leaves something"


def tokens_are_of_one_search(shop, body):
    path = "/access/v1/search/resource"
    token = shop.ask(dict(body, page={"limit": 1}), path)["page"]["next_token"]
    assert shop.ask(dict(body, page={"token": token}), path)["results"], "the token of this search is refused"
    other = dict(body, resource={"type": "relationship"})
    for wrong in (dict(other, page={"token": token}), dict(body, page={"token": token[:-1]}),
                  dict(body, page={"token": "x"}), dict(body, page={"token": token[:30]})):
        shop.system.post(path, wrong).expect(400, "request.bad_cursor")
    shop.system.post(path, dict(body, page={"limit": -1})).expect(400)
    shop.system.post(path, dict(body, page={"limit": "1"})).expect(400)


def the_node_says_where(world):
    told = world.node.nobody.get("/.well-known/authzen-configuration").expect(200).json
    origin = world.node.url
    assert told == {"policy_decision_point": origin, "access_evaluation_endpoint": origin + ONE,
                    "access_evaluations_endpoint": origin + MANY,
                    **{f"search_{name}_endpoint": f"{origin}/access/v1/search/{name}"
                       for name in ("subject", "resource", "action")}}, told


def very_many_questions_fill_nothing(node):
    """Of a day the first have entries; the others are counted, whatever they came to."""
    shop, ada = Shop(node, "Green Shop"), node.person("Ada")
    rel = connect(shop.system, ada)
    question, asked = shop.question(rel), 0
    for _ in range(3):
        shop.ask({"evaluations": [question] * MOST}, MANY)
        asked += MOST
    ada.post("/v1/me/grants", {"relationship": rel, "purpose": shop.purpose, "attributes": KINDS}).expect(201)
    counted = shop.ask(question)
    assert counted["decision"] is True
    assert searched(shop, "subject", dict(question, subject={"type": "department"}))[0] == [shop.subject]
    asked += 1
    entries = [entry for page in (ada.get("/v1/me/disclosures?limit=200").expect(200),) for entry in page.json["items"]]
    days = {entry["at"][:10] for entry in entries}
    assert all(entry["outcome"] in ("asked_no", "asked_yes") for entry in entries) and len(days) in (1, 2), entries
    assert count(entries) == asked + 1 and len(entries) <= ENTRIES_A_DAY * len(days), entries
    rows = int(node.query("ledger", "SELECT count(*) FROM disclosure_head WHERE asked = " + str(asked + 1))[0][0])
    assert rows == 1, "the head does not count them"
    if len(days) == 1:  # else it has an entry of its own
        assert counted["context"]["evaluation_id"] == entries[0]["id"] and "further" in entries[0], (counted, entries)
    shop.reads(rel).expect(200)  # which has its entry whatever was asked
    assert len(ada.get("/v1/me/disclosures?outcome=given").json["items"]) == 1
    print(f"found: {asked + 1} questions, {len(entries)} entries; control: a read behind them has its own")


def who_is_forgotten_is_nobody(node, world):
    world.ada.post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
    until, gone = time.monotonic() + 60, None
    while gone is None or (gone["context"]["reason"] == "restricted" and time.monotonic() < until):
        gone = world.shop.ask(world.shop.question(world.rel))  # its relationship ends first, then its key goes
    assert reason_of(gone) == "not_found", gone
    assert "request.failed" not in node.read_log(), node.read_log()


def main():
    with RunningNode() as node:
        world = World(node)
        for step in (a_question_comes_to_what_the_read_comes_to, the_person_sees_who_asked,
                     a_stop_is_heard_by_the_next_question, a_use_is_not_used_by_asking,
                     what_is_not_theirs_is_what_is_not_there, a_list_is_answered_in_order,
                     one_bad_item_is_denied_alone, a_bad_request_is_400, unknown_members_are_ignored,
                     the_id_of_a_request_goes_back, a_denial_tells_where_to_ask,
                     searches_tell_what_questions_would, the_node_says_where):
            step(world)
        very_many_questions_fill_nothing(node)
        node.expect_sound()
        who_is_forgotten_is_nobody(node, world)
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
