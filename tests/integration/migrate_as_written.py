# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever follows the page for operators word for word moves data and keys to servers and back, and whatever a
person has in hand on the way still counts, once: a session, a link, a claim code, an Idempotency-Key. Method: the
commands are read from docs/operations/README.md and run with the names of this test in them; between them what was
handed out is used and repeated, and the catalogues of both places are compared. Positive controls: a person who is
changed between the audit and the closing turns the audit of the copy red, a database that changes keys turns their
move red, and a source that is spoilt as a whole has its findings counted to the last, and told up to a bound."""
import contextlib
import glob
import json
import os
import re
import sqlite3
import subprocess
import sys

import steps
from cli import EXIT
from database_server import DatabaseServer, program
from stress import RoughNode, Shop

SLOW = float(os.environ.get("SLOW", 1))
PAGE = os.path.join(os.path.dirname(__file__), "../../docs/operations/README.md")
OF_THE_PLACE = {"batch_mark", "keys_place", "schema_migration", "store_place"} | {
    f"{file}_generation" for file in ("keys", "ledger", "people", "records")}
SAID_MAX = 20  # findings, by a move; an audit says more
TOLD_MAX = 1000


def commands_of_page(heading, word):
    """The lines of a command under a heading, each with the lines of the file that stand beside it."""
    with open(PAGE, encoding="utf-8") as page:
        part = page.read().split(f"# {heading}\n", 1)[1]
    found = []
    for block in re.findall(r"^```\n(.*?)^```", re.split(r"^#+ ", part, flags=re.M)[0], flags=re.M | re.S):
        for line in block.splitlines():
            command, _, beside = line.partition("#")
            if command.strip():
                found.append((command.split(), []))
            if " = " in beside:
                found[-1][1].append(beside.strip())
    return [(words, lines) for words, lines in found if words[1] == word]


class Scene:
    def __init__(self, server, node):
        self.server, self.node = server, node
        self.here = {"DATA/store": f"{node.data}/store", "DATA": node.data}
        for name in ("symbolon", "symbolon_keys", "elsewhere"):
            self.here[f"postgresql://…/{name}"] = server.make(name)
        self.here["postgresql://symbolon:PASSWORD@db.example/symbolon"] = self.here["postgresql://…/symbolon"]

    def put_in(self, text):
        for name in sorted(self.here, key=len, reverse=True):
            text = text.replace(name, self.here[name])
        assert "…" not in text, text
        return text

    def words(self, command, lines=()):
        words = [self.put_in(word) for word in command]
        if "move.conf" in words:
            path = os.path.join(self.node.folder, "move.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(f"{self.put_in(line)}\n" for line in lines))
            words[words.index("move.conf")] = path
        return [self.node.program, *words[1:]]

    def call(self, words, *more):
        return subprocess.run([*words, *more], capture_output=True, text=True, timeout=60 * SLOW, check=False)

    def done(self, words, *more):
        done = self.call(words, *more)
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done

    def serve(self, words):
        """From here on the node is where a line of the page says."""
        assert words[-2] == "--data", words
        self.node.store = self.words(words)[2:-2]


# ---- what is in people's hands

def hand_out(scene):
    node = scene.node
    scene.shop = Shop(node, "Blue Shop", 1)
    scene.person, other = scene.shop.customer(), scene.shop.customer()
    scene.codes = [scene.shop.claim_code() for _ in range(4)]
    node.line().call("POST", "/v1/claims", {"invitation": scene.codes.pop()}).expect(201)
    scene.links = [node.run("person", "create", "--name", "Ada")["link"].removeprefix(node.url) for _ in range(4)]
    follow(scene).expect(303)
    scene.answer = give(scene, "given-once").expect(201).body
    scene.read = read(scene, "read-once").expect(200).body
    assert other.line().get("/v1/me").status == 200


def follow(scene):
    scene.used = scene.links.pop()
    return scene.node.line().call("POST", scene.used)


def give(scene, key):
    body = {"relationship": scene.person.relationship, "purpose": scene.shop.purposes[0], "attributes": ["pd:Name"]}
    return scene.person.line().call("POST", "/v1/me/grants", body, key)


def read(scene, key):
    return scene.person.read(scene.shop.line(), scene.shop.purposes[0], key)


def counts_once(scene):
    """Everything that was handed out before holds, and nothing of it a second time."""
    line = scene.person.line()
    grants, reads = len(line.items("/v1/me/grants")), len(line.items("/v1/me/disclosures"))
    assert give(scene, "given-once").expect(201).body == scene.answer
    assert read(scene, "read-once").expect(200).body == scene.read
    assert (len(line.items("/v1/me/grants")), len(line.items("/v1/me/disclosures"))) == (grants, reads)
    assert scene.node.line().call("POST", scene.used).status != 303, "a link was followed twice"
    follow(scene).expect(303)
    code = scene.codes.pop()
    scene.node.line().call("POST", "/v1/claims", {"invitation": code}).expect(201)
    assert scene.node.line().call("POST", "/v1/claims", {"invitation": code}).status != 201, "a code was used twice"


def names_in_folder(scene):
    found = {}
    for path in glob.glob(os.path.join(scene.node.data, "store", "*.db")):
        with contextlib.closing(sqlite3.connect(path)) as file:
            for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                if os.path.basename(path) != "keys.db":
                    found[name] = file.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    return found


def names_on_server(scene, database):
    names = scene.server.ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'symbolon'").split()
    return {name: int(scene.server.ask(database, f"SELECT count(*) FROM symbolon.{name}")) for name in names}


def are_alike(one, other):
    """Each table of either is in the other with as many rows, unless it says something of the place."""
    moved = {name for name in one.keys() | other.keys() if name not in OF_THE_PLACE}
    assert len(moved) > 30, sorted(moved)
    assert {name: one.get(name) for name in moved} == {name: other.get(name) for name in moved}


# ---- to the server

def the_data_goes_to_a_server(scene):
    hand_out(scene)
    scene.node.stop()
    (command, lines), (_, between) = commands_of_page("Moving the data", "migrate")
    assert [line.split()[0] for line in lines + between] == ["from", "to", "from", "to", "keys"]
    scene.done(scene.words(command, lines))
    are_alike(names_in_folder(scene), names_on_server(scene, "symbolon"))
    scene.node.store = ["--store", scene.here["postgresql://…/symbolon"]]
    scene.node.start()
    counts_once(scene)
    scene.node.stop()


CHANGE = "UPDATE symbolon.relationship SET nature = nature % 2 + 1 WHERE person_id = {0}"


@contextlib.contextmanager
def closing_held_up(scene, words):
    """A move that has audited its source and cannot close it yet."""
    psql = [program("psql"), "-qAtX", "-h", scene.server.folder, "-U", "tester", "symbolon"]
    with subprocess.Popen(psql, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdin.write("BEGIN; SELECT state FROM symbolon.store_place FOR SHARE;\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "0\n"
        with subprocess.Popen(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as move:
            while not move.stdout.readline().startswith("Closing it"):
                assert move.poll() is None, move.stderr.read()
            yield holder, move
            assert move.returncode is not None


def who_has_changed_behind_the_audit_is_audited_again(scene):
    (_, _), (command, lines) = commands_of_page("Moving the data", "migrate")
    words = scene.words(command, [line for line in lines if not line.startswith("keys")])
    changed = scene.server.ask("symbolon", "SELECT min(person_id) FROM symbolon.relationship WHERE state = 3")
    with closing_held_up(scene, words) as (holder, move):
        holder.communicate(CHANGE.format(changed) + ";\nCOMMIT;\n", timeout=60 * SLOW)
        said = move.communicate(timeout=60 * SLOW)
    assert move.returncode == EXIT["CORRUPT"] and "in the copy" in said[1], said
    assert said[0].count("- The column nature of rel_") == 1, said
    print("control: a person who changes behind the audit: red")
    scene.done(words, "--cancel")
    scene.server.ask("symbolon", CHANGE.format(changed))
    figures = json.loads(scene.done(words, "--json").stdout)
    assert figures["closed_audited"] == 0 and figures["closed_ms"] < 30000 * SLOW, figures
    are_alike(names_on_server(scene, "symbolon"), names_on_server(scene, "elsewhere"))
    back = [line.replace("from", "x").replace("to =", "from =").replace("x =", "to =") for line in lines[:2]]
    scene.done(scene.words(command, back))


# ---- the keys

def the_keys_go_into_a_database(scene):
    (_, _), (command, _) = commands_of_page("From one machine to several", "migrate")
    done = scene.done(scene.words(command))
    assert "The keys are at postgresql://" in done.stdout, done.stdout
    (serve, _), = commands_of_page("From one machine to several", "serve")
    scene.serve(serve)
    scene.node.start()
    read(scene, None).expect(200)
    scene.node.stop()


def the_data_goes_to_another_server_and_the_keys_stay(scene):
    (_, _), (command, lines) = commands_of_page("Moving the data", "migrate")
    scene.done(scene.words(command, lines))
    scene.node.store[1] = scene.here["postgresql://…/elsewhere"]
    scene.node.start()
    counts_once(scene)
    scene.node.stop()
    scene.here["postgresql://…/symbolon"] = scene.here["postgresql://…/elsewhere"]


def the_keys_come_back(scene):
    with open(PAGE, encoding="utf-8") as page:
        words = re.search(r"\*\*Back\*\*, for a node[^`]*`([^`]+)`", page.read())[1].split()
    assert words[2:7:2] == ["--store", "--keys", "--keys-to"], words
    words[3], words[5] = "postgresql://…/symbolon", "postgresql://…/symbolon_keys"
    scene.done(scene.words(words), "--data", scene.node.data)
    scene.node.store = scene.node.store[:2]


LIAR = """SET search_path = symbolon_keys; CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.{1} = set_byte(NEW.{1}, 40, 255 - get_byte(NEW.{1}, 40)); RETURN NEW; END';
    CREATE TRIGGER lie BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION lie();
    UPDATE pg_trigger SET tgisinternal = true WHERE tgname = 'lie'"""  # else it is refused before anything is copied


def a_database_that_changes_keys_is_found_out(scene):
    (_, _), (command, _) = commands_of_page("From one machine to several", "migrate")
    words = scene.words(command)
    for table, column in (("person_key", "wrapped"), ("bucket_key", "sealed"), ("organisation_key", "sealed")):
        scene.server.ask("symbolon_keys", LIAR.format(table, column))
        done = scene.call(words)
        assert done.returncode == EXIT["CORRUPT"] and f"{table} does not become the same" in done.stderr, done.stderr
        print(f"control: a database that changes {table}: red")
        scene.done(words, "--cancel")
        scene.server.ask("symbolon_keys", "DROP FUNCTION symbolon_keys.lie CASCADE")
    for place in (scene.here["postgresql://…/symbolon_keys"], f"file:{scene.node.folder}/astray"):
        there = ["--keys", place] if place.startswith("file:") else []
        done = scene.call([*words[:words.index("--keys-to")], *there, "--keys-to", "file:DATA/keys", *words[-2:]])
        assert done.returncode == EXIT["INVALID"] and "from the key folder into a database" in done.stderr, done.stderr


# ---- and home

ROWS = 1500
NOTHING = """INSERT INTO symbolon.outbox SELECT event_id + row, person_id, relationship_id, organisation_id,
    'nothing.at_all', subject_id, attributes_low, attributes_high, at_ms FROM (SELECT * FROM symbolon.outbox
    ORDER BY event_id DESC LIMIT 1) AS newest, generate_series(1, {0}) AS row"""


def findings_are_counted_to_the_last_and_told_up_to_a_bound(scene):
    scene.server.ask("elsewhere", NOTHING.format(ROWS))
    done = scene.call([scene.node.program, "migrate", "--from", scene.node.store[1], "--to",
                       "sqlite:" + scene.here["DATA/store"], "--data", scene.node.data])
    assert done.returncode == EXIT["CORRUPT"] and f"{ROWS} findings" in done.stderr, done.stderr
    assert done.stdout.count("- Event") == SAID_MAX and f"… and {ROWS - SAID_MAX} more." in done.stdout, done.stdout
    done = scene.node.command("audit", "--json")
    figures = json.loads(done.stdout)
    assert (figures["findings_count"], len(figures["findings"]), figures["ok"]) == (ROWS, TOLD_MAX, False)
    done = scene.node.command("audit")
    assert done.stdout.count("- Event") == TOLD_MAX and f"… and {ROWS - TOLD_MAX} more." in done.stdout
    scene.server.ask("elsewhere", "DELETE FROM symbolon.outbox WHERE kind = 'nothing.at_all'")


def the_data_comes_home(scene):
    (command, lines), _ = commands_of_page("Moving the data", "migrate")
    scene.here["postgresql://symbolon:PASSWORD@db.example/symbolon"] = scene.here["postgresql://…/elsewhere"]
    lines = ["to = " + lines[0].split(" = ")[1], "from = " + lines[1].split(" = ")[1]]
    scene.done(scene.words(command, lines))
    are_alike(names_in_folder(scene), names_on_server(scene, "elsewhere"))
    scene.node.store = []
    scene.node.start()
    counts_once(scene)
    scene.node.expect_sound()


STEPS = [the_data_goes_to_a_server, who_has_changed_behind_the_audit_is_audited_again, the_keys_go_into_a_database,
         the_data_goes_to_another_server_and_the_keys_stay, the_keys_come_back,
         a_database_that_changes_keys_is_found_out, findings_are_counted_to_the_last_and_told_up_to_a_bound,
         the_data_comes_home]


def main():
    with DatabaseServer() as server, RoughNode() as node:
        steps.run(STEPS, Scene(server, node))


if __name__ == "__main__":
    sys.exit(main())
