# SPDX-License-Identifier: Apache-2.0
"""Reads mutants.list, and says what is wrong with it."""
import collections
import pathlib

LIST = pathlib.Path(__file__).with_name("mutants.list")

# What must become of a mutant: its tests turn red, stay green, or it does not even build. All but RED are controls.
RED, GREEN, BROKEN = "red", "green", "broken"

Mutant = collections.namedtuple("Mutant", "promise title file find put fate tests")


class BadList(Exception):
    pass


def blocks(text):
    """Lines of each block, without comments; blocks are parted by empty lines."""
    lines = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("#"):
            continue
        if line.strip():
            lines.append(line)
        elif lines:
            yield lines
            lines = []


def take(lines, sign):
    """The text of the lines that begin with the sign and one space."""
    taken = [line[2:] for line in lines if line == sign or line.startswith(sign + " ")]
    return "\n".join(taken)


def one_of(promise, lines):
    fate, _, tests = lines[-1].partition(": ")
    body = lines[2:-1]
    if len(lines) < 4 or fate not in (RED, GREEN, BROKEN) or not all(line[0] in "-+" for line in body):
        raise BadList(f"not title, file, - lines, + lines and fate: {lines[0]}")
    return Mutant(promise, lines[0], lines[1], take(body, "-"), take(body, "+"), fate, tuple(tests.split()))


def expand(lines):
    """A block whose first line is `for A B …` stands once for each word, which takes the place of `@`."""
    if not lines[0].startswith("for "):
        yield lines
        return
    for word in lines[0].split()[1:]:
        yield [line.replace("@", word) for line in lines[1:]]


def read(text):
    promise, mutants = "", []
    for lines in blocks(text):
        if lines[0].startswith("== "):
            promise = lines[0][3:]
            continue
        mutants += [one_of(promise, each) for each in expand(lines)]
    return mutants


def complaints(mutants, root, tests):
    """Each entry that is not fit to run, and why: on the sources under root, with the tests that there are."""
    seen = set()
    for mutant in mutants:
        path = root / mutant.file
        count = path.read_text().count(mutant.find) if path.is_file() and mutant.find else 0
        if not path.is_file():
            yield mutant, f"there is no {mutant.file}"
        elif count != 1:
            yield mutant, f"its text stands {count} times in {mutant.file}, not once"
        if mutant.find == mutant.put:
            yield mutant, "it changes nothing"
        if mutant.title in seen:
            yield mutant, "its title stands in the list twice"
        if not mutant.tests:
            yield mutant, "it names no test"
        for test in mutant.tests:
            if test not in tests:
                yield mutant, f"there is no test {test}"
        seen.add(mutant.title)
