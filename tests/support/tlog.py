# SPDX-License-Identifier: Apache-2.0
"""An independent reader of the log: notes, checkpoints, proof files and tiles as C2SP writes them down (signed-note,
tlog-checkpoint, tlog-tiles, tlog-proof), in Python with the standard library only. It shares no code with the program
that it checks and computes Ed25519 (RFC 8032) from the definition: slow, and meant to be.

    python3 tlog.py verify PROOF_FILE VERIFIER_KEY RECEIPT_FILE     the receipt is in the log
    python3 tlog.py follow URL VERIFIER_KEY                         fetches all tiles and entries, derives the root

Everything that is not exactly as the documents say is a LogError."""
import base64
import binascii
import hashlib
import json
import re
import sys
import urllib.error
import urllib.request

TILE = 256
ENTRY_BYTES = 32


class LogError(Exception):
    pass


def need(truth, why):
    if not truth:
        raise LogError(why)


# ---- Ed25519 (RFC 8032 section 5.1), points in extended coordinates

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):
    t = (a[1] - a[0]) * (b[1] - b[0]) % P
    u = (a[1] + a[0]) * (b[1] + b[0]) % P
    v = 2 * a[3] * b[3] * D % P
    w = 2 * a[2] * b[2] % P
    e, f, g, h = u - t, w - v, w + v, u + t
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(factor, point):
    result = (0, 1, 1, 0)
    while factor > 0:
        if factor & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        factor >>= 1
    return result


def point_equals(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P != 0:
        return None
    return P - x if x & 1 != sign else x


def point_read(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def point_write(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def sha512_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = point_read(public), point_read(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = sha512_number(signature[:32], public, message) % L
    return point_equals(point_times(s, BASE), point_add(r, point_times(h, a)))


def ed25519_expand(seed):
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return secret, digest[32:]


def ed25519_public(seed):
    return point_write(point_times(ed25519_expand(seed)[0], BASE))


def ed25519_sign(seed, message):
    secret, prefix = ed25519_expand(seed)
    public = point_write(point_times(secret, BASE))
    r = sha512_number(prefix, message) % L
    big_r = point_write(point_times(r, BASE))
    h = sha512_number(big_r, public, message) % L
    return big_r + ((r + h * secret) % L).to_bytes(32, "little")


# ---- text

def decode64(text):
    try:
        octets = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise LogError(f"not base64: {error}") from None
    need(base64.b64encode(octets).decode() == text, "base64 that is not canonical")
    return octets


def encode64(octets):
    return base64.b64encode(octets).decode()


def number(text):
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", text), "not a decimal number")
    return int(text)


def is_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


# ---- notes and checkpoints

class Key:
    """A verifier key: name+id+base64(0x01 key)."""

    def __init__(self, name, public):
        need(is_name(name), "not a name")
        self.name, self.public = name, public
        self.id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]

    @classmethod
    def parse(cls, text):
        parts = text.split("+", 2)
        need(len(parts) == 3, "a verifier key has three parts")
        typed = decode64(parts[2])
        need(len(typed) == 33 and typed[0] == 1, "not an Ed25519 key")
        key = cls(parts[0], typed[1:])
        need(key.id.hex() == parts[1], "the id is not that of the key")
        return key

    def __str__(self):
        return f"{self.name}+{self.id.hex()}+{encode64(bytes([1]) + self.public)}"


def note_parse(note):
    """The signed text, and (name, key id, signature) of each signature line."""
    need(isinstance(note, str), "a note is text")
    need(not any(c < " " and c != "\n" for c in note), "a control character in a note")
    text, gap, lines = note.rpartition("\n\n")
    need(gap and text and lines.endswith("\n"), "not a note")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)", line)
        need(match and is_name(match[1]), "not a signature line")
        blob = decode64(match[2])
        need(len(blob) > 4, "a signature is too short")
        signatures.append((match[1], blob[:4], blob[4:]))
    return text + "\n", signatures


def note_verify(note, key):
    text, signatures = note_parse(note)
    ours = [s for name, key_id, s in signatures if name == key.name and key_id == key.id]
    need(ours, "not signed by this key")
    need(all(ed25519_verify(key.public, text.encode(), s) for s in ours), "a wrong signature")
    return text


def note_sign(text, name, seed):
    key = Key(name, ed25519_public(seed))
    return f"{text}\n\u2014 {name} {encode64(key.id + ed25519_sign(seed, text.encode()))}\n"


class Checkpoint:
    def __init__(self, note):
        self.note = note
        text, _ = note_parse(note)
        lines = text.split("\n")[:-1]
        need(len(lines) >= 3 and all(lines), "a checkpoint has three lines or more, none of them empty")
        self.origin, self.size, self.root = lines[0], number(lines[1]), decode64(lines[2])
        need(len(self.root) == 32, "a root has 32 bytes")

    def verify(self, key):
        need(self.origin == key.name, "a checkpoint of another log")
        note_verify(self.note, key)
        return self


# ---- the tree of RFC 6962

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root_of(hashes):
    """MTH over leaf hashes, by its recursive definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def inclusion_of(hashes, index):
    """PATH(index, hashes), by its recursive definition."""
    if len(hashes) <= 1:
        return []
    k = split(len(hashes))
    if index < k:
        return inclusion_of(hashes[:k], index) + [root_of(hashes[k:])]
    return inclusion_of(hashes[k:], index - k) + [root_of(hashes[:k])]


def inclusion_root(leaf, index, size, path):
    """The root that the path leads to, following the definition of PATH from the root down."""
    need(0 <= index < size, "no such leaf")
    if size == 1:
        need(not path, "a path that is too long")
        return leaf
    need(path, "a path that is too short")
    k = split(size)
    if index < k:
        return node_hash(inclusion_root(leaf, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], inclusion_root(leaf, index - k, size - k, path[:-1]))


def consistency_roots(old, new, path, whole=True, known=None):
    """(old root, new root) that a consistency path leads to, following SUBPROOF of RFC 6962 section 2.1.2."""
    need(0 < old <= new, "no such sizes")
    if old == new:
        if whole:
            need(not path, "a path that is too long")
            return known, known
        need(len(path) == 1, "a path of the wrong length")
        return path[0], path[0]
    need(path, "a path that is too short")
    k = split(new)
    if old <= k:
        old_root, left = consistency_roots(old, k, path[:-1], whole, known)
        return old_root, node_hash(left, path[-1])
    old_right, new_right = consistency_roots(old - k, new - k, path[:-1], False)
    return node_hash(path[-1], old_right), node_hash(path[-1], new_right)


def consistency_verify(old_size, old_root, new_size, new_root, path):
    if old_size == 0:
        need(not path and old_root == root_of([]), "not consistent with the empty log")
        return
    need(consistency_roots(old_size, new_size, path, True, old_root) == (old_root, new_root), "not consistent")


# ---- proof files and receipts

class Proof:
    def __init__(self, file):
        head, gap, note = file.partition("\n\n")
        need(gap, "no empty line in the proof")
        lines = head.split("\n")
        need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a proof file")
        self.extra = None
        if lines and lines[0].startswith("extra "):
            self.extra = decode64(lines.pop(0)[6:])
        need(lines and lines[0].startswith("index "), "no index in the proof")
        self.index = number(lines.pop(0)[6:])
        self.path = [decode64(line) for line in lines]
        need(len(self.path) <= 63 and all(len(h) == 32 for h in self.path), "not hashes of 32 bytes")
        self.checkpoint = Checkpoint(note)

    def verify(self, entry, key):
        """The entry is in the log of this key."""
        self.checkpoint.verify(key)
        root = inclusion_root(leaf_hash(entry), self.index, self.checkpoint.size, self.path)
        need(root == self.checkpoint.root, "the entry is not in the log")
        return self

    def verify_payload(self, payload, key):
        """The receipt of this payload is in the log; its salt is in the extra line."""
        need(self.extra is not None and len(self.extra) == 32, "no salt in the proof")
        return self.verify(receipt_entry(self.extra, payload), key)


def proof_format(extra, index, path, note):
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra is not None:
        lines.append("extra " + encode64(extra))
    lines.append(f"index {index}")
    return "\n".join(lines + [encode64(h) for h in path]) + "\n\n" + note


def receipt_entry(salt, payload):
    return hashlib.sha256(b"symbolon-receipt/1" + salt + hashlib.sha256(payload).digest()).digest()


def receipt_payload(receipt):
    """The payload octets of a JWS in the general JSON serialisation. Does not check its signatures."""
    text = json.loads(receipt)["payload"]
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(octets).decode().rstrip("=") == text, "base64url that is not canonical")
    return octets


# ---- tiles

def tile_path(level, index, width=TILE):
    """level is a number or "entries"."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"/log/tile/{level}/{'/'.join(groups)}" + ("" if width == TILE else f".p/{width}")


def tiles_of(size, level):
    """(index, width) of every tile of a level in a tree of that size."""
    hashes = size >> 8 * level
    full, rest = divmod(hashes, TILE)
    return [(i, TILE) for i in range(full)] + ([(full, rest)] if rest else [])


def entries_parse(bundle, width):
    entries = []
    for _ in range(width):
        need(len(bundle) >= 2, "a bundle that is too short")
        size = int.from_bytes(bundle[:2], "big")
        need(len(bundle) >= 2 + size, "a bundle that is too short")
        entries.append(bundle[2:2 + size])
        bundle = bundle[2 + size:]
    need(not bundle, "a bundle that is too long")
    return entries


class Log:
    """A log behind `get(path) -> bytes`, which fails with LogError when there is no such thing."""

    def __init__(self, get, key):
        self.get, self.key = get, key

    def checkpoint(self):
        try:
            note = self.get("/log/checkpoint").decode()
        except UnicodeDecodeError:
            raise LogError("the checkpoint is not UTF-8") from None
        return Checkpoint(note).verify(self.key)

    def entries(self, checkpoint):
        entries = []
        for index, width in tiles_of(checkpoint.size, 0):
            entries += entries_parse(self.get(tile_path("entries", index, width)), width)
        return entries

    def hashes(self, checkpoint, level):
        hashes = []
        for index, width in tiles_of(checkpoint.size, level):
            tile = self.get(tile_path(level, index, width))
            need(len(tile) == 32 * width, "a tile of the wrong size")
            hashes += [tile[32 * i:32 * i + 32] for i in range(width)]
        return hashes

    def follow(self):
        """Fetches everything that the checkpoint covers and derives it again. Gives the checkpoint and the entries."""
        checkpoint = self.checkpoint()
        entries = self.entries(checkpoint)
        hashes = [leaf_hash(entry) for entry in entries]
        need(root_of(hashes) == checkpoint.root, "the entries do not give the root")
        level = 0
        while hashes:
            need(hashes == self.hashes(checkpoint, level), f"the tiles of level {level} are not those of the entries")
            full = len(hashes) // TILE
            hashes = [root_of(hashes[TILE * i:TILE * i + TILE]) for i in range(full)]
            level += 1
        return checkpoint, entries


def http_get(url):
    def get(path):
        try:
            with urllib.request.urlopen(url + path, timeout=10) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise LogError(f"{path}: HTTP {error.code}") from None
    return get


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "verify":
        proof = Proof(read(arguments[1]))
        proof.verify_payload(receipt_payload(read(arguments[3])), Key.parse(arguments[2]))
        print(f"in the log {proof.checkpoint.origin} at place {proof.index} of {proof.checkpoint.size}")
    elif len(arguments) == 3 and arguments[0] == "follow":
        checkpoint, _ = Log(http_get(arguments[1]), Key.parse(arguments[2])).follow()
        print(f"{checkpoint.origin}: {checkpoint.size} entries give the signed root")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LogError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
