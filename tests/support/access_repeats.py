# SPDX-License-Identifier: Apache-2.0
"""What the node promises of an Idempotency-Key, held door by door: the same request gives the same octets, and the same
key with another body, or with another thing in the same address, is 422 idempotency.mismatch. Which doors promise it,
and which words a body may hold instead, comes from /openapi.json; access_matrix.py brings the requests that open.

    repeats = Repeats(world)
    repeats.hold(check, key, answer)  # of the matrix
    repeats.hold_by_device()                  # what opens only to what a device or a client has signed
    repeats.expect_whole()
"""
import json
import time
import urllib.parse

from access_policy import is_own
from access_wire import ask_all
from purposes import DELIVER
from software_client import Client
from software_passkey import Device, origin_of

MISMATCH = (422, "idempotency.mismatch")
FORMATS = {"duration": lambda: "P10D",
           "date-time": lambda: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 86400))}
OVER = {"POST /v1/me/erase"}  # the act itself ends the session that could ask again


def keyed(request, key):
    """The same, with an Idempotency-Key."""
    method, octets = request
    return method, octets.replace(b"\r\n", b"\r\nIdempotency-Key: %s\r\n" % key.encode(), 1)


def promising(document):
    """{door: the schema of its body} of those that take a key."""
    doors = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if any(part.get("$ref", "").endswith("/IdempotencyKey") for part in operation["parameters"]):
                body = operation.get("requestBody", {"content": {}})["content"]
                doors[f"{method.upper()} {path}"] = body.get("application/json", {"schema": {}})["schema"]
    return doors


class Words:
    """Other values in the place of one, as far as the description knows them."""

    def __init__(self, document):
        self.document = document

    def open(self, schema):
        schema = next((part for part in schema.get("anyOf", []) if part.get("type") != "null"), schema)
        if "$ref" not in schema:
            return schema
        whole = self.document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            whole = whole[part]
        return self.open(whole)

    def others(self, schema, value):
        schema = self.open(schema)
        if isinstance(value, dict):
            for name, inner in schema.get("properties", {}).items():
                for other in self.others(inner, value[name]) if name in value else self.some(inner):
                    yield {**value, name: other}
            for name in set(value) - set(schema.get("properties", {})):  # its value is described elsewhere
                yield from ({**value, name: other} for other in self.others({}, value[name]))
        elif schema.get("format") in FORMATS:
            yield FORMATS[schema["format"]]()
        elif isinstance(value, bool):
            yield not value
        elif isinstance(value, int):
            yield value + 1
        elif isinstance(value, str):
            yield from [word for word in schema["enum"] if word != value] if "enum" in schema else [value + "s"]

    def some(self, schema):
        """Where none stood."""
        schema = self.open(schema)
        if "enum" in schema:
            yield schema["enum"][-1]
        elif schema.get("format") in FORMATS:
            yield FORMATS[schema["format"]]()
        elif schema.get("type") == "boolean":
            yield True
        elif schema.get("type") == "string" and not {"format", "pattern"} & set(schema):
            yield "another"


def told(reply):
    """All of a reply that a caller can compare."""
    return reply.status, [reply.field(name) for name in ("Content-Type", "Location", "Set-Cookie")], reply.body


class Repeats:
    def __init__(self, world):
        self.world, self.node = world, world.node
        document = self.node.nobody.get("/openapi.json").expect(200).json
        self.doors, self.words = promising(document), Words(document)
        self.same, self.bodies, self.things, self.asked = set(), set(), set(), 0

    def ask(self, requests):
        self.asked += len(requests)
        return ask_all(self.node, requests)

    def refused(self, door, answers):
        """Whether one is the refusal that is promised; none may have done anything."""
        for answer in answers:
            assert answer.status >= 400, (door, "a key served two requests", answer.status, answer.body)
        return any((answer.status, answer.reason) == MISMATCH for answer in answers)

    def hold(self, check, key, answer):
        door = repr(check.door)
        if door not in self.doors:
            return
        request = keyed(check.make(), key)
        again, = self.ask([request])
        if (again.status, again.reason) == (401, "session.unknown"):  # his membership is what was ended
            return
        assert (again.status, again.bare()) == (answer.status, answer.bare()), (check, again.head, again.body)
        self.same.add(door)
        if door not in self.bodies:
            self.hold_bodies(check, key)
        if door not in self.things:
            requests = [keyed(request, key) for request in self.with_other_things(check)]
            if self.refused(door, self.ask(requests)):
                self.things.add(door)

    def with_other_things(self, check):
        """The same at the addresses of all else that is the caller's, whatever its state."""
        places = [place for place in check.knock.places if "{" + place + "}" in check.door.path]
        others = [(place, thing) for place in places for thing in self.world.things[place]
                  if thing.exists and thing is not check.chosen[place]
                  and is_own(check.door, check.caller, thing, check.named)]
        return [check.knock.request(check.caller, {**check.chosen, place: thing}) for place, thing in others]

    def hold_bodies(self, check, key):
        """Another word in it, and the same words in other octets."""
        door, octets = repr(check.door), check.make()[1]
        text = octets.split(b"\r\n\r\n", 1)[1]
        if check.door.method == "DELETE":
            return
        body = json.loads(text) if text else None
        bodies = [*self.words.others(self.doors[door], body)] if text else [{}]
        requests = [keyed(check.knock.request(check.caller, check.chosen, other), key)
                    for other in (*bodies, text + b" ")]
        *by_words, by_octets = self.ask(requests)
        assert self.refused(door, by_words), (door, [answer.body for answer in by_words])
        assert not text or self.refused(door, [by_octets]), (door, by_octets.body)
        self.bodies.add(door)

    # ---- what opens only to a device or a client, and what everybody has one of in the matrix

    def hold_call(self, door, call, *others):
        """`call`: what gives a reply; `others`: the same with the same key and another body or thing."""
        first = told(call())
        assert first[0] < 300, (door, first)
        again = told(call())
        assert again == first, (door, first, again)
        for other in others:
            other().expect(*MISMATCH)
        self.asked += 2 + len(others)
        self.same.add(door)
        self.bodies.add(door)
        self.things.add(door)

    def hold_by_device(self):
        dora, device = self.node.person("Dora"), Device()
        self.hold_vault(dora)
        self.hold_passkeys(dora, device)
        self.hold_sessions(dora, device)
        self.hold_recovery(dora, device)
        self.hold_client(dora)
        dora.post("/v1/me/erase", {"confirm": "erase me"}, {"Idempotency-Key": "erase"}).expect(202)
        dora.post("/v1/me/erase", {"confirm": "erase me"}, {"Idempotency-Key": "erase"}).expect(401, "session.unknown")

    def hold_vault(self, dora):
        name, address = ("pd:Name", {"name": "Dora"}), ("pd:PhysicalAddress", {"locality": "Bern"})

        def put(kind, value):
            return dora.put(f"/v1/me/attributes/{kind}", {"value": value}, {"Idempotency-Key": "put"})

        def drop(kind, _):
            return dora.delete(f"/v1/me/attributes/{kind}", {"Idempotency-Key": "drop"})

        self.hold_call("PUT /v1/me/attributes/{kind}", lambda: put(*name), lambda: put(*address))
        self.hold_call("DELETE /v1/me/attributes/{kind}", lambda: drop(*name), lambda: drop(*address))

    def hold_sessions(self, dora, device):
        for _ in range(2):
            device.sign_in(self.node)
        one, two = [item["id"] for item in dora.get("/v1/me/sessions").expect(200).json["items"]
                    if not item["current"]]

        def end(session):
            return dora.delete(f"/v1/me/sessions/{session}", {"Idempotency-Key": "end"})

        self.hold_call("DELETE /v1/me/sessions/{ses}", lambda: end(one), lambda: end(two))

    def hold_passkeys(self, dora, device):
        first = device.register(dora).expect(201).json["id"]
        device.prove(dora).expect(204)
        options, new = dora.post("/v1/me/passkeys/options").expect(200).json, Device()
        made = new.create(options, origin_of(self.node))

        def keep(name):
            return dora.post("/v1/me/passkeys", {"name": name, "credential": made}, {"Idempotency-Key": "keep"})

        def rename(passkey):
            return dora.patch(f"/v1/me/passkeys/{passkey}", {"name": "Blue"}, {"Idempotency-Key": "rename"})

        def drop(passkey):
            return dora.delete(f"/v1/me/passkeys/{passkey}", {"Idempotency-Key": "drop-key"})

        second = keep("Key").expect(201).json["id"]
        self.hold_call("POST /v1/me/passkeys", lambda: keep("Key"), lambda: keep("Kex"))
        self.hold_call("PATCH /v1/me/passkeys/{psk}", lambda: rename(second), lambda: rename(first))
        self.hold_call("DELETE /v1/me/passkeys/{psk}", lambda: drop(second), lambda: drop(first))

    def hold_recovery(self, dora, device):
        codes, stop = "/v1/me/recovery/codes", "/v1/me/recovery/stop"
        device.prove(dora).expect(204)
        made = dora.post(codes, None, {"Idempotency-Key": "codes"}).expect(201).json["codes"]
        self.hold_call("POST " + codes, lambda: dora.post(codes, None, {"Idempotency-Key": "codes"}),
                       lambda: dora.post(codes, {}, {"Idempotency-Key": "codes"}))
        self.node.nobody.post("/v1/recovery", {"code": made[0]}).expect(200)
        self.hold_call("POST " + stop, lambda: dora.post(stop, None, {"Idempotency-Key": "stop"}),
                       lambda: dora.post(stop, {}, {"Idempotency-Key": "stop"}))

    def hold_client(self, dora):
        """A person answers two requests of a client, and the client gives back what came of them."""
        shop = self.node.organisation("Green Shop", "Counter")
        pur = shop.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
        shop.post(f"/v1/org/purposes/{pur}/publish").expect(200)
        client = Client(self.node, shop.organisation, shop.department, "grants,disclosures,requests")
        details = [{"type": "personal-data", "locations": [self.node.url], "actions": ["read"], "purpose": pur,
                    "datatypes": ["pd:PhysicalAddress"]}]
        requests = [client.push(authorization_details=json.dumps(details)).expect(201).json["request_uri"]
                    for _ in range(4)]

        def answer(request, word, key="answer"):
            body = {"client_id": client.id, "request_uri": request, "answer": word}
            return dora.post("/v1/me/authorization", body, {"Idempotency-Key": key})

        first, second, third, fourth = requests
        self.hold_call("POST /v1/me/authorization", lambda: answer(first, "accept"), lambda: answer(first, "refuse"),
                       lambda: answer(second, "accept"))
        answer(first, "accept", "another").expect(400, "authorization.unknown")
        grant = dora.get("/v1/me/grants").expect(200).json["items"][0]["id"]
        assert "code=" in urllib.parse.urlsplit(answer(first, "accept").json["redirect"]).query
        self.hold_managed(client, grant)
        for request in (third, fourth):
            answer(request, "accept", request[-8:]).expect(200)
        one, two = [item["id"] for item in dora.get("/v1/me/authorizations").expect(200).json["items"]]

        def shut_out(authorization):
            return dora.delete(f"/v1/me/authorizations/{authorization}", {"Idempotency-Key": "shut-out"})

        self.hold_call("DELETE /v1/me/authorizations/{atz}", lambda: shut_out(one), lambda: shut_out(two))

    def hold_managed(self, client, grant):
        token = client.token(grant_type="client_credentials").expect(200).json["access_token"]

        def give_back(grant, key="back"):
            path = f"/oauth/grants/{grant}"
            fields = {**client.bound("DELETE", path, token), "Idempotency-Key": key}
            return self.node.nobody.delete(path, fields)

        other = self.world.find("grt", grant="active").value
        self.hold_call("DELETE /oauth/grants/{grt}", lambda: give_back(grant), lambda: give_back(other))
        give_back(grant, "another").expect(404, "not_found")

    # ---- all of it

    def expect_whole(self):
        """Each door that takes a key was held to each half of the promise that it can break."""
        assert self.same | OVER == set(self.doors) and not self.same & OVER, self.same ^ set(self.doors)
        bodies = {door for door in self.same if not door.startswith("DELETE ")}
        things = {door for door in self.same if "{" in door}
        assert self.bodies >= bodies and self.things >= things, (bodies - self.bodies, things - self.things)
