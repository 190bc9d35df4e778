// SPDX-License-Identifier: Apache-2.0
// Signed objects (RFC 7515, general JSON serialisation, section 7.2.1) with ES256, and their keys (RFC 7517,
// thumbprints by RFC 7638). Only what is known may stand in an object or a header, so that `crit`, `jwk`, `b64` and
// their like need not be understood to be refused.

import { base64url, fromBase64url, utf8 } from './bytes.mjs';
import { invalid, malformed } from './failure.mjs';
import { isText, member, parseJson } from './json.mjs';
import { sha256, verifyEs256 } from './signature.mjs';

function coordinate(jwk, name) {
  const text = member(jwk, name);
  const bytes = isText(text) ? fromBase64url(text) : null;
  return bytes?.length === 32 ? bytes : null;
}

// A key may say what it is for (RFC 7517 sections 4.2 to 4.4); it must then be this.
function isForVerifying(jwk) {
  const operations = member(jwk, 'key_ops');
  const isFree = (name, wanted) => member(jwk, name) === undefined || member(jwk, name) === wanted;
  return isFree('alg', 'ES256') && isFree('use', 'sig') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')));
}

// A public P-256 key with its thumbprint, from a parsed JWK. Members that are not known are passed over (RFC 7517
// section 4), but a private key does not belong into a receipt.
export async function readKey(subtle, jwk) {
  const [x, y] = [coordinate(jwk, 'x'), coordinate(jwk, 'y')];
  const isP256 = member(jwk, 'kty') === 'EC' && member(jwk, 'crv') === 'P-256' && x !== null && y !== null;
  if (!isP256 || member(jwk, 'd') !== undefined || !isForVerifying(jwk)) {
    throw invalid('jose.key', 'not a key of the kind that is wanted here');
  }
  const canonical = `{"crv":"P-256","kty":"EC","x":"${base64url(x)}","y":"${base64url(y)}"}`;
  return { x, y, thumbprint: base64url(await sha256(subtle, utf8(canonical))) };
}

// Exactly these members, all of them.
function hasOnly(object, ...names) {
  return object instanceof Map && object.size === names.length && names.every((name) => object.has(name));
}

function wrongForm() {
  return malformed('jws.form', 'not a signed object in the general JSON serialisation');
}

// Gives the `kid` of a protected header, undefined when it names none.
function readHeader(encoded) {
  const bytes = fromBase64url(encoded);
  if (bytes === null) throw wrongForm();
  const header = parseJson(bytes);
  const known = ['alg', 'kid', 'typ'].filter((name) => member(header, name) !== undefined);
  const [kid, typ] = [member(header, 'kid'), member(header, 'typ')];
  const isKid = kid === undefined || (isText(kid) && kid !== '');
  const isTyp = typ === undefined || isText(typ);
  if (!hasOnly(header, ...known) || header.get('alg') !== 'ES256' || !isKid || !isTyp) {
    throw invalid('jws.header', 'a protected header holds something else than alg ES256, kid and typ');
  }
  return kid;
}

function readSignature(one) {
  if (!hasOnly(one, 'protected', 'signature') || !isText(one.get('protected')) || !isText(one.get('signature'))) {
    throw wrongForm();
  }
  const value = fromBase64url(one.get('signature'));
  if (value?.length !== 64) throw wrongForm();
  return { header: one.get('protected'), kid: readHeader(one.get('protected')), value };
}

// Checks a parsed object: as many signatures as keys, and each key made exactly one of them. RFC 7515 section 5.2: what
// is signed is header, dot and payload as they are spelt in the object.
export async function verifyJws(subtle, jws, keys) {
  if (!hasOnly(jws, 'payload', 'signatures') || !isText(jws.get('payload')) || !Array.isArray(jws.get('signatures'))) {
    throw wrongForm();
  }
  const wrong = invalid('jws.signature', 'the signatures are not exactly those of the keys');
  if (jws.get('signatures').length !== keys.length) throw wrong;
  const signatures = jws.get('signatures').map(readSignature);
  const makers = await Promise.all(signatures.map(({ header, kid, value }) => {
    const input = utf8(`${header}.${jws.get('payload')}`);
    return Promise.all(keys.map((key) => (kid ?? key.thumbprint) === key.thumbprint &&
      verifyEs256(subtle, key, input, value)));
  }));
  const isOne = (truths) => truths.filter(Boolean).length === 1;
  const eachKey = keys.every((_, key) => isOne(makers.map((made) => made[key])));
  if (!eachKey || !makers.every(isOne)) throw wrong;
}
