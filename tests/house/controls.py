# SPDX-License-Identifier: Apache-2.0
"""Positive controls of the checks of the house: a small clean tree must pass each check, and the same tree with one
thing broken must fail it, naming that thing. A check that stays green here shows nothing when it is green on src/.

Usage: controls.py CHECK_LAYERS CHECK_SOURCE TOOLS_FOLDER"""
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

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

CLEAN = {
    "ARCHITECTURE.md": FIGURE,
    "src/ground/CMakeLists.txt": "floor(ground\n  SOURCES stone.c\n  TESTS stone)\n",
    "src/ground/stone.h": SPDX + "#ifndef STONE_H\n#define STONE_H\n#include <stddef.h>\nsize_t stone(void);\n#endif\n",
    "src/ground/stone.c": SPDX + '#include "ground/stone.h"\n\nsize_t stone(void)\n{\n    return 1;\n}\n',
    "src/left/CMakeLists.txt": "floor(left SOURCES wall.c USES ground)\n",
    "src/left/wall.c": SPDX + '/* #include "upper/roof.h" stands in a comment only */\n#include "ground/stone.h"\n',
    "src/right/door.h": SPDX + "#include <stdint.h>\n",
    "src/upper/CMakeLists.txt": "floor(upper SOURCES roof.c)\n",
    "src/upper/roof.c": SPDX + '#include "left/wall.h"\n#include "right/door.h"\n#include "upper/roof.h"\n',
    "tests/unit/ground/test_stone.c": SPDX,
    "tests/CMakeLists.txt": "property_test(weight floor_ground)\n",
    "tests/property/weight.c": SPDX,
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
    "libcbor away from protocol": ({"src/left/wall.c": "#include <cbor.h>\n"}, "away from its home"),
    "libevent away from http": ({"src/left/wall.c": "#include <event2/event.h>\n"}, "away from its home"),
    "curl away from net": ({"src/left/wall.c": "#include <curl/curl.h>\n"}, "away from its home"),
    "jansson away from base/json.h": ({"src/ground/stone.c": "#include <jansson.h>\n"}, "away from its home"),
    "a figure without floors": ({"ARCHITECTURE.md": "# A house\n"}, ""),
}


def body(*lines):
    """A clean src/ground/stone.c but for these lines in its one function."""
    return {"src/ground/stone.c": SPDX + "\n".join(["size_t stone(int a)", "{", *lines, "}", ""])}


def repeated(path, line, count):
    return {path: SPDX + f"{line}\n" * (count - 1)}


def with_parameters(*parameters):
    return {"src/ground/stone.c": SPDX + f"void f({', '.join(parameters)})\n{{\n}}\n"}


FIVE = ["int a", "int b", "int c", "int (*d)(int, int)", "int e"]
DEEP = ["if (a)", "for (;;) {", "while (a)", "switch (a) { case 1: return 2; }", "}"]
DEEP_MACRO = ["if (a) {", "each_item(list, item) {", "if (item) {", "do a(); while (b);", "} } }"]
MARKS = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
CALLS = ("gets strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r atoi atol atof strtol strtoul strtoll "
         "strtoull strtod sscanf scanf fscanf alloca rand srand random drand48 tmpnam mktemp system popen gmtime "
         "localtime asctime ctime strerror setjmp longjmp signal getenv malloc realloc fopen open socket accept "
         "getaddrinfo exit").split()

SOURCE = {
    "a long function": (body(*["a++;"] * 68), "stone function-lines: 71 lines"),
    "six parameters": (with_parameters(*FIVE, "int g"), "f parameters: 6 parameters"),
    "four levels": (body(*DEEP), "stone nesting: 4 levels"),
    "four levels with a macro": (body(*DEEP_MACRO), "stone nesting: 4 levels"),
    "a long file": (repeated("src/ground/stone.c", "int a;", 601), "file-lines: 601 lines"),
    "a long header": (repeated("src/ground/stone.h", "int a;", 151), "header-lines: 151 lines"),
    "a long line": (body("/* " + "é" * 116 + " */"), "line-length: 122 characters"),
    "a typedef of a struct": (body("typedef struct stone { int a; } stone;"), "typedef"),
    "a goto above the ledger": ({"src/domain/people/vault.c": SPDX + "void f(void)\n{\n    goto out;\n}\n"},
                                "banned: goto"),
    "an allocation in the domain": ({"src/domain/policy.c": SPDX + "void *p(void)\n{\n    return calloc(1, 1);\n}\n"},
                                    "banned: calloc"),
    "an allocation in a handler": ({"src/http/doors/api_vault.c": SPDX + "void f(void *p)\n{\n    free (p);\n}\n"},
                                   "banned: free"),
    "memcmp on secrets": ({"src/crypto/token.c": SPDX + "int f(void)\n{\n    return memcmp(a, b, 32);\n}\n"},
                          "banned: memcmp"),
    "a file without its licence": ({"src/ground/stone.c": "int stone;\n"}, "spdx"),
    "a script without its licence": ({"tools/lift": "#!/bin/sh\ntrue\n"}, "spdx"),
    "SQL without its licence": ({"src/ground/stone.sql": "SELECT 1;\n"}, "spdx"),
    "a vague name": ({"src/ground/utils.h": SPDX}, "name"),
    "a source that no list names": ({"src/ground/sand.c": SPDX}, "unlisted: src/ground/CMakeLists.txt"),
    "a unit test that no list names": ({"tests/unit/ground/test_sand.c": SPDX}, "unlisted: src/ground/CMakeLists.txt"),
    "a property test that no list names": ({"tests/property/sand.c": SPDX}, "unlisted: tests/CMakeLists.txt"),
    "a fuzz target that no list names": ({"tests/fuzz/sand.c": SPDX}, "unlisted: tests/CMakeLists.txt"),
    "a black-box test that no list names": ({"tests/integration/sand.py": "# " + SPDX}, "unlisted"),
    "a stale exception": ({"tools/source_exceptions.txt": "src/ground/stone.c:stone nesting It was deep.\n"},
                          "no longer needed"),
    "an exception without a reason": ({"tools/source_exceptions.txt": "src/ground/stone.c:stone nesting\n"}, "wants"),
    **{f"the word {mark}": (body(f"a++; /* {mark}: later */"), f"word: {mark}") for mark in MARKS},
    **{f"a call of {call}": (body(f"return {call}(a);"), f"banned: {call} ") for call in CALLS},
}

# What must *not* be found: one line each that looks like a breach and is none.
HARMLESS = {
    "the longest function": body(*["a++;"] * 67),
    "five parameters": with_parameters(*FIVE),
    "else if": body("if (a) { if (b) { if (c) d(); } }", *["else if (a) { if (b) { if (c) d(); } }"] * 4),
    "initialisers": body("struct s x = {{{{{1}}}}};", "return f((struct s){{{{2}}}});"),
    "names in comments and literals": body('/* malloc(1) */ puts("malloc(1) } } /*"); // free(p)', "return '{';"),
    "members": body("sink->free(a);", "sink.open(a);"),
    "words within words": body("int XXXXXX = HACKATHON;"),
    "a function made of directives": body("#define OPEN { \\", "    {", "a++;"),
    "an exception that is needed": {
        **body(*["a++;"] * 90),
        "tools/source_exceptions.txt": "src/ground/stone.c:stone function-lines It is a table.\n",
    },
}


HEADERS = {
    "a header that wants another": ({"src/right/door.h": "size_t doors(void);\n"}, "door.h does not stand alone"),
    "a header that does not parse": ({"src/right/door.h": "int doors(void\n"}, "door.h does not stand alone"),
}


PAGES = {
    "a link that leads nowhere": ({"README.md": "See [it](docs/gone.md).\n"}, "docs/gone.md leads nowhere"),
    "a path that leads nowhere": ({"README.md": "See `ground/gravel.c`.\n"}, "ground/gravel.c leads nowhere"),
    "a file that is nowhere": ({"README.md": "See `gravel.c`.\n"}, "gravel.c is nowhere"),
    "a function that is nowhere": ({"README.md": "See `gravel()`.\n"}, "gravel() is nowhere"),
    "a function that is only called": ({**body("    return gravel();"), "README.md": "`gravel()`\n"},
                                       "gravel() is nowhere"),
    "a struct that is nowhere": ({"README.md": "A `struct gravel`.\n"}, "struct gravel is nowhere"),
}
READABLE_PAGE = ("[a](ARCHITECTURE.md#house) `ground/stone.h` `ground/stone` `src/ground/` `left/wall_*.c` <ftp://x>\n"
                 "`stone.c` `stone()` `struct heap`\n")

ROUTES = """ROUTE(GET, "/healthz", get_health, WHO_ANYONE, SCOPE_NONE, LANE_LOOP, OPEN, NULL, NULL, NULL, 200,
      "The program runs; all is well.")
ROUTE(GET, "/log/tile/{tile...}", get_tile, WHO_ANYONE, SCOPE_NONE, LANE_LOOP, OPEN, NULL, NULL, NULL, 200, "A tile;")
ROUTE(POST, "/v1/org/systems", post_system, WHO_SYSTEM, SCOPE_ADMIN, LANE_LOOP, WRITE, NULL, NULL, NULL, 201,
      "A key.")
"""
ACCESS = """# who may
GET /healthz anyone - -
GET /log/tile/{tile} anyone - any
       tile torn 404 not_found
POST /v1/org/systems system admin -
"""
# name: (what changes, into what, in routes and policy together, words that the finding must hold)
ACCESS_BREACHES = {
    "a door without a row": ("GET /healthz anyone - -\n", "", "GET /healthz anyone -: access.policy does not say"),
    "a row without a door": ("GET /healthz", "GET /v1/gone person - -\nGET /healthz", "a door that is not there"),
    "another method": ("ROUTE(POST", "ROUTE(PUT", "PUT /v1/org/systems system admin"),
    "another caller": ("WHO_SYSTEM", "WHO_PERSON", "POST /v1/org/systems person admin"),
    "another scope": ("system admin", "system records", "POST /v1/org/systems system admin"),
    "no scope": ("SCOPE_ADMIN", "SCOPE_NONE", "POST /v1/org/systems system -"),
    "a row that nobody can read": ("GET /healthz anyone - -", "GET /healthz anyone", "not written like the others"),
    "a door that nobody can read": ('ROUTE(GET, "/healthz"', "ROUTE(GET, HEALTH", "not written like the others"),
    "a door behind a space": ("ROUTE(POST", " ROUTE(PUT", "not written like the others"),
    "a door behind another one": ("ROUTE(POST", 'ROUTE(GET, "/x", x) ROUTE(POST', "not written like the others"),
}

# name: one line of C, and the variable that must be found in what it compiles to, or None.
STATE = {
    "a global": ("int count;", "count"),
    "a global with a value": ("int count = 7;", "count"),
    "a mutable static": ("static int count; int next(void) { return ++count; }", "count"),
    "a static inside a function": ("int next(void) { static int count; return ++count; }", "count"),
    "a variable of a thread": ("_Thread_local int count;", "count"),
    "a constant": ("const int count = 7;", None),
    "a table of pointers": ('const char *const words[] = {"a", "b"};', None),
    "functions only": ("int next(int n) { return n + 1; }", None),
}


def run(check, changes):
    """The exit code and the output of `check` over the clean tree with `changes`."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        done = subprocess.run([*check, root, *(["cc"] if check is CHECK_HEADERS else [])],
                              capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout


class Controls(unittest.TestCase):
    def each_is_found(self, check, breaches):
        for name, (changes, words) in breaches.items():
            with self.subTest(name):
                code, output = run(check, changes)
                self.assertNotEqual(code, 0, output)
                self.assertIn(words, output)

    def test_a_clean_tree_has_its_layers_in_order(self):
        code, output = run(CHECK_LAYERS, {})
        self.assertEqual(code, 0, output)
        self.assertIn("4 floors, 5 files, 0 findings", output)

    def test_a_clean_tree_keeps_the_rules(self):
        code, output = run(CHECK_SOURCE, {})
        self.assertEqual(code, 0, output)
        self.assertIn("11 files, 0 exceptions, 0 findings", output)

    def test_each_breach_of_the_layers_is_found(self):
        self.each_is_found(CHECK_LAYERS, LAYERS)

    def test_each_breach_of_a_rule_is_found(self):
        self.each_is_found(CHECK_SOURCE, SOURCE)

    def test_headers_that_stand_alone_pass(self):
        code, output = run(CHECK_HEADERS, {})
        self.assertEqual(code, 0, output)
        self.assertIn("2 headers, 0 findings", output)

    def test_each_header_that_leans_is_found(self):
        self.each_is_found(CHECK_HEADERS, HEADERS)

    def test_pages_that_lead_somewhere_pass(self):
        code, output = run(CHECK_PAGES, {"README.md": READABLE_PAGE, "src/left/heap.h": "struct heap {\n};\n"})
        self.assertEqual(code, 0, output)

    def test_each_page_that_leads_nowhere_is_found(self):
        self.each_is_found(CHECK_PAGES, PAGES)

    def check_access(self, routes, policy):
        with tempfile.TemporaryDirectory() as root:
            pathlib.Path(root, "routes").write_text(routes)
            pathlib.Path(root, "policy").write_text(policy)
            done = subprocess.run(["cmake", f"-DROUTES={root}/routes", f"-DPOLICY={root}/policy", "-P", CHECK_ACCESS],
                                  capture_output=True, text=True, timeout=30, check=False)
            return done.returncode, " ".join(done.stderr.split())

    def test_doors_of_which_the_policy_says_who_may_pass(self):
        self.assertEqual(self.check_access(ROUTES, ACCESS), (0, ""))

    def test_each_door_of_which_the_policy_says_nothing_is_found(self):
        for name, (before, after, words) in ACCESS_BREACHES.items():
            with self.subTest(name):
                code, output = self.check_access(ROUTES.replace(before, after), ACCESS.replace(before, after))
                self.assertNotEqual(code, 0, output)
                self.assertIn(words, output)

    def test_each_variable_that_can_change_is_found(self):
        for name, (line, variable) in STATE.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as root:
                library = f"{root}/line.o"
                subprocess.run(["cc", "-O1", "-fPIE", "-c", "-o", library, "-x", "c", "-"], input=line, text=True,
                               timeout=30, check=True)
                done = subprocess.run([*CHECK_STATE, library], capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(done.returncode, 0 if variable is None else 1, done.stdout + done.stderr)
                self.assertTrue(variable is None or f": {variable} can change" in done.stdout, done.stdout)

    def test_what_only_looks_like_a_breach_is_let_through(self):
        for name, changes in HARMLESS.items():
            with self.subTest(name):
                code, output = run(CHECK_SOURCE, changes)
                self.assertEqual(code, 0, output)


if __name__ == "__main__":
    CHECK_LAYERS, CHECK_SOURCE = [sys.argv[1]], [sys.argv[2]]
    CHECK_HEADERS = [sys.executable, "-B", f"{sys.argv[3]}/check_headers.py"]
    CHECK_PAGES = [sys.executable, "-B", f"{sys.argv[3]}/check_pages.py"]
    CHECK_ACCESS = f"{sys.argv[3]}/../cmake/check_access.cmake"
    CHECK_STATE = [sys.executable, "-B", f"{sys.argv[3]}/check_state.py"]
    unittest.main(argv=sys.argv[:1])
