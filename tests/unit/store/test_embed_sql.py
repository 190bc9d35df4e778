# SPDX-License-Identifier: Apache-2.0
"""The generator of queries refuses what it does not understand, and says where. Called with the path of embed_sql."""
import pathlib
import re
import subprocess
import sys
import tempfile

EMBED = sys.argv.pop(1)
GOOD = "-- name: a_load\n-- file: people\n-- in: x int64\n-- out: y text\n-- rows: one\nSELECT y FROM a WHERE x = $1;\n"
CHANGE = "-- name: a_end\n-- file: people\n-- in: x int64\n-- meets: all\n-- rows: none\nDELETE FROM a WHERE x = $1;\n"
PART = "-- part: ones\nones AS (SELECT 1);\n"

REFUSED = {
    "an unknown key": (GOOD.replace("-- in:", "-- inn:"), "a head knows"),
    "an unknown file": (GOOD.replace("people", "persons"), "the file is"),
    "an unknown number of rows": (GOOD.replace("rows: one", "rows: two"), "the rows are"),
    "an unknown type": (GOOD.replace("y text", "y string"), "is not int64, text or bytes"),
    "a name that is none": (GOOD.replace("a_load", "ALoad"), "is not a name"),
    "a column twice": (GOOD.replace("y text", "y text, y text"), "stands twice"),
    "a key twice": (GOOD.replace("-- rows", "-- file: keys\n-- rows"), "stands twice"),
    "a parameter that has no column": (GOOD.replace("x = $1", "x = $1 AND z = $2"), "has no parameter for $2"),
    "a column that is not used": (GOOD.replace("x int64", "x int64, z int64"), "does not use $2"),
    "rows without columns": (GOOD.replace("-- out: y text\n", ""), "a query with rows"),
    "columns without rows": (GOOD.replace("rows: one", "rows: none"), "a query with rows"),
    "two of one name": (GOOD + GOOD, "exists already"),
    "no semicolon": (GOOD.replace(";", ""), "has no end"),
    "two statements": (GOOD.replace(";", "; DELETE FROM a;"), "another begins"),
    "a statement without a head": (GOOD + "DELETE FROM a;\n", "without a head"),
    "a shared row with other columns": (
        GOOD.replace("-- rows", "-- row: a\n-- rows")
        + GOOD.replace("-- rows", "-- row: a\n-- rows").replace("a_load", "b_load").replace("y text", "z text"),
        "has other columns"),
    "a part that says more": (GOOD.replace("name:", "part:"), "a name and nothing else"),
    "two parts of one name": (PART + PART, "exists already"),
    "a part without an end": (PART.replace(";", ""), "has no end"),
    "a list of tables": (GOOD.replace("FROM a", "FROM a, b"), "say JOIN"),
    "a list of tables with other names": (GOOD.replace("FROM a", "FROM a c, b"), "say JOIN"),
    "rows parted by what is no parameter": (GOOD.replace("-- rows", "-- apart: z\n-- rows"), "is a parameter"),
    "a walk that changes": (GOOD.replace("one", "walk").replace("SELECT y FROM a WHERE", "DELETE FROM a WHERE"),
                            "a walk changes nothing"),
    "a change that does not say how many rows it meets": (
        CHANGE.replace("-- meets: all\n", ""), "says how many rows"),
    "an insert that may leave what is there": (
        CHANGE.replace("-- meets: all\n", "").replace("DELETE FROM a WHERE x = $1",
                                                      "INSERT INTO a VALUES ($1) ON CONFLICT (x) DO NOTHING"),
        "says how many rows"),
    "a number of rows that is none": (CHANGE.replace("all", "few"), "it meets one, all, any or told"),
    "rows that are met and read": (GOOD.replace("-- rows", "-- meets: one\n-- rows"), "changes them, and gives none"),
    "rows that are met and given": (
        CHANGE.replace("none", "one").replace("-- rows", "-- out: y text\n-- rows").replace(";", " RETURNING y;"),
        "changes them, and gives none"),
    "all rows of a table": (CHANGE.replace("-- in: x int64\n", "").replace(" WHERE x = $1", ""), "with a WHERE"),
    "all rows of an insert": (
        CHANGE.replace("DELETE FROM a WHERE x = $1", "INSERT INTO a VALUES ($1)"), "with a WHERE"),
    "told without what parts its rows": (CHANGE.replace("all", "told"), "what parts its rows"),
    "told of a change that is no delete": (
        CHANGE.replace("all", "told").replace("-- rows", "-- apart: x\n-- rows").replace("DELETE FROM a",
                                                                                      "UPDATE a SET y = 1"),
        "what parts its rows"),
    "another kind of statement": (GOOD.replace("SELECT y", "PRAGMA y"), "does not begin with"),
}


def embed(text):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "a.sql")
        source.write_text(text, encoding="utf-8")
        header, body = pathlib.Path(folder, "a.h"), pathlib.Path(folder, "a.c")
        done = subprocess.run([EMBED, "queries", header, body, source], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, body.read_text(encoding="utf-8")


def main():
    failed = []
    code, said, body = embed(GOOD)
    if code != 0 or "statement_one" not in body or ".writes = false" not in body:
        failed.append(f"a good query: {code} {said}")
    for statement in ("INSERT INTO a VALUES ($1) RETURNING y", "WITH b AS (SELECT 1) UPDATE a SET x = $1 RETURNING y"):
        code, said, body = embed(GOOD.replace("SELECT y FROM a WHERE x = $1", statement))
        if code != 0 or ".writes = true" not in body:
            failed.append(f"a writing query: {code} {said}")
    code, said, body = embed(GOOD.replace("rows: one", "rows: walk"))
    if code != 0 or "sql_a_load_each" not in body or "statement_one" in body or "statement_ahead" in body:
        failed.append(f"a walk: {code} {said}")
    code, said, body = embed(GOOD.replace("-- rows", "-- apart: x\n-- rows"))
    if code != 0 or ".apart = 1" not in body or "statement_ahead" not in body:
        failed.append(f"rows that lie apart: {code} {said}")
    tables = [re.search(r"\.tables = (0x[0-9a-f]+)", embed(GOOD.replace("FROM a", words))[2]).group(1)
              for words in ("FROM a", "from a JOIN a b ON 1 = 1", "FROM c JOIN a ON 1 = 1", "FROM c")]
    bits = [bin(int(each, 16)).count("1") for each in tables]
    if bits != [1, 1, 2, 1] or tables[0] != tables[1] or int(tables[2], 16) != int(tables[0], 16) | int(tables[3], 16):
        failed.append(f"tables: {tables}")
    change = CHANGE.replace("DELETE FROM a WHERE x", "UPDATE a SET y = (SELECT z FROM b WHERE u = ' where ') where x")
    for text, wanted in ((CHANGE, ('.meets = MEETS_ALL', '"a WHERE x = $1"')),
                         (change, ('.meets = MEETS_ALL', '"a where x = $1"')),
                         (CHANGE.replace("all", "one"), ('.meets = MEETS_ONE',)),
                         (CHANGE.replace("all", "any"), ('.meets = MEETS_ANY',)),
                         (CHANGE.replace("-- meets: all\n", "").replace("DELETE FROM a WHERE x = $1",
                                                                        "INSERT INTO a VALUES ($1)"),
                          ('.meets = MEETS_ONE',))):
        code, said, body = embed(text)
        if code != 0 or any(each not in body for each in wanted):
            failed.append(f"what a change meets: {code} {said} {wanted}")
    shared = GOOD.replace("-- rows", "-- row: a\n-- rows")
    taken = shared.replace("a_load", "a_find").replace("-- out: y text\n", "").replace("SELECT y", "SELECT :columns:")
    code, said, body = embed(shared + taken)
    if code != 0 or body.count("SELECT y FROM") != 2 or "sql_a_find_row" in body:
        failed.append(f"a shared row: {code} {said}")
    code, said, body = embed(PART + GOOD.replace("SELECT", "WITH :ones: SELECT ':', "))
    if code != 0 or "WITH ones AS (SELECT 1) SELECT ':',  y FROM" not in body or "sql_ones" in body:
        failed.append(f"a shared part: {code} {said}")
    for what, (text, wanted) in REFUSED.items():
        code, said, _ = embed(text)
        if code != 1 or wanted not in said or "a.sql:" not in said:
            failed.append(f"{what}: {code} {said}")
    print("\n".join(failed) or f"{len(REFUSED)} refusals as they should be")
    return 1 if failed else 0


sys.exit(main())
