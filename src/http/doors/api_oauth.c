/* SPDX-License-Identifier: Apache-2.0
 * What programs read before they ask for a token: this node as an authorization server (RFC 8414) and as the resource
 * that takes its tokens (RFC 9728). Only what there is stands in them. */
#include <string.h>

#include "base/text.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"
#include "protocol/authorization_details.h"
#include "protocol/id_token.h"
#include "protocol/openid_claims.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct text ALGORITHMS[] = {TEXT("ES256"), TEXT("EdDSA"), TEXT("PS256")};
static const struct text METHODS[] = {TEXT("private_key_jwt")};
static const struct text GRANT_TYPES[] = {TEXT("client_credentials"), TEXT("authorization_code"),
                                          TEXT("refresh_token")};
static const struct text RESPONSE_TYPES[] = {TEXT("code")};
static const struct text RESPONSE_MODES[] = {TEXT("query")};
static const struct text CHALLENGES[] = {TEXT("S256")};
static const struct text DETAIL_TYPES[] = {TEXT(AUTHORIZATION_DETAILS_TYPE)};
static const struct text GRANT_ACTIONS[] = {TEXT("query"), TEXT("revoke")};
static const struct text SUBJECT_TYPES[] = {TEXT("pairwise")};
static const struct text SIGNS_WITH[] = {TEXT("ES256")};
static const struct text CLAIM_TYPES[] = {TEXT("normal")};
static const struct text WAYS[] = {TEXT(ID_TOKEN_ACR_PASSKEY)};
static const struct text HEADER[] = {TEXT("header")};

static const struct text SCOPES[] = {
#define X(name, bit, word, sentence) TEXT(word),
#include "http/scope.def"
#undef X
};

/* What a client may ask of a person comes beside what a system has of its own. */
static const struct text SERVER_SCOPES[] = {
    TEXT(SCOPE_SIGN_IN),
#define X(name, bit, word, sentence) TEXT(word),
#include "http/scope.def"
#undef X
};

#define LIST_OF(name, structure, member, ...) LIST(name, TEXTS, 0, structure, member, __VA_ARGS__)

/* ---- the authorization server */

struct server_view {
    struct text issuer;
    struct text token_endpoint;
    struct text introspection_endpoint;
    struct text revocation_endpoint;
    struct text authorization_endpoint;
    struct text pushed_endpoint;
    struct text grant_endpoint;
    struct text userinfo_endpoint;
    struct text jwks_uri;
    struct text documentation;
    const struct text *grant_types, *response_types, *methods, *algorithms, *scopes;
    size_t             grant_types_count, response_types_count, methods_count, algorithms_count, scopes_count;
    const struct text *response_modes, *challenges, *detail_types, *grant_actions;
    size_t             response_modes_count, challenges_count, detail_types_count, grant_actions_count;
    const struct text *subject_types, *signs_with, *claim_types, *claims, *ways;
    size_t             subject_types_count, signs_with_count, claim_types_count, claims_count, ways_count;
    bool               pushed_only, names_issuer, takes_claims, takes_request, takes_request_uri;
};
static const struct shape_member SERVER[] = {
    MEMBER("issuer", TEXT, 0, struct server_view, issuer, .sentence = "Also the audience of a client's assertions."),
    MEMBER("token_endpoint", TEXT, 0, struct server_view, token_endpoint),
    MEMBER("introspection_endpoint", TEXT, 0, struct server_view, introspection_endpoint),
    MEMBER("revocation_endpoint", TEXT, 0, struct server_view, revocation_endpoint),
    MEMBER("service_documentation", TEXT, 0, struct server_view, documentation),
    LIST_OF("scopes_supported", struct server_view, scopes),
    MEMBER("authorization_endpoint", TEXT, 0, struct server_view, authorization_endpoint),
    MEMBER("pushed_authorization_request_endpoint", TEXT, 0, struct server_view, pushed_endpoint),
    MEMBER("require_pushed_authorization_requests", BOOL, 0, struct server_view, pushed_only),
    MEMBER("authorization_response_iss_parameter_supported", BOOL, 0, struct server_view, names_issuer),
    LIST_OF("response_types_supported", struct server_view, response_types),
    LIST_OF("response_modes_supported", struct server_view, response_modes),
    LIST_OF("code_challenge_methods_supported", struct server_view, challenges),
    LIST_OF("authorization_details_types_supported", struct server_view, detail_types),
    MEMBER("userinfo_endpoint", TEXT, 0, struct server_view, userinfo_endpoint),
    MEMBER("jwks_uri", TEXT, 0, struct server_view, jwks_uri, .sentence = "Keys that sign ID tokens."),
    LIST_OF("subject_types_supported", struct server_view, subject_types,
            .sentence = "The subject is the relationship: another one at every organisation."),
    LIST_OF("id_token_signing_alg_values_supported", struct server_view, signs_with),
    LIST_OF("acr_values_supported", struct server_view, ways, .sentence = "Told when a passkey has proved who it is."),
    LIST_OF("claim_types_supported", struct server_view, claim_types),
    LIST_OF("claims_supported", struct server_view, claims,
            .sentence = "What UserInfo tells when the person has granted it."),
    MEMBER("claims_parameter_supported", BOOL, 0, struct server_view, takes_claims),
    MEMBER("request_parameter_supported", BOOL, 0, struct server_view, takes_request),
    MEMBER("request_uri_parameter_supported", BOOL, 0, struct server_view, takes_request_uri),
    MEMBER("grant_management_endpoint", TEXT, 0, struct server_view, grant_endpoint),
    LIST_OF("grant_management_actions_supported", struct server_view, grant_actions),
    LIST_OF("grant_types_supported", struct server_view, grant_types),
    LIST_OF("token_endpoint_auth_methods_supported", struct server_view, methods),
    LIST_OF("token_endpoint_auth_signing_alg_values_supported", struct server_view, algorithms),
    LIST_OF("introspection_endpoint_auth_methods_supported", struct server_view, methods),
    LIST_OF("introspection_endpoint_auth_signing_alg_values_supported", struct server_view, algorithms),
    LIST_OF("revocation_endpoint_auth_methods_supported", struct server_view, methods),
    LIST_OF("revocation_endpoint_auth_signing_alg_values_supported", struct server_view, algorithms),
    LIST_OF("dpop_signing_alg_values_supported", struct server_view, algorithms),
};
const struct shape SHAPE_AUTHORIZATION_SERVER = {.name = "AuthorizationServer",
    .sentence = "RFC 8414 and OpenID Connect Discovery 1.0.",
    SHAPE_MEMBERS(SERVER), .size = sizeof(struct server_view)};

static struct text address_of(struct call *call, const char *path)
{
    return text_format(call->arena, "%s%s", call_origin(call), path);
}

static const struct text *claims_of(struct arena *arena, size_t *out_count)
{
    static const struct text OF_THE_TOKEN[] = {TEXT("sub"), TEXT("acr"), TEXT("amr"), TEXT("auth_time")};
    size_t count = 0;
    while (openid_claim_at(count) != NULL)
        count++;
    struct text *all = ARENA_ARRAY(arena, struct text, COUNT(OF_THE_TOKEN) + count);
    if (all == NULL)
        return NULL;
    memcpy(all, OF_THE_TOKEN, sizeof OF_THE_TOKEN);
    for (size_t i = 0; i < count; i++)
        all[COUNT(OF_THE_TOKEN) + i] = text_of(openid_claim_at(i));
    *out_count = COUNT(OF_THE_TOKEN) + count;
    return all;
}

/* OpenID Connect Discovery 1.0 section 3. What is false there by default is said, where it is true by default. */
static void add_openid(struct call *call, struct server_view *view)
{
    view->userinfo_endpoint = address_of(call, "/oauth/userinfo");
    view->jwks_uri = address_of(call, "/oauth/jwks");
    view->subject_types = SUBJECT_TYPES;
    view->subject_types_count = COUNT(SUBJECT_TYPES);
    view->signs_with = SIGNS_WITH;
    view->signs_with_count = COUNT(SIGNS_WITH);
    view->claim_types = CLAIM_TYPES;
    view->claim_types_count = COUNT(CLAIM_TYPES);
    view->ways = WAYS;
    view->ways_count = COUNT(WAYS);
    view->claims = claims_of(call->arena, &view->claims_count);
    view->takes_claims = true;
}

static err describe_server(struct call *call)
{
    struct server_view view = {
        .issuer = text_of(call_origin(call)),
        .token_endpoint = address_of(call, "/oauth/token"),
        .introspection_endpoint = address_of(call, "/oauth/introspect"),
        .revocation_endpoint = address_of(call, "/oauth/revoke"),
        .authorization_endpoint = address_of(call, "/oauth/authorize"),
        .pushed_endpoint = address_of(call, "/oauth/par"),
        .grant_endpoint = address_of(call, "/oauth/grants"),
        .pushed_only = true,
        .names_issuer = true,
        .response_types = RESPONSE_TYPES,
        .response_types_count = COUNT(RESPONSE_TYPES),
        .response_modes = RESPONSE_MODES,
        .response_modes_count = COUNT(RESPONSE_MODES),
        .challenges = CHALLENGES,
        .challenges_count = COUNT(CHALLENGES),
        .detail_types = DETAIL_TYPES,
        .detail_types_count = COUNT(DETAIL_TYPES),
        .grant_actions = GRANT_ACTIONS,
        .grant_actions_count = COUNT(GRANT_ACTIONS),
        .documentation = address_of(call, "/openapi.json"),
        .grant_types = GRANT_TYPES,
        .grant_types_count = COUNT(GRANT_TYPES),
        .methods = METHODS,
        .methods_count = COUNT(METHODS),
        .algorithms = ALGORITHMS,
        .algorithms_count = COUNT(ALGORITHMS),
        .scopes = SERVER_SCOPES,
        .scopes_count = COUNT(SERVER_SCOPES),
    };
    add_openid(call, &view);
    if (arena_is_exhausted(call->arena))
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

err get_authorization_server(struct call *call)
{
    return describe_server(call);
}

/* One table, shown at the address of the other standard too. */
err get_openid_configuration(struct call *call)
{
    return describe_server(call);
}

/* ---- the resource */

struct resource_view {
    struct text resource;
    struct text documentation;
    const struct text *servers, *scopes, *methods, *algorithms;
    size_t             servers_count, scopes_count, methods_count, algorithms_count;
    bool        bound_only;
};
static const struct shape_member RESOURCE[] = {
    MEMBER("resource", TEXT, 0, struct resource_view, resource),
    LIST_OF("authorization_servers", struct resource_view, servers),
    LIST_OF("scopes_supported", struct resource_view, scopes),
    LIST_OF("bearer_methods_supported", struct resource_view, methods),
    LIST_OF("dpop_signing_alg_values_supported", struct resource_view, algorithms),
    MEMBER("dpop_bound_access_tokens_required", BOOL, 0, struct resource_view, bound_only,
           .sentence = "Every access token is bound; API keys are no such tokens."),
    MEMBER("resource_documentation", TEXT, 0, struct resource_view, documentation),
};
const struct shape SHAPE_PROTECTED_RESOURCE = {.name = "ProtectedResource", .sentence = "RFC 9728.",
    SHAPE_MEMBERS(RESOURCE), .size = sizeof(struct resource_view)};

err get_protected_resource(struct call *call)
{
    const struct text origin = text_of(call_origin(call));
    struct resource_view view = {
        .resource = origin,
        .servers = &origin,
        .servers_count = 1,
        .scopes = SCOPES,
        .scopes_count = COUNT(SCOPES),
        .methods = HEADER,
        .methods_count = COUNT(HEADER),
        .algorithms = ALGORITHMS,
        .algorithms_count = COUNT(ALGORITHMS),
        .documentation = address_of(call, "/openapi.json"),
        .bound_only = true,
    };
    if (arena_is_exhausted(call->arena))
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}
