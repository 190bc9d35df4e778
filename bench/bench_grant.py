# SPDX-License-Identifier: Apache-2.0
"""Giving and stopping permissions: alone against one fsync, many in flight against the bare rows, on two disks."""
from measure import Bench, median, per_second, ratio

WAL_BYTES_MOST = 12 * 1024


def ask(bench, folder, disk, slow_ms):
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    found = bench.figures("grant", folder, rounds, ms, slow_ms=slow_ms)
    alone, fsync = found["alone_us"], found["fsync_us"]
    bench.row(f"grant or stop alone, {disk}", f"{median(fsync):.0f} µs one fsync", f"{median(alone):.0f} µs",
              ratio(alone, fsync), "≤ 1.5")
    for many in (64, 256):
        ours = found[f"ours_{many}"]
        bench.row(f"grant or stop, {many} in flight, {disk}", f"{per_second(median(found['raw_64']))} bare rows by 64",
                  per_second(median(ours)), ratio(ours, found["raw_64"]), "≥ 0.70")
        bench.row(f"the same against one by one, {disk}", per_second(median(found["one"])),
                  per_second(median(ours)), ratio(ours, found["one"]), "≥ 15" if slow_ms else "")


with Bench("grant") as bench:
    folder = bench.world(200 if bench.small else 100_000)
    ask(bench, folder, "this disk", 0)
    if bench.shim.exists():
        ask(bench, folder, "disk with 2 ms", 2)
    log = bench.figures("wal", folder, 1 if bench.small else 3, 0, 256 if bench.small else 1000)
    change, numbering = median(log["wal_bytes"]), median(log["log_bytes"])
    bench.row("write-ahead log of a grant or stop, 64 in flight", f"{WAL_BYTES_MOST // 1024} KB",
              f"{change / 1024:.1f} KB, and {numbering / 1024:.1f} KB to number it", (change + numbering) / 1024,
              "≤ 12")
    within = change + numbering <= WAL_BYTES_MOST or not bench.small  # a larger world is told, not held
    bench.must_hold(within, f"a change writes {change + numbering:.0f} bytes of log")
