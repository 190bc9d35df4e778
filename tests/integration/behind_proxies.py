# SPDX-License-Identifier: Apache-2.0
"""Goal: behind a proxy nobody can slip a request into somebody else's connection. Method: every case of framing.def
goes through nginx and haproxy, strict and lax, to the server, many at a time over few connections, and so do mutated
requests. The proxy marks what it sends and tells what it understood; the server must have answered exactly that: as
many answers as the proxy sent requests, each to a mark of the proxy, with the same method, target and body, and as h11
reads the bytes between the two. A proxy that is not installed is left out, and the test says so. SEED= and MUTANTS= of
the environment. Positive control: a forgiving server behind them is caught."""
import concurrent.futures
import contextlib
import json
import os
import random
import select
import shutil
import sys
import tempfile
import time

from echo import Connection, EchoServer, framing_cases
from lax_server import LaxServer
from proxies import KINDS, MARK, Proxy, origin_form, program_of
from request_dice import generate, mutate
from second_reader import all_with_h11, read_with_h11
from skipping import SKIPPED

PROGRAM = sys.argv[1]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
MUTANTS = int(os.environ.get("MUTANTS") or 300)
AT_ONCE = 8
PAUSE = 0.005
HEAD_SECONDS = 10


class Recorded(Connection):
    """Replies out of bytes that were kept."""

    def __init__(self, data):
        self.buffer = data

    def _more(self):
        return False


def sentinel(number):
    return b"GET /sentinel/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % number


def answers_of(down):
    """The final replies of one connection."""
    recorded, answers = Recorded(bytes(down)), []
    while recorded.buffer:
        reply = recorded.reply()
        if reply.status >= 200:
            answers.append(reply)
    return answers


def marks_of(seen):
    return [value for name, value in seen["fields"] if name.lower() == MARK.lower()]


def differences(seen, theirs, sent):
    """Between what the server took, what h11 reads in the bytes that came, and what the proxy says it sent."""
    body = bytes.fromhex(seen["body"])
    if (seen["method"].encode(), seen["target"].encode(), body) != (theirs["method"], theirs["target"], theirs["body"]):
        yield "h11 reads something else: %.300r, not %.300r" % (theirs, seen)
    if seen["method"] != sent.method or sent.target not in (None, origin_form(seen["target"])) or \
            sent.body not in (None, body):
        yield "the proxy sent something else: %.300r, not %.300r" % (vars(sent), seen)


def judge(recorded, sent):
    """Complaints about what went over the connections between proxy and server. A request that the proxy gave up half
    sent may have been refused meanwhile: its answer counts, but the proxy does not tell of it."""
    taken, answer_count = set(), 0
    for up, down in recorded:
        theirs = all_with_h11(bytes(up))
        try:
            answers = answers_of(down)
        except (EOFError, AssertionError) as why:
            yield "answers that cannot be read: %r" % why
            continue
        answer_count += len(answers)
        if len(answers) > bytes(up).lower().count(b"%s: " % MARK.lower().encode()):
            yield "more answers than requests that were sent: %.300r" % bytes(up)
        for i, reply in enumerate(answers):
            if reply.status != 200:
                continue
            seen = json.loads(reply.body)
            marks = marks_of(seen)
            if len(marks) != 1 or marks[0] not in sent or marks[0] in taken or i >= len(theirs):
                yield "an answer to a request that nobody sent: %.300r" % seen
                continue
            taken.add(marks[0])
            yield from differences(seen, theirs[i], sent[marks[0]])
    answered = [one for one in sent.values() if one.status is not None]
    if len(answered) > answer_count:
        yield "the proxy tells of %d answers, %d were given" % (len(answered), answer_count)
    for mark, one in sent.items():
        if (one.status == 200) != (mark in taken) and one.status is not None:
            yield "the proxy got another answer than was given: %.300r" % vars(one)


def wait_for_head(proxy, connection, passed_before):
    """Until the proxy has sent on what it has of a request, or refused it."""
    end = time.monotonic() + HEAD_SECONDS
    while sum(proxy.tap.sizes()) == passed_before and time.monotonic() < end:
        if select.select([connection.socket], [], [], PAUSE)[0]:
            return


def send_case(proxy, number, data, waits=False):
    """One case with a sentinel behind it, and one on a connection of its own; a complaint, or None. The head goes
    first: a proxy that has the whole body at once may say its length instead of passing chunks on. `waits`: it has
    passed for certain, when nothing else goes through the proxy meanwhile."""
    cut = data.find(b"\r\n\r\n") + 4
    with proxy.connect() as connection:
        passed_before = sum(proxy.tap.sizes())
        connection.send(data[:cut])
        if waits:
            wait_for_head(proxy, connection, passed_before)
        else:
            time.sleep(PAUSE)
        connection.send(data[cut:] + sentinel(number))
        with contextlib.suppress(ConnectionResetError):  # the proxy does not read what follows its refusal
            connection.read_to_end()
    with proxy.connect() as connection:
        connection.send(sentinel(-number))
        reply = connection.reply()
        connection.read_to_end()
        if reply.status != 200 or json.loads(reply.body)["path"] != "/sentinel/%d" % -number:
            return "a sentinel has another's answer: %d %.300r" % (reply.status, reply.body)
    return None


def run(name, folder, address, cases, at_once=AT_ONCE):
    """What the proxy sent, and complaints."""
    waits = at_once == 1 and KINDS[name].streams
    with Proxy(name, folder, address) as proxy:
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            told = pool.map(lambda numbered: send_case(proxy, *numbered, waits), enumerate(cases, 1))
            complaints = [complaint for complaint in told if complaint]
    return proxy.sent(), complaints + list(judge(proxy.tap.recorded, proxy.sent()))


def comes_whole(data):
    """Whoever waits for more bytes of a case waits until its deadline, and shows nothing by it."""
    seen = read_with_h11(data)
    return seen is None or seen["done"]


def mutants(rng):
    """HEAD is left out: of its answers alone nobody can tell where they end. What follows ends the wait for a body that
    was announced longer than it is."""
    return [mutate(rng, generate(rng)).replace(b"HEAD", b"GET") + sentinel(0) + b"x" * 4000 + b"\r\n\r\n"
            for _ in range(MUTANTS)]


def check(name, folder, address, rng):
    cases = [data for *_, data in framing_cases() if comes_whole(data)] + mutants(rng)
    sent, complaints = run(name, folder, address, cases)
    through = [one for one in sent.values() if one.status is not None and "/sentinel/" not in (one.target or "")]
    refused = sum(one.status != 200 for one in through)
    print("found: %s: %d cases, %d requests came through, %d of them were refused behind it" %
          (name, len(cases), len(through), refused))
    assert not complaints, "\n".join(complaints[:5])
    assert len(through) - refused > 30, "hardly anything came through: it shows nothing"


def check_control(name, folder, address):
    cases = [data for _, statuses, _, data in framing_cases() if b"chunked" in data and statuses[-1] == 200]
    _, complaints = run(name, folder, address, cases, at_once=1)
    assert any("nobody sent" in complaint for complaint in complaints), "a forgiving server went unnoticed"
    print("control: %s, a forgiving server behind it: red" % name)


def main():
    present = [name for name in KINDS if program_of(name) is not None]
    for name in sorted(set(KINDS) - set(present)):
        print("LEFT OUT: %s is not installed" % name)
    print("SEED=%d MUTANTS=%d" % (SEED, MUTANTS))
    folder, rng = tempfile.mkdtemp(prefix="symbolon-"), random.Random(SEED)
    try:
        with EchoServer(PROGRAM, body_ms=2000) as server, LaxServer(patient=True) as lax:
            for name in present:
                check(name, tempfile.mkdtemp(dir=folder), server.address, rng)
                if KINDS[name].keeps_chunks:
                    check_control(name, tempfile.mkdtemp(dir=folder), lax.address)
    finally:
        shutil.rmtree(folder)
    return 0 if present else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
