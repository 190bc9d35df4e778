/* SPDX-License-Identifier: Apache-2.0
 * The table of doors and the tree over their paths. */
#include "http/gate/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

#define ROUTE(method, path, handler, who, scope, lane, limit, query, request, reply, status, sentence)                 \
    {METHOD_##method, path, #handler, handler, who, scope, lane, LIMIT_CLASS_##limit, query, request, reply, status,   \
     sentence},
static const struct route ROUTES[] = {
#include "http/routes.def"
};
#undef ROUTE

static const char *const METHOD_NAMES[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static const struct {
    unsigned    bit;
    const char *word;
} SCOPES[] = {
#define X(name, bit, word, sentence) {SCOPE_##name, word},
#include "http/scope.def"
#undef X
};

const struct route *routes(size_t *out_count)
{
    *out_count = sizeof ROUTES / sizeof *ROUTES;
    return ROUTES;
}

const char *method_name(method which)
{
    return METHOD_NAMES[which];
}

const char *scope_word(unsigned bit)
{
    for (size_t i = 0; i < sizeof SCOPES / sizeof *SCOPES; i++)
        if (SCOPES[i].bit == bit)
            return SCOPES[i].word;
    return "";
}

unsigned scope_of_word(struct text word)
{
    for (size_t i = 0; i < sizeof SCOPES / sizeof *SCOPES; i++)
        if (text_is(word, SCOPES[i].word))
            return SCOPES[i].bit;
    return 0;
}

/* One part of one or several paths. Children that are literals are tried before the one that is a parameter. */
struct node {
    struct text         part; /* a literal, or the name of a parameter */
    bool                parameter;
    bool                rest; /* a parameter that takes all that is left */
    struct node        *child;
    struct node        *sibling;
    const struct route *doors[METHOD_COUNT];
};

struct router {
    size_t      count;
    struct node nodes[]; /* the first one is "/" */
};

static struct text first_part(struct text path)
{
    const char *end = memchr(path.at, '/', path.size);
    return (struct text){path.at, end == NULL ? path.size : (size_t)(end - path.at)};
}

static struct text after_part(struct text path, struct text part)
{
    size_t step = part.size < path.size ? part.size + 1 : part.size;
    return (struct text){path.at + step, path.size - step};
}

static void name_node(struct node *node, struct text part)
{
    node->parameter = part.at[0] == '{';
    node->part = node->parameter ? (struct text){part.at + 1, part.size - 2} : part;
    node->rest = node->parameter && node->part.size > 3 && memcmp(part.at + part.size - 4, "...", 3) == 0;
    if (node->rest)
        node->part.size -= 3;
}

static struct node *add_child(struct router *router, struct node *parent, struct text part)
{
    struct node wanted = {.sibling = NULL};
    name_node(&wanted, part);
    struct node **place = &parent->child;
    for (; *place != NULL; place = &(*place)->sibling) {
        struct node *child = *place;
        if (child->parameter == wanted.parameter && text_equals(child->part, wanted.part))
            return child;
        assert(!(child->parameter && wanted.parameter)); /* one place, one name */
        if (child->parameter)
            break; /* the literal goes before it */
    }
    struct node *node = &router->nodes[router->count++];
    *node = wanted;
    node->sibling = *place;
    *place = node;
    return node;
}

static void add_route(struct router *router, const struct route *route)
{
    struct text path = text_of(route->path + 1);
    struct node *node = router->nodes;
    while (path.size > 0) {
        struct text part = first_part(path);
        node = add_child(router, node, part);
        path = after_part(path, part);
    }
    assert(route->who != 0 && node->doors[route->method] == NULL);
    node->doors[route->method] = route;
}

struct router *router_open(const struct route *rows, size_t count)
{
    size_t nodes = 1;
    for (size_t i = 0; i < count; i++)
        for (const char *at = rows[i].path; *at != '\0'; at++)
            nodes += *at == '/';
    struct router *router = calloc(1, sizeof *router + nodes * sizeof *router->nodes);
    if (router == NULL)
        return NULL;
    router->count = 1;
    for (size_t i = 0; i < count; i++)
        add_route(router, &rows[i]);
    return router;
}

void router_close(struct router *router)
{
    free(router);
}

static const struct node *step(const struct node *node, struct text part)
{
    const struct node *child = node->child;
    while (child != NULL && !child->parameter && !text_equals(child->part, part))
        child = child->sibling;
    return child;
}

static const struct node *walk(const struct router *router, const struct path_parts *parts, struct route_match *match)
{
    const struct node *node = router->nodes;
    for (size_t i = 0; i < parts->count && !node->rest; i++) {
        node = step(node, parts->at[i]);
        if (node == NULL)
            return NULL;
        if (node->parameter && !node->rest) {
            match->names[match->count] = node->part;
            match->values[match->count++] = parts->at[i];
        }
    }
    return node;
}

static err find_node(const struct router *router, struct call *call, struct route_match *match, const struct node **out)
{
    struct ctx *cx = &call->cx;
    struct text path = call->request.path;
    *out = NULL;
    if (path.size == 0 || path.at[0] != '/' || (path.size > 1 && path.at[path.size - 1] == '/'))
        return OK;
    struct path_parts parts;
    TRY(path_split(cx, path, &parts));
    *out = walk(router, &parts, match);
    return OK;
}

static bool has_door(const struct node *node)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (node->doors[i] != NULL)
            return true;
    return false;
}

static const struct route *door_of(const struct node *node, struct text name)
{
    if (text_is(name, "HEAD"))
        return node->doors[METHOD_GET];
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (text_is(name, METHOD_NAMES[i]))
            return node->doors[i];
    return NULL;
}

err router_find(const struct router *router, struct call *call, struct route_match *out)
{
    struct ctx *cx = &call->cx;
    struct route_match match = {.route = NULL};
    const struct node *node = NULL;
    TRY(find_node(router, call, &match, &node));
    if (node == NULL || !has_door(node))
        return FAIL(cx, NOT_FOUND, "not_found", "there is nothing at this address");
    match.route = door_of(node, call->request.method);
    if (match.route == NULL)
        return FAIL(cx, BAD_METHOD, "request.bad_method", "this address does not take that method");
    *out = match;
    return OK;
}

struct text router_allow(const struct router *router, struct call *call)
{
    struct route_match match = {.route = NULL};
    const struct node *node = NULL;
    struct builder list = builder_open(call->arena, 64);
    if (find_node(router, call, &match, &node) != OK || node == NULL)
        return TEXT_NONE;
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (node->doors[i] == NULL)
            continue;
        build_literal(&list, list.size > 0 ? ", " : "");
        build_literal(&list, i == METHOD_GET ? "GET, HEAD" : METHOD_NAMES[i]);
    }
    return list.overflowed ? TEXT_NONE : builder_text(&list);
}
