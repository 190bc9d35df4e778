# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever overlaps and whatever dies, what clients were told can be told as one sequence, person by person: a
grant that was given is there, a narrowing is seen by all that come after it, a read behind an acknowledged stop is
refused, and a call that nobody heard the end of happened once or never. Method: for several people at a time, two hands
give, narrow, stop, pause, resume, end and list, and two systems read, all at once, while the server is killed, frozen,
and frozen and killed. Each call is written down with the moments of its sending and its answer; one whose answer was
lost is sent again under its key, or given up. Then two judges look: tests/support/linearizable.py with the model of
tests/support/grant_model.py, and the plain rule there. SEED= and CYCLES= of the environment. Positive controls: proxies
that lie in one way each (tests/support/lying_proxy.py) must be found out, one that does not lie must not."""
import collections
import os
import random
import signal
import sys
import threading
import time

from grant_model import FOREVER, Call, check, reads_behind_stops
from lying_proxy import LyingProxy
from stress import Cut, Line, RoughNode, Shop, seed_of_run

SLOW = float(os.environ.get("SLOW", 1))  # builds that watch themselves take longer
CYCLES = int(os.environ.get("CYCLES", 20))
PEOPLE, HANDS, EYES = 3, 2, 2
CYCLES_OF_ONE_LIFE = 5  # then other people come: a history stays short enough to be searched
LIVE_MAX, GIVEN_MAX = 3, 190  # of one person; all that was given fits on one page of the list
PATIENCE = 0.4 * SLOW  # a call to a frozen server is given up after so many seconds
RETRIES_MAX = 5
PAUSE_MOST = 0.01  # between two calls of one caller
CONTROL_TRIES = 12
KINDS = ("pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber")
ALL_KINDS = (1 << len(KINDS)) - 1
VALUES = {"pd:PhysicalAddress": {"street_address": "Lindenweg 4", "locality": "Bern", "country": "CH"},
          "pd:TelephoneNumber": "+41315550101"}


def terms(kinds):
    return [term for i, term in enumerate(KINDS) if kinds & 1 << i]


def bits(words):
    return sum(1 << KINDS.index(word) for word in words)


class Person:
    """One customer and everything that was asked about her."""

    def __init__(self, shop):
        self.customer = shop.customer()
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
        key = f"{self.name}-{self.number}" if call.changes or self.chance.random() < 0.5 else None
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
            earlier = Call(call.kind, call.begun, grant=call.grant, kinds=call.kinds)
            self.write_unknown(earlier, lost)
            call.begun = begun


class Hand(Caller):
    """A device of the person."""

    def next(self):
        rel = f"/v1/me/relationships/{self.person.customer.relationship}"
        live = list(self.person.live.items())
        choice = self.chance.choices(("give", "narrow", "stop", "pause", "resume", "list", "end"),
                                     (30, 15, 25, 6, 16, 8, 0.1))[0]
        if choice == "give" and len(live) < LIVE_MAX and self.person.given < GIVEN_MAX:
            return self.give()
        if choice in ("narrow", "stop", "give") and live:
            grant, kinds = self.chance.choice(live)
            path = f"/v1/me/grants/{grant}"
            if choice == "narrow":
                kinds = self.chance.randrange(1, ALL_KINDS + 1) & (kinds if self.chance.random() < 0.9 else ALL_KINDS)
                return Call("narrow", 0, grant=grant, kinds=kinds or 1), "PATCH", path, {
                    "attributes": terms(kinds or 1)}
            self.person.live.pop(grant, None)
            return Call("stop", 0, grant=grant), "POST", path + "/withdraw"
        if choice == "pause":
            return Call("pause", 0), "PATCH", rel, {"state": "paused"}
        if choice == "resume":
            return Call("resume", 0), "PATCH", rel, {"state": "active"}
        if choice == "end":
            return Call("end", 0), "POST", rel + "/end"
        return Call("list", 0), "GET", "/v1/me/grants?limit=200"

    def give(self):
        self.person.given += 1
        kinds = self.chance.randrange(1, ALL_KINDS + 1)
        return Call("give", 0, kinds=kinds), "POST", "/v1/me/grants", {
            "relationship": self.person.customer.relationship, "purpose": self.stage.shop.purposes[0],
            "attributes": terms(kinds)}

    def take(self, call, answer):
        told = answer.json
        if call.kind == "give":
            call.grant = told["id"]
            self.person.live[call.grant] = call.kinds
        elif call.kind == "narrow":
            self.person.live[call.grant] = call.kinds
        elif call.kind == "list":
            call.grants = {item["id"]: bits(item["attributes"]) for item in told["items"] if item["state"] == "active"}


class Eye(Caller):
    """A system of the organisation."""

    def next(self):
        kinds = self.chance.randrange(1, ALL_KINDS + 1)
        return self.read(kinds, self.chance.random() < 0.5)

    def read(self, kinds, partial):
        return Call("read", 0, kinds=kinds, partial=partial), "POST", "/v1/org/disclosures", {
            "relationship": self.person.customer.relationship, "purpose": self.stage.shop.purposes[0],
            "attributes": terms(kinds), "partial": partial}

    def take(self, call, answer):
        told = answer.json
        call.given = bits(told["attributes"])
        call.grants = dict.fromkeys([told["grant"]] + told.get("grants", []))


class Stage:
    """Some people, their hands and the eyes on them, over one way to the node."""

    def __init__(self, node, shop, way, seed, number):
        self.node, self.shop, self.way, self.seed = node, shop, way, f"{seed}-{number}"
        self.over, self.up, self.deaths = threading.Event(), threading.Event(), {}
        self.up.set()
        self.people = [Person(shop) for _ in range(PEOPLE)]
        self.callers = [kind(self, person, kind is Hand and person.customer.fields or shop.fields,
                             f"{kind.__name__}-{number}-{i}-{j}")
                        for i, person in enumerate(self.people)
                        for kind, count in ((Hand, HANDS), (Eye, EYES)) for j in range(count)]
        self.failures = []

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
            hand, eye = (next(caller for caller in self.callers if caller.person is person and type(caller) is kind)
                         for kind in (Hand, Eye))
            hand.line.timeout = eye.line.timeout = 30
            rel = f"/v1/me/relationships/{person.customer.relationship}"
            for caller, request in ((hand, (Call("list", 0), "GET", "/v1/me/grants?limit=200")),
                                    (eye, eye.read(ALL_KINDS, True)),
                                    (hand, (Call("resume", 0), "PATCH", rel, {"state": "active"})),
                                    (eye, eye.read(ALL_KINDS, True)),
                                    (hand, (Call("end", 0), "POST", rel + "/end")),
                                    (eye, eye.read(ALL_KINDS, True)),
                                    (hand, (Call("list", 0), "GET", "/v1/me/grants?limit=200"))):
                assert caller.perform(*request).outcome != "unknown", request
            hand.line.close()
            eye.line.close()

    def judge(self):
        """Sentences about what cannot be; none is good."""
        troubles = []
        for i, person in enumerate(self.people):
            for read in reads_behind_stops(person.calls):
                troubles.append(f"person {i}: behind a stop {read}")
            found = check(person.calls)
            if found is not None:
                troubles.append(f"person {i}: " + tell(found, person.calls))
        return troubles


def tell(found, calls):
    call, states, pending = found
    before = sorted((other for other in calls if other is not call and other.begun < call.ended),
                    key=lambda other: other.begun)
    return "\n    ".join([f"no sequence explains {call}", "before it, the state was one of:"] +
                         [f"{relation} {sorted((str(name), kinds) for name, kinds in live)}"
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

def count(counts, stage):
    for person in stage.people:
        for call in person.calls:
            counts[call.outcome] += 1
            counts["permitted reads"] += call.kind == "read" and call.outcome == "ok"
            counts["refused reads"] += call.kind == "read" and call.outcome == "refused"


def under_attack(node, shop, seed):
    """Troubles, and how often what happened."""
    chance, counts = random.Random(seed), collections.Counter()
    for number in range(-(-CYCLES // CYCLES_OF_ONE_LIFE)):
        with Stage(node, shop, node, seed, number) as stage:
            for _ in range(min(CYCLES_OF_ONE_LIFE, CYCLES - number * CYCLES_OF_ONE_LIFE)):
                time.sleep(chance.uniform(0.1, 0.5) * SLOW)
                strike(node, stage, chance)
            time.sleep(0.1)
        stage.look_once_more()
        count(counts, stage)
        troubles = stage.judge()
        if troubles:
            return troubles, counts
    return [], counts


def through_a_proxy(node, shop, seed, lie, seconds):
    with LyingProxy(node, lie) as proxy:
        with Stage(node, shop, proxy, seed, lie) as stage:
            time.sleep(seconds)
    for person in stage.people:
        person.settle({})
    return stage.judge()


def controls(node, shop, seed):
    """Each lie is found out by the judges that can see it, within some short runs."""
    for lie in LyingProxy.LIES:
        missed = {"no sequence explains"} | ({"behind a stop"} if lie in ("stop", "narrow", "cache") else set())
        for turn in range(CONTROL_TRIES):
            for trouble in through_a_proxy(node, shop, f"{seed}-{turn}", lie, 0.3 * SLOW):
                missed = {words for words in missed if words not in trouble}
            if not missed:
                break
        assert not missed, f"the lie {lie} was believed: nobody said {missed}"
        print(f"control: a proxy that lies, {lie}: red")
    troubles = through_a_proxy(node, shop, seed, None, 0.3 * SLOW)
    assert not troubles, f"where nobody lied: {troubles[0]}"


def main():
    seed = seed_of_run()
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        controls(node, shop, seed)
        troubles, counts = under_attack(node, shop, seed)
        for trouble in troubles[:5]:
            print(trouble, file=sys.stderr)
        print(f"found: {CYCLES} cycles, {dict(counts)}")
        assert not node.complaints(), node.complaints()
    if not troubles:
        assert min(counts[word] for word in ("permitted reads", "refused reads", "unknown")) > CYCLES / 2, \
            "too little happened to say anything"
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
