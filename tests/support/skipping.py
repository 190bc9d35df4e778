# SPDX-License-Identifier: Apache-2.0
"""What a machine does not permit is not tried there. A test says so in a line "skipped: …", which the scorecard reads;
when nothing of it was tried it ends with SKIPPED, which CTest tells apart from a success (cmake/tests.cmake)."""

SKIPPED = 77


def skipped(why):
    print(f"skipped: {why}", flush=True)
    return SKIPPED
