# SPDX-License-Identifier: Apache-2.0
"""Lets calls on sockets fail in the programs that a test starts, by the library of fail_sockets.c.

    with SocketFaults(library) as faults:
        faults.plan("send", errno.ECONNRESET, at=2)           # the second from now on, once
        faults.plan("accept", errno.EMFILE, at=1, on=True)    # all of them …
        faults.lift()                                         # … until now; says how many were refused
        faults.calls("send")                                  # since the last plan
"""
import mmap
import os
import struct

from preload import Preload

CALLS = ["accept", "receive", "send"]
OCTET = 0  # for an error: one octet goes through, and no more
FORM = struct.Struct("=5q3q")


class SocketFaults(Preload):
    def __init__(self, library):
        super().__init__(library, "SOCKET_PLAN", "symbolon-sockets-")

    def __enter__(self):
        super().__enter__()
        os.ftruncate(self.file.fileno(), FORM.size)
        self.map = mmap.mmap(self.file.fileno(), FORM.size)
        self.write(-1)
        return self

    def __exit__(self, *why):
        self.map.close()
        super().__exit__(*why)

    def write(self, call, at=0, on=False, error=0):
        self.map[:FORM.size] = FORM.pack(call, at, on, error, 0, 0, 0, 0)

    def plan(self, call, error, at=1, on=False):
        self.write(CALLS.index(call), at, on, error)

    def lift(self):
        """How many calls were refused."""
        refused = FORM.unpack(self.map[:FORM.size])[4]
        self.write(-1)
        return refused

    def calls(self, call):
        return FORM.unpack(self.map[:FORM.size])[5 + CALLS.index(call)]
