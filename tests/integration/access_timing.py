# SPDX-License-Identifier: Apache-2.0
"""Goal: how long a 404 takes does not tell whether the thing is somebody else's or nowhere, and how long a sign-in
takes does not tell whether a person is here; nor does it tell a client whether a token is somebody else's or none.
Method: at every door that names a thing, each stranger asks in turn for one that is not his and for one that was never
made; at both doors of sign-in, nobody names in turn somebody with a passkey, somebody without and somebody who was
erased; a client asks about a token of another organisation and one that was never made. Welch's t over the times,
without the slowest tenth, must stay below 4.5. A machine has hiccups: red is what exceeds it three times with fresh
figures. Positive control: the same requests, of both kinds, with one of the answers 200 microseconds late, must exceed
it. With the data on a database server there is a network between, and the beat is long; late is there five
milliseconds, a fifth of it."""
import contextlib
import functools
import itertools
import os
import random
import socket
import statistics
import sys
import time
import urllib.parse

from access_doors import knocks_of
from access_policy import NOT_FOUND, read_policy, verdict
from access_wire import Stream, octets_of
from access_world import Thing, World
from database_proxy import DatabaseProxy
from running_node import Caller, RunningNode
from software_client import TYPE, Client
from software_passkey import Device, origin_of
from stress import seed_of_run

BOUND, TRIES = 4.5, 3
ON_SERVER = "DATABASE_SERVER" in os.environ
PAIRS, LATE_NS = (20, 5_000_000) if ON_SERVER else (200, 200_000)  # a beat there is long
LATE_COMMIT_NS = 10_000_000  # what is seen behind a commit, which takes now more and now less
PAIRS_OF_ADDRESS = 25  # fewer failures than one address may have
ONE_WAY_S = 0.0007  # of each message from node to server, and of each back
STRANGERS = {"desk": ("rel", "grt", "req", "rcp", "pur", "sys", "dep"), "sales": ("grt", "req", "rcp"),
             "eve": ("rel", "grt", "req", "rcp")}


def welch(one, other):
    cropped = [sorted(times)[:len(times) * 9 // 10] for times in (one, other)]
    spread = sum(statistics.variance(times) / len(times) for times in cropped)
    return (statistics.mean(cropped[0]) - statistics.mean(cropped[1])) / spread ** 0.5


def wait_until_ns(end):
    while time.perf_counter_ns() < end:
        pass


def connect(node, dice):
    """From an address of its own: what fails is counted by address."""
    stream = Stream(node, f"127.{dice.randint(1, 254)}.{dice.randint(1, 254)}.{dice.randint(1, 254)}")
    stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def measure(node, pair, dice, late_ns=0):
    """The times of the first, made so late, and of the second, in pairs whose order is thrown."""
    times, stream, status = ([], []), connect(node, dice), pair[2]
    for at in range(1, PAIRS + 1):
        if at % PAIRS_OF_ADDRESS == 0:
            stream.socket.close()
            stream = connect(node, dice)
        for which in dice.sample((0, 1), 2):
            method, octets = pair[which]
            octets = octets() if callable(octets) else octets
            began = time.perf_counter_ns()
            stream.socket.sendall(octets)
            answer = stream.answer(method)
            wait_until_ns(time.perf_counter_ns() + (late_ns if which == 0 else 0))
            times[which].append(time.perf_counter_ns() - began)
            assert answer.status == status, (octets, answer.status, answer.body)
    stream.socket.close()
    return welch(*times)


def pairs_of(world):
    """(what is tried, the two requests): every door that names a thing, by everybody to whom it is not told."""
    for door in read_policy():
        for name, kinds in STRANGERS.items():
            caller = world.parties[name]
            for knock in knocks_of(door):
                for place in set(knock.places) & set(kinds):
                    foreign = world.find(place, **({"person": "ada"} if place in ("rel", "grt", "req", "rcp") else {}))
                    both = [{**{other: caller.own[other] for other in knock.places}, place: thing}
                            for thing in (foreign, Thing(place, f"{place}_" + "0" * 26, exists=False))]
                    if all(verdict(door, caller, [chosen[p] for p in knock.places]) == NOT_FOUND for chosen in both):
                        yield f"{door} {place} by {name}", [*(knock.request(caller, chosen) for chosen in both), 404]


def sign_in_with(node, stranger, who):
    """A good signature of a passkey that is nobody's. What fails spends no challenge."""
    stranger.user_handle = who.encode()
    options, fields = stranger.begin(node)
    proof = {"credential": stranger.get(options, origin_of(node))}
    return octets_of(Caller(node, fields), "POST", "/v1/sign-in", proof)


def sign_in_pairs(node):
    """Whether somebody has a passkey, has none, or is not here any more."""
    people, stranger = {name: node.person(name.title()) for name in ("passkey", "none", "erased")}, Device()
    Device().register(people["passkey"]).expect(201)
    people["erased"].post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
    for names in itertools.combinations(people, 2):
        ids = [people[name].id for name in names]
        yield f"options of {names}", [*(("POST", octets_of(node.nobody, "POST", "/v1/sign-in/options", {"person": who}))
                                        for who in ids), 200]
        yield f"sign-in of {names}", [*(("POST", sign_in_with(node, stranger, who)) for who in ids), 401]


def question(client, token):
    """Whoever asks signs each time anew."""
    form = urllib.parse.urlencode({"client_assertion_type": TYPE, "client_assertion": client.assertion(),
                                   "token": token}).encode()
    return octets_of(client.node.nobody, "POST", "/oauth/introspect", form, "application/x-www-form-urlencoded")


def introspection_pairs(node, world):
    """Whether a token is of another organisation, or was never made."""
    asks, other = (Client(node, *(world.ids[name] for name in names))
                   for names in (("red", "desk"), ("blue", "shipping")))
    foreign = other.token(grant_type="client_credentials").expect(200).json["access_token"]
    prefix, public_id, secret = foreign.split("_", 2)
    tokens = foreign, f"{prefix}_{public_id[::-1]}_{secret}"
    assert asks.look(tokens[0]) == asks.look(tokens[1]) == {"active": False} and other.look(foreign)["active"]
    yield "introspection", [*(("POST", functools.partial(question, asks, token)) for token in tokens), 200]


def exceeds(node, pair, dice):
    """The figures, as long as they exceed the bound."""
    figures = []
    while len(figures) < TRIES and (not figures or abs(figures[-1]) >= BOUND):
        figures.append(measure(node, pair, dice))
    return figures


class FarNode(RunningNode):
    """Its data are beyond a network: there its beat is long."""

    def start(self, *options):
        if self.proxy is not None:
            self.store[1] = f"postgresql://tester@127.0.0.1:{self.proxy.port}/{self.database}"
        return super().start(*options)


@contextlib.contextmanager
def a_node():
    """And what makes the way to the database server long, where there is one, once the world is made."""
    with contextlib.ExitStack() as stack:
        node = FarNode("--dev")
        node.proxy = stack.enter_context(DatabaseProxy(os.environ["DATABASE_SERVER"])) if ON_SERVER else None
        yield stack.enter_context(node), lambda: ON_SERVER and setattr(node.proxy, "delay", (ONE_WAY_S, ONE_WAY_S))


def main():
    seed = seed_of_run()
    with a_node() as (node, set_out):
        world, dice = World(node), random.Random(seed)
        pairs, signing_in = list(pairs_of(world)), list(sign_in_pairs(node))
        looking_on = list(introspection_pairs(node, world))
        assert len(pairs) > 40, len(pairs)
        set_out()
        tried = pairs + signing_in + looking_on
        figures = [exceeds(node, pair, dice) for _, pair in tried]  # in turn: company blurs the times
        red = [(name, found) for (name, _), found in zip(tried, figures) if abs(found[-1]) >= BOUND]
        assert not red, red
        seen = next(pair for name, pair in pairs if name.startswith("GET")), signing_in[0][1], signing_in[1][1]
        for named, late_ns in [*((pair, LATE_NS) for pair in seen), (looking_on[0][1], LATE_COMMIT_NS)]:
            control = [abs(measure(node, named, dice, late_ns)) for _ in range(TRIES)]
            assert max(control) >= BOUND, f"{late_ns} ns are not seen: {control}"
            print(f"control: answers {named[2]} that are {late_ns // 1000} microseconds late: red, "
                  f"|t| {max(control):.0f}")
    most = max(abs(found[-1]) for found in figures)
    print(f"found: {len(figures)} pairs of requests, |t| at most {most:.1f}, "
          f"{sum(len(found) > 1 for found in figures)} measured again")


if __name__ == "__main__":
    sys.exit(main())
