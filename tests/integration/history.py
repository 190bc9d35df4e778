# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever overlaps and whatever dies, what clients were told can be told as one sequence, person by person: a
grant that was given is there, a narrowing is seen by all that come after it, a read behind an acknowledged stop is
refused, a grant that counts is read so often and no more, one department and one purpose permits nothing to another,
an end stops everything, and a call that nobody heard the end of happened once or never. Method: for several people at a
time, two hands give for two purposes and departments, with and without a count, narrow, stop, pause, resume, end and
list, and systems of both departments read, all at once, while the server is killed, frozen, and frozen and killed. Each
call is written down with the moments of its sending and its answer; one whose answer was lost is sent again under its
key, or given up. Then two judges look: tests/support/linearizable.py with the model of tests/support/grant_model.py,
and the plain rules there. SEED= and CYCLES= of the environment. Positive controls: proxies that lie in one way each
(tests/support/lying_proxy.py) must be found out, one that does not lie must not."""
import collections
import copy
import os
import random
import signal
import sys
import threading
import time

from grant_model import FOREVER, Call, Terms, check, reads_behind_stops, reads_beyond_uses
from linearizable import TooWide
from lying_proxy import LyingProxy
from purposes import DELIVER
from stress import Cut, Line, RoughNode, Shop, seed_of_run

SLOW = float(os.environ.get("SLOW", 1))  # builds that watch themselves take longer
CYCLES = int(os.environ.get("CYCLES", 20))
PEOPLE, HANDS, EYES = 3, 2, 3
CYCLES_OF_ONE_LIFE = 5  # then other people come: a history stays short enough to be searched
LIVE_MAX, GIVEN_MAX = 5, 190  # of one person; all that was given fits on one page of the list
PATIENCE = 0.4 * SLOW  # a call to a frozen server is given up after so many seconds
RETRIES_MAX = 5
PAUSE_MOST = 0.01  # between two calls of one caller
CONTROL_TRIES = 12
END_CHANCE = 0.1  # that a hand ends the relationship, where it gives with 30: little follows an end
KINDS = ("pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber")
ALL_KINDS = (1 << len(KINDS)) - 1
PURPOSES, DEPARTMENTS = 2, 2
USES = (0, 0, 0, 1, 2, 5)
VALUES = {"pd:PhysicalAddress": {"street_address": "Lindenweg 4", "locality": "Bern", "country": "CH"},
          "pd:TelephoneNumber": "+41315550101"}


def terms(kinds):
    return [term for i, term in enumerate(KINDS) if kinds & 1 << i]


def bits(words, known=KINDS):
    return sum(1 << known.index(word) for word in words)


class House:
    """An organisation of two departments that share two purposes."""

    def __init__(self, node):
        self.shop = Shop(node, "Blue Shop", 0)
        other = node.run("department", "create", self.shop.organisation, "Sales")["id"]
        self.departments = [self.shop.department, other]
        self.systems = [self.shop.fields, node.system(self.shop.organisation, other, "server").fields]
        line = node.line(self.shop.fields)
        self.purposes = [line.call("POST", "/v1/org/purposes", dict(DELIVER, name=name, departments=self.departments))
                         .expect(201).json["id"] for name in ("Deliver your order", "Deliver it again")]
        for purpose in self.purposes:
            line.call("POST", f"/v1/org/purposes/{purpose}/publish").expect(200)

    def departments_of(self, mask):
        return [department for i, department in enumerate(self.departments) if mask & 1 << i]

    def terms_of(self, item):
        """Of a grant as it is listed."""
        counted = item["uses"].get("times", 1) if item["uses"]["kind"] in ("times", "once") else 0
        return Terms(self.purposes.index(item["purpose"]["id"]), bits(item["attributes"]),
                     bits(item["departments"], self.departments), counted, item["used"])


def uses_in_words(uses):
    return {"kind": "period"} if uses == 0 else {"kind": "once"} if uses == 1 else {"kind": "times", "times": uses}


class Person:
    """One customer and everything that was asked about her."""

    def __init__(self, house):
        self.customer = house.shop.customer()
        for kind, value in VALUES.items():
            self.customer.line().call("PUT", f"/v1/me/attributes/{kind}", {"value": value}).expect(200)
        self.calls, self.lost = [], []
        self.live, self.given = {}, 0  # as far as her hands know: good for choosing, not for judging

    def settle(self, deaths):
        """A call that nobody was told the end of has no effect any more once the server died that had it."""
        for call, process, cut_at in self.lost:
            later = [moment for moment in deaths.values() if moment > cut_at]
            ended = deaths.get(process, FOREVER) if process is not None else min(later, default=FOREVER)
            call.ended = max(ended, call.ended) if call.ended < FOREVER else ended
        self.lost = []


class Caller:
    """One connection that asks one thing after the other and writes down what came of it."""

    def __init__(self, stage, person, fields, name):
        self.stage, self.person, self.name, self.number = stage, person, name, 0
        self.chance = random.Random(f"{stage.seed}-{name}")
        self.line = Line(stage.way, fields, timeout=PATIENCE)

    def run(self):
        while not self.stage.over.is_set():
            self.perform(*self.next())
            time.sleep(self.chance.uniform(0, PAUSE_MOST))
        self.line.close()

    def perform(self, call, method, path, body=None):
        """Sends until there is an answer, under one key, or gives up."""
        self.number += 1
        is_act = call.kind not in ("read", "list")
        key = f"{self.name}-{self.number}" if is_act or self.chance.random() < 0.7 else None
        call.begun = time.monotonic()
        lost = []
        for _ in range(1 + RETRIES_MAX):
            self.stage.up.wait()
            begun = time.monotonic()
            try:
                answer = self.line.call(method, path, body, key)
            except Cut:
                answer = None
            if answer is not None and answer.status not in (500, 503):
                break
            lost.append((self.line.process, time.monotonic()))
            if key is None or self.chance.random() < 0.2 or self.stage.over.is_set():
                break
        else:
            answer = None
        if answer is None or answer.status in (500, 503):
            return self.write_unknown(call, lost)
        call.end(time.monotonic(), "ok" if answer.status < 300 else "refused")
        if call.outcome == "refused":
            self.write_refused(call, answer, lost, begun)
        else:
            self.take(call, answer)
        if call.kind == "read" and lost:
            self.write_unknown(Call("read", call.begun, purpose=call.purpose, kinds=call.kinds, repeat=call,
                                    departments=call.departments, partial=call.partial), lost)
        self.person.calls.append(call)
        return call

    def write_unknown(self, call, lost):
        """The call may come to its effect by any of its sendings, in the lifetimes of their servers."""
        self.person.calls.append(call)
        self.person.lost.append((call, *lost[-1]))
        return call

    def write_refused(self, call, answer, lost, begun):
        """A refused change is decided anew for each sending, and those before may still have their effect. A refused
        read is an act, and its answer is kept."""
        call.reason = answer.json["reason"]
        if lost and call.kind != "read":
            earlier = Call(call.kind, call.begun, grant=call.grant, purpose=call.purpose, kinds=call.kinds,
                           departments=call.departments, uses=call.uses)
            self.write_unknown(earlier, lost)
            call.begun = begun


class Hand(Caller):
    """A device of the person."""

    def next(self):
        rel = f"/v1/me/relationships/{self.person.customer.relationship}"
        live = list(self.person.live.items())
        choice = self.chance.choices(("give", "narrow", "stop", "pause", "resume", "list", "end"),
                                     (30, 15, 25, 6, 16, 8, self.stage.end_chance))[0]
        if choice == "give" and len(live) < LIVE_MAX and self.person.given < GIVEN_MAX:
            return self.give()
        if choice == "narrow" and live:
            return self.narrow(*self.chance.choice(live))
        if choice in ("stop", "give") and live:
            grant, _ = self.chance.choice(live)
            self.person.live.pop(grant, None)
            return Call("stop", 0, grant=grant), "POST", f"/v1/me/grants/{grant}/withdraw"
        if choice == "pause":
            return Call("pause", 0), "PATCH", rel, {"state": "paused"}
        if choice == "resume":
            return Call("resume", 0), "PATCH", rel, {"state": "active"}
        if choice == "end":
            return Call("end", 0), "POST", rel + "/end"
        return Call("list", 0), "GET", "/v1/me/grants?limit=200"

    def give(self):
        self.person.given += 1
        house = self.stage.house
        kinds, purpose = self.chance.randrange(1, ALL_KINDS + 1), self.chance.randrange(PURPOSES)
        departments, uses = self.chance.randrange(1, 1 << DEPARTMENTS), self.chance.choice(USES)
        return Call("give", 0, kinds=kinds, purpose=purpose, departments=departments, uses=uses), "POST", \
            "/v1/me/grants", {
                "relationship": self.person.customer.relationship, "purpose": house.purposes[purpose],
                "attributes": terms(kinds), "departments": house.departments_of(departments),
                "uses": uses_in_words(uses)}

    def narrow(self, grant, now):
        """Mostly to less; sometimes to what is not less."""
        kinds = self.chance.randrange(1, ALL_KINDS + 1) & (now.kinds if self.chance.random() < 0.9 else ALL_KINDS)
        call, body = Call("narrow", 0, grant=grant), {}
        if self.chance.random() < 0.6:
            call.kinds = kinds or 1
            body["attributes"] = terms(call.kinds)
        if self.chance.random() < 0.3:
            call.departments = self.chance.randrange(1, 1 << DEPARTMENTS)
            body["departments"] = self.stage.house.departments_of(call.departments)
        if self.chance.random() < 0.3 or not body:
            call.uses = self.chance.randrange(1, 6)
            body["uses"] = uses_in_words(call.uses)
        return call, "PATCH", f"/v1/me/grants/{grant}", body

    def take(self, call, answer):
        told = answer.json
        if call.kind == "give":
            call.grant = told["id"]
            self.person.live[call.grant] = call.terms
        elif call.kind == "narrow" and call.grant in self.person.live and call.kinds:
            self.person.live[call.grant] = self.person.live[call.grant]._replace(kinds=call.kinds)
        elif call.kind == "list":
            call.grants = {item["id"]: self.stage.house.terms_of(item) for item in told["items"]
                           if item["state"] == "active"}


class Eye(Caller):
    """A system of one of the departments."""

    def __init__(self, stage, person, name, department):
        super().__init__(stage, person, stage.house.systems[department], name)
        self.department = department

    def next(self):
        kinds = self.chance.randrange(1, ALL_KINDS + 1)
        return self.read(self.chance.randrange(PURPOSES), kinds, self.chance.random() < 0.7)

    def read(self, purpose, kinds, partial):
        return Call("read", 0, purpose=purpose, kinds=kinds, departments=1 << self.department, partial=partial), \
            "POST", "/v1/org/disclosures", {
                "relationship": self.person.customer.relationship, "purpose": self.stage.house.purposes[purpose],
                "attributes": terms(kinds), "partial": partial}

    def take(self, call, answer):
        told = answer.json
        call.given = bits(told["attributes"])
        call.grants = dict.fromkeys([told["grant"]] + told.get("grants", []))


class Stage:
    """Some people, their hands and the eyes on them, over one way to the node."""

    def __init__(self, node, house, way, seed, number, end_chance=END_CHANCE):
        self.node, self.house, self.way, self.seed, self.end_chance = node, house, way, f"{seed}-{number}", end_chance
        self.over, self.up, self.deaths = threading.Event(), threading.Event(), {}
        self.up.set()
        self.people = [Person(house) for _ in range(PEOPLE)]
        self.callers = []
        for i, person in enumerate(self.people):
            self.callers += [Hand(self, person, person.customer.fields, f"Hand-{number}-{i}-{j}") for j in range(HANDS)]
            self.callers += [Eye(self, person, f"Eye-{number}-{i}-{j}", j % DEPARTMENTS) for j in range(EYES)]
        self.failures, self.unsearched = [], 0

    def run_caller(self, caller):
        try:
            caller.run()
        except BaseException as failure:  # told on the main thread
            self.failures.append(failure)
            self.over.set()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run_caller, args=(caller,)) for caller in self.callers]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.up.set()
        for thread in self.threads:
            thread.join()
        for failure in self.failures:
            raise failure

    def look_once_more(self):
        """What was left undecided shows when all is quiet."""
        for person in self.people:
            person.settle(self.deaths)
            own = [caller for caller in self.callers if caller.person is person]
            hand, eyes = own[0], own[HANDS:HANDS + DEPARTMENTS]
            rel = f"/v1/me/relationships/{person.customer.relationship}"
            listing = (hand, (Call("list", 0), "GET", "/v1/me/grants?limit=200"))
            looks = [(eye, eye.read(purpose, ALL_KINDS, True)) for eye in eyes for purpose in range(PURPOSES)]
            for caller, request in [
                    listing, *looks, (hand, (Call("resume", 0), "PATCH", rel, {"state": "active"})), *looks, listing,
                    (hand, (Call("end", 0), "POST", rel + "/end")), *looks, listing]:
                caller.line.timeout = 30
                asked, *rest = request
                assert caller.perform(copy.copy(asked), *rest).outcome != "unknown", request
            for caller in own:
                caller.line.close()

    def judge(self):
        """Sentences about what cannot be; none is good."""
        troubles = []
        for i, person in enumerate(self.people):
            for read in reads_behind_stops(person.calls):
                troubles.append(f"person {i}: behind a stop {read}")
            for read in reads_beyond_uses(person.calls):
                troubles.append(f"person {i}: one too many {read}")
            try:
                found = check(person.calls)
            except TooWide:
                self.unsearched += 1
                continue
            if found is not None:
                troubles.append(f"person {i}: " + tell(found, person.calls))
        return troubles


def tell(found, calls):
    call, states, pending = found
    before = sorted((other for other in calls if other is not call and other.begun < call.ended),
                    key=lambda other: other.begun)
    return "\n    ".join([f"no sequence explains {call}", "before it, the state was one of:"] +
                         [f"{relation} {sorted((str(name), tuple(each)) for name, each in live)}"
                          for relation, live in states] +
                         ["under way were:"] + list(map(str, pending)) +
                         ["the last calls that had begun:"] + list(map(str, before[-25:])))


# ---- the nemesis

def kill(node, stage):
    process = node.process
    stage.up.clear()
    node.kill()
    stage.deaths[process] = time.monotonic()
    node.start()
    stage.up.set()


def freeze(node, seconds):
    node.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)


def strike(node, stage, chance):
    what = chance.choices(("kill", "freeze", "freeze and kill"), (5, 2, 1))[0]
    if what != "kill":
        freeze(node, chance.uniform(0.5, 1.5) * PATIENCE)
    if what == "freeze":
        node.process.send_signal(signal.SIGCONT)
    else:
        kill(node, stage)


# ---- runs

# What the plain rules say of which lie, besides the model.
PLAINLY = {lie: {"behind a stop"} for lie in ("stop", "narrow", "pause", "end", "cache", "department")} | {
    "uses": {"one too many"}}


def count(counts, stage):
    for person in stage.people:
        for call in person.calls:
            counts[call.outcome] += 1
            counts["permitted reads"] += call.kind == "read" and call.outcome == "ok"
            counts["refused reads"] += call.kind == "read" and call.outcome == "refused"
            counts["used up"] += call.reason == "grant.used_up"
            counts["ends"] += call.kind == "end" and call.outcome == "ok"


def under_attack(node, house, seed):
    """Troubles, and how often what happened."""
    chance, counts = random.Random(seed), collections.Counter()
    for number in range(-(-CYCLES // CYCLES_OF_ONE_LIFE)):
        with Stage(node, house, node, seed, number) as stage:
            for _ in range(min(CYCLES_OF_ONE_LIFE, CYCLES - number * CYCLES_OF_ONE_LIFE)):
                time.sleep(chance.uniform(0.1, 0.5) * SLOW)
                strike(node, stage, chance)
            time.sleep(0.1)
        stage.look_once_more()
        count(counts, stage)
        troubles = stage.judge()
        counts["unsearched"] += stage.unsearched
        if troubles:
            return troubles, counts
    return [], counts


def through_a_proxy(node, house, seed, lie, seconds):
    with LyingProxy(node, lie) as proxy:
        with Stage(node, house, proxy, seed, lie, END_CHANCE if lie != "end" else 10) as stage:
            time.sleep(seconds)
    for person in stage.people:
        person.settle({})
    return stage.judge()


def controls(node, house, seed):
    """Each lie is found out by the judges that can see it, within some short runs."""
    for lie in LyingProxy.LIES:
        missed = {"no sequence explains"} | PLAINLY.get(lie, set())
        for turn in range(CONTROL_TRIES):
            for trouble in through_a_proxy(node, house, f"{seed}-{turn}", lie, 0.3 * SLOW):
                missed = {words for words in missed if words not in trouble}
            if not missed:
                break
        assert not missed, f"the lie {lie} was believed: nobody said {missed}"
        print(f"control: a proxy that lies, {lie}: red")
    troubles = through_a_proxy(node, house, seed, None, 0.3 * SLOW)
    assert not troubles, f"where nobody lied: {troubles[0]}"


def main():
    seed = seed_of_run()
    with RoughNode() as node:
        house = House(node)
        controls(node, house, seed)
        troubles, counts = under_attack(node, house, seed)
        for trouble in troubles[:5]:
            print(trouble, file=sys.stderr)
        print(f"found: {CYCLES} cycles, {dict(counts)}")
        assert not node.complaints(), node.complaints()
    if not troubles:
        assert min(counts[word] for word in ("permitted reads", "refused reads", "unknown")) > CYCLES / 2, \
            "too little happened to say anything"
        assert counts["unsearched"] <= CYCLES / 20, "too many histories were too wide to be searched"
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
