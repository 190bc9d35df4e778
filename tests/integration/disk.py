# SPDX-License-Identifier: Apache-2.0
"""Goal: a disk that is full or damaged is told of, harms nobody else and heals without help. Method: a node on a small
tmpfs in a mount namespace of the test's own, filled under load and emptied again, once with a kill in between; and a
node whose newest tile of the log is damaged in the database beneath it, and repaired. Skips the first part, with a
word, where mounting is not permitted. Stopping goes on all the while, also behind
thousands of changes that somebody else sends to the doors of stops. Positive control: where no room is kept for it
it is refused; the judge of effects sees an answer that is kept from it; the node does fail while the disk is full and
while the tile is damaged."""
import contextlib
import ctypes
import os
import sqlite3
import subprocess
import sys
import time

from skipping import skipped
from stress import RoughNode, Shop, wait_until

SLOW = float(os.environ.get("SLOW", 1))
DISK_BYTES = 32 << 20
RESERVE_BYTES = 16 << 20  # LIMIT_STORE_RESERVE_BYTES
STOPS = 60                # fewer than LIMIT_STOPS_AT_ONCE
GREED = 3000              # changes; written, they take more room than is kept
FIRST_MOST = 64 + 6 * 3   # LIMIT_STOPS_AT_ONCE, and LIMIT_STOPS_A_MINUTE for longer than it takes
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def enter_namespace():
    """Mounts of this process and its children are its own from here on. False when that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user != 0 else 0)) != 0:
        return False
    try:
        if user != 0:
            for name, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                with open(f"/proc/self/{name}", "w") as file:
                    file.write(line)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


class SmallDiskNode(RoughNode):
    """Its data lies on a tmpfs of DISK_BYTES."""
    mounted = False

    def begin(self):
        if not self.mounted:
            os.mkdir(self.data, 0o700)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", self.data], check=True)
            self.mounted = True
        super().begin()

    def leave(self):
        status = self.end()
        if self.mounted:
            subprocess.run(["umount", self.data], check=True)
        return super().leave() or status

    @property
    def ballast(self):
        return os.path.join(self.data, "ballast")

    def fill(self):
        file = os.open(self.ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with contextlib.suppress(OSError):
            while True:
                os.write(file, b"\0" * 4096)
        os.close(file)

    def empty(self):
        os.unlink(self.ballast)


class Visitor:
    """Reads with marks of its own, which say afterwards what has had an effect."""

    def __init__(self, shop):
        self.shop, self.customer = shop, shop.customer()
        self.line, self.shop_line = self.customer.line(), shop.line()
        self.customer.give(self.line, shop.purposes[0])
        self.answered, self.refused, self.number = set(), set(), 0

    def read(self):
        self.number += 1
        mark = f"read {self.number} " + "x" * 400
        answer = self.customer.read(self.shop_line, self.shop.purposes[0], note=mark)
        (self.answered if answer.status == 200 else self.refused).add(mark)
        return answer

    def check(self):
        effects = {item["note"] for item in self.line.items("/v1/me/disclosures")}
        lost, unasked = judge(self.answered, self.refused, effects)
        assert not lost and not unasked, f"{len(lost)} answered without effect, {len(unasked)} refused with one"
        assert judge(set(), self.answered, effects)[1], "the judge does not see an effect that was refused"


def judge(answered, refused, effects):
    return answered - effects, refused & effects


def read_until_refused(visitor):
    for _ in range(5000):
        answer = visitor.read()
        if answer.status != 200:
            return answer
    raise AssertionError("the disk never became full")


class Stopper:
    """A customer with permissions to stop while the disk is full."""

    def __init__(self, shop):
        self.shop, self.customer = shop, shop.customer()
        self.line, self.shop_line = self.customer.line(), shop.line()
        self.grants = [self.customer.give(self.line, shop.purposes[0]) for _ in range(STOPS)]

    def stop(self):
        """The answers, one for each permission."""
        self.line.open()  # perhaps it was silent for too long
        return [self.line.call("POST", f"/v1/me/grants/{grant}/withdraw") for grant in self.grants]

    def check(self):
        states = {grant["state"] for grant in self.line.items("/v1/me/grants")}
        assert states == {"withdrawn"}, states
        answer = self.customer.read(self.shop_line, self.shop.purposes[0])
        assert answer.status == 403 and answer.json["reason"] == "grant.withdrawn", answer.body


def room_kept(node):
    return os.path.getsize(os.path.join(node.data, "store", "reserve"))


def check_refusal(answer):
    assert answer.status in (503, 507), answer.body
    assert answer.json["reason"] == "store.full", answer.body
    assert answer.status == 507 or answer.field("Retry-After"), answer.head


def full_disk(kill):
    with SmallDiskNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        visitor, stopper = Visitor(shop), Stopper(shop)
        assert room_kept(node) == RESERVE_BYTES
        for _ in range(20):
            visitor.read().expect(200)
        node.fill()
        check_refusal(read_until_refused(visitor))
        refused = visitor.line.call("POST", "/v1/me/grants", {
            "relationship": visitor.customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"]})
        if refused.status != 201:  # the other file may have had room left
            check_refusal(refused)
        for _ in range(30):
            visitor.read().expect(200, 503, 507)
        stopped = [answer.status for answer in stopper.stop()]
        assert stopped == [200] * STOPS, stopped
        assert stopper.customer.read(stopper.shop_line, shop.purposes[0]).status in (403, 503)
        assert room_kept(node) == 0, "the room that is kept was not needed"
        visitor.read().expect(503, 507)
        time.sleep(1)
        visitor.line.get("/v1/me").expect(200)  # what needs no room goes on
        visitor.line.get("/log/checkpoint").expect(200)
        visitor.line.get("/readyz").expect(200)
        if kill:
            node.kill()
            node.empty()
            node.start()
        else:
            node.empty()
        took = wait_until(lambda: visitor.read().status == 200, 5 * SLOW)
        assert took is not None, "writing did not begin again"
        visitor.check()
        stopper.check()
        assert room_kept(node) == RESERVE_BYTES, "the room was not kept again"
        proofs_come(visitor.customer, visitor.line, shop, 5 * SLOW)
        node.stop()
        lines = node.complaints()
        node.start()
        node.expect_sound()
        print(f"found: full disk{', killed' if kill else ''}: {STOPS} stops done, {len(visitor.answered)} reads "
              f"answered, {len(visitor.refused)} refused, {len(lines)} lines in the log, going on after {took:.2f} s")
        assert not [line for line in lines if "Sanitizer" in line or "assert" in line], lines


class Greedy:
    """A customer who changes and changes: what stops nothing, at a door that may stop something, and then a permission,
    a second shorter each time."""

    def __init__(self, shop):
        self.customer = shop.customer()
        self.line = self.customer.line()
        self.grant = self.customer.give(self.line, shop.purposes[0])
        self.until = int(time.time()) + 200 * 86_400

    def change(self):
        """How many were written."""
        path = f"/v1/me/relationships/{self.customer.relationship}"
        return sum(self.line.call("PATCH", path, {"nature": ("member", "customer")[i % 2]}).expect(
            200, 429, 503, 507).status == 200 for i in range(GREED))

    def narrow(self):
        def until(i):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.until - i))
        return sum(self.line.call("PATCH", f"/v1/me/grants/{self.grant}", {"until": until(i)}).expect(
            200, 503, 507).status == 200 for i in range(GREED))


def greed_uses_up_nobodys_room():
    with SmallDiskNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        visitor, stopper, greedy = Visitor(shop), Stopper(shop), Greedy(shop)
        node.fill()
        check_refusal(read_until_refused(visitor))
        changed, narrowed = greedy.change(), greedy.narrow()
        stopped = [answer.status for answer in stopper.stop()]
        print(f"found: full disk, of {GREED} changes of somebody else {changed} were written, of {GREED} that narrow "
              f"{narrowed}; then {stopped.count(200)} of {STOPS} stops done")
        assert stopped == [200] * STOPS, stopped
        assert 1 <= narrowed <= FIRST_MOST, narrowed
        node.empty()
        assert wait_until(lambda: visitor.read().status == 200, 5 * SLOW) is not None, "writing did not begin again"
        stopper.check()
        node.stop()
        node.start()
        node.expect_sound()


def without_the_room_that_is_kept():
    with SmallDiskNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        visitor, stopper = Visitor(shop), Stopper(shop)
        node.stop()
        reserve = os.path.join(node.data, "store", "reserve")
        os.unlink(reserve)
        os.mkdir(reserve)
        node.start()
        node.fill()
        check_refusal(read_until_refused(visitor))
        refused = [answer for answer in stopper.stop() if answer.status != 200]
        assert refused, "control: stopping goes on without any room"
        check_refusal(refused[0])
        print("control: a full disk where no room is kept: red")
        node.empty()


def proofs_come(customer, line, shop, seconds):
    """An act of now gets its proof; seconds that it took."""
    given = line.call("POST", "/v1/me/grants", {"relationship": customer.relationship, "purpose": shop.purposes[0],
                                                "attributes": ["pd:Name"]}).expect(201)
    proof = f"/v1/me/receipts/{given.json['receipt']}/proof"
    took = wait_until(lambda: line.get(proof).expect(200, 503).status == 200, seconds)
    assert took is not None, "no proof came"
    return took


# ---- a damaged tile

def cpu_seconds(node):
    with open(f"/proc/{node.process.pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Tiles:
    """The tiles in the database, behind the node's back."""

    def __init__(self, node):
        self.path = os.path.join(node.data, "store", "people.db")

    def run(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.path, timeout=10)) as database, database:
            return database.execute(sql, values).fetchall()

    def newest(self, level):
        return self.run("SELECT tile_index, data FROM log_tile WHERE level = ? ORDER BY tile_index DESC", level)[0]

    def put(self, level, index, data):
        self.run("UPDATE log_tile SET data = ? WHERE level = ? AND tile_index = ?", data, level, index)


def damages(data):
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    return {"a bit": bytes(flipped), "its end": data[:-1], "all of it": b""}


def damaged_tile(node, shop, what, level):
    customer = shop.customer()
    line, tiles = customer.line(), Tiles(node)
    proofs_come(customer, line, shop, 5 * SLOW)
    index, whole = tiles.newest(level)
    before, lines_before = line.get("/log/checkpoint").expect(200).body, len(node.complaints())
    tiles.put(level, index, damages(whole)[what])
    given = line.call("POST", "/v1/me/grants", {"relationship": customer.relationship, "purpose": shop.purposes[0],
                                                "attributes": ["pd:Name"]}).expect(201)
    spent = cpu_seconds(node)
    time.sleep(2)
    spent = cpu_seconds(node) - spent
    line.get(f"/v1/me/receipts/{given.json['receipt']}/proof").expect(503)
    assert line.get("/log/checkpoint").expect(200).body == before, "the log went on over a damaged tile"
    lines = node.complaints()[lines_before:]
    assert 1 <= len(lines) <= 2 and '"job":"log"' in lines[0], lines
    assert spent < 0.5, f"{spent:.2f} s of CPU in 2 s"
    tiles.put(level, index, whole)
    proof = f"/v1/me/receipts/{given.json['receipt']}/proof"
    took = wait_until(lambda: line.get(proof).status == 200, 10 * SLOW)
    assert took is not None and "courier.recovered" in node.read_log(), "the log did not go on after the repair"
    print(f"found: level {level} loses {what}: {len(lines)} line, {spent:.2f} s of CPU, going on {took:.1f} s "
          "after repair")


def damaged_tiles():
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        for level in (0, -1):
            for what in ("a bit", "its end", "all of it"):
                damaged_tile(node, shop, what, level)
        node.stop()
        node.start()
        node.expect_sound()


def main():
    damaged_tiles()
    if enter_namespace():
        full_disk(kill=False)
        full_disk(kill=True)
        greed_uses_up_nobodys_room()
        without_the_room_that_is_kept()
    else:
        skipped("no mount namespace is permitted here, so there is no small disk to fill")
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
