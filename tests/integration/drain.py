# SPDX-License-Identifier: Apache-2.0
"""Goal: a server that is told to stop finishes what it has taken and ends well. Method: SIGTERM under a load of writes
and reads at a random moment; every request is either answered whole or was never taken: after a new start no request
without an answer has had an effect, and none with one is missing. Then the same with bodies under way, with clients
that do not read, and with thousands of idle connections. SEED= and ROUNDS= of the environment. Positive control: the
judge of effects sees an answer that is kept from it, and one that nobody gave."""
import os
import random
import signal
import socket
import sys
import threading
import time

from stress import Cut, RoughNode, Shop, seed_of_run, together

WRITERS = 12
SLOW = float(os.environ.get("SLOW", 1))
ROUNDS = int(os.environ.get("ROUNDS", 8))
LIMIT_SECONDS = 10 * SLOW  # LIMIT_DRAIN_MS


def stop(node, how=signal.SIGTERM):
    """Seconds until the node has ended well."""
    begin = time.monotonic()
    process, node.process = node.process, None
    process.send_signal(how)
    status = process.wait(LIMIT_SECONDS + 5)
    process.stdout.close()
    assert status == 0, f"ended with {status}: {node.read_log()[-2000:]}"
    return time.monotonic() - begin


class Writer:
    """Gives and is read from, without keys; knows which marks were answered and which were not."""

    def __init__(self, shop, name):
        self.customer, self.shop, self.name = shop.customer(), shop, name
        self.line, self.shop_line = self.customer.line(), shop.line()
        self.answered, self.unanswered, self.number = set(), set(), 0

    def run(self):
        try:
            while True:
                self.number += 1
                self.one(f"{self.name}-{self.number}")
        except Cut:
            pass

    def one(self, mark):
        if self.number % 5 == 0:  # something for the log, too
            self.customer.give(self.line, self.shop.purposes[0], uses={"kind": "once"})
        self.unanswered.add(mark)
        try:
            answer = self.customer.read(self.shop_line, self.shop.purposes[0], note=mark)
        except Cut:
            if self.shop_line.partial:
                raise AssertionError(f"{mark}: the answer was cut in its middle") from None
            raise
        if answer.status == 503:  # turned away, with a word
            return
        answer.expect(200, 403)
        self.unanswered.remove(mark)
        self.answered.add(mark)

    def effects(self):
        return {item["note"] for item in self.customer.line().items("/v1/me/disclosures")}


def judge(answered, unanswered, effects):
    """What is wrong: answers without effect, effects without answer."""
    return answered - effects, unanswered & effects


def under_load(node, shop, chance):
    writers = [Writer(shop, f"w{i}") for i in range(WRITERS)]
    for writer in writers[::2]:
        writer.customer.give(writer.line, shop.purposes[0])
    failures = []

    def run(writer):
        try:
            writer.run()
        except AssertionError as failure:
            failures.append(failure)
    threads = [threading.Thread(target=run, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.05, 0.4) * SLOW)
    took = stop(node, chance.choice([signal.SIGTERM, signal.SIGINT]))
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    waiting = node.query("people", "SELECT count(*) FROM log_pending")
    assert waiting == [("0",)], f"the courier left {waiting} acts without a place in the log"
    node.start()
    for writer in writers:
        effects = writer.effects()
        lost, unasked = judge(writer.answered, writer.unanswered, effects)
        assert not lost and not unasked, f"answered without effect {lost}, effect without answer {unasked}"
    one = next(writer for writer in writers if writer.answered)
    kept_back = set(list(one.answered)[:1])
    assert judge(set(), kept_back, one.effects())[1] == kept_back, "the judge does not see an effect without answer"
    assert judge({"nobody"}, set(), one.effects())[0] == {"nobody"}, "the judge does not see an answer without effect"
    return took, sum(len(writer.answered) for writer in writers), sum(len(writer.unanswered) for writer in writers)


def raw(node):
    return socket.create_connection((node.host, node.port), 10 * SLOW)


def read_to_end(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def bodies_under_way(node, shop):
    """A request whose head has come is taken: its body may still come, and it is answered."""
    body = b'{"nothing":1}'
    connection = raw(node)
    fields = "".join(f"{name}: {value}\r\n" for name, value in shop.fields.items())
    connection.sendall(f"POST /v1/org/disclosures HTTP/1.1\r\nHost: node\r\n{fields}Content-Type: application/json\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
    time.sleep(0.1 * SLOW)
    node.process.send_signal(signal.SIGTERM)
    time.sleep(0.2 * SLOW)
    connection.sendall(body[5:])
    answer = read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"Connection: close" in answer, answer[:300]
    connection.close()
    took = stop(node)
    node.start()
    return took


def clients_that_do_not_read(node, shop):
    """Their answers lie in the socket or wait in the server; they do not hold it up beyond its limit."""
    stuck = [raw(node) for _ in range(20)]
    for connection in stuck:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: node\r\n\r\n" * 30)
    time.sleep(0.2 * SLOW)
    took = stop(node)
    assert took < LIMIT_SECONDS + 1, took
    for connection in stuck:
        connection.close()
    node.start()
    return took


def clients_that_read_late(node, shop):
    """What is answered is sent, also to somebody who takes it late; afterwards nothing is waited for. Around some
    number of requests the last answer lies partly in the socket and partly in the server."""
    slowest = 0.0
    for count in range(22, 34):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # before the handshake, which tells of it
        connection.connect((node.host, node.port))
        whole = node.line().get("/openapi.json").expect(200).body
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: node\r\n\r\n" * count)
        time.sleep(0.1 * SLOW)
        node.process.send_signal(signal.SIGTERM)
        time.sleep(0.1 * SLOW)
        begin = time.monotonic()
        data = read_to_end(connection)
        assert whole in data and data.rfind(whole) + len(whole) == len(data), f"cut after {len(data)} bytes"
        connection.close()
        stop(node)
        slowest = max(slowest, time.monotonic() - begin)
        assert slowest < 3 * SLOW, f"ended {slowest:.1f} s after everything was taken"
        node.start()
    return slowest


def idle_connections(node, shop):
    idle = [raw(node) for _ in range(1000)]
    for connection in idle[::2]:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n")
    for connection in idle[::2]:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    took = stop(node)
    for connection in idle:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass  # not yet accepted
        connection.close()
    assert took < 3 * SLOW, took
    node.start()
    return took


def told_twice(node, shop):
    connection = raw(node)
    connection.sendall(b"GET /hea")
    time.sleep(0.1)
    node.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    node.process.send_signal(signal.SIGTERM)
    connection.sendall(b"lthz HTTP/1.1\r\nHost: node\r\n\r\n")
    assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")
    connection.close()
    took = stop(node)
    node.start()
    return took


def main():
    seed = seed_of_run()
    chance = random.Random(seed)
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        for turn in range(ROUNDS):
            took, answered, unanswered = under_load(node, shop, chance)
            print(f"found: under load: {answered} answered, {unanswered} not taken, ended in {took:.2f} s")
            assert took < LIMIT_SECONDS and answered > 0
        for case in (bodies_under_way, clients_that_do_not_read, clients_that_read_late, idle_connections, told_twice):
            print(f"found: {case.__name__.replace('_', ' ')}: ended in {case(node, shop):.2f} s")
        node.expect_sound()
        assert not node.complaints(), node.complaints()[:5]
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
