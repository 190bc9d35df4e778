# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever somebody hangs on a table of the database so that rows vanish unseen, nothing is acknowledged without
its row: a node does not begin on it, and one that runs says no. Method: triggers, rules, row-level security, tables
that a crash empties, partitions and views are put into the schema in turn; `serve`, `doctor` and `migrate` are to
refuse each in one sentence that names the table. Beneath a node that runs, triggers and a rule swallow reads, acts and
stops, one at a time and several at once; each answer is held against the rows. The same on a database that says it is
spread (Citus), where the rows are counted here. Positive controls: the same calls before and behind it; triggers of the
engine's own, and of the extension, which are let be."""
import os
import sys

import steps
from cli import one_sentence
from database_server import DatabaseServer
from stress import RoughNode, Shop, together

SWALLOW = "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
SPREAD = "SET allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner, extnamespace," \
         " extrelocatable, extversion) VALUES (99999, 'citus', 10, 11, false, '13.2-1');" \
         " CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass PRIMARY KEY)"
# What is done to a table, what undoes it, the table, what the sentence says.
BENT = [
    ("CREATE TRIGGER bent BEFORE INSERT ON symbolon.disclosure FOR EACH ROW EXECUTE FUNCTION public.swallow()",
     "DROP TRIGGER bent ON symbolon.disclosure", "symbolon.disclosure", "trigger"),
    ("CREATE RULE bent AS ON INSERT TO symbolon.act DO INSTEAD NOTHING", "DROP RULE bent ON symbolon.act",
     "symbolon.act", "rule"),
    ("ALTER TABLE symbolon.grant_now ENABLE ROW LEVEL SECURITY", "ALTER TABLE symbolon.grant_now DISABLE ROW LEVEL "
     "SECURITY", "symbolon.grant_now", "row-level security"),
    ("ALTER TABLE symbolon.disclosure SET UNLOGGED", "ALTER TABLE symbolon.disclosure SET LOGGED",
     "symbolon.disclosure", "UNLOGGED"),
    ("CREATE TABLE symbolon.more () INHERITS (symbolon.vault)", "DROP TABLE symbolon.more", "symbolon.more",
     "inherits"),
    ("CREATE VIEW symbolon.more AS SELECT 1 AS one", "DROP VIEW symbolon.more", "symbolon.more", "no plain table"),
    ("CREATE TABLE symbolon.more (one INT) PARTITION BY LIST (one)", "DROP TABLE symbolon.more", "symbolon.more",
     "no plain table"),
]


class Scene:
    def __init__(self, server, node):
        self.server, self.node, self.elsewhere = server, node, os.path.join(node.folder, "elsewhere")
        self.shop = Shop(node, "Blue Shop", 2)
        self.customers = [self.shop.customer() for _ in range(4)]
        for customer in self.customers:
            self.give(customer)

    def give(self, customer):
        customer.grant = customer.give(customer.line(), self.shop.purposes[0])

    def ask(self, sql, check=True):
        return self.server.ask("data", sql, check)

    def rows(self, table):
        return int(self.ask(f"SELECT count(*) FROM symbolon.{table}"))

    def read(self, customer, key=None):
        return customer.read(self.node.line(self.shop.fields), self.shop.purposes[0], key)

    def stop(self, customer):
        return customer.line().call("POST", f"/v1/me/grants/{customer.grant}/withdraw", {})

    def bend(self, table, how="INSERT"):
        self.ask(f"CREATE TRIGGER bent BEFORE {how} ON symbolon.{table} FOR EACH ROW EXECUTE FUNCTION public.swallow()")

    def mend(self, table):
        self.ask(f"DROP TRIGGER bent ON symbolon.{table}")


# ---- beneath a node that runs

def reads_without_their_row_are_not_answered(scene):
    before = scene.rows("disclosure")
    scene.read(scene.customers[0]).expect(200)
    assert scene.rows("disclosure") == before + 1
    scene.bend("disclosure")
    for reply in together(4, lambda i: scene.read(scene.customers[i], f"a-read-{before}-{i}")):
        assert reply.expect(500).json["reason"] == "internal" and b"Ada" not in reply.body
    assert scene.rows("disclosure") == before + 1
    assert '"reason":"store.row_lost"' in scene.node.read_log(), scene.node.read_log()[-2000:]
    scene.mend("disclosure")
    for i, customer in enumerate(scene.customers):  # not the answer of a read that was none
        scene.read(customer, f"a-read-{before}-{i}").expect(200)
    assert scene.rows("disclosure") == before + 5


def acts_without_their_rows_have_not_happened(scene):
    customer = scene.customers[0]
    for table in ("act", "receipt", "log_pending", "outbox"):
        before = scene.rows("act")
        scene.bend(table)
        scene.stop(customer).expect(500)
        scene.mend(table)
        assert scene.rows("act") == before, table
        scene.read(customer).expect(200)
    scene.bend("grant_now", "INSERT OR UPDATE")
    scene.stop(customer).expect(500)
    scene.mend("grant_now")
    scene.read(customer).expect(200)
    scene.stop(customer).expect(200)
    scene.read(customer).expect(403, "grant.withdrawn")
    scene.give(customer)


def what_is_swallowed_by_a_rule_is_not_answered_either(scene):
    before = scene.rows("disclosure")
    scene.ask("CREATE RULE bent AS ON INSERT TO symbolon.disclosure DO INSTEAD NOTHING")
    scene.read(scene.customers[1]).expect(500)
    scene.ask("DROP RULE bent ON symbolon.disclosure")
    assert scene.rows("disclosure") == before
    scene.read(scene.customers[1]).expect(200)


# ---- at the start

def refused(scene, table, words):
    for command in (["serve", "--listen", "127.0.0.1:0"], ["doctor"], ["migrate", "--to", "sqlite:" + scene.elsewhere]):
        done = scene.node.command(*command)
        one_sentence(done, "CONFLICT")
        assert table in done.stderr and words in done.stderr, (command, done.stderr)


def what_hangs_on_a_table_is_refused_at_the_start(scene):
    scene.node.stop()
    for bend, mend, table, words in BENT:
        scene.ask(bend)
        refused(scene, table, words)
        scene.ask(mend)
    assert scene.node.run("doctor")["ok"]
    print(f"control: {len(BENT)} ways, each with and without it: red")


def what_the_engine_hangs_there_is_let_be(scene):
    """A constraint that is looked at late has a trigger of the engine; Citus has one at TRUNCATE."""
    scene.ask("ALTER TABLE symbolon.act ADD CONSTRAINT late UNIQUE (act_id, person_id) DEFERRABLE")
    assert int(scene.ask("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'symbolon.act'::regclass")) > 0
    scene.ask("SET allow_system_table_mods = on; CREATE FUNCTION pg_catalog.citus_truncate_trigger() RETURNS trigger"
              " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    scene.ask("CREATE TRIGGER truncate_trigger_1 AFTER TRUNCATE ON symbolon.act FOR EACH STATEMENT"
              " EXECUTE FUNCTION pg_catalog.citus_truncate_trigger()")
    scene.node.start()
    scene.read(scene.customers[1]).expect(200)
    scene.node.stop()
    scene.ask("DROP TRIGGER truncate_trigger_1 ON symbolon.act; ALTER TABLE symbolon.act DROP CONSTRAINT late")


def where_tables_are_spread_we_count_ourselves(scene):
    scene.ask(SPREAD)
    scene.node.start()
    reads_without_their_row_are_not_answered(scene)
    scene.bend("act")
    scene.stop(scene.customers[1]).expect(500)
    scene.mend("act")
    scene.stop(scene.customers[1]).expect(200)
    scene.node.stop()
    scene.node.expect_sound()


STEPS = [reads_without_their_row_are_not_answered, acts_without_their_rows_have_not_happened,
         what_is_swallowed_by_a_rule_is_not_answered_either, what_hangs_on_a_table_is_refused_at_the_start,
         what_the_engine_hangs_there_is_let_be, where_tables_are_spread_we_count_ourselves]


def main():
    with DatabaseServer() as server:
        node = RoughNode()
        node.store = ["--store", server.make("data")]
        server.ask("data", SWALLOW)
        with node:
            steps.run(STEPS, Scene(server, node))


if __name__ == "__main__":
    sys.exit(main())
