# SPDX-License-Identifier: Apache-2.0
"""Load over HTTP keep-alive: the requests of a world as a script for wrk, servers that end with the bench, and one turn
of wrk."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ATTRIBUTES = ["pd:Name", "pd:EmailAddress", "pd:TelephoneNumber", "pd:PhysicalAddress", "sym:DeliveryNote"]
PATH = "/v1/org/disclosures"

READ = json.dumps({"relationship": "RELATIONSHIP", "purpose": "PURPOSE", "attributes": ATTRIBUTES})
# What READ asks for, asked by AuthZEN.
QUESTION_PATH = "/access/v1/evaluation"
QUESTION = json.dumps({
    "subject": {"type": "department", "id": "DEPARTMENT"},
    "action": {"name": "read", "properties": {"purpose": "PURPOSE"}},
    "resource": {"type": "relationship", "id": "RELATIONSHIP", "properties": {"attributes": ATTRIBUTES}}})

LUA = """
local requests, next = {}, 0
function init(args)
    for line in io.lines("%s") do
        local key, relationship, purpose, department = line:match("(%%S+) (%%S+) (%%S+) (%%S+)")
        local headers = {["Host"] = wrk.host, ["Content-Type"] = "application/json"}
        headers["Authorization"] = "Bearer " .. key
        local words = {RELATIONSHIP = relationship, PURPOSE = purpose, DEPARTMENT = department}
        requests[#requests + 1] = wrk.format("POST", "%s", headers, (string.gsub('%s', "%%u+", words)))
    end
end
function request()
    next = next %% #requests + 1
    return requests[next]
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_core(core, command):
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    return [*pinned, *map(str, command)]


class Server:
    """A program on one core, or on all, that is stopped at the end of the bench."""

    def __init__(self, bench, *command, port=None, core=None):
        """`port`: where it will listen; None: it is ours, and says where it does."""
        self.words = tempfile.TemporaryFile()
        bench.stack.callback(self.words.close)
        out = subprocess.PIPE if port is None else subprocess.DEVNULL
        self.process = subprocess.Popen(on_core(core, command), stdout=out, stderr=self.words)
        bench.stack.callback(self.stop)
        self.port = port or self.read_port()
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.give_up()
                time.sleep(0.01)

    def read_port(self):
        line = re.fullmatch(r"ready http://127\.0\.0\.1:(\d+)\s*", self.process.stdout.readline().decode())
        return int(line[1]) if line else self.give_up()

    def give_up(self):
        self.words.seek(0)
        raise SystemExit(f"{self.process.args[0]} does not listen: {self.words.read().decode(errors='replace')[-600:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def cpu_us(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")

    def switches(self):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status")
        return sum(int(n) for task in tasks for n in re.findall(r"ctxt_switches:\s+(\d+)", task.read_text()))

    def commits(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as reply:
            return int(re.search(r"^symbolon_commits_total (\d+)", reply.read().decode(), re.MULTILINE)[1])


def drive(bench, server, script, connections, core=None):
    """One turn of wrk; gives replies per second and what one reply cost the server."""
    seconds = 1 if bench.small else 3
    before = server.cpu_us(), server.switches()
    command = on_core(core, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", script,
                             f"http://127.0.0.1:{server.port}{PATH}"])
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    replies = int(re.search(r"(\d+) requests in", told)[1])
    spent, switched = server.cpu_us() - before[0], server.switches() - before[1]
    if replies == 0 or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk saw refusals:\n{told}")
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), "cpu": spent / replies,
            "switches": switched / replies, "replies": replies}


def ask_once(port, line, path, body):
    key, relationship, purpose, department = line.split()
    body = body.replace("RELATIONSHIP", relationship).replace("PURPOSE", purpose).replace("DEPARTMENT", department)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers)
    with urllib.request.urlopen(request) as reply:
        return reply.read()


def first_reply(port, line):
    told = ask_once(port, line, PATH, READ)
    if sorted(json.loads(told)["attributes"]) != sorted(ATTRIBUTES):
        raise SystemExit("the first reply lacks values")
    return len(told)


def first_decision(port, line):
    told = json.loads(ask_once(port, line, QUESTION_PATH, QUESTION))
    if told["decision"] is not True:
        raise SystemExit(f"the first question is answered with no: {told}")


def write_script(bench, folder, path=PATH, body=READ):
    lines = subprocess.run([str(bench.in_process), "requests", str(folder), "1", "0"], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    (bench.folder / "requests").write_text("\n".join(lines[: 500 if bench.small else None]) + "\n")
    script = bench.folder / f"wrk{path.replace('/', '-')}.lua"
    script.write_text(LUA % (bench.folder / "requests", path, body))
    return script, lines[0]
