# SPDX-License-Identifier: Apache-2.0
"""The log: leaves numbered per second, and how long an act waits for its checkpoint under load."""
from measure import Bench, median, per_second, ratio

DELAY_MS_MOST = 1000

with Bench("log") as bench:
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    folder = bench.world(200 if bench.small else 10_000)
    found = bench.figures("log", folder, rounds, ms)
    for batch in (256, 4096):
        raw, ours = found[f"raw_{batch}"], found[f"pass_{batch}"]
        bench.row(f"leaves by passes of {batch:,}", f"{per_second(median(raw))} hashed and synced",
                  per_second(median(ours)), ratio(ours, raw), "")
        bench.row(f"the same against the promise", "100 k/s", per_second(median(ours)), median(ours) / 100_000, "≥ 1")
    delay = bench.figures("delay", folder, 1 if bench.small else 3, 300 if bench.small else 3000)
    bench.row(f"longest wait for a checkpoint at {per_second(median(delay['load']))} grants or stops", "1 s",
              f"{max(delay['delay_ms']):.0f} ms", max(delay["delay_ms"]) / DELAY_MS_MOST, "≤ 1")
