# SPDX-License-Identifier: Apache-2.0
"""Positive controls of a build: what its sanitizers are for, and asserts, must end a program that does it.

Usage: build_controls.py FAULTS [SANITIZERS, as in -fsanitize=]"""
import subprocess
import sys
import unittest

# kind of fault: the sanitizer that must see it ("" for every build), and what it says
KINDS = {
    "assert": ("", "Assertion"),
    "overrun": ("address", "AddressSanitizer: use-after-poison"),
    "stale": ("address", "AddressSanitizer: use-after-poison"),
    "shift": ("undefined", "runtime error: shift exponent"),
    "race": ("thread", "ThreadSanitizer: data race"),
}


class Controls(unittest.TestCase):
    def test_each_fault_ends_the_program(self):
        for kind, (sanitizer, words) in KINDS.items():
            if sanitizer not in SANITIZERS:
                continue
            with self.subTest(kind):
                done = subprocess.run([FAULTS, kind], capture_output=True, text=True, timeout=60, check=False)
                self.assertNotEqual(done.returncode, 0, done.stderr)
                self.assertIn(words, done.stderr)
                print(f"control: {kind}: red: {words}")


if __name__ == "__main__":
    FAULTS, SANITIZERS = sys.argv[1], ["", *",".join(sys.argv[2:]).split(",")]
    unittest.main(argv=sys.argv[:1])
