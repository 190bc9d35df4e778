# SPDX-License-Identifier: Apache-2.0
"""Goal: the scorecard tells what the tests have told, and calls nothing held that was not run. Method: its table is
held against the tests of this build, its reader is given what CTest prints, and a test that finds nothing to work with
is run. The page in docs states each goal as goals.toml does, and no other; control: pages with one row changed, left
out, invented or doubled. Usage: selftest.py BUILD."""
import fnmatch
import json
import os
import re
import subprocess
import sys
import unittest

import run

PAGE = run.ROOT / "docs/scorecard.md"
OUTPUT = """test 7
      Start  7: kill
7: found: 3 kills
7: control: forged: red
1/2 Test  #7: kill .............................   Passed    1.00 sec
test 8
      Start  8: clock
8: found: nothing came back
2/4 Test  #8: clock ............................***Failed    1.00 sec
test 9
      Start  9: sealed
9: skipped: strace is not installed
3/4 Test  #9: sealed ...........................***Skipped   0.10 sec
test 10
      Start 10: disk
10:         skipped: no small disk
10: found: it heals
4/4 Test #10: disk .............................   Passed    0.10 sec
"""


class Scorecard(unittest.TestCase):
    def test_every_goal_names_tests_or_a_reason(self):
        for goal in run.goals():
            self.assertNotEqual("later" in goal, "tests" in goal, goal)
            self.assertEqual("bound" in goal, "tests" in goal, goal)
            self.assertEqual("value" in goal, "tests" in goal, goal)

    def test_the_tests_that_it_names_are_there(self):
        there = run.tests_there(BUILD)
        absent = {name for goal in run.goals() for name in goal.get("tests", []) if not fnmatch.filter(there, name)}
        self.assertEqual(absent, set())

    def test_what_failed_fails_the_goal_and_what_did_not_run_is_said(self):
        told = run.told_by(OUTPUT)
        self.assertEqual(told["kill"], {"passed": True, "ran": True, "found": ["3 kills"], "controls": ["forged: red"],
                                        "skipped": []})
        rows = {tests: run.judge({"id": "x", "bound": "y", "tests": list(tests)}, told)["verdict"]
                for tests in (("kill",), ("ki*",), ("kill", "clock"), ("clock",), ("nowhere",))}
        self.assertEqual(list(rows.values()), ["holds", "holds", "FAILS", "FAILS", "not run"])

    def test_what_was_not_run_whole_does_not_hold(self):
        told = run.told_by(OUTPUT)
        rows = [run.judge({"id": "x", "bound": "y", "tests": tests}, told)
                for tests in (["sealed"], ["kill", "sealed"], ["disk"], ["kill", "nowhere"], ["clock", "sealed"])]
        self.assertEqual([row["verdict"] for row in rows],
                         ["not run", "holds in part", "holds in part", "holds in part", "FAILS"])
        self.assertEqual([row["why"] for row in rows[1:4]],
                         ["not run: sealed; sealed skipped: strace is not installed", "disk skipped: no small disk",
                          "not in this build: nowhere"])
        elsewhere = run.judge({"id": "x", "bound": "y", "tests": ["kill"], "rest": "the rest is run at night"}, told)
        self.assertEqual((elsewhere["verdict"], elsewhere["why"]), ("holds in part", "the rest is run at night"))
        self.assertIn("strace is not installed", run.page(rows, dict.fromkeys(("date", "commit", "machine", "sizes"))))

    def test_a_figure_beyond_its_bound_fails_the_goal(self):
        told = run.told_by(OUTPUT.replace("3 kills", "back after 4.9 s"))
        goal = {"id": "x", "bound": "y", "tests": ["kill"], "at_most": {r"after ([\d.]+) s": 5}}
        self.assertEqual(run.judge(goal, told)["verdict"], "holds")
        told["kill"]["found"].append("back after 5.1 s")
        row = run.judge(goal, told)
        self.assertEqual((row["verdict"], row["why"]), ("FAILS", r"after ([\d.]+) s: 5.1, not 5"))
        told["kill"]["found"] = ["back"]
        row = run.judge(goal, told)
        self.assertEqual((row["verdict"], row["why"]), ("holds in part", r"no figure found: after ([\d.]+) s"))

    def test_what_a_figure_may_come_to_is_what_the_goal_says(self):
        for goal in run.goals():
            said = {float(figure) for figure in re.findall(r"\d+(?:\.\d+)?", goal.get("value", ""))}
            for pattern, most in goal.get("at_most", {}).items():
                self.assertEqual(re.compile(pattern).groups, 1, pattern)
                self.assertTrue({most, most / 1000} & said, (goal["id"], pattern))

    def test_a_test_that_finds_nothing_to_work_with_is_told_apart_from_one_that_passed(self):
        listed = subprocess.run(["ctest", "--test-dir", BUILD, "--show-only=json-v1"], capture_output=True, check=True)
        codes = {}
        for test in json.loads(listed.stdout)["tests"]:
            if any(word.endswith(".py") and "tests/integration" in word for word in test.get("command", [])):
                codes[test["name"]] = {entry["name"]: entry["value"] for entry in test["properties"]}
        self.assertGreater(len(codes), 30)
        self.assertEqual({name for name, entries in codes.items() if entries.get("SKIP_RETURN_CODE") != 77}, set())
        sealed = run.ROOT / "tests/integration/sealed.py"
        done = subprocess.run(["/usr/bin/python3", "-B", str(sealed)], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": "/nowhere"})
        self.assertEqual((done.returncode, done.stdout), (77, "skipped: strace is not installed\n"))

    def test_the_page_has_a_row_for_each_goal(self):
        rows = [run.judge(goal, {}) for goal in run.goals()]
        page = run.page(rows, {"date": "d", "commit": "c", "machine": "m", "sizes": "s"})
        for goal in run.goals():
            self.assertIn(f"| {goal['id']} |", page)

    def test_the_page_in_the_documents_states_the_goals_as_they_are(self):
        only_page, only_goals = run.apart(PAGE.read_text())
        self.assertEqual((only_page, only_goals), ([], []), "`make scorecard` runs all; run.py --restate runs none")

    def test_a_page_that_states_another_goal_is_seen(self):
        text = PAGE.read_text()
        (first, line), *_, (last, later) = run.lines_of(text)
        self.assertEqual((len(first), len(last)), (3, 2))
        bound, value, why = line.replace(first[1], "holds", 1), line.replace(first[2], "less", 1), \
            later.replace(last[1], "no time", 1)
        changed = {"a bound": (line, bound), "a value": (line, value), "a reason": (later, why),
                   "a goal that is gone": (line + "\n", ""), "a goal too many": (line, line + "\n" + bound),
                   "a row that stands twice": (line, line + "\n" + line)}
        for name, (before, after) in changed.items():
            self.assertEqual(text.count(before), 1)
            self.assertNotEqual(run.apart(text.replace(before, after)), ([], []), name)
            print(f"control: {name} apart from the goals: red", flush=True)

    def test_a_page_is_restated_without_a_figure_for_what_reads_otherwise(self):
        text = PAGE.read_text()
        (first, line), (_, second), *_ = run.lines_of(text)
        self.assertEqual(run.restate(text), text)
        again = run.restate(text.replace(line, line.replace(first[1], "holds", 1)))
        self.assertEqual(run.apart(again), ([], []))
        self.assertNotIn(line, again)
        self.assertIn(f"| {' | '.join(first)} | - | not run | - | not run since", again)
        self.assertIn(second, again)


if __name__ == "__main__":
    BUILD = sys.argv.pop()
    unittest.main()
