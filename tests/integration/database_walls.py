# SPDX-License-Identifier: Apache-2.0
"""Goal: a server whose data lies on another one reaches that and nothing else. Method: every thread of a running
node is made to try what is forbidden (support/act_inside.c): sockets of all other kinds, another port, the files in
which names are looked up. Once with a URL of two names, the first without an address, and once with one of a socket's
folder. The database is started again: the way to it was found before the walls stood, and is found again. Positive
controls: the socket and the port that are needed are let through; without walls nothing is refused, and the node says
that they are missing.

Usage: database_walls.py PRINT_KEYS FORBIDDEN ACT_INSIDE"""
import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile

import steps
from database_server import SLOW, DatabaseServer
from ports import steady_port
from old_data import World
from processes import (FORBIDDEN, HERE, REFUSED, SANITIZED, act_inside, forbidden_from_inside, holder_of, text)
from stress import RoughNode, wait_until

NAMELESS = "n" * 64  # longer than a label may be: nobody is asked
CONNECTED = 106      # EISCONN: nothing forbids it


class PortServer(DatabaseServer):
    def __init__(self):
        os.environ["PGPORT"] = str(steady_port())  # for psql as for the server
        self.port = int(os.environ["PGPORT"])
        super().__init__(listen_addresses="127.0.0.1", port=self.port)

    def by_name(self, name):
        self.make(name)
        return f"postgresql://tester@{NAMELESS},localhost:{self.port}/{name}"


class WithoutWalls(RoughNode):
    """On a kernel that seems to have none."""

    def begin(self):
        words = [FORBIDDEN, "hide", "landlock", FORBIDDEN, "hide", "seccomp", self.program, "serve", "--json", "--data",
                 self.data, *self.store, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log)


def place_of(port):
    return "x" + (struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, b"\x7f\0\0\1")).hex()


def connection_to(pid, port):
    """A descriptor of the process that is connected to this port of 127.0.0.1."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[2] == f"0100007F:{port:04X}" and row[3] == "01"}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            if os.readlink(f"/proc/{pid}/fd/{name}") in sockets:
                return int(name)
    raise AssertionError("the node has no connection to its database")


def all_sockets():
    return {"a socket of streams": ("socket", socket.AF_INET, socket.SOCK_STREAM, 0),
            "a socket of streams, IPv6": ("socket", socket.AF_INET6, socket.SOCK_STREAM, 0),
            "a socket of the machine": ("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0),
            "a socket of the machine, of datagrams": ("socket", socket.AF_UNIX, socket.SOCK_DGRAM, 0),
            "a socket of many ways": ("socket", socket.AF_INET, socket.SOCK_STREAM, 262),
            "a socket of datagrams": ("socket", socket.AF_INET, socket.SOCK_DGRAM, 0),
            "a socket of raw packets": ("socket", socket.AF_INET, socket.SOCK_RAW, 1),
            "a socket of the kernel": ("socket", socket.AF_NETLINK, socket.SOCK_RAW, 0)}


def acts_of(node, folder, needed, port):
    """What is forbidden to its server, which may make the sockets that are needed."""
    keys = os.path.join(node.data, "keys", "root.key")
    tried = forbidden_from_inside(holder_of(node.process), keys, os.path.join(folder, "file"), port)
    del tried["make a socket"], tried["connect"]  # told apart here
    tried.update({f"read {path}": ("openat", HERE, text(path), os.O_RDONLY)
                  for path in ("/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl")})
    sockets = all_sockets()
    permitted = {name: sockets.pop(name) for name in needed}
    return {**tried, **sockets}, permitted


def try_all(node, forbidden, permitted):
    """(act, error) of both, over all threads."""
    told, skipped = act_inside(node.process.pid, {**forbidden, **permitted})
    if skipped:
        print(f"        skipped: {skipped}")
        return None
    found = [(name, error) for _, name, error in told]
    return [one for one in found if one[0] in forbidden], [one for one in found if one[0] in permitted]


def comes_back(scene, node, world):
    scene.server.stop(signal.SIGQUIT)
    scene.server.start()
    assert wait_until(lambda: node.nobody.get("/readyz").status == 200, 60 * SLOW) is not None, node.read_log()[-2000:]
    world.read().expect(200)
    world.put("Chur")
    world.read().expect(200)


def is_bounded(scene, node, needed, port=None):
    """`port`: where the database is, by TCP."""
    if SANITIZED:
        print("        not tried inside: the runtime of a sanitizer wants more calls (src/app/sandbox_call.def)")
        return
    with tempfile.TemporaryDirectory(prefix="symbolon-outside-") as folder, \
            socket.create_server(("127.0.0.1", 0)) as near:
        elsewhere = near.getsockname()[1]
        open(os.path.join(folder, "file"), "wb").close()
        forbidden, permitted = acts_of(node, folder, needed, elsewhere)
        if port is not None:
            line = connection_to(node.process.pid, port)
            permitted["connect to the database"] = ("connect", line, place_of(port), 16)
            if '"landlock.ports"' not in node.read_log() or isinstance(node, WithoutWalls):
                forbidden["connect elsewhere"] = ("connect", line, place_of(elsewhere), 16)
        found = try_all(node, forbidden, permitted)
    if found is None:
        return
    assert all(error in (0, CONNECTED) for _, error in found[1]) and found[1], found[1]
    let_through = sorted({name for name, error in found[0] if error not in REFUSED})
    if isinstance(node, WithoutWalls):
        assert let_through == sorted(forbidden), f"control: refused without walls: {set(forbidden) - set(let_through)}"
        print(f"control: without walls: red, {len(let_through)} acts pass")
        return
    assert not let_through, let_through
    print(f"found: none of {len(forbidden)} acts passes; control: {', '.join(sorted(permitted))}")


def a_port_is_all_that_it_connects_to(scene):
    node = RoughNode()
    node.store = ["--store", scene.server.by_name("by_name")]
    with node:
        world = World(node)
        world.give()
        said = [line for line in node.read_log().splitlines() if '"store.no_address"' in line]
        assert len(said) == 1 and NAMELESS in said[0] and "localhost" not in said[0], said
        is_bounded(scene, node, ["a socket of streams", "a socket of streams, IPv6"], scene.server.port)
        comes_back(scene, node, world)


def a_socket_of_the_machine_is_all_that_it_connects_to(scene):
    node = RoughNode()
    node.store = ["--store", scene.server.make("by_folder")]
    with node:
        world = World(node)
        world.give()
        assert '"store.no_address"' not in node.read_log()
        is_bounded(scene, node, ["a socket of the machine"])
        world.read().expect(200)


def without_walls_all_of_it_passes(scene):
    node = WithoutWalls()
    node.store = ["--store", scene.server.by_name("no_walls")]
    with node:
        missing = re.findall(r'"process":"server","feature":"([a-z. ]+)"', node.read_log())
        assert missing == ["landlock", "seccomp"] or set(missing) >= {"landlock", "landlock.ports", "seccomp"}, missing
        is_bounded(scene, node, ["a socket of streams", "a socket of streams, IPv6"], scene.server.port)


STEPS = [a_port_is_all_that_it_connects_to, a_socket_of_the_machine_is_all_that_it_connects_to,
         without_walls_all_of_it_passes]


class Scene:
    def __init__(self, server):
        self.server = server


if __name__ == "__main__":
    with PortServer() as running:
        steps.run(STEPS[:1] if SANITIZED else STEPS, Scene(running))  # the others only try acts inside
