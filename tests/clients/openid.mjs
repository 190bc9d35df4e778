// SPDX-License-Identifier: Apache-2.0
// A client of others (oauth4webapi) signs somebody in by OpenID Connect, another one (jose) checks the ID token against
// the node's keys, and UserInfo tells what was granted, until the person stops it. Two organisations compare what they
// were told and find nothing in common.
import * as oauth from 'oauth4webapi'
import * as jose from 'jose'
import { ISSUER, check, counted, makeKeys, reach, register, withNonce } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, OTHER_ORGANISATION, OTHER_DEPARTMENT, COOKIE, PURPOSE } = process.env
const BACK = 'https://shop.example/back'
const options = { [oauth.customFetch]: reach }
const issuer = new URL(ISSUER)

const asPerson = (path, form) => reach(ISSUER + path, { method: form ? 'POST' : 'GET', redirect: 'manual',
  headers: { cookie: COOKIE, accept: form ? 'text/html' : 'application/json',
    ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
  body: form && new URLSearchParams(form) })

const discover = async () => {
  const server = await oauth.processDiscoveryResponse(issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...options }))
  const other = await oauth.processDiscoveryResponse(issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }))
  check(JSON.stringify(server) === JSON.stringify(other), 'the two descriptions differ')
  check(server.subject_types_supported.join() === 'pairwise' && server.response_types_supported.join() === 'code' &&
    server.id_token_signing_alg_values_supported.join() === 'ES256' && server.claims_parameter_supported === true &&
    server.request_uri_parameter_supported === false && server.scopes_supported.includes('openid') &&
    server.claims_supported.includes('phone_number'), JSON.stringify(server))
  return server
}
const server = await discover()

const readKeys = async () => {
  const response = await reach(server.jwks_uri)
  check(response.headers.get('cache-control') === 'public, max-age=3600', 'nobody may keep the keys')
  const set = await response.json()
  check(set.keys.length === Number(process.env.KEYS ?? 1) && set.keys.every((key) => !('d' in key)),
    JSON.stringify(set))
  check(set.keys[0].kid === await jose.calculateJwkThumbprint(set.keys[0]), 'a key under another name')
  return jose.createLocalJWKSet(set)
}
const keys = await readKeys()

const newClient = async (organisation, department, name, scopes = 'requests,disclosures') => {
  const signs = await makeKeys('ES256')
  const client = { client_id: await register(organisation, department, name, [signs.publicKey], scopes, BACK) }
  const proofs = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  return { client, with: { ...options, DPoP: proofs }, authenticate: () => oauth.PrivateKeyJwt(signs.privateKey) }
}

const push = (by, more, verifier) => withNonce(async () => oauth.processPushedAuthorizationResponse(server, by.client,
  await oauth.pushedAuthorizationRequest(server, by.client, by.authenticate(), {
    response_type: 'code', redirect_uri: BACK, code_challenge: verifier, code_challenge_method: 'S256', ...more },
  by.with)))

/** The whole way; gives the answer of the token endpoint. */
const signIn = async (by, more) => {
  const verifier = oauth.generateRandomCodeVerifier()
  const nonce = oauth.generateRandomNonce()
  const state = oauth.generateRandomState()
  const pushed = await push(by, { state, ...(more.scope ? { nonce } : {}), ...more },
    await oauth.calculatePKCECodeChallenge(verifier))
  const answered = await asPerson('/oauth/authorize',
    { client_id: by.client.client_id, request_uri: pushed.request_uri, answer: 'accept' })
  check(answered.status === 303, `the answer: ${answered.status}`)
  const back = oauth.validateAuthResponse(server, by.client, new URL(answered.headers.get('location')), state)
  return withNonce(async () => oauth.processAuthorizationCodeResponse(server, by.client,
    await oauth.authorizationCodeGrantRequest(server, by.client, by.authenticate(), back, BACK, verifier, by.with),
    more.scope ? { expectedNonce: nonce, requireIdToken: true } : {}))
}

const readToken = async (by, answer) => {
  const { payload, protectedHeader } = await jose.jwtVerify(answer.id_token, keys,
    { issuer: ISSUER, audience: by.client.client_id, algorithms: ['ES256'], maxTokenAge: 60, typ: 'JWT' })
  check(Object.keys(protectedHeader).sort().join() === 'alg,kid,typ', JSON.stringify(protectedHeader))
  check(payload.exp - payload.iat === 600 && payload.sub.startsWith('rel_') && payload.aud === by.client.client_id &&
    payload.acr === undefined && payload.auth_time === undefined, JSON.stringify(payload)) // it came by a link
  return payload
}

const tell = (by, token) => withNonce(() => oauth.userInfoRequest(server, by.client, token, by.with))
const claims = async (by, answer, subject) =>
  oauth.processUserInfoResponse(server, by.client, subject, await tell(by, answer.access_token))
const reads = async () => (await (await asPerson('/v1/me/disclosures')).json()).items

/** 401, and why. */
const refused = async (by, answer) => {
  const response = await tell(by, answer.access_token)
  return `${response.status} ${response.headers.get('www-authenticate').split(',')[0]}`
}

const sharing = async (by) => {
  const details = [{ type: 'personal-data', purpose: PURPOSE, datatypes: ['pd:PhysicalAddress'] }]
  const wanted = { userinfo: { name: { essential: true }, phone_number: null, 'urn:unknown': null } }
  const answer = await signIn(by, { scope: 'openid', authorization_details: JSON.stringify(details),
    claims: JSON.stringify(wanted) })
  check(answer.authorization_details[0].datatypes.length === 3, 'claims and details are not one request')
  const { sub } = await readToken(by, answer)
  const told = await claims(by, answer, sub)
  check(told.name === 'Ada Muster' && told.address.locality === 'Bern' && !('phone_number' in told) &&
    Object.keys(told).length === 3, JSON.stringify(told)) // she has filled in no telephone number
  const before = await reads()
  check(before[0].outcome === 'given' && before[0].grant === answer.grant_id && before[0].attributes.length === 3 &&
    before[0].relationship === sub, JSON.stringify(before[0]))
  const posted = await withNonce(() => oauth.protectedResourceRequest(answer.access_token, 'POST',
    new URL(server.userinfo_endpoint), undefined, undefined, by.with))
  check(posted.status === 200 && (await posted.json()).sub === sub, 'POST is another door')
  check((await reads()).length === before.length + 1, 'a read that nobody sees')
  const stop = `${ISSUER}/v1/me/grants/${answer.grant_id}/withdraw`
  check((await reach(stop, { method: 'POST', headers: { cookie: COOKIE } })).status === 200, 'she cannot stop it')
  const words = await refused(by, answer)
  check(words === '401 DPoP error="invalid_token"', words)
  check((await reads()).filter((read) => read.outcome === 'given').length === before.length + 1, 'it was told again')
  return sub
}

/** Others of its department may read by this grant; a client without the scope is told who it is, which is no read. */
const asking = async (by) => {
  const before = (await reads()).length
  const answer = await signIn(by, { scope: 'openid', authorization_details: JSON.stringify(
    [{ type: 'personal-data', purpose: PURPOSE, datatypes: ['pd:Name'] }]) })
  const { sub } = await readToken(by, answer)
  const told = await claims(by, answer, sub)
  check(answer.grant_id.startsWith('grt_') && Object.keys(told).join() === 'sub', JSON.stringify(told))
  check((await reads()).length === before, 'who may not read has read')
}

const replay = async (by, answer) => {
  let sent
  const spy = { ...by.with, [oauth.customFetch]: async (...words) => {
    sent = words
    return new Response('{}')
  } }
  check((await tell(by, answer.access_token)).status === 200, 'there is no nonce')
  await oauth.userInfoRequest(server, by.client, answer.access_token, spy)
  const replies = await Promise.all(Array.from({ length: 64 }, () => reach(...sent)))
  check(replies.filter((response) => response.status === 200).length === 1 &&
    replies.filter((response) => response.status === 401).length === 63, `one proof, taken: ${replies.map((r) =>
    r.status)}`)
  const { headers } = sent[1]
  const bearer = new Headers(headers)
  bearer.set('authorization', `Bearer ${answer.access_token}`)
  check((await reach(server.userinfo_endpoint, { headers: bearer })).status === 401, 'a token is taken by Bearer')
  check((await reach(server.userinfo_endpoint)).status === 401, 'nobody is told')
  const stolen = { ...options, DPoP: oauth.DPoP(by.client, await oauth.generateKeyPair('ES256')) }
  for (const told of ['use_dpop_nonce', 'invalid_token']) { // the first one brings the nonce
    const response = await oauth.userInfoRequest(server, by.client, answer.access_token, stolen)
    check(response.status === 401 && response.headers.get('www-authenticate').startsWith(`DPoP error="${told}"`), told)
  }
}

/** Also UserInfo knows nobody any more when the client was shut out. */
const shutOut = async (by) => {
  const answer = await signIn(by, { scope: 'openid' })
  check((await tell(by, answer.access_token)).status === 200, 'a token that is good')
  const newest = (await (await asPerson('/v1/me/authorizations?limit=1')).json()).items[0]
  const ended = await reach(`${ISSUER}/v1/me/authorizations/${newest.id}`,
    { method: 'DELETE', headers: { cookie: COOKIE } })
  check(newest.client.id === by.client.client_id && newest.grant === null && ended.status === 204, 'it is not shut out')
  const words = await refused(by, answer)
  check(words === '401 DPoP error="invalid_token"', words)
}

const signingInOnly = async (by) => {
  const before = (await reads()).length
  const answer = await signIn(by, { scope: 'openid' })
  const { sub } = await readToken(by, answer)
  check(answer.grant_id === undefined && answer.authorization_details === undefined, JSON.stringify(answer))
  const told = await claims(by, answer, sub)
  check(Object.keys(told).join() === 'sub', JSON.stringify(told))
  check((await reads()).length === before, 'signing in is a read')
  const relationship = await (await asPerson(`/v1/me/relationships/${sub}`)).json()
  check(relationship.state === 'active', 'the person does not see where she signed in')
  await replay(by, answer)
  return sub
}

/** Whether eight letters in a row of one name stand in the other. */
const haveInCommon = (one, other) => {
  const [a, b] = [one, other].map((name) => name.split('_')[1])
  return Array.from({ length: a.length - 7 }, (_, at) => a.slice(at, at + 8)).some((part) => b.includes(part))
}

const shop = await newClient(ORGANISATION, DEPARTMENT, 'web shop')

const whole = async () => {
  const bank = await newClient(OTHER_ORGANISATION, OTHER_DEPARTMENT, 'e-bank')
  const atShop = await sharing(shop)
  check(await signingInOnly(shop) === atShop, 'the shop knows her by two names')
  check(await signingInOnly(await newClient(ORGANISATION, DEPARTMENT, 'another till')) === atShop,
    'systems of one organisation know her by two names')
  await shutOut(shop)
  await asking(await newClient(ORGANISATION, DEPARTMENT, 'desk that asks', 'requests'))
  const atBank = await signingInOnly(bank)
  check(haveInCommon(atShop, atShop) && !haveInCommon(atShop, atBank), 'two names that tell of one another')
  const without = await signIn(shop, { authorization_details: JSON.stringify(
    [{ type: 'personal-data', purpose: PURPOSE, datatypes: ['pd:Name'] }]) })
  const untold = await tell(shop, without.access_token)
  check(without.id_token === undefined && untold.status === 403, 'data alone signs somebody in')
  check(untold.headers.get('www-authenticate')?.startsWith('DPoP error="insufficient_scope"'), 'a scope that lacks')
  const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier())
  for (const bad of ['{"userinfo":{"name":null}}', '{"userinfo":[]}', '{"id_token":{"sub":{"value":"rel_1"}}}',
    '{"id_token":{"acr":{"essential":true,"value":"phr"}}}', '{'])
    check(await push(shop, { scope: 'openid', claims: bad }, challenge).then(() => 'taken', (e) => e.error) ===
      'invalid_request', `claims: ${bad}`)
  console.log(`found: oauth4webapi and jose sign in, read claims and see them stop, ${counted()} checks`)
}

/** A token of now, and which of those from before the set still proves. */
const acrossKeys = async (before) => {
  const { id_token } = await signIn(shop, { scope: 'openid' })
  const good = []
  for (const token of [...before, id_token])
    good.push(await jose.jwtVerify(token, keys, { issuer: ISSUER, algorithms: ['ES256'],
      currentDate: new Date(jose.decodeJwt(token).iat * 1000) }).then(() => true, // its ten minutes are over
    (error) => error.code === 'ERR_JWKS_NO_MATCHING_KEY' ? false : Promise.reject(error)))
  console.log(JSON.stringify({ id_token, kid: jose.decodeProtectedHeader(id_token).kid, good }))
}

await (process.argv[2] === 'keys' ? acrossKeys(process.argv.slice(3)) : whole())
