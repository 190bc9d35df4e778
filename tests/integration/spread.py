# SPDX-License-Identifier: Apache-2.0
"""Goal: where the extension `citus` is, a fresh store is spread as src/store/sql/placement.def says, once, and one that
was filled before is left whole. Method: Citus is not in Debian, so a database gets what the program asks of it: the
extension's row, its table pg_dist_partition and the functions that fill it, which refuse what Citus refuses (a table
twice, a unique key without the column, a neighbour that is not spread yet). Positive control: a table that is spread in
another way is named, and nothing is done.

Usage: spread.py PLACEMENT"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from database_server import DatabaseServer
from placement_rules import read_placement

PLACEMENT = pathlib.Path(sys.argv[1]).read_text()
EXTENSION = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'citus', 10, 11, false, '13.2-1');
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text,
    beside text);
CREATE FUNCTION pg_catalog.create_distributed_table(t regclass, distribution_column text, colocate_with text)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_index WHERE indrelid = t AND indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute
               WHERE attrelid = t AND attname = distribution_column AND attnum = ANY (indkey::int2[]))) THEN
        RAISE EXCEPTION 'a unique key of % lacks %', t, distribution_column;
    END IF;
    IF colocate_with <> 'none' AND NOT EXISTS (SELECT 1 FROM pg_dist_partition
               WHERE logicalrelid = colocate_with::regclass AND partkey = distribution_column) THEN
        RAISE EXCEPTION '% is not spread by %', colocate_with, distribution_column;
    END IF;
    INSERT INTO pg_dist_partition VALUES (t, 'h', distribution_column, colocate_with);
END $$;
CREATE FUNCTION pg_catalog.create_reference_table(t regclass) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES (t, 'n', NULL, 'none') $$;
CREATE TABLE pg_catalog.given_back (t regclass);
CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = t) THEN
        RAISE EXCEPTION '% is not spread', t;
    END IF;
    INSERT INTO given_back VALUES (t);
END $$;
CREATE FUNCTION pg_catalog.column_to_column_name(t regclass, key text) RETURNS text STRICT LANGUAGE sql AS
    $$ SELECT key $$;
"""
SPREAD = "SELECT relname, partmethod, partkey FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid"


class Spread(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.placement = read_placement(PLACEMENT)
        cls.server = cls.enterClassContext(DatabaseServer())

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="symbolon-test-"))
        self.database = "d" + self.id().rpartition("_")[2]
        self.url = self.server.make(self.database)

    def begin(self, place="data", name="Blue Shop"):
        return self.begin_words("org", "create", name, place=place)

    def begin_words(self, *words, place="data"):
        words = [os.environ["SYMBOLON"], *words, "--data", f"{self.folder}/{place}", "--store", self.url]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def ended(process):
        said = process.communicate(timeout=120)
        return process.returncode, " ".join(said)

    def run_once(self, **options):
        return self.ended(self.begin(**options))

    def run_words(self, *words):
        return self.ended(self.begin_words(*words))

    def ask(self, sql):
        return self.server.ask(self.database, sql)

    def expected(self):
        rows = [f"{table}|h|{column}" for table, column in self.placement.distributed.items()]
        return sorted(rows + [f"{table}|n|" for table in self.placement.reference])

    def spread(self):
        return sorted(self.ask(SPREAD).split("\n"))

    def test_a_fresh_store_is_spread_once(self):
        self.ask(EXTENSION)
        for number in range(2):
            self.assertEqual(self.run_once(name=f"Shop {number}")[0], 0)
            self.assertEqual(self.spread(), self.expected())
        firsts = "SELECT count(DISTINCT partkey), count(*) FILTER (WHERE beside = 'none' AND partmethod = 'h')"
        columns = len(set(self.placement.distributed.values()))
        self.assertGreater(columns, 3)
        self.assertEqual(self.ask(firsts + " FROM pg_dist_partition"), f"{columns}|{columns}",
                         "tables of one column lie together")

    def test_several_programs_spread_it_once_at_the_same_time(self):
        self.ask(EXTENSION)
        processes = [self.begin(place=f"data{number}", name=f"Shop {number}") for number in range(3)]
        said = [process.communicate(timeout=120) for process in processes]
        self.assertIn(0, [process.returncode for process in processes], said)
        self.assertNotIn("duplicate", str(said))
        self.assertEqual(self.spread(), self.expected())

    def test_it_may_take_longer_than_anything_else(self):
        self.ask(EXTENSION.replace("AS\n    $$ INSERT INTO pg_dist_partition VALUES (t, 'n'",
                                   "AS\n    $$ SELECT pg_sleep(6) WHERE t::text LIKE '%purpose';"
                                   " INSERT INTO pg_dist_partition VALUES (t, 'n'"))
        began = time.monotonic()
        code, said = self.run_once()
        self.assertEqual((code, self.spread()), (0, self.expected()), said)
        self.assertGreater(time.monotonic() - began, 6, "it was not slow")

    def test_one_that_was_filled_before_stays_whole(self):
        self.assertEqual(self.run_once()[0], 0)
        self.ask(EXTENSION)
        self.assertEqual(self.run_once(name="Red Shop")[0], 0)
        self.assertEqual(self.spread(), [""])

    def test_one_that_was_filled_before_is_spread_when_somebody_asks(self):
        self.assertEqual(self.run_once()[0], 0)
        self.assertIn("nothing to spread", self.run_words("migrate")[1])
        self.ask(EXTENSION)
        for fresh in (len(self.expected()), 0):
            code, said = self.run_words("migrate")
            self.assertEqual(code, 0, said)
            self.assertIn(f"spread just now: {fresh}.", said)
            self.assertEqual(self.spread(), self.expected())
        count = str(len(self.expected()))
        self.assertEqual(self.ask("SELECT count(*), count(DISTINCT t) FROM given_back"), f"{int(count) * 2}|{count}")
        self.assertEqual(self.run_once(name="Red Shop")[0], 0)

    def test_a_new_table_of_one_that_is_spread_is_spread_too(self):
        self.ask(EXTENSION)
        self.assertEqual(self.run_once()[0], 0)
        self.ask("DELETE FROM pg_dist_partition WHERE logicalrelid IN ('symbolon.vault'::regclass,"
                 " 'symbolon.purpose'::regclass)")
        self.assertEqual(self.run_once(name="Red Shop")[0], 0)
        self.assertEqual(self.spread(), self.expected())

    def test_one_that_is_spread_in_another_way_is_refused(self):
        self.ask(EXTENSION)
        self.assertEqual(self.run_once()[0], 0)
        self.ask("UPDATE pg_dist_partition SET partkey = 'actor_id'"
                 " WHERE logicalrelid = 'symbolon.idempotency'::regclass")
        self.ask("DELETE FROM pg_dist_partition WHERE logicalrelid = 'symbolon.vault'::regclass")
        before = self.spread()
        code, said = self.run_once(name="Red Shop")
        self.assertEqual((code, self.spread()), (6, before), said)
        self.assertIn("the table idempotency is spread in another way", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
