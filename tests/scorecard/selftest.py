# SPDX-License-Identifier: Apache-2.0
"""Goal: the scorecard tells what the tests have told. Method: its table is held against the tests of this build, and
its reader is given what CTest prints. Usage: selftest.py BUILD."""
import sys
import unittest

import run

OUTPUT = """test 7
      Start  7: kill
7: found: 3 kills
7: control: forged: red
1/2 Test  #7: kill .............................   Passed    1.00 sec
test 8
      Start  8: clock
8: found: nothing came back
2/2 Test  #8: clock ............................***Failed    1.00 sec
"""


class Scorecard(unittest.TestCase):
    def test_every_goal_names_tests_or_a_reason(self):
        for goal in run.goals():
            self.assertNotEqual("later" in goal, "tests" in goal, goal)
            self.assertEqual("bound" in goal, "tests" in goal, goal)

    def test_the_tests_that_it_names_are_there(self):
        there = run.tests_there(BUILD)
        absent = {name for goal in run.goals() for name in goal.get("tests", []) if name not in there}
        self.assertEqual(absent, set())

    def test_what_failed_fails_the_goal_and_what_did_not_run_is_said(self):
        told = run.told_by(OUTPUT)
        self.assertEqual(told["kill"], {"passed": True, "found": ["3 kills"], "controls": ["forged: red"]})
        rows = [run.judge({"id": "x", "bound": "y", "tests": tests}, told)["verdict"]
                for tests in (["kill"], ["kill", "clock"], ["clock"], ["nowhere"])]
        self.assertEqual(rows, ["holds", "FAILS", "FAILS", "not run"])

    def test_the_page_has_a_row_for_each_goal(self):
        rows = [run.judge(goal, {}) for goal in run.goals()]
        page = run.page(rows, {"date": "d", "commit": "c", "machine": "m", "sizes": "s"})
        for goal in run.goals():
            self.assertIn(f"| {goal['id']} |", page)


if __name__ == "__main__":
    BUILD = sys.argv.pop()
    unittest.main()
