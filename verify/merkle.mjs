// SPDX-License-Identifier: Apache-2.0
// The tree of RFC 6962 section 2.1: hashes of leaves and nodes, and the checks of proofs by RFC 9162 sections 2.1.3.2
// and 2.1.4.2. Sizes and indices are BigInts. Any numbers and any path may come in: the answer is true or false.

import { equal } from './bytes.mjs';
import { sha256 } from './signature.mjs';

export function leafHash(subtle, entry) {
  return sha256(subtle, [0], entry);
}

export function nodeHash(subtle, left, right) {
  return sha256(subtle, [1], left, right);
}

export function emptyRoot(subtle) {
  return sha256(subtle);
}

// Where a walk from a leaf to the root stands: the index of its node on this level, and that of the last node.
class Walk {
  constructor(index, last) {
    this.index = index;
    this.last = last;
  }

  up() {
    this.index >>= 1n;
    this.last >>= 1n;
  }

  // The sibling stands on the left. Levels on which the node has no sibling are then passed over.
  get isRight() {
    return (this.index & 1n) === 1n || this.index === this.last;
  }

  skipLonely() {
    while ((this.index & 1n) === 0n && this.index !== 0n) this.up();
  }
}

// The leaf stands at `index` in the tree of this size and root.
export async function isIncluded(subtle, leaf, index, tree, path) {
  if (index < 0n || index >= tree.size) return false;
  const walk = new Walk(index, tree.size - 1n);
  let hash = leaf;
  for (const other of path) {
    if (walk.last === 0n) return false;
    if (walk.isRight) {
      hash = await nodeHash(subtle, other, hash);
      walk.skipLonely();
    } else {
      hash = await nodeHash(subtle, hash, other);
    }
    walk.up();
  }
  return walk.last === 0n && equal(hash, tree.root);
}

// The tree `to` begins with all leaves of the tree `from`. From the empty tree to any other the only proof is the empty
// path.
export async function isConsistent(subtle, from, to, path) {
  if (from.size < 0n || from.size > to.size) return false;
  if (from.size === to.size) return path.length === 0 && equal(from.root, to.root);
  if (from.size === 0n) return path.length === 0 && equal(from.root, await emptyRoot(subtle));
  const isWhole = (from.size & (from.size - 1n)) === 0n; // a power of two: its root is itself a node of the other tree
  const [first, ...rest] = isWhole ? [from.root, ...path] : path;
  if (path.length === 0) return false;
  const walk = new Walk(from.size - 1n, to.size - 1n);
  while ((walk.index & 1n) === 1n) walk.up();
  let older = first;
  let newer = first;
  for (const other of rest) {
    if (walk.last === 0n) return false;
    if (walk.isRight) {
      older = await nodeHash(subtle, other, older);
      newer = await nodeHash(subtle, other, newer);
      walk.skipLonely();
    } else {
      newer = await nodeHash(subtle, newer, other);
    }
    walk.up();
  }
  return walk.last === 0n && equal(older, from.root) && equal(newer, to.root);
}
