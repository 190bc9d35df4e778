# SPDX-License-Identifier: Apache-2.0
"""What every bench shares: worlds to measure in, figures of bench_in_process, medians, and rows of the table.

A row says what was asked, the bound of the same run, our figure, their ratio and the target. It goes to the screen and,
as a line of Markdown, to a file beside the built program; bench/run puts those files together.
"""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile


class Bench:
    """One script's run: bench_NAME.py PROGRAM [--small]."""

    def __init__(self, question):
        self.question = question
        self.program = pathlib.Path(sys.argv[1]).resolve()
        self.small = "--small" in sys.argv[2:]
        self.large = bool(os.environ.get("BENCH_LARGE"))
        self.build = self.program.parent
        self.in_process = self.build / "bench" / "bench_in_process"
        self.shim = self.build / "bench" / "slow_fsync.so"
        self.rows = []
        self.broken = []
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        # Beside the build, not in /tmp: that may be memory, where an fsync costs nothing.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=self.build))
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self

    def __exit__(self, kind, value, trace):
        self.stack.close()
        if kind is None:
            self.write_table()
            if self.broken:
                sys.exit("\n".join(self.broken))

    def world(self, people, records=20):
        """A folder with so many people, made when it is first asked for."""
        folder = self.folder / f"people-{people}-{records}"
        if not folder.exists():
            self.figures("make", folder, people, records)
        return folder

    def figures(self, *words, cpu=None, slow_ms=0):
        """Runs bench_in_process; gives each name's figures in the order of the rounds."""
        command = [str(word) for word in (self.in_process, *words)]
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        environment = dict(os.environ)
        if slow_ms:
            environment |= {"SLOW_FSYNC_MS": str(slow_ms), "LD_PRELOAD": str(self.shim)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        found = {}
        for line in done.stdout.splitlines():
            name, figure = line.split()
            found.setdefault(name, []).append(float(figure))
        return found

    def row(self, question, bound, ours, ratio, target):
        """`target` is "≥ 0.85", "≤ 8" or "" and is held against `ratio`."""
        verdict = "" if not target else "holds" if holds(ratio, target) else "falls short"
        row = (question, bound, ours, f"{ratio:.2f}" if ratio < 100 else f"{ratio:.0f}", target, verdict)
        self.rows.append(row)
        print("  " + " | ".join(cell for cell in row if cell), flush=True)
        return verdict != "falls short"

    def must_hold(self, truth, sentence):
        """For what does not depend on the speed of the machine: a breach fails the run."""
        if not truth:
            self.broken.append(f"bench_{self.question}: {sentence}")

    def write_table(self):
        lines = ["| " + " | ".join(row) + " |" for row in self.rows]
        (self.build / "bench" / f"{self.question}.md").write_text("\n".join(lines) + "\n")


def holds(figure, target):
    sign, number = target.split()
    return figure >= float(number) if sign == "≥" else figure <= float(number)


def median(figures):
    return statistics.median(figures)


def ratio(ours, bounds):
    """The median over the rounds of what stood side by side."""
    if len(ours) != len(bounds) or not ours:
        sys.exit("a round is missing")
    return median([a / b for a, b in zip(ours, bounds)])


def per_second(figure):
    return f"{figure / 1000:.1f} k/s" if figure >= 1000 else f"{figure:.0f}/s"
