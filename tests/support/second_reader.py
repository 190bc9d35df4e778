# SPDX-License-Identifier: Apache-2.0
"""What python3-h11, a reader of HTTP/1.1 that shares nothing with ours, understands of some bytes."""
import h11

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
    "http.head": "h11 has one limit for the whole head",
    "http.request_line": "h11 has one limit for the whole head",
}


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
    seen["keep_alive"] = connection.their_state in (h11.DONE, h11.MIGHT_SWITCH_PROTOCOL)
    return seen


def all_with_h11(data):
    """The requests that a server on h11 would take from one connection, in order."""
    found = []
    while data:
        seen = read_with_h11(data)
        if seen is None or not seen["done"]:
            break
        found.append(seen)
        if not seen["keep_alive"]:
            break
        data = data[len(data) - seen["left"]:]
    return found


def in_small_letters(fields):
    """Names without their case; h11 writes codings in small letters, so both do."""
    return [(name.lower(), value.lower() if name.lower() == b"transfer-encoding" else value) for name, value in fields]
