// SPDX-License-Identifier: Apache-2.0
// The tree of RFC 6962 against what others have published: leaves, roots, inclusion and consistency paths of the
// eight-leaf tree with which Certificate Transparency tests its logs. Then every place and every pair of sizes of
// larger trees, against the recursive definitions of RFC 6962 section 2.1, and that nothing else is taken.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import test from 'node:test';

import { hex } from '../bytes.mjs';
import { emptyRoot, isConsistent, isIncluded, leafHash, nodeHash } from '../merkle.mjs';

const { subtle } = webcrypto;
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const NODES = {
  '1': '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', // a leaf
  '2-3': '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '4': 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', // a leaf
  '4-5': '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  '4-7': '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  '6-7': 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
};
// Places counted from 0: index, size, path.
const INCLUSIONS = [
  [0, 1, []],
  [0, 8, [NODES['1'], NODES['2-3'], NODES['4-7']]],
  [5, 8, [NODES['4'], NODES['6-7'], ROOTS[3]]],
  [2, 3, [ROOTS[1]]],
  [1, 5, [ROOTS[0], NODES['2-3'], NODES['4']]],
];
const CONSISTENCIES = [
  [1, 1, []],
  [1, 8, [NODES['1'], NODES['2-3'], NODES['4-7']]],
  [6, 8, [NODES['4-5'], NODES['6-7'], ROOTS[3]]],
  [2, 5, [NODES['2-3'], NODES['4']]],
];

const treeOf = (size) => ({ size: BigInt(size), root: unhex(ROOTS[size - 1]) });

// ---- the recursive definitions

const split = (size) => {
  let left = 1;
  while (2 * left < size) left *= 2;
  return left;
};

async function rootOf(hashes) {
  if (hashes.length === 0) return emptyRoot(subtle);
  if (hashes.length === 1) return hashes[0];
  const k = split(hashes.length);
  return nodeHash(subtle, await rootOf(hashes.slice(0, k)), await rootOf(hashes.slice(k)));
}

async function inclusionOf(hashes, index) {
  if (hashes.length <= 1) return [];
  const k = split(hashes.length);
  if (index < k) return [...await inclusionOf(hashes.slice(0, k), index), await rootOf(hashes.slice(k))];
  return [...await inclusionOf(hashes.slice(k), index - k), await rootOf(hashes.slice(0, k))];
}

async function consistencyOf(hashes, older, whole = true) {
  if (older === hashes.length) return whole ? [] : [await rootOf(hashes)];
  const k = split(hashes.length);
  const [left, right] = [hashes.slice(0, k), hashes.slice(k)];
  if (older <= k) return [...await consistencyOf(left, older, whole), await rootOf(right)];
  return [...await consistencyOf(right, older - k, false), await rootOf(left)];
}

// Paths that differ from the right one by a hash more, a hash less, or one bit of a hash.
function wrongPaths(path, root) {
  const wrong = [[...path, new Uint8Array(32)], [...path, root], [root, ...path], [new Uint8Array(32), ...path]];
  if (path.length > 0) wrong.push(path.slice(1), path.slice(0, -1), []);
  path.forEach((hash, at) => {
    const bent = Uint8Array.from(hash);
    bent[at % 32] ^= 1 << (at % 8);
    wrong.push(Object.assign([...path], { [at]: bent }));
  });
  return wrong;
}

test('the hashes of the published tree are ours', async () => {
  const hashes = await Promise.all(LEAVES.map((leaf) => leafHash(subtle, unhex(leaf))));
  assert.equal(hex(await emptyRoot(subtle)), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (let size = 1; size <= 8; size++) assert.equal(hex(await rootOf(hashes.slice(0, size))), ROOTS[size - 1]);
  assert.equal(hex(hashes[1]), NODES['1']);
  assert.equal(hex(hashes[4]), NODES['4']);
});

test('the published inclusion paths pass', async () => {
  for (const [index, size, path] of INCLUSIONS) {
    const leaf = await leafHash(subtle, unhex(LEAVES[index]));
    const passes = await isIncluded(subtle, leaf, BigInt(index), treeOf(size), path.map(unhex));
    assert.equal(passes, true, `${index} of ${size}`);
  }
});

test('the published consistency paths pass', async () => {
  for (const [older, newer, path] of CONSISTENCIES) {
    const passes = await isConsistent(subtle, treeOf(older), treeOf(newer), path.map(unhex));
    assert.equal(passes, true, `${older} to ${newer}`);
  }
});

test('no other index, size, root or path passes for inclusion', async () => {
  for (const [index, size, hexPath] of INCLUSIONS) {
    const leaf = await leafHash(subtle, unhex(LEAVES[index]));
    const [tree, path] = [treeOf(size), hexPath.map(unhex)];
    const refuse = async (...what) => assert.equal(await isIncluded(subtle, ...what), false, `${index} of ${size}`);
    for (const other of [index - 1, index + 1, index ^ 2, size, index + size, 2 ** 40]) {
      await refuse(leaf, BigInt(other), tree, path);
    }
    for (const other of [0, 2 * size, Math.floor(size / 2)]) {
      if (other !== size) await refuse(leaf, BigInt(index), { ...tree, size: BigInt(other) }, path);
    }
    await refuse(leaf, BigInt(index), { ...tree, root: leaf.map((octet) => octet ^ 1) }, path);
    await refuse(leaf.map((octet) => octet ^ 1), BigInt(index), tree, path);
    for (const wrong of wrongPaths(path, tree.root)) await refuse(leaf, BigInt(index), tree, wrong);
  }
});

test('no other sizes, roots or path pass for consistency', async () => {
  for (const [older, newer, hexPath] of CONSISTENCIES) {
    const [from, to, path] = [treeOf(older), treeOf(newer), hexPath.map(unhex)];
    const bent = (tree) => ({ ...tree, root: tree.root.map((octet) => octet ^ 1) });
    const refuse = async (...what) => assert.equal(await isConsistent(subtle, ...what), false, `${older} to ${newer}`);
    if (older !== newer) await refuse(to, from, path);
    for (const size of [older - 1, older + 1, older ^ 2, 2 * newer]) {
      await refuse({ ...from, size: BigInt(size) }, to, path);
    }
    for (const size of [2 * newer, Math.floor(newer / 2)]) {
      if (size !== older) await refuse(from, { ...to, size: BigInt(size) }, path);
    }
    await refuse(bent(from), to, path);
    await refuse(from, bent(to), path);
    for (const wrong of wrongPaths(path, to.root)) await refuse(from, to, wrong);
  }
});

test('the empty tree begins every tree, with the empty path alone', async () => {
  const empty = { size: 0n, root: await emptyRoot(subtle) };
  assert.equal(await isConsistent(subtle, empty, treeOf(8), []), true);
  assert.equal(await isConsistent(subtle, empty, empty, []), true);
  assert.equal(await isConsistent(subtle, empty, treeOf(8), [new Uint8Array(32)]), false);
  assert.equal(await isConsistent(subtle, { size: 0n, root: new Uint8Array(32) }, treeOf(8), []), false);
  assert.equal(await isIncluded(subtle, empty.root, 0n, empty, []), false);
});

test('every place and every pair of sizes up to twenty agrees with the definitions', async () => {
  const hashes = await Promise.all(Array.from({ length: 20 }, (_, at) => leafHash(subtle, [at])));
  for (let size = 1; size <= hashes.length; size++) {
    const some = hashes.slice(0, size);
    const tree = { size: BigInt(size), root: await rootOf(some) };
    for (let at = 0; at < size; at++) {
      const path = await inclusionOf(some, at);
      assert.equal(await isIncluded(subtle, some[at], BigInt(at), tree, path), true, `${at} of ${size}`);
      const neighbour = some[(at + 1) % size];
      assert.equal(await isIncluded(subtle, neighbour, BigInt(at), tree, path), size === 1, `${at} of ${size}`);
      const older = { size: BigInt(at + 1), root: await rootOf(some.slice(0, at + 1)) };
      const proof = await consistencyOf(some, at + 1);
      assert.equal(await isConsistent(subtle, older, tree, proof), true, `${at + 1} to ${size}`);
      for (const wrong of wrongPaths(proof, tree.root)) {
        assert.equal(await isConsistent(subtle, older, tree, wrong), false, `${at + 1} to ${size}`);
      }
    }
  }
});
