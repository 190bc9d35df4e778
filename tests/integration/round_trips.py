# SPDX-License-Identifier: Apache-2.0
"""Goal: with the data on a database server, an act costs few waits for it, however many statements it has. Method:
each act is done alone, many times, between two looks at the node's own count of waits (`symbolon_store_trips_total`);
the least of them is the act's, since the node's other work comes on top now and then. Positive control: an act that
asks one thing more than another is counted with one more."""
import re
import sys

from stress import RoughNode, Shop, seed_of_run

ROUNDS = 25
# who it is; what is decided; what the writer asks again; the commit
READ = 1 + 1 + 1 + 1
# the session, and whose it is; relationship and purpose; again, with what a receipt names; the answer's; the commit
GIVE = 2 + 1 + 2 + 1
# the session, and whose it is; the grant; what a receipt names; the commit
STOP = 2 + 2 + 1


def trips(node):
    text = node.nobody.get("/metrics").expect(200).body.decode()
    return int(re.search(r"^symbolon_store_trips_total (\d+)$", text, re.M).group(1))


def least(node, act):
    counts = []
    for i in range(ROUNDS):
        before = trips(node)
        act(i)
        counts.append(trips(node) - before)
    return min(counts[5:])  # the first ones prepare their statements


def main():
    seed_of_run()
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 3)
        customer = shop.customer()
        read, ask = customer.line(), shop.line()
        allowed, given, never = shop.purposes
        customer.give(read, allowed)
        stopped = iter([customer.give(read, given) for _ in range(ROUNDS)])
        found = {
            "read": (READ, least(node, lambda i: customer.read(ask, allowed).expect(200))),
            "read with a key": (READ, least(node, lambda i: customer.read(ask, allowed, key=f"k{i}").expect(200))),
            "refused read": (READ + 2, least(node, lambda i: customer.read(ask, never).expect(403))),
            "checkpoint": (0, least(node, lambda i: node.nobody.get("/log/checkpoint").expect(200))),
            "give": (GIVE, least(node, lambda i: customer.give(read, given))),
            "stop": (STOP, least(node, lambda i: read.call(
                "POST", f"/v1/me/grants/{next(stopped)}/withdraw", {}).expect(200))),
        }
        for _ in range(200):  # LIMIT_REFUSED_READS_A_DAY: from now on they are counted
            customer.read(ask, never).expect(403)
        found["counted refusal"] = (READ + 2, least(node, lambda i: customer.read(ask, never).expect(403)))
        for name, (most, count) in found.items():
            print(f"found: {name}: {count} waits, at most {most}")
        wrong = {name: pair for name, pair in found.items() if pair[1] > pair[0]}
        assert not wrong, wrong
        assert 0 < found["read"][1] < found["refused read"][1], found
        print("control: a read that has to ask why not: counted with more")
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
