// SPDX-License-Identifier: Apache-2.0
// The checker of verify/ many times in one process: takes and gives what verify_cases.c does. The first argument is the
// folder of the checker, so that a broken copy can be run too.

import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const SIDE_BY_SIDE = 16;
const { run } = await import(pathToFileURL(resolve(process.argv[2], 'symbolon-verify.mjs')).href);

async function answerTo(line) {
  const words = line.split('\t');
  const { exitCode, out, reason } = await run(words);
  const octets = Buffer.from(out);
  return Buffer.concat([Buffer.from(`${exitCode} ${reason ?? '-'} ${octets.length}\n`), octets]);
}

const waiting = [];
async function writeFirst() {
  if (!process.stdout.write(await waiting.shift())) await once(process.stdout, 'drain');
}

for await (const line of createInterface({ input: process.stdin })) {
  if (waiting.length === SIDE_BY_SIDE) await writeFirst();
  waiting.push(answerTo(line));
}
while (waiting.length > 0) await writeFirst();
