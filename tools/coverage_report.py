# SPDX-License-Identifier: Apache-2.0
"""Reads what llvm-cov exports and prints, for each part that must hold, how many outcomes of its decisions the tests
take. Counted are both sides of each condition and each case of a switch, as they stand in the source. Apart stands
`passed on`: the failing side of TRY, which hands a failure to the caller and decides nothing. Not counted are the
failing sides of asserts and the value that no case of a switch over an enum names: no input may reach either.

Usage: coverage_report.py EXPORTED.json [missing]. Exit 0: every part is where it was or higher; 1: one is lower."""
import collections
import fnmatch
import json
import pathlib
import re
import sys

# In percent: the goal for all, and what each part has to hold, which is never below the goal.
GOAL = 95
LEAST = {"policy": 96, "grant": 95, "disclosure": 95, "crypto": 96, "ledger": 97, "ids": 95, "parsers": 97}
PARTS = {
    "policy": ["src/domain/policy.c"],
    "grant": ["src/domain/sharing/grant*.c"],
    "disclosure": ["src/domain/sharing/disclosure*.c"],
    "crypto": ["src/crypto/*.c"],
    "ledger": ["src/ledger/*.c"],
    "ids": ["src/base/id.c", "src/crypto/id_seal.c"],
    "parsers": ["src/base/json*.c", "src/base/text.c", "src/base/time.c", "src/base/letters.c", "src/base/overt.c",
                "src/base/bytes.c", "src/http/engine/h1_parse.c", "src/http/engine/h1_path.c",
                "src/http/engine/h1_body.c",
                "src/protocol/*.c", "src/domain/words/attribute*.c", "src/domain/words/wording*.c"],
}
ENUM_CASE = re.compile(r"\s*case [A-Z][A-Z0-9_]+:")


class Source:
    """The lines of a file, for telling what stands at a place."""

    def __init__(self, path):
        self.lines = pathlib.Path(path).read_text().splitlines()

    def is_switch_over_enum(self, line):
        following = (text for text in self.lines[line:] if "case " in text)
        return ENUM_CASE.match(next(following, "")) is not None

    def sides(self, branch):
        """Which of (true, false) count at this place."""
        line, column, end_line, end_column = branch[:4]
        before, at = self.lines[line - 1][:column - 1], self.lines[line - 1][column - 1:]
        if (line, column) == (end_line, end_column):
            return (False, False)  # an assert: a macro of a system header has no width
        if at.startswith(("case ", "default:")):
            return (True, False)
        if before.rstrip().endswith("switch ("):
            return (not self.is_switch_over_enum(line), False)
        return (True, True)


def place_in_file(function, file_id):
    """The line in the function's own file from which the macro `file_id` was expanded."""
    while file_id != 0:
        region = next(r for r in function["regions"] if r[7] == 1 and r[6] == file_id)
        file_id, line, column = region[5], region[0], region[1]
    return line, column


class Counts:
    def __init__(self):
        self.taken, self.all = collections.Counter(), collections.Counter()
        self.missing = []

    def add(self, kind, taken, where):
        self.all[kind] += 1
        self.taken[kind] += taken
        if not taken:
            self.missing.append((where, kind))

    def percent(self, kind):
        return 100.0 * self.taken[kind] / self.all[kind] if self.all[kind] else 100.0


def count_function(function, source, name, counts):
    for branch in function["branches"]:
        file_id = branch[6]
        if file_id == 0:
            line, kind, sides = branch[0], "branches", source.sides(branch)
        else:
            line = place_in_file(function, file_id)[0]
            is_try = function["filenames"][file_id].endswith("base/error.h")
            kind, sides = ("passed on", (True, False)) if is_try else ("branches", (True, True))
        for side, hits, word in zip(sides, branch[4:6], ("true", "false")):
            if side:
                counts.add(kind, hits > 0, f"{name}:{line}:{branch[1]} never {word}")
    for record in function["mcdc_records"]:
        for shown in record[-1]:
            counts.add("MC/DC", shown, f"{name}:{record[0]}:{record[1]}")


def read(path):
    """Counts of each part and of each file."""
    parts = {part: Counts() for part in PARTS}
    sources = {}
    seen = set()
    for function in json.loads(pathlib.Path(path).read_text())["data"][0]["functions"]:
        file = function["filenames"][0]
        name = "src/" + file.rpartition("/src/")[2]
        wanted = [part for part, patterns in PARTS.items() if any(fnmatch.fnmatch(name, p) for p in patterns)]
        if not wanted or (file, function["name"]) in seen:
            continue
        seen.add((file, function["name"]))
        source = sources.setdefault(file, Source(file))
        for part in wanted:
            count_function(function, source, name, parts[part])
    return parts


def main():
    parts = read(sys.argv[1])
    print(f"{'part':12}{'branches':>22}{'MC/DC':>20}{'passed on':>20}")
    for part, counts in parts.items():
        cells = [f"{counts.taken[kind]}/{counts.all[kind]} {counts.percent(kind):.1f} %"
                 for kind in ("branches", "MC/DC", "passed on")]
        print(f"{part:12}{cells[0]:>22}{cells[1]:>20}{cells[2]:>20}")
    if sys.argv[2:] == ["missing"]:
        for part, counts in parts.items():
            for where, kind in sorted(counts.missing):
                print(f"{part}: {where} ({kind})")
    def below(bound_of):
        return [part for part, counts in parts.items()
                if counts.all["branches"] == 0 or counts.percent("branches") < bound_of(part)]

    print(f"below the goal of {GOAL} %: {', '.join(below(lambda part: GOAL)) or 'none'}")
    lost = below(LEAST.get)
    print(f"below what had been reached: {', '.join(lost) or 'none'}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
