# SPDX-License-Identifier: Apache-2.0
"""Looks whether the flags of cmake/flags.cmake have reached a linked program: what a build says of itself is believed
only when the binary says it too. Objects and libraries, where they are given, show control-flow protection, which the
linker drops from the program as soon as one object of the C library lacks it.

Usage: check_hardening.py [--fortified] PROGRAM [LIBRARY…]. Exit 0: all there; 1: findings, one a line."""
import os
import re
import subprocess
import sys

STACK_GUARD = "__stack_chk_fail"


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def flags_of(headers, kind):
    """The access flags of all segments of a kind, each like "R E"."""
    line = re.compile(rf"^\s+{kind}\s+(?:0x[0-9a-f]+\s+){{5}}([RWE ]+?)\s+0x", re.MULTILINE)
    return line.findall(headers)


def findings_of_program(path, fortified):
    headers, dynamic, symbols = readelf("-l", path), readelf("-d", path), readelf("--dyn-syms", path)
    stack = flags_of(headers, "GNU_STACK")
    faults = {
        "is at a fixed place: not PIE": not re.search(r"FLAGS_1.*\bPIE\b", dynamic),
        "has no part that is made read-only at start: no RELRO": not flags_of(headers, "GNU_RELRO"),
        "binds as it goes: not BIND_NOW": not re.search(r"FLAGS.*\bBIND_NOW\b|FLAGS_1.*\bNOW\b", dynamic),
        "has a stack that may be executed": not stack or "E" in stack[0],
        "has memory that may be written and executed": any("W" in f and "E" in f for f in flags_of(headers, "LOAD")),
        "looks for libraries in folders of its own: RPATH": bool(re.search(r"\((RPATH|RUNPATH)\)", dynamic)),
        "changes its own code at start: TEXTREL": "TEXTREL" in dynamic,
        "has no stack protector": STACK_GUARD not in symbols,
        "has no fortified call": fortified and not re.search(r"UND __\w+_chk\b", symbols),
    }
    return [f"{path}: {fault}" for fault, found in faults.items() if found]


def findings_of_library(path):
    """Each object of the library that may be entered anywhere; only where the processor has such marks (x86-64)."""
    if "X86-64" not in readelf("-h", path):
        return []
    _, *members = re.split(r"^File: (.+)$", readelf("-n", path), flags=re.MULTILINE)
    return [f"{name}: has no control-flow protection" for name, notes in zip(members[::2], members[1::2])
            if "x86 feature: IBT, SHSTK" not in notes]


def main():
    words = [word for word in sys.argv[1:] if word != "--fortified"]
    if not words:
        sys.exit(__doc__)
    found = findings_of_program(words[0], "--fortified" in sys.argv)
    for library in words[1:]:
        found += findings_of_library(library)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"found: {os.path.basename(words[0])} and {len(words) - 1} libraries, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
