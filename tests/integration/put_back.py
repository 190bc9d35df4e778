# SPDX-License-Identifier: Apache-2.0
"""Goal: an older copy of a single file of the store, put back beside newer ones, is not served; nor is anything once a
mark beside the keys is gone. Method: all four files are copied aside, each is changed (a person comes, a record is
written, a read is answered, a permission is stopped), and each is put back alone: after an orderly end, after a kill,
and together with the marks of its time. Positive control: the same file as it was last is served each time, and says
that the permission is stopped. With the data on a database server: the keys alone."""
import contextlib
import os
import shutil
import sqlite3
import time

from old_data import World
from running_node import RunningNode

FILES = ("keys.db", "records.db", "ledger.db", "people.db")
MARKS = ("log.checkpoint", "store.generations")
MARK_SECONDS = 60


class Shelf:
    """The files of a node that rests, aside."""

    def __init__(self, node, name):
        self.node, self.folder = node, os.path.join(node.folder, name)
        os.mkdir(self.folder)
        for path in self.paths():
            for there in (path, path + "-wal"):
                if os.path.exists(there):
                    shutil.copy2(there, self.folder)

    def paths(self):
        return ([os.path.join(self.node.data, "store", name) for name in FILES] +
                [os.path.join(self.node.data, "keys", name) for name in MARKS])

    def put_back(self, *names):
        """A file with its log, as it was."""
        for path in self.paths():
            if os.path.basename(path) in names:
                for there in (path, path + "-wal", path + "-shm"):
                    if os.path.exists(there):
                        os.remove(there)
                    if os.path.exists(os.path.join(self.folder, os.path.basename(there))):
                        shutil.copy2(os.path.join(self.folder, os.path.basename(there)), there)


def change_everything(node, world, name, live=None):
    """Ends with a stop: of the permission that lived when the copy was made, or of a new one."""
    grant = live or world.give()
    world.read().expect(200)
    path = os.path.join(node.folder, name + ".csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"First Name,Email\n{name},{name}@x.example\n")
    assert node.run("import", world.shop.organisation, world.shop.department, path)["created"] == 1
    world.stop(grant)
    world.read().expect(403, "grant.withdrawn")


def refused(node, reason, word, *more):
    """Neither the server nor a command begins; the sentence names what is meant."""
    for words in (["serve", "--listen", "127.0.0.1:0"], ["doctor"], *more):
        done = node.command(*words, "--json")
        assert done.returncode == 11, (words, done.returncode, done.stdout, done.stderr)
        assert reason in done.stderr and word in done.stderr and "ready" not in done.stdout, (words, done.stderr)


def served(node, world):
    node.start()
    world.read().expect(403, "grant.withdrawn")
    node.stop()


def each_file_alone_is_refused(node, world, older):
    newest = Shelf(node, older.folder + "-after")
    for name in FILES:
        older.put_back(name)
        refused(node, "store.went_back", name)
        newest.put_back(name)
        served(node, world) if name == FILES[-1] else node.run("doctor")


def after_an_orderly_end(node, world):
    live = world.give()
    node.stop()
    older = Shelf(node, "orderly")
    older.put_back(*FILES)
    node.start()  # control: nothing has changed since the copy
    change_everything(node, world, "Ben", live)
    node.stop()
    each_file_alone_is_refused(node, world, older)
    newest = Shelf(node, "orderly-now")
    older.put_back(*FILES)
    refused(node, "log.went_back", "older", ["audit"], ["person", "create"])
    newest.put_back(*FILES)


def mark_of(node):
    """The generations of keys, records, ledger and people."""
    with open(os.path.join(node.data, "keys", "store.generations"), encoding="ascii") as file:
        return [int(line) for line in file.read().split("\n")[1:5]]


def marked(node, world, before):
    """Waits until the mark has seen the ledger move, and two writes behind that: the first new mark may be of a moment
    before the first of them, the second is not."""
    deadline = time.monotonic() + MARK_SECONDS
    while mark_of(node)[2] == before[2] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert mark_of(node)[2] > before[2]
    for town in ("Chur", "Bern"):
        before = mark_of(node)
        world.put(town)
        while mark_of(node)[3] == before[3] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert mark_of(node)[3] > before[3]


def with_the_marks_of_its_time(node, world):
    """What the other files say is left. Nobody but the mark vouches for the keys, whose copies live apart."""
    older = Shelf(node, "marked")
    node.start()
    before = mark_of(node)
    change_everything(node, world, "Cleo")
    marked(node, world, before)
    node.stop()
    newest = Shelf(node, "marked-after")
    for name in FILES[1:]:
        older.put_back(name, *MARKS)
        refused(node, "store.went_back", name)
        newest.put_back(name, *MARKS)
    served(node, world)


def after_a_kill(node, world):
    older = Shelf(node, "killed")
    node.start()
    before = mark_of(node)
    change_everything(node, world, "Eve")
    marked(node, world, before)
    node.process.kill()
    assert node.end() != 0
    each_file_alone_is_refused(node, world, older)


def a_mark_that_is_gone_or_broken_is_missed(node, world):
    newest = Shelf(node, "whole")
    for name in MARKS:
        path = os.path.join(node.data, "keys", name)
        os.remove(path)
        refused(node, "node.mark_missing", name)
        newest.put_back(*MARKS)
    path = os.path.join(node.data, "keys", "store.generations")
    with open(path, "r+b") as file:
        content = file.read().replace(b"\n", b"\n1", 1)
        file.seek(0)
        file.write(content)
    refused(node, "node.mark_missing", "store.generations")
    newest.put_back(*MARKS)
    served(node, world)


def a_command_that_failed_behind_its_change_is_marked_too(node):
    """Somebody reads the keys as they were, so that an erasure begins and does not come to its end."""
    person = node.run("person", "create")["id"]
    older = Shelf(node, "failed")
    before = mark_of(node)
    place = "file:" + os.path.join(node.data, "store", "keys.db") + "?mode=ro"
    with contextlib.closing(sqlite3.connect(place, uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM person_key").fetchone()
        done = node.command("person", "erase", person, "--yes")
        assert done.returncode == 10, (done.returncode, done.stdout, done.stderr)
    assert mark_of(node)[3] > before[3], (before, mark_of(node))
    if not node.store:
        newest = Shelf(node, "failed-after")
        older.put_back(*FILES)
        refused(node, "store.went_back", ".db")
        newest.put_back(*FILES)
    node.run("person", "erase", person, "--yes")


def an_operator_goes_on_knowingly(node, world):
    """Where a mark is lost, not where one contradicts."""
    assert node.run("mark", "renew") == {"renewed": False}
    older = Shelf(node, "renewed")
    node.start()
    change_everything(node, world, "Fay")
    node.stop()
    newest = Shelf(node, "renewed-after")
    older.put_back("people.db")
    done = node.command("mark", "renew", "--yes", "--json")
    assert done.returncode == 11 and "store.went_back" in done.stderr, (done.returncode, done.stderr)
    for name in MARKS:
        os.remove(os.path.join(node.data, "keys", name))
    done = node.command("mark", "renew", "--yes", "--json")
    assert done.returncode == 11 and "store.went_back" in done.stderr, (done.returncode, done.stderr)
    newest.put_back("people.db")
    done = node.command("mark", "renew")
    assert done.returncode == 2 and "nothing was done" in done.stderr and "last act" in done.stdout, done
    refused(node, "node.mark_missing", "log.checkpoint")
    assert node.run("mark", "renew", "--yes") == {"renewed": True}
    assert node.run("doctor")["marks_renewed"] is True
    served(node, world)
    newest = Shelf(node, "renewed-now")
    older.put_back("ledger.db")
    refused(node, "store.went_back", "ledger.db")
    newest.put_back("ledger.db")


def a_fresh_store_beside_marks_is_none(node):
    os.rename(os.path.join(node.data, "store"), os.path.join(node.data, "away"))
    done = node.command("serve", "--json", "--listen", "127.0.0.1:0")
    assert done.returncode == 11 and "node.store_lost" in done.stderr, (done.returncode, done.stderr)
    shutil.rmtree(os.path.join(node.data, "store"))
    os.rename(os.path.join(node.data, "away"), os.path.join(node.data, "store"))
    assert node.run("doctor")["ok"] is True


def on_a_database_server(node, world):
    """The keys lie in the folder all the same. The marks there may be older than the database: another server has
    written to it from a folder of its own. Of a node that has kept them they are missed."""
    node.stop()
    older = Shelf(node, "server")
    node.start()
    change_everything(node, world, "Ben")
    node.stop()
    newest = Shelf(node, "server-after")
    older.put_back("keys.db")
    refused(node, "store.went_back", "keys.db")
    newest.put_back("keys.db")
    served(node, world)
    older.put_back("keys.db", *MARKS)
    served(node, world)
    newest.put_back("keys.db", *MARKS)
    for name in MARKS:
        os.remove(os.path.join(node.data, "keys", name))
    refused(node, "node.mark_missing", "log.checkpoint")
    assert node.run("mark", "renew", "--yes") == {"renewed": True}
    assert node.run("doctor")["marks_renewed"] is True
    served(node, world)
    a_command_that_failed_behind_its_change_is_marked_too(node)


def main():
    with RunningNode() as node:
        world = World(node)
        if node.store:
            on_a_database_server(node, world)
            return
        after_an_orderly_end(node, world)
        with_the_marks_of_its_time(node, world)
        after_a_kill(node, world)
        a_mark_that_is_gone_or_broken_is_missed(node, world)
        a_command_that_failed_behind_its_change_is_marked_too(node)
        an_operator_goes_on_knowingly(node, world)
        a_fresh_store_beside_marks_is_none(node)
    print("ok")


if __name__ == "__main__":
    main()
