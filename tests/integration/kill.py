# SPDX-License-Identifier: Apache-2.0
"""Goal: what was acknowledged outlives kill -9 at any moment: no act is lost, none happens twice, no read follows a
stop, the log never goes back. Method: workers write under idempotency keys, readers ask for what one worker stops and
gives again, and the server is killed at a random moment, sometimes once more while it starts. After the restart every
proof must be there within a second, every request is repeated under its key and must be answered as before, every act
is looked up by its id, the log is read through its tiles, and now and then `audit` must count exactly the acts that
were made. CYCLES=, BIRTHS= and SEED= of the environment. Positive controls: a client that takes an answer for given
which nobody gave, a folder put back to an older state, a request sent under two keys, a permitted read behind a stop:
each must be reported."""
import collections
import os
import random
import shutil
import sys
import threading
import time

import tlog
from acts import Act, Rows, without_id
from stress import Cut, RoughNode, Shop, seed_of_run, together

WORKERS, READERS, PURPOSES = 6, 2, 3
SWITCH = 0  # the purpose that is stopped and given again under the readers' eyes
LIVE_MAX = 4
ASKED_MOST, CHANGES_MOST = 100, 600  # half of LIMIT_REQUESTS_A_DAY, and of LIMIT_CHANGES_A_DAY or a little more
AUDIT_EVERY = 20
SLOW = float(os.environ.get("SLOW", 1))  # builds that watch themselves take longer
# Each act has a moment of its own near here; earlier than any request's.
UNTIL = int(time.time() * 1000) + 20 * 86_400_000


def moment(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


class Caller:
    """What worker and reader share: acts in order, one at a time, each remembered."""

    def __init__(self, test, name, seed):
        self.test, self.name, self.random = test, name, random.Random(f"{seed}-{name}")
        self.shop_line, self.number, self.acts, self.cycle_acts = test.shop.line(), 0, [], []
        self.counts = collections.Counter()
        self.last = {}

    def key(self):
        self.number += 1
        return f"{self.name}-{self.number}"

    def perform(self, act):
        self.cycle_acts.append(act)
        act.sent_at = time.monotonic()
        if self.test.control == "forged" and act.kind == "give" and "give" in self.last:
            answer = self.last["give"]
        else:
            answer = act.call(act.key)
        if self.test.control == "doubled" and act.kind == "read":
            act.call(act.key + "-again")
        act.told_at = time.monotonic()
        self.settle(act, answer)

    def settle(self, act, answer):
        act.answer = answer
        self.last[act.kind] = answer
        self.counts[act.kind] += 1
        if act.kind == "read":
            act.worker.customer.marks[act.key].add(answer)
        try:
            act.done(answer)
        except AssertionError as problem:
            self.test.report("answer", f"{act.kind} {act.key}: {problem}")

    def work(self):
        """Until the server is gone."""
        try:
            while True:
                self.perform(self.next())
        except Cut:
            pass

    def repeat(self, acts):
        """What was answered is answered alike, the last one is answered now."""
        for act in acts:
            if act.is_open:
                continue
            answer = act.call(act.key)
            if act.answer is None:
                self.settle(act, answer)
                if act.kind == "read":  # perhaps answered before, unheard, and otherwise now
                    act.worker.customer.marks[act.key].unheard += 1
                    act.worker.customer.marks[act.key].unknown += act.worker is not self
            elif act.kind == "read" and act.answer.status == 200:
                self.repeat_permitted(act, answer)
            elif (answer.status, answer.body) != (act.answer.status, act.answer.body):
                (self.repeat_counted if act.kind == "read" else self.report_change)(act, answer)

    def repeat_counted(self, act, answer):
        """A refused read that is only counted keeps no answer: it is decided anew. That it has no row is seen later.
        What comes of it the next time hangs on what came between."""
        act.is_open = True
        if answer.status != (200 if act.worker.live(act.purpose) else 403):
            self.test.report("read", f"{act.key} repeated: {answer.status} {answer.body[:200]}")
        if answer.status == 403 and without_id(answer) != without_id(act.answer):
            self.report_change(act, answer)
        self.counts["read"] += 1
        act.worker.customer.marks[act.key].add(answer)
        act.worker.customer.marks[act.key].counted += 1

    def repeat_permitted(self, act, answer):
        """The kept answer of a read is given as long as what it rests on stands and the values are the same. Otherwise
        it is decided anew, and the person sees that too."""
        live = act.worker.live(act.purpose)
        if answer.status != (200 if live else 403):
            self.test.report("read" if live else "stop", f"{act.key} repeated: {answer.status} {answer.body[:200]}")
        if answer.body == act.answer.body:
            return
        if without_id(answer) == without_id(act.answer):
            self.report_change(act, answer)
        again = answer.status == act.answer.status == 200 and answer.json["id"] == act.answer.json["id"]
        if again and answer.json["attributes"] != act.answer.json["attributes"]:
            self.report_change(act, answer)
        act.answer = answer
        if again:  # the same read, of which only the end has moved
            return
        self.counts["read"] += 1
        act.worker.customer.marks[act.key].add(answer)

    def report_change(self, act, answer):
        self.test.report("repeat", f"{act.kind} {act.key}: {act.answer.body[:200]} became {answer.status} "
                                   f"{answer.body[:200]}")

    def repeat_cycle(self, reads):
        self.repeat([act for act in self.cycle_acts if (act.kind == "read") == reads])

    def next_cycle(self):
        self.acts += self.random.sample(self.cycle_acts, min(2, len(self.cycle_acts)))
        self.cycle_acts = []

    def read(self, worker, purpose, expected):
        mark = f"{self.test.cycle}-{self.key()}"

        def done(answer):
            if answer.status not in expected:
                self.test.report("read", f"{mark}: {answer.status}, not {expected}: {answer.body[:200]}")
        act = Act("read", mark, lambda key: worker.customer.read(self.shop_line, self.test.shop.purposes[purpose],
                                                                 key=key, note=mark), done)
        act.worker, act.purpose = worker, purpose
        return act


class Worker(Caller):
    """A customer who gives, narrows, stops, changes and is asked; knows what must hold afterwards."""

    def __init__(self, test, name, seed):
        super().__init__(test, name, seed)
        self.begin_with(test.shop.customer())

    def begin_with(self, customer):
        self.customer, self.line, self.asked, self.began = customer, customer.line(), 0, self.number
        self.customer.marks, self.counted = collections.defaultdict(Rows), {}
        self.acts, self.cycle_acts = [], []
        self.grants, self.touched, self.receipts = {}, set(), []
        self.requests, self.open_request = {}, None
        self.names, self.review, self.switches = {}, None, []

    def is_near_a_bound(self):
        return self.asked >= ASKED_MOST or self.number - self.began >= CHANGES_MOST

    def me(self, method, path, body=None):
        return lambda key: self.line.call(method, path, body, key)

    def live(self, purpose=None):
        return [grant for grant, (where, state, _) in self.grants.items()
                if state == "active" and purpose in (None, where)]

    def next(self):
        choice = self.random.choice(["give", "stop", "narrow", "name", "read", "ask", "review", "switch", "switch"])
        if choice == "stop" and self.live(1) + self.live(2):
            return self.stop(self.random.choice(self.live(1) + self.live(2)))
        if choice == "narrow" and self.live():
            return self.narrow(self.random.choice(self.live()))
        if choice == "switch":
            return self.stop(self.live(SWITCH)[0]) if self.live(SWITCH) else self.give(SWITCH)
        if choice == "name":
            return self.put_name()
        if choice == "ask":
            return self.answer() if self.open_request else self.ask()
        if choice == "review":
            return self.set_review()
        if choice == "give" and len(self.live()) < LIVE_MAX:
            return self.give(self.random.randrange(1, PURPOSES))
        purpose = self.random.randrange(PURPOSES)
        return self.read(self, purpose, self.expected(purpose))

    def expected(self, purpose):
        return (200,) if self.live(purpose) else (403,)

    def take_grant(self, purpose, grant):
        self.grants[grant["id"]] = (purpose, grant["state"], grant["until"])
        self.touched.add(grant["id"])
        self.receipts.append(grant["receipt"])

    def on_grant(self, kind, key, call, purpose):
        def done(answer):
            self.take_grant(purpose, answer.expect(200, 201).json)
            if purpose == SWITCH and kind != "narrow":
                self.switches.append((kind, act.sent_at, act.told_at or time.monotonic()))
        act = Act(kind, key, call, done)
        return act

    def give(self, purpose):
        key = self.key()
        body = {"relationship": self.customer.relationship, "purpose": self.test.shop.purposes[purpose],
                "attributes": ["pd:Name"], "until": moment(UNTIL - self.number)}
        return self.on_grant("give", key, self.me("POST", "/v1/me/grants", body), purpose)

    def narrow(self, grant):
        key = self.key()
        body = {"until": moment(UNTIL - self.number)}
        return self.on_grant("narrow", key, self.me("PATCH", f"/v1/me/grants/{grant}", body), self.grants[grant][0])

    def stop(self, grant):
        return self.on_grant("stop", self.key(), self.me("POST", f"/v1/me/grants/{grant}/withdraw"),
                             self.grants[grant][0])

    def put_name(self):
        key = self.key()

        def done(answer):
            self.names[answer.expect(200).json["version"]] = key
        return Act("name", key, self.me("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": key}}), done)

    def ask(self):
        body = {"relationship": self.customer.relationship, "purpose": self.test.shop.purposes[1],
                "attributes": ["pd:Name"], "duration": "P30D"}

        def done(answer):
            self.asked += 1
            self.open_request = answer.expect(201).json["id"]
            self.requests[self.open_request] = "open"
        return Act("ask", self.key(), lambda key: self.shop_line.call("POST", "/v1/org/requests", body, key), done)

    def answer(self):
        request = self.open_request

        def done(answer):
            self.take_grant(1, answer.expect(200).json["grant"])
            self.requests[request] = "accepted"
            self.open_request = None
        call = self.me("POST", f"/v1/me/requests/{request}/answer", {"answer": "accept"})
        return Act("answer", self.key(), call, done)

    def set_review(self):
        key = self.key()
        review = moment(UNTIL + self.number)

        def done(answer):
            assert answer.expect(200).json["review"] == review
            self.review = review
        return Act("review", key, self.me("PATCH", f"/v1/me/relationships/{self.customer.relationship}",
                                          {"review": review}), done)

    # ---- after a restart

    def look_up(self):
        for grant in self.touched:
            answer = self.line.get(f"/v1/me/grants/{grant}")
            _, state, until = self.grants[grant]
            if answer.status != 200 or (answer.json["state"], answer.json["until"]) != (state, until):
                self.test.report("look-up", f"{grant} is not {state} until {until}: {answer.body[:300]}")
        for request, state in self.requests.items():
            answer = self.line.get(f"/v1/me/requests/{request}")
            if answer.status != 200 or answer.json["state"] != state:
                self.test.report("look-up", f"{request} is not {state}: {answer.body[:300]}")
        rel = self.line.get(f"/v1/me/relationships/{self.customer.relationship}")
        if rel.status != 200 or (self.review and rel.json["review"] != self.review):
            self.test.report("look-up", f"the review is not {self.review}: {rel.body[:300]}")
        self.look_at_names()

    def look_at_names(self):
        newest = self.line.get("/v1/me/attributes/pd:Name/history?limit=200").expect(200).json["items"]
        found = {item["version"]: item["value"]["name"] for item in newest}
        lost = {version: name for version, name in self.names.items() if found.get(version, name) != name}
        if lost or (self.names and max(self.names) != max(found)) or len(set(found.values())) != len(found):
            self.test.report("look-up", f"names {lost or self.names} are not those of the vault: {found}")

    def reads_of_cycle(self):
        """Rows by mark, and how many reads were counted since it was asked last."""
        items = self.line.items(f"/v1/me/disclosures?from={self.test.cycle_begin}")
        counted = {item["id"]: item["further"]["reads"] for item in items if "further" in item}
        more = sum(reads - self.counted.get(entry, 0) for entry, reads in counted.items())
        self.counted.update(counted)
        return collections.Counter(item["note"] for item in items), more

    def look_at_reads(self):
        notes, counted = self.reads_of_cycle()
        least = most = 0
        for mark, rows in self.customer.marks.items():
            least += max(rows.told - notes[mark], 0)
            most += max(rows.told + rows.unheard - notes[mark], 0)
            if not rows.given <= notes[mark] <= rows.told + rows.unknown - rows.counted:
                self.test.report("twice" if notes[mark] > rows.given else "look-up",
                                 f"the read {mark} is there {notes[mark]} times, not as {rows}")
            self.counts["read"] += notes[mark] - rows.told
        self.counts["read"] += counted
        if not least <= counted <= most:
            self.test.report("twice" if counted > most else "look-up",
                             f"{counted} reads are counted, not {least} to {most}")

    def read_as_known(self):
        for purpose in range(PURPOSES):
            self.perform(self.read(self, purpose, self.expected(purpose)))

    def next_cycle(self):
        super().next_cycle()
        self.reads_of_cycle()
        self.customer.marks.clear()
        self.touched.clear()
        self.receipts = []
        self.switches = self.switches[-1:]
        self.requests = {self.open_request: "open"} if self.open_request else {}
        self.names = {max(self.names): self.names[max(self.names)]} if self.names else {}


class Reader(Caller):
    """Reads what the workers stop and give again; whether it may is judged when all is known."""

    def next(self):
        return self.read(self.random.choice(self.test.workers), SWITCH, (200, 403))


def reads_behind_stops(reads, switches):
    """Reads (sent, told, status) that were permitted though they began behind an acknowledged stop and ended before it
    was given again."""
    bad = []
    for i, (kind, _, stopped_at) in enumerate(switches):
        until = switches[i + 1][1] if i + 1 < len(switches) else float("inf")
        if kind == "stop":
            bad += [read for read in reads if read[2] == 200 and stopped_at < read[0] and read[1] < until]
    return bad


class Log:
    """What was ever seen of the log; knows the root of each of its states."""

    def __init__(self, test):
        self.test, self.entries, self.tile_roots, self.last = test, [], {}, None
        self.notes = []
        self.key = tlog.Key.parse(self.get("/log/key").decode().strip())

    def get(self, path):
        answer = self.test.node.line().get(path)
        tlog.need(answer.status == 200, f"{path}: {answer.status}")
        return answer.body

    def root(self, begin, size):
        if size > tlog.TILE:
            left = tlog.split(size)
            return tlog.node_hash(self.root(begin, left), self.root(begin + left, size - left))
        place = (begin, size)
        if size < tlog.TILE or place not in self.tile_roots:
            self.tile_roots[place] = tlog.root_of([tlog.leaf_hash(e) for e in self.entries[begin:begin + size]])
        return self.tile_roots[place]

    def watch(self):
        """Collects checkpoints until the server is gone."""
        line = self.test.node.line()
        try:
            while True:
                self.notes.append(line.get("/log/checkpoint").expect(200).body.decode())
                time.sleep(0.02)
        except Cut:
            pass

    def check(self):
        """Every checkpoint that was seen, and the present one, speak of one log that only grew."""
        self.tile_roots = {place: root for place, root in self.tile_roots.items() if place[1] == tlog.TILE}
        seen = [tlog.Checkpoint(note) for note in dict.fromkeys(self.notes)]
        now = tlog.Log(self.get, self.key).checkpoint()
        for index, width in tlog.tiles_of(now.size, 0):
            if (index + 1) * tlog.TILE > len(self.entries):
                self.entries[index * tlog.TILE:] = tlog.entries_parse(self.get(tlog.tile_path("entries", index, width)),
                                                                      width)
        sizes = [checkpoint.size for checkpoint in ([self.last] if self.last else []) + seen + [now]]
        tlog.need(sizes == sorted(sizes), f"the log went back: {sizes}")
        for checkpoint in seen + [now] + ([self.last] if self.last else []):
            known = self.root(0, checkpoint.size) == checkpoint.root
            tlog.need(known, f"the log of {checkpoint.size} has another root")
        self.last, self.notes = now, []


class Test:
    def __init__(self, node, seed, control=None):
        self.node, self.random, self.control = node, random.Random(seed), control
        self.troubles, self.cycle, self.slowest_proof, self.made = [], 0, 0.0, 0
        self.shop = Shop(node, "Blue Shop", PURPOSES)
        self.workers = [Worker(self, f"w{i}", seed) for i in range(WORKERS)]
        self.readers = [Reader(self, f"r{i}", seed) for i in range(READERS)]
        self.log = Log(self)
        self.worth = self.weigh()

    def report(self, word, sentence):
        self.troubles.append((word, f"cycle {self.cycle}: {sentence}"))

    @property
    def callers(self):
        return self.workers + self.readers

    # ---- what one act of each kind adds to the figures of `audit`

    def audit(self):
        figures = self.node.run("audit")
        if not figures.pop("ok") or figures.pop("findings"):
            self.report("audit", f"audit says {figures}")
        figures["log_entries"] += figures.pop("log_pending")
        return collections.Counter(figures)

    def weigh(self):
        self.cycle_begin = moment(int(time.time() * 1000) - 2000)
        worker, worth, before = self.workers[0], {}, self.audit()
        for make in (lambda: worker.give(1), lambda: worker.narrow(worker.live(1)[0]),
                     lambda: worker.stop(worker.live(1)[0]), worker.put_name, worker.ask, worker.answer,
                     worker.set_review, lambda: worker.read(worker, 1, (200,))):
            act = make()
            worker.perform(act)
            after = self.audit()
            worth[act.kind] = after - before
            before = after
        self.figures = before
        worker.counts.clear()
        worker.next_cycle()
        return worth

    def check_figures(self):
        expected = collections.Counter(self.figures)
        for caller in self.callers:
            for kind, count in caller.counts.items():
                for name, each in self.worth[kind].items():
                    expected[name] += count * each
            caller.counts.clear()
        self.figures = self.audit()
        if expected != self.figures:
            self.report("twice", f"audit counts {dict(self.figures - expected)} more, and "
                                 f"{dict(expected - self.figures)} less than there were made")

    def replace_customers(self):
        """Those who come near a bound of the domain make room for somebody new."""
        for worker in self.workers:
            if not worker.is_near_a_bound():
                continue
            worker.begin_with(self.shop.customer())
            for reader in self.readers:
                reader.acts = [act for act in reader.acts if act.worker is not worker]
        for caller in self.callers:
            caller.counts.clear()
        self.figures = self.audit()

    # ---- one cycle

    def run_cycle(self, audit):
        self.cycle += 1
        self.cycle_begin = moment(int(time.time() * 1000) - 2)
        older = self.node.folder + "/older"
        threads = [threading.Thread(target=target) for target in
                   [self.log.watch] + [caller.work for caller in self.callers]]
        for thread in threads:
            thread.start()
        time.sleep((0.4 if self.control else self.random.uniform(0.02, 0.4)) * SLOW)
        self.node.kill()
        for thread in threads:
            thread.join()
        if self.control == "forgetful":
            shutil.rmtree(self.node.data)
            shutil.copytree(older, self.node.data)
        elif self.control is None and self.random.random() < 0.125:
            self.node.begin()
            time.sleep(self.random.uniform(0, 0.05) * SLOW)
            self.node.kill()
        self.node.start()
        self.check(audit)
        self.made += sum(len(caller.cycle_acts) for caller in self.callers)
        for caller in self.callers:
            caller.next_cycle()
        if audit:
            self.replace_customers()

    def check(self, audit):
        begin = time.monotonic()
        self.check_proofs(begin)
        together(WORKERS, lambda i: self.workers[i].repeat_cycle(reads=False))
        together(len(self.callers), lambda i: self.callers[i].repeat_cycle(reads=True))
        together(WORKERS, lambda i: (self.workers[i].look_up(), self.workers[i].read_as_known(),
                                   self.workers[i].look_at_reads()))
        for worker in self.workers:
            reads = [(act.sent_at, act.told_at, act.answer.status) for reader in self.readers
                     for act in reader.cycle_acts if act.worker is worker and act.told_at is not None]
            for read in reads_behind_stops(reads, worker.switches):
                self.report("stop", f"{worker.name}: a read was permitted {read} behind a stop {worker.switches}")
        try:
            self.log.check()
        except tlog.LogError as error:
            self.report("log", str(error))
        if audit:
            self.check_figures()
            for caller in self.callers:  # answers of earlier cycles still stand
                caller.repeat(caller.acts[-50:])

    def check_proofs(self, begin):
        """Those of acts that were acknowledged before the kill: within a second of the start."""
        waiting = [(worker, receipt) for worker in self.workers for receipt in worker.receipts]
        signed = set()
        while waiting:
            worker, receipt = waiting[-1]
            answer = worker.line.get(f"/v1/me/receipts/{receipt}/proof")
            if answer.status == 200:
                waiting.pop()
                self.check_proof(worker, receipt, answer.body.decode(), signed)
            elif answer.status != 503 or time.monotonic() - begin > 1.0 * SLOW:
                self.report("proof", f"{len(waiting)} proofs are missing, {receipt} says {answer.body[:200]}")
                return
            self.slowest_proof = max(self.slowest_proof, time.monotonic() - begin)

    def check_proof(self, worker, receipt, file, signed):
        try:
            proof = tlog.Proof(file)
            if proof.checkpoint.note not in signed:
                signed.add(proof.checkpoint.note)
                line = self.node.line(dict(worker.customer.fields, Accept="application/jose+json"))
                original = line.get(f"/v1/me/receipts/{receipt}").expect(200).body
                proof.verify_payload(tlog.receipt_payload(original), self.log.key)
        except tlog.LogError as error:
            self.report("proof", f"{receipt}: {error}")


def run(seed, cycles, control=None):
    """The troubles of a run."""
    with RoughNode() as node:
        test = Test(node, seed, control)
        if control == "forgetful":
            shutil.copytree(node.data, node.folder + "/older")
        for cycle in range(cycles):
            test.run_cycle(audit=cycle == cycles - 1 or cycle % AUDIT_EVERY == AUDIT_EVERY - 1
                           or any(worker.is_near_a_bound() for worker in test.workers))
            if test.troubles:
                break
        if control is None:
            print(f"found: {test.cycle} kills, {test.made} acts, log of {test.log.last.size}, slowest proof "
                  f"{test.slowest_proof * 1000:.0f} ms after the start")
            for line in node.complaints():
                test.report("log of the program", line)
        return test.troubles


def controls(seed):
    for control, words in (("forged", {"repeat"}), ("forgetful", {"repeat", "look-up", "proof", "log"}),
                           ("doubled", {"twice"})):
        if control == "forgetful" and "DATABASE_SERVER" in os.environ:
            continue  # it takes a folder for all of a node
        found = {word for word, _ in run(seed, 3, control)}
        assert words <= found, f"the control {control} stayed green: {found}"
        print(f"control: {control}: red")
    stopped = [("give", 0, 1), ("stop", 2, 3), ("give", 6, 7)]
    assert reads_behind_stops([(2.5, 4, 200), (4, 5, 403), (4, 6.5, 200), (0.5, 1, 200)], stopped) == []
    assert reads_behind_stops([(4, 5, 200)], stopped) == [(4, 5, 200)]
    assert reads_behind_stops([(4, 5, 200)], stopped[:2]) == [(4, 5, 200)]


def killed_at_birth(seed, births):
    """A folder that was left half made serves at the next start."""
    chance = random.Random(seed)
    for _ in range(births):
        with RoughNode() as node:
            node.stop()
            node.empty()
            for _ in range(chance.choice((1, 1, 2))):
                node.begin()
                time.sleep(chance.uniform(0, 0.03) * SLOW)
                node.kill()
            node.start()
            Shop(node, "Blue Shop", 1).customer()


def main():
    seed = seed_of_run()
    controls(seed)
    killed_at_birth(seed, int(os.environ.get("BIRTHS", 12)))
    troubles = run(seed, int(os.environ.get("CYCLES", 100)))
    for word, sentence in troubles[:20]:
        print(f"{word}: {sentence}", file=sys.stderr)
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
