# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL for one bench, with fsync on and on the disk of the build, and worlds that have their data there."""
import os
import pathlib
import resource
import subprocess
import tempfile
import time

from database_server import DatabaseServer, unprivileged

# No checkpoint comes by itself within a run; the figures that want one ask for it. The two of the predicate locks are
# those that docs/operations names for several servers.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "max_connections": "100",
            "max_pred_locks_per_transaction": "4096", "max_pred_locks_per_page": "64"}
PEOPLE = 5_000  # of a world
SOCKET_PATH_MOST = 60
PEOPLE_TABLES = "'vault', 'relationship', 'relationship_key', 'grant_now', 'person'"
SIZE_OF = ("SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
           " WHERE relnamespace = 'symbolon'::regnamespace AND relkind = 'r'")


def place_of(bench):
    """The build's own folder, where whoever runs the server may go there and a socket's path is short enough."""
    may_go = subprocess.run(["test", "-x", str(bench.build)], check=False, **unprivileged()).returncode == 0
    return str(bench.build) if may_go and len(str(bench.build)) <= SOCKET_PATH_MOST else tempfile.gettempdir()


class Database:
    def __init__(self, bench, **settings):
        self.bench = bench
        place = place_of(bench)  # not in memory, where an fsync costs nothing
        self.server = bench.stack.enter_context(DatabaseServer(place, **{**SETTINGS, **settings}))
        self.copies = 0

    def world(self, people, records=20):
        """A folder with the keys of so many people, whose data lies here; made when it is first asked for."""
        folder = self.bench.folder / f"far-{people}-{records}"
        if not folder.exists():
            self.bench.figures("make", folder, people, records, self.server.make(self.name(folder)))
            self.ask(folder, "VACUUM ANALYZE")
        return folder

    @staticmethod
    def name(folder):
        return folder.name.replace("-", "_")

    def url(self, folder):
        return self.server.url(self.name(folder))

    def copy(self, folder):
        """The URL of a copy of a world's database, where a bound may write."""
        self.copies += 1
        name = f"copy_{self.copies}"
        self.server.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {self.name(folder)}")
        self.server.ask(name, "VACUUM ANALYZE")
        return self.server.url(name)

    def copy_name(self):
        return f"copy_{self.copies}"

    def drop_copy(self):
        self.server.ask("postgres", f"DROP DATABASE copy_{self.copies}")

    def ask(self, folder, sql):
        return self.server.ask(self.name(folder), sql)

    def bytes_of(self, folder, tables=None):
        return int(self.ask(folder, SIZE_OF + (f" AND relname IN ({tables})" if tables else "")))

    def checkpoint(self):
        self.server.ask("postgres", "CHECKPOINT")

    def cpu(self):
        """Seconds of processor time, of the server with its connections that have ended, and of our own programs."""
        time.sleep(0.2)  # until the last connection is away
        fields = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + own.ru_utime + own.ru_stime

    def cpu_of_one(self, name, table, *question):
        """Microseconds of both for one of the rows that a question of bench_in_process writes into this database."""
        count = f"SELECT count(*) FROM symbolon.{table}"
        before = int(self.server.ask(name, count))
        start = self.cpu()
        self.bench.figures(*question)
        spent = self.cpu() - start
        return spent * 1e6 / (int(self.server.ask(name, count)) - before)

    def written(self, database, tables):
        """Rows put into these tables or changed there, by whoever has gone."""
        told = self.server.ask(database, "SELECT relname, n_tup_ins + n_tup_upd FROM pg_stat_user_tables")
        rows = dict(line.split("|") for line in told.splitlines())
        return {table: int(rows[table]) for table in tables}
