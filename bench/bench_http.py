# SPDX-License-Identifier: Apache-2.0
"""The consent-checked read over HTTP keep-alive, durable, the server on one core and wrk on another: against the whole
handler in process and against nginx that answers `return 200` with as many bytes. And the question whether such a read
would be given, by AuthZEN, against the read."""
import os
import shutil

from http_load import (QUESTION, QUESTION_PATH, Server, drive, first_decision, first_reply, free_port,
                       write_script)
from measure import Bench, median, per_second, ratio

SERVER_CORE, CLIENT_CORE = 0, os.cpu_count() - 1

NGINX = """
daemon off; master_process off; worker_processes 1; pid %(folder)s/nginx.pid; error_log %(folder)s/nginx.log;
events { worker_connections 2048; }
http {
    access_log off; keepalive_requests 1000000000; client_body_temp_path %(folder)s; proxy_temp_path %(folder)s;
    fastcgi_temp_path %(folder)s; uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
    server { listen 127.0.0.1:%(port)d; location / { default_type application/json; return 200 '%(body)s'; } }
}
"""


def start_servers(bench, folder, line):
    nginx_port = free_port()
    ours = Server(bench, bench.program, "serve", "--data", folder, "--listen", "127.0.0.1:0", core=SERVER_CORE)
    body = "x" * first_reply(ours.port, line)
    config = bench.folder / "nginx.conf"
    config.write_text(NGINX % {"folder": bench.folder, "port": nginx_port, "body": body})
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return ours, Server(bench, nginx, "-c", config, "-p", bench.folder, port=nginx_port, core=SERVER_CORE)


def measure(bench, folder, script, ours, nginx):
    found = {name: [] for name in ("handler", "handler_cpu", "ours 64", "nginx 64", "ours 256", "nginx 256")}
    commits, replies = ours.commits(), 0
    for _ in range(1 if bench.small else 5):
        in_process = bench.figures("handler", folder, 1, 50 if bench.small else 1000, cpu=SERVER_CORE)
        found["handler"].append(in_process["handler"][-1])
        found["handler_cpu"].append(in_process["handler_cpu"][-1])
        for connections in (64, 256):
            found[f"ours {connections}"].append(drive(bench, ours, script, connections, CLIENT_CORE))
            replies += found[f"ours {connections}"][-1]["replies"]
            found[f"nginx {connections}"].append(drive(bench, nginx, script, connections, CLIENT_CORE))
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


def ask_questions(bench, folder, script, line, ours):
    first_decision(ours.port, line)
    asking, _ = write_script(bench, folder, QUESTION_PATH, QUESTION)
    reads, questions = [], []
    for _ in range(1 if bench.small else 5):
        reads.append(drive(bench, ours, script, 64, CLIENT_CORE)["rate"])
        questions.append(drive(bench, ours, asking, 64, CLIENT_CORE)["rate"])
    bench.row("question whether a read would be given, over HTTP, 64 in flight, one core",
              f"{per_second(median(reads))} reads", per_second(median(questions)), ratio(questions, reads), "")


with Bench("http") as bench:
    folder = bench.world(200 if bench.small else 100_000)
    script, line = write_script(bench, folder)
    ours, nginx = start_servers(bench, folder, line)
    tell(bench, *measure(bench, folder, script, ours, nginx))
    ask_questions(bench, folder, script, line, ours)
