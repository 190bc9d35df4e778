// SPDX-License-Identifier: Apache-2.0
// A client of others (oauth4webapi) leads a person through the whole flow of FAPI 2.0: pushed request with a proof, the
// page, the answer, the code, the token, a refresh; then the person stops the grant, and nothing of it lives on.
import * as oauth from 'oauth4webapi'
import { ISSUER, check, counted, makeKeys, reach, register, withNonce } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, COOKIE, PURPOSE } = process.env
const BACK = 'https://shop.example/back'
const options = { [oauth.customFetch]: reach }

const server = await oauth.discoveryRequest(new URL(ISSUER), { algorithm: 'oauth2', ...options })
  .then((response) => oauth.processDiscoveryResponse(new URL(ISSUER), response))
const asPerson = (path, { form, body, method = 'GET' } = {}) => reach(ISSUER + path, { method, redirect: 'manual',
  headers: { cookie: COOKIE, ...(form ? { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' } :
    {}),
    ...(body ? { 'content-type': 'application/json' } : {}) },
  body: form ? new URLSearchParams(form) : body && JSON.stringify(body) })

const life = async (alg, byPage) => {
  const signs = await makeKeys(alg)
  const client = { client_id: await register(ORGANISATION, DEPARTMENT, `web shop ${alg}`, [signs.publicKey],
    'requests,grants', BACK) }
  const proofs = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const authenticate = () => oauth.PrivateKeyJwt(signs.privateKey)
  const withProof = { ...options, DPoP: proofs }
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const details = [{ type: 'personal-data', locations: [ISSUER], actions: ['read'], purpose: PURPOSE,
    datatypes: ['pd:PhysicalAddress', 'pd:Name'], duration: 'P30D' }]
  const pushed = await withNonce(async () => oauth.processPushedAuthorizationResponse(server, client,
    await oauth.pushedAuthorizationRequest(server, client, authenticate(), {
      response_type: 'code', redirect_uri: BACK, scope: 'openid', state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
      authorization_details: JSON.stringify(details) }, withProof)))
  check(pushed.expires_in === 300, 'a request waits for five minutes')
  const query = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
  const stranger = await reach(`${server.authorization_endpoint}?${query}`)
  check(stranger.status === 200 && !(await stranger.text()).includes('value="accept"'), 'a stranger may answer')
  const page = await asPerson(`/oauth/authorize?${query}`)
  const text = await page.text()
  const policy = page.headers.get('content-security-policy')
  check(page.status === 200 && text.includes('Bring your order to the right door.') && text.includes('Blue Shop'),
    'the page does not say what is asked')
  check(!policy.includes('form-action') && policy.startsWith("default-src 'none';") &&
    policy.includes("frame-ancestors 'none'") && !text.includes('<script'), policy)
  check(text.includes('Ada, signed in here as per_') && text.includes('The department Shipping of Blue Shop') &&
    text.includes(alg === 'ES256' ? 'There is none yet. A yes begins one.' : 'There is one since ') &&
    text.includes('30 days from now'), 'the page does not say who, to whom and until when')
  const shown = await (await asPerson(`/v1/me/authorization?${query}`)).json()
  check(shown.purpose.id === PURPOSE && shown.duration === 'P30D' && shown.signs_in && shown.attributes.length === 2,
    JSON.stringify(shown))
  const form = Object.fromEntries(query)
  const answered = byPage
    ? await asPerson('/oauth/authorize', { method: 'POST', form: { ...form, answer: 'accept' } })
    : await asPerson('/v1/me/authorization', { method: 'POST', body: { ...form, answer: 'accept' } })
  const address = byPage ? answered.headers.get('location') : (await answered.json()).redirect
  check(answered.status === (byPage ? 303 : 200) && address.startsWith(`${BACK}?code=cod_`),
    `${answered.status} ${address}`)
  const back = oauth.validateAuthResponse(server, client, new URL(address), state)
  const answer = await withNonce(async () => oauth.processAuthorizationCodeResponse(server, client,
    await oauth.authorizationCodeGrantRequest(server, client, authenticate(), back, BACK, verifier, withProof)))
  check(answer.token_type === 'dpop' && answer.refresh_token.startsWith('ref_') && answer.grant_id.startsWith('grt_') &&
    answer.authorization_details[0].datatypes.length === 2 && answer.scope === 'openid', JSON.stringify(answer))
  const look = async (token) => oauth.processIntrospectionResponse(server, client,
    await oauth.introspectionRequest(server, client, authenticate(), token, options))
  const told = await look(answer.access_token)
  check(told.active && told.grant_id === answer.grant_id && told.sub.startsWith('rel_') &&
    told.cnf.jkt === await proofs.calculateThumbprint(), JSON.stringify(told))
  const refresh = () => withNonce(async () => oauth.processRefreshTokenResponse(server, client,
    await oauth.refreshTokenGrantRequest(server, client, authenticate(), answer.refresh_token, withProof)))
  const next = await refresh()
  check(next.refresh_token === undefined && next.grant_id === answer.grant_id, JSON.stringify(next))
  const grant = await (await asPerson(`/v1/me/grants/${answer.grant_id}`)).json()
  check(grant.state === 'active' && grant.receipt.startsWith('rcp_'), JSON.stringify(grant))

  const own = await withNonce(async () => oauth.processClientCredentialsResponse(server, client,
    await oauth.clientCredentialsGrantRequest(server, client, authenticate(), {}, withProof)))
  const managed = (method) => withNonce(() => oauth.protectedResourceRequest(own.access_token, method,
    new URL(`${server.grant_management_endpoint}/${answer.grant_id}`), undefined, undefined, withProof))
  const seen = await (await managed('GET')).json()
  check(seen.authorization_details[0].purpose === PURPOSE && seen.scopes[0].scope === 'openid', JSON.stringify(seen))

  if (alg === 'PS256') {
    const { items } = await (await asPerson('/v1/me/authorizations')).json()
    const own = items.filter((item) => item.client.id === client.client_id)
    check(own.length === 1 && own[0].grant === answer.grant_id && own[0].used !== null && own[0].ends <= grant.until &&
      own[0].scopes.join() === 'openid', JSON.stringify(items))
    const ended = await asPerson(`/v1/me/authorizations/${own[0].id}`, { method: 'DELETE' })
    check(ended.status === 204, 'the person cannot shut a client out')
    check((await (await asPerson(`/v1/me/grants/${answer.grant_id}`)).json()).state === 'active', 'the grant ends too')
  } else if (byPage) {
    const stopped = await asPerson(`/v1/me/grants/${answer.grant_id}/withdraw`, { method: 'POST' })
    check(stopped.status === 200, 'the person cannot stop it')
  } else {
    check((await managed('DELETE')).status === 204, 'the client cannot give it back')
    check((await (await asPerson(`/v1/me/grants/${answer.grant_id}`)).json()).state === 'withdrawn', 'it lives on')
  }
  check(JSON.stringify(await look(next.access_token)) === '{"active":false}', 'a token outlives the stop')
  const refused = await refresh().then(() => 'a token', (error) => error.error)
  check(refused === 'invalid_grant', `a refresh outlives the stop: ${refused}`)
  check((await managed('GET')).status === 404, 'a grant that was stopped is shown to its client')
}

await life('ES256', true)
await life('EdDSA', false)
await life('PS256', true)
console.log(`found: oauth4webapi goes from pushed request to stop with 3 algorithms, ${counted()} checks`)
