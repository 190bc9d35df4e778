# SPDX-License-Identifier: Apache-2.0
"""Sets the clocks of the programs that a test starts, by the library of set_clock.c.

    with Clock(library) as clock:
        clock.jump(-7200)          # the wall clock, for all that run and for all that come
        clock.stand()              # it stands
        clock.run(10)              # it runs faster by so many thousandths
        clock.go_on(3600)          # time goes by: both clocks are an hour further
        clock.reboot()             # what has elapsed begins anew, under another name
        clock.right()
"""
import contextlib
import os
import struct
import time

from database_server import DatabaseServer
from preload import Preload


class Clock(Preload):
    def __init__(self, library):
        super().__init__(library, "CLOCK_FILE", "symbolon-clock-")
        self.elapsed_ms, self.boot = 0, 0

    def __enter__(self):
        super().__enter__()
        self.right()
        return self

    def set(self, jump_ms=0, per_mille=0):
        self.jump_ms, self.per_mille, self.since_ms = jump_ms, per_mille, int(time.time() * 1000)
        os.pwrite(self.file.fileno(), struct.pack("=5q", self.jump_ms, self.since_ms, self.per_mille, self.elapsed_ms,
                                                  self.boot), 0)

    def jump(self, seconds):
        self.set(jump_ms=int(seconds * 1000))

    def stand(self):
        self.set(per_mille=-1000)

    def run(self, per_mille):
        self.set(per_mille=per_mille)

    def go_on(self, seconds):
        self.elapsed_ms += int(seconds * 1000)
        self.set(self.jump_ms + int(seconds * 1000), self.per_mille)

    def reboot(self):
        """While nothing runs. The clock stays as it was set."""
        self.boot += 1
        self.elapsed_ms = 5000 - int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
        self.set(self.jump_ms, self.per_mille)

    def right(self):
        self.set()


@contextlib.contextmanager
def clock_of_all(library):
    """A clock and, where the data is on a database server, one of this test's own that goes by it: what servers call
    now is the database's time, and a clock that leaps past it would part them from one another and from commands."""
    with contextlib.ExitStack() as stack:
        clock = stack.enter_context(Clock(library))
        if "DATABASE_SERVER" in os.environ:
            os.environ["DATABASE_SERVER"] = stack.enter_context(DatabaseServer()).folder
        yield clock
