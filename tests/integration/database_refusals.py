# SPDX-License-Identifier: Apache-2.0
"""Goal: a database that cannot be had, or is not what it must be, is refused in one sentence with its exit code, before
anything was touched there or here, and no sentence tells the password of a URL. Method: `serve` is called with each, on
a folder that is not there yet and on that of a node, and a command too; the tables of the database and the folders are
compared before and behind it. Positive control: the same call with the right URL serves, its database is touched, and
so are both folders."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import steps
from cli import one_sentence
from database_proxy import DatabaseProxy, older_server
from database_server import DatabaseServer
from stress import RoughNode, Shop

PROGRAM = os.environ["SYMBOLON"]
SECRET = "Hush4711"
SLOW_ANSWER = ("CREATE SCHEMA slow; CREATE FUNCTION slow.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS "
               "'BEGIN PERFORM pg_sleep(0.05); RETURN pg_catalog.to_regclass($1); END'")
COUNT = "SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg_%'" \
        " AND relnamespace::regnamespace::text <> 'information_schema'"


def call(data, url, *words):
    return subprocess.run([PROGRAM, *words, "--data", data, "--store", url], capture_output=True, text=True, timeout=60,
                          check=False)


def look_of(folder):
    """All that lies there: names, rights, moments, content. None: it is not there."""
    if not os.path.exists(folder):
        return None
    found = {}
    for above, _, names in os.walk(folder):
        for path in (above, *(os.path.join(above, name) for name in names)):
            about = os.stat(path)
            digest = None
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
            found[path] = (about.st_mode, about.st_mtime_ns, about.st_size, digest)
    return found


class Scene:
    def __init__(self, server):
        self.server, self.folder = server, server.scratch
        self.url = server.make("fine")
        self.fresh, self.filled = (os.path.join(self.folder, name) for name in ("fresh", "filled"))
        made = call(self.filled, server.make("other"), "org", "create", "Blue Shop")
        assert made.returncode == 0, made.stderr

    def look(self, database):
        return (look_of(self.fresh), look_of(self.filled), database and self.server.ask(database, COUNT))

    def refused(self, url, code, words, database="fine"):
        before = self.look(database)
        assert before[0] is None
        for data, *command in ((self.fresh, "serve", "--listen", "127.0.0.1:0"),
                               (self.filled, "org", "create", "Red Shop")):
            done = call(data, url, *command)
            one_sentence(done, code)
            assert words in done.stderr and SECRET not in done.stderr, (words, done.stderr)
        assert self.look(database) == before, f"{url}: something was made"

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
    # a name too long for anybody to be asked for it
    scene.refused(f"postgresql://tester:{SECRET}@{'x' * 70}.invalid/fine", "UNAVAILABLE", "could not translate")


def an_option_that_cannot_be(scene):
    """Nobody need be asked, or the server says so: it will never do."""
    for option, words in ((f"sslmode={SECRET}", "invalid sslmode value"), ("target_session_attrs=a", "target_session"),
                          (f"connect_timeout={SECRET}", "connect_timeout"), ("port=1,2,3", "3 port numbers"),
                          ("connect_timeout=-5", "connect_timeout"), (f"keepalives={SECRET}", "keepalives"),
                          ("replication=database", "replication"), (f"passfile=/nowhere/{SECRET}", "passfile"),
                          ("target_session_attrs=standby", "target_session"),
                          ("target_session_attrs=read-only", "target_session"), ("options=-cfsync%3Doff", "fsync"),
                          ("options=-c%20nothing%3D1", "nothing"), ("options=-c%20work_mem%3Dmuch", "work_mem")):
        scene.refused(f"{scene.url}&{option}", "USAGE", words)


def what_is_set_for_all_sessions_does_no_harm(scene):
    """As an administrator may who never thought of us."""
    node = RoughNode()
    node.store = ["--store", scene.server.make("impatient")]
    scene.server.ask("impatient", SLOW_ANSWER)  # on a quick machine all would be said before it is ended
    for setting in ("search_path = slow, pg_catalog", "statement_timeout = '1ms'", "lock_timeout = '1ms'",
                    "idle_session_timeout = '100ms'", "default_transaction_read_only = on"):
        scene.server.ask("postgres", f"ALTER DATABASE impatient SET {setting}")
    with node:
        shop = Shop(node, "Blue Shop", 1)
        customer = shop.customer()
        customer.give(customer.line(), shop.purposes[0])
        time.sleep(0.3)  # longer than a session may be idle there
        customer.read(node.line(shop.fields), shop.purposes[0]).expect(200)
        assert node.run("doctor")["ok"]


def a_user_with_too_few_connections(scene):
    """Too few for its threads: it never says that it is ready."""
    scene.server.ask("postgres", "CREATE ROLE few LOGIN CONNECTION LIMIT 6")
    scene.server.ask("postgres", "CREATE DATABASE of_few OWNER few")
    done = call(os.path.join(scene.folder, "of-few"), scene.server.url("of_few").replace("tester@", "few@"), "serve",
                "--listen", "127.0.0.1:0")
    one_sentence(done, "UNAVAILABLE")
    assert "too many connections" in done.stderr, done.stderr


def a_configuration_that_others_may_read(scene):
    """As keys that others may read; without a password it is anybody's."""
    path = os.path.join(scene.folder, "node.conf")
    for url, mode, is_refused in ((scene.url.replace("tester@", f"tester:{SECRET}@"), 0o640, True),
                                  (scene.url + f"&password={SECRET}", 0o604, True),
                                  (scene.url.replace("tester@", f"tester:{SECRET}@"), 0o600, False),
                                  (scene.url, 0o644, False)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"store = {url}\n")
        os.chmod(path, mode)
        done = subprocess.run([PROGRAM, "doctor", "--data", scene.fresh, "--config", path], capture_output=True,
                              text=True, timeout=60, check=False)
        one_sentence(done, "FORBIDDEN" if is_refused else "NOT_FOUND")
        assert ("chmod" in done.stderr) == is_refused and SECRET not in done.stderr, done.stderr


def keys_whose_place_was_not_said(scene):
    """They lie in a database, and the data knows."""
    data, url = os.path.join(scene.folder, "apart"), scene.server.make("apart_data")
    keys = scene.server.make("apart_keys")
    done = subprocess.run([PROGRAM, "org", "create", "Blue Shop", "--data", data, "--store", url, "--keys", keys],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    before = look_of(data)
    for words in (["serve", "--listen", "127.0.0.1:0"], ["doctor"], ["audit"]):
        done = call(data, url, *words)
        one_sentence(done, "CONFLICT")
        assert "--keys" in done.stderr, done.stderr
    assert set(look_of(data)) == set(before), "something was made"


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
    scene.refused(scene.url.replace("tester@", "guest@"), "FORBIDDEN", "does not let this user make")


def a_schema_where_this_user_may_not_work(scene):
    scene.server.make("guarded")
    scene.server.ask("guarded", "CREATE SCHEMA symbolon; GRANT CREATE ON DATABASE guarded TO guest")
    guest = scene.server.url("guarded").replace("tester@", "guest@")
    scene.refused(guest, "FORBIDDEN", "does not let this user work", "guarded")
    scene.server.ask("guarded", "GRANT USAGE ON SCHEMA symbolon TO guest")
    scene.refused(guest, "FORBIDDEN", "does not let this user work", "guarded")
    # the schema, but not the tables: as after a restore by somebody else
    scene.server.ask("other", "GRANT ALL ON SCHEMA symbolon TO guest; GRANT ALL ON ALL TABLES IN SCHEMA symbolon"
                              " TO guest")
    guest = scene.server.url("other").replace("tester@", "guest@")
    scene.refused(guest, "FORBIDDEN", "does not let this user work", "other")


def a_place_that_is_none(scene):
    for url in ("mysql://x/y", "", "/var/lib/symbolon", "postgres://tester@/fine"):
        scene.refused(url, "USAGE", "--store wants", None)
    scene.refused("sqlite:", "INVALID", "named as sqlite:FOLDER or postgresql:", None)
    for place in ("/dev/null", "/etc/passwd", "/etc/passwd/store"):
        scene.refused("sqlite:" + place, "INVALID", "not a folder", None)


def a_place_that_nothing_can_stand_in(scene):
    """Found out when it is made: before the keys are."""
    for command in (("serve", "--listen", "127.0.0.1:0"), ("org", "create", "Red Shop")):
        done = call(scene.fresh, "sqlite:/proc/self/y", *command)
        one_sentence(done, "INVALID")
        assert "none that it could stand in" in done.stderr and os.listdir(scene.fresh) == [], done.stderr
        os.rmdir(scene.fresh)


def a_database_of_another_node(scene):
    """Whose keys are elsewhere; the one beside which it was made is served."""
    other = scene.server.url("other")
    kept = os.path.join(scene.folder, "kept")
    os.rename(scene.filled, kept)
    done = call(scene.filled, scene.server.make("third"), "org", "create", "Green Shop")
    assert done.returncode == 0, done.stderr
    before = look_of(scene.filled)
    done = call(scene.fresh, other, "serve", "--listen", "127.0.0.1:0")
    one_sentence(done, "CORRUPT")
    assert "bring its keys first" in done.stderr and not os.path.exists(scene.fresh), done.stderr
    done = call(scene.filled, other, "doctor")
    one_sentence(done, "CORRUPT")
    assert "not the one that this data was made with" in done.stderr, done.stderr
    assert set(before) == set(look_of(scene.filled)), "something was made"
    shutil.rmtree(scene.filled)
    os.rename(kept, scene.filled)
    done = call(scene.filled, other, "doctor")
    assert done.returncode == 0, done.stderr


def a_schema_of_another_program(scene):
    """Also where that program has a table of our table's name."""
    scene.server.make("taken")
    scene.server.ask("taken", "CREATE SCHEMA symbolon; CREATE TABLE symbolon.words (a INT)")
    scene.refused(scene.server.url("taken"), "CONFLICT", "not of this program", "taken")
    scene.server.ask("taken", "CREATE TABLE symbolon.schema_migration (version BIGINT, name TEXT)")
    scene.refused(scene.server.url("taken"), "CONFLICT", "not of this program", "taken")
    scene.server.ask("taken", "DROP TABLE symbolon.words, symbolon.schema_migration")
    done = call(os.path.join(scene.folder, "control"), scene.server.url("taken"), "org", "create", "Blue Shop")
    assert done.returncode == 0, done.stderr
    assert int(scene.server.ask("taken", COUNT)) > 10
    print("control: the same when that program has gone: red")


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
        before = look_of(node.data)
        node.organisation("Blue Shop", "Shipping")
        assert before and look_of(node.data) != before, "a folder that is used looks as it did"
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
            scene.refused(scene.server.url("later"), code, words, "later")
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


STEPS = [a_place_that_is_none, a_place_that_nothing_can_stand_in, a_url_that_cannot_be_read, nobody_there,
         an_option_that_cannot_be,
         what_is_set_for_all_sessions_does_no_harm, a_user_with_too_few_connections,
         a_configuration_that_others_may_read, keys_whose_place_was_not_said, a_wrong_password,
         a_wrong_database_or_user, a_user_who_may_not_make_a_schema, a_schema_where_this_user_may_not_work,
         a_database_of_another_node, a_schema_of_another_program, another_encoding, a_server_that_is_too_old,
         a_schema_of_a_later_program, a_server_that_may_lose_what_it_takes, a_standby]


def main():
    with DatabaseServer() as server, tempfile.TemporaryDirectory(prefix="symbolon-test-") as scratch:
        server.scratch = scratch
        steps.run(STEPS, Scene(server))


if __name__ == "__main__":
    sys.exit(main())
