# SPDX-License-Identifier: Apache-2.0
"""Goal: servers of one node on several machines tell one time, that of the database, whatever their own clocks say.
What one gives another permits at once, what ends does so at both, what one stops is refused by the other, and the audit
finds nothing. Method: the second server runs on another machine, as far as it can tell (set_clock.py): under another
name, for another time, with a clock that is 50 ms ahead, or ten minutes ahead or behind. Positive controls: the
clocks are as wrong as they are meant to be, by the head of an answer; an audit of rows whose order is turned is red.

Usage: servers_clocks.py LIBRARY, the library of set_clock.c"""
import calendar
import json
import os
import sys
import time

from database_server import NamedServer
from set_clock import Clock
from stress import Beside, RoughNode, Shop, seed_of_run

SLOW = float(os.environ.get("SLOW", 1))
SKEWS = (0.05, 600, -600)  # seconds
TURNS = 6
LASTS_SECONDS = 2  # at least one time of three somebody reads before it is over
APART_SECONDS = 1  # between what the servers and the database call now


class Elsewhere(Beside):
    """A second server, on a machine of its own."""

    def __init__(self, node, library, skew):
        super().__init__(node)
        self.library, self.skew = library, skew

    def begin(self):
        with Clock(self.library) as self.clock:  # the program keeps what it has mapped
            self.clock.reboot()
            self.clock.boot = 4711
            self.clock.jump(self.skew)
            super().begin()
            line = self.process.stdout.readline()  # it has looked at its clocks by now
        self.ready = line

    def start(self):
        self.begin()
        assert self.ready, f"the server did not start: {self.read_log()}"
        self.url = json.loads(self.ready)["ready"]
        self.host, port = self.url.removeprefix("http://").split(":")
        self.port = int(port)

    def ahead(self):
        """By how many seconds its own clock is, which it says at the head of each answer."""
        said = self.nobody.get("/healthz").expect(200).field("Date")
        return calendar.timegm(time.strptime(said, "%a, %d %b %Y %H:%M:%S GMT")) - time.time()


def moment_of(seconds):
    ms = round(seconds * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def what_one_gives_the_other_permits(nodes, shop, customer):
    """And what one stops the other refuses, in both directions; rows of both follow on each other."""
    purpose = shop.purposes[0]
    for turn in range(TURNS):
        giving, reading = nodes[::1 if turn % 2 else -1]
        grant = customer.give(giving.line(customer.fields), purpose)
        for node in (reading, giving, reading):
            customer.read(node.line(shop.fields), purpose).expect(200)
        reading.line(customer.fields).call("POST", f"/v1/me/grants/{grant}/withdraw", {}).expect(200)
        customer.read(giving.line(shop.fields), purpose).expect(403)


class Ending:
    """A permission that ends soon. A read is of a moment between its sending and its answer."""

    def __init__(self, nodes, shop, customer):
        self.lines, self.purpose, self.customer = [node.line(shop.fields) for node in nodes], shop.purposes[1], customer
        self.until, self.permitted = time.time() + LASTS_SECONDS, [0, 0]
        customer.give(nodes[1].line(customer.fields), self.purpose, until=moment_of(self.until))

    def read(self):
        for i, line in enumerate(self.lines):
            began = time.time()
            status = self.customer.read(line, self.purpose).expect(200, 403).status
            over, late = time.time(), began - self.until
            self.permitted[i] += status == 200
            assert status == 403 or late < APART_SECONDS, f"server {i} gives {late:.2f} s too long"
            assert status == 200 or over > self.until - APART_SECONDS, f"server {i} refuses too early"

    def wait(self):
        while time.time() < self.until + APART_SECONDS + 0.1:
            self.read()
            time.sleep(0.05)
        self.read()


def the_audit_sees_a_turned_order(node):
    server = NamedServer(os.environ["DATABASE_SERVER"])
    server.ask(node.database, "UPDATE symbolon.disclosure SET at_ms = at_ms + 3000 WHERE previous_id = 0")
    done = node.command("audit")
    assert done.returncode == 11 and "younger than the one behind it" in done.stdout, (done.returncode, done.stdout)
    server.ask(node.database, "UPDATE symbolon.disclosure SET at_ms = at_ms - 3000 WHERE previous_id = 0")


def main():
    seed_of_run()
    permitted = []
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 2)
        for skew in SKEWS:
            customer = shop.customer()
            with Elsewhere(node, sys.argv[1], skew) as other:
                ending = Ending([node, other], shop, customer)
                ending.read()
                what_one_gives_the_other_permits([node, other], shop, customer)
                ending.wait()
                permitted.append(ending.permitted)
                assert abs(other.ahead() - skew) < 30 * SLOW, "control: its clock is not set"
                assert not other.complaints(), other.complaints()
            done = node.command("audit")
            assert done.returncode == 0, (skew, done.stdout, done.stderr)
            print(f"found: with a clock that is {skew} s ahead, all as if there were one; the audit finds nothing")
        assert all(map(sum, zip(*permitted))), f"a server never permitted what was to end: {permitted}"
        assert not node.complaints(), node.complaints()
        the_audit_sees_a_turned_order(node)
        print("control: rows whose order is turned: red")
        node.expect_sound()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
