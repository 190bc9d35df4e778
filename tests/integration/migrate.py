# SPDX-License-Identifier: Apache-2.0
"""Goal: a node's data goes to a database server and comes back, and nobody's promise is broken on the way. Method: a
node with a story in it is moved while people act, until its server ends by itself: what was acknowledged is there
afterwards, and nothing else; every page that people and organisations see is the same to the octet, sessions, keys,
receipts and proofs hold, the log goes on. The command is killed at random moments of each of its steps and called
again; never may both places be served, nor one that is half filled. Older copies are refused behind it, wrong targets
are refused before anything is touched. Positive controls: a database that changes what it is told turns the comparison
red, a row that was changed in the source turns its audit red before anything is closed. SEED= of the environment."""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import steps
from cli import EXIT, one_sentence
from database_server import DatabaseServer
from stress import Cut, RoughNode, Shop, seed_of_run, wait_until

SLOW = float(os.environ.get("SLOW", 1))
SECRET = "Hush4711"
KILLS = 7 if SLOW == 1 else 4
PEOPLE = ("attributes", "attributes/pd:Name/history", "organisations", "relationships", "requests", "grants",
          "disclosures")
OF_RELATIONSHIP = ("", "/purposes", "/records", "/receipts")
MOVED = "now: name that with --store"
LEFT_BEHIND = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


class Story:
    """People with something of everything, and what they see."""

    def __init__(self, node):
        self.node, self.shop = node, Shop(node, "Blue Shop", 2)
        self.customers = [self.shop.customer() for _ in range(3)]
        for i, customer in enumerate(self.customers):
            line, (purpose, other) = customer.line(), self.shop.purposes
            customer.give(line, purpose)
            ended = customer.give(line, other)
            customer.read(self.shop.line(), purpose, note=f"parcel {i} \u00e4\U0001f4e6").expect(200)
            line.call("POST", f"/v1/me/grants/{ended}/withdraw", {}).expect(200)
            customer.read(self.shop.line(), other).expect(403)
        ask = {"relationship": self.customers[1].relationship, "purpose": self.shop.purposes[1]}
        self.shop.line().call("POST", "/v1/org/requests", ask).expect(201)
        node.run("person", "erase", self.shop.customer().relationship, "--yes")
        path = os.path.join(node.folder, "people.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("First Name,Email\nBen,ben@x.example\nZo\u00eb,zoe@x.example\n")
        assert node.run("import", self.shop.organisation, self.shop.department, path)["created"] == 2
        self.keep_proofs()

    def keep_proofs(self):
        customer = self.customers[1]
        line = customer.line()
        self.papers = os.path.join(self.node.folder, "papers")
        os.mkdir(self.papers)
        self.keep("node.key", self.node.line().get("/log/key"))
        receipt = line.get(f"/v1/me/relationships/{customer.relationship}/receipts").json["items"][0]["id"]
        deadline = time.monotonic() + 30 * SLOW
        proof = line.get(f"/v1/me/receipts/{receipt}/proof")
        while proof.status == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
            proof = line.get(f"/v1/me/receipts/{receipt}/proof")
        self.keep("receipt.tlog-proof", proof)
        jose = self.node.line({**customer.fields, "Accept": "application/jose+json"})
        self.keep("receipt.jws", jose.get(f"/v1/me/receipts/{receipt}"))

    def keep(self, name, answer):
        with open(os.path.join(self.papers, name), "wb") as file:
            file.write(answer.expect(200).body)

    def seen(self):
        """What everybody sees, by address; the first customer acts during the move and is left out."""
        pages = {}
        for i, customer in enumerate(self.customers[1:]):
            line = customer.line()
            paths = [f"/v1/me/{path}" for path in PEOPLE]
            paths += [f"/v1/me/relationships/{customer.relationship}{path}" for path in OF_RELATIONSHIP]
            pages.update({(i, path): line.get(path).expect(200).body for path in paths})
        line = self.shop.line()
        for path in ("/v1/org/relationships", "/v1/org/purposes", "/v1/org/requests"):
            pages["shop", path] = [item for item in line.items(path) if item["id"] != self.customers[0].relationship]
        pages["log", "key"] = self.node.line().get("/log/key").expect(200).body
        return pages

    def ids(self, path):
        return {item["id"] for item in self.customers[0].line().items(path)}

    def still_holds(self, before):
        """Behind a move."""
        seen = self.seen()
        assert seen.keys() == before.keys()
        for path, page in seen.items():
            assert page == before[path], (path, page, before[path])
        done = self.node.command("verify", *(os.path.join(self.papers, name) for name in os.listdir(self.papers)))
        assert done.returncode == 0, (done.stdout, done.stderr)

    def goes_on(self):
        """A session, a key, a permission of before; a new one, and its stop."""
        customer, (purpose, other) = self.customers[0], self.shop.purposes
        customer.read(self.shop.line(), purpose).expect(200)
        grant = customer.give(customer.line(), other)
        customer.read(self.shop.line(), other).expect(200)
        customer.line().call("POST", f"/v1/me/grants/{grant}/withdraw", {}).expect(200)
        customer.read(self.shop.line(), other).expect(403)
        self.node.expect_sound()


class Scene:
    def __init__(self, server, node, seed):
        self.server, self.node, self.random = server, node, random.Random(seed)
        self.home = f"sqlite:{node.data}/store"
        self.away = server.make("away").replace("tester@", f"tester:{SECRET}@")
        self.story = Story(node)
        self.before = self.story.seen()

    def words(self, source, target, *more):
        return [self.node.program, "migrate", "--data", self.node.data, "--from", source, "--to", target, *more]

    def migrate(self, source, target, *more):
        done = subprocess.run(self.words(source, target, *more), capture_output=True, text=True, timeout=120,
                              check=False)
        assert SECRET not in done.stdout + done.stderr, (done.stdout, done.stderr)
        return done

    def moved(self, source, target):
        done = self.migrate(source, target)
        assert done.returncode == 0 and MOVED in done.stdout, (done.returncode, done.stdout, done.stderr)
        self.node.store = [] if target == self.home else ["--store", target]
        return int(re.search(r"people audited meanwhile: (\d+)\.", done.stdout)[1])

    def doctor(self, place):
        words = [self.node.program, "doctor", "--data", self.node.data, "--store", place]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    def refused(self, place, *words):
        done = self.doctor(place)
        one_sentence(done, "CONFLICT")
        for word in words:
            assert word in done.stderr, done.stderr
        assert SECRET not in done.stderr, done.stderr


MOVED_AWAY = ("store.moved", "store.unknown")


def act(scene, acknowledged):
    """Gives, and stops all but the first, until the server does not take it any more; tells how it said so."""
    customer, line = scene.story.customers[0], scene.story.customers[0].line()
    body = {"relationship": customer.relationship, "purpose": scene.story.shop.purposes[0], "attributes": ["pd:Name"]}
    answer = None
    try:
        while True:
            answer = line.call("POST", "/v1/me/grants", body)
            if answer.status == 201:
                acknowledged.add(answer.json["id"])
                if len(acknowledged) > 50:  # of one purpose 100 may be live
                    answer = line.call("POST", f"/v1/me/grants/{answer.json['id']}/withdraw")
            if answer.status not in (200, 201) and answer.expect(503).json["reason"] in MOVED_AWAY:
                for _ in range(5):  # and nobody who comes later is let in
                    line.call("POST", "/v1/me/grants", body).expect(503)
                return answer.json["reason"]
            time.sleep(0.005 if len(acknowledged) < 200 else 0.25)  # a day of one relationship has its limit
    except Cut:
        return answer.json["reason"] if answer is not None and answer.status == 503 else "cut"


def moved_while_people_act(scene, source, target):
    node, acknowledged, ends = scene.node, scene.story.ids("/v1/me/grants"), []
    count = len(acknowledged)
    thread = threading.Thread(target=lambda: ends.append(act(scene, acknowledged)))
    thread.start()
    audited = scene.moved(source, target)
    thread.join()
    assert audited <= 1, audited  # who acts, and nobody else
    assert ends[0] in ("store.moved", "cut") and len(acknowledged) > count, (ends, len(acknowledged))
    assert node.process.wait(30 * SLOW) == EXIT["CONFLICT"], node.read_log()[-2000:]
    node.process.stdout.close()
    node.process = None
    node.start()
    there = scene.story.ids("/v1/me/grants")  # perhaps the last one was made and not answered
    assert acknowledged <= there and len(there - acknowledged) <= (ends[0] == "cut"), (ends, len(there))
    scene.story.still_holds(scene.before)
    scene.story.goes_on()


def it_goes_to_a_database_server_while_people_act(scene):
    older = os.path.join(scene.node.folder, "older")
    assert scene.node.run("backup", older)
    moved_while_people_act(scene, scene.home, scene.away)
    scene.refused(scene.home, "has moved to postgresql://", "/away")
    scene.node.stop()
    kept = older + "-kept"
    shutil.copytree(os.path.join(scene.node.data, "store"), kept)
    for name in ("people.db", "records.db", "ledger.db"):
        put_back(older, scene.node, name)
    one_sentence(scene.doctor(scene.home), "CORRUPT")  # an older copy of what has moved
    for name in ("people.db", "records.db", "ledger.db"):
        put_back(kept, scene.node, name)
    scene.refused(scene.home, "has moved")


def put_back(folder, node, name):
    for end in ("", "-wal", "-shm"):
        there, here = os.path.join(folder, name + end), os.path.join(node.data, "store", name + end)
        if os.path.exists(here):
            os.remove(here)
        if os.path.exists(there):
            shutil.copy2(there, here)


# ---- broken off

def kill_behind(scene, source, target, lines, seconds):
    """Kills the command so long behind so many of its lines. True: it had not ended."""
    with subprocess.Popen(scene.words(source, target), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        for _ in range(lines):
            process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), (process.returncode, said)
    ended = wait_until(lambda: scene.server.ask("postgres", LEFT_BEHIND) == "0", 60)  # what the command had begun
    assert ended is not None
    return process.returncode != 0


def killed_and_called_again(scene, source, target):
    """Both doors are tried: never are they open at once, and once the source is shut it stays so. What comes to its end
    too early goes back the other way."""
    kills, runs, closed = 0, 0, False
    while kills < KILLS:
        runs += 1
        assert runs < 10 * KILLS, kills
        lines = scene.random.choice((0, 1, 2) if closed else (0, 1, 2, 3))
        seconds = scene.random.uniform(0, 0.3 if lines == 0 else 0.05) * SLOW
        if not kill_behind(scene, source, target, lines, seconds):
            source, target, closed = target, source, False
            continue
        kills += 1
        here = scene.doctor(source)
        assert here.returncode == EXIT["CONFLICT"] or here.returncode == 0 and not closed, here.stderr
        closed = here.returncode != 0
        if not closed:
            assert scene.doctor(target).returncode != 0
    scene.moved(source, target)
    scene.refused(source, "has moved to")
    print(f"killed {kills} times in {runs} runs")
    if target != scene.home:
        scene.moved(target, scene.home)


def it_comes_back_and_is_killed_on_the_way(scene):
    killed_and_called_again(scene, scene.away, scene.home)
    scene.node.start()
    scene.story.still_holds(scene.before)
    scene.story.goes_on()
    scene.node.stop()


# ---- wrong targets

def a_wrong_target_is_refused_and_nothing_is_touched(scene):
    server, node = scene.server, scene.node
    at = f"host={server.folder}"
    server.make("other")
    words = [node.program, "org", "create", "Red Shop", "--data", os.path.join(node.folder, "red"), "--store",
             server.url("other")]
    subprocess.run(words, check=True, capture_output=True)
    server.make("later")
    server.ask("later", "CREATE SCHEMA symbolon CREATE TABLE schema_migration (version bigint PRIMARY KEY, name text,"
                        " hash bytea)")
    server.ask("later", "INSERT INTO symbolon.schema_migration VALUES (999, '0999_later', 'x')")
    server.make("fine")
    server.ask("postgres", "CREATE ROLE guest LOGIN")
    server.ask("postgres", "REVOKE CREATE ON DATABASE fine FROM PUBLIC")
    count = "SELECT string_agg(relname || reltuples, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r'" \
            " AND relnamespace::regnamespace::text NOT LIKE 'pg_%'"
    for target, code, word, database in (
            (server.url("other"), "CONFLICT", "empty place", "other"),
            (server.url("later"), "CONFLICT", "later version", "later"),
            (server.url("fine").replace("tester@", f"guest:{SECRET}@"), "FORBIDDEN", "does not let this user", "fine"),
            (f"postgresql://tester:{SECRET}@/nothing?{at}", "UNAVAILABLE", "does not exist", None),
            (f"postgresql://tester:{SECRET}@127.0.0.1:1/fine", "UNAVAILABLE", "refused", None),
            (f"postgresql://tester:a@{SECRET}@127.0.0.1/fine", "INVALID", "URL", None),
            ("mysql://x/y", "USAGE", "--to wants", None),
            ("sqlite:", "INVALID", "the store is named", None),
            (scene.home, "CONFLICT", "empty place", None)):
        before = server.ask(database, count) if database else None
        done = scene.migrate(scene.home, target)
        one_sentence(done, code)
        assert word in done.stderr, (target, done.stderr)
        assert database is None or server.ask(database, count) == before, target
    assert scene.doctor(scene.home).returncode == 0
    one_sentence(scene.migrate(scene.away, server.url("fine")), "CONFLICT")  # it has moved away
    one_sentence(scene.migrate(server.url("fine"), scene.home), "NOT_FOUND")


# ---- controls, and giving up

EMPTY = """DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND
    relnamespace = 'symbolon'::regnamespace AND relname NOT IN ('schema_migration', 'store_place', 'batch_mark') AND
    relname NOT LIKE '%generation' LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END $$"""
LIAR = """SET search_path = symbolon; CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.changed_at_ms = NEW.changed_at_ms + 1; RETURN NEW; END';
    CREATE TRIGGER lie BEFORE INSERT ON vault FOR EACH ROW EXECUTE FUNCTION lie();
    UPDATE pg_trigger SET tgisinternal = true WHERE tgname = 'lie'"""  # else it is refused before anything is copied""


def closed_by_a_liar(scene, name):
    """A move to a database that changes what it is told, and how it ended. Its tables are those of a node that was."""
    url = scene.server.make(name)
    subprocess.run([scene.node.program, "org", "create", "Red Shop", "--data", os.path.join(scene.node.folder, name),
                    "--store", url], check=True, capture_output=True, timeout=120)
    scene.server.ask(name, EMPTY)
    scene.server.ask(name, LIAR)
    done = scene.migrate(scene.home, url)
    assert done.returncode == EXIT["CORRUPT"] and "vault does not become the same" in done.stderr, done.stderr
    return url


def a_database_that_changes_rows_is_found_out(scene):
    url = closed_by_a_liar(scene, "liar")
    print("control: a database that changes what it is told: red")
    scene.refused(scene.home, "is being moved to postgresql://")
    scene.refused(url, "not complete")
    other = scene.server.make("astray")
    one_sentence(scene.migrate(scene.home, other), "CONFLICT")  # it is on its way elsewhere
    one_sentence(scene.migrate(scene.home, other, "--cancel"), "CONFLICT")
    done = scene.migrate(scene.home, url, "--cancel")
    assert done.returncode == 0 and "Given up" in done.stdout, done.stderr
    assert scene.doctor(scene.home).returncode == 0
    scene.refused(url, "not complete")
    one_sentence(scene.migrate(url, scene.home), "CONFLICT")
    scene.server.ask("liar", "DROP TRIGGER lie ON symbolon.vault")
    scene.moved(scene.home, url)
    assert scene.doctor(url).returncode == 0
    done = scene.migrate(scene.home, url)  # once more: it is done
    assert done.returncode == 0 and MOVED in done.stdout, done.stderr
    one_sentence(scene.migrate(scene.home, url, "--cancel"), "CONFLICT")
    scene.away = url


def it_comes_back_while_people_act(scene):
    scene.node.start()
    moved_while_people_act(scene, scene.away, scene.home)
    scene.refused(scene.away, "has moved to sqlite:")
    scene.node.stop()
    newest = os.path.join(scene.node.folder, "newest")
    shutil.copytree(os.path.join(scene.node.data, "store"), newest)
    put_back(os.path.join(scene.node.folder, "older"), scene.node, "people.db")
    one_sentence(scene.doctor(scene.home), "CORRUPT")  # of before it went away
    put_back(newest, scene.node, "people.db")
    assert scene.doctor(scene.home).returncode == 0


def it_goes_with_its_wrapped_keys_from_folder_to_folder(scene):
    other = f"sqlite:{scene.node.folder}/other"
    two = scene.server.make("two")
    for source, target in ((scene.home, other), (other, two), (two, scene.away), (scene.away, scene.home)):
        scene.moved(source, target)
    scene.node.start()
    scene.story.still_holds(scene.before)
    scene.story.goes_on()
    scene.node.stop()


def a_place_that_is_lost_is_forgotten_when_somebody_says_so(scene):
    url = closed_by_a_liar(scene, "lost")
    scene.server.ask("postgres", "DROP DATABASE lost WITH (FORCE)")
    scene.refused(scene.home, "is being moved to postgresql://", "/lost")
    one_sentence(scene.migrate(scene.home, url, "--cancel"), "UNAVAILABLE")
    words = [scene.node.program, "migrate", "--cancel", "--data", scene.node.data]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == EXIT["USAGE"] and "two nodes" in done.stdout, (done.stdout, done.stderr)
    scene.refused(scene.home, "is being moved")
    subprocess.run([*words, "--yes"], check=True, capture_output=True, timeout=60)
    assert scene.doctor(scene.home).returncode == 0
    assert subprocess.run([*words, "--yes"], check=False, capture_output=True, timeout=60).returncode == 0


def a_source_that_does_not_agree_with_itself_is_not_closed(scene):
    url = scene.server.make("torn")
    scene.moved(scene.home, url)
    scene.server.ask("torn", "UPDATE symbolon.relationship SET state = 5 - state WHERE relationship_id = (SELECT"
                             " min(relationship_id) FROM symbolon.relationship WHERE state IN (2, 3))")
    done = scene.migrate(url, scene.home)
    assert done.returncode == EXIT["CORRUPT"] and "nothing was closed" in done.stderr, (done.stdout, done.stderr)
    print("control: a row that was changed in the source: red")
    assert scene.doctor(url).returncode == 0


STEPS = [it_goes_to_a_database_server_while_people_act, it_comes_back_and_is_killed_on_the_way,
         a_wrong_target_is_refused_and_nothing_is_touched, a_database_that_changes_rows_is_found_out,
         it_comes_back_while_people_act, it_goes_with_its_wrapped_keys_from_folder_to_folder,
         a_place_that_is_lost_is_forgotten_when_somebody_says_so,
         a_source_that_does_not_agree_with_itself_is_not_closed]


def main():
    seed = seed_of_run()
    with DatabaseServer() as server, RoughNode() as node:
        steps.run(STEPS, Scene(server, node, seed))


if __name__ == "__main__":
    sys.exit(main())
