// SPDX-License-Identifier: Apache-2.0
// SHA-256 and the two kinds of signature, by the Web Cryptography API: every browser has it, and so has Node. `subtle`
// is handed in by the caller. The algorithm is fixed by the function that is called, never read from a file.

import { concat } from './bytes.mjs';

export async function sha256(subtle, ...parts) {
  return new Uint8Array(await subtle.digest('SHA-256', concat(...parts)));
}

// ECDSA on P-256 over SHA-256; the signature is r and s, 32 octets each (RFC 7518 section 3.4). False also when the
// point does not lie on the curve.
export async function verifyEs256(subtle, { x, y }, message, signature) {
  if (x.length !== 32 || y.length !== 32 || signature.length !== 64) return false;
  let key;
  try {
    const point = concat([4], x, y);
    key = await subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  } catch {
    return false;
  }
  return subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, message);
}

const P = 2n ** 255n - 19n;

// The y of the eight points whose order divides 8: of order 2 and 1, of order 4, and the two of order 8. Under such a
// key, or with such an R, one signature fits many messages.
const SMALL_ORDER = new Set([
  P - 1n,
  1n,
  0n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
]);

// True when these 32 octets name a point (RFC 8032 section 5.1.2) by its one spelling, and one of large order.
export function isSoundPoint(octets) {
  let y = 0n;
  for (let at = 31; at >= 0; at--) y = (y << 8n) | BigInt(at === 31 ? octets[at] & 0x7f : octets[at]);
  return y < P && !SMALL_ORDER.has(y);
}

// Ed25519 (RFC 8032). Libraries differ on keys and points that no honest signer makes, so these are refused beforehand.
export async function verifyEd25519(subtle, publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!isSoundPoint(publicKey) || !isSoundPoint(signature.subarray(0, 32))) return false;
  let key;
  try {
    key = await subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
  } catch (error) {
    if (error.name === 'NotSupportedError') throw error; // says nothing about the signature
    return false;
  }
  return subtle.verify({ name: 'Ed25519' }, key, signature, message);
}
