# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever somebody hangs on a table of the database so that rows vanish unseen, nothing is acknowledged without
its row: a node does not begin on it, and one that runs says no. Method: triggers, rules, row-level security, tables
that a crash empties, partitions and views are put into the schema in turn; `serve`, `doctor` and `migrate` are to
refuse each in one sentence that names the table. Beneath a node that runs, triggers and a rule swallow reads, acts and
stops, one at a time and several at once; each answer is held against the rows. So are changes and deletions: of
sessions, purposes, systems, invitations, passkeys, permissions, of people, and of keys in a database of their own. The
same on a database that says it is spread (Citus), where the rows are counted here. Positive controls: the same calls
before and behind it; triggers of the engine's own, and of the extension, which are let be."""
import os
import sys

import steps
from cli import one_sentence
from database_server import DatabaseServer
from purposes import DELIVER
from stress import RoughNode, Shop, together, wait_until

SWALLOW = "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
SOON_SECONDS = 60  # for what is done again and again, at longer and longer pauses
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
    def __init__(self, server, node, database):
        self.server, self.node, self.database = server, node, database
        self.elsewhere = os.path.join(node.folder, "elsewhere")
        self.shop = Shop(node, "Blue Shop", 3)
        self.customers = [self.shop.customer() for _ in range(4)]
        for customer in self.customers:
            self.give(customer)

    def give(self, customer):
        customer.grant = customer.give(customer.line(), self.shop.purposes[0])

    def ask(self, sql, check=True):
        return self.server.ask(self.database, sql, check)

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

    def ask_keys(self, sql):
        return self.server.ask("keys", sql)

    def lost_anew(self):
        """Whether something has vanished since now, and was told of."""
        before = self.lost()
        return lambda: self.lost() > before

    def lost(self):
        return self.node.read_log().count('"reason":"store.row_lost"')

    def refuses(self, table, how, act, *done):
        """`act` is not acknowledged while changes of the table vanish, and is done when they do not."""
        before = self.lost()
        self.bend(table, how)
        reply = act().expect(500)
        assert reply.json["reason"] == "internal" and self.lost() > before, (table, self.node.read_log()[-2000:])
        self.mend(table)
        act().expect(*done)


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


def changes_that_vanish_are_not_acknowledged(scene):
    """Each is tried while its table is bent, and again behind that: then what it promises is kept."""
    node, shop, customer = scene.node, scene.shop, scene.shop.customer()
    scene.refuses("session", "DELETE", lambda: customer.line().call("POST", "/v1/me/sign-out"), 204)
    customer.line().get("/v1/me/attributes").expect(401)
    line, purpose = shop.line(), shop.purposes[2]
    scene.refuses("purpose", "UPDATE", lambda: line.call("POST", f"/v1/org/purposes/{purpose}/retire"), 200)
    assert line.get(f"/v1/org/purposes/{purpose}").expect(200).json["state"] == "retired"
    scene.refuses("purpose", "INSERT", lambda: line.call("POST", "/v1/org/purposes", dict(DELIVER, name="More")), 201)
    admin = node.line(node.system(shop.organisation, shop.department, "admin", "admin").fields)
    for table in ("system", "api_key"):
        till = node.system(shop.organisation, shop.department, "till")
        node.line(till.fields).get("/v1/org/purposes").expect(200)
        scene.refuses(table, "UPDATE", lambda system=till.id: admin.call("DELETE", f"/v1/org/systems/{system}"), 204)
        node.line(till.fields).get("/v1/org/purposes").expect(401)
    code = shop.claim_code()
    claim = {"invitation": code}
    scene.refuses("invitation", "UPDATE", lambda: node.line().call("POST", "/v1/claims", claim), 201)
    node.line().call("POST", "/v1/claims", claim).expect(404)


def a_stop_takes_its_old_row_away(scene):
    customer = scene.customers[2]
    for how in ("DELETE", "INSERT"):
        scene.bend("grant_now", how)
        scene.stop(customer).expect(500)
        scene.mend("grant_now")
        scene.read(customer).expect(200)
    scene.stop(customer).expect(200)
    scene.read(customer).expect(403)
    scene.give(customer)


def erase(customer):
    return customer.line().call("POST", "/v1/me/erase", {"confirm": "erase me"})


def an_erasure_that_would_lose_a_row_is_not_begun(scene):
    customer = scene.shop.customer()
    before = scene.rows("erasure")
    for table, how in (("session", "DELETE"), ("person", "UPDATE"), ("erasure", "INSERT OR UPDATE")):
        scene.bend(table, how)
        erase(customer).expect(500)
        scene.mend(table)
        customer.line().get("/v1/me/attributes").expect(200)
        assert scene.rows("erasure") == before, table
    scene.bend("vault", "DELETE")  # it is begun, and does not come to its end
    erase(customer).expect(202)
    customer.line().get("/v1/me/attributes").expect(401)
    assert wait_until(scene.lost_anew(), SOON_SECONDS) is not None, scene.node.read_log()[-2000:]
    assert scene.rows("erasure") == before + 1
    scene.mend("vault")
    assert wait_until(lambda: scene.rows("erasure") == before, SOON_SECONDS) is not None
    scene.node.expect_sound()


# ---- keys in a database of their own

def an_erasure_is_done_when_its_keys_are_gone(scene):
    """The courier does it: what it cannot do it tells, and tries again."""
    for table in ("person_key", "bucket_key"):
        ada, eve = scene.shop.customer(), scene.shop.customer()
        buckets = scene.ask_keys("SELECT DISTINCT bucket FROM symbolon_keys.person_key").split()
        lost = scene.lost_anew()
        scene.ask_keys(f"CREATE TRIGGER bent BEFORE DELETE ON symbolon_keys.{table} FOR EACH ROW"
                       " EXECUTE FUNCTION public.swallow()")
        erase(ada).expect(202)
        assert wait_until(lost, SOON_SECONDS) is not None, scene.node.read_log()[-2000:]
        done = scene.node.command("doctor")
        one_sentence(done, "CONFLICT")
        assert f"symbolon_keys.{table}" in done.stderr, done.stderr
        assert scene.rows("erasure") == 1
        assert set(buckets) <= set(scene.ask_keys("SELECT bucket FROM symbolon_keys.bucket_key").split())
        scene.ask_keys(f"DROP TRIGGER bent ON symbolon_keys.{table}")
        assert wait_until(lambda: scene.rows("erasure") == 0, SOON_SECONDS) is not None
        assert not set(buckets) & set(scene.ask_keys("SELECT bucket FROM symbolon_keys.bucket_key").split())
        assert b"Ada" in eve.line().get("/v1/me/attributes").expect(200).body
        assert scene.node.run("doctor")["keys_pending"] == 0
        scene.node.expect_sound()


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
    scene.refuses("purpose", "UPDATE", lambda: scene.shop.line().call(
        "POST", f"/v1/org/purposes/{scene.shop.purposes[1]}/retire"), 200)
    scene.node.stop()
    scene.node.expect_sound()


STEPS = [reads_without_their_row_are_not_answered, acts_without_their_rows_have_not_happened,
         what_is_swallowed_by_a_rule_is_not_answered_either, changes_that_vanish_are_not_acknowledged,
         a_stop_takes_its_old_row_away, an_erasure_that_would_lose_a_row_is_not_begun,
         what_hangs_on_a_table_is_refused_at_the_start, what_the_engine_hangs_there_is_let_be,
         where_tables_are_spread_we_count_ourselves]
STEPS_OF_KEYS = [an_erasure_is_done_when_its_keys_are_gone]


def main():
    with DatabaseServer() as server:
        for places, its_steps in ((["data"], STEPS), (["apart", "keys"], STEPS_OF_KEYS)):
            node = RoughNode()
            node.store = [word for option, name in zip(("--store", "--keys"), places)
                          for word in (option, server.make(name))]
            for name in places:
                server.ask(name, SWALLOW)
            with node:
                steps.run(its_steps, Scene(server, node, places[0]))


if __name__ == "__main__":
    sys.exit(main())
