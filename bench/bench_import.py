# SPDX-License-Identifier: Apache-2.0
"""`symbolon import` of a file of contacts: rows written per second against SQLite's own calls writing as many rows, and
with the data on PostgreSQL against libpq's."""
import csv
import json
import sqlite3
import subprocess
import time

from measure import Bench, median, per_second, ratio
from postgres import Database

HEADINGS = ["First Name", "Last Name", "E-mail 1 - Value", "Phone 1 - Value", "Address 1 - Street", "Address 1 - City",
            "Address 1 - Postal Code", "Address 1 - Country", "Organization Name", "Notes"]


def write_contacts(path, count):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(HEADINGS)
        for n in range(count):
            table.writerow([f"Ada{n}", "Muster", f"ada{n}@post.example", f"+4131555{n:05d}", f"Lindenweg {n}", "Bern",
                            "3000", "CH", f"Lantern Books {n % 50}", f"customer since {2000 + n % 25}"])


def run(bench, place, *words):
    """`place`: where the node is, in words of the command line."""
    done = subprocess.run([str(bench.program), *map(str, words), *place, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"symbolon {' '.join(map(str, words))}: {done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def rows_of(data, database):
    if database is not None:
        tables = database.server.ask(data.name, "SELECT tablename FROM pg_tables WHERE schemaname = 'symbolon'")
        return sum(int(database.server.ask(data.name, f"SELECT count(*) FROM symbolon.{table}"))
                   for table in tables.split()) + rows_of(data, None)
    total = 0
    for file in (data / "store").glob("*.db"):
        with sqlite3.connect(file) as db:
            tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            total += sum(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    return total


def import_once(bench, contacts, count, data, database=None):
    """A fresh node each time: a second import of the same file changes nothing."""
    place = ["--data", str(data)] + ([] if database is None else ["--store", database.server.make(data.name)])
    data.mkdir(mode=0o700)
    subprocess.run([str(bench.program), "org", "create", "Lantern Books", "--id", "lantern", *place],
                   capture_output=True, check=True)
    run(bench, place, "department", "create", "lantern", "Shipping")
    before = rows_of(data, database)
    start = time.monotonic()
    told = run(bench, place, "import", "lantern", "Shipping", contacts)
    spent = time.monotonic() - start
    if told["created"] != count or told["rejected"]:
        raise SystemExit(f"the import made {told['created']} of {count} contacts")
    return rows_of(data, database) - before, spent


def ask(bench, contacts, count, database=None):
    """The rows of the bound go into a database of another world, which is emptied each time."""
    where = "" if database is None else " to PostgreSQL"
    world = bench.world(200) if database is None else database.world(20)
    ours, bare, rows = [], [], 0
    for turn in range(1 if bench.small else 5):
        data = bench.folder / f"node_{turn}{'' if database is None else '_far'}"
        rows, spent = import_once(bench, contacts, count, data, database)
        ours.append(rows / spent)
        question = ["rows", world, 1, 0, rows]
        if database is not None:
            question = ["postgres_rows", world, 1, 0, rows, database.url(world)]
        bare += bench.figures(*question)["raw_rows"]
    bench.row(f"import of {count:,} contacts{where}, {rows:,} rows", f"{per_second(median(bare))} rows bare",
              f"{per_second(median(ours))} rows", ratio(ours, bare), "≥ 0.50")
    bench.row("the same in contacts", "–", per_second(median(ours) * count / rows), median(ours) * count / rows, "")


with Bench("import") as bench:
    count = 200 if bench.small else 10_000
    contacts = bench.folder / "contacts.csv"
    write_contacts(contacts, count)
    ask(bench, contacts, count)
    ask(bench, contacts, count, Database(bench))
