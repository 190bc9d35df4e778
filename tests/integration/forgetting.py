# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever is erased cannot be opened from any copy that the node holds, and is a stranger at every door, while
others keep all that is theirs. Method: a thousand words are planted wherever people and organisations may write, in
the lives of three people: one who came first and was invited later, one who came by invitation, one who never came.
Before the erasure all of them are read through the API and none stands in any file. Afterwards words and keys are
looked for in ten forms in every file: the data, the write-ahead logs, free pages, the log, the tiles, a backup from
before, and in the memory of the process; the wrapped keys of before open nothing beside the key folder of today, and a
receipt that the organisation kept still verifies. Positive control: every form of a word is found when it is there; a
word that is stored as it is and deleted again is found in the file; the keys are found where they do lie; and an old
key folder beside the old data opens everything again.

Usage: forgetting.py PRINT_KEYS; WORDS= for another number of words."""
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib

import steps
from purposes import DELIVER
from running_node import RunningNode, pages
from traces import Traces, encodings, files, memory

PRINT_KEYS = sys.argv[1]
WORDS = int(os.environ.get("WORDS", 1000))
SANITIZED = "SLOW" in os.environ  # such a program keeps what was freed, to catch who still uses it
NOTE_WORDS = 12                   # of one note
GONE_SECONDS = 30


class World:
    def __init__(self, node):
        self.node, self.people = node, []
        self.gone, self.kept = Traces("qzkvjxwpyg"), Traces("wxqjzvkgph")
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.before = os.path.join(node.folder, "before")
        self.purpose = self.shop.post("/v1/org/purposes", DELIVER).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.purpose}/publish").expect(200)

    def words(self, count, traces=None):
        return " ".join((traces or self.gone).word() for _ in range(count))

    def bring_in(self, traces=None):
        """Somebody out of an address book: relationship and claim code."""
        traces = traces or self.gone
        word = traces.word
        card = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{word()}", f"TITLE:{word()}",
                *(f"EMAIL:{word()}@{word()}.example" for _ in range(5)),
                *(f"ADR;TYPE=home:;;{word()};{word()};{word()};3000;CH" for _ in range(2)),
                f"NOTE:{self.words(min(100, WORDS // 10), traces)}", "END:VCARD"]
        path = os.path.join(self.node.folder, "card.vcf")
        with open(path, "w") as file:
            file.write("\r\n".join(card) + "\r\n")
        said = self.node.run("import", self.shop.organisation, self.shop.department, path)
        os.remove(path)  # the organisation's own
        assert said["created"] == 1, said
        return said["invitations"][0]["relationship"], said["invitations"][0]["code"]

    def fill(self, person, relationship, traces=None, words=None):
        """Vault and its history, grants, reads with notes and kept answers, a receipt that both hold."""
        traces, word = traces or self.gone, (traces or self.gone).word
        person.put("/v1/me/attributes/pd:Name", {"value": {"given_name": word(), "family_name": word()}}).expect(200)
        person.put("/v1/me/attributes/pd:PhysicalAddress", {"value": {
            "street_address": word(), "locality": word(), "country": "CH"}}).expect(200)
        for kind in ("pd:City", "pd:Region", "pd:BirthPlace", "pd:Job"):
            for _ in range(3):
                person.put("/v1/me/attributes/" + kind, {"value": word()}, {"Idempotency-Key": word()}).expect(200)
        person.relationship = relationship
        person.grant = person.post("/v1/me/grants", {"relationship": relationship, "purpose": self.purpose,
                                                     "attributes": ["pd:Name", "pd:PhysicalAddress"]}).expect(201).json
        until = words if words is not None else len(traces.words) + 50
        while len(traces.words) < until:
            person.put("/v1/me/attributes/sym:DeliveryNote",
                       {"value": self.words(min(NOTE_WORDS, until - len(traces.words)), traces)}).expect(200)
            if len(traces.words) < until:
                note = self.words(min(NOTE_WORDS, until - len(traces.words)), traces)
                self.read(person, note).expect(200)
                self.shop.post("/v1/org/disclosures", {
                    "relationship": relationship, "purpose": self.purpose, "attributes": ["pd:Job"], "note": note})
        person.receipt = person.grant["receipt"]
        self.people.append(person)

    def read(self, person, note="none"):
        return self.shop.call("POST", "/v1/org/disclosures", {
            "relationship": person.relationship, "purpose": self.purpose, "note": note,
            "attributes": ["pd:Name", "pd:PhysicalAddress"]}, {"Idempotency-Key": os.urandom(8).hex()})

    def everything_of(self, person):
        """All that the API tells a person, as one text."""
        return b"".join(page.body for path in DOORS for page in pages(person, path.format(rel=person.relationship)))

    def keys_of(self, data, *ids):
        done = subprocess.run([PRINT_KEYS, data, *ids], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split(" ")[1:] for line in done.stdout.splitlines()]

    def look(self):
        """Where a word of those who go stands in any file of the node."""
        return [(path, found) for path, octets in files(self.node.folder) for found in self.gone.find(octets)]


DOORS = ["/v1/me/attributes", "/v1/me/disclosures", "/v1/me/relationships/{rel}/records", "/v1/me/grants",
         "/v1/me/requests", *(f"/v1/me/attributes/{kind}/history" for kind in (
             "pd:Name", "pd:PhysicalAddress", "pd:City", "pd:Region", "pd:BirthPlace", "pd:Job", "sym:DeliveryNote"))]


# ---- before

def every_form_of_a_word_is_found_where_it_is(world):
    traces = Traces("bqzjxkvwpf")
    word = traces.word()
    for name, form in encodings(word).items():
        assert traces.find(b"\0\1" + form + b"\2") == {(word, name)}, name
    for stream in (gzip.compress(word.encode()), zlib.compress(word.encode()), zlib.compress(word.encode(), 9)):
        assert (word, "deflated") in traces.find(os.urandom(99) + stream + b"\0"), "deflated"
    assert not traces.find(b"".join(encodings(word[:-1] + "0").values()))


def three_people_have_what_people_have(world):
    node = world.node
    dora = node.person(world.kept.word())
    world.dora, relationship = dora, world.bring_in(world.kept)
    dora.post("/v1/me/relationships", {"invitation": relationship[1]}).expect(201)
    world.fill(dora, relationship[0], world.kept)
    world.people.clear()
    ada = node.person(world.gone.word())
    relationship, code = world.bring_in()
    ada.post("/v1/me/relationships", {"invitation": code}).expect(201)
    world.fill(ada, relationship, words=WORDS * 2 // 5)
    relationship, code = world.bring_in()
    claimed = node.nobody.post("/v1/claims", {"invitation": code}).expect(201)
    ben = type(ada)(node, {"Cookie": claimed.field("Set-Cookie").split(";")[0]})
    ben.id = ben.get("/v1/me").expect(200).json["id"]
    world.fill(ben, relationship, words=WORDS * 4 // 5)
    world.waiting = world.bring_in()[0]
    world.ada, world.ben = ada, ben


def all_words_are_read_through_the_api_and_stand_in_no_file(world):
    told = b"".join(world.everything_of(person) for person in world.people)
    told += b"".join(page.body for page in pages(world.shop, f"/v1/org/relationships/{world.waiting}/records"))
    found = {word for word, _ in world.gone.find(told)}
    used_as_keys = {word for word in world.gone.words if word not in found}
    print(f"found: {len(world.gone.words)} words, {len(found)} of them read")
    assert len(found) >= WORDS * 4 // 5 and len(used_as_keys) <= 30, len(used_as_keys)
    assert world.look() == [], world.look()[:3]


def copies_are_kept_from_before(world):
    node = world.node
    os.mkdir(world.before)
    node.run("backup", os.path.join(world.before, "backup"))
    shutil.copytree(os.path.join(node.data, "keys"), os.path.join(node.folder, "old-keys"))
    for name in ("keys.db", "keys.db-wal"):
        shutil.copy(os.path.join(node.data, "store", name), world.before)
    world.receipt = os.path.join(node.folder, "receipt.jws")
    world.proof = os.path.join(node.folder, "receipt.tlog-proof")
    path = "/v1/org/receipts/" + world.ada.receipt
    for name, address, fields in ((world.receipt, path, {"Accept": "application/jose+json"}),
                                  (world.proof, path + "/proof", None)):
        deadline = time.monotonic() + GONE_SECONDS
        while (reply := world.shop.get(address, fields)).status == 503 and time.monotonic() < deadline:
            time.sleep(0.2)
        with open(name, "wb") as file:
            file.write(reply.expect(200).body)
    world.keys = [key for reason, *keys in world.keys_of(node.data, world.ada.id, world.ben.id) for key in keys]
    assert len(world.keys) == 4 and "-" not in world.keys


def the_old_keys_beside_the_old_data_open_it(world):
    """The control of what follows: it is the key folder that makes the difference."""
    assert keys_with(world, "old-keys") == ["-", "-", "-"]


def keys_with(world, keys):
    """Whether the backup of before opens beside this key folder: the reasons of Ada, Ben and Dora."""
    node, restored = world.node, os.path.join(world.node.folder, "restored")
    shutil.copytree(os.path.join(world.before, "backup"), os.path.join(restored, "store"))
    for name in ("keys.db", "keys.db-wal"):
        shutil.copy(os.path.join(world.before, name), os.path.join(restored, "store"))
    shutil.copytree(keys if os.path.isabs(keys) else os.path.join(node.folder, keys), os.path.join(restored, "keys"))
    for parent, folders, names in os.walk(restored):
        for name in folders + names:
            os.chmod(os.path.join(parent, name), 0o700 if name in folders else 0o600)
    os.chmod(restored, 0o700)
    reasons = [line[0] for line in world.keys_of(restored, world.ada.id, world.ben.id, world.dora.id)]
    shutil.rmtree(restored)
    return reasons


# ---- the erasure

def a_slip_erases_nobody(world):
    world.ada.post("/v1/me/erase").expect(400)
    world.ada.post("/v1/me/erase", {"confirm": "yes"}).expect(422, "erasure.not_confirmed")
    done = world.node.command("person", "erase", world.ada.id)
    assert done.returncode == 2 and "nothing was erased" in done.stderr, done
    done = world.node.command("person", "erase", world.ada.id, "per_nobody", "--yes")
    assert done.returncode != 0, done
    world.ada.get("/v1/me").expect(200)


def two_go_by_themselves_and_one_by_the_operator(world):
    shutil.rmtree(os.path.join(world.node.folder, "old-keys"))
    for person in (world.ada, world.ben):
        said = person.post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
        assert said.json["relationships"] == 1 and "Max-Age=0" in said.field("Set-Cookie"), said.body
        person.get("/v1/me").expect(401, "session.unknown")
        world.read(person).expect(403)
    deadline = time.monotonic() + GONE_SECONDS
    while left(world) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left(world) == 0, "the list of erasures is not worked off"
    done = world.node.run("person", "erase", world.ada.id, world.waiting, "--yes")
    assert done == {"erased": [{"id": world.ada.id, "relationships": 0}, {"id": world.waiting, "relationships": 1}]}


def left(world):
    db = sqlite3.connect("file:" + os.path.join(world.node.data, "store", "people.db") + "?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM erasure").fetchone()[0]
    finally:
        db.close()


# ---- afterwards

def every_door_is_shut(world):
    for person in (world.ada, world.ben):
        for path in ["/v1/me"] + [path.format(rel=person.relationship) for path in DOORS]:
            person.get(path).expect(401, "session.unknown")
        person.post("/v1/me/erase", {"confirm": "erase me"}).expect(401)
        assert world.shop.get("/v1/org/relationships/" + person.relationship).expect(200).json["state"] == "ended"
        world.shop.get(f"/v1/org/relationships/{person.relationship}/records").expect(404)
        world.shop.get("/v1/org/receipts/" + person.receipt).expect(404)
        world.shop.get(f"/v1/org/receipts/{person.receipt}/proof").expect(404)
        world.read(person).check_problem()
        world.shop.post("/v1/org/requests", {"relationship": person.relationship, "purpose": world.purpose}).expect(409)
        assert world.node.command("person", "link", person.id).returncode != 0
    assert world.shop.get("/v1/org/relationships/" + world.waiting).expect(200).json["state"] == "ended"
    world.shop.get(f"/v1/org/relationships/{world.waiting}/records").expect(404)
    world.node.nobody.post(world.ada.link.removeprefix(world.node.url)).expect(401)


def the_others_keep_all_that_is_theirs(world):
    found = {word for word, _ in world.kept.find(world.everything_of(world.dora))}
    assert len(found) >= len(world.kept.words) - 15, (len(found), len(world.kept.words))
    world.read(world.dora).expect(200)


def no_file_holds_a_word_or_a_key(world):
    tiles = os.path.join(world.node.folder, "tiles")
    os.mkdir(tiles)
    for name in ("checkpoint", "key"):
        with open(os.path.join(tiles, name), "wb") as file:
            file.write(world.node.nobody.get("/log/" + name).expect(200).body)
    assert world.look() == [], world.look()[:3]
    for path, octets in files(world.node.folder):
        assert not has_key(world, octets), f"a key stands in {path}"


def has_key(world, octets):
    forms = [form for key in world.keys for form in (bytes.fromhex(key), key.encode(), key.upper().encode())]
    return any(form in octets for form in forms)


def no_memory_holds_a_word_or_a_key(world):
    """What the server had in use; its cache lets go of destroyed keys within a second or two."""
    if SANITIZED:
        return
    time.sleep(3)
    octets_read, controls = 0, 0
    try:
        for name, octets in memory(world.node.process.pid):
            octets_read += len(octets)
            controls += octets.count(world.node.data.encode())
            assert not has_key(world, octets), f"a key stands in the memory {name}"
            found = world.gone.find(octets)
            assert not found, f"{len(found)} words stand in the memory {name}: {sorted(found)[:3]}"
    except PermissionError:
        print("skipped: the memory of the process cannot be read here")
        return
    assert controls > 0, "the name of the folder is not found in the memory of a process that works in it"
    print(f"found: no key in {octets_read >> 20} MiB of memory")


def a_key_that_stands_is_found(world):
    """The control of the search for keys: that of somebody who is here lies where it was printed."""
    (_, key, bucket), = world.keys_of(world.node.data, world.dora.id)
    path = os.path.join(world.node.folder, "stray")
    with open(path, "wb") as file:
        file.write(os.urandom(50) + bytes.fromhex(key) + bucket.encode())
    world.keys, kept = [key], world.keys
    assert any(has_key(world, octets) for _, octets in files(world.node.folder))
    print("control: a key that lies in a file: red")
    world.keys = kept
    os.remove(path)


def no_copy_opens_beside_the_keys_of_today(world):
    assert keys_with(world, os.path.join(world.node.data, "keys")) == ["key.destroyed"] * 3, "Dora's moved as well"


def the_receipt_that_was_kept_verifies(world):
    key = os.path.join(world.node.folder, "tiles", "key")
    done = subprocess.run([world.node.program, "verify", world.receipt, world.proof, "--key", key],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (done.stdout, done.stderr)


def a_word_that_was_stored_plain_is_found(world):
    """The control of the search in files: stored as it is in a copy of the data, and deleted again."""
    copy = os.path.join(world.node.folder, "spoilt.db")
    shutil.copy(os.path.join(world.before, "backup", "people.db"), copy)
    word = world.gone.word()
    db = sqlite3.connect(copy, isolation_level=None)
    db.execute("PRAGMA secure_delete = OFF")
    db.execute("INSERT INTO node_text (name, value) VALUES ('word', ?)", (word,))
    db.execute("DELETE FROM node_text WHERE name = 'word'")
    db.close()
    assert {found for _, found in world.look()} == {(word, "plain")}, world.look()[:3]
    print("control: a word that was stored plain and deleted: red")
    os.remove(copy)


def the_audit_finds_nothing(world):
    world.node.expect_sound()
    world.node.stop()
    assert world.look() == []
    world.node.expect_sound()
    world.node.start()


STEPS = [every_form_of_a_word_is_found_where_it_is, three_people_have_what_people_have,
         all_words_are_read_through_the_api_and_stand_in_no_file, copies_are_kept_from_before,
         the_old_keys_beside_the_old_data_open_it, a_slip_erases_nobody, two_go_by_themselves_and_one_by_the_operator,
         every_door_is_shut, the_others_keep_all_that_is_theirs, no_file_holds_a_word_or_a_key,
         no_memory_holds_a_word_or_a_key, a_key_that_stands_is_found, no_copy_opens_beside_the_keys_of_today,
         the_receipt_that_was_kept_verifies, a_word_that_was_stored_plain_is_found, the_audit_finds_nothing]


if __name__ == "__main__":
    with RunningNode() as running:
        steps.run(STEPS, World(running))
