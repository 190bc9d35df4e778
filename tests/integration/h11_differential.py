# SPDX-License-Identifier: Apache-2.0
"""Our reader of HTTP/1.1 against python3-h11, on the table of framing cases and on generated and mutated requests.
Whatever we take, h11 takes too, with the same method, target, fields, body and end; what h11 takes and we refuse is
refused for one of the reasons that tests/support/second_reader.py lists. SEED= repeats a run, COUNT= sets its
length."""
import json
import os
import random
import struct
import subprocess
import sys

from echo import framing_cases
from request_dice import generate, mutate
from second_reader import STRICTER, in_small_letters, read_with_h11

READER = sys.argv[1]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
COUNT = int(os.environ.get("COUNT") or 6000)


def same(data, ours, theirs):
    fields = [(bytes.fromhex(name), bytes.fromhex(value)) for name, value in ours["fields"]]
    return (theirs["done"] and bytes.fromhex(ours["method"]) == theirs["method"] and
            bytes.fromhex(ours["target"]) == theirs["target"] and ours["minor_version"] == theirs["minor"] and
            in_small_letters(fields) == in_small_letters(theirs["fields"]) and
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
    requests = [data for *_, data in framing_cases()] + [mutate(rng, generate(rng)) for _ in range(COUNT)]
    complaints, counts = compare(requests)
    for why, data, ours, theirs in complaints[:5]:
        print(why, *("%.600r" % (one,) for one in (data, ours, theirs)), sep="\n  ")
    print("found: %d requests, %d readings apart" % (len(requests), len(complaints)))
    for key, count in sorted(counts.items(), key=str):
        print("  %-30s %6d" % (key if isinstance(key, str) else "we: %s, h11: %s" % key, count))
    assert not complaints, "%d of %d readings differ" % (len(complaints), COUNT)
    assert counts.get(("done", "done"), 0) > COUNT // 10, "hardly any request was taken: the comparison shows nothing"
    assert counts.get(("refused", "refused"), 0) > COUNT // 20, "hardly any request was refused"

    # The comparison itself is checked: a reader that forgives spaces before colons must be caught.
    caught, _ = compare(requests + [b"GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n"], "--lax")
    assert caught, "a lax reader went unnoticed"
    print("control: a lax reader: red %d times" % len(caught))


if __name__ == "__main__":
    main()
