# SPDX-License-Identifier: Apache-2.0
"""Stands between a node and its database server, on a port of 127.0.0.1, and does what networks do: is slow, cuts a
connection at the commit of a batch, refuses new ones; and what they should not: bends words on the way. A batch is
known by its last words, which set its mark; they, COMMIT and the synchronisation come in one piece.

    with DatabaseProxy(server) as proxy:
        url = proxy.url("one")
        proxy.plan = "before"    # the next batch: cut before the server hears of it

As a program it runs another test of one DATABASE_SERVER (database_server.py) with the way there cut at every other
batch, before the server hears of it: each change is made twice before it is kept.

    database_proxy.py TEST [ARGUMENT…]
"""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SOCKET = "/.s.PGSQL.5432"
OF_MIGRATIONS = 20  # at least; a start that is cut there is tried again by its operator
LAST_WORDS = b"\0batch_mark\0"  # the prepared statement, named where it is given its numbers
# A command that has ended outside of a transaction (PostgreSQL's ReadyForQuery).
DONE = b"Z\x00\x00\x00\x05I"


class DatabaseProxy:
    """`plan` is for the next batch: "before": it never arrives; "after": it is done, and the answer never arrives;
    "between": it is sent on and nobody knows. `cuts` counts. With `shut`, who connects is hung up on. `delay` gives the
    shortest and the longest time in seconds that each piece waits. `bend` changes what the node sends, `bend_back` what
    it hears. `every_other` is a plan for each second batch. With a folder it listens on a socket there."""

    def __init__(self, server_folder, folder=None):
        self.address, self.folder = server_folder + SOCKET, folder
        self.every_other, self.batches = None, 0
        self.plan, self.cuts, self.shut_by_cut, self.shut = None, 0, False, False
        self.delay, self.bend, self.bend_back = None, None, None
        self.lock, self.pairs, self.random = threading.Lock(), set(), random.Random(1)

    def __enter__(self):
        if self.folder is None:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.port = self.listener.getsockname()[1]
        else:
            self.listener = socket.create_server(self.folder + SOCKET, family=socket.AF_UNIX, backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shut = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut_all()

    def url(self, database, user="tester"):
        return f"postgresql://{user}@localhost:{self.port}/{database}"

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                if self.shut:
                    raise OSError
                far.connect(self.address)
            except OSError:
                near.close()
                far.close()
                continue
            if self.folder is None:
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = Pair(self, near, far)
            with self.lock:
                self.pairs.add(pair)
            pair.start()

    def cut_all(self):
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            pair.cut()

    def take_plan(self):
        with self.lock:
            plan, self.plan = self.plan, None
            self.batches += 1
            if self.batches > OF_MIGRATIONS and self.batches % 2 == 1:
                plan = plan or self.every_other
            self.cuts += plan is not None
            self.shut |= plan is not None and self.shut_by_cut
            return plan

    def wait(self):
        if self.delay is not None:
            time.sleep(self.random.uniform(*self.delay))


class Pair:
    """One connection of the node and its twin to the server."""

    def __init__(self, proxy, near, far):
        self.proxy, self.near, self.far = proxy, near, far
        self.plan = None

    def start(self):
        for target in (self.forth, self.back):
            threading.Thread(target=target, daemon=True).start()

    def cut(self):
        for end in (self.near, self.far):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.proxy.lock:
            self.proxy.pairs.discard(self)

    def forth(self):
        try:
            while piece := self.near.recv(1 << 18):
                self.proxy.wait()
                if LAST_WORDS in piece:
                    self.plan = self.proxy.take_plan()
                if self.plan == "before":
                    break
                self.far.sendall(piece if self.proxy.bend is None else self.proxy.bend(piece))
                if self.plan == "between":
                    break
        except OSError:
            pass
        self.cut()

    def back(self):
        try:
            while piece := self.far.recv(1 << 18):
                self.proxy.wait()
                if self.plan == "after":
                    if DONE in piece:
                        break
                    continue
                self.near.sendall(piece if self.proxy.bend_back is None else self.proxy.bend_back(piece))
        except OSError:
            pass
        self.cut()


def without_mark(piece):
    """The batch leaves another number as its mark: what `bend` takes for a node that does not write it."""
    at = piece.find(LAST_WORDS)
    if at < 0:
        return piece
    at += len(LAST_WORDS) + 2 + 5 * 2 + 2 + 2 * (4 + 8) + 4  # the third of five numbers, behind what says their forms
    return piece[:at] + bytes(8) + piece[at + 8:]


def older_server(piece):
    """What `bend_back` takes for a server of PostgreSQL 13."""
    return re.sub(rb"(server_version\0)1[4-9]", rb"\g<1>13", piece)


def main():
    folder = tempfile.mkdtemp(prefix="symbolon-proxy-")
    try:
        with DatabaseProxy(os.environ["DATABASE_SERVER"], folder) as proxy:
            proxy.every_other = "before"
            done = subprocess.run([sys.executable, "-B", *sys.argv[1:]], env={**os.environ, "DATABASE_SERVER": folder},
                                  check=False)
            print(f"found: {proxy.cuts} of {proxy.batches} batches were cut")
            assert proxy.cuts > 20, "that was no test"
            return done.returncode
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
