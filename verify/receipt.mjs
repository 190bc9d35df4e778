// SPDX-License-Identifier: Apache-2.0
// The whole check of a receipt, step by step, each on top of what the one before has made certain. The payload names
// its two public keys in the member "symbolon:keys": {"person": JWK, "organisation": JWK}. Whether the verifier key is
// the right one is for the reader to know.

import { fromBase64url } from './bytes.mjs';
import { contentOf } from './content.mjs';
import { Failure, invalid, malformed, tooLarge } from './failure.mjs';
import { isText, member, parseJson } from './json.mjs';
import { readKey, verifyJws } from './jws.mjs';
import { LIMITS } from './limits.mjs';
import { parseKey, verifyCheckpoint } from './note.mjs';
import { entryOf, parseProof, saltOf, verifyEntry } from './proof.mjs';

// `sentence` is true once the step has passed. `run` adds to `at`, what the steps have found so far.
const PLAN = [
  {
    sentence: 'The receipt is well formed and names the key of the person and the key of the organisation.',
    run: readReceipt,
  },
  {
    sentence: 'Both keys have signed it, and nothing in it was changed since.',
    run: checkSigned,
  },
  {
    sentence: 'The proof is well formed and holds the salt of the receipt.',
    run: readProof,
  },
  {
    sentence: 'The receipt stands in the log at the place that the proof names.',
    run: checkInTree,
  },
  {
    sentence: 'The checkpoint of that log is signed by the given verifier key.',
    run: checkLogSigned,
  },
];

export const STEPS = PLAN.map((step) => step.sentence);

async function readReceipt(_, { receipt }, at) {
  if (receipt.length > LIMITS.receiptBytes) {
    throw tooLarge('receipt.size', `a receipt has at most ${LIMITS.receiptBytes} bytes`);
  }
  at.jws = parseJson(receipt);
  const encoded = member(at.jws, 'payload');
  at.payload = isText(encoded) ? fromBase64url(encoded) : null;
  if (at.payload === null) throw malformed('receipt.form', 'the file is not a receipt: it has no payload');
  at.content = parseJson(at.payload);
  const named = member(at.content, 'symbolon:keys');
  at.jwks = ['person', 'organisation'].map((side) => {
    const jwk = member(named, side);
    if (!(jwk instanceof Map) || jwk.has('d')) {
      throw invalid('receipt.keys', `the receipt does not name the public key of the ${side}`);
    }
    return jwk;
  });
}

async function checkSigned(subtle, _, at) {
  const keys = await Promise.all(at.jwks.map((jwk) => readKey(subtle, jwk)));
  if (keys[0].thumbprint === keys[1].thumbprint) {
    throw invalid('receipt.keys', 'person and organisation have the same key: nobody else has signed');
  }
  await verifyJws(subtle, at.jws, keys);
}

async function readProof(_, { proof }, at) {
  at.proof = parseProof(proof);
  at.salt = saltOf(at.proof);
}

async function checkInTree(subtle, _, at) {
  await verifyEntry(subtle, at.proof, await entryOf(subtle, at.salt, at.payload));
  at.index = at.proof.index;
  at.treeSize = at.proof.checkpoint.size;
}

async function checkLogSigned(subtle, { key }, at) {
  await verifyCheckpoint(subtle, at.proof.checkpoint, await parseKey(subtle, key));
  at.origin = at.proof.checkpoint.origin;
}

// Takes the octets of receipt, proof and key. Gives how many steps have passed, what these have found (the rest is
// empty), what the receipt says when all have passed, and the failure of the next one, null then.
export async function checkReceipt(subtle, files) {
  const at = { payload: null, content: null, index: 0n, treeSize: 0n, origin: '' };
  let passed = 0;
  let failure = null;
  try {
    for (const step of PLAN) {
      await step.run(subtle, files, at);
      passed++;
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  const content = failure === null ? contentOf(at.content) : null;
  return { passed, failure, payload: at.payload, content, index: at.index, treeSize: at.treeSize, origin: at.origin };
}
