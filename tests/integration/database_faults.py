# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever befalls the database server, nothing that was acknowledged is lost, nothing happens twice, no read
follows a stop, also at another node, and the nodes go on by themselves when it is there again. Method: two nodes on one
database; workers give, read and stop without pause, at one node as the person and at the other as the shop. Meanwhile
connections are ended at random, one process of the server is killed, the whole server is killed as by a loss of power,
and it is stopped in each of its three ways and started again. What got no answer is asked again under its key. Then
what each worker was told is held against what the nodes show. With the word `hung` the server stands still instead
(SIGSTOP), also when a commit hangs already and changes wait behind it. Positive controls: an act told to nobody, one
that is not there and a read that counts twice are found."""
import collections
import contextlib
import os
import random
import signal
import sys
import threading
import time

import steps
from database_standby import Primary, children
from stress import Beside, Busy, Cut, RoughNode, Shop, seed_of_run, wait_until

WORKERS = 4
MORE = 6  # answers of each worker after each fault
SLOW = float(os.environ.get("SLOW", 1))
PATIENCE = 60 * SLOW
ANSWER_SECONDS = 5 * SLOW  # the server stands still: who reads hears so by then,
CHANGE_SECONDS = 20 * SLOW  # and a change, which may queue behind others that wait for their commit
CAUGHT_SECONDS = 7  # whoever waits longer than a reader may was caught in a commit
SOON_SECONDS = 2 * SLOW
WAITING = 12


class Worker:
    def __init__(self, test, place):
        self.test, self.place, self.number = test, place, 0
        near, far = test.nodes if place % 2 == 0 else reversed(test.nodes)
        self.customer = test.shop.customer()
        self.line = near.line(self.customer.fields, timeout=PATIENCE)
        self.shop_line = far.line(test.shop.fields, timeout=PATIENCE)
        self.states, self.marks, self.troubles = {}, {}, []
        self.answers, self.refusals, self.longest = 0, collections.Counter(), 0.0

    def ask(self, call):
        """Asks under one key until it is answered by more than that it cannot be done now."""
        self.number += 1
        key, until = f"w{self.place}-{self.number}", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(Cut):
                began = time.monotonic()
                answer = call(key)
                self.longest = max(self.longest, time.monotonic() - began)
                if answer.status != 503:
                    self.answers += 1
                    return answer
                self.refusals[answer.json["reason"]] += 1
            time.sleep(0.02)
        raise AssertionError(f"{key} was not answered")

    def read(self, expected):
        mark = f"mark-{self.place}-{self.number}"
        answer = self.ask(lambda key: self.customer.read(self.shop_line, self.test.shop.purposes[0], key, note=mark))
        if answer.status != expected:
            self.troubles.append(f"read {mark} got {answer.status}, not {expected}: {answer.body[:200]}")
        if expected == 200:
            self.marks[mark] = 1

    def turn(self):
        body = {"relationship": self.customer.relationship, "purpose": self.test.shop.purposes[0],
                "attributes": ["pd:Name"]}
        grant = self.ask(lambda key: self.line.call("POST", "/v1/me/grants", body, key)).expect(201).json["id"]
        self.states[grant] = "active"
        self.read(200)
        self.ask(lambda key: self.line.call("POST", f"/v1/me/grants/{grant}/withdraw", None, key)).expect(200)
        self.states[grant] = "withdrawn"
        self.read(403)

    def run(self, over):
        try:
            while not over.is_set():
                self.turn()
        except AssertionError as problem:
            self.troubles.append(str(problem))

    def judge(self):
        """What was told against what is there."""
        found = list(self.troubles)
        there = {grant["id"]: grant["state"] for grant in self.line.items("/v1/me/grants")}
        for grant in sorted(self.states.keys() | there.keys()):
            if self.states.get(grant) != there.get(grant):
                found.append(f"{grant} is {there.get(grant)}, not {self.states.get(grant)}")
        notes = collections.Counter(entry["note"] for entry in self.line.items("/v1/me/disclosures")
                                    if entry["outcome"] == "given")
        for mark in sorted(self.marks.keys() | notes.keys()):
            if self.marks.get(mark, 0) != notes[mark]:
                found.append(f"the read {mark} is there {notes[mark]} times")
        return found


class Test:
    def __init__(self, server, node, beside):
        self.server, self.node, self.nodes = server, node, (node, beside)
        self.shop = Shop(node, "Blue Shop", 1)
        self.workers = [Worker(self, place) for place in range(WORKERS)]
        self.random = random.Random(seed_of_run())

    def expect_more(self):
        """Each worker gets answers again."""
        before = [worker.answers for worker in self.workers]
        took = wait_until(lambda: any(worker.troubles for worker in self.workers) or
                          all(worker.answers >= was + MORE for worker, was in zip(self.workers, before)), PATIENCE)
        assert took is not None, f"no answers: {[worker.answers for worker in self.workers]} after {before}"
        assert not any(worker.troubles for worker in self.workers), [worker.troubles[:2] for worker in self.workers]

    def all_processes(self):
        return [self.server.process.pid, *children(self.server.process)]


class Load(Busy):
    def run(self, worker):
        worker.run(self.over)


# ---- faults, under load

def connections_are_ended_at_random(test):
    for _ in range(6):
        test.server.ask("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
                                    f" 'symbolon' AND (pid * {test.random.randrange(1, 1000)}) % 3 = 0")
        time.sleep(test.random.uniform(0, 0.2))
    test.expect_more()


def one_process_of_the_server_is_killed(test):
    victim = test.server.ask("postgres", "SELECT pid FROM pg_stat_activity WHERE application_name = 'symbolon'"
                                         " ORDER BY backend_start LIMIT 1")
    os.kill(int(victim), signal.SIGKILL)
    test.expect_more()


def the_server_is_killed(test):
    processes = test.all_processes()
    test.server.crash()
    gone = wait_until(lambda: not any(os.path.exists(f"/proc/{process}") for process in processes), PATIENCE)
    assert gone is not None
    test.server.start()
    test.expect_more()


def the_server_ends_at_once(test):
    test.server.stop(signal.SIGQUIT)
    test.server.start()
    test.expect_more()


def the_server_ends_and_waits_for_nobody(test):
    test.server.stop(signal.SIGINT)
    test.server.start()
    test.expect_more()


def the_server_wants_to_end_when_all_have_left(test):
    """It takes nobody new. Those who are there stay, and are served."""
    test.server.process.send_signal(signal.SIGTERM)
    test.expect_more()
    test.server.stop(signal.SIGINT)
    test.server.start()
    test.expect_more()


# ---- standing still, without load

def answered(line, method, path, body=None):
    """The answer, and the seconds that it took."""
    began = time.monotonic()
    return line.call(method, path, body), time.monotonic() - began


@contextlib.contextmanager
def standing_still(test):
    processes = test.all_processes()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def the_server_stands_still(test):
    worker = test.workers[0]
    worker.turn()
    with standing_still(test):
        look_around(test, worker)
    worker.turn()


def the_server_stands_still_under_changes(test):
    """Some are caught in their commit, and have to find out what became of it."""
    longest = 0.0
    with Load(test.workers):
        while longest < CAUGHT_SECONDS:
            test.expect_more()
            before = [worker.refusals.total() for worker in test.workers]
            with standing_still(test):
                took = wait_until(lambda: all(worker.refusals.total() > was
                                              for worker, was in zip(test.workers, before)), PATIENCE)
            assert took is not None, "somebody hears nothing"
            test.expect_more()
            longest = max(worker.longest for worker in test.workers)
    assert longest < CHANGE_SECONDS, longest
    print(f"found: 503 for changes within {longest:.1f} s")


@contextlib.contextmanager
def commits_hang(test):
    """They wait for a standby that does not exist."""
    test.server.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    test.server.ask("postgres", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        test.server.ask("postgres", "ALTER SYSTEM RESET synchronous_standby_names")
        test.server.ask("postgres", "SELECT pg_reload_conf()")


def rename(line, name, got):
    answer, seconds = answered(line, "PUT", "/v1/me/attributes/pd:Name", {"value": {"name": name}})
    got.append((line, answer.expect(503).json["reason"], seconds))


def what_waits_behind_a_hung_commit_is_refused_with_it(test):
    """Nothing of it is there afterwards, but of those whose outcome was not known."""
    lines, got = [test.shop.customer().line(timeout=PATIENCE) for _ in range(WAITING)], []
    for line in lines:
        line.call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Before"}}).expect(200)
    threads = [threading.Thread(target=rename, args=(line, "After", got)) for line in lines]
    with commits_hang(test):
        time.sleep(0.3)
        threads[0].start()
        time.sleep(0.3)
        for thread in threads[1:]:
            thread.start()
        time.sleep(0.5)
        with standing_still(test):
            for thread in threads:
                thread.join()
    test.workers[0].turn()
    longest, reasons = max(seconds for _, _, seconds in got), collections.Counter(reason for _, reason, _ in got)
    assert longest < CHANGE_SECONDS and reasons.keys() <= {"store.lost", "store.unknown"}, (longest, reasons)
    assert reasons["store.lost"] >= WAITING // 2, f"hardly anything waited: {reasons}"
    for line, reason, _ in got:
        if reason == "store.lost":
            [name] = [item for item in line.items("/v1/me/attributes") if item["kind"] == "pd:Name"]
            assert name["value"]["name"] == "Before", name
    print(f"found: 503 for changes within {longest:.1f} s behind a hung commit, {dict(reasons)}")


def look_around(test, worker):
    """The first who ask wait until the server is taken for lost, those behind them do not."""
    name = {"value": {"name": "Eve"}}
    doors = [("GET", "/v1/me"), ("GET", "/v1/me/grants"), ("PUT", "/v1/me/attributes/pd:Name", name)]
    lines = [worker.customer.line(timeout=PATIENCE) for _ in doors]
    got = {}

    def ask(i):
        got[i] = answered(lines[i], *doors[i])
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(doors))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        answer, seconds = answered(test.node.line(), "GET", "/healthz")
        assert answer.status == 200 and seconds < SOON_SECONDS, (answer.status, seconds)
        time.sleep(0.1)
    for i, door in enumerate(doors):
        answer, seconds = got[i]
        assert answer.status == 503 and answer.field("Retry-After"), (door, answer.status, answer.body)
        assert seconds < ANSWER_SECONDS, (door, seconds)
    took = sorted(answered(lines[0], "GET", "/v1/me")[1] for _ in range(4))
    assert took[1] < SOON_SECONDS, f"everybody waits: {took}"
    longest = max(seconds for _, seconds in got.values())
    print(f"found: 503 for who reads within {longest:.1f} s, then within {took[1]:.2f} s")


FAULTS = [connections_are_ended_at_random, one_process_of_the_server_is_killed, the_server_is_killed,
          the_server_ends_at_once, the_server_ends_and_waits_for_nobody, the_server_wants_to_end_when_all_have_left]
STANDING_STILL = [the_server_stands_still, the_server_stands_still_under_changes,
                  what_waits_behind_a_hung_commit_is_refused_with_it]


def controls(worker):
    """What the judge must see."""
    grant, mark = next(iter(worker.states)), next(iter(worker.marks))
    for states, marks in (({**worker.states, "gra_never": "active"}, worker.marks),
                          ({name: state for name, state in worker.states.items() if name != grant}, worker.marks),
                          ({**worker.states, grant: "active"}, worker.marks),
                          (worker.states, {**worker.marks, mark: 2})):
        kept, worker.states, worker.marks = (worker.states, worker.marks), states, marks
        assert worker.judge() != [], "the judge sees nothing"
        worker.states, worker.marks = kept
    worker.turn()
    worker.read(200)
    assert any("got 403, not 200" in trouble for trouble in worker.troubles), worker.troubles
    print("control: acts that are not there, that nobody was told, that happened twice, a read behind a stop: red")


def main():
    with Primary() as server:
        node = RoughNode()
        node.store = ["--store", server.make("faults")]
        with node, Beside(node) as beside:
            test = Test(server, node, beside)
            if sys.argv[1:] == ["hung"]:
                steps.run(STANDING_STILL, test)
            else:
                with Load(test.workers):
                    steps.run(FAULTS, test)
            troubles = [trouble for worker in test.workers for trouble in worker.judge()]
            assert troubles == [], troubles[:10]
            complaints = [line for line in node.complaints() + beside.complaints() if '"courier.failed"' not in line]
            assert complaints == [], complaints[:3]
            node.expect_sound()
            controls(test.workers[0])
        told = sum((worker.refusals for worker in test.workers), collections.Counter())
        print(f"found: {sum(worker.answers for worker in test.workers)} answers, refused meanwhile {dict(told)}")


if __name__ == "__main__":
    sys.exit(main())
