# SPDX-License-Identifier: Apache-2.0
"""The same node with its data on PostgreSQL, in process, beside the same look-ups and rows by libpq's own calls: reads,
grants, the log, bytes on disk and of write-ahead log, and what more people cost."""
from measure import Bench, median, per_second, ratio
from postgres import PEOPLE, PEOPLE_TABLES, Database

WAL_BYTES_MOST = 12 * 1024
WORK = 64  # of each, done by bench_in_process postgres_work
READ_TABLES = ("disclosure", "disclosure_head")
GRANT_TABLES = ("act", "receipt", "log_pending", "outbox", "grant_now")


def turns(bench):
    return (1, 50) if bench.small else (5, 1000)


def ask_read(bench, database, folder):
    rounds, ms = turns(bench)
    copy = database.copy(folder)
    found = bench.figures("postgres_read", folder, rounds, ms, 0, copy)
    database.drop_copy()

    def row(question, bound, beside, ours, target=""):
        bench.row(question, f"{per_second(median(found[bound]))} {beside}", per_second(median(found[ours])),
                  ratio(found[ours], found[bound]), target)

    row("read decided, one thread", "raw_read", "in one round trip", "decide", "≥ 0.60")
    for many in (64, 256):
        row(f"read durable, {many} in flight", f"raw_{many}", "pipelined, 2 connections", f"durable_{many}", "≥ 0.60")


def ask_grant(bench, database, folder):
    rounds, ms = turns(bench)
    copy = database.copy(folder)
    found = bench.figures("postgres_grant", folder, rounds, ms, 0, copy)
    database.drop_copy()
    alone, commit = found["alone_us"], found["commit_us"]
    bench.row("grant or stop alone", f"{median(commit):.0f} µs one commit", f"{median(alone):.0f} µs",
              ratio(alone, commit), "≤ 1.5")
    bare = found["raw_alone_us"]
    bench.row("the same beside all that it asks and writes", f"{median(bare):.0f} µs in two round trips",
              f"{median(alone):.0f} µs", ratio(bare, alone), "")
    for many in (64, 256):
        ours, raw = found[f"ours_{many}"], found[f"raw_{many}"]
        bench.row(f"grant or stop, {many} in flight", f"{per_second(median(raw))} by {many}, pipelined",
                  per_second(median(ours)), ratio(ours, raw), "≥ 0.60")
    bench.row("the same against one by one", per_second(median(found["one"])), per_second(median(found["ours_64"])),
              ratio(found["ours_64"], found["one"]), "")
    bench.row("the bound with the row for the log", f"{per_second(median(found['raw_64_without']))} without it",
              per_second(median(found["raw_64"])), ratio(found["raw_64"], found["raw_64_without"]), "")


def ask_cpu(bench, database, folder):
    """Processor time of program and database together: other programs on the machine change it least."""
    rounds, ms = (1, 50) if bench.small else (5, 2000)
    copy = database.copy(folder)
    for name, ours, bound, table in (("read", "profile", "postgres_bare", "disclosure"),
                                     ("grant or stop", "grant_profile", "postgres_grant_bare", "act")):
        spent, bare = [], []
        for turn in range(rounds):
            bare.append(database.cpu_of_one(database.copy_name(), table, bound, folder, 1, ms, 64, copy))
            spent.append(database.cpu_of_one(database.name(folder), table, ours, folder, 1, ms, turn))
        bench.row(f"CPU of a durable {name}, program and database, 64 in flight", f"{median(bare):.0f} µs",
                  f"{median(spent):.0f} µs", ratio(bare, spent), "")
    database.drop_copy()


def ask_log(bench, folder):
    rounds, ms = (1, 200) if bench.small else (5, 2000)
    found = bench.figures("log_beside", folder, rounds, ms)
    bench.row("grant or stop while the log is numbered", f"{per_second(median(found['without']))} while it is not",
              per_second(median(found["with"])), ratio(found["with"], found["without"]), "≥ 0.90")
    delay = bench.figures("delay", folder, 1, 300 if bench.small else 3000)
    bench.row(f"longest wait for a checkpoint at {per_second(median(delay['load']))}", "1 s",
              f"{max(delay['delay_ms']):.0f} ms", max(delay["delay_ms"]) / 1000, "≤ 1")


def ask_wal(bench, database, cold, warm):
    """Right behind a checkpoint the log has an image of each page that is changed for the first time."""
    def changes(folder, rounds):
        found = bench.figures("wal", folder, rounds, 0, 256 if bench.small else 1000)
        return found["wal_bytes"][-1], found["log_bytes"][-1]

    change, numbering = changes(warm, 2 if bench.small else 5)
    total = change + numbering
    bench.row("write-ahead log of a grant or stop", f"{WAL_BYTES_MOST // 1024} KB",
              f"{change / 1024:.1f} KB, and {numbering / 1024:.1f} KB to number it", total / 1024, "≤ 12")
    bench.must_hold(total <= WAL_BYTES_MOST, f"a change writes {total:.0f} bytes of log")
    database.checkpoint()
    change, numbering = changes(cold, 1)
    bench.row("the same behind a checkpoint", f"{WAL_BYTES_MOST // 1024} KB",
              f"{change / 1024:.1f} KB, and {numbering / 1024:.1f} KB to number it", (change + numbering) / 1024, "")


def ask_bytes(bench, database, people):
    each = {}
    for records, most in ((20, 8), (100, 24)):
        folder = database.world(people, records)
        each[records] = database.bytes_of(folder) / people
        lasting = database.bytes_of(folder, PEOPLE_TABLES) / people
        bench.row(f"bytes of one person, {records} records", f"{most} KB",
                  f"{each[records] / 1000:.1f} KB (without records {lasting / 1000:.1f})", each[records] / 1000,
                  f"≤ {most}")
    bench.row("bytes of a record", "–", f"{(each[100] - each[20]) / 80:.0f} B", (each[100] - each[20]) / 80, "")


def ask_kept(bench, database, folder):
    """What a change and a read leave on disk for good."""
    def grown(question, table):
        before = database.bytes_of(folder), int(database.ask(folder, f"SELECT count(*) FROM symbolon.{table}"))
        bench.figures(question, folder, 1, 200 if bench.small else 5000)
        database.ask(folder, "VACUUM")
        rows = int(database.ask(folder, f"SELECT count(*) FROM symbolon.{table}")) - before[1]
        return (database.bytes_of(folder) - before[0]) / rows, rows

    for name, question, table in (("grant or stop", "grant_profile", "act"), ("read", "profile", "disclosure")):
        size, rows = grown(question, table)
        bench.row(f"bytes that a {name} leaves", "–", f"{size / 1000:.2f} KB, of {rows:,}", size / 1000, "")


def ask_growth(bench, database, sizes):
    rates = {people: [] for people in sizes}
    for _ in range(2 if bench.small else 5):
        for people in sizes:
            found = bench.figures("postgres_decide", database.world(people), 1, 50 if bench.small else 1000)
            rates[people] += found["decide"]
    for less, more in zip(sizes, sizes[1:]):
        bench.row(f"read decided, {more:,} people against {less:,}", per_second(median(rates[less])),
                  per_second(median(rates[more])), ratio(rates[more], rates[less]), "≥ 0.75")


def work(bench, database, folder, times):
    """Rows that one read and one change write: the bound's, who did each so many times, and ours."""
    copy = database.copy(folder)
    names = (f"copy_{database.copies}", database.name(folder))
    before = [database.written(name, READ_TABLES + GRANT_TABLES) for name in names]
    bench.figures("postgres_work", folder, 1, 0, times, copy)
    after = [database.written(name, READ_TABLES + GRANT_TABLES) for name in names]
    database.drop_copy()
    return [{table: (now[table] - then[table]) / WORK for table in now} for then, now in zip(before, after)]


def hold_work(bench, database, folder):
    """A ratio means nothing when the bound does other work than we do."""
    bare, ours = work(bench, database, folder, 1)
    bench.must_hold(bare == ours, f"the bound writes {bare} for each, and ours {ours}")
    twice, ours = work(bench, database, folder, 2)
    bench.must_hold(twice != ours, f"a bound that did all of it twice went unnoticed: {twice}")


with Bench("postgres") as bench:
    database = Database(bench)
    small = database.world(100 if bench.small else 200)
    hold_work(bench, database, small)
    folder = small if bench.small else database.world(PEOPLE)
    ask_read(bench, database, folder)
    ask_grant(bench, database, folder)
    ask_cpu(bench, database, folder)
    ask_log(bench, folder)
    ask_wal(bench, database, folder, small)
    ask_kept(bench, database, folder)
    ask_bytes(bench, database, 50 if bench.small else 1_000)
    ask_growth(bench, database, [50, 100] if bench.small else [1_000, PEOPLE] + [100_000] * bench.large)
