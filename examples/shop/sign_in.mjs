// SPDX-License-Identifier: Apache-2.0
// All that a shop says to a node, by openid-client: ask (a pushed request with PKCE and DPoP, signed by its own key),
// learn who has come back (the ID token), look at what may be known at this moment (UserInfo), and end it. Nothing is
// kept here: what belongs to a visitor goes back to the caller.
import * as oidc from 'openid-client'

/** What the shop asks for, beside who it is. The purpose is one that the organisation has published. */
const dataFor = (purpose) => ({
  authorization_details: JSON.stringify([{ type: 'personal-data', purpose, datatypes: ['pd:PhysicalAddress'] }]),
  claims: JSON.stringify({ userinfo: { name: { essential: true }, phone_number: null } }),
})

/** `key`: the private key whose public half is registered. `back`: the address that is registered, byte for byte. */
export const meetNode = async ({ node, clientId, key, back, purpose }) => {
  const plain = node.startsWith('http:') ? [oidc.allowInsecureRequests] : [] // on one's own machine alone
  const config = await oidc.discovery(new URL(node), clientId, undefined, oidc.PrivateKeyJwt(key),
    { execute: [...plain, oidc.enableNonRepudiationChecks] })
  const bound = { DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256')) }

  /** Where the browser goes, and what to remember of it until it comes back. */
  const ask = async (shares) => {
    const visit = { verifier: oidc.randomPKCECodeVerifier(), state: oidc.randomState(), nonce: oidc.randomNonce() }
    const address = await oidc.buildAuthorizationUrlWithPAR(config, {
      scope: 'openid', redirect_uri: back, state: visit.state, nonce: visit.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(visit.verifier), code_challenge_method: 'S256',
      ...(shares ? dataFor(purpose) : {}),
    }, bound)
    return { address, visit }
  }

  /** Who has come back. Throws where the person has said no: `error` is "access_denied". */
  const comeBack = async (address, visit) => {
    const tokens = await oidc.authorizationCodeGrant(config, address, { pkceCodeVerifier: visit.verifier,
      expectedState: visit.state, expectedNonce: visit.nonce, idTokenExpected: true }, undefined, bound)
    const { sub, acr } = tokens.claims()
    return { sub, byPasskey: acr === 'phr', grant: tokens.grant_id, // read what was given: it may be less
      given: tokens.authorization_details?.[0].datatypes ?? [], access: tokens.access_token,
      refresh: tokens.refresh_token }
  }

  /** An access token lives for ten minutes; the next one is there for as long as the person permits it. */
  const renew = async (person) => {
    const tokens = await oidc.refreshTokenGrant(config, person.refresh, undefined, bound)
    person.access = tokens.access_token
  }
  const tell = (person) => oidc.fetchUserInfo(config, person.access, person.sub, bound)

  const isRefused = (error) => error instanceof oidc.WWWAuthenticateChallengeError && error.status === 401

  /** What may be known now: {claims}, which may be no more than who it is, or {refused} with the node's word for it
   *  when the person has stopped it. */
  const look = async (person) => {
    try {
      try {
        return { claims: await tell(person) }
      } catch (error) {
        if (!isRefused(error)) throw error
        await renew(person)
        return { claims: await tell(person) }
      }
    } catch (error) {
      if (error.error === 'invalid_grant') return { refused: error.error }
      if (isRefused(error)) return { refused: 'invalid_token' } // stopped between the two
      throw error
    }
  }

  /** Ends the shop's tokens. The permission itself is the person's to stop. */
  const forget = (person) => oidc.tokenRevocation(config, person.refresh ?? person.access)

  return { ask, comeBack, look, forget }
}
