# SPDX-License-Identifier: Apache-2.0
"""Goal: a server that is told to stop while changes wait for the writer leaves none of them in the dark: each is
answered as done and is there after the next start, or is refused with a word to try again, and has not happened.
Method: somebody else holds what the writer needs, gives and stops pile up behind it, and SIGTERM comes; then it is let
go, and once more held until everybody is answered. In the end each refused request is sent again under its key.
Positive controls: the judge sees a change that was answered and is not there, one that was refused and is, one that
nobody answered, and a refusal without Retry-After."""
import os
import signal
import sqlite3
import subprocess
import sys
import time

import steps
from database_server import program
from stress import Cut, RoughNode, Shop, wait_until

SLOW = float(os.environ.get("SLOW", 1))
CUSTOMERS, EACH = 4, 6
DRAIN_SECONDS = 10 * SLOW  # LIMIT_DRAIN_MS
LET_GO_SECONDS = 0.5
DAY = 86400


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class Hold:
    """Nobody writes meanwhile; whoever reads is not disturbed."""

    def __init__(self, node):
        self.node, self.holder = node, None

    def take(self):
        if self.node.database is None:
            self.holder = sqlite3.connect(os.path.join(self.node.data, "store", "people.db"), 20 * SLOW,
                                          isolation_level=None)
            self.holder.execute("BEGIN IMMEDIATE")
            return
        self.holder = subprocess.Popen([program("psql"), "-qAtX", "-h", os.environ["DATABASE_SERVER"], "-U", "tester",
                                        self.node.database], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdin.write("BEGIN; LOCK TABLE symbolon.batch_mark IN EXCLUSIVE MODE;\nSELECT 'held';\n")
        self.holder.stdin.flush()
        assert self.holder.stdout.readline() == "held\n"

    def let_go(self):
        holder, self.holder = self.holder, None
        if holder is None:
            return
        if self.node.database is None:
            holder.execute("ROLLBACK")
            holder.close()
        else:
            holder.communicate("ROLLBACK;\n", timeout=20 * SLOW)


class Act:
    """A request under its key, and what became of it."""

    def __init__(self, customer, key, path, body, grant=None):
        self.line, self.customer, self.key = customer.line(timeout=30 * SLOW), customer, key
        self.path, self.body, self.grant, self.answer = path, body, grant, None

    def send(self):
        self.line.send("POST", self.path, self.body, self.key)

    def hear(self):
        try:
            self.answer = self.line.receive()
        except Cut:
            self.answer = None

    def happened(self):
        """What the grants say: of a stop, that its grant is withdrawn; of a gift, that one with its end is there."""
        return any(grant["state"] == "withdrawn" if grant["id"] == self.grant else
                   self.grant is None and grant["until"] == self.body["until"]
                   for grant in self.customer.line().items("/v1/me/grants"))


def judge(acts):
    """What is wrong."""
    wrong = []
    for act in acts:
        if act.answer is None:
            wrong.append(f"{act.key} got no answer")
        elif act.answer.status in (200, 201) and not act.happened():
            wrong.append(f"{act.key} was answered and is not there")
        elif act.answer.status == 503 and act.happened():
            wrong.append(f"{act.key} was refused and is there")
        elif act.answer.status == 503 and act.answer.field("Retry-After") is None:
            wrong.append(f"{act.key} is not told to try again")
        elif act.answer.status not in (200, 201, 503):
            wrong.append(f"{act.key}: {act.answer.status} {act.answer.body[:200]}")
    return wrong


class Scene:
    def __init__(self, node):
        self.node, self.shop, self.turn = node, Shop(node, "Blue Shop", 1), 0
        self.customers = [self.shop.customer() for _ in range(CUSTOMERS)]

    def acts(self):
        """Half of them gives, half of them stops."""
        made, self.turn = [], self.turn + 1
        for number, customer in enumerate(self.customers * EACH):
            key, until = f"act-{self.turn}-{number}", moment(time.time() + 20 * DAY + 60 * self.turn + number)
            body = {"relationship": customer.relationship, "purpose": self.shop.purposes[0], "attributes": ["pd:Name"],
                    "until": until}
            if number % 2 == 0:
                made.append(Act(customer, key, "/v1/me/grants", body))
                continue
            grant = customer.give(customer.line(), self.shop.purposes[0])
            made.append(Act(customer, key, f"/v1/me/grants/{grant}/withdraw", {}, grant))
        return made

    def waiting(self):
        """Replies that wait for their commit."""
        told = self.node.nobody.get("/metrics").expect(200).body.decode()
        return int(told.split("\nsymbolon_replies_sealed ")[1].split("\n")[0])

    def stop_while_they_wait(self, acts, hold):
        """All of them are with the writer, or in its line, when the signal comes."""
        hold.take()
        for act in acts:
            act.send()
        assert wait_until(lambda: self.waiting() >= len(acts), 4) is not None, self.waiting()
        self.process, self.node.process = self.node.process, None
        self.process.send_signal(signal.SIGTERM)
        self.began = time.monotonic()

    def start_again(self):
        status = self.process.wait(DRAIN_SECONDS + 5)
        took = time.monotonic() - self.began
        self.process.stdout.close()
        assert status == 0, f"ended with {status}: {self.node.read_log()[-2000:]}"
        self.node.start()
        return took


def what_waits_is_done_when_it_can_be(scene):
    hold, acts = Hold(scene.node), scene.acts()
    try:
        scene.stop_while_they_wait(acts, hold)
        time.sleep(LET_GO_SECONDS)
    finally:
        hold.let_go()
    for act in acts:
        act.hear()
    took = scene.start_again()
    assert judge(acts) == [], judge(acts)
    refused = [act.key for act in acts if act.answer.status == 503]
    assert not refused, refused
    print(f"found: {len(acts)} changes waited at SIGTERM and were done, ended after {took:.1f} s")


def what_cannot_be_done_is_refused_and_has_not_happened(scene):
    hold, acts = Hold(scene.node), scene.acts()
    try:
        scene.stop_while_they_wait(acts, hold)
        for act in acts:
            act.hear()
        answered = time.monotonic() - scene.began
    finally:
        hold.let_go()
    took = scene.start_again()
    assert judge(acts) == [], judge(acts)
    reasons = {act.answer.json["reason"] for act in acts}
    assert not [act.key for act in acts if act.answer.status != 503], "it was done while nobody could"
    print(f"found: {len(acts)} changes were refused after {answered:.1f} s, ended after {took:.1f} s: {reasons}")
    for act in acts:  # as they were told to
        act.send()
        act.hear()
        act.answer.expect(200, 201)
        assert act.happened(), act.key
    scene.acts_done = acts


def a_wrong_end_is_seen(scene):
    there, gone = scene.acts_done[0], scene.acts_done[2]

    class Told:
        def __init__(self, status, again):
            self.status, self.again, self.body = status, again, b""

        def field(self, _):
            return self.again
    for act, answer in ((there, Told(503, "1")), (there, None), (gone, Told(201, None)), (gone, Told(503, None))):
        if act is gone:
            act.body = dict(act.body, until="2999-01-01T00:00:00.000Z")
        act.answer = answer
        assert len(judge([act])) == 1, answer
    print("control: an answer without effect, an effect without one, no answer, no word about trying again: red")


STEPS = [what_waits_is_done_when_it_can_be, what_cannot_be_done_is_refused_and_has_not_happened, a_wrong_end_is_seen]


def main():
    with RoughNode() as node:
        steps.run(STEPS, Scene(node))
        node.expect_sound()


if __name__ == "__main__":
    sys.exit(main())
