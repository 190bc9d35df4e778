# SPDX-License-Identifier: Apache-2.0
"""A device that makes passkeys and signs with them, in a few lines: Ed25519 (RFC 8032, by the book and slow), the CBOR
that a registration needs, and the JSON that browsers send. Nothing of it is shared with the program, and everything
about a ceremony can be set, so that a test can be an honest device as well as a bad one.

    device = Device()
    device.register(caller, "Phone").expect(201)
    ben = device.sign_in(node)
"""
import base64
import hashlib
import json
import os
import struct

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS = 1, 4, 8, 16, 64, 128

# ---- Ed25519: points as (x, y, z, t) with x = x/z, y = y/z, xy = t/z

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def x_of(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


def add(a, b):
    first, second = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE = (x_of(BASE_Y), BASE_Y, 1, x_of(BASE_Y) * BASE_Y % P)


def times(number, point=BASE):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def packed(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class SigningKey:
    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2 ** 254 - 8) | 2 ** 254
        self.prefix = digest[32:]
        self.public = packed(times(self.scalar))

    def sign(self, message):
        nonce = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % ORDER
        head = packed(times(nonce))
        mixed = int.from_bytes(hashlib.sha512(head + self.public + message).digest(), "little") % ORDER
        return head + ((nonce + mixed * self.scalar) % ORDER).to_bytes(32, "little")


# ---- what browsers send

def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor_bytes(octets):
    size = len(octets)
    return (bytes([0x40 + size]) if size < 24 else b"\x58" + bytes([size]) if size < 256 else
            b"\x59" + struct.pack(">H", size)) + octets


class Device:
    """One passkey. `flags`, `origin` and the like may be changed between ceremonies."""

    def __init__(self, counter=0, flags=PRESENT | VERIFIED, origin=None, relying_party=None, cross_origin=False):
        self.key, self.id = SigningKey(os.urandom(32)), os.urandom(32)
        self.counter, self.flags, self.cross_origin = counter, flags, cross_origin
        self.origin, self.relying_party = origin, relying_party
        self.user_handle = None

    def authenticator_data(self, relying_party, attested):
        data = hashlib.sha256((self.relying_party or relying_party).encode()).digest()
        data += bytes([self.flags | (ATTESTED if attested else 0)]) + struct.pack(">I", self.counter)
        if attested:
            key = b"\xa4\x01\x01\x03\x27\x20\x06\x21" + cbor_bytes(self.key.public)
            data += bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        return data

    def client_data(self, kind, challenge, origin):
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin or origin,
                           "crossOrigin": self.cross_origin}).encode()

    def create(self, options, origin):
        """What toJSON() of a new credential gives."""
        self.user_handle = unb64(options["user"]["id"])
        client_data = self.client_data("webauthn.create", options["challenge"], origin)
        data = self.authenticator_data(options["rp"]["id"], True)
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + cbor_bytes(data)
        return self.credential({"clientDataJSON": b64(client_data), "attestationObject": b64(attestation),
                                "authenticatorData": b64(data), "publicKeyAlgorithm": -8,
                                "transports": ["internal", "hybrid"]})

    def get(self, options, origin):
        """What toJSON() of a used credential gives."""
        client_data = self.client_data("webauthn.get", options["challenge"], origin)
        data = self.authenticator_data(options["rpId"], False)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest())
        return self.credential({"clientDataJSON": b64(client_data), "authenticatorData": b64(data),
                                "signature": b64(signature), "userHandle": b64(self.user_handle)})

    def credential(self, response):
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "clientExtensionResults": {},
                "authenticatorAttachment": "platform", "response": response}

    # ---- whole ceremonies, in the words of the node's doors

    def register(self, caller, name="Phone"):
        options = caller.post("/v1/me/passkeys/options").expect(200).json
        made = self.create(options, origin_of(caller.node))
        return caller.post("/v1/me/passkeys", {"name": name, "credential": made})

    def begin(self, node, body=None):
        """(options, the cookie that goes with them) for a sign-in."""
        reply = node.nobody.post("/v1/sign-in/options", body or {}).expect(200)
        return reply.json, {"Cookie": reply.field("Set-Cookie").split(";")[0]}

    def finish(self, node, options, fields):
        return node.nobody.post("/v1/sign-in", {"credential": self.get(options, origin_of(node))}, fields)

    def sign_in(self, node):
        """The fields of a session, after a sign-in."""
        reply = self.finish(node, *self.begin(node)).expect(200)
        return {"Cookie": session_of(reply)}

    def prove(self, caller):
        """The caller goes on with the cookie that comes with the answer."""
        options = caller.post("/v1/me/proof/options").expect(200).json
        reply = caller.post("/v1/me/proof", {"credential": self.get(options, origin_of(caller.node))})
        if reply.status == 204:
            caller.fields["Cookie"] = session_of(reply)
        return reply


def origin_of(node):
    """Where passkeys of a node on this machine are good."""
    return f"http://localhost:{node.port}"


def session_of(reply):
    """The session cookie that a reply sets: it may set others."""
    values = [value for name, value in reply.fields if name.lower() == "set-cookie"]
    return next(value.split(";")[0] for value in values if "session=" in value.split(";")[0])
