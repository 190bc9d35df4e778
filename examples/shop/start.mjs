// SPDX-License-Identifier: Apache-2.0
// One command for a node with a small made-up world and the shop beside it: `node start.mjs PROGRAM`. With NODE and KEY
// in the environment it takes the node that runs there instead; KEY is an API key with the scope `admin`. The shop is
// registered anew each time, under a key pair that is made for it. PORT: where the shop listens, if not at 3000; a node
// of its own listens at the next one.
import { execFileSync, spawn } from 'node:child_process'
import { webcrypto } from 'node:crypto'
import { createInterface } from 'node:readline'
import { openShop } from './shop.mjs'

globalThis.crypto ??= webcrypto // Node 18, which Debian 12 has, does not show it by itself
globalThis.CryptoKey ??= webcrypto.CryptoKey
const port = Number(process.env.PORT ?? 3000)
const fail = (words) => {
  console.error(`shop: ${words}`)
  process.exit(1)
}

/** A demo of its own, under a name for which browsers keep passkeys; gives what it says when it is ready. */
const startDemo = async (program) => {
  const at = port + 1
  const demo = spawn(program, ['demo', '--json', '--listen', `127.0.0.1:${at}`, '--url', `http://localhost:${at}`],
    { stdio: ['ignore', 'pipe', 'ignore'] })
  demo.once('error', () => fail(`${program} does not start: build it with "make"`))
  const ended = () => fail(`the node has ended; is port ${at} taken? PORT=4000 takes others`)
  demo.once('exit', ended)
  process.once('exit', () => demo.kill())
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => demo.removeAllListeners('exit').once('exit', () => process.exit(0)).kill('SIGTERM'))
  for await (const line of createInterface({ input: demo.stdout })) return JSON.parse(line)
  return ended()
}

const call = async (node, fields, path, body) => {
  const reply = await fetch(node + path, { method: body ? 'POST' : 'GET',
    headers: { ...fields, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
    .catch((error) => fail(`${node} does not answer: ${error.cause?.message ?? error.message}`))
  if (!reply.ok) fail(`${path}: ${reply.status} ${await reply.text()}`)
  return reply.json()
}

/** Makes a key pair and tells the node its public half; gives what openShop() wants. */
const register = async (node, apiKey) => {
  const asSystem = { Authorization: `Bearer ${apiKey}` }
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false,
    ['sign', 'verify'])
  const purposes = (await call(node, asSystem, '/v1/org/purposes')).items
  const purpose = purposes.find((one) => one.state === 'published') ?? fail('no purpose is published')
  const made = await call(node, asSystem, '/v1/org/systems', { name: 'Web shop', department: purpose.departments[0],
    scopes: ['requests', 'disclosures'], jwks: { keys: [await crypto.subtle.exportKey('jwk', publicKey)] },
    redirect_uris: [`http://127.0.0.1:${port}/back`] })
  return { node, clientId: made.id, key: privateKey, purpose: purpose.id, port }
}

/** Ada's app, as small as it gets: with each Enter she stops what the shop may read. */
const beAda = async (program, { ready, data, person }, purpose) => {
  const words = ['person', 'link', person, '--data', data, '--url', ready, '--json']
  const { link } = JSON.parse(execFileSync(program, words))
  const signedIn = await fetch(link, { method: 'POST', redirect: 'manual' })
  const asAda = { Cookie: signedIn.headers.get('set-cookie').split(';')[0] }
  for await (const _ of createInterface({ input: process.stdin })) {
    const grants = (await call(ready, asAda, '/v1/me/grants?limit=200')).items
    const live = grants.filter((one) => one.state === 'active' && one.purpose.id === purpose)
    for (const one of live) await call(ready, asAda, `/v1/me/grants/${one.id}/withdraw`, {})
    console.log(live.length > 0 ? 'Ada has stopped it. Let the shop ask again.' : 'There is nothing to stop.')
  }
}

const program = process.argv[2] ?? 'symbolon'
const demo = process.env.KEY ? { ready: process.env.NODE, key: process.env.KEY } : await startDemo(program)
const settings = await register(demo.ready, demo.key)
await openShop(settings).catch((error) => fail(error.message))
if (!demo.link) {
  console.log(`The shop: http://127.0.0.1:${port}`)
} else {
  console.log(`
1. Be Ada, a customer. Open this link in a browser; it is good once, for 15 minutes:
   ${demo.link}
2. In the same browser, go to the shop: http://127.0.0.1:${port}
3. Press Enter here, and Ada stops what she shared. Then let the shop ask again.

Ctrl-C ends node and shop. The folder of the node: ${demo.data}`)
  await beAda(program, demo, settings.purpose)
}
