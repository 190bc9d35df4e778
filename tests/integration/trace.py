# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever moves from SQLite to PostgreSQL changes nothing else. Method: one drawn life of 10,000 steps
(support/trace_acts.py) goes to two nodes, one with its data in files, one on a database server whose words are sorted
as people sort them; after each step the two answers must be the same octets, but for what each draws by itself
(support/twins.py). Time is let go by for both at once. In the end every list of everybody, each receipt in every form,
the audit, and the number of rows in each table are the same. SEED= and STEPS= of the environment. Positive controls: an
answer in which one octet is bent, and one row that goes missing from the database of one: each must be noticed.

Usage: trace.py [LIBRARY], the library of set_clock.c; without it no time goes by"""
import collections
import contextlib
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
import time

import trace_acts
import trace_wrong  # noqa: F401 - its acts are drawn too
from access_wire import Answer
from database_server import DatabaseServer
from running_node import RunningNode
from set_clock import Clock
from stress import seed_of_run
from trace_acts import DAY, HOUR, PERSON_LISTS, SYSTEM_LISTS, Life, Person
from twins import PIECE, Difference, Twins, field

SLOW = float(os.environ.get("SLOW", 1))
STEPS = int(os.environ.get("STEPS", 10000))
WHOLE = 10000  # a run of so many steps opens each door, or all but …
SHUT_MAX = 3   # … so many of those that are seldom knocked at
PASSES = (HOUR / 6, HOUR, 5 * HOUR, 12 * HOUR)
PASSED_MAX = 13 * DAY  # sessions are left open for fourteen
PASS_EVERY, ERASE_EVERY, IMPORT_EVERY = 250, 400, 1200
SHUT = {"GET /metrics", "GET /log/tile/{tile}", "GET /log/checkpoint", "GET /log/key", "GET /.well-known/symbolon",
        "GET /.well-known/gpc.json", "GET /.well-known/openid-configuration", "GET /oauth/jwks",
        "GET /sign-in", "GET /sign-in/{token}"}  # tell of the node itself, or have a page for people alone
# Open to whoever signs, or tell of moments that are kept coarsely; passkeys.py, tokens.py, openid.py,
# oauth_attacks.py and sessions.py go through them, on either store.
SIGNED = {"POST /v1/sign-in", "POST /v1/recovery", "POST /v1/me/passkeys", "PATCH /v1/me/passkeys/{psk}",
          "DELETE /v1/me/passkeys/{psk}", "POST /v1/me/proof", "POST /oauth/token", "POST /oauth/introspect",
          "POST /oauth/revoke", "GET /v1/me/sessions", "DELETE /v1/me/sessions", "DELETE /v1/me/sessions/{ses}",
          "POST /oauth/par", "GET /oauth/authorize", "POST /oauth/authorize", "GET /v1/me/authorization",
          "POST /v1/me/authorization", "GET /oauth/grants/{grt}", "DELETE /oauth/grants/{grt}",
          "GET /oauth/userinfo", "POST /oauth/userinfo", "GET /v1/me/authorizations",
          "DELETE /v1/me/authorizations/{atz}", "POST /v1/claims/member", "GET /v1/org/me", "GET /v1/org/members",
          "POST /v1/org/members", "DELETE /v1/org/members/{mem}", "GET /v1/org/deeds"}
# Tables whose rows say how a store works, not what people did.
OWN = {"batch_mark", "clock_mark", "log_lease", "log_tile", "node_state", "node_text", "schema_migration",
       "people_generation", "records_generation", "ledger_generation", "key_bucket", "file_generation"}
PEOPLE = 14


class OnServer(RunningNode):
    """The node on the database server; words in that database are not sorted by their octets."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        server.ask("postgres", "CREATE DATABASE trace TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
        self.store = ["--store", server.url("trace")]


class Trace:
    def __init__(self, nodes, server, dice, clock):
        self.nodes, self.server, self.dice, self.clock = nodes, server, dice, clock
        self.twins = Twins(*nodes, apart_seconds=60 * SLOW)
        self.passed, self.begin = 0.0, int(time.time())
        self.life = Life(self.call, dice, lambda: self.begin + self.passed)
        self.statuses, self.reasons, self.opened = collections.Counter(), collections.Counter(), collections.Counter()
        self.doors = self.read_doors()
        self.set_up()

    # ---- asking

    def read_doors(self):
        described = json.loads(self.twins.call({}, "GET", "/openapi.json").body)["paths"]
        form = lambda path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?$")
        return [(f"{method.upper()} {path}", method.upper(), form(path))
                for path, item in described.items() for method in item]

    def call(self, fields, method, path, body=None, address=None):
        answer = self.twins.call(fields, method, path, body, address)
        self.statuses[answer.status] += 1
        if answer.body and answer.reason is not None:
            self.reasons[answer.reason] += 1
        if answer.status < 400:
            for name, door_method, form in self.doors:
                if method == door_method and form.match(path):
                    self.opened[name] += 1
        if answer.status == 202 and path == "/v1/me/erase":  # also when it was said again, by another
            self.wait_for_what_is_under_way()
        return answer

    def command(self, *words):
        """A command at both nodes; gives what the first one says."""
        told = []
        for node, mine in zip(self.nodes, (words, [self.twins.twin_of(word) for word in words])):
            done = node.command(*mine, "--json")
            assert done.returncode == 0, (mine, done.returncode, done.stderr)
            told.append(done.stdout)
        self.twins.compare_words(*told)
        return json.loads(told[0])

    # ---- who is there at first

    def set_up(self):
        life = self.life
        for name, departments in (("Zürich Bücher", ("Shipping", "Ärger")), ("apple shop", ("Desk", "sales")),
                                  ("Ödland", ("post",))):
            organisation = self.command("org", "create", name)["id"]
            life.organisations.append(organisation)
            for department in departments:
                made = self.command("department", "create", organisation, department)["id"]
                life.departments.append({"id": made, "organisation": organisation})
                secret = self.command("key", "create", organisation, made, "server", "--scope",
                                      ",".join(trace_acts.SCOPES))["secret"]
                life.systems.append({"organisation": organisation, "department": made,
                                     "fields": {"Authorization": "Bearer " + secret}})
        for i in range(PEOPLE):
            self.sign_in(self.command("person", "create", "--name", f"Person {i}"))
        life.begin()

    def sign_in(self, made):
        answer = self.call({}, "POST", made["link"].removeprefix(self.nodes[0].url))
        assert answer.status == 303, (answer.status, answer.body)
        person = Person({"Cookie": field(answer, "Set-Cookie").split(";")[0]}, made["id"])
        self.life.people.append(person)

    # ---- steps that are not a caller's alone

    def let_time_pass(self):
        seconds = self.dice.choice(PASSES)
        if self.clock is None or self.passed + seconds > PASSED_MAX:
            return
        half = self.life.now() + seconds / 2  # nothing happens near it
        self.life.moments.append(time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(half)))
        self.passed += seconds
        self.clock.go_on(seconds)

    def erase(self):
        person = self.dice.choice(self.life.people)
        self.life.send(person.fields, "POST", "/v1/me/erase", {"confirm": "Erase me"})
        answer = self.life.send(person.fields, "POST", "/v1/me/erase", {"confirm": "erase me"})
        if answer.status == 202:
            self.life.forget(person)
            if len(self.life.people) < PEOPLE:
                self.sign_in(self.command("person", "create", "--name", "Another"))

    def bring_in(self):
        """An address book, with somebody who is known already."""
        system = self.dice.choice(self.life.systems[:5])
        path = os.path.join(self.nodes[0].folder, "contacts.csv")
        with open(path, "w") as file:
            file.write("First Name,Last Name,Email,Birthday\n")
            for i in self.dice.sample(range(60), 12):
                file.write(f"Zoë {i},\"O'Neill, the \"\"Ñ\"\"\",zoe{i}@x.example,{1960 + i}-02-03\n")
        said = self.command("import", system["organisation"], system["department"], path)
        for invitation in said["invitations"]:
            self.life.codes.append(invitation["code"])

    def count(self, i, tables):
        """Rows of each table at one of the nodes."""
        if i == 1:
            words = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM symbolon.{name}" for name in tables)
            lines = self.server.ask("trace", words).splitlines()
            return {name: int(rows) for name, rows in (line.split("|") for line in lines)}
        found = {}
        for file in ("people", "records", "ledger"):
            path = os.path.join(self.nodes[0].data, "store", file + ".db")
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    if name in tables:
                        found[name] = database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        return found

    def wait_for_what_is_under_way(self, tables=("erasure", "leftover")):
        end = time.monotonic() + 60 * SLOW
        while any(sum(self.count(i, tables).values()) for i in (0, 1)):
            assert time.monotonic() < end, [self.count(i, tables) for i in (0, 1)]
            time.sleep(0.02)

    def prove(self):
        """Once a proof is there; what it says is each log's own."""
        receipt = self.life.one(self.life.receipts)
        if receipt is None:
            return
        path, fields = f"/v1/me/receipts/{receipt['id']}", receipt["relationship"]["person"].fields
        if self.call(fields, "GET", path).status == 200:
            self.twins.until(60 * SLOW, fields, path + "/proof", 200)
            self.opened["GET /v1/me/receipts/{rcp}/proof"] += 1
            fields = self.life.system(receipt["relationship"]["organisation"])["fields"]
            path = path.replace("/me/", "/org/")
            if self.call(fields, "GET", path).status == 200:
                self.twins.until(60 * SLOW, fields, path + "/proof", 200)
                self.opened["GET /v1/org/receipts/{rcp}/proof"] += 1

    def run(self, steps):
        for step in range(1, steps + 1):
            if step % PASS_EVERY == 0:
                self.let_time_pass()
            if step % ERASE_EVERY == 0:
                self.erase()
            if step % IMPORT_EVERY == 1:
                self.bring_in()
            if step % 100 == 0:
                self.prove()
            self.life.step()

    # ---- in the end

    def pages(self, fields, path):
        """Every page of a list; gives the ids in it."""
        ids, path = [], path + ("&" if "?" in path else "?") + "limit=50"
        while path:
            answer = self.call(fields, "GET", path)
            link = field(answer, "Link")
            path = link[1:link.index(">")] if link else None
            if answer.status == 200:
                ids += [item.get("id") for item in json.loads(answer.body)["items"]]
        return ids

    def lists_are_equal(self):
        for person in self.life.people:
            for path in PERSON_LISTS:
                ids = self.pages(person.fields, "/v1/me/" + path)
                if path == "relationships":
                    for rel in ids:
                        for part in ("purposes", "records"):
                            self.pages(person.fields, f"/v1/me/relationships/{rel}/{part}")
                        for rcp in self.pages(person.fields, f"/v1/me/relationships/{rel}/receipts"):
                            self.receipt_is_equal(person.fields, rcp)
        for system in self.life.systems:
            for path in SYSTEM_LISTS:
                self.pages(system["fields"], "/v1/org/" + path)

    def receipt_is_equal(self, fields, rcp):
        for form in ("application/json", "application/jose+json", "text/html"):
            self.call({**fields, "Accept": form}, "GET", "/v1/me/receipts/" + rcp)

    def everything_is_equal(self):
        self.wait_for_what_is_under_way(("erasure", "leftover", "log_pending"))
        self.lists_are_equal()
        figures = self.command("audit")
        assert figures["ok"] and not figures.pop("findings") and figures["log_pending"] == 0, figures
        sizes = [int(node.nobody.get("/log/checkpoint").expect(200).body.split(b"\n")[1]) for node in self.nodes]
        assert sizes[0] == sizes[1] == figures["log_entries"], (sizes, figures)
        tables = set(self.server.ask("trace", "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                                              "'symbolon'::regnamespace").split()) - OWN
        ours, theirs = self.count(0, tables), self.count(1, tables)
        if ours != theirs:
            raise Difference(f"rows: {sorted(ours.items() ^ theirs.items())}")
        return figures, ours

    # ---- what must be noticed

    def bent_answers_are_noticed(self):
        """One octet in seven, where neither node draws."""
        compare, bent = self.twins.compare, 0
        for fields, path in (({}, "/v1/me"), (self.life.people[-1].fields, "/v1/me"),
                             (self.life.systems[0]["fields"], "/v1/org/purposes?limit=3")):
            self.twins.compare = compare
            body = self.twins.call(fields, "GET", path).body
            drawn = {at for piece in PIECE.finditer(body.decode("latin-1")) for at in range(*piece.span())}
            for at in set(range(0, len(body), 7)) - drawn:
                def with_one_bent(first, second, at=at):
                    octets = second.body[:at] + bytes([second.body[at] ^ 1]) + second.body[at + 1:]
                    compare(first, Answer(second.status, second.head, octets))
                self.twins.compare = with_one_bent
                assert self.is_noticed(lambda: self.twins.call(fields, "GET", path)), (path, at, body)
                bent += 1
        self.twins.compare = compare
        assert bent > 30, bent
        print(f"control: {bent} answers with one octet bent: red")

    @staticmethod
    def is_noticed(run):
        try:
            run()
        except Difference:
            return True
        return False

    def a_row_that_is_gone_is_noticed(self):
        gone = self.server.ask("trace", """
            DELETE FROM symbolon.grant_now WHERE grant_id = (SELECT grant_id FROM symbolon.grant_now JOIN
            symbolon.session USING (person_id) WHERE session.ended_at_ms = 0 ORDER BY grant_id DESC LIMIT 1)
            RETURNING 1""")
        assert gone == "1", gone
        assert self.is_noticed(self.lists_are_equal), "a permission is gone from the database of one and nobody notices"
        print("control: a row that is gone from the database of one: red")


def main():
    if os.access("/dev/shm", os.W_OK):  # in memory: what a disk keeps is another test's question
        tempfile.tempdir = "/dev/shm"
    dice = random.Random(seed_of_run())
    library = sys.argv[1] if len(sys.argv) > 1 else None
    began = time.monotonic()
    with Clock(library) if library else contextlib.nullcontext() as clock, DatabaseServer() as server:
        with RunningNode() as files, OnServer(server) as database:
            trace = Trace((files, database), server, dice, clock)
            trace.run(STEPS)
            ran = time.monotonic()
            figures, rows = trace.everything_is_equal()
            print(f"found: {STEPS} steps, {trace.twins.calls} calls, answers {dict(sorted(trace.statuses.items()))}, "
                  f"{len(trace.reasons)} reasons, {trace.passed / DAY:.1f} days; {figures}; {sum(rows.values())} rows "
                  f"in {len(rows)} tables; {ran - began:.1f} + {time.monotonic() - ran:.1f} s")
            trace.bent_answers_are_noticed()
            trace.a_row_that_is_gone_is_noticed()
            for node in (files, database):
                assert "request.failed" not in node.read_log(), node.read_log()[-4000:]
            shut = [name for name, _, _ in trace.doors if trace.opened[name] == 0 and name not in SHUT | SIGNED]
            assert STEPS < WHOLE or len(shut) <= SHUT_MAX, f"doors that never opened: {shut}"


if __name__ == "__main__":
    sys.exit(main())
