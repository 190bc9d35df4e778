# SPDX-License-Identifier: Apache-2.0
"""From nothing to `ready`, the memory of a node that does nothing, and the size of the program."""
import pathlib
import re
import shutil
import signal
import subprocess
import time

from measure import Bench, median


def start(bench, data):
    """Seconds to the line `ready`, and the resident memory a second later."""
    began = time.monotonic()
    server = subprocess.Popen([str(bench.program), "serve", "--data", str(data), "--listen", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        spent = time.monotonic() - began
        if not line.startswith("ready "):
            raise SystemExit(f"symbolon serve said {line!r}")
        time.sleep(1)
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        return spent, int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def stripped_bytes(bench):
    copy = bench.folder / "symbolon"
    shutil.copy(bench.program, copy)
    if shutil.which("strip"):
        subprocess.run(["strip", str(copy)], check=True)
    return copy.stat().st_size


with Bench("start") as bench:
    for name, data in (("a fresh node", None), ("10 k people", bench.world(200 if bench.small else 10_000))):
        turns = [start(bench, data or bench.folder / f"fresh-{turn}") for turn in range(1 if bench.small else 5)]
        spent, memory = median([turn[0] for turn in turns]), median([turn[1] for turn in turns])
        bench.row(f"start to ready, {name}", "200 ms", f"{spent * 1000:.0f} ms", spent, "≤ 0.2")
        bench.row(f"memory at rest, {name}", "20 MiB", f"{memory:.1f} MiB", memory, "≤ 20")
    size = stripped_bytes(bench) / 2**20
    bench.row("program without debug lines", "5 MiB", f"{size:.1f} MiB", size, "≤ 5")
    sanitized = b"__asan_init" in bench.program.read_bytes() or b"__tsan_init" in bench.program.read_bytes()
    bench.must_hold(sanitized or size <= 5, f"the program has {size:.1f} MiB")
