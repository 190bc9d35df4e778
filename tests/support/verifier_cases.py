# SPDX-License-Identifier: Apache-2.0
"""What is handed to two verifiers: genuine files with something changed. Two sources: octets of a real node's files
that were bent, cut, swapped or spliced; and files of a forge, whose signatures hold, with one form in them that is odd,
so that the readers behind the signatures are met too. Each kind of change is a function whose name says what it does;
it gives the files of one call, as pairs of role and octets."""
import hashlib
import json

import tlog
from forge_receipts import N, LogKey

ROLES = ("receipt", "proof", "key")
SPACES = [b" ", b"\t", b"\r", b"\n", b"\r\n", b"\x0b", b"\x0c", b"\xc2\xa0", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\0"]
LETTERS = b"ABCabc019+/=-_ \n.{}[]\":,\\"

NUMBERS = ["0", "-0", "1", "-1", "01", "-01", "00", "1.", ".5", "1.0", "-0.0", "1e5", "1E+05", "1e-5", "1e", "1e+",
           "+1", "--1", "0x10", "1_0", "1e400", "-1e400", "1e-400", "1e308", "2e308", "5e-324", "NaN", "Infinity",
           "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
           "9" * 30, "9" * 400, "0." + "3" * 400, "9" * 400 + ".5", "1" + "0" * 308, "1" + "0" * 308 + ".0", "0e999999"]
STRINGS = [r'"\u0000"', r'"\u0001"', r'"\ud800"', r'"\udc00"', r'"\ud83d\ude00"', r'"\ude00\ud83d"', r'"\ud83d\u0041"',
           r'"\ud83dx\ude00"', r'"\x41"', r'"\/"', r'"\u00E9"', r'"\u12"', r'"\u12G4"', r'"\U0041"', r'"\a"', r'"\""',
           '"', "'a'", '"\t"', '"\n"', '"\x7f"', '"\x01"', '"\u2028"', '"\ufeff"', '"\U0010ffff"', '"\uffff"',
           r'"\uFFFF"', r'"\\"', r'"\"']
OTHERS = ["true", "True", "tru", "null", "nul", "false", "", ",", "[1,]", "[,1]", "[1 2]", "{,}", '{"a":1,}', '{"a" 1}',
          "{a:1}", "/* */1", "1//", "[]", "{}", "[", "]", "{", "}", '{"a":1,"a":2}', r'{"a":1,"\u0061":2}',
          '{"a":1,"A":2}', '{"":1,"":2}', '{"__proto__":1,"__proto__":2}', '{"__proto__":{"x":1}}',
          '{"a":{"b":1},"b":{"b":1}}', r'{"\u0000":1}', '{1:2}', '{"a":1}}', "1 ", " 1", "\n1", "\x0b1", "\xa01",
          "\ufeff1"]
DEEP = ["[" * n + "]" * n for n in (28, 29, 30, 31, 32, 33, 60)] + ['{"a":' * n + "1" + "}" * n for n in (30, 31, 32)]
WIDE = ["[" + ",".join("0" * n) + "]" for n in (999, 1000, 1001, 1002)]
WIDE += ["{" + ",".join(f'"{i}":0' for i in range(n)) + "}" for n in (999, 1000, 1001)]
FRAGMENTS = NUMBERS + STRINGS + OTHERS + DEEP + WIDE
BAD_UTF8 = [b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80",
            b"\xf0\x80\x80\xaf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xf8\x88\x80\x80\x80", b"\xc3\xa9",
            b"\xf0\x9f\x98\x80"]
SIZES = ["0", "1", "4", "04", "6", "7", "8", "07", "007", "+7", "-7", " 7", "7 ", "7.0", "7e0", "0x7", "\uff17", "",
         "9223372036854775807", "9223372036854775808", "18446744073709551623", "1" + "0" * 30, "9007199254740993"]


def weak_ys():
    """The encodings of the eight points of Ed25519 whose order divides 8: multiples of L times a point outside the
    group of the base."""
    for y in range(2, 100):
        point = tlog.point_read(y.to_bytes(32, "little"))
        some = {tlog.point_write(tlog.point_times(i * tlog.L, point)) for i in range(8)} if point else ()
        if len(some) == 8:
            return sorted(int.from_bytes(octets, "little") for octets in some)
    raise AssertionError("no point of order 8")


WEAK_YS = weak_ys()


# ---- octets of a real node's files

def flip(dice, octets):
    at = dice.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ 1 << dice.randrange(8)]) + octets[at + 1:]


def cut(dice, octets):
    return octets[:dice.randrange(len(octets))]


def drop(dice, octets):
    at, size = dice.randrange(len(octets)), dice.choice([1, 1, 1, 2, 4, 40])
    return octets[:at] + octets[at + size:]


def insert(dice, octets):
    at = dice.randrange(len(octets) + 1)
    new = dice.choice([bytes([dice.choice(LETTERS)]), bytes([dice.randrange(256)]), dice.choice(BAD_UTF8)])
    return octets[:at] + new + octets[at:]


def change(dice, octets):
    at = dice.randrange(len(octets))
    return octets[:at] + bytes([dice.choice(LETTERS)]) + octets[at + 1:]


def double(dice, octets):
    at, size = dice.randrange(len(octets)), dice.choice([1, 4, 44, 100])
    return octets[:at + size] + octets[at:]


def space(dice, octets):
    """Space at the ends, and where one text meets another."""
    places = [0, len(octets)] + [i for i, octet in enumerate(octets) if octet in b'{}[],:"\n +=']
    at = dice.choice(places)
    return octets[:at] + dice.choice(SPACES) * dice.choice([1, 1, 3]) + octets[at:]


def pad(dice, octets):
    """Base64 with more or less behind it, or of the other alphabet."""
    ends = [i for i in range(1,
            len(octets)) if octets[i] in b'"\n' and octets[i - 1] in b"=" + LETTERS[:11]] or [len(octets)]
    at = dice.choice(ends)
    bare = octets[:at].rstrip(b"=")
    how = dice.randrange(4)
    if how == 0:
        return octets[:at] + b"=" * dice.choice([1, 2, 3]) + octets[at:]
    if how == 1:
        return bare + octets[at:]
    if how == 2:
        return bare[:-1] + bytes([(bare[-1] + 1) % 128]) + octets[len(bare):]  # perhaps its pad bits alone
    return octets.replace(b"/", b"_").replace(b"+", b"-") if dice.random() < 0.5 else octets.replace(b"_", b"/")


def swap_lines(dice, octets):
    lines = octets.split(b"\n")
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def double_line(dice, octets):
    lines = octets.split(b"\n")
    at = dice.randrange(len(lines))
    return b"\n".join(lines[:at + 1] + lines[at:])


def drop_line(dice, octets):
    lines = octets.split(b"\n")
    del lines[dice.randrange(len(lines))]
    return b"\n".join(lines)


OCTETS = [flip, flip, flip, flip, flip, cut, drop, insert, change, change, double, space, space, pad, pad, swap_lines,
          double_line, drop_line]


def one_bent_file(dice, node, forge):
    kept = genuine(dice, node, forge)
    role = dice.choice(["receipt", "receipt", "proof", "proof", "key"])
    kept[role] = dice.choice(OCTETS)(dice, kept[role])
    return pairs(kept)


def two_bent_files(dice, node, forge):
    kept = genuine(dice, node, forge)
    for role in dice.sample(ROLES, 2):
        kept[role] = dice.choice(OCTETS)(dice, kept[role])
    return pairs(kept)


def one_bent_checkpoint(dice, node, forge):
    note = dice.choice(node["checkpoints"])
    return [("checkpoint", dice.choice(OCTETS)(dice, note)), ("key", node["key"])]


def one_spliced_file(dice, node, forge):
    """The begin of one and the end of another of its kind."""
    kept = genuine(dice, node, forge)
    role = dice.choice(["receipt", "proof"])
    other = dice.choice(node[role + "s"])
    at = dice.randrange(len(kept[role]))
    kept[role] = kept[role][:at] + other[at:]
    return pairs(kept)


def genuine(dice, node, forge):
    if dice.random() < 0.2:
        return forge.files()
    at = dice.randrange(len(node["receipts"]))
    return {"receipt": node["receipts"][at], "proof": node["proofs"][at], "key": node["key"]}


def pairs(kept):
    return [(role, kept[role]) for role in ROLES]


# ---- which files are given

def files_of_several_acts(dice, node, forge):
    """Receipts, proofs and checkpoints in any number and order; what belongs to what is for the verifier to find."""
    files = [("key", node["key"])]
    for role in ("receipt", "proof", "checkpoint"):
        files += [(role, dice.choice(node[role + "s"])) for _ in range(dice.choice([0, 1, 1, 2, 3]))]
    if dice.random() < 0.3:
        at = dice.randrange(len(files))
        files[at] = (files[at][0], dice.choice(OCTETS)(dice, files[at][1]))
    dice.shuffle(files)
    return files


def keys_of_others(dice, node, forge):
    strange = f"{dice.choice([forge.log, forge.cosigner]).key}\n".encode()
    files = pairs(genuine(dice, node, forge))
    if dice.random() < 0.5:
        files = [(role, octets if role != "key" else strange) for role, octets in files]
    else:
        files.insert(dice.randrange(4), ("key", dice.choice([strange, node["key"], node["key"] + b"\n"])))
    if dice.random() < 0.3:
        files.append(("checkpoint", dice.choice(node["checkpoints"])))
    return files


def too_few_files(dice, node, forge):
    files = pairs(genuine(dice, node, forge)) + [("checkpoint", dice.choice(node["checkpoints"]))]
    dice.shuffle(files)
    return files[:dice.randrange(1, 4)]


def swapped_proofs_and_stale_checkpoints(dice, node, forge):
    a, b = dice.randrange(len(node["receipts"])), dice.randrange(len(node["receipts"]))
    head, note = node["proofs"][a].split(b"\n\n", 1)
    if dice.random() < 0.5:
        proof = node["proofs"][b]
    else:
        proof = head + b"\n\n" + dice.choice(node["checkpoints"] + [node["proofs"][b].split(b"\n\n", 1)[1]])
    return pairs({"receipt": node["receipts"][a], "proof": proof, "key": node["key"]})


def large_files(dice, node, forge):
    kept = genuine(dice, node, forge)
    role = dice.choice(ROLES)
    size = dice.choice([32 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024]) + dice.choice([-1, 0, 1])
    filler = dice.choice([b" ", b"A", b"\n", b"{", b"["])
    missing = size - len(kept[role])
    at = dice.choice([0, len(kept[role]) // 2, len(kept[role])])
    kept[role] = kept[role][:at] + filler * max(0, missing) + kept[role][at:]
    return pairs(kept)


# ---- JSON of a receipt, signed as it stands

def a_payload_with_an_odd_value(dice, node, forge):
    fragment = dice.choice(FRAGMENTS)
    return pairs(forge.files(forge.payload(f'"what":{fragment}')))


def a_payload_with_odd_octets(dice, node, forge):
    whole = forge.payload()
    how = dice.randrange(4)
    if how == 0:
        payload = whole.replace(b"a grant", dice.choice(BAD_UTF8))
    elif how == 1:
        payload = dice.choice(SPACES) + whole
    elif how == 2:
        payload = whole + dice.choice(SPACES + [b"x", b"{}", b"1", b","])
    else:
        payload = space(dice, whole)
    return pairs(forge.files(payload))


def a_payload_with_odd_members(dice, node, forge):
    keys = '"symbolon:keys":{}'
    payload = dice.choice([
        forge.payload('"what":1,"what":2'), forge.payload(keys), forge.payload(r'"symbolon:k\u0065ys":{}'),
        forge.payload('"__proto__":{}'), b"[]", b'"a"', b"7", b"{}", b"", b"null", ("{" + keys + "}").encode(),
        forge.payload(person="null"), forge.payload(person="[]"), forge.payload(organisation='"x"'),
        forge.payload().replace(b'"person"', b'"per\\u0073on"'), forge.payload().replace(b'"person"', b'"Person"'),
        forge.payload().replace(b'"person"', b'"employee"'), b"[" + forge.payload() + b"]"])
    return pairs(forge.files(payload))


def a_receipt_with_an_odd_value(dice, node, forge):
    """Beside the two members of a signed object, or in one of them."""
    files = forge.files()
    whole, fragment = files["receipt"].decode(), dice.choice(FRAGMENTS)
    receipt = forge.receipt(forge.payload())
    files["receipt"] = dice.choice([
        whole[:-1] + f',"x":{fragment}}}',
        whole.replace(json.dumps(receipt["payload"]), fragment),
        whole.replace(json.dumps(receipt["signatures"]), fragment),
        whole.replace(json.dumps(receipt["signatures"][0]), fragment),
        whole.replace(json.dumps(receipt["signatures"][1]["signature"]), fragment),
        whole.replace(json.dumps(receipt["signatures"][0]["protected"]), fragment),
    ]).encode()
    return pairs(files)


def a_receipt_in_another_spelling(dice, node, forge):
    """The same object: escapes, space, order, and members that stand twice."""
    files = forge.files()
    whole, receipt = files["receipt"].decode(), forge.receipt(forge.payload())
    mine, theirs = receipt["signatures"]
    files["receipt"] = dice.choice([
        whole.replace("payload", r"p\u0061yload"), whole.replace("A", r"\u0041"), json.dumps(receipt, indent=2),
        json.dumps({"signatures": [mine, theirs], "payload": receipt["payload"]}),
        json.dumps({"payload": receipt["payload"], "signatures": [theirs, mine]}),
        "\n\t " + whole + " \r\n", whole + "\0", whole + "{}", "\ufeff" + whole, whole[:-1] + ',"payload":"e30"}',
        '{"payload":"e30",' + whole[1:], whole.replace('"protected"', '"protected":"e30","protected"', 1),
        whole.replace('"signature":', '"signature":"","signature":', 1), whole.replace("payload", "Payload"),
    ]).encode()
    return pairs(files)


WORDS = ["", "Blue Shop", "symbolon:", "symbolon:org_1", "symbolon:symbolon:x", "a\nb", "\x1b[2J", "\x7f", "\x85",
         "\\", "\u202ereversed", "a\u00adb", "\u2764\ufe0f", "x\ufe0f", "1\ufe0f\u20e3", "\u0915\u094d\u200d\u0937",
         "a\u200db", "\u0646\u200c\u0647", "\U0001f469\u200d\U0001f680", "\u2764\ufe0f\u200d\U0001f525",
         "\u845b\U000e0100", "x\U000e0100", "\u1820\u180b", "\ue000", "\ufdd0", "\uffff", "\U0001ffff",
         "\U00010ffff", "\u2028", "\ufeff", "\u3000", "\u00e9\u00df", "\u202fx", "\xa0", "\U0001d173", "\u115f",
         "\u034f", "\ud7ff", '"', "'", "/", "<b>", "\x01\x1f"]
SAID = [("symbolon:act",), ("dpv:hasConsentStatus", "dpv:isIndicatedAtTime"), ("dpv:hasDataController", "dct:title"),
        ("dpv:hasDataController", "@id"), ("dpv:hasDataSubject", "@id"), ("dpv:hasPersonalData",),
        ("dpv:hasProcess", "dpv:hasPurpose", "dct:title")]


def a_receipt_that_says_something_odd(dice, node, forge):
    """In the members of which a verifier tells when all is proved."""
    content = {}
    for *above, last in dice.sample(SAID, dice.randrange(1, len(SAID) + 1)):
        place = content
        for name in above:
            place = place.setdefault(name, {})
        odd = dice.choice([7, None, [], {}, True, 1.5, ["x"]])
        word = dice.choice(WORDS) + dice.choice(WORDS)
        place[last] = odd if dice.random() < 0.15 else word
        if last == "dpv:hasPersonalData" and dice.random() < 0.8:
            place[last] = dice.choices(WORDS + [7, None, ["x"], {}], k=dice.randrange(5))
    if dice.random() < 0.2:
        content[dice.choice(SAID)[0]] = dice.choice(["x", 7, None, [], [{"@id": "x"}]])
    payload = forge.payload(json.dumps({**content, "what": 1}, ensure_ascii=dice.random() < 0.5)[1:-1])
    return pairs(forge.files(payload))


# ---- keys, headers and signatures of a receipt

def a_side_with_an_odd_key(dice, node, forge):
    jwk = dict(forge.person.jwk)
    x, y = jwk["x"], jwk["y"]
    word = dice.choice(["sig", "enc", "", 7, None, "verify"])
    operations = dice.choice([["verify"], ["sign"], [], ["sign", "verify"], "verify", 7, None, [7], {}])
    changes = [{"use": word}, {"use": word}, {"key_ops": operations}, {"key_ops": operations},
               {"use": word, "key_ops": ["verify"]}, {"alg": dice.choice(["ES256", "ES384", "none", 7, None])},
               {"d": dice.choice([x, "", 7, None])}, {"kid": "x"}, {"ext": True}, {"x5c": []}, {"kty": "RSA"},
               {"kty": "ec"}, {"kty": "OKP"}, {"crv": "P-384"}, {"crv": "secp256k1"}, {"x": x + "="}, {"x": x[:-1]},
               {"x": x + "A"}, {"x": x[:-1] + chr(ord(x[-1]) + 1)}, {"x": "A" + x}, {"x": ""}, {"x": 7}, {"x": None},
               {"x": y, "y": x}, {"y": x}, {"x": "A" * 43, "y": "A" * 43}, {"x": "_" * 42 + "8"}, {"x": "A" * 5000},
               {"x": "\u0001" * 1000}]
    jwk.update(dice.choice(changes))
    for name in dice.choice([(), (), (), ("kty",), ("crv",), ("x",), ("y",)]):
        del jwk[name]
    text = json.dumps(jwk)
    if dice.random() < 0.1:
        text = text.replace('"kty"', '"kty":"EC","kty"', 1)
    return pairs(forge.files(forge.payload(person=text)))


def sides_that_are_one_or_others(dice, node, forge):
    mine, theirs = forge.keys()
    person, organisation = dice.choice([(mine, mine), (theirs, mine), (theirs, theirs), (mine, theirs)])
    payload = forge.payload(person=person, organisation=organisation)
    sides = [forge.person, forge.organisation, forge.stranger]
    signers = dice.choices(sides, k=dice.choice([1, 2, 2, 2, 2, 3, 4]))
    receipt = forge.receipt(payload, signers, header=dice.choice([None, b'{"alg":"ES256"}']))
    return pairs(forge.files(payload, receipt))


def a_header_with_something_odd(dice, node, forge):
    kid = forge.person.thumbprint
    header = dice.choice([
        {"alg": "ES256"}, {"alg": "ES256", "kid": kid}, {"alg": "ES256", "typ": "x"}, {"alg": "ES256", "typ": ""},
        {"kid": kid}, {"alg": "ES256", "kid": forge.organisation.thumbprint}, {"alg": "ES256", "kid": ""},
        {"alg": "ES256", "kid": 7}, {"alg": "ES256", "kid": None}, {"alg": "ES256", "typ": 7}, {"alg": "ES256",
        "typ": None}, {"alg": "none"}, {"alg": "es256"}, {"alg": "HS256"}, {"alg": "ES384"}, {"alg": None},
        {"alg": ["ES256"]}, {"alg": "ES256", "crit": ["b64"], "b64": False}, {"alg": "ES256",
        "jwk": forge.person.jwk}, {"alg": "ES256", "x": 1}, {}, [], "ES256", {"alg": "ES256", "kid": kid + "="}])
    text = json.dumps(header)
    if dice.random() < 0.3:
        text = dice.choice(['{"alg":"ES256","alg":"ES256"}', '{"alg":"none","alg":"ES256"}', " " + text, text + "\n",
                            text + "\0", '{"alg":"ES256","typ":%s}' % dice.choice(FRAGMENTS), text[:-1],
                            r'{"alg":"ES\u0032\u0035\u0036"}'])
    return with_first_signature(forge, header=text.encode())


def with_first_signature(forge, change=lambda one: one, **how):
    """The person's signature is another one, and holds for what it is."""
    payload = forge.payload()
    receipt = forge.receipt(payload)
    receipt["signatures"][0] = change(forge.person.sign(receipt["payload"], **how))
    return pairs(forge.files(payload, receipt))


def a_signature_with_odd_numbers(dice, node, forge):
    bend = dice.choice([lambda r, s: (r, N - s), lambda r, s: (0, s), lambda r, s: (r, 0), lambda r, s: (N, s),
                        lambda r, s: (r, N), lambda r, s: (0, 0), lambda r, s: (s, r), lambda r, s: (r, s ^ 1),
                        lambda r, s: (2**256 - 1, s), lambda r, s: (r, s + N if s + N < 2**256 else s)])
    return with_first_signature(forge, numbers=bend)


def a_signature_with_odd_members(dice, node, forge):
    extra = dice.choice([{"header": {}}, {"header": {"alg": "ES256"}}, {"x": 1}, {"signature": ""}, {"signature": 7},
                         {"protected": ""}, {"protected": "e30"}, {"signature": None}, {"signature": "A" * 86},
                         {"signature": "A" * 85}, {"signature": "A" * 88}])
    if dice.random() < 0.3:
        tail = dice.choice(["=", "==", "A", "\n", " "])
        name = dice.choice(["protected", "signature"])
        return with_first_signature(forge, lambda one: {**one, name: one[name] + tail})
    return with_first_signature(forge, lambda one: {**one, **extra})


def another_serialisation(dice, node, forge):
    payload = forge.payload()
    receipt = forge.receipt(payload)
    mine, theirs = receipt["signatures"]
    flat = {"payload": receipt["payload"], **mine}
    other = dice.choice([flat, {**receipt, **mine}, {**receipt, "header": {}}, {**receipt,
                         "payload": receipt["payload"] + "="}, {**receipt, "payload": receipt["payload"] + "\n"},
                         {"payload": receipt["payload"]}, {**receipt, "signatures": {"0": mine, "1": theirs}},
                         {**receipt, "signatures": []}, {**receipt, "signatures": [mine]}, {**receipt,
                         "signatures": [mine, mine]}, [receipt], {**receipt, "signatures": [mine, theirs, mine]},
                         {**receipt, "signatures": [mine, None]}, {**receipt, "signatures": [[mine], theirs]}])
    compact = f"{mine['protected']}.{receipt['payload']}.{mine['signature']}".encode()
    return pairs(forge.files(payload, compact if dice.random() < 0.1 else json.dumps(other).encode()))


# ---- notes and checkpoints, signed as they stand

def a_checkpoint_of_any_text(dice, node, forge):
    root = tlog.encode64(bytes(range(0xE0, 0x100)))  # with both digits that base64url has not
    name, size = forge.log.name, dice.choice(SIZES)
    text = dice.choice([
        f"{name}\n{size}\n{root}\n", f"{name}\n{size}\n{root}\nmore\n", f"{name}\n7\n{root}\n\nmore\n",
        f"{name}\n7\n", f"{name}\n", f"{name}\n7\n{root}\n\n", f"\n{name}\n7\n{root}\n", f"{name}\n\n7\n{root}\n",
        f"{name} \n7\n{root}\n", f"{name}\r\n7\n{root}\n", f"{name}\n7\n{root[:-1]}\n", f"{name}\n7\n{root}=\n",
        f"{name}\n7\n{root[:-2]}9=\n", f"{name}\n7\n{tlog.encode64(bytes(31))}\n",
        f"{name}\n7\n{root.replace('/', '_')}\n", f"other\n7\n{root}\n",
        f"{name}\n7\n{root}\nm\u00e9\u2028\ufeff\x7f\u0085\n", "\n", "\n\n",
        f"\ufeff{name}\n7\n{root}\n", f"{name}\n7\n{root}\nmore\tmore\n", f"{name}\n7\n{root}\n\u2014 {name} AAAA\n"])
    if dice.random() < 0.4:
        text = f"{name}\n{size}\n{root}\n"
    return checkpoint_case(forge, forge.note(text))


def checkpoint_case(forge, note):
    octets = note if isinstance(note, bytes) else note.encode()
    return [("checkpoint", octets), ("key", f"{forge.log.key}\n".encode())]


def a_checkpoint_with_odd_signature_lines(dice, node, forge):
    text = forge.text(bytes(range(32)), 7)
    good, other = forge.log.line(text), forge.cosigner.line(text)
    false = forge.log.line(text, lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))
    short, long = (forge.log.line(text, bend) for bend in (lambda o: o[:-1], lambda o: o + b"x"))
    high = forge.log.line(text, lambda o: o[:32] + (int.from_bytes(o[32:], "little") + tlog.L).to_bytes(32, "little"))
    name, end = forge.log.name, good.split(" ", 2)[2]
    odd = [f"\u2014 {name}  {end}", f"\u2014  {name} {end}", f"- {name} {end}", f"\u2013 {name} {end}",
           f"\u2014 {name} AAAA\n", f"\u2014 {name} AAAAAA==\n", f"\u2014 {name} AAAAAB==\n", f"\u2014 {name}\n",
           f"\u2014 {name} {end[:-1]} \n", f"\u2014 {name} {end[:-1]}\r\n", f"\u2014 {name}+ {end}",
           f"\u2014 \u00e9t\u00e9 {end}", f"\u2014 a\u00a0b {end}", f"\u2014 a\u2003b {end}",
           f"\u2014 a\u0085b {end}", f"\u2014 a\u0080b {end}", f"\u2014 a\u009fb {end}", f"\u2014 a\x7fb {end}",
           f"\u2014 a\ufeffb {end}", f"\u2014 a\u200bb {end}", f"\u2014 a\u1680b {end}", f"\u2014 a\u202fb {end}",
           f"\u2014 a\u205fb {end}", f"\u2014 a\u3000b {end}", f"\u2014 a\u180eb {end}", f"\u2014 {'n' * 255} {end}",
           f"\u2014 {'n' * 256} {end}", f"\u2014 {127 * 'é'} {end}", f"\u2014 {128 * 'é'} {end}",
           f"\u2014 {name.upper()} {end}", "\n", "x\n", " \n"]
    some = [good, good, other, false, short, long, high, dice.choice(odd), dice.choice(odd)]
    lines = dice.choices(some, k=dice.choice([0, 1, 1, 2, 2, 3, 5]))
    if dice.random() < 0.1:
        lines = [good] + [other] * dice.choice([30, 31, 32, 40])
    if dice.random() < 0.7:
        lines.insert(dice.randrange(len(lines) + 1), good)
    ends = dice.choice(["", "", "", "", "\n", "x", "\n\n", " "])
    return checkpoint_case(forge, forge.note(text, "".join(lines) + ends))


def a_signature_of_the_log_with_odd_points(dice, node, forge):
    """Small and badly spelt points of Ed25519, as key and as R; with them one signature may fit many texts."""
    ys = [y % 2**255 for y in WEAK_YS] * 2 + [2, tlog.P, tlog.P + 1, 2**255 - 1]
    point = (dice.choice(ys) | dice.choice([0, 1 << 255])).to_bytes(32, "little")
    if dice.random() < 0.3:
        text = forge.text(bytes(range(32)), 7)
        return checkpoint_case(forge, forge.note(text, forge.log.line(text, lambda octets: point + octets[32:])))
    weak = LogKey(forge.log.name, b"weak".ljust(32, b"."))
    weak.key = tlog.Key(forge.log.name, point)
    scalar, r = dice.choice([(0, (0, 1, 1, 0)), (1, tlog.BASE), (tlog.L, (0, 1, 1, 0)), (0, None)])
    r = point if r is None else tlog.point_write(r)
    text = f"{weak.name}\n7\n{tlog.encode64(dice.randbytes(32))}\n"
    note = text + "\n" + weak.line(text, lambda octets: r + scalar.to_bytes(32, "little"))
    return [("checkpoint", note.encode()), ("key", f"{weak.key}\n".encode())]


def a_key_in_another_form(dice, node, forge):
    key = str(forge.log.key)
    name, id, secret = key.split("+", 2)
    typed = tlog.decode64(secret)
    odd = dice.choice([
        key, f" {key}\t\r\n", f"{key}\n\n", f"{key}\0", f"{name}+{id.upper()}+{secret}", f"{name}+{id}+{secret}=",
        f"{name}+{id}", f"{name}++{secret}", f"+{id}+{secret}", f"{name}+{id[:-1]}+{secret}",
        f"{name}+{id}00+{secret}", f"{name}+{id}+ {secret}", f"{name}+{id}+{secret[:-1]}",
        f"{name}+00000000+{secret}", f"x{key}", f"{key}+", f"{name}+{id}+{secret}+",
        f"{name}+{id}+{tlog.encode64(bytes([2]) + typed[1:])}", f"{name}+{id}+{tlog.encode64(typed + b'x')}",
        f"{name}+{id}+{tlog.encode64(typed[:-1])}", f"{name}+{id}+{secret.replace('/', '_')}",
        str(AnyKey("a\u0085b")), str(AnyKey("a\u0080b")), str(AnyKey("\u00e9")), str(AnyKey("a" * 255)),
        str(AnyKey("a" * 256)), str(AnyKey("a\x7fb")), str(AnyKey("a\x01b")), str(AnyKey("a\u200bb")),
        key.encode().hex(), f"{key}\n{key}\n", f"\ufeff{key}"])
    files = forge.files()
    if dice.random() < 0.3:
        return [("checkpoint", forge.proof(forge.payload()).split(b"\n\n", 1)[1]), ("key", odd.encode())]
    files["key"] = odd.encode()
    return pairs(files)


class AnyKey:
    """A key of any name, its id right."""

    def __init__(self, name):
        self.text = f"{name}+{hashlib.sha256(name.encode() + bytes([10, 1]) + bytes(32)).digest()[:4].hex()}+"
        self.text += tlog.encode64(bytes([1]) + bytes(32))

    def __str__(self):
        return self.text


# ---- proofs

def a_proof_in_another_form(dice, node, forge):
    files = forge.files()
    head, note = files["proof"].decode().split("\n\n", 1)
    first, extra, index, *path = head.split("\n")
    salt = extra[6:]
    number = dice.choice(SIZES)
    lines = dice.choice([
        ["c2sp.org/tlog-proof@v2", extra, index, *path], ["c2sp.org/tlog-proof@v1 ", extra, index, *path],
        ["c2sp.org/tlog-proof@", extra, index, *path], [first, index, *path], [first, extra, extra, index, *path],
        [first, index, extra, *path], [first, "extra ", index, *path], [first, "extra", index, *path], [first, extra,
        *path], [first], [first, f"extra {tlog.encode64(bytes(31))}", index, *path], [first,
        f"extra {tlog.encode64(bytes(33))}", index, *path], [first, f"extra  {salt}", index, *path], [first,
        f"extra {salt[:-1]}", index, *path], [first, f"Extra {salt}", index, *path], [first,
        f"extra {salt[:-2]}{chr(ord(salt[-2]) + 1)}=", index, *path], [first, extra, f"index {number}", *path],
        [first, extra, f"index {number}", *path], [first, extra, f"index {number}", *path], [first, extra,
        f"index\t4", *path], [first, extra, index, *path, path[0]], [first, extra, index, *path[1:]], [first, extra,
        index, *reversed(path)], [first, extra, index, *(path * 21)[:62]], [first, extra, index, *(path * 22)[:63]],
        [first, extra, index, *(path * 22)[:64]], [first, extra, index, *path, tlog.encode64(bytes(31))], [first,
        extra, index, *path[:-1], path[-1][:-1]], [first, extra, index, *path, "x"], [first, extra, index, index,
        *path], ["", first, extra, index, *path], [first, extra, index + "\r", *path], [first, "", extra, index,
        *path], [first, extra, index, "\u00e9"]])
    files["proof"] = ("\n".join(lines) + dice.choice(["\n\n"] * 8 + ["\n", "\n\n\n", ""]) + note).encode()
    return pairs(files)


def a_place_in_trees_of_every_size(dice, node, forge):
    """Right paths, and right paths with one number, hash or side changed."""
    payload = forge.payload()
    size = dice.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, dice.randrange(1, 70)])
    index = dice.randrange(size)
    path, root = forge.tree(payload, index, size)
    how = dice.randrange(9)
    said_index, said_size = index, size
    if how == 1:
        said_index = dice.choice([index + 1, max(0, index - 1), index ^ 1, index + size, 2 * index, 2**62, 2**63 - 1])
    elif how == 2:
        said_size = dice.choice([size + 1, size - 1, 2 * size, size + 2, 2**62, 2**63 - 1, 0])
    elif how == 3 and path:
        path.pop(dice.randrange(len(path)))
    elif how == 4:
        path.insert(dice.randrange(len(path) + 1), dice.choice([root, bytes(32)] + path))
    elif how == 5 and path:
        dice.shuffle(path)
    elif how == 6:
        root = dice.choice([bytes(32), tlog.leaf_hash(root)])
    elif how == 7 and path:
        at = dice.randrange(len(path))
        path[at] = flip(dice, path[at])
    note = forge.note(forge.text(root, said_size))
    return pairs(forge.files(payload, proof=tlog.proof_format(forge.salt, said_index, path, note).encode()))


def a_log_that_others_have_signed_too(dice, node, forge):
    payload = forge.payload()
    path, root = forge.tree(payload, 4, 7)
    text = forge.text(root, 7, dice.choice(["", "more\n", "more\nand more\n"]))
    own, other = forge.log.line(text), forge.cosigner.line(text)
    stranger = other.replace(forge.cosigner.name, forge.log.name)
    lines = dice.choice([own + other, other + own, other, stranger, own + stranger, stranger + own, own + own, ""])
    return pairs(forge.files(payload, proof=tlog.proof_format(forge.salt, 4, path, forge.note(text, lines)).encode()))


FORGED = [a_payload_with_an_odd_value, a_payload_with_an_odd_value, a_payload_with_odd_octets,
          a_receipt_that_says_something_odd, a_payload_with_odd_members, a_receipt_with_an_odd_value,
          a_receipt_in_another_spelling,
          a_side_with_an_odd_key, sides_that_are_one_or_others, a_header_with_something_odd,
          a_signature_with_odd_numbers, a_signature_with_odd_members, another_serialisation, a_checkpoint_of_any_text,
          a_checkpoint_with_odd_signature_lines, a_checkpoint_with_odd_signature_lines,
          a_signature_of_the_log_with_odd_points, a_key_in_another_form, a_proof_in_another_form,
          a_place_in_trees_of_every_size, a_log_that_others_have_signed_too]
GIVEN = [files_of_several_acts, keys_of_others, too_few_files, swapped_proofs_and_stale_checkpoints]
BENT = [one_bent_file] * 16 + [two_bent_files, one_bent_checkpoint, one_bent_checkpoint, one_spliced_file,
        one_spliced_file]


def make_one(kind, dice, node, forge, cases):
    files = kind(dice, node, forge)
    cases.add(kind.__name__, files, dice.random() < 0.3, ["--json"] if dice.random() < 0.5 else [])


def make(dice, count, node, forge, cases):
    """`cases.add(kind, files, key_option, switches)` is called `count` times. One in two hundred is large."""
    for i in range(count):
        kinds = dice.choice([BENT, BENT, FORGED, FORGED, GIVEN]) if i % 200 else [large_files]
        make_one(dice.choice(kinds), dice, node, forge, cases)


def make_of(kinds, dice, count, node, forge, cases):
    """`count` calls of each of these kinds, by their names."""
    for kind in sorted(kinds):
        for _ in range(count):
            make_one(globals()[kind], dice, node, forge, cases)
