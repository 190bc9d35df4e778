# SPDX-License-Identifier: Apache-2.0
"""Shows every C file under src/ to an analyzer and prints what it finds. Exceptions stand in
tools/analysis_exceptions.txt with a reason; one that excuses nothing is a finding too.

Usage: analyse.py cppcheck|gcc|tidy BUILD_FOLDER [FILE…]. Exit 0: nothing found; 1: findings, one a line."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXCEPTIONS = "tools/analysis_exceptions.txt"
SECONDS_MAX = 180  # for one file; the slowest takes a tenth of it

# The one library whose headers do not lie where compilers look by themselves.
LIBPQ = subprocess.run(["pkg-config", "--cflags", "libpq"], capture_output=True, text=True, check=True).stdout.split()

# Findings of gcc's analyzer that need more than one file to be right are left to clang's.
GCC_WITHOUT = ["null-dereference", "null-argument", "use-of-uninitialized-value"]


def arguments(build, file):
    """What the compilers are told. error.c is the one that defines what analysed.h wraps."""
    words = ["-std=c17", "-D_GNU_SOURCE", '-DSYMBOLON_VERSION=""', "-DSYMBOLON_SANITIZED=0",
             f"-I{ROOT}/src", f"-I{build}/generated", *LIBPQ]
    return words if file.endswith("base/error.c") else [*words, "-include", f"{ROOT}/tools/analysed.h"]


def cppcheck(build, file):
    return ["cppcheck", "--quiet", "--std=c11", "--enable=warning,portability,performance,style",
            "--template={file}:{line}: {message} [{id}]", "--template-location=", f"-I{ROOT}/src",
            f"-I{build}/generated", file]


def gcc(build, file):
    without = [f"-Wno-analyzer-{name}" for name in GCC_WITHOUT]
    return ["gcc", *arguments(build, file), "-fanalyzer", *without,
            "-fdiagnostics-plain-output", "-c", "-o", "/dev/null", file]


def tidy(build, file):
    return ["clang-tidy-19", "--quiet", f"--config-file={ROOT}/.clang-tidy", file, "--", *arguments(build, file)]


TOOLS = {"cppcheck": cppcheck, "gcc": gcc, "tidy": tidy}
FINDING = re.compile(r"^(?P<path>/[^:]+):(?P<line>\d+):.* \[(?P<rule>[\w.,=-]+)\]$", re.MULTILINE)


def findings_in(tool, build, file):
    """(path, rule, the line that says so) of each finding; a tool that fails without one is a finding too."""
    done = subprocess.run(TOOLS[tool](build, file), capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    said = done.stdout + done.stderr
    found = [(os.path.relpath(match["path"], ROOT), match["rule"].split(",")[0], match[0])
             for match in FINDING.finditer(said)]
    if done.returncode != 0 and not found:
        found = [(os.path.relpath(file, ROOT), "failed", f"{file}: {tool} failed: {said[-2000:]}")]
    return found


def read_exceptions(tool):
    """{(path, rule)}; a path of * is every file."""
    excused = set()
    for line in (ROOT / EXCEPTIONS).read_text().splitlines():
        if line and not line.startswith("#"):
            named, path, rule, _reason = line.split(maxsplit=3)
            if named == tool:
                excused.add((path, rule))
    return excused


def analyse(tool, build, files):
    with concurrent.futures.ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)))) as workers:
        runs = workers.map(lambda file: findings_in(tool, build, file), files)
        return sorted({finding for run in runs for finding in run})


def main():
    tool, build, *files = sys.argv[1:]
    everything = sorted(str(path) for path in (ROOT / "src").rglob("*.c"))
    found = analyse(tool, build, files or everything)
    excused = read_exceptions(tool)
    wrong = [said for path, rule, said in found if not {(path, rule), ("*", rule)} & excused]
    if not files:
        needed = {(path, rule) for path, rule, _ in found} | {("*", rule) for _, rule, _ in found}
        wrong += [f"{EXCEPTIONS}: {tool} {path} {rule} is no longer needed" for path, rule in sorted(excused - needed)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{tool}: {len(files or everything)} files, {len(found)} findings, {len(wrong)} without an excuse")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
