# SPDX-License-Identifier: Apache-2.0
"""Goal: nobody passes a door that is not for him. Method: access.policy, written by hand, must name just the doors that
the node describes; then each door is tried by every caller: nobody, the person, another person, a system with every
scope, one that lacks the door's scope, one of another department, one of another organisation. What is not the
caller's must look like what does not exist, and a list holds nothing of another department. Positive control: the
same comparison notices a row that was changed."""
import pathlib
import re
import sys

from purposes import DELIVER
from running_node import RunningNode

POLICY = pathlib.Path(__file__).with_name("access.policy")
SCOPES = "disclosures records requests purposes events messages relationships invitations grants admin".split()
METHODS = ("get", "post", "put", "patch", "delete")


class Row:
    def __init__(self, line):
        self.method, self.path, self.who, self.scope, self.owner = line.split()

    def __repr__(self):
        return f"{self.method} {self.path}"

    def key(self):
        return (self.method, self.path, self.who, self.scope)


def read_policy():
    lines = POLICY.read_text().splitlines()
    return [Row(line) for line in lines if line.strip() and not line.startswith("#")]


def described(node):
    """The same facts as the node tells them: method, path, who, scope."""
    rows = set()
    for path, item in node.nobody.get("/openapi.json").json["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            security = {name: scopes for entry in item[method]["security"] for name, scopes in entry.items()}
            who = {"session": "person", "key": "system"}[next(iter(security))] if security else "anyone"
            scopes = security.get("key", [])
            rows.add((method.upper(), path, who, scopes[0] if scopes else "-"))
    return rows


def compare(policy, rows):
    return {row.key() for row in policy} ^ rows


def make_world(node):
    world = {}
    shop = node.organisation("Blue Shop", "Shipping")
    def keys(scopes, department=shop.department):
        return node.system(shop.organisation, department, scopes[:20], scopes)

    sales = node.run("department", "create", shop.organisation, "Sales")["id"]
    full = ",".join(SCOPES)
    world["system"] = keys(full)
    world["department"] = keys(full, sales)
    other = node.organisation("Red Shop", "Sales")
    world["organisation"] = node.system(other.organisation, other.department, "all", full)
    for scope in SCOPES:
        world["without " + scope] = keys(",".join(s for s in SCOPES if s != scope))
    world["person"], world["stranger"] = node.person("Ada"), node.person("Eve")
    world["nobody"] = node.nobody
    world["things"] = make_things(node, world, shop)
    return world


def make_things(node, world, shop):
    system, ada = world["system"], world["person"]
    pur = system.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
    system.post(f"/v1/org/purposes/{pur}/publish").expect(200)
    code = system.post("/v1/org/invitations", {}).expect(201).json["code"]
    rel = ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
    given = ada.post("/v1/me/grants", {"relationship": rel, "purpose": pur, "attributes": ["pd:Name"]}).expect(201).json
    req = system.post("/v1/org/requests", {"relationship": rel, "purpose": pur}).expect(201).json["id"]
    spare = node.system(shop.organisation, shop.department, "spare", "records")
    return {"rel": rel, "grt": given["id"], "req": req, "rcp": given["receipt"], "pur": pur, "sys": spare.id,
            "org": shop.organisation, "kind": "pd:Name", "code": code, "token": "x", "tile": "0/000.p/1"}


def address(row, things):
    return re.sub(r"\{(\w+)\}", lambda m: things[m.group(1)], row.path)


def invented(things):
    return {name: re.sub(r"_[0-9a-z]{26}$", "_" + "0" * 26, value) for name, value in things.items()}


def attempt(row, caller, things):
    body = {} if row.method in ("POST", "PUT", "PATCH") else None
    return caller.call(row.method, address(row, things), body)


def without_request_id(reply):
    return re.sub(rb'"request_id":"[^"]+"', b"", reply.body)


def refuse_wrong_kinds(row, world):
    """Nobody, and callers of the other kind; a key without the scope."""
    things = world["things"]
    attempt(row, world["nobody"], things).expect(401, "credentials.missing")
    if row.who == "person":
        attempt(row, world["system"], things).expect(403, "actor.wrong_kind")
    else:
        attempt(row, world["person"], things).expect(403, "actor.wrong_kind")
    if row.scope != "-":
        attempt(row, world["without " + row.scope], things).expect(403, "scope.missing")
    return 3


def refuse_strangers(row, world):
    """Whose the thing is not, cannot tell it from a thing that does not exist."""
    strangers = {"person": ["stranger"], "organisation": ["organisation"], "department": ["organisation", "department"]}
    checks = 0
    for name in strangers.get(row.owner, []):
        theirs = attempt(row, world[name], world["things"]).expect(404, "not_found")
        absent = attempt(row, world[name], invented(world["things"])).expect(404, "not_found")
        assert without_request_id(theirs) == without_request_id(absent), (row, name)
        checks += 2
    return checks


def hide_from_departments(world):
    """Lists, counts and past moments hold what names the caller's department, and of relationships all."""
    own, other, things = world["system"], world["department"], world["things"]
    rel, checks = things["rel"], 0
    given = own.get(f"/v1/org/relationships/{rel}/receipts").expect(200).json["items"]
    moment = next(entry["at"] for entry in given if entry["event"] == "grant.given")
    draft = own.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
    for caller, mine in ((own, True), (other, False)):
        for query in (f"relationship={rel}", f"relationship={rel}&at={moment}", f"relationship={rel}&limit=1"):
            reply = caller.get("/v1/org/grants?" + query).expect(200)
            assert [g["id"] for g in reply.json["items"]] == ([things["grt"]] if mine else []), reply.body
            assert "link" not in {name.lower() for name, _ in reply.fields}, "a page is told of what is not shown"
        listed = caller.get(f"/v1/org/relationships/{rel}/receipts").expect(200).json["items"]
        assert ("grant.given" in {entry["event"] for entry in listed}) == mine, listed
        assert "relationship.started" in {entry["event"] for entry in listed}, listed
        assert caller.get(f"/v1/org/relationships/{rel}").expect(200).json["grants"] == int(mine)
        related = caller.get("/v1/org/relationships").expect(200).json["items"]
        assert {r["id"]: r["grants"] for r in related}[rel] == int(mine), related
        purposes = {p["id"] for p in caller.get("/v1/org/purposes").expect(200).json["items"]}
        assert things["pur"] in purposes and (draft in purposes) == mine, purposes
        checks += 8
    theirs = other.get(f"/v1/org/purposes/{draft}").expect(404, "not_found")
    absent = other.get(f"/v1/org/purposes/{invented({'pur': draft})['pur']}").expect(404, "not_found")
    assert without_request_id(theirs) == without_request_id(absent)
    return checks + 1


def admit_owner(row, world):
    owner = {"person": "person", "system": "system", "anyone": "nobody"}[row.who]
    reply = attempt(row, world[owner], world["things"])
    allowed = (401, 404) if row.path in ("/sign-in/{token}", "/log/tile/{tile}", "/v1/claims") else ()
    assert reply.status not in (401, 403, 404, 405) or reply.status in allowed, (row, reply.status, reply.body)
    # 503: a proof within the first second
    assert reply.status < 500 or reply.status == 503, (row, reply.status, reply.body)


def main():
    policy = read_policy()
    with RunningNode("--dev") as node:
        difference = compare(policy, described(node))
        assert not difference, f"policy and node differ: {sorted(difference)}"
        changed = [Row(f"{row.method} {row.path} {row.who} {row.scope} {row.owner}") for row in policy]
        changed[-1].scope = "admin"
        assert len(compare(changed, described(node))) == 2, "a changed row was not noticed"
        world = make_world(node)
        checks = len(policy)
        for row in policy:
            if row.who != "anyone":
                checks += refuse_wrong_kinds(row, world)
            checks += refuse_strangers(row, world)
        checks += hide_from_departments(world)
        for row in sorted(policy, key=lambda row: row.path == "/v1/me/sign-out"):
            admit_owner(row, world)
            checks += 1
        assert "request.failed" not in node.read_log(), node.read_log()
    print(f"ok: {len(policy)} doors, {checks} checks")


if __name__ == "__main__":
    sys.exit(main())
