# SPDX-License-Identifier: Apache-2.0
"""Goal: the doors that stand open to anyone tell and give nothing by mistake, and a lost answer locks nobody out.
Method: one node as a newcomer runs it, and nodes as an operator puts them behind a proxy; whoever knocks is a browser,
a mail scanner, a program, or somebody who asks twice."""
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import steps  # noqa: E402
from purposes import DELIVER  # noqa: E402
from running_node import Caller, ProxiedNode, RunningNode  # noqa: E402

PURPOSE = dict(DELIVER, shortest_useful="P2W", retention="P3M")


def without_request_id(reply):
    return re.sub(rb'"request_id":"[^"]+"', b"", reply.body)


def invite(world):
    return world.shop.post("/v1/org/invitations", {}).expect(201).json


# ---- the same request twice

def a_key_serves_one_request_whatever_the_door(world):
    rel, body = world.rel, {"relationship": world.rel, "purpose": world.pur, "attributes": ["pd:Name"]}
    read, ask = ("/v1/org/disclosures", body), ("/v1/org/requests", {"relationship": rel, "purpose": world.pur})
    invitation = ("/v1/org/invitations", {})
    doors = [read, ask, invitation, (read[0], dict(body, note="another"))]
    for number, first in enumerate(doors):
        key = {"Idempotency-Key": f"across-{number}"}
        given = world.shop.post(*first, key)
        assert given.status in (200, 201), given.body
        for other in doors:
            again = world.shop.post(*other, key)
            if other is first:
                assert again.expect(given.status).body == given.body
            else:
                again.expect(422, "idempotency.mismatch")


def a_lost_answer_to_a_claim_comes_again(world):
    node, code = world.node, invite(world)["code"]
    key, body = {"Idempotency-Key": "b8a1c6"}, {"invitation": code, "nature": "member"}
    first = node.nobody.post("/v1/claims", body, key).expect(201)
    again = node.nobody.post("/v1/claims", body, key).expect(201)
    assert again.body == first.body and again.field("Set-Cookie") == first.field("Set-Cookie")
    assert again.field("Content-Type") == "application/json"
    cookie = again.field("Set-Cookie").split(";")[0]
    person = Caller(node, {"Cookie": cookie})
    assert person.get("/v1/me").expect(200).json["relationships"] == 1
    assert len(person.get("/v1/me/relationships").json["items"]) == 1
    # the key alone, the code alone, or both with other words give nothing
    node.nobody.post("/v1/claims", dict(body, nature="patient"), key).expect(422, "idempotency.mismatch")
    for wrong in ({}, {"Idempotency-Key": "b8a1c7"}):
        refused = node.nobody.post("/v1/claims", body, wrong).expect(404, "not_found")
        assert refused.field("Set-Cookie") is None
    other = node.nobody.post("/v1/claims", {"invitation": invite(world)["code"]}, key).expect(201)
    assert other.json["id"] != first.json["id"] and other.field("Set-Cookie") != first.field("Set-Cookie")
    # what is kept does not open the session for whoever reads the disk
    secret = cookie.split("=")[1].encode()
    for path in pathlib.Path(node.data).rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


def a_lost_answer_to_a_known_person_comes_again(world):
    eve = world.node.person("Eve")
    key, body = {"Idempotency-Key": "once more"[:4]}, {"invitation": invite(world)["code"]}
    first = eve.post("/v1/me/relationships", body, key).expect(201)
    assert eve.post("/v1/me/relationships", body, key).expect(201).body == first.body
    eve.post("/v1/me/relationships", body).expect(404, "not_found")
    world.node.person("Bob").post("/v1/me/relationships", body, key).expect(404, "not_found")
    assert eve.get("/v1/me").json["relationships"] == 1


def a_key_from_an_earlier_session_keeps_nobody_signed_in(world):
    lea, key = world.node.run("person", "create", "--name", "Lea")["id"], {"Idempotency-Key": "out"}
    for _ in range(2):
        link = world.node.run("person", "link", lea)["link"].removeprefix(world.node.url)
        cookie = world.node.nobody.post(link).expect(303).field("Set-Cookie").split(";")[0]
        session = Caller(world.node, {"Cookie": cookie})
        session.post("/v1/me/sign-out", None, key).expect(204)
        session.get("/v1/me").expect(401, "session.unknown")


# ---- words that come back

def lengths_and_uses_come_back_as_they_were_said(world):
    for members in (world.shop.get(f"/v1/org/purposes/{world.pur}").json,
                    world.ada.get(f"/v1/me/relationships/{world.rel}/purposes").json["items"][0]):
        assert [members[name] for name in ("longest", "shortest_useful", "retention")] == ["P1Y", "P2W", "P3M"]
    for uses in ({"kind": "times", "times": 3}, {"kind": "once"}, {"kind": "period"},
                 {"kind": "event", "event": "the parcel is delivered"}):
        grant = world.ada.post("/v1/me/grants", {"relationship": world.rel, "purpose": world.pur,
                                                 "attributes": ["pd:TelephoneNumber"], "uses": uses}).expect(201).json
        receipt = world.ada.get(f"/v1/me/receipts/{grant['receipt']}").expect(200).json
        assert grant["uses"] == receipt["payload"]["dpv:hasConsentStatus"]["symbolon:uses"] == uses


# ---- signing in

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "User-Agent": "Mozilla/5.0",
           "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
LOOKERS = [BROWSER, {"Accept": "text/html"}, {"Sec-Fetch-Mode": "navigate"},
           {"Accept": "image/*", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
           {"Accept": "*/*", "User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
           {"Accept": "*/*", "User-Agent": "Mozilla/5.0 (compatible; MailScanner)"},
           {"Accept": "*/*", "User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
           {"Accept": "*/*", "User-Agent": "WhatsApp/2.23"}, {"Accept": "*/*", "User-Agent": "okhttp/4.9"},
           {"Accept": "*/*", "User-Agent": "Microsoft Teams/1.0"}, {"User-Agent": "curl/8", "Sec-Purpose": "prefetch"},
           {"Accept": "*/*", "Purpose": "prefetch"}, {"Accept": "*/*", "Referer": "https://mail.example/"},
           {"Accept": "*/*", "Origin": "https://evil.example"}]


def new_link(world):
    return world.node.run("person", "create", "--name", "Lea")["link"].removeprefix(world.node.url)


def looking_at_a_link_does_not_use_it_up(world):
    node, path = world.node, new_link(world)
    for fields in LOOKERS:
        page = node.nobody.get(path, fields).expect(200)
        assert page.field("Content-Type").startswith("text/html") and page.field("Set-Cookie") is None, fields
        assert b'<form method="post"><button>' in page.body and path.split("/")[-1].encode() not in page.body
        assert "form-action 'self'" in page.field("Content-Security-Policy")
        assert page.field("Referrer-Policy") == "same-origin"  # else a browser posts with "Origin: null"
    for fields in ({}, BROWSER, {"User-Agent": "curl/7.88.1", "Accept": "*/*"}):
        assert node.nobody.call("HEAD", path, fields=fields).expect(200).field("Set-Cookie") is None
    button = {"Origin": node.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate",
              "Content-Type": "application/x-www-form-urlencoded", "Accept": BROWSER["Accept"]}
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        page = node.nobody.post(path, b"", {**button, **foreign}).expect(403)
        assert b"origin.refused" in page.body and page.field("Set-Cookie") is None
    pressed = node.nobody.post(path, b"", button).expect(303)
    cookie = pressed.field("Set-Cookie").split(";")[0]
    assert pressed.field("Location") == "/"
    assert b"You are signed in" in node.nobody.get("/", {"Cookie": cookie}).expect(200).body
    assert b"Sign in with a passkey" in node.nobody.get("/", {"Cookie": "session=x"}).expect(200).body
    node.nobody.get("/v1/me", {"Cookie": cookie}).expect(200)


def a_program_signs_in_in_one_step(world):
    for method, fields in (("POST", {}), ("GET", {}), ("GET", {"Accept": "*/*", "User-Agent": "curl/7.88.1"}),
                           ("GET", {"Accept": "application/json"}), ("GET", {"User-Agent": "Python-urllib/3.11"}),
                           ("GET", {"User-Agent": "node", "Sec-Fetch-Mode": "cors", "Accept": "*/*"})):
        path = new_link(world)
        cookie = world.node.nobody.call(method, path, fields=fields).expect(303).field("Set-Cookie").split(";")[0]
        world.node.nobody.get("/v1/me", {"Cookie": cookie}).expect(200)
        world.node.nobody.call(method, path, fields=fields).expect(401, "sign_in.link_unknown")


def a_link_that_does_not_work_says_one_thing(world):
    used, node = new_link(world), world.node
    node.nobody.post(used).expect(303)
    made_up = "/sign-in/sin_" + "a" * 16 + "_" + "A" * 43
    problems, pages = set(), set()
    for path in (used, made_up, "/sign-in/x"):
        for method in ("GET", "POST"):
            problem = node.nobody.call(method, path).expect(401, "sign_in.link_unknown")
            problem.check_problem()
            problems.add(without_request_id(problem))
            page = node.nobody.call(method, path, fields={"Accept": BROWSER["Accept"]}).expect(401)
            assert page.field("Content-Type").startswith("text/html")
            pages.add(page.body.replace(page.field("X-Request-Id").encode(), b""))
    assert len(problems) == len(pages) == 1
    assert b"unknown, used or too old" in pages.pop()


def refusals_are_pages_for_browsers_and_json_for_programs(world):
    nobody, html = world.node.nobody, {"Accept": BROWSER["Accept"]}
    for path in ("/nothing", "/invitation/x", "/sign-in/x", "/healthz?x=1"):
        page = nobody.get(path, html)
        assert page.status in (400, 401, 404) and page.field("Content-Type").startswith("text/html"), path
        assert b"<h1>" in page.body and page.field("X-Request-Id").encode() in page.body
        assert "default-src 'none'" in page.field("Content-Security-Policy")
        assert nobody.get(path).check_problem()["status"] == page.status
    for path in ("/v1/me", "/v1/me/receipts/rcp_" + "0" * 26, "/v1/nothing", "/log/tile/x"):
        nobody.get(path, html).check_problem()


# ---- what the node tells of itself

FORWARDED = [{"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}, {"X-Real-IP": "203.0.113.7"},
             {"Via": "1.1 proxy"}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Host": "a.example"}]


def figures_are_for_who_sits_at_this_machine(world):
    nobody = world.node.nobody
    text = nobody.get("/metrics").expect(200).body.decode()
    assert "symbolon_requests_total" in text
    nothing = without_request_id(nobody.get("/nothing").expect(404))
    strange = [{"Host": host} for host in ("a.example", "127.evil.example", "localhost.evil.example", "10.0.0.1")]
    for fields in FORWARDED + strange:
        assert without_request_id(nobody.get("/metrics", fields).expect(404, "not_found")) == nothing, fields


def figures_name_nobody(world):
    text = world.node.nobody.get("/metrics").expect(200).body.decode()
    values = set(re.findall(r'="([^"]*)"', text))
    described = world.node.nobody.get("/openapi.json").json
    names = {operation["operationId"] for path in described["paths"].values() for operation in path.values()}
    assert values <= names | {"keys", "records", "ledger", "people"} | {f"{digit}xx" for digit in range(6)}, values
    assert set(re.findall(r'(\w+)="', text)) == {"file", "route", "class"}
    for word in (world.rel, world.pur, world.ada.id, "Ada", "Blue Shop"):
        assert word not in text


TOKEN = "a-long-token-of-the-operator"


def a_node_for_others_shows_its_figures_by_token_only():
    with ProxiedNode() as node:
        nothing = without_request_id(node.nobody.get("/nothing").expect(404))
        for fields in ({}, *FORWARDED, {"Authorization": "Bearer " + TOKEN}):
            assert without_request_id(node.nobody.get("/metrics", fields).expect(404)) == nothing
    with ProxiedNode("--metrics-token", TOKEN) as node:
        for fields in ({}, {"Authorization": "Bearer " + TOKEN[:-1]}, {"Authorization": "Bearer " + TOKEN + "x"},
                       {"Authorization": "Basic " + TOKEN}, {"Authorization": TOKEN}):
            assert without_request_id(node.nobody.get("/metrics", fields).expect(404)) == nothing
        for fields in ({}, *FORWARDED):
            node.nobody.get("/metrics", {"Authorization": "Bearer " + TOKEN, **fields}).expect(200)
    with RunningNode("--metrics-token", TOKEN) as node:
        node.nobody.get("/metrics").expect(404)
        for bad in ("short", "x" * 201, "a token with spaces in it"):
            assert node.command("serve", "--listen", "127.0.0.1:0", "--metrics-token", bad).returncode == 2


def request_ids_do_not_count(world):
    ids = [world.node.nobody.get("/healthz").field("X-Request-Id") for _ in range(40)]
    assert len({name[:12] for name in ids}) == len(ids), ids


class World:
    def __init__(self, node):
        self.node = node
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.ada = node.person("Ada")
        self.rel = self.ada.post("/v1/me/relationships", {"invitation": invite(self)["code"]}).expect(201).json["id"]
        self.pur = self.shop.post("/v1/org/purposes", PURPOSE).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.pur}/publish").expect(200)
        self.ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)
        self.ada.post("/v1/me/grants", {"relationship": self.rel, "purpose": self.pur, "attributes": ["pd:Name"]})


STEPS = [a_key_serves_one_request_whatever_the_door, a_lost_answer_to_a_claim_comes_again,
         a_lost_answer_to_a_known_person_comes_again, a_key_from_an_earlier_session_keeps_nobody_signed_in,
         lengths_and_uses_come_back_as_they_were_said,
         looking_at_a_link_does_not_use_it_up, a_program_signs_in_in_one_step,
         a_link_that_does_not_work_says_one_thing, refusals_are_pages_for_browsers_and_json_for_programs,
         figures_are_for_who_sits_at_this_machine, figures_name_nobody, request_ids_do_not_count]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))
    steps.run([a_node_for_others_shows_its_figures_by_token_only])


if __name__ == "__main__":
    sys.exit(main())
