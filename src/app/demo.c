/* SPDX-License-Identifier: Apache-2.0
 * symbolon demo: a fresh node with a small world in it, and a tour of the main job by copy and paste. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/demo_world.h"
#include "app/sandbox.h"
#include "app/serve.h"
#include "base/json.h"

struct tour {
    struct demo_world world;
    const char       *folder;
    char              program[PATH_MAX];
};

/* In the tour an organisation acts by the program of a department. */
static void say_who(const struct cli *cli, const struct tour *tour)
{
    cli_say(cli, "\nIn the tour below,\n"
                 "KEY is the API key of one department: Shipping, of the shop Lantern Books. Its\n"
                 "programs send it with every call. (People who work there come by passkey:\n"
                 "\"%s\" member create --help)\n"
                 "ADA is the end of a customer's sign-in link, good once, for 15 minutes. Another:\n"
                 "\"%s\" person link \\\n%.*s --data \"%s\"\n",
            tour->program, tour->program, TEXT_ARGS(tour->world.person), tour->folder);
}

static void say_tour_start(const struct cli *cli, struct text url, const struct tour *tour)
{
    const struct demo_world *world = &tour->world;
    cli_say(cli, "\nThe main job in a minute. Copy all of this into another terminal:\n\n"
                 "  cd \"$(mktemp -d)\"\n"
                 "  NODE=%.*s\n"
                 "  KEY=%.*s\n"
                 "  ADA=%.*s\n",
            TEXT_ARGS(url), TEXT_ARGS(world->key), TEXT_ARGS(world->person_link_token));
    cli_say(cli, "  RELATIONSHIP=%.*s\n  PURPOSE=%.*s\n  GRANT=%.*s\n  RECEIPT=%.*s\n",
            TEXT_ARGS(world->relationship), TEXT_ARGS(world->purpose), TEXT_ARGS(world->grant),
            TEXT_ARGS(world->receipt));
    cli_say(cli, "  ASK='{\"relationship\": \"'$RELATIONSHIP'\", \"purpose\": \"'$PURPOSE'\",\n"
                 "    \"attributes\": [\"pd:PhysicalAddress\"], \"note\": \"order 10442\"}'\n"
                 "  shop() { curl -sS -w '\\n' -H \"Authorization: Bearer $KEY\" \"$@\"; }\n"
                 "  ada() { curl -sS -b ada.txt \"$@\"; }\n\n");
}

static void say_tour(const struct cli *cli, struct text url, const struct tour *tour)
{
    say_tour_start(cli, url, tour);
    cli_say(cli, "  # 1. The shipping desk of Lantern Books reads the address that Ada permits.\n"
                 "  shop $NODE/v1/org/disclosures --json \"$ASK\"\n\n"
                 "  # 2. Ada signs in with her one-time link, and stops it.\n"
                 "  curl -sS -c ada.txt -X POST $NODE/sign-in/$ADA\n"
                 "  ada -w '\\n' -X POST $NODE/v1/me/grants/$GRANT/withdraw\n\n");
    cli_say(cli, "  # 3. The very next read is refused.\n"
                 "  shop $NODE/v1/org/disclosures --json \"$ASK\"\n\n"
                 "  # 4. Ada sees both: who wanted what, and why.\n"
                 "  ada -w '\\n' \"$NODE/v1/me/disclosures?limit=2\"\n\n");
    cli_say(cli, "  # 5. The receipt of her permission, checked without this node.\n"
                 "  ada -H 'Accept: application/jose+json' -o receipt.jws \\\n"
                 "    $NODE/v1/me/receipts/$RECEIPT\n"
                 "  ada -o receipt.tlog-proof $NODE/v1/me/receipts/$RECEIPT/proof\n"
                 "  curl -sS -o node.key $NODE/log/key\n"
                 "  \"%s\" \\\n    verify receipt.jws receipt.tlog-proof --key node.key\n\n",
            tour->program);
    cli_say(cli, "A shop with the button \"Sign in and share\", in the checkout:\n"
                 "make shop NODE=%.*s \\\nKEY=%.*s\n\n",
            TEXT_ARGS(url), TEXT_ARGS(tour->world.key));
}

static err ready(struct cli *cli, struct text url, void *arg)
{
    const struct tour *tour = arg;
    const struct demo_world *world = &tour->world;
    struct json_writer json = json_writer_open(cli->cx.arena, 8192);
    json_open_object(&json);
    json_member_text(&json, "ready", url);
    json_member_text(&json, "data", text_of(tour->folder));
    json_member_text(&json, "key", world->key);
    json_member_text(&json, "key_of", TEXT("Lantern Books, Shipping"));
    json_member_text(&json, "person", world->person);
    json_member_text(&json, "link", text_format(cli->cx.arena, "%.*s/sign-in/%.*s", TEXT_ARGS(url),
                                                TEXT_ARGS(world->person_link_token)));
    json_member_text(&json, "relationship", world->relationship);
    json_member_text(&json, "purpose", world->purpose);
    json_member_text(&json, "grant", world->grant);
    json_member_text(&json, "receipt", world->receipt);
    json_close_object(&json);
    say_who(cli, tour);
    say_tour(cli, url, tour);
    cli_say(cli, "The folder of this demo: %s\nCtrl-C ends it.\n\nready %.*s\n", tour->folder, TEXT_ARGS(url));
    TRY(cli_answer(cli, &json));
    (void)fflush(cli->out); /* a closed pipe is the reader's wish */
    return OK;
}

/* A folder that is not there yet: the one that was asked for, or a new temporary one. */
static err choose_folder(struct cli *cli, struct tour *tour)
{
    struct stat found;
    if (cli_has(cli, CLI_data)) {
        tour->folder = cli_value(cli, CLI_data, "");
        if (stat(tour->folder, &found) == 0)
            return FAIL(&cli->cx, CONFLICT, "demo.folder", "%s is there already; a demo wants a fresh folder",
                        tour->folder);
        return OK;
    }
    char *path = arena_take(cli->cx.arena, 64, 1);
    if (path == NULL)
        return FAIL_MEMORY(&cli->cx);
    (void)snprintf(path, 64, "/tmp/symbolon-demo-XXXXXX");
    if (mkdtemp(path) == NULL)
        return FAIL(&cli->cx, INTERNAL, "demo.folder", "no temporary folder could be made");
    tour->folder = path;
    cli->option[CLI_data] = path;
    return OK;
}

/* What the tour shows outlives the node that made the world. */
static void keep_texts(struct arena *arena, struct demo_world *world)
{
    struct text *const texts[] = {&world->person,       &world->person_link_token, &world->key,
                                  &world->relationship, &world->purpose,           &world->grant,
                                  &world->receipt};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = text_copy(arena, *texts[i]);
}

static err open_world(struct cli *cli, struct demo_world *world)
{
    node_begin(&cli->node, cli_has(cli, CLI_json));
    demo_world_begin(&cli->node, world);
    struct node_options options = cli_node_options(cli, true);
    TRY(sandbox_memory(&cli->node.cx));
    TRY(node_open(&cli->node, &options));
    TRY(demo_world_make(&cli->node, world));
    TRY(store_settle_time(cli->node.store, &cli->node.cx)); /* its clock and the real one have no common start */
    keep_texts(cli->cx.arena, world);
    node_close(&cli->node);
    return serve_open(cli, false); /* with the real clock */
}

err cli_demo(struct cli *cli)
{
    struct tour tour = {.program = "symbolon"};
    ssize_t size = readlink("/proc/self/exe", tour.program, sizeof tour.program - 1);
    if (size > 0)
        tour.program[size] = '\0';
    struct text url; /* refused before the world is made, as is an address that is taken */
    serve_block_signals();
    TRY(cli_url(cli, &url));
    TRY(serve_probe(cli));
    TRY(choose_folder(cli, &tour));
    cli_say(cli, "Making a small world: five organisations, sixty people, two years …\n");
    (void)fflush(cli->out);
    TRY(open_world(cli, &tour.world));
    cli_say(cli, "%lld people, %lld permissions, %lld reads.\n", (long long)tour.world.people,
            (long long)tour.world.grants, (long long)tour.world.reads);
    struct serving serving = {.cli = cli, .ready = ready, .arg = &tour, .for_browsers = true};
    return serve_run(&serving);
}
