# SPDX-License-Identifier: Apache-2.0
"""How many power cuts a node survives with all that it had acknowledged, and how long they took: tests/fault/power_loss
at length (CYCLES=, 100,000), its controls included. One that loses something fails the run."""
import os
import re
import subprocess
import time

from measure import Bench

CUTS = int(os.environ.get("CYCLES") or 100_000)

with Bench("power") as bench:
    began = time.monotonic()
    done = subprocess.run([str(bench.build / "tests" / "power_loss")], capture_output=True, text=True, check=False,
                          env={**os.environ, "CYCLES": str(CUTS)})
    spent = time.monotonic() - began
    said = done.stdout + done.stderr
    print("\n".join(line for line in said.splitlines() if re.match("SEED=|found: |control: ", line)))
    whole = sum(int(count) for count in re.findall(r"found: (\d+) power cuts, all whole", said))
    bench.row(f"power cuts survived, in {spent:.0f} s", f"{CUTS} cuts", f"{whole} whole", whole / CUTS, "≥ 1")
    bench.must_hold(done.returncode == 0 and whole >= CUTS, f"power_loss: {done.returncode}\n{said[-2000:]}")
