// SPDX-License-Identifier: Apache-2.0
// npm oidc-provider as a peer: one client that signs, tokens bound to a key, introspection. It keeps all of it in
// memory, where a node has it on disk before it answers. `node provider.mjs PORT CLIENT_ID JWK`
import Provider from 'oidc-provider'

const [port, clientId, jwk] = process.argv.slice(2)
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: clientId, token_endpoint_auth_method: 'private_key_jwt', response_types: [], redirect_uris: [],
    token_endpoint_auth_signing_alg: 'ES256', grant_types: ['client_credentials'], dpop_bound_access_tokens: true,
    jwks: { keys: [JSON.parse(jwk)] } }],
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true } },
  ttl: { ClientCredentials: 600 },
})
provider.listen(Number(port), '127.0.0.1')
