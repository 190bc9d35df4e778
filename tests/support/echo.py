# SPDX-License-Identifier: Apache-2.0
"""Starts tests/support/echo_server.c, speaks to it over raw sockets, and reads the table of framing cases."""
import ast
import os
import re
import resource
import select
import signal
import socket
import subprocess
import time

SUPPORT = os.path.dirname(os.path.abspath(__file__))


class Reply:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return values[0] if len(values) == 1 else None


class Connection:
    """A client that sees every byte. Each read waits at most `timeout` seconds."""

    def __init__(self, address, timeout=5.0, source=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout, source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False when the server has closed the connection meanwhile."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return len(data) > 0

    def read_to_end(self, bytes_max=1 << 22):
        while self._more():
            assert len(self.buffer) <= bytes_max, "the answers have no end"

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise EOFError(repr(self.buffer[:200]))
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def reply(self, body=True):
        """The next reply; `body` False for HEAD. EOFError when the server closed instead."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Za-z ]*", lines[0])
        assert match, lines[0]
        fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        reply = Reply(int(match[1]), fields, b"")
        size = int(reply.field("Content-Length") or 0) if body else 0
        while len(self.buffer) < size:
            if not self._more():
                raise EOFError("in a body")
        reply.body, self.buffer = self.buffer[:size], self.buffer[size:]
        return reply

    def readable(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])

    def at_end(self):
        """True when the server closes without another byte."""
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def get(self, path):
        self.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        return self.reply()


class EchoServer:
    def __init__(self, program, files_max=None, **options):
        def limit():
            if files_max is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
        arguments = ["%s=%d" % pair for pair in options.items()]
        self.process = subprocess.Popen([program] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=limit)
        line = self.process.stdout.readline().decode()
        self.address = line.split()[1] if line.startswith("ready ") else None

    def __enter__(self):
        assert self.address is not None, self.process.stderr.read()
        return self

    def __exit__(self, *_):
        self.terminate()
        errors = self.finish()
        assert self.process.returncode == 0, (self.process.returncode, errors)

    def connect(self, timeout=5.0):
        return Connection(self.address, timeout)

    def terminate(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def finish(self, timeout=15):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        errors = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return errors

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def allow_many_files():
    """Thousands of connections want as many descriptors, here and in the programs that are started from now on."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def wait_until(condition, seconds=3.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def expand(pattern):
    """b"{ab*3}" as b"ababab"."""
    pattern = re.sub(rb"\{([^{}]*)\*(\d+)\}", lambda m: m[1] * int(m[2]), pattern, flags=re.S)
    inner = re.compile(rb"\{([^{}]*)\*(\d+)\}", re.S)
    return expand(pattern) if inner.search(pattern) else pattern


def framing_cases():
    """(what, statuses, reason, bytes) of tests/support/framing.def; `reason` None when nothing is refused."""
    with open(os.path.join(SUPPORT, "framing.def")) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    literal = r'"(?:[^"\\]|\\.)*"'
    cases = []
    for case in re.finditer(r"CASE\(\s*(%s)\s*,\s*(%s)\s*,((?:\s*%s)+)\s*\)" % (literal, literal, literal), text):
        data = b"".join(ast.literal_eval("b" + piece) for piece in re.findall(literal, case[3]))
        words = ast.literal_eval(case[2]).split()
        reason = words.pop() if words[-1].startswith("http.") else None
        cases.append((ast.literal_eval(case[1]), [int(status) for status in words], reason, expand(data)))
    assert len(cases) == text.count("CASE(") >= 290
    return cases
