// SPDX-License-Identifier: Apache-2.0
// Octets and their spellings. Each reader gives null for whatever is not the one canonical spelling: base64 and
// base64url by RFC 4648 with pad bits of zero (section 3.5), UTF-8 by RFC 3629, decimal numbers without sign or
// leading zero. Nothing is skipped, nothing is repaired.

const URL_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const STANDARD_DIGITS = URL_DIGITS.replace('-_', '+/');
const INT64_MAX = 2n ** 63n - 1n;

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a, b) {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

// A byte order mark is kept, so that no two files read as the same text.
export function fromUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function encode64(bytes, digits) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const wanted = Math.min(3, bytes.length - at) + 1;
    for (let digit = 0; digit < wanted; digit++) text += digits[(group >> (18 - 6 * digit)) & 63];
  }
  return text;
}

// Reads what it can; only text that the bytes are written as again is canonical.
function decode64(text, digits) {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let kept = 0;
  let bits = 0;
  let at = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value < 0) return null;
    kept = ((kept << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (kept >> bits) & 0xff;
    }
  }
  return encode64(bytes, digits) === text ? bytes : null;
}

export function base64url(bytes) {
  return encode64(bytes, URL_DIGITS);
}

export function fromBase64url(text) {
  return decode64(text, URL_DIGITS);
}

export function fromBase64(text) {
  const [digits] = text.split('=', 1);
  if (text !== digits + '='.repeat(-digits.length & 3)) return null;
  return decode64(digits, STANDARD_DIGITS);
}

export function hex(bytes) {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

// A number from 0 to 2^63 - 1, as a BigInt.
export function fromDecimal(text) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) return null;
  const number = BigInt(text);
  return number <= INT64_MAX ? number : null;
}
