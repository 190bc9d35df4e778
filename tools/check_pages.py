# SPDX-License-Identifier: Apache-2.0
"""Every link and every path that a page names must lead somewhere: `src/base/arena.h`, or `base/arena.h` or
`base/arena` for short.
Names with a star, an angle bracket or an ellipsis are patterns and are left alone, and so are files
that a build or a running node makes.

Usage: check_pages.py ROOT. Exit 0: all lead somewhere; 1: findings, one a line."""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*)`")
LEFT_OUT = {"build", "node_modules", ".git", "symbolon-data"}
MADE = ("build/", "DATA/")


def pages(root):
    for path in sorted(root.rglob("*.md")):
        if not LEFT_OUT.intersection(path.relative_to(root).parts):
            yield path


def leads_somewhere(root, page, name):
    starts = (page.parent, root, root / "src")
    return any((start / f"{name}{suffix}").exists() for start in starts for suffix in ("", ".c", ".h"))


def main():
    root = pathlib.Path(sys.argv[1])
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
    print(*wrong, f"{read} pages, {len(wrong)} findings", sep="\n")
    return 1 if wrong or not read else 0


if __name__ == "__main__":
    sys.exit(main())
