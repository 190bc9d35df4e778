# SPDX-License-Identifier: Apache-2.0
"""What a request for a token costs before anything is written: assertion and proof read and verified, on one core."""
from measure import Bench, median, per_second, ratio

with Bench("token") as bench:
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    found = bench.figures("token", bench.world(200), rounds, ms, cpu=0)
    ours, bound = found["token"], found["raw_verify"]
    bench.row("assertion and proof of a token request", f"{per_second(median(bound))} two verifications by OpenSSL",
              per_second(median(ours)), ratio(ours, bound), "")
