# SPDX-License-Identifier: Apache-2.0
"""Steps of a test by name: each is a function whose name is a sentence, called in order with what the test is about.
The first that fails is named and ends the test."""
import time


def run(steps, *about):
    began = time.monotonic()
    for step in steps:
        sentence = step.__name__.replace("_", " ")
        try:
            step(*about)
        except BaseException:
            print(f"FAILED  {sentence}", flush=True)
            raise
        print(f"ok      {sentence}", flush=True)
    print(f"{len(steps)} steps in {time.monotonic() - began:.1f} s")
