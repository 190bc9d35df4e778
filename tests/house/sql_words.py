# SPDX-License-Identifier: Apache-2.0
"""Goal: one text of SQL for every database, and nothing in it that a spread one (Citus) lacks. Method: the files are
read: what differs between databases is the rows of dialect.def and no others; neither queries nor migrations, nor the
SQL in the C files of the store, hold a word of what is not used here; and statements of those C files, which
tests/integration/placement.py does not see, name tables that stay on one machine. Positive controls: each rule is shown
a text that breaks it.

Usage: sql_words.py ROOT"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
STORE = ROOT / "src" / "store"
# All in which PostgreSQL and SQLite differ. One more is one more thing to hold in mind: better none.
DIALECT = [":int64:", ":bytes:", ":text:", ":append_id:", ":append_key ", ":clustered:", ":alone:", ":strict:",
           ":room_beside_heads:"]
# What works on one server only, or is unlike from one to the other. Time and numbers are the program's.
BANNED = r"""\b(?: TRIGGER | LISTEN | UNLISTEN | NOTIFY | pg_notify | \w*advisory\w* | SEQUENCE | (?:BIG|SMALL)?SERIAL
    | nextval | setval | currval | GENERATED | AUTOINCREMENT | now\s*\( | CURRENT_(?:TIMESTAMP|TIME|DATE)
    | random\s*\( | jsonb?\w* | FOR\s+(?:UPDATE|SHARE) | MERGE\s+INTO | RULE | INHERITS | FUNCTION
    | PROCEDURE | VIEW )(?!\w)"""
# Tables that are asked by hand although they may be spread, each with where and why.
BY_HAND = {("spread.c", "organisation"): "whether anybody is there, before anything is spread",
           ("spread.c", "person"): "the same"}


def without_comments(sql):
    return re.sub(r"--[^\n]*", "", sql)


def words_in(sql):
    return sorted({found.strip() for found in re.findall(BANNED, without_comments(sql), re.I | re.X)})


def strings_of(source):
    """The string literals of a C file, those beside each other as one."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    found = re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*(?:\w+\s*)?"(?:[^"\\\n]|\\.)*")*', source)
    return ["".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', each)) for each in found]


def is_sql(text):
    return re.match(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|LOCK|SET|BEGIN|WITH|ALTER|DROP)\b", text) is not None


def problems_of_c(name, source, placement):
    local = set(re.findall(r"^LOCAL\((\w+)", placement, re.M))
    spread = set(re.findall(r"^(?:DISTRIBUTED|REFERENCE)\((\w+)", placement, re.M))
    for text in filter(is_sql, strings_of(source)):
        yield from (f"{name}: {word}" for word in words_in(text))
        for table in set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|EXISTS)\s+(\w+)", text)) & (spread | local):
            if table in spread and (name, table) not in BY_HAND:
                yield f"{name}: {table} may be spread: ask it by a query of its own"


def problems_of_dialect(text):
    tokens = re.findall(r'^X\("([^"]+)"', text, re.M)
    if tokens != DIALECT:
        yield f"dialect.def has {len(tokens)} words that differ, not {len(DIALECT)}: {sorted({*tokens} ^ {*DIALECT})}"


def problems_of_sql(name, sql):
    yield from (f"{name}: {word}" for word in words_in(sql))
    if re.search(r"^--\s*for\s*:", sql, re.M | re.I):
        yield f"{name}: a text for one database alone"
    tokens = set(re.findall(r":[a-z_0-9]+[: ]", without_comments(sql)))
    is_migration = re.match(r"\d{4}_", name) is not None
    for token in tokens - set(DIALECT) if is_migration else tokens & set(DIALECT):
        yield f"{name}: {token} is {'no word of dialect.def' if is_migration else 'a word of migrations'}"


def control():
    """Each rule, broken once."""
    for sql in ("CREATE TRIGGER a AFTER INSERT ON b", "LISTEN changes", "SELECT pg_advisory_lock(1)", "SELECT now()",
                "a BIGSERIAL", "SELECT nextval('a')", "SELECT 1 FROM a WHERE b->>'c' = jsonb_build_object()",
                "CREATE TABLE a (b :int63: NOT NULL)", "-- for: postgres\nSELECT 1"):
        assert list(problems_of_sql("0001_x.sql", sql)), sql
    assert list(problems_of_sql("x.sql", "SELECT a :int64:"))
    assert not list(problems_of_sql("x.sql", "SELECT :columns: FROM a"))
    assert not list(problems_of_sql("0001_x.sql", "-- no trigger, now()\nCREATE TABLE a (snow :int64: NOT NULL)"))
    assert list(problems_of_dialect((STORE / "sql" / "dialect.def").read_text() + 'X(":one_more:", "", "")\n'))
    placement = "DISTRIBUTED(act, person_id)\nLOCAL(mark, \"x\")\n"
    for source in ('say("SELECT pg_try_advisory_lock(1)")', 'say("SELECT 1 "\n  "FROM act")', 'say("UPDATE act" NOW)'):
        assert list(problems_of_c("x.c", source, placement)), source
    assert not list(problems_of_c("x.c", 'say("SELECT 1 FROM mark"); /* "LISTEN" */ log("--listen wants")', placement))


def main():
    control()
    placement = (STORE / "sql" / "placement.def").read_text()
    problems = list(problems_of_dialect((STORE / "sql" / "dialect.def").read_text()))
    texts, sources = sorted(STORE.glob("sql/*/*.sql")), sorted((ROOT / "src").rglob("*.c"))
    for path in texts:
        problems += problems_of_sql(path.name, path.read_text())
    for path in sources:
        problems += problems_of_c(path.name, path.read_text(), placement)
    print("\n".join(problems) or f"{len(DIALECT)} words differ; {len(texts)} files of SQL and {len(sources)} of C hold "
          "nothing else")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
