# SPDX-License-Identifier: Apache-2.0
"""Goal: systems that sign get short tokens bound to a key, and nobody else does. Method: a client that others have
written (tests/clients, npm oauth4webapi) leads a token through its life with each algorithm; then more than 150
requests with one fault each, 64 of each kind of one-time thing at once, and the same things once more after the node
was killed. Positive control: each right request beside the wrong ones is taken."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from running_node import ProxiedNode
from skipping import skipped

CLIENTS = pathlib.Path(__file__).resolve().parent.parent / "clients"
ISSUER = "https://node.example"


def missing():
    """What the machine lacks, in words."""
    if shutil.which("node") is None:
        return "node is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version[1:].split(".")[0]) < 20:
        return f"node is {version.strip()}, and the clients want 20"
    if not (CLIENTS / "node_modules" / "oauth4webapi").is_dir():
        return "the clients of tests/clients are not installed (tools/setup test)"
    return None


def run(node, facts, *words):
    environment = {**os.environ, **facts, "LISTENS": f"http://{node.host}:{node.port}", "ISSUER": ISSUER,
                   "STORE": json.dumps(["--data", node.data, *node.store])}
    done = subprocess.run(["node", *words], cwd=CLIENTS, env=environment, capture_output=True, text=True, timeout=240,
                          check=False)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stderr[-4000:]


def main():
    if (why := missing()) is not None:
        return skipped(why)
    with ProxiedNode() as node:
        shop, other = node.organisation("Blue Shop", "Shipping"), node.organisation("Red Bank", "Counter")
        facts = {"ORGANISATION": shop.organisation, "DEPARTMENT": shop.department, "KEY": shop.secret,
                 "OTHER_ORGANISATION": other.organisation, "OTHER_DEPARTMENT": other.department,
                 "KEPT": os.path.join(node.folder, "kept.json")}
        run(node, facts, "tokens.mjs")
        run(node, facts, "token_attacks.mjs")
        node.process.kill()
        node.process.wait()
        node.process.stdout.close()
        node.start()
        run(node, facts, "token_attacks.mjs", "again")
        assert not [row for row in node.query("people", "SELECT * FROM access_token") if "tok_" in str(row)]
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
