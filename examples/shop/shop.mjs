// SPDX-License-Identifier: Apache-2.0
// A shop with four addresses and no framework: `/`, `/sign-in`, `/back`, `/sign-out`. It remembers its visitors in
// memory, each by a cookie with a new value whenever somebody signs in. What is said to the node stands in sign_in.mjs.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { meetNode } from './sign_in.mjs'
import * as pages from './pages.mjs'

const VISITORS_MAX = 10_000
const visitors = new Map() // cookie -> {visit} on the way, {person} behind it

/** Forgets who has come with this cookie, and remembers `what` under a new one. */
const remember = (cookie, what) => {
  visitors.delete(cookie)
  if (visitors.size === VISITORS_MAX) visitors.delete(visitors.keys().next().value) // the oldest one
  const fresh = randomBytes(32).toString('base64url')
  visitors.set(fresh, what)
  return { 'Set-Cookie': `shop=${fresh}; Path=/; HttpOnly; SameSite=Lax` } // over https also "Secure"
}

const cookieOf = (request) => /(?:^|; )shop=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1]
/** A browser says where a form comes from; the cookie alone does not, from another program on the same machine. */
const isForeign = (request, origin) => request.method === 'POST' &&
  (request.headers.origin ?? origin) !== origin
const formOf = async (request) => {
  let text = ''
  for await (const piece of request) if ((text += piece).length > 1000) throw new Error('a form that is too long')
  return new URLSearchParams(text)
}
const show = (body, status = 200, more = {}) => ({ status, body, fields: more })
const leadTo = (address, more = {}) => ({ status: 303, body: '', fields: { Location: String(address), ...more } })

const doors = (node) => ({
  'GET /': async ({ visitor }) => {
    if (!visitor?.person) return show(pages.front())
    const { claims, refused } = await node.look(visitor.person) // each time, and nothing of it is kept
    return show(refused ? pages.stopped(refused) : pages.welcome(visitor.person, claims))
  },
  'POST /sign-in': async ({ request, cookie }) => {
    const { address, visit } = await node.ask((await formOf(request)).get('share') === 'yes')
    return leadTo(address, remember(cookie, { visit }))
  },
  'GET /back': async ({ address, cookie, visitor }) => {
    if (!visitor?.visit) return show(pages.trouble('Nobody has begun to sign in with this browser. Begin again.'), 400)
    visitors.delete(cookie) // one answer, one try
    try {
      return leadTo('/', remember(cookie, { person: await node.comeBack(address, visitor.visit) }))
    } catch (error) {
      if (error.error === 'access_denied') return show(pages.refusal())
      throw error
    }
  },
  'POST /sign-out': async ({ cookie, visitor }) => { // another site's form comes without the cookie: SameSite
    visitors.delete(cookie)
    if (visitor?.person) await node.forget(visitor.person)
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
    const cookie = cookieOf(request)
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
