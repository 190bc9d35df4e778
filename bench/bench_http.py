# SPDX-License-Identifier: Apache-2.0
"""The consent-checked read over HTTP keep-alive, durable, the server on one core and wrk on another: against the whole
handler in process and against nginx that answers `return 200` with as many bytes."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from measure import Bench, median, per_second, ratio

ATTRIBUTES = ["pd:Name", "pd:EmailAddress", "pd:TelephoneNumber", "pd:PhysicalAddress", "sym:DeliveryNote"]
PATH = "/v1/org/disclosures"
SERVER_CORE, CLIENT_CORE = 0, os.cpu_count() - 1

LUA = """
local requests, next = {}, 0
function init(args)
    for line in io.lines("%s") do
        local key, relationship, purpose = line:match("(%%S+) (%%S+) (%%S+)")
        local headers = {["Host"] = wrk.host, ["Content-Type"] = "application/json"}
        headers["Authorization"] = "Bearer " .. key
        local body = '{"relationship":"' .. relationship .. '","purpose":"' .. purpose .. '","attributes":%s}'
        requests[#requests + 1] = wrk.format("POST", "%s", headers, body)
    end
end
function request()
    next = next %% #requests + 1
    return requests[next]
end
"""

NGINX = """
daemon off; master_process off; worker_processes 1; pid %(folder)s/nginx.pid; error_log %(folder)s/nginx.log;
events { worker_connections 2048; }
http {
    access_log off; keepalive_requests 1000000000; client_body_temp_path %(folder)s; proxy_temp_path %(folder)s;
    fastcgi_temp_path %(folder)s; uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
    server { listen 127.0.0.1:%(port)d; location / { default_type application/json; return 200 '%(body)s'; } }
}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program on SERVER_CORE that is stopped at the end of the bench."""

    def __init__(self, bench, port, *command):
        self.port = port
        self.process = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), *map(str, command)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bench.stack.callback(self.stop)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise SystemExit(f"{command[0]} does not listen")
                time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def cpu_us(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")

    def switches(self):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status")
        return sum(int(n) for task in tasks for n in re.findall(r"ctxt_switches:\s+(\d+)", task.read_text()))

    def commits(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as reply:
            return int(re.search(r"^symbolon_commits_total (\d+)", reply.read().decode(), re.MULTILINE)[1])


def drive(bench, server, script, connections):
    """One turn of wrk; gives replies per second and what one reply cost the server."""
    seconds = 1 if bench.small else 3
    before = server.cpu_us(), server.switches()
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
               f"http://127.0.0.1:{server.port}{PATH}"]
    told = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    replies = int(re.search(r"(\d+) requests in", told)[1])
    spent, switched = server.cpu_us() - before[0], server.switches() - before[1]
    if replies == 0 or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk saw refusals:\n{told}")
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), "cpu": spent / replies,
            "switches": switched / replies, "replies": replies}


def first_reply(port, line):
    key, relationship, purpose = line.split()
    body = json.dumps({"relationship": relationship, "purpose": purpose, "attributes": ATTRIBUTES}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", body, headers)
    with urllib.request.urlopen(request) as reply:
        told = reply.read()
    if sorted(json.loads(told)["attributes"]) != sorted(ATTRIBUTES):
        raise SystemExit("the first reply lacks values")
    return len(told)


def write_script(bench, folder):
    lines = subprocess.run([str(bench.in_process), "requests", str(folder), "1", "0"], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    (bench.folder / "requests").write_text("\n".join(lines[: 500 if bench.small else None]) + "\n")
    script = bench.folder / "wrk.lua"
    script.write_text(LUA % (bench.folder / "requests", json.dumps(ATTRIBUTES, separators=(",", ":")), PATH))
    return script, lines[0]


def start_servers(bench, folder, line):
    port, nginx_port = free_port(), free_port()
    ours = Server(bench, port, bench.program, "serve", "--data", folder, "--listen", f"127.0.0.1:{port}")
    body = "x" * first_reply(port, line)
    config = bench.folder / "nginx.conf"
    config.write_text(NGINX % {"folder": bench.folder, "port": nginx_port, "body": body})
    return ours, Server(bench, nginx_port, shutil.which("nginx") or "/usr/sbin/nginx", "-c", config, "-p", bench.folder)


def measure(bench, folder, script, ours, nginx):
    found = {name: [] for name in ("handler", "handler_cpu", "ours 64", "nginx 64", "ours 256", "nginx 256")}
    commits, replies = ours.commits(), 0
    for _ in range(1 if bench.small else 5):
        in_process = bench.figures("handler", folder, 1, 50 if bench.small else 1000, cpu=SERVER_CORE)
        found["handler"].append(in_process["handler"][-1])
        found["handler_cpu"].append(in_process["handler_cpu"][-1])
        for connections in (64, 256):
            found[f"ours {connections}"].append(drive(bench, ours, script, connections))
            replies += found[f"ours {connections}"][-1]["replies"]
            found[f"nginx {connections}"].append(drive(bench, nginx, script, connections))
    return found, (ours.commits() - commits) / replies


def tell(bench, found, commits):
    def of(name, what):
        return [turn[what] for turn in found[name]]

    for many, in_process, beside in ((64, "≥ 0.40", "≥ 0.14"), (256, "≥ 0.40", "≥ 0.14")):
        rates = of(f"ours {many}", "rate")
        handler = found["handler"]
        bench.row(f"read over HTTP, {many} in flight, one core", f"{per_second(median(handler))} handler in process",
                  per_second(median(rates)), ratio(rates, handler), in_process)
        cpu = of(f"ours {many}", "cpu")
        bench.row("the same by CPU", f"{median(found['handler_cpu']):.1f} µs", f"{median(cpu):.1f} µs",
                  ratio(found["handler_cpu"], cpu), in_process)
        bench.row("the same beside nginx", f"{per_second(median(of(f'nginx {many}', 'rate')))} `return 200`",
                  per_second(median(rates)), ratio(rates, of(f"nginx {many}", "rate")), beside)
        nginx_cpu = of(f"nginx {many}", "cpu")
        bench.row("CPU of the server beside nginx", f"{median(nginx_cpu):.1f} µs", f"{median(cpu):.1f} µs",
                  ratio(cpu, nginx_cpu), "")
        switches = median(of(f"ours {many}", "switches"))
        bench.row(f"context switches a read, {many} in flight", "–", f"{switches:.2f}", switches, "≤ 0.5")
    bench.row("group commits a read", "–", f"{commits:.3f}", commits, "≤ 0.1")
    bench.must_hold(commits < 0.5, "reads in flight do not share their commits")


with Bench("http") as bench:
    folder = bench.world(200 if bench.small else 100_000)
    script, line = write_script(bench, folder)
    ours, nginx = start_servers(bench, folder, line)
    tell(bench, *measure(bench, folder, script, ours, nginx))
