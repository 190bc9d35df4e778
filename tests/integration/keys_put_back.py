# SPDX-License-Identifier: Apache-2.0
"""Goal: keys that are put back from an older copy bring nobody back who was erased since: what is not to be there is
destroyed again before anything is served, while the others keep all that is theirs. Method: two people; the keys are
copied, one of the two is erased, the copy is put back: the whole folder of keys with keys.db and its marks, or, where
keys lie in a database, a dump of it; then the node is started, or the doctor asked. In a database it is also done under
a server that runs. And the bucket keys of the copy alone are laid beside the newer ones, as `cp -n` does it. Positive
controls: the copy opens the key of the erased person as long as no node has been started on it; what was laid beside is
there until then; keys as they were last are no older copy, and nothing is told of one; the other person's key opens
throughout.

Usage: keys_put_back.py PRINT_KEYS"""
import glob
import os
import shutil
import subprocess
import sys

import steps
from database_server import NamedServer, program
from key_places import in_each_place
from stress import Shop, wait_until
from traces import Keys, memory

PRINT_KEYS = sys.argv[1]
SLOW = float(os.environ.get("SLOW", 1))
SANITIZED = "SLOW" in os.environ  # such a program keeps what was freed, to catch who still uses it
WAIT = 60 * SLOW


class Folder:
    """Keys in the folder of the node."""

    def __init__(self, node):
        self.node, self.aside = node, os.path.join(node.folder, "keys-aside")
        self.words = ["sqlite:" + os.path.join(node.data, "store")]

    def copy(self):
        shutil.copytree(os.path.join(self.node.data, "keys"), self.aside)
        for path in glob.glob(os.path.join(self.node.data, "store", "keys.db*")):
            shutil.copy2(path, self.aside)

    def put_back(self):
        keys = os.path.join(self.node.data, "keys")
        shutil.rmtree(keys)
        for path in glob.glob(os.path.join(self.node.data, "store", "keys.db*")):
            os.remove(path)
        shutil.copytree(self.aside, keys, ignore=shutil.ignore_patterns("keys.db*"))
        for path in glob.glob(os.path.join(self.aside, "keys.db*")):
            shutil.copy2(path, os.path.join(self.node.data, "store"))

    def lay_beside(self):
        for path in glob.glob(os.path.join(self.aside, "buckets", "*.key")):
            if os.path.basename(path)[:-4] not in self.buckets():
                shutil.copy2(path, os.path.join(self.node.data, "keys", "buckets"))

    def buckets(self):
        return {os.path.basename(path)[:-4] for path in glob.glob(os.path.join(self.node.data, "keys/buckets/*.key"))}


class Database:
    """Keys in a database of their own."""

    def __init__(self, node):
        self.node, self.dump = node, os.path.join(node.folder, "keys.sql")
        self.server, self.name = NamedServer(os.environ["DATABASE_SERVER"]), node.database + "_keys"
        self.words = [self.server.make(self.name)]

    def copy(self):
        words = ["-h", self.server.folder, "-U", "tester", "--data-only", "--inserts", "-n", "symbolon_keys",
                 "--on-conflict-do-nothing"]
        subprocess.run([program("pg_dump"), *words, "-f", self.dump, self.name], check=True)

    def put_back(self):
        tables = self.server.ask(self.name, "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relkind ="
                                            " 'r' AND relnamespace = 'symbolon_keys'::regnamespace")
        words = ["-qX1", "-v", "ON_ERROR_STOP=1", "-h", self.server.folder, "-U", "tester", "-d", self.name]
        subprocess.run([program("psql"), *words, "-c", "TRUNCATE " + tables, "-f", self.dump], check=True,
                       stdout=subprocess.DEVNULL)

    def lay_beside(self):
        for line in open(self.dump):
            if line.startswith("INSERT INTO symbolon_keys.bucket_key "):
                self.server.ask(self.name, line)

    def lay_rows_beside(self):
        words = ["-qX1", "-v", "ON_ERROR_STOP=1", "-h", self.server.folder, "-U", "tester", "-d", self.name]
        subprocess.run([program("psql"), *words, "-f", self.dump], check=True, stdout=subprocess.DEVNULL)

    def buckets(self):
        return set(self.server.ask(self.name, "SELECT bucket FROM symbolon_keys.bucket_key").split())


class Scene:
    def __init__(self, node, keys):
        self.node, self.keys = node, keys
        self.shop = Shop(node, "Blue Shop", 1)
        self.ada, self.ben = self.customer(), self.customer()

    def customer(self):
        customer = self.shop.customer()
        customer.id = customer.line().get("/v1/me").expect(200).json["id"]
        customer.give(customer.line(), self.shop.purposes[0])
        return customer

    def read(self, customer, *statuses):
        return customer.read(self.shop.line(), self.shop.purposes[0]).expect(*statuses)

    def key_of(self, customer):
        """(reason, key, bucket key): past the node, as it would open them."""
        places = [self.node.store[1], *self.keys.words] if self.node.store else []
        done = subprocess.run([PRINT_KEYS, self.node.data, *places, customer.id], capture_output=True, text=True,
                              timeout=WAIT)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[1:]

    def told(self):
        """How often the log of the servers tells of an older copy."""
        return self.node.read_log().count('"event":"keys.went_back"')

    def beside(self):
        return self.node.read_log().count('"event":"keys.laid_beside"')

    def expect_only_ben(self):
        assert self.key_of(self.ada)[0] == "person.erased", self.key_of(self.ada)
        assert self.key_of(self.ben)[0] == "-", self.key_of(self.ben)

    def expect_served(self):
        self.read(self.ada, 403, 404)
        assert b"Ada" not in self.node.line(self.ada.fields).get("/v1/me/attributes").expect(401).body
        assert b"Ada" in self.read(self.ben, 200).body  # everybody's name is that
        sought = Keys()
        for name, octets in zip(("key", "bucket key"), self.octets):
            sought.add(name, octets)
        found = set() if SANITIZED else {told for _, octets in memory(self.node.process.pid)
                                         for told in sought.find(octets)}
        assert not found, found


def somebody_is_erased_behind_the_copy(scene):
    reason, *keys = scene.key_of(scene.ada)
    assert reason == "-"
    scene.octets = [bytes.fromhex(key) for key in keys]
    scene.node.stop()
    scene.keys.copy()
    scene.node.start()
    went = [scene.customer().id for _ in range(4)]  # so what mends the copy is far from catching up by itself
    scene.node.stop()
    scene.node.run("person", "erase", scene.ada.id, *went, "--yes")
    scene.node.start()  # control: nothing was put back
    scene.expect_only_ben()
    scene.expect_served()
    said = scene.node.run("doctor")
    assert scene.told() == 0 and not said["keys_went_back"] and said["keys_returned"] == 0, said


def bucket_keys_that_were_laid_beside_go_again(scene):
    scene.node.stop()
    newest = scene.keys.buckets()
    scene.keys.lay_beside()
    assert len(scene.keys.buckets() - newest) == 1, "control: the copy's bucket key lies beside the newest"
    said = scene.node.run("doctor")
    assert said["keys_laid_beside"] == 1 and not said["keys_went_back"] and said["keys_pending"] == 0, said
    assert scene.node.run("doctor")["keys_laid_beside"] == 0 and scene.keys.buckets() == newest
    scene.keys.lay_beside()
    scene.node.start()
    assert scene.keys.buckets() == newest and scene.beside() == 1, scene.node.read_log()
    scene.expect_served()
    scene.keys.lay_beside()
    assert wait_until(lambda: scene.keys.buckets() == newest, WAIT) is not None, scene.node.read_log()
    assert wait_until(lambda: scene.beside() == 2, WAIT) is not None, scene.node.read_log()
    scene.expect_only_ben()
    scene.expect_served()


def rows_that_were_laid_beside_go_again_with_their_keys(scene):
    """Every row of the copy that is there no more, and none of the newer ones away: nothing is older then."""
    scene.node.stop()
    newest = scene.keys.buckets()
    scene.keys.lay_rows_beside()
    laid = scene.keys.buckets() - newest
    assert laid and scene.key_of(scene.ada)[0] == "-", "control: the copy's rows beside the newest open the key"
    scene.node.start()
    assert wait_until(lambda: not laid & scene.keys.buckets(), WAIT) is not None, scene.node.read_log()
    scene.expect_only_ben()
    scene.expect_served()


def a_node_that_starts_on_the_copy_destroys_them_again(scene):
    scene.node.stop()
    scene.keys.put_back()
    reason, *keys = scene.key_of(scene.ada)
    assert reason == "-" and [bytes.fromhex(key) for key in keys] == scene.octets, "the copy does not open"
    print("control: the copy alone opens the key of somebody who was erased: red")
    scene.node.start()
    scene.expect_only_ben()
    scene.expect_served()
    assert scene.told() == 1, scene.node.read_log()
    scene.node.stop()
    scene.node.start()
    assert scene.told() == 1, "keys that were mended are no older copy any more"
    said = scene.node.run("doctor")
    assert said["keys_went_back"] and said["keys_returned"] == 0 and said["keys_pending"] == 0, said
    assert "older copy" in scene.node.command("doctor").stdout
    scene.node.expect_sound()


def the_doctor_does_it_too_and_says_so(scene):
    scene.node.stop()
    scene.keys.put_back()
    said = scene.node.run("doctor")
    assert said["keys_went_back"] and said["keys_returned"] == 1 and said["keys_pending"] == 0, said
    scene.expect_only_ben()
    scene.node.expect_sound()
    scene.node.start()
    scene.expect_served()
    assert scene.told() == 1, "told once more, of keys that were mended already"


def under_a_server_that_runs_they_go_too(scene):
    scene.keys.put_back()
    assert wait_until(lambda: scene.key_of(scene.ada)[0] == "person.erased", WAIT) is not None, scene.node.read_log()
    assert wait_until(lambda: scene.told() == 2, WAIT) is not None, scene.node.read_log()
    scene.expect_only_ben()
    assert wait_until(lambda: scene.node.run("doctor")["keys_pending"] == 0, WAIT) is not None
    cleo = scene.customer()  # people come as before
    assert b"Ada" in scene.read(cleo, 200).body
    scene.node.expect_sound()


IN_EACH_PLACE = [a_node_that_starts_on_the_copy_destroys_them_again, the_doctor_does_it_too_and_says_so]


def play(node, keys):
    in_a_database = isinstance(keys, Database)
    laid = [bucket_keys_that_were_laid_beside_go_again]
    laid += [rows_that_were_laid_beside_go_again_with_their_keys] if in_a_database else []
    after = [under_a_server_that_runs_they_go_too] if in_a_database else []
    steps.run([somebody_is_erased_behind_the_copy, *laid, *IN_EACH_PLACE, *after], Scene(node, keys))


def main():
    in_each_place(Folder, Database, play)


if __name__ == "__main__":
    sys.exit(main())
