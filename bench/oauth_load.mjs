// SPDX-License-Identifier: Apache-2.0
// Requests that can be sent only once, since each is signed anew: made before the clock runs, then sent over so many
// connections that stay open. Prints "name figure" lines: requests per second, and name_cpu, microseconds that the
// server's processes spend on one. What it does stands in the JSON of its one argument: {"origin", "token",
// "introspection": the server's addresses, "client", "key": its id and private JWK, "count", "connections", "pid": the
// server's, "cookies": of people who say yes; none: no codes are asked for}.
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'

const plan = JSON.parse(process.argv[2])
const BACK = 'https://shop.example/back'
const VERIFIER = 'a'.repeat(43)
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const key = createPrivateKey({ key: plan.key, format: 'jwk' })
const publicJwk = (({ kty, crv, x, y }) => ({ kty, crv, x, y }))(plan.key)
const host = new URL(plan.origin).host

/* ---- what is signed */

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (header, claims) => {
  const text = `${encode({ alg: 'ES256', ...header })}.${encode(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const now = () => Math.floor(Date.now() / 1000)
const assertion = () => ({ client_id: plan.client,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: jwt({}, { iss: plan.client, sub: plan.client, aud: plan.origin, jti: randomUUID(), iat: now(),
    exp: now() + 120 }) })
const proof = (nonce) => jwt({ typ: 'dpop+jwt', jwk: publicJwk }, { htm: 'POST', htu: plan.origin + plan.token,
  jti: randomUUID(), iat: now(), ...(nonce ? { nonce } : {}) })
const post = (path, form, fields = {}) => {
  const body = new URLSearchParams(form).toString()
  const head = Object.entries({ Host: host, 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length':
    body.length, ...fields }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n${body}`)
}

/* ---- the wire */

/** The reply at the front of what has come, or null while it is not whole. */
const cut = (text) => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = text.slice(0, end)
  const size = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + size) return null
  return { status: Number(head.slice(9, 12)), head, body: text.slice(end + 4, end + 4 + size) }
}

/** One connection takes the next request whenever it has its reply; the replies go where the requests stand. */
const serve = (requests, turn, replies) => new Promise((done, fail) => {
  const socket = connect(Number(new URL(plan.origin).port), '127.0.0.1')
  let at = -1
  let came = ''
  const next = () => {
    at = turn.next++
    if (at < requests.length) socket.write(requests[at])
    else socket.end(), done()
  }
  socket.setNoDelay(true).setEncoding('latin1').on('connect', next).on('error', fail)
  socket.on('data', (piece) => {
    const reply = cut(came += piece)
    if (reply === null) return
    replies[at] = reply
    came = ''
    next()
  })
})

const sendAll = async (requests, status) => {
  const turn = { next: 0 }
  const replies = []
  await Promise.all(Array.from({ length: Math.min(plan.connections, requests.length) },
    () => serve(requests, turn, replies)))
  const wrong = replies.find((reply) => reply.status !== status)
  if (wrong || replies.length !== requests.length) throw new Error(`not ${status}: ${wrong?.head}\n${wrong?.body}`)
  return replies
}

/* ---- figures */

/** Ticks of the server's process and of those that it started. */
const ticks = () => {
  let sum = 0
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    let fields
    try {
      fields = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').pop().split(' ')
    } catch { continue } // it has ended
    if (Number(name) === plan.pid || Number(fields[1]) === plan.pid) sum += Number(fields[11]) + Number(fields[12])
  }
  return sum
}
const TICK_US = 10_000

const measure = async (name, requests, status = 200) => {
  const before = ticks()
  const start = process.hrtime.bigint()
  const replies = await sendAll(requests, status)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  console.log(`${name} ${requests.length / seconds}`)
  console.log(`${name}_cpu ${(ticks() - before) * TICK_US / requests.length}`)
  return replies
}

/* ---- what is asked */

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i))
const tokenRequest = (form, nonce) => post(plan.token, { ...form, ...assertion() }, { DPoP: proof(nonce) })
const forItself = { grant_type: 'client_credentials' }

/** The field DPoP-Nonce of a request that lacks one; empty where the server does not want any. */
const readNonce = async () => {
  const turn = { next: 0 }
  const replies = []
  await serve([tokenRequest(forItself)], turn, replies)
  return /^dpop-nonce: (\S+)/im.exec(replies[0].head)?.[1]
}

/** Signed requests of people who want nothing but to sign in, each answered with yes; gives the codes. */
const makeCodes = async () => {
  const pushed = await sendAll(many(plan.count, () => post('/oauth/par', { response_type: 'code', scope: 'openid',
    redirect_uri: BACK, code_challenge: CHALLENGE, code_challenge_method: 'S256', ...assertion() })), 201)
  const answers = pushed.map((reply, i) => post('/oauth/authorize', { client_id: plan.client, answer: 'accept',
    request_uri: JSON.parse(reply.body).request_uri }, { Cookie: plan.cookies[i % plan.cookies.length] }))
  const first = await sendAll(answers.slice(0, plan.cookies.length), 303) // begins each relationship
  const rest = await sendAll(answers.slice(plan.cookies.length), 303)
  return [...first, ...rest].map((reply) => /^location: \S+?code=([^&\s]+)/im.exec(reply.head)[1])
}

const nonce = await readNonce()
const issued = await measure('token', many(plan.count, () => tokenRequest(forItself, nonce)))
const tokens = issued.slice(-200).map((reply) => JSON.parse(reply.body).access_token) // a peer may forget the oldest
const told = await measure('introspection', many(plan.count, (i) =>
  post(plan.introspection, { token: tokens[i % tokens.length], ...assertion() })))
if (!told.every((reply) => JSON.parse(reply.body).active)) throw new Error('a token is not known')
if (plan.cookies) {
  const codes = await makeCodes()
  const signedIn = await measure('code', codes.map((code) => tokenRequest({ grant_type: 'authorization_code', code,
    redirect_uri: BACK, code_verifier: VERIFIER }, nonce)))
  if (!signedIn.every((reply) => JSON.parse(reply.body).id_token)) throw new Error('there is no ID token')
}
