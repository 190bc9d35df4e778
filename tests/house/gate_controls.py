# SPDX-License-Identifier: Apache-2.0
"""Positive controls of the static gates: a program that was linked without one of the protections, and a file with one
mistake, must be found and named; the same without it must pass.

Usage: gate_controls.py TOOLS_FOLDER BUILD_FOLDER [quick]; `quick` leaves out the analyzers of `make gates`."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ('#include <stdio.h>\n#include <string.h>\n'
           '#ifdef LOOSE\n__asm__(".section .loose,\\"awx\\"\\n.byte 0\\n.previous");\n#endif\n'
           'int main(int count, char **words)\n{\n    char copy[80];\n'
           '    strncpy(copy, words[0], (size_t)count);\n    return puts(copy) < 0;\n}\n')
HARD = ["-O2", "-fPIE", "-pie", "-fstack-protector-all", "-fcf-protection=full", "-U_FORTIFY_SOURCE",
        "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now,-z,noexecstack"]

# what is said to the compiler after all that is right: the words of the finding
SOFT = {
    ("-no-pie", "-fno-pie"): "not PIE",
    ("-Wl,-z,norelro",): "no RELRO",
    ("-Wl,-z,lazy",): "not BIND_NOW",
    ("-Wl,-z,execstack",): "has a stack that may be executed",
    ("-DLOOSE",): "may be written and executed",
    ("-Wl,-rpath,/tmp",): "RPATH",
    ("-fno-stack-protector",): "no stack protector",
    ("-D_FORTIFY_SOURCE=0",): "no fortified call",
}

HEAD = "#include <stdlib.h>\n#include <string.h>\n\n"
MISTAKES = {
    "cppcheck": ("int last(void);\nint last(void)\n{\n    int all[2] = {1, 2};\n    return all[2];\n}\n",
                 "arrayIndexOutOfBounds"),
    "gcc": ("void twice(void);\nvoid twice(void)\n{\n    char *memory = malloc(9);\n    free(memory);\n"
            "    free(memory);\n}\n", "analyzer-double-free"),
    "tidy": ("int first(int more);\nint first(int more)\n{\n    int *none = NULL;\n    if (more > 3)\n"
             "        return *none;\n    return 0;\n}\n", "NullDereference"),
}
# Four outcomes to take: two of the condition, two cases. The assert and the value that no case names do not count.
COUNTED = ("#include <assert.h>\nenum way { WAY_LEFT, WAY_RIGHT };\n"
           "static int turn(enum way way, int speed)\n{\n    assert(speed >= 0);\n    if (speed > 9)\n"
           "        return 0;\n    switch (way) {\n    case WAY_LEFT:\n        return 1;\n    case WAY_RIGHT:\n"
           "        return 2;\n    }\n    return 3;\n}\n"
           "int main(void)\n{\n    return turn(WAY_LEFT, 10) + turn(WAY_RIGHT, 1) + turn(%s, 1);\n}\n")
COUNTS = {"WAY_LEFT": ("4/4 100.0 %", None), "WAY_RIGHT": ("3/4 75.0 %", "policy.c:9:5 never true")}
NO_MISTAKE = "int last(int number);\nint last(int number)\n{\n    return number;\n}\n"


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


class Controls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def look_at(self, *flags):
        program = str(self.folder / "program")
        (self.folder / "program.c").write_text(PROGRAM)
        code, output = output_of("gcc", "-w", *HARD, *flags, "-o", program, f"{program}.c")
        self.assertEqual(code, 0, output)
        return output_of(sys.executable, "-B", f"{TOOLS}/check_hardening.py", "--fortified", program)

    def analyse(self, tool, text):
        file = self.folder / "mistake.c"
        file.write_text(HEAD + text)
        return output_of(sys.executable, "-B", f"{TOOLS}/analyse.py", tool, BUILD, str(file))

    def test_a_hardened_program_passes(self):
        code, output = self.look_at()
        self.assertEqual(code, 0, output)

    def test_each_missing_protection_is_found(self):
        for flags, words in SOFT.items():
            with self.subTest(words):
                code, output = self.look_at(*flags)
                self.assertEqual(code, 1, output)
                self.assertIn(words, output)
                print(f"control: {words}: red")

    def test_an_object_without_control_flow_protection_is_found(self):
        (self.folder / "program.c").write_text(PROGRAM)
        for protection, expected in {"full": 0, "none": 1}.items():
            library, part = str(self.folder / f"{protection}.a"), str(self.folder / f"{protection}.o")
            code, output = output_of("gcc", "-w", f"-fcf-protection={protection}", "-c", "-o", part,
                                     str(self.folder / "program.c"))
            self.assertEqual(code, 0, output)
            output_of("ar", "rc", library, part)
            self.look_at()
            code, output = output_of(sys.executable, "-B", f"{TOOLS}/check_hardening.py",
                                     str(self.folder / "program"), library)
            self.assertEqual(code, expected, output)

    def test_each_outcome_that_no_test_takes_is_counted(self):
        source = self.folder / "src/domain/policy.c"
        source.parent.mkdir(parents=True)
        program = str(self.folder / "counted")
        for last, (figures, missing) in COUNTS.items():
            source.write_text(COUNTED % last)
            for command in (["clang-19", "-fprofile-instr-generate", "-fcoverage-mapping", "-fcoverage-mcdc", "-o",
                             program, str(source)],
                            ["env", f"LLVM_PROFILE_FILE={program}.profraw", "sh", "-c", f"{program} || true"],
                            ["llvm-profdata-19", "merge", "-o", f"{program}.profdata", f"{program}.profraw"]):
                code, output = output_of(*command)
                self.assertEqual(code, 0, output)
            code, output = output_of("llvm-cov-19", "export", f"-instr-profile={program}.profdata", program)
            (self.folder / "counted.json").write_text(output)
            code, output = output_of(sys.executable, "-B", f"{TOOLS}/coverage_report.py",
                                     str(self.folder / "counted.json"), "missing")
            self.assertIn(figures, output)
            self.assertIn(missing or "below", output)
            self.assertEqual("never" in output, missing is not None, output)
            self.assertEqual(code, 1)  # the other parts are not there

    def test_each_mistake_is_found(self):
        for tool in ANALYZERS:
            text, words = MISTAKES[tool]
            with self.subTest(tool):
                code, output = self.analyse(tool, text)
                self.assertEqual(code, 1, output)
                self.assertIn(words, output)
                print(f"control: {tool}, {words}: red")

    def test_what_is_right_passes(self):
        for tool in ANALYZERS:
            with self.subTest(tool):
                code, output = self.analyse(tool, NO_MISTAKE)
                self.assertEqual(code, 0, output)

    def test_a_file_that_cannot_be_read_is_a_finding(self):
        for tool in ANALYZERS:
            with self.subTest(tool):
                code, output = self.analyse(tool, "int half(\n")
                self.assertEqual(code, 1, output)


if __name__ == "__main__":
    TOOLS, BUILD = sys.argv[1:3]
    ANALYZERS = ["cppcheck"] if "quick" in sys.argv else list(MISTAKES)
    unittest.main(argv=sys.argv[:1])
