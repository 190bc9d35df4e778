# SPDX-License-Identifier: Apache-2.0
"""Goal: the command line is what design and help say: people get sentences, programs get JSON, exit codes follow
base/error.def. Method: every command of command.def, called rightly and wrongly, beside a server and without one.
Positive control: each table of wrong calls has its right twin. What they say of damage: damage.py."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import page_sums
import steps
from running_node import RunningNode

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
PROGRAM = os.environ["SYMBOLON"]
ID = {"org": r"org_[0-9a-z]{26}", "dep": r"dep_[0-9a-z]{26}", "sys": r"sys_[0-9a-z]{26}", "per": r"per_[0-9a-z]{26}"}


def exit_codes():
    with open(os.path.join(SOURCE, "base", "error.def"), encoding="utf-8") as file:
        rows = re.findall(r"^X\((\w+), +\d+, +(\d+),", file.read(), re.M)
    assert len(rows) > 15
    return {name: int(code) for name, code in rows}


def commands():
    with open(os.path.join(SOURCE, "app", "command.def"), encoding="utf-8") as file:
        rows = re.findall(r'^X\("([a-z ]+)", cli_\w+, "([^"]*)", (\d+), (\d+), "([^"]*)",', file.read(), re.M)
    assert len(rows) >= 13
    return {row[0]: (row[1], int(row[2]), int(row[3]), row[4].split()) for row in rows}


EXIT = exit_codes()
COMMANDS = commands()


def call(*words, **more):
    more = {"capture_output": True, "timeout": 60, **more}
    return subprocess.run([PROGRAM, *words], **more, text=True)


def one_sentence(done, code):
    """Nothing on standard output, one line for people on standard error, the code of error.def."""
    assert done.returncode == EXIT[code], (done.args[1:], done.returncode, done.stderr)
    assert done.stdout == "", done.stdout
    assert re.fullmatch(r"symbolon: [^\n{}]+\n", done.stderr), done.stderr


# ---- words

def the_help_names_every_command_and_fits_a_terminal(node):
    whole = call("--help")
    assert whole.returncode == 0 and whole.stderr == ""
    assert call("help").stdout == call("-h").stdout == call().stdout == whole.stdout
    for words, (arguments, _, _, options) in COMMANDS.items():
        assert words in whole.stdout, words
        helped = call(*words.split(), "--help")
        assert helped.returncode == 0 and helped.stderr == "", words
        assert helped.stdout.startswith(f"symbolon {words} {arguments}".strip() + "\n"), words
        for option in [*options, "data", "store", "keys", "config", "json", "help"]:
            assert f"--{option} " in helped.stdout, (words, option)
        assert all(len(line) <= 80 for line in helped.stdout.split("\n") + whole.stdout.split("\n")), words


def an_option_or_command_that_is_not_there_is_refused(node):
    for words in (["paint"], ["org"], ["org", "paint"], ["--paint"], ["doctor", "--paint"], ["doctor", "--data"],
                  ["doctor", "--json=1"], ["doctor", "--dry-run"], ["doctor", "--listen", "127.0.0.1:0"]):
        one_sentence(call(*words), "USAGE")
    for words, (_, least, most, _) in COMMANDS.items():
        one_sentence(call(*words.split(), *["x"] * (most + 1)), "USAGE")
        if least > 0:
            one_sentence(call(*words.split(), *["x"] * (least - 1)), "USAGE")


def the_first_word_of_several_commands_leads_on(node):
    groups = {}
    for words in COMMANDS:
        first, _, second = words.partition(" ")
        if second:
            groups.setdefault(first, []).append(words)
    assert set(groups) == {"org", "department", "key", "system", "member", "person", "mark"}, groups
    for first, members in groups.items():
        shown = call(first, "--help")
        assert shown.returncode == 0 and shown.stderr == "" and all(words in shown.stdout for words in members), first
        assert call("help", first).stdout == call(first, "help").stdout == shown.stdout
        for words in ([first], [first, "paint"]):
            wrong = call(*words)
            one_sentence(wrong, "USAGE")
            assert f"see symbolon {first} --help" in wrong.stderr, wrong.stderr
    assert call("help", "org", "create").stdout == call("org", "create", "-h").stdout \
        == call("org", "create", "--help").stdout
    for words in (["help", "paint"], ["org", "create", "-x"]):
        one_sentence(call(*words), "USAGE")
    assert call("-h", "--data", "x").stdout == call("--help", "--json").stdout == call().stdout
    for words in (["--json", "org", "create", "x"], ["--data", "x", "doctor"]):
        early = call(*words)
        one_sentence(early, "USAGE")
        assert "behind a command" in early.stderr, early.stderr
    for words in (["--data", ""], ["--data="], ["--store", ""], ["--config="], ["--store", "postgres://x"],
                  ["--data", node.data, "--data", node.data], ["--json", "--json"],
                  ["--data=" + node.data, "--data", node.folder]):
        said = call("doctor", *words)
        assert said.returncode == EXIT["USAGE"] and words[0].split("=")[0] in said.stderr, (words, said.stderr)
    assert json.loads(call("doctor", "--json", "--data", "").stderr)["error"] == "cli.value"
    assert node.command("doctor").returncode == 0, "control"


def an_address_that_nobody_can_call_wants_the_one_for_people(node):
    for listen in ("0.0.0.0:0", "[::]:0"):
        said = call("serve", "--data", node.folder, "--listen", listen)
        one_sentence(said, "USAGE")
        assert "--url" in said.stderr, said.stderr


def the_version_is_said(node):
    assert re.fullmatch(r"symbolon \d+\.\d+\.\d+\n", call("--version").stdout)
    assert call("version").stdout == call("--version").stdout
    assert re.fullmatch(r"\d+\.\d+\.\d+", json.loads(call("version", "--json").stdout)["version"])


def every_exit_code_stands_in_the_manual(node):
    with open(os.path.join(SOURCE, "..", "docs", "operations", "README.md"), encoding="utf-8") as file:
        section = re.search(r"^## Exit codes\n(.*?)^## ", file.read(), re.M | re.S)[1]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.M)} == {0, *EXIT.values()}


@steps.of_files
def a_folder_without_a_node_is_said_and_stays_as_it_was(node):
    nowhere = os.path.join(node.folder, "nowhere")
    for words in (["doctor"], ["audit"], ["backup", nowhere + "-copy"], ["person", "link", "per_x"],
                  ["department", "create", "x", "y"], ["key", "create", "x", "y", "z"], ["import", "x", "y", "z"],
                  ["person", "create", "--name", "Ada"]):
        said = call(*words, "--data", nowhere)
        one_sentence(said, "NOT_FOUND")
        assert nowhere in said.stderr and "symbolon org create" in said.stderr, said.stderr
        asked = call(*words, "--data", nowhere, "--json")
        assert json.loads(asked.stderr)["error"] == "node.missing" and asked.stdout == ""
    assert not os.path.exists(nowhere) and not os.path.exists(nowhere + "-copy")
    nowhere += "-yet"
    os.mkdir(nowhere)
    asked = call("doctor", "--data", nowhere, "--json")
    assert asked.returncode == EXIT["NOT_FOUND"] and json.loads(asked.stderr)["error"] == "node.missing", asked.stderr
    assert os.listdir(nowhere) == []
    assert call("org", "create", "First", "--data", nowhere).returncode == 0, "an empty folder takes a node"
    assert call("person", "create", "--data", nowhere).returncode == 0


# ---- what the commands print

def each_create_prints_what_programs_rely_on(node):
    made = node.run("org", "create", "Søren & Co", "--id", "soren")
    assert re.fullmatch(ID["org"], made["id"]) and made["name"] == "Søren & Co", made
    department = node.run("department", "create", made["id"], "Post")
    assert re.fullmatch(ID["dep"], department["id"]) and department["name"] == "Post"
    for organisation in ("soren", made["id"], "Søren & Co"):
        key = node.run("key", "create", organisation, "Post", "till")
        assert re.fullmatch(ID["sys"], key["id"]) and key["name"] == "till" and key["secret"].startswith("key_")
        node.nobody.get("/v1/org/departments", {"Authorization": "Bearer " + key["secret"]}).expect(200)
    person = node.run("person", "create", "--name", "Ada")
    assert re.fullmatch(ID["per"], person["id"]) and person["name"] == "Ada"
    assert person["link"].startswith(node.url + "/sign-in/")
    again = node.run("person", "link", person["id"])
    assert again["id"] == person["id"] and again["link"] != person["link"]
    for link in (person["link"], again["link"]):
        node.nobody.get(link.removeprefix(node.url)).expect(303)
    elsewhere = node.run("person", "create", "--url", "https://symbolon.example")
    assert elsewhere["link"].startswith("https://symbolon.example/sign-in/")


def people_get_sentences_and_no_json(node):
    for words, sign in ((["org", "create", "Plain"], "plain"), (["department", "create", "plain", "Desk"], "Desk"),
                        (["key", "create", "plain", "Desk", "till"], "shown once"),
                        (["person", "create", "--name", "Eve"], "/sign-in/"), (["doctor"], "ok "),
                        (["audit"], "Everything agrees.")):
        done = node.command(*words)
        assert done.returncode == 0 and done.stderr == "", (words, done.stderr)
        assert sign in done.stdout and done.stdout.endswith("\n") and "{" not in done.stdout, (words, done.stdout)


def scopes_are_all_but_admin_unless_said(node):
    def may(words, method, path, body=None):
        key = node.run("key", "create", "soren", "Post", "k", *words)
        fields = {"Authorization": "Bearer " + key["secret"]}
        return node.nobody.call(method, path, body, fields).status

    assert may([], "GET", "/v1/org/purposes") == 200 and may([], "GET", "/v1/org/systems") == 403
    assert may(["--scope", "admin"], "GET", "/v1/org/systems") == 200
    assert may(["--scope", "records,grants"], "GET", "/v1/org/purposes") == 403
    for wrong in ("paint", "records,", "", ",", "Records"):
        one_sentence(node.command("key", "create", "soren", "Post", "k", "--scope", wrong), "USAGE")


def wrong_names_are_refused_with_the_code_of_their_kind(node):
    for words, code in ((["org", "create", ""], "INVALID"), (["org", "create", "n" * 201], "INVALID"),
                        (["org", "create", "a\nb"], "INVALID"), (["org", "create", "\x1b[31m"], "INVALID"),
                        (["org", "create", "x", "--id", "Not A Slug"], "INVALID"),
                        (["org", "create", "Søren & Co", "--id", "soren"], "CONFLICT"),
                        (["department", "create", "nobody", "x"], "NOT_FOUND"),
                        (["department", "create", "soren", ""], "INVALID"),
                        (["department", "create", "soren", "Post"], "CONFLICT"),
                        (["key", "create", "soren", "Nowhere", "k"], "NOT_FOUND"),
                        (["key", "create", "soren", "Post", ""], "INVALID"),
                        (["person", "create", "--name", "a\tb"], "INVALID"),
                        (["person", "link", "per_" + "0" * 26], "NOT_FOUND"),
                        (["person", "link", "Ada"], "USAGE"), (["person", "erase", "Ada", "--yes"], "USAGE")):
        done = node.command(*words)
        one_sentence(done, code)
        assert ("Ada" in words) == ('"Ada" is no id' in done.stderr and "per_" in done.stderr), done.stderr


# ---- configuration

def a_configuration_file_is_read_and_the_command_line_wins(node):
    path = os.path.join(node.folder, "symbolon.conf")

    def configure(text):
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    place = f"store = {node.store[1]}\n" if node.store else ""
    configure(f"# the node\n\n  data = {node.data}  \n{place}json = true\nlisten = 127.0.0.1:1\n")
    assert json.loads(call("doctor", "--config", path).stdout)["ok"] is True
    one_sentence(call("doctor", "--config", path.replace("symbolon.conf", "none")), "USAGE")
    configure(f"data = {node.folder}/nowhere\n")
    one_sentence(call("doctor", "--config", path), "NOT_FOUND")
    assert call("doctor", "--config", path, "--data", node.data, *node.store).returncode == 0
    for line in ("paint = 1", "data", "data =", "= x", "json = perhaps", "config = x", b"\xff\xfe", b"\0",
                 b"url = https://a\0b"):
        configure(line)
        one_sentence(call("doctor", "--config", path, "--data", node.data, *node.store), "USAGE")
    for line, word in (("paint = 1", '"paint"'), ("data =", "data no value"), ("\x1b[2J = 1", "\\u{1b}[2J")):
        configure(f"# the node\n{line}")
        said = call("doctor", "--config", path, "--data", node.data, *node.store).stderr
        assert word in said and "line 2" in said, (line, said)
    configure("s3cret")
    said = call("doctor", "--config", path, "--data", node.data, *node.store).stderr
    assert "s3cret" not in said, "it may be a password"


def an_answer_that_cannot_be_written_is_no_success(node):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([PROGRAM, "version"], stdout=full, stderr=subprocess.PIPE, timeout=20, text=True)
    assert done.returncode == EXIT["INTERNAL"] and done.stderr.count("\n") == 1, done.stderr


# ---- serving

class Server:
    """A second server, ended also when the test fails."""

    def __init__(self, *words):
        self.process = subprocess.Popen([PROGRAM, "serve", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        line = self.process.stdout.readline().decode()
        self.url = json.loads(line)["ready"] if line.startswith("{") else line.removeprefix("ready ").strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output.decode(), errors.decode()


@steps.of_files
def an_address_for_people_is_scheme_and_host(node):
    data = os.path.join(node.folder, "addressed")
    for url in ("javascript:alert(1)", "https://", "https://x.example/", "https://x.example/a", "ftp://x.example", "",
                "https://X.example", "https://a@x.example", "https://x.example?a", "https://x y"):
        for words in (["person", "create"], ["serve", "--listen", "127.0.0.1:0"]):
            one_sentence(call(*words, "--data", data, "--url", url), "USAGE")
    with Server("--data", data, "--listen", "127.0.0.1:0", "--json", "--url", "https://x.example:8443") as server:
        assert server.url == "https://x.example:8443"
    made = json.loads(call("person", "create", "--data", data, "--json").stdout)
    assert made["link"].startswith("https://x.example:8443/sign-in/"), made


@steps.of_files
def a_port_that_is_taken_and_an_address_that_is_none_are_said(node):
    for listen, code in ((f"127.0.0.1:{node.port}", "UNAVAILABLE"), ("127.0.0.1", "USAGE"), (":0", "USAGE"),
                         ("127.0.0.1:99999", "USAGE"), ("127.0.0.1:x", "USAGE"), ("nowhere.invalid:0", "INVALID")):
        data = os.path.join(node.folder, "second")
        done = call("serve", "--data", data, "--listen", listen)
        one_sentence(done, code)
    done = call("serve", "--data", data, "--listen", f"127.0.0.1:{node.port}", "--json")
    assert json.loads(done.stderr.strip().split("\n")[-1])["error"] and done.stdout == "", done.stderr


@steps.of_files
def a_port_that_is_taken_is_said_before_anything_is_made(node):
    data = os.path.join(node.folder, "unmade")
    for command in ("serve", "demo"):
        began = time.monotonic()
        done = call(command, "--data", data, "--listen", f"127.0.0.1:{node.port}")
        one_sentence(done, "UNAVAILABLE")
        assert "--listen" in done.stderr and not os.path.exists(data), done.stderr
        assert time.monotonic() - began < 2, "the world was made first"


@steps.of_files
def files_that_others_may_reach_are_refused(node):
    data = os.path.join(node.folder, "open")
    assert call("org", "create", "Open", "--data", data).returncode == 0
    assert call("doctor", "--data", data).returncode == 0
    for file in ("people", "records", "ledger", "keys"):
        path = os.path.join(data, "store", file + ".db")
        for mode in (0o666, 0o640, 0o604):
            os.chmod(path, mode)
            done = call("doctor", "--data", data)
            one_sentence(done, "FORBIDDEN")
            assert file + ".db" in done.stderr and "chmod" in done.stderr, done.stderr
        os.chmod(path, 0o600)
    os.chmod(os.path.join(data, "keys"), 0o750)
    one_sentence(call("doctor", "--data", data), "FORBIDDEN")
    os.chmod(os.path.join(data, "keys"), 0o700)
    assert "private" in call("doctor", "--data", data).stdout


@steps.of_files
def a_server_says_ready_in_one_line_and_ends_well_on_both_signals(node):
    data = os.path.join(node.folder, "own")
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server("--data", data, "--listen", "127.0.0.1:0") as server:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url), server.url
            status, output, errors = server.end(number)
            assert (status, output) == (0, ""), (status, output, errors)
    with Server("--data", data, "--listen", "127.0.0.1:0", "--json", "--dev") as server:
        status, output, errors = server.end()
        lines = [json.loads(line) for line in errors.strip().split("\n")]
        assert status == 0 and any(line["event"] == "dev.mode" for line in lines), lines
        assert all({"at", "level", "event"} <= set(line) for line in lines), lines


@steps.of_files
def a_request_that_is_under_way_is_answered_before_the_end(node):
    with Server("--data", os.path.join(node.folder, "own"), "--listen", "127.0.0.1:0") as server:
        body = b'{"invitation": "AAAA-AAAA-AAAA-AAAA"}'
        with socket.create_connection(("127.0.0.1", server.port), 20) as open_one:
            open_one.sendall(b"POST /v1/claims HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            assert server.process.poll() is None, "the server did not wait"
            open_one.sendall(body[5:])
            answer = http.client.HTTPResponse(open_one)
            answer.begin()
            assert answer.status == 404 and json.loads(answer.read())["reason"]
        assert server.process.wait(20) == 0
        try:
            socket.create_connection(("127.0.0.1", server.port), 2).close()
        except ConnectionRefusedError:
            return
        raise AssertionError("somebody still listens")


def two_servers_on_one_store_show_the_same(node):
    with Server("--data", node.data, *node.store, "--listen", "127.0.0.1:0", "--json") as second:
        shop = node.organisation("Two Doors", "Desk")
        there = http.client.HTTPConnection("127.0.0.1", second.port, timeout=20)
        there.request("GET", "/v1/org/departments", headers=shop.fields)
        answer = there.getresponse()
        assert answer.status == 200 and json.loads(answer.read())["items"][0]["id"] == shop.department
        there.request("POST", "/v1/org/invitations", "{}", {**shop.fields, "Content-Type": "application/json"})
        made = json.loads(there.getresponse().read())
        there.close()
        assert shop.get(f"/v1/org/relationships/{made['relationship']}").expect(200).json["state"] == "invited"
        assert second.end()[0] == 0
    node.run("doctor")


def commands_run_side_by_side(node):
    """Eight at once, each a write: all of them succeed, none loses another's row."""
    done = []
    threads = [threading.Thread(target=lambda at=at: done.append(node.run("org", "create", f"Side {at}")["id"]))
               for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(done)) == 8, done


# ---- care

@steps.of_files
def a_backup_is_whole_and_has_no_keys(node):
    copy, again = (os.path.join(node.folder, name) for name in ("copy", "again"))
    ignored = shutil.ignore_patterns("*.db", "*.db-*")
    shutil.copytree(node.data, again, ignore=ignored)  # first: a mark that is newer than the backup would refuse it
    assert node.run("backup", copy) == {"backup": copy}
    names = sorted(os.listdir(copy))
    assert names == ["ledger.db", "people.db", "records.db"], names
    for name in names:
        assert os.stat(os.path.join(copy, name)).st_mode & 0o077 == 0, "others may read it"
        with sqlite3.connect(os.path.join(copy, name)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    one_sentence(node.command("backup", copy), "CONFLICT")
    for name in names:
        shutil.copy(os.path.join(copy, name), os.path.join(again, "store", name))
    keys = sqlite3.connect(os.path.join(node.data, "store", "keys.db"))
    kept = sqlite3.connect(os.path.join(again, "store", "keys.db"))
    keys.backup(kept)  # a file that is in use is not copied by hand
    keys.close()
    kept.close()
    page_sums.put_right(os.path.join(again, "store", "keys.db"))
    os.chmod(os.path.join(again, "store", "keys.db"), 0o600)
    done = call("audit", "--data", again)
    assert done.returncode == 0, ("a backup and the keys are a node", done.stdout, done.stderr)


def what_verify_is_not_given_is_said(node):
    files = {"key": b"example+12345678+AQ==\n", "receipt": b'{"payload":"e30","signatures":[]}', "empty": b"",
             "noise": bytes(range(256)), "long": b"{" + b"x" * 1_100_000, "list": b"root:x:0:0\n\nbin:x:2:2\n"}
    for name, content in files.items():
        with open(os.path.join(node.folder, name), "wb") as file:
            file.write(content)
    path = {name: os.path.join(node.folder, name) for name in files}
    one_sentence(call("verify"), "USAGE")
    missing = path["key"] + ".none"
    for words in ([path["receipt"]], [path["receipt"], path["key"]], [path["key"]], [missing], [node.folder]):
        one_sentence(call("verify", *words), "USAGE")
    one_sentence(call("verify", path["long"], path["key"]), "TOO_LARGE")
    for name in ("empty", "noise", "list"):
        for more in ([], [path["key"]], ["--key", path["key"]], [path["receipt"]]):
            done = call("verify", path[name], *more)
            one_sentence(done, "USAGE")
            assert f"{path[name]} is no receipt" in done.stderr, (name, more, done.stderr)


NODE_STEPS = [the_help_names_every_command_and_fits_a_terminal, an_option_or_command_that_is_not_there_is_refused,
              the_first_word_of_several_commands_leads_on,
              an_address_that_nobody_can_call_wants_the_one_for_people, the_version_is_said,
              every_exit_code_stands_in_the_manual,
              a_folder_without_a_node_is_said_and_stays_as_it_was,
              each_create_prints_what_programs_rely_on, people_get_sentences_and_no_json,
              scopes_are_all_but_admin_unless_said, wrong_names_are_refused_with_the_code_of_their_kind,
              a_configuration_file_is_read_and_the_command_line_wins, an_answer_that_cannot_be_written_is_no_success,
              an_address_for_people_is_scheme_and_host, a_port_that_is_taken_and_an_address_that_is_none_are_said,
              a_port_that_is_taken_is_said_before_anything_is_made, files_that_others_may_reach_are_refused,
              a_server_says_ready_in_one_line_and_ends_well_on_both_signals,
              a_request_that_is_under_way_is_answered_before_the_end, two_servers_on_one_store_show_the_same,
              commands_run_side_by_side, a_backup_is_whole_and_has_no_keys, what_verify_is_not_given_is_said]


def main():
    with RunningNode() as node:
        steps.run(NODE_STEPS, node)


if __name__ == "__main__":
    sys.exit(main())
