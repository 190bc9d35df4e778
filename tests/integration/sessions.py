# SPDX-License-Identifier: Apache-2.0
"""Goal: a session is its person's, seen and ended by nobody else; none goes on under a name that was known before
somebody signed in or proved who it is; no page of another site changes anything with its cookie; and what its browser
signals is recorded once, and not against what the person says. Method: people with several sessions, on one node by
plain http and one that is reached by https; every door that changes something, as the node describes them, with each
value of Origin and Fetch Metadata. Positive control: the same write from the node's own page gets past that check, at
every door; without the signal the same read is given.

Usage: sessions.py [LIBRARY], the library of set_clock.c"""
import concurrent.futures
import contextlib
import re
import sys
import urllib.parse

import steps
from access_wire import ask_all, octets_of
from purposes import DELIVER
from running_node import Caller, ProxiedNode, RunningNode
from set_clock import clock_of_all
from software_client import Client
from software_passkey import Device, origin_of, session_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
AT_ONCE = 64
DAY = 86400
NEVER_HERE = "0" * 26


def link_of(world, person):
    return world.node.run("person", "link", person.id)["link"].removeprefix(world.node.url)


def sign_in(world, person, agent=None, fields=None):
    fields = {**({"User-Agent": agent} if agent else {}), **(fields or {})}
    reply = world.node.nobody.post(link_of(world, person), b"", fields).expect(303)
    return Caller(world.node, {"Cookie": session_of(reply)}, id=person.id)


def sessions_of(caller):
    return caller.get("/v1/me/sessions").expect(200).json["items"]


# ---- what a person sees

def each_session_says_how_and_with_what_it_began(world):
    first = sessions_of(world.ada)
    assert [(entry["current"], entry["way"], entry["browser"], entry["system"]) for entry in first] == \
        [(True, "link", None, None)]
    sign_in(world, world.ada, FIREFOX)
    mobile = sign_in(world, world.ada, PHONE)
    seen = {(entry["browser"], entry["system"]) for entry in sessions_of(mobile)}
    assert seen == {(None, None), ("Firefox", "Linux"), ("Chrome", "Android")}
    world.device = Device()
    world.device.register(world.ada).expect(201)
    proved = Caller(world.node, world.device.sign_in(world.node))
    current, = (entry for entry in sessions_of(proved) if entry["current"])
    assert current["way"] == "passkey" and current["created"] == current["used"] < current["ends"]
    assert len(sessions_of(proved)) == 4 and len(sessions_of(world.bob)) == 1
    page = proved.get("/v1/me/sessions?limit=3").expect(200)
    assert len(page.json["items"]) == 3 and 'rel="next"' in page.field("Link")
    assert not re.search(r"Mozilla|127\.0\.0\.1|126\.0", page.body.decode())


def a_session_is_ended_by_its_person_and_nobody_else(world):
    one, two = sign_in(world, world.ada), sign_in(world, world.ada)
    number, = (entry["id"] for entry in sessions_of(one) if entry["current"])
    world.bob.delete(f"/v1/me/sessions/{number}").expect(404, "not_found")
    world.node.nobody.delete(f"/v1/me/sessions/{number}").expect(401, "credentials.missing")
    one.get("/v1/me").expect(200)
    gone = two.delete(f"/v1/me/sessions/{number}").expect(204)
    assert gone.field("Set-Cookie") is None
    one.get("/v1/me").expect(401, "session.unknown")
    two.delete(f"/v1/me/sessions/{number}").expect(404, "not_found")
    number, = (entry["id"] for entry in sessions_of(two) if entry["current"])
    assert "Max-Age=0" in two.delete(f"/v1/me/sessions/{number}").expect(204).field("Set-Cookie")
    two.get("/v1/me").expect(401, "session.unknown")


def clients_of(caller):
    return caller.get("/v1/me/authorizations").expect(200).json["items"]


def a_client_is_shut_out_by_its_person_and_nobody_else(world):
    client = Client(world.node, world.shop.organisation, world.shop.department)
    assert clients_of(world.ada) == []
    name = client.push().expect(201).json["request_uri"]
    query = urllib.parse.urlencode({"client_id": client.id, "request_uri": name})
    assert world.ada.get("/v1/me/authorization?" + query).expect(200).json["client"]["id"] == client.id
    for _ in range(2):
        assert client.ask(world.ada).expect(200).json["grant"] is None
    newest, first = clients_of(world.ada)
    assert newest["client"] == {"id": client.id, "name": "web shop"} and newest["organisation"]["name"] == "Blue Shop"
    assert newest["department"]["name"] == "Shipping" and newest["scopes"] == ["openid"], newest
    assert newest["grant"] is None and newest["used"] is None and newest["created"] >= first["created"]
    page = world.ada.get("/v1/me/authorizations?limit=1").expect(200)
    assert page.json["items"] == [newest]
    following = world.ada.get(re.match("<([^>]*)>", page.field("Link")).group(1)).expect(200)
    assert following.json["items"] == [first] and following.field("Link") is None
    assert clients_of(world.bob) == []
    not_his = world.bob.delete(f"/v1/me/authorizations/{newest['id']}").expect(404, "not_found").json
    world.node.nobody.delete(f"/v1/me/authorizations/{newest['id']}").expect(401, "credentials.missing")
    world.shop.delete(f"/v1/me/authorizations/{newest['id']}").expect(403, "actor.wrong_kind")
    assert clients_of(world.ada) == [newest, first]
    world.ada.delete(f"/v1/me/authorizations/{newest['id']}").expect(204)
    gone = world.ada.delete(f"/v1/me/authorizations/{newest['id']}").expect(404, "not_found").json
    none = world.ada.delete(f"/v1/me/authorizations/atz_{NEVER_HERE}").expect(404, "not_found").json
    for answer in (not_his, gone, none):
        answer.pop("request_id")
    assert not_his == gone == none, (not_his, gone, none)
    assert clients_of(world.ada) == []  # both were of this client
    told = world.ada.get("/v1/me/alerts").expect(200).json["items"][0]
    assert told["kind"] == "client_ended" and told["client"] == newest["client"] and told["passkey"] is None, told
    relationship = world.ada.get(f"/v1/me/relationships/{first['relationship']}").expect(200).json
    assert relationship["state"] == "active"
    client.ask(world.ada).expect(200)
    assert [entry["relationship"] for entry in clients_of(world.ada)] == [first["relationship"]]
    world.ada.post(f"/v1/me/relationships/{first['relationship']}/end", {"erase": False}).expect(200)
    assert clients_of(world.ada) == []


def all_others_end_at_once(world):
    others = [world.ada, *(sign_in(world, world.ada) for _ in range(3))]
    world.ada = sign_in(world, world.ada)
    world.ada.delete("/v1/me/sessions").expect(204)
    for other in others:
        other.get("/v1/me").expect(401, "session.unknown")
    assert [entry["current"] for entry in sessions_of(world.ada)] == [True]
    world.bob.get("/v1/me").expect(200)


# ---- another name at each change of level

def a_name_from_before_signing_in_is_nobodys_after_it(world):
    made_up = "session=ses_" + "0" * 16 + "_" + "A" * 43
    for known in (made_up, sign_in(world, world.bob).fields["Cookie"], "session=x"):
        came = sign_in(world, world.ada, fields={"Cookie": known})
        assert came.fields["Cookie"] != known and came.get("/v1/me").expect(200).json["id"] == world.ada.id
        Caller(world.node, {"Cookie": known}).get("/v1/me").expect(401, "session.unknown")
        with_both = {"Cookie": known + "; " + came.fields["Cookie"]}
        Caller(world.node, with_both).get("/v1/me").expect(400, "credentials.repeated")
    options, fields = world.device.begin(world.node)
    reply = world.device.finish(world.node, options, {"Cookie": fields["Cookie"] + "; " + made_up}).expect(200)
    assert session_of(reply) != made_up
    Caller(world.node, fields).get("/v1/me").expect(401, "credentials.missing")
    again = Caller(world.node, world.device.sign_in(world.node))
    assert again.fields["Cookie"] != session_of(reply)


def ways_in(world):
    """(name, what takes the fields of a browser that has a session and gives the reply) of every way to sign in."""
    nobody = world.node.nobody

    def by_passkey(fields):
        options, visitor = world.device.begin(world.node)
        return world.device.finish(world.node, options, {"Cookie": visitor["Cookie"] + "; " + fields["Cookie"]})

    def by_invitation(fields):
        code = world.shop.post("/v1/org/invitations", {}).expect(201).json["code"]
        return nobody.post("/v1/claims", {"invitation": code}, fields)

    def by_membership(fields):
        code = world.node.run("member", "create", "blue-shop", "Shipping", "Mia")["code"]
        return nobody.post("/v1/claims/member", {"invitation": code}, fields)

    yield "link", lambda fields: nobody.post(link_of(world, world.ada), b"", fields)
    yield "passkey", by_passkey
    yield "invitation", by_invitation
    yield "membership", by_membership
    if world.clock is not None:
        eve, device = world.node.person("Eve"), Device()
        device.register(eve).expect(201)
        device.prove(eve).expect(204)
        code = eve.post("/v1/me/recovery/codes").expect(201).json["codes"][0]
        nobody.post("/v1/recovery", {"code": code}).expect(200)
        world.clock.go_on(DAY + 1)
        yield "code", lambda fields: nobody.post("/v1/recovery", {"code": code}, fields)


def whoever_signs_in_over_a_session_ends_it(world):
    """Otherwise it would outlive the sign-out, unseen by whoever pressed the button."""
    bystander = sign_in(world, world.ada)
    for name, come in ways_in(world):
        for owner in (world.ada, world.bob):
            if name == "code" and owner is world.bob:
                continue  # it is good once
            old = sign_in(world, owner)
            forged = {"Cookie": old.fields["Cookie"][:-43] + "A" * 43}
            if name != "code":
                come(forged)
                old.get("/v1/me").expect(200)  # who knows its name alone ends nothing
            new = Caller(world.node, {"Cookie": session_of(come(old.fields))})
            assert Caller(world.node, old.fields).get("/v1/me").status == 401, (name, owner.id)
            new.post("/v1/me/sign-out").expect(204)
            assert new.get("/v1/me/sessions").status == 401, name
    bystander.get("/v1/me").expect(200)
    old = sign_in(world, world.ada)
    world.node.nobody.post("/sign-in/sin_" + "0" * 16 + "_" + "A" * 43, b"", old.fields).expect(401)
    old.get("/v1/me").expect(200)  # nobody has come in


def a_proof_takes_the_old_name_away(world):
    ada = Caller(world.node, sign_in(world, world.ada).fields, id=world.ada.id)
    was, made = dict(ada.fields), sessions_of(ada)[0]["created"]
    options = ada.post("/v1/me/passkeys/options").expect(200).json
    world.device.prove(ada).expect(204)
    assert ada.fields != was
    Caller(world.node, was).get("/v1/me").expect(401, "session.unknown")
    current, = (entry for entry in sessions_of(ada) if entry["current"])
    assert current["created"] == made and current["way"] == "link"
    late = {"name": "Late", "credential": Device().create(options, origin_of(world.node))}
    ada.post("/v1/me/passkeys", late).expect(422, "passkey.challenge")
    ada.post("/v1/me/recovery/codes").expect(201)


def many_proofs_at_once_leave_one_session(world):
    ada = sign_in(world, world.ada)
    proofs = [{"credential": world.device.get(ada.post("/v1/me/proof/options").expect(200).json,
                                              origin_of(world.node))} for _ in range(AT_ONCE)]
    before = len(sessions_of(world.ada))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda proof: ada.post("/v1/me/proof", proof), proofs))
    assert [reply.status for reply in replies].count(204) == 1, [reply.status for reply in replies]
    assert {reply.status for reply in replies} <= {204, 401}
    assert len(sessions_of(world.ada)) == before


def many_with_one_code_let_one_in(world):
    """At the end of the wait; what the others find is a code that is used."""
    if world.clock is None:
        return
    fay, device = world.node.person("Fay"), Device()
    device.register(fay).expect(201)
    device.prove(fay).expect(204)
    code = fay.post("/v1/me/recovery/codes").expect(201).json["codes"][0]
    world.node.nobody.post("/v1/recovery", {"code": code}).expect(200)
    world.clock.go_on(DAY + 1)
    before = len(sessions_of(fay))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda _: world.node.nobody.post("/v1/recovery", {"code": code}), range(AT_ONCE)))
    came = [reply for reply in replies if reply.status == 200]
    assert [reply.json["id"] for reply in came] == [fay.id], [reply.body for reply in came]
    others = {reply.json["reason"] for reply in replies if reply.status != 200}
    assert others in ({"recovery.code_unknown"}, {"recovery.code_unknown", "limit.rate"}), others
    assert len(sessions_of(fay)) == before + 1


# ---- cookies

def attributes_of(cookie):
    first, *rest = cookie.split("; ")
    return first.split("=")[0], {part.split("=")[0]: part.partition("=")[2] for part in rest}


def cookies_are_for_this_host_alone(world):
    with ProxiedNode() as node:
        link = node.run("person", "create", "--name", "Ada")["link"].removeprefix(node.url)
        reply = node.nobody.post(link).expect(303)
        cookie = reply.field("Set-Cookie")
        name, attributes = attributes_of(cookie)
        assert name == "__Host-session"
        assert attributes == {"Path": "/", "HttpOnly": "", "SameSite": "Lax", "Max-Age": str(14 * DAY), "Secure": ""}
        token = cookie.split(";")[0]
        node.nobody.get("/v1/me", {"Cookie": token}).expect(200)
        node.nobody.get("/v1/me", {"Cookie": token.removeprefix("__Host-")}).expect(401, "credentials.missing")
        visitor = node.nobody.post("/v1/sign-in/options", {}).expect(200).field("Set-Cookie")
        name, attributes = attributes_of(visitor)
        assert name == "__Host-visitor" and attributes == {"Path": "/", "HttpOnly": "", "SameSite": "Strict",
                                                           "Max-Age": "300", "Secure": ""}
        out = node.nobody.post("/v1/me/sign-out", None, {"Cookie": token}).expect(204).field("Set-Cookie")
        assert attributes_of(out)[1]["Max-Age"] == "0" and out.startswith("__Host-session=;") and "Secure" in out


# ---- other sites

def changing_doors(world):
    """(method, path) of every door that is no reading, with ids that are nobody's. Those of systems take no cookie."""
    paths = world.node.nobody.get("/openapi.json").expect(200).json["paths"]
    return [(method.upper(), re.sub(r"\{(\w+)\}", lambda found: f"{found[1]}_{NEVER_HERE}", path))
            for path, item in paths.items() for method, door in item.items()
            if method in ("post", "put", "patch", "delete") and (any("session" in way for way in door["security"])
            or not door["security"] and not path.startswith("/oauth/"))]


def metadata(site=None, mode=None, dest=None, origin=None):
    fields = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest, "Origin": origin}
    return {name: value for name, value in fields.items() if value is not None}


def cases_of(world):
    """(fields, whether a write with them is taken)."""
    own, evil, beside = world.node.url, "https://evil.example", world.node.url + "0"
    taken = [metadata(), metadata(origin=own), metadata("same-origin", "cors", "empty", own),
             metadata("same-origin", "same-origin", "empty"), metadata("same-origin", "navigate", "document", own),
             metadata("none"), metadata("none", "navigate", "document"), metadata("same-origin")]
    refused = [metadata(origin=evil), metadata(origin="null"), metadata(origin=beside), metadata(origin=""),
               metadata("cross-site"), metadata("same-site"), metadata("cross-site", "cors", "empty", evil),
               metadata("cross-site", "navigate", "document", "null"), metadata("same-site", "cors", "empty", own),
               metadata("cross-site", origin=own), metadata("none", origin=evil), metadata("same-origin", origin=evil),
               metadata("same-origin", "no-cors", "empty", own), metadata("same-origin", "websocket", "websocket"),
               metadata("same-origin", "navigate", "iframe", own), metadata("same-origin", "no-cors", "image"),
               metadata("same-origin", "cors", "worker", own), metadata("Same-Origin"), metadata("")]
    return [(fields, True) for fields in taken] + [(fields, False) for fields in refused]


def no_other_site_writes_at_any_door(world):
    doors, cases = changing_doors(world), cases_of(world)
    assert len(doors) >= 25, doors
    ada = sign_in(world, world.ada)
    told = []
    for method, path in doors:
        if path in ("/v1/me/sign-out", "/v1/me/erase") or (method, path) == ("DELETE", "/v1/me/sessions"):
            takers = [fields for fields, taken in cases if not taken]  # those that do it are tried at other doors
        else:
            takers = [fields for fields, _ in cases]
        for fields in takers:
            taken = (fields, True) in cases
            reply = ada.call(method, path, {} if method != "DELETE" else None, fields)
            refused = reply.status == 403 and b'"origin.refused"' in reply.body
            if taken == refused:
                told.append((method, path, fields, reply.status, reply.body))
    assert not told, (len(told), told[:5])
    ada.get("/v1/me").expect(200)
    for fields, _ in cases:
        ada.get("/v1/me", fields).expect(200)
    own = f"\r\nOrigin: {world.node.url}\r\n".encode()
    for twice, status in ((own, 204), (own + own[2:], 403)):
        octets = octets_of(ada, "DELETE", "/v1/me/sessions").replace(b"\r\n", twice, 1)
        answer, = ask_all(world.node, [("DELETE", octets)])
        assert answer.status == status, answer.body
    reply = world.node.nobody.post("/v1/org/invitations", {}, metadata("cross-site", origin="https://evil.example"))
    reply.expect(401, "credentials.missing")
    world.shop.post("/v1/org/invitations", {}, metadata("cross-site", origin="https://evil.example")).expect(201)


# ---- ends

def the_sessions_of_who_is_erased_are_gone(world):
    cleo = world.node.person("Cleo")
    more = sign_in(world, cleo)
    count = "SELECT count(*) FROM session"
    before = int(world.node.query("people", count)[0][0])
    cleo.post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
    for caller in (cleo, more):
        caller.get("/v1/me").expect(401, "session.unknown")
    assert int(world.node.query("people", count)[0][0]) == before - 2


def use_is_noted_and_what_is_not_used_ends(world):
    if world.clock is None:
        return
    eve = world.node.person("Eve")
    unused = sign_in(world, eve)
    first, = (entry for entry in sessions_of(eve) if entry["current"])
    world.clock.go_on(299)
    eve.get("/v1/me").expect(200)
    assert first in sessions_of(eve)
    world.clock.go_on(60)
    for _ in range(3):
        eve.get("/v1/me").expect(200)
    second, = (entry for entry in sessions_of(eve) if entry["current"])
    assert second == dict(first, used=second["used"]) and second["used"] > first["used"]
    world.clock.go_on(2 * DAY)
    eve.put("/v1/me/attributes/pd:Name", {"value": {"name": "Eve"}}).expect(200)
    world.clock.go_on(2 * DAY)
    eve.get("/v1/me").expect(200)
    unused.get("/v1/me").expect(401, "session.unknown")
    assert len(sessions_of(eve)) == 1
    for _ in range(5):
        world.clock.go_on(2 * DAY)
        eve.get("/v1/me")
    eve.get("/v1/me").expect(401, "session.unknown")


# ---- what a browser signals (Global Privacy Control)

SIGNAL = {"Sec-GPC": "1"}
SALE = dict(DELIVER, name="Sell your data", sentence="Sell what you like to others.", term="dpv:SellDataToThirdParties",
            example="A house of data pays us for your address.",
            attributes={"needed": ["pd:EmailAddress"], "optional": []})


class Bond:
    """Somebody new, with a shop that may sell the address."""

    def __init__(self, world, name, gives=True):
        self.shop, self.purpose, self.person = world.shop, world.sale, world.node.person(name)
        self.person.put("/v1/me/attributes/pd:EmailAddress", {"value": "x@example.org"}).expect(200)
        self.relationship = self.begin(self.shop)
        self.gives = {"relationship": self.relationship, "purpose": self.purpose, "attributes": ["pd:EmailAddress"]}
        if gives:
            self.person.post("/v1/me/grants", self.gives).expect(201)
            self.read().expect(200)

    def begin(self, system):
        code = system.post("/v1/org/invitations", {}).expect(201).json["code"]
        return self.person.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]

    def read(self):
        return self.shop.post("/v1/org/disclosures", {"relationship": self.relationship, "purpose": self.purpose,
                                                      "attributes": ["pd:EmailAddress"]})

    def objection(self, relationship=None):
        """As the person sees it, and the organisation."""
        path = f"/relationships/{relationship or self.relationship}"
        seen = self.person.get("/v1/me" + path).expect(200).json["objection"]
        assert relationship or self.shop.get("/v1/org" + path).expect(200).json["objection"] == seen
        return seen and (seen["state"], seen["by"])

    def said(self):
        path = f"/v1/me/relationships/{self.relationship}/receipts?limit=200"
        events = [entry["event"] for entry in self.person.get(path).expect(200).json["items"]]
        return [event for event in reversed(events) if "objec" in event]

    def say(self, stands, fields=None):
        path = f"/v1/me/relationships/{self.relationship}/objection"
        return self.person.post(path, {"stands": stands}, fields).expect(200).json["objection"]


def only_the_one_value_is_a_signal(world):
    reply = world.node.nobody.get("/.well-known/gpc.json").expect(200)
    assert reply.field("Content-Type") == "application/json" and set(reply.json) == {"gpc", "lastUpdate"}
    assert reply.json["gpc"] is True and re.fullmatch(r"\d{4}-\d\d-\d\d", reply.json["lastUpdate"]), reply.json
    world.bond = Bond(world, "Gil")
    for value in ("0", "", "true", "1, 1", "11", "\"1\"", "?1"):
        world.bond.person.get("/v1/me", {"Sec-GPC": value}).expect(200)
    world.shop.get("/v1/org/grants?relationship=" + world.bond.relationship, SIGNAL).expect(200)
    world.node.nobody.get("/", SIGNAL).expect(200)
    assert world.bond.objection() is None and world.bond.said() == []
    world.bond.read().expect(200)


def many_requests_with_the_signal_record_it_once(world):
    bond = world.bond
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for reply in pool.map(lambda _: bond.person.get("/v1/me", SIGNAL), range(AT_ONCE)):
            reply.expect(200)
    bond.read().expect(403, "relationship.objected")
    assert bond.objection() == ("stands", "signal") and bond.said() == ["relationship.objected_by_signal"]
    receipt = bond.person.get(f"/v1/me/relationships/{bond.relationship}/receipts").json["items"][0]["id"]
    page = bond.person.get(f"/v1/me/receipts/{receipt}", {"Accept": "text/html"}).expect(200)
    assert b"objected by signal" in page.body, page.body
    refused = bond.person.get("/v1/me/disclosures").expect(200).json["items"][0]
    assert (refused["outcome"], refused["reason"]) == ("refused", "relationship.objected")
    ask = {"subject": {"type": "department", "id": world.shop.department},
           "action": {"name": "read", "properties": {"purpose": bond.purpose}},
           "resource": {"type": "relationship", "id": bond.relationship,
                        "properties": {"attributes": ["pd:EmailAddress"]}}}
    denied = world.shop.post("/access/v1/evaluation", ask).expect(200).json
    assert denied["decision"] is False and denied["context"]["reason"] == "objected", denied
    assert "access_request" not in denied["context"]
    for draft, against in ((world.sale, True), (world.harmless, False)):
        asked = {"relationship": bond.relationship, "purpose": draft}
        request = world.shop.post("/v1/org/requests", asked).expect(201).json
        assert request["objected"] is against
        seen = bond.person.get(f"/v1/me/requests/{request['id']}").expect(200).json
        assert seen["objected"] is against and seen["notice"]["term"].startswith("dpv:"), seen
        world.shop.post(f"/v1/org/requests/{request['id']}/cancel").expect(200)


def who_lifts_it_is_not_overruled_by_a_browser(world):
    bond = world.bond
    seen = bond.say(False, SIGNAL)
    assert (seen["state"], seen["by"]) == ("lifted", "person") and seen["since"]
    for caller in (bond.person, sign_in(world, bond.person)):
        caller.get("/v1/me", SIGNAL).expect(200)
    bond.read().expect(200)
    assert bond.objection() == ("lifted", "person")
    bank = bond.begin(world.bank)
    assert bond.objection(bank) is None
    bond.person.get("/v1/me", SIGNAL).expect(200)
    assert bond.objection(bank) == ("stands", "signal")
    bond.say(True)
    bond.say(True)
    bond.read().expect(403, "relationship.objected")
    assert bond.said() == ["relationship.objected_by_signal", "relationship.objection_lifted", "relationship.objected"]


def a_yes_that_brings_the_signal_is_the_newer_word(world):
    bond = Bond(world, "Hal", gives=False)
    bond.person.post("/v1/me/grants", bond.gives, SIGNAL).expect(201)
    assert bond.objection() == ("stands", "signal")
    bond.person.get("/v1/me", SIGNAL).expect(200)
    bond.read().expect(200)
    grant = bond.person.get("/v1/me/grants").expect(200).json["items"][0]["id"]
    other = Bond(world, "Ida", gives=False)
    other.person.post("/v1/me/grants", {}, SIGNAL).expect(400)  # what fails brings nothing
    assert other.objection() is None
    bond.person.post(f"/v1/me/grants/{grant}/withdraw", {}, SIGNAL).expect(200)
    bond.read().expect(403)


class World:
    def __init__(self, node, clock):
        self.node, self.clock = node, clock
        self.ada, self.bob = node.person("Ada"), node.person("Bob")
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.bank = node.organisation("Red Bank", "Counter")
        self.sale, self.harmless = (self.publish(draft) for draft in (SALE, DELIVER))
        self.device = self.bond = None

    def publish(self, draft):
        made = self.shop.post("/v1/org/purposes", draft).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{made}/publish").expect(200)
        return made


STEPS = [each_session_says_how_and_with_what_it_began, a_session_is_ended_by_its_person_and_nobody_else,
         a_client_is_shut_out_by_its_person_and_nobody_else, all_others_end_at_once,
         a_name_from_before_signing_in_is_nobodys_after_it, whoever_signs_in_over_a_session_ends_it,
         a_proof_takes_the_old_name_away, many_proofs_at_once_leave_one_session,
         cookies_are_for_this_host_alone, no_other_site_writes_at_any_door,
         only_the_one_value_is_a_signal, many_requests_with_the_signal_record_it_once,
         who_lifts_it_is_not_overruled_by_a_browser, a_yes_that_brings_the_signal_is_the_newer_word,
         the_sessions_of_who_is_erased_are_gone, many_with_one_code_let_one_in, use_is_noted_and_what_is_not_used_ends]


def main(library=None):
    with clock_of_all(library) if library else contextlib.nullcontext() as clock, RunningNode() as node:
        steps.run(STEPS, World(node, clock))
        node.stop()
        node.expect_sound()
        node.start()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
