// SPDX-License-Identifier: Apache-2.0
// The flow of a person, with one thing wrong each time: at the pushed request, at the person's answer, at the code, at
// the refresh token, with a token at other doors. Each must get its own refusal, and the right one beside them must be
// taken. Then 64 at once of what is good for one use. Signed with jose.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import * as jose from 'jose'
import { ISSUER, check, counted, makeKeys, reach, register } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, OTHER_ORGANISATION, OTHER_DEPARTMENT, PURPOSE, DRAFT, COOKIE, OTHER_COOKIE } =
  process.env
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BACK = 'https://shop.example/back'
const WITH_QUERY = 'https://shop.example/back?shop=7'
const LOCAL = 'http://127.0.0.1:3000/back'
const TOKEN = '/oauth/token'
const PAR = '/oauth/par'
const now = () => Math.floor(Date.now() / 1000)
const hash = (text) => createHash('sha256').update(text).digest('base64url')

const makeClient = async (organisation, department, scopes = 'requests,grants', redirects =
  `${BACK} ${WITH_QUERY} ${LOCAL}`) => {
  const keys = await makeKeys('ES256')
  return { keys, id: await register(organisation, department, 'web shop', [keys.publicKey], scopes, redirects) }
}
const client = await makeClient(ORGANISATION, DEPARTMENT)
const sibling = await makeClient(ORGANISATION, DEPARTMENT)
const foreign = await makeClient(OTHER_ORGANISATION, OTHER_DEPARTMENT)
const poor = await makeClient(ORGANISATION, DEPARTMENT, 'relationships')
const homeless = await makeClient(ORGANISATION, DEPARTMENT, 'requests', '')
const holds = await makeKeys('ES256')
const others = await makeKeys('ES256')
const thumbprint = await jose.calculateJwkThumbprint(await jose.exportJWK(holds.publicKey))
const verifier = randomBytes(32).toString('base64url')
const challenge = hash(verifier)
let nonce
let fetched = 0

const sign = (header, claims, key) => new jose.SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(key)
const assertion = (who = client, claims = {}) => sign({},
  { iss: who.id, sub: who.id, aud: ISSUER, exp: now() + 60, iat: now(), jti: randomUUID(), ...claims },
    who.keys.privateKey)
const proof = async ({ path = TOKEN, method = 'POST', token, key = holds, claims = {} } = {}) => sign(
  { typ: 'dpop+jwt', jwk: await jose.exportJWK(key.publicKey) },
  { htm: method, htu: ISSUER + path, iat: now(), jti: randomUUID(), nonce, ...(token ? { ath: hash(token) } : {}),
    ...claims }, key.privateKey)

const encode = (form) => new URLSearchParams(Object.entries(form).filter(([, value]) => value !== undefined)).toString()

/** A form of a client; `undefined` leaves a parameter or field out. */
const post = async (path, form, { who = client, fields = {}, body = (text) => text, key } = {}) => {
  const text = body(encode({ client_assertion_type: TYPE, client_assertion: await assertion(who), ...form }))
  const sent = { 'content-type': 'application/x-www-form-urlencoded',
    ...(path === TOKEN ? { dpop: await proof({ path, key }) } : {}), ...fields }
  for (const name of Object.keys(sent)) if (sent[name] === undefined) delete sent[name]
  return reach(ISSUER + path, { method: 'POST', headers: sent, body: text })
}

const fetchNonce = async () => {
  nonce = 'none'
  const reply = await post(TOKEN, { grant_type: 'client_credentials' })
  nonce = reply.headers.get('dpop-nonce')
  fetched = Date.now()
  check(reply.status === 400 && nonce?.length === 32, 'a nonce is not asked for')
}
/** A slow machine takes longer than a nonce lives. */
const freshNonce = async () => {
  if (Date.now() - fetched > 20_000) await fetchNonce()
}

const DETAIL = { type: 'personal-data', locations: [ISSUER], actions: ['read'], purpose: PURPOSE,
  datatypes: ['pd:PhysicalAddress', 'pd:Name'] }
const details = (change = {}) => JSON.stringify([{ ...DETAIL, ...change }])
const ASK = { response_type: 'code', redirect_uri: BACK, state: 'a state & more', scope: 'openid', code_challenge:
  challenge,
  code_challenge_method: 'S256', authorization_details: details() }

const json = async (reply, status, words) => {
  const text = await reply.text()
  check(reply.status === status, `${words}: ${reply.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
const push = async (form = {}, options = {}) =>
  (await json(await post(PAR, { ...ASK, ...form }, options), 201, 'a right request')).request_uri
const asPerson = (path, { cookie = COOKIE, method = 'GET', form, body, fields = {} } = {}) =>
  reach(ISSUER + path, { method, redirect: 'manual', body: form ? encode(form) : body && JSON.stringify(body),
    headers: { ...(cookie ? { cookie } : {}), ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}), ...fields } })
const answer = (request_uri, change = {}, options = {}) => asPerson('/v1/me/authorization',
  { method: 'POST', body: { client_id: client.id, request_uri, answer: 'accept', ...change }, ...options })
const codeOf = (address) => new URL(address).searchParams.get('code')
const code = async (form = {}, options = {}) =>
  codeOf((await json(await answer(await push(form, options)), 200, 'a right answer')).redirect)
const redeem = (text, form = {}, options = {}) => post(TOKEN, { grant_type: 'authorization_code', code: text,
  redirect_uri: BACK, code_verifier: verifier, ...form }, options)
const refresh = (text, form = {}, options = {}) => post(TOKEN, { grant_type: 'refresh_token', refresh_token: text,
  ...form }, options)
const look = async (token, who = client) => (await post('/oauth/introspect', { token }, { who })).text()
const lives = async (token) => (await look(token)) !== '{"active":false}'

/** A few at a time: what is not known is held back until its beat. */
const eachOf = async (list, run) => {
  for (let at = 0; at < list.length; at += 16) {
    await freshNonce()
    await Promise.all(list.slice(at, at + 16).map(run))
  }
}
const refused = async (name, error, sent) => {
  const reply = await sent
  const said = await reply.json()
  check(reply.status === (error === 'invalid_client' ? 401 : 400) && (said.error ?? said.reason) === error,
    `${name}: ${reply.status} ${JSON.stringify(said)}, not ${error}`)
  check(reply.headers.get('cache-control') === 'no-store', name)
}

// ---- the pushed request

const twice = (name, value) => ({ body: (text) => `${text}&${name}=${encodeURIComponent(value)}` })
const PUSHED = [
  ...['response_type', 'redirect_uri', 'code_challenge', 'code_challenge_method'].map((name) =>
    [`no ${name}`, 'invalid_request', { [name]: undefined }]),
  ...['response_type', 'redirect_uri', 'code_challenge', 'code_challenge_method'].map((name) =>
    [`an empty ${name}`, 'invalid_request', { [name]: '' }]),
  ...Object.keys(ASK).map((name) => [`${name} twice`, 'invalid_request', {}, twice(name, ASK[name])]),
  ...Object.keys(ASK).map((name) => [`${name} twice, and empty`, 'invalid_request', {}, twice(name, '')]),
  ['nonce twice', 'invalid_request', { nonce: 'a' }, twice('nonce', 'b')],
  ['client_id twice', 'invalid_request', { client_id: client.id }, twice('client_id', client.id)],
  ['a parameter of nobody twice', 'invalid_request', { x: '1' }, twice('x', '2')],
  ...['token', 'id_token', 'code token', 'code id_token', 'none', 'CODE', 'code code'].map((value) =>
    [`the response type ${value}`, 'unsupported_response_type', { response_type: value }]),
  ...['fragment', 'form_post', 'query.jwt', 'web_message', 'QUERY'].map((value) =>
    [`the response mode ${value}`, 'invalid_request', { response_mode: value }]),
  ...[`${BACK}/`, `${BACK}?`, `${BACK}?x=1`, `${BACK}#`, `${BACK}#a`, 'https://shop.example/Back',
    'https://SHOP.example/back',
    'https://shop.example:443/back', 'https://shop.example/back/../back', 'https://shop.example/%62ack',
    'http://shop.example/back', 'https://evil.example/back', 'https://shop.example.evil.example/back',
    'https://shop.example@evil.example/back', 'https://evil.example/https://shop.example/back',
      ' https://shop.example/back',
    `${BACK} `, `${BACK}\\`, 'javascript:alert(1)', 'shop.example/back', '//shop.example/back', '/back',
      `${WITH_QUERY}&x=1`,
    'https://shop.example/back?shop=8', 'http://127.0.0.1:3001/back', 'http://127.0.0.1/back',
      'http://localhost:3000/back',
    'http://[::1]:3000/back', 'https://127.0.0.1:3000/back', 'urn:ietf:wg:oauth:2.0:oob'].map((value) =>
    [`the address ${value}`, 'invalid_request', { redirect_uri: value }]),
  ...['plain', 's256', 'S512', ''].map((value) =>
    [`the method ${value || 'none'}`, 'invalid_request', { code_challenge_method: value }]),
  ...[verifier.slice(1), `${challenge}=`, `${challenge}A`, challenge.slice(1), challenge.replace(/.$/, '!'), 'x',
    'A'.repeat(128)].map((value) => [`the challenge ${value}`, 'invalid_request', { code_challenge: value }]),
  ...['profile', 'openid profile', 'openid openid', 'OPENID', 'relationships', ' openid', 'openid ',
    'admin'].map((value) =>
    [`the scope ${value}`, 'invalid_scope', { scope: value }]),
  ['nothing that is wanted', 'invalid_request', { scope: undefined, authorization_details: undefined }],
  ['no person', 'interaction_required', { prompt: 'none' }],
  ['a person who signs in anew', 'invalid_request', { prompt: 'login' }],
  ['a person who has just signed in', 'invalid_request', { max_age: '60' }],
  ['a request object', 'invalid_request', { request: 'e30.e30.' }],
  ['another request', 'invalid_request', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
  ...['create', 'merge', 'replace', 'x'].map((value) =>
    [`grants by ${value}`, 'invalid_request', { grant_management_action: value }]),
  ['a state as long as a page', 'invalid_request', { state: 'x'.repeat(1025) }],
  ['a nonce as long as a page', 'invalid_request', { nonce: 'x'.repeat(257) }],
  ['a state with a NUL', 'invalid_request', { state: 'a\0b' }],
  ...['x', '[]', '7', '{', 'null'].map((value) => [`claims ${value}`, 'invalid_request', { claims: value }]),
  ...['x', `${thumbprint}=`, thumbprint.slice(1)].map((value) => [`the key ${value}`, 'invalid_request', { dpop_jkt:
    value }]),
  ...['x', '{}', '[]', '[7]', 'null', '[{}]', `[${JSON.stringify(DETAIL)}`, '[{"type":"personal-data"}]',
    `[${JSON.stringify(DETAIL)},${JSON.stringify(DETAIL)}]`,
    `[${JSON.stringify(DETAIL)},${JSON.stringify({ ...DETAIL, purpose: DRAFT })}]`].map((value) =>
    [`the details ${value}`, 'invalid_authorization_details', { authorization_details: value }]),
  ...[{ type: 'payment' }, { type: undefined }, { locations: ['https://evil.example'] }, { locations: [] },
    { actions: ['write'] }, { actions: ['read', 'write'] }, { datatypes: [] }, { datatypes: ['pd:EmailAddress'] },
    { datatypes: ['pd:Nothing'] }, { datatypes: ['pd:Name', 'pd:Name'] }, { datatypes: 'pd:Name' }, { datatypes:
      undefined },
    { purpose: undefined }, { purpose: 'pur_00000000000000000000000000' }, { purpose: 'x' }, { purpose: DRAFT },
    { duration: 'P2Y' }, { duration: 'P0D' }, { duration: '-P1D' }, { duration: 7 }, { uses: { kind: 'often' } },
    { uses: { kind: 'times', times: 0 } }, { surplus: 1 }, { notice: 'Trust us.' }].map((change) =>
    [`the detail ${JSON.stringify(change)}`, 'invalid_authorization_details', { authorization_details:
      details(change) }]),
  ['data for a client that may not ask', 'unauthorized_client', {}, { who: poor }],
  ['a client without an address', 'invalid_request', {}, { who: homeless }],
  ['a purpose of another organisation', 'invalid_authorization_details', {}, { who: foreign }],
  ['no assertion', 'invalid_client', { client_assertion: undefined }],
  ['a name alone', 'invalid_client', { client_assertion: undefined, client_assertion_type: undefined, client_id:
    client.id }],
  ['another client’s name', 'invalid_client', { client_id: sibling.id }],
  ['a secret', 'invalid_client', { client_secret: 'x' }],
  ['a proof of nothing', 'invalid_dpop_proof', {}, { fields: { dpop: 'x' } }],
]

const pushes = async () => {
  await eachOf(PUSHED, ([name, error, form, options]) => refused(name, error, post(PAR, { ...ASK, ...form }, options)))
  await refused('an old proof', 'use_dpop_nonce', post(PAR, ASK, { fields: { dpop: await proof({ path: PAR,
    claims: { nonce: 'x' } }) } }))
  await refused('two keys', 'invalid_dpop_proof', post(PAR, { ...ASK, dpop_jkt: hash('x') },
    { fields: { dpop: await proof({ path: PAR }) } }))
  await push({ nonce: 'n', claims: '{"userinfo":{"name":null}}', ui_locales: 'de', dpop_jkt: thumbprint },
    { fields: { dpop: await proof({ path: PAR }) } })
  const noticed = await refused('nothing', 'invalid_request', post(PAR, ASK)).then(() => false, () => true)
  check(noticed, 'a right request passes for a wrong one')
  console.log('control: a request without a fault among the wrong ones: red')
}

// ---- the person's answer

const people = async () => {
  const one = await push()
  const page = (query, options) => asPerson(`/oauth/authorize${query}`, options)
  const of = (id, uri) => `?client_id=${id}&request_uri=${encodeURIComponent(uri)}`
  const UNKNOWN = [['another client', sibling.id, one], ['a foreign client', foreign.id, one], ['no client', 'x', one],
    ['a request of nobody', client.id, `${one.slice(0, -1)}${one.endsWith('A') ? 'E' : 'A'}`],
    ['no request', client.id, 'x'], ['the name without its prefix', client.id, one.split(':').at(-1)],
    ['a code', client.id, 'urn:ietf:params:oauth:request_uri:cod_x'], ['an address', client.id,
      'https://shop.example/request'],
    ['a longer prefix', client.id, `urn:${one}`], ['capitals', client.id, one.toUpperCase()]]
  for (const [name, id, uri] of UNKNOWN) {
    await refused(`${name} at the page`, 'authorization.unknown', page(of(id, uri)))
    await refused(`${name} at the app's door`, 'authorization.unknown', asPerson(`/v1/me/authorization${of(id, uri)}`))
    await refused(`${name}, answered`, 'authorization.unknown', answer(uri, { client_id: id }))
    await refused(`${name}, answered by the page`, 'authorization.unknown', asPerson('/oauth/authorize',
      { method: 'POST', form: { client_id: id, request_uri: uri, answer: 'accept' } }))
  }
  for (const query of ['', `?client_id=${client.id}`, `?request_uri=${one}`,
    `?response_type=code&client_id=${client.id}&redirect_uri=${BACK}&scope=openid`,
      `${of(client.id, one)}&client_id=${client.id}`,
    `${of(client.id, one)}&request_uri=${one}`, `${of(client.id, one)}&redirect_uri=https://evil.example`]) {
    const reply = await page(query)
    check(reply.status === 400 && reply.headers.get('location') === null, `the query ${query}: ${reply.status}`)
  }
  const form = { client_id: client.id, request_uri: one, answer: 'accept' }
  const CLOSED = [['nobody', { cookie: '' }, 401], ['a session of nobody', { cookie: '__Host-session=ses_x' }, 401],
    ['another page', { fields: { origin: 'https://evil.example' } }, 403],
    ['a page of no origin', { fields: { origin: 'null' } }, 403],
    ['another site', { fields: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a neighbour', { fields: { 'sec-fetch-site': 'same-site' } }, 403]]
  for (const [name, options, status] of CLOSED) {
    const reply = await asPerson('/oauth/authorize', { method: 'POST', form, ...options })
    check(reply.status === status && reply.headers.get('location') === null, `${name}: ${reply.status}`)
    check((await answer(one, {}, options)).status === status, `${name} at the app's door`)
  }
  for (const word of ['yes', 'ACCEPT', '', undefined, 'adjust'])
    await refused(`the answer ${word}`, 'oauth.request', asPerson('/oauth/authorize', { method: 'POST', form:
      { ...form, answer: word } }))
  for (const change of [{ attributes: ['pd:Name', 'pd:PhysicalAddress', 'pd:TelephoneNumber'] }, { duration: 'P2Y' },
    { attributes: ['pd:Name'] }, { answer: 'refuse', duration: 'P1D' }])
    check((await answer(one, change)).status === 422, `more or less than can be: ${JSON.stringify(change)}`)
  const no = await asPerson('/oauth/authorize', { method: 'POST', form: { ...form, answer: 'refuse' } })
  const said = new URL(no.headers.get('location'))
  check(no.status === 303 && said.origin + said.pathname === BACK && said.searchParams.get('error') ===
    'access_denied' &&
    said.searchParams.get('state') === ASK.state && said.searchParams.get('iss') === ISSUER &&
    !said.searchParams.has('code'), String(said))
  await refused('an answer behind a refusal', 'authorization.unknown', answer(one))
  const other = new URL((await json(await answer(await push({ redirect_uri: WITH_QUERY, state: undefined })), 200,
    'yes')).redirect)
  check(other.searchParams.get('shop') === '7' && other.searchParams.get('code') && !other.searchParams.has('state') &&
    [...other.searchParams.keys()].length === 3, String(other))
  const less = await json(await answer(await push({ authorization_details: details({ duration: 'P60D' }) }),
    { answer: 'adjust', duration: 'P7D' }), 200, 'for a shorter time')
  const took = await json(await redeem(codeOf(less.redirect)), 200, 'less')
  check(took.authorization_details[0].duration === 'P7D' && took.grant_id === less.grant.id, JSON.stringify(took))
}

// ---- codes and refresh tokens

const codes = async () => {
  await freshNonce()
  const one = await code()
  const WRONG = [
    ['no code', 'invalid_request', { code: undefined }], ['no address', 'invalid_request', { redirect_uri: undefined }],
    ['no verifier', 'invalid_request', { code_verifier: undefined }], ['an empty verifier', 'invalid_request',
      { code_verifier: '' }],
    ...['code', 'redirect_uri', 'code_verifier', 'grant_type'].map((name) =>
      [`${name} twice`, 'invalid_request', {}, twice(name, 'x')]),
    ['another verifier', 'invalid_grant', { code_verifier: randomBytes(32).toString('base64url') }],
    ['the challenge', 'invalid_grant', { code_verifier: challenge }],
    ['half a verifier', 'invalid_grant', { code_verifier: verifier.slice(0, 20) }],
    ['a verifier and a blank', 'invalid_grant', { code_verifier: `${verifier} ` }],
    ...[`${BACK}/`, WITH_QUERY, LOCAL, 'https://evil.example/back', BACK.toUpperCase()].map((value) =>
      [`the address ${value}`, 'invalid_grant', { redirect_uri: value }]),
    ['another client of the department', 'invalid_grant', {}, { who: sibling }],
    ['a client of another organisation', 'invalid_grant', {}, { who: foreign }],
    ['another scope', 'invalid_scope', { scope: 'admin' }],
    ['a code with more behind it', 'invalid_grant', { code: `${one}A` }],
    ['a code in capitals', 'invalid_grant', { code: one.toUpperCase() }],
    ['a code as a refresh token', 'invalid_grant', { grant_type: 'refresh_token', refresh_token: one }],
    ['a code of nobody', 'invalid_grant', { code: `cod_${'0'.repeat(16)}_${'A'.repeat(43)}` }],
    ['no proof', 'invalid_dpop_proof', {}, { fields: { dpop: undefined } }],
    ['no assertion', 'invalid_client', { client_assertion: undefined }],
    ['a password', 'unsupported_grant_type', { grant_type: 'password' }],
    ['a device', 'unsupported_grant_type', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }],
  ]
  await eachOf(WRONG, ([name, error, form, options]) => refused(name, error, redeem(one, form, options)))
  const tokens = await json(await redeem(one), 200, 'none of these has used it up, and it is right')
  check(tokens.expires_in <= 600 && tokens.access_token.startsWith('acc_'), JSON.stringify(tokens))
  const AGAIN = [
    ['no refresh token', 'invalid_request', { refresh_token: undefined }],
    ['a refresh token twice', 'invalid_request', {}, twice('refresh_token', 'x')],
    ['an access token', 'invalid_grant', { refresh_token: tokens.access_token }],
    ['a refresh token as a code', 'invalid_grant', { grant_type: 'authorization_code', code: tokens.refresh_token,
      redirect_uri: BACK, code_verifier: verifier }],
    ['another key', 'invalid_grant', {}, { key: others }],
    ['another client', 'invalid_grant', {}, { who: sibling }],
    ['a foreign client', 'invalid_grant', {}, { who: foreign }],
    ['more scope', 'invalid_scope', { scope: 'openid relationships' }],
    ['a changed one', 'invalid_grant', { refresh_token: `${tokens.refresh_token.slice(0, -2)}AA` }],
  ]
  await eachOf(AGAIN, ([name, error, form, options]) => refused(name, error, refresh(tokens.refresh_token, form,
    options)))
  check(await lives(tokens.access_token), 'a wrong refresh has ended it')
  await json(await refresh(tokens.refresh_token, { scope: 'openid' }), 200, 'the right refresh')
  const bound = await code({ dpop_jkt: thumbprint })
  await refused('a code bound to another key', 'invalid_grant', redeem(bound, {}, { key: others }))
  await json(await redeem(bound), 200, 'a code with its key')
  check((await refused('a code once more', 'invalid_grant', redeem(one)), !await lives(tokens.access_token)),
    'what came of a code lives on when it comes twice')
  await refused('a refresh behind that', 'invalid_grant', refresh(tokens.refresh_token))
}

// ---- with a person's token

const uses = async () => {
  await freshNonce()
  const tokens = await json(await redeem(await code()), 200, 'a code')
  for (const path of ['/v1/org/relationships', '/v1/org/grants', `/oauth/grants/${tokens.grant_id}`, '/v1/me']) {
    for (const scheme of ['DPoP', 'Bearer']) {
      const reply = await reach(ISSUER + path, { headers: { authorization: `${scheme} ${tokens.access_token}`,
        dpop: await proof({ path, method: 'GET', token: tokens.access_token }) } })
      check(reply.status === 401, `a person's token at ${path} by ${scheme}: ${reply.status}`)
    }
  }
  check((await look(tokens.access_token, foreign)) === '{"active":false}', 'another organisation learns of a token')
  for (const text of [tokens.refresh_token, 'acc_x', tokens.grant_id])
    check((await look(text)) === '{"active":false}', 'a text that is no access token')
  for (const who of [sibling, foreign])
    for (const token of [tokens.access_token, tokens.refresh_token])
      await json(await post('/oauth/revoke', { token }, { who }), 200, 'another client ends it')
  check(await lives(tokens.access_token), 'another client has ended it')
  const manage = async (who, method) => {
    await freshNonce()
    const own = (await json(await post(TOKEN, { grant_type: 'client_credentials' }, { who }), 200,
      'a token')).access_token
    const path = `/oauth/grants/${tokens.grant_id}`
    return reach(ISSUER + path, { method, headers: { authorization: `DPoP ${own}`, dpop: await proof({ path, method,
      token: own }) } })
  }
  for (const who of [sibling, foreign])
    for (const method of ['GET', 'DELETE']) check((await manage(who, method)).status === 404,
      'a grant of another client')
  check((await manage(poor, 'GET')).status === 403, 'a client without the scope')
  check((await manage(client, 'GET')).status === 200, 'its own grant')
  check((await asPerson(`/v1/me/grants/${tokens.grant_id}/withdraw`, { method: 'POST', cookie:
    OTHER_COOKIE })).status === 404,
    'somebody else stops it')
  await json(await post('/oauth/revoke', { token: tokens.access_token }), 200, 'its own')
  check(!await lives(tokens.access_token), 'an ended token')
  const next = await json(await refresh(tokens.refresh_token), 200, 'the refresh token stays')
  await json(await post('/oauth/revoke', { token: tokens.refresh_token }), 200, 'its own')
  check(!await lives(next.access_token), 'what came of an ended refresh token')
  await refused('an ended refresh token', 'invalid_grant', refresh(tokens.refresh_token))
  const alone = await json(await redeem(await code({ authorization_details: undefined })), 200, 'signing in alone')
  check(alone.grant_id === undefined && alone.authorization_details === undefined && alone.scope === 'openid',
    JSON.stringify(alone))
  const paused = JSON.parse(await look(alone.access_token)).sub
  await json(await asPerson(`/v1/me/relationships/${paused}`, { method: 'PATCH', body: { state: 'paused' } }), 200,
    'pause')
  check(!await lives(alone.access_token), 'a token of a paused relationship')
  await refused('a refresh in a paused relationship', 'invalid_grant', refresh(alone.refresh_token))
  await json(await asPerson(`/v1/me/relationships/${paused}`, { method: 'PATCH', body: { state: 'active' } }), 200,
    'resume')
  check(await lives(alone.access_token), 'a token when it is resumed')
}

// ---- 64 at once

const many = async (name, make) => {
  const replies = await Promise.all(Array.from({ length: 64 }, make))
  const taken = replies.filter((reply) => reply.status < 400)
  check(taken.length === 1, `${name}: ${taken.length} of 64 were taken`)
  return taken[0]
}

const races = async () => {
  const one = await push()
  const answered = await (await many('an answer', () => answer(one))).json()
  await fetchNonce()
  const tokens = await (await many('a code', () => redeem(codeOf(answered.redirect)))).json()
  check(!await lives(tokens.access_token), 'what came of a code that came 64 times lives on')
  const grants = (await (await asPerson('/v1/me/grants?limit=200')).json()).items
  const live = grants.filter((grant) => grant.state === 'active' && grant.id === answered.grant.id)
  check(live.length === 1, 'one grant came of 64 answers')
  const shared = await assertion()
  await many('an assertion', () => post(PAR, { ...ASK, client_assertion: shared }))
  const mine = await json(await redeem(await code()), 200, 'a code')
  const again = await assertion()
  await many('an assertion with a refresh', () => refresh(mine.refresh_token, { client_assertion: again }))
  const path = '/oauth/userinfo'
  const shown = await proof({ path, method: 'GET', token: mine.access_token })
  await many('a proof where a person is told', () => reach(ISSUER + path, { headers: {
    authorization: `DPoP ${mine.access_token}`, dpop: shown } }))
}

await fetchNonce()
await pushes()
await people()
await codes()
await uses()
await races()
console.log(`found: each request with one fault is refused, 64 at once make one; ${counted()} checks`)
