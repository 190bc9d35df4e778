# SPDX-License-Identifier: Apache-2.0
"""A client that signs (private_key_jwt by Ed25519), for tests whose world wants somebody whom people let act: it pushes
a request, the person answers it, and it redeems the code. Mistakes and other libraries are tests/clients' own.

    client = Client(node, shop.organisation, shop.department)
    tokens = client.redeem(client.ask(ada))
    client.look(tokens["access_token"])
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
    def __init__(self, node, organisation, department, scopes="requests", name="web shop"):
        self.node, self.key = node, SigningKey(os.urandom(32))
        keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": b64(self.key.public)}]}
        with tempfile.NamedTemporaryFile("w", suffix=".jwks") as file:
            json.dump(keys, file)
            file.flush()
            self.id = node.run("system", "create", organisation, department, name, "--jwks", file.name,
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
        self.verifier = b64(os.urandom(32))
        challenge = b64(hashlib.sha256(self.verifier.encode()).digest())
        return self.post("/oauth/par", {"response_type": "code", "redirect_uri": BACK, "code_challenge_method": "S256",
                                        "code_challenge": challenge, "scope": "openid", **more})

    def take_token(self, **more):
        """The reply to a request for a token of its own; `nonce`: of the proof, which has none otherwise."""
        return self.post("/oauth/token", {"grant_type": "client_credentials"},
                         DPoP=self.proof("POST", "/oauth/token", **more))

    def ask(self, person, answer="accept", fields=None, **more):
        """What the person's answer comes to."""
        request = self.push(**more).expect(201).json["request_uri"]
        return person.post("/v1/me/authorization",
                           {"client_id": self.id, "request_uri": request, "answer": answer}, fields)

    # ---- with proofs, which want the nonce of the last reply

    def proof(self, method, path, **claims):
        head = {"typ": "dpop+jwt", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(self.key.public)}}
        return self.sign(head, {"htm": method, "htu": self.node.url + path, **claims})

    def take_nonce(self):
        """The node's, as good as new: whoever asks without one is told."""
        return self.take_token().expect(400).field("DPoP-Nonce")

    def token(self, **form):
        return self.post("/oauth/token", form, DPoP=self.proof("POST", "/oauth/token", nonce=self.take_nonce()))

    def redeem(self, answered):
        """The tokens, for what the person's answer came to."""
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(answered.expect(200).json["redirect"]).query)["code"][0]
        return self.token(grant_type="authorization_code", code=code, redirect_uri=BACK,
                          code_verifier=self.verifier).expect(200).json

    def refresh(self, tokens):
        return self.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def look(self, token):
        return self.post("/oauth/introspect", {"token": token}).expect(200).json

    def bound(self, method, path, token, nonce=None):
        """The fields of a request by this token."""
        ath = b64(hashlib.sha256(token.encode()).digest())
        return {"Authorization": f"DPoP {token}",
                "DPoP": self.proof(method, path, ath=ath, nonce=nonce or self.take_nonce())}

    def userinfo(self, tokens):
        return self.node.nobody.get("/oauth/userinfo",
                                    self.bound("GET", "/oauth/userinfo", tokens["access_token"]))
