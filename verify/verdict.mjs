// SPDX-License-Identifier: Apache-2.0
// From files to a verdict. Files are told apart by what stands in them, so their names and their order do not matter. A
// receipt is proved by the proof that speaks of it: each is tried, and the one that leads furthest is told. No file, no
// network: this part runs in a browser as well.

import { equal } from './bytes.mjs';
import { Failure, tooLarge, usage } from './failure.mjs';
import { LIMITS } from './limits.mjs';
import { parseCheckpoint, parseKey, verifyCheckpoint } from './note.mjs';
import { checkReceipt } from './receipt.mjs';

const SPACE = new Set([0x20, 0x09, 0x0d, 0x0a]);
const has = (bytes, character) => bytes.includes(character.charCodeAt(0));

function trim(bytes) {
  let [start, end] = [0, bytes.length];
  while (start < end && SPACE.has(bytes[start])) start++;
  while (end > start && SPACE.has(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

function startsWith(bytes, text) {
  return bytes.length >= text.length && [...text].every((character, at) => bytes[at] === character.charCodeAt(0));
}

// What stands before the signatures of a note: a blank line, a dash.
const BEFORE_SIGNATURES = [0x0a, 0x0a, 0xe2, 0x80, 0x94, 0x20];

function hasSignatures(bytes) {
  return bytes.some((_, at) => BEFORE_SIGNATURES.every((octet, i) => bytes[at + i] === octet));
}

// The kind of a file, and the octets that count.
export function kindOf(bytes) {
  const trimmed = trim(bytes);
  if (startsWith(bytes, 'c2sp.org/tlog-proof@')) return { kind: 'proof', bytes };
  if (startsWith(trimmed, '{')) return { kind: 'receipt', bytes: trimmed };
  if (has(trimmed, '+') && !has(trimmed, '\n')) return { kind: 'key', bytes: trimmed };
  return { kind: hasSignatures(bytes) ? 'checkpoint' : 'unknown', bytes };
}

export function checkSize(name, bytes) {
  if (bytes.length > LIMITS.fileBytes) {
    throw tooLarge('verify.too_large', `the file ${name} is larger than any proof`);
  }
}

function sortFiles(files) {
  const found = { proof: [], receipt: [], key: [], checkpoint: [], unknown: [] };
  for (const { name, bytes } of files) {
    checkSize(name, bytes);
    const file = kindOf(bytes);
    found[file.kind].push({ name, bytes: file.bytes });
  }
  return found;
}

function oneKey(found) {
  const [first, ...others] = found.key;
  if (!others.every(({ bytes }) => equal(bytes, first.bytes))) {
    throw usage('verify.two_keys', 'two different log keys were given, and one of them must be the right one');
  }
  for (const { name } of found.unknown) {
    throw usage('verify.unknown_file', `the file ${name} is no receipt, no proof, no checkpoint and no log key`);
  }
  if (first === undefined) throw usage('verify.no_key', 'give the log key of the node too: the answer of /log/key');
  return first.bytes;
}

async function judgeReceipt(subtle, { name, bytes }, proofs, key) {
  let best = null;
  for (const proof of proofs) {
    const one = await checkReceipt(subtle, { receipt: bytes, proof: proof.bytes, key });
    if (best === null || one.passed > best.passed) best = one;
    if (one.failure === null) break;
  }
  return { ...best, kind: 'receipt', name, ok: best.failure === null };
}

async function judgeCheckpoint(subtle, { name, bytes }, keyBytes) {
  const facts = { kind: 'checkpoint', name, ok: false, passed: 0, index: 0n, treeSize: 0n, origin: '', failure: null };
  try {
    const key = await parseKey(subtle, keyBytes);
    const checkpoint = parseCheckpoint(bytes);
    await verifyCheckpoint(subtle, checkpoint, key);
    return { ...facts, ok: true, treeSize: checkpoint.size, origin: checkpoint.origin };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...facts, failure: error };
  }
}

// Takes files as {name, bytes}, the verifier key among them. Gives {ok, failure, files}: a verdict for each receipt and
// then for each checkpoint; `failure` is the first one's. Throws a Failure when there is nothing to be judged.
export async function judge(subtle, files) {
  const found = sortFiles(files);
  const key = oneKey(found);
  if (found.receipt.length + found.checkpoint.length === 0) {
    throw usage('verify.nothing', 'there is no receipt and no checkpoint among the files');
  }
  if (found.receipt.length > 0 && found.proof.length === 0) {
    throw usage('verify.no_proof', 'a receipt is proved by its .tlog-proof file: give it too');
  }
  const verdicts = [];
  for (const receipt of found.receipt) verdicts.push(await judgeReceipt(subtle, receipt, found.proof, key));
  for (const checkpoint of found.checkpoint) verdicts.push(await judgeCheckpoint(subtle, checkpoint, key));
  const failure = verdicts.find((verdict) => !verdict.ok)?.failure ?? null;
  return { ok: failure === null, failure, files: verdicts };
}
