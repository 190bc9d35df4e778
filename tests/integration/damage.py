# SPDX-License-Identifier: Apache-2.0
"""Goal: an operator learns of damage before a customer does. Method: copies of a node that has lived, one for each
damage: rows that somebody changed, bytes that a disk turned, files that are missing, cut or open to all; `audit`,
`doctor` and `serve` are asked about each. Where the data is on a database server its rows are changed there, and the
files are those of the keys. Positive control: an undamaged copy passes where each damaged one fails."""
import os
import shutil
import sqlite3
import sys
import tempfile

import page_sums
import steps
import story
from cli import EXIT, call, one_sentence
from database_server import NamedServer
from running_node import RunningNode

ON_SERVER = "DATABASE_SERVER" in os.environ
FILES = ["keys"] if ON_SERVER else ["people", "ledger", "records", "keys"]


class Copy:
    """A node that nobody runs: a folder, and perhaps a database."""

    def __init__(self, path, database=None):
        self.path, self.database = path, database
        self.server = NamedServer(os.environ["DATABASE_SERVER"]) if ON_SERVER else None
        self.words = ["--data", path] + (["--store", self.server.url(database)] if ON_SERVER else [])

    def file(self, name):
        return os.path.join(self.path, "store", name + ".db")

    def change(self, name, sql):
        """Changes rows past the program; gives how many."""
        if ON_SERVER and name != "keys":
            sql = sql.replace("zeroblob(length(sealed))", "decode(repeat('00', length(sealed)), 'hex')")
            return int(self.server.ask(self.database, "SET search_path = symbolon; "
                                       f"WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed"))
        db = sqlite3.connect(self.file(name))
        with db:
            count = db.execute(sql).rowcount
        db.close()
        page_sums.put_right(self.file(name))
        return count

    def remove(self):
        shutil.rmtree(self.path)
        if ON_SERVER:
            self.server.ask("postgres", f"DROP DATABASE {self.database}")


class Damage:
    """Copies of a node that has lived, one for each damage."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="symbolon-damage-")
        self.copies = 0
        self.whole = self.live()

    def live(self):
        """The story up to its stop."""
        path = os.path.join(self.folder, "whole")
        with RunningNode() as node:
            told = story.Story(node)
            for step in story.STEPS[:story.STEPS.index(story.receipts_and_proofs_are_handed_out_in_every_form) + 1]:
                step(told)
            told.ada.post("/v1/me/grants", {"relationship": told.rel, "purpose": told.deliver,
                                            "attributes": ["pd:Name", "pd:PhysicalAddress"]}).expect(201)
            told.read(told.shipping, told.deliver, ["pd:Name"]).expect(200)
            node.stop()
            shutil.copytree(node.data, path)
            return Copy(path, node.database)

    def copy(self):
        self.copies += 1
        path, database = os.path.join(self.folder, str(self.copies)), f"damage_{self.copies}"
        shutil.copytree(self.whole.path, path)
        if ON_SERVER:
            self.whole.server.ask("postgres", f"CREATE DATABASE {database} TEMPLATE {self.whole.database}")
        return Copy(path, database)

    def check(self, copy):
        """How `audit` and `doctor` end; the copy goes."""
        audit, doctor = (call(word, *copy.words) for word in ("audit", "doctor"))
        for done in (audit, doctor):
            assert done.returncode in (0, *EXIT.values()), (done.returncode, done.stderr[-2000:])
            assert "Sanitizer" not in done.stderr, done.stderr
            assert (done.returncode == 0) == (done.stderr == ""), done.stderr
        copy.remove()
        return audit.returncode, doctor.returncode


# file, table, what is done to it; each must be found
TAMPERING = [
    ("people", "UPDATE grant_now SET until_at_ms = until_at_ms + 86400000"),
    ("people", "UPDATE grant_now SET state = 1"),
    ("people", "UPDATE grant_now SET attributes_low = attributes_low | 4"),
    ("people", "DELETE FROM grant_now"),
    ("people", "UPDATE relationship SET nature = 9"),
    ("people", "UPDATE relationship SET state = 5"),
    ("people", "UPDATE request SET state = 1"),
    ("people", "UPDATE act SET at_ms = at_ms - 1"),
    ("people", "UPDATE act SET attributes_low = attributes_low | 64 WHERE attributes_low <> 0"),
    ("people", "DELETE FROM act WHERE act_id = (SELECT max(act_id) FROM act)"),
    ("people", "DELETE FROM receipt WHERE receipt_id = (SELECT max(receipt_id) FROM receipt)"),
    ("people", "DELETE FROM log_leaf WHERE leaf_index = 1"),
    ("people", "UPDATE log_head SET size = size - 1"),
    ("ledger", "DELETE FROM disclosure WHERE disclosure_id = (SELECT max(disclosure_id) FROM disclosure)"),
    ("ledger", "UPDATE disclosure SET outcome = 1, reason = '' WHERE outcome = 2"),
    ("ledger", "UPDATE disclosure SET attributes_low = attributes_low | 16"),
    ("ledger", "UPDATE disclosure_head SET given = given - 1"),
    ("records", "UPDATE record SET sealed = zeroblob(length(sealed))"),
    ("people", "UPDATE vault SET sealed = zeroblob(length(sealed))"),
    ("keys", "UPDATE person_key SET wrapped = zeroblob(length(wrapped))"),
    ("keys", "UPDATE person_key SET bucket = bucket + 1"),
    ("keys", "DELETE FROM person_key"),
]


def every_row_that_was_tampered_with_is_found(damage):
    assert damage.check(damage.copy()) == (0, 0), "nothing was damaged"
    missed = []
    for name, change in TAMPERING[::4] if ON_SERVER else TAMPERING:  # unit_domain_audit spoils each column there
        copy = damage.copy()
        assert copy.change(name, change) > 0, change
        if damage.check(copy)[0] != EXIT["CORRUPT"]:
            missed.append(f"{name}: {change}")
    assert not missed, "not found:\n" + "\n".join(missed)


@steps.of_files
def a_flipped_byte_anywhere_ends_in_a_sentence(damage):
    """Where SQLite itself cannot read the file any more, audit says so; elsewhere it must at least not fall over."""
    found = tried = 0
    for name in ("people", "ledger", "records", "keys"):
        size = os.path.getsize(damage.whole.file(name))
        for at in [0, 17, 18, 24, 100, *range(1009, size, max(4001, size // 14))]:
            copy = damage.copy()
            file = copy.file(name)
            with open(file, "r+b") as opened:
                opened.seek(at)
                octet = opened.read(1)[0]
                opened.seek(at)
                opened.write(bytes([octet ^ 0x41]))
            readable = is_readable(file)
            audit, doctor = damage.check(copy)
            assert readable or (audit != 0 and doctor != 0), (name, at, audit, doctor)
            tried, found = tried + 1, found + (audit != 0)
    print(f"        {found} of {tried} flips were found")
    assert found > tried // 8


def is_readable(file):
    try:
        with sqlite3.connect(file) as db:
            return db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        return False


def files_that_are_missing_cut_or_open_to_all_are_said(damage):
    """And no server fills anew what was lost: the log under its old name must never begin again."""
    def change(action):
        copy = damage.copy()
        action(copy.path)
        return damage.check(copy)

    for name in FILES:
        for action in (lambda p: os.remove(f"{p}/store/{name}.db"),
                       lambda p: os.truncate(f"{p}/store/{name}.db", 4096),
                       lambda p: os.truncate(f"{p}/store/{name}.db", 0)):
            audit, doctor = change(action)
            assert audit != 0 and doctor != 0, (name, audit, doctor)
            copy = damage.copy()
            action(copy.path)
            one_sentence(call("serve", *copy.words, "--listen", "127.0.0.1:0"), "CORRUPT")
            copy.remove()
    for action in (lambda p: os.remove(f"{p}/keys/root.key"), lambda p: os.truncate(f"{p}/keys/root.key", 31),
                   lambda p: os.chmod(f"{p}/keys", 0o755), lambda p: os.chmod(f"{p}/keys/root.key", 0o644),
                   lambda p: shutil.rmtree(f"{p}/keys/buckets"), lambda p: shutil.rmtree(f"{p}/keys")):
        audit, doctor = change(action)
        assert audit != 0 and doctor != 0, (audit, doctor)


STEPS = [every_row_that_was_tampered_with_is_found, a_flipped_byte_anywhere_ends_in_a_sentence,
         files_that_are_missing_cut_or_open_to_all_are_said]


def main():
    damage = Damage()
    try:
        steps.run(STEPS, damage)
    finally:
        shutil.rmtree(damage.folder)


if __name__ == "__main__":
    sys.exit(main())
