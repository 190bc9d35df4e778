# SPDX-License-Identifier: Apache-2.0
"""A drawn life of one node, as its callers see it: every kind of act that a door takes, by whom it may be and by whom
it may not, on what is there, was there or never was; trace_wrong.py has those that are wrong in themselves. Knows
nothing of the rules: what an answer tells goes into the lists from which later acts are drawn, and whoever holds the
answers against others says what is wrong with them."""
import collections
import json
import time

from purposes import DELIVER

HOUR, DAY = 3600, 86400
KINDS = ["pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber", "pd:EmailAddress", "pd:BirthDate", "pd:City",
         "pd:Country", "pd:Language"]
VALUES = {
    "pd:Name": [{"name": "Ada"}, {"name": "Zoë \"Ñ\" O'Neill"}, {"name": "李 小龍 \U0001f9ff"}, {"name": ""}, "Ada"],
    "pd:PhysicalAddress": [{"street_address": "Lindenweg 4", "locality": "Bern", "country": "CH"},
                           {"locality": "Ÿverdon\\", "country": "CH"}, {"country": "Nowhere"}, []],
    "pd:TelephoneNumber": ["+41795550102", "+4179555010%d", "none"], "pd:EmailAddress": ["ada@x.example", "a@b", "a b"],
    "pd:BirthDate": ["1990-05-06", "1604-02-29", "1990-02-30"], "pd:City": ["Bern", "Zürich", "  ", "x" * 17000],
    "pd:Country": ["CH", "DE", "Suisse"], "pd:Language": ["de", "de-CH", "klingon?"]}
NATURES = ["looking", "customer", "subscriber", "member", "patient", "former", "other", "friend"]
NAMES = ["Zürich", "apple", "Äpfel", "_x", "É", "e\u0301", "Zebra", "zebra", "Apple", "a b", "10", "9", "\U0001f9ff"]
NOTES = ["order 10442", "", "“Ñ” \\ \U0001f9ff"] * 6 + ["x" * 500, "x" * 501, "tab\there", "null\u0000"]
NEVER = ["{}_" + "0" * 26, "{}_" + "7" + "z" * 25, "{}_x", "x", "", "é"]
SCOPES = "disclosures records requests purposes relationships invitations grants admin".split()
ACTS = []


def act(weight):
    """One kind of step; the greater its weight the more often it is drawn."""
    def keep(function):
        ACTS.append((weight, function))
        return function
    return keep


class Person:
    def __init__(self, fields, id_=None):
        self.fields, self.id = fields, id_


class Life:
    """`call(fields, method, path, body, key, address)` asks and gives the answer. `now()`: the moment for the node."""

    def __init__(self, call, dice, now):
        self.ask_node, self.dice, self.now = call, dice, now
        self.people, self.systems, self.organisations, self.departments = [], [], [], []
        self.relationships, self.purposes, self.grants, self.requests = [], [], [], []
        self.receipts, self.codes, self.links, self.readers, self.moments = [], [], [], [], []
        self.written = collections.deque(maxlen=60)
        self.asked, self.keys, self.strangers = 0, 0, 0

    # ---- drawing

    def step(self):
        """One act; where there is nothing yet to do it on, another."""
        functions, weights = [function for _, function in ACTS], [weight for weight, _ in ACTS]
        before = self.asked
        while self.asked == before:
            self.dice.choices(functions, weights)[0](self)

    def chance(self, share):
        return self.dice.random() < share

    def one(self, things, **facts):
        """Any of them, mostly a late one with these facts; None: there is none."""
        fitting = [thing for thing in things if all(thing.get(name) == value for name, value in facts.items())]
        if self.chance(0.06):
            fitting = things
        if not fitting:
            return None
        return self.dice.choice(fitting[-12:] if self.chance(0.7) else fitting)

    def never(self, prefix):
        return self.dice.choice(NEVER).format(prefix)

    def person(self, of=None):
        if of is not None and not self.chance(0.05):
            return of["person"].fields
        return self.dice.choice(self.people[-8:] if self.chance(0.6) else self.people).fields

    def system(self, organisation=None, department=None):
        found = [s for s in self.systems if (organisation is None or s["organisation"] == organisation)
                 and (department is None or s["department"] == department)]
        if not found or self.chance(0.05):
            found = self.systems
        return self.dice.choice(found)

    def moment(self, *hours):
        """So many hours from now, whole minutes away from where a decision lies."""
        ms = int((self.now() + self.dice.choice(hours) * HOUR) // 60 * 60 * 1000)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".000Z"

    def kinds(self, least=1):
        return self.dice.sample(KINDS[:3] if self.chance(0.93) else KINDS, self.dice.randint(least, 3))

    def uses(self):
        if self.chance(0.1):
            return self.dice.choice([{"kind": "event"}, {"kind": "times", "times": self.dice.choice(
                [0, 1, 10**6, 10**6 + 1, -1, 2**63])}])
        return self.dice.choice([None, None, {"kind": "period"}, {"kind": "once"}, {"kind": "times", "times": 3},
                                 {"kind": "event", "event": "the parcel “arrives”"}])

    def some(self, **members):
        """A body with some of the members; None: never."""
        return {name: value for name, value in members.items() if value is not None and self.chance(0.6)}

    # ---- asking

    def send(self, fields, method, path, body=None, address=None, **more):
        fields = dict(fields, **{name.replace("_", "-"): value for name, value in more.items()})
        if method != "GET" and "Idempotency-Key" not in fields and self.chance(0.3):
            self.keys += 1
            fields["Idempotency-Key"] = f"key-{self.keys}"
        self.asked += 1
        answer = self.ask_node(fields, method, path, body, address)
        if method != "GET":
            self.written.append((fields, method, path, body))
        link = next((line for line in answer.head.decode("latin-1").split("\r\n") if line.startswith("Link: ")), None)
        if link is not None:
            self.links.append((fields, link[link.index("<") + 1:link.index(">")]))
        return answer

    def stranger(self, fields, method, path, body=None, **more):
        """From an address of its own: what fails is counted by address."""
        self.strangers += 1
        address = f"127.{2 + self.strangers // 250}.{self.strangers % 250}.1"
        return self.send(fields, method, path, body, address, **more)

    def begin(self):
        """So that there is something to act on: a purpose of each department, a relationship of each person."""
        for system_ in list(self.systems):
            told = body_of(self.send(system_["fields"], "POST", "/v1/org/purposes", DELIVER), 201)
            self.send(system_["fields"], "POST", f"/v1/org/purposes/{told['id']}/publish")
            self.purposes.append({"id": told["id"], "organisation": system_["organisation"], "state": "published",
                                  "department": system_["department"]})
        for person in self.people:
            system_ = self.dice.choice(self.systems)
            code = body_of(self.send(system_["fields"], "POST", "/v1/org/invitations", {}), 201)["code"]
            self.take_relationship(self.send(person.fields, "POST", "/v1/me/relationships", {"invitation": code}),
                                   person.fields)
            self.send(person.fields, "PUT", "/v1/me/attributes/pd:Name", {"value": VALUES["pd:Name"][1]})

    def forget(self, person):
        """Who has gone is drawn no more, or seldom."""
        self.people.remove(person)
        for things in (self.relationships, self.grants, self.requests):
            things[:] = [thing for thing in things if thing["person"] is not person or self.chance(0.1)]

    def take_relationship(self, answer, fields, person=None):
        if answer.status not in (200, 201):
            return
        told = json.loads(answer.body)
        owner = person or next(p for p in self.people if p.fields["Cookie"] == fields["Cookie"])
        self.relationships.append({"id": told["id"], "person": owner, "organisation": told["organisation"]["id"],
                                   "state": told["state"]})

    def take_grant(self, told, relationship):
        if told is None or relationship is None:
            return
        self.grants.append({"id": told["id"], "relationship": relationship, "person": relationship["person"],
                            "organisation": relationship["organisation"], "purpose": told["purpose"]["id"],
                            "departments": told["departments"], "kinds": told["attributes"], "state": told["state"]})
        if told["receipt"] is not None:
            self.receipts.append({"id": told["receipt"], "relationship": relationship})


def body_of(answer, *statuses):
    return json.loads(answer.body) if answer.status in statuses else None


# ---- coming in

@act(10)
def invite(life):
    body = life.dice.choice([{}, {}, {}, {"claims": 3}, {"claims": 0}, {"claims": 10001}, {"lifetime": "P1D"},
                             {"lifetime": "P91D"}, {"lifetime": "PT0S"}, {"claims": 1, "lifetime": "PT5M"}])
    system = life.system()
    told = body_of(life.send(system["fields"], "POST", "/v1/org/invitations", body), 201)
    if told is not None:
        life.codes.append(told["code"])
        if told["relationship"] is not None:
            life.relationships.append({"id": told["relationship"], "person": life.dice.choice(life.people),
                                       "organisation": system["organisation"], "state": "invited"})


def code_of(life):
    if not life.codes or life.chance(0.15):
        return life.dice.choice(["x", "", "7Q4K-M2XD-9RTA-H3VB", "é" * 30, "0" * 65])
    return life.dice.choice(life.codes[-6:])


@act(14)
def claim(life):
    fields = life.person()
    body = {"invitation": code_of(life), **life.some(nature=life.dice.choice(NATURES), ends=life.moment(-1, 30, 900),
                                                     review=life.moment(-1, 50))}
    life.take_relationship(life.stranger(fields, "POST", "/v1/me/relationships", body), fields)


@act(12)
def claim_new(life):
    if len(life.people) > 60 and life.chance(0.7):
        return claim(life)
    answer = life.stranger({}, "POST", "/v1/claims", {"invitation": code_of(life)})
    if answer.status == 201:
        cookie = next(line for line in answer.head.decode().split("\r\n") if line.startswith("Set-Cookie: "))
        person = Person({"Cookie": cookie.removeprefix("Set-Cookie: ").split(";")[0]})
        if all(person.fields != known.fields for known in life.people):
            life.people.append(person)
        life.take_relationship(answer, person.fields, next(p for p in life.people if p.fields == person.fields))


@act(8)
def propose(life):
    fields = life.person()
    body = {"organisation": life.dice.choice(life.organisations + [life.never("org")]),
            **life.some(nature=life.dice.choice(NATURES))}
    life.take_relationship(life.send(fields, "POST", "/v1/me/relationships", body), fields)


@act(10)
def answer_proposal(life):
    relationship = life.one(life.relationships, state="proposed")
    if relationship is not None:
        fields = life.system(relationship["organisation"])["fields"]
        answer = life.send(fields, "POST", f"/v1/org/relationships/{relationship['id']}/answer",
                           {"answer": life.dice.choice(["accept", "accept", "accept", "decline", "perhaps"])})
        relationship["state"] = (body_of(answer, 200) or relationship)["state"]


@act(2)
def sign_out(life):
    if len(life.people) > 14 and life.chance(0.4):
        person = life.dice.choice(life.people)
        life.send(person.fields, "POST", "/v1/me/sign-out")
        life.forget(person)
    else:
        life.send({"Cookie": "session=ses_" + "0" * 16 + "_" + "A" * 43}, "POST", "/v1/me/sign-out")


@act(3)
def sign_in_in_vain(life):
    token = life.dice.choice(["x", "sin_" + "0" * 16 + "_" + "A" * 43, "sin_" + "a" * 60])
    life.stranger({}, life.dice.choice(["GET", "POST"]), "/sign-in/" + token)


# ---- the person

@act(22)
def put_value(life):
    kind = life.dice.choice(KINDS) if life.chance(0.95) else "pd:Nothing"
    value = life.dice.choice(VALUES.get(kind, ["x"]))
    if isinstance(value, str) and "%d" in value:
        value %= life.dice.randrange(10)
    life.send(life.person(), "PUT", f"/v1/me/attributes/{kind}", {"value": value})


@act(10)
def take_value_away(life):
    life.send(life.person(), "DELETE", f"/v1/me/attributes/{life.dice.choice(KINDS[:2])}")


@act(22)
def change(life):
    relationship = life.one(life.relationships, state=life.dice.choice(["active", "active", "paused"]))
    if relationship is not None:
        body = life.some(nature=life.dice.choice(NATURES), review=life.moment(-1, 24, 2000),
                         ends=life.moment(3, 9000) if life.chance(0.15) else None,
                         state=life.dice.choice(["paused", "active", "active", "ended"]))
        answer = life.send(life.person(relationship), "PATCH", f"/v1/me/relationships/{relationship['id']}", body)
        relationship["state"] = (body_of(answer, 200) or relationship)["state"]


@act(3)
def end(life):
    relationship = life.one(life.relationships)
    if relationship is not None:
        answer = life.send(life.person(relationship), "POST", f"/v1/me/relationships/{relationship['id']}/end",
                           life.dice.choice([{}, {"erase": False}, {"erase": True}]))
        if answer.status == 200:
            relationship["state"] = "ended"


# ---- purposes

def purpose_body(life):
    body = dict(DELIVER, name=life.dice.choice(NAMES + ["Deliver your order"] * 5))
    if life.chance(0.25):
        body.update(life.dice.choice([
            {"sentence": ""}, {"longest": "P2Y"}, {"language": "xx"}, {"name": ""}, {"facts": {"scored": None}},
            {"legal_basis": "whim"}, {"term": "dpv:Nothing"}, {"sentence": "We leverage synergies and stuff."},
            {"attributes": {"needed": ["pd:BankAccount"], "optional": KINDS}},
            {"example": "“Ñandú” \\ 'x' \U0001f9ff"}]))
    if life.chance(0.5):
        body["departments"] = [d["id"] for d in life.dice.sample(life.departments, min(2, len(life.departments)))]
    return body


@act(8)
def draft(life):
    system = life.system()
    told = body_of(life.send(system["fields"], "POST", "/v1/org/purposes", purpose_body(life)), 201)
    if told is not None:
        life.purposes.append({"id": told["id"], "organisation": system["organisation"], "state": "draft",
                              "department": system["department"]})


@act(26)
def move_purpose(life):
    purpose = life.one(life.purposes, state=life.dice.choice(["draft", "draft", "published"]))
    if purpose is None:
        return draft(life)
    fields = life.system(purpose["organisation"], purpose["department"])["fields"]
    path = "/v1/org/purposes/" + (purpose["id"] if life.chance(0.97) else life.never("pur"))
    word = life.dice.choice(["publish"] * 5 + ["put", "get", "get"] + ["retire"] * (life.chance(0.2)))
    if word == "get":
        answer = life.send(fields, "GET", path)
    elif word == "put":
        answer = life.send(fields, "PUT", path, purpose_body(life))
    else:
        answer = life.send(fields, "POST", f"{path}/{word}")
    purpose["state"] = (body_of(answer, 200) or purpose)["state"]


def fit(life, relationship):
    """A purpose for a relationship, most often one that can be used."""
    purpose = life.one(life.purposes, organisation=relationship["organisation"], state="published")
    return life.never("pur") if purpose is None or life.chance(0.04) else purpose["id"]


# ---- permissions

@act(60)
def give(life):
    relationship = life.one(life.relationships, state="active")
    if relationship is None:
        return
    body = {"relationship": relationship["id"] if life.chance(0.96) else life.never("rel"),
            "purpose": fit(life, relationship), "attributes": life.kinds(least=0 if life.chance(0.05) else 1),
            **life.some(until=life.moment(2, 30, 200, 1000, 9000, -1), uses=life.uses())}
    if life.chance(0.15):
        body["departments"] = [life.dice.choice(life.departments)["id"]]
    answer = life.send(life.person(relationship), "POST", "/v1/me/grants", body)
    life.take_grant(body_of(answer, 201), relationship)


@act(26)
def narrow(life):
    grant = life.one(life.grants, state="active")
    if grant is not None:
        body = life.some(attributes=life.kinds() if life.chance(0.4) else grant["kinds"][:1], uses=life.uses(),
                         until=life.moment(1, 20, 100, 9000), departments=grant["departments"][:1])
        answer = life.send(life.person(grant), "PATCH", f"/v1/me/grants/{grant['id']}", body)
        grant["state"] = (body_of(answer, 200) or grant)["state"]


@act(16)
def withdraw(life):
    grant = life.one(life.grants, state="active")
    if grant is not None:
        answer = life.send(life.person(grant), "POST", f"/v1/me/grants/{grant['id']}/withdraw")
        grant["state"] = (body_of(answer, 200) or grant)["state"]


@act(8)
def report(life):
    grant = life.one(life.grants, state="active")
    if grant is not None:
        life.send(life.system(grant["organisation"])["fields"], "POST", f"/v1/org/grants/{grant['id']}/event")


# ---- asking and answering

@act(40)
def ask(life):
    relationship = life.one(life.relationships, state="active")
    if relationship is None:
        return
    system = life.system(relationship["organisation"])
    body = {"relationship": relationship["id"], "purpose": fit(life, relationship),
            **life.some(attributes=life.kinds(), duration=life.dice.choice(["P30D", "P9D", "P2Y", "PT1H", "P0D", "x"]),
                        uses=life.uses())}
    told = body_of(life.send(system["fields"], "POST", "/v1/org/requests", body), 201)
    if told is not None:
        life.requests.append({"id": told["id"], "relationship": relationship, "person": relationship["person"],
                              "organisation": system["organisation"], "department": system["department"],
                              "state": "open"})


@act(44)
def answer(life):
    request = life.one(life.requests, state="open")
    if request is None:
        return
    word = life.dice.choice(["accept", "accept", "accept", "adjust", "counter", "counter", "refuse", "shrug"])
    body = {"answer": word}
    if word in ("adjust", "counter") or life.chance(0.1):
        body |= life.some(attributes=life.kinds(), duration=life.dice.choice(["P20D", "P8D", "P3Y"]), uses=life.uses(),
                          until=life.moment(30, 300, -2))
    told = body_of(life.send(life.person(request), "POST", f"/v1/me/requests/{request['id']}/answer", body), 200)
    if told is not None:
        request["state"] = told["request"]["state"]
        life.take_grant(told["grant"], request["relationship"])


@act(14)
def revise(life):
    request = life.one(life.requests, state="countered" if life.chance(0.9) else "open")
    if request is not None:
        fields = life.system(request["organisation"], request["department"])["fields"]
        body = life.some(attributes=life.kinds(), duration=life.dice.choice(["P20D", "P300D"]), uses=life.uses())
        told = body_of(life.send(fields, "POST", f"/v1/org/requests/{request['id']}/revise", body), 200)
        request["state"] = (told or request)["state"]


@act(5)
def cancel(life):
    request = life.one(life.requests, state="open")
    if request is not None:
        fields = life.system(request["organisation"], request["department"])["fields"]
        told = body_of(life.send(fields, "POST", f"/v1/org/requests/{request['id']}/cancel"), 200)
        request["state"] = (told or request)["state"]


# ---- reading

def ask_whether(life, system, read):
    """What AuthZEN asks about a read."""
    question = {"subject": {"type": "department", "id": system["department"]},
                "action": {"name": "read", "properties": {"purpose": read["purpose"]}},
                "resource": {"type": "relationship", "id": read["relationship"],
                             "properties": {"attributes": read["attributes"]}}}
    what = life.dice.choice(["evaluation", "evaluations", "search/subject", "search/resource", "search/action"])
    body = {"evaluations": [question, {**question, "context": {}}]} if what == "evaluations" else question
    life.send(system["fields"], "POST", "/access/v1/" + what, body)
    life.send({}, "GET", "/.well-known/authzen-configuration")


@act(150)
def read(life):
    grant = life.one(life.grants, state="active") if life.chance(0.85) else None
    relationship = grant["relationship"] if grant else life.one(life.relationships)
    if relationship is None:
        return
    department = grant["departments"][0] if grant and life.chance(0.9) else None
    system = life.system(relationship["organisation"], department)
    kinds = grant["kinds"] if grant and life.chance(0.8) else life.kinds()
    body = {"relationship": relationship["id"], "purpose": grant["purpose"] if grant else fit(life, relationship),
            "attributes": kinds, **life.some(partial=life.chance(0.5), note=life.dice.choice(NOTES))}
    answer = life.send(system["fields"], "POST", "/v1/org/disclosures", body)
    reason = (body_of(answer, 403) or {}).get("reason", "")
    if life.chance(0.2):
        ask_whether(life, system, body)
    if grant and reason in ("grant.used_up", "grant.withdrawn", "grant.expired", "grant.ended"):
        grant["state"] = reason.removeprefix("grant.")


PERSON_LISTS = ["attributes", "organisations", "relationships", "requests", "requests?state=open", "grants",
                "disclosures"]
SYSTEM_LISTS = ["purposes", "departments", "systems", "relationships", "requests", "requests?state=open"]


def limited(life, path):
    if life.chance(0.3):
        return path
    word = f"limit={life.dice.choice([1, 2, 3, 7, 50, 200])}" if life.chance(0.95) else life.dice.choice(
        ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=" + "A" * 40, "colour=red"])
    return path + ("&" if "?" in path else "?") + word


@act(70)
def list_of_person(life):
    path = "/v1/me/" + life.dice.choice(PERSON_LISTS)
    relationship = life.one(life.relationships)
    if relationship is not None and "disclosures" in path and life.chance(0.6):
        path += life.dice.choice([f"?relationship={relationship['id']}", f"?attribute={life.dice.choice(KINDS)}",
                                  *[f"?from={m}" for m in life.moments[-3:]], *[f"?until={m}" for m in life.moments]])
    if relationship is not None and life.chance(0.5):
        path = f"/v1/me/relationships/{relationship['id']}/" + life.dice.choice(["purposes", "records", "receipts"])
    fields = life.person(relationship)
    answer = life.send(fields, "GET", limited(life, path))
    if path.endswith("/receipts"):
        for item in (body_of(answer, 200) or {"items": []})["items"][:2]:
            life.receipts.append({"id": item["id"], "relationship": relationship})


@act(60)
def list_of_system(life):
    relationship = life.one(life.relationships)
    system = life.system(relationship and relationship["organisation"])
    path = "/v1/org/" + life.dice.choice(SYSTEM_LISTS)
    if relationship is not None and life.chance(0.5):
        path = f"/v1/org/relationships/{relationship['id']}/" + life.dice.choice(["records", "receipts"])
    elif relationship is not None and life.chance(0.5):
        path = f"/v1/org/grants?relationship={relationship['id']}"
        if life.moments and life.chance(0.6):
            path += "&at=" + life.dice.choice(life.moments)
    life.send(system["fields"], "GET", limited(life, path))


@act(20)
def about_signing_in(life):
    """What needs no signature: a device that signs is another test's (passkeys.py, tokens.py)."""
    fields = life.person(life.one(life.relationships))
    choice = life.dice.choice(["passkeys", "alerts", "recovery", "codes", "stop", "ours", "proof", "anybody", "tokens"])
    if choice in ("passkeys", "alerts", "recovery"):
        life.send(fields, "GET", f"/v1/me/{choice}")
    elif choice == "anybody":
        life.send({}, "POST", "/v1/sign-in/options", {})
    elif choice == "tokens":
        life.send({}, "GET", "/.well-known/oauth-" + life.dice.choice(["authorization-server", "protected-resource"]))
    else:
        life.send(fields, "POST", "/v1/me/" + {"codes": "recovery/codes", "stop": "recovery/stop", "ours":
                                               "passkeys/options", "proof": "proof/options"}[choice])


@act(50)
def next_page(life):
    if life.links:
        fields, path = life.links.pop(life.dice.randrange(max(0, len(life.links) - 5), len(life.links)))
        life.send(fields if life.chance(0.95) else life.person(), "GET", path)


@act(50)
def look_at_one(life):
    kind = life.dice.choice(["grants", "requests", "relationships", "org relationships", "org requests", "history"])
    if kind == "history":
        return life.send(life.person(), "GET", f"/v1/me/attributes/{life.dice.choice(KINDS)}/history?limit=3")
    thing = life.one(getattr(life, kind.split()[-1]))
    if thing is None:
        return None
    name = thing["id"] if life.chance(0.95) else life.never(thing["id"][:3])
    if kind.startswith("org"):
        return life.send(life.system(thing["organisation"], thing.get("department"))["fields"], "GET",
                         f"/v1/org/{kind.split()[1]}/{name}")
    return life.send(life.person(thing), "GET", f"/v1/me/{kind}/{name}")


@act(12)
def home(life):
    life.send(life.person(), "GET", "/v1/me")


@act(30)
def look_at_receipt(life):
    receipt = life.one(life.receipts)
    if receipt is not None:
        form = life.dice.choice(["application/json", "application/jose+json", "text/html", "*/*"])
        if life.chance(0.5):
            fields, path = life.person(receipt["relationship"]), "/v1/me/receipts/"
        else:
            fields, path = life.system(receipt["relationship"]["organisation"])["fields"], "/v1/org/receipts/"
        life.send(fields, "GET", path + receipt["id"], Accept=form)


@act(10)
def look_around(life):
    organisation = life.dice.choice(life.organisations + [life.never("org")])
    path = life.dice.choice(["/", "/healthz", "/readyz", "/openapi.json", "/v1/kinds", "/v1/kinds?limit=5",
                             "/sign-in.js", "/recovery",
                             f"/.well-known/symbolon/organisations/{organisation}",
                             "/invitation/" + (code_of(life) or "x"), "/nowhere", "/v1/me", "/log/tile/9/000",
                             "/log/tile/x"])
    life.stranger({}, "GET", "".join(c if c.isascii() else "%C3%A9" for c in path))


# ---- inside an organisation

@act(3)
def department(life):
    system = life.system()
    told = body_of(life.send(system["fields"], "POST", "/v1/org/departments",
                             {"name": life.dice.choice(NAMES + ["", "x" * 201, "a\nb"])}), 201)
    if told is not None:
        life.departments.append({"id": told["id"], "organisation": system["organisation"]})


@act(5)
def system(life):
    maker = life.system()
    department_ = life.one(life.departments, organisation=maker["organisation"])
    body = {"name": life.dice.choice(NAMES), "department": department_["id"],
            **life.some(scopes=life.dice.sample(SCOPES, 6) if life.chance(0.9) else ["everything"])}
    told = body_of(life.send(maker["fields"], "POST", "/v1/org/systems", body), 201)
    if told is not None:
        made = {"id": told["id"], "organisation": maker["organisation"], "department": department_["id"],
                "fields": {"Authorization": "Bearer " + told["secret"]}, "made": True}
        life.systems.append(made)


@act(3)
def end_system(life):
    gone = life.one([s for s in life.systems if s.get("made")])
    if gone is not None:
        life.send(life.system(gone["organisation"])["fields"], "DELETE", f"/v1/org/systems/{gone['id']}")
        if life.chance(0.8):
            life.systems.remove(gone)
