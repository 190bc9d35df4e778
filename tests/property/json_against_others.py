# SPDX-License-Identifier: Apache-2.0
"""Goal: one JSON text has one meaning. What base/json.h takes, Python's json and Node's JSON.parse read as the same
value; what it refuses, both refuse too, or a rule of RULES holds, in which it is stricter on purpose; and it takes
nothing that breaks such a rule. Method: CASES= texts made at random (seed: SEED=), right ones in odd spellings, nearly
right ones, and heaps of pieces, besides seeds of the fuzzers; each goes through the three readers. Positive controls: a
reader without the rules, one that refuses too much and one that changes a value must each be told apart.

Usage: json_against_others.py PRINT_JSON"""
import json
import os
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODE = ["node", str(ROOT / "tests" / "support" / "read_json.mjs")]
SEEDS = ROOT / "tests" / "fuzz" / "corpus"
CASES = int(os.environ.get("CASES", 20_000))
DEPTH_MAX, MEMBERS_MAX = 32, 1000  # LIMIT_JSON_DEPTH, LIMIT_JSON_MEMBERS
SHOWN_MAX = 10

# A rule of ours beyond RFC 8259: what the refusal is called, what must be so.
RULES = {
    "json.duplicate_member": ("a name stands twice in an object", lambda facts: facts.twice),
    "json.too_deep": (f"more than {DEPTH_MAX} levels", lambda facts: facts.depth > DEPTH_MAX),
    "json.too_many_members": (f"more than {MEMBERS_MAX} in one container", lambda facts: facts.widest > MEMBERS_MAX),
    "json.out_of_range": ("a whole number beyond 64 bits, a fraction beyond a double", lambda facts: facts.huge),
    "json.syntax": ("U+0000, or half of a surrogate pair", lambda facts: facts.odd_character),
}


class Facts:
    """What Python saw in a text."""

    def __init__(self, octets):
        self.twice = self.huge = self.odd_character = False
        self.depth = self.widest = 0
        text = octets.decode("utf-8")
        self.value = json.loads(text, object_pairs_hook=self.pairs, parse_int=self.whole, parse_float=self.fraction,
                                parse_constant=self.refuse)
        self.walk(self.value, 0)

    def pairs(self, pairs):
        made = dict(pairs)
        self.twice |= len(made) != len(pairs)
        self.widest = max(self.widest, len(pairs))
        for name in made:
            self.look_at(name)
        for _, value in pairs:  # also what a second one of the name hides
            self.walk(value, 1)
        return made

    def whole(self, digits):
        number = int(digits)
        self.huge |= not -2**63 <= number < 2**63
        return number

    def fraction(self, digits):
        number = float(digits)
        self.huge |= number in (float("inf"), float("-inf"))
        return number

    @staticmethod
    def refuse(word):
        raise ValueError(word)

    def look_at(self, text):
        self.odd_character |= any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)

    def walk(self, value, depth):
        if isinstance(value, str):
            self.look_at(value)
        elif isinstance(value, (list, dict)):
            self.depth = max(self.depth, depth + 1)
            self.widest = max(self.widest, len(value))
            for each in value.values() if isinstance(value, dict) else value:
                self.walk(each, depth + 1)


def facts_of(octets):
    """None when Python refuses the text."""
    try:
        return Facts(octets)
    except (ValueError, RecursionError):
        return None


def same(ours, theirs, exact):
    """Whether two values are one; where not `exact` whole numbers are doubles, too."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return ours == theirs if exact else float(ours) == float(theirs)
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name], exact) for name in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs, [exact] * len(ours)))
    return ours == theirs


def complaint(octets, ours, node):
    """What is wrong about the three answers to a text, or None."""
    facts = facts_of(octets)
    verb, _, rest = ours.partition(" ")
    if verb == "no":
        if facts is None and node == "no":
            return None
        if facts is not None and rest in RULES and RULES[rest][1](facts):
            return None
        return f"we refuse it ({rest}), Python {'refuses' if facts is None else 'takes'} it, Node says {node[:2]}"
    if facts is None or node == "no":
        return f"we take it, {'Python' if facts is None else 'Node'} refuses it"
    for why, breaks in RULES.values():
        if breaks(facts):
            return f"we take it although: {why}"
    if not same(json.loads(rest), facts.value, True):
        return f"we read {rest[:200]} and Python {facts.value!r:.200}"
    if not same(json.loads(rest), json.loads(node[3:]), False):
        return f"we read {rest[:200]} and Node {node[3:203]}"
    return None


# ---- texts

NUMBERS = ["0", "-0", "1", "-1", "7", "01", "-01", "1.", ".5", "1.0", "-0.0", "1e5", "1E+05", "1e-5", "1e", "1e+", "+1",
           "0x1", "1e400", "-1e400", "1e-400", "1e308", "2e308", "5e-324", "NaN", "Infinity", "-Infinity",
           "9007199254740993",
           "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9" * 40,
           "0.1", "0.30000000000000004", "123456789.123456789", "1.7976931348623157e308", "1.7976931348623159e308",
           "2.2250738585072011e-308", "0." + "3" * 60, "9" * 400 + ".5", "0e9999", "1_0", "\uff11"]
LETTERS = ["a", "b", "ab", "é", "日", "😀", "\u2028", "\ufeff", "\x7f", "\uffff", " ", "'", "/", "__proto__", "1", "\x80"]
ESCAPES = [r"\"", r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u0041", r"\u00E9", r"\u00e9", r"\ud83d\ude00",
           r"\uffff", r"\u0061", r"\u007f", r"\u2028"]
BAD_ESCAPES = [r"\u0000", r"\ud800", r"\udc00", r"\ude00\ud83d", r"\ud83dx", r"\ud83d\u0041", r"\x41", r"\u12",
               r"\u12G4",
               r"\U0041", r"\a", "\\", "\t", "\n", "\x01", "\0"]
SPACES = ["", "", "", "", " ", "\n", "\r\n", "\t  "]
BAD_SPACES = ["\x0b", "\x0c", "\xa0", "\ufeff", "//x\n", "/**/", ","]
PIECES = ["{", "}", "[", "]", ",", ":", '"', '"a"', "1", "true", "false", "null", "tru", "nul", "-", "e", ".", " ",
          "\\", "\ud7ff"]
BAD_OCTETS = [b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xe2\x82",
              b"\x80"]


class Maker:
    """Makes texts. `slips` is how many in a thousand tokens are not as they should be."""

    def __init__(self, chance, slips):
        self.chance, self.slips = chance, slips

    def slip(self):
        return self.chance.randrange(1000) < self.slips

    def space(self):
        return self.chance.choice(BAD_SPACES if self.slip() else SPACES)

    def string(self):
        parts = [self.chance.choice(BAD_ESCAPES if self.slip() else self.chance.choice([LETTERS, ESCAPES]))
                 for _ in range(self.chance.choice([0, 1, 1, 2, 5]))]
        return '"' + "".join(parts) + ("" if self.slip() else '"')

    def number(self):
        if self.chance.randrange(3) == 0 or self.slip():
            return self.chance.choice(NUMBERS)
        tenth = 10.0 ** self.chance.randrange(-300, 300)
        return json.dumps(self.chance.choice([self.chance.randrange(-9, 10), self.chance.randrange(-2**63, 2**63),
                                              self.chance.uniform(-1, 1), self.chance.random() * tenth]))

    def items(self, depth, named):
        count = self.chance.choice([0, 1, 2, 3, 6])
        items = []
        for _ in range(count):
            value = self.space() + self.value(depth + 1) + self.space()
            items.append(self.space() + self.string() + self.space() + (":" if not self.slip() else "") + value
                         if named else value)
        return ("," if not self.slip() else ",,").join(items) + ("," if self.slip() else "")

    def value(self, depth=0):
        kind = self.chance.randrange(6 if depth < 5 else 4)
        if kind == 4:
            return "[" + self.space() + self.items(depth, False) + ("" if self.slip() else "]")
        if kind == 5:
            return "{" + self.space() + self.items(depth, True) + ("" if self.slip() else "}")
        return [self.string, self.number, self.string, lambda: self.chance.choice(["true", "false", "null"])][kind]()

    def text(self):
        return self.space() + self.value() + self.space() + ("x" if self.slip() else "")


def encoded(text):
    return text.encode("utf-8", "surrogatepass")


def bent(chance, octets):
    at = chance.randrange(len(octets) + 1)
    if chance.randrange(2):
        return octets[:at] + chance.choice(BAD_OCTETS) + octets[at:]
    return octets[:at] + bytes([chance.randrange(256)]) + octets[at + 1:]


def texts(chance):
    deep = [f"{a * n}1{b * n}" for n in (31, 32, 33, 40) for a, b in (("[", "]"), ('{"a":', "}"))]
    wide = ["[" + ",".join(["0"] * n) + "]" for n in (999, 1000, 1001, 1002)]
    wide += ["{" + ",".join(f'"{i}":0' for i in range(n)) + "}" for n in (999, 1000, 1001)]
    fixed = NUMBERS + [f'"{escape}"' for escape in ESCAPES + BAD_ESCAPES] + PIECES + deep + wide
    made = [encoded(text) for text in fixed]
    made += [path.read_bytes() for name in ("json", "attribute", "jws") for path in sorted((SEEDS / name).iterdir())]
    right, nearly = Maker(chance, 0), Maker(chance, 30)
    while len(made) < CASES:
        kind = chance.randrange(10)
        if kind < 4:
            made.append(encoded(right.text()))
        elif kind < 8:
            made.append(encoded(nearly.text()))
        elif kind == 8:
            made.append(bent(chance, encoded(right.text())))
        else:
            made.append(encoded("".join(chance.choices(PIECES + NUMBERS[:12], k=chance.randrange(12)))))
    return made


# ---- the comparison

def answers(program, made):
    framed = b"".join(b"%d\n%s" % (len(octets), octets) for octets in made)
    done = subprocess.run(program, input=framed, stdout=subprocess.PIPE, timeout=240, check=True)
    lines = done.stdout.decode("utf-8").split("\n")[:-1]
    assert len(lines) == len(made), (program, len(lines), len(made))
    return lines


def complaints(made, ours, node):
    return [(octets, why) for octets, our, their in zip(made, ours, node) if (why := complaint(octets, our, their))]


def without_rules(octets):
    """A reader as lenient as Python's."""
    facts = facts_of(octets)
    return "no json.syntax" if facts is None else "ok " + json.dumps(facts.value)


def run_controls(made, ours, node):
    refuser = ["no json.syntax"] * len(made)
    changed = [our.replace("1", "2") if our.startswith("ok") else our for our in ours]
    for name, control in (("without the rules", [without_rules(octets) for octets in made]),
                          ("that refuses all", refuser), ("that changes values", changed)):
        found = len(complaints(made, control, node))
        print(f"control: a reader {name}: red in {found} texts")
        assert found > 0, f"a reader {name} was not told apart"


def main():
    sys.set_int_max_str_digits(0)
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}", flush=True)
    made = texts(random.Random(seed))
    ours, node = answers([sys.argv[1]], made), answers(NODE, made)
    wrong = complaints(made, ours, node)
    for octets, why in wrong[:SHOWN_MAX]:
        print(f"{octets[:200]!r}: {why}")
    taken = sum(our.startswith("ok") for our in ours)
    reasons = {our[3:] for our in ours if our.startswith("no")}
    print(f"found: {len(made)} texts, {taken} taken, {len(wrong)} disagreements; refused for "
          f"{' '.join(sorted(reasons))}")
    assert not wrong
    assert taken > len(made) // 5 and set(RULES) <= reasons, "the texts saw only a part of the reader"
    run_controls(made, ours, node)


main()
