# SPDX-License-Identifier: Apache-2.0
"""Positive controls of the checks of the house: a small clean tree must pass each check, and the same tree with one
thing broken must fail it, naming that thing. A check that stays green here shows nothing when it is green on src/.

Usage: controls.py CHECK_LAYERS"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

FIGURE = """# A house

```
 3  upper       what people see
 2  left | right   neighbours
 0  ground      leans on nothing
```
"""

CLEAN = {
    "ARCHITECTURE.md": FIGURE,
    "src/ground/stone.h": "/* A stone. */\n#ifndef STONE_H\n#define STONE_H\n#include <stddef.h>\nsize_t stone(void);\n#endif\n",
    "src/ground/stone.c": '#include "ground/stone.h"\n\nsize_t stone(void)\n{\n    return 1;\n}\n',
    "src/left/wall.c": '/* #include "upper/roof.h" stands in a comment only */\n#include "ground/stone.h"\n',
    "src/right/door.h": "#include <stdint.h>\n",
    "src/upper/roof.c": '#include "left/wall.h"\n#include "right/door.h"\n#include "upper/roof.h"\n',
}

# name: (what changes in the clean tree, words that the finding must hold)
LAYERS = {
    "an upward include": ({"src/ground/stone.c": '#include "upper/roof.h"\n'}, "reaches upward"),
    "an indented upward include": ({"src/left/wall.c": '  #  include "upper/roof.h"\n'}, "reaches upward"),
    "an include of a neighbour": ({"src/left/wall.c": '#include "right/door.h"\n'}, "neighbour"),
    "an include of the parent folder": ({"src/upper/roof.c": '#include "../ground/stone.h"\n'}, "leaves its folder"),
    "an include without a floor": ({"src/upper/roof.c": '#include "roof.h"\n'}, "does not start with a floor"),
    "an include by macro": ({"src/upper/roof.c": "#define ROOF <math.h>\n#include ROOF\n"}, "not a plain include"),
    "a file on no floor": ({"src/cellar/coal.c": "#include <stddef.h>\n"}, "no floor"),
    "sodium away from crypto": ({"src/upper/roof.c": "#include <sodium.h>\n"}, "away from its home"),
    "OpenSSL away from crypto": ({"src/left/wall.c": "#include <openssl/evp.h>\n"}, "away from its home"),
    "libjose away from crypto": ({"src/left/wall.c": "#include <jose/jws.h>\n"}, "away from its home"),
    "SQLite away from store": ({"src/left/wall.c": "#include <sqlite3.h>\n"}, "away from its home"),
    "libpq away from store": ({"src/left/wall.c": "#include <libpq-fe.h>\n"}, "away from its home"),
    "libevent away from http": ({"src/left/wall.c": "#include <event2/event.h>\n"}, "away from its home"),
    "curl away from net": ({"src/left/wall.c": "#include <curl/curl.h>\n"}, "away from its home"),
    "jansson away from base/json.h": ({"src/ground/stone.c": "#include <jansson.h>\n"}, "away from its home"),
    "a figure without floors": ({"ARCHITECTURE.md": "# A house\n"}, ""),
}


def run(check, changes):
    """The exit code and the output of `check` over the clean tree with `changes`."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        done = subprocess.run([check, root], capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout


class Layers(unittest.TestCase):
    def test_a_clean_tree_passes(self):
        code, output = run(CHECK_LAYERS, {})
        self.assertEqual(code, 0, output)
        self.assertIn("4 floors, 5 files, 0 findings", output)

    def test_each_breach_is_found(self):
        for name, (changes, words) in LAYERS.items():
            with self.subTest(name):
                code, output = run(CHECK_LAYERS, changes)
                self.assertNotEqual(code, 0, output)
                self.assertIn(words, output)


if __name__ == "__main__":
    CHECK_LAYERS = sys.argv.pop(1)
    unittest.main()
