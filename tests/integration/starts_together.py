# SPDX-License-Identifier: Apache-2.0
"""Goal: programs that start at one moment where nothing is yet, or where an older version was, all come up, and make
one node: each migration once, one name, one key of the log. Method: two servers and a command are started together on
an empty folder, an empty database, a database whose schema is older, one where a table beside the migrations lacks its
last column; then the same is forced: another session has begun to make the schema, or its first table, or that column,
or holds the migrations, and ends that only when the program waits for it. Where each brings keys of its own, one of
them becomes the node and the other is refused. Positive controls: the session that
is waited for is seen; two who migrate without waiting for each other do fail.

Usage: starts_together.py MIGRATIONS DIALECT"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import steps
from database_server import SLOW, DatabaseServer, program
from running_node import Caller

PROGRAM = os.environ["SYMBOLON"]
ROUNDS = int(os.environ.get("ROUNDS", 2))
MIGRATIONS = sorted(pathlib.Path(sys.argv[1]).glob("*.sql"))
OLD = 9  # migrations that the older version knew
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'"


class Start:
    """Programs on one place, together; each must come up, unless it is said to be refused."""

    def __init__(self, scene, data=None, store=None):
        self.scene, self.store = scene, ["--store", store] if store else []
        self.data = data or tempfile.mkdtemp(dir=scene.folder)
        self.servers, self.commands = [], []

    def place(self, data):
        return ["--data", os.path.join(data or self.data, "data"), *self.store, "--json"]

    def begin(self, *words, data=None):
        process = subprocess.Popen([PROGRAM, *words, *self.place(data)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.scene.processes.append(process)
        return process

    def serve(self, data=None):
        self.servers.append(self.begin("serve", "--listen", "127.0.0.1:0", data=data))
        return self

    def org(self, name):
        self.commands.append(self.begin("org", "create", name))
        return self

    def __enter__(self):
        self.urls = []
        for server in self.servers:
            line = server.stdout.readline()
            assert line, f"a server did not come up: {server.stderr.read()}"
            self.urls.append(json.loads(line)["ready"])
        for command in self.commands:
            said = command.communicate(timeout=60 * SLOW)
            assert command.returncode == 0, said
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
        ended = [(server.communicate(timeout=60 * SLOW)[1], server.returncode) for server in self.servers]
        assert all(code == 0 for _, code in ended), ended

    def expect_one_node(self):
        keys = set()
        for url in self.urls:
            self.host, port = re.fullmatch(r"http://([^:]+):(\d+)", url).groups()
            self.port, self.seen = int(port), None
            keys.add(Caller(self).get("/log/key").expect(200).body)
        assert len(keys) == 1, keys

    def expect_sound(self):
        done = self.begin("audit")
        said = done.communicate(timeout=60 * SLOW)
        assert done.returncode == 0 and json.loads(said[0])["ok"], said


class Session:
    """Somebody else at the database, who has begun and ends when it is said."""

    def __init__(self, server, database, sql):
        self.server, self.database = server, database
        self.process = subprocess.Popen([program("psql"), "-qAtX", "-h", server.folder, "-U", "tester", database],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.say(f"BEGIN; {sql}; SELECT 'begun';")
        assert self.process.stdout.readline() == "begun\n"

    def say(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def wait_for_another(self):
        until = time.monotonic() + 60 * SLOW
        while self.server.ask("postgres", WAITING.format(self.database)) == "0":
            assert time.monotonic() < until, "nobody waits for it: nothing is shown"
            time.sleep(0.02)

    def end(self, how="COMMIT"):
        self.say(f"{how};")
        self.process.communicate(timeout=60 * SLOW)


class Scene:
    def __init__(self, server, folder):
        self.server, self.folder, self.count, self.processes = server, folder, 0, []

    def end(self):
        """What a step that failed has left."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def make(self):
        self.count += 1
        self.database = f"together{self.count}"
        return self.server.make(self.database)

    def expect_each_migration_once(self):
        found = self.server.ask(self.database, "SELECT version FROM symbolon.schema_migration ORDER BY version")
        assert found.split() == [str(number + 1) for number in range(len(MIGRATIONS))], found
        names = self.server.ask(self.database, "SELECT count(*) FROM symbolon.node_text WHERE name = 'log_origin'")
        assert names == "1", names


def two_servers_and_a_command_in_an_empty_folder(scene):
    for _ in range(ROUNDS):
        with Start(scene).serve().org("Blue Shop").serve() as start:
            start.expect_one_node()
        start.expect_sound()


def two_servers_and_a_command_on_an_empty_database(scene):
    for _ in range(ROUNDS):
        with Start(scene, store=scene.make()).serve().org("Blue Shop").serve() as start:
            start.expect_one_node()
        scene.expect_each_migration_once()
        start.expect_sound()


def two_servers_and_a_command_with_keys_in_a_database_too(scene):
    store = scene.make()
    start = Start(scene, store=store)
    start.store += ["--keys", scene.server.make(scene.database + "_keys")]
    with start.serve().org("Blue Shop").serve():
        start.expect_one_node()
    scene.expect_each_migration_once()
    start.expect_sound()


def two_with_keys_of_their_own_do_not_become_one(scene):
    for _ in range(ROUNDS):
        start = Start(scene, store=scene.make())
        others = tempfile.mkdtemp(dir=scene.folder)
        start.serve().serve(data=others)
        first = [server.stdout.readline() for server in start.servers]
        refused = [server for server, line in zip(start.servers, first) if not line]
        assert len(refused) == 1, f"{len(refused)} were refused: {first}"
        said = refused[0].communicate(timeout=60 * SLOW)[1]
        assert refused[0].returncode == 11 and "node.other_keys" in said, (refused[0].returncode, said)
        start.servers.remove(refused[0])
        start.__exit__()
        scene.expect_each_migration_once()


def each_waits_for_another_who_makes_the_schema(scene):
    for sql in ("CREATE SCHEMA symbolon",
                "CREATE SCHEMA symbolon; COMMIT; BEGIN; CREATE TABLE symbolon.schema_migration (version BIGINT"
                ' PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL)'):
        start = Start(scene, store=scene.make())
        session = Session(scene.server, scene.database, sql)
        start.serve().serve()
        session.wait_for_another()
        session.end()
        with start:
            start.expect_one_node()
        scene.expect_each_migration_once()


# ---- an older version

def in_words_of_postgres(text):
    """What one migration says to a database, as src/store/migrate.c has it, without the keys' part."""
    dialect = pathlib.Path(sys.argv[2]).read_text()
    rows = re.findall(r'^X\("(:[^"]+)",\s*"[^"]*",\s*"((?:[^"\\]|\\.)*)"\)', dialect, re.M)
    parts = re.split(r"^-- file: (\w+)\n", text, flags=re.M)[1:]
    text = "".join(part for name, part in zip(parts[::2], parts[1::2]) if name != "keys")
    for token, words in rows:
        words = words.replace('\\"', '"')
        pattern = re.escape(token) + "([^:]*):" if token.endswith(" ") else re.escape(token)
        text = re.sub(pattern, (lambda m, w=words: w + m.group(1) + ")") if token.endswith(" ") else words, text)
    return text


def make_older(scene):
    """The schema of an older version in place of the present one; the node stays the same."""
    ask = scene.server.ask
    origin = ask(scene.database, "SELECT value FROM symbolon.node_text WHERE name = 'log_origin'")
    sql = "SET client_min_messages = error; DROP SCHEMA symbolon CASCADE; CREATE SCHEMA symbolon;" \
          " SET search_path = symbolon; CREATE TABLE schema_migration (version BIGINT PRIMARY KEY," \
          ' name TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL);\n'
    for number, path in enumerate(MIGRATIONS[:OLD], 1):
        text = path.read_text()
        sql += in_words_of_postgres(text)
        sql += f";\nINSERT INTO schema_migration VALUES ({number}, '{path.stem}'," \
               f" decode('{hashlib.sha256(text.encode()).hexdigest()}', 'hex'));\n"
    ask(scene.database, sql + f"INSERT INTO node_text VALUES ('log_origin', '{origin}')")


# As a version before this one has made it, beside the migrations; and what it lacks.
SLOTS = "CREATE TABLE symbolon.batch_mark (slot BIGINT NOT NULL, writer_id BIGINT NOT NULL, number BIGINT NOT NULL," \
        " newest BIGINT NOT NULL, until_ms BIGINT NOT NULL, PRIMARY KEY (slot)) WITH (fillfactor = 10)"
CHANGES = "ALTER TABLE symbolon.batch_mark ADD COLUMN changes BIGINT NOT NULL DEFAULT 0"


def of_an_older_version(scene):
    start = Start(scene, store=scene.make())
    with start.serve():
        pass
    make_older(scene)
    for mark in ("log.checkpoint", "store.generations"):  # the log begins anew, and the data
        os.remove(os.path.join(start.data, "data", "keys", mark))
    return Start(scene, start.data, start.store[1])


def two_servers_and_a_command_on_an_older_schema(scene):
    for _ in range(ROUNDS):
        with of_an_older_version(scene).serve().org("Red Shop").serve() as start:
            start.expect_one_node()
        scene.expect_each_migration_once()
        start.expect_sound()


def two_servers_and_a_command_where_a_table_lacks_its_last_column(scene):
    """All of them want to add it, and wait for somebody who does not."""
    start = of_an_older_version(scene)
    scene.server.ask(scene.database, SLOTS)
    session = Session(scene.server, scene.database, CHANGES)
    start.serve().org("Red Shop").serve()
    session.wait_for_another()
    session.end("ROLLBACK")
    with start:
        start.expect_one_node()
    scene.expect_each_migration_once()
    assert scene.server.ask(scene.database, "SELECT sum(changes) > 0 FROM symbolon.batch_mark") == "t"
    start.expect_sound()


def a_migration_may_take_longer_than_anything_else(scene):
    start = of_an_older_version(scene)
    session = Session(scene.server, scene.database,
                      "LOCK TABLE symbolon.schema_migration IN SHARE ROW EXCLUSIVE MODE")
    start.serve().serve()
    session.wait_for_another()
    time.sleep(6)  # beyond the longest that a database lets anything else take
    session.end()
    with start:
        start.expect_one_node()
    scene.expect_each_migration_once()


def control_two_who_do_not_wait_fail(scene):
    """What the programs would meet without their lock."""
    of_an_older_version(scene)
    sql = "SET search_path = symbolon; " + in_words_of_postgres(MIGRATIONS[OLD].read_text())
    first = Session(scene.server, scene.database, sql)
    second = subprocess.Popen([program("psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", scene.server.folder, "-U",
                               "tester", scene.database], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    second.stdin.write(sql)
    second.stdin.close()
    first.wait_for_another()
    first.end()
    second.wait(60 * SLOW)
    assert second.returncode != 0 and "already exists" in second.stderr.read(), "two who do not wait are well"
    second.stderr.close()
    print("control: two who do not wait for each other: red")


STEPS = [two_servers_and_a_command_in_an_empty_folder, two_servers_and_a_command_on_an_empty_database,
         two_servers_and_a_command_with_keys_in_a_database_too, two_with_keys_of_their_own_do_not_become_one,
         each_waits_for_another_who_makes_the_schema, two_servers_and_a_command_on_an_older_schema,
         two_servers_and_a_command_where_a_table_lacks_its_last_column,
         a_migration_may_take_longer_than_anything_else, control_two_who_do_not_wait_fail]


def main():
    with DatabaseServer() as server, tempfile.TemporaryDirectory(prefix="symbolon-test-") as folder:
        scene = Scene(server, folder)
        try:
            steps.run(STEPS, scene)
        finally:
            scene.end()


if __name__ == "__main__":
    sys.exit(main())
