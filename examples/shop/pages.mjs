// SPDX-License-Identifier: Apache-2.0
// What the shop shows: plain HTML without script, readable from 320 pixels up, in light and dark.

const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
class Markup {
  constructor(text) { this.text = text }
}
const put = (value) => value instanceof Markup ? value.text : Array.isArray(value) ? value.map(put).join('')
  : escape(value)
/** A piece of a page; whatever is put into it is escaped unless it is such a piece itself. */
const html = (parts, ...values) =>
  new Markup(parts.reduce((text, part, i) => text + (i > 0 ? put(values[i - 1]) : '') + part, ''))

const STYLE = new Markup(`
:root { color-scheme: light dark; --ink: #23201c; --soft: #645d54; --page: #fcfaf6; --card: #fff; --line: #ded7ca;
  --lamp: #8a4b08; --on-lamp: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #ece7df; --soft: #aea598; --page: #171512; --card: #201d19;
  --line: #3a352e; --lamp: #f0b35e; --on-lamp: #221500 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif }
header, main, footer { max-width: 44rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 1.5rem; padding-bottom: 1.5rem; font-weight: 600; color: var(--lamp) }
footer { padding-top: 2rem; padding-bottom: 3rem; color: var(--soft); font-size: .9375rem }
h1 { font: 600 1.75rem/1.25 Georgia, serif; margin: 0 0 1rem }
h2 { font-size: 1.0625rem; margin: 0 0 .25rem }
p { margin: 0 0 1rem; max-width: 36rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem;
  margin: 0 0 1.25rem }
section p:last-child, form { margin: 0 }
dl { margin: .75rem 0 0 }
dl div { padding: .625rem 0; border-top: 1px solid var(--line) }
dt { color: var(--soft); font-size: .9375rem }
dl div:last-child { padding-bottom: 0 }
dd { margin: 0; overflow-wrap: anywhere }
form { display: flex; flex-wrap: wrap; gap: .75rem }
button, .button { font: inherit; font-weight: 600; padding: .6875rem 1.25rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--lamp); background: transparent; color: var(--lamp); text-decoration: none }
button.first { background: var(--lamp); color: var(--on-lamp) }
:focus-visible { outline: 3px solid var(--lamp); outline-offset: 3px }
a { color: var(--lamp); text-underline-offset: .2em }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
@media (min-width: 40rem) { dl div { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem }
  section { padding: 1.5rem } }`)

const page = (title, ...body) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Lantern Books</title>
<style>${STYLE}</style>
</head>
<body>
<header>Lantern Books</header>
<main>
<h1>${title}</h1>
${body}
</main>
<footer>A sample shop. It has no password of yours, and keeps no copy of what you share.</footer>
</body>
</html>
`.text

const row = (name, text) => html`<div><dt>${name}</dt><dd>${text}</dd></div>
`
const BUTTONS = html`<form method="post" action="/sign-in">
<button class="first" name="share" value="yes">Sign in and share</button>
<button name="share" value="no">Sign in only</button>
</form>`
const SIGN_OUT = html`<form method="post" action="/sign-out">
<a class="button" href="/">Ask again</a>
<button>Sign out</button>
</form>`

export const front = () => page('A book by your lamp',
  html`<p><em>The Lighthouse Keeper’s Almanac</em>, bound in cloth. Tell us who you are, and we bring it to you.</p>
<section>
<h2>Sign in and share</h2>
<p>We ask your own node for your name, your address and, if you like, your telephone number, to bring your order to the
right door. You see what we ask for and decide there. You can stop it at any time.</p>
<h2>Sign in only</h2>
<p>We learn that it is you again, and nothing else.</p>
</section>
${BUTTONS}`)

const CLAIMS = { name: 'Name', phone_number: 'Telephone' }
const KINDS = { 'pd:Name': 'name', 'pd:PhysicalAddress': 'address', 'pd:TelephoneNumber': 'telephone' }
const addressOf = ({ street_address, postal_code, locality, country }) =>
  [street_address, [postal_code, locality].filter(Boolean).join(' '), country].filter(Boolean).join(', ')
const known = (claims) => [
  ...Object.keys(CLAIMS).filter((name) => claims[name]).map((name) => row(CLAIMS[name], claims[name])),
  ...(claims.address ? [row('Address', addressOf(claims.address))] : []),
]

const who = (person) => html`<section>
<h2>Who you are</h2>
<dl>
${row('Your name here', html`<code>${person.sub}</code>`)}
${row('That is', 'A name that only we are told. No other shop can find you by it.')}
${row('How you signed in there', person.byPasskey ? 'With a passkey' : 'With a link')}
</dl>
</section>`

const NOTHING = 'Nothing. You have signed in and share no data.'
const NOTHING_NOW = 'Nothing is shared now. You are signed in, and your node tells us no more than that.'
const told = (person, claims) => html`<section>
<h2>What we may know now</h2>
${known(claims).length === 0 ? html`<p>${person.grant ? NOTHING_NOW : NOTHING}</p>`
    : html`<p>We have asked your node a moment ago, and it has noted that for you.</p>
<dl>
${known(claims)}${row('You permit', person.given.map((kind) => KINDS[kind] ?? kind).join(', '))}
${row('Your permission', html`<code>${person.grant}</code>`)}
</dl>`}
</section>`

export const welcome = (person, claims) => page('Welcome', told(person, claims), who(person), SIGN_OUT)

export const stopped = (refused) => page('You have stopped it',
  html`<section>
<h2>What we may know now</h2>
<p>Nothing. We have asked your node a moment ago, and it has refused: you have stopped your permission or ended our
relationship, or the time that you gave is over. What you saw here before was never kept.</p>
<dl>
${row('The node’s word for it', html`<code>${refused}</code>`)}
</dl>
</section>
${SIGN_OUT}`)

export const refusal = () => page('You said no',
  html`<p>That is fine. Nothing was shared, and we have learnt nothing about you.</p>`, BUTTONS)
export const goodbye = () => page('You are signed out',
  html`<p>We have ended our tokens. What you permit stands in your own node, and you can stop it there.</p>`, BUTTONS)
export const trouble = (words) => page('That did not work', html`<p>${words}</p>`, BUTTONS)
