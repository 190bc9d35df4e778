# SPDX-License-Identifier: Apache-2.0
"""Goal: a client that sends slowly is cut at the deadline of its whole head or body, however often it sends a little,
and costs the others nothing. Method: a thousand such clients of nine kinds at once, beside one that asks all the time.
CLIENTS= and SLOW= of the environment. Positive control: a server whose time limit is per read keeps them."""
import json
import os
import selectors
import sys
import threading
import time

from echo import Connection, EchoServer, allow_many_files
from lax_server import LaxServer

PROGRAM = sys.argv[1]
CLIENTS = int(os.environ.get("CLIENTS") or 1000)
SLOW = float(os.environ.get("SLOW") or 1)
DEADLINE = 1.5
DRIP_EVERY = 0.1
PAUSE = 0.002
LATE = DEADLINE + 3 * SLOW
P99_MAX = 0.25 * SLOW  # on a machine that has nothing else to do

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"
CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = POST + b"Content-Length: 100000\r\n"

# kind: what is sent at once, what is sent again and again, the statuses of answers before the cut, the cut's reason
KINDS = {
    "silent in its head": (GET, b"", [], "http.head_timeout"),
    "a head by the byte": (b"GET /", b"a", [], "http.head_timeout"),
    "a head by the line": (GET, b"X-A: b\r\n", [], "http.head_timeout"),
    "a head behind an empty line": (b"\r\n", b"G", [], "http.head_timeout"),
    "the head of its second request": (GET + b"\r\n" + b"GET /", b"a", [200], "http.head_timeout"),
    "silent in its body": (LENGTH + b"\r\n", b"", [], "http.body_timeout"),
    "a body by the byte": (LENGTH + b"\r\nb", b"b", [], "http.body_timeout"),
    "chunks of one byte": (CHUNKS, b"1\r\nb\r\n", [], "http.body_timeout"),
    "a body that was invited": (LENGTH + b"Expect: 100-continue\r\n\r\n", b"b", [100], "http.body_timeout"),
}


class Dripping:
    """One slow client."""

    def __init__(self, address, kind):
        self.kind, self.cut_after = kind, None
        start, self.drop, self.statuses, self.reason = KINDS[kind]
        self.connection, self.answers = Connection(address, 30), 0
        self.begin = time.monotonic()
        self.connection.send(start)

    def drip(self):
        if self.cut_after is None and self.answers == len(self.statuses):
            self.connection.send(self.drop)

    def hear(self):
        """Reads what has come. The last answer is the cut."""
        reply = self.connection.reply()
        if self.answers < len(self.statuses):
            assert reply.status == self.statuses[self.answers], (self.kind, reply.status)
            self.answers += 1
        else:
            self.cut_after = time.monotonic() - self.begin
            assert reply.status == 408 and json.loads(reply.body)["reason"] == self.reason, (self.kind, reply.body)
        if self.connection.buffer:
            self.hear()

    def complaint(self):
        if self.cut_after is None:
            return "%s: not cut" % self.kind
        if not DEADLINE * 0.9 < self.cut_after < LATE:
            return "%s: cut after %.2f s" % (self.kind, self.cut_after)
        return None


def drip_until_cut(clients, until):
    """Drips to all and hears them until none is left, or until then."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.connection.socket, selectors.EVENT_READ, client)
    next_drip = time.monotonic()
    while any(client.cut_after is None for client in clients) and time.monotonic() < until:
        for key, _ in selector.select(max(0, next_drip - time.monotonic())):
            key.data.hear()
            if key.data.cut_after is not None:
                selector.unregister(key.fileobj)
        if time.monotonic() >= next_drip:
            for client in clients:
                client.drip()
            next_drip = time.monotonic() + DRIP_EVERY
    selector.close()


def p99(values):
    return sorted(values)[len(values) * 99 // 100]


class Asking:
    """A client in order that asks all the time; how long it waited, and how much longer than it wished it slept: that
    is the machine's part in its waiting."""

    def __init__(self, server):
        self.server, self.over, self.waited, self.overslept, self.failure = server, threading.Event(), [], [], None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        try:
            with self.server.connect(30) as connection:
                while not self.over.is_set():
                    begin = time.monotonic()
                    assert connection.get("/plain").status == 200
                    answered = time.monotonic()
                    time.sleep(PAUSE)
                    self.waited.append(answered - begin)
                    self.overslept.append(time.monotonic() - answered - PAUSE)
        except Exception as failure:  # told on the main thread
            self.failure = failure


def control_a_limit_per_read_keeps_them():
    """They drip on beside a limit that each drop starts anew."""
    kinds = [kind for kind, (_, drop, statuses, _) in KINDS.items() if drop and not statuses and "chunk" not in kind]
    with LaxServer(read_seconds=DEADLINE) as lax:
        clients = [Dripping(lax.address, kind) for kind in kinds]
        drip_until_cut(clients, time.monotonic() + DEADLINE * 1.2)
        complaints = [client.complaint() for client in clients]
        for client in clients:
            client.connection.close()
    return all(complaints)


def main():
    allow_many_files()
    with EchoServer(PROGRAM, head_ms=int(DEADLINE * 1000), body_ms=int(DEADLINE * 1000), idle_ms=60000) as server:
        with Asking(server) as asking:
            clients = [Dripping(server.address, list(KINDS)[i % len(KINDS)]) for i in range(CLIENTS)]
            drip_until_cut(clients, time.monotonic() + LATE)
        complaints = [complaint for complaint in (client.complaint() for client in clients) if complaint]
        for client in clients:
            client.connection.close()
    print("found: %d slow clients cut between %.2f and %.2f s; beside them %d answers, p99 %.0f ms" %
          (len(clients) - len(complaints), min(client.cut_after or 0 for client in clients),
           max(client.cut_after or 0 for client in clients), len(asking.waited), p99(asking.waited) * 1000))
    assert not complaints, complaints[:5]
    assert asking.failure is None, asking.failure
    assert p99(asking.waited) <= P99_MAX + 3 * p99(asking.overslept), "others waited"
    assert control_a_limit_per_read_keeps_them(), "a limit per read went unnoticed"
    print("control: a limit per read: red")


if __name__ == "__main__":
    main()
