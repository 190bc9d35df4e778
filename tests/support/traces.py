# SPDX-License-Identifier: Apache-2.0
"""Looks for words in octets, in whatever form they may lie there: plain, escaped as JSON does it, in base64 at any of
the three places of a group, in hexadecimal of either case, as UTF-16, per cent, and inside streams of gzip and zlib.
Words share a beginning, so that many are found as fast as one: Traces("abc…").find(octets) gives those that are there.
"""
import base64
import os
import re
import zlib

STREAM_BYTES_MAX = 1 << 20
TAIL = 12  # letters behind the beginning


def escaped(word, form):
    return "".join(form.format(ord(letter)) for letter in word).encode()


def in_base64(word, place):
    """The characters that stand for the word alone, `place` octets into a group of three."""
    octets = base64.b64encode(b"\0" * place + word + b"\0" * 3)
    first, last = -(-place * 8 // 6), (place + len(word)) * 8 // 6
    return octets[first:last]


def encodings(word):
    """Every form of one word, by name."""
    octets = word.encode()
    return {
        "plain": octets,
        "json": escaped(word, "\\u{:04x}"), "JSON": escaped(word, "\\u{:04X}"),
        "base64+0": in_base64(octets, 0), "base64+1": in_base64(octets, 1), "base64+2": in_base64(octets, 2),
        "hex": octets.hex().encode(), "HEX": octets.hex().upper().encode(),
        "utf-16": word.encode("utf-16-le"),
        "percent": escaped(word, "%{:02x}"), "PERCENT": escaped(word, "%{:02X}"),
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

    def __init__(self, beginning):
        self.beginning, self.words, self.forms = beginning, [], {}

    def word(self):
        made = self.beginning + "".join("abcdefghjkmnpqrstuvwxyz"[octet % 23] for octet in os.urandom(TAIL))
        self.words.append(made)
        for name, form in encodings(made).items():
            self.forms[form] = (made, name)
        return made

    def _find(self, octets):
        for name, begin in encodings(self.beginning).items():
            place = octets.find(begin)
            while place >= 0:
                size = len(encodings(self.beginning + "x" * TAIL)[name])
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
    """(name, octets) of every piece of a process that can be read; nothing where that is not permitted."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as octets:
        for line in maps:
            place, rights, *_ = line.split()
            begin, end = (int(half, 16) for half in place.split("-"))
            if not rights.startswith("r") or "[v" in line:
                continue
            try:
                octets.seek(begin)
                yield line.strip(), octets.read(end - begin)
            except OSError:
                continue  # locked away from everybody, or gone since
