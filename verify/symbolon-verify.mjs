#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The command: symbolon-verify.mjs FILE... [--key FILE] [--json]. The only file here that reads files; nothing here or
// below opens a connection. Exit codes are those of failure.mjs, 0 when everything is genuine.

import { webcrypto } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { EXIT, Failure, usage } from './failure.mjs';
import { LIMITS } from './limits.mjs';
import { failureInJson, failureInWords, inJson, inWords } from './say.mjs';
import { checkSize, judge, kindOf } from './verdict.mjs';

const HELP = `symbolon-verify.mjs FILE... [--key FILE] [--json]

Checks receipts, proofs and checkpoints of a Symbolon node without node or
network. Give a receipt, its proof and the node's log key, in any order: the
files are told apart by what stands in them.

  node symbolon-verify.mjs receipt.jws receipt.tlog-proof --key node.key

Exit code: 0 all genuine, 2 a file or the call has the wrong form, 7 a file is
larger than any genuine one, 8 well formed and not genuine.
`;

function parseArguments(words) {
  const asked = { files: [], key: null, json: false, help: false };
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest.shift();
    const [name, value] = [word.split('=', 1)[0], word.includes('=') ? word.slice(word.indexOf('=') + 1) : null];
    if (word === '--') asked.files.push(...rest.splice(0));
    else if ((name === '--key' && asked.key !== null) || asked[word.slice(2)] === true) {
      throw usage('cli.option', `${name} stands there twice`);
    } else if (word === '--json' || word === '--help') asked[word.slice(2)] = true;
    else if (name === '--key') asked.key = value ?? rest.shift() ?? '';
    else if (word.startsWith('--')) throw usage('cli.option', `there is no option ${name}`);
    else asked.files.push(word);
  }
  if (!asked.help && (asked.files.length === 0 || asked.files.length > LIMITS.files)) {
    throw usage('cli.arguments', `give one to ${LIMITS.files} files; --help says more`);
  }
  return asked;
}

function readOne(name) {
  let bytes;
  try {
    bytes = new Uint8Array(readFileSync(name));
  } catch {
    throw usage('verify.file', `the file ${name} cannot be read`);
  }
  checkSize(name, bytes);
  return { name, bytes };
}

function readFiles({ files, key }) {
  const read = files.map(readOne);
  if (key === null) return read;
  const keyFile = readOne(key);
  if (kindOf(keyFile.bytes).kind !== 'key') throw usage('verify.no_key', `the file ${key} holds no log key`);
  return [...read, keyFile];
}

// Gives the exit code, the reason of a failure, and what is to be written; writes nothing.
export async function run(words, subtle = webcrypto.subtle) {
  const json = words.includes('--json');
  let out = '';
  let failure = null;
  try {
    const asked = parseArguments(words);
    if (asked.help) return { exitCode: EXIT.OK, reason: null, out: HELP, error: '' };
    const verdicts = await judge(subtle, readFiles(asked));
    out = json ? inJson(verdicts) : inWords(verdicts);
    failure = verdicts.failure;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  if (failure === null) return { exitCode: EXIT.OK, reason: null, out, error: '' };
  const error = json ? failureInJson(failure) : failureInWords(failure);
  return { exitCode: failure.exitCode, reason: failure.reason, out, error };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.removeAllListeners('warning'); // Node 18 calls Ed25519 an experiment
  const { exitCode, out, error } = await run(process.argv.slice(2));
  process.stdout.write(out);
  process.stderr.write(error);
  process.exitCode = exitCode;
}
