// SPDX-License-Identifier: Apache-2.0
// How a check says no: a kind (which gives the exit code), a stable reason for programs, a sentence for people. Kinds,
// exit codes and reasons are those of `symbolon verify`; no sentence repeats what stands in a file.

export const EXIT = Object.freeze({ OK: 0, MALFORMED: 2, USAGE: 2, TOO_LARGE: 7, INVALID: 8 });

export class Failure extends Error {
  constructor(kind, reason, sentence) {
    super(sentence);
    this.kind = kind;
    this.reason = reason;
  }

  get exitCode() {
    return EXIT[this.kind];
  }
}

// The text or bytes do not have the form that their document gives them.
export function malformed(reason, sentence) {
  return new Failure('MALFORMED', reason, sentence);
}

// The form is right, but what it says does not hold.
export function invalid(reason, sentence) {
  return new Failure('INVALID', reason, sentence);
}

export function tooLarge(reason, sentence) {
  return new Failure('TOO_LARGE', reason, sentence);
}

export function usage(reason, sentence) {
  return new Failure('USAGE', reason, sentence);
}
