// SPDX-License-Identifier: Apache-2.0
// The readers of forms and the signatures, against what others have published: RFC 7515 appendix A.3, RFC 8032 section
// 7.1, the example note of C2SP. Then what strict means for each form.

import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { equal, fromBase64, fromBase64url, fromDecimal, utf8 } from '../bytes.mjs';
import { Failure } from '../failure.mjs';
import { parseJson } from '../json.mjs';
import { readKey } from '../jws.mjs';
import { parseCheckpoint, parseKey, parseNote, verifyNote } from '../note.mjs';
import { isSoundPoint, verifyEd25519, verifyEs256 } from '../signature.mjs';

const { subtle } = webcrypto;
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const reasonOf = (run) => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Failure, error.stack);
    return error.reason;
  }
  return null;
};

const A3_KEY = new Map(Object.entries({
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}));
const A3_INPUT = 'eyJhbGciOiJFUzI1NiJ9.' +
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const A3_SIGNATURE = 'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
const NOTE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = 'This is an example message.\n\n\u2014 example.com/foo ' +
  'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

test('the example of RFC 7515 is signed by its key and by no other bytes', async () => {
  const key = await readKey(subtle, A3_KEY);
  assert.equal(key.thumbprint, 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U');
  const signature = fromBase64url(A3_SIGNATURE);
  assert.equal(await verifyEs256(subtle, key, utf8(A3_INPUT), signature), true);
  assert.equal(await verifyEs256(subtle, key, utf8(`${A3_INPUT}.`), signature), false);
  const bent = signature.map((octet, at) => octet ^ (at === 63));
  assert.equal(await verifyEs256(subtle, key, utf8(A3_INPUT), bent), false);
  const offCurve = { x: key.x, y: key.y.map((octet, at) => octet ^ (at === 31)) };
  assert.equal(await verifyEs256(subtle, offCurve, utf8(A3_INPUT), signature), false);
});

test('keys of another kind or for other work are refused', async () => {
  for (const change of [{ kty: 'RSA' }, { crv: 'P-384' }, { use: 'enc' }, { key_ops: ['sign'] }, { key_ops: 'verify' },
    { alg: 'ES384' }, { d: A3_KEY.get('x') }, { x: `${A3_KEY.get('x')}=` }, { y: '' }, { y: 7 }]) {
    const jwk = new Map([...A3_KEY, ...Object.entries(change)]);
    await assert.rejects(readKey(subtle, jwk), { reason: 'jose.key' }, JSON.stringify(change));
  }
  const fitting = { use: 'sig', key_ops: ['verify'], alg: 'ES256', kid: 'any' };
  await readKey(subtle, new Map([...A3_KEY, ...Object.entries(fitting)]));
});

test('the signatures of RFC 8032 hold, and not for another message', async () => {
  for (const [key, message, signature] of [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b' +
      'd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c' +
      '387b2eaeb4302aeeb00d291612bb0c00'],
  ].map((row) => row.map(unhex))) {
    assert.equal(await verifyEd25519(subtle, key, message, signature), true);
    assert.equal(await verifyEd25519(subtle, key, Uint8Array.of(...message, 1), signature), false);
  }
});

test('points of small order and of more than one spelling are refused', () => {
  const prime = 2n ** 255n - 19n;
  const octets = (y) => Uint8Array.from({ length: 32 }, (_, at) => Number((y >> BigInt(8 * at)) & 255n));
  const d = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
  for (const y of [0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
    0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n]) {
    // Doubled it has y = 0, and doubled again y = -1: the order is 8.
    assert.equal((d * y ** 4n + 2n * y ** 2n - 1n) % prime, 0n);
    for (const sign of [0n, 1n << 255n]) assert.equal(isSoundPoint(octets(y | sign)), false);
  }
  for (const y of [0n, 1n, prime - 1n, prime, prime + 1n, prime + 9n, 2n ** 255n - 1n]) {
    for (const sign of [0n, 1n << 255n]) assert.equal(isSoundPoint(octets(y | sign)), false);
  }
  const base = 0x6666666666666666666666666666666666666666666666666666666666666658n; // y = 4/5
  assert.equal(isSoundPoint(octets(base)), true);
});

test('the example note of C2SP is signed by its key', async () => {
  const key = await parseKey(subtle, utf8(NOTE_KEY));
  const note = parseNote(utf8(NOTE));
  assert.equal(note.text, 'This is an example message.\n');
  await verifyNote(subtle, note, key);
  const other = parseNote(utf8(NOTE.replace('message', 'massage')));
  await assert.rejects(verifyNote(subtle, other, key), { reason: 'log.signature' });
});

test('every changed character of a verifier key is noticed', async () => {
  for (let at = 0; at < NOTE_KEY.length; at++) {
    const changed = utf8(NOTE_KEY);
    changed[at] ^= 1;
    await assert.rejects(parseKey(subtle, changed), { reason: 'log.key_form' }, `at ${at}`);
  }
});

test('notes and checkpoints of another form are refused', () => {
  const signature = NOTE.slice(NOTE.lastIndexOf('\u2014'));
  const changes = [['\u2014', '-'], ['foo ', 'foo  '], ['foo', 'f\u0085o'], ['foo', 'f+o'], ['aQM=', 'aQN='],
    ['aQM=', 'aQM'], ['This', 'T\this'], ['\n\n', '\r\n\r\n']];
  for (const text of ['', '\n', '\n\n', `\n\n${signature}`, 'text\n\n', 'text\n', NOTE.slice(0, -1), `${NOTE}\n`,
    `${NOTE}x`, ...changes.map(([from, to]) => NOTE.replace(from, to))]) {
    assert.equal(reasonOf(() => parseNote(utf8(text))), 'log.note_form', JSON.stringify(text));
  }
  assert.equal(reasonOf(() => parseNote(utf8(`t\n\n${signature.repeat(33)}`))), 'log.note_size');
  assert.equal(reasonOf(() => parseNote(utf8(`t\n\n${signature.repeat(32)}`))), null);
  const root = 'XcnapbZwWamQVYy3AdHZ6rk1yzrS/01PaxjCcJNA5T0=';
  const checkpoint = (text) => reasonOf(() => parseCheckpoint(utf8(`${text}\n${signature}`)));
  assert.equal(checkpoint(`a\n8\n${root}\nmore\n`), null);
  for (const text of [`a\n08\n${root}\n`, `a\n-8\n${root}\n`, `a\n9223372036854775808\n${root}\n`,
    `a\n8\n${root.slice(1)}\n`, `\n8\n${root}\n`, 'a\n8\n', `a\n8\n${root}\n\nmore\n`, `a\n 8\n${root}\n`,
    'a\n8\nAAAA\n']) {
    assert.equal(checkpoint(text), 'log.checkpoint_form', JSON.stringify(text));
  }
});

test('base64, base64url and numbers have one spelling each', () => {
  assert.ok(equal(fromBase64('AP+/'), [0, 255, 191]));
  assert.ok(equal(fromBase64url('AP-_'), [0, 255, 191]));
  assert.ok(equal(fromBase64('AA=='), [0]));
  assert.ok(equal(fromBase64url('AAA'), [0, 0]));
  for (const text of ['A', 'AA', 'AB==', 'AA=', 'AA===', 'AAB=', 'AAA', '====', '=', 'AP-_', 'AA==\n', ' AA==',
    'AA=A']) {
    assert.equal(fromBase64(text), null, text);
  }
  for (const text of ['A', 'AB', 'AAB', 'AA==', 'AP+/', 'AA\n', 'A A', '\u00c1A']) {
    assert.equal(fromBase64url(text), null, text);
  }
  assert.equal(fromDecimal('0'), 0n);
  assert.equal(fromDecimal('9223372036854775807'), 2n ** 63n - 1n);
  for (const text of ['', '00', '01', '+1', '-1', '1.0', '1e3', ' 1', '1n', '0x1', '9223372036854775808', '\uff11']) {
    assert.equal(fromDecimal(text), null, text);
  }
});

test('JSON is taken in one meaning only', () => {
  const reason = (text) => reasonOf(() => parseJson(typeof text === 'string' ? utf8(text) : text));
  for (const text of ['{"a":1,"A":2}', '[]', ' {} ', '"\\ud83d\\ude00"', '-0', '1e308', '9223372036854775807',
    '"\u007f"', '{"__proto__":1}', '[[1,2],{"a":{"a":1}}]']) assert.equal(reason(text), null, text);
  for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"__proto__":1,"__proto__":2}']) {
    assert.equal(reason(text), 'json.duplicate_member', text);
  }
  for (const text of ['', ' ', '{', '[1,]', '{"a":1,}', '01', '1.', '.5', '+1', '1e', 'NaN', "'a'", '"\t"', '"\\u0000"',
    '"\\ud800"', '"\\udc00\\ud800"', '"\\x"', '"\\u12G4"', '1 2', '{}{}', '\ufeff{}', '/**/1', '{a:1}', 'tru', '[1 2]',
    '"a', '\u00a01']) {
    assert.equal(reason(text), 'json.syntax', JSON.stringify(text));
  }
  for (const text of ['9223372036854775808', '-9223372036854775809', '1e309']) {
    assert.equal(reason(text), 'json.out_of_range', text);
  }
  for (const octets of ['22ff22', '22c0af22', '22eda08022', '22f490808022', '22c322']) {
    assert.equal(reason(unhex(octets)), 'json.utf8', octets);
  }
  assert.equal(reason('['.repeat(32) + ']'.repeat(32)), null);
  assert.equal(reason('['.repeat(33) + ']'.repeat(33)), 'json.too_deep');
  assert.equal(reason(`[${'0,'.repeat(999)}0]`), null);
  assert.equal(reason(`[${'0,'.repeat(1000)}0]`), 'json.too_many_members');
  const value = parseJson(utf8('{"a\\n":[true,null,-1.5,"\\u00e9\\/"]}'));
  assert.deepEqual(value, new Map([['a\n', [true, null, -1.5, '\u00e9/']]]));
});

test('the list of sums is that of the files', () => {
  const folder = new URL('../', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.mjs')).sort();
  const read = (name) => readFileSync(new URL(name, folder));
  const sums = names.map((name) => `${createHash('sha256').update(read(name)).digest('hex')}  ${name}\n`);
  assert.equal(String(read('SHA256SUMS')), sums.join(''));
});

test('nothing is imported from outside, and the core needs no Node', () => {
  const folder = new URL('../', import.meta.url);
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.mjs'))) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const allowed = name === 'symbolon-verify.mjs' ? /^(\.\/|node:(crypto|fs|url)$)/ : /^\.\//;
    for (const [, from] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      assert.match(from, allowed, name);
    }
    assert.doesNotMatch(text, /\bfetch\b|XMLHttpRequest|WebSocket|\beval\b|\bFunction\(/, name);
  }
});
