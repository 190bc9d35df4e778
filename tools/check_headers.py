# SPDX-License-Identifier: Apache-2.0
"""Compiles every header below ROOT/src alone, as the first thing a file includes: a header brings what it needs.

Usage: check_headers.py ROOT COMPILER [FLAG…]. Exit 0: all stand alone; 1: one does not, with the compiler's words."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys


def compile_alone(root, compiler, flags, header):
    """None when the header stands alone, else what the compiler says."""
    unit = f'#include "{header.relative_to(root / "src")}"\n'
    command = [*compiler, "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", f"-I{root / 'src'}", *flags, "-x", "c", "-"]
    done = subprocess.run(command, input=unit, capture_output=True, text=True, timeout=60, check=False)
    return None if done.returncode == 0 else f"{header.relative_to(root)} does not stand alone:\n{done.stderr}"


def main():
    root, compiler, flags = pathlib.Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3:]
    headers = sorted((root / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda header: compile_alone(root, compiler, flags, header), headers))
    wrong = [answer for answer in answers if answer is not None]
    print(*wrong, f"{len(headers)} headers, {len(wrong)} findings", sep="\n")
    return 1 if wrong or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
