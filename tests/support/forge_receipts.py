# SPDX-License-Identifier: Apache-2.0
"""Receipts, proofs and checkpoints made from nothing, with valid signatures around any content: two people who sign and
a log of its own. For tests that ask what a checker thinks of a form that no node would write. Every signer uses one
nonce for all it signs, which gives its secret away and makes signing cheap."""
import base64
import hashlib
import json

import tlog

# P-256 (SEC 2, section 2.4.2)
P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
NONCE = 0x1f2e3d4c5b6a798807162534435261708f9eadbccbdae9f8071625344352617


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(factor, point):
    result = None
    while factor > 0:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


R = times(NONCE, G)[0] % N


def url64(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


class Side:
    """One who signs receipts."""

    def __init__(self, secret):
        self.secret = secret
        x, y = (url64(number.to_bytes(32, "big")) for number in times(secret, G))
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        canonical = json.dumps(self.jwk, separators=(",", ":"))
        self.thumbprint = url64(hashlib.sha256(canonical.encode()).digest())

    def numbers(self, message):
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        return R, pow(NONCE, -1, N) * (digest + R * self.secret) % N

    def header(self, **more):
        return json.dumps({"alg": "ES256", "kid": self.thumbprint, "typ": "receipt", **more}).encode()

    def sign(self, payload, header=None, numbers=lambda r, s: (r, s)):
        """A signature object. `numbers` may bend r and s; `header` is the text of the protected header."""
        protected = url64(self.header() if header is None else header)
        pair = numbers(*self.numbers(f"{protected}.{payload}".encode()))
        return {"protected": protected, "signature": url64(b"".join(n.to_bytes(32, "big") for n in pair))}


class LogKey:
    """One who signs checkpoints."""

    def __init__(self, name, seed):
        self.name = name
        self.secret, _ = tlog.ed25519_expand(seed)
        self.key = tlog.Key(name, tlog.point_write(tlog.point_times(self.secret, tlog.BASE)))
        self.r = tlog.sha512_number(b"nonce", seed) % tlog.L
        self.big_r = tlog.point_write(tlog.point_times(self.r, tlog.BASE))

    def signature(self, text):
        h = tlog.sha512_number(self.big_r, self.key.public, text.encode())
        return self.big_r + ((self.r + h * self.secret) % tlog.L).to_bytes(32, "little")

    def line(self, text, bend=lambda octets: octets):
        return f"\u2014 {self.name} {tlog.encode64(self.key.id + bend(self.signature(text)))}\n"


class Forge:
    """Everything around a payload, true unless told otherwise."""

    def __init__(self):
        self.person, self.organisation, self.stranger = Side(1001), Side(1002), Side(1003)
        self.log = LogKey("forged.example/log", b"forged".ljust(32, b"."))
        self.cosigner = LogKey("witness.example/one", b"witness".ljust(32, b"."))
        self.salt = hashlib.sha256(b"salt").digest()

    def keys(self):
        return json.dumps(self.person.jwk), json.dumps(self.organisation.jwk)

    def payload(self, more='"what":"a grant"', person=None, organisation=None):
        mine, theirs = self.keys()
        return (f'{{"symbolon:keys":{{"person":{person or mine},"organisation":{organisation or theirs}}},'
                f'{more}}}').encode()

    def receipt(self, payload, signers=None, **how):
        encoded = url64(payload)
        signers = signers or (self.person, self.organisation)
        return {"payload": encoded, "signatures": [signer.sign(encoded, **how) for signer in signers]}

    def tree(self, payload, index, size):
        """(path, root) of the tree in which only this entry means anything."""
        hashes = [tlog.leaf_hash(bytes([i % 256, i // 256])) for i in range(size)]
        hashes[index] = tlog.leaf_hash(tlog.receipt_entry(self.salt, payload))
        return tlog.inclusion_of(hashes, index), tlog.root_of(hashes)

    def text(self, root, size, more=""):
        return f"{self.log.name}\n{size}\n{tlog.encode64(root)}\n{more}"

    def note(self, text, lines=None):
        return text + "\n" + (self.log.line(text) if lines is None else lines)

    def proof(self, payload, index=4, size=7, more=""):
        path, root = self.tree(payload, index, size)
        return tlog.proof_format(self.salt, index, path, self.note(self.text(root, size, more))).encode()

    def files(self, payload=None, receipt=None, proof=None):
        payload = self.payload() if payload is None else payload
        receipt = self.receipt(payload) if receipt is None else receipt
        return {"receipt": receipt if isinstance(receipt, bytes) else json.dumps(receipt).encode(),
                "proof": self.proof(payload) if proof is None else proof,
                "key": f"{self.log.key}\n".encode()}
