# SPDX-License-Identifier: Apache-2.0
"""Goal: one bad item spoils the whole body. Method: each list that a body takes (departments, kinds of data, scopes,
receivers), with one to eight items, and one of them bad, at each position: of another organisation, never made, of
another kind, badly written, of a wrong type, there twice. Each is refused with its reason and place, and what
everybody sees is afterwards what it was before. Ids that stand alone in a body are tried with what is no text at all;
their owners are access_matrix.py's. Positive control: without the bad item the same bodies are taken."""
import json
import sys

from access_wire import ask_all, octets_of
from access_world import World
from purposes import DELIVER
from running_node import RunningNode

MOST = 8
KINDS = ["pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber", "pd:EmailAddress", "pd:BirthDate", "pd:City",
         "pd:Country", "pd:Language"]
SCOPES = ["disclosures", "records", "requests", "purposes", "events", "messages", "relationships", "invitations"]
ALONE = {"a number": 7, "true": True, "a list": [], "an object": {}, "null": None}


class Bodies:
    def __init__(self, node):
        self.node, self.world = node, World(node)
        parties = self.world.parties
        self.shop, self.ada = parties["shipping"], parties["ada"]
        self.rel = self.world.find("rel", person="ada", organisation="blue").value
        made = [self.shop.post("/v1/org/departments", {"name": f"Department {n}"}).expect(201).json["id"]
                for n in range(MOST - 1)]
        self.departments = [self.world.ids["shipping"], *made]
        wide = dict(DELIVER, departments=self.departments, attributes={"needed": ["pd:Name"], "optional": KINDS[1:]})
        self.pur = self.shop.post("/v1/org/purposes", wide).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.pur}/publish").expect(200)
        self.draft = self.shop.post("/v1/org/purposes", wide).expect(201).json["id"]
        self.bad = {"departments": self.bad_departments(), "kinds": self.bad_words("pd:Nothing"),
                    "scopes": self.bad_words("everything", bare=True), "texts": self.bad_texts()}

    def bad_departments(self):
        """name: (item, status, reason)"""
        foreign, whole = self.world.ids["desk"], self.departments[0]
        return {"of another organisation": (foreign, 404, "not_found"),
                "never made": ("dep_" + "0" * 26, 404, "not_found"), "cut": (whole[:-1], 404, "not_found"),
                "of another kind": (self.rel, 404, "not_found"),
                "no text": (7, 400, "request.wrong_type"), "null": (None, 400, "request.wrong_type")}

    @staticmethod
    def bad_words(word, bare=False):
        unknown = (word, 422, "request.unknown_word" if bare else "attribute.unknown")
        return {"unknown": unknown, "no text": (7, 400, "request.wrong_type"),
                "null": (None, 400, "request.wrong_type")}

    @staticmethod
    def bad_texts():
        return {"no text": (7, 400, "request.wrong_type"), "hidden": ("a\u200bb", 422, "request.bad_text"),
                "an object": ({}, 400, "request.wrong_type")}

    def lists(self):
        """(caller, method, path, body, where the list stands in it, its good items, what is bad there)"""
        give = {"relationship": self.rel, "purpose": self.pur, "attributes": ["pd:Name"]}
        ask = {"relationship": self.rel, "purpose": self.pur}
        wide = dict(give, attributes=KINDS, departments=self.departments)
        grt = self.ada.post("/v1/me/grants", wide).expect(201).json["id"]
        yield self.ada, "POST", "/v1/me/grants", give, ["departments"], self.departments, "departments"
        yield self.ada, "POST", "/v1/me/grants", give, ["attributes"], KINDS, "kinds"
        yield self.ada, "PATCH", f"/v1/me/grants/{grt}", {}, ["departments"], self.departments, "departments"
        yield self.ada, "PATCH", f"/v1/me/grants/{grt}", {}, ["attributes"], KINDS, "kinds"
        yield self.shop, "POST", "/v1/org/requests", ask, ["attributes"], KINDS, "kinds"
        yield self.shop, "POST", "/v1/org/disclosures", give, ["attributes"], KINDS, "kinds"
        for method, path in (("POST", "/v1/org/purposes"), ("PUT", f"/v1/org/purposes/{self.draft}")):
            yield self.shop, method, path, DELIVER, ["departments"], self.departments, "departments"
            for name in ("needed", "optional"):
                plain = dict(DELIVER, attributes={"needed": [], "optional": []})
                yield self.shop, method, path, plain, ["attributes", name], KINDS, "kinds"
            receivers = [f"Courier {n}" for n in range(MOST)]
            yield self.shop, method, path, DELIVER, ["facts", "passed_on"], receivers, "texts"
        system = {"name": "n", "department": self.departments[0]}
        yield self.shop, "POST", "/v1/org/systems", system, ["scopes"], SCOPES, "scopes"

    def tries(self):
        for caller, method, path, body, place, good, bad in self.lists():
            for size in range(1, MOST + 1):
                for at in range(size):
                    for name, (item, status, reason) in self.bad[bad].items():
                        items = good[:size]
                        items[at] = item
                        yield caller, method, path, with_list(body, place, items), (name, place, at, status, reason)
                if bad == "kinds" and size > 1:
                    for at in range(1, size):
                        items = good[:size]
                        items[at] = items[0]
                        wanted = ("twice", place, at, 422, "request.duplicate_item")
                        yield caller, method, path, with_list(body, place, items), wanted

    def alone(self):
        """Ids that stand by themselves, and what is no id at all."""
        for caller, path, body in (
                (self.ada, "/v1/me/grants", {"relationship": self.rel, "purpose": self.pur, "attributes": ["pd:Name"]}),
                (self.ada, "/v1/me/relationships", {"organisation": self.world.ids["red"]}),
                (self.shop, "/v1/org/requests", {"relationship": self.rel, "purpose": self.pur}),
                (self.shop, "/v1/org/disclosures", {"relationship": self.rel, "purpose": self.pur,
                                                    "attributes": ["pd:Name"]}),
                (self.shop, "/v1/org/systems", {"name": "n", "department": self.departments[0]})):
            for member in set(body) & {"relationship", "purpose", "organisation", "department"}:
                for name, value in ALONE.items():
                    yield caller, "POST", path, dict(body, **{member: value}), (name, [member], None, 400,
                                                                                "request.wrong_type")


def with_list(body, place, items):
    whole = json.loads(json.dumps(body))
    inside = whole
    for name in place[:-1]:
        inside = inside[name]
    inside[place[-1]] = items
    return whole


def pointers(place, at, reason):
    """Where the fault may be said to be. What is not found is told nowhere: the answer is the one to all that is not
    there."""
    if reason == "not_found":
        return {None}
    whole = "/" + "/".join(place)
    return {whole} if at is None or reason == "request.unknown_word" else {f"{whole}/{at}"}


def everything_seen(bodies):
    parties = bodies.world.parties
    lists = {"ada": ("grants", "requests", "relationships"),
             "shipping": ("purposes", "systems", "requests", "departments", "relationships")}
    return [parties[name].get(f"/v1/{'me' if name == 'ada' else 'org'}/{path}?limit=200").expect(200).json
            for name, paths in lists.items() for path in paths]


def refuse(bodies):
    tries = [*bodies.tries(), *bodies.alone()]
    before = everything_seen(bodies)
    answers = ask_all(bodies.node, [(method, octets_of(caller, method, path, body))
                                    for caller, method, path, body, _ in tries])
    for (_, method, path, body, (name, place, at, status, reason)), answer in zip(tries, answers):
        problem = json.loads(answer.body)
        told = (answer.status, problem.get("reason"), problem.get("pointer"))
        right = told[:2] == (status, reason) and told[2] in pointers(place, at, reason)
        assert right, (method, path, name, at, body, told)
    assert everything_seen(bodies) == before, "a refused body has done a half of something"
    return len(tries)


def take(bodies):
    """The control: the same lists without the bad item."""
    doors = list(bodies.lists())
    for caller, method, path, body, place, good, _ in doors:
        answer = caller.call(method, path, with_list(body, place, good))
        assert answer.status < 300, (method, path, place, answer.body)
    return len(doors)


def main():
    with RunningNode("--dev") as node:
        bodies = Bodies(node)
        refused, taken = refuse(bodies), take(bodies)
        assert "request.failed" not in node.read_log(), node.read_log()
    print(f"found: {refused} bodies with one bad item, {taken} lists without")


if __name__ == "__main__":
    sys.exit(main())
