# SPDX-License-Identifier: Apache-2.0
"""Goal: a server says `ready` when it has all its connections to the database, and what befalls these while it starts,
or a moment later, does not end it. Method: an administrator ends all connections at random moments of a start and in
the first 150 ms behind `ready`, on a database that is there and on one that is still empty; or lets nobody in for a
while as soon as a server that starts was seen there, as in a restart. Each server must come up, serve and end by
itself when it is told to. Positive controls: connections were there to be ended; a database that lets nobody in from
the beginning is refused at once."""
import os
import random
import subprocess
import sys
import time

import steps
from cli import EXIT
from database_server import DatabaseServer, program
from stress import RoughNode, seed_of_run, wait_until

SLOW = float(os.environ.get("SLOW", 1))
ROUNDS = int(os.environ.get("ROUNDS", 6))
PATIENCE = 60 * SLOW
OURS = "FROM pg_stat_activity WHERE application_name = 'symbolon'"


class Administrator:
    """One who stays connected, so that what is said happens at once."""

    def __init__(self, server):
        self.process = subprocess.Popen([program("psql"), "-qAtX", "-h", server.folder, "-U", "tester", "postgres"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, sql):
        self.process.stdin.write(sql + ";\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end_all(self):
        return self.ask("SELECT count(pg_terminate_backend(pid)) " + OURS)

    def let_in(self, database, is_open):
        self.ask(f"ALTER DATABASE {database} ALLOW_CONNECTIONS {is_open}; SELECT 0")

    def leave(self):
        self.process.communicate(timeout=PATIENCE)


class Disturbed(RoughNode):
    """Something befalls it each time that it starts."""

    def __init__(self, database, url, disturb):
        super().__init__()
        self.database, self.store, self.disturb = database, ["--store", url], disturb

    def begin(self):
        super().begin()
        self.disturb(self)


class Scene:
    def __init__(self, server):
        self.server, self.admin, self.ended, self.made = server, Administrator(server), 0, 0
        self.random = random.Random(seed_of_run())

    def node(self, disturb=lambda _: None):
        self.made += 1
        database = f"starts{self.made}"
        return Disturbed(database, self.server.make(database), disturb)

    def end_all_within(self, seconds):
        time.sleep(self.random.uniform(0, seconds))
        self.ended += self.admin.end_all()

    @staticmethod
    def expect_service(node):
        ready = wait_until(lambda: node.nobody.get("/readyz").status == 200, PATIENCE)
        assert ready is not None, f"it does not serve: {node.read_log()}"
        node.stop()


def connections_end_just_behind_ready(scene):
    with scene.node() as node:
        for _ in range(ROUNDS):
            node.stop()
            node.start()
            scene.end_all_within(0.15)
            scene.expect_service(node)
    assert scene.ended >= ROUNDS, "hardly any connection was there to be ended"
    print(f"found: {ROUNDS} servers go on, {scene.ended} connections ended just behind ready")


def connections_end_while_it_starts(scene):
    """Again and again; every start is the first on its database, or a later one."""
    before = scene.ended

    def disturb(node):
        at_first = scene.ended
        while scene.ended == at_first and node.process.poll() is None:
            scene.end_all_within(0.1)
        for _ in range(scene.random.randrange(1, 7)):
            scene.end_all_within(0.1)
    for _ in range(max(1, ROUNDS // 3)):
        with scene.node(disturb) as node:
            for _ in range(2):
                scene.expect_service(node)
                node.start()
    assert scene.ended > before, "no connection was there to be ended"
    print(f"found: {scene.made - 1} nodes come up, {scene.ended - before} connections ended before ready")


def connections_end_as_its_threads_make_them(scene):
    """Those behind the first three, as soon as they are seen, for a while."""
    before, newest = scene.ended, f"(SELECT pid {OURS} ORDER BY backend_start OFFSET 3) AS newest"

    def disturb(node):
        began, ended_before = time.monotonic(), scene.ended
        while time.monotonic() - began < PATIENCE and node.process.poll() is None:
            scene.ended += scene.admin.ask("SELECT count(pg_terminate_backend(pid)) FROM " + newest)
            if scene.ended == ended_before:
                began = time.monotonic()
            elif time.monotonic() - began > 0.5:
                return
    with scene.node(disturb) as node:
        for _ in range(max(2, ROUNDS // 2)):
            scene.expect_service(node)
            node.start()
    assert scene.ended > before, "no connection was there to be ended"
    print(f"found: {scene.ended - before} connections of threads ended as they were made")


def nobody_is_let_in_for_a_while(scene):
    """From the moment at which the server has looked at the database."""
    seen = []

    def disturb(node):
        there = f"SELECT count(*) {OURS} AND datname = '{node.database}' AND query <> ''"
        seen.append(wait_until(lambda: scene.admin.ask(there) > 0 or node.process.poll() is not None, PATIENCE))
        scene.admin.let_in(node.database, False)
        scene.end_all_within(0)
        time.sleep(scene.random.uniform(0.3, 1))
        scene.admin.let_in(node.database, True)
    for _ in range(max(1, ROUNDS // 3)):
        with scene.node(disturb) as node:
            scene.expect_service(node)
    assert None not in seen, "a server never came"
    print(f"found: {len(seen)} servers waited")


def control_nobody_is_let_in_at_all(scene):
    node = scene.node()
    scene.admin.let_in(node.database, False)
    began = time.monotonic()
    done = subprocess.run([node.program, "serve", "--data", "/nowhere/at/all", *node.store, "--listen", "127.0.0.1:0"],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == EXIT["UNAVAILABLE"] and "not currently accepting" in done.stderr, done
    assert time.monotonic() - began < 4 * SLOW, "it was waited for"
    print("control: nobody was ever let in: red at once")


STEPS = [connections_end_just_behind_ready, connections_end_while_it_starts, connections_end_as_its_threads_make_them,
         nobody_is_let_in_for_a_while, control_nobody_is_let_in_at_all]


def main():
    with DatabaseServer() as server:
        scene = Scene(server)
        try:
            steps.run(STEPS, scene)
        finally:
            scene.admin.leave()


if __name__ == "__main__":
    sys.exit(main())
