# SPDX-License-Identifier: Apache-2.0
"""Goal: when the connection to the database goes while a change is being committed, the change happens once or not at
all, and who asked for it is told which, or that it is not known. Method: a proxy between node and database cuts the
connection at the last words of a batch: before the server gets them, after it has worked them off, and in between, also
with the way shut behind it; what happened is read back. Nothing is sent twice by the test, unless it says so. Positive
control: the same cuts when the batch does not write its mark must show a change that happened twice."""
import os
import re
import sys

import steps
from database_proxy import DatabaseProxy, without_mark
from database_server import DatabaseServer
from stress import RoughNode, Shop, together, wait_until

SLOW = float(os.environ.get("SLOW", 1))
WRITERS = 6


class Scene:
    def __init__(self, node, proxy):
        self.node, self.proxy = node, proxy
        self.shop = Shop(node, "Blue Shop", 1)
        self.customer = self.shop.customer()
        self.line = self.customer.line(timeout=60 * SLOW)
        self.given = 0

    def give(self, line=None, key=None):
        return (line or self.line).call("POST", "/v1/me/grants", dict(
            relationship=self.customer.relationship, purpose=self.shop.purposes[0], attributes=["pd:Name"]), key)

    def grants(self):
        return [grant["id"] for grant in self.line.items("/v1/me/grants")]

    def expect_grants(self, more):
        self.given += more
        ids = self.grants()
        assert len(ids) == len(set(ids)) == self.given, f"{len(ids)} grants, not {self.given}"

    def until_it_serves(self):
        took = wait_until(lambda: self.line.get("/v1/me").status == 200 and
                          self.line.call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Eve"}}).status == 200,
                          10 * SLOW)
        assert took is not None, "it does not come back"

    def cut_once(self, plan):
        """Gives while the next batch is cut; the proxy must have done it."""
        cuts = self.proxy.cuts
        self.proxy.plan = plan
        answer = self.give()
        assert self.proxy.cuts == cuts + 1, "nothing was cut"
        return answer


def a_change_that_never_arrived_is_made_on_a_new_connection(scene):
    for _ in range(3):
        answer = scene.cut_once("before").expect(201)
        scene.expect_grants(1)
        assert answer.json["id"] in scene.grants()


def a_change_whose_answer_was_lost_is_not_made_again(scene):
    for _ in range(3):
        answer = scene.cut_once("after").expect(201)
        scene.expect_grants(1)
        assert answer.json["id"] in scene.grants()


def a_change_that_is_still_under_way_is_waited_for(scene):
    for _ in range(5):
        scene.cut_once("between").expect(201)
        scene.expect_grants(1)


def changes_that_share_a_commit_share_its_outcome(scene):
    """Each of several writers is answered by what happened to its own change."""
    lines = [scene.customer.line(timeout=60 * SLOW) for _ in range(WRITERS)]
    for plan in ("before", "after", "between"):
        cuts = scene.proxy.cuts
        scene.proxy.plan = plan
        answers = together(WRITERS, lambda i: scene.give(lines[i]))
        assert scene.proxy.cuts == cuts + 1
        ids = {answer.expect(201).json["id"] for answer in answers}
        assert len(ids) == WRITERS and ids <= set(scene.grants())
        scene.expect_grants(WRITERS)


def somebody_new_comes_once(scene):
    """The keys of people lie elsewhere and are committed first: a batch that runs again meets what it left there."""
    for plan in ("before", "after"):
        code = scene.shop.claim_code()
        scene.proxy.plan = plan
        scene.node.line(timeout=60 * SLOW).call("POST", "/v1/claims", {"invitation": code}).expect(201)
        assert scene.proxy.plan is None, "nothing was cut"


def what_cannot_be_known_is_told_as_such(scene):
    """The way stays shut: was it done? The key tells, once the way is open."""
    for turn in range(20):
        scene.proxy.shut_by_cut, scene.proxy.plan = True, "after"
        answer = scene.give(key=f"unknown-{turn}").expect(503)
        scene.proxy.shut_by_cut = scene.proxy.shut = False
        scene.until_it_serves()
        if answer.json["reason"] == "store.unknown":
            break
        assert answer.json["reason"] == "store.lost", answer.body  # a chore of the node came first, and was cut
    assert answer.json["reason"] == "store.unknown", answer.body
    scene.give(key=f"unknown-{turn}").expect(201)
    scene.expect_grants(1)


def what_never_began_has_not_happened(scene):
    """Whoever asks while the way is shut is told soon, again and again, and life goes on without being asked to."""
    scene.proxy.shut = True
    scene.proxy.cut_all()
    for call in (lambda: scene.give(), lambda: scene.line.get("/v1/me/grants"), lambda: scene.line.get("/v1/me")):
        answer = call().expect(503)
        assert answer.json["reason"] == "store.lost" and answer.field("Retry-After") is not None, answer.body
    scene.node.line().get("/healthz").expect(200)
    scene.proxy.shut = False
    scene.until_it_serves()
    scene.expect_grants(0)


def whoever_reads_first_on_a_dead_connection_hears_nothing_of_it(scene):
    """All connections are cut, the way is open: no reader is refused, however many connections there are."""
    lines = [scene.customer.line(timeout=60 * SLOW) for _ in range(12)]
    for _ in range(3):
        together(len(lines), lambda i: lines[i].get("/v1/me/grants").expect(200))
        scene.proxy.cut_all()
        together(len(lines), lambda i: lines[i].get("/v1/me/grants").expect(200))
    scene.proxy.cut_all()
    scene.give().expect(201)
    scene.expect_grants(1)


def the_way_may_be_slow(scene):
    scene.proxy.delay = (0.02, 0.2)
    scene.give().expect(201)
    scene.cut_once("after").expect(201)
    scene.proxy.delay = None
    scene.expect_grants(2)


def a_batch_without_its_mark_shows(scene):
    for _ in range(20):
        scene.proxy.bend = without_mark
        scene.cut_once("after").expect(201)
        scene.proxy.bend = None
        try:
            scene.expect_grants(1)  # a chore of the node came first, and was cut
        except AssertionError as problem:
            assert str(problem).startswith(f"{scene.given + 1} grants"), problem
            print("control: a batch that does not write its mark: red")
            scene.given += 1
            return
    raise AssertionError("a change was made twice, and the test did not see it")


STEPS = [a_change_that_never_arrived_is_made_on_a_new_connection, a_change_whose_answer_was_lost_is_not_made_again,
         a_change_that_is_still_under_way_is_waited_for, changes_that_share_a_commit_share_its_outcome,
         somebody_new_comes_once, whoever_reads_first_on_a_dead_connection_hears_nothing_of_it, the_way_may_be_slow,
         what_never_began_has_not_happened, what_cannot_be_known_is_told_as_such, a_batch_without_its_mark_shows]


def main():
    with DatabaseServer() as server, DatabaseProxy(server.folder) as proxy:
        server.make("cuts")
        node = RoughNode()
        node.store = ["--store", proxy.url("cuts")]
        with node:
            steps.run(STEPS, Scene(node, proxy))
            told = re.compile('"reason":"store.lost"|"event":"courier.failed","job":"[a-z ]+","reason":"store.unknown"')
            complaints = [line for line in node.complaints() if not told.search(line)]
            assert complaints == [], complaints
            node.expect_sound()


if __name__ == "__main__":
    sys.exit(main())
