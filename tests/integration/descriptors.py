# SPDX-License-Identifier: Apache-2.0
"""Goal: a node without file descriptors waits instead of spinning, goes on serving those who are connected, stopping
above all, and recovers by itself. Method: the limit of a running node is set a little above what it has open, and more
callers come than that. Positive controls: somebody new gets no answer meanwhile, and the measure of its idleness
calls a process busy that is."""
import os
import resource
import socket
import subprocess
import sys
import time

from skipping import skipped
from stress import Cut, RoughNode, Shop, seed_of_run, wait_until

ROOM = 24            # descriptors beyond those in use
CALLERS = 120
WATCHED_SECONDS = 3
BUSY = 0.10          # of a core
PATIENCE = 2 * float(os.environ.get("SLOW") or 1)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def busy_part(pid):
    begin, used = time.monotonic(), cpu_seconds(pid)
    time.sleep(WATCHED_SECONDS)
    return (cpu_seconds(pid) - used) / (time.monotonic() - begin)


def open_descriptors(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


def may_look(node):
    """A node shows nobody what it has open but root."""
    try:
        return open_descriptors(node) > 0
    except PermissionError:
        return False


def crowd(node):
    callers = []
    for _ in range(CALLERS):  # the kernel completes them: the node need not have accepted
        callers.append(socket.create_connection((node.host, node.port), 5))
    return callers


def answers(node, timeout):
    try:
        return node.line(timeout=timeout).get("/healthz").status == 200
    except Cut:
        return False


def control_a_busy_process_is_called_busy():
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        return busy_part(process.pid) >= BUSY
    finally:
        process.kill()
        process.wait()


def stops_at_once(line, customer, shop, system, grant):
    begin = time.monotonic()
    line.call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200)
    took = time.monotonic() - begin
    read = {"relationship": customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"]}
    system.call("POST", "/v1/org/disclosures", read).expect(403)
    assert took < PATIENCE / 2, took
    return took


def exhausted(node, shop, customer):
    line, system = customer.line(), shop.line()
    given = line.call("POST", "/v1/me/grants", {"relationship": customer.relationship, "purpose": shop.purposes[0],
                                                "attributes": ["pd:Name"]}).expect(201).json
    read = {"relationship": customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"]}
    system.call("POST", "/v1/org/disclosures", read).expect(200)
    pid, before = node.process.pid, resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
    most = open_descriptors(node) + ROOM
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, before[1]))
    callers = crowd(node)
    try:
        assert wait_until(lambda: open_descriptors(node) >= most, PATIENCE) is not None, "control: there is room left"
        assert not answers(node, 1), "control: somebody new was served"
        print("control: somebody new meanwhile: red")
        part = busy_part(pid)
        took = stops_at_once(line, customer, shop, system, given["id"])
        assert part < BUSY, f"{part:.0%} of a core with nothing to do"
    finally:
        for caller in callers:
            caller.close()
    back = wait_until(lambda: answers(node, 1), PATIENCE)
    assert back is not None, "nobody is served although there is room again"
    receipt = f"/v1/me/receipts/{given['receipt']}/proof"
    assert wait_until(lambda: line.get(receipt).status == 200, PATIENCE) is not None, "the log has not gone on"
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    print(f"found: {most} descriptors, {CALLERS} callers: {part:.1%} of a core, a stop in {took * 1000:.0f} ms, "
          f"back after {back * 1000:.0f} ms")


def main():
    seed_of_run()
    assert control_a_busy_process_is_called_busy(), "control: the measure of idleness stayed green"
    print("control: a busy process is called busy: red")
    with RoughNode() as node:
        if not may_look(node):
            return skipped("descriptors of a process that is not shown cannot be counted here")
        shop = Shop(node, "Blue Shop", 1)
        customer = shop.customer()
        for _ in range(2):
            exhausted(node, shop, customer)
        others = [line for line in node.complaints() if '"log.mark"' not in line]  # it needs one, and tries again
        assert not others, others[:5]
        node.expect_sound()
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
