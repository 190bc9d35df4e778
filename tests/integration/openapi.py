# SPDX-License-Identifier: Apache-2.0
"""Goal: what /openapi.json says is what the node does. Method: the description is checked for itself (references,
parameters, names); then the whole journey and the story run again, and each reply is held against the schema that its
operation promises. Positive control: the checker refuses replies that were changed by one member."""
import re
import sys

import api_journey
import authzen
import isolation
import passkeys
import sessions
import story
from running_node import Caller, RunningNode

ANNOTATIONS = {"description", "title", "examples", "readOnly", "writeOnly", "$schema"}
CHECKED = {"$ref", "anyOf", "enum", "type", "properties", "additionalProperties", "required", "items", "pattern",
           "format", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems",
           "minProperties"}
FORMATS = {"date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "date": r"\d{4}-\d\d-\d\d",
           "duration": r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
           "uri": r"[a-z][a-z0-9+.-]*:\S+", "email": r"[^@\s]+@[^@\s]+"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


class Description:
    def __init__(self, document):
        self.document = document
        self.operations = {}
        for path, item in document["paths"].items():
            form = re.sub(r"\\\{(?!tile)\w+\\\}", "[^/]+", re.escape(path))
            pattern = re.compile(form.replace(r"\{tile\}", ".+"))
            for method, operation in item.items():
                self.operations[method.upper(), path] = (pattern, operation)

    def find(self, method, path):
        path = path.split("?")[0]
        for (known, _), (pattern, operation) in self.operations.items():
            if known == method and pattern.fullmatch(path):
                return operation
        return None

    def resolve(self, reference):
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def check(self, schema, value, place="$"):
        """The parts of JSON Schema that the description uses; anything else in it is an error."""
        assert set(schema) <= ANNOTATIONS | CHECKED, f"{place}: {set(schema) - ANNOTATIONS - CHECKED}"
        if "$ref" in schema:
            return self.check(self.resolve(schema["$ref"]), value, place)
        if "anyOf" in schema:
            return self.check_any(schema["anyOf"], value, place)
        if "enum" in schema:
            assert value in schema["enum"], f"{place}: {value!r} is not in the list"
        if "type" in schema:
            names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            assert any(type(value) is TYPES[name] for name in names), f"{place}: {value!r} is no {names}"
        assert within(schema, value), f"{place}: {value!r} breaks {schema}"
        if isinstance(value, dict) and schema.get("type") == "object":
            self.check_object(schema, value, place)
        if isinstance(value, list):
            for at, item in enumerate(value):
                self.check(schema.get("items", {}), item, f"{place}/{at}")
        return None

    def check_any(self, schemas, value, place):
        failures = []
        for schema in schemas:
            try:
                return self.check(schema, value, place)
            except AssertionError as failure:
                failures.append(str(failure))
        raise AssertionError(f"{place}: {failures}")

    def check_object(self, schema, value, place):
        more = schema.get("additionalProperties", True)
        properties = schema.get("properties", {})
        for name, member in value.items():
            if name in properties:
                self.check(properties[name], member, f"{place}/{name}")
            else:
                assert more is not False, f"{place}: {name} is not described"
                if isinstance(more, dict):
                    self.check(more, member, f"{place}/{name}")
        if not properties or "findings" in value or "refused" in value:
            return
        absent = set(schema.get("required", [])) - set(value)
        assert not absent, f"{place}: {absent} missing"

    def check_reply(self, method, path, reply):
        operation = self.find(method, path)
        assert operation is not None or reply.status == 404, (method, path)
        if reply.field("Content-Type") == "application/problem+json":
            return self.check(self.document["components"]["schemas"]["Problem"], reply.json)
        responses = operation["responses"]
        assert str(reply.status) in responses, (method, path, reply.status)
        content = responses[str(reply.status)].get("content", {})
        if reply.field("Content-Type") == "application/json" and "application/json" in content:
            return self.check(content["application/json"]["schema"], reply.json)
        return None


def within(schema, value):
    """Whether a value keeps to the limits of its schema."""
    if isinstance(value, str):
        return ("pattern" not in schema or re.search(schema["pattern"], value)) and \
            ("format" not in schema or re.fullmatch(FORMATS[schema["format"]], value)) and \
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
    if isinstance(value, list):
        texts = [repr(item) for item in value]
        return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9) and \
            not (schema.get("uniqueItems") and len(texts) != len(set(texts)))
    if isinstance(value, dict):
        return schema.get("minProperties", 0) <= len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return True


def check_references(description, node, place="$"):
    if isinstance(node, dict):
        if "$ref" in node:
            assert isinstance(node["$ref"], str) and description.resolve(node["$ref"]) is not None
        for name, member in node.items():
            check_references(description, member, f"{place}/{name}")
    elif isinstance(node, list):
        for item in node:
            check_references(description, item, place)


def check_description(description):
    document = description.document
    assert document["openapi"].startswith("3.1")
    check_references(description, document)
    names = [operation["operationId"] for _, operation in description.operations.values()]
    assert len(names) == len(set(names)) > 60
    for (method, path), (_, operation) in description.operations.items():
        declared = {p["name"] for p in operation["parameters"] if p.get("in") == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), (method, path)
        assert operation["summary"].endswith(".") and operation["tags"]
        assert any(status.startswith(("2", "3")) for status in operation["responses"]), (method, path)
        assert "$ref" in operation["responses"]["default"], (method, path)
    kinds = document["components"]["schemas"]["AttributeKind"]["enum"]
    assert set(kinds) == set(document["components"]["schemas"]["AttributeValues"]["properties"]) and len(kinds) > 50


def takes_form(operation):
    return "application/x-www-form-urlencoded" in operation.get("requestBody", {}).get("content", {})


def check_the_checker(description):
    good = {"id": "org_" + "0" * 26, "name": "x"}
    schema = {"$ref": "#/components/schemas/Organisation"}
    description.check(schema, good)
    for change in ({"id": 5}, {"id": "per_" + "0" * 26}, {"name": None}, {"more": 1}):
        try:
            description.check(schema, {**good, **change})
        except AssertionError:
            continue
        raise SystemExit(f"the checker took {change}")


def watch(description, seen):
    plain = Caller.call

    def call(self, method, path, body=None, fields=None):
        reply = plain(self, method, path, body, fields)
        if path != "/openapi.json":
            description.check_reply(method, path, reply)
            operation = description.find(method, path)
            if reply.status < 400:
                seen.add(operation["operationId"])
        return reply

    Caller.call = call


def try_the_rest():
    """The doors that the other tests leave out."""
    with RunningNode() as node:
        shop, ada = node.organisation("Blue Shop", "Shipping"), node.person("Ada")
        link = node.run("person", "create", "--name", "Lea")["link"]
        node.nobody.get(link.removeprefix(node.url)).expect(303)
        for path in ("/", "/healthz", "/readyz", "/v1/kinds?limit=200", "/.well-known/oauth-authorization-server",
                     "/.well-known/oauth-protected-resource", "/oauth/jwks", "/.well-known/openid-configuration",
                     "/.well-known/gpc.json", "/sign-in.js", "/recovery",
                     f"/.well-known/symbolon/organisations/{shop.organisation}"):
            node.nobody.get(path).expect(200)
        assert ada.get("/sign-in").expect(303).field("Location") == "/"
        ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)
        ada.get("/v1/me/export").expect(200)
        ada.delete("/v1/me/attributes/pd:Name").expect(204)
        purpose = api_journey.publish(shop)
        rel = api_journey.connect(shop, ada)
        ada.post(f"/v1/me/relationships/{rel}/objection", {"stands": False}).expect(200)
        give = {"relationship": rel, "purpose": purpose, "attributes": ["pd:Name", "pd:PhysicalAddress"],
                "uses": {"kind": "event", "event": "The order has come."}}
        grant = ada.post("/v1/me/grants", give).expect(201).json
        ended = shop.post(f"/v1/org/grants/{grant['id']}/event").expect(200).json
        assert ended["state"] == "used_up", ended


def main():
    with RunningNode() as node:
        description = Description(node.nobody.get("/openapi.json").expect(200).json)
    check_description(description)
    check_the_checker(description)
    seen = set()
    watch(description, seen)
    api_journey.main()
    story.main()
    isolation.main()
    passkeys.main()
    sessions.main()
    authzen.main()
    try_the_rest()
    operations = [operation for _, operation in description.operations.values()]
    # tokens.py and oauth_attacks.py send these, for they must sign; sessions.py signs but one
    forms = {operation["operationId"] for operation in operations if takes_form(operation)}
    signed = {"get_authorize", "get_managed_grant", "delete_managed_grant", "get_userinfo", "post_userinfo"}
    silent = {operation["operationId"] for operation in operations} - seen
    assert len(forms) == 5 and silent == {"get_openapi"} | (forms - {"post_pushed_request"}) | signed, silent
    print(f"{len(seen)} operations answered as described")


if __name__ == "__main__":
    sys.exit(main())
