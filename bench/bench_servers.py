# SPDX-License-Identifier: Apache-2.0
"""Servers on one PostgreSQL: durable reads over HTTP keep-alive beside libpq's own calls, and two servers beside one.
Servers, database and client share all cores of the machine: two servers gain only what one leaves unused."""
import concurrent.futures

from http_load import Server, drive, first_reply, write_script
from measure import Bench, median, per_second, ratio
from postgres import PEOPLE, Database


def start(bench, database, folder):
    return Server(bench, bench.program, "serve", "--data", folder, "--store", database.url(folder),
                  "--listen", "127.0.0.1:0")


def together(*calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(*call) for call in calls]]


def ask_http(bench, folder, copy, script, server):
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    bare, ours = {64: [], 256: []}, {64: [], 256: []}
    commits = server.commits()
    for _ in range(rounds):
        found = bench.figures("postgres_bare", folder, 1, ms, 0, copy)
        for many in ours:
            bare[many] += found[f"raw_{many}"]
            ours[many].append(drive(bench, server, script, many))
    for many, turns in ours.items():
        rates = [turn["rate"] for turn in turns]
        bench.row(f"read over HTTP, {many} in flight, all cores",
                  f"{per_second(median(bare[many]))} by libpq, pipelined", per_second(median(rates)),
                  ratio(rates, bare[many]), "≥ 0.40")
        switches = median([turn["switches"] for turn in turns])
        bench.row(f"the server's CPU for one, and its context switches", "–",
                  f"{median([turn['cpu'] for turn in turns]):.0f} µs, {switches:.1f}", switches, "")
    shared = (server.commits() - commits) / sum(turn["replies"] for turns in ours.values() for turn in turns)
    bench.row("group commits a read", "–", f"{shared:.3f}", shared, "≤ 0.1")
    bench.must_hold(shared < 0.5, "reads in flight do not share their commits")


def ask_two(bench, script, servers):
    one, two = [], []
    many = 4 if bench.small else 64  # in a small world everybody meets everybody
    for _ in range(1 if bench.small else 5):
        one.append(drive(bench, servers[0], script, many)["rate"])
        turns = together(*[(drive, bench, server, script, many // 2) for server in servers])
        two.append(sum(turn["rate"] for turn in turns))
    bench.row(f"reads of two servers beside one, {many} in flight", f"{per_second(median(one))} of one",
              per_second(median(two)), ratio(two, one), "")


def ask_two_writers(bench, folder):
    """Two programs that give and stop, as the writers of two servers do; each draws other people."""
    def rate(seed):
        ms = 100 if bench.small else 2000
        return bench.figures("grant_profile", folder, 1, ms, seed)["ours_64"][0]

    one, two = [], []
    for turn in range(1 if bench.small else 5):
        one.append(rate(3 * turn + 1))
        two.append(sum(together((rate, 3 * turn + 2), (rate, 3 * turn + 3))))
    bench.row("grants or stops of two programs beside one, 64 in flight each", f"{per_second(median(one))} of one",
              per_second(median(two)), ratio(two, one), "")


with Bench("servers") as bench:
    database = Database(bench)
    folder = database.world(100 if bench.small else PEOPLE)
    copy = database.copy(folder)
    script, line = write_script(bench, folder)
    servers = [start(bench, database, folder)]
    first_reply(servers[0].port, line)
    ask_http(bench, folder, copy, script, servers[0])
    servers.append(start(bench, database, folder))
    ask_two(bench, script, servers)
    for server in servers:
        server.stop()
    room = database.ask(folder, "SELECT reloptions FROM pg_class WHERE oid = 'symbolon.disclosure_head'::regclass")
    bench.must_hold(room == "{fillfactor=50}", f"heads of reads have no room to change beside themselves: {room}")
    ask_two_writers(bench, folder)
