# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever is erased cannot be opened from any copy that the node holds, cannot be guessed from one, and is a
stranger at every door, while others keep all that is theirs. Method: a thousand words are planted wherever people and
organisations may write, in the lives of three people: one who came first and was invited later, one who came by
invitation, one who never came. Before the erasure all of them are read through the API and none stands in any file.
Afterwards words and keys are looked for in ten forms and more in every file: the data, the write-ahead logs, free
pages, the log, the tiles, what the node tells of itself, backups from before and after, and in the memory of both
processes; hashes that anybody can compute of what was sent are looked for too; the wrapped keys of before open nothing
beside the key folder of today, a kept answer is not given again, and a receipt that the organisation kept still
verifies. Positive control: every form of a word is found when it is there; a word that is stored as it is and deleted
again is found in the file; keys and hashes are found where they do lie, in a file and in the memory of a process; and
an old key folder beside the old data opens everything again.

With the data on a database server its tables and its write-ahead log are looked through as well, and the copies from
before and after are a copy of the database and a dump. That server forgets no row: what is erased there lies in its log
and its pages for as long as it likes, sealed under keys that the folder no longer has.

Usage: forgetting.py PRINT_KEYS; SEED= repeats the words of a run, WORDS= asks for another number of them."""
import gzip
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib

import steps
from database_server import NamedServer, program
from purposes import DELIVER
from running_node import RunningNode, pages
from traces import EMPTY_PAGE, Keys, Traces, encodings, files, hashes, memory

PRINT_KEYS = sys.argv[1]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
DICE = random.Random(SEED)
SANITIZED = "SLOW" in os.environ  # such a program keeps what was freed, to catch who still uses it
SERVER = NamedServer(os.environ["DATABASE_SERVER"]) if "DATABASE_SERVER" in os.environ else None
WORDS = int(os.environ.get("WORDS", 200 if SERVER else 1000))
NOTE_WORDS = 12                   # of one note
EVENT_WORDS = 6                   # of the name of one event
GONE_SECONDS = 30
ERASED = 4                        # person_state of domain/people/person.h
# Written by hand, since what is sought is their octets.
BIRTH_DATE = b'{"value": "1971-02-28"}'
BIRTH_DATE_DOOR = "/v1/me/attributes/pd:BirthDate"


class World:
    def __init__(self, node):
        self.node, self.people = node, []
        self.gone, self.kept = Traces("qzkvjxwpyg", DICE), Traces("wxqjzvkgph", DICE)
        self.keys, self.guessed = Keys(), Keys()
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

    def note_keys(self, *ids):
        """Remembers the keys of people who will be erased."""
        for name, (reason, key, bucket) in zip(ids, self.keys_of(self.node.data, *ids)):
            assert reason == "-", (name, reason)
            self.keys.add("key of " + name, bytes.fromhex(key))
            self.keys.add("bucket key of " + name, bytes.fromhex(bucket))

    def ask(self, relationship, traces=None):
        """The organisation asks for something until an event that it names."""
        return self.shop.post("/v1/org/requests", {
            "relationship": relationship, "purpose": self.purpose, "attributes": ["pd:Name", "pd:PhysicalAddress"],
            "uses": {"kind": "event", "event": self.words(EVENT_WORDS, traces)}}).expect(201).json["id"]

    def answer(self, person, request, traces=None):
        """The person offers another event, and gives something until a third."""
        person.post(f"/v1/me/requests/{request}/answer", {"answer": "counter", "uses": {
            "kind": "event", "event": self.words(EVENT_WORDS, traces)}}).expect(200)
        person.post("/v1/me/grants", {"relationship": person.relationship, "purpose": self.purpose,
                                      "attributes": ["pd:Name"], "uses": {
                                          "kind": "event", "event": self.words(EVENT_WORDS, traces)}}).expect(201)

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
        person.receipt = person.grant["receipt"]
        self.people.append(person)
        until = words if words is not None else len(traces.words) + 50
        while len(traces.words) < until:
            self.write_and_read(person, traces, until)

    def write_and_read(self, person, traces, until):
        """A value and a note, with as many words as there is room for."""
        def words():
            return self.words(max(1, min(NOTE_WORDS, until - len(traces.words))), traces)
        person.put("/v1/me/attributes/sym:DeliveryNote", {"value": words()}).expect(200)
        note = words()
        self.read(person, note).expect(200)
        self.shop.post("/v1/org/disclosures", {"relationship": person.relationship, "purpose": self.purpose,
                                               "attributes": ["pd:Job"], "note": note})

    def send(self, caller, method, path, body, key):
        """A request whose answer is kept; remembers what can be computed of it without a key of the node."""
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        for parts in ((method.encode(), path.encode(), octets), (key.encode(),)):
            for name, hashed in hashes(parts):
                self.guessed.add(f"{method} {path}: {name}", hashed, ("plain", "hex"))
        return caller.call(method, path, octets, {"Idempotency-Key": key, "Content-Type": "application/json"})

    def read(self, person, note="none"):
        return self.shop.call("POST", "/v1/org/disclosures", {
            "relationship": person.relationship, "purpose": self.purpose, "note": note,
            "attributes": ["pd:Name", "pd:PhysicalAddress"]}, {"Idempotency-Key": DICE.randbytes(8).hex()})

    def everything_of(self, person):
        """All that the API tells a person, as one text."""
        return b"".join(page.body for path in DOORS for page in pages(person, path.format(rel=person.relationship)))

    def keys_of(self, data, *ids, database=None):
        places = [SERVER.url(database or self.node.database), f"sqlite:{data}/store"] if SERVER else []
        done = subprocess.run([PRINT_KEYS, data, *places, *ids], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split(" ")[1:] for line in done.stdout.splitlines()]

    def look(self):
        """Where a word of those who go stands in any file of the node."""
        return [(path, found) for path, octets in self.everywhere() for found in self.gone.find(octets)]

    def everywhere(self):
        """(path, octets) of the files of the node, and of what the database server keeps: tables, log, the rest."""
        yield from files(self.node.folder)
        if SERVER is None:
            return
        SERVER.ask("postgres", "CHECKPOINT")
        other = SERVER.ask("postgres", "SELECT oid FROM pg_database WHERE datistemplate").split()
        data = os.path.join(SERVER.folder, "data")
        for path, octets in files(data):
            _, *parts = os.path.relpath(path, data).split(os.sep)
            if not parts or parts[0] not in other:
                yield path, octets.replace(EMPTY_PAGE, b"")

    def dump(self, name):
        """All rows of the database, as a file of the node's folder."""
        path = os.path.join(self.node.folder, name)
        subprocess.run([program("pg_dump"), "-h", SERVER.folder, "-U", "tester", "-f", path, self.node.database],
                       check=True, timeout=60)
        return path


DOORS = ["/v1/me/attributes", "/v1/me/disclosures", "/v1/me/relationships/{rel}/records", "/v1/me/grants",
         "/v1/me/requests", *(f"/v1/me/attributes/{kind}/history" for kind in (
             "pd:Name", "pd:PhysicalAddress", "pd:City", "pd:Region", "pd:BirthPlace", "pd:Job", "sym:DeliveryNote"))]


# ---- before

def every_form_of_a_word_and_of_a_key_is_found_where_it_is(world):
    traces, keys, key = Traces("bqzjxkvwpf", DICE), Keys(), DICE.randbytes(32)
    word = traces.word()
    keys.add("key", key)
    for name, form in encodings(word.encode()).items():
        assert traces.find(b"\0\1" + form + b"\2") == {(word, name)}, name
    for name, form in encodings(key).items():
        assert ("key", name) in keys.find(b"\0\1" + form + b"\2"), name
    for secret, search in ((word.encode(), traces), (key, keys)):
        for stream in (gzip.compress(secret * 2), zlib.compress(secret * 2), zlib.compress(secret * 2, 9)):
            assert "deflated" in {form for _, form in search.find(DICE.randbytes(99) + stream + b"\0")}
    assert not traces.find(b"".join(encodings(word[:-1].encode() + b"0").values()))
    assert not keys.find(b"".join(encodings(key[:16] + bytes([key[16] ^ 1]) + key[17:]).values()))
    print(f"found: each word and key in {len(encodings(key)) + 1} forms")


def three_people_have_what_people_have(world):
    node = world.node
    dora = node.person(world.kept.word())
    world.dora, relationship = dora, world.bring_in(world.kept)
    world.ask(relationship[0], world.kept)
    dora.post("/v1/me/relationships", {"invitation": relationship[1]}).expect(201)
    world.fill(dora, relationship[0], world.kept)
    world.people.clear()
    ada = node.person(world.gone.word())
    relationship, code = world.bring_in()
    asked = world.ask(relationship)
    world.note_keys(ada.id, relationship)
    ada.post("/v1/me/relationships", {"invitation": code}).expect(201)
    world.fill(ada, relationship, words=WORDS * 2 // 5)
    world.answer(ada, asked)
    relationship, code = world.bring_in()
    world.claim = ({"invitation": code}, world.gone.word())
    claimed = world.send(node.nobody, "POST", "/v1/claims", *world.claim).expect(201)
    ben = type(ada)(node, {"Cookie": claimed.field("Set-Cookie").split(";")[0]})
    ben.id = ben.get("/v1/me").expect(200).json["id"]
    world.fill(ben, relationship, words=WORDS * 4 // 5)
    world.answer(ben, world.ask(relationship))
    world.waiting = world.bring_in()[0]
    world.ask(world.waiting)
    world.note_keys(ben.id, world.waiting)
    world.ada, world.ben = ada, ben
    while len(world.gone.words) < WORDS + 50:  # some are keys of requests, which nobody reads
        world.write_and_read(ada, world.gone, WORDS + 50)


def what_is_sent_twice_is_answered_twice(world):
    """Whose traces are looked for below."""
    for _ in range(2):
        world.send(world.ada, "PUT", BIRTH_DATE_DOOR, BIRTH_DATE, "birth-date-of-ada").expect(200)
        world.send(world.node.nobody, "POST", "/v1/claims", *world.claim).expect(201)
        world.send(world.shop, "POST", "/v1/org/disclosures", {
            "relationship": world.ben.relationship, "purpose": world.purpose, "attributes": ["pd:Name"],
            "note": "ask Ben"}, "order-10442").expect(200)
    world.send(world.ada, "PUT", BIRTH_DATE_DOOR, BIRTH_DATE.replace(b"28", b"27"),
               "birth-date-of-ada").expect(422, "idempotency.mismatch")


def a_thousand_words_are_read_through_the_api_and_stand_in_no_file(world):
    told = b"".join(world.everything_of(person) for person in world.people)
    told += b"".join(page.body for path in (f"/v1/org/relationships/{world.waiting}/records", "/v1/org/requests")
                     for page in pages(world.shop, path))
    found = {word for word, _ in world.gone.find(told)}
    print(f"found: {len(found)} words read of {len(world.gone.words)} that were planted")
    assert len(found) >= WORDS and len(world.gone.words) - len(found) <= 40, (len(found), len(world.gone.words))
    assert world.look() == [], world.look()[:3]


def nothing_can_be_guessed_from_a_file(world):
    """Whoever holds a copy of the store, and no key, tries birth dates: nothing in it tells him which one it is."""
    if SERVER is not None:
        os.rename(world.dump("rows"), os.path.join(world.node.data, "rows"))
    for path, octets in files(world.node.data):
        assert not world.guessed.find(octets), (path, sorted(world.guessed.find(octets))[:3])
    if SERVER is not None:
        os.remove(os.path.join(world.node.data, "rows"))


def a_hash_that_stands_is_found(world):
    """The control of the search for hashes, as they once stood beside kept answers."""
    parts = (b"PUT", BIRTH_DATE_DOOR.encode(), BIRTH_DATE)
    hashed = dict(hashes(parts))["sha256, with sizes"]
    assert world.guessed.find(b"\0" + hashed + b"\1") and not world.guessed.find(b"\0" + hashed[1:] + b"\1")
    print("control: a plain hash of a request in a file: red")


def copies_are_kept_from_before(world):
    node = world.node
    os.mkdir(world.before)
    if SERVER is None:
        node.run("backup", os.path.join(world.before, "backup"))
    else:
        node.stop()  # nobody may be connected to what is copied
        SERVER.ask("postgres", f"CREATE DATABASE before TEMPLATE {node.database}")
        node.start()
        os.mkdir(os.path.join(world.before, "backup"))
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
    world.note_keys(world.ada.id, world.ben.id, world.waiting)  # also buckets that were changed since


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
    people = (world.ada.id, world.ben.id, world.dora.id)
    reasons = [line[0] for line in world.keys_of(restored, *people, database="before")]
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
        assert world.read(person).status in (403, 404)  # as long as it is under way, or behind it
    deadline = time.monotonic() + GONE_SECONDS
    while left(world) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left(world) == 0, "the list of erasures is not worked off"
    done = world.node.run("person", "erase", world.ada.id, world.waiting, "--yes")
    assert done == {"erased": [{"id": world.ada.id, "relationships": 0}, {"id": world.waiting, "relationships": 1}]}


def rows(world, name, query):
    if SERVER is not None:
        return [tuple(int(column) if column else None for column in row)
                for row in world.node.query(name.removesuffix(".db"), query)]
    db = sqlite3.connect("file:" + os.path.join(world.node.data, "store", name) + "?mode=ro", uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def left(world):
    return rows(world, "people.db", "SELECT count(*) FROM erasure")[0][0]


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
    world.send(world.node.nobody, "POST", "/v1/claims", *world.claim).expect(404)
    assert world.shop.get("/v1/org/relationships/" + world.waiting).expect(200).json["state"] == "ended"
    world.shop.get(f"/v1/org/relationships/{world.waiting}/records").expect(404)
    world.node.nobody.post(world.ada.link.removeprefix(world.node.url)).expect(401)


def the_others_keep_all_that_is_theirs(world):
    found = {word for word, _ in world.kept.find(world.everything_of(world.dora))}
    assert len(found) >= len(world.kept.words) - 15, (len(found), len(world.kept.words))
    world.read(world.dora).expect(200)


def no_kept_answer_of_theirs_is_left(world):
    people = rows(world, "people.db", "SELECT person_id, state, merged_into FROM person")
    gone = {number for number, state, _ in people if state == ERASED}
    gone |= {number for number, _, successor in people if successor in gone}
    assert len(gone) == 4, "three, and whose place Ada took"
    for name, table in (("people.db", "idempotency"), ("ledger.db", "disclosure_answer")):
        kept = rows(world, name, f"SELECT person_id, actor_id FROM {table}")
        assert kept, f"control: those of others are still in {table}"
        assert not [row for row in kept if gone & set(row)], f"kept answers of theirs in {table}"


def what_the_node_tells(world):
    """What it says to others after the erasure, kept as files beside those that it keeps itself."""
    folder = os.path.join(world.node.folder, "told")
    os.mkdir(folder)
    relationships = [person.relationship for person in world.people] + [world.waiting]
    doors = [(world.node.nobody, path) for path in ("/log/checkpoint", "/log/key", "/metrics", "/openapi.json",
                                                    "/.well-known/symbolon")]
    doors += [(world.shop, path.format(rel=rel)) for rel in relationships for path in (
        "/v1/org/relationships/{rel}", "/v1/org/grants?relationship={rel}",
        "/v1/org/relationships/{rel}/receipts")] + [(world.shop, "/v1/org/requests?limit=200")]
    for number, (caller, path) in enumerate(doors):
        with open(os.path.join(folder, str(number)), "wb") as file:
            file.write(caller.get(path).expect(200).body)
    os.rename(os.path.join(folder, "1"), os.path.join(world.node.folder, "log-key"))
    if SERVER is not None:
        assert os.path.getsize(world.dump("after")) > 10000
        return
    world.node.run("backup", os.path.join(world.node.folder, "after"))
    for name in ("people.db", "records.db", "ledger.db"):
        assert os.path.getsize(os.path.join(world.node.folder, "after", name)) > 0, name


def no_file_holds_a_word_or_a_key(world):
    what_the_node_tells(world)
    assert world.look() == [], world.look()[:3]
    looked = 0
    for path, octets in world.everywhere():
        looked += 1
        assert not world.keys.find(octets), f"a key stands in {path}: {sorted(world.keys.find(octets))[:3]}"
    print(f"found: no word and no key in {looked} files, two backups among them")
    nothing_can_be_guessed_from_a_file(world)


def holder_of(process):
    """The process that holds the keys of a program."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
        pid, = (int(word) for word in children.read().split())
    return pid


def search_memory(world, pid):
    """The octets that were read, and what was found in them."""
    octets_read, found, own = 0, set(), 0
    for name, octets in memory(pid):
        octets_read += len(octets)
        own += octets.count(world.node.data.encode())
        found |= {(what, form, name) for what, form in world.keys.find(octets) | world.gone.find(octets)}
    assert own > 0, "the name of the folder is not found in the memory of a process that works in it"
    return octets_read, found


def no_memory_holds_a_word_or_a_key(world):
    """What both processes have in use; a cache lets go of destroyed keys within a second or two."""
    if SANITIZED:
        return
    time.sleep(3)
    try:
        for who, pid in (("server", world.node.process.pid), ("key holder", holder_of(world.node.process))):
            octets_read, found = search_memory(world, pid)
            assert not found, f"in the memory of the {who}: {sorted(found)[:3]}"
            print(f"found: no word and no key in {octets_read >> 20} MiB of memory of the {who}")
    except PermissionError:
        print("skipped: the memory of the processes cannot be read here")


def a_word_and_a_key_in_memory_are_found(world):
    """The control of the search in memory: a process that was told one of each, and holds them."""
    if SANITIZED:
        return
    keys, traces, key = Keys(), Traces("vbqzjxkwpf", DICE), DICE.randbytes(32)
    keys.add("key", key)
    word = traces.word()
    program = "import sys, time; held = sys.stdin.buffer.read(); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(word.encode() + key)
        process.stdin.close()
        process.stdout.readline()
        found = set()
        for _, octets in memory(process.pid):
            found |= keys.find(octets) | traces.find(octets)
        process.kill()
    assert {("key", "plain"), (word, "plain")} <= found, found
    print("control: a word and a key in the memory of a process: red")


def a_key_that_stands_is_found(world):
    """The control of the search for keys: that of somebody who is here lies where it was printed."""
    (_, key, bucket), = world.keys_of(world.node.data, world.dora.id)
    path, keys = os.path.join(world.node.folder, "stray"), Keys()
    keys.add("key", bytes.fromhex(key))
    with open(path, "wb") as file:
        file.write(DICE.randbytes(50) + bytes.fromhex(key) + bucket.encode())
    assert {found for found, octets in files(world.node.folder) if keys.find(octets)} == {path}
    print("control: a key that lies in a file: red")
    os.remove(path)


def no_copy_opens_beside_the_keys_of_today(world):
    reasons = keys_with(world, os.path.join(world.node.data, "keys"))
    assert reasons == ["person.key_lost"] * 3, "Dora's moved as well; a copy of before does not know that anybody went"


def the_receipt_that_was_kept_verifies(world):
    key = os.path.join(world.node.folder, "log-key")
    done = subprocess.run([world.node.program, "verify", world.receipt, world.proof, "--key", key],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (done.stdout, done.stderr)


def a_word_that_was_stored_plain_is_found(world):
    """The control of the search in files: stored as it is in a copy of the data, and deleted again. A database server
    cannot be made to lose it, so it comes last."""
    word = world.gone.word()
    if SERVER is not None:
        world.node.on_server(f"INSERT INTO node_text (name, value) VALUES ('word', '{word}')")
        world.node.on_server("DELETE FROM node_text WHERE name = 'word'")
        found = world.look()
        assert {told for _, told in found} == {(word, "plain")} and len({path for path, _ in found}) >= 2, found[:3]
        print(f"control: a word that was stored plain and deleted: red in {len(found)} files, the log among them")
        return
    copy = os.path.join(world.node.folder, "spoilt.db")
    shutil.copy(os.path.join(world.before, "backup", "people.db"), copy)
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


def somebody_elses_unfinished_erasure_is_no_failure_of_ones_own(world):
    """The chain of reads of the first leads nowhere, so that those rows cannot be finished. Control: the command that
    names the first fails."""
    with RunningNode() as node:
        first, second = node.person("Ada"), node.person("Bob")
        node.stop()
        [(number,)] = node.query("people", "SELECT min(person_id) FROM person")
        head = f"INSERT INTO disclosure_head (person_id, last_id, given, refused) VALUES ({number}, 1, 0, 1)"
        if SERVER is not None:
            node.on_server(head)
        else:
            with sqlite3.connect(os.path.join(node.data, "store", "ledger.db")) as ledger:
                ledger.execute(head)
        control = node.command("person", "erase", first.id, "--yes")
        assert control.returncode != 0 and "names a row that is not there" in control.stderr, control
        done = node.command("person", "erase", second.id, "--yes")
        assert done.returncode == 0 and "Others on the list are not done yet" in done.stdout, done
        node.start()


STEPS = [every_form_of_a_word_and_of_a_key_is_found_where_it_is, three_people_have_what_people_have,
         what_is_sent_twice_is_answered_twice, a_thousand_words_are_read_through_the_api_and_stand_in_no_file,
         nothing_can_be_guessed_from_a_file, a_hash_that_stands_is_found, copies_are_kept_from_before,
         the_old_keys_beside_the_old_data_open_it, a_slip_erases_nobody, two_go_by_themselves_and_one_by_the_operator,
         every_door_is_shut, no_kept_answer_of_theirs_is_left, the_others_keep_all_that_is_theirs,
         no_file_holds_a_word_or_a_key, no_memory_holds_a_word_or_a_key, a_word_and_a_key_in_memory_are_found,
         a_key_that_stands_is_found, no_copy_opens_beside_the_keys_of_today, the_receipt_that_was_kept_verifies,
         the_audit_finds_nothing, somebody_elses_unfinished_erasure_is_no_failure_of_ones_own,
         a_word_that_was_stored_plain_is_found]


if __name__ == "__main__":
    print(f"SEED={SEED} WORDS={WORDS}")
    with RunningNode() as running:
        steps.run(STEPS, World(running))
