// SPDX-License-Identifier: Apache-2.0
// A shop with four addresses and no framework: `/`, `/sign-in`, `/back`, `/sign-out`. It remembers its visitors in
// memory, each by a cookie with a new value whenever somebody signs in, and whoever is on the way by the `state` of
// that way: two presses of the button are two ways, and both lead back. What is said to the node stands in sign_in.mjs.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { meetNode } from './sign_in.mjs'
import * as pages from './pages.mjs'

const KEPT_MAX = 10_000
const VISIT_SECONDS = 600
const visitors = new Map() // cookie -> person
const visits = new Map() // state -> {verifier, state, nonce} and when it is over

const keep = (map, key, what) => {
  if (map.size === KEPT_MAX) map.delete(map.keys().next().value) // the oldest one
  map.set(key, what)
}
// Over https also "Secure".
const cookieFor = (name, value, more) => `${name}=${value}; HttpOnly; SameSite=Lax; ${more}`
const cookieOf = (request, name) => (request.headers.cookie ?? '').split('; ')
  .find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)

/** Forgets who has come with this cookie, and remembers `person` under a new one. */
const remember = (cookie, person) => {
  visitors.delete(cookie)
  const fresh = randomBytes(32).toString('base64url')
  keep(visitors, fresh, person)
  return cookieFor('shop', fresh, 'Path=/')
}

/** Whoever goes to the node. The cookie says that it is the same browser which comes back. */
const setOut = (visit) => {
  keep(visits, visit.state, { ...visit, over: Date.now() + VISIT_SECONDS * 1000 })
  return cookieFor(`visit-${visit.state}`, 'begun', `Path=/back; Max-Age=${VISIT_SECONDS}`)
}
const wayCookieGone = (state) => cookieFor(`visit-${state}`, '', 'Path=/back; Max-Age=0')
/** Once: one answer, one try. */
const endWay = (request, state) => {
  const visit = cookieOf(request, `visit-${state}`) && visits.get(state)
  if (visit) visits.delete(state)
  return visit?.over > Date.now() ? visit : null
}

/** A browser says where a form comes from; the cookie alone does not, from another program on the same machine. */
const isForeign = (request, origin) => request.method === 'POST' &&
  (request.headers.origin ?? origin) !== origin
const formOf = async (request) => {
  let text = ''
  for await (const piece of request) if ((text += piece).length > 1000) throw new Error('a form that is too long')
  return new URLSearchParams(text)
}
const show = (body, status = 200, ...cookies) => ({ status, body, fields: { 'Set-Cookie': cookies } })
const leadTo = (address, ...cookies) =>
  ({ status: 303, body: '', fields: { Location: String(address), 'Set-Cookie': cookies } })

const doors = (node) => ({
  'GET /': async ({ visitor }) => {
    if (!visitor) return show(pages.front())
    const { claims, refused } = await node.look(visitor) // each time, and nothing of it is kept
    return show(refused ? pages.stopped(refused) : pages.welcome(visitor, claims))
  },
  'POST /sign-in': async ({ request }) => {
    const { address, visit } = await node.ask((await formOf(request)).get('share') === 'yes')
    return leadTo(address, setOut(visit))
  },
  'GET /back': async ({ request, address, cookie }) => {
    const visit = endWay(request, address.searchParams.get('state'))
    if (!visit) return show(pages.trouble('Nobody has begun to sign in with this browser. Begin again.'), 400)
    const gone = wayCookieGone(visit.state)
    try {
      return leadTo('/', gone, remember(cookie, await node.comeBack(address, visit)))
    } catch (error) {
      if (error.error === 'access_denied') return show(pages.refusal(), 200, gone)
      throw error
    }
  },
  'POST /sign-out': async ({ cookie, visitor }) => { // another site's form comes without the cookie: SameSite
    visitors.delete(cookie)
    if (visitor) await node.forget(visitor)
    return show(pages.goodbye())
  },
})

/** Opens the shop at `port` of this machine; gives its server. The rest of `settings` is for meetNode(). */
export const openShop = async ({ port, ...settings }) => {
  const origin = `http://127.0.0.1:${port}`
  const open = doors(await meetNode({ ...settings, back: `${origin}/back` }))
  const policy = `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; ` +
    `form-action 'self' ${new URL(settings.node).origin}`
  const answer = async (request) => {
    const address = new URL(request.url, origin)
    const door = open[`${request.method} ${address.pathname}`]
    const cookie = cookieOf(request, 'shop')
    if (!door) return show(pages.trouble('There is no such page.'), 404)
    if (isForeign(request, origin)) return show(pages.trouble('That form was not ours.'), 403)
    try {
      return await door({ request, address, cookie, visitor: visitors.get(cookie) })
    } catch (error) {
      console.error(error) // for whoever runs the shop; a visitor is not told
      return show(pages.trouble('Your node and we did not understand each other. Try again in a while.'), 502)
    }
  }
  const server = createServer(async (request, response) => {
    const { status, body, fields } = await answer(request)
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store',
      'Content-Security-Policy': policy, 'Referrer-Policy': 'same-origin', 'X-Content-Type-Options': 'nosniff',
      ...fields }).end(body)
  })
  return new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', () => done(server)))
}
