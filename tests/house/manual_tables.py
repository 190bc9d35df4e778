# SPDX-License-Identifier: Apache-2.0
"""Goal: the tables of the manual are those of the sources: limits (base/limits*.h), reasons with their statuses (every
literal that a failure is born with), the fields and reasons of an import, the scopes in the help. Method: both sides
are read and compared in both directions. Positive control: each comparison also runs over a page with one row changed,
one left out and one invented, and must see each.

Usage: manual_tables.py ROOT"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])
MANUAL = ROOT / "docs/manual"
FLOORS = ("base", "crypto", "store", "ledger", "domain", "http")
# Of the floor protocol, those whose refusals a door passes on.
READERS = ("webauthn.c", "webauthn_read.c", "claims_request.c")
WORD = r"[a-z0-9_]+(?:\.[a-z0-9_]+)+"

# Limits that bound the work inside and that nobody can meet from outside.
INSIDE = {"WRITE_BATCH", "WRITE_BATCH_MS", "STATEMENT_PARAMETERS", "STATEMENT_COLUMNS", "BUCKET_PEOPLE", "ERASURES",
          "ERASURES_KEYS", "KEYS_LOCK_MS", "LOG_BATCH", "IMPORT_CHUNK", "STRAY_MS", "MOVE_PEOPLE"}
UNITS = {"KiB": 1024, "MiB": 1024 ** 2, "bytes": 1, "ms": 1, "s": 1000, "min": 60_000, "day": 86_400_000,
         "days": 86_400_000}

# Codes whose reasons the API hides behind one word (http/gate/problem.c), and that of the command line.
HIDDEN = {"NOT_FOUND", "INTERNAL", "CORRUPT", "USAGE"}
# Words with dots that are no reasons: names of files and versions, words of the node's own log, events beside act.def
# and alert.def.
OTHER_WORDS = {"127.0.0.1", "2.3", "3.1.0", "people.db", "records.db", "ledger.db", "keys.db", "root.key",
               "log.checkpoint", "store.generations",
               "webauthn.create", "webauthn.get", "handler.slow", "log.left_out", "request.failed", "request.put_off",
               "attribute.absent", "attribute.changed", "attribute.confirmed", "attribute.removed", "erasure.requested",
               "department.created", "member.ended", "member.invited", "organisation.created", "purpose.published",
               "purpose.retired", "record.added", "system.created", "system.ended"}
# Reasons that only the program's start and its commands meet.
COMMANDS_ONLY = {"erasure.merged", "import.too_many", "key.exposed", "organisation.ambiguous", "organisation.exists",
                 "organisation.name", "organisation.slug", "server.address", "server.port_taken",
                 "store.backup_exists", "store.connect", "store.elsewhere", "store.exposed", "store.foreign",
                 "store.half_copied", "store.keys", "store.migration_changed", "store.not_empty", "store.overtaken",
                 "store.pooler", "store.rights", "store.same_database", "store.setting", "store.spread", "store.table",
                 "store.too_new", "store.url", "store.version"}
# Reasons of checking what others have made: `symbolon verify`, and the log's own work.
OFFLINE_ONLY = {"jose.key", "jws.form", "jws.header", "jws.signature", "log.checkpoint_form", "log.key_form",
                "log.no_salt", "log.no_such_leaf", "log.no_such_size", "log.not_in_tree", "log.note_form",
                "log.note_size", "log.origin_form", "log.other_log", "log.proof_form", "log.proof_size",
                "log.signature", "log.unsigned", "receipt.form", "receipt.keys", "receipt.size"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def sources(floors=FLOORS):
    for floor in floors:
        for path in sorted((ROOT / "src" / floor).rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                yield without_comments(path.read_text())
    for name in READERS:
        yield without_comments((ROOT / "src/protocol" / name).read_text())


def rows(page):
    """The cells of each row of each table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page.split("\n") if line.startswith("| ")]


def apart(shown, real):
    """What two tables do not agree on."""
    return sorted(name for name in {*shown, *real} if shown.get(name) != real.get(name))


# ---- limits

def real_limits():
    text = without_comments("".join(path.read_text() for path in sorted((ROOT / "src/base").glob("limits*.h"))))
    found = re.findall(r"^#define LIMIT_(\w+) ([^\n]+)$", text, re.M)
    return {name: eval(re.sub(r"(\d)(?:u|LL)\b", r"\1", value)) for name, value in found}  # sums of our own header


def shown_limits(page):
    shown = {}
    for cells in rows(page):
        name = re.fullmatch(r"`([A-Z_]+)`", cells[2]) if len(cells) == 4 else None
        if name:
            number, _, unit = cells[1].replace(",", "").partition(" ")
            shown[name.group(1)] = int(number) * (UNITS[unit] if unit else 1)
    return shown


def real_rates():
    text = (ROOT / "src/http/limit_class.def").read_text()
    return [(int(minute), int(once)) for minute, once in re.findall(r"^X\(\w+,\s+(\d+),\s+(\d+),", text, re.M)
            if int(minute) > 0]


# ---- reasons

def statuses():
    text = (ROOT / "src/base/error.def").read_text()
    return {code: int(status) for code, status in re.findall(r"^X\((\w+),\s+(\d+),", text, re.M)}


def real_reasons():
    """Each word that a failure may be born with, and the statuses that stand beside it in the sources: none, when a
    rule hands the word to somebody else who makes the failure."""
    status = statuses()
    tables = ("src/domain/proof/act.def", "src/domain/entrance/alert.def")
    events = {word for table in tables for word in re.findall(rf'"({WORD})"', (ROOT / table).read_text())}
    words, hidden = {}, set()
    for text in sources():
        for word in re.findall(rf'"({WORD})"', text):
            words.setdefault(word, set())
        for code, word in re.findall(rf'\b([A-Z_]+),\s*"({WORD})"', text):
            if code in HIDDEN:
                hidden.add(word)
            elif code in status:
                words[word].add(status[code])
    alone = {word for word, codes in words.items() if not codes and word in hidden}
    said = {word for text in sources() for word in re.findall(rf'\[\w+\] = "({WORD})"|return "({WORD})"', text)
            for word in word if word}
    return {word: codes for word, codes in words.items()
            if word not in alone and (codes or word in said or word not in events)}


def shown_reasons(page):
    shown = {}
    for cells in rows(page):
        word = re.fullmatch(rf"`({WORD})`", cells[0])
        if word and len(cells) == 3:
            assert word.group(1) not in shown, f"{word.group(1)} has two rows"
            shown[word.group(1)] = {int(status) for status in cells[1].split(", ")}
    return shown


def reasons_apart(page):
    """What page and sources do not agree on. A word may stand with more statuses than the sources put beside it."""
    shown, real = shown_reasons(page), real_reasons()
    findings = set(re.findall(rf"^\| `({WORD})` \|", (MANUAL / "wording.md").read_text(), re.M))
    left_out = OTHER_WORDS | COMMANDS_ONLY | OFFLINE_ONLY
    wanted = {word for word in real if word not in left_out and (real[word] or word not in findings)}
    stale = left_out - set(real)
    codes = set(statuses().values())
    wrong = {word for word in shown if word in real and (not shown[word] or not real[word] <= shown[word] <= codes)}
    return sorted(stale | wrong | (wanted ^ set(shown)))


# ---- alerts

def real_alerts():
    """Name, number, word, event and sentence of each."""
    text = without_comments((ROOT / "src/domain/entrance/alert.def").read_text())
    rows_ = re.findall(r'^X\((\w+),\s+(\d+),\s+"(\w*)",\s+"([^"]*)",\s+"([^"]*)"\)', text, re.M)
    assert len(rows_) == len(re.findall(r"^X\(", text, re.M)), "a row that is not read"
    return rows_


def shown_alerts(page):
    part = page.split("| `kind` | what it tells |")[1].split("\n\n")[0]
    return {cells[0].strip("`"): cells[1] for cells in rows(part)}


# ---- import and help

def real_fields():
    text = without_comments((ROOT / "src/protocol/contact_fields.def").read_text())
    return {word for pair in re.findall(r'^SINGLE\(\w+, (\w+)\)|^(?:LIST|PART)\(\w+, "(\w+)"', text, re.M)
            for word in pair if word}


def shown_fields(page):
    part = page.split("## Fields for --map")[1].split("\n## ")[0]
    return {word for cells in rows(part)[1:] for word in re.findall(r"`(\w+)`", cells[0])}


def real_refusals():
    text = (ROOT / "src/protocol/contact_reasons.def").read_text().split("/* ---- a part is left out */")[0]
    return dict(re.findall(r'^X\(\w+,\s+"([^"]+)",\s+"([^"]+)"\)', text, re.M))


def shown_refusals(page):
    part = page.split("## Why a row is rejected")[1].split("\n## ")[0]
    return {cells[0].strip("`"): cells[1] for cells in rows(part)[1:]}


def real_notes():
    text = (ROOT / "src/protocol/contact_reasons.def").read_text().split("/* ---- a part is left out */")[1]
    return dict(re.findall(r'^X\(\w+,\s+"([^"]+)",\s+"([^"]+)"\)', text, re.M))


def shown_notes(page):
    part = page.split("## Details that are left out")[1].split("\n## ")[0]
    return {cells[0].strip("`"): cells[1] for cells in rows(part)[1:]}


def real_skipped():
    text = (ROOT / "src/protocol/vcard_property.c").read_text()
    return set(re.findall(r'NULL, "(\w+)"\}', text))


def spoilt(page, row):
    """The page with the row left out, changed, and followed by an invented one."""
    assert page.count(row) == 1, row
    yield page.replace(row, "")
    digit = re.search(r"\d", row)
    if digit:
        yield page.replace(row, row[:digit.start()] + str((int(digit.group()) + 1) % 10) + row[digit.end():])
    yield page.replace(row, row + re.sub("`([a-zA-Z_.]+)`", r"`\1X`" if "_BYTES" in row else r"`\1x`", row))


class Tables(unittest.TestCase):
    def test_every_limit_stands_on_the_page_with_its_number(self):
        page = (MANUAL / "limits.md").read_text()
        real = real_limits()
        self.assertGreater(len(real), 50)
        self.assertEqual(INSIDE - set(real), set(), "names of limits that are gone")
        wanted = {name: real[name] for name in real if name not in INSIDE}
        self.assertEqual(apart(shown_limits(page), wanted), [])
        row = next(line for line in page.split("\n") if "`HEAD_BYTES`" in line) + "\n"
        for other in spoilt(page, row):
            self.assertEqual(len(apart(shown_limits(other), wanted)), 1)

    def test_the_page_of_limits_names_the_rates(self):
        page = (MANUAL / "limits.md").read_text()
        shown = re.findall(r"(\d+) times a minute, (\d+) of them at once", page)
        self.assertEqual([(int(minute), int(once)) for minute, once in shown], real_rates())

    def test_every_reason_of_the_limits_is_one(self):
        page = (MANUAL / "limits.md").read_text()
        shown = shown_reasons((MANUAL / "reasons.md").read_text())
        named = [(int(status), word) for status, word in re.findall(rf"(\d+) `({WORD})`", page)]
        self.assertGreater(len(named), 20)
        for status, word in named:
            self.assertIn(status, shown.get(word, ()), word)

    def test_every_reason_stands_on_the_page_with_its_statuses(self):
        page = (MANUAL / "reasons.md").read_text()
        self.assertGreater(len(shown_reasons(page)), 100)
        self.assertEqual(reasons_apart(page), [])
        row = next(line for line in page.split("\n") if line.startswith("| `grant.wider`")) + "\n"
        for other in spoilt(page, row):
            self.assertNotEqual(reasons_apart(other), [], other.find("grant.wider"))

    def test_each_kind_of_alert_has_a_sentence_which_the_manual_has_too(self):
        real, page = real_alerts(), (MANUAL / "person.md").read_text()
        self.assertGreater(len(real), 8)
        for column in zip(*real):
            self.assertEqual(len(set(column)), len(real), column)
        for name, _, word, event, sentence in real:
            self.assertRegex(sentence, r"^[A-Z][^|\\]{10,}\.$", name)
            self.assertRegex(word + " " + event, rf"^\w+ {WORD}$", name)
        wanted = {word: sentence for _, _, word, _, sentence in real}
        self.assertEqual(shown_alerts(page), wanted)
        row = next(line for line in page.split("\n") if line.startswith("| `recovered`")) + "\n"
        for other in spoilt(page, row):
            self.assertNotEqual(shown_alerts(other), wanted)

    def test_the_page_of_the_import_has_every_field_and_every_refusal(self):
        page = (MANUAL / "import.md").read_text()
        self.assertEqual(shown_fields(page) ^ real_fields(), set())
        self.assertEqual(apart(shown_refusals(page), real_refusals()), [])
        self.assertEqual(apart(shown_notes(page), real_notes()), [])
        self.assertGreater(len(real_notes()), 10)
        for word in real_skipped():
            self.assertIn(f"`{word}`", page.split("## Details that are left out")[1])
        self.assertGreater(len(real_skipped()), 5)
        for other in (page.replace("`ambiguous`", "`ambiguus`"), page.replace("It is not read here. |", "It is. |")):
            self.assertNotEqual(apart(shown_notes(other), real_notes()), [])
        for other in (page.replace("`nickname`", ""), page.replace("`nickname`", "`nickname` `shoe_size`")):
            self.assertNotEqual(shown_fields(other) ^ real_fields(), set())
        for other in (page.replace("`csv.quote`", "`csv.quotes`"), page.replace("too many properties", "properties")):
            self.assertNotEqual(apart(shown_refusals(other), real_refusals()), [])

    def test_the_help_of_keys_names_every_scope(self):
        scopes = re.findall(r'^X\(\w+,\s+\d+, "(\w+)"', (ROOT / "src/http/scope.def").read_text(), re.M)
        help_text = re.sub(r'\\n"\s*"', " ", (ROOT / "src/app/command.def").read_text())
        self.assertGreater(len(scopes), 5)
        self.assertIn(f"--scope: {', '.join(scopes)}.", help_text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
