# SPDX-License-Identifier: Apache-2.0
"""Goal: the list of mutants does not rot: each entry's text stands exactly once in its file, each of its tests is
there, and the controls are of every kind. Method: read and compare; nothing is built. Positive control: entries that
are unfit in each of these ways, and blocks of another form, must be seen.

Usage: check.py ROOT BUILD"""
import pathlib
import sys
import tempfile
import unittest

import mutants
import run

GOOD = "a title\nsrc/a.c\n- one\n+ two\nred: unit_a\n"
SPOILT = {
    "there is no src/b.c": GOOD.replace("a.c", "b.c"),
    "stands 0 times": GOOD.replace("- one", "- seven"),
    "stands 2 times": GOOD.replace("- one", "- o"),
    "it changes nothing": GOOD.replace("+ two", "+ one"),
    "there is no test unit_b": GOOD.replace("unit_a", "unit_a unit_b"),
    "it names no test": GOOD.replace("unit_a", ""),
    "in the list twice": GOOD + "\n" + GOOD,
}
MALFORMED = (GOOD.replace("- one", "one"), GOOD.replace("red: ", ""), "a title\nred: unit_a\n",
             GOOD.replace("red", "blue"))


class List(unittest.TestCase):
    def test_every_entry_of_the_list_is_fit_to_run(self):
        listed = mutants.read(mutants.LIST.read_text())
        tests = {test["name"] for test in run.list_tests(BUILD)}
        unfit = [f"{mutant.title}: {why}" for mutant, why in mutants.complaints(listed, ROOT, tests)]
        self.assertEqual(unfit, [])
        self.assertEqual({mutant.fate for mutant in listed if not mutant.promise},
                         {mutants.RED, mutants.GREEN, mutants.BROKEN}, "the controls lack a kind")
        self.assertEqual({mutant.fate for mutant in listed if mutant.promise}, {mutants.RED})

    def test_an_entry_that_is_not_fit_is_seen(self):
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (root / "src").mkdir()
        (root / "src/a.c").write_text("one two\n")
        self.assertEqual(list(mutants.complaints(mutants.read(GOOD), root, {"unit_a"})), [])
        for words, text in SPOILT.items():
            with self.subTest(words):
                found = list(mutants.complaints(mutants.read(text), root, {"unit_a"}))
                self.assertTrue(any(words in why for _, why in found), found)
        for text in MALFORMED:
            with self.subTest(text), self.assertRaises(mutants.BadList):
                mutants.read(text)

    def test_several_lines_and_several_words_come_out_as_they_stand(self):
        text = "# said aside\n\n== a promise\n\nfor A B\ntitle @\nfile\n- x(@);\n-     y\n+ z\nred: t\n"
        first, second = mutants.read(text)
        self.assertEqual(first, ("a promise", "title A", "file", "x(A);\n    y", "z", "red", ("t",)))
        self.assertEqual(second.find, "x(B);\n    y")


if __name__ == "__main__":
    ROOT, BUILD = pathlib.Path(sys.argv[1]), sys.argv[2]
    unittest.main(argv=sys.argv[:1])
