// SPDX-License-Identifier: Apache-2.0
// The files of example/, which a node made: they are genuine, and nothing that is near to them is.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { STEPS, checkReceipt } from '../receipt.mjs';
import { run } from '../symbolon-verify.mjs';
import { judge } from '../verdict.mjs';

const { subtle } = webcrypto;
const path = (name) => new URL(`../example/${name}`, import.meta.url).pathname;
const read = (name) => ({ name, bytes: new Uint8Array(readFileSync(path(name))) });
const trimmed = (bytes) => bytes.subarray(0, bytes.length - 1); // of its line feed
const [receipt, proof, key, checkpoint] = ['receipt.jws', 'receipt.tlog-proof', 'node.key', 'checkpoint'].map(read);

const check = (change = {}) => checkReceipt(subtle, {
  receipt: receipt.bytes, proof: proof.bytes, key: trimmed(key.bytes), ...change,
});

test('the example passes every step', async () => {
  const facts = await check();
  assert.equal(facts.failure, null);
  assert.equal(facts.passed, STEPS.length);
  assert.equal(facts.treeSize, 3n);
  const verdicts = await judge(subtle, [receipt, proof, key, checkpoint]);
  assert.deepEqual(verdicts.files.map(({ name, ok }) => [name, ok]), [['receipt.jws', true], ['checkpoint', true]]);
});

// Of a receipt one bit in 29: it is long, and each change costs two signatures.
const keyBytes = trimmed(key.bytes);
for (const [name, file, steps] of [['receipt', receipt, 29], ['proof', proof, 1], ['key', { bytes: keyBytes }, 1]]) {
  test(`each flipped bit of a ${name} is noticed`, async () => {
    for (let bit = 0; bit < file.bytes.length * 8; bit += steps) {
      const bent = Uint8Array.from(file.bytes);
      bent[bit >> 3] ^= 1 << (bit & 7);
      assert.notEqual((await check({ [name]: bent })).failure, null, `bit ${bit}`);
    }
  });
}

test('every cut of a proof is noticed', async () => {
  for (let size = 0; size < proof.bytes.length; size++) {
    assert.notEqual((await check({ proof: proof.bytes.subarray(0, size) })).failure, null, `${size} octets`);
  }
});

test('the order of the files does not matter, and what lacks is said', async () => {
  const files = [receipt, proof, key, checkpoint];
  assert.equal((await judge(subtle, [...files].reverse())).ok, true);
  for (const [without, reason] of [[key, 'verify.no_key'], [proof, 'verify.no_proof']]) {
    await assert.rejects(judge(subtle, files.filter((file) => file !== without)), { reason });
  }
  await assert.rejects(judge(subtle, [proof, key]), { reason: 'verify.nothing' });
});

test('the command answers in words, in JSON and by its exit code', async () => {
  const files = [path('receipt.jws'), path('receipt.tlog-proof'), '--key', path('node.key')];
  const words = await run(files);
  assert.equal(words.exitCode, 0);
  assert.match(words.out, /receipt\.jws: genuine\n(  ok   .+\n){5}  Entry 2 of 3 in the log symbolon\.node\/\w+\n/);
  assert.match(words.out, /\n  Act: grant\.given\n  When: 2026-.+Z\n  Organisation: Blue Shop\n/);
  assert.match(words.out, /\n  Purpose: Deliver your order 1\n  Kinds: pd:Name\n$/);
  const { files: [fact] } = JSON.parse((await run([...files, '--json'])).out);
  assert.deepEqual([fact.ok, fact.steps_passed, fact.index, fact.tree_size], [true, 5, 2, 3]);
  assert.deepEqual([fact.receipt.act, fact.receipt.organisation, fact.receipt.kinds],
    ['grant.given', 'Blue Shop', ['pd:Name']]);
  assert.equal(fact.receipt.relationship, 'rel_tbv0zjrysh4jz1fccj2rz24cbr');
  assert.equal((await run([path('checkpoint'), path('node.key')])).exitCode, 0);
  assert.equal((await run([path('none'), path('node.key')])).exitCode, 2);
  assert.equal((await run([])).exitCode, 2);
  assert.equal((await run(['--nonsense'])).exitCode, 2);
  assert.equal((await run(['--help'])).exitCode, 0);
});
