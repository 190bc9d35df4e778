// SPDX-License-Identifier: Apache-2.0
// The library that most shops would take (openid-client) signs somebody in, plainly and then as FAPI 2.0 wants it:
// pushed, signed, bound to a key, with data in one request by claims and details. It checks the ID token's signature,
// reads, renews and looks, until the person stops it.
import * as oidc from 'openid-client'
import { ISSUER, check, counted, makeKeys, reach, register } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, COOKIE, PURPOSE } = process.env
const BACK = 'https://shop.example/back'

const meet = async () => {
  const signs = await makeKeys('ES256')
  const id = await register(ORGANISATION, DEPARTMENT, 'shop by openid-client', [signs.publicKey],
    'requests,disclosures', BACK)
  const config = await oidc.discovery(new URL(ISSUER), id, undefined, oidc.PrivateKeyJwt(signs.privateKey),
    { [oidc.customFetch]: reach, execute: [oidc.enableNonRepudiationChecks] })
  return { id, config, bound: { DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256')) } }
}

const asAda = (path, form) => reach(ISSUER + path, { method: 'POST', redirect: 'manual', headers: { cookie: COOKIE,
  accept: 'text/html', ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
  body: form && new URLSearchParams(form) })

/** The whole way; gives the answer of the token endpoint, or throws what the library does. */
const signIn = async ({ config, bound }, more, word = 'accept') => {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const expectedNonce = oidc.randomNonce()
  const address = await oidc.buildAuthorizationUrlWithPAR(config, { redirect_uri: BACK, scope: 'openid',
    state: expectedState, nonce: expectedNonce, code_challenge_method: 'S256',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), ...more }, bound)
  const answered = await asAda('/oauth/authorize', { ...Object.fromEntries(address.searchParams), answer: word })
  check(answered.status === 303, `the answer: ${answered.status}`)
  return oidc.authorizationCodeGrant(config, new URL(answered.headers.get('location')),
    { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }, undefined, bound)
}
/** What the library makes of a refusal. */
const refused = (promise) => promise.then(() => 'taken', (error) => error.error ?? error.cause?.[0]?.parameters.error)
const tell = ({ config, bound }, tokens) =>
  oidc.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? oidc.skipSubjectCheck, bound)

const plainly = async (shop) => {
  const tokens = await signIn(shop, {})
  const told = await tell(shop, tokens)
  check(Object.keys(told).join() === 'sub' && told.sub.startsWith('rel_') && tokens.grant_id === undefined,
    JSON.stringify(told))
  check(await refused(signIn(shop, {}, 'refuse')) === 'access_denied', 'a no is something else')
  await oidc.tokenRevocation(shop.config, tokens.access_token)
  check(await refused(tell(shop, tokens)) === 'invalid_token', 'it is taken on')
}

const withData = async (shop) => {
  const tokens = await signIn(shop, {
    authorization_details: JSON.stringify(
      [{ type: 'personal-data', purpose: PURPOSE, datatypes: ['pd:PhysicalAddress'] }]),
    claims: JSON.stringify({ userinfo: { name: { essential: true } } }) })
  check(tokens.authorization_details[0].datatypes.length === 2, JSON.stringify(tokens.authorization_details))
  const told = await tell(shop, tokens)
  check(told.name === 'Ada Muster' && told.address.locality === 'Bern', JSON.stringify(told))
  const renewed = await oidc.refreshTokenGrant(shop.config, tokens.refresh_token, undefined, shop.bound)
  check((await tell(shop, renewed)).name === 'Ada Muster', 'the next token tells less')
  const stranger = { ...shop, bound: { DPoP: oidc.getDPoPHandle(shop.config, await oidc.randomDPoPKeyPair('ES256')) } }
  check(await refused(tell(stranger, tokens)) === 'invalid_token', 'another key is taken')
  const look = () => oidc.tokenIntrospection(shop.config, renewed.access_token)
  const state = await look()
  check(state.active && state.sub === told.sub && state.client_id === shop.id, JSON.stringify(state))
  check((await asAda(`/v1/me/grants/${tokens.grant_id}/withdraw`)).status === 200, 'she cannot stop it')
  for (const one of [tokens, renewed]) check(await refused(tell(shop, one)) === 'invalid_token', 'it is told on')
  check(await refused(oidc.refreshTokenGrant(shop.config, tokens.refresh_token, undefined, shop.bound)) ===
    'invalid_grant', 'it is renewed')
  check((await look()).active === false, 'it lives on')
}

const shop = await meet()
await plainly(shop)
await withData(shop)
console.log(`found: openid-client signs in, plainly and with data, and sees it stop, ${counted()} checks`)
