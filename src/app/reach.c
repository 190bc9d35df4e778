/* SPDX-License-Identifier: Apache-2.0
 * Two lists of paths, and the ways to databases. */
#include "app/reach.h"

#include <assert.h>
#include <string.h>

/* What is not of the node: who the machine is, and how much of it is ours. */
static const struct sandbox_path MACHINE[] = {
    {"/proc/sys/kernel/random/boot_id", SANDBOX_READ},
    {"/sys/devices/system/cpu/online", SANDBOX_READ},
    {"/sys/fs/cgroup/cpu.max", SANDBOX_READ},
    {"/dev/urandom", SANDBOX_READ},
    SANDBOX_RUNTIME
};

/* Where OpenSSL looks before it speaks to a database: whom the machine trusts, and no key. */
static const struct sandbox_path TRUST[] = {
    {"/etc/ssl/openssl.cnf", SANDBOX_READ},
    {"/etc/ssl/certs", SANDBOX_LOOK},
    {"/usr/share/ca-certificates", SANDBOX_LOOK},
    {"/usr/local/share/ca-certificates", SANDBOX_LOOK},
};

static void begin(const char *own, int process, struct reach *out)
{
    out->paths[0] = (struct sandbox_path){own, SANDBOX_WRITE};
    out->room = (struct sandbox_room){.paths = out->paths, .count = own != NULL, .ports = out->ports,
                                      .processes = process};
}

static void add(struct reach *reach, const struct sandbox_path *more, size_t count)
{
    assert(reach->room.count + count <= REACH_PATHS_MAX);
    memcpy(reach->paths + reach->room.count, more, count * sizeof *more);
    reach->room.count += count;
}

static void add_route(struct reach *reach, const struct store_route *route)
{
    size_t count = reach->room.port_count;
    assert(count + route->port_count <= REACH_PORTS_MAX);
    memcpy(reach->ports + count, route->ports, route->port_count * sizeof *route->ports);
    reach->room.port_count += route->port_count;
    reach->room.processes |= (route->port_count > 0 ? SANDBOX_CLIENT : 0) | (route->by_socket ? SANDBOX_NEIGHBOUR : 0);
}

void reach_of_server(const struct node_place *place, struct reach *out)
{
    begin(place->folder, SANDBOX_SERVER, out);
    add(out, MACHINE, sizeof MACHINE / sizeof *MACHINE);
    add_route(out, &place->route);
    add_route(out, &place->key_route);
    if (out->room.processes != SANDBOX_SERVER)
        add(out, TRUST, sizeof TRUST / sizeof *TRUST);
    for (size_t i = 0; i < place->files.count; i++)
        add(out, &(struct sandbox_path){place->files.at[i], SANDBOX_READ}, 1);
    for (size_t i = 0; i < place->key_files.count; i++)
        add(out, &(struct sandbox_path){place->key_files.at[i], SANDBOX_READ}, 1);
}

void reach_of_holder(const char *folder, struct reach *out)
{
    begin(folder, SANDBOX_HOLDER, out);
}
