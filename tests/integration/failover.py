# SPDX-License-Identifier: Apache-2.0
"""Goal: when the database's primary dies and its synchronous standby takes over, nothing that was acknowledged is lost,
nothing happens twice, and the node serves again within five seconds, without a hand on it: its URL names both. Method:
two PostgreSQL clusters; writers give and read through the node, each request under a key of its own and with a mark
by which its effect is found again; the primary is killed with all its processes; when the node has begun to refuse, the
standby is promoted; the writers repeat what got no answer under the same key. Then each mark is counted in the database
that took over, requests are repeated once more, and the node's audit must find nothing. Positive control: a standby
that is not waited for, and whose receiver is stopped before the load, must be found to have lost acknowledged writes,
and a mark that was sent under two keys to stand there twice; what is left is not served, since the marks tell."""
import contextlib
import os
import signal
import sys
import threading
import time

from cli import one_sentence
from database_put_back import CHANGES, generation_in_folder
from database_standby import Primary, Standby, wait_until
from kill import moment
from stress import Busy, Cut, RoughNode, Shop

WRITERS = 4
SLOW = float(os.environ.get("SLOW", 1))
BACK_SECONDS = 5 * SLOW
BEFORE, AFTER = 60, 40  # answered requests before the primary dies, and after the standby has taken over
PATIENCE = 120 * SLOW
UNTIL = int(time.time() * 1000) + 20 * 86_400_000


class Writer:
    """Gives and reads in turn; what is not answered is asked again under its key."""

    def __init__(self, test, place):
        self.test, self.place, self.number = test, place, 0
        self.customer = test.shop.customer()
        self.line, self.shop_line = self.customer.line(), test.shop.line()
        self.standing = self.customer.give(self.line, test.shop.purposes[0])
        self.answered = []  # (key, mark, call, answer)

    def call_of(self, number):
        mark = UNTIL - self.place * 1_000_000 - number
        if number % 4 == 0:
            return mark, lambda key: self.customer.read(self.shop_line, self.test.shop.purposes[0], key, note=key)
        body = {"relationship": self.customer.relationship, "purpose": self.test.shop.purposes[1],
                "attributes": ["pd:Name"], "until": moment(mark)}
        return mark, lambda key: self.line.call("POST", "/v1/me/grants", body, key)

    def run(self, over):
        while not over.is_set():
            self.number += 1
            key = f"w{self.place}-{self.number}"
            mark, call = self.call_of(self.number)
            answer = self.ask_until_answered(key, call, over)
            if answer is None:  # the end came before an answer: anything is right
                return
            self.answered.append((key, mark, call, answer))
            self.test.note_answer()

    def ask_until_answered(self, key, call, over):
        begin = time.monotonic()
        while time.monotonic() - begin < PATIENCE:
            with contextlib.suppress(Cut):
                answer = call(key)
                if answer.status < 300:
                    return answer
                answer.expect(503)
                self.test.refusals += 1
            if over.is_set():
                return None
            time.sleep(0.02)
        raise AssertionError(f"{key} was not answered within {PATIENCE} s")


class Failover:
    def __init__(self, node, count=WRITERS):
        self.node, self.shop = node, Shop(node, "Blue Shop", 2)
        self.lock, self.answers, self.answered_at, self.refusals, self.failures = threading.Lock(), 0, 0.0, 0, []
        self.writers = [Writer(self, place) for place in range(count)]

    def note_answer(self):
        with self.lock:
            self.answers += 1
            self.answered_at = time.monotonic()

    def busy(self):
        class Load(Busy):
            def run(load, writer):  # pylint: disable=no-self-argument
                try:
                    writer.run(load.over)
                except BaseException as failure:
                    self.failures.append(failure)
        return Load(self.writers)

    def wait_for_answers(self, count):
        """Until so many more have come."""
        target, begin = self.answers + count, time.monotonic()
        while self.answers < target:
            assert not self.failures, self.failures[0]
            assert time.monotonic() - begin < PATIENCE, f"{target - self.answers} of {count} answers did not come"
            time.sleep(0.005)

    def first_answer_after(self, moment_):
        while self.answered_at <= moment_:
            self.wait_for_answers(1)
        return self.answered_at - moment_


def effects(server, database):
    """How often each mark of a grant, its end, stands in the database."""
    rows = server.ask(database, "SELECT until_at_ms, count(*) FROM symbolon.grant_now GROUP BY 1")
    return {int(mark): int(count) for mark, count in (row.split("|") for row in rows.split("\n") if row)}


def judge(test, counts):
    """Acknowledged grants that are not there, and any that are there twice."""
    told = {mark for writer in test.writers for _, mark, _, answer in writer.answered if answer.status == 201}
    asked = {writer.call_of(number)[0] for writer in test.writers for number in range(writer.number + 1)}
    return len(told - counts.keys()), sum(counts.get(mark, 0) > 1 for mark in asked)


def check_reads(writer):
    """The person sees each answered read once."""
    notes = [item["note"] for item in writer.line.items("/v1/me/disclosures")]
    told = [key for key, _, _, answer in writer.answered if answer.status == 200]
    assert all(notes.count(key) == 1 for key in told), sorted(set(told) - set(notes))
    return len(told)


def check_repeats(writer):
    """Asked once more under its key, each gives what it gave."""
    for key, _, call, answer in writer.answered[-30:]:
        again = call(key)
        assert (again.status, again.body) == (answer.status, answer.body), (key, again.status, again.body[:200])


@contextlib.contextmanager
def node_on(*servers):
    """A node whose URL names all of them."""
    node = RoughNode()
    hosts = ",".join(server.folder for server in servers)
    node.store = ["--store", f"postgresql://tester@/one?host={hosts}&target_session_attrs=read-write"]
    with node:
        yield node


def test_nothing_is_lost_and_service_comes_back():
    with Primary() as primary, Standby(primary) as standby:
        primary.make("one")
        primary.wait_for(standby)
        with node_on(primary, standby) as node:
            test = Failover(node)
            with test.busy():
                test.wait_for_answers(BEFORE)
                primary.crash()
                wait_until(lambda: test.refusals > 0 or test.failures, "a refusal", PATIENCE)
                standby.promote()
                promoted_at = time.monotonic()
                took = test.first_answer_after(promoted_at)
                test.wait_for_answers(AFTER)
            assert not test.failures, test.failures[0]
            lost, twice = judge(test, effects(standby, "one"))
            assert (lost, twice) == (0, 0), f"{lost} acknowledged grants lost, {twice} made twice"
            reads = sum(map(check_reads, test.writers))
            for writer in test.writers:
                check_repeats(writer)
            assert took <= BACK_SECONDS, f"the first answer came {took:.1f} s after the promotion"
            node.expect_sound()
            print(f"found: 0 lost, 0 doubled of {test.answers} answers, of which {reads} reads; "
                  f"{test.refusals} requests refused meanwhile; back after {took:.2f} s")


def test_a_standby_that_is_not_waited_for_is_seen_to_lose():
    with Primary() as primary, Standby(primary) as standby:
        primary.make("one")
        with node_on(primary, standby) as node:
            test = Failover(node, 1)
            for key in ("once", "again"):
                test.writers[0].call_of(1)[1](key).expect(201)
            seen = primary.ask("postgres", "SELECT pg_current_wal_lsn()")
            wait_until(lambda: standby.ask("one", f"SELECT pg_last_wal_replay_lsn() >= '{seen}'") == "t", "a replay")
            receiver = standby.receiver()
            os.kill(receiver, signal.SIGSTOP)
            with test.busy():
                test.wait_for_answers(BEFORE // 2)
            changes = int(primary.ask("one", CHANGES))
            wait_until(lambda: generation_in_folder(node) >= changes, "a mark of what was acknowledged")
            primary.crash()
            node.kill()
            os.kill(receiver, signal.SIGTERM)  # ends before it reads what still waits for it
            os.kill(receiver, signal.SIGCONT)
            standby.promote()
            lost, twice = judge(test, effects(standby, "one"))
            assert lost > 0, "the test would not see a loss"
            assert twice == 1, f"{twice} made twice, not the one that was"
            print(f"control: a standby that is not waited for: red, {lost} acknowledged grants lost")
            one_sentence(node.command("serve", "--listen", "127.0.0.1:0"), "CORRUPT")


def main():
    test_a_standby_that_is_not_waited_for_is_seen_to_lose()
    test_nothing_is_lost_and_service_comes_back()


if __name__ == "__main__":
    sys.exit(main())
