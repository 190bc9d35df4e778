# SPDX-License-Identifier: Apache-2.0
"""Goal: an import tells of everything that it did not take over, to people and to programs, and what stands in a file
or a name can neither forge a line of what it says nor lose the codes without a word. Method: small files with one
known fault each, against the notes that a person expects; outputs that are full or closed; a store that this user may
only read. Positive control: the same files without their faults give no note."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import steps
from running_node import RunningNode


class Desk:
    """A department that imports, and what it hears."""

    def __init__(self, node, name):
        self.node = node
        self.system = node.organisation(name, "Desk")

    def write(self, name, content):
        path = os.path.join(self.node.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def words(self, path, *options):
        return [self.node.program, "import", self.system.organisation, self.system.department, path, "--data",
                self.node.data, *self.node.store, *options]

    def said(self, name, content, *options):
        return self.node.run("import", self.system.organisation, self.system.department, self.write(name, content),
                             *options)

    def told(self, name, content, *options):
        return self.node.command("import", self.system.organisation, self.system.department,
                                 self.write(name, content), *options)

    def bodies(self, relationship):
        return [item["body"] for item in
                self.system.get(f"/v1/org/relationships/{relationship}/records").expect(200).json["items"]]


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:2.1", *lines, "END:VCARD", ""])


def notes(said):
    assert said["notes_total"] == len(said["notes"]), said
    return [(note["line"], note["property"], note["reason"]) for note in said["notes"]]


# ---- notes

def each_detail_that_is_left_out_has_a_note(node):
    desk = Desk(node, "notes")
    good = ["FN:Ada", "EMAIL:ada@x.example", "BDAY:1985-04"]
    said = desk.said("good.vcf", card(*good))
    assert notes(said) == [] and said["created"] == 1, said
    assert {"field": "pd:BirthDate", "value": "1985-04"} in desk.bodies(said["invitations"][0]["relationship"])
    faults = {
        "PHOTO;ENCODING=BASE64:AAAA": ("photo", "skipped"),
        "BDAY;VALUE=text:circa 1800": ("birthdate", "unreadable"),
        "TITLE;CHARSET=KLINGON:x": ("title", "charset_unknown"),
        "TITLE;ENCODING=QUOTED-PRINTABLE:50=ZZ": ("title", "unreadable"),
        "TITLE:a\x0bb": ("title", "control_characters"),
        "NOTE:" + "x" * 3_000_000: ("note", "too_long"),
        "EMAIL:notanemail": ("email", "not_an_address"),
        "EMAIL:a@b@c": ("email", "not_an_address"),
        "ANNIVERSARY:20010203": ("anniversary", "skipped"),
    }
    for fault, (about, reason) in faults.items():
        said = desk.said("fault.vcf", card("FN:Ada", "EMAIL:ada@x.example", fault), "--dry-run")
        assert notes(said) == [(5, about, reason)] and said["rejected"] == [], (fault[:40], said["notes"])
    said = desk.said("outlook.csv", "First Name,Email,Birthday\nAda,ada@x.example,4/12/1980\n", "--dry-run")
    assert notes(said) == [(2, "birthdate", "ambiguous")], said
    said = desk.said("outlook.csv", "First Name,Email,Birthday\nCy,cy@x.example,4/12/1980\nDee,d@x.example,4/30/1980\n")
    assert notes(said) == [], said
    assert {"field": "pd:BirthDate", "value": "1980-04-12"} in desk.bodies(said["invitations"][0]["relationship"])
    said = desk.said("columns.csv", "First Name,Email,Shoe size\nAda,ada@x.example,39\n", "--dry-run")
    assert said["columns_not_read"] == ["Shoe size"], said


def a_name_that_cannot_be_read_becomes_no_other_name(node):
    desk = Desk(node, "names")
    for at, name in enumerate(("FN;CHARSET=KLINGON:Ada", "FN;ENCODING=QUOTED-PRINTABLE:=ZZ", "FN:A\x01da")):
        mail = f"a{at}@x.example"
        said = desk.said("name.vcf", card(name, f"EMAIL:{mail}"))
        assert [note[:2] for note in notes(said)] == [(3, "full_name")], said
        relationship = said["invitations"][0]["relationship"]
        assert desk.bodies(relationship) == [{"field": "pd:EmailAddress", "value": {"value": mail}}]
        again = desk.said("name.vcf", card("FN:Ada", f"EMAIL:{mail}"))
        assert again["updated"] == 1 and notes(again) == [], again
        assert {"field": "pd:Name", "value": {"name": "Ada"}} in desk.bodies(relationship)


def whoever_has_a_number_alone_is_nobody(node):
    desk = Desk(node, "numbers")
    said = desk.said("salesforce.csv", "Id,First Name,Last Name,Email,Title\n003A,,,,Poet\n003B,,Ott,,\n")
    assert said["rejected"] == [{"line": 2, "reason": "contact.nobody"}] and said["created"] == 1, said


def a_long_list_of_notes_ends_and_its_count_does_not(node):
    desk = Desk(node, "many")
    rows = "".join(f"{chr(97 + i % 26)}{i}@x.example,{i}\n" for i in range(10_050))
    said = desk.said("many.csv", "Email,Additional email addresses\n" + rows, "--dry-run")
    assert len(said["notes"]) == 10_000 and said["notes_total"] == 10_050 == said["created"], said["notes_total"]
    assert said["notes"][-1] == {"line": 10_001, "reason": "not_an_address", "property": "email"}, said["notes"][-1]
    done = desk.told("few.csv", "Email,Additional email addresses\n" + "".join(rows.splitlines(True)[:50]), "--dry-run")
    lines = done.stderr.splitlines()
    assert len(lines) == 5 and lines[0] == "line 2: email: It is not an e-mail address.", lines
    assert "doubt: 50 details.\n" in done.stdout and "  50 not_an_address: It is not an" in done.stdout, done.stdout


def a_large_field_is_called_large(node):
    desk = Desk(node, "large")
    table = 'First Name,Email\n"' + "x" * 2_000_000 + '",a@x.example\nBen,b@x.example\n'
    said = desk.said("large.csv", table, "--dry-run")
    assert said["rejected"] == [{"line": 2, "reason": "csv.too_large"}] and said["created"] == 1, said


# ---- what is printed

def no_name_forges_a_line(node):
    desk = Desk(node, "forged")
    done = desk.told("forged.vcf", card("FN;ENCODING=QUOTED-PRINTABLE:Ada=0AAAAA-AAAA  rel_forged  Bob",
                                        "EMAIL:ada@x.example").replace("2.1", "3.0"))
    assert done.returncode == 0 and "\\u{a}AAAA" in done.stdout, done.stdout
    assert len([line for line in done.stdout.splitlines() if "rel_" in line]) == 1, done.stdout
    done = desk.told("turned.csv", "First Name,Email,\u202eodd\x1b[2J\nB\u202eob,bob@x.example,\n")
    assert "B\\u{202e}ob" in done.stdout, done.stdout
    assert not {"\u202e", "\x1b"} & {*done.stdout, *done.stderr}, (done.stdout, done.stderr)
    for words in (("import", desk.system.organisation, desk.system.department, "/no\nfile\x1b[2J"),
                  ("verify", "/no\nfile\x1b[2J"), ("no\nsuch\x1b[2J",), ("doctor", "--no\nsuch\x1b")):
        done = node.command(*words)
        assert done.returncode != 0 and done.stderr.count("\n") == 1 and "\x1b" not in done.stderr, done.stderr
    done = node.command("backup", os.path.join(node.folder, "back\x1b[2Jup"))
    assert (done.returncode == 0) == (node.database is None)  # a server has a backup of its own
    assert "\x1b" not in done.stdout + done.stderr, done.stdout
    done = node.command("person", "create", "--name", "A\x1b[2Jda")
    assert "\x1b" not in done.stdout + done.stderr, done.stdout


def codes_that_could_not_be_written_are_not_lost_without_a_word(node):
    desk = Desk(node, "lost")
    path = desk.write("lost.csv", "First Name,Email\n" + "".join(f"P{i},p{i}@x.example\n" for i in range(1200)))
    for options in ((), ("--new-codes",), ("--new-codes", "--json")):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(desk.words(path, *options), stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=False)
        assert done.returncode == 1 and "--new-codes" in done.stderr, (options, done.returncode, done.stderr)
    closed = subprocess.run(["/bin/sh", "-c", '"$@" >&-', "sh", *desk.words(path, "--new-codes")], text=True,
                            stderr=subprocess.PIPE, timeout=60)
    assert closed.returncode == 1 and "--new-codes" in closed.stderr, (closed.returncode, closed.stderr)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(desk.words(path), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "could not be written" in done.stderr, done.stderr
    said = node.run(*desk.words(path, "--new-codes")[1:5], "--new-codes")
    assert said["unchanged"] == 1200 == len(said["invitations"]), said["unchanged"]


@steps.of_files
def a_store_that_may_only_be_read_is_told_in_a_sentence(node):
    """Another user than root: root may write what it likes."""
    desk = Desk(node, "reading")
    other = 65534 if os.geteuid() == 0 else os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        node.stop()
        data = shutil.copytree(node.data, os.path.join(folder, "data"))
        node.start()
        path = shutil.copy(desk.write("one.csv", "First Name,Email\nAda,ada@x.example\n"), folder)
        os.chown(folder, other, -1)
        for above, folders, files in os.walk(data, topdown=False):
            for name in (*files, "."):
                place = os.path.join(above, name)
                os.chown(place, other, -1)
                os.chmod(place, 0o500 if name == "." else 0o400)
        words = ["import", desk.system.organisation, desk.system.department, path, "--data", data]
        done = subprocess.run([node.program, *words], user=other, capture_output=True, text=True, timeout=60,
                              check=False)
        for above, folders, files in os.walk(data):
            os.chmod(above, 0o700)
        assert done.returncode == 1 and "read-only" in done.stderr and done.stderr.count("\n") == 1, done.stderr


STEPS = [each_detail_that_is_left_out_has_a_note, a_name_that_cannot_be_read_becomes_no_other_name,
         whoever_has_a_number_alone_is_nobody, a_long_list_of_notes_ends_and_its_count_does_not,
         a_large_field_is_called_large, no_name_forges_a_line,
         codes_that_could_not_be_written_are_not_lost_without_a_word,
         a_store_that_may_only_be_read_is_told_in_a_sentence]


def main():
    with RunningNode() as node:
        steps.run(STEPS, node)


if __name__ == "__main__":
    sys.exit(main())
