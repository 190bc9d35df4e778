# SPDX-License-Identifier: Apache-2.0
"""Goal: no door lets bad input in, each in the same clear way: a 4xx problem with a stable reason and the pointer of
the member at fault, nothing half-done, nothing personal in the log. Method: from /openapi.json, every operation gets a
good call, and every way to spoil it that its schema shows: forms of bodies, members, types, limits, parameters,
methods; each party's whole view is the same before and after. Positive control: the good calls that were spoilt get in
at the end, and check_the_checker() refuses a reply without pointer and one of another status."""
import copy
import json
import re
import sys
import time

import isolation
import openapi
import steps
from running_node import Caller, RunningNode
from software_client import Client
from software_passkey import Device, session_of

MARK = "Zsofia-Secret-7731"  # stands for personal data: it may never reach the log
JSON = {"Content-Type": "application/json"}
TYPES = {"null": None, "boolean": True, "integer": 7, "number": 1.5, "string": MARK, "array": [MARK],
         "object": {"surplus": MARK}}
BAD_TIMES = ["tomorrow", "", "2027-02-30T00:00:00Z", "2027-02-01", "2027-02-01T00:00:00", "2027-13-01T00:00:00Z",
             "2027-01-01T24:00:01Z", "+12027-01-01T00:00:00Z", "2027-01-01T00:00:00Zx", "2027-01-01 00:00:00Z",
             "\u0662"]
BAD_DURATIONS = ["90 days", "", "P", "PT", "-P1D", "P-1D", "P1", "1D", "P1DT", "P99999999999999999999Y", "P1D ", "p1d"]
USES = {"kind": "times", "times": 2}
# What isolation.py has no row for, or a good call with more members than its row.
MORE_DOORS = [
    ("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "A"}}), ("DELETE", "/v1/me/attributes/pd:Name", None),
    ("GET", "/v1/me/attributes/pd:Name/history", None), ("GET", "/v1/me/organisations", None),
    ("POST", "/v1/me/relationships", {"invitation": "AAAA-AAAA-AAAA-AAAA"}),
    ("POST", "/v1/org/departments", {"name": "D"}), ("POST", "/v1/org/invitations", {"claims": 2, "lifetime": "P3D"}),
    ("GET", "/v1/org/members", None), ("GET", "/v1/org/deeds", None), ("DELETE", "/v1/org/members/{mem}", None),
    ("POST", "/v1/org/members", {"name": "n", "department": "{dep}", "role": "viewer"}),
    ("POST", "/v1/me/erase", {"confirm": "erase me"}), ("POST", "/v1/me/sign-out", None),
    ("GET", "/v1/me/passkeys", None), ("POST", "/v1/me/passkeys/options", None),
    ("POST", "/v1/me/passkeys", {"name": "Phone", "credential": {}}),
    ("PATCH", "/v1/me/passkeys/{psk}", {"name": "Phone"}), ("DELETE", "/v1/me/passkeys/{psk}", None),
    ("POST", "/v1/me/proof/options", None), ("POST", "/v1/me/proof", {"credential": {}}),
    ("GET", "/v1/me/recovery", None), ("POST", "/v1/me/recovery/codes", None), ("POST", "/v1/me/recovery/stop", None),
    ("GET", "/v1/me/alerts", None), ("GET", "/v1/me/sessions", None), ("DELETE", "/v1/me/sessions/{ses}", None),
    ("DELETE", "/v1/me/sessions", None), ("GET", "/v1/me/authorization", None), ("GET", "/v1/me/export", None),
    ("GET", "/v1/me/authorizations", None), ("DELETE", "/v1/me/authorizations/{atz}", None),
    ("POST", "/v1/me/authorization", {"client_id": "sys_00000000000000000000000000", "request_uri": "x",
                                      "answer": "accept", "uses": {"kind": "period"}}),
    ("GET", "/oauth/grants/grt_00000000000000000000000000", None),
    ("DELETE", "/oauth/grants/grt_00000000000000000000000000", None)]
OPEN_DOORS = [("GET", path, None) for path in (
    "/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/.well-known/symbolon", "/v1/kinds", "/log/checkpoint",
    "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/oauth/jwks", "/log/key",
    "/.well-known/openid-configuration", "/.well-known/authzen-configuration", "/oauth/userinfo", "/oauth/authorize",
    "/.well-known/gpc.json",
    "/log/tile/0/000.p/1", "/invitation/AAAA-AAAA-AAAA-AAAA", "/sign-in/x",
    "/sign-in", "/sign-in.js", "/recovery",
    "/.well-known/symbolon/organisations/org_00000000000000000000000000")] + [
    ("POST", "/v1/sign-in/options", {"person": "per_00000000000000000000000000"}),
    ("POST", "/v1/sign-in", {"credential": {}}), ("POST", "/v1/recovery", {"code": "AAAA-AAAA-AAAA-AAAA"}),
    ("POST", "/oauth/userinfo", None),
    ("POST", "/v1/claims/member", {"invitation": "AAAA-AAAA-AAAA-AAAA"}),
    ("POST", "/sign-in/x", None), ("POST", "/v1/claims", {"invitation": "AAAA-AAAA-AAAA-AAAA", "nature": "customer"})]

# Why a good call does not get in when another one was first.
SPENT = {"request.not_open", "grant.no_event", "relationship.not_proposed", "relationship.ended"}


class Door:
    """One operation with its good call, filled with the caller's own ids."""

    def __init__(self, party, row, description):
        whole = {kind: values[0] for kind, values in party.own.items()}
        self.caller, self.method = party.caller, row[0]
        self.path, text = row[1], json.dumps(row[2])
        for kind, value in whole.items():
            self.path, text = self.path.replace(f"{{{kind}}}", value), text.replace(f'"{{{kind}}}"', f'"{value}"')
        self.body = json.loads(text)
        self.operation = description.find(self.method, self.path)
        content = self.operation.get("requestBody", {}).get("content", {})
        self.schema = content["application/json"]["schema"] if content else None
        self.required = self.operation.get("requestBody", {}).get("required", False)

    def send(self, body, fields=None):
        """Where failures are counted, it waits as it is told."""
        for _ in range(100):
            reply = self.caller.call(self.method, self.path, body, fields)
            if reply.status != 429 or reply.json["reason"] != "limit.rate":
                break
            time.sleep(int(reply.field("Retry-After")))
        return reply

    def __repr__(self):
        return f"{self.method} {re.sub(r'_[0-9a-z]{26}', '', self.path)}"


class Hostile:
    def __init__(self, node):
        self.node = node
        self.description = openapi.Description(node.nobody.get("/openapi.json").expect(200).json)
        self.world = isolation.World(node)
        nobody = isolation.Party("nobody", Caller(node), OPEN_DOORS)
        adamark = self.world.people["Adamark"]
        adamark.device = Device()
        adamark.own["psk"] = [adamark.device.register(adamark.caller).expect(201).json["id"]]
        other = Caller(node, {"Cookie": adamark.device.sign_in(node)["Cookie"]})
        adamark.own["ses"] = [next(item["id"] for item in other.get("/v1/me/sessions").json["items"]
                                   if item["current"])]
        bluedesk = self.world.systems["Bluedesk"]
        client = Client(node, bluedesk.own["org"][0], bluedesk.own["dep"][0])
        client.ask(adamark.caller).expect(200)
        adamark.own["atz"] = [adamark.caller.get("/v1/me/authorizations").json["items"][0]["id"]]
        made = node.run("member", "create", bluedesk.own["org"][0], bluedesk.own["dep"][0], MARK)
        bluedesk.own["mem"] = [made["id"]]
        claimed = node.nobody.post("/v1/claims/member", {"invitation": made["code"]}).expect(201)
        member = isolation.Party("member", Caller(node, {"Cookie": session_of(claimed)}), ())
        rows = [(self.world.people["Adamark"], isolation.PERSON_DOORS), (nobody, OPEN_DOORS),
                (bluedesk, isolation.SYSTEM_DOORS), (member, [("GET", "/v1/org/me", None)])]
        rows += [(rows[0][0], [row for row in MORE_DOORS if row[1].startswith("/v1/me")] +
                  [("GET", path, None) for path in isolation.PERSON_LISTS]),
                 (rows[2][0], [row for row in MORE_DOORS if row[1].startswith(("/v1/org", "/oauth"))] +
                  [("GET", path, None) for path in isolation.SYSTEM_LISTS])]
        self.doors = [Door(party, row, self.description) for party, part in rows for row in part]
        self.tried = 0

    def refused(self, door, reply, pointer=None):
        """A 4xx problem; with a pointer when it is about a member."""
        self.tried += 1
        where = (door, reply.status, reply.body[:300])
        assert 400 <= reply.status < 500, where
        problem = reply.check_problem()
        assert MARK not in reply.body.decode(), ("the answer repeats what came in", where)
        if pointer is not None and reply.status in (400, 422):
            assert problem.get("pointer", "").startswith(pointer[:pointer.rfind("/")] if "*" in pointer else pointer), \
                (pointer, where)
        return problem


def check_the_checker(hostile):
    door = [door for door in hostile.doors if door.body is not None][0]
    good = hostile.node.nobody.get("/v1/kinds")
    bad = door.send({"surplus": MARK})
    for reply, pointer in ((good, None), (bad, "/elsewhere")):
        try:
            hostile.refused(door, reply, pointer)
        except AssertionError:
            continue
        raise SystemExit("a wrong answer was not noticed")


def every_operation_has_a_door(hostile):
    """Doors that take forms have a test of their own below; AuthZEN, which denies with 200, has authzen.py."""
    known = {door.operation["operationId"] for door in hostile.doors}
    known |= {operation["operationId"] for operation in forms_of(hostile).values()}
    known |= {operation["operationId"] for path, item in hostile.description.document["paths"].items()
              for operation in item.values() if path.startswith("/access/v1/")}
    absent = {operation["operationId"] for _, operation in hostile.description.operations.values()} - known
    assert not absent, absent


# ---- forms

def forms_of(hostile):
    return {path: operation for (_, path), (_, operation) in hostile.description.operations.items()
            if openapi.takes_form(operation)}


PAGE = "/oauth/authorize"  # its form is a page's, for somebody who is signed in


def forms_are_refused_in_the_words_of_oauth(hostile):
    """Who the client is, and all that is signed, is tried in tokens.py and oauth_attacks.py."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    bad = [b"", b"a", b"=", b"&", b"%", b"a=%", b"a=%FF", b"a=%00", b"a=1&a=2", b"\0", b"a=\xff", b"{}", b"a=1&&b=2",
           b"&".join(b"a%d=1" % n for n in range(33)), b"grant_type=" + b"x" * 7000]
    assert len(forms_of(hostile)) == 5
    ada = hostile.world.people["Adamark"].caller
    for body in bad:
        hostile.refused(PAGE, ada.post(PAGE, body, form))
    for path in forms_of(hostile):
        if path == PAGE:
            continue
        whole = b"grant_type=client_credentials&token=x&client_id=" + MARK.encode() + \
                b"&response_type=code&redirect_uri=x&code_challenge=x&code_challenge_method=S256"
        for body, fields, status in [*((body, form, 400) for body in bad), (whole, form, 401), (whole, JSON, 415),
                                     (whole, {}, 415)]:
            reply = hostile.node.nobody.post(path, body, fields)
            where = (path, body[:40], reply.status, reply.body)
            assert reply.status == status and set(reply.json) == {"error", "error_description"}, where
            assert reply.json["error"] == ("invalid_client" if status == 401 else "invalid_request"), where
            assert MARK not in reply.body.decode() and reply.field("Cache-Control") == "no-store", where
        hostile.refused(path, hostile.node.nobody.post(path, b"a=" + b"x" * 9000, form))  # before it is read at all


# ---- what comes before any meaning

def bodies_that_are_no_json_are_refused_at_every_door(hostile):
    deep = b'{"a":' * 33 + b"1" + b"}" * 33
    forms = [(b"{", 400), (b"nul", 400), (b"[]", 400), (b'"x"', 400), (b"7", 400), (b"null", 400), (b"{} {}", 400),
             (b'{"a":1,"a":2}', 400), (b'{"\xff":1}', 400), (b'{"a":"\xed\xa0\x80"}', 400), (b'{"a":"\\u0000"}', 400),
             (deep, 413), (b'{"a":1e999}', 422), (b'{"a":' + b"9" * 4000 + b"}", 422), (b"\0", 400),
             (b"[" + b"0," * 1000 + b"0]", 413), (b"\xef\xbb\xbf{}", 400)]
    for door in hostile.doors:
        if door.schema is None:
            continue
        for form, status in forms:
            reply = door.send(form, JSON)
            hostile.refused(door, reply)
            assert reply.status == status, (door, form[:40], reply.status, reply.body)
        for fields in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=latin1"},
                       {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": ""}):
            assert hostile.refused(door, door.send(b'{"a": 1}', fields))["status"] == 415, door
        if door.required:
            assert hostile.refused(door, door.send(b"", JSON))["reason"] == "request.missing_body", door


def a_body_of_one_byte_too_many_is_refused(hostile):
    for door in hostile.doors:
        if door.schema is not None:
            body = b'{"a":"' + b"x" * (1024 * 1024 + 1 - 8) + b'"}'
            assert hostile.refused(door, door.send(body, JSON))["status"] == 413, door


def a_body_where_none_is_wanted_is_refused(hostile):
    """An empty object is none."""
    for door in hostile.doors:
        if door.schema is None:
            for body in (b'{"a": 1}', b"[]", b"[{}]", b"7", b"{", b'""'):
                hostile.refused(door, door.send(body, JSON))


def a_method_that_a_door_does_not_have_is_told_with_those_it_has(hostile):
    for path, item in hostile.description.document["paths"].items():
        door = next((door for door in hostile.doors
                     if hostile.description.find(door.method, door.path) in item.values()), None)
        caller, address = (hostile.node.nobody, path) if door is None else (door.caller, door.path)
        allowed = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set())
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "TRACE"} - allowed):
            reply = caller.call(method, address.split("?")[0])
            assert hostile.refused(path, reply)["status"] == 405, (path, method, reply.status)
            assert set(reply.field("Allow").split(", ")) == allowed, (path, reply.field("Allow"), allowed)


def parameters_that_are_not_there_or_wrong_are_refused(hostile):
    bad = {"limit": ["0", "-1", "201", "1.5", "x", "", "1e2", "99999999999999999999", "0x10", "%2b5", "\u0665"],
           "after": ["x", "", "cur_", "cur_" + "0" * 26, "cur_" + "z" * 26, "1"],
           "attribute": ["", "pd:Nope", "Name", "pd:name", "x" * 3000], "state": ["", "nope", "OPEN", "open,closed"],
           "door": ["-1", "1.5", "x", "", "1e2", "9999999", "99999999999999999999"],
           "outcome": ["", "nope", "Given", "given,refused"],
           "relationship": ["", "x", "rel_" + "0" * 26, "grt_" + "0" * 26],
           "client_id": ["", "x", "sys_" + "0" * 26, "x" * 65], "request_uri": ["", "x", "urn:x", "x" * 300],
           "at": BAD_TIMES, "from": BAD_TIMES, "until": BAD_TIMES}
    for door in hostile.doors:
        names = {p["name"] for p in door.operation["parameters"] if p.get("in") == "query"}
        assert names <= set(bad), names
        base, _, own = door.path.partition("?")
        for query in ("x=1", "Limit=1", "limit", "x", "=", "%zz=1", "limit=%ff", "limit=1&limit=1", MARK + "=1"):
            hostile.refused(door, door.caller.call(door.method, base + "?" + query, door.body))
        for name in names:
            for value in bad[name]:
                query = "&".join([f"{name}={isolation.quote(value)}"] + [own] * bool(own and not own.startswith(name)))
                hostile.refused(door, door.caller.call(door.method, f"{base}?{query}"))


# ---- members

def spoilt(description, schema, good, pointer=""):
    """Ways to spoil a value of this schema: the spoilt value and the pointer of the fault."""
    schema = resolved(description, schema)
    if "anyOf" in schema:
        inner = [resolved(description, option) for option in schema["anyOf"]]
        whole = next(option for option in inner if option.get("type") != "null")
        return [(value, place) for value, place in spoilt(description, whole, good, pointer) if value is not None]
    if not {"type", "enum"} & set(schema):
        return []  # anything: see values_that_are_not_of_their_kind_are_refused()
    allowed = types_of(schema)
    ways = [(value, pointer) for name, value in TYPES.items() if not fits(name, allowed)]
    if "object" in allowed and "properties" in schema:
        ways += spoilt_object(description, schema, good if isinstance(good, dict) else {}, pointer)
    if "array" in allowed:
        ways += spoilt_array(description, schema, pointer)
    if "string" in allowed:
        ways += [(value, pointer) for value in spoilt_text(schema)]
    if "integer" in allowed:
        least, most = schema.get("minimum", -2**63), schema.get("maximum", 2**63 - 1)
        ways += [(value, pointer) for value in (least - 1, most + 1, -2**63 - 1, 10**40, 1.25)]
    return ways


def resolved(description, schema):
    return description.resolve(schema["$ref"]) if "$ref" in schema else schema


def types_of(schema):
    if "type" not in schema:
        return ["string"]
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def fits(name, allowed):
    return name in allowed or name == "integer" and "number" in allowed


def spoilt_object(description, schema, good, pointer):
    yield {**good, "surplus": MARK}, f"{pointer}/surplus"
    yield {**good, "": None}, pointer
    for name in schema.get("required", []):
        yield {key: value for key, value in good.items() if key != name}, f"{pointer}/{name}"
    for name, member in schema["properties"].items():
        if member.get("readOnly"):
            yield {**good, name: "x"}, f"{pointer}/{name}"
            continue
        for value, place in spoilt(description, member, good.get(name), f"{pointer}/{name}"):
            yield {**good, name: value}, place


def spoilt_array(description, schema, pointer):
    item = resolved(description, schema["items"])
    if "enum" in item:
        yield [MARK], f"{pointer}/0"
    for value in (None, 7, [], {}):
        yield [value], f"{pointer}/0"
    if schema.get("minItems"):
        yield [], pointer
    if schema.get("uniqueItems") and "enum" in item:
        yield [item["enum"][0]] * 2, f"{pointer}/1"
    if "maxItems" in schema:
        yield ["x"] * (schema["maxItems"] + 1), pointer + "/*"


def spoilt_text(schema):
    if schema.get("format") == "date-time":
        return BAD_TIMES
    if schema.get("format") == "duration":
        return BAD_DURATIONS
    if "enum" in schema:
        return ["", MARK, schema["enum"][0].upper()]
    if "pattern" in schema:
        return []  # ids are isolation.py's
    ways = ["a\x07b", MARK + "\x9f"] if "maxLength" in schema else []
    ways += ["x" * (schema["maxLength"] + 1), "é" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    return ways + ([""] if schema.get("minLength") else [])


def every_spoilt_member_is_refused_with_its_place(hostile):
    before = hostile.tried
    for door in hostile.doors:
        if door.schema is None:
            continue
        good = dict(door.body)
        if "uses" in resolved(hostile.description, door.schema)["properties"]:
            good["uses"] = USES
        for value, pointer in spoilt(hostile.description, door.schema, good):
            if pointer != "" or isinstance(value, dict):
                reply = door.send(copy.deepcopy(value))
                assert reply.status >= 400, (door, pointer, str(value)[:300])
                problem = hostile.refused(door, reply, pointer)
                assert problem["status"] in (400, 404, 413, 415, 422), (door, value, problem)
    print(f"        {hostile.tried - before} spoilt members")
    assert hostile.tried - before > 800


def values_that_are_not_of_their_kind_are_refused(hostile):
    ada = hostile.world.people["Adamark"].caller
    kinds = hostile.node.nobody.get("/v1/kinds?limit=200").expect(200).json["items"]
    for kind in kinds:
        for value in (None, True, 7.25, -1, "", "\x07", [], [[]], {}, {"surplus": MARK}, [MARK] * 999, MARK * 3000):
            reply = ada.put(f"/v1/me/attributes/{kind['kind']}", {"value": value})
            assert reply.status in (200, 400, 413, 422), (kind["kind"], value, reply.status, reply.body)
            if reply.status == 200:
                assert value in (True, 7.25), (kind["kind"], value)
                ada.delete(f"/v1/me/attributes/{kind['kind']}").expect(204)
            else:
                hostile.refused(kind["kind"], reply)


# ---- and all is as it was

def remember(hostile):
    hostile.before = {party.name: party.everything() for party in hostile.world.parties}


def nothing_was_half_done(hostile):
    for party in hostile.world.parties:
        before, after = hostile.before[party.name], party.everything()
        assert after == before, (party.name, sorted(set(after.split(",")) ^ set(before.split(",")))[:9])


def nothing_personal_is_in_the_log_and_no_fault(hostile):
    log = hostile.node.read_log()
    for word in (MARK, "request.failed", " Secret", "Adamark", "Evemark", "AAAA-AAAA"):
        assert word not in log, (word, log[:3000])
    said = hostile.node.run("audit")
    assert said["ok"] is True, said


def the_good_calls_get_in(hostile):
    """Last, for they change things."""
    got_in = tried = 0
    for door in sorted(hostile.doors, key=lambda door: "sign-out" in door.path or "/systems/" in door.path):
        if door.path.startswith(("/v1/claims", "/invitation", "/sign-in/", "/.well-known/symbolon/o", "/log/tile",
                                 "/v1/me/erase", "/v1/sign-in", "/v1/recovery", "/v1/me/passkeys", "/v1/me/proof",
                                 "/v1/me/recovery", "/v1/me/export", "/oauth")) or door.path == "/v1/me/authorization":
            continue  # what wants a device, or a client that signs, is passkeys.py's and oauth_attacks.py's
        if door.path == "/v1/me/relationships" and door.method == "POST":
            continue
        reply = door.send(door.body)
        tried += 1
        got_in += reply.status < 300
        if reply.status >= 400:  # an earlier call of this list has ended what it needs
            reason = reply.check_problem()["reason"]
            assert reply.status in (403, 409, 422, 503), (door, reply.body)
            assert reason in SPENT, (door, reason)
    print(f"control: unspoilt, {got_in} of {tried} good calls got in")
    assert got_in > tried * 5 // 6


STEPS = [check_the_checker, every_operation_has_a_door, forms_are_refused_in_the_words_of_oauth, remember,
         bodies_that_are_no_json_are_refused_at_every_door,
         a_body_of_one_byte_too_many_is_refused, a_body_where_none_is_wanted_is_refused,
         a_method_that_a_door_does_not_have_is_told_with_those_it_has,
         parameters_that_are_not_there_or_wrong_are_refused, every_spoilt_member_is_refused_with_its_place,
         nothing_was_half_done, values_that_are_not_of_their_kind_are_refused,
         nothing_personal_is_in_the_log_and_no_fault, the_good_calls_get_in]


def main():
    with RunningNode() as node:
        hostile = Hostile(node)
        steps.run(STEPS, hostile)
        print(f"found: {hostile.tried} bad calls, each view as before")


if __name__ == "__main__":
    sys.exit(main())
