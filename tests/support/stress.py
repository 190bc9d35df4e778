# SPDX-License-Identifier: Apache-2.0
"""What the rough tests share: connections that are kept alive and know when they were cut, a node that can be killed
and started again on its folder, and a shop with customers who came by claim code. Python's threads suffice: the disk
is the slow part."""
import json
import os
import random
import signal
import socket
import sys
import threading
import time

from purposes import DELIVER
from running_node import Caller, RunningNode, pages


def seed_of_run():
    """SEED= of the environment, else a fresh one; printed, so that a run can be had again."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))
    print(f"SEED={seed}")
    sys.stdout.flush()
    return seed


class Cut(Exception):
    """The connection ended before the answer was complete: nobody knows whether the request had its effect."""


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    def field(self, name):
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    @property
    def json(self):
        return json.loads(self.body)

    def expect(self, *statuses):
        assert self.status in statuses, f"{self.status}, not {statuses}: {self.body[:600]!r}"
        return self


class Line:
    """One kept-alive connection of one caller; opens itself again after a cut and when the node was started again. With
    `address`, one of 127.0.0.0/8, it comes from there."""

    def __init__(self, node, fields=None, timeout=30, address=""):
        self.node, self.fields, self.timeout, self.address = node, dict(fields or {}), timeout, address
        self.socket, self.rest, self.process = None, b"", None
        self.partial = False  # the last cut came in the middle of an answer

    def open(self):
        self.close()
        self.process, self.partial = self.node.process, False
        try:
            self.socket = socket.create_connection((self.node.host, self.node.port), self.timeout, (self.address, 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.close()
            raise Cut(str(error)) from None

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.rest = None, b""

    def send(self, method, path, body=None, key=None):
        octets = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: node"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        if key is not None:
            lines.append(f"Idempotency-Key: {key}")
        if body is not None:
            lines.append(f"Content-Type: application/json\r\nContent-Length: {len(octets)}")
        if self.socket is None or self.process is not self.node.process:
            self.open()
        try:
            self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + octets)
        except OSError as error:
            self.close()
            raise Cut(str(error)) from None

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise Cut("end of connection")
        self.rest += data

    def receive(self):
        try:
            while b"\r\n\r\n" not in self.rest:
                self._more()
            head, self.rest = self.rest.split(b"\r\n\r\n", 1)
            answer = Answer(int(head[9:12]), head.decode("latin-1"), b"")
            size = int(answer.field("Content-Length") or 0)
            while len(self.rest) < size:
                self._more()
        except (OSError, Cut) as error:
            self.partial = self.rest != b""
            self.close()
            raise Cut(str(error)) from None
        answer.body, self.rest = self.rest[:size], self.rest[size:]
        if answer.field("Connection") == "close":
            self.close()
        return answer

    def call(self, method, path, body=None, key=None):
        self.send(method, path, body, key)
        return self.receive()

    def get(self, path):
        return self.call("GET", path)

    def items(self, path):
        """All items of a list, over all its pages."""
        return [item for page in pages(self, path) for item in page.json["items"]]


class RoughNode(RunningNode):
    """A node that may be killed. Its folder and its log go on."""

    def kill(self):
        process, self.process = self.process, None
        if process.poll() is not None:
            raise AssertionError(f"the node had ended by itself with {process.returncode}: {self.read_log()[-4000:]}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def line(self, fields=None, **options):
        return Line(self, fields, **options)

    def complaints(self):
        """Lines of the log that no run should have: failures that were not the caller's, and words of a sanitizer."""
        return [line for line in self.read_log().splitlines()
                if '"level":"error"' in line or "Sanitizer" in line or "runtime error" in line or "assert" in line]


class Beside(RoughNode):
    """A second server on the folder of a node; the folder stays when it ends."""

    def __init__(self, node):
        super().__init__()
        self.folder, self.store, self.database = node.folder, node.store, node.database

    def __enter__(self):
        self.log = open(os.path.join(self.folder, "log-beside"), "w+b")
        self.nobody = Caller(self)
        self.start()
        return self

    def leave(self):
        status = self.end()
        self.last_words = self.read_log()
        self.log.close()
        return status


class Shop:
    """An organisation with one system and published purposes."""

    def __init__(self, node, name, purposes):
        system = node.organisation(name, "Shipping")
        self.node, self.fields = node, system.fields
        self.organisation, self.department = system.organisation, system.department
        line = self.line()
        self.purposes = [self._publish(line, f"Deliver your order {i}") for i in range(purposes)]

    def line(self, **options):
        return self.node.line(self.fields, **options)

    @staticmethod
    def _publish(line, name):
        purpose = line.call("POST", "/v1/org/purposes", dict(DELIVER, name=name)).expect(201).json["id"]
        line.call("POST", f"/v1/org/purposes/{purpose}/publish").expect(200)
        return purpose

    def claim_code(self):
        return self.line().call("POST", "/v1/org/invitations", {}).expect(201).json["code"]

    def customer(self):
        return Customer(self)


class Customer:
    """Somebody who claimed an invitation; has a name and an address in the vault."""

    def __init__(self, shop):
        self.shop, self.node = shop, shop.node
        answer = self.node.line().call("POST", "/v1/claims", {"invitation": shop.claim_code()}).expect(201)
        self.fields = {"Cookie": answer.field("Set-Cookie").split(";")[0]}
        self.relationship = answer.json["id"]
        self.line().call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)

    def line(self, **options):
        return self.node.line(self.fields, **options)

    def give(self, line, purpose, **more):
        return line.call("POST", "/v1/me/grants", dict(
            relationship=self.relationship, purpose=purpose, attributes=["pd:Name"], **more)).expect(201).json["id"]

    def read(self, line, purpose, key=None, **more):
        """`line` is the shop's."""
        return line.call("POST", "/v1/org/disclosures", dict(
            relationship=self.relationship, purpose=purpose, attributes=["pd:Name"], **more), key)


class Busy:
    """Threads that are at it while the block runs, one for each job: run(job) goes on until `over` is set."""

    def __init__(self, jobs):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(job,)) for job in jobs]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def together(count, run):
    """Runs run(0) … run(count - 1) on threads that begin at one moment; gives the results. The first failure is
    raised."""
    barrier = threading.Barrier(count)
    results, failures = [None] * count, []

    def one(i):
        try:
            barrier.wait()
            results[i] = run(i)
        except BaseException as failure:  # told on the caller's thread
            failures.append(failure)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def wait_until(condition, seconds):
    """Seconds that it took, or None."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if condition():
            return time.monotonic() - begin
        time.sleep(0.01)
    return None
