# SPDX-License-Identifier: Apache-2.0
"""Steps of a test by name: each is a function whose name is a sentence, called in order with what the test is about.
The first that fails is named and ends the test. One that is `of_files` is about the files that SQLite keeps, and is
left out where the data is on a database server."""
import os
import time


def of_files(step):
    step.of_files = True
    return step


def run(steps, *about):
    began = time.monotonic()
    for step in steps:
        sentence = step.__name__.replace("_", " ")
        if getattr(step, "of_files", False) and "DATABASE_SERVER" in os.environ:
            print(f"files   {sentence}", flush=True)
            continue
        try:
            step(*about)
        except BaseException:
            print(f"FAILED  {sentence}", flush=True)
            raise
        print(f"ok      {sentence}", flush=True)
    print(f"{len(steps)} steps in {time.monotonic() - began:.1f} s")
