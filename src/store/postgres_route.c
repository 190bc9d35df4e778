/* SPDX-License-Identifier: Apache-2.0
 * The way to a server, found out once. A name that stands for several addresses becomes as many hosts of that name:
 * libpq takes one address for each host (libpq, "Specifying Multiple Hosts"), and keeps the name for what TLS
 * compares. */
#include <libpq-fe.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "store/postgres.h"

#define PORT_USUAL "5432"
#define SEPARATOR_ENCODED "%2C"

/* One host of a URL. */
struct host {
    struct text name;
    struct text address;
    struct text port;
};

/* The new lists, as they stand behind the URL. */
struct lists {
    struct text names;
    struct text addresses;
    struct text ports;
    struct text unknown; /* names without an address, for people */
    size_t      count;
};

/* ---- what the URL says, and the environment where it says nothing, as libpq itself */

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL && options->val[0] != '\0')
            return options->val;
    return NULL;
}

struct source {
    const PQconninfoOption *url;
    const PQconninfoOption *usual;
};

static struct text setting(const struct source *source, const char *keyword)
{
    const char *value = value_of(source->url, keyword);
    if (value == NULL)
        value = value_of(source->usual, keyword);
    return text_of(value == NULL ? "" : value);
}

static size_t count_of(struct text list)
{
    size_t count = 1;
    for (size_t i = 0; i < list.size; i++)
        count += list.at[i] == ',';
    return count;
}

/* Empty for a list that is. */
static struct text element(struct text list, size_t index)
{
    for (; index > 0 && list.size > 0; list.at++, list.size--)
        index -= *list.at == ',';
    const char *end = list.size == 0 ? NULL : memchr(list.at, ',', list.size);
    return end == NULL ? list : (struct text){list.at, (size_t)(end - list.at)};
}

/* ---- what is said behind it */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

static struct text encode(struct arena *arena, struct text text)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    char *encoded = arena_take(arena, text.size * 3 + 1, 1);
    size_t size = 0;
    for (size_t i = 0; encoded != NULL && i < text.size; i++) {
        uint8_t octet = (uint8_t)text.at[i];
        if (is_plain(text.at[i])) {
            encoded[size++] = text.at[i];
            continue;
        }
        encoded[size++] = '%';
        encoded[size++] = DIGITS[octet >> 4];
        encoded[size++] = DIGITS[octet & 15];
    }
    return (struct text){encoded, size};
}

static err append(struct ctx *cx, size_t count, struct text more, struct text *list)
{
    struct text code = encode(cx->arena, more);
    struct text longer = text_format(cx->arena, "%.*s%s%.*s", TEXT_ARGS(*list), count == 0 ? "" : SEPARATOR_ENCODED,
                                     TEXT_ARGS(code));
    if (code.at == NULL || longer.at == NULL)
        return FAIL_MEMORY(cx);
    *list = longer;
    return OK;
}

static err add_host(struct ctx *cx, const struct host *host, struct text address, struct lists *lists)
{
    TRY(append(cx, lists->count, host->name, &lists->names));
    TRY(append(cx, lists->count, address, &lists->addresses));
    TRY(append(cx, lists->count, host->port, &lists->ports));
    lists->count++;
    return OK;
}

/* ---- hosts */

static err add_port(struct ctx *cx, struct text port, struct store_route *route)
{
    int64_t number = 0;
    if (!text_to_int64(port, &number) || number < 1 || number > UINT16_MAX)
        return FAIL(cx, INVALID, "store.url", "the URL of the database names a port that is none");
    for (size_t i = 0; i < route->port_count; i++)
        if (route->ports[i] == number)
            return OK;
    if (route->port_count == STORE_ROUTE_PORTS_MAX)
        return FAIL(cx, INVALID, "store.url", "the URL of the database names more than %d ports",
                    STORE_ROUTE_PORTS_MAX);
    route->ports[route->port_count++] = (uint16_t)number;
    return OK;
}

static err add_addresses(struct ctx *cx, const struct host *host, const struct addrinfo *found, struct lists *lists)
{
    char address[NI_MAXHOST];
    for (; found != NULL; found = found->ai_next)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) == 0)
            TRY(add_host(cx, host, text_of(address), lists));
    return OK;
}

/* Looked up here, in the order in which the machine prefers them. */
static err add_name(struct ctx *cx, const struct host *host, struct lists *lists)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const char *name = text_c_string(cx->arena, host->name);
    if (name == NULL)
        return FAIL_MEMORY(cx);
    if (getaddrinfo(name, NULL, &wanted, &found) != 0) {
        struct text unknown = text_format(cx->arena, "%.*s%s%s", TEXT_ARGS(lists->unknown),
                                          lists->unknown.size == 0 ? "" : ", ", name);
        lists->unknown = unknown;
        return unknown.at == NULL ? FAIL_MEMORY(cx) : OK;
    }
    err result = add_addresses(cx, host, found, lists);
    freeaddrinfo(found);
    return result;
}

static bool is_socket(const struct host *host)
{
    return host->address.size == 0 && (host->name.size == 0 || host->name.at[0] == '/' || host->name.at[0] == '@');
}

static err find_host(struct ctx *cx, const struct host *host, struct lists *lists, struct store_route *route)
{
    if (is_socket(host)) {
        route->by_socket = true;
        return add_host(cx, host, TEXT_NONE, lists);
    }
    TRY(add_port(cx, host->port, route));
    return host->address.size > 0 ? add_host(cx, host, host->address, lists) : add_name(cx, host, lists);
}

static err find_hosts(struct ctx *cx, const struct source *source, struct lists *lists, struct store_route *route)
{
    struct text addresses = setting(source, "hostaddr");
    struct text names = setting(source, "host");
    struct text ports = setting(source, "port");
    size_t count = count_of(addresses.size > 0 ? addresses : names);
    for (size_t i = 0; i < count; i++) {
        struct host host = {element(names, i), element(addresses, i), element(ports, count_of(ports) == 1 ? 0 : i)};
        if (host.port.size == 0)
            host.port = TEXT(PORT_USUAL);
        TRY(find_host(cx, &host, lists, route));
    }
    if (lists->count == 0)
        return FAIL(cx, UNAVAILABLE, "store.connect", "the database cannot be reached: %.*s has no address",
                    TEXT_ARGS(lists->unknown));
    return OK;
}

/* ---- the URL */

/* What stands last in a URL counts. The name of the user is looked up otherwise, in a file of the machine. */
static err write_url(struct ctx *cx, const char *url, struct text user, const struct lists *lists,
                     struct store_route *route)
{
    char last = url[strlen(url) - 1];
    struct text who = encode(cx->arena, user);
    struct text longer = text_format(cx->arena, "%s%shost=%.*s&hostaddr=%.*s&port=%.*s%s%.*s", url,
                                     strchr(url, '?') == NULL       ? "?"
                                     : last == '?' || last == '&' ? ""
                                                                  : "&",
                                     TEXT_ARGS(lists->names), TEXT_ARGS(lists->addresses), TEXT_ARGS(lists->ports),
                                     user.size == 0 ? "" : "&user=", TEXT_ARGS(who));
    if (who.at == NULL || longer.at == NULL)
        return FAIL_MEMORY(cx);
    route->url = longer.at;
    route->unknown = lists->unknown.size == 0 ? NULL : lists->unknown.at;
    return OK;
}

err postgres_route(struct ctx *cx, const char *url, struct store_route *out)
{
    struct lists lists = {.count = 0};
    struct store_route route = {.port_count = 0};
    TRY(postgres_url_check(cx, url));
    PQconninfoOption *of_url = PQconninfoParse(url, NULL);
    PQconninfoOption *usual = PQconndefaults();
    const struct source source = {of_url, usual};
    err result = of_url == NULL || usual == NULL ? FAIL_MEMORY(cx) : find_hosts(cx, &source, &lists, &route);
    if (result == OK)
        result = write_url(cx, url, setting(&source, "user"), &lists, &route);
    PQconninfoFree(of_url);
    PQconninfoFree(usual);
    TRY(result);
    *out = route;
    return OK;
}
