# SPDX-License-Identifier: Apache-2.0
"""Looks into the floors' libraries for variables that can change: globals and mutable statics. Two nodes must fit into
one process, so there are none, but for the exceptions below.

Usage: check_state.py LIBRARY…. Exit 0: none; 1: findings, one a line."""
import subprocess
import sys

MUTABLE = (".bss", ".data", ".tbss", ".tdata", "*COM*")
EXCEPTIONS = {
    "parse_arena": "jansson's allocators take no argument, so the arena of the running parse is handed over by thread",
    "libraries": "the crypto libraries are started before main(), and the struct is constant from then on",
}


def mutable_variables(library):
    """The names of all objects in a section that the program may write to; .data.rel.ro is sealed at start."""
    done = subprocess.run(["objdump", "-t", library], capture_output=True, text=True, timeout=60, check=True)
    for line in done.stdout.splitlines():
        head, _, rest = line.partition("\t")
        section = head.split()[-1] if head.split() else ""
        sealed = section.startswith(".data.rel.ro")
        if rest and not sealed and any(section == name or section.startswith(name + ".") for name in MUTABLE):
            size, _, name = rest.strip().partition(" ")
            if int(size, 16) > 0:
                yield name.strip().removeprefix(".hidden ").split(".")[0]


def main():
    found = [(library, name) for library in sys.argv[1:] for name in mutable_variables(library)]
    wrong = [(library, name) for library, name in found if name not in EXCEPTIONS]
    for library, name in wrong:
        print(f"{library}: {name} can change")
    print(f"{len(sys.argv) - 1} libraries, {len(wrong)} findings")
    return 1 if wrong or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
