#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Goal: the tests see when a promise is broken. Method: the sources are copied; one deliberate breakage of mutants.list
after the other is built there, and each test that it names must turn red. Positive controls, in every run: without a
breakage all those tests are green; a breakage that is none stays green; one that does not build is told from one that
a test sees.

Usage: run.py [--control] [--in FOLDER] [WORDS …]
  --control    only the few quick ones that stand in the list before the first promise
  --in FOLDER  keep copy and build there, so that the next run builds less
  WORDS        only those that have one of these words in promise, title or file"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEFT_OUT = {ROOT / ".git", ROOT / "build"}  # folders of those names further down are others' programs
SKIPPED = "(Skipped)"
TESTS_FAILED = 8  # how ctest ends then; with any other number it could not run them
ENDED = re.compile(r"Test +#\d+: (\S+) \.*\s*(Passed|\*\*\*\S+)")  # with each test that was run
WANTED = {mutants.RED: "killed", mutants.GREEN: "survived", mutants.BROKEN: "does not build"}


class Workshop:
    """A copy of the sources with a build of its own."""

    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "build"
        self.copy()
        self.call("cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                  "-DSYMBOLON_WERROR=OFF", "-DCMAKE_C_FLAGS_DEBUG=-O0")
        self.targets = {test["name"]: self.targets_of(test) for test in list_tests(self.build)}

    def call(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{words[0]} failed:\n{(done.stdout + done.stderr)[-4000:]}")

    def copy(self):
        """Files that are the same keep their date, so that nothing is built twice."""
        there = set()
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if pathlib.Path(folder, name) not in LEFT_OUT]
            for name in names:
                source = pathlib.Path(folder, name)
                copy = self.tree / source.relative_to(ROOT)
                there.add(copy)
                if copy.is_file() and copy.read_bytes() == source.read_bytes():
                    continue
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)
        for path in self.tree.rglob("*"):
            if path.is_file() and path not in there:
                path.unlink()

    def targets_of(self, test):
        """What must be built for a test: a program of its name; of a script, the server and each program that it is
        given. A program left out would be that of an earlier breakage, and red because of it."""
        command = test.get("command", [])
        parts = {os.path.relpath(part, self.build) for part in command if part.startswith(f"{self.build}/")}
        if command and parts != {os.path.relpath(command[0], self.build)}:
            parts.add("symbolon")
        return parts or {test["name"]}

    def builds(self, tests):
        targets = sorted(set().union(*(self.targets[test] for test in tests)))
        return subprocess.run(["ninja", "-C", self.build, *targets], capture_output=True, check=False).returncode == 0

    def green(self, tests):
        """Those of the tests that do not fail. One that does not run sees nothing, so it ends all."""
        pattern = f"^({'|'.join(tests)})$"
        done = subprocess.run(["ctest", "--test-dir", self.build, "-R", pattern, "--no-tests=error",
                               "-j", str(os.cpu_count())], capture_output=True, text=True, check=False)
        if done.returncode not in (0, TESTS_FAILED):
            sys.exit(f"ctest could not run {tests}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        ended = dict(ENDED.findall(done.stdout))
        if set(ended) != set(tests) or SKIPPED in done.stdout:
            sys.exit(f"not each of {tests} was run: see what `tools/setup test` installs\n{done.stdout[-4000:]}")
        return [test for test in tests if ended[test] == "Passed"]

    def fate(self, mutant):
        """What becomes of the mutant, and the tests that did not see it. The sources are as before afterwards."""
        path = self.tree / mutant.file
        before = path.read_text()
        path.write_text(before.replace(mutant.find, mutant.put))
        try:
            if not self.builds(mutant.tests):
                return WANTED[mutants.BROKEN], []
            green = self.green(mutant.tests)
            return WANTED[mutants.GREEN if green else mutants.RED], green
        finally:
            path.write_text(before)


def list_tests(build):
    done = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)["tests"]


def choose(listed, options):
    if options == ["--control"]:
        return [mutant for mutant in listed if not mutant.promise]
    words = [word.lower() for word in options]
    return [mutant for mutant in listed if not mutant.promise or not words
            or any(word in f"{mutant.promise} {mutant.title} {mutant.file}".lower() for word in words)]


def run_all(workshop, chosen):
    """How many were killed, and how many did not fare as the list says."""
    killed = wrong = 0
    for mutant in chosen:
        started = time.monotonic()
        fate, green = workshop.fate(mutant)
        as_wanted = fate == WANTED[mutant.fate]
        killed += as_wanted and mutant.fate == mutants.RED
        wrong += not as_wanted
        blame = "" if as_wanted else f"  <-- {' '.join(green) or mutant.file}"
        print(f"{fate:>14} {time.monotonic() - started:5.1f} s  {mutant.title}{blame}", flush=True)
        if as_wanted and not mutant.promise:
            print(f"control: {mutant.title}: {'red' if mutant.fate == mutants.RED else fate}", flush=True)
    return killed, wrong


def in_order(chosen):
    """The controls, then file by file: where a breakage follows one of the same file, that is built once."""
    return sorted(chosen, key=lambda mutant: (mutant.promise != "", mutant.file if mutant.promise else ""))


def sift(workshop, listed):
    """Those that can be run. Prints why the others cannot: they do not fit, or a test of theirs is red without them."""
    unfit = {}
    for mutant, why in mutants.complaints(listed, workshop.tree, workshop.targets):
        unfit[mutant] = why
    tests = sorted({test for mutant in listed if mutant not in unfit for test in mutant.tests})
    if not workshop.builds(tests):
        sys.exit("the sources do not build without a mutant: nothing can be shown")
    red = set(tests) - set(workshop.green(tests))
    for mutant in listed:
        if mutant not in unfit and red & set(mutant.tests):
            unfit[mutant] = f"red without it: {' '.join(sorted(red & set(mutant.tests)))}"
    for mutant, why in unfit.items():
        print(f"{'unfit':>14}          {mutant.title}: {why}")
    return [mutant for mutant in listed if mutant not in unfit]


def run(folder, options):
    workshop = Workshop(folder)
    listed = choose(mutants.read((workshop.tree / "tests/mutation" / mutants.LIST.name).read_text()), options)
    chosen = in_order(sift(workshop, listed))
    killed, wrong = run_all(workshop, chosen)
    wrong += len(listed) - len(chosen)
    breakages = sum(mutant.fate == mutants.RED for mutant in listed)
    print(f"found: killed {killed} of {breakages}; not as it should be: {wrong}")
    return wrong


def main():
    options = sys.argv[1:]
    if options[:1] == ["--help"]:
        sys.exit(__doc__)
    if "--in" in options:
        at = options.index("--in")
        folder = pathlib.Path(options[at + 1]).resolve()
        return run(folder, options[:at] + options[at + 2:])
    with tempfile.TemporaryDirectory(prefix="symbolon-mutation-") as folder:
        return run(pathlib.Path(folder).resolve(), options)


if __name__ == "__main__":
    sys.exit(main() > 0)
