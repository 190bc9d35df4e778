# SPDX-License-Identifier: Apache-2.0
"""Goal: strangers who come in crowds keep nobody out. Method: thousands of half-sent bodies, more silent connections
than the node has places, and guesses at sign-in links and claim codes without end, all from one address and by nobody
who is known; meanwhile others stop something, ask whether the node lives, sign in and claim. Positive controls: an
engine whose bodies have no room of their own turns others away, one whose silent connections keep their places leaves
newcomers waiting, and a link that was used already is refused while the guessing lasts.

Usage: crowds.py ECHO_SERVER"""
import collections
import contextlib
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

from echo import Connection, EchoServer, allow_many_files, wait_until
from software_client import TYPE, Client
from software_passkey import SigningKey
from stress import RoughNode, Shop, seed_of_run

ECHO = sys.argv[1]
SLOW = float(os.environ.get("SLOW") or 1)
BODIES = 400
PLACES = 8192                # LIMIT_CONNECTIONS
CLAIMS_A_SECOND = 160        # of one code: ten at each thread that answers
PATIENCE = 5 * SLOW
GUESSERS = 4
JSON = "Content-Type: application/json\r\n"
FORM = "application/x-www-form-urlencoded"


def address_of(node):
    return f"{node.host}:{node.port}"


def half_body(path, length, sent, fields=""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\n{JSON}{fields}Content-Length: {length}\r\n\r\n").encode() + b" " * sent


def let_go(crowd):
    for connection in crowd:
        connection.close()


# ---- half-sent bodies

def crowd_of_bodies(address, octets, count=BODIES):
    """Connections that have sent all but the end of a body, or what the server let them send."""
    crowd = []
    for _ in range(count):
        crowd.append(Connection(address, PATIENCE))
        crowd[-1].send(octets)
    return crowd


def half_bodies_of_strangers(node, shop):
    """The doors that strangers have, those they have not, and those that stop something; with no key and with a wrong
    one. Whoever is known goes on, with small bodies and long ones."""
    person = shop.customer()
    line, stops = person.line(), f"/v1/me/relationships/{person.relationship}"
    crowd = crowd_of_bodies(address_of(node), half_body("/v1/claims", 4096, 4095))
    crowd += crowd_of_bodies(address_of(node), half_body("/v1/me/grants", 65536, 8192))
    crowd += crowd_of_bodies(address_of(node), half_body("/v1/me/grants", 65536, 65535, "Cookie: session=wrong\r\n"))
    crowd += crowd_of_bodies(address_of(node), half_body("/v1/me/relationships/rel_x/end", 8192, 8191))
    cookie = "".join(f"{name}: {value}\r\n" for name, value in person.fields.items())
    long_body = json.dumps({"relationship": person.relationship, "purpose": shop.purposes[0],
                            "attributes": ["pd:Name"]}).encode().ljust(60 * 1024)
    for state in ("paused", "active") * 3:
        line.call("PATCH", stops, {"state": state}).expect(200)
        with Connection(address_of(node), PATIENCE) as connection:
            connection.send(half_body("/v1/me/grants", len(long_body), 0, cookie) + long_body)
            answer = connection.reply()
            assert answer.status == (201 if state == "active" else 409), (state, answer.status, answer.body)
    line.call("POST", f"{stops}/end", {}).expect(200)
    waiting = sum(not connection.readable(0) for connection in crowd[:BODIES])
    assert waiting == BODIES, f"{BODIES - waiting} of those who were let wait did not"
    let_go(crowd)
    print(f"found: beside {len(crowd)} half-sent bodies of strangers each stop and each body of 60 KiB was taken")


def doors_take_no_more_than_they_need(node, shop):
    """Long bodies are refused by their announcement, and whoever is not known by what he holds beyond 8 KiB."""
    person = shop.customer()
    cookie = "".join(f"{name}: {value}\r\n" for name, value in person.fields.items())
    ends = f"/v1/me/relationships/{person.relationship}/end"
    tries = [("/v1/claims", 4096 + 1, 0, "", 413), ("/nowhere", 4096 + 1, 0, "", 413),
             ("/v1/me/grants", 65536 + 1, 0, cookie, 413), (ends, 8192 + 1, 0, cookie, 413),
             ("/v1/me/grants", 65536, 9000, "", 401), ("/v1/org/requests", 65536, 9000, cookie, 403),
             ("/v1/me/grants", 65536, 9000, "Cookie: session=wrong\r\n", 401)]
    for path, length, sent, fields, status in tries:
        with Connection(address_of(node), PATIENCE) as connection:
            connection.send(half_body(path, length, sent, fields))
            answer = connection.reply()
            assert answer.status == status, (path, length, answer.status, answer.body)
            assert answer.field("Connection") == "close" and json.loads(answer.body)["status"] == status


def others_are_heard(rounds, **options):
    """Whether a small body is taken beside half-sent long ones, by the engine alone, however often they come again."""
    with EchoServer(ECHO, bodies_bytes_max=1 << 20, **options) as server:
        crowd, status = [], 200
        for _ in range(rounds):
            crowd += crowd_of_bodies(server.address, half_body("/raw", 1 << 20, (1 << 20) - 1), 1)
            with server.connect(PATIENCE) as connection:
                connection.send(b"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
                status = connection.reply().status
            if status != 200:
                break
        let_go(crowd)
    return status == 200


# ---- silent connections

def silent_crowd(address, count, octets=b""):
    """Connections that say this and no more. Those that find no place wait before the door."""
    crowd = []
    for _ in range(count):
        place = socket.socket()
        place.setblocking(False)
        place.connect_ex(address)
        crowd.append(place)
        if len(crowd) % 256 == 0:
            time.sleep(0.01)  # the queue before the door is shorter than the crowd
    if octets:
        time.sleep(0.2)
        for place in crowd:
            try:
                place.send(octets)
            except OSError:  # not there yet
                continue
    return crowd


def is_answered(address, path, patience):
    try:
        with Connection(address, patience) as connection:
            return connection.get(path).status == 200
    except (TimeoutError, EOFError, ConnectionResetError):
        return False


def silent_connections_make_room(node, _):
    for name, octets in (("say nothing", b""), ("send half a head", b"GET / HTTP/1.1\r\nHost: "),
                         ("wait behind an answer", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                         ("send half a body", half_body("/v1/claims", 4096, 10))):
        crowd = silent_crowd((node.host, node.port), PLACES + 1200, octets)
        begin = time.monotonic()
        served = [is_answered(address_of(node), "/healthz", PATIENCE + 5) for _ in range(5)]
        took = time.monotonic() - begin
        let_go(crowd)
        assert all(served), f"{len(crowd)} connections that {name} keep others out: {served}"
        print(f"found: beside {len(crowd)} connections that {name} five others were answered in {took * 1000:.0f} ms")


def newcomers_are_answered(patience, **options):
    """The same of the engine alone, with few places."""
    with EchoServer(ECHO, connections_max=100, **options) as server:
        host, port = server.address.rsplit(":", 1)
        crowd = silent_crowd((host, int(port)), 150)
        answered = is_answered(server.address, "/a", patience)
        let_go(crowd)
    return answered


# ---- guesses

class Guessing:
    """Strangers who try these requests as fast as they can, until it is over."""

    def __init__(self, node, octets):
        self.node, self.over, self.statuses, self.failures = node, threading.Event(), {}, []
        self.octets = octets
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(GUESSERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        assert wait_until(lambda: self.statuses.get(429, 0) > 100, 60 * SLOW), "nobody was told to slow down"
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, number):
        try:
            with Connection(address_of(self.node), 30) as connection:
                while not self.over.is_set():
                    connection.send(self.octets[number % len(self.octets)])
                    status = connection.reply().status
                    self.statuses[status] = self.statuses.get(status, 0) + 1
        except Exception as failure:  # told on the main thread
            self.failures.append(failure)


def guesses_keep_nobody_out(node, shop):
    links = [node.run("person", "create", "--name", f"P{i}")["link"].removeprefix(node.url) for i in range(8)]
    line = shop.line()
    codes = [line.call("POST", "/v1/org/invitations", {}).expect(201).json["code"] for _ in range(8)]
    code = b'{"invitation":"7Q4K-M2XD-9RTA-H3VB"}'
    octets = [half_body("/v1/claims", len(code), 0) + code,
              b"POST /sign-in/sgn_x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
              b"GET /sign-in/sgn_x HTTP/1.1\r\nHost: x\r\n\r\n"]
    with Guessing(node, octets) as guessing:
        signed_in = [node.nobody.post(link).status for link in links]
        claimed = [node.nobody.post("/v1/claims", {"invitation": code}).status for code in codes]
        refused = [node.nobody.post(link).status for link in links for _ in range(4)]  # whichever thread hears it
    assert not guessing.failures, guessing.failures
    assert set(guessing.statuses) <= {401, 404, 429}, guessing.statuses
    assert signed_in == [303] * 8 and claimed == [201] * 8, (signed_in, claimed, guessing.statuses)
    assert 429 in refused, f"control: {refused}"
    print(f"found: beside {sum(guessing.statuses.values())} guesses from one address, {guessing.statuses.get(429)} of "
          f"them held back, 8 of 8 signed in and 8 of 8 claimed there")
    print("control: a link that was used already: red")


def guesses_keep_no_client_out(node, shop):
    """Who comes without a nonce, as everybody does first, is told it, and then has his token: also the one whose name
    the guesses bear. Each refusal says how much is left to that address, and when to come again."""
    client, named = (Client(node, shop.organisation, shop.department) for _ in range(2))
    own, named.key = named.key, SigningKey(os.urandom(32))
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": named.assertion()}
    named.key = own
    octets = [f"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
              f"{body}".encode() for body in (urllib.parse.urlencode(form), "x")]
    with Guessing(node, octets) as guessing:
        for caller in (client, named) * 4:
            told = caller.take_token().expect(400)
            assert told.json["error"] == "use_dpop_nonce", told.body
            token = caller.take_token(nonce=told.field("DPoP-Nonce")).expect(200)
            assert token.field("Retry-After") is None, token.fields
        guesses = [node.nobody.call("POST", "/oauth/token", "x", {"Content-Type": FORM}) for _ in range(64)]
    held_back = [reply for reply in guesses if reply.status == 429]  # whichever thread hears it
    assert not guessing.failures and set(guessing.statuses) <= {400, 401, 429}, (guessing.failures, guessing.statuses)
    assert held_back, "control: a guess from the same address"
    for reply in held_back:
        assert reply.json["error"] == "temporarily_unavailable" and reply.field("Retry-After") == "1", reply.fields
        assert reply.field("RateLimit-Policy") == '"token";q=1000;w=10', reply.fields
        assert reply.field("RateLimit") == '"token";r=0;t=10', reply.fields
    print(f"found: beside {guessing.statuses.get(429)} guesses at tokens that were held back 8 of 8 had theirs")


def a_code_is_counted_by_itself(node, shop):
    """Whoever holds a code for many does not empty it in a moment, and meets nobody else's limit with it."""
    line = shop.line()
    many = line.call("POST", "/v1/org/invitations", {"claims": 5000}).expect(201).json["code"]
    other = line.call("POST", "/v1/org/invitations", {"claims": 2}).expect(201).json["code"]
    statuses, began = collections.Counter(), time.monotonic()
    while statuses[429] == 0 and statuses.total() < 4000:
        statuses[node.nobody.post("/v1/claims", {"invitation": many}).status] += 1
    rate = statuses.total() / (time.monotonic() - began)
    if statuses[429] == 0 and rate < CLAIMS_A_SECOND:
        print(f"not run: the bound of one code; {rate:.0f} claims a second are all that a busy machine does")
        return
    assert statuses[429] == 1, f"one code may be claimed without end: {statuses}"
    node.nobody.post("/v1/claims", {"invitation": other}).expect(201)


def asked_at_once(connection, cookie, times):
    """The statuses of so many calls behind one another, and the head of the last that was refused, or else of the
    last: on a slow machine one more of them has its turn before all are read."""
    connection.send(f"GET /v1/me/recovery HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode() * times)
    replies = [connection.reply() for _ in range(times)]
    refused = [reply for reply in replies if reply.status == 429]
    return collections.Counter(reply.status for reply in replies), (refused or replies)[-1]


def who_calls_without_end_meets_his_own_count_alone(node, shop):
    """A session is refused, from however many addresses it comes. On that very connection, so at the same thread,
    another session of the same person is heard, and a key, and of the refused one what stops something."""
    if "DATABASE_SERVER" in os.environ:
        print("not run: the count of one session; the threads that ask a database each have one")
        return
    ada = node.person("Ada")
    cookie = ada.fields["Cookie"]
    link = node.run("person", "link", ada.id)["link"].removeprefix(node.url)
    other = node.nobody.post(link).expect(303).field("Set-Cookie").split(";")[0]
    statuses, began = collections.Counter(), time.monotonic()
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(Connection(address_of(node), PATIENCE, f"127.0.0.{2 + i}")) for i in range(4)]
        while statuses[429] == 0 and statuses.total() < 200000:
            line = lines[statuses.total() // 200 % len(lines)]
            counted, last = asked_at_once(line, cookie, 200)
            statuses += counted
            assert last.field("RateLimit") is None or statuses.total() >= 10000, last.fields
        if statuses[429] == 0 and statuses.total() / (time.monotonic() - began) < 2000 / SLOW:
            print("not run: the count of one session; a busy machine answers too few calls")
            return
        assert statuses[429] > 0 and statuses[200] >= 20000 and len(statuses) == 2, statuses
        assert last.field("RateLimit-Policy") == '"session";q=20000;w=20', last.fields
        assert last.field("Retry-After") == "1", last.fields
        assert asked_at_once(line, other, 200)[0] == {200: 200}
        key = shop.fields["Authorization"]
        line.send(f"GET /v1/org/departments HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n".encode())
        assert line.reply().status == 200
        asked_at_once(line, cookie, 2000)
        line.send(f"POST /v1/me/recovery/stop HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n"
                  "Content-Length: 0\r\n\r\n".encode())
        assert line.reply().status == 409  # nobody waits: it was heard
    print(f"found: {statuses[200]} calls of one session, then none; others on the same connection have theirs")


def main():
    seed_of_run()
    allow_many_files()
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        for step in (half_bodies_of_strangers, doors_take_no_more_than_they_need, guesses_keep_nobody_out,
                     guesses_keep_no_client_out, a_code_is_counted_by_itself,
                     who_calls_without_end_meets_his_own_count_alone, silent_connections_make_room):
            step(node, shop)
        assert not node.complaints(), node.complaints()[:5]
        node.expect_sound()
    assert others_are_heard(20), "small bodies are turned away"
    if "SLOW" in os.environ:  # a server that watches itself takes in a long body more slowly than the next one comes
        print("not run: the control of bodies without room of their own, under a sanitizer")
    else:
        assert not others_are_heard(200, body_own_bytes=0), "control: bodies without room of their own were taken"
        print("control: bodies without room of their own: red")
    assert newcomers_are_answered(PATIENCE), "newcomers wait"
    assert not newcomers_are_answered(2, silent_ms=60000), "control: silent connections that keep their places"
    print("control: silent connections that keep their places: red")
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
