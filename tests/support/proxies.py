# SPDX-License-Identifier: Apache-2.0
"""nginx and haproxy before a server, each as strict and as lax as its options allow, and a tap between proxy and server
that keeps every byte. A proxy marks each request that it sends on with an id of its own, and its log tells what it
understood. All of them meet at Unix sockets in a scratch folder."""
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from typing import NamedTuple

from echo import Connection

MARK = "X-Proxy-Id"

NGINX = """
daemon off; master_process off; worker_processes 1; pid %(folder)s/pid; error_log %(folder)s/errors;
events { worker_connections 1024; }
http {
  log_format told escape=json '{"id":"$request_id","method":"$request_method","target":"$request_uri",'
                              '"body":"$request_body","status":"$upstream_status"}';
  access_log %(folder)s/log told;
  client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
  uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
  client_header_timeout 5s; client_body_timeout 5s; client_max_body_size 4m;
  upstream node { server unix:%(folder)s/behind; keepalive 1; }
  server {
    listen unix:%(folder)s/before;
    %(options)s
    location / {
      proxy_pass http://node; proxy_http_version 1.1; proxy_next_upstream off;
      proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_set_header """ + MARK + """ $request_id;
    }
  }
}
"""

HAPROXY = """
global
  log stdout len 65535 format raw local0
  nbthread 1
  hard-stop-after 10s
  tune.bufsize 65536
  tune.http.logurilen 16384
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout http-request 5s
  timeout server 20s
frontend before
  bind unix@%(folder)s/before
  unique-id-format %%[uuid()]
  unique-id-header """ + MARK + """
  declare capture request len 65536
  %(options)s
  log-format "told %%ID %%ST %%Tr %%s %%[capture.req.hdr(0)] %%[capture.req.method] %%[capture.req.uri]"
  default_backend node
backend node
  http-reuse always
  server node unix@%(folder)s/behind
"""


class Kind(NamedTuple):
    program: str
    configuration: str
    options: str
    keeps_chunks: bool  # they go on to the server as chunks
    streams: bool       # a head goes on before its body has come


KINDS = {
    "nginx": Kind("nginx", NGINX, "", False, False),
    "nginx, lax": Kind("nginx", NGINX, "proxy_request_buffering off; ignore_invalid_headers off; merge_slashes off; "
                       "underscores_in_headers on; large_client_header_buffers 8 64k;", True, True),
    "haproxy": Kind("haproxy", HAPROXY, "option http-buffer-request\n  http-request capture req.body,base64 id 0",
                    True, False),
    "haproxy, lax": Kind("haproxy", HAPROXY, "option accept-invalid-http-request", True, True),
}


def program_of(name):
    """The path of a proxy's program, or None."""
    return shutil.which(KINDS[name].program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Sent:
    """What a proxy says of one request. `status` None: the server did not answer it; another None: it does not tell."""

    def __init__(self, method, target, body, status):
        self.method, self.body, self.status = method, body, status
        self.target = None if target is None else origin_form(target)


def origin_form(target):
    """Path and query alone: what a proxy tells of http://x/a?b."""
    rest = re.sub(r"(?i)^https?://[^/?]*", "", target)
    return rest if rest.startswith(("/", "*")) else "/" + rest


def connect_unix(path):
    connection = Connection.__new__(Connection)
    connection.socket, connection.buffer = socket.socket(socket.AF_UNIX), b""
    connection.socket.settimeout(30)
    connection.socket.connect(path)
    return connection


class Tap:
    """Listens at `path` and passes everything on to the server at `address`; keeps both directions of each
    connection."""

    def __init__(self, path, address):
        self.path, self.address, self.recorded, self.passing = path, address, [], []

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.passing:  # what the server answers to a proxy that has gone is kept as well
            thread.join(20)

    def sizes(self):
        """How much came from the proxy, by connection."""
        return [len(up) for up, _ in list(self.recorded)]

    def _accept(self):
        while True:
            try:
                before, _ = self.listener.accept()
            except OSError:
                return
            behind = Connection(self.address, 60).socket
            up, down = bytearray(), bytearray()
            self.recorded.append((up, down))
            for source, target, kept in ((before, behind, up), (behind, before, down)):
                thread = threading.Thread(target=self._pass_on, args=(source, target, kept), daemon=True)
                self.passing.append(thread)
                thread.start()

    @staticmethod
    def _pass_on(source, target, kept):
        with contextlib.suppress(OSError):  # either end may leave
            while data := source.recv(65536):
                kept += data
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class Proxy:
    """One of KINDS before the server at `address`, in an empty folder."""

    def __init__(self, name, folder, address):
        self.folder, (self.program, text, options, *_) = folder, KINDS[name]
        self.arguments = [program_of(name)]
        with open(os.path.join(folder, "config"), "w") as file:
            file.write(text % {"folder": folder, "options": options})
        self.arguments += ["-p", folder, "-c", os.path.join(folder, "config")] if self.program == "nginx" else \
                          ["-db", "-f", os.path.join(folder, "config")]
        self.tap = Tap(os.path.join(folder, "behind"), address)

    def __enter__(self):
        self.tap.__enter__()
        with open(os.path.join(self.folder, "log"), "ab") as log, \
                open(os.path.join(self.folder, "errors"), "ab") as errors:
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=errors)
        end = time.monotonic() + 20
        while True:
            try:
                self.connect().close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    with open(os.path.join(self.folder, "errors")) as file:
                        raise AssertionError("%s did not start: %s" % (self.program, file.read()[-1000:])) from None
                time.sleep(0.02)

    def __exit__(self, *_):
        if self.process.poll() is None:  # either finishes, and tells, what it has begun
            self.process.send_signal(signal.SIGQUIT if self.program == "nginx" else signal.SIGUSR1)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.tap.__exit__()

    def connect(self):
        return connect_unix(os.path.join(self.folder, "before"))

    def sent(self):
        """By id, what the proxy sent on or would have; whole only after the proxy has ended."""
        with open(os.path.join(self.folder, "log"), encoding="latin-1", newline="\n") as file:
            lines = file.read().split("\n")[:-1]
        read = self._read_nginx if self.program == "nginx" else self._read_haproxy
        return dict(filter(None, map(read, lines)))

    @staticmethod
    def _read_nginx(line):
        told = json.loads(line)
        status = int(told["status"]) if told["status"].isdigit() else None
        return told["id"], Sent(told["method"], told["target"], told["body"].encode("latin-1") or None, status)

    @staticmethod
    def _read_haproxy(line):
        words = line.split(" ", 7)
        if words[0] != "told":
            return None  # about itself
        _, marker, status, waited, server, body, method, target = words
        body = base64.b64decode(body) if body != "-" else None
        answered = server == "node" and int(waited) >= 0
        return marker, Sent(method, target if target != "-" else None, body, int(status) if answered else None)
