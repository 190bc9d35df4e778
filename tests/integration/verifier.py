# SPDX-License-Identifier: Apache-2.0
"""Goal: two programs that share no code, `symbolon verify` and the checker of verify/, say the same of every file: exit
code, reason, and each word of the answer. Method: a real node makes receipts, proofs and checkpoints, a forge makes
others around any content with valid signatures; CASES= calls, seeded by SEED=, each with something changed, go through
both. Both run many calls in one process (support/verify_cases.c and .mjs); some go through the programs themselves.
KEEP= names a folder for the files of a disagreement. Positive controls: checkers with one check taken out must be told
apart from `symbolon verify`."""
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import steps
import verifier_cases
from forge_receipts import Forge
from running_node import Caller
from stress import RoughNode, Shop, seed_of_run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT / "verify"
BATCH = ROOT / "tests" / "support" / "verify_cases.mjs"
CASES = int(os.environ.get("CASES", 10_000))
PROGRAM_CASES, NODE_CASES, CONTROL_CASES, SHOWN_MAX = 200, 25, 400, 12

# A check of a file, what is put in its place, and the kinds of calls that must tell the checker that results.
CONTROLS = {
    "no signature of a side":
        ("jws.mjs", "verifyEs256(subtle, key, input, value)", "true", ["a_signature_with_odd_numbers"]),
    "no signature of the log":
        ("note.mjs", "!(await verifyEd25519(", "!(await ((...all) => true)(",
         ["a_checkpoint_with_odd_signature_lines"]),
    "weak points of Ed25519":
        ("signature.mjs", "y < P && !SMALL_ORDER.has(y)", "true", ["a_signature_of_the_log_with_odd_points"]),
    "no place in the tree":
        ("proof.mjs", "!(await isIncluded(", "!(await ((...all) => true)(", ["a_place_in_trees_of_every_size"]),
    "members that stand twice":
        ("json.mjs", "object.has(name)", "false", ["a_receipt_in_another_spelling"]),
    "base64 that is not canonical":
        ("bytes.mjs", "encode64(bytes, digits) === text", "true",
         ["a_checkpoint_of_any_text", "a_proof_in_another_form"]),
    "leading zeros":
        ("bytes.mjs", "(0|[1-9][0-9]{0,18})", "([0-9]{1,19})", ["a_proof_in_another_form", "a_checkpoint_of_any_text"]),
    "anything in a header":
        ("jws.mjs", "!hasOnly(header, ...known)", "!(header instanceof Map)", ["a_header_with_something_odd"]),
    "text that hides in what a receipt says":
        ("overt.mjs", "!isIn(CONTROLS, code)", "true", ["a_receipt_that_says_something_odd"]),
    "keys for other work":
        ("jws.mjs", "!isForVerifying(jwk)", "false", ["a_side_with_an_odd_key"]),
}


def get(line, path, fields=None):
    end = time.monotonic() + 5
    while True:
        answer = line.get(path, fields)
        if answer.status != 503 or time.monotonic() > end:
            return answer.expect(200).body
        time.sleep(0.05)


def files_of_a_node():
    """What a customer would keep: three receipts with their proofs, checkpoints of several ages, the key."""
    with RoughNode() as node:
        shop = Shop(node, "Blue Shop", 3)
        customer = shop.customer()
        line = customer.line()
        made = {"key": get(node.nobody, "/log/key"), "receipts": [], "proofs": [], "checkpoints": []}
        for purpose in shop.purposes:
            grant = customer.give(line, purpose)
            receipt = line.get(f"/v1/me/grants/{grant}").expect(200).json["receipt"]
            caller = Caller(node, customer.fields)
            path = f"/v1/me/receipts/{receipt}"
            made["receipts"].append(get(caller, path, {"Accept": "application/jose+json"}))
            made["proofs"].append(get(caller, f"{path}/proof"))
            made["checkpoints"].append(get(node.nobody, "/log/checkpoint"))
    return made


class Case:
    """One call: a kind, for the report, and its words."""

    def __init__(self, kind, words):
        self.kind, self.words = kind, words


class Cases:
    """Files of the scratch folder, equal ones once, and the calls made of them."""

    def __init__(self, folder):
        self.folder, self.names, self.all = folder, {}, []
        os.makedirs(folder, exist_ok=True)

    def file(self, octets):
        if octets not in self.names:
            self.names[octets] = os.path.join(self.folder, str(len(self.names)))
            with open(self.names[octets], "wb") as file:
                file.write(octets)
        return self.names[octets]

    def add(self, kind, files, key_option, switches):
        """`files` are pairs of role and octets, in the order of the call."""
        words = []
        for role, octets in files:
            words += (["--key"] if key_option and role == "key" else []) + [self.file(octets)]
        self.all.append(Case(kind, words + list(switches)))


def answers_of(program, cases):
    """(exit code, reason, answer) of each case, from one process."""
    lines = "".join("\t".join(case.words) + "\n" for case in cases)
    done = subprocess.run(program, input=lines.encode(), stdout=subprocess.PIPE, timeout=280)
    assert done.returncode == 0, (program, done.returncode)
    rest, answers = done.stdout, []
    while rest:
        head, rest = rest.split(b"\n", 1)
        code, reason, size = head.split(b" ")
        answers.append((int(code), rest[:int(size)].decode(), reason.decode()))
        rest = rest[int(size):]
    assert len(answers) == len(cases), (len(answers), len(cases))
    return answers


def answers_of_both(programs, cases):
    """Side by side: there are two cores."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(lambda program: answers_of(program, cases), programs))


def checker(folder):
    return ["node", str(BATCH), str(folder)]


def disagreements(cases, ours, theirs):
    return [(case, a, b) for case, a, b in zip(cases, ours, theirs) if a != b]


def show(found):
    for case, ours, theirs in found[:SHOWN_MAX]:
        print(f"DISAGREE {case.kind}: {' '.join(case.words)}\n  symbolon  {ours}\n  verify/   {theirs}")
    kinds = collections.Counter(case.kind for case, _, _ in found)
    print(f"found: {len(found)} disagreements: {dict(kinds)}")


def report(cases, answers, seconds):
    codes = collections.Counter(code for code, _, _ in answers)
    kinds = len({case.kind for case in cases})
    print(f"found: {len(cases)} calls of {kinds} kinds, answered alike by both: {codes[0]} taken, "
          f"{len(answers) - codes[0]} not (not understood {codes[2]}, too large {codes[7]}, refused {codes[8]}), "
          f"{seconds:.1f} s")
    assert min(codes.get(code, 0) for code in (0, 2, 7, 8)) >= len(cases) // 400, "a verdict is hardly ever met"


def check_programs(cases, answers, command, count):
    """The programs themselves say what their batches say."""
    step = max(1, len(cases) // count)
    for case, (code, answer, _) in list(zip(cases, answers))[::step][:count]:
        done = subprocess.run([*command, *case.words], capture_output=True, timeout=60, text=True)
        assert (done.returncode, done.stdout) == (code, answer), (command, case.words, done, code, answer)
        assert (done.stderr == "") == (code == 0), (command, case.words, done)


# ---- what they once did not agree on, or both did wrong

class Calls:
    """Single calls of both programs, in all forms, with the answer that is right."""

    def __init__(self, scratch):
        self.cases = Cases(scratch)
        forge = Forge()
        files = forge.files()
        self.receipt, self.proof, self.key = (self.cases.file(files[role]) for role in verifier_cases.ROLES)
        self.checkpoint = self.cases.file(files["proof"].split(b"\n\n", 1)[1])
        self.other_key = self.cases.file(f"{forge.cosigner.key}\n".encode())
        self.other_proof = self.cases.file(forge.proof(b"{}"))

    def expect(self, code, reason, *words):
        for program in ([os.environ["SYMBOLON"], "verify"], ["node", str(CHECKER / "symbolon-verify.mjs")]):
            done = subprocess.run([*program, "--json", *words], capture_output=True, timeout=60, text=True)
            said = json.loads(done.stderr)["error"] if done.stderr else None
            assert (done.returncode, said) == (code, reason), (program, words, done)
        return json.loads(done.stdout)["files"] if done.stdout else []


def a_good_file_does_not_hide_why_another_is_not_proved(calls):
    """The genuine file behind it took the reason away."""
    files = calls.expect(8, "log.not_in_tree", calls.receipt, calls.other_proof, calls.key, calls.checkpoint)
    assert [file["ok"] for file in files] == [False, True]


def the_order_of_proofs_decides_nothing(calls):
    """The exit code was that of the last proof, the words those of the best one."""
    broken = calls.cases.file(b"c2sp.org/tlog-proof@v1\n")
    for proofs in ([calls.other_proof, broken], [broken, calls.other_proof]):
        calls.expect(8, "log.not_in_tree", calls.receipt, *proofs, calls.key)
    for proofs in ([calls.proof, broken], [broken, calls.proof], [calls.other_proof, calls.proof]):
        calls.expect(0, None, calls.receipt, *proofs, calls.key)


def of_two_keys_none_is_chosen(calls):
    """The last one won, so that the order of the files decided."""
    for words in ([calls.key, calls.other_key], [calls.other_key, calls.key], [calls.other_key, "--key", calls.key]):
        calls.expect(2, "verify.two_keys", calls.receipt, calls.proof, *words)
    calls.expect(0, None, calls.receipt, calls.proof, calls.key, "--key", calls.key)


def the_key_file_is_no_seventeenth_file(calls):
    """It was sorted like the sixteen arguments, behind the end of the list of receipts."""
    for file in (calls.receipt, calls.checkpoint):
        calls.expect(2, "verify.no_key", *[file] * 16, "--key", file)
    calls.expect(0, None, *[calls.checkpoint] * 16, "--key", calls.key)
    calls.expect(2, "cli.arguments", *[calls.checkpoint] * 17, "--key", calls.key)


def what_is_not_proved_is_told_of_no_checkpoint(calls):
    """Name and size of an unsigned checkpoint were told, and under a key of no form there was no verdict at all."""
    bad_key = calls.cases.file(b"a+00000000+AQ==\n")
    for key, code, reason in ((calls.other_key, 8, "log.other_log"), (bad_key, 2, "log.key_form")):
        [file] = calls.expect(code, reason, calls.checkpoint, key)
        assert file == {"file": calls.checkpoint, "ok": False, "steps_passed": 0, "origin": "", "index": 0,
                        "tree_size": 0}


def a_receipt_says_what_it_is(calls):
    """It was genuine, and nobody was told whose."""
    forge = Forge()
    said = {"symbolon:act": "grant.given",
            "dpv:hasConsentStatus": {"dpv:isIndicatedAtTime": "2026-11-23T07:00:00.000Z"},
            "dpv:hasDataController": {"dct:title": "Blue\x7f \u202eShop", "@id": "symbolon:org_1"},
            "dpv:hasDataSubject": {"@id": "symbolon:rel_1"}, "dpv:hasPersonalData": ["pd:Name", 7, "pd:Age"],
            "dpv:hasProcess": {"dpv:hasPurpose": {"dct:title": "Deliver"}}}
    files = forge.files(forge.payload(json.dumps(said)[1:-1]))
    names = [calls.cases.file(files[role]) for role in verifier_cases.ROLES]
    [file] = calls.expect(0, None, *names)
    assert file["receipt"] == {
        "act": "grant.given", "at": "2026-11-23T07:00:00.000Z", "organisation": "Blue\x7f \u202eShop",
        "organisation_id": "org_1", "relationship": "rel_1", "purpose": "Deliver", "kinds": ["pd:Name", "pd:Age"]}, file
    for program in ([os.environ["SYMBOLON"], "verify"], ["node", str(CHECKER / "symbolon-verify.mjs")]):
        words = subprocess.run([*program, *names], capture_output=True, timeout=60, text=True, check=True).stdout
        assert words.endswith("  Act: grant.given\n  When: 2026-11-23T07:00:00.000Z\n"
                              "  Organisation: Blue\\u{7f} \\u{202e}Shop\n  Organisation id: org_1\n"
                              "  Relationship: rel_1\n  Purpose: Deliver\n  Kinds: pd:Name, pd:Age\n"), (program, words)
    [file] = calls.expect(8, "log.not_in_tree", names[0], calls.proof, calls.key)
    assert "receipt" not in file, "what is not proved says nothing"


def a_file_of_another_kind_is_named(calls):
    """It was taken for a checkpoint, and a key was asked for."""
    list_of_users = calls.cases.file(b"root:x:0:0:root:/root:/bin/sh\n")
    for words in ([list_of_users], [list_of_users, calls.key], [calls.receipt, calls.proof, calls.key, list_of_users]):
        calls.expect(2, "verify.unknown_file", *words)


# ---- the run

def broken_checker(folder, file, check, instead):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKER, folder)
    path = pathlib.Path(folder, file)
    text = path.read_text(encoding="utf-8")
    assert text.count(check) == 1, f"{file} has no longer one {check}"
    path.write_text(text.replace(check, instead), encoding="utf-8")
    return checker(folder)


def check_controls(scratch, cases, answers):
    for name, (file, check, instead, kinds) in CONTROLS.items():
        some, right = zip(*[(case, answer) for case, answer in zip(cases, answers) if case.kind in kinds])
        broken = broken_checker(os.path.join(scratch, "control"), file, check, instead)
        found = disagreements(some, right, answers_of(broken, some))
        assert found, f"the control is not noticed: {name}"
        print(f"control: {name}: red in {len(found)} of {len(some)}")


def main(batch):
    seed = seed_of_run()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="symbolon-verifier-") as scratch:
        steps.run([a_good_file_does_not_hide_why_another_is_not_proved, the_order_of_proofs_decides_nothing,
                   of_two_keys_none_is_chosen, the_key_file_is_no_seventeenth_file,
                   what_is_not_proved_is_told_of_no_checkpoint, a_receipt_says_what_it_is,
                   a_file_of_another_kind_is_named], Calls(scratch))
        cases, control_cases = (Cases(os.path.join(scratch, name)) for name in ("cases", "control_cases"))
        source = (files_of_a_node(), Forge())
        verifier_cases.make(dice, CASES, *source, cases)
        began = time.monotonic()
        ours, theirs = answers_of_both([[batch], checker(CHECKER)], cases.all)
        found = disagreements(cases.all, ours, theirs)
        if found:
            show(found)
            if os.environ.get("KEEP"):
                shutil.copytree(scratch, os.environ["KEEP"], dirs_exist_ok=True)
            return 1
        report(cases.all, ours, time.monotonic() - began)
        check_programs(cases.all, ours, [os.environ["SYMBOLON"], "verify"], PROGRAM_CASES)
        check_programs(cases.all, ours, ["node", str(CHECKER / "symbolon-verify.mjs")], NODE_CASES)
        kinds = {kind for *_, kinds in CONTROLS.values() for kind in kinds}
        verifier_cases.make_of(kinds, dice, CONTROL_CASES, *source, control_cases)
        check_controls(scratch, control_cases.all, answers_of([batch], control_cases.all))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
