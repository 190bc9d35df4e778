# SPDX-License-Identifier: Apache-2.0
"""Goal: systems that sign get short tokens bound to a key, and nobody else does. Method: a client that others have
written (tests/clients, npm oauth4webapi) leads a token through its life with each algorithm; then more than 150
requests with one fault each, 64 of each kind of one-time thing at once, and the same things once more after the node
was killed; with the data in a database, two servers in turn. Positive control: each right request beside the wrong
ones is taken."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import api_journey
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


class Second(ProxiedNode):
    """Another server of a node whose data lies in a database."""

    def __init__(self, node):
        super().__init__()
        self.folder, self.store, self.database = node.folder, node.store, node.database

    def __enter__(self):
        self.log = open(os.path.join(self.folder, "log-beside"), "w+b")
        self.start()
        return self

    def leave(self):
        status = self.end()
        self.last_words = self.read_log()
        self.log.close()
        return status


def address(*nodes):
    """Where they listen; the clients go to each in turn."""
    return " ".join(f"http://{node.host}:{node.port}" for node in nodes)


def a_read(node, shop):
    """One that is permitted, as a body."""
    ada = node.person("Ada")
    ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200)
    asked = {"relationship": api_journey.connect(shop, ada), "purpose": api_journey.publish(shop),
             "attributes": ["pd:Name", "pd:PhysicalAddress"]}
    ada.post("/v1/me/grants", asked).expect(201)
    return {**asked, "attributes": ["pd:Name"]}


def run(node, facts, *words):
    environment = {**os.environ, "LISTENS": address(node), "ISSUER": ISSUER, **facts,
                   "STORE": json.dumps(["--data", node.data, *node.store])}
    done = subprocess.run(["node", *words], cwd=CLIENTS, env=environment, capture_output=True, text=True, timeout=240,
                          check=False)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def main():
    if (why := missing()) is not None:
        return skipped(why)
    with ProxiedNode() as node:
        shop, other = node.organisation("Blue Shop", "Shipping"), node.organisation("Red Bank", "Counter")
        facts = {"ORGANISATION": shop.organisation, "DEPARTMENT": shop.department, "KEY": shop.secret,
                 "OTHER_ORGANISATION": other.organisation, "OTHER_DEPARTMENT": other.department,
                 "KEPT": os.path.join(node.folder, "kept.json")}
        facts["READ"] = json.dumps(a_read(node, shop))
        facts["DRAFT"] = json.dumps(api_journey.DELIVER)
        run(node, facts, "tokens.mjs")
        if node.database is None:
            run(node, facts, "token_attacks.mjs")
        else:
            with Second(node) as second:
                run(node, {**facts, "LISTENS": address(node, second)}, "token_attacks.mjs")
            print("found: two servers on one database are one node for what is used once")
        node.process.kill()
        node.process.wait()
        node.process.stdout.close()
        node.start()
        run(node, facts, "token_attacks.mjs", "again")
        assert not [row for row in node.query("people", "SELECT * FROM access_token") if "tok_" in str(row)]
        seen = node.query("ledger", "SELECT count(*) FROM seen_read_token")
        assert seen == [("6",)], seen  # of each race at a door of reads
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
