# SPDX-License-Identifier: Apache-2.0
"""What more people cost: the rate of decided reads from ten thousand to a million, and the bytes of one person."""
from measure import Bench, median, per_second, ratio

FILES = ("people", "keys", "records", "ledger")


def bytes_of(folder, people):
    return {name: (folder / "store" / f"{name}.db").stat().st_size / people for name in FILES}


def ask_rate(bench, sizes):
    """Worlds take turns, so that a busy minute of the machine hits all of them."""
    rates = {people: [] for people in sizes}
    for _ in range(2 if bench.small else 5):
        for people in sizes:
            found = bench.figures("decide", bench.world(people), 1, 50 if bench.small else 1000, cpu=0)
            rates[people] += found["decide"]
    for less, more in zip(sizes, sizes[1:]):
        bench.row(f"read decided, {more:,} people against {less:,}", per_second(median(rates[less])),
                  per_second(median(rates[more])), ratio(rates[more], rates[less]), "≥ 0.75")


def ask_bytes(bench, people, records, most):
    sizes = bytes_of(bench.world(people, records), people)
    total = sum(sizes.values())
    parts = ", ".join(f"{name} {sizes[name] / 1000:.1f}" for name in FILES if sizes[name] > 100)
    bench.row(f"bytes of one person, {records} records", f"{most} KB", f"{total / 1000:.1f} KB ({parts})", total / 1000,
              f"≤ {most}")


with Bench("growth") as bench:
    ask_rate(bench, [200, 1000] if bench.small else [10_000, 100_000] + [1_000_000] * bench.large)
    ask_bytes(bench, 1000 if bench.small else 10_000, 20, 8)
    ask_bytes(bench, 1000 if bench.small else 10_000, 100, 24)
