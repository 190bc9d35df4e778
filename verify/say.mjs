// SPDX-License-Identifier: Apache-2.0
// A verdict in words and in JSON: the words of `symbolon verify`, letter for letter.

import { SAID } from './content.mjs';
import { spellOut } from './overt.mjs';
import { STEPS } from './receipt.mjs';

function sayContent(content) {
  const lines = SAID.map(({ name, label }) => [label, spellOut(content[name])]);
  lines.push(['Kinds', content.kinds.map(spellOut).filter((kind) => kind !== '').join(', ')]);
  return lines.filter(([, text]) => text !== '').map(([label, text]) => `  ${label}: ${text}`);
}

function sayReceipt(verdict) {
  const mark = (at) => (at < verdict.passed ? 'ok  ' : at === verdict.passed ? 'FAIL' : '  - ');
  const lines = [`${verdict.name}: ${verdict.ok ? 'genuine' : 'NOT PROVED'}`];
  STEPS.forEach((sentence, at) => lines.push(`  ${mark(at)} ${sentence}`));
  if (!verdict.ok) return lines;
  lines.push(`  Entry ${verdict.index} of ${verdict.treeSize} in the log ${verdict.origin}`);
  return [...lines, ...sayContent(verdict.content)];
}

function sayCheckpoint(verdict) {
  return [`${verdict.name}: ${verdict.ok ? 'genuine checkpoint' : 'NOT PROVED'}`];
}

export function inWords(verdicts) {
  const lines = verdicts.files.flatMap((one) => (one.kind === 'receipt' ? sayReceipt(one) : sayCheckpoint(one)));
  return lines.map((line) => `${line}\n`).join('');
}

// As the other program writes it, which escapes the delete character too.
const write = (value) => JSON.stringify(value).replaceAll('\x7f', '\\u007f');

// Numbers are written from BigInts, so that none of them is rounded.
export function inJson(verdicts) {
  const files = verdicts.files.map((one) => `{"file":${write(one.name)},"ok":${one.ok},` +
    `"steps_passed":${one.passed},"origin":${write(one.origin)},"index":${one.index},` +
    `"tree_size":${one.treeSize}${one.content ? `,"receipt":${write(one.content)}` : ''}}`);
  return `{"files":[${files.join(',')}],"ok":${verdicts.ok}}\n`;
}

export function failureInWords(failure) {
  return `symbolon-verify: ${failure.message}\n`;
}

export function failureInJson(failure) {
  return `${JSON.stringify({ error: failure.reason, detail: failure.message })}\n`;
}
