# SPDX-License-Identifier: Apache-2.0
"""Goal: keys and server are two processes, and each can do what it is for and nothing else. Method: from inside the
walls of each, some hundred and thirty forbidden acts are tried (support/forbidden.c); every thread of both processes
of a running node is made to try some against its will (support/act_inside.c), and the node goes on; the kernel is
asked what holds for each thread, their descriptors are counted, and their memory is read for the root, the keys
derived from it and the keys that sign. Then one process is killed and the other watched, the holder is made to stall,
and the node runs on a kernel that seems to lack a wall. Positive controls: without walls no act is refused, nor is it
in a node that seems to find none here, and what each process is for succeeds in all its threads; the walls for files
alone let through what calls must stop; the keys are found in the process that holds them, and what is handed to the
server is found in the server, in memory that is locked and left out of dumps.

Usage: processes.py PRINT_KEYS FORBIDDEN ACT_INSIDE"""
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile

import steps
from stress import RoughNode, Shop, wait_until

PRINT_KEYS, FORBIDDEN, ACT_INSIDE = sys.argv[1:4]
SLOW = float(os.environ.get("SLOW", 1))
SANITIZED = "SLOW" in os.environ  # such a program maps more than there is, and keeps what was freed
PATIENCE = 20 * SLOW
REFUSED = {errno.EPERM, errno.EACCES, errno.EXDEV}  # EXDEV: a link out of what may be reached
# what a server may do besides when its data lies behind a port, or behind a socket of its machine
TOWARDS_DATABASE = {"client": {"connect to a database", "a socket of streams", "a socket of streams, IPv6"},
                    "neighbour": {"a socket of the machine"}}
NEWEST_WALLS = 6                                    # the Landlock that bounds all that is tried here
BOUNDS_PORTS = 4                                    # the one that bounds connections


# ---- acts

def acts(walls, folder):
    """name -> (which walls are for it, error), and the version of Landlock."""
    done = subprocess.run([FORBIDDEN, walls, folder], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (walls, done.returncode, done.stderr[-2000:])
    first, *lines = done.stdout.splitlines()
    found = {name: (int(error), layer) for error, layer, name in (line.split(" ", 2) for line in lines)}
    return found, int(first.split()[1])


def forbidden_acts_are_refused(world):
    with tempfile.TemporaryDirectory(prefix="symbolon-walls-") as folder:
        results = {}
        for walls in ("none", "files", "server", "client", "neighbour", "holder"):
            inside = os.path.join(folder, walls)
            os.mkdir(inside)
            results[walls], version = acts(walls, inside)
    free = {name for name, (error, _) in results["none"].items() if error not in REFUSED}
    if os.geteuid() == 0:
        assert free == set(results["none"]), f"refused without walls: {set(results['none']) - free}"
    done = {name for name, (error, _) in results["none"].items() if error == 0}
    assert len(free) > 60 and len(done) * 2 > len(free), (len(done), len(free))
    for walls, names in TOWARDS_DATABASE.items():
        needed = {name: results[walls].pop(name)[0] for name in names}
        assert not any(needed.values()), f"control: refused to who must connect: {needed}"
    if version < BOUNDS_PORTS:  # the node says so: sandbox.missing
        del results["client"]["connect out"]
    for walls in ("server", "client", "neighbour", "holder"):
        through = {name: error for name, (error, _) in results[walls].items() if error not in REFUSED}
        assert not through, f"{walls}: {through}"
    bounded = {name for name, (_, layer) in results["files"].items() if layer == "files"}
    through = {name for name, (error, _) in results["files"].items() if error not in REFUSED}
    world.landlock = version
    if version >= NEWEST_WALLS:
        assert not bounded & through, f"Landlock alone lets through {bounded & through}"
    assert through & free, "control: nothing is left that calls must stop"
    print(f"found: none of {len(results['none'])} acts passes; {len(bounded)} are held by the walls for files alone")
    print(f"control: without walls: red, {len(free)} acts pass, {len(done)} of them to their end")


# ---- acts of a running node

HERE = -100  # AT_FDCWD
SKIPPED = {77: "how to make this machine's processes act is not known here",
           78: "a process that is not shown may not be traced here"}


def text(words):
    return "x" + words.encode().hex() + "00"


def forbidden_from_inside(other, others_file, outside, port):
    """Each does no harm where nothing forbids it: it fails there for another reason, only asks, or does to standard
    error, a file of the test, what changes nothing."""
    there = "x" + (struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, b"\x7f\0\0\1")).hex()
    return {
        "read /etc/passwd": ("openat", HERE, text("/etc/passwd"), os.O_RDONLY),
        "read the other's file": ("openat", HERE, text(others_file), os.O_RDONLY),
        "make a file outside": ("openat", HERE, text(outside + ".new"), os.O_WRONLY | os.O_CREAT, 0o600),
        "remove a file outside": ("unlinkat", HERE, text(outside), 0),
        "make a socket": ("socket", socket.AF_INET, socket.SOCK_STREAM, 0),
        "connect": ("connect", -1, there, 16),
        "send elsewhere": ("sendto", -1, text("x"), 1, 0, there, 16),
        "listen elsewhere": ("bind", -1, there, 16),
        "run a program": ("execve", text("/nowhere"), 0, 0),
        "become two": ("clone", 0x800, 0),                  # CLONE_SIGHAND alone makes no sense
        "look into the other": ("ptrace", 2, other, 0, 0),  # PTRACE_PEEKDATA, of whom it does not trace
        "read the other's memory": ("process_vm_readv", other, 0, 0, 0, 0, 0),
        "signal the other": ("kill", other, 0),
        "own a descriptor for the other": ("fcntl", 2, fcntl.F_SETOWN, other),
        "choose its signal": ("fcntl", 2, fcntl.F_SETSIG, 0),
        "be told by signals": ("fcntl", 2, fcntl.F_SETFL, os.O_ASYNC),
        "open the folder of the node": ("openat", HERE, text(os.path.dirname(os.path.dirname(others_file))),
                                        os.O_RDONLY | os.O_DIRECTORY),
        "open the folder of the other": ("openat", HERE, text(os.path.dirname(others_file)),
                                         os.O_RDONLY | os.O_DIRECTORY),
        "show a file": ("fchmod", 2, 0o600),
        "give a file away": ("fchown", 2, -1, -1),
        "show its memory": ("prctl", 4, 1, 0, 0, 0),        # PR_SET_DUMPABLE
        "map memory as code": ("mmap", 0, 4096, 7, 0x22, -1, 0),
        "turn memory into code": ("mprotect", 0, 4096, 5),
        "set up a ring": ("io_uring_setup", 0, 0),
    }


def act_inside(pid, tried):
    """[(thread, name, error)], or why there is nothing."""
    lines = ["\t".join(map(str, (name, *act))) + "\n" for name, act in tried.items()]
    done = subprocess.run([ACT_INSIDE, str(pid)], input="".join(lines), capture_output=True, text=True, timeout=120)
    if done.returncode in SKIPPED:
        return [], SKIPPED[done.returncode]
    assert done.returncode == 0, (done.returncode, done.stderr)
    parts = [line.split("\t") for line in done.stdout.splitlines()]
    return [(int(thread), name, int(error)) for thread, error, name in parts], None


def try_from_inside(process, data, outside, port):
    """(process, thread, act, error) of all that is forbidden and of what is not, or why there is nothing."""
    store, keys = os.path.join(data, "store"), os.path.join(data, "keys", "root.key")
    database = os.path.join(store, next(name for name in sorted(os.listdir(store)) if name.endswith(".db")))
    pids, forbidden, permitted = (process.pid, holder_of(process)), [], []
    for pid, other, own, others in ((*pids, database, keys), (*pids[::-1], keys, database)):
        may = {"say who it is": ("getpid",), "read its own file": ("openat", HERE, text(own), os.O_RDONLY)}
        may_not = forbidden_from_inside(other, others, outside, port)
        threads = set(map(int, os.listdir(f"/proc/{pid}/task")))
        told, skipped = act_inside(pid, {**may, **may_not})
        if skipped:
            return forbidden, permitted, skipped
        assert threads <= {thread for thread, _, _ in told}, (threads, told)
        forbidden += [found for found in told if found[1] in may_not]
        permitted += [found for found in told if found[1] in may]
    return forbidden, permitted, None


@contextlib.contextmanager
def without_walls(world):
    """A node on a kernel that seems to have none."""
    folder = os.path.join(world.node.folder, "without-walls")
    log = open(folder + ".log", "wb")  # some acts are done to it
    process = subprocess.Popen([FORBIDDEN, "hide", "landlock", FORBIDDEN, "hide", "seccomp", world.node.program,
                                "serve", "--json", "--data", folder, "--listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert "ready" in process.stdout.readline()
        yield process, folder
    finally:
        log.close()
        process.kill()
        process.wait()
        process.stdout.close()


def every_thread_is_refused_what_is_forbidden(world):
    """In the processes that serve, not in others behind the same walls; and they go on serving."""
    if SANITIZED:
        print("        skipped: the runtime of a sanitizer wants a wider list of calls (src/app/sandbox_call.def)")
        return
    node, customer = world.node, world.customer
    grant = customer.give(customer.line(), world.shop.purposes[0])
    with tempfile.TemporaryDirectory(prefix="symbolon-outside-") as folder, \
            socket.create_server(("127.0.0.1", 0)) as near:
        outside, port = os.path.join(folder, "file"), near.getsockname()[1]
        open(outside, "wb").close()
        forbidden, permitted, skipped = try_from_inside(node.process, node.data, outside, port)
        if skipped:
            print(f"        skipped: {skipped}")
            return
        assert os.listdir(folder) == ["file"], os.listdir(folder)
        with without_walls(world) as (process, data):
            unbounded, usual, _ = try_from_inside(process, data, outside, port)
    through = [found for found in forbidden if found[2] not in REFUSED]
    assert not through, through
    assert all(error == 0 for _, _, error in permitted + usual), (permitted, usual)
    refused = [found for found in unbounded if found[2] in REFUSED]
    assert unbounded and not refused, f"control: refused without walls: {refused}"
    customer.read(world.shop.line(), world.shop.purposes[0]).expect(200)
    customer.line().call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200)
    customer.read(world.shop.line(), world.shop.purposes[0]).expect(403)
    assert b"signatures" in world.read_receipt(world.fresh_receipt()).expect(200).body, "the holder has gone on"
    count, threads = len({name for _, name, _ in forbidden}), len({thread for thread, _, _ in forbidden})
    print(f"found: none of {count} acts passes from inside the node, in any of {threads} threads")
    print(f"control: the same acts from inside a node without walls: red, {len(unbounded)} pass")


# ---- a running node

def holder_of(process):
    """The process that holds the keys of a program."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        children = [int(word) for word in file.read().split()]
    assert len(children) == 1, children
    with open(f"/proc/{children[0]}/comm") as file:
        assert file.read() == "symbolon-keys\n"
    return children[0]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def status(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def every_thread_is_behind_the_walls(world):
    node = world.node
    threads = 0
    for pid in (node.process.pid, holder_of(node.process)):
        for thread in os.listdir(f"/proc/{pid}/task"):
            found = status(pid, thread)
            threads += 1
            assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", (pid, found["Name"], found["Seccomp"])
        with open(f"/proc/{pid}/limits") as file:
            limits = file.read()
        assert re.search(r"Max core file size +0 +0 ", limits), limits
    control = status(os.getpid(), os.getpid())
    assert control["NoNewPrivs"] == "0", "control: this test is behind such walls itself"
    print(f"        {threads} threads")


def the_holder_has_its_folder_and_its_socket(world):
    node = world.node
    pid = holder_of(node.process)
    try:
        found = sorted(os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        print("        skipped: descriptors of a process that is not shown cannot be listed here")
        return
    keys = os.path.join(node.data, "keys")
    others = [path for path in found if not path.startswith("socket:") and path not in (keys, keys + "/buckets",
                                                                                       "/dev/null", node.log.name)]
    assert not others and sum(path.startswith("socket:") for path in found) == 1, found
    with open(f"/proc/{pid}/limits") as file:
        assert re.search(r"Max open files +32 +32 ", file.read())


# ---- memory

def maps(pid):
    """(what it is, whether it is locked and left out of dumps, octets) of what a process can write."""
    with open(f"/proc/{pid}/smaps") as file:
        text = file.read()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for begin, end, rights, name, more in re.findall(
                r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)\n((?:[A-Z]\w+: .*\n)+)", text, re.M):
            if not rights.startswith("rw") or int(re.search(r"Rss: +(\d+)", more)[1]) == 0:
                continue
            flags = re.search(r"VmFlags: (.*)", more)[1].split()
            memory.seek(int(begin, 16))
            try:
                octets = memory.read(int(end, 16) - int(begin, 16))
            except OSError:
                continue  # it went meanwhile, or belongs to the kernel
            yield name, {"lo", "dd"} <= set(flags), octets


def derived(root, number):
    return hashlib.blake2b(b"", digest_size=32, key=root, salt=number.to_bytes(16, "little"),
                           person=b"symbolon".ljust(16, b"\0")).digest()


def places(pid, word):
    return [(name, secret) for name, secret, octets in maps(pid) if word in octets]


def keys_lie_where_they_belong(world):
    node, customer = world.node, world.customer
    if SANITIZED:
        return
    server, holder = node.process.pid, holder_of(node.process)
    try:
        with open(f"/proc/{server}/mem", "rb"):
            pass
    except PermissionError:
        print("        skipped: the memory of the process cannot be read here")
        return
    with open(os.path.join(node.data, "keys", "root.key"), "rb") as file:
        root = file.read()
    held = {"root": root, "what seals buckets": derived(root, 1), "the log's": derived(root, 3),
            "what seals signing keys": derived(root, 5)}
    for name, key in held.items():
        assert places(server, key) == [], f"{name} key is in the server: {places(server, key)}"
        found = places(holder, key)
        assert found and all(secret for _, secret in found), f"control: {name} key in the holder: {found}"
    assert places(server, b'"crv":"P-256","d":"') == [], "a private key that signs is in the server"
    person = customer.line().get("/v1/me").expect(200).json["id"]
    done = subprocess.run([PRINT_KEYS, node.data, person], capture_output=True, text=True, timeout=60)
    _, _, key, bucket = done.stdout.split()
    found = places(server, bytes.fromhex(bucket))
    assert found and all(secret for _, secret in found), f"a bucket key in the server: {found}"
    assert places(server, derived(root, 4)), "control: what is handed to the server is found in it"
    assert places(holder, bytes.fromhex(key)) == [], "a person's key is in the holder"
    print(f"control: {len(held)} keys that are looked for in the server: red in the holder")


def nobody_else_may_look(world):
    """The kernel gives the files of a process that is not to be shown to root, whoever runs it."""
    node = world.node
    if os.geteuid() != 0:
        assert os.stat(f"/proc/{node.process.pid}/mem").st_uid == 0
        assert os.stat(f"/proc/{holder_of(node.process)}/mem").st_uid == 0
        return
    folder = tempfile.mkdtemp(prefix="symbolon-nobody-")
    os.chown(folder, 65534, 65534)
    process = subprocess.Popen([node.program, "serve", "--json", "--data", folder + "/data", "--listen", "127.0.0.1:0"],
                               user=65534, group=65534, extra_groups=[], stdout=subprocess.PIPE)
    control = subprocess.Popen(["sleep", "60"], user=65534, group=65534, extra_groups=[])
    try:
        assert b"ready" in process.stdout.readline()
        for pid in (process.pid, holder_of(process)):
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0, pid
        assert wait_until(lambda: os.stat(f"/proc/{control.pid}/mem").st_uid == 65534, PATIENCE) is not None, "control"
    finally:
        control.kill()
        control.wait()
        process.terminate()
        process.wait()
        process.stdout.close()
        subprocess.run(["rm", "-rf", folder], check=True)


# ---- ends

def a_command_takes_its_holder_along(world):
    assert len(holders(world.node)) == 1, "control: that of the server is seen"
    world.node.run("doctor")
    world.node.run("audit")
    assert len(holders(world.node)) == 1, holders(world.node)


def holders(node):
    """Of all programs that work in the node's folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file, open(f"/proc/{pid}/cmdline") as line:
                if file.read() == "symbolon-keys\n" and node.data in line.read():
                    found.append(int(pid))
        except OSError:
            continue  # it ended meanwhile
    return found


def what_ends_a_group_does_not_take_the_keys_away(world):
    """As a terminal or a service manager does it: all processes hear the signal."""
    holder = holder_of(world.node.process)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(holder, number)
    assert b"signatures" in world.read_receipt(world.fresh_receipt()).expect(200).body
    assert alive(holder)


def a_server_that_is_killed_leaves_no_holder(world):
    node = world.node
    holder = holder_of(node.process)
    node.kill()
    assert wait_until(lambda: not alive(holder), PATIENCE) is not None, "the holder has outlived its server"
    node.start()


def a_server_without_keys_says_so_and_ends(world):
    node, process = world.node, world.node.process
    world.customer.line().get("/v1/me").expect(200)
    os.kill(holder_of(process), signal.SIGKILL)
    world.has_ended_for_want_of_keys(process)
    said = node.read_log()
    assert said.count('"event":"key.holder_gone"') == 1 and '"error":"key.holder_gone"' in said, said[-2000:]
    node.start()
    world.customer.line().get("/v1/me").expect(200)


def asks_its_holder(pid):
    """Whether a thread of the server waits in recvfrom(2), which only those do who have asked."""
    number = {"x86_64": "45", "aarch64": "207"}[os.uname().machine]
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/syscall") as file:
            if file.read().split()[0] == number:
                return True
    return False


def who_needs_keys_meanwhile_hears_503(world):
    """The holder stands still until a request waits for it, and is killed then."""
    node, process = world.node, world.node.process
    holder, receipt = holder_of(process), world.fresh_receipt()
    try:
        assert wait_until(lambda: not asks_its_holder(process.pid), PATIENCE) is not None, "control"
    except (PermissionError, KeyError):
        print("        skipped: it cannot be seen here what a thread waits for")
        return
    os.kill(holder, signal.SIGSTOP)
    line = world.receipts()
    line.send("GET", f"/v1/me/receipts/{receipt}")
    assert wait_until(lambda: asks_its_holder(process.pid), PATIENCE) is not None, "nobody asks"
    node.run("doctor")  # which has a holder of its own
    os.kill(holder, signal.SIGKILL)
    answer = line.receive().expect(503)
    assert answer.json["reason"] == "key.holder_gone", answer.body
    world.has_ended_for_want_of_keys(process)
    node.start()
    world.read_receipt(receipt).expect(200)


# ---- a holder that stalls

def is_ready(line):
    return line.get("/readyz").status == 200


def a_holder_that_stalls_is_told_and_one_that_goes_on_is_forgiven(world):
    """Nobody needs a key meanwhile: the node asks by itself."""
    line, holder = world.node.line(), holder_of(world.node.process)
    assert is_ready(line), "control: it is ready while its holder answers"
    os.kill(holder, signal.SIGSTOP)
    told = wait_until(lambda: not is_ready(line), PATIENCE)
    reason = line.get("/readyz").json.get("reason")
    os.kill(holder, signal.SIGCONT)
    assert told is not None and reason == "key.holder_silent", (told, reason)
    assert wait_until(lambda: is_ready(line), PATIENCE) is not None, "not ready with a holder that answers again"
    print(f"        told after {told:.1f} s")


def stops_go_on_while_the_holder_stalls(world):
    """More requests want a key than there are threads; nobody else waits for them, and at last the node is replaced."""
    node, process, customer = world.node, world.node.process, world.customer
    holder, receipts = holder_of(process), [world.fresh_receipt() for _ in range(8)]
    grant = customer.give(customer.line(), world.shop.purposes[0])
    stopper, reader = customer.line(), world.shop.line()
    os.kill(holder, signal.SIGSTOP)
    waiting = [world.receipts() for _ in receipts]
    for line, receipt in zip(waiting, receipts):
        line.send("GET", f"/v1/me/receipts/{receipt}")
    stopped = stopper.call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200).json
    assert stopped["state"] == "withdrawn", stopped
    customer.read(reader, world.shop.purposes[0]).expect(200)  # under another grant
    assert process.poll() is None and not any(select.select([line.socket], [], [], 0)[0] for line in waiting), \
        "control: the holder does not stall"
    reasons = {line.receive().expect(503).json["reason"] for line in waiting}
    assert reasons == {"key.holder_gone"}, reasons
    world.has_ended_for_want_of_keys(process)
    os.kill(holder, signal.SIGCONT)
    assert wait_until(lambda: not alive(holder), PATIENCE) is not None, "a holder that is let go has not ended"
    node.start()
    world.read_receipt(receipts[0]).expect(200)
    print(f"control: {len(waiting)} requests that need the holder meanwhile: red, 503")


# ---- what a kernel lacks

def a_wall_that_is_missing_is_told_and_the_rest_holds(world):
    node = world.node
    for feature in ("landlock", "seccomp"):
        folder = os.path.join(node.folder, "without-" + feature)
        process = subprocess.Popen([FORBIDDEN, "hide", feature, node.program, "serve", "--json", "--data", folder,
                                    "--listen", "127.0.0.1:0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert "ready" in process.stdout.readline()
            filters = int(status(process.pid, process.pid)["Seccomp_filters"])
            assert filters == (2 if feature == "landlock" else 1), (feature, filters)
        finally:
            process.terminate()
            _, said = process.communicate(timeout=PATIENCE)
        told = [line for line in said.splitlines() if '"sandbox.missing"' in line]
        assert process.returncode == 0 and len(told) == 2, said  # one for each process
        assert all(f'"feature":"{feature}"' in line for line in told), told
    assert world.landlock < NEWEST_WALLS or '"sandbox.missing"' not in node.read_log(), "told without a reason"
    lines = subprocess.run([FORBIDDEN, "lacks"], capture_output=True, text=True, check=True).stdout.splitlines()
    bits = dict(map(int, line.split()) for line in lines)
    assert bits == {-1: 1, 0: 1, 1: 26, 2: 26, 3: 18, 4: 16, 5: 16, 6: 0, 7: 0}, bits


class World:
    def __init__(self, node):
        self.node, self.landlock = node, 0
        self.shop = Shop(node, "Blue Shop", 1)
        self.customer = self.shop.customer()

    def fresh_receipt(self):
        """One that nobody has read yet, so that it is not signed."""
        given = self.customer.give(self.customer.line(), self.shop.purposes[0])
        return self.customer.line().get(f"/v1/me/grants/{given}").expect(200).json["receipt"]

    def receipts(self):
        return self.node.line(dict(self.customer.fields, Accept="application/jose+json"))

    def read_receipt(self, receipt):
        return self.receipts().get(f"/v1/me/receipts/{receipt}")

    def has_ended_for_want_of_keys(self, process):
        assert process.wait(PATIENCE) == 10, process.returncode
        process.stdout.close()
        self.node.process = None


STEPS = [forbidden_acts_are_refused, every_thread_is_behind_the_walls, every_thread_is_refused_what_is_forbidden,
         the_holder_has_its_folder_and_its_socket, keys_lie_where_they_belong, nobody_else_may_look,
         a_command_takes_its_holder_along, what_ends_a_group_does_not_take_the_keys_away,
         a_server_that_is_killed_leaves_no_holder, a_server_without_keys_says_so_and_ends,
         who_needs_keys_meanwhile_hears_503, a_holder_that_stalls_is_told_and_one_that_goes_on_is_forgiven,
         stops_go_on_while_the_holder_stalls, a_wall_that_is_missing_is_told_and_the_rest_holds]


if __name__ == "__main__":
    with RoughNode() as running:
        steps.run(STEPS, World(running))
        assert running.run("audit")["ok"]
