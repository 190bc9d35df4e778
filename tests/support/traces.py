# SPDX-License-Identifier: Apache-2.0
"""Looks for words, keys and hashes in octets, in whatever form they may lie there: plain, escaped as JSON does it, in
base64 at any of the three places of a group, in hexadecimal of either case, as UTF-16, per cent, and inside streams of
gzip and zlib. Words share a beginning, so that many are found as fast as one: Traces("abc…", dice).find(octets) gives
those that are there. Keys and hashes have nothing in common, so each form of each is looked for.
"""
import base64
import hashlib
import os
import re
import struct
import zlib

STREAM_BYTES_MAX = 1 << 20
TAIL = 12  # letters behind the beginning
EMPTY_PAGE = bytes(4096)


def escaped(octets, form):
    return "".join(form.format(octet) for octet in octets).encode()


def in_base64(word, place):
    """The characters that stand for the word alone, `place` octets into a group of three."""
    octets = base64.b64encode(b"\0" * place + word + b"\0" * 3)
    first, last = -(-place * 8 // 6), (place + len(word)) * 8 // 6
    return octets[first:last]


def encodings(octets):
    """Every form of some octets, by name."""
    return {
        "plain": octets,
        "json": escaped(octets, "\\u{:04x}"), "JSON": escaped(octets, "\\u{:04X}"),
        "base64+0": in_base64(octets, 0), "base64+1": in_base64(octets, 1), "base64+2": in_base64(octets, 2),
        "hex": octets.hex().encode(), "HEX": octets.hex().upper().encode(),
        "utf-16": octets.decode("latin-1").encode("utf-16-le"),
        "percent": escaped(octets, "%{:02x}"), "PERCENT": escaped(octets, "%{:02X}"),
    }


def streams(octets):
    """What inflates, wherever a stream of gzip or zlib may begin."""
    for begin in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", octets):
        try:
            inflated = zlib.decompressobj(47).decompress(octets[begin.start():begin.start() + STREAM_BYTES_MAX],
                                                         STREAM_BYTES_MAX)
        except zlib.error:
            continue
        if len(inflated) > TAIL:
            yield inflated


class Traces:
    """Words that begin with `beginning` and end with TAIL letters of their own."""

    def __init__(self, beginning, dice):
        self.beginning, self.dice, self.words, self.forms = beginning, dice, [], {}

    def word(self):
        made = self.beginning + "".join(self.dice.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(TAIL))
        self.words.append(made)
        for name, form in encodings(made.encode()).items():
            self.forms[form] = (made, name)
        return made

    def _find(self, octets):
        for name, begin in encodings(self.beginning.encode()).items():
            place = octets.find(begin)
            while place >= 0:
                size = len(encodings(self.beginning.encode() + b"x" * TAIL)[name])
                found = self.forms.get(octets[place:place + size])
                if found is not None:
                    yield found
                place = octets.find(begin, place + 1)

    def find(self, octets):
        """(word, form) of each that is there."""
        found = set(self._find(octets))
        for stream in streams(octets):
            found |= {(word, "deflated") for word, _ in self._find(stream)}
        return found


class Keys:
    """Octets that nothing else would hold by chance, by name; also in the letters of base64 that go into addresses."""

    def __init__(self):
        self.forms = {}

    def add(self, name, octets, forms=None):
        for form, written in encodings(octets).items():
            if forms is not None and form not in forms:
                continue
            if form.startswith("base64"):
                self.forms[written.translate(bytes.maketrans(b"+/", b"-_"))] = (name, form + " of addresses")
            self.forms[written] = (name, form)

    def find(self, octets):
        """(name, form) of each that is there."""
        found = {told for form, told in self.forms.items() if form in octets}
        for stream in streams(octets):
            found |= {(name, "deflated") for form, (name, _) in self.forms.items() if form in stream}
        return found


def hashes(parts):
    """What whoever guesses some octets can compute without a key: (name, hash) of the last part, and of all of them in
    the ways in which parts are put together."""
    together = {"last": parts[-1], "joined": b"".join(parts), "lines": b"\n".join(parts),
                "with sizes": b"".join(struct.pack("<Q", len(part)) + part for part in parts)}
    for name, octets in together.items():
        for kind in ("sha256", "sha1", "md5", "sha512"):
            yield f"{kind}, {name}", hashlib.new(kind, octets).digest()
        yield f"blake2b-256, {name}", hashlib.blake2b(octets, digest_size=32).digest()


def files(*folders):
    """(path, octets) of every file, also of those that come and go while somebody looks."""
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(parent, name)
                try:
                    with open(path, "rb") as file:
                        yield path, file.read()
                except FileNotFoundError:
                    continue


def memory(pid):
    """(name, octets) of every piece of a process that can be read, without what is empty; nothing where that is not
    permitted."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as octets:
        for line in maps:
            place, rights, *_ = line.split()
            begin, end = (int(half, 16) for half in place.split("-"))
            if not rights.startswith("r") or "[v" in line:
                continue
            try:
                octets.seek(begin)
                yield line.strip(), octets.read(end - begin).replace(EMPTY_PAGE, b"")
            except OSError:
                continue  # locked away from everybody, or gone since
