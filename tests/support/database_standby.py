# SPDX-License-Identifier: Apache-2.0
"""A standby of a server of database_server.py: a copy that follows it over its socket and can take its place.

    with DatabaseServer() as primary, Standby(primary) as standby:
        primary.wait_for(standby)         # no commit is acknowledged before the standby has it
        primary.crash()
        standby.promote()
"""
import os
import shutil
import signal
import subprocess
import time

from database_server import SLOW, DatabaseServer, program, unprivileged


def wait_until(condition, what, seconds=60 * SLOW):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} has not happened within {seconds} s"
        time.sleep(0.05)


def children(process):
    """The processes that one has made, by their names."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if parent == process.pid:
            found[int(name)] = words
    return found


class Primary(DatabaseServer):
    """One that a standby may follow."""

    def wait_for(self, standby):
        """From here on no commit is acknowledged before the standby has it on its disk."""
        self.ask("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{standby.name}'")
        self.ask("postgres", "SELECT pg_reload_conf()")
        wait_until(lambda: self.state_of(standby) == "sync", "following in step")

    def state_of(self, standby):
        return self.ask("postgres", f"SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
                                    f" AND application_name = '{standby.name}'")

    def crash(self):
        """As if the machine lost its power: no process of it does or answers anything more."""
        process, self.process = self.process, None
        process.send_signal(signal.SIGSTOP)  # makes no new ones
        for child in children(process):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()


class Standby(DatabaseServer):
    name = "second"

    def __init__(self, primary, **settings):
        super().__init__(**settings)
        self.primary = primary

    def __enter__(self):
        self.make_folder()
        try:
            subprocess.run([program("pg_basebackup"), "-D", self.data, "--write-recovery-conf", "--checkpoint=fast",
                            "--no-sync", "-d", f"host={self.primary.folder} user=tester application_name={self.name}"],
                           check=True, capture_output=True, cwd=self.folder, **unprivileged())
            self.start()
            wait_until(lambda: self.primary.state_of(self) != "", "following")
        except BaseException:
            if self.process is not None:
                self.stop(signal.SIGQUIT)
            shutil.rmtree(self.folder)
            raise
        return self

    def receiver(self):
        """The process that takes what the primary writes."""
        found = [child for child, words in children(self.process).items() if "walreceiver" in words]
        assert len(found) == 1, found
        return found[0]

    def promote(self):
        assert self.ask("postgres", f"SELECT pg_promote(true, {int(60 * SLOW)})") == "t", self.read_log()
