# SPDX-License-Identifier: Apache-2.0
"""Goal: an older dump of the data that is put back is served by no server of the node, whichever of them has published
last: not by one that was stopped before, not by a fresh one that brings the root key alone, and not by those that run
while it is put back; also when the log has not grown since, as with a sign-out. The newest is never refused, also
behind a kill, and though servers came and went since it was made. Method: two servers with keys in a database, as on
two machines; one is stopped, the data is dumped, a permission is stopped at the other and the log grows, or somebody
signs out; the dump is restored with pg_restore, with everything stopped and beneath both servers. Each is asked to
serve, to look, to audit. Positive controls: without the mark in the database of the keys the server that was stopped
first begins, and in what it serves the stopped permission lives, or whoever has signed out is signed in; the newest
dump is served by all."""
import os
import shutil
import subprocess
import sys
import time

import steps
from apart import Apart
from cli import EXIT, one_sentence
from database_server import DatabaseServer, program
from stress import RoughNode, Shop, wait_until

SLOW = float(os.environ.get("SLOW", 1))
SOON_SECONDS = 20 * SLOW  # a second, on a machine that is busy with other tests
OLDER = "older than what this node has published"
COPY = "the data on the server is an older copy than the mark beside the keys says"
SCHEMA = {"data": "symbolon", "keys": "symbolon_keys"}
SIZE = "SELECT size FROM symbolon.log_head"
CHANGES = f"SELECT {1 << 40} + sum(changes) FROM symbolon.batch_mark"
TRIES = 20  # of whoever takes the tables away beneath two servers: one of them may be at it


def expect(is_so):
    assert is_so


class Dumps:
    """Of the databases of one node, beside it."""

    def dump(self, name, database="data"):
        file = os.path.join(self.node.folder, name + ".dump")
        subprocess.run([program("pg_dump"), "-Fc", "-n", SCHEMA[database], "-f", file, self.server.url(database)],
                       check=True)
        return file

    def put_back(self, file, database="data"):
        schema = SCHEMA[database]
        for _ in range(TRIES):
            self.server.ask(database, f"DROP SCHEMA IF EXISTS {schema} CASCADE", check=False)
            if self.server.ask(database, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{schema}'") == "0":
                break
            time.sleep(0.1)
        subprocess.run([program("pg_restore"), "--exit-on-error", "--single-transaction", "-d",
                        self.server.url(database), file], check=True)


class Scene(Dumps):
    def __init__(self, server, node, other):
        self.server, self.node, self.other = server, node, other
        self.shop = Shop(node, "Blue Shop", 2)
        self.customer = self.shop.customer()
        self.give_and_read()

    def of_data(self, sql):
        return self.server.ask("data", sql)

    def of_keys(self, sql):
        return self.server.ask("keys", sql)

    def give_and_read(self):
        self.grant = self.customer.give(self.customer.line(), self.shop.purposes[0])
        self.read(self.node).expect(200)

    def read(self, node):
        return self.customer.read(node.line(self.shop.fields), self.shop.purposes[0])

    def go_on(self):
        """A stop at the first server, and more; waits until the log has it all, and the mark is kept."""
        self.customer.line().call("POST", f"/v1/me/grants/{self.grant}/withdraw", {}).expect(200)
        for _ in range(3):
            given = self.customer.give(self.customer.line(), self.shop.purposes[1])
            self.customer.line().call("POST", f"/v1/me/grants/{given}/withdraw", {}).expect(200)
        self.settled()
        self.read(self.node).expect(403, "grant.withdrawn")

    def settled(self):
        mark = "SELECT size, data_generation FROM symbolon_keys.log_mark"

        def is_settled():
            return (self.of_data("SELECT count(*) FROM symbolon.log_pending") == "0" and
                    self.of_keys(mark) == self.of_data(SIZE) + "|" + self.of_data(CHANGES))
        assert wait_until(is_settled, SOON_SECONDS) is not None, (self.of_keys(mark), self.of_data(CHANGES))

    def is_signed_in(self, line, node):
        answer = node.line(line.fields).call("GET", "/v1/me/attributes")
        assert answer.status in (200, 401), answer
        return answer.status == 200

    def sign_out(self, node):
        """Somebody who came for that. Gives the line and what was before; the log does not grow."""
        line = self.shop.customer().line()
        self.settled()
        size = self.of_data(SIZE)
        older, keys = self.dump("quiet"), self.dump("quiet-keys", "keys")
        line.call("POST", "/v1/me/sign-out", {}).expect(204)
        assert not self.is_signed_in(line, node)
        assert self.of_data(SIZE) == size, "the log has grown, so it would tell"
        return line, older, keys

    def without_keys(self):
        """Their database takes nobody any more."""
        self.server.ask("postgres", "ALTER DATABASE keys ALLOW_CONNECTIONS false")
        self.server.ask("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'keys'")

    def with_keys(self):
        self.server.ask("postgres", "ALTER DATABASE keys ALLOW_CONNECTIONS true")

    def with_fresh(self, ask):
        fresh = self.fresh()
        with open(os.path.join(self.node.folder, "log-fresh"), "w+b") as log:
            fresh.log = log
            fresh.start()
            try:
                ask(fresh)
            finally:
                fresh.stop()

    def all_end(self):
        for node in (self.node, self.other):
            took = wait_until(lambda: node.process.poll() is not None, SOON_SECONDS)  # pylint: disable=W0640
            assert took is not None, f"it goes on: {node.read_log()[-2000:]}"
            assert node.end() == 11, node.read_log()[-2000:]
            assert '"event":"log.went_back"' in node.read_log(), node.read_log()[-2000:]

    def fresh(self):
        """A server that was never there: all it has is the root key."""
        fresh = Apart(self.node)
        fresh.folder = os.path.join(self.node.folder, "fresh")
        fresh.store = self.node.store
        shutil.rmtree(fresh.folder, ignore_errors=True)
        os.makedirs(os.path.join(fresh.data, "keys"), mode=0o700)
        os.chmod(fresh.data, 0o700)
        shutil.copy(os.path.join(self.node.data, "keys", "root.key"), os.path.join(fresh.data, "keys"))
        return fresh

    def refused(self, node, words):
        done = node.command("serve", "--listen", "127.0.0.1:0")
        one_sentence(done, "CORRUPT")
        assert words in done.stderr, done.stderr


def every_server_knows_what_another_has_published(scene):
    scene.other.stop()
    scene.older = scene.dump("older")
    scene.go_on()
    scene.node.stop()
    scene.newest = scene.dump("newest")


def an_older_dump_is_refused_by_each_of_them(scene):
    scene.put_back(scene.older)
    for node in (scene.node, scene.other, scene.fresh()):
        scene.refused(node, OLDER)
        for command in ("doctor", "audit"):
            done = node.command(command, "--json")
            assert done.returncode == 11 and '"error":"log.went_back"' in done.stderr, (done.returncode, done.stderr)


def without_that_mark_it_would_be_served(scene):
    """The control; the mark of the data of what lies there goes with it."""
    row = scene.of_keys("SELECT row_id, size, data_generation, quote_literal(note) FROM symbolon_keys.log_mark")
    row = row.split("|", 3)
    scene.of_keys("DELETE FROM symbolon_keys.log_mark")
    for node in (scene.other, scene.fresh()):  # the data knows that there was one
        scene.refused(node, "log_mark")
    scene.of_data("DELETE FROM symbolon.node_state WHERE name = 'mark_shared'")
    scene.other.start()
    scene.read(scene.other).expect(200)
    scene.other.stop()
    print("control: without the mark the stopped permission lives: red")
    scene.of_keys(f"DELETE FROM symbolon_keys.log_mark; INSERT INTO symbolon_keys.log_mark"
                  f" (row_id, size, data_generation, note) VALUES ({', '.join(row)})")


def the_newest_is_served_by_all(scene):
    scene.put_back(scene.newest)
    scene.with_fresh(lambda fresh: scene.read(fresh).expect(403, "grant.withdrawn"))
    for node in (scene.node, scene.other):
        node.start()
        scene.read(node).expect(403, "grant.withdrawn")


def one_that_is_put_back_beneath_them_is_neither_served_nor_built_on(scene):
    scene.give_and_read()
    older = scene.dump("beneath")
    scene.go_on()
    newest = scene.dump("newest")
    scene.put_back(older)
    scene.all_end()
    after = scene.of_data(SIZE)
    scene.put_back(older)
    assert after == scene.of_data(SIZE), "something was published behind the older state"
    for node in (scene.node, scene.other, scene.fresh()):
        scene.refused(node, OLDER)
    scene.put_back(newest)
    scene.node.start()
    scene.read(scene.node).expect(403, "grant.withdrawn")
    scene.other.start()
    scene.node.expect_sound()


def one_is_refused_when_somebody_has_only_signed_out_since(scene):
    scene.other.stop()
    line, older, keys = scene.sign_out(scene.node)
    scene.node.stop()
    newest, newest_keys = scene.dump("quiet-newest"), scene.dump("quiet-newest-keys", "keys")
    scene.put_back(older)
    for node in (scene.node, scene.other, scene.fresh()):
        scene.refused(node, COPY)
    done = scene.other.command("doctor", "--json")
    assert done.returncode == 11 and '"error":"store.went_back"' in done.stderr, (done.returncode, done.stderr)
    scene.put_back(keys, "keys")
    scene.refused(scene.node, COPY)  # by its own mark
    scene.with_fresh(lambda fresh: expect(scene.is_signed_in(line, fresh)))
    print("control: without the newest mark whoever has signed out is signed in: red")
    scene.put_back(newest_keys, "keys")
    scene.put_back(newest)
    scene.with_fresh(lambda fresh: expect(not scene.is_signed_in(line, fresh)))


def the_newest_is_served_behind_a_kill_though_servers_came_and_went(scene):
    """Nothing that is waited for: the marks are as the kill has left them."""
    scene.node.start()
    scene.other.start()
    line, _, _ = scene.sign_out(scene.other)
    scene.node.kill()
    scene.other.kill()
    newest = scene.dump("killed")
    counted = scene.of_data(CHANGES)
    for node in (scene.node, scene.other):
        node.start()
        assert not scene.is_signed_in(line, node)
    time.sleep(1.5)  # the servers' own work has its turn; what it must not do is counted below
    for node in (scene.node, scene.other):
        node.stop()
    assert scene.of_data(CHANGES) == counted, "a server that nobody asks anything of makes its data newer"
    scene.put_back(newest)
    for node in (scene.node, scene.other):
        node.start()
    scene.with_fresh(lambda fresh: expect(not scene.is_signed_in(line, fresh)))


def generation_in_folder(node):
    with open(os.path.join(node.data, "keys", "store.generations"), encoding="ascii") as file:
        return int(file.read().split("\n")[4])


def one_is_refused_though_the_keys_were_away_when_the_data_changed(scene):
    """What all servers share of the marks lies there; what each has of its own does not."""
    line, at_other = scene.shop.customer().line(), scene.other.line(scene.shop.customer().fields)
    scene.settled()
    older = scene.dump("away")
    scene.without_keys()
    line.call("POST", "/v1/me/sign-out", {}).expect(204)
    changes = int(scene.of_data(CHANGES))
    took = wait_until(lambda: generation_in_folder(scene.node) >= changes, SOON_SECONDS)
    assert took is not None, (generation_in_folder(scene.node), changes, scene.node.read_log()[-2000:])
    scene.node.kill()
    at_other.call("POST", "/v1/me/sign-out", {}).expect(204)
    scene.other.process.terminate()  # before its own work comes to it
    assert scene.other.end() == EXIT["UNAVAILABLE"]
    assert generation_in_folder(scene.other) >= int(scene.of_data(CHANGES)) > changes
    newest = scene.dump("away-newest")
    scene.with_keys()
    scene.put_back(older)
    for node in (scene.node, scene.other):
        scene.refused(node, COPY)
    scene.put_back(newest)
    for node in (scene.node, scene.other):
        node.start()
        assert not scene.is_signed_in(line, node)


def one_beneath_them_is_found_out_when_somebody_has_only_signed_out(scene):
    _, older, _ = scene.sign_out(scene.node)
    newest = scene.dump("quiet-newest")
    scene.settled()
    scene.put_back(older)
    scene.all_end()
    scene.refused(scene.fresh(), COPY)
    scene.put_back(newest)
    scene.node.start()
    scene.node.expect_sound()


STEPS = [every_server_knows_what_another_has_published, an_older_dump_is_refused_by_each_of_them,
         without_that_mark_it_would_be_served, the_newest_is_served_by_all,
         one_that_is_put_back_beneath_them_is_neither_served_nor_built_on,
         one_is_refused_when_somebody_has_only_signed_out_since,
         the_newest_is_served_behind_a_kill_though_servers_came_and_went,
         one_is_refused_though_the_keys_were_away_when_the_data_changed,
         one_beneath_them_is_found_out_when_somebody_has_only_signed_out]


def main():
    with DatabaseServer(max_connections="200") as server:  # two nodes, and each has its keys there, too
        node = RoughNode()
        node.store = ["--store", server.make("data"), "--keys", server.make("keys")]
        with node, Apart(node) as other:
            steps.run(STEPS, Scene(server, node, other))


if __name__ == "__main__":
    sys.exit(main())
