# SPDX-License-Identifier: Apache-2.0
"""How each door of the access tests is knocked at: the query and the body that it takes, with braces where an id
stands, and the requests that come of it."""
import json
import re

from access_wire import octets_of
from purposes import DELIVER

ASKED = {"subject": {"type": "department", "id": "dep_" + "0" * 26},
         "action": {"name": "read", "properties": {"purpose": "pur_" + "0" * 26}},
         "resource": {"type": "relationship", "id": "rel_" + "0" * 26, "properties": {"attributes": ["pd:Name"]}}}
QUERIES = {"GET /v1/org/grants": ["relationship={rel}"], "GET /v1/me/disclosures": ["relationship={rel}"]}
BODIES = {
    "POST /v1/sign-in/options": [{"person": "per_" + "0" * 26}],
    "POST /v1/sign-in": [{"credential": {}}],
    "POST /v1/me/passkeys": [{"name": "Phone", "credential": {}}],
    "PATCH /v1/me/passkeys/{psk}": [{"name": "Phone"}],
    "POST /v1/me/proof": [{"credential": {}}],
    "POST /v1/recovery": [{"code": "0000-0000-0000-0000"}],
    "POST /v1/claims": [{"invitation": "{code}"}],
    "PUT /v1/me/attributes/{kind}": [{"value": {"name": "Ada Lovell"}}],
    "POST /v1/me/relationships": [{"organisation": "{org}"}],
    "PATCH /v1/me/relationships/{rel}": [{"nature": "member"}],
    "POST /v1/me/relationships/{rel}/end": [{"erase": False}],
    "POST /v1/me/relationships/{rel}/objection": [{"stands": True}],
    "POST /v1/me/requests/{req}/answer": [{"answer": "refuse"}],
    "POST /v1/me/authorization": [{"client_id": "sys_" + "0" * 26, "request_uri": "x", "answer": "refuse"}],
    "POST /v1/me/grants": [{"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"]},
                           {"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"],
                            "departments": ["{dep}"]}],
    "PATCH /v1/me/grants/{grt}": [{"attributes": ["pd:Name"]}, {"departments": ["{dep}"]}],
    "POST /v1/me/erase": [{"confirm": "erase me"}],
    "POST /v1/org/purposes": [dict(DELIVER, departments=["{dep}"])],
    "PUT /v1/org/purposes/{pur}": [DELIVER, dict(DELIVER, departments=["{dep}"])],
    "POST /v1/org/departments": [{"name": "Another"}],
    "POST /v1/org/systems": [{"name": "Another", "department": "{dep}"}],
    "POST /v1/claims/member": [{"invitation": "0000-0000-0000-0000"}],
    "POST /v1/org/members": [{"name": "Another", "department": "{dep}", "role": "viewer"}],
    "POST /v1/org/invitations": [{}],
    "POST /v1/org/relationships/{rel}/answer": [{"answer": "accept"}],
    "POST /v1/org/requests": [{"relationship": "{rel}", "purpose": "{pur}"}],
    "POST /v1/org/requests/{req}/revise": [{"duration": "P9D"}],
    "POST /v1/org/disclosures": [{"relationship": "{rel}", "purpose": "{pur}", "attributes": ["pd:Name"]}],
    "POST /access/v1/evaluation": [ASKED],
    "POST /access/v1/evaluations": [{"evaluations": [ASKED]}],
    "POST /access/v1/search/subject": [ASKED],
    "POST /access/v1/search/resource": [ASKED],
    "POST /access/v1/search/action": [ASKED]}
WRITES = ("POST", "PUT", "PATCH", "DELETE")
# Where the thing that is named stands in the address, a body that is wrong changes nothing for whose it is not.
WRONG = [None, [], {"no_such_member": 1}]


def quote(text):
    return "".join(c if c.isalnum() and c.isascii() or c in "_-:" else "".join(f"%{o:02X}" for o in c.encode())
                   for c in text)


class Knock:
    """One way to use a door: its query and body."""

    def __init__(self, door, query, body):
        self.door, self.query, self.body = door, query, body
        whole = door.path + " " + (query or "") + " " + re.sub(r'"\{(\w+)\}"', r"{\1}", json.dumps(body)[1:-1])
        self.places = list(dict.fromkeys(re.findall(r"\{([a-z]+)\}", whole)))
        self.in_body = [place for place in self.places if '"{' + place + '}"' in json.dumps(body)]

    def request(self, caller, chosen, body="his own"):
        """(method, octets). `chosen`: a thing for each place."""
        path = self.door.path + ("?" + self.query if self.query else "")
        text = json.dumps(self.body)
        for place in self.places:
            value = chosen[place].value
            path = path.replace("{" + place + "}", value if place == "tile" else quote(value))
            text = text.replace('"{' + place + '}"', json.dumps(value))
        whole = json.loads(text) if body == "his own" else body
        return self.door.method, octets_of(caller, self.door.method, path, whole)


def knocks_of(door):
    name = repr(door)
    return [Knock(door, query, body) for query in QUERIES.get(name, [None]) for body in BODIES.get(name, [None])]
