# SPDX-License-Identifier: Apache-2.0
"""Goal: a bucket key that is lost does not pass for one that was destroyed: nobody hears that a person who is there
does not exist, the operator hears how many keys are missing, others are served, people come as before, and whoever is
to be erased is. Method: the file of a bucket is taken away under a server that runs (where keys lie in a database:
the row); somebody in it is erased; the server starts without it, then without those of all people; at last they are
put back, and that one goes as at any erasure, without the people who are still in it. Positive controls: before, and
once they are back, the same calls succeed and nothing is told; somebody who was erased is not found all the while."""
import glob
import os
import shutil
import sys

import steps
from database_server import NamedServer
from key_places import in_each_place
from stress import Shop, wait_until

WAIT = 60 * float(os.environ.get("SLOW", 1))
LOST = '"event":"keys.lost"'


class Folder:
    """Bucket keys as files."""

    def __init__(self, node):
        self.folder, self.aside = os.path.join(node.data, "keys", "buckets"), os.path.join(node.folder, "aside")
        os.mkdir(self.aside)

    def names(self):
        return sorted(os.path.basename(path) for path in glob.glob(os.path.join(self.folder, "*.key")))

    def take(self, name):
        shutil.move(os.path.join(self.folder, name), self.aside)

    def lay_beside(self, name):
        """As of an older copy; whatever it holds, it must not be opened."""
        shutil.copy2(os.path.join(self.folder, self.names()[0]), os.path.join(self.folder, name))

    def put_back(self):
        for path in glob.glob(os.path.join(self.aside, "*.key")):
            shutil.move(path, self.folder)


class Database:
    """Bucket keys as rows."""

    def __init__(self, node):
        self.server, self.name = NamedServer(os.environ["DATABASE_SERVER"]), node.database + "_keys"
        self.words, self.aside = [self.server.make(self.name)], []

    def names(self):
        return self.server.ask(self.name, "SELECT bucket FROM symbolon_keys.bucket_key ORDER BY bucket").split()

    def take(self, name):
        row = f"symbolon_keys.bucket_key WHERE bucket = {name}"
        self.aside.append((name, self.server.ask(self.name, f"SELECT encode(sealed, 'hex') FROM {row}").strip()))
        self.server.ask(self.name, f"DELETE FROM {row}")

    def lay_beside(self, name):
        self.server.ask(self.name, f"INSERT INTO symbolon_keys.bucket_key (bucket, sealed) SELECT {name}, sealed FROM"
                                   " symbolon_keys.bucket_key LIMIT 1")

    def put_back(self):
        for name, sealed in self.aside:
            self.server.ask(self.name, "INSERT INTO symbolon_keys.bucket_key (bucket, sealed) VALUES"
                                       f" ({name}, decode('{sealed}', 'hex'))")
        self.aside = []


class Scene:
    def __init__(self, node, keys):
        self.node, self.keys = node, keys
        self.shop = Shop(node, "Blue Shop", 1)
        self.gone, self.ada, self.dan = self.customer(), self.customer(), self.customer()
        [self.destroyed] = keys.names()
        node.run("person", "erase", self.gone.id, "--yes")

    def customer(self):
        customer = self.shop.customer()
        customer.id = customer.line().get("/v1/me").expect(200).json["id"]
        customer.grant = customer.give(customer.line(), self.shop.purposes[0])
        return customer

    def read(self, customer):
        return customer.read(self.shop.line(), self.shop.purposes[0]).status

    def statuses(self, customer):
        """Of what needs the key of this person."""
        line = customer.line()
        return ([self.read(customer)] +
                [line.get(path).status for path in ("/v1/me/attributes", "/v1/me/disclosures")])

    def stop(self, customer):
        return customer.line().call("POST", f"/v1/me/grants/{customer.grant}/withdraw").status

    def ready(self):
        return self.node.line().get("/readyz").expect(200).json["status"]

    def told(self):
        return self.node.read_log().count(LOST)

    def expect_lost(self, customer):
        assert self.statuses(customer) == [500] * 3, self.statuses(customer)
        assert self.stop(customer) == 500, "it would have to be signed and sealed for the person"
        assert self.read(self.gone) in (403, 404), "control: who was erased is not found"


def with_every_key_there_nothing_is_told(scene):
    assert scene.statuses(scene.ada) == [200] * 3 and scene.ready() == "ok" and scene.told() == 0
    assert scene.read(scene.gone) in (403, 404)


def a_key_that_is_lost_under_a_server_is_told(scene):
    [scene.first] = scene.keys.names()
    scene.keys.take(scene.first)
    assert wait_until(lambda: scene.told() == 1, WAIT) is not None, scene.node.read_log()
    assert scene.ready() == "keys_lost"
    scene.expect_lost(scene.ada)


def people_come_as_before(scene):
    scene.cleo = scene.customer()
    assert scene.statuses(scene.cleo) == [200] * 3
    assert len(scene.keys.names()) == 1, "everybody who came since shares a bucket"
    assert scene.statuses(scene.customer()) == [200] * 3 and len(scene.keys.names()) == 1
    scene.expect_lost(scene.ada)


def somebody_lost_can_be_erased(scene):
    scene.expect_lost(scene.dan)
    scene.node.run("person", "erase", scene.dan.id, "--yes")
    assert scene.read(scene.dan) in (403, 404)
    assert scene.dan.line().get("/v1/me").status == 401
    scene.expect_lost(scene.ada)


def a_start_without_it_says_so_and_serves_the_others(scene):
    """A key that was destroyed lies there again, and stays: the copy may be what is left of the one that is lost."""
    scene.node.stop()
    told = scene.told()
    scene.keys.lay_beside(scene.destroyed)
    scene.node.start()
    assert scene.told() == told + 1 and scene.ready() == "keys_lost"
    assert '"event":"keys.left_beside","buckets":1,' in scene.node.read_log(), scene.node.read_log()
    assert scene.destroyed in scene.keys.names()
    assert scene.statuses(scene.cleo) == [200] * 3
    scene.expect_lost(scene.ada)
    done = scene.node.command("doctor", "--json")
    assert done.returncode == 11 and "person.key_lost" in done.stderr, done.stderr


def without_any_of_them_nothing_starts(scene):
    scene.node.stop()
    for name in scene.keys.names():
        scene.keys.take(name)
    for words in (["serve", "--listen", "127.0.0.1:0"], ["doctor"]):
        done = scene.node.command(*words, "--json")
        assert done.returncode == 11 and "person.key_lost" in done.stderr, (words, done.returncode, done.stderr)


def once_it_is_put_back_all_is_well(scene):
    scene.keys.put_back()
    told = scene.told()
    scene.node.start()
    for customer in (scene.ada, scene.cleo):
        assert scene.statuses(customer) == [200] * 3, "what could not be stopped is as it was"
    assert scene.ready() == "ok" and scene.told() == told
    assert scene.destroyed not in scene.keys.names(), "it was destroyed once, and goes again"
    assert wait_until(lambda: scene.first not in scene.keys.names(), WAIT) is not None, "somebody erased was in it"
    assert scene.statuses(scene.ada) == [200] * 3 and scene.read(scene.dan) in (403, 404)
    assert scene.stop(scene.ada) in (200, 204) and scene.read(scene.ada) == 403
    assert scene.read(scene.gone) in (403, 404)
    scene.node.stop()
    scene.node.run("doctor")
    scene.node.expect_sound()


STEPS = [with_every_key_there_nothing_is_told, a_key_that_is_lost_under_a_server_is_told, people_come_as_before,
         somebody_lost_can_be_erased,
         a_start_without_it_says_so_and_serves_the_others, without_any_of_them_nothing_starts,
         once_it_is_put_back_all_is_well]


def main():
    in_each_place(Folder, Database, lambda node, keys: steps.run(STEPS, Scene(node, keys)))


if __name__ == "__main__":
    sys.exit(main())
