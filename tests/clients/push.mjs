// SPDX-License-Identifier: Apache-2.0
// A client pushes one request of the kind that WANTED names, "sign-in", "data" or "both", and prints where the browser
// has to go with it.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import * as jose from 'jose'
import { ISSUER, check, makeKeys, reach, register } from './wire.mjs'

const { ORGANISATION, DEPARTMENT, PURPOSE, BACK, WANTED } = process.env
const signs = await makeKeys('ES256')
const id = await register(ORGANISATION, DEPARTMENT, 'web shop', [signs.publicKey], 'requests', BACK)
const now = Math.floor(Date.now() / 1000)
const assertion = await new jose.SignJWT({ iss: id, sub: id, aud: ISSUER, exp: now + 60, iat: now, jti: randomUUID() })
  .setProtectedHeader({ alg: 'ES256' }).sign(signs.privateKey)
const form = new URLSearchParams({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion,
  response_type: 'code', redirect_uri: BACK, state: 'as it was', code_challenge_method: 'S256',
  code_challenge: createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url'),
  ...(WANTED === 'data' ? {} : { scope: 'openid' }),
  ...(WANTED === 'sign-in' ? {} : { authorization_details: JSON.stringify([{ type: 'personal-data', purpose: PURPOSE,
    datatypes: ['pd:PhysicalAddress', 'pd:TelephoneNumber'], duration: 'P30D' }]) }) })
const reply = await reach(`${ISSUER}/oauth/par`, { method: 'POST', body: form })
const { request_uri } = await reply.json()
check(reply.status === 201, `the request: ${reply.status}`)
console.log(`/oauth/authorize?${new URLSearchParams({ client_id: id, request_uri })}`)
