# SPDX-License-Identifier: Apache-2.0
"""Goal: a node is served through a pooler that gives each connection a session of its own; one that hands sessions
round is refused in one sentence, before anything was made in the database or in a folder, or set in a session that
others are given. Method: PgBouncer before a cluster, in each of its modes, with the session that was used
last first and with each in its turn, alone and while others use it; `serve` and a command through it; the database, the
folders and what the sessions are set to are compared before and behind. Positive control: `pool_mode = session`."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

import steps
from cli import one_sentence
from database_refusals import Scene, call, look_of
from database_server import SLOW, DatabaseServer, program, unprivileged
from skipping import skipped
from stress import Busy, RoughNode, Shop, wait_until

POOLER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
PORT = 6432  # in the name of its socket alone
SETTINGS = ("search_path", "statement_timeout", "default_transaction_isolation", "default_transaction_read_only", "jit",
            "idle_in_transaction_session_timeout", "application_name")
OTHERS = 3


class Pooler:
    """One before the databases of a server, with a socket in a folder of its own."""

    def __init__(self, server, **settings):
        self.server, self.settings = server, {"pool_mode": "session", "default_pool_size": "40", **settings}

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="symbolon-pooler-")
        if unprivileged():
            shutil.chown(self.folder, unprivileged()["user"])
        os.chmod(self.folder, 0o755)
        path = os.path.join(self.folder, "settings")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"[databases]\n* = host={self.server.folder} user=tester\n[pgbouncer]\nlisten_port = {PORT}\n"
                       f"unix_socket_dir = {self.folder}\nauth_type = any\nmax_client_conn = 200\n")
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        self.process = subprocess.Popen([POOLER, "-q", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        cwd=self.folder, **unprivileged())
        came = wait_until(lambda: os.path.exists(f"{self.folder}/.s.PGSQL.{PORT}"), 60 * SLOW)
        assert came is not None, "the pooler does not start"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def url(self, database):
        return f"postgresql://tester@/{database}?host={self.folder}&port={PORT}"

    def session(self, database):
        return subprocess.Popen([program("psql"), "-qAtX", self.url(database)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def shown(self, database):
        """What a session is set to that somebody is given now."""
        with self.session(database) as session:
            return session.communicate("".join(f"SHOW {name};\n" for name in SETTINGS), timeout=60 * SLOW)[0]

    def fill(self, database, count):
        """So many sessions at the database, which nobody uses."""
        users = [self.session(database) for _ in range(count)]
        for user in users:
            user.stdin.write("BEGIN; SELECT 1;\n")
            user.stdin.flush()
            assert user.stdout.readline() == "1\n"
        for user in users:
            user.communicate("COMMIT;\n", timeout=60 * SLOW)


class Others(Busy):
    """Who use it too, each for a moment, over and over."""

    def __init__(self, pooler, database):
        super().__init__([pooler.session(database) for _ in range(OTHERS)])

    def run(self, job):
        with job as session:
            while not self.over.is_set():
                session.stdin.write("SELECT 1;\n")
                session.stdin.flush()
                session.stdout.readline()


def each_with_a_session_of_its_own_is_served(scene):
    with Pooler(scene.server) as pooler, Others(pooler, scene.make()):
        node = RoughNode()
        node.store = ["--store", pooler.url(scene.database)]
        with node:
            shop = Shop(node, "Blue Shop", 1)
            customer = shop.customer()
            customer.give(customer.line(), shop.purposes[0])
            customer.read(shop.line(), shop.purposes[0]).expect(200)
            assert node.run("doctor")["ok"]
            node.expect_sound()
    print("control: a pooler that gives each its own: red")


def refused(scene, others, filled=0, **settings):
    database = scene.make()
    with Pooler(scene.server, **settings) as pooler:
        pooler.fill(database, filled)
        before = pooler.shown(database)
        with Others(pooler, database) if others else contextlib.nullcontext():
            scene.refused(pooler.url(database), "CONFLICT", "pool_mode = session", database)
        assert pooler.shown(database) == before, "something was set in a session of others"


def sessions_that_are_handed_round_are_refused(scene):
    for mode in ("transaction", "statement"):
        refused(scene, False, pool_mode=mode)
        refused(scene, True, pool_mode=mode)
        refused(scene, True, pool_mode=mode, server_round_robin=1)
    for sessions in (2, 3):
        refused(scene, False, sessions, pool_mode="transaction", server_round_robin=1)


def so_are_they_where_the_keys_are_to_lie(scene):
    data, keys = scene.server.url(scene.make()), scene.make()
    with Pooler(scene.server, pool_mode="transaction") as pooler:
        before = look_of(scene.filled)
        done = call(scene.filled, data, "serve", "--listen", "127.0.0.1:0", "--keys", pooler.url(keys))
    one_sentence(done, "CONFLICT")
    assert "pool_mode = session" in done.stderr and look_of(scene.filled) == before, done.stderr


class PooledScene(Scene):
    made = 0

    def make(self):
        self.made += 1
        self.database = f"pooled{self.made}"
        self.server.make(self.database)
        return self.database


STEPS = [each_with_a_session_of_its_own_is_served, sessions_that_are_handed_round_are_refused,
         so_are_they_where_the_keys_are_to_lie]


def main():
    if POOLER is None:
        return skipped("pgbouncer is not installed")
    with DatabaseServer() as server, tempfile.TemporaryDirectory(prefix="symbolon-test-") as scratch:
        server.scratch = scratch
        steps.run(STEPS, PooledScene(server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
