# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever comes in, a clear 4xx goes out: a stable reason, the JSON pointer of the member at fault, nothing
half-done, nothing personal in the log, and the node goes on serving. Method: a table of hostile requests against one
running node, then what a mutator makes of good ones (SEED= repeats a run). Positive control: the good requests that the
table is made from succeed, and a wrong expectation is noticed by check_the_checker()."""
import http.client
import json
import os
import random
import re
import socket
import sys

from purposes import DELIVER
from running_node import RunningNode
from stress import Line

MARK = "Zsofia-Secret-7731"  # stands for personal data: must never reach the log
DEEP = 33
JSON = {"Content-Type": "application/json"}


def refused(reply, status, reason, pointer=None):
    assert reply.status == status, f"{reply.status}, not {status} {reason}: {reply.body[:400]!r}"
    problem = reply.check_problem()
    assert problem["reason"] == reason, f"{problem['reason']}, not {reason}"
    assert problem.get("pointer") == pointer, f"{problem.get('pointer')}, not {pointer} ({reason})"


def check_the_checker(node):
    reply = node.nobody.get("/v1/me")
    for wrong in ((400, "credentials.missing", None), (401, "other", None), (401, "credentials.missing", "/x")):
        try:
            refused(reply, *wrong)
        except AssertionError:
            continue
        raise SystemExit(f"a wrong expectation was not noticed: {wrong}")


def bodies(ada):
    """Raw bodies, before any meaning."""
    put = lambda body, fields=JSON: ada.put("/v1/me/attributes/pd:Name", body, fields)
    version = put({"value": {"name": "A"}}).expect(200).json["version"]
    table = [
        (b"", JSON, 400, "request.missing_body", None),
        (b"{", JSON, 400, "json.syntax", None),
        (b"[1,2", JSON, 400, "json.syntax", None),
        (b"{} {}", JSON, 400, "json.syntax", None),
        (b"nul", JSON, 400, "json.syntax", None),
        (b"\xef\xbb\xbf{}", JSON, 400, "json.syntax", None),
        (b'{"value":"a\\u0000b"}', JSON, 400, "json.syntax", None),
        (b'{"value":"\\ud800"}', JSON, 400, "json.syntax", None),
        (b'{"value":1e999}', JSON, 422, "json.out_of_range", "/value"),
        (b'{"value":99999999999999999999999}', JSON, 422, "json.out_of_range", "/value"),
        (b'{"value":"\xff\xfe"}', JSON, 400, "json.utf8", None),
        (b'{"value":"\xed\xa0\x80"}', JSON, 400, "json.utf8", None),
        (b'{"value":1,"value":2}', JSON, 400, "json.duplicate_member", None),
        (b"[" * DEEP + b"]" * DEEP, JSON, 413, "json.too_deep", None),
        (b"[" + b"0," * 1000 + b"0]", JSON, 413, "json.too_many_members", None),
        (b'{"value":{"name":"A"}}', {"Content-Type": "text/plain"}, 415, "request.media_type", None),
        (b'{"value":{"name":"A"}}', {"Content-Type": "application/json; charset=latin1"}, 415, "request.media_type",
         None),
        (b'{"value":{"name":"A"}}', {}, 415, "request.media_type", None),
        (b"[]", JSON, 400, "request.wrong_type", None),
        (b'"x"', JSON, 400, "request.wrong_type", None),
        (b"null", JSON, 400, "request.wrong_type", None),
        (b"{}", JSON, 400, "request.missing_member", "/value"),
        (b'{"value":1,"extra":2}', JSON, 400, "request.unknown_member", "/extra"),
        (b'{"value":1,"a/b~c":2}', JSON, 400, "request.unknown_member", "/a~1b~0c"),
    ]
    for body, fields, status, reason, pointer in table:
        refused(put(body, fields), status, reason, pointer)
    refused(put(b'{"value":"' + b"x" * (1 << 20) + b'"}'), 413, "http.body")
    refused(put({"value": MARK + "\u0007"}), 422, "attribute.wrong_type", "/value")
    refused(put({"value": {"name": MARK, "nick": 1}}), 422, "request.unknown_member", "/value/nick")
    refused(put({"value": {"name": MARK + "\u0007"}}), 422, "attribute.not_plain", "/value/name")
    refused(put({"value": {"name": "x" * 20000}}), 422, "attribute.too_long", "/value/name")
    assert ada.get("/v1/me/attributes").json["items"][0]["version"] == version, "nothing of all this was kept"


def members(shop, ada, rel, purpose):
    """Types, ranges, words and ids of members."""
    good = {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"]}
    ask = lambda change: shop.post("/v1/org/requests", {**good, **change})
    nowhere = "rel_" + "0" * 26
    table = [
        ({"relationship": None}, 400, "request.wrong_type", "/relationship"),
        ({"relationship": 7}, 400, "request.wrong_type", "/relationship"),
        ({"relationship": [rel]}, 400, "request.wrong_type", "/relationship"),
        ({"relationship": nowhere}, 404, "not_found", None),
        ({"relationship": ""}, 404, "not_found", None),
        ({"relationship": purpose}, 404, "not_found", None),
        ({"relationship": rel.upper()}, 404, "not_found", None),
        ({"relationship": rel + "0"}, 404, "not_found", None),
        ({"purpose": rel}, 404, "not_found", None),
        ({"purpose": {}}, 400, "request.wrong_type", "/purpose"),
        ({"attributes": "pd:Name"}, 400, "request.wrong_type", "/attributes"),
        ({"attributes": [1]}, 400, "request.wrong_type", "/attributes/0"),
        ({"attributes": ["pd:Name", "pd:Name"]}, 422, "request.duplicate_item", "/attributes/1"),
        ({"attributes": ["pd:Nope"]}, 422, "attribute.unknown", "/attributes/0"),
        ({"attributes": ["pd:name"]}, 422, "attribute.unknown", "/attributes/0"),
        ({"duration": 5}, 400, "request.wrong_type", "/duration"),
        ({"duration": "90 days"}, 400, "request.wrong_type", "/duration"),
        ({"duration": "P"}, 400, "request.wrong_type", "/duration"),
        ({"duration": "-P1D"}, 400, "request.wrong_type", "/duration"),
        ({"duration": "PT0S"}, 422, "request.out_of_range", "/duration"),
        ({"duration": "P99999999999999999999Y"}, 400, "request.wrong_type", "/duration"),
        ({"uses": "once"}, 400, "request.wrong_type", "/uses"),
        ({"uses": {}}, 400, "request.missing_member", "/uses/kind"),
        ({"uses": {"kind": "twice"}}, 422, "request.unknown_word", "/uses/kind"),
        ({"uses": {"kind": "times", "times": 0}}, 422, "request.out_of_range", "/uses/times"),
        ({"uses": {"kind": "times", "times": 1.5}}, 400, "request.wrong_type", "/uses/times"),
        ({"uses": {"kind": "times", "times": 10**7}}, 422, "request.out_of_range", "/uses/times"),
        ({"uses": {"kind": "event", "event": "x" * 201}}, 422, "request.out_of_range", "/uses/event"),
        ({"uses": {"kind": "event", "event": "a\nb"}}, 422, "request.bad_text", "/uses/event"),
        ({"uses": {"kind": "event", "event": "safe \u202efdp.exe"}}, 422, "request.bad_text", "/uses/event"),
        ({"uses": {"kind": "once", "max": 1}}, 400, "request.unknown_member", "/uses/max"),
        ({"id": "req_" + "0" * 26}, 400, "request.unknown_member", "/id"),
        ({"__proto__": {}}, 400, "request.unknown_member", "/__proto__"),
    ]
    for change, status, reason, pointer in table:
        refused(ask(change), status, reason, pointer)
    for absent in ("relationship", "purpose"):
        body = {name: value for name, value in good.items() if name != absent}
        refused(shop.post("/v1/org/requests", body), 400, "request.missing_member", "/" + absent)
    until = lambda value: ada.post("/v1/me/grants", {**good, "until": value})
    for value in ("tomorrow", "2027-02-30T00:00:00Z", "2027-02-01", "2027-02-01T00:00:00", "2027-13-01T00:00:00Z",
                  "2027-06-30T23:59:60Z"):
        refused(until(value), 400, "request.wrong_type", "/until")
    refused(until("2020-01-01T00:00:00Z"), 422, "grant.in_past", "/until")
    refused(until("9999-12-31T23:59:59Z"), 422, "grant.too_long", "/until")
    refused(ada.post("/v1/me/relationships", {}), 400, "request.missing_member", "/invitation")
    both = {"invitation": "AAAA-AAAA-AAAA-AAAA", "organisation": ada.get("/v1/me/organisations").json["items"][0]["id"]}
    refused(ada.post("/v1/me/relationships", both), 400, "request.one_too_many", "/organisation")
    refused(ada.post("/v1/me/relationships", {"invitation": "AAAA-AAAA-AAAA-AAAA"}), 404, "not_found")
    refused(shop.post("/v1/org/purposes", {"name": "x", "attributes": {}, "longest": "P1D", "state": "published"}),
            400, "request.read_only", "/state")
    refused(shop.post("/v1/org/invitations", {"claims": -1}), 422, "request.out_of_range", "/claims")
    refused(shop.post("/v1/org/disclosures", {**good, "attributes": []}), 422, "disclosure.empty", "/attributes")
    refused(shop.post("/v1/org/disclosures", {**good, "note": "n" * 501}), 422, "request.out_of_range", "/note")
    refused(shop.post("/v1/org/disclosures", {**good, "partial": "yes"}), 400, "request.wrong_type", "/partial")
    assert shop.get("/v1/org/requests").json["items"] == [] and ada.get("/v1/me/grants").json["items"] == []


def changes(shop, ada, rel, purpose):
    """A change that names nothing is refused; one that says what is so already leaves no trace."""
    grant = ada.post("/v1/me/grants", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                       "uses": {"kind": "times", "times": 3}}).expect(201).json
    whole = ada.get(f"/v1/me/relationships/{rel}").expect(200).json
    receipts = lambda: len(ada.get(f"/v1/me/relationships/{rel}/receipts?limit=200").expect(200).json["items"])
    before = receipts()
    same = {name: grant[name] for name in ("attributes", "departments", "until", "uses")}
    for path, thing, as_it_is in (
            (f"/v1/me/grants/{grant['id']}", grant, [same] + [{name: value} for name, value in same.items()]),
            (f"/v1/me/relationships/{rel}", whole, [{"nature": whole["nature"]}, {"ends": None, "review": None}])):
        refused(ada.call("PATCH", path, b"", JSON), 400, "request.missing_body")
        refused(ada.call("PATCH", path), 400, "request.missing_body")
        refused(ada.patch(path, {}), 400, "request.changes_nothing")
        for body in as_it_is:
            assert ada.patch(path, body).expect(200).json == thing, body
    assert receipts() == before, "nothing happened, so nothing is proved"
    ada.patch(f"/v1/me/grants/{grant['id']}", {"uses": {"kind": "once"}}).expect(200)
    ada.patch(f"/v1/me/relationships/{rel}", {"nature": "member"}).expect(200)
    assert receipts() == before + 2, "control: a change leaves its receipt"
    ada.post(f"/v1/me/grants/{grant['id']}/withdraw").expect(200)


def addresses(node, shop, ada):
    for path in ("/v2", "/v1", "/v1/", "/v1/me/", "/v1/me/grants/", "/v1/me/grants/x/y/z", "/v1/ME", "/v1/me%20",
                 "/openapi.json/", "/healthz/", "/nothing", "/v1/me/grants/" + "a" * 4000):
        refused(ada.get(path), 404, "not_found")
    for path, reason in (("//v1/me", "http.path"), ("/v1//me", "http.path"), ("/v1/../v1/me", "http.path"),
                         ("/v1/me%2Fgrants", "http.path"), ("/v1/me%00", "http.percent"),
                         ("/v1/%zz", "http.target"), ("/v1/%ff", "http.percent")):
        refused(ada.get(path), 400, reason)
    for path in ("/v1/me/grants/grt_", "/v1/me/grants/rel_" + "0" * 26, "/v1/me/grants/grt_" + "z" * 26,
                 "/v1/me/relationships/%F0%9F%8D%92", "/v1/me/attributes/pd:Nope/history"):
        refused(ada.get(path), 404, "not_found")
    for method, path, allow in (("DELETE", "/v1/me", "GET, HEAD"), ("PUT", "/v1/me/grants", "GET, HEAD, POST"),
                                ("BREW", "/healthz", "GET, HEAD"), ("OPTIONS", "/v1/me/grants", "GET, HEAD, POST"),
                                ("get", "/healthz", "GET, HEAD")):
        reply = ada.call(method, path)
        refused(reply, 405, "request.bad_method")
        assert reply.field("Allow") == allow, reply.field("Allow")
    for query, reason in (("limit=0", "request.out_of_range"), ("limit=201", "request.out_of_range"),
                          ("limit=-1", "request.wrong_type"), ("limit=1e1", "request.wrong_type"),
                          ("limit=", "request.wrong_type"), ("limit=1&limit=2", "http.query"),
                          ("Limit=1", "request.unknown_parameter"), ("x=1", "request.unknown_parameter"),
                          ("limit=1&&limit", "request.unknown_parameter"), ("after=cur_x", "request.bad_cursor"),
                          ("after=cur_" + "0" * 26, "request.bad_cursor"), ("limit=%zz", "http.target"),
                          ("limit=%ff", "http.percent")):
        reply = ada.get("/v1/me/relationships?" + query)
        assert reply.status in (400, 422), (query, reply.status, reply.body)
        assert reply.check_problem()["reason"] == reason, (query, reply.body)
    refused(ada.get("/v1/me?x"), 400, "request.unknown_parameter")
    refused(shop.get("/v1/org/grants"), 400, "request.missing_parameter")
    theirs = shop.get("/v1/org/relationships").expect(200).json["items"][0]["id"]
    at = lambda moment: shop.get(f"/v1/org/grants?relationship={theirs}&at={moment}")
    refused(at("2099-01-01T00:00:00Z"), 422, "grant.at_in_future")
    refused(at("2025-06-30T23:59:60Z"), 400, "request.wrong_type")
    assert at("2025-06-30T23:59:59Z").expect(200).json["items"] == []
    refused(ada.call("GET", "/v1/me", b"{}", JSON), 400, "request.body_not_taken")
    head = ada.call("HEAD", "/v1/me")
    assert head.status == 200 and head.body == b""


def foreign_places(node, ada, shop):
    """A place in one person's list is none in another's."""
    eve = node.person("Eve")
    for person in (ada, eve):
        for _ in range(2):
            code = shop.post("/v1/org/invitations", {"claims": 5}).expect(201).json["code"]
            person.post("/v1/me/relationships", {"invitation": code})
    for caller in (ada, eve):
        for kind in ("pd:Name", "pd:EmailAddress"):
            caller.put(f"/v1/me/attributes/{kind}",
                       {"value": {"name": "A"} if kind == "pd:Name" else "a@example.org"}).expect(200)
    link = ada.get("/v1/me/attributes?limit=1").expect(200).field("Link")
    path = link[1:link.index(">")]
    ada.get(path).expect(200)
    refused(eve.get(path), 400, "request.bad_cursor")


def credentials(node, shop, ada):
    get = lambda **fields: node.nobody.get("/v1/me", {k.replace("_", "-"): v for k, v in fields.items()})
    refused(get(), 401, "credentials.missing")
    refused(get(Authorization="Basic YTpi"), 401, "credentials.scheme")
    refused(get(Authorization="Bearer"), 401, "credentials.scheme")
    refused(get(Authorization="Bearer x"), 401, "key.unknown")
    changed = shop.secret[:-2] + ("ab" if shop.secret[-2:] != "ab" else "cd")
    refused(get(Authorization="Bearer " + changed), 401, "key.unknown")
    refused(get(Authorization="Bearer " + shop.secret + "x"), 401, "key.unknown")
    refused(get(Authorization="Bearer " + shop.secret), 403, "actor.wrong_kind")
    refused(get(Cookie="session=x"), 401, "session.unknown")
    refused(get(Cookie=ada.cookie + "; " + ada.cookie), 400, "credentials.repeated")
    refused(get(Cookie=ada.cookie, Authorization="Bearer " + shop.secret), 400, "credentials.two")
    refused(ada.get("/v1/org/relationships"), 403, "actor.wrong_kind")
    get(Cookie="theme=dark; " + ada.cookie + "; x=y").expect(200)
    get(Cookie="theme").check_problem()
    assert get().field("WWW-Authenticate").startswith("Bearer")
    write = lambda **fields: ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "A"}},
                                     {k.replace("_", "-"): v for k, v in fields.items()})
    write().expect(200)
    write(Origin=node.url, Sec_Fetch_Site="same-origin").expect(200)
    for origin in ("https://evil.example", "null", node.url + ".evil.example", node.url + "0", "http://127.0.0.1", ""):
        refused(write(Origin=origin), 403, "origin.refused")
    refused(write(Sec_Fetch_Site="cross-site"), 403, "origin.refused")
    refused(write(Sec_Fetch_Site="same-site"), 403, "origin.refused")
    refused(write(Origin=node.url, Sec_Fetch_Site="cross-site"), 403, "origin.refused")
    ada.get("/v1/me", {"Origin": "https://evil.example"}).expect(200)
    for key in ("a b", "\u00c3\u00a9", "x" * 256, '""', "\u0020", '"a b"'):
        refused(write(Idempotency_Key=key), 400, "idempotency.key")
    for token in ("x", "sin_x", "sin_" + "0" * 16 + "_" + "A" * 43):
        refused(node.nobody.get("/sign-in/" + token), 401, "sign_in.link_unknown")
    assert node.nobody.call("HEAD", "/sign-in/x").status == 401


def what_is_not_spoken(node):
    """501 and 505 are the caller's doing: he hears of it, the log does not (main looks)."""
    for octets, status in ((b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505), (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
                           (b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", 501),
                           (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501)):
        with socket.create_connection((node.host, node.port), 20) as connection:
            connection.sendall(octets)
            assert connection.recv(4096).startswith(b"HTTP/1.1 %d " % status), octets


def mutate(chance, body):
    """One random change somewhere in a good body."""
    values = [None, True, -1, 2**63, 1.5, "", "\u0000", "x" * 5000, [], {}, [[]], {"a": {"b": []}}, MARK,
              "rel_" + "1" * 26]
    copy = json.loads(json.dumps(body))
    names = list(copy)
    move = chance.randrange(4)
    if move == 0:
        copy[chance.choice(names)] = chance.choice(values)
    elif move == 1:
        del copy[chance.choice(names)]
    elif move == 2:
        copy[chance.choice(["extra", "", "\u202e", "id", "a" * 300])] = chance.choice(values)
    else:
        inner = [n for n in names if isinstance(copy[n], (dict, list)) and copy[n]]
        if inner:
            where = copy[chance.choice(inner)]
            at = chance.randrange(len(where)) if isinstance(where, list) else chance.choice(list(where))
            where[at] = chance.choice(values)
    return copy


def mutations(node, shop, ada, rel, purpose, draft):
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**9)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    doors = [
        (shop.post, "/v1/org/purposes", draft),
        (shop.post, "/v1/org/requests", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                         "duration": "P9D", "uses": {"kind": "times", "times": 2}}),
        (shop.post, "/v1/org/disclosures", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                            "note": "n", "partial": True}),
        (shop.post, "/v1/org/invitations", {"claims": 2, "lifetime": "P3D"}),
        (ada.post, "/v1/me/grants", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                     "until": "2027-01-01T00:00:00Z", "uses": {"kind": "event", "event": "e"}}),
        (ada.patch, f"/v1/me/relationships/{rel}", {"nature": "member", "review": None, "ends": None}),
        (ada.put, "/v1/me/attributes/pd:PhysicalAddress", {"value": {"locality": "Bern", "country": "CH"}}),
        (node.nobody.post, "/v1/claims", {"invitation": "7Q4K-M2XD-9RTA-H3VB", "nature": "customer"}),
    ]
    for _ in range(400):
        call, path, good = chance.choice(doors)
        body = mutate(chance, good)
        reply = call(path, body)
        assert reply.status < 500, (path, body, reply.status, reply.body)
        if reply.status >= 400:
            reply.check_problem()
        raw = bytearray(json.dumps(good).encode())
        for _ in range(chance.randrange(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        reply = call(path, bytes(raw), JSON)
        assert reply.status < 500, (path, bytes(raw), reply.status, reply.body)


def flood(node):
    """Guessing at links is slowed down; with as many loops as the node may have, each counts for itself. What others
    have to do with it stands in crowds.py. Each answer tells what is left, by which nobody is stopped early."""
    told = set()
    for _ in range(20000):
        reply = node.nobody.get("/sign-in/x")
        assert reply.field("RateLimit-Policy") == '"sign-in";q=100;w=10'
        left, whole = map(int, re.fullmatch(r'"sign-in";r=(\d+);t=(\d+)', reply.field("RateLimit")).groups())
        told.add(left)
        assert left <= 99 and whole <= 10
        if reply.status == 429:
            break
    refused(reply, 429, "limit.rate")
    assert int(reply.field("Retry-After")) > 0 and left == 0 and whole == 10 and len(told) > 50, (left, whole, told)
    assert node.nobody.get("/readyz").expect(200).field("RateLimit") is None
    good = node.run("person", "create", "--name", "Lea")["link"].removeprefix(node.url)
    assert node.nobody.post(good).expect(303).field("RateLimit").startswith('"sign-in";r=')
    elsewhere = http.client.HTTPConnection(node.host, node.port, source_address=("127.0.0.9", 0), timeout=20)
    elsewhere.request("GET", "/sign-in/x")
    other = elsewhere.getresponse()
    assert other.status == 401 and other.headers["RateLimit"] == '"sign-in";r=99;t=1', other.headers
    elsewhere.close()
    token = node.nobody.post("/oauth/token", "x=y", {"Content-Type": "application/x-www-form-urlencoded"}).expect(400)
    assert token.field("RateLimit-Policy") == '"token";q=1000;w=10'
    assert token.field("RateLimit").startswith('"token";r=')
    node.nobody.get("/healthz").expect(200)


def pictures(node):
    """Whoever wants very many pictures gets pages without; others still get theirs. Each thread counts for itself, and
    with several to choose from the calls of one connection are not always answered by the same."""
    path = "/invitation/AAAA-AAAA-AAAA-AAAA"
    assert b"<svg" in node.nobody.get(path).expect(200).body
    crowd, bodies, without = Line(node), [], []
    while not without and len(bodies) < 6000:  # a hundred to each thread, and ten more each second
        for _ in range(300):
            crowd.send("GET", path)
        bodies += [crowd.receive().expect(200).body for _ in range(300)]
        without = [body for body in bodies if b"<svg" not in body]
    assert b"<svg" in bodies[0] and without, (len(bodies), bodies[-1][-600:])
    assert all(b"AAAA-AAAA-AAAA-AAAA" in body for body in without), without[0][-600:]
    assert b"<svg" in Line(node, address="127.0.0.9").get(path).expect(200).body
    crowd.close()


def many_versions(node):
    """Every version of a value is on a page, however large they are, and no page is too large to be sent."""
    person = Line(node, node.person("Eve").fields)
    kind = "/v1/me/attributes/pd:Favourite"
    for version in range(1, 61):
        tastes = [f"{version} {taste} ".ljust(100, "x") for taste in range(50)]
        person.call("PUT", kind, {"value": tastes}).expect(200)
    one = person.get(kind + "/history?limit=1").expect(200)
    assert [item["version"] for item in one.json["items"]] == [60] and len(one.body) < 6000 and one.field("Link")
    page = person.get(kind + "/history?limit=200").expect(200)
    assert len(page.json["items"]) < 60 and len(page.body) < 300_000 and page.field("Link")
    seen = [item["version"] for item in person.items(kind + "/history")]
    assert seen == list(range(60, 0, -1)), seen
    person.close()


def silence(shop, purpose):
    """What an organisation has not said is shown as unsaid and not published as a "no"."""
    draft = {**purpose, "name": "Say it", "facts": {"scored": False}}
    del draft["retention"]
    saved = shop.post("/v1/org/purposes", draft).expect(201).json
    assert saved["facts"] == {"passed_on": None, "scored": False, "leaves_eea": None, "trains_ai": None}, saved
    unsaid = lambda problem: {f["pointer"] for f in problem["findings"] if f["reason"] == "purpose.unsaid"}
    reply = shop.post(f"/v1/org/purposes/{saved['id']}/publish")
    assert unsaid(reply.expect(422).json) == {"/facts/passed_on", "/facts/leaves_eea", "/facts/trains_ai", "/retention"}
    del draft["facts"]
    shop.put(f"/v1/org/purposes/{saved['id']}", draft).expect(200)
    problem = shop.post(f"/v1/org/purposes/{saved['id']}/publish").expect(422).json
    assert len(unsaid(problem)) == 5, problem
    twice = {**purpose, "name": "Twice", "attributes": {"needed": ["pd:Name"], "optional": ["pd:Name"]}}
    saved = shop.post("/v1/org/purposes", twice).expect(201).json
    assert saved["attributes"] == twice["attributes"], saved
    problem = shop.post(f"/v1/org/purposes/{saved['id']}/publish").expect(422).json
    assert "purpose.needed_and_optional" in {f["reason"] for f in problem["findings"]}, problem
    refused(shop.post("/v1/org/purposes", {**purpose, "departments": []}), 422, "request.out_of_range", "/departments")


def main():
    with RunningNode("--dev") as node:
        check_the_checker(node)
        shop, ada = node.organisation("Blue Shop", "Shipping"), node.person("Ada")
        purpose = shop.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
        shop.post(f"/v1/org/purposes/{purpose}/publish").expect(200)
        code = shop.post("/v1/org/invitations", {}).expect(201).json["code"]
        rel = ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
        bodies(ada)
        members(shop, ada, rel, purpose)
        changes(shop, ada, rel, purpose)
        silence(shop, DELIVER)
        addresses(node, shop, ada)
        credentials(node, shop, ada)
        foreign_places(node, ada, shop)
        mutations(node, shop, ada, rel, purpose, DELIVER)
        what_is_not_spoken(node)
        many_versions(node)
        flood(node)
        pictures(node)
        log = node.read_log()
        assert MARK not in log and "request.failed" not in log, log
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
