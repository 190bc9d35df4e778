# SPDX-License-Identifier: Apache-2.0
"""The consent-checked read in process, on one core: decided, and durable with 64 and 256 in flight."""
from measure import Bench, median, per_second, ratio


def ask(bench, people):
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    folder = bench.world(people)
    found = bench.figures("disclosure", folder, rounds, ms, cpu=0)
    size = f"{people // 1000 or 1} k people"

    def row(question, bound, ours, target, turned=False):
        share = ratio(found[bound], found[ours]) if turned else ratio(found[ours], found[bound])
        tell = (lambda figure: f"{figure:.1f} µs CPU") if turned else per_second
        beside = f"{tell(median(found[bound]))} {bound}"
        bench.row(f"{question}, {size}", beside, tell(median(found[ours])), share, target)

    row("read decided and opened", "raw_read", "decide", "≥ 0.85")
    row("question whether it would be given, decided", "decide", "asked", "≥ 1")
    row("read durable, 64 in flight", "raw_group", "durable_64", "")
    row("read durable, 256 in flight", "raw_group", "durable_256", "")
    row("CPU of a durable read, 64 in flight", "raw_group_cpu", "durable_64_cpu", "", turned=True)
    row("CPU of a durable read, 256 in flight", "raw_group_cpu", "durable_256_cpu", "", turned=True)


with Bench("disclosure") as bench:
    for people in [200] if bench.small else [10_000, 100_000]:
        ask(bench, people)
