#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the program against its goals (goals.toml): runs the tests named there in the build given, reads their lines
"found: …", "control: …: red" and "skipped: …", and writes what was found as JSON and as a table. A goal holds when all
its tests are there, were run whole and pass; a test that passes has seen its own controls red, and prints those that it
can name. Where a part was skipped, is not in this build or is run elsewhere, the goal holds in part.

Usage: run.py BUILD [--more] [--page FILE]
       run.py --restate [--page FILE]
--more takes the longer sizes of goals.toml. --restate runs nothing: it keeps the rows of the page whose goal reads as
it did, writes the others as not run, and leaves out goals that are no more."""
import argparse
import collections
import datetime
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
SHOWN_MAX = 3
SAID_MAX = 40
LISTS = {"found": "found", "control": "controls", "skipped": "skipped"}
PASSED = re.compile(r"Test +#(\d+): (\S+) \.*\s*(Passed|\*\*\*\S+)")
NAMED = re.compile(r"^test (\d+)\n +Start +\d+: (\S+)$", re.M)


def goals():
    return tomllib.loads((HERE / "goals.toml").read_text())["goal"]


def tests_there(build):
    listed = subprocess.run(["ctest", "--test-dir", build, "-N"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"Test +#\d+: (\S+)", listed))


def told_by(output):
    """Of each test: whether it passed, what it found, which controls it saw red, what it did not try."""
    told = {name: {"passed": word == "Passed", "ran": "Skipped" not in word and "Not" not in word, "found": [],
                   "controls": [], "skipped": []} for _, name, word in PASSED.findall(output)}
    names = dict(NAMED.findall(output))
    for number, kind, words in re.findall(r"^(\d+): +(found|control|skipped): (.*)$", output, re.M):
        if names.get(number) in told:
            told[names[number]][LISTS[kind]].append(words.strip())
    return told


def run_tests(build, names, sizes):
    pattern = "^(" + "|".join(map(re.escape, sorted(names))) + ")$"
    command = ["ctest", "--test-dir", build, "-V", "-j", str(os.cpu_count()), "-R", pattern]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **sizes})
    told = told_by(done.stdout)
    for number, name in NAMED.findall(done.stdout):
        if name in told and told[name]["ran"] and not told[name]["passed"]:
            print(f"{name} failed; the end of what it said:")
            print(*re.findall(rf"^{number}: (.*)$", done.stdout, re.M)[-SAID_MAX:], sep="\n")
    return told


def run_all(build, wanted, more):
    """Tests of one size go together."""
    there, told = tests_there(build), {}
    groups = {}
    for goal in wanted:
        sizes = {name: str(size) for name, size in goal.get("more", {}).items()} if more else {}
        named = {name for pattern in goal.get("tests", []) for name in fnmatch.filter(there, pattern)}
        groups.setdefault(tuple(sorted(sizes.items())), set()).update(named)
    for sizes, names in groups.items():
        if names:
            told.update(run_tests(build, names, dict(sizes)))
    return told


def beyond(goal, found):
    """What was found beyond the figures that the goal states: each pattern of `at_most` finds one figure in a line. And
    the patterns that found none."""
    figures = {pattern: [float(figure) for line in found for figure in re.findall(pattern, line)]
               for pattern in goal.get("at_most", {})}
    over = [f"{pattern}: {max(there):g}, not {goal['at_most'][pattern]:g}" for pattern, there in figures.items()
            if there and max(there) > goal["at_most"][pattern]]
    return over, [f"no figure found: {pattern}" for pattern, there in figures.items() if not there]


def judge(goal, told):
    """One row: holds, holds in part, fails, or was not run."""
    row = {"id": goal["id"], "bound": goal.get("bound", ""), "value": goal.get("value", ""), "found": [],
           "controls": [], "tests": []}
    if "later" in goal:
        return row | {"verdict": "not run", "why": goal["later"]}
    named = {pattern: sorted(fnmatch.filter(told, pattern)) for pattern in goal["tests"]}
    absent = sorted(pattern for pattern, names in named.items() if not names)
    chosen = sorted({name for names in named.values() for name in names})
    ran = [name for name in chosen if told[name]["ran"]]
    missing = [f"not in this build: {', '.join(absent)}"] if absent else []
    missing += [f"not run: {name}" for name in chosen if name not in ran]
    missing += [f"{name} skipped: {words}" for name in chosen for words in told[name]["skipped"]]
    missing += [goal["rest"]] if "rest" in goal else []
    found = [line for name in ran for line in told[name]["found"]]
    over, unsaid = beyond(goal, found)
    missing += over + unsaid
    failed = over or any(not told[name]["passed"] for name in ran)
    verdict = "FAILS" if failed else "not run" if not ran else "holds in part" if missing else "holds"
    return row | {"verdict": verdict, "why": "; ".join(missing), "tests": ran, "found": found,
                  "controls": [line for name in ran for line in told[name]["controls"]]}


def cell(lines, most=SHOWN_MAX):
    rest = f"; and {len(lines) - most} more" if len(lines) > most else ""
    return "; ".join(line.replace("|", "/") for line in lines[:most]) + rest


def paper(top, pairs):
    """A page of rows with their lines, under its head."""
    lines = [*top, *(line for row, line in pairs if row["bound"]), "", "## Not run", "", "| goal | why |", "|---|---|",
             *(line for row, line in pairs if not row["bound"])]
    return "\n".join(lines) + "\n"


def head(row):
    """What a page says of a goal before anything is run: a bound, or why it is not tried."""
    return (row["id"], cell([row["bound"]]), cell([row["value"]])) if row["bound"] else (row["id"], cell([row["why"]]))


def line_of(row):
    last = ()
    if row["bound"]:
        last = (cell(row["found"]) or f"tests passed: {len(row['tests'])}", row["verdict"],
                cell(row["controls"]) or "inside the tests", cell([row["why"]]))
    return f"| {' | '.join(head(row) + last)} |"


def lines_of(text):
    """The lines of the goals in a page, each with its head."""
    pairs = []
    for line in text.split("\n"):
        cells = line[2:-2].split(" | ") if line.startswith("| ") else ["goal"]
        if cells[0] != "goal":
            pairs.append((tuple(cells if len(cells) == 2 else cells[:3]), line))
    return pairs


def apart(text):
    """The heads that the page has and the goals have not, and those that the goals have and the page has not."""
    shown = collections.Counter(of for of, _ in lines_of(text))
    real = collections.Counter(head(judge(goal, {})) for goal in goals())
    return sorted((shown - real).elements()), sorted((real - shown).elements())


def restate(text):
    """The same page with a row for each goal as it reads now; what was found for an older reading is let go."""
    before, kept = dict(lines_of(text)), []
    for goal in goals():
        row = judge(goal, {})
        if row["bound"]:
            row |= {"found": ["-"], "controls": ["-"], "why": "not run since the goal was written so"}
        kept.append((row, before.get(head(row), line_of(row))))
    lines = text.split("\n")
    top = lines[:next(at for at, line in enumerate(lines) if line.startswith("|---")) + 1]
    return paper(top, kept)


def page(rows, about):
    lines = ["# Scorecard", "",
             f"Written by `make scorecard` on {about['date']} at commit {about['commit']}, {about['machine']}; "
             f"sizes: {about['sizes']}.", "",
             "Each goal is tried by a harness of `tests/` that must see its own controls red to pass; the ids are",
             "those of the list of goals in [tests/scorecard](../tests/scorecard/goals.toml). A goal *holds in part*",
             "where something of it was not run here; the last column says what.", "",
             "| goal | what must hold | bound | found | verdict | controls that were red | not run here |",
             "|---|---|---|---|---|---|---|"]
    return paper(lines, [(row, line_of(row)) for row in rows])


def words_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", nargs="?")
    arguments.add_argument("--restate", action="store_true")
    arguments.add_argument("--more", action="store_true")
    arguments.add_argument("--page", default=str(ROOT / "docs/scorecard.md"))
    asked = arguments.parse_args()
    if asked.restate:
        pathlib.Path(asked.page).write_text(restate(pathlib.Path(asked.page).read_text()))
        return 0
    if asked.build is None:
        arguments.error("BUILD is missing")
    wanted = goals()
    rows = [judge(goal, told) for told in [run_all(asked.build, wanted, asked.more)] for goal in wanted]
    about = {"date": datetime.date.today().isoformat(), "commit": words_of("git", "rev-parse", "--short", "HEAD"),
             "machine": f"{os.cpu_count()} cores", "sizes": "longer" if asked.more else "those of `make test`"}
    pathlib.Path(asked.build, "scorecard.json").write_text(json.dumps({**about, "goals": rows}, indent=1) + "\n")
    pathlib.Path(asked.page).write_text(page(rows, about))
    for row in rows:
        print(f"{row['verdict']:13} {row['id']:14} {row['bound'] or row['why']}")
    return any(row["verdict"] == "FAILS" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
