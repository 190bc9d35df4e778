/* SPDX-License-Identifier: Apache-2.0
 * Paths, then components. Shapes inside shapes are collected once by walking the tables. */
#include "http/doors/openapi.h"

#include <assert.h>
#include <string.h>

#include "domain/words/attribute.h"
#include "http/gate/problem.h"
#include "http/gate/route.h"

#define OPENAPI_BYTES_MAX (4 * 1024 * 1024)
#define SHAPES_MAX 160

/* ---- small writers */

static void open_object(struct json_writer *writer, const char *key)
{
    json_write_key(writer, key);
    json_open_object(writer);
}

static void open_array(struct json_writer *writer, const char *key)
{
    json_write_key(writer, key);
    json_open_array(writer);
}

static void write_reference(struct ctx *cx, struct json_writer *writer, const char *kind, const char *name)
{
    struct text reference = text_format(cx->arena, "#/components/%s/%s", kind, name);
    if (reference.at == NULL)
        writer->out.overflowed = true;
    else
        json_member_text(writer, "$ref", reference);
}

/* "content": {type: {"schema": …}} */
static void open_content(struct json_writer *writer, const char *type)
{
    open_object(writer, "content");
    open_object(writer, type);
    open_object(writer, "schema");
}

static void close_content(struct json_writer *writer)
{
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

/* ---- one operation */

static void write_path_parameter(struct json_writer *writer, struct text name)
{
    id_type type = id_type_of_prefix(name);
    json_open_object(writer);
    json_member_text(writer, "name", name);
    json_member_text(writer, "in", TEXT("path"));
    json_member_bool(writer, "required", true);
    json_write_key(writer, "schema");
    if (type != ID_NONE) {
        shape_write_member_schema(&(struct shape_member){.type = SHAPE_ID, .id = type}, writer);
    } else if (text_is(name, "kind")) {
        json_open_object(writer);
        json_member_text(writer, "$ref", TEXT("#/components/schemas/AttributeKind"));
        json_close_object(writer);
    } else {
        shape_write_member_schema(&(struct shape_member){.type = SHAPE_TEXT}, writer);
    }
    json_close_object(writer);
}

static void write_path_parameters(struct json_writer *writer, const char *path)
{
    for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        size_t size = (size_t)(close - open - 1);
        if (size > 3 && memcmp(close - 3, "...", 3) == 0)
            size -= 3;
        write_path_parameter(writer, (struct text){open + 1, size});
    }
}

static void write_query_parameters(struct json_writer *writer, const struct shape *query)
{
    for (size_t i = 0; query != NULL && i < query->member_count; i++) {
        const struct shape_member *member = &query->members[i];
        json_open_object(writer);
        json_member_text(writer, "name", text_of(member->name));
        json_member_text(writer, "in", TEXT("query"));
        json_member_bool(writer, "required", (member->flags & SHAPE_REQUIRED) != 0);
        json_write_key(writer, "schema");
        struct shape_member single = *member;
        if (member->type == SHAPE_KINDS) /* a query names one kind */
            single = (struct shape_member){.type = SHAPE_TEXT, .sentence = member->sentence};
        shape_write_member_schema(&single, writer);
        json_close_object(writer);
    }
}

static bool is_write(const struct route *route)
{
    return route->method != METHOD_GET;
}

static void write_parameters(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    open_array(writer, "parameters");
    write_path_parameters(writer, route->path);
    write_query_parameters(writer, route->query);
    if (is_write(route) && (route->who & WHO_ANYONE) == 0 && route->limit != LIMIT_CLASS_ANEW) {
        json_open_object(writer);
        write_reference(cx, writer, "parameters", "IdempotencyKey");
        json_close_object(writer);
    }
    json_close_array(writer);
}

/* A change names at least one member. */
static void write_body_schema(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    const struct shape *shape = route->request;
    if (shape->many_max == 0) {
        write_reference(cx, writer, "schemas", shape->name);
        if (route->method == METHOD_PATCH)
            json_member_int(writer, "minProperties", 1);
        return;
    }
    open_array(writer, "oneOf");
    json_open_object(writer);
    write_reference(cx, writer, "schemas", shape->name);
    json_close_object(writer);
    json_open_object(writer);
    json_member_text(writer, "type", TEXT("array"));
    json_member_int(writer, "minItems", 1);
    json_member_int(writer, "maxItems", shape->many_max);
    open_object(writer, "items");
    write_reference(cx, writer, "schemas", shape->name);
    json_close_object(writer);
    json_close_object(writer);
    json_close_array(writer);
}

static bool has_required(const struct shape *shape)
{
    for (size_t i = 0; i < shape->member_count; i++)
        if ((shape->members[i].flags & SHAPE_REQUIRED) != 0)
            return true;
    return false;
}

static void write_request_body(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    if (route->request == NULL)
        return;
    open_object(writer, "requestBody");
    json_member_bool(writer, "required", route->method == METHOD_PATCH || has_required(route->request));
    open_content(writer, route->request->form ? "application/x-www-form-urlencoded" : "application/json");
    write_body_schema(cx, writer, route);
    close_content(writer);
    json_close_object(writer);
}

static void write_success(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    char status[4] = {(char)('0' + route->status / 100), (char)('0' + route->status / 10 % 10),
        (char)('0' + route->status % 10), '\0'};
    open_object(writer, status);
    json_member_text(writer, "description", text_of(route->sentence));
    if (route->reply != NULL) {
        open_content(writer, "application/json");
        write_reference(cx, writer, "schemas", route->reply->name);
        close_content(writer);
    }
    json_close_object(writer);
}

static void write_responses(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    open_object(writer, "responses");
    write_success(cx, writer, route);
    open_object(writer, "default");
    write_reference(cx, writer, "responses", route->request != NULL && route->request->form ? "OAuthError" : "Problem");
    json_close_object(writer);
    json_close_object(writer);
}

static void write_requirement(struct json_writer *writer, const char *scheme, unsigned bit)
{
    json_open_object(writer);
    open_array(writer, scheme);
    if (bit != 0) /* OpenAPI 3.1: roles may be named for schemes other than OAuth 2 */
        json_write_text(writer, text_of(scope_word(bit)));
    json_close_array(writer);
    json_close_object(writer);
}

static void write_security(struct json_writer *writer, const struct route *route)
{
    open_array(writer, "security");
    if ((route->who & WHO_PERSON) != 0)
        write_requirement(writer, "session", 0);
    if ((route->who & WHO_MEMBER) != 0)
        write_requirement(writer, "member", route->scope);
    if ((route->who & WHO_SYSTEM) != 0) {
        write_requirement(writer, "key", route->scope);
        write_requirement(writer, "token", route->scope);
    }
    json_close_array(writer);
}

static void write_tag(struct json_writer *writer, const struct route *route)
{
    const char *tag = (route->who & WHO_PERSON) != 0   ? "person"
                      : (route->who & WHO_ORGANISATION) != 0 ? "organisation"
                                                             : "node";
    open_array(writer, "tags");
    json_write_text(writer, text_of(tag));
    json_close_array(writer);
}

static const char *lower_method(method which)
{
    static const char *const NAMES[METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};
    return NAMES[which];
}

static void write_operation(struct ctx *cx, struct json_writer *writer, const struct route *route)
{
    open_object(writer, lower_method(route->method));
    json_member_text(writer, "operationId", text_of(route->name));
    json_member_text(writer, "summary", text_of(route->sentence));
    write_tag(writer, route);
    write_security(writer, route);
    write_parameters(cx, writer, route);
    write_request_body(cx, writer, route);
    write_responses(cx, writer, route);
    json_close_object(writer);
}

/* ---- paths: the rows of one path stand together in the description wherever they stand in the table */

static bool is_first_of_path(const struct route *rows, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(rows[i].path, rows[at].path) == 0)
            return false;
    return true;
}

/* "{tile...}" is our own notation. */
static struct text public_path(struct ctx *cx, const char *path)
{
    const char *dots = strstr(path, "...}");
    return dots == NULL ? text_of(path) : text_format(cx->arena, "%.*s}", (int)(dots - path), path);
}

static void write_paths(struct ctx *cx, struct json_writer *writer)
{
    size_t count = 0;
    const struct route *rows = routes(&count);
    open_object(writer, "paths");
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_path(rows, i))
            continue;
        json_write_key_text(writer, public_path(cx, rows[i].path));
        json_open_object(writer);
        for (size_t j = i; j < count; j++)
            if (strcmp(rows[j].path, rows[i].path) == 0)
                write_operation(cx, writer, &rows[j]);
        json_close_object(writer);
    }
    json_close_object(writer);
}

/* ---- components */

struct shape_set {
    size_t              count;
    const struct shape *at[SHAPES_MAX];
};

/* Once; NULL is no shape. */
static void add_shape(struct shape_set *set, const struct shape *shape)
{
    if (shape == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        if (set->at[i] == shape)
            return;
    assert(set->count < SHAPES_MAX);
    set->at[set->count++] = shape;
}

/* The set grows while it is walked, so what a shape holds is found without recursion. */
static void collect_shapes(struct shape_set *set)
{
    size_t count = 0;
    const struct route *rows = routes(&count);
    for (size_t i = 0; i < count; i++) {
        add_shape(set, rows[i].request);
        add_shape(set, rows[i].reply);
    }
    for (size_t i = 0; i < set->count; i++)
        for (size_t j = 0; j < set->at[i]->member_count; j++)
            add_shape(set, set->at[i]->members[j].shape);
}

static void write_kind_schema(struct json_writer *writer)
{
    open_object(writer, "AttributeKind");
    json_member_text(writer, "type", TEXT("string"));
    json_member_text(writer, "description", TEXT("A kind of personal data: a DPV term in short form."));
    open_array(writer, "enum");
    for (size_t i = 0; attribute_at(i) != NULL; i++)
        json_write_text(writer, text_of(attribute_at(i)->term));
    json_close_array(writer);
    json_close_object(writer);
}

static void write_values_schema(struct ctx *cx, struct json_writer *writer)
{
    open_object(writer, "AttributeValues");
    json_member_text(writer, "type", TEXT("object"));
    json_member_text(writer, "description", TEXT("What the value of each kind looks like."));
    open_object(writer, "properties");
    for (size_t i = 0; attribute_at(i) != NULL; i++) {
        struct text schema = attribute_schema(cx->arena, attribute_at(i));
        json_write_key(writer, attribute_at(i)->term);
        json_write_raw(writer, schema);
        writer->out.overflowed = writer->out.overflowed || schema.at == NULL;
    }
    json_close_object(writer);
    json_close_object(writer);
}

static void write_problem_member(struct json_writer *writer, const char *name, const char *type, const char *sentence)
{
    open_object(writer, name);
    json_member_text(writer, "type", text_of(type));
    json_member_text(writer, "description", text_of(sentence));
    json_close_object(writer);
}

static void write_problem_schema(struct json_writer *writer)
{
    static const char *const REQUIRED[] = {"type", "title", "status", "detail", "reason", "request_id"};
    open_object(writer, "Problem");
    json_member_text(writer, "type", TEXT("object"));
    json_member_text(writer, "description", TEXT("RFC 9457. Some refusals carry more members."));
    open_object(writer, "properties");
    write_problem_member(writer, "type", "string", "urn:symbolon: and the reason.");
    write_problem_member(writer, "title", "string", "The sentence of the status.");
    write_problem_member(writer, "status", "integer", "The HTTP status.");
    write_problem_member(writer, "detail", "string", "What was wrong this time, for people.");
    write_problem_member(writer, "reason", "string", "A stable word for programs, such as grant.withdrawn.");
    write_problem_member(writer, "request_id", "string", "What the operator needs to find this request in the log.");
    write_problem_member(writer, "pointer", "string", "RFC 6901: the member of the request that is at fault.");
    json_close_object(writer);
    open_array(writer, "required");
    for (size_t i = 0; i < sizeof REQUIRED / sizeof *REQUIRED; i++)
        json_write_text(writer, text_of(REQUIRED[i]));
    json_close_array(writer);
    json_close_object(writer);
}

static void write_oauth_schema(struct json_writer *writer)
{
    open_object(writer, "OAuthError");
    json_member_text(writer, "type", TEXT("object"));
    json_member_text(writer, "description", TEXT("RFC 6749 section 5.2."));
    open_object(writer, "properties");
    write_problem_member(writer, "error", "string", "A word of RFC 6749 or RFC 9449, such as invalid_client.");
    write_problem_member(writer, "error_description", "string", "What was wrong this time, for people.");
    json_close_object(writer);
    open_array(writer, "required");
    json_write_text(writer, TEXT("error"));
    json_close_array(writer);
    json_close_object(writer);
}

static void write_schemas(struct ctx *cx, struct json_writer *writer)
{
    struct shape_set set = {.count = 0};
    collect_shapes(&set);
    open_object(writer, "schemas");
    for (size_t i = 0; i < set.count; i++) {
        json_write_key(writer, set.at[i]->name);
        shape_write_schema(set.at[i], writer);
    }
    write_kind_schema(writer);
    write_values_schema(cx, writer);
    write_problem_schema(writer);
    write_oauth_schema(writer);
    json_close_object(writer);
}

static void write_problem_response(struct ctx *cx, struct json_writer *writer)
{
    struct builder statuses = builder_open(cx->arena, 4096);
    build_literal(&statuses, "A refusal or a failure.");
    for (err code = OK + 1; code < ERR_COUNT; code++)
        build_format(&statuses, " %d: %s", error_http_status(code), error_sentence(code));
    open_object(writer, "responses");
    open_object(writer, "Problem");
    json_member_text(writer, "description", builder_text(&statuses));
    open_content(writer, PROBLEM_TYPE);
    write_reference(cx, writer, "schemas", "Problem");
    close_content(writer);
    json_close_object(writer);
    open_object(writer, "OAuthError");
    json_member_text(writer, "description", TEXT("A refusal or a failure, in the words of OAuth."));
    open_content(writer, "application/json");
    write_reference(cx, writer, "schemas", "OAuthError");
    close_content(writer);
    json_close_object(writer);
    json_close_object(writer);
}

static void write_key_parameter(struct json_writer *writer)
{
    open_object(writer, "parameters");
    open_object(writer, "IdempotencyKey");
    json_member_text(writer, "name", TEXT("Idempotency-Key"));
    json_member_text(writer, "in", TEXT("header"));
    json_member_text(writer, "description",
                     TEXT("The same key with the same request gives the same answer for a day."));
    open_object(writer, "schema");
    json_member_text(writer, "type", TEXT("string"));
    json_member_text(writer, "pattern", TEXT("^[!-~]{1,255}$"));
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

static struct text scope_sentences(struct ctx *cx)
{
    struct builder words = builder_open(cx->arena, 4096);
    build_literal(
        &words,
        "An API key of one system: `Authorization: Bearer key_…`. It fixes organisation and department. Scopes:");
#define X(name, bit, word, sentence) build_literal(&words, " " word ": " sentence);
#include "http/scope.def"
#undef X
    return builder_text(&words);
}

static void write_cookie(struct json_writer *writer, const char *caller, struct text description)
{
    open_object(writer, caller);
    json_member_text(writer, "type", TEXT("apiKey"));
    json_member_text(writer, "in", TEXT("cookie"));
    json_member_text(writer, "name", TEXT("__Host-session"));
    json_member_text(writer, "description", description);
    json_close_object(writer);
}

static void write_security_schemes(struct ctx *cx, struct json_writer *writer)
{
    open_object(writer, "securitySchemes");
    write_cookie(writer, "session",
                 TEXT("A person's session; the cookie is called session where the node is reached by plain http."));
    write_cookie(writer, "member",
                 TEXT("The same cookie, of a member of an organisation. It holds the scopes purposes, requests and "
                      "grants, and that of an admin holds admin too."));
    open_object(writer, "key");
    json_member_text(writer, "type", TEXT("http"));
    json_member_text(writer, "scheme", TEXT("bearer"));
    json_member_text(writer, "description", scope_sentences(cx));
    json_close_object(writer);
    open_object(writer, "token");
    json_member_text(writer, "type", TEXT("http"));
    json_member_text(writer, "scheme", TEXT("dpop"));
    json_member_text(writer, "description",
                     TEXT("A token of /oauth/token: `Authorization: DPoP tok_…`, with a proof in the field DPoP that "
                          "its key has signed (RFC 9449) and that holds the nonce of the field DPoP-Nonce."));
    json_close_object(writer);
    json_close_object(writer);
}

static void write_info(struct json_writer *writer, const char *version)
{
    open_object(writer, "info");
    json_member_text(writer, "title", TEXT("Symbolon"));
    json_member_text(writer, "version", text_of(version));
    json_member_text(writer, "description",
                     TEXT("Customer-managed relationships: what a person allows, and what an organisation may read."));
    open_object(writer, "license");
    json_member_text(writer, "name", TEXT("Apache-2.0"));
    json_member_text(writer, "identifier", TEXT("Apache-2.0"));
    json_close_object(writer);
    json_close_object(writer);
}

static void write_servers(struct json_writer *writer)
{
    open_array(writer, "servers");
    json_open_object(writer);
    json_member_text(writer, "url", TEXT("/"));
    json_close_object(writer);
    json_close_array(writer);
}

err openapi_write(struct ctx *cx, const char *version, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, OPENAPI_BYTES_MAX);
    json_open_object(&writer);
    json_member_text(&writer, "openapi", TEXT("3.1.0"));
    write_info(&writer, version);
    write_servers(&writer);
    write_paths(cx, &writer);
    open_object(&writer, "components");
    write_schemas(cx, &writer);
    write_problem_response(cx, &writer);
    write_key_parameter(&writer);
    write_security_schemes(cx, &writer);
    json_close_object(&writer);
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}
