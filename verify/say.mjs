// SPDX-License-Identifier: Apache-2.0
// A verdict in words and in JSON: the words of `symbolon verify`, letter for letter.

import { STEPS } from './receipt.mjs';

function sayReceipt(verdict) {
  const mark = (at) => (at < verdict.passed ? 'ok  ' : at === verdict.passed ? 'FAIL' : '  - ');
  const lines = [`${verdict.name}: ${verdict.ok ? 'genuine' : 'NOT PROVED'}`];
  STEPS.forEach((sentence, at) => lines.push(`  ${mark(at)} ${sentence}`));
  if (verdict.ok) lines.push(`  Entry ${verdict.index} of ${verdict.treeSize} in the log ${verdict.origin}`);
  return lines;
}

function sayCheckpoint(verdict) {
  return [`${verdict.name}: ${verdict.ok ? 'genuine checkpoint' : 'NOT PROVED'}`];
}

export function inWords(verdicts) {
  const lines = verdicts.files.flatMap((one) => (one.kind === 'receipt' ? sayReceipt(one) : sayCheckpoint(one)));
  return lines.map((line) => `${line}\n`).join('');
}

// Numbers are written from BigInts, so that none of them is rounded.
export function inJson(verdicts) {
  const files = verdicts.files.map((one) => `{"file":${JSON.stringify(one.name)},"ok":${one.ok},` +
    `"steps_passed":${one.passed},"origin":${JSON.stringify(one.origin)},"index":${one.index},` +
    `"tree_size":${one.treeSize}}`);
  return `{"files":[${files.join(',')}],"ok":${verdicts.ok}}\n`;
}

export function failureInWords(failure) {
  return `symbolon-verify: ${failure.message}\n`;
}

export function failureInJson(failure) {
  return `${JSON.stringify({ error: failure.reason, detail: failure.message })}\n`;
}
