// SPDX-License-Identifier: Apache-2.0
// Every maximum of this checker. They are those of the node: what it writes lies far below them, and whatever lies
// above was not written by it.

export const LIMITS = Object.freeze({
  files: 16, // given in one call, the key not counted
  fileBytes: 1024 * 1024 - 1,
  receiptBytes: 256 * 1024,
  proofBytes: 64 * 1024,
  noteBytes: 32 * 1024,
  noteSignatures: 32,
  nameBytes: 255,
  proofHashes: 63, // a tree has at most 2^63 - 1 leaves
  jsonDepth: 32,
  jsonMembers: 1000, // members or items of one container
});
