// SPDX-License-Identifier: Apache-2.0
// A client of others (oauth4webapi) reads the node's metadata, gets a token with an assertion and a proof, is asked for
// a nonce, uses the token, asks what it stands for, and ends it: with each algorithm. Everything is the library's but
// the keys: what it refuses would be ours to mend.
import * as oauth from 'oauth4webapi'
import { ISSUER, check, counted, makeKeys, reach, register, withNonce } from './wire.mjs'

const { ORGANISATION, DEPARTMENT } = process.env
const options = { [oauth.customFetch]: reach }

const discover = async () => {
  const issuer = new URL(ISSUER)
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options })
  const server = await oauth.processDiscoveryResponse(issuer, response)
  const resource = await oauth.processResourceDiscoveryResponse(
    issuer, await oauth.resourceDiscoveryRequest(issuer, options))
  check(resource.authorization_servers[0] === server.issuer, 'the resource names another server')
  check(server.require_pushed_authorization_requests && server.response_types_supported.join() === 'code',
    'a person is sent here with a pushed request only')
  return server
}

const life = async (server, alg) => {
  const signs = await makeKeys(alg)
  const client = { client_id: await register(ORGANISATION, DEPARTMENT, `till ${alg}`, [signs.publicKey],
    'relationships,purposes') }
  const proofs = oauth.DPoP(client, await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg))
  const authenticate = () => oauth.PrivateKeyJwt(signs.privateKey)
  let asked = 0
  const answer = await withNonce(async () => {
    asked++
    const response = await oauth.clientCredentialsGrantRequest(
      server, client, authenticate(), { scope: 'relationships' }, { ...options, DPoP: proofs })
    check(response.headers.get('cache-control') === 'no-store', 'a token may be kept on its way')
    return oauth.processClientCredentialsResponse(server, client, response)
  })
  check(asked === 2, 'no nonce was asked for')
  check(answer.token_type === 'dpop' && answer.scope === 'relationships' && answer.expires_in === 600,
    JSON.stringify(answer))
  const use = (method, path, body) =>
    withNonce(() => oauth.protectedResourceRequest(
      answer.access_token, method, new URL(path, ISSUER),
        new Headers(body ? { 'content-type': 'application/json' } : {}),
      body, { ...options, DPoP: proofs }))
  for (let i = 0; i < 3; i++) check((await use('GET', '/v1/org/relationships')).status === 200, 'a read with the token')
  check((await use('GET', '/v1/org/relationships?limit=1')).status === 200, 'a read with a query')
  const beyond = await use('GET', '/v1/org/purposes').catch((error) => error)
  check(beyond.status === 403 && beyond.cause[0].scheme === 'dpop' &&
    beyond.cause[0].parameters.error === 'insufficient_scope', 'a scope that it did not ask for')
  const look = async () => oauth.processIntrospectionResponse(server, client,
    await oauth.introspectionRequest(server, client, authenticate(), answer.access_token, options))
  const state = await look()
  check(state.active && state.client_id === client.client_id && state.scope === 'relationships' &&
    state.cnf.jkt === await proofs.calculateThumbprint() && state.iss === ISSUER, JSON.stringify(state))
  check(state.exp - state.iat === 600, 'it lives for ten minutes')
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authenticate(), answer.access_token, options))
  check(JSON.stringify(await look()) === '{"active":false}', 'it lives on')
  try {
    await use('GET', '/v1/org/relationships')
    check(false, 'it is taken on')
  } catch (error) {
    check(error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.status === 401 &&
      error.cause[0].scheme === 'dpop' && error.cause[0].parameters.error === 'invalid_token', String(error))
  }
}

const server = await discover()
for (const alg of ['ES256', 'EdDSA', 'PS256']) await life(server, alg)
console.log(`found: oauth4webapi gets, uses and ends a bound token with 3 algorithms, ${counted()} checks`)
