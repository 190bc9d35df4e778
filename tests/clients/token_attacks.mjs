// SPDX-License-Identifier: Apache-2.0
// Requests for tokens, and with tokens, of which one thing is wrong: each must get its own refusal, and the right one
// beside them must be taken. Signed with jose. The argument "again" replays, after a restart, what an earlier run has
// used.
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import * as jose from 'jose'
import { ISSUER, check, counted, makeKeys, reach, register } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, OTHER_ORGANISATION, OTHER_DEPARTMENT, KEY, KEPT } = process.env
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const TOKEN = '/oauth/token'
const LIST = '/v1/org/relationships'
const now = () => Math.floor(Date.now() / 1000)
const hash = (text) => createHash('sha256').update(text).digest('base64url')

const signs = await makeKeys('ES256')
const holds = await makeKeys('ES256')
const strangers = await makeKeys('ES256')
const rsa = await makeKeys('PS256')
let id
let nonce

/** Signs whatever is given: header and claims are JSON, of which `undefined` leaves a member out. */
const sign = async (header, claims, key) => {
  const input = [header, claims].map((part) => Buffer.from(
    typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')).join('.')
  if (header.alg === 'none') return `${input}.`
  const secret = { HS256: 'sha256', HS512: 'sha512' }[header.alg]
  if (secret) {
    const spki = await jose.exportSPKI(signs.publicKey)
    return `${input}.${createHmac(secret, spki).update(input).digest('base64url')}`
  }
  const name = header.alg === 'PS256' || header.alg === 'RS256' ? { name: 'RSA-PSS',
    saltLength: 32 } : { name: 'ECDSA', hash: 'SHA-256' }
  const made = await crypto.subtle.sign(name, key, Buffer.from(input))
  return `${input}.${Buffer.from(made).toString('base64url')}`
}

const assertion = ({ header = {}, claims = {}, key = signs.privateKey } = {}) => sign(
  { alg: 'ES256', ...header },
  { iss: id, sub: id, aud: ISSUER, exp: now() + 60, iat: now(), jti: randomUUID(), ...claims }, key)

const proof = async ({ header = {}, claims = {}, key = holds.privateKey, path = TOKEN, method = 'POST',
  token } = {}) => sign(
  { typ: 'dpop+jwt', alg: 'ES256', jwk: await jose.exportJWK(holds.publicKey), ...header },
  { htm: method, htu: ISSUER + path, iat: now(), jti: randomUUID(), nonce, ...(token ? { ath: hash(token) } : {}),
    ...claims },
  key)

/** A request for a token; `spoil` changes the parts before they are put together. */
const ask = async (spoil = {}) => {
  const form = {
    grant_type: 'client_credentials', client_assertion_type: TYPE, client_assertion: await assertion(spoil.assertion),
    ...(spoil.path && spoil.path !== TOKEN ? { token: 'tok_x' } : {}), ...spoil.form,
  }
  for (const name of Object.keys(form)) if (form[name] === undefined) delete form[name]
  const body = spoil.body ? spoil.body(new URLSearchParams(form).toString(),
    form) : new URLSearchParams(form).toString()
  const fields = { 'content-type': 'application/x-www-form-urlencoded', dpop: await proof(spoil.proof),
    ...spoil.fields }
  for (const name of Object.keys(fields)) if (fields[name] === undefined) delete fields[name]
  return reach(ISSUER + (spoil.path ?? TOKEN), { method: 'POST', headers: fields, body })
}

const good = async (spoil) => {
  const reply = await ask(spoil)
  const answer = await reply.json()
  check(reply.status === 200, `the right one is refused: ${reply.status} ${JSON.stringify(answer)}`)
  return answer.access_token
}

let fetched = 0
/** A slow machine takes longer than a nonce lives. */
const freshNonce = async () => {
  if (Date.now() - fetched > 20_000) await fetchNonce()
}

const fetchNonce = async () => {
  nonce = 'none'
  const reply = await ask()
  check(reply.status === 400 && (await reply.json()).error === 'use_dpop_nonce', 'a nonce is not asked for')
  nonce = reply.headers.get('dpop-nonce')
  fetched = Date.now()
  check(nonce?.length === 32, 'the nonce is missing')
}

// ---- requests for a token: what is wrong, the error, the spoilt part

const far = 4102444800
const WRONG = [
  ...[
    ['no grant type', 'invalid_request', { form: { grant_type: undefined } }],
    ['an empty grant type', 'invalid_request', { form: { grant_type: '' } }],
    ['a code without its address', 'invalid_request', { form: { grant_type: 'authorization_code', code: 'x' } }],
    ['a password', 'unsupported_grant_type', { form: { grant_type: 'password', username: 'a', password: 'b' } }],
    ['a refresh token that is none', 'invalid_grant', { form: { grant_type: 'refresh_token', refresh_token: 'x' } }],
    ['an implicit grant', 'unsupported_grant_type', { form: { grant_type: 'implicit' } }],
    ['a grant type in capitals', 'unsupported_grant_type', { form: { grant_type: 'CLIENT_CREDENTIALS' } }],
    ['a scope that nobody has', 'invalid_scope', { form: { scope: 'everything' } }],
    ['a scope that it does not have', 'invalid_scope', { form: { scope: 'admin' } }],
    ['one scope too many', 'invalid_scope', { form: { scope: 'relationships records' } }],
    ['a scope twice', 'invalid_scope', { form: { scope: 'relationships relationships' } }],
    ['two blanks between scopes', 'invalid_scope', { form: { scope: 'relationships  grants' } }],
    ['a blank behind a scope', 'invalid_scope', { form: { scope: 'relationships ' } }],
    ['a body of JSON', 'invalid_request', { fields: { 'content-type': 'application/json' }, body: (_, form) =>
      JSON.stringify(form) }],
    ['no media type', 'invalid_request', { fields: { 'content-type': 'text/plain' } }],
    ['a lone percent sign', 'invalid_request', { body: (text) => `${text}&x=%` }],
    ['octets that are no UTF-8', 'invalid_request', { body: (text) => `${text}&x=%FF` }],
    ['a NUL', 'invalid_request', { body: (text) => `${text}&x=%00` }],
    ['an empty pair', 'invalid_request', { body: (text) => `${text}&&x=1` }],
    ['a name without a value', 'invalid_request', { body: (text) => `${text}&x` }],
    ['33 parameters', 'invalid_request', { body: (text) => text + Array.from({ length: 30 }, (_, i) =>
      `&x${i}=1`).join('') }],
    ['a parameter of nobody twice', 'invalid_request', { body: (text) => `${text}&x=1&x=1` }],
  ],
  ...['grant_type', 'client_assertion_type', 'client_assertion'].map((name) =>
    [`${name} twice`, 'invalid_request', { body: (text, form) =>
      `${text}&${name}=${encodeURIComponent(form[name])}` }]),
  ...['grant_type', 'client_assertion'].map((name) =>
    [`${name} twice, spelt otherwise`, 'invalid_request', { body: (text) =>
      `${text}&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=x` }]),
  ...[
    ['no assertion', { form: { client_assertion: undefined } }],
    ['no type of assertion', { form: { client_assertion_type: undefined } }],
    ['SAML', { form: { client_assertion_type: TYPE.replace('jwt', 'saml2') } }],
    ['a secret', { form: { client_assertion: undefined, client_id: 'ID', client_secret: 'secret' } }],
    ['a secret beside', { form: { client_secret: 'secret' } }],
    ['a name and password', { fields: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` } }],
    ['an API key beside', { fields: { authorization: `Bearer ${KEY}` } }],
    ['another client id', { form: { client_id: 'sys_00000000000000000000000000' } }],
    ['no text at all', { form: { client_assertion: 'x' } }],
    ['two parts', { form: { client_assertion: 'e30.e30' } }],
    ['a key of a stranger', { assertion: { key: strangers.privateKey } }],
    ['the key of its proofs', { assertion: { key: holds.privateKey } }],
    ...['none', 'HS256', 'HS512', 'ES384', 'RS256', 'es256', ''].map((alg) =>
      [`the algorithm ${alg}`, { assertion: { header: { alg },
        key: alg === 'RS256' ? rsa.privateKey : signs.privateKey } }]),
    ['RSA where ES256 is registered', { assertion: { header: { alg: 'PS256' }, key: rsa.privateKey } }],
    ...[{ crit: ['exp'] }, { b64: false, crit: ['b64'] }, { jku: 'https://evil.example' },
      { x5u: 'https://evil.example' },
      { x5c: ['AA'] }, { kid: 7 }, { kid: '' }, { typ: 'dpop+jwt' },
      { typ: 'at+jwt' }, { zip: 'DEF' }, { cty: 'JWT' }].map((header) =>
      [`a header with ${JSON.stringify(header)}`, { assertion: { header } }]),
    ...['iss', 'sub', 'aud', 'exp', 'jti'].map((name) => [`no ${name}`,
      { assertion: { claims: { [name]: undefined } } }]),
    ...['iss', 'sub', 'aud', 'exp', 'jti', 'iat', 'nbf'].flatMap((name) => [null, {}, [], true].map((value) =>
      [`${name} ${JSON.stringify(value)}`, { assertion: { claims: { [name]: value } } }])),
    ...[`${ISSUER}/`, `${ISSUER}${TOKEN}`, ISSUER.toUpperCase(), 'https://evil.example', '', [ISSUER], [ISSUER,
      'x']].map((aud) =>
      [`aud ${JSON.stringify(aud)}`, { assertion: { claims: { aud } } }]),
    ['iss of another', { assertion: { claims: { iss: 'sys_00000000000000000000000000' } } }],
    ['sub of another', { assertion: { claims: { sub: 'sys_00000000000000000000000000' } } }],
    ['both of another', { assertion: { claims: { iss: 'sys_00000000000000000000000000',
      sub: 'sys_00000000000000000000000000' } } }],
    ['a client that is none', { assertion: { claims: { iss: 'x', sub: 'x' } } }],
    ['a client as long as a page', { assertion: { claims: { iss: 'x'.repeat(2000), sub: 'x'.repeat(2000) } } }],
    ['exp long ago', { assertion: { claims: { exp: 1 } } }],
    ['exp just over', { assertion: { claims: { exp: now() - 1 } } }],
    ['exp in an hour', { assertion: { claims: { exp: now() + 3600 } } }],
    ['exp in another age', { assertion: { claims: { exp: far } } }],
    ['exp in words', { assertion: { claims: { exp: '2027-01-01' } } }],
    ['exp beyond numbers', { assertion: { claims: { exp: 1e300 } } }],
    ['iat in an hour', { assertion: { claims: { iat: now() + 3600 } } }],
    ['nbf in an hour', { assertion: { claims: { nbf: now() + 3600 } } }],
    ['a jti as long as a page', { assertion: { claims: { jti: 'x'.repeat(300) } } }],
    ['an empty jti', { assertion: { claims: { jti: '' } } }],
  ].map(([name, spoil]) => [name, 'invalid_client', spoil]),
  ...[
    ['no proof', { fields: { dpop: undefined } }],
    ['two proofs', { fields: { dpop: 'a, b' } }],
    ['a proof of nothing', { fields: { dpop: 'x' } }],
    ['a proof for GET', { proof: { method: 'GET' } }],
    ['a proof for post', { proof: { method: 'post' } }],
    ['a proof for another door', { proof: { path: '/oauth/revoke' } }],
    ['a proof for another node', { proof: { claims: { htu: `https://evil.example${TOKEN}` } } }],
    ['a proof for plain http', { proof: { claims: { htu: ISSUER.replace('https', 'http') + TOKEN } } }],
    ['a proof with a token', { proof: { token: 'tok_x' } }],
    ['a proof by another key than it brings', { proof: { key: strangers.privateKey } }],
    ['a proof with a private key', { proof: { header: { jwk: await jose.exportJWK(holds.privateKey) } } }],
    ['a proof without its key', { proof: { header: { jwk: undefined } } }],
    ['a proof with a key elsewhere', { proof: { header: { jwk: undefined, jku: 'https://evil.example' } } }],
    ['a proof with a symmetric key', { proof: { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AA' } } } }],
    ...['none', 'HS256', 'ES384', 'PS256'].map((alg) => [`a proof by ${alg}`, { proof: { header: { alg },
      key: alg === 'PS256' ? rsa.privateKey : holds.privateKey } }]),
    ...['JWT', 'at+jwt', '', undefined].map((typ) => [`a proof of type ${typ}`, { proof: { header: { typ } } }]),
    ...['htm', 'htu', 'iat', 'jti'].flatMap((name) => [undefined, null, {}, [], ''].map((value) =>
      [`a proof with ${name} ${JSON.stringify(value)}`, { proof: { claims: { [name]: value } } }])),
    ['a proof of two minutes ago', { proof: { claims: { iat: now() - 120 } } }],
    ['a proof of tomorrow', { proof: { claims: { iat: now() + 86400 } } }],
    ['a proof with crit', { proof: { header: { crit: ['exp'] } } }],
  ].map(([name, spoil]) => [name, 'invalid_dpop_proof', spoil]),
  ...[undefined, null, '', 'x', 7, 'A'.repeat(32)].map((value) =>
    [`the nonce ${JSON.stringify(value)}`, 'use_dpop_nonce', { proof: { claims: { nonce: value } } }]),
]

const STATUS = { invalid_client: 401 }
const refused = async (name, error, spoil) => {
  const reply = await ask(spoil)
  const answer = await reply.json()
  const status = reply.status === 415 ? 400 : reply.status
  check(status === (STATUS[error] ?? 400) && answer.error === error,
    `${name}: ${reply.status} ${JSON.stringify(answer)}, not ${error}`)
  check(reply.headers.get('content-type') === 'application/json' && reply.headers.get('cache-control') === 'no-store',
    name)
  check((reply.headers.get('dpop-nonce') !== null) === (error === 'use_dpop_nonce'), `${name}: the field DPoP-Nonce`)
  return JSON.stringify(answer)
}

/** A few at a time: a stranger's answer is held back until its beat. */
const eachOf = async (list, run) => {
  for (let at = 0; at < list.length; at += 16) {
    await freshNonce()
    await Promise.all(list.slice(at, at + 16).map(run))
  }
}

const refuseAll = async () => {
  const told = new Set()
  await eachOf(WRONG, async ([name, error, spoil]) => {
    const words = await refused(name, error, spoil)
    if (error === 'invalid_client') told.add(words)
  })
  check(told.size === 1, `the answers to strangers differ: ${[...told]}`)
  for (const path of ['/oauth/introspect', '/oauth/revoke'])
    await eachOf(WRONG.filter(([, word]) => word === 'invalid_client'), ([name, error, spoil]) =>
      refused(`${path}: ${name}`, error, { ...spoil, path }))
  for (const path of ['/oauth/introspect', '/oauth/revoke'])
    await refused(`${path} without a token`, 'invalid_request', { path, form: { token: undefined } })
}

/** The control: a request without a fault does not pass for a wrong one. */
const noticeWhatIsRight = async () => {
  const noticed = await refused('nothing', 'invalid_client', {}).then(() => false, () => true)
  check(noticed, 'a right request passes for a wrong one')
  console.log('control: a request without a fault among the wrong ones: red')
}

// ---- one use

const once = async (name, requests, wanted) => {
  const replies = await Promise.all(requests.map((request) => request()))
  const answers = await Promise.all(replies.map(async (reply) => JSON.parse(await reply.text() || '{}')))
  const isTaken = (answer, i) => replies[i].ok || answer.reason === 'grant.none' // a read that is refused is one
  const taken = answers.filter(isTaken)
  const others = answers.filter((answer, i) => !isTaken(answer, i))
  check(taken.length === 1, `${name}: ${taken.length} of ${replies.length} were taken`)
  check(others.every((answer) => (answer.error ?? answer.reason) === wanted), `${name}: ${JSON.stringify(others[0])}`)
}

const use = async (token, { method = 'GET', path = LIST, fields = {}, body, ...spoil } = {}) =>
  reach(ISSUER + path, { method, body, headers: {
    authorization: `DPoP ${token}`, dpop: await proof({ path: path.split('?')[0], method, token, ...spoil }),
      ...fields } })

const sixtyFour = (make) => Array.from({ length: 64 }, () => make)
const usedOnce = async () => {
  await freshNonce()
  const one = await assertion()
  await once('an assertion', sixtyFour(() => ask({ form: { client_assertion: one } })), 'invalid_client')
  const [look, end] = ['/oauth/introspect', '/oauth/revoke']
  for (const paths of [[look], [end], [TOKEN, look, end]]) {
    const mine = await assertion()
    const requests = Array.from({ length: 64 }, (_, i) => () =>
      ask({ path: paths[i % paths.length], form: { client_assertion: mine } }))
    await once(`an assertion at ${paths.join(' and ')}`, requests, 'invalid_client')
  }
  const other = await proof()
  await once('a proof', sixtyFour(() => ask({ fields: { dpop: other } })), 'invalid_dpop_proof')
  const token = await good()
  const third = await proof({ path: LIST, method: 'GET', token })
  await once('a proof with a token', sixtyFour(() => use(token, { fields: { dpop: third } })), 'proof.replayed')
  const door = '/v1/org/disclosures'
  const fourth = await proof({ path: door, token })
  const read = () => use(token, { path: door, method: 'POST', body: process.env.READ,
    fields: { dpop: fourth, 'content-type': 'application/json' } })
  await once('a proof with a read', sixtyFour(read), 'proof.replayed')
  for (const [path, bodies] of Object.entries(mixed())) {
    const mine = await proof({ path, token })
    const requests = Array.from({ length: 64 }, (_, i) => () => use(token, { path, method: 'POST',
      body: JSON.stringify(bodies[i % bodies.length]), fields: { dpop: mine, 'content-type': 'application/json' } }))
    await once(`a proof with any body of ${path}`, requests, 'proof.replayed')
  }
}

/** Bodies with which one door does different things: it uses proofs up in the same place whichever comes. Doors of each
 *  kind: one that reads a person's data, one that writes to a person, one that writes the organisation's own, and those
 *  that only answer. */
const mixed = () => {
  const { relationship, purpose, attributes } = JSON.parse(process.env.READ)
  const about = { relationship, purpose, attributes }
  const subject = { type: 'department', id: DEPARTMENT }
  const action = { name: 'read', properties: { purpose } }
  const resources = [relationship, 'nobody'].map((id) =>
    ({ type: 'relationship', id, properties: { attributes } })) // what is there, and what is not
  const questions = resources.map((resource) => ({ subject, action, resource }))
  const items = questions.map((question) => ({ evaluations: [question] }))
  return {
    '/v1/org/disclosures': [about, { ...about, note: 'order 7' }, { ...about, attributes: ['pd:TelephoneNumber'] },
      { ...about, attributes: ['pd:TelephoneNumber', ...attributes], partial: true }],
    '/v1/org/requests': [about, { ...about, duration: 'P30D' }],
    '/v1/org/invitations': [{}, { claims: 2 }],
    '/v1/org/purposes': ['one', 'two'].map((name) => ({ ...JSON.parse(process.env.DRAFT), name })),
    '/access/v1/evaluation': questions,
    '/access/v1/evaluations': [...questions, ...items, { evaluations: questions }, { evaluations: [{}] }],
    '/access/v1/search/subject': resources.flatMap((resource) => ['department', 'system', 'nobody'].map((type) =>
      ({ subject: { type }, action, resource }))),
    '/access/v1/search/resource': [undefined, { attributes }].flatMap((properties) => [subject, { ...subject,
      id: 'nobody' }].map((who) => ({ subject: who, action, resource: { type: 'relationship', properties } }))),
    '/access/v1/search/action': resources.flatMap((resource) => [undefined, { purpose }].map((context) =>
      ({ subject, resource, context }))),
  }
}

// ---- with a token

const uses = async () => {
  const token = await good()
  const stranger = await jose.exportJWK(strangers.publicKey)
  const CASES = [
    ['a key instead of a token', 'token.unknown', { fields: { authorization: `DPoP ${KEY}` } }],
    ['a token as a key', 'key.unknown', { fields: { authorization: `Bearer ${token}` } }],
    ['a changed token', 'token.unknown',
      { fields: { authorization: `DPoP ${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}` } }],
    ['an assertion', 'token.unknown', { fields: { authorization: `DPoP ${await assertion()}` } }],
    ['another scheme', 'credentials.scheme', { fields: { authorization: `Basic ${token}` } }],
    ['a proof of another key', 'token.unknown', { header: { jwk: stranger }, key: strangers.privateKey }],
    ['no proof', 'proof.invalid', { fields: { dpop: '' } }],
    ['a proof without the token', 'proof.invalid', { claims: { ath: undefined } }],
    ['a proof with another token', 'proof.invalid', { claims: { ath: hash('x') } }],
    ['a proof for another method', 'proof.invalid', { claims: { htm: 'POST' } }],
    ['a proof for another address', 'proof.invalid', { claims: { htu: `${ISSUER}/v1/org/purposes` } }],
    ['an old proof', 'proof.invalid', { claims: { iat: now() - 120 } }],
    ['no nonce', 'proof.nonce', { claims: { nonce: undefined } }],
    ['another nonce', 'proof.nonce', { claims: { nonce: 'A'.repeat(32) } }],
  ]
  for (const [name, reason, spoil] of CASES) {
    await freshNonce()
    const reply = await use(token, spoil)
    const answer = await reply.json()
    check(reply.status === 401 && answer.reason === reason,
      `${name}: ${reply.status} ${JSON.stringify(answer)}, not ${reason}`)
    const challenge = reply.headers.get('www-authenticate')
    check(challenge.includes(`resource_metadata="${ISSUER}/.well-known/oauth-protected-resource"`) &&
      (!/^(proof|token)\./.test(reason) || challenge.startsWith('DPoP error=')), `${name}: ${challenge}`)
    check((reply.headers.get('dpop-nonce') !== null) === (reason === 'proof.nonce'), `${name}: the field DPoP-Nonce`)
  }
  check((await use(token)).status === 200, 'the right one is refused')
  check((await use(token, { path: '/v1/org/grants?relationship=x' })).status < 405, 'a door that waits')
  check((await use(token, { method: 'HEAD' })).status === 200, 'a look at the head')
  check((await use(token, { path: '/v1/me' })).status === 403, 'a system at a person’s door')
}

/** What a header calls a key is compared with names, and leads nowhere. */
const names = async () => {
  await freshNonce()
  const keys = await makeKeys('ES256')
  const client = await register(ORGANISATION, DEPARTMENT, 'desk with a name',
    [{ ...await jose.exportJWK(keys.publicKey), kid: 'desk' }], 'relationships')
  const as = (kid) => ({ assertion: { header: { kid }, claims: { iss: client, sub: client }, key: keys.privateKey } })
  for (const kid of [undefined, 'desk']) await good(as(kid))
  for (const kid of ['../../etc/passwd', '/dev/null', "' OR 1=1 --", 'https://evil.example/key', '|true', 'DESK',
    'desk ', 'desk\u0000', '%64esk', '${desk}'])
    await refused(`the name ${kid}`, 'invalid_client', as(kid))
}

const others = async () => {
  await freshNonce()
  const mine = await good()
  const theirs = await makeKeys('ES256')
  const foreign = await register(OTHER_ORGANISATION, OTHER_DEPARTMENT, 'counter', [theirs.publicKey], 'relationships')
  const as = { claims: { iss: foreign, sub: foreign }, key: theirs.privateKey }
  const look = await ask({ path: '/oauth/introspect', form: { token: mine }, assertion: as })
  check(look.status === 200 && (await look.text()) === '{"active":false}', 'another organisation learns of a token')
  const end = await ask({ path: '/oauth/revoke', form: { token: mine }, assertion: as })
  check(end.status === 200 && (await end.text()) === '', 'another organisation learns of a token by ending it')
  check((await use(mine)).status === 200, 'another organisation has ended it')
  await refused('the key of another client', 'invalid_client', { assertion: { key: theirs.privateKey } })
  for (const text of ['x', KEY, await assertion()]) {
    const reply = await ask({ path: '/oauth/introspect', form: { token: text } })
    check((await reply.text()) === '{"active":false}', 'a text that is no token')
  }
}

// ----

if (process.argv[2] === 'again') {
  const kept = JSON.parse(readFileSync(KEPT, 'utf8'))
  const replies = await Promise.all([kept.ask, kept.use].map(({ address, options }) => reach(address, options)))
  const answers = await Promise.all(replies.map((reply) => reply.json()))
  check(replies[0].status === 401 && answers[0].error === 'invalid_client', JSON.stringify(answers[0]))
  check(replies[1].status === 401 && answers[1].reason === 'proof.replayed', JSON.stringify(answers[1]))
  console.log('found: what was used before a kill is known as used after it')
} else {
  id = await register(ORGANISATION, DEPARTMENT, 'order desk', [signs.publicKey],
    'relationships,purposes,grants,disclosures,requests,invitations')
  await fetchNonce()
  await noticeWhatIsRight()
  await refuseAll()
  await fetchNonce()
  await usedOnce()
  await uses()
  await names()
  await others()
  const token = await good({ form: { scope: 'grants relationships' } })
  const form = { grant_type: 'client_credentials', client_assertion_type: TYPE, client_assertion: await assertion() }
  const first = { address: ISSUER + TOKEN, options: { method: 'POST', body: new URLSearchParams(form).toString(),
    headers: {
    'content-type': 'application/x-www-form-urlencoded', dpop: await proof() } } }
  const second = { address: ISSUER + LIST, options: { headers: {
    authorization: `DPoP ${token}`, dpop: await proof({ path: LIST, method: 'GET', token,
      claims: { iat: now() + 9 } }) } } }
  for (const { address, options } of [first, second]) check((await reach(address, options)).status === 200,
    'kept for later')
  writeFileSync(KEPT, JSON.stringify({ ask: first, use: second }))
  console.log(`found: ${WRONG.length} wrong requests for a token are refused, each in its own words`)
  console.log(`found: 64 at once make 1; ${counted()} checks`)
}
