# SPDX-License-Identifier: Apache-2.0
"""Requests by chance: mostly fine ones with what else people send, and ways to spoil them."""

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
