# SPDX-License-Identifier: Apache-2.0
"""Goal: no reply leaves before its commit is on the disk. Method: the server runs under strace. First its calls are
written down while one act follows another: between each request and its reply the file of the act must be written, and
an fdatasync of it must have returned behind that. Then each fdatasync is held up: writes take as long, reading does
not. Last, fdatasync fails: the program ends at once, nobody hears of a success, and what was acknowledged is there
after a new start. Skips, with a word, where strace is missing or tracing is not permitted. Positive control: the judge
of the calls is shown the same trace without its fdatasync, and with the reply before it."""
import os
import re
import shutil
import subprocess
import sys
import time

from skipping import SKIPPED, skipped
from stress import Cut, RoughNode, Shop

SLOW = float(os.environ.get("SLOW", 1))
ACTS = 20
HELD_UP_SECONDS = 0.2
CALLS = "fdatasync,fsync,pwrite64,readv,read,recvfrom,sendto,sendmsg,writev,write"
WHERE = {"read": "ledger.db-wal", "give": "people.db-wal"}


class Tracer:
    """strace over all threads of the node, until it is ended."""

    def __init__(self, node, *options):
        self.path = os.path.join(node.folder, "trace")
        self.process = subprocess.Popen(["strace", "-f", "-y", "-s", "64", "-o", self.path, *options,
                                         "-p", str(node.process.pid)], stderr=subprocess.PIPE, text=True)
        self.word = self.process.stderr.readline()
        self.attached = "attached" in self.word
        time.sleep(0.3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()

    def lines(self):
        with open(self.path, errors="replace") as file:
            return file.read().splitlines()


def events(lines):
    """(call, what it is about, its octets) in the order in which the calls returned."""
    begun, done = {}, []
    for line in lines:
        match = re.match(r"(\d+) +(.*)", line)
        thread, text = match.groups()
        if text.endswith("<unfinished ...>"):
            begun[thread] = text.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
        if resumed:
            text = begun.pop(thread, "") + resumed[1]
        call = re.match(r"(\w+)\((?:\d+<([^>]*)>)?(.*)", text)
        if call:
            done.append(call.groups(default=""))
    return done


def judge(calls, words):
    """What is wrong with the calls of acts that followed one another; `words` says which act each was."""
    troubles, waiting, written, synced, acts = [], False, set(), set(), iter(words)
    for call, about, rest in calls:
        file = os.path.basename(about)
        if "POST /v1/" in rest:
            waiting, written, synced = True, set(), set()
        elif call == "pwrite64":
            written.add(file)
        elif call in ("fdatasync", "fsync") and file in written:
            synced.add(file)
        elif "HTTP/1.1 " in rest and waiting:
            word, waiting = next(acts), False
            if WHERE[word] not in synced:
                troubles.append(f"the reply of a {word} left before {WHERE[word]} was on the disk")
    left = len(list(acts))
    return troubles + ([f"{left} replies were not seen"] if left else [])


def without_syncs(calls):
    return [call for call in calls if call[0] not in ("fdatasync", "fsync")]


def replies_first(calls):
    """Each reply moved right behind its request."""
    moved, request = [], 0
    for call in calls:
        if "HTTP/1.1 " in call[2] and "POST " not in call[2]:
            moved.insert(request, call)
            continue
        moved.append(call)
        if "POST /v1/" in call[2]:
            request = len(moved)
    return moved


class Acting:
    def __init__(self, shop):
        self.shop, self.customer = shop, shop.customer()
        self.line, self.shop_line = self.customer.line(), shop.line()
        self.give()

    def give(self):
        return self.line.call("POST", "/v1/me/grants", {
            "relationship": self.customer.relationship, "purpose": self.shop.purposes[0], "attributes": ["pd:Name"]})

    def read(self, note="none"):
        return self.customer.read(self.shop_line, self.shop.purposes[0], note=note)


def order_of_calls(node, acting):
    """False where tracing is not permitted."""
    words = ["read", "give"] * (ACTS // 2)
    with Tracer(node, "-e", f"trace={CALLS}") as tracer:
        if not tracer.attached:
            skipped(tracer.word.strip())
            return False
        for word in words:
            getattr(acting, word)().expect(200, 201)
            time.sleep(0.05)
    calls = events(tracer.lines())
    assert not judge(calls, words), judge(calls, words)
    assert len(judge(without_syncs(calls), words)) == ACTS, "the judge does not miss a sync"
    assert len(judge(replies_first(calls), words)) == ACTS, "the judge does not see an early reply"
    print("control: a sync left out, a reply too early: red")
    print(f"found: {ACTS} replies left behind their commits")
    return True


def held_up(node, acting):
    with Tracer(node, "-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={int(HELD_UP_SECONDS * 1e6)}"):
        for act in (acting.give, acting.read):
            begin = time.monotonic()
            act().expect(200, 201)
            took = time.monotonic() - begin
            assert took >= HELD_UP_SECONDS, f"answered after {took:.3f} s, before the disk was done"
        begin = time.monotonic()
        acting.line.get("/v1/me").expect(200)
        took = time.monotonic() - begin
        assert took < HELD_UP_SECONDS * SLOW, f"reading waited {took:.3f} s for a disk that it does not need"
    print(f"found: with a disk of {HELD_UP_SECONDS} s, writes wait for it and reading does not")


def failed_sync(node, acting):
    """Nothing is tried again after a failed fdatasync: the next start reads back what is really there."""
    acting.read("before").expect(200)
    time.sleep(1.2)  # the courier is done and the checkpointer sleeps
    with Tracer(node, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"):
        try:
            answer = acting.read("behind")
            assert answer.status == 503, f"{answer.status} though the disk refused: {answer.body[:200]}"
        except Cut:
            pass
        status = node.process.wait(10 * SLOW)
    assert status != 0 and "store.fatal" in node.read_log(), f"ended with {status}"
    node.process.stdout.close()
    node.process = None
    node.start()
    notes = [item["note"] for item in acting.line.items("/v1/me/disclosures")]
    assert "before" in notes, "what was acknowledged is lost"
    acting.read("again").expect(200)
    node.expect_sound()
    print("found: a failed fdatasync ends the program; what was acknowledged is there after a new start")


def main():
    if shutil.which("strace") is None:
        return skipped("strace is not installed")
    with RoughNode() as node:
        acting = Acting(Shop(node, "Blue Shop", 1))
        if not order_of_calls(node, acting):
            return SKIPPED
        held_up(node, acting)
        failed_sync(node, acting)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
