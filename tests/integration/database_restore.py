# SPDX-License-Identifier: Apache-2.0
"""Goal: what pg_dump has taken from a node's database, pg_restore brings to another one that serves. Method: with the
real programs, as docs/operations/README.md has them: a node is stopped, dumped, restored into an empty database, and
goes on there at once, with the same log; a dump that is older than what the node has published is refused, and is
served only on the operator's word. Positive control: in the older dump a permission lives that was stopped since, so
the refusal matters."""
import os
import subprocess
import sys

import steps
from database_server import DatabaseServer, program
from old_data import World
from stress import RoughNode

MARKS = ("log.checkpoint", "store.generations")


class Scene:
    def __init__(self, server, node):
        self.server, self.node, self.world, self.count = server, node, World(node), 0
        self.live = self.world.give()

    def dump(self, name):
        """As the operator does it, and as somebody who is no superuser."""
        file = os.path.join(self.node.folder, name + ".dump")
        subprocess.run([program("pg_dump"), "--format=custom", "--schema=symbolon", "--file=" + file,
                        self.node.store[1]], check=True)
        return file

    def restore(self, file):
        """Into an empty database, from which the node is to serve from now on."""
        self.count += 1
        self.server.ask("postgres", f"CREATE DATABASE restored{self.count} OWNER keeper TEMPLATE template0"
                                    " ENCODING 'UTF8'")
        url = self.server.url(f"restored{self.count}").replace("tester@", "keeper@")
        subprocess.run([program("pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner",
                        "--dbname=" + url, file], check=True)
        self.node.store = ["--store", url]

    def head(self):
        return self.node.nobody.get("/log/checkpoint").expect(200).body

    def refused(self):
        for words in (["serve", "--listen", "127.0.0.1:0"], ["doctor"], ["mark", "renew", "--yes"]):
            done = self.node.command(*words, "--json")
            assert done.returncode == 11 and "log.went_back" in done.stderr, (words, done.returncode, done.stderr)

    def goes_on(self):
        """It serves, and what it writes fits what was there."""
        self.node.start()
        self.world.read().expect(200)
        self.world.stop(self.world.give())
        assert self.node.run("doctor")["ok"]


def a_planned_move_serves_at_once(scene):
    scene.node.stop()  # numbers what waits
    scene.node.start()
    before = scene.head()
    scene.node.stop()
    scene.restore(scene.dump("planned"))
    scene.node.start()
    assert scene.head() == before, "the log is another one"
    scene.node.stop()
    scene.goes_on()
    scene.node.expect_sound()


def a_dump_of_a_running_node_serves_while_nothing_came_after_it(scene):
    file = scene.dump("running")
    scene.node.stop()
    scene.restore(file)
    scene.goes_on()
    scene.node.expect_sound()


def an_older_dump_is_refused(scene):
    scene.older = scene.dump("older")
    scene.world.stop(scene.live)
    scene.world.read().expect(403, "grant.withdrawn")
    scene.node.stop()
    newest = scene.dump("newest")
    scene.restore(scene.older)
    scene.refused()
    scene.restore(newest)
    scene.node.start()
    scene.world.read().expect(403, "grant.withdrawn")
    scene.node.stop()


def it_is_served_on_the_word_of_the_operator(scene):
    scene.restore(scene.older)
    scene.refused()
    for name in MARKS:
        path = os.path.join(scene.node.data, "keys", name)
        os.rename(path, path + ".before")
    done = scene.node.command("mark", "renew")
    assert done.returncode == 2 and "last act" in done.stdout and "nothing was done" in done.stderr, done
    assert scene.node.run("mark", "renew", "--yes") == {"renewed": True}
    assert scene.node.run("doctor")["marks_renewed"] is True
    scene.goes_on()
    print("control: in the older dump the permission lives: red")
    scene.node.expect_sound()


STEPS = [a_planned_move_serves_at_once, a_dump_of_a_running_node_serves_while_nothing_came_after_it,
         an_older_dump_is_refused, it_is_served_on_the_word_of_the_operator]


def main():
    with DatabaseServer() as server:
        server.ask("postgres", "CREATE ROLE keeper LOGIN")
        server.ask("postgres", "CREATE DATABASE first OWNER keeper")
        node = RoughNode()
        node.store = ["--store", server.url("first").replace("tester@", "keeper@")]
        with node:
            steps.run(STEPS, Scene(server, node))


if __name__ == "__main__":
    sys.exit(main())
