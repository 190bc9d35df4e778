# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever is done to the clock of the machine, nothing that has ended comes back to life, nothing that is live
ends for good, no id is given twice, and the times of the node never go back. Method: the node's clocks are set by a
library before it; for each jump a permission has just run out, another runs for minutes, another for a year. All are
tried while the clock is wrong and after it is right again, changes are made, and the audit reads everything. Positive
control: a node whose mark is taken away before it starts with the clock set back gives what had run out, and the same
checks say so. With the word `server` the data is on a database server, whose clock is the one that counts: it is set
together with that of the node's machine, and a node hears of it within a second.

Usage: clock.py LIBRARY [server], the library of set_clock.c"""
import calendar
import contextlib
import os
import random
import re
import signal
import sqlite3
import sys
import time

import page_sums
from database_server import DatabaseServer
from purposes import DELIVER
from running_node import RunningNode
from set_clock import Clock
from stress import wait_until

KIND = "pd:Name"
KINDS = [KIND, "pd:PhysicalAddress"]
DAY = 86400
BRIEF, SOON = 0.7, 600  # seconds that the permissions last
ON_SERVER = sys.argv[2:] == ["server"]
HEARD_SECONDS = 20
HORIZON_SECONDS = 65  # a node that starts may be so far ahead of a clock that was set back


def seconds_of(moment):
    return calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")) + int(moment[20:23]) / 1000


def moment_of(seconds):
    ms = round(seconds * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


class World:
    def __init__(self, node):
        self.node, self.latest, self.changes = node, 0, 0
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.ada = node.person("Ada")
        code = self.shop.post("/v1/org/invitations", {}).expect(201).json["code"]
        self.relationship = self.ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
        self.ada.put("/v1/me/attributes/" + KIND, {"value": {"name": "Ada"}}).expect(200)
        self.year, self.soon = self.publish("Year"), self.publish("Soon")
        self.brief, self.probe = self.publish("Brief"), self.publish("Probe")
        self.give(self.year)
        self.soon_grant = None

    def publish(self, name):
        made = self.shop.post("/v1/org/purposes", {**DELIVER, "name": name}).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{made}/publish").expect(200)
        return made

    def give(self, purpose, until=None):
        body = dict(relationship=self.relationship, purpose=purpose, attributes=KINDS)
        made = self.ada.post("/v1/me/grants", {**body, "until": moment_of(until)} if until else body).expect(201).json
        began = seconds_of(made["from"])
        assert began >= self.latest, f"the time went back by {self.latest - began} s"
        self.latest = began
        return made["id"]

    def read(self, purpose):
        return self.shop.post("/v1/org/disclosures",
                              dict(relationship=self.relationship, purpose=purpose, attributes=[KIND]))

    def now(self):
        """The node's time, by a change that is taken back."""
        grant = self.give(self.probe)
        self.ada.post(f"/v1/me/grants/{grant}/withdraw").expect(200)
        return self.latest

    def prepare(self, brief=BRIEF):
        """One permission that ends in minutes, and one that has run out and was seen so, without a trace on disk."""
        if self.soon_grant is not None:
            self.ada.post(f"/v1/me/grants/{self.soon_grant}/withdraw").expect(200)
        now = self.now()
        self.soon_grant = self.give(self.soon, now + SOON)
        ended = self.give(self.brief, now + brief)
        while self.ada.get(f"/v1/me/grants/{ended}").expect(200).json["state"] != "expired":
            time.sleep(0.05)

    def check(self, over=()):
        """`over`: what has run out by the wrong clock only."""
        self.read(self.brief).expect(403, "grant.expired")
        for purpose in (self.year, self.soon):
            if purpose in over:
                self.read(purpose).expect(403, "grant.expired")
            else:
                self.read(purpose).expect(200)
        self.change()

    def change(self):
        self.changes += 1
        self.ada.get("/v1/me").expect(200)
        self.ada.put("/v1/me/attributes/pd:City", {"value": f"City {self.changes}"}).expect(200)
        for _ in range(3):
            self.shop.post("/v1/org/invitations", {}).expect(201)
        self.now()

    def check_order(self):
        rows = self.ada.get("/v1/me/disclosures?limit=200").expect(200).json["items"]
        times = [row["at"] for row in rows]
        assert times == sorted(times, reverse=True), times
        assert len({row["id"] for row in rows}) == len(rows)

    def close_in(self, most):
        """How far the node is from the hour, now that the clock is right."""
        apart = self.now() - time.time()
        assert -1 < apart <= most, f"{apart} s apart"


def kill(node):
    node.process.send_signal(signal.SIGKILL)
    node.process.wait()
    node.process.stdout.close()
    node.process = None


class HeardClock(Clock):
    """One that the node hears of from its database: whoever sets it waits until then."""
    node = None

    def set(self, jump_ms=0, per_mille=0):
        super().set(jump_ms, per_mille)
        if self.node is None or self.node.process is None:
            return
        heard = wait_until(lambda: -HORIZON_SECONDS < self.apart() < 1, HEARD_SECONDS)
        assert heard is not None, f"the node has not heard of it: {self.apart()} s"

    def apart(self):
        """How much less it is behind than it was set."""
        figures = self.node.nobody.get("/metrics").expect(200).body.decode()
        ahead = float(re.search(r"^symbolon_clock_ahead_seconds (.*)$", figures, re.M)[1])
        return ahead - self.jump_ms / 1000


@contextlib.contextmanager
def a_world_with_a_clock(library):
    """The clock and a node."""
    with contextlib.ExitStack() as stack:
        clock = stack.enter_context((HeardClock if ON_SERVER else Clock)(library))
        if ON_SERVER:  # begins behind the library, as the node does
            os.environ["DATABASE_SERVER"] = stack.enter_context(DatabaseServer()).folder
        node = stack.enter_context(RunningNode())
        if ON_SERVER:
            clock.node = node
            stack.callback(setattr, clock, "node", None)
        yield clock, node


# ---- the jumps: each sets the clock, says what has run out by it, and how far ahead the node may be left

def back_two_hours(clock, world):
    clock.jump(-7200)
    return (), 0.1


def back_one_second(clock, world):  # a leap second
    clock.jump(-1)
    return (), 0.1


def summer_time(clock, world):
    clock.jump(3600)
    return (world.soon,), 0.1


def winter_time(clock, world):
    clock.jump(-3600)
    return (), 0.1


def a_day_ahead(clock, world):
    clock.jump(DAY)
    return (world.soon,), 0.1


def four_hundred_days_ahead(clock, world):
    clock.jump(400 * DAY)
    return (world.soon, world.year), 0.1


def the_end_of_32_bits(clock, world):
    clock.jump(2**31 - time.time() - 0.5)
    world.read(world.year).expect(403, "grant.expired")
    time.sleep(1)
    return (world.soon, world.year), 0.1


def a_year_that_no_id_can_hold(clock, world):
    clock.jump(200 * 365 * DAY)
    return (world.soon, world.year), 0.1


def frozen(clock, world):
    clock.stand()
    time.sleep(1)
    world.prepare()  # what runs out while the clock stands has run out
    return (), 0.1


def slow(clock, world):
    clock.run(-10)
    time.sleep(2)
    return (), 0.1


def fast(clock, world):
    clock.run(10)
    time.sleep(2)
    return (), 0.3


def restarted_three_seconds_back(clock, world):
    world.node.stop()
    clock.jump(-3)
    world.node.start()
    return (), 0.1


def restarted_twenty_seconds_back(clock, world):
    clock.jump(-20)
    world.node.stop()
    world.node.start()
    return (), 0.1


def restarted_often_an_hour_back(clock, world):
    clock.jump(-3600)
    for end in (world.node.stop, world.node.stop, lambda: kill(world.node), lambda: kill(world.node)):
        end()
        world.node.start()
        world.change()
    return (), 0.1


def killed_and_a_minute_back(clock, world):
    kill(world.node)
    clock.jump(-60)
    world.node.start()
    return (), 0.1


def idle_then_killed_and_back(clock, world):
    time.sleep(4)
    world.ada.get("/v1/me").expect(200)
    kill(world.node)
    clock.jump(-90)
    world.node.start()
    return (), 0.1


def restarted_ahead(clock, world):
    world.node.stop()
    clock.jump(400 * DAY)
    world.node.start()
    return (world.soon, world.year), 0.1


def a_step_of_seconds(clock, world):
    clock.jump(2)
    world.change()
    return (), 2.1


def stopped_and_rebooted_back(clock, world):
    world.node.stop()
    clock.jump(-7200)
    clock.reboot()
    world.node.start()
    return (), 5


def killed_and_rebooted_in_1970(clock, world):
    kill(world.node)
    clock.jump(-time.time() + 5)
    clock.reboot()
    world.node.start()
    return (), 70  # what the mark had reserved


JUMPS = (back_two_hours, back_one_second, summer_time, winter_time, a_day_ahead, four_hundred_days_ahead,
         the_end_of_32_bits, a_year_that_no_id_can_hold, frozen, slow, restarted_three_seconds_back,
         restarted_twenty_seconds_back, restarted_often_an_hour_back, killed_and_a_minute_back,
         idle_then_killed_and_back, restarted_ahead, fast, a_step_of_seconds, stopped_and_rebooted_back,
         killed_and_rebooted_in_1970)


JUMPS_ON_SERVER = (back_two_hours, four_hundred_days_ahead, killed_and_a_minute_back)


def chosen():
    """All, or as many as JUMPS= says: always one back and one ahead, the others drawn."""
    if ON_SERVER:
        return JUMPS_ON_SERVER
    seed = int(os.environ.get("SEED", time.time_ns() & 0xFFFFFFFF))
    print(f"SEED={seed}")
    most = int(os.environ.get("JUMPS", len(JUMPS)))
    always = {back_two_hours, four_hundred_days_ahead}
    others = random.Random(seed).sample([jump for jump in JUMPS if jump not in always], max(most - len(always), 0))
    return [jump for jump in JUMPS if jump in always or jump in others]


def try_all(library):
    with a_world_with_a_clock(library) as (clock, node):
        world, told = World(node), ""
        jumps = chosen()
        for jump in jumps:
            try:
                world.prepare()
                over, ahead = jump(clock, world)
                world.check(over)
                world.check_order()
                clock.right()
                world.check()
                world.check_order()
                told += node.read_log()
                world.close_in(HORIZON_SECONDS if ON_SERVER else ahead)
                assert node.run("audit")["findings"] == []
            except AssertionError as problem:
                raise AssertionError(f"{jump.__name__}: {problem}") from problem
            print(f"found: {jump.__name__.replace('_', ' ')}: nothing came back, nothing ended early")
            sys.stdout.flush()
        if len(jumps) == len(JUMPS):  # one of them may be over before the courier looks
            assert '"clock.doubted"' in told and '"ahead"' in told and '"behind"' in told, told


def take_mark_away(node):
    if node.database is not None:
        assert node.on_server("DELETE FROM clock_mark RETURNING 1").split(), "no server has left a mark"
        return
    with contextlib.closing(sqlite3.connect(os.path.join(node.data, "store", "ledger.db"))) as ledger, ledger:
        assert ledger.execute("DELETE FROM clock_mark").rowcount == 1
    page_sums.put_right(os.path.join(node.data, "store", "ledger.db"))


def a_node_without_its_mark_is_seen(library):
    with a_world_with_a_clock(library) as (clock, node):
        world = World(node)
        world.prepare(brief=8 if ON_SERVER else 20)
        kill(node)
        take_mark_away(node)
        clock.jump(-60)
        node.start()
        try:
            world.check()
        except AssertionError as problem:
            assert "200, not 403" in str(problem), problem
            print("control: a node without its mark: red")
            return
        raise AssertionError("control: what had run out was given, and nobody saw it")


def the_doctor_tells(library):
    with Clock(library) as clock, RunningNode() as node:
        told = node.run("doctor")
        assert not told["clock_doubted"] and abs(told["clock_ahead_ms"]) < 1000, told
        clock.jump(-600)
        told = node.run("doctor")
        assert told["clock_doubted"] and -601000 < told["clock_ahead_ms"] < -500000, told
        assert "behind the node's time" in node.command("doctor").stdout
        clock.jump(4000)
        assert "has leapt" in node.command("doctor").stdout
        figures = node.nobody.get("/metrics").expect(200).body.decode()
        assert "\nsymbolon_clock_doubted 1\n" in figures and "\nsymbolon_clock_ahead_seconds 4000" in figures, figures


def main():
    library = sys.argv[1]
    if not ON_SERVER:  # there it asks no clock of its machine
        the_doctor_tells(library)
    a_node_without_its_mark_is_seen(library)
    try_all(library)
    print("ok")


if __name__ == "__main__":
    main()
