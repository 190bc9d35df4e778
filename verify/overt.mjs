// SPDX-License-Identifier: Apache-2.0
// Text of strangers as one line of a terminal may show it: what hides, or turns what stands around it, is spelled out
// as \u{code}. Ranges by The Unicode Standard, version 15; what a language needs inside its words is let through there.

const HIDDEN = [
  [0xad, 0xad], [0x34f, 0x34f], // soft hyphen, grapheme joiner
  [0x61c, 0x61c], [0x200e, 0x200f], [0x202a, 0x202e], [0x2066, 0x206f], // direction
  [0x115f, 0x1160], [0x17b4, 0x17b5], [0x3164, 0x3164], [0xffa0, 0xffa0], // fillers
  [0x180b, 0x180f], [0x200b, 0x200d], [0x2028, 0x2029], [0x2060, 0x2065], [0xfeff, 0xfeff], // no width
  [0xe000, 0xf8ff], [0xfdd0, 0xfdef], // private use, no characters
  [0xfe00, 0xfe0f], [0xfff0, 0xfffb], [0x1bca0, 0x1bca3], [0x1d173, 0x1d17a], [0xe0000, 0x10ffff], // variations, tags
];
const JOINING = [
  [0x620, 0x8ff], [0x900, 0xdff], [0x1000, 0x109f], [0x1780, 0x17d3], [0x1820, 0x18aa], [0xa980, 0xa9df],
  [0x11000, 0x11fff], [0x1e900, 0x1e943],
];
const PICTURES = [
  [0x2190, 0x2bff], [0x1f000, 0x1faff], [0xa9, 0xa9], [0xae, 0xae], [0x203c, 0x203c], [0x2049, 0x2049],
  [0x3030, 0x3030], [0x303d, 0x303d],
];
const KEYS = [[0x23, 0x23], [0x2a, 0x2a], [0x30, 0x39]]; // "#", "*" and digits, which become keys
const IDEOGRAPHS = [[0x3400, 0x9fff], [0xf900, 0xfaff], [0x20000, 0x3ffff]];
const MONGOLIAN = [[0x1820, 0x18aa]];
const CONTROLS = [[0, 0x1f], [0x7f, 0x9f]];

const isIn = (table, code) => table.some(([first, last]) => code >= first && code <= last);
const isHidden = (code) => isIn(HIDDEN, code) || (code & 0xfffe) === 0xfffe;

function isNeeded(before, code, after) {
  if (code === 0x200c || code === 0x200d) {
    const inPicture = code === 0x200d && (isIn(PICTURES, before) || before === 0xfe0f) && isIn(PICTURES, after);
    return inPicture || (isIn(JOINING, before) && isIn(JOINING, after));
  }
  if (code === 0xfe0e || code === 0xfe0f) return isIn(PICTURES, before) || isIn(KEYS, before);
  if (code >= 0xe0100 && code <= 0xe01ef) return isIn(IDEOGRAPHS, before);
  return ((code >= 0x180b && code <= 0x180d) || code === 0x180f) && isIn(MONGOLIAN, before);
}

export function spellOut(text) {
  const codes = [...text].map((character) => character.codePointAt(0));
  return codes.map((code, at) => {
    const isShown = !isIn(CONTROLS, code) &&
      (!isHidden(code) || isNeeded(codes[at - 1] ?? 0, code, codes[at + 1] ?? 0));
    return isShown ? String.fromCodePoint(code) : `\\u{${code.toString(16)}}`;
  }).join('');
}
