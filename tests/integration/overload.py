# SPDX-License-Identifier: Apache-2.0
"""Goal: under more calls than it can do, a node goes on doing as much as before, turns the rest away with a word, and
whoever stops a permission is served within a second, also while one other person sends more stops than there is room
for; and one person's changes fill no queue for those of others. Method: reads, each durable, first from as many callers
as fill the node, then from four times as many, and then from more than its queue of writes takes, where waiting for a
turn at the sockets alone may take longer; people stop their permissions meanwhile. Two figures are judged: reads a
second, for which the callers take time from the node, and reads for each second of a processor that the node itself
took, for which they do not. The best of several rounds of each kind is compared, since other programs run on the
machine. Positive controls: the same load on a node that is stopped nine tenths of the time fails by the first figure,
on one that does other work besides it fails by the second; and a write that is not a stop is turned away while the
queue is full of the writes of an organisation.

With the data on a database server every call waits in the pool, before anybody looks at who sends it. There the crowds
are strangers, readers, and made-up sessions at a door that stops something; each time other people stop something, also
such as this server has not seen before; beside the made-up sessions those may have to read once before they stop, and
the log stays readable. Positive control: in the same moment a change that stops nothing, of somebody
known, is turned away by the crowd of readers."""
import collections
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from stress import Cut, RoughNode, Shop, seed_of_run

SLOW = float(os.environ.get("SLOW") or 1)
ROUNDS = int(os.environ.get("ROUNDS") or 3)
FULL, OVER = 64, 256
CROWD = 6000                 # more than LIMIT_WRITE_QUEUE, less than LIMIT_CONNECTIONS
POOL_CROWD = 1500            # more than LIMIT_POOL_QUEUE
LOG_LINES = 20               # LIMIT_LOG_LINES
SECONDS = 3
STOP_SECONDS = 1 * SLOW
HELD_SECONDS_MAX = 3         # less than LIMIT_STORE_BUSY_MS
# Of the peak, in reads a second and in reads for each second of a processor that the node took: a crowd's own work is
# done by the same cores as the node's (docs/decisions/0026-what-a-crowd-costs.md).
KEPT = {OVER: (0.9, 0.9), CROWD: (1 / 3, 0.6)}
KEPT_ON_SERVER = {OVER: (0.5, 0.85)}  # there the database has its part of the same cores as well

SCRIPT = """
wrk.method = "%s"
wrk.headers["Content-Type"] = "application/json"
local values = {%s}
local bodies = {%s}
local answers = {%s}
local at = 0
request = function()
  at = at + 1
  wrk.headers["%s"] = values[at %% #values + 1]
  return wrk.format(nil, "%s", nil, bodies[at %% #bodies + 1])
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
init = function() given, refused, other, told = 0, 0, 0, 0 end
response = function(status, headers)
  if answers[status] then given = given + 1
  elseif status == 503 or status == 429 then
    refused = refused + 1
    if headers["Retry-After"] then told = told + 1 end
  else other = other + 1 end
end
done = function(summary)
  local sums = {0, 0, 0, 0}
  for _, thread in ipairs(threads) do
    for i, name in ipairs({"given", "refused", "other", "told"}) do sums[i] = sums[i] + thread:get(name) end
  end
  io.write(string.format("FIGURES %%d %%d %%d %%d %%d\\n", sums[1], sums[2], sums[3], sums[4], summary.duration))
end
"""


class Load:
    """Callers of wrk; begins at once, ends by itself."""

    def __init__(self, node, script, callers, seconds=SECONDS):
        self.process = subprocess.Popen(
            ["wrk", "-t2", f"-c{callers}", f"-d{seconds}", "--timeout", "20s", "-s", script, node.url],
            stdout=subprocess.PIPE, text=True)

    def figures(self):
        words = re.search(r"FIGURES (\d+) (\d+) (\d+) (\d+) (\d+)", self.process.communicate(timeout=60)[0])
        self.given, self.refused, self.other, self.told, microseconds = map(int, words.groups())
        self.goodput = self.given * 1e6 / microseconds
        assert self.other == 0, f"{self.other} answers that were neither given nor turned away"
        assert self.told == self.refused, f"{self.refused - self.told} turned away without Retry-After"
        return self


def write_script(folder, name, method, target, fields, bodies, answers):
    """`fields`: one, with a value or several that take turns. A body None is none."""
    [(field, values)] = fields.items()
    values = [values] if isinstance(values, str) else values
    bodies = ["" if body is None else json.dumps(body) for body in bodies]
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(SCRIPT % (method, ", ".join(f'"{value}"' for value in values),
                             ", ".join(f"'{body}'" for body in bodies),
                             ", ".join(f"[{status}] = true" for status in answers), field, target))
    return path


def script_of_reads(folder, shop, customers):
    bodies = [{"relationship": customer.relationship, "purpose": shop.purposes[0], "attributes": ["pd:Name"]}
              for customer in customers]
    return write_script(folder, "reads.lua", "POST", "/v1/org/disclosures", shop.fields, bodies, [200])


def script_of_one(folder, customer):
    """Pauses, and changes that stop nothing, at the door of both. What fits no state is an answer as well."""
    bodies = [{"state": "paused"}, {"nature": "member"}, {"state": "active"}, {"nature": "customer"}]
    return write_script(folder, "one.lua", "PATCH", f"/v1/me/relationships/{customer.relationship}", customer.fields,
                        bodies, [200, 409])


def script_of_strangers(folder):
    return write_script(folder, "strangers.lua", "GET", "/log/key", {"Accept": "*/*"}, [None], [200])


def script_of_the_made_up(folder, customer):
    """Sessions that have the form of one; that they are none, the store alone can tell."""
    name, session = customer.fields["Cookie"].split("=")
    prefix, public_id, secret = session.split("_", 2)
    made_up = ["".join(random.choices(sorted(set(public_id)), k=len(public_id))) for _ in range(5000)]
    return write_script(folder, "made_up.lua", "PATCH", f"/v1/me/relationships/{customer.relationship}",
                        {"Cookie": [f"{name}={prefix}_{each}_{secret}" for each in made_up]}, [{"state": "paused"}],
                        [401])


def give(shop, customer, line):
    return line.call("POST", "/v1/me/grants", {"relationship": customer.relationship, "purpose": shop.purposes[0],
                                               "attributes": ["pd:Name"]})


class Stopping:
    """One person after the other stops something; each waits at most so long."""

    def __init__(self, shop, people):
        self.people = [(person, person.line(), give(shop, person, person.line()).expect(201).json["id"])
                       for person in people]
        self.took = []
        for _, line, _ in self.people:
            line.get("/v1/me").expect(200)

    def run(self):
        for person, line, grant in self.people:
            begin = time.monotonic()
            line.call("PATCH", f"/v1/me/relationships/{person.relationship}", {"state": "paused"}).expect(200)
            paused = time.monotonic()
            line.call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200)
            stopped = time.monotonic()
            line.call("POST", f"/v1/me/relationships/{person.relationship}/end", {}).expect(200)
            self.took += [paused - begin, stopped - paused, time.monotonic() - stopped]


class Halting:
    """A node that is stopped for nine tenths of each moment."""

    def __init__(self, node):
        self.pid, self.over = node.process.pid, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            time.sleep(0.09)
            os.kill(self.pid, signal.SIGCONT)
            time.sleep(0.01)


@contextlib.contextmanager
def other_work(node, callers):
    """Others ask for something that is longer than a read, as long as there are places for them."""
    with subprocess.Popen(["wrk", "-t1", f"-c{min(callers, 2000)}", f"-d{SECONDS}", "--timeout", "20s",
                           node.url + "/v1/kinds?limit=200"], stdout=subprocess.DEVNULL):
        yield


def processor_seconds(node):
    with open(f"/proc/{node.process.pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def round_of(node, script, callers):
    """Reads a second, and reads for each second of a processor."""
    before = processor_seconds(node)
    load = Load(node, script, callers).figures()
    return load.goodput, load.given / (processor_seconds(node) - before)


def better(one, other):
    return tuple(map(max, one, other))


def losers(best, kept):
    """Those numbers of callers from whom less is done than the bounds say; the peaks are the best of all."""
    peaks = [max(figures) for figures in zip(*best.values())]
    return [callers for callers, parts in kept.items()
            if any(figure < peak * part for figure, peak, part in zip(best[callers], peaks, parts))]


def goodput_holds(node, script, kept):
    best = dict.fromkeys((FULL, *kept), (0, 0))
    for turn in range(3 * ROUNDS):  # more of them where other programs work meanwhile
        for callers in best:
            best[callers] = better(best[callers], round_of(node, script, callers))
        if turn + 1 >= ROUNDS and not losers(best, kept):
            break
    for figure, of_what in enumerate(("reads a second", "reads for each second of a processor that the node took")):
        told = ", ".join(f"{figures[figure]:.0f} from {callers}" for callers, figures in best.items())
        figures = [each[figure] for each in best.values()]
        print(f"found: {of_what}: {told} callers; the least is {min(figures) / max(figures):.0%} of the peak")
    assert not losers(best, kept), best
    for callers in kept:
        with Halting(node):
            slower = {**best, callers: (round_of(node, script, callers)[0], best[callers][1])}
        assert losers(slower, kept) == [callers], f"control: a node that stands still most of the time: {slower}"
        print(f"control: {callers} callers of a node that is stopped nine tenths of the time: red, "
              f"{slower[callers][0]:.0f} a second")
        with other_work(node, callers):
            dearer = {**best, callers: (best[callers][0], round_of(node, script, callers)[1])}
        assert losers(dearer, kept) == [callers], f"control: a node that does other work as well: {dearer}"
        print(f"control: {callers} callers of a node that does other work as well: red, {dearer[callers][1]:.0f} for "
              "each second of a processor")


def stops_are_served(node, shop, script, callers, within):
    stopping = Stopping(shop, [shop.customer() for _ in range(4)])
    load = Load(node, script, callers)
    time.sleep(SECONDS / 4)
    stopping.run()
    load.figures()
    longest = max(stopping.took)
    print(f"found: {callers} callers: {load.given} given, {load.refused} turned away, pause, stop and end took at most "
          f"{longest * 1000:.0f} ms")
    assert longest < within, stopping.took


def wait_until_full(customer, status=503, reason="store.queue_full"):
    """True once a write that stops nothing is turned away. One that waits instead is left to its fate; an answer takes
    its time in a crowd."""
    begin = time.monotonic()
    while time.monotonic() - begin < HELD_SECONDS_MAX:
        try:
            answer = customer.line(timeout=2).call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}})
        except Cut:
            continue
        answer.expect(status)
        assert answer.field("Retry-After") and answer.json["reason"] == reason, answer.body
        return True
    return False


def holder_of(node):
    """Another program that holds the file until it is told to let go."""
    holder = sqlite3.connect(os.path.join(node.data, "store", "people.db"), timeout=10, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def a_full_queue_has_room_for_a_stop(node, shop, script):
    """Another program holds the file, so that nothing is written and the queue fills: at once where nobody else works
    on this machine."""
    assert any(has_room_for_a_stop(node, shop, script) for _ in range(ROUNDS)), "the queue was never full"


def has_room_for_a_stop(node, shop, script):
    """False: the queue was not full in the time that the crowd had."""
    customer, bystander = shop.customer(), shop.customer()
    line = customer.line()
    grant = give(shop, customer, line).expect(201).json["id"]
    load = Load(node, script, CROWD)
    time.sleep(SECONDS / 4)
    holder = holder_of(node)
    full = wait_until_full(bystander)
    line.send("POST", f"/v1/me/grants/{grant}/withdraw")
    time.sleep(0.1)
    holder.execute("ROLLBACK")
    begin = time.monotonic()
    line.receive().expect(200)
    took = time.monotonic() - begin
    holder.close()
    load.figures()
    if not full or load.refused == 0:
        return False
    print(f"found: a full queue: {load.refused} turned away, each told when to come again; a stop sent then was done "
          f"{took * 1000:.0f} ms after the disk went on")
    assert took < STOP_SECONDS, took
    return True


def one_session_leaves_room_for_the_changes_of_others(node, shop):
    """Nothing is written while a crowd of one person comes: his share is full, and nobody else is turned away."""
    assert any(leaves_room_for_changes(node, shop) for _ in range(ROUNDS)), "his share was never full"


def leaves_room_for_changes(node, shop):
    """False: his share was not full in the time that the crowd had."""
    crowd, bystander = shop.customer(), shop.customer()
    line = bystander.line()
    line.get("/v1/me").expect(200)
    load = Load(node, script_of_one(node.folder, crowd), CROWD)
    time.sleep(SECONDS / 4)
    with contextlib.closing(holder_of(node)) as holder:
        full = wait_until_full(crowd, 429, "limit.waiting")
        line.send("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}})
        time.sleep(0.3)  # the crowd comes again and again meanwhile
        holder.execute("ROLLBACK")
    begin = time.monotonic()
    line.receive().expect(200)
    took = time.monotonic() - begin
    load.figures()
    if full:
        print(f"found: {CROWD} connections of one person while nothing is written: {load.refused} turned away; a "
              f"change of another was done {took * 1000:.0f} ms after the disk went on")
    return full


class OneChange:
    """Sent at the beginning, waited for to the end. One that is turned away takes for ever."""

    def __init__(self, line):
        self.line, self.took = line, None

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def __exit__(self, *_):
        self.thread.join()

    def run(self):
        begin = time.monotonic()
        answer = self.line.call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).expect(200, 503)
        self.took = time.monotonic() - begin if answer.status == 200 else float("inf")


def one_session_leaves_room_for_the_stops_of_others(node, shop, callers):
    """More at once than his share holds, all of one person; the best of several rounds, as above. Gives the longest of
    the stops, and how long a change took beside them that stops nothing."""
    script = script_of_one(node.folder, shop.customer())
    longest, beside = None, OneChange(shop.customer().line(timeout=20))
    for _ in range(3 * ROUNDS):  # more of them where other programs work meanwhile
        customer = shop.customer()
        line = customer.line()
        grants = [give(shop, customer, line).expect(201).json["id"] for _ in range(12)]
        load, took = Load(node, script, callers), []
        time.sleep(SECONDS / 4)
        with beside:
            for grant in grants:
                begin = time.monotonic()
                line.call("POST", f"/v1/me/grants/{grant}/withdraw").expect(200)
                took.append(time.monotonic() - begin)
                time.sleep(0.1)
        load.figures()
        assert load.refused > 0, "nobody was turned away"
        longest = min(longest or max(took), max(took))
        print(f"found: {callers} connections of one person: {load.given} answered, {load.refused} turned away, 12 "
              f"stops of another took at most {max(took) * 1000:.0f} ms")
        if longest < STOP_SECONDS:
            break
    assert longest < STOP_SECONDS, longest
    return longest, beside.took


def change_ten_times(line, changes):
    for _ in range(10):
        changes[line.call("PUT", "/v1/me/attributes/pd:Name", {"value": {"name": "Ada"}}).status] += 1


def come_again_behind_a_read(stopping):
    """Made-up sessions may fill the part of the line for those whom the node has not met, and only the database tells
    them apart. Whoever is turned away there is known behind his first read. Gives how many were."""
    turned_away = 0
    for person, line, _ in stopping.people:
        answer = line.call("PATCH", f"/v1/me/relationships/{person.relationship}", {"state": "paused"})
        assert answer.status == 200 or (answer.status, answer.json["reason"]) == (503, "server.busy"), answer.body
        if answer.status == 503:
            turned_away += 1
            line.get("/v1/me").expect(200)
            line.call("PATCH", f"/v1/me/relationships/{person.relationship}", {"state": "paused"}).expect(200)
        line.call("PATCH", f"/v1/me/relationships/{person.relationship}", {"state": "active"}).expect(200)
    stopping.run()
    return turned_away


def a_crowd_leaves_the_log_readable(node):
    """One event has twenty lines in a second of the node; two of those may begin in one of the clock's."""
    lines = [json.loads(line) for line in node.read_log().splitlines() if line.startswith("{")]
    in_seconds = collections.Counter(line["at"][:19] for line in lines if line["event"] == "request.put_off")
    left_out = sum(line["count"] for line in lines if line["event"] == "log.left_out"
                   and line["lines_of"] == "request.put_off")
    print(f"found: of {left_out + in_seconds.total()} calls put off {in_seconds.total()} stand in the log, at most "
          f"{max(in_seconds.values())} of one second; the rest by their number")
    assert left_out > 0 and max(in_seconds.values()) <= 2 * LOG_LINES, in_seconds


def the_pool_has_room_for_stops(node, shop, name, script):
    """Beside a crowd that its other line turns away. Gives how many changes that stop nothing were turned away."""
    bystander = shop.customer().line()
    known, new = (Stopping(shop, [shop.customer() for _ in range(3)]) for _ in range(2))
    node.end()
    node.start()  # it has seen nobody now
    for _, line, _ in known.people:
        line.get("/v1/me").expect(200)
    load = Load(node, script, POOL_CROWD, 4 * SECONDS)
    time.sleep(SECONDS / 4)
    changes = collections.Counter()
    for stopping in (known, new)[:1 if name == "made-up sessions" else 2]:
        stopping.run()
        change_ten_times(bystander, changes)
    if name == "made-up sessions":
        print(f"found: {come_again_behind_a_read(new)} of {len(new.people)} whom the node had not met had to read")
    while name == "readers" and changes[503] == 0 and changes.total() < 200:
        change_ten_times(bystander, changes)
    assert load.process.poll() is None, "the crowd had left"
    load.figures()
    took = known.took + new.took
    print(f"found: {POOL_CROWD} {name} before a database: {load.given} answered, {load.refused} turned away; "
          f"{len(took)} stops of others took at most {max(took) * 1000:.0f} ms; of {changes.total()} changes of "
          f"somebody known {changes[503]} were turned away")
    assert load.refused > 0 and set(changes) <= {200, 503}, changes
    assert max(took) < STOP_SECONDS, took
    return changes[503]


def before_a_database(node, shop, script):
    longest, other = one_session_leaves_room_for_the_stops_of_others(node, shop, POOL_CROWD)
    assert other is not None and other > longest, f"control: a change that stops nothing took {other} s"
    print(f"control: what does not go first, beside {POOL_CROWD} connections of one person: red, {other:.1f} s")
    crowds = {"strangers": script_of_strangers(node.folder), "readers": script,
              "made-up sessions": script_of_the_made_up(node.folder, shop.customer())}
    turned_away = {name: the_pool_has_room_for_stops(node, shop, name, crowd) for name, crowd in crowds.items()}
    assert turned_away["strangers"] == turned_away["made-up sessions"] == 0, turned_away
    assert turned_away["readers"] > 0, "control: nothing was turned away"
    a_crowd_leaves_the_log_readable(node)
    print(f"control: what has no room kept for it, beside {POOL_CROWD} readers: red, {turned_away['readers']} changes "
          "turned away")


def before_files(node, shop, script):
    stops_are_served(node, shop, script, CROWD, 3 * STOP_SECONDS)  # they wait for their turn at the sockets
    a_full_queue_has_room_for_a_stop(node, shop, script)
    one_session_leaves_room_for_the_changes_of_others(node, shop)
    one_session_leaves_room_for_the_stops_of_others(node, shop, CROWD)


def main():
    seed_of_run()
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 1)
        customers = [shop.customer() for _ in range(20)]
        for customer in customers:
            give(shop, customer, customer.line()).expect(201)
        script = script_of_reads(node.folder, shop, customers)
        goodput_holds(node, script, KEPT_ON_SERVER if node.database else KEPT)
        stops_are_served(node, shop, script, OVER, STOP_SECONDS)
        (before_a_database if node.database else before_files)(node, shop, script)
        assert not node.complaints(), node.complaints()[:5]
        node.expect_sound()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
