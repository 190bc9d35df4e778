# SPDX-License-Identifier: Apache-2.0
"""Goal: what the manual tells people to type works, and answers what the manual shows. Method: the blocks marked
```sh run of all pages go, in the order in which docs/manual/README.md lists the pages, into one shell in an empty
folder; the block behind one of them shows what must come out. The tour of `symbolon demo` is pasted into sh and bash as
it is printed. Positive control: answers with one thing changed must not pass for the ones that are shown.

In what is shown, … stands for anything within a line or a JSON text, and a line of … alone for any lines. JSON may have
more members than are shown, but no more items. A block without an answer behind it must end well."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import steps

MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs/manual"
SHOWN_URL = "http://127.0.0.1:8080"
FENCE = re.compile(r"^```([a-z]*)( run)?\n(.*?)^```\n(?:```(json|text)\n(.*?)^```\n)?", re.M | re.S)
MARK = "end of block, status"


class Block:
    def __init__(self, page, match):
        self.place = f"{page.name}:{match.string[:match.start()].count(chr(10)) + 1}"
        self.commands, self.form, self.shown = match.group(3), match.group(4), match.group(5)


def pages():
    """In the order of the map; a page that the map leaves out is a mistake."""
    listed = re.findall(r"^\| \[[^]]*\]\(([a-z-]+\.md)\)", (MANUAL / "README.md").read_text(), re.M)
    assert sorted([*listed, "README.md"]) == sorted(page.name for page in MANUAL.glob("*.md")), listed
    return [MANUAL / name for name in listed]


def blocks(page):
    return [Block(page, match) for match in FENCE.finditer(page.read_text()) if match.group(2)]


# ---- comparing

def text_agrees(shown, text):
    lines = [r"(?:.*\n)*" if line == "…" else "[^\n]*".join(map(re.escape, line.split("…"))) + r"\n"
             for line in shown.strip().split("\n")]
    return re.fullmatch("".join(lines), text.strip() + "\n") is not None


def json_agrees(shown, value):
    if isinstance(shown, dict):
        return isinstance(value, dict) and all(name in value and json_agrees(shown[name], value[name])
                                               for name in shown)
    if isinstance(shown, list):
        return isinstance(value, list) and len(shown) == len(value) and all(map(json_agrees, shown, value))
    if isinstance(shown, str):
        return isinstance(value, str) and text_agrees(shown, value)
    return type(shown) is type(value) and shown == value


def agrees(form, shown, output):
    if form == "text":
        return text_agrees(shown, output)
    try:
        return json_agrees(json.loads(shown), json.loads(output))
    except ValueError:
        return False


def changed_answers_are_noticed(_):
    shown = '{"id": "grt_…", "state": "active", "kinds": ["pd:Name"], "version": 1, "none": null}'
    same = {"id": "grt_1", "state": "active", "kinds": ["pd:Name"], "version": 1, "none": None, "new": 0}
    assert agrees("json", shown, json.dumps(same))
    for member, other in {"id": "rcp_1", "state": "ended", "kinds": ["pd:Name", "pd:City"], "version": True,
                          "none": 0}.items():
        assert not agrees("json", shown, json.dumps({**same, member: other})), member
        assert not agrees("json", shown, json.dumps({key: same[key] for key in same if key != member})), member
    assert not agrees("json", shown, "") and not agrees("json", shown, "[]")
    assert agrees("text", "a …\n…\nc.\n", "a b\n\nb\nc.\n")
    for other in ("a b\nc.\nd", "b\nc.", "a b\ncc", "a b\nb", ""):
        assert not agrees("text", "a …\n…\nc.\n", other), other


# ---- running

class Shell:
    """One shell and one node in a scratch folder."""

    def __init__(self, folder):
        self.folder = folder
        self.url = SHOWN_URL
        self.node = None
        program = os.environ["SYMBOLON"]
        self.environment = {**os.environ, "PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.STDOUT, cwd=folder, env=self.environment)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        if self.node is not None:
            self.node.terminate()
            status = self.node.wait(30)
            self.node.stdout.close()
            assert status == 0, f"the node ended with {status}"

    def serve(self):
        """What `symbolon serve &` is here: a free port, and its words at once."""
        self.node = subprocess.Popen(["symbolon", "serve", "--listen", "127.0.0.1:0"], cwd=self.folder, text=True,
                                     env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.node.stdout.readline()
        self.url = re.fullmatch(r"ready (http://\S+)\n", line).group(1)
        return line

    def run(self, commands):
        """The status and the words of a block."""
        if commands == "symbolon serve &\n":
            return 0, self.serve().replace(self.url, SHOWN_URL)
        pathlib.Path(self.folder, "block").write_text(commands.replace(SHOWN_URL, self.url))
        self.process.stdin.write(f". ./block </dev/null\nprintf '\\n{MARK} %d\\n' $?\n")
        self.process.stdin.flush()
        words = ""
        for line in self.process.stdout:
            if line.startswith(MARK):
                return int(line.split()[-1]), words.replace(self.url, SHOWN_URL)
            words += line
        raise AssertionError(f"the shell ended: {words}")


def a_block_that_fails_is_noticed(folder):
    shell = Shell(folder)
    try:
        assert shell.run("WORD=kept\ncat nowhere\n")[0] == 1 and shell.run("echo $WORD\n") == (0, "kept\n\n")
        assert shell.run("symbolon no such command\n")[0] == 2
    finally:
        shell.close()


def the_examples_do_what_the_pages_say(folder):
    shell = Shell(folder)
    try:
        for page in pages():
            began = time.monotonic()
            found = blocks(page)
            for block in found:
                status, words = shell.run(block.commands)
                assert block.form or status == 0, f"{block.place} ended with {status}: {words}"
                assert not block.form or agrees(block.form, block.shown, words), f"{block.place} answered:\n{words}"
            if found:
                print(f"        {page.name}: {len(found)} blocks in {time.monotonic() - began:.1f} s")
    finally:
        shell.close()


# ---- the tour

def start_demo(folder, name):
    return subprocess.Popen([os.environ["SYMBOLON"], "demo", "--listen", "127.0.0.1:0", "--data", f"{folder}/{name}"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def paste_tour(demo, shell):
    words = []
    for line in demo.stdout:
        words.append(line)
        if line.startswith("ready "):
            break
    said = "".join(words)
    assert "API key of one department: Shipping, of the shop Lantern Books" in said and "sign-in link" in said, said
    again = re.search(r'^"([^"]+)" person link \\\n(per_\w+) --data "([^"]+)"$', said, re.M)
    linked = subprocess.run([again[1], "person", "link", again[2], "--data", again[3]], capture_output=True, text=True,
                            timeout=60, check=True)
    assert "/sign-in/sin_" in linked.stdout, linked.stdout
    wide = [line for line in words if len(line) > 81 and os.environ["SYMBOLON"] not in line and "folder" not in line]
    assert not wide, wide
    tour = "".join(line for line in words if line.startswith("  "))
    done = subprocess.run([shell], input=tour, capture_output=True, text=True, timeout=60, check=False)
    done_at = datetime.datetime.now(datetime.timezone.utc)
    assert done.returncode == 0 and done.stderr == "", (shell, done.returncode, done.stderr, done.stdout)
    given, stopped, refused, seen, *verdict = done.stdout.strip().split("\n")
    assert json.loads(given)["attributes"]["pd:PhysicalAddress"]["value"]["street_address"]
    assert json.loads(stopped)["state"] == "withdrawn" and json.loads(refused)["reason"] == "grant.withdrawn"
    reads = json.loads(seen)["items"]
    assert [read["outcome"] for read in reads] == ["refused", "given"]
    late = [read["at"] for read in reads if datetime.datetime.fromisoformat(read["at"]) > done_at]
    assert not late, f"read at {late}, which is after {done_at}: the world's clock has left something of itself"
    assert verdict[0] == "receipt.jws: genuine", verdict


def the_tour_of_the_demo_works_pasted_into_sh_and_bash(folder):
    demos = {shell: start_demo(folder, shell) for shell in ("sh", "bash")}
    try:
        for shell, demo in demos.items():
            paste_tour(demo, shell)
    finally:
        for demo in demos.values():
            demo.terminate()
        left = [demo.wait(30) for demo in demos.values()]
        for demo in demos.values():
            demo.stdout.close()
    assert left == [0, 0], left


def main():
    with tempfile.TemporaryDirectory(prefix="symbolon-manual-") as folder:
        os.symlink(MANUAL.parents[1] / "verify", os.path.join(folder, "verify"))  # the reader was told to copy it
        steps.run([changed_answers_are_noticed, a_block_that_fails_is_noticed,
                   the_examples_do_what_the_pages_say, the_tour_of_the_demo_works_pasted_into_sh_and_bash], folder)


if __name__ == "__main__":
    sys.exit(main())
