# SPDX-License-Identifier: Apache-2.0
"""`symbolon import` of a file of contacts: rows written per second against SQLite's own calls writing as many rows."""
import csv
import json
import sqlite3
import subprocess
import time

from measure import Bench, median, per_second, ratio

HEADINGS = ["First Name", "Last Name", "E-mail 1 - Value", "Phone 1 - Value", "Address 1 - Street", "Address 1 - City",
            "Address 1 - Postal Code", "Address 1 - Country", "Organization Name", "Notes"]


def write_contacts(path, count):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(HEADINGS)
        for n in range(count):
            table.writerow([f"Ada{n}", "Muster", f"ada{n}@post.example", f"+4131555{n:05d}", f"Lindenweg {n}", "Bern",
                            "3000", "CH", f"Lantern Books {n % 50}", f"customer since {2000 + n % 25}"])


def run(bench, data, *words):
    done = subprocess.run([str(bench.program), *map(str, words), "--data", str(data), "--json"], capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise SystemExit(f"symbolon {' '.join(map(str, words))}: {done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def rows_of(data):
    total = 0
    for file in (data / "store").glob("*.db"):
        with sqlite3.connect(file) as db:
            tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            total += sum(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    return total


def import_once(bench, contacts, count, turn):
    """A fresh node each time: a second import of the same file changes nothing."""
    data = bench.folder / f"node-{turn}"
    data.mkdir(mode=0o700)
    subprocess.run([str(bench.program), "org", "create", "Lantern Books", "--id", "lantern", "--data", str(data)],
                   capture_output=True, check=True)
    run(bench, data, "department", "create", "lantern", "Shipping")
    before = rows_of(data)
    start = time.monotonic()
    told = run(bench, data, "import", "lantern", "Shipping", contacts)
    spent = time.monotonic() - start
    if told["created"] != count or told["rejected"]:
        raise SystemExit(f"the import made {told['created']} of {count} contacts")
    return rows_of(data) - before, spent


with Bench("import") as bench:
    count = 200 if bench.small else 10_000
    contacts = bench.folder / "contacts.csv"
    write_contacts(contacts, count)
    world = bench.world(200)
    ours, bare, rows = [], [], 0
    for turn in range(1 if bench.small else 5):
        rows, spent = import_once(bench, contacts, count, turn)
        ours.append(rows / spent)
        bare += bench.figures("rows", world, 1, 0, rows)["raw_rows"]
    bench.row(f"import of {count:,} contacts, {rows:,} rows", f"{per_second(median(bare))} rows bare",
              f"{per_second(median(ours))} rows", ratio(ours, bare), "≥ 0.50")
    bench.row("the same in contacts", "–", per_second(median(ours) * count / rows), median(ours) * count / rows, "")
