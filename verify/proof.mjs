// SPDX-License-Identifier: Apache-2.0
// Proof files (c2sp.org/tlog-proof): `c2sp.org/tlog-proof@v1`, perhaps `extra <base64>`, `index <number>`, one hash a
// line, an empty line, a checkpoint. The extra line is covered by no signature; here it holds the salt of the receipt.

import { concat, fromBase64, fromDecimal, utf8 } from './bytes.mjs';
import { invalid, malformed, tooLarge } from './failure.mjs';
import { LIMITS } from './limits.mjs';
import { isIncluded, leafHash } from './merkle.mjs';
import { parseCheckpoint } from './note.mjs';
import { sha256 } from './signature.mjs';

const LINE_FEED = 10;
const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const SALT_BYTES = 32;

// The lines up to the first empty one, and the octets behind it. A line of the head is ASCII: an octet that is not
// becomes a character that none of its readers takes.
function split(bytes) {
  const gap = bytes.findIndex((octet, at) => octet === LINE_FEED && bytes[at + 1] === LINE_FEED);
  if (gap < 0) return null;
  const head = Array.from(bytes.subarray(0, gap), (octet) => String.fromCharCode(octet)).join('');
  return { lines: head.split('\n'), rest: bytes.subarray(gap + 2) };
}

function takeWord(lines, word) {
  return lines.length > 0 && lines[0].startsWith(`${word} `) ? lines.shift().slice(word.length + 1) : null;
}

export function parseProof(bytes) {
  if (bytes.length > LIMITS.proofBytes) {
    throw tooLarge('log.proof_size', `a proof file has at most ${LIMITS.proofBytes} bytes`);
  }
  const wrong = malformed('log.proof_form', `the file is not a proof of the form ${FIRST_LINE}`);
  const parts = split(bytes);
  if (parts === null || parts.lines.shift() !== FIRST_LINE) throw wrong;
  const { lines, rest } = parts;
  const extraLine = takeWord(lines, 'extra');
  const extra = extraLine === null ? new Uint8Array() : fromBase64(extraLine);
  if (extra === null || (extraLine !== null && extra.length === 0)) throw wrong;
  const index = fromDecimal(takeWord(lines, 'index') ?? '');
  const path = lines.map(fromBase64);
  if (index === null || path.length > LIMITS.proofHashes || path.some((hash) => hash?.length !== 32)) throw wrong;
  return { extra, index, path, checkpoint: parseCheckpoint(rest) };
}

export function saltOf(proof) {
  if (proof.extra.length !== SALT_BYTES) {
    throw invalid('log.no_salt', `the extra line of the proof does not hold a salt of ${SALT_BYTES} bytes`);
  }
  return proof.extra;
}

// What the log holds of a receipt: SHA-256("symbolon-receipt/1", salt, SHA-256(payload)).
export async function entryOf(subtle, salt, payload) {
  return sha256(subtle, concat(utf8('symbolon-receipt/1'), salt, await sha256(subtle, payload)));
}

// The entry stands where the proof says, in the tree that its checkpoint names; who signed that is another question.
export async function verifyEntry(subtle, proof, entry) {
  const leaf = await leafHash(subtle, entry);
  if (!(await isIncluded(subtle, leaf, proof.index, proof.checkpoint, proof.path))) {
    throw invalid('log.not_in_tree', 'the proof does not lead from this entry to the root of the log');
  }
}
