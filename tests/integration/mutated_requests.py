# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever comes, the server is never out of step with its client. Method: thousands of mutated requests over
sockets, each with a sentinel behind it on the same connection and one on another. The answers must be those to the
requests that h11 finds in the same bytes, one for each and in order, up to a refusal, which is the last; a sentinel's
answer is its own. SEED= and MUTANTS= of the environment. Positive control: a forgiving server is caught."""
import collections
import json
import os
import random
import sys

from echo import Connection, EchoServer
from lax_server import LaxServer
from request_dice import generate, mutate
from second_reader import STRICTER, all_with_h11, in_small_letters

PROGRAM = sys.argv[1]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
COUNT = int(os.environ.get("MUTANTS") or 15000)  # two in seven of them stay as they are
CONTROLS = 200
AT_ONCE = 100
REFUSALS = {400, 413, 414, 431, 501, 505}


class OutOfStep(Exception):
    pass


def demand(met, what, *more):
    if not met:
        raise OutOfStep("%s %s" % (what, " ".join("%.400r" % (one,) for one in more)))


def sentinel(number):
    return b"GET /sentinel/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number


def check_taken(reply, theirs):
    seen = json.loads(reply.body)
    fields = [(name.encode(), value.encode()) for name, value in seen["fields"]]
    demand(seen["method"].encode() == theirs["method"] and seen["target"].encode() == theirs["target"] and
           in_small_letters(fields) == in_small_letters(theirs["fields"]) and
           bytes.fromhex(seen["body"]) == theirs["body"], "taken differently", seen, theirs)


def check_refusal(reply, rest, would_be_taken):
    """The last answer of its connection; that to HEAD may come without its body."""
    demand(reply.status in REFUSALS and reply.field("Connection") == "close", "no clean refusal", reply.status)
    demand(len(rest) in (0, int(reply.field("Content-Length"))), "something follows a refusal", rest)
    if rest:
        reason = json.loads(rest)["reason"]
        demand(reason.startswith("http."), "no reason of framing", reason)
        demand(not would_be_taken or reason in STRICTER, "refused for a reason that is not listed", reason)


def judge(connection, data):
    """How many requests of `data` were taken, and whether the rest was refused. OutOfStep."""
    theirs, taken = all_with_h11(data), 0
    while connection.buffer:
        one = theirs[taken] if taken < len(theirs) else None
        reply = connection.reply(body=False)
        if reply.status == 100:
            continue
        if reply.status != 200:
            check_refusal(reply, connection.buffer, one is not None)
            return taken, True
        demand(one is not None, "an answer to a request that nobody sent", connection.buffer)
        if one["method"] != b"HEAD":
            size = int(reply.field("Content-Length"))
            reply.body, connection.buffer = connection.buffer[:size], connection.buffer[size:]
            check_taken(reply, one)
        taken += 1
    demand(taken == len(theirs), "requests without an answer", theirs[taken:])
    return taken, False


def exchange(address, batch):
    """Sends each of the batch on a connection of its own, which the client ends; gives the connections, read to their
    ends."""
    connections = [Connection(address, 30) for _ in batch]
    for connection, data in zip(connections, batch):
        connection.send(data)
        connection.socket.shutdown(1)
    for connection in connections:
        connection.read_to_end()
        connection.close()
    return connections


def run(address, rng, count):
    """Counts of outcomes, and complaints."""
    counts, complaints = collections.Counter(), []
    with Connection(address, 30) as witness:
        for first in range(0, count, AT_ONCE):
            batch = [mutate(rng, generate(rng)) + sentinel(number) for number in range(first, first + AT_ONCE)]
            connections = exchange(address, batch)
            witness.send(b"".join(sentinel(-number) for number in range(first, first + AT_ONCE)))
            for number, connection, data in zip(range(first, first + AT_ONCE), connections, batch):
                path = json.loads(witness.reply().body)["path"]
                try:
                    demand(path == "/sentinel/%d" % -number, "the sentinel beside it has another's answer", path)
                    taken, refused = judge(connection, data)
                    counts["taken"] += taken
                    counts["refused" if refused else "all answered"] += 1
                except (OutOfStep, OSError, AssertionError, ValueError) as why:
                    complaints.append("%s\n    %.600r" % (why, data))
    return counts, complaints


def main():
    print("SEED=%d MUTANTS=%d" % (SEED, COUNT))
    rng = random.Random(SEED)
    with EchoServer(PROGRAM) as server:
        counts, complaints = run(server.address, rng, COUNT)
        with server.connect() as connection:
            requests = json.loads(connection.get("/counters").body)["requests"]
    for complaint in complaints[:5]:
        print(complaint)
    print("found: of %d connections %s" % (COUNT, dict(counts)))
    assert not complaints, "%d of %d connections were out of step" % (len(complaints), COUNT)
    assert requests == counts["taken"] + COUNT + 1, "handled %d requests, answered others" % requests
    assert counts["refused"] > COUNT // 4 and counts["all answered"] > COUNT // 10, "too one-sided to show much"

    with LaxServer() as server:
        _, caught = run(server.address, rng, CONTROLS)
    assert CONTROLS // 10 < len(caught) < CONTROLS, "a forgiving server went unnoticed, or nothing was right"
    print("control: a forgiving server: red %d times in %d" % (len(caught), CONTROLS))


if __name__ == "__main__":
    main()
