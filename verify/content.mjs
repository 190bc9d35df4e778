// SPDX-License-Identifier: Apache-2.0
// What a receipt says: which act, of whom, when, for which kinds of data. What is missing, or is no text, is empty.

import { isText, member } from './json.mjs';

// `label` stands before it in words.
export const SAID = [
  { name: 'act', label: 'Act', path: ['symbolon:act'] },
  { name: 'at', label: 'When', path: ['dpv:hasConsentStatus', 'dpv:isIndicatedAtTime'] },
  { name: 'organisation', label: 'Organisation', path: ['dpv:hasDataController', 'dct:title'] },
  { name: 'organisation_id', label: 'Organisation id', path: ['dpv:hasDataController', '@id'] },
  { name: 'relationship', label: 'Relationship', path: ['dpv:hasDataSubject', '@id'] },
  { name: 'purpose', label: 'Purpose', path: ['dpv:hasProcess', 'dpv:hasPurpose', 'dct:title'] },
];

const PREFIX = 'symbolon:'; // of ids, which are shown without

function find(content, path) {
  const found = path.reduce(member, content);
  if (!isText(found)) return '';
  return found.startsWith(PREFIX) ? found.slice(PREFIX.length) : found;
}

// Takes the payload as parseJson() gives it. Gives a text by each name of SAID, and `kinds`, a list of texts.
export function contentOf(payload) {
  const said = Object.fromEntries(SAID.map(({ name, path }) => [name, find(payload, path)]));
  const kinds = member(payload, 'dpv:hasPersonalData');
  return { ...said, kinds: Array.isArray(kinds) ? kinds.filter(isText) : [] };
}
