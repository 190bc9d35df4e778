// SPDX-License-Identifier: Apache-2.0
// What JSON.parse makes of texts: framed as for print_json.c, answered in its lines. A number that is none any more in
// 64 bits is written as the text "infinite".
import { readFileSync } from "node:fs";

const input = readFileSync(0);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const answers = [];
const finite = (name, value) => (typeof value === "number" && !Number.isFinite(value) ? "infinite" : value);
for (let at = 0; at < input.length;) {
  const end = input.indexOf(10, at);
  const size = Number(input.subarray(at, end).toString("latin1"));
  const octets = input.subarray(end + 1, end + 1 + size);
  at = end + 1 + size;
  try {
    answers.push("ok " + JSON.stringify(JSON.parse(decoder.decode(octets)), finite));
  } catch {
    answers.push("no");
  }
}
process.stdout.write(answers.map((answer) => answer + "\n").join(""));
