# SPDX-License-Identifier: Apache-2.0
"""Goal: a node that began with its keys in its folder grows to several servers: its keys go into a database, and back,
and at no moment is a key lost, or an erased one back. Method: people, grants and one erased person; `migrate --keys-to`
beside a running server, which ends; then a second server with a copy of the root, an erasure there, and moves to and
fro that are killed at random moments; behind the way back an older copy of the data is put in place. Sealed keys are
looked for in every file of the folder. Positive controls: before the move they are found there, and whoever is not
erased is read after each step.

Usage: keys_move.py"""
import contextlib
import fcntl
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import steps
from apart import Apart
from cli import EXIT, one_sentence
from database_put_back import Dumps
from database_server import DatabaseServer, program
from stress import Cut, RoughNode, Shop, seed_of_run, wait_until
from traces import files

SLOW = float(os.environ.get("SLOW", 1))
KILLS = 3  # on each way
MARKS = ("log.checkpoint", "store.generations")


class Scene(Dumps):
    def __init__(self, server, node):
        self.server, self.node = server, node
        self.data = node.store
        self.place = "keys"
        self.keys = ["--keys", server.make(self.place)]
        self.folder = "file:" + os.path.join(node.data, "keys")
        self.rng = random.Random(seed_of_run())

    def migrate(self, to, *words, places=None):
        places = places or self.node.store
        return self.node.program, "migrate", "--data", self.node.data, *places, "--keys-to", to, *words

    def call(self, to, *words, **more):
        return subprocess.run(self.migrate(to, *words, **more), capture_output=True, text=True, timeout=60 * SLOW,
                              check=False)

    def customer(self):
        customer = self.shop.customer()
        customer.id = customer.line().get("/v1/me").expect(200).json["id"]
        customer.give(customer.line(), self.shop.purposes[0])
        return customer

    def read(self, customer, node, *statuses):
        line = node.line(self.shop.fields)
        answer = customer.read(line, self.shop.purposes[0]).expect(*statuses)
        assert statuses != (200,) or b"Ada" in answer.body
        line.close()

    def sealed_files(self):
        folder = os.path.join(self.node.data, "keys", "buckets")
        return {octets for _, octets in files(folder)}

    def rows(self, what="bucket_key"):
        if self.server.ask(self.place, f"SELECT to_regclass('symbolon_keys.{what}') IS NULL") == "t":
            return set()  # it was killed before it had made the tables
        return {line for line in self.server.ask(self.place, f"SELECT * FROM symbolon_keys.{what}").split()}

    def found_in_folder(self, sought):
        return sorted(os.path.relpath(path, self.node.data) for path, octets in files(self.node.data)
                      if any(some in octets for some in sought))

    def expect_whole(self):
        """One of both places at least holds the key of every bucket."""
        counts = len(self.sealed_files()), len(self.rows())
        assert max(counts) >= self.buckets, (counts, self.buckets)

    def expect_ended(self):
        """The server has ended by itself."""
        process, self.node.process = self.node.process, None
        status = process.wait(20 * SLOW)
        process.stdout.close()
        assert status == EXIT["CONFLICT"], (status, self.node.read_log()[-2000:])

    def expect_all(self, node):
        for customer in self.there:
            self.read(customer, node, 200)
        for customer in self.erased:
            self.read(customer, node, 403, 404)


# ---- the folder

def a_node_begins_with_its_keys_in_its_folder(scene):
    scene.shop = Shop(scene.node, "Blue Shop", 1)
    scene.there = [scene.customer() for _ in range(3)]
    gone = scene.customer()
    scene.node.run("person", "erase", gone.id, "--yes")
    scene.erased = [gone]
    scene.expect_all(scene.node)
    scene.buckets = len(scene.sealed_files())
    assert scene.buckets >= 1
    assert scene.found_in_folder(scene.sealed_files()), "a key is not found where it is"


def what_would_not_do_is_refused_untouched(scene):
    other = os.path.join(scene.node.folder, "other")
    for name in ("other_data", "other_keys"):
        scene.server.make(name)
    url = scene.server.url
    for words in (["org", "create", "Green Shop"], ["person", "create", "--name", "Ada"]):
        subprocess.run([scene.node.program, *words, "--data", other, "--store", url("other_data"), "--keys",
                        url("other_keys")], capture_output=True, timeout=60 * SLOW, check=True)
    elsewhere = os.path.join(scene.node.folder, "elsewhere")
    refused = [
        ("another root", "CORRUPT", "another root", scene.call(url("other_keys"))),
        ("the database of the data", "CONFLICT", "another database", scene.call(scene.data[1])),
        ("from folder to folder", "INVALID", "into a database, or back", scene.call("file:" + elsewhere)),
        ("data in a folder", "USAGE", "--store postgresql://",
         scene.call(scene.keys[1], places=["--store", "sqlite:" + elsewhere])),
        ("words that are no place", "USAGE", "--keys-to wants", scene.call("elsewhere")),
        ("both moves at once", "USAGE", "keys alone", scene.call(scene.keys[1], "--to", "sqlite:" + elsewhere)),
    ]
    scene.server.ask("other_keys", "DELETE FROM symbolon_keys.key_owner")
    refused.append(("a place that is in use", "CONFLICT", "empty place", scene.call(url("other_keys"))))
    folder = os.open(os.path.join(scene.node.data, "keys", "buckets"), os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    refused.append(("another run", "UNAVAILABLE", "just now", scene.call(scene.keys[1])))
    os.close(folder)
    for what, code, words, done in refused:
        assert words in done.stderr, (what, done.stdout, done.stderr)
        one_sentence(done, code)
    assert scene.node.process.poll() is None
    scene.expect_all(scene.node)


def closed_and_killed(scene):
    """Somebody puts a row of one of the people at the target and does not commit, so the move stands still behind the
    closed door, and is killed there."""
    holder = subprocess.Popen([program("psql"), "-qAtX", "-h", scene.server.folder, "-U", "tester", "keys"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with contextlib.closing(sqlite3.connect(os.path.join(scene.node.data, "store", "keys.db"))) as there:
        row = there.execute("SELECT max(person_id) FROM person_key").fetchone()[0]
    holder.stdin.write(f"BEGIN; INSERT INTO symbolon_keys.person_key VALUES ({row}, 1, ''); SELECT 'held';\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"
    move = subprocess.Popen(scene.migrate(scene.keys[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        state = "SELECT state FROM symbolon.store_place"
        assert wait_until(lambda: scene.server.ask("data", state) == "4", 20 * SLOW) is not None
        if scene.node.process is not None:
            scene.expect_ended()
        else:
            time.sleep(0.5)  # so that the place of the keys is perhaps closed as well: either will do
    finally:
        move.kill()
        move.wait()
        _, _ = holder.communicate("ROLLBACK;\n", timeout=20 * SLOW)
    done = scene.node.command("doctor")
    one_sentence(done, "CONFLICT")
    assert "--cancel" in done.stderr or "being moved" in done.stderr, done.stderr
    scene.expect_whole()


def what_was_closed_is_opened_again_by_cancel(scene):
    command(scene.call(scene.keys[1], "--cancel"), "CONFLICT")
    scene.node.start()
    closed_and_killed(scene)
    command(scene.call(scene.keys[1], "--cancel"), None)
    assert not scene.rows() and not scene.rows("person_key")
    closed_and_killed(scene)
    command(scene.node.command("migrate", "--cancel", "--yes"), None)  # as if the new place were lost
    scene.node.start()
    scene.expect_all(scene.node)
    scene.node.stop()


def command(done, code):
    assert done.returncode == (0 if code is None else EXIT[code]), (done.returncode, done.stdout, done.stderr)
    return done


# ---- the database

def keys_go_into_a_database_and_the_server_ends(scene):
    sealed = scene.sealed_files()
    scene.node.process.send_signal(signal.SIGSTOP)  # it sleeps through all of it
    done = scene.call(scene.keys[1])
    scene.node.process.send_signal(signal.SIGCONT)
    if done.returncode != 0:  # it slept in the middle of a write
        command(scene.call(scene.keys[1]), None)
    try:
        late = scene.there[0].line().call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).status
        assert late == 503, late
    except Cut:
        pass
    scene.expect_ended()
    assert len(scene.rows()) == scene.buckets
    assert not scene.sealed_files() and scene.found_in_folder(sealed) == [], scene.found_in_folder(sealed)
    done = scene.node.command("doctor")
    one_sentence(done, "CONFLICT")
    assert "have moved to" in done.stderr and "--keys" in done.stderr, done.stderr


def several_servers_share_them_and_an_erasure_is_final(scene):
    scene.node.store = scene.data + scene.keys
    scene.node.start()
    with Apart(scene.node) as other:
        for node in (scene.node, other):
            scene.expect_all(node)
        scene.there.append(scene.customer())
        gone = scene.there.pop(0)
        other.run("person", "erase", gone.id, "--yes")
        scene.erased.append(gone)
        for node in (scene.node, other):
            scene.expect_all(node)
    scene.older = scene.dump("older")
    scene.there.append(scene.customer())
    scene.node.stop()
    scene.buckets = len(scene.rows())


# ---- to and fro

def killed_at_random(scene, to):
    began = time.monotonic()
    kills = 0
    reach = 0.8 * SLOW
    for _ in range(KILLS):
        move = subprocess.Popen(scene.migrate(to), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            move.wait(scene.rng.uniform(0.05, reach))
        except subprocess.TimeoutExpired:
            move.send_signal(signal.SIGKILL)
            kills += 1
        move.wait()
        scene.expect_whole()
    command(scene.call(to), None)
    print(f"killed {kills} times, {time.monotonic() - began:.1f} s")


def an_older_copy_of_the_data_is_refused(scene):
    """Behind the move nobody has served it yet."""
    newest = scene.dump("newest")
    scene.put_back(scene.older)
    done = scene.node.command("doctor")
    one_sentence(done, "CORRUPT")
    assert "older" in done.stderr, done.stderr
    scene.put_back(newest)


def they_come_back_however_often_the_move_is_killed(scene):
    for mark in MARKS:  # as where another server was the last that ran
        os.remove(os.path.join(scene.node.data, "keys", mark))
    killed_at_random(scene, scene.folder)
    assert len(scene.sealed_files()) == scene.buckets and not scene.rows() and not scene.rows("person_key")
    done = scene.node.command("doctor")
    one_sentence(done, "CONFLICT")
    scene.node.store = scene.data
    an_older_copy_of_the_data_is_refused(scene)
    scene.node.start()
    scene.expect_all(scene.node)
    gone = scene.there.pop(0)
    scene.node.run("person", "erase", gone.id, "--yes")
    scene.erased.append(gone)
    scene.node.stop()
    scene.buckets = len(scene.sealed_files())


def and_go_again(scene):
    """To a database that has never seen this node: what is kept beside the keys comes along."""
    sealed = scene.sealed_files()
    scene.place = "elsewhere"
    scene.keys = ["--keys", scene.server.make(scene.place)]
    killed_at_random(scene, scene.keys[1])
    assert len(scene.rows()) == scene.buckets and scene.found_in_folder(sealed) == []
    scene.node.store = scene.data + scene.keys
    scene.node.expect_sound()
    scene.node.start()
    scene.expect_all(scene.node)


STEPS = [a_node_begins_with_its_keys_in_its_folder, what_would_not_do_is_refused_untouched,
         keys_go_into_a_database_and_the_server_ends, several_servers_share_them_and_an_erasure_is_final,
         they_come_back_however_often_the_move_is_killed, what_was_closed_is_opened_again_by_cancel, and_go_again]


def main():
    with DatabaseServer() as server:
        node = RoughNode()
        node.store = ["--store", server.make("data")]
        with node:
            steps.run(STEPS, Scene(server, node))


if __name__ == "__main__":
    sys.exit(main())
