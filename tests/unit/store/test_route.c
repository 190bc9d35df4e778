/* SPDX-License-Identifier: Apache-2.0
 * Goal: what a URL of a database leads to is found out whole, and said so that libpq reads the same hosts in the same
 * order. Method: URLs of addresses, folders and names that no machine has. Positive control: each is read back. */
#include <libpq-fe.h>
#include <string.h>

#include "base/text.h"
#include "store/look.h"
#include "support/cmocka.h"

#define ARENA_BYTES (1024 * 1024)
#define NAMELESS "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" /* 64 letters: a label has 63 */

static struct ctx open_ctx(void)
{
    return (struct ctx){.arena = arena_open(ARENA_BYTES)};
}

static void assert_reads(const char *url, const char *keyword, const char *value)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    assert_non_null(options);
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0)
            assert_string_equal(option->val == NULL ? "" : option->val, value);
    PQconninfoFree(options);
}

struct expected {
    const char *url;
    const char *hosts, *addresses, *ports; /* as libpq reads the URL that was made */
    size_t      port_count;
    uint16_t    first, second;
    bool        by_socket;
    bool        is_partly; /* a host without an address is left out */
};

static const struct expected EXPECTED[] = {
    {"postgresql://u@127.0.0.1/d", "127.0.0.1", "127.0.0.1", "5432", 1, 5432, 0, false, false},
    {"postgresql://u@[::1]:77/d", "::1", "::1", "77", 1, 77, 0, false, false},
    {"postgres://u@/d?host=/run/db", "/run/db", "", "5432", 0, 0, 0, true, false},
    {"postgresql://u@127.0.0.1:1,127.0.0.2:2,127.0.0.3:1/d?sslmode=require", "127.0.0.1,127.0.0.2,127.0.0.3",
     "127.0.0.1,127.0.0.2,127.0.0.3", "1,2,1", 2, 1, 2, false, false},
    {"postgresql://u@/d?host=a.example,/run/db&hostaddr=127.0.0.9,&port=7", "a.example,/run/db", "127.0.0.9,", "7,7", 1,
     7, 0, true, false},
    {"postgresql://u@" NAMELESS ",127.0.0.1/d?", "127.0.0.1", "127.0.0.1", "5432", 1, 5432, 0, false, true},
    {"postgresql://u%2Cv:%40@127.0.0.1/d?options=a%26b&", "127.0.0.1", "127.0.0.1", "5432", 1, 5432, 0, false, false},
};

static void a_route_names_every_host_with_its_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        struct ctx cx = open_ctx();
        const struct expected *expected = &EXPECTED[i];
        struct store_route route;
        assert_int_equal(store_url_route(&cx, expected->url, &route), OK);
        assert_reads(route.url, "host", expected->hosts);
        assert_reads(route.url, "hostaddr", expected->addresses);
        assert_reads(route.url, "port", expected->ports);
        assert_reads(route.url, "dbname", "d");
        assert_int_equal(route.port_count, expected->port_count);
        assert_int_equal(route.ports[0], expected->first);
        assert_int_equal(route.ports[1], expected->second);
        assert_int_equal(route.by_socket, expected->by_socket);
        assert_int_equal(route.unknown != NULL, expected->is_partly);
        arena_close(cx.arena);
    }
}

static void what_a_url_says_besides_stays(void **state)
{
    (void)state;
    struct ctx cx = open_ctx();
    struct store_route route;
    assert_int_equal(store_url_route(&cx, EXPECTED[6].url, &route), OK);
    assert_reads(route.url, "user", "u,v");
    assert_reads(route.url, "password", "@");
    assert_reads(route.url, "options", "a&b");
    arena_close(cx.arena);
}

static void a_folder_leads_nowhere(void **state)
{
    (void)state;
    struct ctx cx = open_ctx();
    struct store_route route;
    assert_int_equal(store_url_route(&cx, "sqlite:/somewhere", &route), OK);
    assert_string_equal(route.url, "sqlite:/somewhere");
    assert_int_equal(route.port_count, 0);
    assert_false(route.by_socket);
    arena_close(cx.arena);
}

static void what_leads_nowhere_is_refused(void **state)
{
    static const struct {
        const char *url;
        err         code;
        const char *reason;
    } REFUSED[] = {
        {"postgresql://u@" NAMELESS "/d", UNAVAILABLE, "store.connect"},
        {"postgresql://u@127.0.0.1:0/d", INVALID, "store.url"},
        {"postgresql://u@127.0.0.1:65536/d", INVALID, "store.url"},
        {"postgresql://u@/d?hostaddr=127.0.0.1&port=1,2,,x", INVALID, "store.url"},
        {"postgresql://[", INVALID, "store.url"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        struct ctx cx = open_ctx();
        struct store_route route = {.port_count = 0};
        assert_int_equal(store_url_route(&cx, REFUSED[i].url, &route), REFUSED[i].code);
        assert_string_equal(cx.failure.reason, REFUSED[i].reason);
        assert_null(route.url);
        arena_close(cx.arena);
    }
}

/* As the URL writes them: 17 on 17 machines. */
static void more_ports_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct ctx cx = open_ctx();
    struct store_route route;
    struct text url = TEXT("postgresql://u@127.0.0.1:1");
    for (int port = 2; port <= STORE_ROUTE_PORTS_MAX; port++)
        url = text_format(cx.arena, "%.*s,127.0.0.1:%d", TEXT_ARGS(url), port);
    struct text most = text_format(cx.arena, "%.*s/d", TEXT_ARGS(url));
    struct text more = text_format(cx.arena, "%.*s,127.0.0.1:99/d", TEXT_ARGS(url));
    assert_int_equal(store_url_route(&cx, most.at, &route), OK);
    assert_int_equal(route.port_count, STORE_ROUTE_PORTS_MAX);
    assert_int_equal(store_url_route(&cx, more.at, &route), INVALID);
    arena_close(cx.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_names_every_host_with_its_address),
        cmocka_unit_test(what_a_url_says_besides_stays),
        cmocka_unit_test(a_folder_leads_nowhere),
        cmocka_unit_test(what_leads_nowhere_is_refused),
        cmocka_unit_test(more_ports_than_there_is_room_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
