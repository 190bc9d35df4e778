// SPDX-License-Identifier: Apache-2.0
// Goal: whoever else reads the standard reads it as the node does. Method: a device of this file's own (ES256, Ed25519,
// RS256; no attestation, or one by its own key) makes ceremonies; in each, one thing is changed: a member of the client
// data, a flag, an octet anywhere, the form of the CBOR. Each goes to the node's reader (support/judge_passkeys.c) and
// to @simplewebauthn/server. The node may take nothing that the other refuses; what it refuses and the other takes must
// be one of the things in which it is stricter, listed below, and each of those must have been seen. Positive control:
// a verdict that was turned round is noticed, and the honest ceremonies pass both.
//
// Usage: node passkeys.mjs JUDGE [ROUNDS]; SEED= repeats a run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";

const [judge, rounds = "40"] = process.argv.slice(2);
const RP = "node.example", ORIGIN = "https://node.example";
const CHALLENGE = Buffer.from("a challenge of 32 octets or so ..").toString("base64url");
const ID = Buffer.alloc(32, 7), UP = 1, UV = 4, BE = 8, BS = 16, AT = 64, ED = 128;

// Edits in which the node is the stricter one, with what it says. Octets are turned by chance: those need not come.
const STRICTER = {
  "in a frame": ["passkey.refused"], "in a frame of another site": ["passkey.refused"],
  "keys that fall": ["passkey.form"], "a member twice": ["passkey.form"], "a member of the key more": ["passkey.form"],
  "another algorithm in the statement": ["passkey.attestation"],
  // no point of the curve, another curve, DER spelt anew
  "an octet of attestationObject": ["passkey.form", "passkey.algorithm", "passkey.attestation"],
  "an octet of clientDataJSON": ["passkey.form", "passkey.refused"],  // a member that is not there by its name
  "an octet of signature": ["passkey.unknown"],  // DER spelt anew
};

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`SEED=${seed}`);
let state = seed >>> 0;
const draw = below => {  // xorshift: the same for the same seed
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5; state >>>= 0;
  return state % below;
};

// ---- the device

const sha256 = data => createHash("sha256").update(data).digest();
const head = (major, size) => size < 24 ? Buffer.from([major << 5 | size]) : size < 256
  ? Buffer.from([major << 5 | 24, size]) : Buffer.from([major << 5 | 25, size >> 8, size & 255]);
const octets = data => Buffer.concat([head(2, data.length), data]);
const text = words => Buffer.concat([head(3, words.length), Buffer.from(words)]);
const number = value => value < 0 ? head(1, -1 - value) : head(0, value);
const map = entries => Buffer.concat([head(5, entries.length), ...entries.flat()]);

const unb64 = words => Buffer.from(words, "base64url");
const KEYS = {
  "-7": () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = pair.publicKey.export({ format: "jwk" });
    return { pair, members: [[number(1), number(2)], [number(3), number(-7)], [number(-1), number(1)],
                             [number(-2), octets(unb64(x))], [number(-3), octets(unb64(y))]] };
  },
  "-8": () => {
    const pair = generateKeyPairSync("ed25519");
    return { pair, members: [[number(1), number(1)], [number(3), number(-8)], [number(-1), number(6)],
                             [number(-2), octets(unb64(pair.publicKey.export({ format: "jwk" }).x))]] };
  },
  "-257": () => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = pair.publicKey.export({ format: "jwk" });
    return { pair, members: [[number(1), number(3)], [number(3), number(-257)], [number(-1), octets(unb64(n))],
                             [number(-2), octets(unb64(e))]] };
  },
};

class Device {
  constructor(algorithm) {
    this.algorithm = algorithm;
    Object.assign(this, KEYS[algorithm]());
    this.key = map(this.members);
  }

  sign(data) {
    return sign(this.algorithm === -8 ? null : "sha256", data, this.pair.privateKey);
  }

  // `edit`: what is changed, by name; the rest is as it should be.
  authenticatorData(edit, attested) {
    let flags = edit.flags ?? UP | UV, key = edit.key ?? this.key;
    const counter = Buffer.from([0, 0, 0, edit.counter ?? 0]);
    const credential = attested ? [Buffer.alloc(16), Buffer.from([0, ID.length]), ID, key] : [];
    return Buffer.concat([sha256(edit.rp ?? RP), Buffer.from([flags | (attested ? AT : 0)]), counter, ...credential,
                          edit.extensions ?? Buffer.alloc(0), edit.behind ?? Buffer.alloc(0)]);
  }

  clientData(edit, type) {
    const members = { type: edit.type ?? type, challenge: edit.challenge ?? CHALLENGE, origin: edit.origin ?? ORIGIN,
                      crossOrigin: false, ...edit.members };
    const whole = JSON.stringify(members);
    return Buffer.from(edit.twice ? whole.replace("{", `{"origin":"${ORIGIN}",`) : whole);
  }

  create(edit, self) {
    const clientData = this.clientData(edit, "webauthn.create"), data = this.authenticatorData(edit, true);
    const signature = this.sign(Buffer.concat([data, sha256(edit.signed ?? clientData)]));
    const statement = self ? map([[text("alg"), number(edit.alg ?? this.algorithm)],
                                  [text("sig"), octets(signature)]]) : map([]);
    const entries = [[text("fmt"), text(edit.format ?? (self ? "packed" : "none"))], [text("attStmt"), statement],
                     [text("authData"), octets(data)]];
    const attestation = map(edit.turned ? entries.reverse() : entries);
    return { clientDataJSON: clientData, attestationObject: attestation };
  }

  get(edit) {
    const clientData = this.clientData(edit, "webauthn.get"), data = this.authenticatorData(edit, false);
    const signature = this.sign(Buffer.concat([data, sha256(edit.signed ?? clientData)]));
    return { clientDataJSON: clientData, authenticatorData: data, signature };
  }
}

// ---- the changes

function longHead(device) {  // the key's type in two octets
  return Buffer.concat([head(5, device.members.length), number(1), Buffer.from([0x18]), device.members[0][1],
                        ...device.members.slice(1).flat()]);
}

function* edits(device) {
  yield ["nothing", {}];
  yield ["another type", { type: "webauthn.other" }];
  yield ["another challenge", { challenge: Buffer.from("another").toString("base64url") }];
  yield ["another origin", { origin: "https://node.example.org" }];
  yield ["another port", { origin: ORIGIN + ":8443" }];
  yield ["plain http", { origin: "http://node.example" }];
  yield ["another relying party", { rp: "example" }];
  yield ["more is said", { members: { other: "thing" } }];
  yield ["in a frame", { members: { crossOrigin: true } }];
  yield ["in a frame of another site", { members: { topOrigin: "https://other.example" } }];
  yield ["a member twice", { twice: true }];
  yield ["signed over something else", { signed: Buffer.from("{}") }];
  yield ["an octet behind", { behind: Buffer.from([0]) }];
  yield ["extensions", { flags: UP | UV | ED, extensions: map([[text("credProtect"), number(2)]]) }];
  yield ["extensions that are not there", { flags: UP | UV | ED }];
  for (const flags of [0, UP, UV, UP | UV | BE, UP | UV | BS, UP | UV | BE | BS])
    yield [`flags ${flags}`, { flags }];
  yield ["keys that fall", { key: map([...device.members].reverse()), turned: true }];
  yield ["a long head", { key: longHead(device) }];
  yield ["a member of the key more", { key: map([...device.members.slice(0, 2), [number(4), number(1)],
                                                 ...device.members.slice(2)]) }];
  yield ["another algorithm in the statement", { alg: device.algorithm === -7 ? -8 : -7 }];
  yield ["another format", { format: "fido-u2f" }];
}

const b64 = parts => Object.fromEntries(
  Object.entries(parts).map(([name, part]) => [name, part.toString("base64url")]));
const credential = response => ({ id: ID.toString("base64url"), rawId: ID.toString("base64url"), type: "public-key",
                                  clientExtensionResults: {}, response: b64(response) });

// One octet of one part turned; which part, and all of them.
function turned(response) {
  const names = Object.keys(response), name = names[draw(names.length)], part = Buffer.from(response[name]);
  part[draw(part.length)] ^= 1 << draw(8);
  return { name: `an octet of ${name}`, response: { ...response, [name]: part } };
}

function* ceremonies() {
  for (const algorithm of [-7, -8, -257]) {
    const device = new Device(algorithm);
    for (const kind of ["none", "self", "get"]) {
      const make = edit => kind === "get" ? device.get(edit) : device.create(edit, kind === "self");
      for (const [name, edit] of edits(device))
        yield { name, kind, device, response: make(edit) };
      for (let i = 0; i < Number(rounds); i++)
        yield { kind, device, ...turned(make({})) };
    }
  }
}

// ---- the two judges

async function theirs({ kind, device, response }) {
  const common = { response: credential(response), expectedChallenge: CHALLENGE, expectedOrigin: ORIGIN,
                   expectedRPID: RP, requireUserVerification: true };
  try {
    const answer = kind === "get"
      ? await verifyAuthenticationResponse({ ...common, credential: { id: common.response.id, counter: 0,
                                                                      publicKey: new Uint8Array(device.key) } })
      : await verifyRegistrationResponse({ ...common, supportedAlgorithmIDs: [-7, -8, -257] });
    return answer.verified;
  } catch {
    return false;
  }
}

function ours(tried) {
  const lines = tried.map(({ kind, device, response }) => JSON.stringify({
    ceremony: kind === "get" ? "get" : "create", challenge: CHALLENGE, origin: ORIGIN, rp: RP,
    key: device.key.toString("base64url"), credential: credential(response) }));
  const words = execFileSync(judge, { input: lines.join("\n") + "\n", maxBuffer: 1 << 26 }).toString();
  const said = words.trim().split("\n");
  assert.equal(said.length, tried.length);
  return said;
}

// null, or what is wrong between them.
function apart({ name }, mine, other) {
  if ((mine === "ok") === other)
    return null;
  if (mine === "ok")
    return "the node takes what the other refuses";
  return STRICTER[name]?.includes(mine) ? null : `the node says ${mine}, and the other takes it`;
}

const tried = [...ceremonies()], mine = ours(tried), seen = new Set(), wrong = [];
let taken = 0, stricter = 0;
for (const [i, ceremony] of tried.entries()) {
  const other = await theirs(ceremony), fault = apart(ceremony, mine[i], other);
  if (fault)
    wrong.push(`${ceremony.name} (${ceremony.kind}, ${ceremony.device.algorithm}): ${fault}`);
  if (ceremony.name === "nothing")
    assert(mine[i] === "ok" && other, `the honest ceremony: ${mine[i]}, ${other}`);
  if (other && mine[i] !== "ok") {
    seen.add(ceremony.name);
    stricter++;
  }
  taken += mine[i] === "ok";
}
assert.deepEqual(wrong, []);
const unseen = Object.keys(STRICTER).filter(name => !seen.has(name) && !name.startsWith("an octet of"));
assert.deepEqual(unseen, [], "stricter in name only");
assert(apart({ name: "nothing" }, "ok", false) && apart({ name: "nothing" }, "passkey.form", true));
console.log("control: a verdict that was turned round: red");
console.log(`found: ${tried.length} ceremonies, ${taken} taken by both, the node stricter in ${stricter}`);
