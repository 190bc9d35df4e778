# SPDX-License-Identifier: Apache-2.0
"""Goal: whichever call on a socket fails, once or from then on, what was asked is done once or not at all, the same
request with the same key has the same answer once the network is back, and nobody else notices. Method: a permission
is given, used, stopped and refused, each step on a connection of its own while the n-th accept, receive or send of the
node fails or moves one octet only; then the step is repeated with its key, and all that was done is counted. SEED=
repeats a run, ROUNDS= takes more of the list, ROUNDS=0 takes all. Positive controls: most failures that are planned
for a first call are seen to strike, and a caller who repeats a lost answer under another key is seen to have given
twice."""
import contextlib
import errno
import os
import random
import sys

from fail_sockets import OCTET, SocketFaults
from stress import Cut, RoughNode, Shop, seed_of_run, wait_until

SLOW = float(os.environ.get("SLOW") or 1)
ROUNDS = int(os.environ.get("ROUNDS") or 40)
IMPATIENT = 0.5 * SLOW  # a caller whom nobody answers
PATIENT = 20 * SLOW
ERRORS = {
    "accept": [errno.EMFILE, errno.ECONNABORTED, errno.ENOMEM, errno.EAGAIN, errno.EINTR],
    "receive": [errno.ECONNRESET, errno.EAGAIN, errno.EINTR, errno.ENOMEM, OCTET],
    "send": [errno.ECONNRESET, errno.EPIPE, errno.EAGAIN, errno.EINTR, errno.ENOBUFS, OCTET],
}
STEPS = ["give", "read", "stop", "refuse"]
CALLS_MAX = 3  # a step has no more of one kind, when each connection brings one request


class Story:
    """One permission from its beginning to its end; the step that fails is repeated."""

    def __init__(self, node, shop, customer):
        self.node, self.shop, self.customer, self.grant, self.number = node, shop, customer, None, 0

    def request(self, step):
        """Who asks, what, and the status of the answer."""
        read = {"relationship": self.customer.relationship, "purpose": self.shop.purposes[0],
                "attributes": ["pd:Name"]}
        if step == "give":
            return self.customer, "/v1/me/grants", read, 201
        if step == "stop":
            return self.customer, f"/v1/me/grants/{self.grant}/withdraw", None, 200
        return self.shop, "/v1/org/disclosures", read, 200 if step == "read" else 403

    def ask(self, step, key, timeout):
        caller, path, body, status = self.request(step)
        line = caller.line(timeout=timeout)
        try:
            answer = line.call("POST", path, body, key).expect(status)
        finally:
            line.close()
        if step == "give":
            self.grant = answer.json["id"]
        return answer

    def counts(self):
        """Permissions, those that live, reads that were given. Refused ones are not counted: a read that was asked for
        before the stop and arrives after it is refused, and that stays on record."""
        line = self.customer.line()
        grants = [item["state"] for item in line.items("/v1/me/grants")]
        reads = [item["outcome"] for item in line.items("/v1/me/disclosures")]
        line.close()
        return len(grants), grants.count("active"), reads.count("given")

    def tell(self, failing, faults, plan):
        """Goes through the story; at `failing` the plan is in force. Gives whether that step had its answer at once,
        and whether anything was refused: a later call may come after the answer."""
        self.number += 1
        at_once, refused = True, 0
        for step in STEPS:
            key = f"story-{os.getpid()}-{self.number}-{step}"
            first = None
            if step == failing:
                faults.plan(*plan)
                try:
                    first = self.ask(step, key, IMPATIENT)
                except Cut:
                    at_once = False
                refused = faults.lift()
            answer = self.ask(step, key, PATIENT)
            assert first is None or first.body == answer.body, (step, plan, first.body, answer.body)
        return at_once, refused > 0


def plans():
    for call, errors in ERRORS.items():
        for error in errors:
            for at in range(1, CALLS_MAX + 1):
                for on in (False, True):
                    yield call, error, at, on


def calls_of(story, faults, step):
    """How many calls of each kind the node makes at a step when none fails."""
    counted = {}
    faults.plan("accept", errno.EMFILE, at=10**9)
    story.ask(step, f"count-{os.getpid()}-{step}", PATIENT)
    for call in ERRORS:
        counted[call] = faults.calls(call)
    faults.lift()
    return counted


def control_another_key_gives_twice(story, faults):
    before = story.counts()
    faults.plan("send", errno.ECONNRESET, 1)
    try:
        story.ask("give", "control-one", PATIENT)
        raise AssertionError("an answer came although it was not sent")
    except Cut:
        pass
    assert faults.lift() > 0
    story.ask("give", "control-two", PATIENT)
    after = story.counts()
    assert after[0] == before[0] + 2, (before, after)
    for grant in story.customer.line().items("/v1/me/grants"):
        if grant["state"] == "active":
            story.customer.line().call("POST", f"/v1/me/grants/{grant['id']}/withdraw").expect(200)
    print("control: a lost answer that is asked for again under another key: red: given twice")


def connections(node):
    """Sockets alone: a thread opens the files of the store when it first needs them."""
    folder, count = f"/proc/{node.process.pid}/fd", 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
    return count


def main():
    seed = seed_of_run()
    with SocketFaults(sys.argv[1]) as faults, RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        story = Story(node, shop, shop.customer())
        control_another_key_gives_twice(story, faults)
        calls = {step: calls_of(story, faults, step) for step in STEPS}
        assert all(count > 0 for counted in calls.values() for count in counted.values()), calls
        runs = [(step, plan) for step in STEPS for plan in plans() if plan[2] <= calls[step][plan[0]]]
        drawn = runs if ROUNDS == 0 else random.Random(seed).sample(runs, min(ROUNDS, len(runs)))
        lost, struck, sure, open_before = 0, [], 0, connections(node)
        grants, active, reads = story.counts()
        for step, plan in drawn:
            at_once, has_struck = story.tell(step, faults, plan)
            lost += not at_once
            struck += [plan] * has_struck
            sure += plan[2] == 1
            now = story.counts()
            assert now == (grants + 1, active, reads + 1), (step, plan, (grants, active, reads), now)
            grants, active, reads = now
        first = sum(plan[2] == 1 for plan in struck)
        assert first * 2 >= sure, f"of {sure} failures that were planned for a first call {first} have struck"
        closed = wait_until(lambda: connections(node) <= open_before + 1, PATIENT)
        assert closed is not None, "connections are left open"
        assert node.complaints() == [], node.complaints()
        node.stop()
        assert node.command("audit").returncode == 0, node.command("audit").stdout
    print(f"found: {len(struck)} failures of the network, {lost} answers lost, nothing done twice")
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
