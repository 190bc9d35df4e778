# SPDX-License-Identifier: Apache-2.0
"""A node that runs for one test: started on a fresh folder and a port of the system's choice, stopped at the end.

    with RunningNode() as node:
        shop = node.organisation("Blue Shop", "Shipping")
        ada = node.person("Ada")
        shop.post("/v1/org/purposes", {...})

Replies know their status, fields and JSON. Nothing is retried: what fails once fails the test. `stop()` and `start()`
let a test go on with the folder alone; `command()` runs a command for its exit code and words, `run()` for its JSON,
`expect_sound()` for its audit, `query()` looks at its data. A list in `seen` collects each exchange. With
DATABASE_SERVER in the environment (database_server.py) the data is there, in a database of the node's own.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

from database_server import NamedServer
from ports import steady_port


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.fields = response.getheaders()
        self.body = response.read()

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    def expect(self, status, reason=None):
        assert self.status == status, f"{self.status}, not {status}: {self.body[:600]!r}"
        if reason is not None:
            assert self.json["reason"] == reason, f"{self.json['reason']}, not {reason}: {self.body[:600]!r}"
        return self

    def check_problem(self):
        """RFC 9457, with our members; returns the JSON."""
        assert self.field("Content-Type") == "application/problem+json", self.field("Content-Type")
        problem = self.json
        assert problem["status"] == self.status
        assert problem["type"] == "urn:symbolon:" + problem["reason"]
        assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", problem["reason"]), problem["reason"]
        assert problem["title"] and problem["detail"]
        assert problem["request_id"] == self.field("X-Request-Id")
        return problem


class Caller:
    """Somebody who talks to the node: a system with its key, a person with a session, or nobody."""

    def __init__(self, node, fields=None, **facts):
        self.node = node
        self.fields = dict(fields or {})
        self.__dict__.update(facts)

    def call(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection(self.node.host, self.node.port, timeout=20)
        headers = {**self.fields, **(fields or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = Reply(connection.getresponse())
        finally:
            connection.close()
        if self.node.seen is not None:
            self.node.seen.append((method, path, reply))
        return reply

    def get(self, path, fields=None):
        return self.call("GET", path, fields=fields)

    def post(self, path, body=None, fields=None):
        return self.call("POST", path, body, fields)

    def put(self, path, body=None, fields=None):
        return self.call("PUT", path, body, fields)

    def patch(self, path, body=None, fields=None):
        return self.call("PATCH", path, body, fields)

    def delete(self, path, fields=None):
        return self.call("DELETE", path, fields=fields)


def pages(caller, path):
    """The replies of a list, one page after the other."""
    path += ("&" if "?" in path else "?") + "limit=200"
    while path:
        reply = caller.get(path).expect(200)
        yield reply
        link = reply.field("Link")
        path = link[1:link.index(">")] if link else None


class RunningNode:
    def __init__(self, *options):
        self.program = os.environ["SYMBOLON"]
        self.options = options
        self.store = []  # where the data lies, in words of the command line
        self.database = None  # its name, where it is on a server
        self.process = None
        self.seen = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="symbolon-test-")
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.nobody = Caller(self)
        if "DATABASE_SERVER" in os.environ:
            self.database = re.sub("[^a-z0-9]", "_", os.path.basename(self.folder).lower())
            self.store = ["--store", NamedServer(os.environ["DATABASE_SERVER"]).make(self.database)]
        try:
            self.start()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(self, kind, value, trace):
        status = self.leave()
        if kind is None and status != 0:
            raise AssertionError(f"the node ended with {status}: {self.last_words}")
        if kind is not None:
            print(self.last_words)

    def begin(self):
        """Starts the program and does not wait until it serves."""
        listen = [] if "--listen" in self.options else ["--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [self.program, "serve", "--json", "--data", self.data, *self.store, *listen, *self.options],
            stdout=subprocess.PIPE, stderr=self.log)

    def start(self):
        self.begin()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the node did not start: {self.read_log()}")
        self.url = json.loads(line)["ready"]
        self.host, port = re.fullmatch(r"http://([^:]+):(\d+)", self.url).groups()
        self.port = int(port)

    def end(self):
        """Ends the server that runs, if one does; gives how it ended."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "none, it had to be killed"
        finally:
            process.stdout.close()

    def stop(self):
        status = self.end()
        assert status == 0, f"the node ended with {status}: {self.read_log()}"

    def leave(self):
        status = self.end()
        self.last_words = self.read_log()
        self.log.close()
        shutil.rmtree(self.folder)
        return status

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def read_log(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def command(self, *words):
        """Runs a command on the folder; gives its exit code (`returncode`) and its words (`stdout`, `stderr`)."""
        words = [self.program, *words, "--data", self.data, *self.store]
        return subprocess.run(words, capture_output=True, timeout=120, text=True)

    def run(self, *words):
        """Runs a command on the folder; gives the JSON that it prints."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def expect_sound(self):
        """The audit of the folder finds nothing."""
        figures = self.run("audit")
        assert figures["ok"] and not figures["findings"], figures

    def on_server(self, sql):
        """Says something to the database server of this node, past the node."""
        return NamedServer(os.environ["DATABASE_SERVER"]).ask(self.database, "SET search_path = symbolon; " + sql)

    def query(self, file, sql):
        """The rows that a query finds past the node, as words; `file`: "people", for one."""
        if self.database is not None and file != "keys":
            return [tuple(line.split("|")) for line in self.on_server(sql).splitlines()]
        path = os.path.join(self.data, "store", file + ".db")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return [tuple(map(str, row)) for row in database.execute(sql)]

    def empty(self):
        """Takes everything away, while nothing runs."""
        shutil.rmtree(self.data)
        if self.database is not None:
            self.on_server("DROP SCHEMA symbolon CASCADE")

    def system(self, organisation, department, name, scopes=None):
        words = ["key", "create", organisation, department, name] + (["--scope", scopes] if scopes else [])
        made = self.run(*words)
        return Caller(self, {"Authorization": "Bearer " + made["secret"]}, id=made["id"], secret=made["secret"])

    def organisation(self, name, department):
        """A new organisation with one department; gives that department's system."""
        organisation = self.run("org", "create", name)
        made = self.run("department", "create", organisation["id"], department)
        caller = self.system(organisation["id"], made["id"], "server")
        caller.organisation, caller.department = organisation["id"], made["id"]
        return caller

    def person(self, name):
        made = self.run("person", "create", "--name", name)
        reply = self.nobody.post(made["link"].removeprefix(self.url)).expect(303)
        cookie = reply.field("Set-Cookie").split(";")[0]
        return Caller(self, {"Cookie": cookie}, id=made["id"], link=made["link"], cookie=cookie)


class ProxiedNode(RunningNode):
    """A node that people reach by another address than the one where it listens."""

    def __init__(self, *options):
        port = steady_port()
        super().__init__("--listen", f"127.0.0.1:{port}", "--url", "https://node.example", *options)
        self.address = ("127.0.0.1", port)

    def start(self):
        self.begin()
        self.url = "https://node.example"
        assert json.loads(self.process.stdout.readline())["ready"] == self.url
        self.host, self.port = self.address
