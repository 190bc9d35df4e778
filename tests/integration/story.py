# SPDX-License-Identifier: Apache-2.0
"""Goal: the whole story holds together: a shop brings its customers in, two people take their halves, one permission is
asked for, bargained over, given, used, stopped and proved. Method: one node and its command line, each step rests on
the ones before. Positive control: every step also tries what must not go (another purpose, another department, another
kind, a stopped grant, a flipped byte), and the story ends badly when one of these goes through."""
import datetime
import json
import os
import re
import sys
import time

import steps
import tlog
from purposes import DELIVER
from running_node import Caller, RunningNode

CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Ada Lovell
N:Lovell;Ada;;;
EMAIL;TYPE=HOME:ada@lovell.example
TEL;TYPE=CELL:+41 79 555 01 02
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Ben Ott
N:Ott;Ben;;;
EMAIL:ben@ott.example
END:VCARD
"""
REMIND = {
    "name": "Remind you of events", "sentence": "Send you an email when an author you like visits the shop.",
    "example": "You get one email a week before the evening.", "term": "dpv:PersonalisedBenefits",
    "legal_basis": "consent", "attributes": {"needed": ["pd:EmailAddress"], "optional": []}, "longest": "P1Y",
    "shortest_useful": "P30D", "retention": "P30D",
    "facts": {"passed_on": [], "scored": False, "leaves_eea": False, "trains_ai": False},
    "benefit": "You hear of evenings with authors early.", "if_no": "Look at the notice board. Nothing else changes.",
    "language": "en"}
OLD_ADDRESS = {"street_address": "Lindenweg 4", "locality": "Bern", "postal_code": "3000", "country": "CH"}
NEW_ADDRESS = {"street_address": "Quai 12", "locality": "Vevey", "postal_code": "1800", "country": "CH"}
SECRETS = ("Lindenweg", "Quai 12", "Vevey", "+41 79 555 01 02", "ada@lovell.example")
RECEIPT_FORMS = {"json": "application/json", "jws": "application/jose+json", "html": "text/html"}


class Story:
    """What the steps hand on: the callers, and the ids and files that came up."""

    def __init__(self, node):
        self.node = node
        self.files = os.path.join(node.folder, "files")
        os.mkdir(self.files)

    def path(self, name):
        return os.path.join(self.files, name)

    def keep(self, name, octets):
        with open(self.path(name), "wb") as file:
            file.write(octets)
        return self.path(name)

    def read(self, system, purpose, kinds, **more):
        return system.post("/v1/org/disclosures",
                           {"relationship": self.rel, "purpose": purpose, "attributes": kinds, **more})


def now():
    """This moment as the API writes it; nothing that follows happens in the same millisecond."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.01)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def in_days(days):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def items(caller, path):
    """All items of a list, one page at a time, by the links alone; twice, so that the order is seen to be stable."""
    whole = []
    for limit in (200, 1):
        page, found = f"{path}{'&' if '?' in path else '?'}limit={limit}", []
        while page:
            reply = caller.get(page).expect(200)
            assert set(reply.json) == {"items"} and len(reply.json["items"]) <= limit
            found += reply.json["items"]
            link = reply.field("Link")
            page = re.fullmatch(r'<(/[^>]+)>; rel="next"', link).group(1) if link else None
            assert page is None or reply.json["items"], "an empty page leads on"
        whole.append(found)
    assert whole[0] == whole[1], (path, whole)
    return whole[0]


def values(records, field):
    return [record["body"]["value"] for record in records if record["body"].get("field") == field]


# ---- setting up

def the_command_line_sets_up_a_shop_with_two_departments(story):
    node = story.node
    shop = node.run("org", "create", "Lantern Books", "--id", "lantern")
    assert re.fullmatch(r"org_[0-9a-z]{26}", shop["id"]) and shop["name"] == "Lantern Books"
    story.organisation = shop["id"]
    for name in ("Shipping", "Events"):
        assert node.run("department", "create", "lantern", name)["name"] == name
    story.shipping = node.system("lantern", "Shipping", "shop floor")
    story.events = node.system("lantern", "Events", "calendar")
    story.departments = {d["name"]: d["id"] for d in items(story.shipping, "/v1/org/departments")}
    assert set(story.departments) == {"Shipping", "Events"}


def the_command_line_makes_a_person_whose_link_works_once(story):
    story.ada = story.node.person("Ada Lovell")
    assert story.ada.get("/v1/me").expect(200).json["id"] == story.ada.id
    story.node.nobody.get(story.ada.link.removeprefix(story.node.url)).expect(401, "sign_in.link_unknown")


def an_import_turns_customers_into_invited_relationships(story):
    file = story.keep("customers.vcf", CARDS.encode())
    said = story.node.run("import", "lantern", "Shipping", file)
    assert (said["rows"], said["created"], said["updated"], said["unchanged"], said["rejected"]) == (2, 2, 0, 0, [])
    story.codes = {invitation["name"]: invitation["code"] for invitation in said["invitations"]}
    story.invited = {invitation["name"]: invitation["relationship"] for invitation in said["invitations"]}
    assert set(story.codes) == {"Ada Lovell", "Ben Ott"}
    seen = items(story.shipping, "/v1/org/relationships")
    assert {r["id"] for r in seen} == set(story.invited.values()) and {r["state"] for r in seen} == {"invited"}
    again = story.node.run("import", "lantern", "Shipping", file)
    assert (again["created"], again["updated"], again["unchanged"], again["invitations"]) == (0, 0, 2, [])


# ---- two halves

def nobody_can_read_before_the_other_half_is_there(story):
    story.rel = story.invited["Ada Lovell"]
    draft = story.shipping.post("/v1/org/purposes", DELIVER).expect(201).json
    story.read(story.shipping, draft["id"], ["pd:Name"]).expect(403, "relationship.not_active")


def a_person_who_is_signed_in_claims_by_code(story):
    claimed = story.ada.post("/v1/me/relationships", {"invitation": story.codes["Ada Lovell"]}).expect(201).json
    assert claimed["id"] == story.rel and claimed["state"] == "active", claimed
    assert claimed["organisation"] == {"id": story.organisation, "name": "Lantern Books"}
    story.ada.post("/v1/me/relationships", {"invitation": story.codes["Ada Lovell"]}).expect(404)
    records = items(story.ada, f"/v1/me/relationships/{story.rel}/records")
    assert {record["department"] for record in records} == {story.departments["Shipping"]}
    assert values(records, "pd:EmailAddress")[0]["value"] == "ada@lovell.example"
    assert values(records, "pd:TelephoneNumber")[0]["value"] == "+41 79 555 01 02"
    assert values(records, "pd:Name")[0]["given_name"] == "Ada"
    assert items(story.shipping, f"/v1/org/relationships/{story.rel}/records")
    assert items(story.events, f"/v1/org/relationships/{story.rel}/records") == []


def somebody_new_claims_by_code_and_is_signed_in(story):
    reply = story.node.nobody.post("/v1/claims", {"invitation": story.codes["Ben Ott"], "nature": "member"}).expect(201)
    cookie = reply.field("Set-Cookie")
    assert "HttpOnly" in cookie and "SameSite" in cookie, cookie
    story.ben = Caller(story.node, {"Cookie": cookie.split(";")[0]})
    assert reply.json["id"] == story.invited["Ben Ott"] and reply.json["nature"] == "member"
    assert [r["id"] for r in items(story.ben, "/v1/me/relationships")] == [reply.json["id"]]
    assert values(items(story.ben, f"/v1/me/relationships/{reply.json['id']}/records"), "pd:Name")
    story.node.nobody.post("/v1/claims", {"invitation": story.codes["Ben Ott"]}).expect(404)


def the_person_sets_nature_and_end(story):
    ends, review = in_days(300), in_days(100)
    changed = story.ada.patch(f"/v1/me/relationships/{story.rel}",
                              {"nature": "customer", "ends": ends, "review": review}).expect(200).json
    assert (changed["nature"], changed["ends"], changed["review"]) == ("customer", ends, review)
    assert story.shipping.get(f"/v1/org/relationships/{story.rel}").expect(200).json["nature"] == "customer"
    story.ada.patch(f"/v1/me/relationships/{story.rel}", {"ends": "2020-01-01T00:00:00Z"}).expect(422)
    story.ends = ends


def the_vault_is_filled_once(story):
    for kind, value in (("pd:PhysicalAddress", OLD_ADDRESS), ("pd:Name", {"name": "Ada Lovell"}),
                        ("pd:EmailAddress", "ada@lovell.example"), ("pd:TelephoneNumber", "+41795550102")):
        put = story.ada.put(f"/v1/me/attributes/{kind}", {"value": value}).expect(200).json
        assert put["version"] == 1 and put["reaches"] == [], put


# ---- asking and bargaining

def a_purpose_that_asks_too_much_is_refused_with_all_findings(story):
    bad = dict(DELIVER, sentence="We may leverage your data to optimise synergies and stuff", example="", benefit="",
               attributes={"needed": ["pd:PhysicalAddress", "pd:BankAccount", "pd:BirthDate"], "optional": []})
    draft = story.shipping.post("/v1/org/purposes", bad).expect(201).json
    assert draft["state"] == "draft" and draft["version"] == 1
    problem = story.shipping.post(f"/v1/org/purposes/{draft['id']}/publish").expect(422, "purpose.findings")
    findings = problem.check_problem()["findings"]
    pointers = {finding["pointer"].split("/")[1] for finding in findings}
    assert {"sentence", "example", "benefit", "attributes"} <= pointers, findings
    assert all(finding["message"] and finding["reason"] for finding in findings)
    assert story.shipping.get(f"/v1/org/purposes/{draft['id']}").expect(200).json["state"] == "draft"
    story.shipping.post("/v1/org/requests", {"relationship": story.rel, "purpose": draft["id"]}).check_problem()


def a_purpose_is_published_and_frozen(story):
    story.deliver, story.remind = publish(story.shipping, DELIVER), publish(story.events, REMIND)
    changed = story.shipping.put(f"/v1/org/purposes/{story.deliver}", dict(DELIVER, benefit="Other.")).expect(200).json
    assert (changed["version"], changed["state"]) == (2, "draft"), "a published version is never changed"
    offered = items(story.ada, f"/v1/me/relationships/{story.rel}/purposes")
    assert {purpose["name"]: purpose["benefit"] for purpose in offered}[DELIVER["name"]] == DELIVER["benefit"]


def publish(system, purpose):
    draft = system.post("/v1/org/purposes", purpose).expect(201).json
    published = system.post(f"/v1/org/purposes/{draft['id']}/publish").expect(200).json
    assert published["state"] == "published" and published["version"] == 1, published
    assert published["sentence"] == purpose["sentence"] and published["facts"] == purpose["facts"]
    return draft["id"]


def a_department_asks_and_the_same_key_asks_once(story):
    ask = {"relationship": story.rel, "purpose": story.deliver,
           "attributes": ["pd:PhysicalAddress", "pd:Name", "pd:TelephoneNumber"], "duration": "P180D", "uses": None}
    key = {"Idempotency-Key": "order-10442"}
    first = story.shipping.post("/v1/org/requests", ask, key).expect(201)
    again = story.shipping.post("/v1/org/requests", ask, key).expect(201)
    assert first.body == again.body and first.json["state"] == "open"
    story.shipping.post("/v1/org/requests", dict(ask, duration="P90D"), key).expect(422, "idempotency.mismatch")
    assert [r["id"] for r in items(story.shipping, "/v1/org/requests")] == [first.json["id"]]
    story.req = first.json["id"]
    story.events.get(f"/v1/org/requests/{story.req}").expect(404, "not_found")


def the_person_sees_all_that_the_request_says(story):
    request, = items(story.ada, "/v1/me/requests?state=open")
    notice = request["notice"]
    for member in ("name", "sentence", "example", "legal_basis", "facts", "benefit", "if_no", "retention"):
        assert notice[member] == DELIVER[member], member
    assert request["organisation"]["name"] == "Lantern Books" and request["department"]["name"] == "Shipping"
    assert request["duration"] == "P180D" and request["relationship"] == story.rel
    story.my_req = request["id"]


def the_person_makes_a_counter_offer_and_gets_a_revised_one(story):
    counter = {"answer": "counter", "attributes": ["pd:PhysicalAddress", "pd:Name"], "duration": "P90D"}
    said = story.ada.post(f"/v1/me/requests/{story.my_req}/answer", counter).expect(200).json
    assert said["request"]["state"] == "countered" and said["grant"] is None, said
    seen = story.shipping.get(f"/v1/org/requests/{story.req}").expect(200).json
    assert seen["state"] == "countered" and seen["counter"]["duration"] == "P90D"
    revised = story.shipping.post(f"/v1/org/requests/{story.req}/revise", {"duration": "P120D"}).expect(200).json
    assert revised["state"] == "open" and revised["revision"] == 2 and revised["duration"] == "P120D"
    assert set(revised["attributes"]) == {"pd:PhysicalAddress", "pd:Name"}
    story.before_accept = now()


def the_person_accepts(story):
    answer = {"answer": "accept"}
    key = {"Idempotency-Key": "accept-1"}
    reply = story.ada.post(f"/v1/me/requests/{story.my_req}/answer", answer, key).expect(200)
    assert story.ada.post(f"/v1/me/requests/{story.my_req}/answer", answer, key).expect(200).body == reply.body
    assert reply.json["request"]["state"] == "accepted"
    story.grant, story.receipt = reply.json["grant"], reply.json["receipt"]
    assert set(story.grant["attributes"]) == {"pd:PhysicalAddress", "pd:Name"}
    assert story.grant["departments"] == [story.departments["Shipping"]]
    assert (story.grant["state"], story.grant["uses"]) == ("active", {"kind": "period"})
    begins, ends = (datetime.datetime.fromisoformat(story.grant[name]) for name in ("from", "until"))
    assert (ends - begins).days == 120, story.grant
    theirs, = items(story.shipping, f"/v1/org/grants?relationship={story.rel}")
    assert theirs == story.grant, "both sides see the same"


# ---- reading

def a_permitted_read_gives_what_the_vault_holds(story):
    reply = story.read(story.shipping, story.deliver, ["pd:PhysicalAddress"], note="order 10442").expect(200).json
    assert reply["grant"] == story.grant["id"] and reply["valid_until"] == story.grant["until"]
    value = reply["attributes"]["pd:PhysicalAddress"]
    assert (value["value"], value["source"], value["version"]) == (OLD_ADDRESS, "self", 1)
    story.given = [reply["id"]]


def every_other_read_is_refused_and_the_person_sees_why(story):
    before = len(items(story.ada, "/v1/me/disclosures"))
    tries = [(story.shipping, story.remind, "pd:EmailAddress", "Shipping"),
             (story.shipping, story.remind, "pd:PhysicalAddress", "Shipping"),
             (story.events, story.deliver, "pd:PhysicalAddress", "Events"),
             (story.shipping, story.deliver, "pd:TelephoneNumber", "Shipping"),
             (story.shipping, story.deliver, "pd:EmailAddress", "Shipping")]
    for count, (system, purpose, kind, department) in enumerate(tries, 1):
        problem = story.read(system, purpose, [kind]).expect(403).check_problem()
        assert problem["reason"].startswith("grant."), problem
        entries = story.ada.get("/v1/me/disclosures").expect(200).json["items"]
        assert len(entries) == before + count, "each refusal is to be seen at once"
        entry = entries[0]
        assert (entry["outcome"], entry["reason"]) == ("refused", problem["reason"]), entry
        assert entry["attributes"] == [kind] and entry["department"] == department and entry["grant"] is None
    given = [e for e in items(story.ada, "/v1/me/disclosures") if e["outcome"] == "given"]
    assert [e["id"] for e in given] == story.given and given[0]["note"] == "order 10442"
    assert given[0]["purpose"] == DELIVER["name"] and given[0]["system"] == "shop floor" and given[0]["member"] is None
    seen = story.ada.get("/v1/me/disclosures?limit=200").body.decode()
    assert not any(secret in seen for secret in SECRETS), "a list of reads shows a value"


def half_allowed_is_refused_unless_a_part_will_do(story):
    kinds = ["pd:PhysicalAddress", "pd:EmailAddress"]
    problem = story.read(story.shipping, story.deliver, kinds).expect(403, "grant.none")
    assert problem.json["refused"] == [{"attribute": "pd:EmailAddress", "reason": "grant.none"}]
    assert not any(secret in problem.body.decode() for secret in SECRETS)
    part = story.read(story.shipping, story.deliver, kinds, partial=True).expect(200).json
    assert list(part["attributes"]) == ["pd:PhysicalAddress"] and part["refused"][0]["attribute"] == "pd:EmailAddress"
    story.given.append(part["id"])


def a_change_of_address_is_there_at_the_next_read(story):
    put = story.ada.put("/v1/me/attributes/pd:PhysicalAddress", {"value": NEW_ADDRESS}).expect(200).json
    assert put["version"] == 2 and put["reaches"] == [story.rel], put
    reply = story.read(story.shipping, story.deliver, ["pd:PhysicalAddress", "pd:Name"]).expect(200).json
    assert reply["attributes"]["pd:PhysicalAddress"]["value"] == NEW_ADDRESS
    assert reply["attributes"]["pd:PhysicalAddress"]["version"] == 2
    story.given.append(reply["id"])
    history = items(story.ada, "/v1/me/attributes/pd:PhysicalAddress/history")
    assert [version["value"] for version in history] == [NEW_ADDRESS, OLD_ADDRESS]


# ---- stopping

def a_stop_holds_for_the_very_next_read(story):
    story.while_active = now()
    stopped = story.ada.post(f"/v1/me/grants/{story.grant['id']}/withdraw").expect(200).json
    problem = story.read(story.shipping, story.deliver, ["pd:PhysicalAddress"]).expect(403, "grant.withdrawn")
    assert stopped["state"] == "withdrawn" and stopped["receipt"] not in (None, story.receipt)
    assert not any(secret in problem.body.decode() for secret in SECRETS)
    story.stop_receipt = stopped["receipt"]
    story.after_stop = now()
    entry = story.ada.get("/v1/me/disclosures?limit=1").expect(200).json["items"][0]
    assert (entry["outcome"], entry["reason"]) == ("refused", "grant.withdrawn")
    given = [e["id"] for e in items(story.ada, "/v1/me/disclosures") if e["outcome"] == "given"]
    assert given == story.given[::-1], "each read that went through stands there once"


def what_was_allowed_at_a_past_moment_is_answered(story):
    moments = ((story.before_accept, []), (story.while_active, ["active"]), (story.after_stop, ["withdrawn"]))
    for moment, states in moments:
        found = items(story.shipping, f"/v1/org/grants?relationship={story.rel}&at={moment}")
        assert [grant["state"] for grant in found] == states, (moment, found)
    then, = items(story.shipping, f"/v1/org/grants?relationship={story.rel}&at={story.while_active}")
    assert then == story.grant, (then, story.grant)
    mine, = items(story.ada, "/v1/me/grants")
    assert mine["from"] < story.while_active < mine["ended"] <= story.after_stop, mine


# ---- proving

def receipts_and_proofs_are_handed_out_in_every_form(story):
    for name, receipt in (("given", story.receipt), ("stopped", story.stop_receipt)):
        for form, media_type in RECEIPT_FORMS.items():
            reply = story.ada.get(f"/v1/me/receipts/{receipt}", {"Accept": media_type}).expect(200)
            assert reply.field("Content-Type").split(";")[0] == media_type
            story.keep(f"{name}.{form}", reply.body)
        theirs = story.shipping.get(f"/v1/org/receipts/{receipt}", {"Accept": "application/jose+json"}).expect(200)
        with open(story.path(f"{name}.jws"), "rb") as mine:
            assert theirs.body == mine.read(), "both sides hold the same bytes"
        story.keep(f"{name}.tlog-proof", proof_of(story.ada, receipt))
    said = json.load(open(story.path("given.json"), encoding="utf-8"))
    with open(story.path("given.jws"), encoding="utf-8") as file:
        payload = json.loads(tlog.receipt_payload(file.read()))
    assert said["payload"] == payload if "payload" in said else said, said
    assert DELIVER["sentence"] in json.dumps(payload) and not any(s in json.dumps(payload) for s in SECRETS)
    assert {line["id"] for line in items(story.ada, f"/v1/me/relationships/{story.rel}/receipts")} == {
        line["id"] for line in items(story.shipping, f"/v1/org/relationships/{story.rel}/receipts")} >= {
        story.receipt, story.stop_receipt}


def proof_of(caller, receipt):
    """Within a second the act is in the log; before that the answer is 503 with Retry-After, never a wrong proof."""
    end = time.monotonic() + 3
    while True:
        reply = caller.get(f"/v1/me/receipts/{receipt}/proof")
        if reply.status == 200 or time.monotonic() > end:
            return reply.expect(200).body
        reply.expect(503)
        time.sleep(0.05)


def the_log_is_fetched_while_the_node_is_there(story):
    fetched = {}
    get = tlog.http_get(story.node.url)

    def fetch(path):
        fetched[path] = get(path)
        return fetched[path]

    story.key = fetch("/log/key").decode().strip()
    story.keep("node.key", fetched["/log/key"])
    tlog.Log(fetch, tlog.Key.parse(story.key)).follow()
    story.keep("checkpoint", fetched["/log/checkpoint"])
    story.fetched = fetched


def what_the_person_sees_is_whole_and_tells_nothing_of_others(story):
    """All lists of the person's side, kept for the comparison after the restart."""
    story.mine = {path: items(story.ada, path) for path in mine_of(story)}
    text = json.dumps(story.mine)
    assert "Lindenweg" in text and "order 10442" in text
    for foreign in (story.invited["Ben Ott"], "Ben Ott", "ott.example"):
        assert foreign not in text, foreign


def mine_of(story):
    rel = f"/v1/me/relationships/{story.rel}"
    return ["/v1/me/attributes", "/v1/me/attributes/pd:PhysicalAddress/history", "/v1/me/relationships",
            rel + "/records", rel + "/purposes", rel + "/receipts", "/v1/me/requests", "/v1/me/grants",
            "/v1/me/disclosures"]


# ---- without the node

def receipts_verify_with_no_node_there(story):
    story.node.stop()
    key = story.path("node.key")
    for name in ("given", "stopped"):
        files = [story.path(f"{name}.jws"), story.path(f"{name}.tlog-proof"), key]
        done = story.node.command("verify", *files)
        assert done.returncode == 0 and "genuine" in done.stdout, (done.stdout, done.stderr)
        assert story.node.run("verify", *reversed(files))["ok"] is True, "the order of the files does not matter"
    assert story.node.run("verify", story.path("checkpoint"), "--key", key)["ok"] is True
    mixed = [story.path("given.jws"), story.path("stopped.tlog-proof"), key]
    assert story.node.command("verify", *mixed).returncode != 0, "a proof of another receipt"


def one_flipped_byte_is_not_genuine(story):
    names = {"jws": "given.jws", "proof": "given.tlog-proof", "key": "node.key"}
    for part, name in names.items():
        with open(story.path(name), "rb") as file:
            whole = file.read()
        places = len(whole.rstrip(b"\n"))
        for at in sorted({0, 1, places // 2, places - 2, places - 1, *range(7, places, max(1, places // 24))}):
            bent = bytearray(whole)
            bent[at] ^= 1
            files = [story.keep("bent", bytes(bent)) if other == part else story.path(kept)
                     for other, kept in names.items()]
            done = story.node.command("verify", *files)
            assert done.returncode != 0, f"{name}: a flip at {at} of {places} ({whole[max(0, at - 9):at + 9]}) passes"
            assert ": genuine" not in done.stdout and done.returncode in (2, 7, 8, 11), (done.returncode, done.stdout)
            assert "Sanitizer" not in done.stderr, done.stderr


def an_independent_reader_agrees(story):
    key = tlog.Key.parse(story.key)
    for name in ("given", "stopped"):
        proof = tlog.Proof(tlog.read(story.path(f"{name}.tlog-proof")))
        proof.verify_payload(tlog.receipt_payload(tlog.read(story.path(f"{name}.jws"))), key)
    try:
        proof.verify_payload(tlog.receipt_payload(tlog.read(story.path("given.jws"))), key)
    except tlog.LogError:
        pass
    else:
        raise AssertionError("the other reader takes a proof for another receipt")


def tiles_fetched_earlier_give_the_root_again(story):
    def get(path):
        return story.fetched[path]

    checkpoint, entries = tlog.Log(get, tlog.Key.parse(story.key)).follow()
    assert checkpoint.size == len(entries) > 4
    kept = tlog.Proof(tlog.read(story.path("given.tlog-proof")))
    salt, payload = kept.extra, tlog.receipt_payload(tlog.read(story.path("given.jws")))
    assert entries[kept.index] == tlog.receipt_entry(salt, payload)


# ---- and again

def after_a_restart_all_is_as_it_was(story):
    story.node.start()
    assert {path: items(story.ada, path) for path in mine_of(story)} == story.mine
    story.read(story.shipping, story.deliver, ["pd:PhysicalAddress"]).expect(403, "grant.withdrawn")
    checkpoint = tlog.Log(tlog.http_get(story.node.url), tlog.Key.parse(story.key)).checkpoint()
    assert checkpoint.size >= tlog.Checkpoint(story.fetched["/log/checkpoint"].decode()).size


def ending_the_relationship_ends_what_hangs_from_it(story):
    given = story.ada.post("/v1/me/grants", {"relationship": story.rel, "purpose": story.deliver,
                                             "attributes": ["pd:Name", "pd:PhysicalAddress"]}).expect(201).json
    story.read(story.shipping, story.deliver, ["pd:Name"]).expect(200)
    ask = {"relationship": story.rel, "purpose": story.remind, "attributes": ["pd:EmailAddress"], "duration": "P30D"}
    asked = story.events.post("/v1/org/requests", ask).expect(201).json
    ended = story.ada.post(f"/v1/me/relationships/{story.rel}/end", {}).expect(200).json
    assert ended["relationship"]["state"] == "ended" and ended["receipt"], ended
    story.read(story.shipping, story.deliver, ["pd:Name"]).expect(403, "relationship.ended")
    assert story.ada.get(f"/v1/me/grants/{given['id']}").expect(200).json["state"] == "ended"
    assert story.events.get(f"/v1/org/requests/{asked['id']}").expect(200).json["state"] == "cancelled"
    story.ada.post("/v1/me/grants", {"relationship": story.rel, "purpose": story.deliver,
                                     "attributes": ["pd:Name"]}).expect(409)


def the_audit_finds_nothing_beside_the_server_and_without_it(story):
    for attempt in range(2):
        said = story.node.run("audit")
        assert said["ok"] is True and said["findings"] == [] and said["log_entries"] > 4, said
        if attempt == 0:
            log = story.node.read_log()
            story.node.stop()
    assert "request.failed" not in log and not any(secret in log for secret in SECRETS), log


STEPS = [the_command_line_sets_up_a_shop_with_two_departments, the_command_line_makes_a_person_whose_link_works_once,
         an_import_turns_customers_into_invited_relationships, nobody_can_read_before_the_other_half_is_there,
         a_person_who_is_signed_in_claims_by_code, somebody_new_claims_by_code_and_is_signed_in,
         the_person_sets_nature_and_end, the_vault_is_filled_once,
         a_purpose_that_asks_too_much_is_refused_with_all_findings, a_purpose_is_published_and_frozen,
         a_department_asks_and_the_same_key_asks_once, the_person_sees_all_that_the_request_says,
         the_person_makes_a_counter_offer_and_gets_a_revised_one, the_person_accepts,
         a_permitted_read_gives_what_the_vault_holds, every_other_read_is_refused_and_the_person_sees_why,
         half_allowed_is_refused_unless_a_part_will_do, a_change_of_address_is_there_at_the_next_read,
         a_stop_holds_for_the_very_next_read, what_was_allowed_at_a_past_moment_is_answered,
         receipts_and_proofs_are_handed_out_in_every_form, the_log_is_fetched_while_the_node_is_there,
         what_the_person_sees_is_whole_and_tells_nothing_of_others, receipts_verify_with_no_node_there,
         one_flipped_byte_is_not_genuine, an_independent_reader_agrees, tiles_fetched_earlier_give_the_root_again,
         after_a_restart_all_is_as_it_was, ending_the_relationship_ends_what_hangs_from_it,
         the_audit_finds_nothing_beside_the_server_and_without_it]


def main():
    with RunningNode() as node:
        steps.run(STEPS, Story(node))


if __name__ == "__main__":
    sys.exit(main())
