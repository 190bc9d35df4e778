# SPDX-License-Identifier: Apache-2.0
"""Our reader of HTTP/1.1 against python3-h11, on generated and mutated requests. Whatever we take, h11 takes too, with
the same method, target, fields, body and end; what h11 takes and we refuse is refused for one of the reasons listed
below. SEED= repeats a run, COUNT= sets its length."""
import json
import os
import random
import struct
import subprocess
import sys

import h11

READER = sys.argv[1]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
COUNT = int(os.environ.get("COUNT") or 6000)

# Where we are stricter than h11, and why that is meant.
STRICTER = {
    "http.framing": "h11 lets Transfer-Encoding win over Content-Length, joins equal lengths, takes chunks in HTTP/1.0",
    "http.content_length": "h11 takes '5, 5' and leading zeros",
    "http.chunk": "h11 takes sizes of up to 20 digits, and white space behind them",
    "http.chunk_extension": "h11 skips them",
    "http.trailer": "h11 reads them",
    "http.body": "h11 has no maximum of its own",
    "http.bare_lf": "h11 takes LF as a line end, as RFC 9112 section 2.2 allows",
    "http.folding": "h11 joins folded lines",
    "http.control": "h11 takes control characters other than NUL and white space in values",
    "http.field_value": "h11 takes obs-text that is not UTF-8",
    "http.host": "h11 does not look into Host",
    "http.target": "h11 takes any visible character",
    "http.method": "h11 leaves CONNECT to the application",
    "http.version": "h11 takes every HTTP/1.x",
    "http.expect": "h11 ignores expectations that it does not know",
    "http.connection": "h11 does not check the members of Connection",
    "http.field_count": "h11 limits bytes, not fields",
    "http.request_line": "h11 has one limit for the whole head",
}

METHODS = [b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"HEAD", b"PATCH", b"M-SEARCH", b"CONNECT", b"get", b"PO(ST"]
TARGETS = [b"/", b"/a", b"/v1/me?a=b&c=d%20e", b"/a?b?c", b"*", b"http://x/a", b"http://y/", b"/%zz", b"/a#b", b"/\"",
           b""]
VERSIONS = [b"HTTP/1.1"] * 50 + [b"HTTP/1.0"] * 6 + [b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 "]
HOSTS = [b"Host: x"] * 60 + [b"host:x:80", b"HOST:\tx \t", b"Host: ", b"Host: x/y", b"Host: [::1]", b"",
                            b"Host: x\r\nHost: x"]
FIELDS = [b"X-A: b", b"x-a:b", b"X-A: \t b c\t", b"X-A:", b"Accept: */*", b"Cookie: a=b; c=d", b"Connection: close",
          b"Connection: keep-alive", b"Connection: a b", b"Expect: 100-continue", b"Expect: x", b"X-A : b", b"X A: b",
          b"X-A: b\r\n c", b" X-A: b", b"X-A: \xc3\xa9", b"X-A: \xe9", b"X-A: \x01", b"X-A: b\0", b"X-A", b": b",
          b"Authorization: Bearer abc", b"Transfer-Encoding: gzip", b"Content-Length: 0", b"TE: trailers",
          b"X-!#$%&'*+-.^_`|~: b"]
NOISE = [b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b":", b";", b",", b"0", b"5", b"\xff", b"chunked", b"x",
         b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n", b" HTTP/1.1\r\n"]


def chunked(rng, body):
    data, at = b"", 0
    while at < len(body):
        size = rng.randint(1, len(body) - at)
        extension = rng.choice([b""] * 20 + [b";a=b", b" "])
        digits = rng.choice([b"%x", b"%X", b"%x", b"%08x"]) % size if rng.random() < 0.95 else b"0x%x" % size
        data += digits + extension + b"\r\n" + body[at:at + size] + b"\r\n"
        at += size
    trailer = b"X-T: u\r\n" if rng.random() < 0.05 else b""
    return data + rng.choice([b"0"] * 9 + [b"000"]) + b"\r\n" + trailer + b"\r\n"


def usual(rng, choices, share=0.9):
    """Mostly one of the first few, which are fine."""
    return rng.choice(choices[:3]) if rng.random() < share else rng.choice(choices)


def generate(rng):
    body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 0, 1, 5, 40, 300])))
    count = rng.choice([0, 1, 2, 4] if rng.random() < 0.95 else [5, 30, 70])
    fields = [usual(rng, FIELDS, 0.8) for _ in range(count)]
    framing = rng.random()
    if framing < 0.35:
        forms = [b"Content-Length: %d"] * 9 + [b"Content-Length: 0%d", b"Content-Length: +%d"]
        fields.append(rng.choice(forms) % len(body))
    elif framing < 0.7:
        fields.append(rng.choice([b"Transfer-Encoding: chunked"] * 6 + [b"transfer-encoding: Chunked"]))
        body = chunked(rng, body)
    elif framing < 0.75:
        fields += [b"Content-Length: %d" % len(body)] * 2
    elif framing < 0.8:
        fields += [b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]
        body = chunked(rng, body)
    else:
        body = b""
    host = rng.choice(HOSTS)
    line = usual(rng, METHODS) + b" " + usual(rng, TARGETS) + b" " + rng.choice(VERSIONS)
    lines = [line] + ([host] if host else [])
    rng.shuffle(fields)
    start = b"\r\n" if rng.random() < 0.03 else b""
    return start + b"\r\n".join(lines + fields) + b"\r\n\r\n" + body + rng.choice([b""] * 5 + [b"GET / HTTP/1.1\r\n"])


def mutate(rng, data):
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 4])):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice([0, 1, 1, 2, 9]))
        piece = rng.choice(NOISE) if rng.random() < 0.7 else bytes([rng.randrange(256)])
        how = rng.random()
        if how < 0.4:
            data = data[:at] + piece + data[at:]
        elif how < 0.7:
            data = data[:at] + data[end:]
        elif how < 0.9:
            data = data[:at] + piece + data[end:]
        else:
            data = data[:at] + data[at:end] * 2 + data[end:]
    return data


def read_with_h11(data):
    """None: refused. Otherwise what it understood; `done` False: it waits for more."""
    if data.startswith(b"\r\n"):  # RFC 9112 section 2.2: we forgive one empty line, h11 none
        data = data[2:]
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    seen = {"done": False, "body": b""}
    try:
        while not seen["done"]:
            event = connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                break
            if isinstance(event, h11.Request):
                seen.update(method=event.method, target=event.target, minor=int(event.http_version[2:]),
                            fields=list(event.headers))
            elif isinstance(event, h11.Data):
                seen["body"] += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                seen["done"] = True
    except h11.RemoteProtocolError:
        return None
    seen["left"] = len(connection.trailing_data[0])
    seen["keep_alive"] = connection.their_state is h11.DONE
    return seen


def same(data, ours, theirs):
    def value_of(name, value):
        return value.lower() if name == b"transfer-encoding" else value  # h11 writes it in small letters
    fields = [(bytes.fromhex(name).lower(), bytes.fromhex(value)) for name, value in ours["fields"]]
    return (theirs["done"] and bytes.fromhex(ours["method"]) == theirs["method"] and
            bytes.fromhex(ours["target"]) == theirs["target"] and ours["minor_version"] == theirs["minor"] and
            [(name, value_of(name, value)) for name, value in fields] == theirs["fields"] and
            bytes.fromhex(ours["body"]) == theirs["body"] and ours["used"] == len(data) - theirs["left"] and
            ours["keep_alive"] == theirs["keep_alive"])


def complaint(data, ours, theirs):
    """Why the two readings do not go together, or None."""
    if ours["outcome"] == "done":
        agreed = theirs is not None and same(data, ours, theirs)
        return None if agreed else "taken, but read differently or refused there"
    if theirs is None or not theirs["done"]:
        return None
    if ours["outcome"] == "more":
        return "we wait for more, h11 is done"
    return None if ours["reason"] in STRICTER else "refused for a reason that is not listed: " + ours["reason"]


def compare(requests, *options):
    """Complaints, and how often each pair of outcomes came."""
    records = b"".join(struct.pack(">I", len(data)) + data for data in requests)
    lines = subprocess.run([READER, *options], input=records, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    assert len(lines) == len(requests), "the reader stopped early"
    complaints, counts = [], {}
    for data, line in zip(requests, lines):
        ours, theirs = json.loads(line), read_with_h11(data)
        pair = (ours["outcome"], "refused" if theirs is None else "done" if theirs["done"] else "more")
        counts[pair] = counts.get(pair, 0) + 1
        if pair == ("refused", "done"):
            counts[ours["reason"]] = counts.get(ours["reason"], 0) + 1
        why = complaint(data, ours, theirs)
        if why is not None:
            complaints.append((why, data, ours, theirs))
    return complaints, counts


def main():
    print("SEED=%d COUNT=%d" % (SEED, COUNT))
    rng = random.Random(SEED)
    requests = [mutate(rng, generate(rng)) for _ in range(COUNT)]
    complaints, counts = compare(requests)
    for why, data, ours, theirs in complaints[:5]:
        print(why, data, ours, theirs, sep="\n  ")
    for key, count in sorted(counts.items(), key=str):
        print("  %-30s %6d" % (key if isinstance(key, str) else "we: %s, h11: %s" % key, count))
    assert not complaints, "%d of %d readings differ" % (len(complaints), COUNT)
    assert counts.get(("done", "done"), 0) > COUNT // 10, "hardly any request was taken: the comparison shows nothing"
    assert counts.get(("refused", "refused"), 0) > COUNT // 20, "hardly any request was refused"

    # The comparison itself is checked: a reader that forgives spaces before colons must be caught.
    caught, _ = compare(requests + [b"GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n"], "--lax")
    assert caught, "a lax reader went unnoticed"
    print("a lax reader is caught %d times" % len(caught))


if __name__ == "__main__":
    main()
