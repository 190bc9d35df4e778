# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever address book a business has, each of its people comes in once, whole, in the right letters, and can
take the other half. Method: every file of tests/data/contacts and, where they are, files that real programs wrote
(SYMBOLON_SHARED_DATA, or shared/data beside the checkout), against what a person finds in them by reading; each file
into an organisation of its own beside a running server, seen through the API. Positive control: check_the_checker()
must notice a changed letter, a missing record and one too many."""
import json
import os
import sqlite3
import subprocess
import sys
import time

import address_books
import page_sums
import steps
from running_node import RunningNode, pages

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(HERE, "..", "data", "contacts")


def real_folder():
    shared = os.environ.get("SYMBOLON_SHARED_DATA", os.path.join(HERE, "..", "..", "..", "shared", "data"))
    return os.path.join(shared, "contacts")


class Place:
    """One organisation with one department, and its records as the API shows them."""

    def __init__(self, node, name):
        self.node = node
        self.system = node.organisation(name, "Desk")

    def take(self, file, *options):
        return self.node.run("import", self.system.organisation, self.system.department, file, *options)

    def text(self, name, content, *options):
        """Imports a file with this content."""
        path = os.path.join(self.node.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.take(path, *options)

    def relationships(self):
        return {item["id"] for item in items(self.system, "/v1/org/relationships")}

    def bodies(self, relationship):
        return [r["body"] for r in items(self.system, f"/v1/org/relationships/{relationship}/records")]


def items(caller, path):
    return [item for page in pages(caller, path) for item in page.json["items"]]


def in_order(bodies):
    return sorted(json.dumps(body, sort_keys=True, ensure_ascii=False) for body in bodies)


def same(found, expected):
    found, expected = in_order(found), in_order(expected)
    assert found == expected, "\n".join(["only there:", *sorted(set(found) - set(expected)), "only expected:",
                                         *sorted(set(expected) - set(found)), f"{len(found)} and {len(expected)}"])


def counts(said):
    return tuple(said[name] for name in ("rows", "created", "updated", "unchanged"))


def check_the_checker(node):
    rows = list(address_books.bodies(address_books.OURS["apple-3.vcf"][0]))
    for wrong in (rows[1:], rows + rows[:1], json.loads(json.dumps(rows).replace("Town", "Tovn"))):
        try:
            same(wrong, rows)
        except AssertionError:
            continue
        raise SystemExit("a wrong record was not noticed")


# ---- whole files

def check_file(node, folder, name, expected):
    place, path = Place(node, name), os.path.join(folder, name)
    refused = [{"line": line, "reason": reason} for line, reason in address_books.REFUSED.get(name, ())]
    said = place.take(path)
    assert counts(said) == (len(expected) + len(refused), len(expected), 0, 0), (name, said)
    assert said["rejected"] == refused, (name, said["rejected"])
    assert [invitation["name"] for invitation in said["invitations"]] == [row["name"] for row in expected], said
    assert len({invitation["code"] for invitation in said["invitations"]}) == len(expected)
    assert place.relationships() == {invitation["relationship"] for invitation in said["invitations"]}
    for invitation, row in zip(said["invitations"], expected):
        bodies = place.bodies(invitation["relationship"])
        same(bodies, address_books.bodies(row))
        assert not set(json.dumps(bodies, ensure_ascii=False)) & {"\ufffd", "\u0000"}, "garbled"
    again = place.take(path)
    assert counts(again) == (len(expected) + len(refused), 0, 0, len(expected)) and again["invitations"] == [], again
    for invitation, row in zip(said["invitations"], expected):
        same(place.bodies(invitation["relationship"]), address_books.bodies(row))
    check_claims(node, said["invitations"], expected)


def check_claims(node, invitations, expected):
    """A person who is here takes the first half, somebody new the second; both see the records that the shop sees."""
    person = node.person("Claimer")
    mine = person.post("/v1/me/relationships", {"invitation": invitations[0]["code"]}).expect(201).json
    same([r["body"] for r in items(person, f"/v1/me/relationships/{mine['id']}/records")],
         address_books.bodies(expected[0]))
    for invitation, row in list(zip(invitations, expected))[1:2]:
        reply = node.nobody.post("/v1/claims", {"invitation": invitation["code"].lower()}).expect(201)
        fields = {"Cookie": reply.field("Set-Cookie").split(";")[0]}
        records = node.nobody.get(f"/v1/me/relationships/{reply.json['id']}/records", fields).expect(200).json["items"]
        same([record["body"] for record in records], address_books.bodies(row))


def files_of_our_own_come_in_whole_and_once(node):
    for name, expected in address_books.OURS.items():
        check_file(node, OURS, name, expected)


def files_that_real_programs_wrote_come_in_whole_and_once(node):
    folder = real_folder()
    if not os.path.isdir(folder):
        print(f"skipped: {folder} is not here")
        return
    assert set(os.listdir(folder)) <= set(address_books.REAL), "a file that nobody has read"
    for name in sorted(os.listdir(folder)):
        check_file(node, folder, name, address_books.REAL[name])


def a_file_in_an_encoding_that_it_does_not_tell_is_read_when_one_tells(node):
    """A German table in windows-1252, with semicolons and dates by the day first."""
    place = Place(node, "1252")
    said = place.take(os.path.join(OURS, "german-1252.csv"), "--charset", "windows-1252", "--map", "Vorname=given_name",
                      "--map", "Nachname=family_name", "--map", "E-Mail=email", "--map", "Geburtstag=birthdate",
                      "--map", "Straße=street_address", "--map", "PLZ=postal_code", "--map", "Ort=locality",
                      "--map", "Kundennummer=external_id")
    assert counts(said) == (2, 2, 0, 0), said
    bodies = {i["name"]: place.bodies(i["relationship"]) for i in said["invitations"]}
    assert {"field": "pd:BirthDate", "value": "1971-04-03"} in bodies["Heidi Meier"]
    assert {"field": "pd:PhysicalAddress", "value": address_books.address(
        None, "Grüne Gasse 5", "München", None, "80331")} in bodies["Jürgen Müller"]


# ---- bad rows

def a_bad_row_is_reported_by_its_line_and_the_rest_comes_in(node):
    place = Place(node, "bad rows")
    table = "First Name,Last Name,Email\nAda,Lovell,ada@x.example\nBen,Ott\n,,\nCy,\"Twombly\"x,cy@x.example\n" \
            "Dee,Nul\0l,dee@x.example\nEve,Adams,eve@x.example\n"
    said = place.text("rows.csv", table)
    assert [i["name"] for i in said["invitations"]] == ["Ada Lovell", "Eve Adams"], said
    assert {(r["line"], r["reason"]) for r in said["rejected"]} >= {(3, "csv.ragged"), (5, "csv.quote"),
                                                                    (6, "contact.nul")}, said
    assert said["rows"] == said["created"] + len(said["rejected"])
    cards = "BEGIN:VCARD\nVERSION:3.0\nFN:One\nEMAIL:one@x.example\nEND:VCARD\nstray line\n" \
            "BEGIN:VCARD\nVERSION:9.9\nFN:Nine\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:No End\n" \
            "BEGIN:VCARD\nVERSION:3.0\nFN:Two\nEMAIL:two@x.example\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Cut o"
    said = place.text("cards.vcf", cards)
    assert [i["name"] for i in said["invitations"]] == ["One", "Two"], said
    assert [(r["line"], r["reason"]) for r in said["rejected"]] == [
        (6, "vcard.outside"), (8, "vcard.version"), (11, "vcard.no_end"), (19, "vcard.truncated")], said


def a_file_cut_anywhere_gives_what_stands_whole_in_it(node):
    with open(os.path.join(OURS, "version4.vcf"), "rb") as file:
        whole = file.read()
    place = Place(node, "cut")
    for size in range(0, len(whole), 41):
        path = os.path.join(node.folder, "cut.vcf")
        with open(path, "wb") as file:
            file.write(whole[:size])
        done = node.command("import", place.system.organisation, place.system.department, path, "--json", "--dry-run")
        assert done.returncode in (0, 8), (size, done.returncode, done.stderr)
        if done.returncode == 0:
            said = json.loads(done.stdout)
            assert said["rows"] == said["created"] + len(said["rejected"]), (size, said)
            assert said["created"] == (1 if b"END:VCARD" in whole[:size] else 0), (size, said)
    assert place.relationships() == set()


def hostile_files_end_in_a_sentence(node):
    place = Place(node, "hostile")
    hostile = {
        "empty": b"", "nuls": b"\0" * 5000, "noise": bytes(range(256)) * 40, "long": b"a" * 3_000_000,
        "quote": b"Email\n\"" + b"x,\n" * 400_000, "bom": b"\xef\xbb\xbf",
        "utf16": b"\xff\xfe\x41", "gz": b"\x1f\x8b" * 99,
        "nested": b"BEGIN:VCARD\n" * 5000, "columns": b",".join(b"c%d" % i for i in range(4000)) + b"\n",
        "folded": b"BEGIN:VCARD\nVERSION:3.0\nFN:x\nNOTE:" + b"\n y" * 700_000 + b"\nEND:VCARD\n",
        "emails": b"BEGIN:VCARD\nVERSION:3.0\nFN:x\n" + b"EMAIL:a@b.example\n" * 3000 + b"END:VCARD\n",
        "script": b"First Name,Email\n<script>alert(1)</script>,=cmd|calc@x.example\n",
    }
    for name, content in hostile.items():
        path = os.path.join(node.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        done = node.command("import", place.system.organisation, place.system.department, path, "--json")
        assert done.returncode in (0, 2, 7, 8), (name, done.returncode, done.stderr[:500])
        if done.returncode != 0:
            assert done.stdout == "" and json.loads(done.stderr)["error"], (name, done.stderr)
    for item in place.relationships():
        for body in place.bodies(item):
            assert body["field"], body


# ---- people

def two_rows_of_one_person_give_one_relationship(node):
    place = Place(node, "twice")
    said = place.text("a.csv", "First Name,Last Name,Email,Phone\nAda,Lovell,ada@x.example,+41795550102\n"
                               "Ada,Lovell, ADA@x.example ,+41795550199\n")
    assert counts(said) == (2, 1, 1, 0) and len(said["invitations"]) == 1, said
    relationship, = place.relationships()
    numbers = [b["value"]["value"] for b in place.bodies(relationship) if b["field"] == "pd:TelephoneNumber"]
    assert numbers == ["+41795550102", "+41795550199"]
    said = place.text("b.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:Ada L.\nEMAIL:ada@x.example\nTITLE:Poet\nEND:VCARD\n")
    assert counts(said) == (1, 0, 1, 0) and said["invitations"] == [], said
    assert place.relationships() == {relationship}
    table = "First Name,Last Name,Shoe size\nJo,Same,39\nJo,Same,40\n"
    two = place.text("c.csv", table)
    assert two["created"] == 2, "two rows that differ, without address or number, stay two people"
    assert place.text("c.csv", table)["unchanged"] == 2
    family = place.text("d.csv", "First Name,Phone\nPa,+41315550100\nMa,+41315550100\n")
    assert family["created"] == 2, "a shared telephone joins nobody"
    said = place.text("e.csv", "First Name,Phone\nMa,+41315550100\n")
    assert counts(said) == (1, 0, 0, 1), said


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])


def rows_without_an_address_are_one_person_by_full_name_and_number_or_birth_date(node):
    """Each file beside how many people it describes, and the lines that are told; then once more, and as a trial."""
    head = "Name,Phone,Birthday,Email,Title\n"
    uli = card("FN:Uli Frey", "N:Frey;Uli;;;", "TEL:+41 44 5556677", "ADR:;;Weg 1;Bern;;3000;CH")
    files = {
        "one row twice.csv": (1, [], head + "Uli F,+41 44 5556677,,,\n" * 2),
        "a name alone twice.csv": (1, [], head + "Uli,,,,\n" * 2),
        "a number.csv": (1, [], head + "Uli Frey,+41 44 5556677,,,\nULI FREY,0041 (0)44 555-66-77,,,Dr\n"
                                       "U. Frey,+41445556677,1980-03-21,,\n"),
        "no full name.csv": (2, [], head + "Herr Frey,+41445556677,,,\nFrau Frey,+41445556677,,,\n"),
        "a family.csv": (4, [], head + "".join(f"{name} Frey,+41445556677,,,\n" for name in (
            "Uli", "Ute", "Ada", "Uli Max"))),
        "father and son.csv": (2, [3], head + "".join(f"Uli Frey,+41445556677,{birth},,{title}\n" for birth, title in (
            ("1950-02-01", ""), ("1980-05-06", ""), ("1980-05-06", "Dr")))),
        "a birth date.csv": (2, [], head + "Uli Frey,,1980-03-21,,\nuli frey,,1980-03-21,u@x.example,\n"
                                           "U. Frey,,1980-03-21,,\n"),
        "a year.csv": (2, [], head + "Uli Frey,,1980,,\nUli Frey,,1980,,Dr\n"),
        "two addresses.csv": (1, [], head + "".join(f"Uli Frey,+41445556677,,{name}@x.example,\n" for name in "uf")),
        "one card twice.vcf": (1, [], uli + uli),
        "cards.vcf": (2, [], card("FN:Uli", "X-NUMBER:1") + card("FN:Uli", "X-NUMBER:2")),
    }
    for name, (people, told, content) in files.items():
        place = Place(node, "twins " + name)
        trial, said = place.text(name, content, "--dry-run"), place.text(name, content)
        assert counts(trial) == counts(said) and trial["kept_apart"] == said["kept_apart"], (name, trial, said)
        assert said["created"] == people == len(place.relationships()), (name, said)
        assert said["kept_apart"] == told, (name, said)
        again = place.text(name, content)
        assert counts(again) == (said["rows"], 0, 0, said["rows"]) and again["kept_apart"] == [], (name, again)


def who_shares_an_address_is_found_by_name_and_number_in_a_later_file(node):
    place, head = Place(node, "afterwards"), "Name,Email,Phone,Title\n"
    said = place.text("a.csv", head + "Anna Meier,house@x.example,+41445556677,\n"
                                      "Beat Meier,house@x.example,+41445556677,\n")
    anna = said["invitations"][0]["relationship"]
    assert said["created"] == 2, said
    taken = node.person("Anna").post("/v1/me/relationships", {"invitation": said["invitations"][0]["code"]})
    assert taken.expect(201).json["id"] == anna
    said = place.text("b.csv", head + "Anna Meier,,+41 44 555 66 77,Dr\n")
    assert counts(said) == (1, 0, 1, 0) and "Dr" in json.dumps(place.bodies(anna)), said
    said = place.text("c.csv", head + "Cleo Meier,,+41 44 555 66 77,\n")
    assert counts(said) == (1, 1, 0, 0), said


def people_who_share_an_address_stay_as_many_as_they_are(node):
    """The rule by name and birth date: each table beside how many people it describes, and the lines that are told."""
    head = "First Name,Last Name,Full Name,Birthday,Email,Record ID\n"
    tables = {
        "couple": (2, [3], ["Ada,Example,,,family@x.example,", "Bob,Example,,,family@x.example,"]),
        "couple by full names": (2, [3], [",,Ada Example,,f@x.example,", ",,Bob Example,,f@x.example,"]),
        "father and son": (2, [3], ["Hans,Example,,1950-02-01,h@x.example,", "Hans,Example,,1980-05-06,h@x.example,",
                                    "Hans,Example,,,h@x.example,"]),
        "one with an initial": (1, [], ["A.,Example,,,a@x.example,", "Ada,Example,,,a@x.example,"]),
        "one in three spellings": (1, [], ["Jürgen,Example,,,j@x.example,", "JUERGEN,Example,,,j@x.example,",
                                           ",,Jurgen Example,,J@x.example,"]),
        "an address without a name": (2, [4], [",,,,n@x.example,", "Ada,Example,,,n@x.example,",
                                               "Bob,Example,,,n@x.example,", ",,,,n@x.example,"]),
        "a number is stronger": (1, [], ["Ada,Example,,,i@x.example,7", "Beatrice,Example,,,i@x.example,7"]),
        "initials between two": (2, [3], ["Ada,E,,,t@x.example,", "Anna,E,,,t@x.example,", "A.,E,,,t@x.example,",
                                          "Anna,E,,,t@x.example,"]),
        "a large house": (12, list(range(3, 14)), [f"{name},House,,,house@x.example," for name in (
            "Ada", "Bob", "Cy", "Dee", "Eve", "Fay", "Gil", "Hal", "Ida", "Jim", "Kit", "Lou")]),
    }
    for name, (people, told, rows) in tables.items():
        place, table = Place(node, "house " + name), head + "\n".join(rows) + "\n"
        trial, said = place.text("house.csv", table, "--dry-run"), place.text("house.csv", table)
        assert counts(trial) == counts(said) and trial["kept_apart"] == said["kept_apart"], (name, trial, said)
        assert said["created"] == people == len(place.relationships()), (name, said)
        assert said["kept_apart"] == told, (name, said)
        again = place.text("house.csv", table)
        assert counts(again) == (len(rows), 0, 0, len(rows)) and again["kept_apart"] == [], (name, again)
        again = place.text("house.csv", table, "--dry-run")
        assert counts(again) == (len(rows), 0, 0, len(rows)) and again["kept_apart"] == [], (name, again)


def each_of_a_couple_finds_what_is_about_that_one(node):
    place, head = Place(node, "couple"), "First Name,Last Name,Email,Job Title\n"
    said = place.text("couple.csv", head + "Ada,Example,family@x.example,Poet\nBob,Example,family@x.example,Baker\n")
    ada, bob = (invitation["relationship"] for invitation in said["invitations"])
    assert "Poet" in json.dumps(place.bodies(ada)) and "Baker" not in json.dumps(place.bodies(ada))
    taken = node.person("Bob").post("/v1/me/relationships", {"invitation": said["invitations"][1]["code"]})
    assert taken.expect(201).json["id"] == bob
    said = place.text("more.csv", head + "Bob,Example,family@x.example,Miller\n")
    assert counts(said) == (1, 0, 1, 0), said
    assert "Miller" in json.dumps(place.bodies(bob)) and "Miller" not in json.dumps(place.bodies(ada))
    path = os.path.join(node.folder, "third.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + "Cy,Example,family@x.example,\n")
    done = node.command("import", place.system.organisation, place.system.department, path)
    assert done.returncode == 0 and done.stderr.startswith("line 2: A customer of another name"), done.stderr
    assert "the same address or number: 1." in done.stdout, done.stdout


def a_dry_run_says_what_would_happen_and_changes_nothing(node):
    place = Place(node, "dry")
    table = "First Name,Email\nAda,ada@x.example\nBen,ben@x.example\n"
    said = place.text("dry.csv", table, "--dry-run")
    assert counts(said) == (2, 2, 0, 0) and said["invitations"] == [] and place.relationships() == set(), said
    assert counts(place.text("dry.csv", table)) == (2, 2, 0, 0), "what was said is what happens"
    assert counts(place.text("dry.csv", table, "--dry-run")) == (2, 0, 0, 2)
    more = place.text("dry3.csv", "First Name,Email,Phone\nAda,ada@x.example,+41795550102\n", "--dry-run")
    assert counts(more) == (1, 0, 1, 0), more
    assert all(not any(b["field"] == "pd:TelephoneNumber" for b in place.bodies(r)) for r in place.relationships())
    table = "First Name,Email,E-mail 2 Address,Phone\nCy,cy@x.example,,\nCy,cy@x.example,c@y.example,\n" \
            "Cy,c@y.example,,\nAda,ada@x.example,,123456789\nAda,ada@x.example,,123456789\nJo,,,\nJo,,,\n" \
            + "".join(f"P{i % 700},p{i % 700}@z.example,,{10000000 + i // 1400}\n" for i in range(2100))
    trial = place.text("dry2.csv", table, "--dry-run")
    real = place.text("dry2.csv", table)
    assert counts(trial) == counts(real) == (2107, 702, 702, 703), (counts(trial), counts(real))


def a_column_may_be_named_by_hand(node):
    place = Place(node, "map")
    said = place.text("map.csv", "Wer,Wohin,Geheim\nAda Lovell,ada@x.example,77\n", "--map", "Wer=full_name",
                      "--map", "wohin=email", "--map", "Geheim=ignore")
    assert counts(said) == (1, 1, 0, 0)
    same(place.bodies(said["invitations"][0]["relationship"]), [
        {"field": "pd:Name", "value": {"name": "Ada Lovell"}},
        {"field": "pd:EmailAddress", "value": {"value": "ada@x.example"}}])
    path = os.path.join(node.folder, "map.csv")
    path = os.path.join(node.folder, "map.csv")
    for wrong, word in (("wehr=full_name", '"wehr"'), ("Geheim2=ignore", '"Geheim2"')):
        done = node.command("import", place.system.organisation, place.system.department, path, "--map", wrong)
        assert done.returncode == 2 and done.stdout == "" and word in done.stderr, (wrong, done.stderr)
    done = node.command("import", place.system.organisation, place.system.department, os.path.join(OURS, "apple-3.vcf"),
                        "--map", "Wer=full_name")
    assert done.returncode == 2 and "cards" in done.stderr, done.stderr
    for wrong in ("Wer", "Wer=", "=email", "Wer=password", "Wer=email=x"):
        done = node.command("import", place.system.organisation, place.system.department, path, "--map", wrong)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, (wrong, done.returncode, done.stderr)


def everything_that_is_kept(node):
    """All rows of a node that nobody runs."""
    if node.database is not None:
        return {name: node.query("people", f"SELECT t::text FROM {name} t ORDER BY 1") for name, in node.query(
            "people", "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'symbolon'::regnamespace")}
    return {name: list(sqlite3.connect(f"file:{os.path.join(node.data, 'store', name)}?mode=ro", uri=True).iterdump())
            for name in ("people.db", "records.db", "ledger.db", "keys.db")}


def a_dry_run_writes_nothing_at_all(node):
    place = Place(node, "still")
    place.text("still.csv", "First Name,Email\nAda,ada@x.example\n")
    node.stop()
    before = everything_that_is_kept(node)
    said = place.text("still2.csv", "First Name,Email,Job Title\nAda,ada@x.example,Poet\nBob,bob@x.example,\n",
                      "--dry-run")
    assert counts(said) == (2, 1, 1, 0), said
    after = everything_that_is_kept(node)
    node.start()
    assert after == before, "a dry run left something behind"


def a_dry_run_is_right_while_others_write(node):
    """Another import, and a person who claims, at the same time."""
    place, other = Place(node, "beside"), Place(node, "busy")
    rows = [f"P{i},p{i}@x.example" for i in range(1200)]
    table = "First Name,Email\n" + "\n".join(rows) + "\n"
    invitations = place.text("beside.csv", "First Name,Email\n" + "\n".join(rows[:600]) + "\n")["invitations"]
    path = os.path.join(node.folder, "busy.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("First Name,Email\n" + "".join(f"Q{i},q{i}@x.example\n" for i in range(3000)))
    words = [node.program, "import", other.system.organisation, other.system.department, path, "--data", node.data,
             *node.store]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writer:
        try:
            for at in range(4):
                code = invitations[at]["code"]
                node.person(f"C{at}").post("/v1/me/relationships", {"invitation": code}).expect(201)
                said = place.text("beside2.csv", table, "--dry-run")
                assert counts(said) == (1200, 600, 0, 600), said
            assert writer.wait(60) == 0
        finally:
            writer.kill()
    assert counts(place.text("beside2.csv", table)) == (1200, 600, 0, 600)


def a_file_after_the_claim_reaches_the_claimer_and_brings_nobody_back(node):
    place = Place(node, "later")
    code = place.text("l.csv", "First Name,Email\nAda,ada@x.example\n")["invitations"][0]["code"]
    ada = node.person("Ada")
    rel = ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
    table = "First Name,Email,Job Title\nAda,ada@x.example,Poet\n"
    assert counts(place.text("l.csv", table)) == (1, 0, 1, 0)
    records = [record["body"] for record in items(ada, f"/v1/me/relationships/{rel}/records")]
    assert {"field": "title", "value": "Poet"} in records, records
    ada.post(f"/v1/me/relationships/{rel}/end", {"erase": True}).expect(200)
    said = place.text("l.csv", table.replace("Poet", "Painter"))
    assert said["created"] == 0 and said["invitations"] == [], "what somebody ended is not brought back by a file"
    assert "Painter" not in json.dumps(items(ada, f"/v1/me/relationships/{rel}/records"))


def one_organisation_learns_nothing_of_the_customers_of_another(node):
    table = "First Name,Email\nAda,ada@x.example\n"
    first, second = Place(node, "left"), Place(node, "right")
    assert first.text("same.csv", table)["created"] == second.text("same.csv", table)["created"] == 1
    assert not first.relationships() & second.relationships()


# ---- breaks

def an_import_that_is_killed_goes_on_and_its_codes_are_replaced(node):
    """Killed as soon as the first codes are out: they work, the second run ends the work, and --new-codes gives codes
    for all who wait, in place of the old ones."""
    place, path = Place(node, "killed"), os.path.join(node.folder, "killed.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("First Name,Email\n" + "".join(f"K{i},k{i}@x.example\n" for i in range(20000)))
    words = [node.program, "import", place.system.organisation, place.system.department, path, "--data", node.data,
             *node.store]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        shown = [running.stdout.readline() for _ in range(3)]
        running.kill()
        shown += running.stdout.readlines()
    codes = [line.split()[0] for line in shown[1:] if "rel_" in line and line.endswith("\n")]
    assert running.returncode != 0 and 0 < len(codes) < 20000, (running.returncode, len(codes))
    with open(path, "w", encoding="utf-8") as file:  # the rest of the test needs no more
        file.write("First Name,Email\n" + "".join(f"K{i},k{i}@x.example\n" for i in range(len(codes) + 100)))
    node.nobody.post("/v1/claims", {"invitation": codes[0]}).expect(201)
    rest = place.take(path)
    assert rest["rows"] == len(codes) + 100 == rest["created"] + rest["unchanged"] and rest["unchanged"] >= len(codes)
    fresh = place.take(path, "--new-codes")
    assert fresh["created"] == fresh["updated"] == 0 and len(fresh["invitations"]) == fresh["rows"] - 1, fresh["rows"]
    assert all(invitation["name"] != "K0" for invitation in fresh["invitations"]), "K0 has claimed"
    by_name = {invitation["name"]: invitation["code"] for invitation in fresh["invitations"]}
    node.nobody.post("/v1/claims", {"invitation": codes[1]}).expect(404)
    node.nobody.post("/v1/claims", {"invitation": by_name["K1"]}).expect(201)
    trial = place.take(path, "--new-codes", "--dry-run")
    assert trial["invitations"] == [], "a dry run gives no codes"
    node.nobody.post("/v1/claims", {"invitation": by_name["K2"]}).expect(201)


@steps.of_files
def what_a_broken_write_left_is_told_by_the_doctor(node):
    """The people file commits last: one from before an import, beside the others from after it, is what is left of a
    crash between the two."""
    place = Place(node, "broken")
    assert node.run("doctor")["strays"] == 0
    node.stop()
    people = os.path.join(node.data, "store", "people.db")
    with open(people, "rb") as file:
        before = file.read()
    place.text("broken.csv", "First Name,Email\nAda,ada@x.example\nBob,bob@x.example\n")
    with sqlite3.connect(people) as db:
        [[generation]] = db.execute("SELECT generation FROM people_generation")
    db.close()
    os.remove(people)
    for left in (people + "-wal", people + "-shm"):
        assert not os.path.exists(left)
    with open(os.open(people, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(before)
    done = node.command("doctor")
    assert done.returncode == 11 and "people.db is an older copy" in done.stderr, (done.returncode, done.stderr)
    with sqlite3.connect(people) as db:  # it is no crash that went before: the file does not show its age
        db.execute("UPDATE people_generation SET generation = ?", [generation])
    db.close()
    page_sums.put_right(people)
    said = node.run("doctor")
    assert said["ok"] is True and said["strays"] == 2 and said["strays_removed"] == 0, said
    assert "people in it: 2\n" in node.command("doctor").stdout
    node.start()
    assert place.text("broken.csv", "First Name,Email\nAda,ada@x.example\nBob,bob@x.example\n")["created"] == 2


# ---- size

def two_thousand_rows_come_in_beside_a_server_that_goes_on_serving(node):
    """Two processes write the same store: neither waits long for the other."""
    place = Place(node, "many")
    path = os.path.join(node.folder, "many.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("First Name,Last Name,Email,Mobile Phone,Street Address,City,Postal Code\n")
        for i in range(2000):
            file.write(f"Given{i},Família{i},p{i}@many.example,+4179{i:07d},Weg {i},Bern,{3000 + i % 90}\n")
    began = time.monotonic()
    words = [node.program, "import", place.system.organisation, place.system.department, path, "--json"]
    answers = []
    with open(path + ".said", "w+b") as output:
        process = subprocess.Popen([*words, "--data", node.data, *node.store], stdout=output, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None and time.monotonic() < began + 60:
                asked = time.monotonic()
                node.nobody.get("/readyz").expect(200)
                place.system.post("/v1/org/invitations", {"claims": 5}).expect(201)
                answers.append(time.monotonic() - asked)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read()
    took = time.monotonic() - began
    assert process.returncode == 0, (process.returncode, said[:500])
    assert counts(json.loads(said)) == (2000, 2000, 0, 0) and len(json.loads(said)["invitations"]) == 2000
    assert took < 20, f"{took:.1f} s"
    assert answers and max(answers) < 5, f"the server waited {max(answers):.1f} s"
    assert counts(place.take(path)) == (2000, 0, 0, 2000)
    assert len(place.relationships()) == 2000
    print(f"        2,000 rows in {took:.1f} s; {len(answers)} writes beside it, the slowest {max(answers):.2f} s")


def what_cannot_be_imported_is_said_in_one_sentence(node):
    place = Place(node, "wrong")
    organisation, department = place.system.organisation, place.system.department
    path = os.path.join(OURS, "apple-3.vcf")
    for words, status in (((organisation, department, "/nowhere.vcf"), 2), ((organisation, department, node.folder), 2),
                          (("nobody", department, path), 5), ((organisation, "Nowhere", path), 5),
                          ((organisation, department, path, "--format", "xml"), 2),
                          ((organisation, department, path, "--charset", "klingon"), 8),
                          ((organisation, department), 2)):
        done = node.command("import", *words)
        assert done.returncode == status, (words, done.returncode, done.stderr)
        assert done.stdout == "" and done.stderr.startswith("symbolon: ") and done.stderr.count("\n") == 1, done.stderr


def the_audit_finds_nothing(node):
    node.expect_sound()


STEPS = [check_the_checker, files_of_our_own_come_in_whole_and_once,
         files_that_real_programs_wrote_come_in_whole_and_once,
         a_file_in_an_encoding_that_it_does_not_tell_is_read_when_one_tells,
         a_bad_row_is_reported_by_its_line_and_the_rest_comes_in, a_file_cut_anywhere_gives_what_stands_whole_in_it,
         hostile_files_end_in_a_sentence, two_rows_of_one_person_give_one_relationship,
         rows_without_an_address_are_one_person_by_full_name_and_number_or_birth_date,
         who_shares_an_address_is_found_by_name_and_number_in_a_later_file,
         people_who_share_an_address_stay_as_many_as_they_are, each_of_a_couple_finds_what_is_about_that_one,
         a_dry_run_says_what_would_happen_and_changes_nothing, a_dry_run_writes_nothing_at_all,
         a_dry_run_is_right_while_others_write, a_column_may_be_named_by_hand,
         a_file_after_the_claim_reaches_the_claimer_and_brings_nobody_back,
         one_organisation_learns_nothing_of_the_customers_of_another,
         an_import_that_is_killed_goes_on_and_its_codes_are_replaced, what_a_broken_write_left_is_told_by_the_doctor,
         two_thousand_rows_come_in_beside_a_server_that_goes_on_serving,
         what_cannot_be_imported_is_said_in_one_sentence, the_audit_finds_nothing]


def main():
    with RunningNode() as node:
        steps.run(STEPS, node)


if __name__ == "__main__":
    sys.exit(main())
