/* SPDX-License-Identifier: Apache-2.0
 * Looks at the places that a store is to lie in; the engine of a server does the looking. */
#include "store/look.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/postgres_look.h"
#include "store/state.h"

/* What is known of a place on a server; of another one nothing. */
struct seen {
    bool                 is_server;
    struct postgres_seen at;
};

/* The keys in the database of the data would be in every backup of it. */
static err check_apart(struct ctx *cx, const struct seen *data, const struct seen *keys, bool moves_keys)
{
    bool is_same = strcmp(data->at.name.server, keys->at.name.server) == 0 &&
                   strcmp(data->at.name.database, keys->at.name.database) == 0;
    if (is_same)
        return FAIL(cx, CONFLICT, "store.same_database",
                    "the keys are to lie in another database than the data: every backup of the data would hold them");
    if (data->at.is_begun && !keys->at.is_begun && !moves_keys) /* keys are made first, and were looked at last */
        return FAIL(cx, CORRUPT, "store.emptied", "the data is there, and the database of its keys is empty");
    return OK;
}

/* Whoever forgets to say where the keys are means a folder that has none. */
static err check_folder(struct ctx *cx, const struct seen *data, const char *keys_url)
{
    const char *path = store_path(cx->arena, keys_url + sizeof "sqlite:" - 1, STORE_KEYS);
    if (path == NULL)
        return FAIL_MEMORY(cx);
    if (!data->at.has_keys_elsewhere || access(path, F_OK) == 0)
        return OK;
    return FAIL(cx, CONFLICT, "store.keys", "the keys of this node lie in a database: name it with --keys");
}

/* What stands where a folder is to be. */
static err check_is_folder(struct ctx *cx, const char *path)
{
    struct stat about;
    bool is_there = stat(path, &about) == 0;
    if ((is_there && !S_ISDIR(about.st_mode)) || (!is_there && errno == ENOTDIR))
        return FAIL(cx, INVALID, "store.url", "the place of the store is not a folder");
    return OK;
}

/* The place of the data before that of the keys, as when it is opened. */
err store_look(struct ctx *cx, const struct store_options *options, bool *out_begun)
{
    const char *urls[] = {options->url, options->keys_url};
    struct seen seen[] = {{.is_server = false}, {.is_server = false}};
    TRY(store_check_place(cx, options));
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct postgres_options of_place = {.url = urls[i], .schema = conn_schema(i == 0 ? STORE_PEOPLE : STORE_KEYS),
                                            .role = ROLE_READER, .create = options->create,
                                            .volatile_ = options->volatile_};
        seen[i].is_server = urls[i] != NULL && store_is_server(urls[i]);
        if (urls[i] != NULL && !seen[i].is_server)
            TRY(check_is_folder(cx, urls[i] + sizeof "sqlite:" - 1));
        if (seen[i].is_server)
            TRY(postgres_look(cx, &of_place, &seen[i].at));
    }
    if (seen[0].is_server && seen[1].is_server)
        TRY(check_apart(cx, &seen[0], &seen[1], options->moves_keys));
    else if (seen[0].is_server)
        TRY(check_folder(cx, &seen[0], options->keys_url));
    *out_begun = seen[0].at.is_begun;
    return OK;
}

err store_url_files(struct ctx *cx, const char *url, struct store_url_files *out)
{
    struct store_url_files files = {.count = 0};
    if (store_is_server(url))
        return postgres_url_files(cx, url, out);
    *out = files;
    return OK;
}

err store_url_route(struct ctx *cx, const char *url, struct store_route *out)
{
    if (store_is_server(url))
        return postgres_route(cx, url, out);
    *out = (struct store_route){.url = url};
    return OK;
}
