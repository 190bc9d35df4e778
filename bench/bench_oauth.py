# SPDX-License-Identifier: Apache-2.0
"""Tokens over HTTP keep-alive: for a system by its signature, for a code with an ID token, and what a token stands for;
each request with signatures of its own, and durable, the server on one core and who asks on another. The peer is npm
oidc-provider with the same requests (peer/provider.mjs), which keeps everything in memory."""
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from http_load import Server, free_port
from measure import Bench, median, per_second, ratio
from skipping import skipped

HERE = pathlib.Path(__file__).resolve().parent
SERVER_CORE, CLIENT_CORE = 0, os.cpu_count() - 1
IN_FLIGHT = 64
MAKE_KEY = """
const {subtle} = globalThis.crypto
const {privateKey} = await subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, true, ['sign', 'verify'])
console.log(JSON.stringify(await subtle.exportKey('jwk', privateKey)))"""


def missing():
    """What the machine lacks, in words."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return "node is not installed"
    if int(version[1:].split(".")[0]) < 20:
        return f"node is {version.strip()}, and the peer wants 20"
    if not (HERE / "peer" / "node_modules" / "oidc-provider").is_dir():
        return "the peer of bench/peer is not installed (tools/setup bench)"
    return None


def run(bench, *words):
    """A command on the node's folder; gives its JSON."""
    command = [str(bench.program), *words, "--data", str(bench.folder / "node"), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def sign_in(link):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    try:
        urllib.request.build_opener(Stay).open(urllib.request.Request(link, method="POST"))
    except urllib.request.HTTPError as reply:  # 303
        return reply.headers["Set-Cookie"].split(";")[0]
    raise SystemExit("nobody signs in")


def start(bench):
    """Both servers, as the plans of oauth_load.mjs."""
    made = subprocess.run(["node", "--input-type=module", "-e", MAKE_KEY], capture_output=True, text=True, check=True)
    private = json.loads(made.stdout)
    public = {name: private[name] for name in ("kty", "crv", "x", "y")}
    keys = bench.folder / "keys.jwks"
    keys.write_text(json.dumps({"keys": [public]}))
    shop = run(bench, "org", "create", "Blue Shop")["id"]
    run(bench, "department", "create", shop, "Shipping")
    client = run(bench, "system", "create", shop, "Shipping", "Web shop", "--jwks", str(keys), "--redirect",
                 "https://shop.example/back", "--scope", "requests,disclosures")["id"]
    node = Server(bench, bench.program, "serve", "--data", bench.folder / "node", "--listen", "127.0.0.1:0",
                  core=SERVER_CORE)
    url = f"http://127.0.0.1:{node.port}"
    links = [run(bench, "person", "create", "--name", f"Person {i}", "--url", url)["link"]
             for i in range(4 if bench.small else 16)]
    port = free_port()
    peer = Server(bench, "node", HERE / "peer" / "provider.mjs", port, client, json.dumps(public), port=port,
                  core=SERVER_CORE)
    shared = {"client": client, "key": private, "count": 64 if bench.small else 2000, "connections": IN_FLIGHT}
    return ({**shared, "origin": url, "token": "/oauth/token", "introspection": "/oauth/introspect",
             "pid": node.process.pid, "cookies": [sign_in(link) for link in links]},
            {**shared, "origin": f"http://127.0.0.1:{port}", "token": "/token",
             "introspection": "/token/introspection", "pid": peer.process.pid})


def turn(found, plan):
    command = ["taskset", "-c", str(CLIENT_CORE), "node", str(HERE / "oauth_load.mjs"), json.dumps(plan)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    for line in done.stdout.splitlines():
        name, figure = line.split()
        found.setdefault(name, []).append(float(figure))


def tell(bench, ours, peer):
    for name, question in (("token", "token for a system, by its signature"), ("introspection", "introspection")):
        bench.row(f"{question}, {IN_FLIGHT} in flight, one core", f"{per_second(median(peer[name]))} oidc-provider",
                  per_second(median(ours[name])), ratio(ours[name], peer[name]), "")
        cpu, peer_cpu = ours[f"{name}_cpu"], peer[f"{name}_cpu"]
        if not bench.small:  # there a tick of the clock is more than all of it
            bench.row("the same by CPU", f"{median(peer_cpu):.0f} µs", f"{median(cpu):.0f} µs",
                      ratio(peer_cpu, cpu), "")
    bench.row(f"code for tokens and an ID token, {IN_FLIGHT} in flight, one core",
              f"{per_second(median(ours['token']))} for a system", per_second(median(ours["code"])),
              ratio(ours["code"], ours["token"]), "")


if (why := missing()) is not None:
    sys.exit(skipped(why))
with Bench("oauth") as bench:
    found = {}, {}
    plans = start(bench)
    if not bench.small: # the peer compiles itself as it goes
        for plan in plans:
            turn({}, plan)
    for _ in range(1 if bench.small else 5):
        for figures, plan in zip(found, plans):
            turn(figures, plan)
    tell(bench, *found)
