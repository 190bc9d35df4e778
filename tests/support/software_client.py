# SPDX-License-Identifier: Apache-2.0
"""A client that signs (private_key_jwt by Ed25519), for tests whose world wants somebody whom people let act: it pushes
a request, and the person answers it. What comes of the code is the clients' of tests/clients.

    client = Client(node, shop.organisation, shop.department)
    answer = client.ask(ada)
"""
import hashlib
import json
import os
import tempfile
import time
import urllib.parse

from software_passkey import SigningKey, b64

BACK = "https://shop.example/back"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Client:
    def __init__(self, node, organisation, department, scopes="requests"):
        self.node, self.key = node, SigningKey(os.urandom(32))
        keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": b64(self.key.public)}]}
        with tempfile.NamedTemporaryFile("w", suffix=".jwks") as file:
            json.dump(keys, file)
            file.flush()
            self.id = node.run("system", "create", organisation, department, "web shop", "--jwks", file.name,
                               "--scope", scopes, "--redirect", BACK)["id"]

    def sign(self, head, claims):
        claims = {**claims, "iat": int(time.time()), "jti": os.urandom(16).hex()}
        text = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "EdDSA", **head}, claims))
        return text + "." + b64(self.key.sign(text.encode()))

    def assertion(self):
        return self.sign({}, {"iss": self.id, "sub": self.id, "aud": self.node.url, "exp": int(time.time()) + 60})

    def post(self, path, form, **fields):
        form = {"client_assertion_type": TYPE, "client_assertion": self.assertion(), **form}
        return self.node.nobody.call("POST", path, urllib.parse.urlencode(form),
                                     {"Content-Type": "application/x-www-form-urlencoded", **fields})

    def push(self, **more):
        """The reply; without more it only wants to sign somebody in."""
        challenge = b64(hashlib.sha256(os.urandom(32)).digest())
        return self.post("/oauth/par", {"response_type": "code", "redirect_uri": BACK, "code_challenge_method": "S256",
                                        "code_challenge": challenge, "scope": "openid", **more})

    def take_token(self, **more):
        """The reply to a request for a token of its own; `nonce`: of the proof, which has none otherwise."""
        head = {"typ": "dpop+jwt", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(self.key.public)}}
        proof = self.sign(head, {"htm": "POST", "htu": self.node.url + "/oauth/token", **more})
        return self.post("/oauth/token", {"grant_type": "client_credentials"}, DPoP=proof)

    def ask(self, person, answer="accept", **more):
        """What the person's answer comes to."""
        request = self.push(**more).expect(201).json["request_uri"]
        return person.post("/v1/me/authorization",
                           {"client_id": self.id, "request_uri": request, "answer": answer})
