# SPDX-License-Identifier: Apache-2.0
"""Goal: a database that cannot be had, or is not what it must be, is refused in one sentence with its exit code, before
anything in it was touched, and no sentence tells the password of a URL. Method: `serve` is called with each, and the
tables of the database are counted before and behind it. Positive control: the same call with the right URL serves, and
its database is touched."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import steps
from cli import one_sentence
from database_proxy import DatabaseProxy, older_server
from database_server import DatabaseServer
from stress import RoughNode

PROGRAM = os.environ["SYMBOLON"]
SECRET = "Hush4711"
COUNT = "SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg_%'" \
        " AND relnamespace::regnamespace::text <> 'information_schema'"


def serve(folder, url):
    data = os.path.join(folder, "fresh")
    shutil.rmtree(data, ignore_errors=True)
    return subprocess.run([PROGRAM, "serve", "--data", data, "--listen", "127.0.0.1:0", "--store", url],
                          capture_output=True, text=True, timeout=60, check=False)


class Scene:
    def __init__(self, server):
        self.server, self.folder = server, server.scratch
        self.url = server.make("fine")

    def refused(self, url, code, words, database="fine"):
        before = self.server.ask(database, COUNT) if database else None
        done = serve(self.folder, url)
        one_sentence(done, code)
        assert words in done.stderr and SECRET not in done.stderr, (words, done.stderr)
        assert database is None or self.server.ask(database, COUNT) == before, f"{url}: something was made"

    def restart(self, **settings):
        self.server.stop(signal.SIGQUIT)
        self.server.settings.update(settings)
        self.server.start()


def a_url_that_cannot_be_read(scene):
    host = f"@/fine?host={scene.folder}"
    for url in (f"postgresql://tester:{SECRET}@[::1/fine", f"postgresql://tester:{SECRET}%zz@x/fine",
                f"postgresql://tester:{SECRET}/x@127.0.0.1/fine", f"postgresql://tester:a@{SECRET}@127.0.0.1/fine",
                f"postgresql://tester:{SECRET}@127.0.0.1:port/fine", f"postgresql://tester:{SECRET}{host}&{SECRET}=1",
                f"postgresql://127.0.0.1:{SECRET}/fine"):
        scene.refused(url, "INVALID", "URL")


def nobody_there(scene):
    scene.refused(f"postgresql://tester:{SECRET}@127.0.0.1:1/fine", "UNAVAILABLE", "refused")
    scene.refused(f"postgresql://tester:{SECRET}@/fine?host=/nowhere", "UNAVAILABLE", "cannot be reached")


def a_wrong_password(scene):
    """In a cluster that asks for one."""
    rules = os.path.join(scene.server.data, "pg_hba.conf")
    with open(rules, encoding="utf-8") as file:
        kept = file.read()
    with open(rules, "w", encoding="utf-8") as file:
        file.write("local all guarded scram-sha-256\n" + kept)
    scene.server.ask("postgres", "CREATE ROLE guarded LOGIN PASSWORD 'right'")
    scene.server.ask("postgres", "SELECT pg_reload_conf()")
    at = f"@/fine?host={scene.server.folder}"
    scene.refused(f"postgresql://guarded:{SECRET}{at}", "UNAVAILABLE", "password")
    scene.refused(f"postgresql://guarded{at}", "UNAVAILABLE", "password")


def a_wrong_database_or_user(scene):
    at = f"host={scene.server.folder}"
    scene.refused(f"postgresql://tester:{SECRET}@/nothing?{at}", "UNAVAILABLE", "does not exist")
    scene.refused(f"postgresql://nobody_here:{SECRET}@/fine?{at}", "UNAVAILABLE", "does not exist")


def a_user_who_may_not_make_a_schema(scene):
    scene.server.ask("postgres", "CREATE ROLE guest LOGIN")
    scene.refused(scene.url.replace("tester@", "guest@"), "FORBIDDEN", "does not let this user")


def another_encoding(scene):
    scene.server.ask("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    scene.refused(scene.server.url("latin"), "CONFLICT", "UTF8", "latin")


def a_server_that_is_too_old(scene):
    with DatabaseProxy(scene.server.folder) as proxy:
        proxy.bend_back = older_server
        scene.refused(proxy.url("fine"), "CONFLICT", "PostgreSQL 13")


def a_schema_of_a_later_program(scene):
    """And one that this program did not make."""
    scene.server.make("later")
    node = RoughNode()
    node.store = ["--store", scene.server.url("later")]
    with node:
        assert int(scene.server.ask("later", COUNT)) > 10
        print("control: the same call with the right URL: red")
        node.stop()
        for sql, code, words in (
                ("UPDATE symbolon.schema_migration SET hash = 'x' WHERE version = 2", "CONFLICT", "not the migration"),
                ("INSERT INTO symbolon.schema_migration VALUES (999, '0999_later', 'x')", "CONFLICT", "later version")):
            kept = scene.server.ask("later", "SELECT hash FROM symbolon.schema_migration WHERE version = 2")
            scene.server.ask("later", sql)
            marks = scene.server.ask("later", "SELECT * FROM symbolon.batch_mark")
            done = node.command("doctor")
            one_sentence(done, code)
            assert words in done.stderr, done.stderr
            assert scene.server.ask("later", "SELECT * FROM symbolon.batch_mark") == marks, "something was changed"
            scene.server.ask("later", "UPDATE symbolon.schema_migration SET hash = "
                                      f"decode(substr('{kept}', 3), 'hex') WHERE version = 2")


def a_server_that_may_lose_what_it_takes(scene):
    scene.restart(fsync="off")
    scene.refused(scene.url, "CONFLICT", "may lose")
    scene.restart(fsync="on", full_page_writes="off")
    scene.refused(scene.url, "CONFLICT", "may lose")


def a_standby(scene):
    with open(os.path.join(scene.server.data, "standby.signal"), "wb"):
        pass
    scene.restart(full_page_writes="on")
    scene.refused(scene.url, "UNAVAILABLE", "standby")
    scene.refused(scene.url + "&target_session_attrs=any", "UNAVAILABLE", "standby")


STEPS = [a_url_that_cannot_be_read, nobody_there, a_wrong_password, a_wrong_database_or_user,
         a_user_who_may_not_make_a_schema, another_encoding, a_server_that_is_too_old, a_schema_of_a_later_program,
         a_server_that_may_lose_what_it_takes, a_standby]


def main():
    with DatabaseServer() as server, tempfile.TemporaryDirectory(prefix="symbolon-test-") as scratch:
        server.scratch = scratch
        steps.run(STEPS, Scene(server))


if __name__ == "__main__":
    sys.exit(main())
