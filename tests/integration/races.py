# SPDX-License-Identifier: Apache-2.0
"""Goal: what may happen once happens once, however many ask at one moment, and nothing is read behind a stop. Method:
each one-time thing is asked for 64 times in parallel, over connections that are open already; then readers on many
connections read without pause while customers stop and give again, and every permitted read is held against the
moments in which the stop was acknowledged. SEED= and ROUNDS= of the environment. Positive control: the same judge sees
a read that is dated behind its stop, and an act that is meant to succeed each time succeeds 64 times."""
import collections
import os
import random
import sys
import time

from stress import Beside, Busy, Line, RoughNode, Shop, seed_of_run, together

TWINS = 64
GRANTS_OF_TWO = 50  # of each: LIMIT_GRANTS_OF_PURPOSE is 100
SPANS_MAX = 400     # of each customer: two changes and more, and LIMIT_CHANGES_A_DAY is 1,000
READERS, CUSTOMERS = 8, 4
SLOW = float(os.environ.get("SLOW", 1))
ROUNDS = int(os.environ.get("ROUNDS", 3))


def lines(count, node, fields=None):
    """Connections that are open and known to both sides, so that requests arrive together. Each comes from an address
    of its own, since strangers are counted by address."""
    made = [Line(node, fields, address=f"127.0.1.{1 + i}") for i in range(count)]
    for line in made:
        line.get("/healthz").expect(200)
    return made


def storm(made, send):
    """Every line sends at one moment; answers by status."""
    answers = together(len(made), lambda i: send(made[i], i))
    for line in made:
        line.close()
    return collections.Counter(answer.status for answer in answers), answers


def winner(answers, status):
    return [answer for answer in answers if answer.status == status]


# ---- once

def sign_in_link(node, shop):
    link = node.run("person", "create", "--name", "Ada")["link"].removeprefix(node.url)
    seen, answers = storm(lines(TWINS, node), lambda line, i: line.get(link))
    assert seen == {303: 1, 401: TWINS - 1}, seen
    cookie = winner(answers, 303)[0].field("Set-Cookie").split(";")[0]
    node.line({"Cookie": cookie}).get("/v1/me").expect(200)


def claim_code(node, shop):
    code = shop.claim_code()
    before = node.run("audit")
    seen, _ = storm(lines(TWINS, node), lambda line, i: line.call("POST", "/v1/claims", {"invitation": code}))
    assert seen == {201: 1, 404: TWINS - 1}, seen
    after = node.run("audit")
    assert after["relationships"] == before["relationships"], "the invited relationship started, no other was made"
    assert after["receipts"] == before["receipts"] + 1 and not after["findings"], (before, after)


def claim_code_of_known_people(node, shop):
    """Two people who are signed in and a stranger: the invitation goes to one of them."""
    people = [node.person(name).fields for name in ("Ben", "Cem")]
    code = shop.claim_code()
    made = lines(TWINS, node, None)
    for i, line in enumerate(made):
        line.fields = [people[0], people[1], {}][i % 3]

    def claim(line, i):
        path = "/v1/claims" if i % 3 == 2 else "/v1/me/relationships"
        return line.call("POST", path, {"invitation": code})
    seen, _ = storm(made, claim)
    assert seen[201] == 1 and set(seen) <= {201, 404, 409}, seen


def once_grant(node, shop):
    customer = shop.customer()
    grant = customer.give(customer.line(), shop.purposes[0], uses={"kind": "once"})
    seen, answers = storm(lines(TWINS, node, shop.fields),
                          lambda line, i: customer.read(line, shop.purposes[0], note=str(i)))
    assert seen == {200: 1, 403: TWINS - 1}, seen
    assert {answer.json["reason"] for answer in answers if answer.status == 403} == {"grant.used_up"}
    assert customer.line().get(f"/v1/me/grants/{grant}").json["used"] == 1
    outcomes = collections.Counter(item["outcome"] for item in customer.line().items("/v1/me/disclosures"))
    assert outcomes == {"given": 1, "refused": TWINS - 1}, outcomes


def counted_grant(node, shop):
    customer = shop.customer()
    customer.give(customer.line(), shop.purposes[0], uses={"kind": "times", "times": 10})
    seen, _ = storm(lines(TWINS, node, shop.fields), lambda line, i: customer.read(line, shop.purposes[0]))
    assert seen == {200: 10, 403: TWINS - 10}, seen


def counted_grant_before_another(node, shop):
    """When it is used up, an older one takes its place that is as good: each answer names the one that its entry
    names, and the counted one no more often than it counts."""
    customer = shop.customer()
    older = customer.give(customer.line(), shop.purposes[0])
    end = customer.line().get(f"/v1/me/grants/{older}").json["until"]
    counted = customer.give(customer.line(), shop.purposes[0], until=end, uses={"kind": "times", "times": 10})
    seen, answers = storm(lines(TWINS, node, shop.fields), lambda line, i: customer.read(line, shop.purposes[0]))
    assert seen == {200: TWINS}, seen
    told = {answer.json["id"]: answer.json["grant"] for answer in answers}
    entries = {item["id"]: item["grant"] for item in customer.line().items("/v1/me/disclosures")}
    assert told == entries, [(told[i], entries[i]) for i in told if told[i] != entries[i]]
    assert collections.Counter(told.values()) == {counted: 10, older: TWINS - 10}, told


def idempotency_key(node, shop):
    customer = shop.customer()
    body = {"relationship": customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"]}
    seen, answers = storm(lines(TWINS, node, customer.fields),
                          lambda line, i: line.call("POST", "/v1/me/grants", body, "one"))
    assert seen == {201: TWINS} and len({answer.body for answer in answers}) == 1, seen
    assert len(customer.line().items("/v1/me/grants")) == 1
    key = "two-" + customer.relationship
    seen, answers = storm(lines(TWINS, node, shop.fields),
                          lambda line, i: customer.read(line, shop.purposes[0], key=key, note="two"))
    assert seen == {200: TWINS} and len({answer.body for answer in answers}) == 1, seen
    assert len(customer.line().items("/v1/me/disclosures")) == 1
    bodies = body, dict(body, until=None)
    seen, _ = storm(lines(TWINS, node, customer.fields),
                    lambda line, i: line.call("POST", "/v1/me/grants", bodies[i % 2], "three"))
    assert set(seen) == {201, 422}, seen
    assert len(customer.line().items("/v1/me/grants")) == 2


def request_answer(node, shop):
    customer = shop.customer()
    ask = {"relationship": customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"],
           "duration": "P30D"}
    request = shop.line().call("POST", "/v1/org/requests", ask).expect(201).json["id"]
    words = ["accept", "refuse", "accept", "counter"]

    def answer(line, i):
        body = {"answer": words[i % 4]}
        if body["answer"] == "counter":
            body |= {"attributes": ["pd:Name"], "duration": "P14D"}
        return line.call("POST", f"/v1/me/requests/{request}/answer", body)
    seen, answers = storm(lines(TWINS, node, customer.fields), answer)
    states = sorted(reply.json["request"]["state"] for reply in winner(answers, 200))
    assert states in (["accepted"], ["refused"], ["countered"], ["countered", "refused"]), states
    assert seen == {200: len(states), 409: TWINS - len(states)}, seen
    accepted = states == ["accepted"]
    assert len(customer.line().items("/v1/me/grants")) == accepted


def withdrawal(node, shop):
    customer = shop.customer()
    grant = customer.give(customer.line(), shop.purposes[0])
    seen, _ = storm(lines(TWINS, node, customer.fields),
                    lambda line, i: line.call("POST", f"/v1/me/grants/{grant}/withdraw"))
    assert seen[200] >= 1 and set(seen) <= {200, 409}, seen
    events = collections.Counter(item["event"] for item in
                                 customer.line().items(f"/v1/me/relationships/{customer.relationship}/receipts"))
    assert events["grant.withdrawn"] == 1, events


def erasure(node, shop):
    """What a person sends while being erased is there before, and goes too, or is refused."""
    customer = shop.customer()

    def send(line, i):
        if i == TWINS // 4:
            return line.call("POST", "/v1/me/erase", {"confirm": "erase me"})
        return line.call("POST", "/v1/me/relationships", {"organisation": shop.organisation, "nature": "looking"})
    seen, answers = storm(lines(TWINS, node, customer.fields), send)
    assert seen[202] == 1 and set(seen) <= {201, 202, 401, 409}, seen
    for answer in winner(answers, 201):
        left = shop.line().get(f"/v1/org/relationships/{answer.json['id']}").json
        assert left.get("state", "ended") == "ended", left


def control_of_the_storm(node, shop):
    """What may happen each time does."""
    customer = shop.customer()
    seen, _ = storm(lines(TWINS, node, customer.fields), lambda line, i: line.call(
        "POST", "/v1/me/grants", {"relationship": customer.relationship, "purpose": shop.purposes[0],
                                  "attributes": ["pd:Name"]}))
    assert seen == {201: TWINS} and len(customer.line().items("/v1/me/grants")) == TWINS, seen
    print(f"control: what may happen each time, {TWINS} at once: red")


# ---- two servers

def two_servers(node, shop):
    """A second server on the same folder gives grants for the same person at the same time."""
    customer, purpose = shop.customer(), shop.purposes[0]
    with Beside(node) as other:
        made = [customer.line(), other.line(customer.fields)]
        given = together(2, lambda i: [customer.give(made[i], purpose) for _ in range(GRANTS_OF_TWO)])
        listed = {grant["id"] for grant in made[1].items("/v1/me/grants")}
        assert listed == set(given[0] + given[1]) and len(listed) == 2 * GRANTS_OF_TWO, len(listed)
        assert not other.complaints(), other.complaints()
    node.expect_sound()


# ---- stops against reads

class Reading(Busy):
    """Readers without pause; each read is remembered with the moments in which it was sent and told."""

    def __init__(self, shop, customers):
        super().__init__(range(READERS))
        self.shop, self.customers, self.took = shop, customers, 0.0
        self.reads = [[] for _ in customers]

    def pause(self, chance):
        """Now and then as long as some reads take here."""
        time.sleep(chance.uniform(0, max(0.01, 3 * self.took)))

    def run(self, i):
        line, turn = self.shop.line(), i
        while not self.over.is_set():
            turn += 1
            customer = turn % len(self.customers)
            sent = time.monotonic()
            answer = self.customers[customer].read(line, self.shop.purposes[0]).expect(200, 403)
            told = time.monotonic()
            self.took += (told - sent - self.took) / 16  # of the latest ones
            self.reads[customer].append((sent, told, answer.status, answer.body))


def toggle(customer, reading, seed, seconds):
    """Gives and stops by the ways there are; the spans in which nothing may be read: (stop told, next beginning
    sent)."""
    shop = reading.shop
    chance, line, spans = random.Random(seed), customer.line(), []
    rel = f"/v1/me/relationships/{customer.relationship}"
    grant = customer.give(line, shop.purposes[0])
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(spans) < SPANS_MAX:
        reading.pause(chance)
        paused = chance.random() < 0.3
        if paused:
            line.call("PATCH", rel, {"state": "paused"}).expect(200)
        else:
            line.call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200)
        told = time.monotonic()
        reading.pause(chance)
        spans.append((told, time.monotonic()))
        if paused:
            line.call("PATCH", rel, {"state": "active"}).expect(200)
        else:
            grant = customer.give(line, shop.purposes[0])
    return spans


def reads_in_spans(reads, spans):
    """Permitted reads that lie wholly in a span in which nothing may be read; how many refused ones do."""
    permitted, refused = [], 0
    for told, until in spans:
        inside = [read for read in reads if told < read[0] and read[1] < until]
        permitted += [read for read in inside if read[2] == 200]
        refused += len(inside)
    return permitted, refused


def stops_against_reads(node, shop, seed):
    customers = [shop.customer() for _ in range(CUSTOMERS)]
    with Reading(shop, customers) as reading:
        spans = together(CUSTOMERS, lambda i: toggle(customers[i], reading, f"{seed}-{i}", 4 * SLOW))
    stops = sum(map(len, spans))
    reads = [read for each in reading.reads for read in each]
    given = sum(read[2] == 200 for read in reads)
    looked_at = 0
    for each, when in zip(reading.reads, spans):
        permitted, seen = reads_in_spans(each, when)
        assert not permitted, f"{len(permitted)} reads behind an acknowledged stop, the first: {permitted[0]}"
        looked_at += seen
    print(f"found: {stops} stops, {len(reads)} reads of which {given} permitted, {looked_at} wholly behind a stop")
    assert stops > 30 and given > 50 and looked_at > 20, "too little happened to say anything"
    inside = next((when for when in spans[0] if when[1] > when[0]))
    middle = (inside[0] + inside[1]) / 2
    assert reads_in_spans([(middle, middle, 200, b"")], spans[0])[0], "the judge does not see a read behind a stop"


def main():
    seed = seed_of_run()
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        for race in (sign_in_link, claim_code, claim_code_of_known_people, once_grant, counted_grant,
                     counted_grant_before_another, idempotency_key, request_answer, withdrawal, erasure,
                     control_of_the_storm):
            for turn in range(ROUNDS):
                race(node, shop)
        two_servers(node, shop)
        stops_against_reads(node, shop, seed)
        node.expect_sound()
        assert not node.complaints(), node.complaints()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
