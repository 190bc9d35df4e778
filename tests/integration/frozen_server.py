# SPDX-License-Identifier: Apache-2.0
"""Goal: a server that stands still in the middle of a change holds up nobody's stop at another server which has the
keys in the same folder. Method: a table of the database is locked, so that a change at one server comes to a halt
inside its transaction; that server is stopped (SIGSTOP), and the lock is given back. Then other people stop what
they have given, at the other server. It is done three times: in a change that reads a key, in one that makes a person
and so holds the file of the keys, and in one that waits for what it reads: its transaction stands open, and somebody
who wants the whole table waits for it, and everybody else behind, until the database ends it. Positive controls: the
change has begun and has no end while its server stands still; in the second case nobody can be made at the other
server meanwhile, and is told so in words for people; in the third the transaction is seen idle."""
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import steps
from database_server import NamedServer, program
from stress import Beside, Cut, RoughNode, Shop, wait_until

SLOW = float(os.environ.get("SLOW", 1))
PATIENCE = 60 * SLOW
OTHERS = 3
HELD_SECONDS = 30 * SLOW  # a person's own row is free after ten; the file of the keys never is
IDLE_SECONDS = 10  # a transaction in which nothing is said any more has this long; see docs/operations
WHOLE_SECONDS = IDLE_SECONDS + 5 + 5 * SLOW  # a stop behind that is put off once, after five seconds
TRIES = 4
WAITING = """SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
             AND query LIKE '%{} {}%' ORDER BY backend_start LIMIT 1"""
IS_IDLE = "SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND state LIKE 'idle in transaction%'"


class Scene:
    def __init__(self, node, other):
        self.node, self.other = node, other
        self.server = NamedServer(os.environ["DATABASE_SERVER"])
        self.shop = Shop(node, "Blue Shop", 1)
        self.people = [self.shop.customer() for _ in range(1 + 2 * OTHERS + TRIES + 1)]
        self.grants = [person.give(person.line(), self.shop.purposes[0]) for person in self.people]
        self.code = self.shop.claim_code()

    def stop(self, node, i):
        line = node.line(self.people[i].fields, timeout=PATIENCE)
        return line.call("POST", f"/v1/me/grants/{self.grants[i]}/withdraw", {})

    def claim(self, node):
        return node.line(timeout=PATIENCE).call("POST", "/v1/claims", {"invitation": self.code})

    def invite(self, node):
        """Makes a person, whom nobody has claimed yet."""
        return node.line(self.shop.fields, timeout=PATIENCE).call("POST", "/v1/org/invitations", {})

    @contextlib.contextmanager
    def locked(self, table, mode):
        """Nobody writes to the table while the block runs; with ACCESS EXCLUSIVE nobody reads it either."""
        words = [program("psql"), "-qAtX", "-h", self.server.folder, "-U", "tester", self.node.database]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write(f"BEGIN; LOCK TABLE symbolon.{table} IN {mode} MODE; SELECT 'held';\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == "held"
            yield
            session.communicate("ROLLBACK;\n", timeout=PATIENCE)

    def waits_for(self, words, table):
        """The process at the database of whoever waits with these words, or None."""
        return self.server.ask(self.node.database, WAITING.format(words, table)) or None

    def is_idle(self):
        """Whether the transaction stands open in which the server stands still."""
        return self.server.ask(self.node.database, IS_IDLE.format(self.process_there)) == "1"

    @contextlib.contextmanager
    def frozen(self, change, table, words="INSERT INTO", mode="EXCLUSIVE"):
        """The first server stands still inside this change, behind these words to this table. Gives a list that its
        answer comes to."""
        answers = []

        def run():
            with contextlib.suppress(Cut):
                answers.append(change())
        thread = threading.Thread(target=run)
        with self.locked(table, mode):
            thread.start()
            seen = []
            waits = wait_until(lambda: seen.append(self.waits_for(words, table)) or seen[-1], PATIENCE)
            assert waits is not None, "the change never came to the table"
            self.process_there = seen[-1]
            self.node.process.send_signal(signal.SIGSTOP)
        try:
            yield answers
        finally:
            self.node.process.send_signal(signal.SIGCONT)
            thread.join()

    @staticmethod
    def soon(call, is_it):
        """The first answer that is meant; until the transaction of the other has ended a call may be put off."""
        answers = []
        took = wait_until(lambda: answers.append(call()) or is_it(answers[-1]), HELD_SECONDS)
        assert took is not None, answers[-1].body
        return answers[-1]

    def others_stop(self, first):
        for i in range(first, first + OTHERS):
            self.stop(self.other, i).expect(200)
            self.people[i].read(self.other.line(self.shop.fields), self.shop.purposes[0]).expect(403)


def is_made(answer):
    return answer.status == 201


def is_done(answer):
    return answer.status == 200


def is_busy(answer):
    return answer.status == 503 and answer.json["reason"] == "store.busy"


def in_a_change_that_reads_a_key(scene):
    with scene.frozen(lambda: scene.stop(scene.node, 0), "log_pending") as answers:
        scene.others_stop(1)
        scene.soon(lambda: scene.claim(scene.other), is_made)
        scene.soon(lambda: scene.invite(scene.other), is_made)
        assert not answers, "the server went on: nothing was shown"
    print(f"found: {OTHERS} people stopped and two came while another server stood still in a change")


def in_a_change_that_makes_somebody(scene):
    with scene.frozen(lambda: scene.invite(scene.node), "invitation") as answers:
        refused = scene.soon(lambda: scene.invite(scene.other), is_busy)
        assert not any(word in refused.body for word in (b"BEGIN", b"IMMEDIATE", b"checkpoint", b"SQL")), refused.body
        scene.others_stop(1 + OTHERS)
        assert not answers, "the server went on: nothing was shown"
    scene.soon(lambda: scene.invite(scene.other), is_made)
    print(f"found: {OTHERS} people stopped while another server held the keys; control: nobody could be made: red")


def in_a_change_that_waits_for_what_it_reads(scene):
    """Who waits there may be somebody else, whom nothing holds; then it is tried once more, with another person."""
    took = next(filter(None, (stop_behind_an_open_transaction(scene, -2 - i) for i in range(TRIES))), None)
    assert took is not None, "its transaction never stood open: nothing was shown"
    print(f"found: a stop behind a transaction that stood open was done after {took:.1f} s")


def stop_behind_an_open_transaction(scene, person):
    """Seconds that it took; None when no transaction stood open."""
    def take_the_table():
        with scene.locked("grant_now", "ACCESS EXCLUSIVE"):
            pass
    taker = threading.Thread(target=take_the_table)
    with scene.frozen(lambda: scene.stop(scene.node, person), "grant_now", "FROM", "ACCESS EXCLUSIVE") as answers:
        if wait_until(scene.is_idle, 5 * SLOW) is None:
            return None
        began = time.monotonic()
        taker.start()
        try:
            queued = wait_until(lambda: scene.waits_for("LOCK TABLE", "symbolon.grant_now"), PATIENCE)
            assert queued is not None, "nobody waits for it: nothing was shown"
            scene.soon(lambda: scene.stop(scene.other, -1), is_done)
            took = time.monotonic() - began
            assert not scene.is_idle() and took < WHOLE_SECONDS, f"it was {took:.1f} s"
            assert not answers, "the server went on: nothing was shown"
        finally:
            scene.node.process.send_signal(signal.SIGCONT)
            taker.join()
    return took


STEPS = [in_a_change_that_reads_a_key, in_a_change_that_makes_somebody, in_a_change_that_waits_for_what_it_reads]


def main():
    with RoughNode() as node:
        with Beside(node) as other:
            steps.run(STEPS, Scene(node, other))
        node.expect_sound()


if __name__ == "__main__":
    sys.exit(main())
