# SPDX-License-Identifier: Apache-2.0
"""Goal: each fuzz target can find something. Method: the faults of planted.list are planted in a copy of the sources,
one at a time; the target must end on it within SECONDS=, from its corpus on. Positive control: without a fault none
of them ends.

Usage: planted.py check [ROOT]      no build: each target has its fault, its corpus and its line; each fault fits
       planted.py run FOLDER [NAME…]  builds in FOLDER"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FUZZ = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent / "mutation"))
import mutants  # noqa: E402
import run  # noqa: E402

ROOT = FUZZ.parents[1]
SECONDS = int(os.environ.get("SECONDS", 60))
CORPUS_BYTES_MAX = 400_000
FLAGS = "-O1 -g1 -fno-sanitize-recover=all"


class Workshop(run.Workshop):
    """A copy of the sources with a build of the targets."""

    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "build"
        self.copy()
        self.call("cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                  "-DSYMBOLON_WERROR=OFF", "-DCMAKE_C_COMPILER=clang-19", f"-DCMAKE_C_FLAGS_DEBUG={FLAGS}",
                  "-DSYMBOLON_SANITIZE=fuzzer-no-link,address,undefined")

    def builds(self, tests):
        return subprocess.run(["ninja", "-C", self.build, *tests], capture_output=True, check=False).returncode == 0

    def ends(self, test, seconds):
        """How many seconds it took the target to end on a fault, or None."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="symbolon-planted-") as folder:
            done = subprocess.run([self.build / "fuzzers" / test, f"-max_total_time={seconds}", "-max_len=512",
                                   "-detect_leaks=0", f"-artifact_prefix={folder}/", folder,
                                   FUZZ / "corpus" / test.removeprefix("fuzz_")], capture_output=True, check=False)
        return None if done.returncode == 0 else time.monotonic() - started

    def try_one(self, mutant):
        """"found after …" or what went wrong."""
        path = self.tree / mutant.file
        before = path.read_text()
        path.write_text(before.replace(mutant.find, mutant.put))
        try:
            if not self.builds(mutant.tests):
                return "does not build"
            seconds = self.ends(mutant.tests[0], SECONDS)
            return "NOT FOUND" if seconds is None else f"found after {seconds:.1f} s"
        finally:
            path.write_text(before)


def read():
    return mutants.read((FUZZ / "planted.list").read_text())


def run_all(folder, names):
    workshop = Workshop(pathlib.Path(folder).resolve())
    chosen = [mutant for mutant in read() if not names or mutant.tests[0].removeprefix("fuzz_") in names]
    tests = sorted({mutant.tests[0] for mutant in chosen})
    if not workshop.builds(tests):
        sys.exit("the sources do not build without a fault: nothing can be shown")
    wrong = [test for test in tests if workshop.ends(test, 1) is not None]
    print(f"without a fault {len(tests) - len(wrong)} of {len(tests)} go on", *wrong)
    for mutant in chosen:
        fate = workshop.try_one(mutant)
        print(f"{mutant.tests[0]:20} {fate:24} {mutant.title}", flush=True)
        wrong += [mutant.tests[0]] if not fate.startswith("found") else []
    return len(wrong)


def check(root):
    listed = {line.split()[0] for line in (root / "tests/fuzz/targets.list").read_text().splitlines()
              if line and not line.startswith("#")}
    folders = {path.name for path in (root / "tests/fuzz/corpus").iterdir()}
    page = (root / "tests/fuzz/README.md").read_text()
    found = [f"{mutant.title}: {why}" for mutant, why in
             mutants.complaints(read(), root, {f"fuzz_{name}" for name in listed})]
    planted = {test.removeprefix("fuzz_") for mutant in read() for test in mutant.tests}
    found += [f"no fault is planted for {name}" for name in sorted(listed - planted)]
    found += [f"{name} has a corpus or a line in targets.list, not both" for name in sorted(listed ^ folders)]
    found += [f"README.md does not speak of {name}" for name in sorted(listed) if f"`{name}`" not in page]
    size = sum(path.stat().st_size for path in (root / "tests/fuzz/corpus").rglob("*") if path.is_file())
    found += [f"the corpora have {size} octets, more than {CORPUS_BYTES_MAX}"] if size > CORPUS_BYTES_MAX else []
    print("\n".join(found) or f"{len(listed)} targets, {size} octets of seeds")
    return len(found)


def main():
    words = sys.argv[1:]
    if words[:1] == ["check"]:
        return check(pathlib.Path(words[1]) if words[1:] else ROOT)
    if words[:1] == ["run"] and len(words) > 1:
        return run_all(words[1], words[2:])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main() > 0)
