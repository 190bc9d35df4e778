# SPDX-License-Identifier: Apache-2.0
"""Stands between clients and a node and tells lies of one kind; what is no lie it passes on. A client finds `host`,
`port` and `process` here as on a node. The controls of tests that must see through it.

    with LyingProxy(node, "stop") as proxy: Line(proxy, fields).call(...)
"""
import http.server
import json
import threading

from stress import Cut, Line


class LyingProxy:
    LIES = {
        "stop": "a stop is answered and not sent on",
        "narrow": "a narrowing is answered and not sent on",
        "lost": "a grant is given, and taken away unasked",
        "twice": "a grant is given twice",
        "cache": "a read is answered as the same question was before",
        "pause": "a pause is answered and not sent on",
        "end": "an end stops what is for one purpose only",
        "uses": "a grant that counts is given without a count",
        "again": "a read is read twice",
        "department": "a grant is given to all departments",
        "purpose": "a read is for the purpose that somebody asked for before",
    }

    def __init__(self, node, lie=None):
        self.node, self.lie, self.told = node, lie, {}

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.proxy, self.server.daemon_threads = self, True
        self.host, self.port = self.server.server_address
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def process(self):
        return self.node.process

    def answer(self, method, path, body, send):
        """Status and octets; `send(method, path, body, twin)` asks the node."""
        if self.lie == "stop" and path.endswith("/withdraw"):
            return 200, b'{"state":"withdrawn"}'
        if self.lie == "narrow" and method == "PATCH" and "/grants/" in path:
            return 200, b'{"state":"active"}'
        if self.lie == "cache" and path == "/v1/org/disclosures":
            if body not in self.told:
                self.told[body] = send(method, path, body)
            return self.told[body]
        if self.lie == "pause" and body == b'{"state": "paused"}':
            return 200, b'{"state":"paused"}'
        if self.lie == "end" and path.endswith("/end"):
            return self.end_in_part(send)
        status, octets = send(method, path, self.bend(path, body))
        if self.lie == "twice" and path == "/v1/me/grants" and status == 201:
            send(method, path, body, twin="-again")
        elif self.lie == "again" and path == "/v1/org/disclosures":
            send(method, path, body, twin="-again")
        elif self.lie == "lost" and path == "/v1/me/grants" and status == 201:
            send("POST", f"/v1/me/grants/{json.loads(octets)['id']}/withdraw", b"", twin="-lost")
        return status, octets

    def bend(self, path, body):
        """What is asked for, or something else."""
        if path == "/v1/me/grants" and self.lie in ("uses", "department") and body:
            asked = json.loads(body)
            del asked["uses" if self.lie == "uses" else "departments"]
            return json.dumps(asked).encode()
        if path == "/v1/org/disclosures" and self.lie == "purpose":
            asked = json.loads(body)
            asked["purpose"] = self.told.setdefault(asked["relationship"], asked["purpose"])
            return json.dumps(asked).encode()
        return body

    @staticmethod
    def end_in_part(send):
        _, octets = send("GET", "/v1/me/grants?limit=200", b"")
        live = [item for item in json.loads(octets)["items"] if item["state"] == "active"]
        for item in live:
            if item["purpose"] == live[0]["purpose"]:
                send("POST", f"/v1/me/grants/{item['id']}/withdraw", b"")
        return 200, b'{"state":"ended"}'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, wbufsize, disable_nagle_algorithm = "HTTP/1.1", -1, True

    def setup(self):
        super().setup()
        self.line = Line(self.server.proxy.node)

    def finish(self):
        super().finish()
        self.line.close()

    def send_on(self, method, path, body, twin=""):
        key = self.headers.get("Idempotency-Key")
        self.line.fields = {name: self.headers[name] for name in ("Cookie", "Authorization") if name in self.headers}
        answer = self.line.call(method, path, json.loads(body) if body else None, key and key + twin)
        return answer.status, answer.body

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, octets = self.server.proxy.answer(self.command, self.path, body, self.send_on)
        except Cut:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_any

    def log_message(self, *_):
        """Says nothing."""
