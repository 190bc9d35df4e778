// SPDX-License-Identifier: Apache-2.0
// What the clients here share: the node as they know it (its issuer) and where it really listens, keys of each kind,
// and systems registered with them by the program itself.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as jose from 'jose'
import { isDPoPNonceError } from 'oauth4webapi'

export const ISSUER = process.env.ISSUER
const LISTENS = process.env.LISTENS.split(' ')
let turn = 0

/** fetch(), with the node's public address led to where it listens: to each of its servers in turn. */
export const reach = (address, options) => {
  const url = new URL(address)
  if (url.origin !== ISSUER) throw new Error(`a client leaves the node: ${url}`)
  return fetch(LISTENS[turn++ % LISTENS.length] + url.pathname + url.search, options)
}

/** What is asked once more when the node wants a nonce: a new request, with a new assertion and a new proof. */
export const withNonce = async (ask) => {
  try {
    return await ask()
  } catch (error) {
    if (!isDPoPNonceError(error)) throw error
    return ask()
  }
}

export const makeKeys = (alg) =>
  jose.generateKeyPair(alg, { extractable: true, ...(alg === 'PS256' ? { modulusLength: 2048 } : {}) })

/** The organisation, department and scopes of a system that signs; gives its client id. `keys`: also as JWK;
 *  `redirects`: addresses, with blanks. */
export const register = async (organisation, department, name, keys, scopes, redirects) => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-keys-'))
  try {
    const file = join(folder, 'keys.jwks')
    writeFileSync(file, JSON.stringify({
      keys: await Promise.all(keys.map((key) => key.kty ? key : jose.exportJWK(key))) }))
    const words = ['system', 'create', organisation, department, name, '--jwks', file, '--json', '--scope', scopes,
      ...(redirects ? ['--redirect', redirects] : [])]
    const store = JSON.parse(process.env.STORE)
    return JSON.parse(execFileSync(process.env.SYMBOLON, [...words, ...store], { encoding: 'utf8' })).id
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let checks = 0
export const check = (truth, words) => {
  checks++
  if (!truth) throw new Error(words)
}
export const counted = () => checks
