# SPDX-License-Identifier: Apache-2.0
"""Every link and every path that a page names must lead somewhere: `src/base/arena.h`, or `base/arena.h` or
`base/arena` for short. A file without a folder (`arena.h`), a function (`arena_open()`) and a struct (`struct arena`)
must be somewhere in the sources.
Names with a star, an angle bracket or an ellipsis are patterns and are left alone, and so are files
that a build or a running node makes.

Usage: check_pages.py ROOT. Exit 0: all lead somewhere; 1: findings, one a line."""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*)`")
FILE = re.compile(r"`([A-Za-z0-9_-]+\.(?:c|h|def|py|mjs|sql|cmake|txt))`")
FUNCTION = re.compile(r"`([a-z_][a-z0-9_]*)\(\)`")
STRUCT = re.compile(r"`struct ([a-z0-9_]+)`")
SOURCES = ("src", "tests", "tools", "cmake", "bench", "verify")
# A definition or a declaration: it begins a line, and nothing in front of the name calls or assigns.
DEFINED = re.compile(r"^(?:[a-z#][A-Za-z0-9_* ]*[ *])?([a-z_][a-z0-9_]*)\(", re.M)
DEFINED_STRUCT = re.compile(r"^\s*(?:\w+ )*struct ([a-z0-9_]+) \{", re.M)
OF_SQL = {"now"}
LEFT_OUT = {"build", "node_modules", ".git", "symbolon-data"}
MADE = ("build/", "DATA/")


def pages(root):
    for path in sorted(root.rglob("*.md")):
        if not LEFT_OUT.intersection(path.relative_to(root).parts):
            yield path


def leads_somewhere(root, page, name):
    starts = (page.parent, root, root / "src")
    return any((start / f"{name}{suffix}").exists() for start in starts for suffix in ("", ".c", ".h"))


class Sources:
    """The names of files, functions and structs that there are."""

    def __init__(self, root):
        self.files, self.functions, self.structs = {path.name for path in root.glob("*.txt")}, set(OF_SQL), set()
        for folder in SOURCES:
            for path in (root / folder).rglob("*"):
                self.files.add(path.name)
                if path.suffix in (".c", ".h"):
                    text = path.read_text(errors="replace")
                    self.functions.update(DEFINED.findall(text))
                    self.structs.update(DEFINED_STRUCT.findall(text))

    def lacks(self, text):
        for name in FILE.findall(text):
            if name not in self.files:
                yield f"{name} is nowhere"
        for name in FUNCTION.findall(text):
            if name not in self.functions:
                yield f"{name}() is nowhere"
        for name in STRUCT.findall(text):
            if name not in self.structs:
                yield f"struct {name} is nowhere"


def numbered_twice(root):
    """Each decision has a number of its own, and begins with it."""
    seen = {}
    for page in sorted((root / "docs/decisions").glob("[0-9]*.md")):
        number = int(page.name.split("-")[0])
        if seen.setdefault(number, page) != page:
            yield f"{page.relative_to(root)}: its number is that of {seen[number].name}"
        if not page.read_text().startswith(f"# {number}. "):
            yield f"{page.relative_to(root)}: it does not begin with its number"


def main():
    root = pathlib.Path(sys.argv[1])
    sources = Sources(root)
    read = 0
    wrong = []
    for page in pages(root):
        read += 1
        text = page.read_text()
        # The form for decisions and other examples stand between fences.
        text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        for name in LINK.findall(text) + PATH.findall(text):
            if not name.startswith(MADE) and not leads_somewhere(root, page, name):
                wrong.append(f"{page.relative_to(root)}: {name} leads nowhere")
        wrong += [f"{page.relative_to(root)}: {finding}" for finding in sources.lacks(text)]
    wrong += numbered_twice(root)
    print(*wrong, f"{read} pages, {len(wrong)} findings", sep="\n")
    return 1 if wrong or not read else 0


if __name__ == "__main__":
    sys.exit(main())
