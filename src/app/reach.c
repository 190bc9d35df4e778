/* SPDX-License-Identifier: Apache-2.0
 * Two lists of paths. */
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

/* Where libpq and the C library look before they connect. */
static const struct sandbox_path WAY_TO_DATABASE[] = {
    {"/etc/hosts", SANDBOX_READ},       {"/etc/resolv.conf", SANDBOX_READ}, {"/etc/nsswitch.conf", SANDBOX_READ},
    {"/etc/host.conf", SANDBOX_READ},   {"/etc/gai.conf", SANDBOX_READ},    {"/etc/services", SANDBOX_READ},
    {"/etc/passwd", SANDBOX_READ},      {"/etc/ssl", SANDBOX_LOOK},         {"/usr/lib/ssl", SANDBOX_LOOK},
    {"/usr/share/ca-certificates", SANDBOX_LOOK},
};

static void begin(const char *own, bool connects, struct reach *out)
{
    out->paths[0] = (struct sandbox_path){own, SANDBOX_WRITE};
    out->room = (struct sandbox_room){.paths = out->paths, .count = own != NULL, .connects = connects};
}

static void add(struct reach *reach, const struct sandbox_path *more, size_t count)
{
    assert(reach->room.count + count <= REACH_PATHS_MAX);
    memcpy(reach->paths + reach->room.count, more, count * sizeof *more);
    reach->room.count += count;
}

void reach_of_server(const struct node_place *place, struct reach *out)
{
    begin(place->folder, place->keys != NULL, out);
    add(out, MACHINE, sizeof MACHINE / sizeof *MACHINE);
    if (out->room.connects)
        add(out, WAY_TO_DATABASE, sizeof WAY_TO_DATABASE / sizeof *WAY_TO_DATABASE);
    for (size_t i = 0; i < place->files.count; i++)
        add(out, &(struct sandbox_path){place->files.at[i], SANDBOX_READ}, 1);
    for (size_t i = 0; i < place->key_files.count; i++)
        add(out, &(struct sandbox_path){place->key_files.at[i], SANDBOX_READ}, 1);
}

void reach_of_holder(const char *folder, struct reach *out)
{
    begin(folder, false, out);
}
