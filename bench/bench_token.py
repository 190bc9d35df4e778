# SPDX-License-Identifier: Apache-2.0
"""What signatures cost before anything is written, on one core: those of a request for a token and of a sign-in by
passkey, read and verified; that of an ID token, written and signed."""
from measure import Bench, median, per_second, ratio

with Bench("token") as bench:
    rounds, ms = (1, 50) if bench.small else (5, 1000)
    found = bench.figures("token", bench.world(200), rounds, ms, cpu=0)
    ours, bound = found["token"], found["raw_verify"]
    bench.row("assertion and proof of a token request", f"{per_second(median(bound))} two verifications by OpenSSL",
              per_second(median(ours)), ratio(ours, bound), "")
    ours, bound = found["id_token"], found["raw_sign"]
    bench.row("ID token written and signed", f"{per_second(median(bound))} one signature by OpenSSL",
              per_second(median(ours)), ratio(ours, bound), "")
    found = bench.figures("passkey", bench.world(200), rounds, ms, cpu=0)
    ours, bound = found["passkey"], found["raw_verify"]
    bench.row("sign-in by passkey, read and verified", f"{per_second(median(bound))} one verification by OpenSSL",
              per_second(median(ours)), ratio(ours, bound), "")
