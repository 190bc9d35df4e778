# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of its own for one test, in a folder that goes with it, reached by a socket in that folder alone. Where
the test runs as root, the server does not: PostgreSQL refuses to.

    with DatabaseServer() as server:
        url = server.make("one")

As a program it runs another test, a script or a program, whose nodes then keep their data there: running_node.py looks
at DATABASE_SERVER, unit tests (unit/store/fixture.h) at DATABASE_URL.

    database_server.py TEST [ARGUMENT…]
"""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SLOW = float(os.environ.get("SLOW", 1))
SETTINGS = {"listen_addresses": "", "unix_socket_permissions": "0777", "shared_buffers": "64MB",
            "max_connections": "60", "log_min_messages": "fatal", "max_wal_size": "256MB",
            "dynamic_shared_memory_type": "mmap"}  # in its folder, and gone with it when the test is killed
MEMORY = "/dev/shm"
MEMORY_BYTES = 4 << 30  # what must be free there: some servers at a time, each of them with its log


def program(name):
    """The newest that Debian has installed."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    assert found, f"{name} is not installed: tools/setup test"
    return found[-1]


def scratch():
    """Where folders of servers lie: in memory, where there is enough. What a disk keeps of PostgreSQL is not our
    question, and making its many files on one takes longer than most of what is asked of it."""
    if not os.access(MEMORY, os.W_OK):
        return None
    free = os.statvfs(MEMORY)
    return MEMORY if free.f_bavail * free.f_frsize >= MEMORY_BYTES else None


def unprivileged():
    """What subprocess needs so that the program does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class DatabaseServer:
    def __init__(self, place=None, **settings):
        self.place = place  # where its folder lies; None: scratch()
        self.settings = {**SETTINGS, **settings}
        self.process = None

    def make_folder(self):
        """Open to all for the socket in it, and of whoever runs the server."""
        self.folder = tempfile.mkdtemp(prefix="symbolon-db-", dir=self.place or scratch())
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        os.chmod(self.folder, 0o711)
        self.data = os.path.join(self.folder, "data")

    def init(self):
        subprocess.run([program("initdb"), "-D", self.data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale",
                        "--no-sync"], check=True, capture_output=True, cwd=self.folder, **unprivileged())

    def __enter__(self):
        self.make_folder()
        try:
            self.init()
            self.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_):
        try:
            self.stop(signal.SIGQUIT)  # at once: nobody asks again
        finally:
            shutil.rmtree(self.folder)

    def start(self):
        words = [f"-c{name}={value}" for name, value in self.settings.items()]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([program("postgres"), "-D", self.data, "-k", self.folder, *words],
                                            stdout=log, stderr=log, cwd=self.folder, **unprivileged())
        until = time.monotonic() + 60 * SLOW
        while self.ask("postgres", "SELECT 1", check=False) != "1":
            assert self.process.poll() is None and time.monotonic() < until, self.read_log()
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def read_log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            return log.read()[-4000:]

    def ask(self, database, sql, check=True):
        done = subprocess.run([program("psql"), "-qAtX", "-h", self.folder, "-U", "tester", "-c", sql, database],
                              capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout.strip()

    def make(self, name):
        """A database of this name, new; gives its URL."""
        self.ask("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name):
        return f"postgresql://tester@/{name}?host={self.folder}"


class NamedServer(DatabaseServer):
    """One that somebody else has started in this folder, and ends."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder


class LoneServer(DatabaseServer):
    """The only one that a node sees. Its data are a copy of what the first test of a build has made: a tenth of
    the work. So it has the identifier of its like, which a node compares where it has two servers."""

    def init(self):
        folder = os.environ.get("DATABASE_KEPT")
        if folder is None:  # this run is of no build
            return super().init()
        kept = f"{folder}-{os.stat(program('initdb')).st_mtime_ns}-{os.geteuid()}"
        if os.path.isdir(kept):
            return self.copy(kept, self.data)
        super().init()
        return self.keep(kept)

    @staticmethod
    def copy(folder, to):
        subprocess.run(["cp", "-a", folder, to], check=True)

    def keep(self, kept):
        """Whole or not at all. Of several tests that begin together one is the first."""
        own = f"{kept}.{os.getpid()}"
        self.copy(self.data, own)
        try:
            os.rename(own, kept)
        except OSError:
            shutil.rmtree(own)
            assert os.path.isdir(kept)


def main():
    script = sys.argv[1].endswith(".py")
    with LoneServer() as server:
        environment = {**os.environ, "DATABASE_SERVER": server.folder, "DATABASE_URL": server.make("tests")}
        words = [sys.executable, "-B", *sys.argv[1:]] if script else sys.argv[1:]
        return subprocess.run(words, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
