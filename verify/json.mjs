// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259), read so that no two readers can take it differently: JSON.parse() keeps the last of two members with
// one name and rounds numbers without a word; here both are refused. An object becomes a Map (no name is special),
// an array an Array. Also refused: U+0000 in a string, half a surrogate pair, an integer beyond 64 bits, a fraction
// beyond a double, more than LIMITS.jsonDepth levels or LIMITS.jsonMembers members.

import { fromUtf8 } from './bytes.mjs';
import { invalid, malformed, tooLarge } from './failure.mjs';
import { LIMITS } from './limits.mjs';

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y; // what stands for itself in a string
const SPACE = /[ \t\n\r]*/y;
const ESCAPED = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const WORDS = { true: true, false: false, null: null };

// Long digits are not read at all: the time that BigInt takes grows faster than their number.
function isInt64(digits) {
  return digits.length <= 20 && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  wrong() {
    return malformed('json.syntax', `not JSON at character ${this.at}`);
  }

  // Takes what `pattern` (sticky) matches here; null when it does not.
  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  take(character) {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  expect(character) {
    if (!this.take(character)) throw this.wrong();
  }

  value() {
    this.match(SPACE);
    const first = this.text[this.at];
    let value;
    if (first === '{') value = this.container('}', new Map(), (object) => this.member(object));
    else if (first === '[') value = this.container(']', [], (array) => array.push(this.value()));
    else if (first === '"') value = this.string();
    else value = this.number() ?? this.word();
    this.match(SPACE);
    return value;
  }

  container(end, into, readOne) {
    this.at++;
    this.match(SPACE);
    if (!this.take(end)) {
      do readOne(into); while (this.take(','));
      this.expect(end);
    }
    return into;
  }

  member(object) {
    this.match(SPACE);
    const name = this.string();
    if (object.has(name)) {
      throw malformed('json.duplicate_member', `a name stands twice before character ${this.at}`);
    }
    this.match(SPACE);
    this.expect(':');
    object.set(name, this.value());
  }

  string() {
    this.expect('"');
    let value = '';
    for (;;) {
      value += this.match(PLAIN)[0];
      if (this.take('"')) break;
      this.expect('\\');
      value += this.escape();
    }
    if (/[\ud800-\udfff]/u.test(value)) throw this.wrong(); // with the flag u, only halves without their other half
    return value;
  }

  escape() {
    const letter = this.text[this.at++];
    if (letter !== 'u') {
      if (letter === undefined || !Object.hasOwn(ESCAPED, letter)) throw this.wrong();
      return ESCAPED[letter];
    }
    const digits = this.match(/[0-9a-fA-F]{4}/y);
    if (digits === null || digits[0] === '0000') throw this.wrong();
    return String.fromCharCode(parseInt(digits[0], 16));
  }

  number() {
    const found = this.match(NUMBER);
    if (found === null) return undefined;
    const [digits, fraction, exponent] = found;
    const whole = fraction === undefined && exponent === undefined;
    if (whole ? !isInt64(digits) : !Number.isFinite(Number(digits))) {
      throw invalid('json.out_of_range', 'a number is larger than any that is kept exactly');
    }
    return Number(digits);
  }

  word() {
    const found = this.match(/true|false|null/y);
    if (found === null) throw this.wrong();
    return WORDS[found[0]];
  }
}

const [QUOTE, COMMA, BACKSLASH] = ['"', ',', '\\'].map((character) => character.charCodeAt(0));
const [OPEN, CLOSE] = ['[{', ']}'].map((pair) => [...pair].map((character) => character.charCodeAt(0)));

// Limits come before form: levels and members are counted first, also in what turns out not to be JSON, so that no text
// makes the reader climb deeper than this.
function checkLimits(bytes) {
  const commas = [0]; // of each open container, the innermost last
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at];
    if (octet === QUOTE) inString = !inString;
    else if (inString) at += octet === BACKSLASH ? 1 : 0;
    else if (OPEN.includes(octet)) commas.push(0);
    else if (CLOSE.includes(octet) && commas.length > 1) commas.pop();
    else if (octet === COMMA) commas[commas.length - 1]++;
    if (commas.length - 1 > LIMITS.jsonDepth) throw tooLarge('json.too_deep', `more than ${LIMITS.jsonDepth} levels`);
    if (commas[commas.length - 1] >= LIMITS.jsonMembers) {
      throw tooLarge('json.too_many_members', `more than ${LIMITS.jsonMembers} members`);
    }
  }
}

export function parseJson(bytes) {
  checkLimits(bytes);
  const text = fromUtf8(bytes);
  if (text === null) throw malformed('json.utf8', 'the text is not well-formed UTF-8');
  const reader = new Reader(text);
  const value = reader.value();
  if (reader.at !== text.length) throw reader.wrong();
  return value;
}

// The member of an object; undefined when there is none, or when `value` is no object.
export function member(value, name) {
  return value instanceof Map ? value.get(name) : undefined;
}

export function isText(value) {
  return typeof value === 'string';
}
