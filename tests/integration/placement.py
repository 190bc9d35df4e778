# SPDX-License-Identifier: Apache-2.0
"""Goal: a store can be spread over several machines (Citus) without another schema and other statements. Method: a
fresh node on plain PostgreSQL; what its catalogue holds and what its own analysis says of each statement are held
against src/store/sql/placement.def: each table has its place; each unique key has the column that spreads; no foreign
key crosses, no trigger, no sequence; each statement goes to one shard or stands in the list of those that may ask all.
Positive controls: every kind of broken table and broken statement is made and must be named.

Usage: placement.py PLACEMENT QUERIES_C"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from database_server import DatabaseServer
from placement_rules import Catalogue, judge, read_placement
from query_tree import analyse

PLACEMENT, QUERIES = (pathlib.Path(argument).read_text() for argument in sys.argv[1:3])
TYPES = {"INT64": "bigint", "TEXT": "text", "BYTES": "bytea"}
PATH = "SET search_path = symbolon;"
SCHEMA = """SELECT json_build_object(
    'tables', (SELECT json_object_agg(oid::text, relname) FROM pg_class WHERE relkind IN ('r', 'p')
        AND relnamespace = 'symbolon'::regnamespace),
    'others', (SELECT json_agg(relname) FROM pg_class WHERE relkind NOT IN ('r', 'p', 'i')
        AND relnamespace = 'symbolon'::regnamespace),
    'columns', (SELECT json_agg(json_build_array(relname, attnum, attname, attnotnull, format_type(atttypid, NULL)))
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = 'symbolon'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped),
    'unique', (SELECT json_agg(json_build_array(t.relname, i.relname, indisprimary,
            (SELECT json_agg(attname ORDER BY place) FROM unnest(indkey::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute ON attrelid = indrelid AND attnum = number WHERE place <= indnkeyatts)))
        FROM pg_index JOIN pg_class t ON t.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
        WHERE (indisunique OR indisexclusion) AND t.relnamespace = 'symbolon'::regnamespace),
    'foreign', (SELECT json_agg(json_build_array(conrelid::regclass::text, confrelid::regclass::text,
            (SELECT json_agg(json_build_array(a.attname, b.attname))
             FROM unnest(conkey, confkey) AS k (ours, theirs)
             JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = ours
             JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = theirs)))
        FROM pg_constraint WHERE contype = 'f' AND connamespace = 'symbolon'::regnamespace),
    'triggers', (SELECT json_agg(tgname) FROM pg_trigger WHERE NOT tgisinternal),
    'rules', (SELECT json_agg(rulename) FROM pg_rewrite WHERE ev_class::regclass::text NOT LIKE '%.%'
        AND ev_class IN (SELECT oid FROM pg_class WHERE relnamespace = 'symbolon'::regnamespace)),
    'equalities', (SELECT json_agg(oid::text) FROM pg_operator WHERE oprname = '='))"""


def read_statements(text):
    """Types of the parameters and SQL of each, as the program has them."""
    types = {name: ", ".join(TYPES[type_] for type_ in re.findall(r"FIELD_(\w+)", fields))
             for name, fields in re.findall(r"static const struct field (\w+)_in\[\] = \{(.*?)\n\};", text, re.S)}
    found = re.findall(r'^\{\.name = "(\w+)",.*?\.file = STORE_(\w+),.*?\.sql =\n(.*?)\},$', text, re.S | re.M)
    statements = {}
    for name, file, words in found:
        sql = json.loads('"' + "".join(re.findall(r'^    "(.*)"$', words, re.M)) + '"')
        if file != "KEYS":  # they lie in a file of the node's folder
            statements[name] = (types.get(name, ""), sql)
    assert len(found) == int(re.search(r"STATEMENT_COUNT = (\d+)", text).group(1))
    return statements


class Schema:
    """What the database says after `before` has been said to it, of which nothing stays."""

    def __init__(self, server, before=""):
        facts = json.loads(server.ask("store", f"{PATH} BEGIN; {before}; {SCHEMA}; ROLLBACK"))
        self.facts = {name: value or [] for name, value in facts.items()}
        columns = {}
        for table, number, name, not_null, type_ in self.facts["columns"]:
            columns.setdefault(table, {})[number] = name
        self.types = {(table, name): (type_, not_null) for table, _, name, not_null, type_ in self.facts["columns"]}
        self.catalogue = Catalogue(self.facts["tables"], columns, set(self.facts["equalities"]))

    def problems(self, placement):
        return [*self.of_tables(placement), *self.of_unique(placement), *self.of_foreign(placement),
                *(f"trigger {name}: shards run none" for name in self.facts["triggers"]),
                *(f"rule {name}: shards have none" for name in self.facts["rules"]),
                *(f"{name} is neither table nor index" for name in self.facts["others"])]

    def of_tables(self, placement):
        there = set(self.facts["tables"].values())
        yield from (f"{name} has no row" for name in sorted(there - placement.tables))
        yield from (f"{name} is no table" for name in sorted(placement.tables - there))
        kinds = {}
        for table, column in placement.distributed.items():
            type_, not_null = self.types.get((table, column), (None, False))
            kinds.setdefault(column, set()).add(type_)
            if not not_null:
                yield f"{table}.{column} is missing or may be NULL"
        yield from (f"{column} is of several types" for column, types in kinds.items() if len(types) > 1)

    def of_unique(self, placement):
        for table, index, is_primary, columns in self.facts["unique"]:
            column = placement.distributed.get(table)
            if column and column not in columns:
                yield f"{index} does not hold {table}.{column}"
            elif column == "person_id" and is_primary and columns[0] != column:
                yield f"{index} does not begin with the person"

    def of_foreign(self, placement):
        for ours, theirs, pairs in self.facts["foreign"]:
            column = placement.distributed.get(ours)
            together = column and placement.distributed.get(theirs) == column and [column, column] in pairs
            if not (together or theirs in placement.reference and ours not in placement.local
                    or ours in placement.local and theirs in placement.local):
                yield f"a foreign key of {ours} crosses to {theirs}"


# What is done to the schema: what must be said then.
BROKEN_SCHEMAS = {
    "CREATE TABLE fresh (person_id bigint)": "fresh has no row",
    "DROP TABLE vault": "vault is no table",
    "ALTER TABLE act DROP CONSTRAINT act_pkey; ALTER TABLE act ADD PRIMARY KEY (act_id)":
        "act_pkey does not hold act.person_id",
    "ALTER TABLE act DROP CONSTRAINT act_pkey; ALTER TABLE act ADD PRIMARY KEY (act_id, person_id)":
        "act_pkey does not begin with the person",
    "CREATE UNIQUE INDEX one ON relationship (relationship_id)": "one does not hold relationship.person_id",
    "CREATE UNIQUE INDEX one ON relationship (relationship_id) INCLUDE (person_id)":
        "one does not hold relationship.person_id",
    "CREATE UNIQUE INDEX one ON session (person_id)": "one does not hold session.public_id",
    "ALTER TABLE invitation ADD FOREIGN KEY (person_id) REFERENCES person":
        "a foreign key of invitation crosses to person",
    "ALTER TABLE session ADD FOREIGN KEY (person_id) REFERENCES person": "a foreign key of session crosses to person",
    "ALTER TABLE predecessor ADD FOREIGN KEY (predecessor_id) REFERENCES person":
        "a foreign key of predecessor crosses to person",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    " CREATE TRIGGER watch AFTER INSERT ON act FOR EACH ROW EXECUTE FUNCTION f()": "trigger watch",
    "CREATE RULE also AS ON DELETE TO act DO ALSO DELETE FROM outbox": "rule also",
    "CREATE SEQUENCE numbers": "numbers is neither",
    "ALTER TABLE vault DROP CONSTRAINT vault_pkey; ALTER TABLE vault ALTER person_id DROP NOT NULL":
        "vault.person_id is missing or may be NULL",
    "ALTER TABLE vault ALTER person_id TYPE numeric": "person_id is of several types",
}
SOUND_SCHEMAS = [
    "ALTER TABLE vault ADD FOREIGN KEY (person_id) REFERENCES person",
    "ALTER TABLE api_key ADD FOREIGN KEY (organisation_id) REFERENCES organisation",
    "ALTER TABLE act ADD FOREIGN KEY (organisation_id) REFERENCES organisation",
    "CREATE UNIQUE INDEX one ON relationship (relationship_id, person_id)",
    "CREATE INDEX slow ON relationship (relationship_id)",
]

ALL, JOINS = "it goes to all shards", "it joins tables of shards by something else"
BROKEN_STATEMENTS = {
    "SELECT state FROM person": ALL,
    "SELECT 1 FROM person WHERE person_id = $1 OR state = $2": ALL,
    "SELECT 1 FROM person WHERE NOT (person_id = $1)": ALL,
    "SELECT 1 FROM person WHERE person_id > $1": ALL,
    "SELECT 1 FROM person WHERE person_id = $1 + 1": ALL,
    "SELECT 1 FROM person WHERE merged_into = $1": ALL,
    "SELECT 1 FROM person p JOIN vault v ON v.person_id = $1 AND p.person_id = $2": "bound to different things",
    "SELECT 1 FROM person p, vault v WHERE p.person_id = $1 AND v.version = $2": ALL,
    "SELECT 1 FROM person p LEFT JOIN vault v ON p.person_id = $1 AND v.person_id = $1": ALL,
    "SELECT 1 FROM person p WHERE NOT EXISTS (SELECT 1 FROM vault v WHERE v.person_id = p.person_id"
    " AND v.person_id = $1)": ALL,
    "SELECT 1 FROM person p WHERE p.person_id IN (SELECT v.person_id FROM vault v WHERE v.person_id = $1)": ALL,
    "SELECT 1 FROM person WHERE person_id = $1 AND EXISTS (SELECT 1 FROM vault WHERE kind = $2)": ALL,
    "SELECT 1 FROM (SELECT person_id FROM person LIMIT 5) p WHERE p.person_id = $1": ALL,
    "SELECT 1 FROM session WHERE person_id = $1": ALL,
    "SELECT 1 FROM session s JOIN person p ON p.person_id = s.person_id WHERE s.public_id = CAST($1 AS TEXT)": ALL,
    "SELECT 1 FROM person p JOIN log_head h ON p.person_id = $1": "joins tables of shards with local ones",
    "DELETE FROM vault WHERE (person_id, kind) IN (SELECT person_id, kind FROM vault WHERE person_id = $1 LIMIT 5)":
        ALL,
    "UPDATE vault SET version = $1 WHERE kind = $2": ALL,
    "INSERT INTO leftover (person_id, relationship_id) VALUES ($1 + 1, $2)": ALL,
    "INSERT INTO leftover SELECT person_id, relationship_id FROM relationship WHERE person_id = $1":
        "what a query gives",
    "INSERT INTO system SELECT * FROM system WHERE system_id = $1": "what a query gives",
    "UPDATE person SET person_id = $1 WHERE person_id = $2": "by which rows are spread",
    "INSERT INTO leftover VALUES ($1, $2) ON CONFLICT (person_id, relationship_id) DO UPDATE SET person_id = $1":
        "by which rows are spread",
    "WITH gone AS (DELETE FROM log_pending RETURNING leaf) SELECT leaf FROM gone": ALL,
    "SELECT 1 FROM no_such_table": "the database refuses it",
}
BROKEN_SCATTERS = {  # even of those that may ask all
    "SELECT 1 FROM person p JOIN vault v ON v.version = p.state": JOINS,
    "SELECT 1 FROM person p, vault v": JOINS,
    "SELECT 1 FROM session s JOIN person p ON p.person_id = s.person_id": JOINS,
    "SELECT 1 FROM person p WHERE EXISTS (SELECT 1 FROM vault v WHERE v.version = p.state)": JOINS,
    "SELECT 1 FROM vault v JOIN (SELECT merged_into FROM person) p ON v.person_id = p.merged_into": JOINS,
    "WITH p AS (SELECT state FROM person) SELECT 1 FROM vault v JOIN p ON p.state = v.version": JOINS,
    "SELECT 1 FROM person WHERE state = $1 FOR UPDATE": "locks rows of several shards",
    "SELECT 1 FROM person WHERE state = $1 FOR UPDATE SKIP LOCKED": "locks rows of several shards",
    "WITH RECURSIVE up (id) AS (SELECT merged_into FROM person UNION SELECT p.merged_into FROM person p JOIN up"
    " ON p.person_id = up.id) SELECT id FROM up": "recursive over several shards",
    "SELECT 1 FROM person WHERE person_id = $1": "and does not",
    "SELECT 1 FROM organisation": "and does not",
}
SOUND_STATEMENTS = [
    "SELECT 1 FROM person WHERE $1 = person_id AND state = $2",
    "SELECT 1 FROM person p JOIN vault v ON v.person_id = p.person_id WHERE p.person_id = $1",
    "SELECT 1 FROM person p JOIN vault v USING (person_id) WHERE person_id = $1",
    "SELECT 1 FROM person p LEFT JOIN vault v ON v.person_id = p.person_id WHERE p.person_id = $1",
    "SELECT 1 FROM (SELECT person_id AS who FROM person) p WHERE p.who = $1",
    "SELECT 1 FROM person p WHERE p.person_id = $1 AND EXISTS (SELECT 1 FROM vault v WHERE v.person_id = p.person_id)",
    "SELECT 1 FROM person p JOIN purpose u ON u.version = p.state WHERE p.person_id = $1",
    "SELECT 1 FROM person WHERE person_id = $1 FOR UPDATE",
    "SELECT 1 FROM organisation o JOIN purpose p ON p.name = o.name",
    "SELECT number FROM batch_mark WHERE writer_id = $1 FOR UPDATE",
    "INSERT INTO leftover (relationship_id, person_id) VALUES ($1, $2)",
]
SOUND_SCATTERS = [
    "SELECT 1 FROM person p JOIN vault v ON v.person_id = p.person_id",
    "SELECT (SELECT max(person_id) FROM person), (SELECT max(act_id) FROM act)",
    "SELECT 1 FROM (SELECT person_id FROM person) p JOIN vault v ON v.person_id = p.person_id",
    "SELECT person_id FROM person UNION SELECT person_id FROM vault",
]


class Placed(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.placement = read_placement(PLACEMENT)
        cls.statements = read_statements(QUERIES)
        cls.server = cls.enterClassContext(DatabaseServer())
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="symbolon-test-"))
        subprocess.run([os.environ["SYMBOLON"], "org", "create", "Blue Shop", "--data", folder + "/data",
                        "--store", cls.server.make("store")], check=True, capture_output=True, timeout=120)

    def judge_all(self, statements, listed=()):
        schema = Schema(self.server)
        trees = analyse(self.server, "store", statements, PATH)
        placement = read_placement(PLACEMENT)
        placement.scatter.update(dict.fromkeys(listed, "a control"))
        return {name: judge(name, tree, placement, schema.catalogue) for name, tree in trees.items()}

    def test_every_table_has_its_place_and_no_key_crosses(self):
        self.assertEqual(Schema(self.server).problems(self.placement), [])

    def test_every_statement_goes_to_one_shard_or_stands_in_the_list(self):
        found = self.judge_all(self.statements)
        self.assertEqual({name: problems for name, problems in found.items() if problems}, {})
        self.assertLessEqual(self.placement.scatter.keys(), found.keys(), "a name in the list is none of a statement")

    def test_broken_schemas_are_named(self):
        for words, said in BROKEN_SCHEMAS.items():
            with self.subTest(words):
                self.assertIn(said, " ".join(Schema(self.server, words).problems(self.placement)))
        for words in SOUND_SCHEMAS:
            with self.subTest(words):
                self.assertEqual(Schema(self.server, words).problems(self.placement), [])

    def check_controls(self, broken, sound, listed):
        statements = {f"control_{i}": ("bigint, bigint", sql) for i, sql in enumerate([*broken, *sound])}
        found = self.judge_all(statements, statements if listed else ())
        for (sql, problems) in zip([*broken, *sound], found.values()):
            with self.subTest(sql):
                if sql in broken:
                    self.assertIn(broken[sql], " ".join(problems))
                else:
                    self.assertEqual(problems, [])

    def test_broken_statements_are_named(self):
        self.check_controls(BROKEN_STATEMENTS, SOUND_STATEMENTS, listed=False)

    def test_not_every_statement_may_stand_in_the_list(self):
        self.check_controls(BROKEN_SCATTERS, SOUND_SCATTERS, listed=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
