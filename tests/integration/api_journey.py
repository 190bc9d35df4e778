# SPDX-License-Identifier: Apache-2.0
"""Goal: the way from a claim code to a proof works over the wire, as the outside contract describes it. Method: one
running node, one shop with two departments, one person; each step checks what the next one relies on. Positive control:
the last part repeats a step with one thing changed (another body under the same key, another person's id, a stopped
grant) and must be refused."""
import concurrent.futures
import json
import re
import sys
import time

from purposes import DELIVER
from running_node import RunningNode

ADDRESS = {"street_address": "Lindenweg 4", "locality": "Bern", "postal_code": "3000", "country": "CH"}


def id_of(prefix):
    return re.compile(rf"{prefix}_[0-9a-hjkmnp-tv-z]{{26}}")


def check_members(item, members):
    missing = set(members) - set(item)
    assert not missing, f"{missing} missing in {sorted(item)}"


def publish(shop):
    draft = shop.post("/v1/org/purposes", DELIVER).expect(201).json
    assert draft["version"] == 1 and draft["state"] == "draft" and id_of("pur").fullmatch(draft["id"])
    published = shop.post(f"/v1/org/purposes/{draft['id']}/publish").expect(200).json
    assert published["state"] == "published" and published["departments"] == [shop.department]
    assert {part: set(kinds) for part, kinds in published["attributes"].items()} == {
        part: set(kinds) for part, kinds in DELIVER["attributes"].items()}
    for member in ("sentence", "example", "term", "legal_basis", "facts", "benefit", "if_no", "language"):
        assert published[member] == DELIVER[member], member
    return draft["id"]


def refuse_bad_wording(shop):
    bad = dict(DELIVER, sentence="")
    draft = shop.post("/v1/org/purposes", bad).expect(201).json
    problem = shop.post(f"/v1/org/purposes/{draft['id']}/publish").expect(422, "purpose.findings").check_problem()
    assert problem["findings"] and all(set(f) == {"pointer", "reason", "message"} for f in problem["findings"])


def connect(shop, ada):
    invitation = shop.post("/v1/org/invitations", {}).expect(201).json
    check_members(invitation, ["id", "code", "link", "relationship", "expires"])
    reply = ada.post("/v1/me/relationships", {"invitation": invitation["code"], "nature": "customer"}).expect(201)
    relationship = reply.json
    check_members(relationship, ["id", "organisation", "nature", "state", "started", "ends", "review", "grants"])
    assert relationship["state"] == "active" and relationship["organisation"]["name"] == "Blue Shop"
    ada.post("/v1/me/relationships", {"invitation": invitation["code"]}).expect(404, "not_found")
    seen = shop.get(f"/v1/org/relationships/{invitation['relationship']}").expect(200).json
    assert seen["state"] == "active"
    return relationship["id"]


def fill_vault(ada, rel):
    put = ada.put("/v1/me/attributes/pd:PhysicalAddress", {"value": ADDRESS}).expect(200).json
    check_members(put, ["kind", "version", "confirmed_at", "reaches"])
    assert put["kind"] == "pd:PhysicalAddress" and put["version"] == 1 and put["reaches"] == []
    ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada Lovell"}}).expect(200)
    items = ada.get("/v1/me/attributes").expect(200).json["items"]
    assert {item["kind"] for item in items} == {"pd:PhysicalAddress", "pd:Name"}
    assert [i["value"] for i in items if i["kind"] == "pd:PhysicalAddress"] == [ADDRESS]
    history = ada.get("/v1/me/attributes/pd:PhysicalAddress/history").expect(200).json["items"]
    assert len(history) == 1


def ask(shop, rel, purpose):
    request = shop.post("/v1/org/requests", {"relationship": rel, "purpose": purpose, "attributes":
                        ["pd:PhysicalAddress", "pd:Name"], "duration": "P90D", "uses": None}).expect(201).json
    assert request["state"] == "open" and id_of("req").fullmatch(request["id"])
    return request["id"]


def answer(ada, shop, req, rel):
    items = ada.get("/v1/me/requests?state=open").expect(200).json["items"]
    assert [item["relationship"] for item in items] == [rel]
    assert items[0]["notice"]["sentence"] == DELIVER["sentence"] and items[0]["duration"] == "P90D"
    reply = ada.post(f"/v1/me/requests/{items[0]['id']}/answer", {"answer": "accept"}).expect(200).json
    check_members(reply, ["request", "grant", "receipt"])
    assert reply["request"]["state"] == "accepted" and id_of("rcp").fullmatch(reply["receipt"])
    grant = reply["grant"]
    check_members(grant, ["id", "relationship", "purpose", "attributes", "departments", "state", "from", "until",
                          "uses", "receipt"])
    check_members(grant["purpose"], ["id", "version", "name"])
    assert grant["state"] == "active" and grant["uses"] == {"kind": "period"}
    assert shop.get(f"/v1/org/requests/{req}").expect(200).json["state"] == "accepted"
    return grant


def disclose(shop, rel, purpose, kinds, **more):
    return shop.post("/v1/org/disclosures", {"relationship": rel, "purpose": purpose, "attributes": kinds, **more})


def read(shop, rel, purpose, grant):
    reply = disclose(shop, rel, purpose, ["pd:PhysicalAddress"], note="order 10442").expect(200).json
    check_members(reply, ["id", "relationship", "purpose", "grant", "valid_until", "attributes"])
    assert reply["grant"] == grant["id"] and reply["relationship"] == rel and reply["purpose"] == purpose
    value = reply["attributes"]["pd:PhysicalAddress"]
    assert value["value"] == ADDRESS and value["source"] == "self" and value["version"] == 1 and value["confirmed_at"]
    problem = disclose(shop, rel, purpose, ["pd:PhysicalAddress", "pd:EmailAddress"]).expect(403, "grant.none")
    assert problem.check_problem()["refused"] == [{"attribute": "pd:EmailAddress", "reason": "grant.none"}]
    assert ADDRESS["street_address"] not in problem.body.decode()
    partial = disclose(shop, rel, purpose, ["pd:PhysicalAddress", "pd:EmailAddress"], partial=True).expect(200).json
    assert list(partial["attributes"]) == ["pd:PhysicalAddress"]
    assert partial["refused"] == [{"attribute": "pd:EmailAddress", "reason": "grant.none"}]


def look_at_reads(ada, rel):
    reply = ada.get("/v1/me/disclosures").expect(200)
    items = reply.json["items"]
    check_members(items[0], ["id", "at", "relationship", "organisation", "department", "system", "member", "purpose",
                             "attributes", "outcome", "reason", "grant", "note"])
    assert sorted(item["outcome"] for item in items) == ["given"] * 2 + ["refused"] * 3, items
    assert [i["note"] for i in items if i["note"]] == ["order 10442"]
    assert ADDRESS["street_address"] not in reply.body.decode()
    only = ada.get(f"/v1/me/disclosures?attribute=pd:EmailAddress&relationship={rel}").expect(200).json["items"]
    assert only and all("pd:EmailAddress" in item["attributes"] for item in only)
    for outcome in ("given", "refused"):
        only = ada.get(f"/v1/me/disclosures?outcome={outcome}").expect(200).json["items"]
        assert only == [item for item in items if item["outcome"] == outcome], only
    ada.get("/v1/me/disclosures?outcome=other").expect(422)


def page_through_reads(ada):
    whole = [item["id"] for item in ada.get("/v1/me/disclosures").json["items"]]
    path, paged = "/v1/me/disclosures?limit=1", []
    while path:
        reply = ada.get(path).expect(200)
        assert len(reply.json["items"]) == 1
        paged += [item["id"] for item in reply.json["items"]]
        link = reply.field("Link")
        path = re.fullmatch(r'<([^>]+)>; rel="next"', link).group(1) if link else None
    assert paged == whole, (paged, whole)


def stop(ada, shop, rel, purpose, grant):
    before = time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime())
    time.sleep(1.1)
    stopped = ada.post(f"/v1/me/grants/{grant['id']}/withdraw").expect(200).json
    assert stopped["state"] == "withdrawn"
    disclose(shop, rel, purpose, ["pd:PhysicalAddress"]).expect(403, "grant.withdrawn")
    now = shop.get(f"/v1/org/grants?relationship={rel}").expect(200).json["items"]
    then = shop.get(f"/v1/org/grants?relationship={rel}&at={before}").expect(200).json["items"]
    assert [g["state"] for g in now] == ["withdrawn"] and [g["state"] for g in then] == ["active"], (now, then)


def prove(ada, shop, rel, receipt):
    as_json = ada.get(f"/v1/me/receipts/{receipt}").expect(200)
    assert as_json.field("Content-Type") == "application/json"
    original = ada.get(f"/v1/me/receipts/{receipt}", {"Accept": "application/jose+json"}).expect(200)
    assert original.field("Content-Type") == "application/jose+json"
    assert len(json.loads(original.body)["signatures"]) == 2
    theirs = shop.get(f"/v1/org/receipts/{receipt}", {"Accept": "application/jose+json"}).expect(200)
    assert theirs.body == original.body, "both sides hold the same bytes"
    page = ada.get(f"/v1/me/receipts/{receipt}", {"Accept": "text/html,*/*;q=0.8"}).expect(200)
    assert page.field("Content-Type").startswith("text/html") and "default-src 'none'" in page.field(
        "Content-Security-Policy") and b"<script" not in page.body
    for title, value in (("Organisation", "Blue Shop"), ("Why", DELIVER["sentence"]), ("Departments", "Shipping"),
                         ("Data", "Name, Address"), ("Purpose", DELIVER["name"]), ("Passed on to", "DHX couriers"),
                         ("Kept after the end", "90 days"), ("How often", "as often as wished until the end")):
        assert f"<dt>{title}</dt><dd>{value}</dd>" in page.body.decode(), (title, page.body)
    assert re.search(rb"<dt>Until</dt><dd>\d{4}-\d\d-\d\d \d\d:\d\d UTC</dd>", page.body)
    for attempt in range(40):
        proof = ada.get(f"/v1/me/receipts/{receipt}/proof")
        if proof.status == 200:
            break
        proof.expect(503)
        time.sleep(0.1)
    assert proof.expect(200).body.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert ada.get(f"/v1/me/relationships/{rel}/receipts").expect(200).json["items"]


def repeat_once(ada, shop, rel, purpose):
    key = {"Idempotency-Key": "6a1f"}
    body = {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"], "until": None}
    first = ada.post("/v1/me/grants", body, key).expect(201)
    again = ada.post("/v1/me/grants", body, {"Idempotency-Key": '"6a1f"'}).expect(201)
    assert again.body == first.body
    ada.post("/v1/me/grants", dict(body, attributes=["pd:PhysicalAddress"]), key).expect(422, "idempotency.mismatch")
    grants = ada.get("/v1/me/grants").expect(200).json["items"]
    assert len([g for g in grants if g["state"] == "active"]) == 1, grants
    refused = disclose_once(shop, rel, purpose, "pd:PhysicalAddress").expect(403)
    assert disclose_once(shop, rel, purpose, "pd:PhysicalAddress").body == refused.body
    return first.json["id"]


def disclose_once(shop, rel, purpose, kind):
    return shop.post("/v1/org/disclosures", {"relationship": rel, "purpose": purpose, "attributes": [kind]},
                     {"Idempotency-Key": "read-1"})


def receipt_page(ada, receipt):
    return ada.get(f"/v1/me/receipts/{receipt}", {"Accept": "text/html"}).expect(200).body.decode()


def tell_how_often(ada, rel, purpose):
    """The page of a receipt says it in words; one of a relationship, which has no purpose, is silent."""
    for uses, words in (({"kind": "times", "times": 1}, "1 time"), ({"kind": "times", "times": 3}, "3 times"),
                        ({"kind": "event", "event": "the parcel <b> came"},
                         "until this happens: the parcel &lt;b&gt; came")):
        grant = ada.post("/v1/me/grants", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                           "uses": uses}).expect(201).json
        page = receipt_page(ada, grant["receipt"])
        assert f"<dt>How often</dt><dd>{words}</dd>" in page, page
        ada.post(f"/v1/me/grants/{grant['id']}/withdraw").expect(200)
    of_relationship = [item["id"] for item in ada.get(f"/v1/me/relationships/{rel}/receipts?limit=200").json["items"]
                       if item["event"].startswith("relationship.")]
    assert of_relationship and "How often" not in receipt_page(ada, of_relationship[0])


def narrow(ada, shop, rel, purpose, grant):
    ada.patch(f"/v1/me/grants/{grant}", {"attributes": ["pd:Name", "pd:TelephoneNumber"]}).expect(422, "grant.wider")
    once = ada.patch(f"/v1/me/grants/{grant}", {"uses": {"kind": "once"}}).expect(200).json
    assert once["uses"] == {"kind": "once"}
    assert "<dt>How often</dt><dd>once</dd>" in receipt_page(ada, once["receipt"])
    disclose(shop, rel, purpose, ["pd:Name"]).expect(200)
    disclose(shop, rel, purpose, ["pd:Name"]).expect(403, "grant.used_up")


def keep_apart(node, ada, shop, rel, grant, receipt):
    """Not yours and does not exist: one answer, byte for byte."""
    eve = node.person("Eve")
    other = node.organisation("Red Shop", "Sales")
    strange = [(eve, f"/v1/me/relationships/{rel}"), (eve, f"/v1/me/grants/{grant['id']}"),
               (eve, f"/v1/me/receipts/{receipt}"), (other, f"/v1/org/relationships/{rel}"),
               (other, f"/v1/org/receipts/{receipt}"), (other, f"/v1/org/grants?relationship={rel}")]
    for caller, path in strange:
        theirs = caller.get(path).expect(404, "not_found")
        invented = caller.get(re.sub(r"_[0-9a-z]{26}", "_" + "0" * 26, path)).expect(404)
        blank = lambda reply: re.sub(rb'"request_id":"[^"]+"', b"", reply.body)
        assert blank(theirs) == blank(invented), (path, theirs.body, invented.body)
    eve.post(f"/v1/me/grants/{grant['id']}/withdraw").expect(404, "not_found")
    disclose(other, rel, grant["purpose"]["id"], ["pd:Name"]).expect(404, "not_found")


def repeat_a_read(ada, shop, rel, purpose):
    """A repeated read gives what the first one gave, also when that used the grant up, but nothing after a stop."""
    give = lambda **more: ada.post("/v1/me/grants", {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"],
                                                     **more}).expect(201).json
    ask = lambda key: shop.post("/v1/org/disclosures", {"relationship": rel, "purpose": purpose,
                                                        "attributes": ["pd:Name"]}, {"Idempotency-Key": key})
    once = give(uses={"kind": "once"})
    first = ask("once").expect(200)
    assert ask("once").expect(200).body == first.body
    ask("another").expect(403, "grant.used_up")
    ada.post(f"/v1/me/grants/{once['id']}/withdraw").expect(200)
    grant = give()
    ask("stopped").expect(200)
    ada.post(f"/v1/me/grants/{grant['id']}/withdraw").expect(200)
    refused = ask("stopped").expect(403, "grant.withdrawn")
    assert ask("stopped").body == refused.body


def ask_as_twins(ada, rel, purpose):
    """Many at the same time under one key: one act, one answer."""
    body = {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"]}
    before = len(ada.get("/v1/me/grants").json["items"])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(ada.post, "/v1/me/grants", body, {"Idempotency-Key": "twins"}) for _ in range(48)]
        replies = [call.result().expect(201).body for call in calls]
    assert len(set(replies)) == 1
    assert len(ada.get("/v1/me/grants").json["items"]) == before + 1
    ada.post(f"/v1/me/grants/{json.loads(replies[0])['id']}/withdraw").expect(200)


def pause_and_end(ada, shop, rel, purpose):
    body = {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name"]}
    given = ada.post("/v1/me/grants", body).expect(201).json
    ada.patch(f"/v1/me/relationships/{rel}", {"state": "paused"}).expect(200)
    disclose(shop, rel, purpose, ["pd:Name"]).expect(403, "relationship.paused")
    changed = ada.patch(f"/v1/me/relationships/{rel}", {"state": "active", "nature": "member"}).expect(200).json
    assert changed["state"] == "active" and changed["nature"] == "member"
    assert changed["grants"] == 2  # one of them is used up: it counts until its end
    disclose(shop, rel, purpose, ["pd:Name"]).expect(200)
    ended = ada.post(f"/v1/me/relationships/{rel}/end", {"erase": True}).expect(200).json
    assert ended["relationship"]["state"] == "ended" and ended["receipt"]
    assert ada.get(f"/v1/me/grants/{given['id']}").expect(200).json["state"] == "ended"
    reply = disclose(shop, rel, purpose, ["pd:Name"])
    assert reply.status in (403, 404), reply.body


def propose(ada, shop):
    names = ada.get("/v1/me/organisations").expect(200).json["items"]
    blue = [o["id"] for o in names if o["name"] == "Blue Shop"][0]
    proposed = ada.post("/v1/me/relationships", {"organisation": blue, "nature": "looking"}).expect(201).json
    assert proposed["state"] == "proposed"
    waiting = [r for r in shop.get("/v1/org/relationships").expect(200).json["items"] if r["state"] == "proposed"]
    accepted = shop.post(f"/v1/org/relationships/{waiting[0]['id']}/answer", {"answer": "accept"}).expect(200).json
    assert accepted["state"] == "active" and accepted["nature"] == "looking"


def negotiate(ada, shop, purpose):
    rel = [r for r in ada.get("/v1/me/relationships").json["items"] if r["state"] == "active"][0]["id"]
    req = ask(shop, rel, purpose)
    counter = ada.post(f"/v1/me/requests/{req}/answer",
                       {"answer": "counter", "attributes": ["pd:Name"], "duration": "P30D"}).expect(200).json
    assert counter["request"]["state"] == "countered" and counter["grant"] is None
    seen = shop.get(f"/v1/org/requests/{req}").expect(200).json
    assert seen["counter"]["attributes"] == ["pd:Name"] and seen["counter"]["duration"] == "P30D"
    revised = shop.post(f"/v1/org/requests/{req}/revise", {"attributes": ["pd:Name", "pd:PhysicalAddress"],
                                                           "duration": "P30D"}).expect(200).json
    assert revised["revision"] == 2 and revised["state"] == "open"
    refused = ada.post(f"/v1/me/requests/{req}/answer", {"answer": "refuse"}).expect(200).json
    assert refused["request"]["state"] == "refused"
    ada.post(f"/v1/me/requests/{req}/answer", {"answer": "accept"}).expect(409, "request.not_open")
    another = ask(shop, rel, purpose)
    assert shop.post(f"/v1/org/requests/{another}/cancel").expect(200).json["state"] == "cancelled"


def scopes_hold(node, shop):
    narrow_key = node.system(shop.organisation, shop.department, "reader", "disclosures")
    narrow_key.get("/v1/org/purposes").expect(403, "scope.missing")
    shop.post("/v1/org/departments", {"name": "Sales"}).expect(403, "scope.missing")
    admin = node.system(shop.organisation, shop.department, "admin", "admin")
    made = admin.post("/v1/org/departments", {"name": "Sales"}).expect(201).json
    system = admin.post("/v1/org/systems", {"name": "till", "department": made["id"], "scopes": ["records"]})
    secret = system.expect(201).json
    assert secret["secret"].startswith("key_") and secret["scopes"] == ["records"]
    fields = {"Authorization": "Bearer " + secret["secret"]}
    node.nobody.get("/v1/org/departments", fields).expect(200)
    admin.delete(f"/v1/org/systems/{secret['id']}").expect(204)
    node.nobody.get("/v1/org/departments", fields).expect(401, "key.unknown")


def sign_out(node):
    ben = node.person("Ben")
    ben.get("/v1/me").expect(200)
    node.nobody.get(ben.link.removeprefix(node.url)).expect(401)
    ben.post("/v1/me/sign-out").expect(204)
    ben.get("/v1/me").expect(401, "session.unknown")


def leave_for_good(node):
    cleo = node.person("Cleo")
    cleo.post("/v1/me/erase", {"confirm": "please"}).expect(422, "erasure.not_confirmed")
    assert cleo.post("/v1/me/erase", {"confirm": "erase me"}).expect(202).json["id"] == cleo.id
    cleo.get("/v1/me").expect(401, "session.unknown")


def claim_new(node, shop):
    code = shop.post("/v1/org/invitations", {}).expect(201).json["code"]
    assert b"<svg" in node.nobody.get("/invitation/" + code).expect(200).body
    reply = claim_once(node, code, "claim-1").expect(201)
    cookie = reply.field("Set-Cookie").split(";")[0]
    assert node.nobody.get("/v1/me", {"Cookie": cookie}).expect(200).json["relationships"] == 1


def claim_once(node, code, key):
    return node.nobody.post("/v1/claims", {"invitation": code}, {"Idempotency-Key": key})


def claim_again_when_erased(node, shop):
    """Whoever is erased is let in by nothing, not even by the kept answer to the claim; the code is used up."""
    code = shop.post("/v1/org/invitations", {"claims": 2}).expect(201).json["code"]
    first, second, again = (claim_once(node, code, key).expect(201) for key in ("claim-2", "claim-3", "claim-2"))
    assert again.body == first.body and again.field("Set-Cookie") == first.field("Set-Cookie")
    cookie = {"Cookie": first.field("Set-Cookie").split(";")[0]}
    node.nobody.post("/v1/me/erase", {"confirm": "erase me"}, cookie).expect(202)
    claim_once(node, code, "claim-2").expect(404)
    assert claim_once(node, code, "claim-3").expect(201).body == second.body


def read_log(node):
    checkpoint = node.nobody.get("/log/checkpoint").expect(200).body.decode().split("\n")
    key = node.nobody.get("/log/key").expect(200).body.decode().strip()
    about = node.nobody.get("/.well-known/symbolon").expect(200).json
    assert about["log_key"] == key and checkpoint[0] == about["log_origin"] == key.split("+")[0]
    size = int(checkpoint[1])
    width = "" if size == 256 else f".p/{size}"
    tile = node.nobody.get(f"/log/tile/0/000{width}").expect(200)
    assert len(tile.body) == 32 * size and "immutable" in tile.field("Cache-Control")
    assert len(node.nobody.get(f"/log/tile/entries/000{width}").expect(200).body) == 34 * size
    for tile in ("/0/001", "/0/0", "/00/000", "/64/000", "", "/0/000/"):
        node.nobody.get("/log/tile" + tile).expect(404, "not_found")


def count(node):
    text = node.nobody.get("/metrics").expect(200).body.decode()
    for name in ("requests_total", "commits_total", 'route_replies_total{route="post_disclosure"'):
        name = "symbolon_" + name
        assert re.search(rf"^{re.escape(name)}.* [1-9]\d*$", text, re.M), name


def main():
    with RunningNode("--dev") as node:
        shop, ada = node.organisation("Blue Shop", "Shipping"), node.person("Ada")
        purpose = publish(shop)
        refuse_bad_wording(shop)
        rel = connect(shop, ada)
        fill_vault(ada, rel)
        disclose(shop, rel, purpose, ["pd:PhysicalAddress"]).expect(403, "grant.none")
        grant = answer(ada, shop, ask(shop, rel, purpose), rel)
        assert ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada Lovell"}}).json["reaches"] == [rel]
        read(shop, rel, purpose, grant)
        look_at_reads(ada, rel)
        page_through_reads(ada)
        keep_apart(node, ada, shop, rel, grant, grant["receipt"])
        stop(ada, shop, rel, purpose, grant)
        prove(ada, shop, rel, grant["receipt"])
        narrow(ada, shop, rel, purpose, repeat_once(ada, shop, rel, purpose))
        home = ada.get("/v1/me").expect(200).json
        assert home["id"] == ada.id and home["relationships"] == 1 and home["open_requests"] == 0, home
        tell_how_often(ada, rel, purpose)
        repeat_a_read(ada, shop, rel, purpose)
        ask_as_twins(ada, rel, purpose)
        pause_and_end(ada, shop, rel, purpose)
        propose(ada, shop)
        negotiate(ada, shop, purpose)
        scopes_hold(node, shop)
        sign_out(node)
        leave_for_good(node)
        claim_new(node, shop)
        claim_again_when_erased(node, shop)
        read_log(node)
        count(node)
        assert "request.failed" not in node.read_log(), node.read_log()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
