// SPDX-License-Identifier: Apache-2.0
// Signed notes and verifier keys (c2sp.org/signed-note) with Ed25519, and checkpoints (c2sp.org/tlog-checkpoint), which
// are notes that name a log, the size of its tree and its root. What a note says means nothing before verifyNote().

import { equal, fromBase64, fromDecimal, fromUtf8, hex, utf8 } from './bytes.mjs';
import { invalid, malformed, tooLarge } from './failure.mjs';
import { LIMITS } from './limits.mjs';
import { sha256, verifyEd25519 } from './signature.mjs';

const ED25519 = 1; // the octet that stands before a key of this kind
const KEY_ID_BYTES = 4;

function isName(text) {
  return text !== '' && utf8(text).length <= LIMITS.nameBytes && !/[\p{White_Space}\p{Cc}+]/u.test(text);
}

// "name+id+base64(kind, key)", where the id is the begin of SHA-256(name, line feed, kind, key) in hexadecimal.
export async function parseKey(subtle, bytes) {
  const parts = (fromUtf8(bytes) ?? '').split('+');
  const [name, id] = parts;
  const typed = fromBase64(parts.slice(2).join('+')); // a plus is also a digit of base64
  if (parts.length < 3 || !isName(name) || typed === null) {
    throw malformed('log.key_form', 'a verifier key has the form name+id+key');
  }
  if (typed.length !== 33 || typed[0] !== ED25519) {
    throw malformed('log.key_form', 'the verifier key is not of the Ed25519 kind');
  }
  const keyId = (await sha256(subtle, utf8(`${name}\n`), typed)).subarray(0, KEY_ID_BYTES);
  if (hex(keyId) !== id) {
    throw malformed('log.key_form', 'the id in the verifier key is not that of its name and key');
  }
  return { name, id: keyId, publicKey: typed.subarray(1) };
}

// "— name base64(id, signature)"; null when the line is none.
function parseSignature(line) {
  const [dash, name, encoded, ...more] = line.split(' ');
  if (dash !== '\u2014' || name === undefined || encoded === undefined || more.length > 0) return null;
  const blob = fromBase64(encoded);
  if (!isName(name) || blob === null || blob.length <= KEY_ID_BYTES) return null;
  return { name, keyId: blob.subarray(0, KEY_ID_BYTES), signature: blob.subarray(KEY_ID_BYTES) };
}

function parseSignatures(lines) {
  const signatures = [];
  const end = lines.pop(); // behind the last line feed
  for (const line of lines) {
    if (signatures.length === LIMITS.noteSignatures) {
      throw tooLarge('log.note_size', `the note has more than ${LIMITS.noteSignatures} signatures`);
    }
    const signature = parseSignature(line);
    if (signature === null) {
      throw malformed('log.note_form', `line ${signatures.length + 1} of the signatures is none`);
    }
    signatures.push(signature);
  }
  if (signatures.length === 0 || end !== '') throw malformed('log.note_form', 'a note ends with signature lines');
  return signatures;
}

// Text that ends with a line feed, an empty line (the last one there is), signature lines.
export function parseNote(bytes) {
  if (bytes.length > LIMITS.noteBytes) throw tooLarge('log.note_size', `a note has at most ${LIMITS.noteBytes} bytes`);
  const whole = fromUtf8(bytes);
  if (whole === null || /[\u0000-\u0009\u000b-\u001f]/.test(whole)) {
    throw malformed('log.note_form', 'the note holds octets that no note may hold');
  }
  const gap = whole.lastIndexOf('\n\n');
  if (gap < 1) throw malformed('log.note_form', 'a note is text, an empty line and signatures');
  return { text: whole.slice(0, gap + 1), signatures: parseSignatures(whole.slice(gap + 2).split('\n')) };
}

// At least one signature is of this key (by name and id), and each of those is valid; others are passed over.
export async function verifyNote(subtle, note, key) {
  const ours = note.signatures.filter((one) => one.name === key.name && equal(one.keyId, key.id));
  if (ours.length === 0) throw invalid('log.unsigned', 'the note is not signed by the given verifier key');
  for (const { signature } of ours) {
    if (!(await verifyEd25519(subtle, key.publicKey, utf8(note.text), signature))) {
      throw invalid('log.signature', 'the signature of the log is not valid');
    }
  }
}

// Origin, size and root, a line each; lines that follow are signed with them and mean nothing here.
export function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  const lines = note.text.slice(0, -1).split('\n');
  const size = fromDecimal(lines[1] ?? '');
  const root = fromBase64(lines[2] ?? '');
  if (lines.includes('') || size === null || root === null || root.length !== 32) {
    throw malformed('log.checkpoint_form', 'a checkpoint has the lines name, size and root');
  }
  return { origin: lines[0], size, root, note };
}

// The checkpoint is of the log that this key is named for, and signed by it.
export async function verifyCheckpoint(subtle, checkpoint, key) {
  if (checkpoint.origin !== key.name) {
    throw invalid('log.other_log', 'the checkpoint is of another log than the verifier key');
  }
  await verifyNote(subtle, checkpoint.note, key);
}
