# SPDX-License-Identifier: Apache-2.0
"""Many small requests in a short time: a batch goes over one connection in one piece and is answered in order, several
threads at a time. Each batch comes from an address of its own, so that no rate limit takes the callers for one."""
import json
import re
import socket
import threading

from stress import together

BATCH = 60
THREADS = 24


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    @property
    def reason(self):
        """The word of a refusal; at the doors of OAuth, OAuth's own."""
        if b"application/problem+json" in self.head:
            return json.loads(self.body)["reason"]
        return json.loads(self.body)["error"] if self.status >= 400 and b"application/json" in self.head else None

    def bare(self):
        """All that a caller can compare: without moment and name of the request, and how many more he may try."""
        head = re.sub(rb"\r\n(Date|X-Request-Id|RateLimit|RateLimit-Policy): [^\r]*", b"", self.head)
        return head, re.sub(rb'"request_id":"[^"]+"', b"", self.body)


def octets_of(caller, method, path, body=None, content_type="application/json"):
    lines = [f"{method} {path} HTTP/1.1", "Host: node"] + [f"{name}: {value}" for name, value in caller.fields.items()]
    content = b""
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Stream:
    """The answers of one connection, in order."""

    def __init__(self, node, address):
        self.socket = socket.create_connection((node.host, node.port), 60, (address, 0))
        self.rest = b""

    def more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise EOFError
        self.rest += data

    def answer(self, method):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        size = int(length.group(1)) if length and method != "HEAD" else 0
        while len(self.rest) < size:
            self.more()
        body, self.rest = self.rest[:size], self.rest[size:]
        return Answer(int(head[9:12]), head, body)


def ask(node, address, requests):
    """Answers to (method, octets); what was not answered before the connection ended is asked again."""
    answers = []
    while len(answers) < len(requests):
        before, stream = len(answers), Stream(node, address)
        try:
            stream.socket.sendall(b"".join(octets for _, octets in requests[before:]))
            for method, _ in requests[before:]:
                answers.append(stream.answer(method))
        except (EOFError, ConnectionError):
            assert len(answers) > before, ("no answer", requests[before])
        finally:
            stream.socket.close()
    return answers


def ask_all(node, requests):
    """Answers to all of (method, octets), in their order."""
    batches = [requests[at:at + BATCH] for at in range(0, len(requests), BATCH)]
    answers, places, lock = [None] * len(batches), iter(range(len(batches))), threading.Lock()

    def work(_):
        with lock:
            at = next(places, None)
        while at is not None:
            answers[at] = ask(node, f"127.{1 + at // 250}.{at % 250}.1", batches[at])
            with lock:
                at = next(places, None)

    together(THREADS, work)
    return [answer for batch in answers for answer in batch]
